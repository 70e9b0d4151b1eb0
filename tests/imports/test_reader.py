"""The reader of files: exactly the rows, or a refusal that says where and why."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stockwright.base.errors import Invalid, PayloadTooLarge, Refused
from stockwright.imports import reader
from stockwright.imports.columns import find_columns
from stockwright.imports.profiles.stockwright_stock import stock as stock_profile
from stockwright.imports.reader import Table, read_table
from stockwright.imports.report import ImportReport
from stockwright.imports.stock import read_row
from stockwright.imports.values import WrongCell, price

WANTED = [("sku", "quantity")]


def read(content: bytes | str, encoding: str = "utf-8") -> Table:
    return read_table(content if isinstance(content, bytes) else content.encode(encoding), WANTED)


def cells(table: Table) -> list[list[str]]:
    return [list(row.cells) for row in table.rows]


@pytest.mark.parametrize(
    "text",
    [
        "sku,quantity\nA,1\n",
        "SKU,Quantity\nA,1\n",
        " sku , Quan tity \nA,1",
        "sku;quantity\r\nA;1\r\n",
        "sku\tquantity\rA\t1\r",
        "sep=;\nsku;quantity\nA;1\n",
        "sep=|\r\nsku|quantity\r\nA|1\r\n",
        '"sku","quantity"\n"A","1"\n\n,\n',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_files_of_common_spreadsheets_are_read(text: str, encoding: str) -> None:
    assert cells(read(text, encoding)) == [["A", "1"]]


def test_non_ascii_letters_are_read_in_every_supported_encoding() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"):
        assert cells(read("sku,quantity,reason\nA,1,Größe „12“\n", encoding)) == [["A", "1", "Größe „12“"]]


def test_a_quoted_line_break_belongs_to_its_cell_and_only_csv_line_ends_end_a_row() -> None:
    table = read('sku,quantity,reason\nA,1,"one\r\ntwo\rthree\nfour"\nB,2,a\u2028b\x85c\n')
    assert cells(table) == [["A", "1", "one\r\ntwo\rthree\nfour"], ["B", "2", "a\u2028b\x85c"]]
    assert [row.number for row in table.rows] == [2, 3]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "first line of the file is empty"),
        (b"\n\n", "first line of the file is empty"),
        (b"name,units\nA,1\n", "no column sku, quantity"),
        (b"sku\nA\n", "no column quantity"),
        (b"Stock in June\n\nsku,quantity\nA,1\n", "are on line 3; remove the lines above"),
        (b"sku,quantity,SKU\nA,1,B\n", "appears twice"),
        (b"sku,quantity,Quan tity\nA,1,2\n", "appears twice"),
        (b'sku,quantity\nA,1\n"B,2\n', "Line 3: the quote .* never closed"),
        (b'sku,quantity\n"A,1\n"B",2\n', "a quote is missing"),
        (b'sku,quantity\n12" pipe,1\n', "Line 2: a quote .* is inside a cell"),
        (b"PK\x03\x04 and so on", "workbook"),
        (b"sku,quantity\nA\x00,1\n", "Line 2 contains the control character U\\+0000"),
        (b"sku,quantity\nA\x08,1\n", "Line 2 contains the control character U\\+0008"),
        ("sku,quantity\nCafé é,1\nThé".encode()[:-1], "cut off or damaged"),
        (b"\xef\xbb\xbfsku,quantity\n\xff,1\n", "not UTF-8"),
        (b"\xff\xfesku,quantity\nA,1", "UTF-16|no column"),
        (b"sku,quantity\n\x81,1\n", "neither UTF-8, UTF-16 nor Windows-1252"),
        (b"sku,quantity\nA,%s\n" % (b"1" * 140_000), "field larger"),
        (b"sku,quantity\nA,%s\n" % (b"," * 1_100_000), "longer than 1,048,576 characters"),
        (b"sku,quantity,%s\n" % (b"," * 300), "303 columns"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        read(content)


def test_the_size_and_the_rows_of_a_file_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PayloadTooLarge, match="50 MiB"):
        read(b"x" * (reader.BYTES_MAX + 1))
    monkeypatch.setattr(reader, "ROWS_MAX", 2)
    assert len(read("sku,quantity\nA,1\n\nB,1\n").rows) == 2
    with pytest.raises(PayloadTooLarge, match="more than 2 rows"):
        read("sku,quantity\nA,1\nB,1\nC,1\n")


def test_a_row_is_read_completely_or_refused_with_its_number() -> None:
    table = read("sku,quantity,\nA,1,\n\nB,2\nC,3,4\nD,5,6,7\n")
    assert [(row.number, bool(row.fault)) for row in table.rows] == [(2, False), (4, True), (5, True), (6, True)]
    assert "2 cells, but the file has 3 headings" in list(table.rows)[1].fault
    assert "has no heading" in list(table.rows)[2].fault


@given(st.binary(max_size=300))
@example(b'sku,quantity\n"')
@example(b"\xff\xfe")
@example(b"sep=,\n")
def test_any_bytes_give_rows_or_a_refusal(content: bytes) -> None:
    for each in (content, b"sku,quantity\n" + content, "sku;quantity\n".encode("utf-16") + content):
        try:
            read(each)
        except Refused as refused:
            assert refused.message  # noqa: PT017 - either way is right


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12).map(str.strip)
LATIN = st.text('aZ09 .-_äöüßéÄÖ,;"', max_size=12).map(str.strip)


@st.composite
def sheets(draw: st.DrawFn) -> tuple[bytes, list[list[str]]]:
    """A file as some spreadsheet writes it, and its rows."""
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]))
    text = LATIN if encoding == "cp1252" else TEXT | TEXT.map(lambda each: f"{each}\r\n{each}")
    rows = draw(st.lists(st.tuples(text.map(lambda each: f"x{each}"), text, text).map(list), max_size=5))
    delimiter = draw(st.sampled_from([",", ";", "\t"]))
    out = io.StringIO(newline="")
    quoting = draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
    ends = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=ends)
    writer.writerows([["sku", "quantity", "reason"], *rows])
    named = f"sep={delimiter}{ends}" if draw(st.booleans()) else ""
    return (named + out.getvalue()).encode(encoding), rows


@given(sheets())
def test_a_written_file_is_read_back_unchanged(sheet: tuple[bytes, list[list[str]]]) -> None:
    content, rows = sheet
    table = read(content)
    # An apostrophe before a formula is taken away: this test writes none.
    expected = [row for row in rows if "'" not in "".join(row)]
    assert [row for row in cells(table) if "'" not in "".join(row)] == expected


REASON = st.sampled_from(["", "Delivery", "Delivery, late", 'the "blue" ones', "two\nlines", "a;b", "=1+1", "x"])


@st.composite
def damaged(draw: st.DrawFn) -> tuple[bytes, set[tuple[str, int]]]:
    """A good file with one fault in it, and what its rows said before."""
    count = draw(st.integers(1, 6))
    good = [(f"SKU-{n}", draw(st.integers(-5_000_000, 5_000_000).filter(bool)), draw(REASON)) for n in range(count)]
    delimiter = draw(st.sampled_from([",", ";", "\t"]))
    out = io.StringIO(newline="")
    quoting = draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting)
    writer.writerow(["sku", "quantity", "reason"])
    writer.writerows(good)
    text = out.getvalue()
    fault = draw(st.sampled_from(["cut", "quote", "delimiter", "thousands", "line"]))
    if fault == "cut":
        text = text[: draw(st.integers(0, len(text) - 1))]
    elif fault == "quote":
        positions = [n for n, sign in enumerate(text) if sign == '"'] or [0]
        at = draw(st.sampled_from(positions))
        text = text[:at] + text[at + 1 :] if draw(st.booleans()) else text[:at] + '"' + text[at:]
    elif fault == "delimiter":
        positions = [n for n, sign in enumerate(text) if sign == delimiter]
        at = draw(st.sampled_from(positions))
        text = text[:at] + draw(st.sampled_from([",", ";", "\t", " ", ""])) + text[at + 1 :]
    elif fault == "thousands":
        number = draw(st.sampled_from([quantity for _, quantity, _ in good]))
        mark = draw(st.sampled_from([",", ".", "'", " ", "\u00a0"]))
        text = text.replace(f"{number}", f"{number:,}".replace(",", mark))
    else:
        positions = [n for n, sign in enumerate(text) if sign == "\n"]
        at = draw(st.sampled_from(positions))
        text = text[: at - 1] + text[at + 1 :]
    return text.encode(), {(sku, quantity) for sku, quantity, _ in good}


@given(damaged())
def test_a_row_that_is_not_fully_understood_is_not_read_in_part(sheet: tuple[bytes, set[tuple[str, int]]]) -> None:
    content, good = sheet
    try:
        table, report = read_table(content, stock_profile("add").wanted), ImportReport("stockwright")
        columns = find_columns(table, stock_profile("add").fields, report)
    except Refused:
        return
    rows = [read_row(row, table, columns, report) for row in table.rows if not row.fault]
    assert {(row.sku, row.quantity) for row in rows if row is not None} <= good


@pytest.mark.parametrize(
    ("text", "currency", "delimiter", "units"),
    [
        ("2.55", "USD", ",", 255),
        ("2,55", "USD", ";", 255),
        ("2.55", "USD", ";", 255),
        ("2", "USD", ",", 200),
        ("2.545", "USD", ",", 255),
        ("2.5449", "USD", ",", 254),
        ("-2.545", "USD", ",", -255),
        ("1.005", "USD", ",", 101),
        ("500", "JPY", ",", 500),
        ("499.5", "JPY", ",", 500),
        ("1.2345", "KWD", ",", 1235),
        ("12,345", "KWD", ";", 12345),
    ],
)
def test_a_price_is_rounded_half_up_to_the_currencys_own_digits(
    text: str, currency: str, delimiter: str, units: int
) -> None:
    assert price(text, currency, delimiter) == units


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("2,55", ","),
        ("2,55", "\t"),
        ("1,000.50", ","),
        ("1.000,50", ";"),
        ("1.000", ";"),
        ("1e3", ","),
        ("", ","),
        ("$5", ","),
        ("５", ","),
        ("NaN", ","),
        ("9" * 40, ","),
    ],
)
def test_an_ambiguous_price_is_refused(text: str, delimiter: str) -> None:
    with pytest.raises(WrongCell):
        price(text, "USD", delimiter)


@given(st.decimals("-1000000", "1000000", places=3))
def test_a_price_is_rounded_by_at_most_half_a_cent(amount: Decimal) -> None:
    assert abs(Decimal(price(f"{amount:f}", "USD", ",")) / 100 - amount) <= Decimal("0.005")
