"""Pictures for the web, each made by a process of its own (`picture_process.py`), a few at once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stockwright.base.errors import Busy, Invalid, PayloadTooLarge

if TYPE_CHECKING:
    from collections.abc import Mapping

BYTES_MAX: Final = 10 * 1024 * 1024
"""Of a picture as it comes."""
MADE_BYTES_MAX: Final = 32 * 1024 * 1024
MEMORY_BYTES: Final = 800_000_000
SECONDS_MAX: Final = 30.0
AT_ONCE: Final = 2
WAITING_MAX: Final = 16
PROCESS: Final = Path(__file__).with_name("picture_process.py")
PICTURE_SUFFIX: Final = ".webp"
PICTURE_HEADERS: Final = {
    "content-type": "image/webp",
    "cache-control": "public, max-age=31536000, immutable",
}
"""What a picture is served with: the file of a name never changes."""
FIELD: Final = "file"
TAKEN: Final = "must be a JPEG, PNG or WebP picture"
_HEAD: Final = 512
_KINDS: Final = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"))
_OTHERS: Final = (
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP"),
    (b"II*\0", "a TIFF"),
    (b"MM\0*", "a TIFF"),
    (b"%PDF", "a PDF"),
    (b"\0\0\x01\0", "an icon"),
)
_OF_PHONES: Final = {b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIC"}


class PictureProcesses:
    """Starts a process for each picture: what is wrong with the picture can neither stop nor fill this one."""

    def __init__(self, seconds_max: float = SECONDS_MAX) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._seconds_max = seconds_max

    async def make(self, content: bytes) -> Mapping[int, bytes]:
        """Return the picture as WebP by width, the smallest first; raises Invalid, PayloadTooLarge and Busy."""
        if len(content) > BYTES_MAX:
            raise PayloadTooLarge(f"A picture may hold at most {BYTES_MAX} bytes", {"max": BYTES_MAX})
        kind = kind_of(content)
        if self._waiting >= WAITING_MAX:
            raise Busy("Too many pictures are being made; try again shortly")
        self._waiting += 1
        try:
            async with self._slots:
                return await self._make(content, kind)
        finally:
            self._waiting -= 1

    async def _make(self, content: bytes, kind: str) -> Mapping[int, bytes]:
        process = await asyncio.create_subprocess_exec(
            # -P: this folder has modules that are named as those of Python.
            *(sys.executable, "-P", str(PROCESS), kind, str(MEMORY_BYTES)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **_SYSTEM},
            limit=MADE_BYTES_MAX,
        )
        try:
            async with asyncio.timeout(self._seconds_max):
                made, said = await _exchange(process, content)
        except TimeoutError:
            raise Invalid.field(FIELD, "takes too long to read") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        status = process.returncode or 0
        if status > 0:
            raise RuntimeError(f"the process of pictures ended with status {status}: {said.decode(errors='replace')}")
        return _read_answer(made)


_SYSTEM: Final = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
"""What the system needs to start a process: Windows its own folder, Lambda that of its libraries."""


async def _exchange(process: asyncio.subprocess.Process, content: bytes) -> tuple[bytes, bytes]:
    """Write to a process and read what it answers, as long as that is not too much."""
    stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
    assert stdin is not None and stdout is not None and stderr is not None  # noqa: PT018, S101 - it has pipes

    async def write() -> None:
        # It may end before it has read everything.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            stdin.write(content)
            await stdin.drain()
        stdin.close()

    writing = asyncio.create_task(write())
    try:
        made = bytearray()
        while part := await stdout.read(1 << 18):
            made += part
            if len(made) > MADE_BYTES_MAX:
                raise Invalid.field(FIELD, "cannot be made small enough for a page")
        said = await stderr.read(_HEAD)
        await process.wait()
        return bytes(made), said
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)


def _read_answer(made: bytes) -> Mapping[int, bytes]:
    """Take an answer apart; what ended without one was a picture that a decoder cannot read."""
    line, _, files = made.partition(b"\n")
    try:
        head: dict[str, Any] = json.loads(line)
    except ValueError:
        raise Invalid.field(FIELD, "cannot be read: the process that reads it was stopped") from None
    if "refused" in head:
        raise Invalid.field(FIELD, head["refused"])
    found, start = {}, 0
    for width, size in head["sizes"].items():
        found[int(width)] = files[start : start + size]
        start += size
    return found


def kind_of(content: bytes) -> str:
    """Return what a picture is by its first bytes: JPEG, PNG or WEBP; Invalid for anything else, named if known."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    kind = next((kind for begin, kind in _KINDS if content.startswith(begin)), None)
    if kind is not None:
        return kind
    if not content:
        raise Invalid.field(FIELD, f"{TAKEN}; it is empty")
    other = _other_kind(content[:_HEAD])
    raise Invalid.field(FIELD, f"{TAKEN}, not {other}" if other else TAKEN)


def _other_kind(head: bytes) -> str | None:
    other = next((name for begin, name in _OTHERS if head.startswith(begin)), None)
    if other is not None:
        return other
    if head[4:8] == b"ftyp":
        return _OF_PHONES.get(head[8:12], "a film")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(b"<") and b"<svg" in text:
        return "an SVG"
    return "text" if text.startswith((b"<", b"{")) else None
