"""Clients that read again and again, each over a connection of its own, in one process that takes little time.

python -m benchmarks.readers SECONDS HOST PORT JSON, where JSON is a list of clients: the head fields that each sends,
and the paths that it asks for in turn. An answer is read to its end; a stream for a second, and then again from the
same event.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence

PART = 1 << 16
ENDLESS = b"text/event-stream"
STREAM_SECONDS = 1.0


async def read(host: str, port: int, headers: Mapping[str, str], paths: Sequence[str], until: float) -> None:
    """Ask for each path in turn until the time is over; every answer is 200, and read to its end."""
    while True:
        for path in paths:
            reader, writer = await asyncio.open_connection(host, port)
            named = {"Host": f"{host}:{port}", "Connection": "close", **headers}
            lines = [f"GET {path} HTTP/1.1", *(f"{name}: {text}" for name, text in named.items())]
            writer.write("\r\n".join([*lines, "", ""]).encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head.splitlines()[0]:
                raise RuntimeError(f"{path} was answered {head.splitlines()[0]!r}")
            await _to_its_end(reader, STREAM_SECONDS if ENDLESS in head else None)
            writer.close()
        if time.monotonic() > until:
            return


async def _to_its_end(reader: asyncio.StreamReader, seconds: float | None) -> None:
    try:
        async with asyncio.timeout(seconds):
            while await reader.read(PART):
                pass
    except TimeoutError:
        return


async def read_all(seconds: float, host: str, port: int, clients: Sequence[Mapping[str, object]]) -> None:
    """Let all clients read at once."""
    until = time.monotonic() + seconds
    await asyncio.gather(*[read(host, port, each["headers"], each["paths"], until) for each in clients])  # type: ignore[arg-type]


if __name__ == "__main__":
    asyncio.run(read_all(float(sys.argv[1]), sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4])))
