"""One page of a list on the wire."""

from __future__ import annotations

from typing import Any

from stockwright.http.cursor import seal
from stockwright.http.route import AnyCall
from stockwright.http.wire import ListView


def show_list(call: AnyCall, found: tuple[list[Any], str | None], view: Any) -> ListView[Any]:
    """Show a page of a list with its sealed token."""
    items, following = found
    token = seal(call.app.signing_key, call.list_name(), following)
    return ListView(items=[view(each) for each in items], count=len(items), next_token=token)
