"""Types that every room's wire types share."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from msgspec import Meta

from stockwright.base.free_fields import WHOLE_MAX
from stockwright.base.instant import instant_of
from stockwright.http.cursor import TOKEN_MAX, check_token
from stockwright.http.rules import Check, Wire

Item = TypeVar("Item")
Text = Annotated[str, Meta(max_length=2000)]
Search = Annotated[str, Meta(max_length=200)]
Limit = Annotated[int, Meta(ge=1, le=100)]
Version = Annotated[int, Meta(ge=-WHOLE_MAX, le=WHOLE_MAX)]
"""One that nothing has is no fault of the request: the answer is 412."""


class ListQuery(Wire):
    """The size of a page, and where it starts."""

    limit: Limit = 20
    next_token: Annotated[str, Meta(max_length=TOKEN_MAX), Check(check_token)] | None = None


class ListView(Wire, Generic[Item]):
    """A page of a list; `nextToken` is null on the last one."""

    items: list[Item]
    count: int
    next_token: str | None


class Empty(Wire):
    """A body whose content is ignored."""


class Versioned(Wire):
    """A body with an optional expected version, like If-Match."""

    expected_version: Version | None = None


Instant = Annotated[
    str,
    Meta(max_length=64, description="ISO 8601; UTC without an offset; a date means its start"),
    Check(instant_of),
]
