"""All events: a class for each, with its name and the type of its data.

A name is `noun.past_participle` and is defined here alone. On the wire and in the log the fields are in camel case, in
the order of the fields here. A field that events of former releases lack has a default. A class without a
name is what several events have in common: a handler of it takes each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import UNSET, UnsetType

from stockwright.base.actor import Role, Scope
from stockwright.base.event import EventData
from stockwright.base.movements import MovementType

if TYPE_CHECKING:
    from collections.abc import Mapping

Variants = list[str] | UnsetType
"""The variants that it is about, where one of them has an id of its own; else they are the products."""

# ---- accounts --------------------------------------------------------------------------------


class AccountAddressesChanged(EventData):
    """Somebody has saved, changed or removed one of their addresses."""

    event_name = "account.addresses_changed"


class AccountChanged(EventData):
    """An account has another name, role or state, or its second factor was removed."""

    event_name = "account.changed"
    role: Role
    disabled: bool


class AccountConfirmed(EventData):
    """Somebody has confirmed the account's address with a mailed code."""

    event_name = "account.confirmed"


class AccountCreated(EventData):
    """There is a new account."""

    event_name = "account.created"
    role: Role


class AccountErased(EventData):
    """The account's person was erased; name and address are replaced everywhere."""

    event_name = "account.erased"


class AccountMfaOff(EventData):
    """The account's second factor was switched off, by its owner or an admin."""

    event_name = "account.mfa_off"


class AccountMfaOn(EventData):
    """The account's second factor was switched on."""

    event_name = "account.mfa_on"


class AccountPasswordChanged(EventData):
    """The account has a new password."""

    event_name = "account.password_changed"


class AccountRefreshReused(EventData):
    """A refresh token was used a second time, which ended its session."""

    event_name = "account.refresh_reused"


class AccountSignedIn(EventData):
    """Somebody has signed in."""

    event_name = "account.signed_in"


class CodeRequested(EventData):
    """A mailed code was asked for."""


class AccountResetRequested(CodeRequested):
    """A code to set a new password was asked for."""

    event_name = "account.reset_requested"


class AccountVerificationRequested(CodeRequested, omit_defaults=True):
    """A code to confirm the account's address was asked for."""

    event_name = "account.verification_requested"
    sign_up: str = ""
    """The further sign-up that it is for; the first sign-up has no id."""


class AccountSignupRepeated(EventData):
    """Somebody tried to sign up with an address that has an account."""

    event_name = "account.signup_repeated"


class ApiKeyCreated(EventData):
    """There is a new API key."""

    event_name = "api_key.created"
    name: str
    scopes: list[Scope]


class ApiKeyRevoked(EventData):
    """An API key was deleted."""

    event_name = "api_key.revoked"
    name: str


# ---- products --------------------------------------------------------------------------------


class CategoryCreated(EventData):
    """The managed list has a new category, which is the subject."""

    event_name = "category.created"


class CategoryDeleted(EventData):
    """A category was removed from the managed list."""

    event_name = "category.deleted"


class CategoryRenamed(EventData):
    """A category has a new name, which is the subject."""

    event_name = "category.renamed"
    before: str


class ProductEvent(EventData):
    """An event of a product, which is its subject."""

    sku: str


class ProductCreated(ProductEvent):
    """There is a new product."""

    event_name = "product.created"
    products: list[str]
    variants: Variants = UNSET


class ProductDeleted(ProductEvent):
    """A product was taken out of the shop."""

    event_name = "product.deleted"
    variants: Variants = UNSET


class ProductUpdated(ProductEvent):
    """A product has changed."""

    event_name = "product.updated"
    fields: list[str]
    """Those that were given, by the names that the stored product has for them."""
    products: list[str]
    """The product, where its stock has changed as well."""
    variants: Variants = UNSET


# ---- stock -----------------------------------------------------------------------------------


class LocationChanged(EventData, omit_defaults=True):
    """A location has changed."""

    event_name = "location.changed"
    active: bool | None = None
    """Given where it was taken into use or out of it."""


class LocationCreated(EventData):
    """There is a new location."""

    event_name = "location.created"


class StockChanged(EventData):
    """Units were booked by themselves: no order, reservation or sale at the till moved them."""

    event_name = "stock.changed"
    sku: str
    type: MovementType
    changes: dict[str, int]
    """Location → units."""
    products: list[str]
    variants: Variants = UNSET


class StockAlert(EventData):
    """The available units of a product, which is the subject, or of one of its variants, have crossed a limit."""

    sku: str
    name: str
    available: int
    threshold: int
    reorder: int
    variant_id: str | UnsetType = UNSET
    """The variant whose units they are, where it has stock of its own."""


class StockLow(StockAlert):
    """Fewer units are available than the threshold."""

    event_name = "stock.low"


class StockOut(StockAlert):
    """No units are available."""

    event_name = "stock.out"


class StockReplenished(StockAlert):
    """As many units as the threshold are available again."""

    event_name = "stock.replenished"


# ---- reservations, sales, orders -------------------------------------------------------------


class ReservationCreated(EventData):
    """Units are held for somebody."""

    event_name = "reservation.created"
    order_id: str
    expires_at: int
    products: list[str]
    variants: Variants = UNSET


