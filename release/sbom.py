"""The bill of materials of a wheel: every locked package that runs with it, Python's and the web app's (CycloneDX 1.6).

It is made from the locks and the list of licences alone, so that it is the same wherever it is made, and
needs nothing that is not in the checkout. `python release/sbom.py` prints it.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).parent.parent
_PACKAGE = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?: ; (?P<marker>[^\\\n]+?))? ?\\?\n(?P<rest>(?:    .*\n)+)",
    re.MULTILINE,
)
_VIA = re.compile(r"^    #(?: via)? +([\w.-]+)(?: \(.*\))?$", re.MULTILINE)
_LICENCE = re.compile(r"^\| `(?P<name>[^`]+)` \| (?P<licence>[^|]+?) \|$", re.MULTILINE)


def python_packages() -> list[dict[str, Any]]:
    """Read requirements.txt: name, version, hashes, and what asks for it ("stockwright": we do)."""
    return [
        {
            "name": package["name"],
            "version": package["version"],
            "marker": package["marker"],
            "hashes": re.findall(r"sha256:([0-9a-f]{64})", package["rest"]),
            "via": [name for name in _VIA.findall(package["rest"]) if name != "via"],
        }
        for package in _PACKAGE.finditer((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    ]


def web_packages() -> list[dict[str, Any]]:
    """Read the web app's lock: what is built into the pages, not what builds them."""
    lock = json.loads((ROOT / "web/package-lock.json").read_text(encoding="utf-8"))["packages"]
    found = []
    for path, package in lock.items():
        if path and not package.get("dev") and not package.get("devOptional") and not package.get("optional"):
            name = path.rpartition("node_modules/")[2]
            found.append({"name": name, "version": package["version"], "licence": package.get("license", "?")})
    return found


def licences() -> dict[str, str]:
    """Read the list of licences: package → SPDX expression."""
    page = (ROOT / "docs/licences.md").read_text(encoding="utf-8")
    return {row["name"]: row["licence"] for row in _LICENCE.finditer(page)}


def bill(version: str) -> dict[str, Any]:
    """Write the bill of materials of that version."""
    known = licences()
    components: dict[str, dict[str, Any]] = {}
    asked_by: dict[str, set[str]] = {}
    refs: dict[str, list[str]] = {}
    for package in python_packages():
        ref = f"pkg:pypi/{package['name']}@{package['version']}"
        refs.setdefault(package["name"], []).append(ref)
        components[ref] = _component(ref, package["name"], package["version"], known.get(package["name"], ""))
        if package["marker"]:
            components[ref]["properties"] = [{"name": "python:marker", "value": package["marker"]}]
        asked_by.setdefault(ref, set()).update(package["via"])
    ours = f"pkg:pypi/stockwright@{version}"
    needs: dict[str, set[str]] = {ref: set() for ref in [ours, *components]}
    for ref, names in asked_by.items():
        for name in names:
            for dependent in [ours] if name == "stockwright" else refs.get(name, []):
                needs[dependent].add(ref)
    for package in web_packages():
        ref = f"pkg:npm/{quote(package['name'])}@{package['version']}"
        components[ref] = _component(ref, package["name"], package["version"], package["licence"])
        needs.setdefault(ref, set())
        needs[ours].add(ref)
    digest = json.dumps([version, sorted(components)])
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, digest)}",
        "version": 1,
        "metadata": {
            "component": {**_component(ours, "stockwright", version, "MIT"), "type": "application"},
        },
        "components": [components[ref] for ref in sorted(components)],
        "dependencies": [{"ref": ref, "dependsOn": sorted(needs[ref])} for ref in sorted(needs)],
    }


def _component(ref: str, name: str, version: str, licence: str) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "library", "name": name, "version": version, "bom-ref": ref, "purl": ref}
    if " " in licence:
        made["licenses"] = [{"expression": licence}]
    elif licence:
        made["licenses"] = [{"license": {"id": licence}}]
    return made


def version() -> str:
    """Read the version that pyproject.toml gives."""
    found = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise SystemExit("pyproject.toml gives no version")
    return found[1]


if __name__ == "__main__":
    json.dump(bill(version()), sys.stdout, indent=2)
