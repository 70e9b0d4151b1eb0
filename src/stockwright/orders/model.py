"""Orders: lines frozen at placing, and the steps from PENDING to DELIVERED or CANCELLED."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import UNSET, Struct, UnsetType, field
from msgspec.structs import replace

from stockwright.base.errors import Invalid, InvalidTransition
from stockwright.base.ids import number_of
from stockwright.base.money import sum_amounts
from stockwright.base.record import Record
from stockwright.orders.amounts import OrderAmounts
from stockwright.orders.details import NOTHING, OrderDetails, stored_details
from stockwright.orders.status import ROWS, OrderStatus, PlacedStatus, StatusRow, StepName
from stockwright.products.options import describe_options
from stockwright.sales.lines import OrderLine, check_lines
from stockwright.stock.model import Allocation, Allocations, by_variant

NOTED_MAX: Final = 100
"""Characters of a line's options in the timeline."""


class Step(Struct, frozen=True, array_like=True):
    """One entry of an order's timeline."""

    status: StepName
    at: int
    actor: str
    note: str = ""


class Order(Record, frozen=True):
    """What somebody bought. `allocations` are the locations that its units came from and go back to."""

    KIND = "ORDER"
    id: str
    user_id: str
    user_email: str
    lines: tuple[OrderLine, ...]
    allocations: Allocations
    currency: str
    total_cents: int = field(name="total")
    status: OrderStatus
    timeline: tuple[Step, ...]
    created_at: int
    updated_at: int
    reference: str = ""
    has_pending_work: bool = False
    """Whether units of its last step are still on their way (an order larger than one commit)."""
    details: OrderDetails | UnsetType = UNSET
    """Who and where it is for; UNSET where nothing was said."""
    amounts: OrderAmounts | UnsetType = UNSET
    """The parts of its total; UNSET where that is the sum of its lines and nothing is taxed."""
    assigned: Mapping[str, str] | UnsetType = UNSET
    """Number of a line (from 0) → the variant that its units go back to, where the stock that it was sold from was
    spread over variants since."""

    @property
    def number(self) -> str:
        """The number by which people name it."""
        return number_of(self.id)

    @property
    def known_details(self) -> OrderDetails:
        """Who and where it is for, as far as it was said."""
        return NOTHING if self.details is UNSET else self.details

    @property
    def row(self) -> StatusRow:
        """What is so of every order in its status."""
        return ROWS[self.status]

    @property
    def placed_status(self) -> PlacedStatus:
        """The status as clients see it; raises where the order is still being placed, which is not shown."""
        if self.status == "PLACING":
            raise ValueError(f"order {self.id} is still being placed")
        return self.status

    @property
    def named(self) -> dict[str, OrderLine]:
        """A line for each variant whose units the order moves."""
        named = by_variant(self.lines)
        for number, variant_id in self.assigned.items() if self.assigned else ():
            named[variant_id] = replace(self.lines[int(number)], own_variant=variant_id)
        return named

    @property
    def is_reserving(self) -> bool:
        """Whether its units still count as reserved (they leave the shelf when it is confirmed)."""
        return self.row.reserves != "none"


def place(
    order_id: str,
    buyer: tuple[str, str],
    lines: tuple[OrderLine, ...],
    allocations: Allocations,
    currency: str,
    now: int,
    reference: str = "",
    details: OrderDetails = NOTHING,
    amounts: OrderAmounts | UnsetType = UNSET,
    placed_by: str = "",
) -> Order:
    """Make the order: PENDING, its total the sum of its lines, or of its amounts (minor units of one currency).

    `placed_by` is who placed it for the buyer ("": the buyer).
    """
    check_lines(lines)
    user_id, user_email = buyer
    return Order(
        id=order_id,
        user_id=user_id,
        user_email=user_email,
        lines=lines,
        allocations=allocations,
        currency=currency,
        total_cents=total_of(lines, amounts),
        status="PENDING",
        timeline=(Step("PENDING", now, placed_by or user_id),),
        created_at=now,
        updated_at=now,
        reference=reference,
        details=stored_details(details),
        amounts=amounts,
    )


def total_of(lines: Iterable[OrderLine], amounts: OrderAmounts | UnsetType) -> int:
    """Return what the buyer pays."""
    return sum_amounts(line.total_cents for line in lines) if amounts is UNSET else amounts.total_cents


def advance(order: Order, to: PlacedStatus, actor: str, now: int, note: str = "") -> Order | None:
    """Take the next step; None where the order is there already (a repeat changes nothing).

    Packing a PENDING order confirms it too, and the timeline shows both.
    """
    if order.status == to:
        return None
    steps = order.row.next.get(to)
    if steps is None:
        raise _refused(order, to)
    passed = [Step(each, now, actor) for each in steps[:-1]]
    return _stepped(order, to, (*passed, Step(to, now, actor, note)), now)


