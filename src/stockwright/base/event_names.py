"""The names of all events: the one catalogue that use cases, handlers and queues take them from.

A name is `noun.past_participle`. `new_event` and the table of handlers accept these names only, so that the
type checker finds a misspelt one; a test finds a name that nobody appends.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

CodeEvent = Literal["account.reset_requested", "account.verification_requested"]
"""A mailed code was asked for."""
AccountEvent = Literal[
    CodeEvent,
    "account.changed",
    "account.confirmed",
    "account.created",
    "account.mfa_off",
    "account.mfa_on",
    "account.password_changed",
    "account.refresh_reused",
    "account.signed_in",
    "account.signup_repeated",
]
ApiKeyEvent = Literal["api_key.created", "api_key.revoked"]
CategoryEvent = Literal["category.created", "category.deleted", "category.renamed"]
DeadLetterEvent = Literal["dead_letter.created", "dead_letter.deleted", "dead_letter.redriven"]
LocationEvent = Literal["location.changed", "location.created"]
MessageEvent = Literal["message.unreadable"]
"""Never in the log: stands in a dead letter for a message that is no event."""
NotificationEvent = Literal["notification.resend_requested"]
OrderEvent = Literal[
    "order.placed", "order.confirmed", "order.packed", "order.delivered", "order.cancelled", "order.returned"
]
ProductEvent = Literal["product.created", "product.deleted", "product.updated"]
ReservationEvent = Literal[
    "reservation.cancelled",
    "reservation.confirmed",
    "reservation.created",
    "reservation.expired",
    "reservation.extended",
]
SaleEvent = Literal["sale.recorded"]
StockEvent = Literal["stock.changed", "stock.low", "stock.out", "stock.replenished"]
EventName = Literal[
    AccountEvent,
    ApiKeyEvent,
    CategoryEvent,
    DeadLetterEvent,
    LocationEvent,
    MessageEvent,
    NotificationEvent,
    OrderEvent,
    ProductEvent,
    ReservationEvent,
    SaleEvent,
    StockEvent,
]
EVENT_NAMES: Final[tuple[EventName, ...]] = get_args(EventName)
ORDER_EVENTS: Final[tuple[OrderEvent, ...]] = get_args(OrderEvent)