class ReservationChange(EventData):
    """An event of a reservation that was there."""

    order_id: str
    products: list[str]
    """Those whose units it no longer holds."""
    variants: Variants = UNSET


class ReservationCancelled(ReservationChange):
    """A reservation was given up."""

    event_name = "reservation.cancelled"


class ReservationConfirmed(ReservationChange):
    """A reservation was used: its units have left."""

    event_name = "reservation.confirmed"


class ReservationExpired(ReservationChange):
    """A reservation's time was over."""

    event_name = "reservation.expired"


class ReservationExtended(ReservationChange):
    """A reservation lasts longer."""

    event_name = "reservation.extended"


class SaleRecorded(EventData):
    """Something was sold at the till."""

    event_name = "sale.recorded"
    total_amount: int
    currency: str
    products: list[str]
    variants: Variants = UNSET


class OrderEvent(EventData):
    """An event of a step of an order, which is its subject."""

    user_id: str
    user_email: str
    total_amount: int
    currency: str
    products: list[str]
    """Those whose stock the step moved."""
    variants: Variants = UNSET


class OrderPlaced(OrderEvent):
    """An order's units are reserved."""

    event_name = "order.placed"


class OrderConfirmed(OrderEvent):
    """An order's units have left the stock."""

    event_name = "order.confirmed"


class OrderPacked(OrderEvent):
    """An order was packed."""

    event_name = "order.packed"


class OrderDelivered(OrderEvent):
    """An order was delivered."""

    event_name = "order.delivered"


class OrderCancelled(OrderEvent):
    """An order was cancelled."""

    event_name = "order.cancelled"


class OrderReturned(OrderEvent):
    """Units of an order came back; an order may have many returns."""

    event_name = "order.returned"
    note: str = ""
    """What came back."""


ORDER_EVENTS: Final[Mapping[str, type[OrderEvent]]] = {each.event_name: each for each in OrderEvent.__subclasses__()}


class OrderChanged(EventData):
    """Something of an order was changed that is no step: its note, its addresses, its tags."""

    event_name = "order.changed"
    user_id: str
    fields: list[str]
    """What was changed, by the names of the answer's fields."""


# ---- shipping --------------------------------------------------------------------------------


class ShippingMethodChanged(EventData):
    """A shipping method has changed."""

    event_name = "shipping_method.changed"


class ShippingMethodCreated(EventData):
    """There is a new shipping method."""

    event_name = "shipping_method.created"


class ShippingMethodDeleted(EventData):
    """A shipping method was removed."""

    event_name = "shipping_method.deleted"


# ---- imports ---------------------------------------------------------------------------------


class ImportEnded(EventData):
    """An import, or undoing it, has ended with this status; the import is the subject."""

    event_name = "import.ended"
    status: str
    created: int
    updated: int
    failed: int
    undone: int


class ImportRequested(EventData):
    """Somebody wants a file imported, or that import cancelled or undone (`what`); the import is the subject."""

    event_name = "import.requested"
    what: str


# ---- settings --------------------------------------------------------------------------------


class SettingsChanged(EventData):
    """The shop's settings have changed."""

    event_name = "settings.changed"
    fields: list[str]
    """Those that differ now, by the names that the stored settings have for them."""


# ---- counts ----------------------------------------------------------------------------------


class CountDiscarded(EventData):
    """A count session was ended, and nothing of it was booked; the session is the subject."""

    event_name = "count.discarded"
    location: str


class CountOpened(EventData):
    """A count session of a location was opened."""

    event_name = "count.opened"
    location: str


class CountPosted(EventData):
    """All differences of a count session were booked that could be; `over` and `under` are units."""

    event_name = "count.posted"
    location: str
    lines: int
    over: int
    under: int
    refused: int
    """Lines whose difference could not be booked."""


# ---- uploads ---------------------------------------------------------------------------------


class UploadCreated(EventData):
    """Somebody has asked for an address to put a file to; the upload is the subject."""

    event_name = "upload.created"
    size: int


# ---- operations ------------------------------------------------------------------------------


class BackupFailed(EventData):
    """A backup that is written by itself was not; the subject is the folder of the backups."""

    event_name = "backup.failed"
    reason: str
    newest: str
    """The file of the newest good one; "" where there is none."""


class DeadLetterCreated(EventData):
    """A handler has given an event up."""

    event_name = "dead_letter.created"
    handler: str
    event: str
    """The name of what it gave up."""
    about: str
    """The subject of that event."""
    attempts: int
    error: str


class DeadLetterDeleted(EventData):
    """A dead letter was thrown away."""

    event_name = "dead_letter.deleted"
    handler: str


class DeadLetterRedriven(EventData):
    """A dead letter was sent on its way again."""

    event_name = "dead_letter.redriven"
    handler: str


class MessageUnreadable(EventData):
    """A message that could not be read as an event. It is never in the log, only in a dead letter."""

    event_name = "message.unreadable"
    body: str


class NotificationResendRequested(EventData):
    """An admin asked for a message to be sent again; the new message is the subject."""

    event_name = "notification.resend_requested"
    resend_of: str
    about: str
