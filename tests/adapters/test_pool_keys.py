"""A user pool's keys, which are read over the network and cached."""

from __future__ import annotations

import asyncio
import contextlib

from stockwright.accounts.cognito import PoolKeys
from stockwright.base.errors import Busy


async def test_while_the_keys_cannot_be_read_one_caller_fetches_and_the_others_fail_at_once() -> None:
    asked = 0
    answer = b"HTTP/1.1 503 -\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    keys = PoolKeys(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks.json")
    refused = await asyncio.gather(*[keys.fetch(f"key-{number}") for number in range(5)], return_exceptions=True)
    assert [type(each) for each in refused] == [Busy] * 5
    assert asked == 1

    keys.failed_at = float("-inf")  # some seconds later
    answer = b'HTTP/1.1 200 -\r\nContent-Length: 12\r\nConnection: close\r\n\r\n{"keys": []}'
    await keys.fetch("key-1")
    assert asked == 2
    assert keys.find("key-1") is None
    server.close()
    await server.wait_closed()
