"""The stack as it is written for CloudFormation, once for all tests: synthesis takes a quarter of a minute."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import needs

ROOT = Path(__file__).parent.parent.parent
REGION = "eu-central-1"


@dataclass(frozen=True)
class Template:
    """One stage's template."""

    file: Path
    resources: dict[str, Any]

    @classmethod
    def read(cls, file: Path) -> Template:
        """Read a template as it was written."""
        return cls(file, json.loads(file.read_text())["Resources"])

    def of(self, kind: str) -> dict[str, Any]:
        """Return the properties of every resource of a kind, by its logical id; there must be some."""
        found = {
            name: each.get("Properties", {}) for name, each in self.resources.items() if each["Type"] == f"AWS::{kind}"
        }
        assert found, kind
        return found


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The stage that people buy in; the synthesis fails where the review has something to say."""
    needs.program("node")
    from infra.app import synthesize
    from infra.stages import load_stages

    folder = tmp_path_factory.mktemp("stack")
    code = folder / "code"
    code.mkdir()
    (code / "nothing.py").touch()
    out = synthesize(code, folder / "out", load_stages()["prod"])
    return Template.read(out / "stockwright-prod.template.json")


@pytest.fixture(scope="session")
def firewall(prod: Template) -> Template:
    """The firewall before that stage."""
    return Template.read(prod.file.with_name("stockwright-prod-firewall.template.json"))
