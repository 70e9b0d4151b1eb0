"""Compares two folders of templates: which resources come, go and change, and which change could lose data.

python release/template_diff.py BEFORE AFTER         writes Markdown
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

DATA: Final = frozenset(
    {
        "AWS::Cognito::UserPool",
        "AWS::DynamoDB::Table",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SecretsManager::Secret",
        "AWS::SQS::Queue",
    }
)
"""What holds data: its removal is marked."""


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each resource that differs, by its name in the template."""
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        kind = (new or old or {})["Type"]
        if new is None:
            yield f"- removed: `{name}` ({kind}){' **holds data**' if kind in DATA else ''}"
        elif old is None:
            yield f"- new: `{name}` ({kind})"
        elif old["Type"] != new["Type"]:
            yield f"- replaced: `{name}` ({old['Type']} → {kind}){' **holds data**' if old['Type'] in DATA else ''}"
        else:
            yield f"- changed: `{name}` ({kind}): {', '.join(_changed(old, new))}"


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Name the properties that differ, and what else does (`DependsOn`, policies of removal and update)."""
    parts = [
        name for name in sorted(old.keys() | new.keys()) if name != "Properties" and old.get(name) != new.get(name)
    ]
    mine, other = old.get("Properties", {}), new.get("Properties", {})
    return [name for name in sorted(mine.keys() | other.keys()) if mine.get(name) != other.get(name)] + parts


def report(before: Path, after: Path) -> str:
    """Compare all stacks of two folders."""
    lines: list[str] = []
    names = sorted({file.name for folder in (before, after) for file in folder.glob("*.template.json")})
    for name in names:
        found = list(compare(_resources(before / name), _resources(after / name)))
        lines += [f"### {name.removesuffix('.template.json')}", "", *(found or ["No resource changes."]), ""]
    return "\n".join(lines)


def _resources(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["Resources"]
    return found


if __name__ == "__main__":
    sys.stdout.write(report(Path(sys.argv[1]), Path(sys.argv[2])))
