"""`make bench`: measure everything in one run, print the table, and keep it in docs/benchmarks.md."""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from os import cpu_count
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.figures import BENCHES, Figure, run_all

DOCUMENT = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def main() -> None:
    """Read the arguments, run, print, write."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure Stockwright beside references.")
    parser.add_argument("names", nargs="*", help=f"which figures: {', '.join(BENCHES)} (all)")
    parser.add_argument("--seconds", type=float, default=8, help="how long each load goes on (8)")
    parser.add_argument("--quick", action="store_true", help="small shops and one second each: that it works")
    parser.add_argument("--write", action="store_true", help="keep the table in docs/benchmarks.md")
    given = parser.parse_args()
    unknown = set(given.names) - set(BENCHES)
    if unknown:
        parser.error(f"there is no figure {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    console = Console()
    table = Table("Figure", "Measured", "Reference in the same run", "Goal", "")
    figures: list[Figure] = []
    names = given.names or list(BENCHES)
    for figure in run_all(names, 1 if given.quick else given.seconds, large=not given.quick):
        figures.append(figure)
        console.print(f"{figure.name}: {figure.value}", highlight=False)
        table.add_row(figure.name, figure.value, figure.reference, figure.goal, _mark(figure))
    console.print(table)
    if given.write:
        DOCUMENT.write_text(_document(figures), encoding="utf-8")


def _mark(figure: Figure) -> str:
    return {True: "met", False: "missed", None: ""}[figure.met]


def _document(figures: list[Figure]) -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    rows = "\n".join(
        f"| {each.name.strip()} | {each.value} | {each.reference} | {each.goal} | {_mark(each)} |" for each in figures
    )
    generator = "wrk" if shutil.which("wrk") else "the built-in one"
    return f"""# Benchmarks

`make bench` writes this file. The server and the load generator ({generator}) share the machine. Every
write is on the disk (fsync) before its answer. Each request has a real token and its own
Idempotency-Key, and passes validation, metrics and logging as in production; only the rate limit is
off. The constant is the same HTTP server (uvicorn, httptools, uvloop) answering a fixed text. Compare
the ratios rather than the figures, because machines differ, and shared ones vary.

| figure | measured | reference in the same run | goal | |
| --- | --- | --- | --- | --- |
{rows}

{datetime.now(UTC):%Y-%m-%d}, commit {commit.strip() or "unknown"}, {platform.system()} {platform.machine()},
{cpu_count()} cores, Python {platform.python_version()}, uvicorn {version("uvicorn")}, SQLite by apsw {version("apsw")}.
"""


if __name__ == "__main__":
    main()
