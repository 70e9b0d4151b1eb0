"""What the project says of itself is so: documents, locks, and the rooms' order."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.main import get_command

from stockwright.cli.main import app as cli
from stockwright.routes import ROUTES

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/stockwright"
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
ROOMS = sorted(folder.name for folder in SOURCE.iterdir() if (folder / "__init__.py").exists())
RECORDS = [*SOURCE.glob("*/*records.py"), SOURCE / "accounts/digests.py"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: str(each.relative_to(ROOT)))
def test_every_link_and_file_named_in_a_document_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text)]
    assert [link for link in links if not (document.parent / link).exists()] == []
    named = re.findall(rf"`((?:{'|'.join(ROOMS)}|tests|docs)/[\w/-]+(?:\.\w+|/)?)`", text)
    files = [
        name for name in named if "." not in name or name.endswith((".py", ".md", ".toml", ".json", ".txt", ".yml"))
    ]
    assert [name for name in files if not ((ROOT / name).exists() or (SOURCE / name).exists())] == []


def test_every_command_named_in_a_document_exists() -> None:
    commands = set(get_command(cli).commands)  # type: ignore[attr-defined]
    for document in DOCUMENTS:
        named = set(re.findall(r"stockwright ([a-z][a-z-]+)", document.read_text(encoding="utf-8")))
        assert named <= commands, document


def test_every_route_named_in_a_document_exists() -> None:
    shapes = [re.compile(re.sub(r"\{\w+\}", "[^/]+", route.full_path)) for route in ROUTES]
    for document in (ROOT / "docs/operations.md", ROOT / "docs/api.md", ROOT / "README.md"):
        named = re.findall(
            r"`(?:GET|POST|PUT|PATCH|DELETE) (?:/api)?(/[\w/{}.-]+)", document.read_text(encoding="utf-8")
        )
        assert [path for path in named if not any(shape.fullmatch(f"/api{path}") for shape in shapes)] == [], document


def test_every_kind_of_item_is_in_the_data_model() -> None:
    found = (ROOT / "docs/data-model.md").read_text(encoding="utf-8")
    kinds = {
        (file.relative_to(SOURCE), prefix)
        for file in [*SOURCE.glob("*/*.py"), *SOURCE.glob("*.py")]
        if file.parent.name != "http"
        for prefix in re.findall(r'\(f"([A-Z]+#)\{', file.read_text(encoding="utf-8"))
    }
    assert len(kinds) > 15
    assert [kind for kind in kinds if f"`{kind[1]}<" not in found] == []


def test_every_access_pattern_is_in_the_data_model() -> None:
    found = (ROOT / "docs/data-model.md").read_text(encoding="utf-8")
    queries = [
        (file.relative_to(SOURCE), name)
        for file in RECORDS
        for name in re.findall(
            r"^async def (page_of_\w+|due_\w+|list_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert len(queries) > 15
    assert [query for query in queries if f"{query[1]}`" not in found] == []


def test_every_function_named_by_the_access_patterns_exists() -> None:
    text = (ROOT / "docs/data-model.md").read_text(encoding="utf-8")
    table = text[text.index("## Access patterns") : text.index("Placing an order takes four calls")]
    named = re.findall(r"`([\w/]+)\.(\w+)`", table)
    assert len(named) > 30
    for room, function in named:
        file = SOURCE / (f"{room}.py" if "/" in room else f"{room}/records.py")
        assert f"def {function}(" in file.read_text(encoding="utf-8"), (room, function)


def test_the_lock_files_name_no_registry_and_have_a_hash_of_everything() -> None:
    python = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert "://" not in python
    packages = re.findall(r"^[\w.-]+==.*(?:\n .*)*", python, re.MULTILINE)
    assert len(packages) > 40
    assert [package for package in packages if "--hash=sha256:" not in package] == []
    modules = json.loads((ROOT / "web/package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert [name for name, module in modules.items() if "resolved" in module] == []
    assert [name for name, module in modules.items() if name and "integrity" not in module] == []


def test_every_disabled_lint_rule_has_a_reason() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    left_out = re.search(r"^ignore = \[\n(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    assert left_out is not None
    assert [line for line in left_out[1].splitlines() if "#" not in line] == []
