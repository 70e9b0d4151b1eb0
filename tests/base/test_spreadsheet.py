"""No cell becomes a formula, and what was guarded is read as it was."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockwright.base.spreadsheet import guard, unguard

SIGNS = "=+-@＝＋－＠"
TEXT = st.text(st.sampled_from("a1.'\" \t\r\n,;|\u00a0" + SIGNS), max_size=12)


@given(TEXT | st.text())
def test_an_escaped_text_is_read_back_unchanged(text: str) -> None:
    assert unguard(guard(text)) == text


@given(TEXT)
def test_no_part_of_a_split_cell_begins_a_formula(text: str) -> None:
    guarded = guard(text)
    if re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
        assert guarded == text
        return
    for part in re.split(r"[,;\t\r\n|]", guarded):
        assert not part.lstrip(' \u00a0"').startswith(tuple(SIGNS)), (guarded, part)


@pytest.mark.parametrize(
    ("text", "guarded"),
    [
        ("a;=cmd|' /C calc'!A0;b", "a;'=cmd|' /C calc'!A0;b"),
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        ("-5", "-5"),
        ("-5 or so", "'-5 or so"),
        ("Chair - red", "Chair - red"),
        ("O'Neill", "O'Neill"),
    ],
)
def test_only_texts_that_could_be_a_formula_are_changed(text: str, guarded: str) -> None:
    assert guard(text) == guarded
