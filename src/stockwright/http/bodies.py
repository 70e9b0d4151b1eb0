"""Bodies of requests as they come: whole and bounded, or part by part."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from stockwright.base.errors import PayloadTooLarge
from stockwright.http.streaming import Disconnected, Receive


async def read_body(receive: Receive, headers: Mapping[str, str], most: int) -> bytes:
    """Read a body whole, and stop at the first byte too many; raises PayloadTooLarge, Disconnected."""
    length = headers.get("content-length", "")
    if length.isdecimal() and (len(length) > len(str(most)) or int(length) > most):
        raise PayloadTooLarge(f"The request body may hold at most {most} bytes")
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise PayloadTooLarge(f"The request body may hold at most {most} bytes")
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def body_parts(receive: Receive) -> AsyncIterator[bytes]:
    """Go through a body as it comes; what takes it says where it is too much. Raises Disconnected."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body", False):
            return