def cancel(order: Order, actor: str, now: int, *, as_admin: bool, note: str = "") -> Order | None:
    """Cancel: the owner until it is packed, an admin until it is delivered; None if it is cancelled."""
    if order.row.is_cancelled:
        return None
    if not order.row.may_be_cancelled(as_admin=as_admin):
        raise _refused(order, "CANCELLED")
    return _stepped(order, "CANCELLED", (Step("CANCELLED", now, actor, note),), now)


class ReturnedLine(Struct, frozen=True):
    """Units that came back of one line (its number in the order, from 0)."""

    line: int
    quantity: int


def take_back(
    order: Order, returned: Iterable[ReturnedLine], actor: str, now: int, reason: str = ""
) -> tuple[Order, Allocations]:
    """Book units as returned; returns the order and the locations the units go back to.

    Only what was shipped can come back, and no more of a line than it had.
    """
    if not order.row.returnable:
        raise InvalidTransition(
            "Only a packed or delivered order can be returned; cancel it instead",
            {"from": order.status, "to": "RETURNED"},
        )
    lines, back, descriptions = list(order.lines), dict[str, int](), list[str]()
    returned = tuple(returned)
    for each in returned:
        line = lines[each.line]
        if line.returned + each.quantity > line.quantity:
            left = line.quantity - line.returned
            raise Invalid.field(
                "items", f"{line.sku}: {left} of {line.quantity} can still be returned, not {each.quantity}"
            )
        lines[each.line] = replace(line, returned=line.returned + each.quantity)
        back[line.variant_id] = back.get(line.variant_id, 0) + each.quantity
        options = f" ({describe_options(line.options)[:NOTED_MAX]})" if line.options else ""
        descriptions.append(f"{each.quantity} × {line.sku}{options}")
    note = ", ".join(descriptions[:5]) + (f" and {len(descriptions) - 5} more" if len(descriptions) > 5 else "")  # noqa: PLR2004
    step = Step("RETURNED", now, actor, f"{note}: {reason}" if reason else note)
    after = replace(order, lines=tuple(lines), timeline=(*order.timeline, step), updated_at=now)
    allocations = {variant_id: _back_to(order, variant_id, quantity) for variant_id, quantity in back.items()}
    return after, to_variants(order, allocations, returned)


def still_out(order: Order) -> Allocations:
    """Return what an order took and what was not returned: what comes back when it is cancelled."""
    left = {
        variant_id: _back_to(order, variant_id, sum(allocation.values()))
        for variant_id, allocation in order.allocations.items()
    }
    units = [ReturnedLine(number, line.quantity - line.returned) for number, line in enumerate(order.lines)]
    return to_variants(order, {variant_id: allocation for variant_id, allocation in left.items() if allocation}, units)


def to_variants(order: Order, back: Allocations, units: Iterable[ReturnedLine]) -> Allocations:
    """Give units that come back to the variants that their lines are assigned to; the others stay as they are."""
    if not order.assigned:
        return back
    left = {variant_id: dict(allocation) for variant_id, allocation in back.items()}
    given: Allocations = {}
    for each in units:
        variant_id, missing = order.assigned.get(str(each.line)), each.quantity
        allocation = left.get(order.lines[each.line].variant_id, {})
        for location, there in allocation.items() if variant_id is not None else ():
            taken = min(missing, there)
            if variant_id is not None and taken:
                own = given.setdefault(variant_id, {})
                own[location] = own.get(location, 0) + taken
                allocation[location] -= taken
                missing -= taken
    rest = {each: {at: count for at, count in allocation.items() if count} for each, allocation in left.items()}
    return {each: allocation for each, allocation in rest.items() if allocation} | given


def _back_to(order: Order, variant_id: str, quantity: int) -> Allocation:
    """Return units to where they came from, skipping what went back before."""
    gone_back = sum(line.returned for line in order.lines if line.variant_id == variant_id)
    allocation: Allocation = {}
    for location, units in order.allocations[variant_id].items():
        skipped = min(gone_back, units)
        gone_back -= skipped
        taken = min(quantity, units - skipped)
        if taken:
            allocation[location] = taken
            quantity -= taken
    return allocation


def _stepped(order: Order, to: OrderStatus, steps: tuple[Step, ...], now: int) -> Order:
    return replace(order, status=to, timeline=(*order.timeline, *steps), updated_at=now)


def _refused(order: Order, to: OrderStatus) -> InvalidTransition:
    return InvalidTransition(f"An order that is {order.status} cannot become {to}", {"from": order.status, "to": to})
