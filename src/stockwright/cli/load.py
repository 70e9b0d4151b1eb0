"""A load generator: as many requests as so many connections can have answered, one after the other.

wrk where it is installed, since it needs the least of the machine that it measures; else a small
one of our own on asyncio.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from msgspec import Struct, field


class Load(Struct, frozen=True):
    """What is asked, again and again: the paths and bodies are taken in turn."""

    url: str
    paths: Sequence[str]
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    bodies: Sequence[str] = ("",)
    keys: str = ""
    """Where it is set, each request carries an Idempotency-Key of its own that starts so."""


class Measured(Struct, frozen=True):
    """What came of it: requests answered well per second, and how long half and 99 of 100 took at most."""

    rate: float
    p50_ms: float
    p99_ms: float
    refused: int
    """Answers that were not 2xx or 3xx."""


def measure(load: Load, connections: int = 64, seconds: float = 5) -> Measured:
    """Ask for that long over that many connections."""
    wrk = shutil.which("wrk")
    return _by_wrk(wrk, load, connections, seconds) if wrk else asyncio.run(_by_asyncio(load, connections, seconds))


_SCRIPT = """
local paths, bodies, headers, key = %(paths)s, %(bodies)s, %(headers)s, "%(key)s"
local n = 0
function request()
  n = n + 1
  if key ~= "" then headers["Idempotency-Key"] = key .. n end
  return wrk.format("%(method)s", paths[n %% #paths + 1], headers, bodies[n %% #bodies + 1])
end
function done(summary, latency)
  io.write(string.format('\\n{"requests": %%d, "us": %%d, "p50": %%d, "p99": %%d, "refused": %%d, "broken": %%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write))
end
"""


def _by_wrk(wrk: str, load: Load, connections: int, seconds: float) -> Measured:
    script = _SCRIPT % {
        "paths": _lua(load.paths),
        "bodies": _lua(load.bodies),
        "headers": "{" + ", ".join(f"[{json.dumps(name)}]={json.dumps(text)}" for name, text in _headers(load)) + "}",
        "method": load.method,
        "key": load.keys,
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "load.lua"
        file.write_text(script)
        arguments = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}", "--timeout", "30s", "-s", str(file)]
        done = subprocess.run([wrk, *arguments, load.url], check=True, capture_output=True, text=True)  # noqa: S603
    read = json.loads(done.stdout.strip().splitlines()[-1])
    if read["broken"]:
        raise RuntimeError(f"{read['broken']} connections broke")
    elapsed = read["us"] / 1e6
    rate = (read["requests"] - read["refused"]) / elapsed
    return Measured(rate, read["p50"] / 1000, read["p99"] / 1000, read["refused"])


def _lua(texts: Sequence[str]) -> str:
    return "{" + ", ".join(json.dumps(text) for text in texts) + "}"


def _headers(load: Load) -> list[tuple[str, str]]:
    own = {"Content-Type": "application/json"} if load.method != "GET" else {}
    return list({**own, **load.headers}.items())


async def _by_asyncio(load: Load, connections: int, seconds: float) -> Measured:
    until = time.perf_counter() + seconds
    took: list[float] = []
    statuses: Counter[int] = Counter()
    asked = iter(range(10**9))
    started = time.perf_counter()

    async def one_by_one() -> None:
        async with connected(load.url) as ask:
            # Each asks once, however long it took to connect: without an answer there is nothing to count.
            while True:
                begun = time.perf_counter()
                status, _ = await ask(load, next(asked))
                statuses[status] += 1
                took.append(time.perf_counter() - begun)
                if time.perf_counter() >= until:
                    return

    await asyncio.gather(*[one_by_one() for _ in range(connections)])
    elapsed = time.perf_counter() - started
    took.sort()
    good = sum(count for status, count in statuses.items() if status < 400)  # noqa: PLR2004
    at = [took[min(len(took) - 1, len(took) * part // 100)] * 1000 for part in (50, 99)]
    return Measured(good / elapsed, at[0], at[1], len(took) - good)


class Ask(Protocol):
    """Sends the load's request of that number, and returns the answer's status and body."""

    async def __call__(self, load: Load, number: int = 0) -> tuple[int, bytes]: ...


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Ask]:
    """Hold one connection, for one request after the other."""
    at = urlsplit(url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)

    async def ask(load: Load, number: int = 0) -> tuple[int, bytes]:
        writer.write(_request(load, number))
        return await _answer(reader)

    try:
        yield ask
    finally:
        writer.close()


def _request(load: Load, number: int) -> bytes:
    body = load.bodies[number % len(load.bodies)].encode()
    headers = [("Host", urlsplit(load.url).netloc), *_headers(load), ("Content-Length", str(len(body)))]
    if load.keys:
        headers.append(("Idempotency-Key", f"{load.keys}{number}"))
    lines = [f"{load.method} {load.paths[number % len(load.paths)]} HTTP/1.1", *(f"{a}: {b}" for a, b in headers)]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    length = next((line.split(":")[1] for line in head if line.lower().startswith("content-length:")), "0")
    return int(head[0].split(" ")[1]), await reader.readexactly(int(length))
