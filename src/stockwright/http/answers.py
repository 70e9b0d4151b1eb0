"""What of a result is sent, and what is stored for an Idempotency-Key."""

from __future__ import annotations

from typing import Any

import msgspec

from stockwright.http.route import Answer, AnyCall, Route


def is_for_anybody(route: Route, answer: Answer) -> bool:
    """Return whether an answer may be compressed: the length of others could reveal their content (BREACH)."""
    return route.who == "public" and not route.changes and answer.etag is None


def answer_of(route: Route, call: AnyCall, result: Any) -> Answer:
    """Show a use case's result as the route does."""
    shown = result if route.show is None else route.show(call, result)
    return shown if isinstance(shown, Answer) else Answer(shown)


def fields_at_top(route: Route, data: Any) -> dict[str, Any]:
    """Return the fields of an answer's data that are beside it too."""
    if not route.at_top:
        return {}
    fields = msgspec.json.decode(data) if isinstance(data, msgspec.Raw) else msgspec.to_builtins(data)
    return {name: fields[name] for name in route.at_top}


def kept_answer(route: Route, answer: Answer) -> dict[str, Any]:
    """Return what the record of a key keeps of an answer."""
    return {
        "status": answer.status or route.status,
        "data": msgspec.json.encode(answer.data).decode(),
        "etag": answer.etag,
        "headers": dict(answer.headers),
    }


def etag_matches(header: str | None, etag: str) -> bool:
    """Compare weakly, as RFC 9110 section 13.1.2 says for If-None-Match."""
    if header is None:
        return False
    tags = [each.strip().removeprefix("W/") for each in header.split(",")]
    return "*" in tags or etag.removeprefix("W/") in tags
