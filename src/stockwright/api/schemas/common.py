"""What the wire's types share."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta

from stockwright.domain.free import WHOLE_MAX

Item = TypeVar("Item")

Whole = Annotated[int, Meta(ge=-WHOLE_MAX, le=WHOLE_MAX)]
Text = Annotated[str, Meta(max_length=2000)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Id = Annotated[str, Meta(min_length=1, max_length=128)]
Limit = Annotated[int, Meta(ge=1, le=100)]
Options = dict[Annotated[str, Meta(max_length=100)], Any]


class Wire(msgspec.Struct, rename="camel", kw_only=True):
    """A type of the wire."""


class ListQuery(Wire):
    """How much of a list, and from where on."""

    limit: Limit = 20
    next_token: Annotated[str, Meta(max_length=2048)] | None = None


class ListView(Wire, Generic[Item]):
    """A page of a list; `nextToken` is null on the last one."""

    items: list[Item]
    count: int
    next_token: str | None


class Empty(Wire):
    """A body of which nothing is read."""


class Versioned(Wire):
    """A body that may say which version it means, as If-Match does."""

    expected_version: Whole | None = None
