"""`stockwright cloud`: the cloud form on one machine, from a checkout."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Run the AWS stack on this machine, on MiniStack (only from a checkout).", no_args_is_help=True)

ROOT = Path(__file__).parents[3]


@app.command()
def up(port: Annotated[int, typer.Option(help="The port to serve on.")] = 8080) -> None:
    """Serve the shop from MiniStack until Ctrl+C. The first start deploys the stack; later ones keep its data."""
    _local("up", str(port))


@app.command()
def down() -> None:
    """Delete the local deployment and its data."""
    _local("down")


def _local(*arguments: str) -> None:
    if not (ROOT / "infra/local.py").exists():
        raise typer.BadParameter("the stack's code is in a checkout, not in the wheel: run `make cloud` there")
    # The stack's tools are no part of the product, and are not installed with it.
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "infra.local", *arguments])  # noqa: S606 - a program of ours
