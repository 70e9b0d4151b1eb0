"""One strict reader of CSV, and of workbooks (XLSX), for every import: bytes → headings and rows, or one clear refusal.

Encoding (UTF-8, UTF-16, Windows-1252) and delimiter (comma, semicolon, tab, or what a `sep=` line says)
are found out. What cannot be read without a guess is refused: a quote that is never closed or is
inside an unquoted cell, a heading that is there twice, a row with more or fewer cells than headings.
Why the encoding is not guessed by a library, and what the `csv` module is left to do, is said in
docs/decisions/0010-csv-is-read-strictly.md.
"""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from itertools import islice
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from stockwright.base.errors import Invalid, PayloadTooLarge
from stockwright.base.long_work import STEP_ROWS
from stockwright.base.spreadsheet import unguard
from stockwright.imports.workbook import MAGIC, open_sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

BYTES_MAX: Final = 50 * 1024 * 1024
ROWS_MAX: Final = 100_000
COLUMNS_MAX: Final = 200
ROW_CHARS_MAX: Final = 1024 * 1024
QUOTES_AT_ONCE: Final = 8 * STEP_ROWS
TITLE_LINES: Final = 20
"""How far below the first line headings are looked for, to say where they are."""
WORKBOOK: Final = "xlsx"
"""What stands for the encoding of a workbook."""
DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab"}

ERRORS: Final = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
"""What a spreadsheet shows instead of a value."""

_SEPARATOR = re.compile(r'"?sep=([^\w"\s]|\t)"?(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"]*(?:""[^"]*)*")?')
_BINARY = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINE_END = re.compile(r"\r\n|\r|\n")
_ASCII = re.compile(r"[\x00-\x7f]+")
_BLANK = re.compile(r"\s+")


class Row(Struct, frozen=True):
    """One row, its cells as many as the headings unless `fault` says otherwise."""

    number: int
    """As a spreadsheet counts: the headings are row 1."""
    cells: Sequence[str]
    fault: str = ""


class Rows:
    """The rows of a file that hold something; each iteration reads them again, so that memory does not hold them."""

    def __init__(self, read: Callable[[], Iterator[Row]], count: int) -> None:
        self._read, self._count = read, count

    def __iter__(self) -> Iterator[Row]:
        return self._read()

    def __len__(self) -> int:
        return self._count

    def in_steps(self, most: int = STEP_ROWS) -> Iterator[list[Row]]:
        """Iterate over them, so many at a time."""
        rows = iter(self)
        while step := list(islice(rows, most)):
            yield step


class Table(Struct, frozen=True):
    """A file that was read: its headings as written, and every row that holds something."""

    headings: Sequence[str]
    rows: Rows
    delimiter: str
    encoding: str


def read_table(content: bytes, wanted: Sequence[Sequence[str]]) -> Table:
    """Read a file at once, as `read_steps` does."""
    steps = read_steps(content, wanted)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            table: Table = end.value
            return table


def read_steps(
    content: bytes, wanted: Sequence[Sequence[str]], *, any_headings: bool = False
) -> Generator[None, None, Table]:
    """Read a file whose headings hold all names of one of `wanted`; yields behind each step.

    `wanted` holds, for each kind of file, the headings that it must have; with `any_headings` they only help to find
    the delimiter. Raises Invalid or PayloadTooLarge.
    """
    if len(content) > BYTES_MAX:
        raise PayloadTooLarge(f"The file is larger than {BYTES_MAX // 1024 // 1024} MiB; split it")
    if content.startswith(MAGIC):
        return (yield from _read_workbook(content, wanted, any_headings=any_headings))
    text, encoding = _decode(content)
    del content
    yield
    text, named = _separator(text)
    delimiter = named or _delimiter(text, wanted)
    yield from _check_quotes(text, delimiter)
    records = _records(text, delimiter)
    headings = _headings(records)
    _check_distinct(headings)
    if not any_headings:
        _check_headings(headings, wanted, text, delimiter)
    count = yield from _count(records)

    def rows() -> Iterator[Row]:
        return rows_of(islice(_records(text, delimiter), 1, None), headings)

    return Table(headings, Rows(rows, count), delimiter, encoding)


