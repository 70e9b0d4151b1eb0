"""What of a result is sent, and what is stored for an Idempotency-Key."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

import msgspec

from stockwright.http.route import Answer, AnyCall, Route

ETAG_BYTES: Final = 12


_WEAK: Final = "W/"


def is_for_anybody(route: Route, answer: Answer) -> bool:
    """Return whether an answer may be compressed: the length of others could reveal their content (BREACH).

    An ETag that is not weak would have to differ in the compressed form.
    """
    return route.who == "public" and not route.changes and (answer.etag is None or answer.etag.startswith(_WEAK))


def answer_of(route: Route, call: AnyCall, result: Any) -> Answer:
    """Show a use case's result as the route does.

    What shared caches may store has an ETag. Without one of its own it is made of the data, and weak, since the
    envelope has another request id and time each time.
    """
    shown = result if route.show is None else route.show(call, result)
    answer = shown if isinstance(shown, Answer) else Answer(shown)
    if route.public_seconds and answer.etag is None:
        data = msgspec.json.encode(answer.data)
        answer.data, answer.etag = msgspec.Raw(data), f'{_WEAK}"{blake2b(data, digest_size=ETAG_BYTES).hexdigest()}"'
    return answer


def cache_headers(route: Route, *, has_credentials: bool) -> dict[str, str]:
    """Return who may store an answer that has an ETag.

    Browsers ask again each time. Shared caches may keep what everybody gets for a few seconds, but never the answer
    to a request with credentials.
    """
    if not route.public_seconds or has_credentials:
        return {"cache-control": "private, no-cache"}
    return {"cache-control": f"public, max-age=0, s-maxage={route.public_seconds}"}


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
