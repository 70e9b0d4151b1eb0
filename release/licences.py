"""Writes docs/licences.md: what runs with us, and under which licence, by what the packages say of themselves."""

from __future__ import annotations

import runpy
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/licences.md"
HEAD = """# Licences

What runs with Stockwright and under which licence, by SPDX. `make licences` writes this page from the locks and from
what the packages say of themselves; a test holds it to them, and to the licences that we take: permissive ones, and
MPL-2.0, which binds changes of its own files alone. Each wheel carries the same as a bill of materials (CycloneDX
1.6, in `.dist-info/sboms/`; `python release/sbom.py` prints it).

Stockwright itself is under the MIT licence.
"""
IN_OTHER_WORDS = {"MIT License": "MIT", "PSFL": "PSF-2.0", "ISC License": "ISC", "Apache License 2.0": "Apache-2.0"}
LEFT_UNSAID = {"colorama": "BSD-3-Clause", "markdown-it-py": "MIT", "mdurl": "MIT", "uvloop": "MIT OR Apache-2.0"}
"""Packages that say it in classifiers or files alone, or (colorama) are not installed here; read once by a person."""


def licence_of(name: str) -> str:
    """Return the licence of a Python package."""
    if name in LEFT_UNSAID:
        return LEFT_UNSAID[name]
    try:
        found = metadata(name)
    except PackageNotFoundError:
        return "?"
    said = found.get("License-Expression") or found.get("License") or "?"
    return IN_OTHER_WORDS.get(said, said)


def page() -> str:
    """Write the page."""
    locks = runpy.run_path(str(ROOT / "release/sbom.py"))
    python = {package["name"]: licence_of(package["name"]) for package in locks["python_packages"]()}
    web = {package["name"]: package["licence"] for package in locks["web_packages"]()}
    return HEAD + _table("Python", python) + _table("In the web app", web)


def _table(title: str, rows: dict[str, str]) -> str:
    lines = "".join(f"| `{name}` | {rows[name]} |\n" for name in sorted(rows))
    return f"\n## {title}\n\n| package | licence |\n| --- | --- |\n{lines}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
