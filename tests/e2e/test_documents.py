"""Every shell block of the documents is copied and pasted: it runs as printed, and prints what the document shows.

A block that is marked `text` right after a shell block is what comes out of it; an ellipsis stands for anything,
such as an id or a count that differs from run to run.
"""

from __future__ import annotations

import gzip
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.server import Server
from tests.needs import ROOT
from tests.patience import PATIENCE_SECONDS

PAGES: Final = sorted(
    page.relative_to(ROOT).as_posix()
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "infra/README.md", ROOT / "web/README.md"]
    if "```bash" in page.read_text(encoding="utf-8")
)
NOT_PASTED: Final = {
    r"^make ": "sets up the checkout, serves or tests it: the commands are checked against the Makefile",
    r"stockwright serve$": "is the server that the test starts",
    r"(?:^|\n)aws ": "needs an account of AWS",
}
WAITS: Final = {
    "sleep 2\n": ('curl -s "$URL/orders/$ORDER" -H "Authorization: Bearer $TOKEN"', "CONFIRMED"),
    "sleep 75\n": ("ask GET /notifications", "Low Stock"),
}
"""Where a reader waits some seconds for what comes, the test asks until it is there."""
MARK: Final = "== the next block =="
SALES_LINES: Final = 400


@dataclass(frozen=True)
class Block:
    """A shell block, and what the document shows of its output."""

    page: str
    script: str
    shown: str | None

    @property
    def left_out(self) -> bool:
        return any(re.search(pattern, self.script.strip()) for pattern in NOT_PASTED)


def blocks_of(page: str) -> Iterator[Block]:
    text = (ROOT / page).read_text(encoding="utf-8")
    for found in re.finditer(r"```bash\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", text, re.DOTALL):
        yield Block(page, found[1], found[2])


def paste(server: Server, blocks: list[Block]) -> list[str]:
    """Type the blocks into one shell; the first command that fails ends it, and fails the test."""
    script = "".join(f"echo '{MARK}'\n{block.script}" for block in blocks)
    script = script.replace("http://127.0.0.1:8000", server.url)
    for wait, (asks, answer) in WAITS.items():
        script = script.replace(wait, f"until {asks} | grep '{answer}' >/dev/null; do sleep 0.1; done\n")
    # A status of 1 says that rows were refused, which is what these files are for.
    script = re.sub(r"(--on-error skip)\b", r"\1 || test $? = 1", script)
    script = script.replace(".venv/bin/stockwright", f"{shlex.quote(sys.executable)} -m stockwright.cli.main")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607 - the reader's own shell
        env={**os.environ, **server.env, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
        cwd=server.folder.parent,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return [part.strip() for part in done.stdout.split(f"{MARK}\n")[1:]]


def agrees(shown: str, printed: str) -> bool:
    """Compare line by line; blanks at the ends of lines do not count, and an ellipsis stands for anything."""
    pattern = r"\s*\n".join(
        ".*".join(re.escape(part) for part in line.rstrip().split("…")) for line in shown.strip().splitlines()
    )
    return re.fullmatch(pattern, printed.strip().replace("\r", "")) is not None


def check(server: Server, blocks: list[Block]) -> None:
    for block, printed in zip(blocks, paste(server, blocks), strict=True):
        assert block.shown is None or agrees(block.shown, printed), f"{block.script}\nprinted:\n{printed}"


def test_every_document_with_shell_blocks_is_tested() -> None:
    pasted = {page for page in PAGES if any(not block.left_out for block in blocks_of(page))}
    assert pasted == {"README.md", "docs/tutorial.md", "docs/operations.md"}


@pytest.mark.parametrize("page", PAGES)
def test_every_make_command_in_a_document_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", "\n".join(block.script for block in blocks_of(page))))
    assert named <= targets


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("Clean. … products", "Clean. 12 products\n", True),
        ("one\ntwo", "one  \ntwo", True),
        ("one", "one\ntwo", False),
        ("Clean. … products", "Not clean. 12 products", False),
        ("ord_…", "line_1\nord_2", False),
    ],
)
def test_an_ellipsis_stands_for_anything_within_its_line(shown: str, printed: str, *, same: bool) -> None:
    assert agrees(shown, printed) is same


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/operations.md"])
def test_the_commands_of_each_document_work_on_the_demo_shop(tmp_path: Path, page: str) -> None:
    # As a shop with several cores has it; the tutorial runs with one worker.
    server = Server(tmp_path / "stockwright-data", workers="2")
    del server.env["STOCKWRIGHT_ADMIN_EMAIL"], server.env["STOCKWRIGHT_ADMIN_PASSWORD"]
    server.arguments = ["serve", "--demo"]
    with gzip.open(ROOT / "tests/data/online_retail_10k.csv.gz", "rt", encoding="utf-8") as sales:
        (tmp_path / "sales.csv").write_text("".join(next(sales) for _ in range(SALES_LINES)), encoding="utf-8")
    server.start()
    try:
        password = server.printed(r"Demo admin .*password: (\S+)")
        check(
            server,
            [
                Block(page, block.script.replace("the-one-that-was-printed", password[1]), block.shown)
                for block in blocks_of(page)
                if not block.left_out
            ],
        )
    finally:
        assert server.stop() == 0


@pytest.mark.slow
def test_the_tutorial_works_as_printed(tmp_path: Path) -> None:
    blocks = [block for block in blocks_of("docs/tutorial.md") if not block.left_out]
    account = dict(re.findall(r"(STOCKWRIGHT_ADMIN_\w+)='?([^'\s]+)", blocks[0].script))
    # Its reader waits a minute for alerts that go out together; here they go out at once.
    server = Server(tmp_path / "my-shop", alert_group_seconds="0", workers="1")
    server.env.update(account)
    server.start()
    try:
        check(server, blocks)
    finally:
        assert server.stop() == 0
