"""Workbooks are read by the rules of CSV: what a cell shows, or one clear refusal."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from stockwright.base.errors import Invalid, PayloadTooLarge, Refused
from stockwright.imports import reader, workbook
from stockwright.imports.reader import Table, read_table

FILES = Path(__file__).parents[1] / "data/imports"
WANTED = [("sku", "quantity")]


def written(*rows: list[Any], others: int = 0) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for number in range(others):
        book.create_sheet(f"Other {number}").append(["x"])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def cells(table: Table) -> list[list[str]]:
    return [list(row.cells) for row in table.rows]


def repacked(content: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """The archive with some of its parts changed, or left out (None)."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for each in source.infolist():
            part = change(each.filename, source.read(each))
            if part is not None:
                target.writestr(each.filename, part)
    return made.getvalue()


GOOD = written(
    ["SKU", "Quantity", "Note"],
    ["A-1", 5, None],
    [12, 7.0, "x"],
    [None, None, None],
    ["B-1", 0.1 + 0.2, True],
    others=2,
)


def test_the_first_sheet_is_read_as_it_shows() -> None:
    table = read_table(GOOD, WANTED)
    assert (table.headings, table.encoding, len(table.rows)) == (["SKU", "Quantity", "Note"], "xlsx", 3)
    assert cells(table) == [["A-1", "5", ""], ["12", "7", "x"], ["B-1", "0.3", "true"]]
    assert [row.number for row in table.rows] == [2, 3, 5]
    assert cells(table) == cells(table)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4006381333931, "4006381333931"),
        (49.9, "49.9"),
        (12.100000000000001, "12.1"),
        (1e20, "100000000000000000000"),
        (-3, "-3"),
        (datetime(2024, 5, 13, 11, 1, 12), "2024-05-13 11:01:12"),  # noqa: DTZ001 - a workbook has no zones
        ("=SUM", "=SUM"),
        ("'04109", "'04109"),
        (" a ", " a "),
    ],
)
def test_a_value_has_one_form(value: Any, text: str) -> None:
    assert workbook.as_text(value) == text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (GOOD[:200], "damaged"),
        (GOOD[:-200], "damaged"),
        (b"PK\x03\x04nonsense", "damaged"),
        (repacked(GOOD, lambda name, part: None if name == "xl/workbook.xml" else part), "no workbook"),
        (repacked(GOOD, lambda name, part: b"<a" if name.endswith("sheet1.xml") else part), "damaged"),
        (repacked(GOOD, lambda name, part: None if name.endswith("sheet1.xml") else part), "no column"),
        (written(["SKU", "SKU"], ["A", 1]), "twice"),
        (written(["Article", "Quantity"], ["A", 1]), "no column"),
        (written([None, None], ["A", 1]), "first line"),
        (written([f"c{n}" for n in range(300)]), "columns"),
        (written(["SKU", "Quantity"], ["A", "=1+1"]), "without a stored value"),
        (b"\xd0\xcf\x11\xe0old", "old kind"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(content: bytes, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        list(read_table(content, WANTED).rows)
    assert why in refused.value.message
    assert "\n" not in refused.value.message


def test_an_entity_is_not_expanded() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "x">]><worksheet>&b;</worksheet>'
    with pytest.raises(Refused):
        list(read_table(repacked(GOOD, lambda name, part: bomb if "sheet1" in name else part), WANTED).rows)


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "UNPACKED_BYTES_MAX", 20_000)
    big = repacked(GOOD, lambda name, part: part + b" " * 100_000 if "sheet2" in name else part)
    assert len(big) < 20_000
    with pytest.raises(Invalid, match="unpacks to too much"):
        read_table(big, WANTED)


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "ROWS_MAX", 2)
    with pytest.raises(PayloadTooLarge):
        read_table(GOOD, WANTED)


def test_a_cell_with_an_error_refuses_its_row() -> None:
    table = read_table(written(["SKU", "Quantity"], ["A-1", "#REF!"], ["A-2", 1]), WANTED)
    assert [row.fault for row in table.rows] == ["a cell has the error #REF! of a spreadsheet", ""]


def test_a_cell_beside_the_headings_refuses_its_row() -> None:
    table = read_table(written(["SKU", "Quantity"], ["A-1", 1, None, "x"], ["A-2", 1, None]), WANTED)
    assert ["4 cells" in row.fault for row in table.rows] == [True, False]
