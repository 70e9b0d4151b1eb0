"""Puts the bill of materials into every wheel (PEP 770: `.dist-info/sboms/`)."""

from __future__ import annotations

import json
import runpy
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):
    """An editable installation is of a checkout, which holds the locks themselves."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the bill, and name it to the builder."""
        if version == "editable":
            return
        made = runpy.run_path(str(Path(self.root) / "release/sbom.py"))["bill"](self.metadata.version)
        self._folder = tempfile.TemporaryDirectory()
        file = Path(self._folder.name) / "stockwright.cdx.json"
        file.write_text(json.dumps(made, indent=2), encoding="utf-8")
        build_data["sbom_files"].append(str(file))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - the interface's
        """Leave nothing behind."""
        if version != "editable":
            self._folder.cleanup()
