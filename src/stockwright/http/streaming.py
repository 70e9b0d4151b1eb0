"""Sending a stream to a client that may read slowly, or go away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, Final

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

ANSWER: Final = "stockwright.answer"
"""The extension of a server that takes an answer in one piece, and the type of that message.

Its `head` is the status line and the headers, each with its line end; `body` is the whole body. A server's usual
messages make it check and join each header again.
"""
SEND_SECONDS_MAX: Final = 30.0
"""How long a client of a stream may read nothing."""


class Disconnected(Exception):
    """The client went away before its request was whole."""


async def send_until_left(parts: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
    """Send what comes until it ends or the client goes away (Disconnected: the client reads nothing)."""
    # A server takes what is sent to a client that has gone as well: only receive() reports it.
    sending = asyncio.create_task(_send_parts(parts, send))
    leaving = asyncio.create_task(_left(receive))
    try:
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            sending.result()
    finally:
        for task in (sending, leaving):
            task.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)


async def _send_parts(parts: AsyncIterator[bytes], send: Send) -> None:
    """Send part after part as fast as the client reads; one that reads nothing for long is left."""
    async for part in parts:
        await _send_part(part, send)
    await send({"type": "http.response.body", "body": b""})


async def _send_part(part: bytes, send: Send) -> None:
    try:
        async with asyncio.timeout(SEND_SECONDS_MAX):
            await send({"type": "http.response.body", "body": part, "more_body": True})
    except TimeoutError:
        raise Disconnected from None


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
