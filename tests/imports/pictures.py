"""A server of pictures on this machine, and other things that an address may answer."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from PIL import Image


def drawn(color: tuple[int, int, int], size: tuple[int, int] = (640, 480)) -> bytes:
    """Draw a picture of one color."""
    made = io.BytesIO()
    Image.new("RGB", size, color).save(made, "JPEG")
    return made.getvalue()


class PictureServer:
    """Answers `/red.jpg` and the like with a picture; counts what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1].decode()
        self.asked.append(path)
        status, body = b"200 OK", drawn((sum(path.encode()) % 256, 80, 120))
        if path.startswith("/gone"):
            status, body = b"404 Not Found", b"gone"
        elif path.startswith("/moved"):
            status, body = b"302 Found\r\nlocation: http://127.0.0.1:1/", b""
        elif path.startswith("/text"):
            body = b"<html>no picture</html>"
        elif path.startswith("/silent"):
            writer.close()
            return
        elif path.startswith("/endless"):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\n\r\n\xff\xd8\xff")
            try:
                while True:
                    writer.write(b"x" * 1_000_000)
                    await writer.drain()
            except (ConnectionError, OSError):
                return
        writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def serving_pictures() -> AsyncIterator[PictureServer]:
    """Serve pictures on a free port."""
    made = PictureServer()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()
