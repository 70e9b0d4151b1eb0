"""Builds the folder that every function is made from: what the wheel carries, what it needs, compiled.

    python -m infra.package             for Lambda (arm64, Python 3.13)
    python -m infra.package --here      for the Python that runs this, to try the functions on this machine

The versions are those of `infra/requirements.txt`, hashes checked; only ready wheels are taken, so
nothing of this machine comes in.
"""

from __future__ import annotations

import argparse
import compileall
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Final

ROOT: Final = Path(__file__).parent.parent
BUILD: Final = ROOT / "build"
LOCK: Final = ROOT / "infra/requirements.txt"
UV: Final = ROOT / ".venv/bin/uv"
PLATFORM: Final = "aarch64-manylinux_2_28"
"""Lambda's Python 3.13 runs on Amazon Linux 2023 (glibc 2.34)."""
PYTHON: Final = "3.13"
NEEDLESS: Final = ("bin", "**/tests", "**/*.pyi", "**/__pycache__", "**/RECORD", "**/direct_url.json", ".lock")
"""What no function needs, and what would differ from build to build."""


def build(folder: Path, *, here: bool = False) -> Path:
    """Create the folder again; return it."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(_needed(here=here), folder)
    shutil.copytree(ROOT / "src/stockwright", folder / "stockwright", ignore=shutil.ignore_patterns("__pycache__"))
    # The version is read from there.
    ours = distribution("stockwright")
    (folder / f"stockwright-{ours.version}.dist-info").mkdir()
    (folder / f"stockwright-{ours.version}.dist-info/METADATA").write_text(ours.read_text("METADATA") or "", "utf-8")
    _compile(folder, here=here)
    return folder


def _needed(*, here: bool) -> Path:
    """Install what the shop needs, unless it is there as the lock says."""
    folder = BUILD / ("needed-here" if here else "needed")
    mark, lock = folder.with_suffix(".lock"), LOCK.read_text(encoding="utf-8")
    if mark.exists() and mark.read_text(encoding="utf-8") == lock:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    whose = ["--python", sys.executable]
    if not here:
        whose = ["--python-platform", PLATFORM, "--python-version", PYTHON]
    how = ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--target", str(folder)]
    subprocess.run([str(UV), "pip", "install", *how, *whose, "--requirement", str(LOCK)], check=True, cwd=ROOT)
    for pattern in NEEDLESS:
        for found in folder.glob(pattern):
            shutil.rmtree(found) if found.is_dir() else found.unlink()
    mark.write_text(lock, encoding="utf-8")
    return folder


def _compile(folder: Path, *, here: bool) -> None:
    """Write the .pyc files, which halve a cold start, if this is the Python that will read them.

    They hold no time and are not checked against one: Lambda's files have none that means anything.
    """
    if here or sys.version_info[:2] == tuple(int(part) for part in PYTHON.split(".")):
        compileall.compile_dir(
            folder, quiet=2, stripdir=str(folder), invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
        )
        return
    found = subprocess.run(
        [str(UV), "python", "find", "--no-python-downloads", PYTHON], capture_output=True, text=True, check=False
    )
    if found.returncode:
        _note(f"no Python {PYTHON} here: nothing is compiled, and cold starts take twice as long")
        return
    how = ["-m", "compileall", "-qq", "-s", str(folder), "--invalidation-mode", "unchecked-hash"]
    subprocess.run([found.stdout.strip(), *how, str(folder)], check=True)


def _note(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def main() -> None:
    """Build what the command line asks for."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--here", action="store_true", help="for this machine's Python")
    here = asked.parse_args().here
    build(BUILD / ("lambda-here" if here else "lambda"), here=here)


if __name__ == "__main__":
    main()
