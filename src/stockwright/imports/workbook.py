"""The first sheet of a workbook (XLSX) as the strict reader's table: what its cells show, as text.

A workbook is a ZIP archive of XML. What it unpacks to is bounded before anything of it is read, and the XML is read by
defusedxml, which refuses entities. Numbers are written with a point, dates as ISO 8601; of a formula it is the value
that the spreadsheet program stored with it.
"""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from stockwright.base.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC: Final = b"PK\x03\x04"
UNPACKED_BYTES_MAX: Final = 400 * 1024 * 1024
"""What all of its parts unpack to, at most."""
SHARED_BYTES_MAX: Final = 64 * 1024 * 1024
"""The same of its shared texts, all of which are in memory."""
PARTS_MAX: Final = 2_000
DIGITS: Final = 15
"""What a spreadsheet calculates with: behind these a binary number has noise."""
NOT_A_WORKBOOK: Final = "This is a ZIP archive, but no workbook (.xlsx); save the sheet as XLSX or CSV and import that"
_SHARED: Final = "xl/sharedStrings.xml"


def open_sheet(content: bytes, columns_max: int) -> Iterator[list[str]]:
    """Read the rows of the first sheet, as often as this is called; raises Invalid for what is no such workbook."""
    _check_bounds(content)
    values = _rows(content, columns_max, data_only=True)
    if not _has_formulas(content):
        for row in values:
            yield _texts(row)
        return
    # Where a value is missing, only the other reading says that there is a formula.
    for number, (row, written) in enumerate(zip(values, _rows(content, columns_max, data_only=False), strict=False), 1):
        if any(value is None and formula is not None for value, formula in zip(row, written, strict=False)):
            raise Invalid(
                f"Row {number} of the sheet has a formula without a stored value; open the file in a spreadsheet "
                "program and save it again"
            )
        yield _texts(row)


def _texts(row: tuple[Any, ...]) -> list[str]:
    """Return what the cells show, up to the last that shows something."""
    texts = [as_text(value) for value in row]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _check_bounds(content: bytes) -> None:
    """Refuse an archive that unpacks to too much, by what it says of itself: more is never unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise Invalid("The workbook is damaged, or cut off; save it again") from None
    names = {each.filename for each in parts}
    if "xl/workbook.xml" not in names:
        raise Invalid(NOT_A_WORKBOOK)
    shared = sum(each.file_size for each in parts if each.filename == _SHARED)
    unpacked = sum(each.file_size for each in parts)
    if len(parts) > PARTS_MAX or unpacked > UNPACKED_BYTES_MAX or shared > SHARED_BYTES_MAX:
        raise Invalid("The workbook unpacks to too much; save the sheet as CSV UTF-8 and import that")


def _has_formulas(content: bytes) -> bool:
    """Return whether any sheet has a formula."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if not name.startswith("xl/worksheets/"):
                continue
            before = b""
            with archive.open(name) as part:
                while more := part.read(1 << 20):
                    if b"<f>" in before + more or b"<f " in before + more or b":f>" in before + more:
                        return True
                    before = more[-8:]
    return False


def _rows(content: bytes, columns_max: int, *, data_only: bool) -> Iterator[tuple[Any, ...]]:
    """Iterate over the rows of the first sheet; one column more than is allowed, so that the reader refuses it."""
    import openpyxl

    try:
        book: Any = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=data_only, keep_links=False)
    except Exception as wrong:  # noqa: BLE001 - whatever a damaged workbook makes the library raise
        raise Invalid(_damaged(wrong)) from None
    try:
        for sheet in book.worksheets[:1]:
            sheet.reset_dimensions()
            yield from sheet.iter_rows(values_only=True, max_col=columns_max + 1)
    except Exception as wrong:  # noqa: BLE001 - as above
        raise Invalid(_damaged(wrong)) from None
    finally:
        book.close()


def _damaged(wrong: Exception) -> str:
    return f"The workbook is damaged ({type(wrong).__name__}); save it again, or save the sheet as CSV UTF-8"


def as_text(value: Any) -> str:
    """Write a cell's value as the file's author sees it, in one form for all languages."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(value, f".{DIGITS}g") if abs(value) < 10**DIGITS and abs(value) > 10**-4 else _long(value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _long(value: float) -> str:
    """Write a number without an exponent where it is a whole one."""
    return str(int(value)) if value == int(value) else repr(value)
