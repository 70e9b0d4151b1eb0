"""One request on uvicorn's protocol, which takes an answer in one piece too (ANSWER)."""

from __future__ import annotations

import functools
from typing import Any, Final
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from stockwright.http.streaming import ANSWER

EXTENSIONS: Final[dict[str, dict[object, object]]] = {ANSWER: {}}
URL_CACHED_BYTES_MAX: Final = 256


class Cycle(RequestResponseCycle):
    """uvicorn's, which takes whole answers too."""

    async def send(self, message: Any) -> None:
        """Send the next part of the answer, or all of it."""
        if message["type"] != ANSWER:
            await super().send(message)
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if self.response_started:
            raise RuntimeError("the answer has begun")
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        end = b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n"
        self.transport.write(b"%b%b%b" % (message["head"], end, message["body"]))
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


def path_of(url: bytes) -> tuple[str, bytes, bytes]:
    """Return the path of a request's target, the same as it was sent, and its query."""
    return _cached_path_of(url) if len(url) <= URL_CACHED_BYTES_MAX else _path_of(url)


def _path_of(url: bytes) -> tuple[str, bytes, bytes]:
    parsed = httptools.parse_url(url)
    path = parsed.path.decode("ascii")
    return unquote(path) if "%" in path else path, parsed.path, parsed.query or b""


_cached_path_of = functools.lru_cache(maxsize=2048)(_path_of)
