"""docs/security.md names tests that there are, and leaves no promise without one."""

from __future__ import annotations

import ast
import re

from tests.needs import ROOT

ROW = re.compile(
    r"^\| (?P<section>[\d.,– ]+) \| (?P<what>[^|]+) \| (?P<state>[^|]+) \| (?P<how>[^|]*) \| (?P<tests>[^|]*)\|$"
)
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
ROWS = [found for line in PAGE.splitlines() if (found := ROW.match(line))]
BY_WORD_ALONE = {"protection against guessing is documented", "the algorithms in use are listed"}
"""Requirements to write something down: the page itself is what they ask for."""


def functions_of(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_test_named_by_the_security_page_exists() -> None:
    named = re.findall(r"`(tests/[\w/.]+)(?:::(\w+))?`", PAGE)
    assert len(named) > 80
    for path, name in named:
        assert (ROOT / path).is_file(), path
        assert not name or name in functions_of(path), f"{path}::{name}"


def test_every_row_of_the_security_tables_can_be_parsed() -> None:
    lines = [line for line in PAGE.splitlines() if re.match(r"\| \d", line)]
    assert len(lines) == len(ROWS) > 60
    assert {row["state"] for row in ROWS} == {"holds", "partly", "deviates", "n/a"}
    assert [f"## V{number} " in PAGE for number in range(1, 18)] == [True] * 17


def test_every_claim_of_the_security_page_has_a_test_or_a_reason() -> None:
    for row in ROWS:
        if row["state"] == "holds" and row["what"] not in BY_WORD_ALONE:
            assert "::" in row["tests"] or ".py`" in row["tests"], row["what"]
        if row["state"] in {"partly", "deviates"}:
            assert row["how"].strip(), row["what"]