def _read_workbook(
    content: bytes, wanted: Sequence[Sequence[str]], *, any_headings: bool
) -> Generator[None, None, Table]:
    """Read the first sheet of a workbook by the same rules; cells that a row lacks at its end are empty."""
    records = open_sheet(content, COLUMNS_MAX)
    headings = _headings(records)
    _check_distinct(headings)
    if not any_headings:
        _check_headings(headings, wanted, ",".join(headings), ",")

    def whole(records: Iterator[list[str]]) -> Iterator[list[str]]:
        for cells in records:
            yield cells + [""] * (len(headings) - len(cells))

    count = yield from _count(whole(records))

    def rows() -> Iterator[Row]:
        return rows_of(whole(islice(open_sheet(content, COLUMNS_MAX), 1, None)), headings)

    return Table(headings, Rows(rows, count), ",", WORKBOOK)


def _count(records: Iterator[list[str]]) -> Generator[None, None, int]:
    """Count the rows that hold something; PayloadTooLarge where there are too many."""
    count = 0
    for number, cells in enumerate(records, 2):
        if number % STEP_ROWS == 0:
            yield
        count += any(cell.strip() for cell in cells)
        if count > ROWS_MAX:
            raise PayloadTooLarge(f"The file has more than {ROWS_MAX:,} rows; split it")
    return count


def rows_of(records: Iterable[Sequence[str]], headings: Sequence[str]) -> Iterator[Row]:
    """Make rows of what is below the headings; one that holds nothing is left out."""
    for number, cells in enumerate(records, 2):
        if any(cell.strip() for cell in cells):
            yield _row(number, cells, headings)


def heading_key(heading: str) -> str:
    """Write a heading as it is compared: without regard to case and blanks."""
    return _BLANK.sub("", unicodedata.normalize("NFC", heading)).casefold()


def _decode(content: bytes) -> tuple[str, str]:
    """Find the encoding out by rules that cannot be wrong for one of the four, or refuse."""
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Invalid("This is a workbook of an old kind (.xls); save the sheet as XLSX or CSV UTF-8 and import that")
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if content.startswith(mark):
            return _decoded(content[len(mark) :], name)
    # Without a mark: most letters and digits of headings have a zero byte beside them in UTF-16.
    head = content[:4096]
    high, low = head[::2].count(0), head[1::2].count(0)
    if max(high, low) * 4 > len(head):
        return _decoded(content, "utf-16-be" if high > low else "utf-16-le")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as fault:
        if _is_damaged_utf_8(content):
            line = content.count(b"\n", 0, fault.start) + 1
            raise Invalid(
                f"Line {line} of the file is not UTF-8, but the rest is: the file is cut off or damaged; save it again"
            ) from None
        return _decoded(content, "cp1252")
    return _checked(text), "utf-8"


def _decoded(content: bytes, encoding: str) -> tuple[str, str]:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        names = {"cp1252": "neither UTF-8, UTF-16 nor Windows-1252", "utf-8": "not UTF-8, as its first bytes say"}
        problem = names.get(encoding, "not UTF-16, as its first bytes look")
        raise Invalid(f"The file is {problem} (line {line}); save it as CSV UTF-8") from None
    return _checked(text), encoding


def _is_damaged_utf_8(content: bytes) -> bool:
    """Return whether most of what is not ASCII is UTF-8: then the file is no Windows-1252, it is damaged."""
    good = len(_ASCII.sub("", content.decode("utf-8", errors="ignore")))
    return good > content.decode("utf-8", errors="replace").count("\ufffd")


def _checked(text: str) -> str:
    found = _BINARY.search(text)
    if found:
        line = 1 + sum(1 for _ in _LINE_END.finditer(text, 0, found.start()))
        raise Invalid(f"Line {line} contains the control character U+{ord(found[0]):04X}: this is not a CSV file")
    return text


def _separator(text: str) -> tuple[str, str | None]:
    """Take a first line `sep=;` away, which some spreadsheets write and read."""
    found = _SEPARATOR.match(text)
    return (text[found.end() :], found[1]) if found else (text, None)


def _delimiter(text: str, wanted: Sequence[Sequence[str]]) -> str:
    """Choose the delimiter under which the first line is headings that are wanted."""
    first = _LINE_END.split(text, maxsplit=1)[0][:ROW_CHARS_MAX]
    fitting = [each for each in DELIMITERS if _fits(_cells(first, each), wanted)]
    if len(fitting) == 1:
        return fitting[0]
    # None: the headings are not there, and are looked for with the likeliest, to say so.
    return max(DELIMITERS, key=first.count)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _fits(cells: Sequence[str], wanted: Sequence[Sequence[str]]) -> bool:
    keys = {heading_key(cell) for cell in cells}
    return any(keys.issuperset(map(heading_key, each)) for each in wanted)


