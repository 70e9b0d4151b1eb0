"""Who and where an order is for: addresses, a note, tags, a language. An order without any of it stores nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from stockwright.base.address import Address
from stockwright.base.errors import Conflict, Invalid
from stockwright.base.names import check_direction, clean, name_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.orders.model import Order

NOTE_MAX: Final = 1000
TAG_MAX: Final = 40
TAGS_MAX: Final = 20


class OrderDetails(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What an order may have beside its lines; `tags` are the shop's own, the rest may be the buyer's."""

    shipping_address: Address | None = None
    billing_address: Address | None = None
    note: str = ""
    locale: str = ""
    tags: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to store."""
        return self == NOTHING


NOTHING: Final = OrderDetails()


def stored_details(details: OrderDetails) -> OrderDetails | UnsetType:
    """Return details as an order stores them: not at all where there are none."""
    return UNSET if details.is_empty else details


def with_details(order: Order, details: OrderDetails, now: int) -> Order:
    """Return an order with other details; raises Conflict where an address comes too late to be used."""
    before = order.known_details
    moved = (details.shipping_address, details.billing_address) != (before.shipping_address, before.billing_address)
    if moved and order.row.waits_for != "warehouse":
        raise Conflict(
            f"The addresses of an order that is {order.status} cannot be changed any more", {"status": order.status}
        )
    return replace(order, details=stored_details(details), updated_at=now)


def changed_fields(before: OrderDetails, after: OrderDetails) -> list[str]:
    """Name the fields in which details differ, in camel case."""
    names = zip(OrderDetails.__struct_fields__, OrderDetails.__struct_encode_fields__, strict=True)
    return [shown for name, shown in names if getattr(before, name) != getattr(after, name)]


def clean_note(text: str, field_name: str = "note") -> str:
    """Return a note, without the blanks around it."""
    return check_direction(text.strip(), field_name)


def clean_tags(tags: Sequence[str], field_name: str = "tags") -> tuple[str, ...]:
    """Return tags as they are stored: each once, however it is spelled; at most TAGS_MAX of TAG_MAX characters."""
    found = {name_key(each): clean(each) for each in reversed(tags)}
    if len(found) > TAGS_MAX:
        raise Invalid.field(field_name, f"must be at most {TAGS_MAX}, not {len(found)}")
    for number, each in enumerate(tags):
        check_tag(each, f"{field_name}[{number}]")
    return tuple(reversed(found.values()))


def check_tag(tag: str, field_name: str) -> None:
    """Refuse a tag that is blank or longer than TAG_MAX."""
    if not 1 <= len(clean(tag)) <= TAG_MAX or not clean(tag).isprintable():
        raise Invalid.field(field_name, f"must be 1 to {TAG_MAX} characters on one line")
    check_direction(tag, field_name)
