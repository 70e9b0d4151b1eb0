"""The statuses of an order: a row for each, which everything that depends on a status reads.

To add a status: name it in PlacedStatus and give it a row; the type checker names a status without a row, in
Python and in the web app. Its event, if it is a new one, is a class in `events/catalogue.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, assert_never, get_args

from msgspec import Struct

from stockwright.events.catalogue import (
    OrderCancelled,
    OrderConfirmed,
    OrderDelivered,
    OrderPacked,
    OrderPlaced,
    OrderReturned,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.events.catalogue import OrderEvent


PlacedStatus = Literal["PENDING", "CONFIRMED", "PACKED", "DELIVERED", "CANCELLED"]
"""The statuses that clients see, in the order that an order goes through them."""
OrderStatus = Literal["PLACING", PlacedStatus]
"""PLACING: units are still being reserved, in several commits; the order is not shown yet."""
StepName = Literal[PlacedStatus, "RETURNED"]
"""The steps of an order's timeline. A return is a step that leaves the status as it is."""
FulfillmentStatus = Literal["placed", "packed", "delivered", "cancelled"]
"""S3's words for where the goods are."""


class StepMail(Struct, frozen=True):
    """The mail to the customer about a step: its heading (also the subject), and the first sentence."""

    heading: str
    opening: str


class StepNotices(Struct, frozen=True, kw_only=True):
    """The event of a step, and the handlers of that event."""

    event: type[OrderEvent]
    mail: StepMail | None = None
    """The mail after the step. Of PENDING and CONFIRMED it is the confirmation, a handler of its own."""
    on_topic: bool = True
    """Whether the step is published on the orders' topic."""
    moves_stock: bool = False
    """Whether units are reserved, leave or come back with it, so that stock alerts look again."""


class StatusRow(Struct, frozen=True, kw_only=True):
    """What is so of every order in a status."""

    fulfillment: FulfillmentStatus
    notices: StepNotices | None
    """Of the step into this status; None where clients do not see the status."""
    is_open: bool = False
    """Whether steps are still to come: a product in it cannot be deleted, and the summary counts it."""
    next: Mapping[OrderStatus, tuple[PlacedStatus, ...]]
    """The statuses that may follow, and the steps that this takes; for cancelling see `cancellable_by`."""
    reserves: Literal["all", "some", "none"] = "none"
    """Which of its units are reserved; "some" is what its pending work says. Otherwise they have left the shelf."""
    cancellable_by: Literal["owner", "admin", "nobody"] = "nobody"
    """An admin may cancel what its owner may."""
    returnable: bool = False
    """Whether units can come back by a return."""
    waits_for: Literal["warehouse", "delivery service", "nobody"] = "nobody"
    """Which partner acts next."""
    counted: Literal["sold", "cancelled", "no"] = "sold"
    """As what reports count it."""

    @property
    def is_shown(self) -> bool:
        """Whether clients see an order in this status."""
        return self.notices is not None

    @property
    def is_cancelled(self) -> bool:
        """Whether the order was called off: it sells nothing, and mails about earlier steps are out of date."""
        return self.counted == "cancelled"

    def may_be_cancelled(self, *, as_admin: bool) -> bool:
        """Whether the owner, or an admin, may cancel."""
        return self.cancellable_by == "owner" or (as_admin and self.cancellable_by == "admin")


def _row(status: OrderStatus) -> StatusRow:
    match status:
        case "PLACING":
            return StatusRow(
                fulfillment="placed",
                notices=None,
                is_open=True,
                next={"PENDING": ("PENDING",)},
                reserves="some",
                counted="no",
            )
        case "PENDING":
            return StatusRow(
                fulfillment="placed",
                notices=StepNotices(event=OrderPlaced, moves_stock=True),
                is_open=True,
                next={"CONFIRMED": ("CONFIRMED",), "PACKED": ("CONFIRMED", "PACKED")},
                reserves="all",
                cancellable_by="owner",
                waits_for="warehouse",
            )
        case "CONFIRMED":
            return StatusRow(
                fulfillment="placed",
                notices=StepNotices(event=OrderConfirmed, on_topic=False, moves_stock=True),
                is_open=True,
                next={"PACKED": ("PACKED",)},
                cancellable_by="owner",
                waits_for="warehouse",
            )
        case "PACKED":
            return StatusRow(
                fulfillment="packed",
                notices=StepNotices(
                    event=OrderPacked,
                    mail=StepMail("Order Packed", "Your order is packed and about to leave our warehouse."),
                ),
                is_open=True,
                next={"DELIVERED": ("DELIVERED",)},
                cancellable_by="admin",
                returnable=True,
                waits_for="delivery service",
            )
        case "DELIVERED":
            return StatusRow(
                fulfillment="delivered",
                notices=StepNotices(
                    event=OrderDelivered,
                    mail=StepMail("Order Delivered", "Your order has been delivered. Enjoy it!"),
                ),
                next={},
                returnable=True,
            )
        case "CANCELLED":
            return StatusRow(
                fulfillment="cancelled",
                notices=StepNotices(
                    event=OrderCancelled,
                    mail=StepMail("Order Cancelled", "Your order has been cancelled."),
                    moves_stock=True,
                ),
                next={},
                counted="cancelled",
            )
    assert_never(status)


ROWS: Final[Mapping[OrderStatus, StatusRow]] = {status: _row(status) for status in get_args(OrderStatus)}
RETURNED: Final = StepNotices(
    event=OrderReturned,
    mail=StepMail("Return Received", "We have received what you sent back."),
    moves_stock=True,
)
STATUSES: Final[tuple[PlacedStatus, ...]] = get_args(PlacedStatus)
"""Of every order that has been placed; an order only ever goes on to a later one."""
OPEN: Final[tuple[PlacedStatus, ...]] = tuple(status for status in STATUSES if ROWS[status].is_open)
"""Steps are still to come."""
UNFINISHED: Final[tuple[OrderStatus, ...]] = tuple(status for status, row in ROWS.items() if row.is_open)
"""The same, and those that are still being placed."""
RESERVING: Final[tuple[OrderStatus, ...]] = tuple(status for status, row in ROWS.items() if row.reserves == "all")
"""All units are reserved."""
NOTICES: Final[Mapping[StepName, StepNotices]] = {
    **{status: notices for status in STATUSES if (notices := ROWS[status].notices)},
    "RETURNED": RETURNED,
}
"""Every step of a timeline, and its handlers."""
STEP_OF: Final[Mapping[str, StepName]] = {notices.event.event_name: step for step, notices in NOTICES.items()}
"""The step of an event, by its name."""
