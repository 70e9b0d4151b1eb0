"""What a connection may take, on real sockets; deadlines are short here, and every wait is for what must come."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn

from stockwright.http.connections import BoundedProtocol, bounded
from stockwright.http.guard import ConnectionLimits, connections_for
from stockwright.http.streaming import ANSWER

pytestmark = pytest.mark.one_engine

NEVER = 3600.0
PATIENT: dict[str, float] = {
    "head_seconds": NEVER,
    "idle_seconds": NEVER,
    "progress_seconds": NEVER,
    "body_seconds": NEVER,
    "linger_seconds": NEVER,
}
SHORT = 0.05
REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


class Echo:
    """Answers with how long the body was; `/wait` answers when it is let, `/flood` without end, `/early` at once.

    The answer to `/ready` is ready, and `/whole` is answered in one piece.
    """

    def __init__(self) -> None:
        self.let = asyncio.Event()
        self.began = asyncio.Event()
        self.left = asyncio.Event()
        self.paths: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        self.paths.append(scope["path"])
        self.began.set()
        size = 0
        if scope["path"] != "/early":
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    self.left.set()
                    return
                size += len(message["body"])
                if not message["more_body"]:
                    break
        if scope["path"] == "/wait":
            await self.let.wait()
        if scope["path"] == "/flood":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            with contextlib.suppress(asyncio.CancelledError):
                while (await asyncio.wait_for(self._flood(send, receive), NEVER)) is None:
                    pass
            self.left.set()
            return
        body = str(size).encode()
        if scope["path"] == "/whole":
            head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n" % len(body)
            await send({"type": ANSWER, "head": head, "body": body})
            return
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def ready(self, scope: Any) -> bytes | None:
        return b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nready" if scope["path"] == "/ready" else None

    async def _flood(self, send: Any, receive: Any) -> str | None:
        await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
        gone = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        if gone.done():
            return str(gone.result()["type"])
        gone.cancel()
        return None


class Served:
    """A server with these limits."""

    def __init__(self, **limits: Any) -> None:
        self.app = Echo()
        self.protocol: type[BoundedProtocol] = bounded(ConnectionLimits(**{**PATIENT, **limits}), self.app.ready)
        config = uvicorn.Config(
            self.app, host="127.0.0.1", port=0, log_config=None, lifespan="off", http=self.protocol, ws="none"
        )
        config.timeout_graceful_shutdown = 0
        self.server = uvicorn.Server(config)
        self.port = 0

    async def open(self) -> Talk:
        return Talk(*await asyncio.open_connection("127.0.0.1", self.port, limit=2**22))


class Talk:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    async def answer(self) -> tuple[int, bytes]:
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
        )
        return int(head.split(b" ")[1]), await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """Everything until the server closes."""
        with contextlib.suppress(ConnectionError):
            return await self.reader.read()
        return b""

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


@contextlib.asynccontextmanager
async def served(**limits: Any) -> AsyncIterator[Served]:
    made = Served(**limits)
    task = asyncio.create_task(made.server.serve())
    while not made.server.started:  # noqa: ASYNC110 - the server has no event to wait for
        await asyncio.sleep(0.01)
    made.port = made.server.servers[0].sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        made.server.should_exit = made.server.force_exit = True
        await task


# ---- deadlines -------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [b"", b"\r\n", b"GET / HT", b"GET / HTTP/1.1\r\nhost: x\r\nx-more: "])
async def test_a_silent_or_incomplete_request_is_closed(said: bytes) -> None:
    async with served(head_seconds=SHORT) as server:
        talk = await server.open()
        await talk.say(said)
        assert await talk.rest() == b""
        assert server.app.paths == []
        await talk.close()


async def test_the_deadline_of_a_request_head_is_not_extended_by_its_pieces() -> None:
    async with served(head_seconds=2 * SHORT) as server:
        talk = await server.open()
        reading = asyncio.ensure_future(talk.rest())
        while not reading.done():
            await talk.say(b"\r\n")
            await asyncio.sleep(SHORT / 5)
        assert await reading == b""
        await talk.close()


@pytest.mark.parametrize("then", [b"", b"\r\n", b"GET /ag"])
async def test_the_next_request_on_a_connection_has_its_deadline(then: bytes) -> None:
    async with served(head_seconds=NEVER if then == b"" else SHORT, idle_seconds=SHORT if then == b"" else NEVER) as at:
        talk = await at.open()
        await talk.say(REQUEST)
        assert await talk.answer() == (200, b"0")
        await talk.say(then)
        assert await talk.rest() == b""
        await talk.close()


@pytest.mark.parametrize("said", [b"", b"abc"])
@pytest.mark.parametrize("deadline", ["progress_seconds", "body_seconds"])
async def test_a_connection_whose_body_stops_arriving_is_closed(said: bytes, deadline: str) -> None:
    async with served(**{deadline: SHORT}) as server:
        talk = await server.open()
        await talk.say(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n" + said)
        assert await talk.rest() == b""
        await server.app.left.wait()
        await talk.close()


async def test_a_body_in_pieces_is_read_until_its_deadline() -> None:
    async with served(progress_seconds=NEVER, body_seconds=4 * SHORT) as server:
        talk = await server.open()
        await talk.say(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        reading = asyncio.ensure_future(talk.rest())
        while not reading.done():
            await talk.say(b"1\r\nx\r\n")
            await asyncio.sleep(SHORT / 5)
        assert await reading == b""
        await server.app.left.wait()
        await talk.close()


async def test_an_answer_that_the_client_does_not_read_is_aborted() -> None:
    async with served(progress_seconds=SHORT) as server:
        talk = await server.open()
        talk.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await talk.say(b"GET /flood HTTP/1.1\r\nhost: x\r\n\r\n")
        await server.app.left.wait()
        await talk.close()


async def test_a_slow_answer_is_not_cut_off() -> None:
    async with served(head_seconds=SHORT, idle_seconds=SHORT, progress_seconds=SHORT, body_seconds=SHORT) as server:
        talk = await server.open()
        await talk.say(b"POST /wait HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nab")
        await server.app.began.wait()
        await asyncio.sleep(3 * SHORT)
        server.app.let.set()
        assert await talk.answer() == (200, b"2")
        await talk.close()


async def test_an_answer_before_the_end_of_its_request_closes_the_connection() -> None:
    async with served(progress_seconds=SHORT) as server:
        talk = await server.open()
        await talk.say(b"POST /early HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc")
        assert await talk.answer() == (200, b"0")
        assert await talk.rest() == b""
        await talk.close()


# ---- room ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nx: " + b"x" * 1500 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"x-%d: y\r\n" % number for number in range(150)) + b"\r\n",
        b"GET /" + b"x" * 1500 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
    ids=["one header", "many headers", "address"],
)
@pytest.mark.parametrize("whole", [True, False])
async def test_a_request_head_that_is_too_large_is_refused(head: bytes, whole: bool) -> None:
    async with served(head_bytes=1000) as server:
        talk = await server.open()
        if whole:
            await talk.say(head)
        else:
            # Never ends, and comes in pieces: it is refused all the same.
            for piece in (head[:100], *[b"x" * 100] * 20):
                await talk.say(piece)
                await asyncio.sleep(0)
        status, body = await talk.answer()
        assert status == 431
        assert json.loads(body)["error"]["code"] == "PAYLOAD_TOO_LARGE"
        await talk.say(REQUEST)
        assert await talk.rest() == b"", "nothing else is answered"
        assert server.app.paths == []
        await talk.close()


async def test_a_refused_client_that_stays_is_disconnected() -> None:
    async with served(head_bytes=1000, linger_seconds=SHORT) as server:
        talk = await server.open()
        await talk.say(b"GET /" + b"x" * 1500 + b" HTTP/1.1\r\nhost: x\r\n\r\n")
        assert (await talk.answer())[0] == 431
        guard = server.protocol.guard
        while guard.waiting or guard.busy:  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.001)
        await talk.close()


async def test_a_request_head_just_below_the_limit_is_accepted() -> None:
    async with served(head_bytes=1000) as server:
        talk = await server.open()
        await talk.say(b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"x" * 900 + b"\r\n\r\n")
        assert await talk.answer() == (200, b"0")
        await talk.say(REQUEST * 3)
        assert [await talk.answer() for _ in range(3)] == [(200, b"0")] * 3
        await talk.close()


async def test_trailers_and_empty_chunks_are_limited() -> None:
    async with served(head_bytes=1000) as server:
        for endless in (b"0\r\nx: " + b"y" * 100_000, b"1;" + b"y" * 100_000):
            talk = await server.open()
            await talk.say(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
            await server.app.began.wait()
            for start in range(0, len(endless), 500):
                await talk.say(endless[start : start + 500])
            await talk.rest()
            await talk.close()


# ---- places ----------------------------------------------------------------------------------------


async def test_idle_connections_are_closed_for_new_clients() -> None:
    async with served(connections=3) as server:
        idle = [await server.open() for _ in range(5)]
        await idle[4].say(b"GET / HT")
        for _ in range(10):
            talk = await server.open()
            await talk.say(REQUEST)
            assert await talk.answer() == (200, b"0")
            idle.append(talk)
        assert [await talk.rest() for talk in idle[:10]] == [b""] * 10, "who waited longest made room"
        for talk in idle:
            await talk.close()


async def test_a_running_request_keeps_its_connection_and_a_new_one_is_refused() -> None:
    async with served(connections=2) as server:
        at_work = [await server.open() for _ in range(2)]
        for number, talk in enumerate(at_work):
            await talk.say(b"GET /wait HTTP/1.1\r\nhost: x\r\n\r\n")
            while len(server.app.paths) <= number:  # noqa: ASYNC110 - the next one sets no event again
                await asyncio.sleep(0.001)
        late = await server.open()
        status, body = await late.answer()
        assert status == 503
        assert json.loads(body)["error"]["code"] == "BUSY"
        assert await late.rest() == b""
        server.app.let.set()
        assert [await talk.answer() for talk in at_work] == [(200, b"0")] * 2
        for talk in (*at_work, late):
            await talk.close()
        again = await server.open()
        await again.say(REQUEST)
        assert await again.answer() == (200, b"0")
        await again.close()


async def test_a_closed_connection_frees_its_slot() -> None:
    async with served(connections=2) as server:
        for _ in range(10):
            talk = await server.open()
            await talk.say(REQUEST)
            assert await talk.answer() == (200, b"0")
            await talk.close()
        guard = server.protocol.guard
        while guard.waiting or guard.busy:  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.001)


@pytest.mark.parametrize(("files", "connections"), [(200, 86), (1024, 704), (65_536, 10_000), (10, 16)])
def test_the_number_of_connections_leaves_descriptors_for_other_uses(files: int, connections: int) -> None:
    assert connections_for(files) == connections


# ---- answers that are ready, and those in one piece --------------------------------------------------

READY = b"GET /ready HTTP/1.1\r\nhost: x\r\n\r\n"


async def test_a_ready_answer_needs_no_call_and_the_connection_goes_on() -> None:
    async with served() as server:
        talk = await server.open()
        await talk.say(READY * 2 + READY[:-2] + b"content-length: 0\r\n\r\n")
        assert [await talk.answer() for _ in range(3)] == [(200, b"ready")] * 3
        await talk.say(REQUEST)
        assert await talk.answer() == (200, b"0")
        await talk.say(READY)
        assert await talk.answer() == (200, b"ready")
        assert server.app.paths == ["/"]
        await talk.close()


async def test_a_ready_answer_waits_behind_those_under_way() -> None:
    async with served() as server:
        talk = await server.open()
        await talk.say(b"GET /wait HTTP/1.1\r\nhost: x\r\n\r\n" + READY)
        await server.app.began.wait()
        server.app.let.set()
        assert [await talk.answer() for _ in range(2)] == [(200, b"0"), (200, b"0")]
        assert server.app.paths == ["/wait", "/ready"]
        await talk.close()


@pytest.mark.parametrize(
    ("said", "body"),
    [
        (b"GET /ready HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc", b"3"),
        (b"GET /ready HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", b"2"),
        (b"GET /ready HTTP/1.0\r\nhost: x\r\n\r\n", b"0"),
        (b"GET /ready HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", b"0"),
    ],
)
async def test_a_request_with_a_body_or_a_last_one_is_the_applications(said: bytes, body: bytes) -> None:
    async with served() as server:
        talk = await server.open()
        await talk.say(said)
        assert await talk.answer() == (200, body)
        assert server.app.paths == ["/ready"]
        await talk.close()


async def test_the_idle_deadline_runs_from_a_ready_answer_too() -> None:
    async with served(idle_seconds=SHORT) as server:
        talk = await server.open()
        await talk.say(READY)
        assert await talk.answer() == (200, b"ready")
        assert await talk.rest() == b""
        await talk.close()


async def test_an_answer_in_one_piece_keeps_the_connection_or_says_that_it_ends() -> None:
    async with served() as server:
        talk = await server.open()
        await talk.say(b"POST /whole HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nab")
        assert await talk.answer() == (200, b"2")
        await talk.say(b"GET /whole HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert await talk.rest() == b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\n0"
        await talk.close()
