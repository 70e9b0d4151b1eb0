"""What can be imported: how the rows of each kind are checked, booked and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from stockwright.imports.model import ProductRow, Row, StockRow
from stockwright.imports.product_check import check_products
from stockwright.imports.products import (
    add_categories,
    book_product,
    delete_categories,
    take_back_product,
    try_taking_back_product,
)
from stockwright.imports.stock import book_stock, check_stock
from stockwright.imports.taking_back import take_back_stock, try_taking_back

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from stockwright.imports.model import ImportKind
    from stockwright.imports.reading import ReadFile
    from stockwright.imports.report import ImportReport
    from stockwright.imports.work import Job
    from stockwright.stock.model import Stock


class Kind(Protocol):
    """One kind of file."""

    def check(self, job: Job, file: ReadFile, report: ImportReport) -> AsyncIterator[Sequence[Row]]:
        """Look at every row, and yield those that are to be booked, some at a time."""
        ...

    async def begin(self, job: Job) -> None:
        """Do what comes before the first row is booked; it can be done again."""
        ...

    async def book(self, job: Job, row: Row, report: ImportReport) -> None:
        """Book one row, once."""
        ...

    async def take_back(self, job: Job, row: Row, booked: Mapping[str, Any]) -> None:
        """Undo one row, once; raises Refused where something has changed since."""
        ...

    async def try_taking_back(self, job: Job, row: Row, booked: Mapping[str, Any], stocks: dict[str, Stock]) -> None:
        """Refuse what `take_back` would."""
        ...

    async def end_undoing(self, job: Job) -> list[str]:
        """Undo what `begin` did; returns notes on what stays."""
        ...


class _Stock:
    def check(self, job: Job, file: ReadFile, report: ImportReport) -> AsyncIterator[Sequence[Row]]:
        return check_stock(job, file, report)

    async def begin(self, job: Job) -> None:
        """Nothing comes before the rows."""

    async def book(self, job: Job, row: Row, report: ImportReport) -> None:
        assert isinstance(row, StockRow)  # noqa: S101 - of this kind
        await book_stock(job, row, report)

    async def take_back(self, job: Job, row: Row, booked: Mapping[str, Any]) -> None:
        assert isinstance(row, StockRow)  # noqa: S101 - of this kind
        await take_back_stock(job, row, booked)

    async def try_taking_back(self, job: Job, row: Row, booked: Mapping[str, Any], stocks: dict[str, Stock]) -> None:
        assert isinstance(row, StockRow)  # noqa: S101 - of this kind
        await try_taking_back(job, row, booked, stocks)

    async def end_undoing(self, job: Job) -> list[str]:  # noqa: ARG002
        return []


class _Products:
    def check(self, job: Job, file: ReadFile, report: ImportReport) -> AsyncIterator[Sequence[Row]]:
        return check_products(job, file, report)

    async def begin(self, job: Job) -> None:
        await add_categories(job)

    async def book(self, job: Job, row: Row, report: ImportReport) -> None:
        assert isinstance(row, ProductRow)  # noqa: S101 - of this kind
        await book_product(job, row, report)

    async def take_back(self, job: Job, row: Row, booked: Mapping[str, Any]) -> None:
        assert isinstance(row, ProductRow)  # noqa: S101 - of this kind
        await take_back_product(job, row, booked)

    async def try_taking_back(
        self,
        job: Job,
        row: Row,
        booked: Mapping[str, Any],
        stocks: dict[str, Stock],  # noqa: ARG002
    ) -> None:
        assert isinstance(row, ProductRow)  # noqa: S101 - of this kind
        await try_taking_back_product(job, row, booked)

    async def end_undoing(self, job: Job) -> list[str]:
        return await delete_categories(job)


KINDS: Final[Mapping[ImportKind, Kind]] = {"products": _Products(), "stock": _Stock()}
