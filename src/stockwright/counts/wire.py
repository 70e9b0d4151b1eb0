"""Count sessions on the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from stockwright.base.instant import iso
from stockwright.counts.model import NAME_MAX, SKUS_MAX, CountStatus, NotScanned
from stockwright.counts.usecases import CountState, NamedLine, SheetRow
from stockwright.http.rules import Wire
from stockwright.http.wire import Instant, ListQuery
from stockwright.products.model import CATEGORY_MAX, ID_MAX
from stockwright.products.wire import Sku
from stockwright.stock.model import DEFAULT_LOCATION, QUANTITY_MAX
from stockwright.stock.wire import LocationId


class OpenCountBody(Wire):
    """A new count session: of certain SKUs, of a category, or of everything at the location."""

    location: LocationId = DEFAULT_LOCATION
    name: Annotated[str, Meta(max_length=NAME_MAX)] = ""
    category: Annotated[str, Meta(max_length=CATEGORY_MAX)] = ""
    skus: Annotated[list[Sku], Meta(max_length=SKUS_MAX)] = []


class ScanBody(Wire):
    """Counted units of what has the code. `at` is when they were counted, where they are sent later."""

    code: Annotated[str, Meta(min_length=1, max_length=ID_MAX)]
    quantity: Annotated[int, Meta(ge=-QUANTITY_MAX, le=QUANTITY_MAX)] = 1
    at: Instant | None = None
    recount: bool = False


class PostCountBody(Wire):
    """What posting does with the products that nobody scanned."""

    not_scanned: NotScanned = "keep"


class LinesQuery(ListQuery):
    """Lines of a session, perhaps only those that differ."""

    differing: bool = False


class CountLineView(Wire):
    """What was counted of one product, and what the books said at the moment of its last scan."""

    product_id: str
    variant_id: str
    sku: str
    name: str
    counted: int
    expected: int
    difference: int
    moved_meanwhile: int
    scans: int
    people: Mapping[str, int]
    first_at: str
    last_at: str
    posted: int | None
    refused: str


class CountView(Wire):
    """A count session with the sums of its lines; asked for by itself, also its first differences."""

    id: str
    location: str
    name: str
    category: str
    product_ids: Sequence[str]
    status: CountStatus
    not_scanned: NotScanned
    lines: int
    units: int
    differing: int
    over: int
    under: int
    refused: int
    created_at: str
    created_by: str
    ended_at: str | None
    ended_by: str
    version: int
    differences: list[CountLineView]


class SheetRowView(Wire):
    """A product that is to be counted; `counted` is null where nobody has counted it."""

    product_id: str
    sku: str
    name: str
    category: str
    counted: int | None
    variant_id: str | UnsetType = UNSET
    """of a variant with stock of its own"""


def line_view(named: NamedLine) -> CountLineView:
    """Show a line."""
    line = named.line
    return CountLineView(
        product_id=line.product_id,
        variant_id=line.variant_id,
        sku=line.sku,
        name=named.name,
        counted=line.counted,
        expected=line.expected,
        difference=line.difference,
        moved_meanwhile=line.moved_meanwhile,
        scans=line.scans,
        people=line.people,
        first_at=iso(line.first_at),
        last_at=iso(line.last_at),
        posted=line.posted,
        refused=line.refused,
    )


def count_view(state: CountState) -> CountView:
    """Show a session."""
    count, sums = state.count, state.sums
    return CountView(
        id=count.id,
        location=count.location,
        name=count.name,
        category=count.category,
        product_ids=count.product_ids,
        status=count.status,
        not_scanned=count.not_scanned,
        lines=sums.lines,
        units=sums.units,
        differing=sums.differing,
        over=sums.over,
        under=sums.under,
        refused=sums.refused,
        created_at=iso(count.created_at),
        created_by=count.created_by,
        ended_at=iso(count.ended_at) if count.ended_at else None,
        ended_by=count.ended_by,
        version=count.version,
        differences=[line_view(each) for each in state.differences],
    )


def row_view(row: SheetRow) -> SheetRowView:
    """Show a row of the count sheet."""
    product, chosen = row.chosen.product, row.chosen
    return SheetRowView(
        product_id=product.id,
        sku=chosen.sku,
        name=product.name_of(chosen.own_variant),
        category=product.category,
        counted=None if row.line is None else row.line.counted,
        variant_id=chosen.own_variant,
    )
