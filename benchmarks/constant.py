"""The reference: the server that carries Stockwright, answering a constant, in as many workers as are asked for."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
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


def main(port: int, workers: int = 1) -> None:
    """Serve as `stockwright serve` does: each worker has a socket of its own."""
    listening = [_listen(port) for _ in range(workers)]
    others = []
    for each in listening[1:]:
        other = os.fork()
        if other == 0:
            _serve(each)
            os._exit(0)
        others.append(other)
    try:
        _serve(listening[0])
    except KeyboardInterrupt:
        pass
    finally:
        for other in others:
            os.kill(other, signal.SIGTERM)
            os.waitpid(other, 0)


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(2048)
    return listening


def _serve(listening: socket.socket) -> None:
    config = uvicorn.Config(constant, log_config=None, access_log=False, server_header=False, lifespan="off")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve(sockets=[listening]))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
