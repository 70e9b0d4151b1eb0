"""What the wire's types share."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from msgspec import Meta

from stockwright.api.cursor import TOKEN_MAX, check_token
from stockwright.api.rules import Check, Wire
from stockwright.domain.free import WHOLE_MAX
from stockwright.domain.product import FOREIGN_SKU_MAX, ID_MAX
from stockwright.domain.stock import LOCATION_ID_MAX, QUANTITY_MAX, check_location_id

Item = TypeVar("Item")

Text = Annotated[str, Meta(max_length=2000)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Id = Annotated[str, Meta(min_length=1, max_length=ID_MAX)]
Limit = Annotated[int, Meta(ge=1, le=100)]
Version = Annotated[int, Meta(ge=-WHOLE_MAX, le=WHOLE_MAX)]
"""One that nothing has is no fault of the request: the answer is 412."""
Quantity = Annotated[int, Meta(ge=0, le=QUANTITY_MAX)]
Units = Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
LocationId = Annotated[str, Meta(min_length=1, max_length=LOCATION_ID_MAX), Check(check_location_id)]
Sku = Annotated[str, Meta(min_length=1, max_length=FOREIGN_SKU_MAX)]
"""Any SKU that a product may have: `initialize` takes longer ones than the catalogue."""
Options = dict[Annotated[str, Meta(max_length=100)], Any]


class ListQuery(Wire):
    """How much of a list, and from where on."""

    limit: Limit = 20
    next_token: Annotated[str, Meta(max_length=TOKEN_MAX), Check(check_token)] | None = None


class ListView(Wire, Generic[Item]):
    """A page of a list; `nextToken` is null on the last one."""

    items: list[Item]
    count: int
    next_token: str | None


class Empty(Wire):
    """A body of which nothing is read."""


class Versioned(Wire):
    """A body that may say which version it means, as If-Match does."""

    expected_version: Version | None = None
