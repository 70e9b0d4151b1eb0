"""The reference: the server that carries Stockwright, answering a constant."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import uvicorn
import uvloop

BODY = b'{"success":true,"data":{"id":"res_01","status":"ACTIVE"},"meta":{"requestId":"req_01","timestamp":""}}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]


async def constant(_: Any, receive: Any, send: Any) -> None:
    """Read the request, answer the constant."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


def main(port: int) -> None:
    """Serve as `stockwright serve` does."""
    config = uvicorn.Config(constant, port=port, log_config=None, access_log=False, server_header=False, lifespan="off")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main(int(sys.argv[1]))
