"""`stockwright cloud`: the cloud form on one machine, from a checkout."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="The cloud form on this machine, on MiniStack; from a checkout.", no_args_is_help=True)

ROOT = Path(__file__).parents[3]


@app.command()
def up(port: Annotated[int, typer.Option(help="Where the shop is served.")] = 8080) -> None:
    """Deploy the stack to MiniStack at the first time, and serve the shop until Ctrl+C; what was sold is kept."""
    _local("up", str(port))


@app.command()
def down() -> None:
    """Forget what was deployed and sold there."""
    _local("down")


def _local(*arguments: str) -> None:
    if not (ROOT / "infra/local.py").exists():
        raise typer.BadParameter("the stack's code is in a checkout, not in the wheel: run `make cloud` there")
    # The stack's tools are no part of the product, and are not installed with it.
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "infra.local", *arguments])  # noqa: S606 - a program of ours
