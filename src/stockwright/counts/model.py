"""Count sessions: what is on the shelves of a location, scanned or typed, beside what the shop has in its books."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import UNSET, field
from msgspec.structs import replace

from stockwright.base.errors import Conflict, Invalid
from stockwright.base.record import Record
from stockwright.products.variant import OwnVariant, variant_id_of
from stockwright.stock.model import QUANTITY_MAX, Stock

CountStatus = Literal["OPEN", "POSTING", "POSTED", "DISCARDED"]
NotScanned = Literal["keep", "zero"]
"""What posting does with the products that nobody scanned: leave them as they are, or take them for not there."""
SKUS_MAX: Final = 1000
PEOPLE_MAX: Final = 50
"""So many people are named with a line; what others scan beyond them counts, too."""
NAME_MAX: Final = 100


class StockCount(Record, frozen=True):
    """One counting of a location: of the products of a category, of certain products, or of all.

    OPEN takes scans; POSTING books the differences and takes no more of them; POSTED and DISCARDED have ended.
    """

    KIND = "STOCKCOUNT"
    id: str
    location: str
    name: str = ""
    category: str = ""
    product_ids: tuple[str, ...] = ()
    status: CountStatus = "OPEN"
    not_scanned: NotScanned = "keep"
    filled_to: str | None = None
    """While POSTING with `zero`: how far the products that nobody scanned have their lines; "" where all have."""
    created_at: int = 0
    created_by: str = ""
    ended_at: int = 0
    ended_by: str = ""

    def check_takes_scans(self) -> None:
        """Refuse scans of a session that is not open (Conflict)."""
        if self.status != "OPEN":
            raise Conflict(f"The count is {self.status}: it takes no more scans", {"status": self.status})

    def includes(self, product_id: str, category: str) -> bool:
        """Whether a product is one of those that are counted."""
        if self.product_ids:
            return product_id in self.product_ids
        return not self.category or category == self.category


class CountLine(Record, frozen=True):
    """What was counted of one variant, and what the books said at the last scan of it.

    `expected` is the level's total at the moment of the last scan, and `first_expected` at that of the first: where
    they differ, units moved while the line was counted, and it is better counted again.
    """

    KIND = "COUNTLINE"
    count_id: str
    product_id: str
    sku: str
    counted: int = 0
    expected: int = 0
    first_expected: int = 0
    scans: int = 0
    first_at: int = 0
    last_at: int = 0
    people: Mapping[str, int] = {}
    """Who counted how many of them: account or API key → units."""
    posted: int | None = None
    """The difference that was booked."""
    refused: str = ""
    """Why the difference could not be booked."""
    own_variant: OwnVariant = field(name="variantId", default=UNSET)

    @property
    def variant_id(self) -> str:
        """The id under which its units are counted."""
        return variant_id_of(self.product_id, self.own_variant)

    @property
    def difference(self) -> int:
        """How many units more are there than the books say."""
        return self.counted - self.expected

    @property
    def moved_meanwhile(self) -> int:
        """How many units came or left between the first scan of the line and the last."""
        return self.expected - self.first_expected

    def with_scan(self, quantity: int, expected: int, at: int, who: str, *, recount: bool) -> CountLine:
        """Return the line after a scan at `at`, when the books said `expected`; `recount` begins it again.

        A negative quantity takes scanned units back. Refused where less than nothing, or too much, would be counted.
        """
        line = replace(self, counted=0, scans=0, people={}) if recount else self
        counted = line.counted + quantity
        if not 0 <= counted <= QUANTITY_MAX:
            raise Invalid.field(
                "quantity", f"would make the counted units {counted}; they must be 0 to {QUANTITY_MAX:,}"
            )
        people = dict(line.people)
        if who in people or len(people) < PEOPLE_MAX:
            people[who] = people.get(who, 0) + quantity
        is_first, is_last = not line.scans or at < line.first_at, not line.scans or at >= line.last_at
        return replace(
            line,
            counted=counted,
            scans=line.scans + 1,
            people=people,
            first_at=at if is_first else line.first_at,
            first_expected=expected if is_first else line.first_expected,
            last_at=at if is_last else line.last_at,
            expected=expected if is_last else line.expected,
        )


def new_line(count: StockCount, stock: Stock) -> CountLine:
    """Return the line of a variant of which nothing was counted yet."""
    return CountLine(count_id=count.id, product_id=stock.product_id, sku=stock.sku, own_variant=stock.own_variant)


class CountSums(Record, frozen=True):
    """The sums of a session's lines: kept with each scan, so that nobody adds them up again."""

    KIND = "COUNTSUMS"
    lines: int = 0
    units: int = 0
    differing: int = 0
    over: int = 0
    """Units that are there and not in the books."""
    under: int = 0
    """Units that are in the books and not there."""
    refused: int = 0
    """Lines whose difference could not be booked."""


def sums_of(line: CountLine | None) -> CountSums:
    """Return what one line adds to the sums; nothing where there is none yet."""
    if line is None:
        return CountSums()
    difference = line.difference
    return CountSums(
        lines=1,
        units=line.counted,
        differing=int(difference != 0),
        over=max(0, difference),
        under=max(0, -difference),
        refused=int(bool(line.refused)),
    )