def _check_quotes(text: str, delimiter: str) -> Iterator[None]:
    """Refuse a quote that is never closed, and one that neither begins nor ends a cell.

    Each file that is read has an even number of quotes at known positions, so that one quote too few or
    too many never lets two rows be read as one.
    """
    before, behind = {delimiter, "\r", "\n"}, {delimiter, "\r", "\n"}
    for number, found in enumerate(_QUOTED.finditer(text), 1):
        if number % QUOTES_AT_ONCE == 0:
            yield
        start, end = found.span()
        if start and text[start - 1] not in before:
            raise Invalid(
                f'Line {_line(text, start)}: a quote (") is inside a cell that does not begin with one; '
                'put the cell in quotes and double the quote, as in "12"" pipe"'
            )
        if end - start == 1:
            raise Invalid(f'Line {_line(text, start)}: the quote (") that is opened here is never closed')
        if end < len(text) and text[end] not in behind:
            raise Invalid(
                f'Line {_line(text, end)}: text follows a closing quote (") of the cell that begins on line '
                f"{_line(text, start)}; a quote is missing or superfluous"
            )


def _line(text: str, position: int) -> int:
    return 1 + sum(1 for _ in _LINE_END.finditer(text, 0, position))


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    """Split into rows and cells; only CR, LF and CRLF end a line, and a row has a longest length."""
    pulled = 0

    def lines() -> Iterator[str]:
        start = 0
        for found in _LINE_END.finditer(text):
            yield take(start, found.end())
            start = found.end()
        if start < len(text):
            yield take(start, len(text))

    def take(start: int, end: int) -> str:
        nonlocal pulled
        pulled += end - start
        if pulled > ROW_CHARS_MAX:
            raise Invalid(f"The row near line {reader.line_num + 1} is longer than {ROW_CHARS_MAX:,} characters")
        return text[start:end]

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    try:
        for record in reader:
            pulled = 0
            yield record
    except csv.Error as fault:
        raise Invalid(f"Line {reader.line_num}: {fault}") from None


def _headings(records: Iterator[list[str]]) -> list[str]:
    headings = [cell.strip() for cell in next(records, [])]
    if not any(headings):
        raise Invalid("The first line of the file is empty; it must contain the headings")
    if len(headings) > COLUMNS_MAX:
        raise Invalid(f"The file has {len(headings)} columns; at most {COLUMNS_MAX} are read")
    return headings


def _check_distinct(headings: Sequence[str]) -> None:
    keys = [key for key in map(heading_key, headings) if key]
    twice = sorted({heading for heading in headings if heading and keys.count(heading_key(heading)) > 1})
    if twice:
        raise Invalid(f"The heading {', '.join(twice)} appears twice; each column needs its own name")


def _check_headings(headings: Sequence[str], wanted: Sequence[Sequence[str]], text: str, delimiter: str) -> None:
    keys = {heading_key(heading) for heading in headings}
    if _fits(headings, wanted):
        return
    below = _headings_below(text, wanted)
    if below:
        raise Invalid(f"The headings must be on the first line, but are on line {below}; remove the lines above them")
    missing = min(([name for name in each if heading_key(name) not in keys] for each in wanted), key=len)
    seen = ", ".join(each for each in headings if each)[:300]
    raise Invalid(
        f"The file has no column {', '.join(missing)}; its first line, read with the "
        f"{DELIMITERS.get(delimiter, delimiter)} as delimiter, has: {seen}"
    )


def _headings_below(text: str, wanted: Sequence[Sequence[str]]) -> int | None:
    lines = _LINE_END.split(text[:ROW_CHARS_MAX], maxsplit=TITLE_LINES)[:TITLE_LINES]
    fitting = (any(_fits(_cells(line, each), wanted) for each in DELIMITERS) for line in lines)
    return next((number for number, fits in enumerate(fitting, 1) if fits), None)


def _row(number: int, cells: Sequence[str], headings: Sequence[str]) -> Row:
    fault = ""
    if len(cells) != len(headings):
        more = len(cells) > len(headings)
        hint = "; put a cell that contains the delimiter in quotes" if more else ""
        fault = f"the row has {len(cells)} cells, but the file has {len(headings)} headings{hint}"
    elif broken := next((cell for cell in cells if cell in ERRORS), None):
        fault = f"a cell has the error {broken} of a spreadsheet"
    elif any(cell.strip() for cell, heading in zip(cells, headings, strict=True) if not heading):
        fault = "a cell has no heading"
    return Row(number, tuple(unguard(cell) for cell in cells), fault)
