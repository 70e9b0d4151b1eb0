"""A function as Lambda runs it: AWS's own runtime client in a process of its own, and the API that it asks for work.

The runtime API is four calls (next, response, error, init error); see AWS's "Using the Lambda runtime API".
"""

from __future__ import annotations

import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.patience import PATIENCE_SECONDS

ROOT = Path(__file__).parent.parent.parent


class FunctionFailed(Exception):
    """The function raised, or could not start."""


@dataclass
class _Invocation:
    event: Any
    seconds: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    answered: threading.Event = field(default_factory=threading.Event)
    answer: Any = None
    fault: dict[str, Any] | None = None


class _RuntimeApi(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Calls)
        self.waiting: queue.Queue[_Invocation | None] = queue.Queue()
        self.under_way: dict[str, _Invocation] = {}
        self.init_fault: dict[str, Any] | None = None
        self.init_failed = threading.Event()


class _Calls(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _RuntimeApi

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_GET(self) -> None:
        """.../invocation/next: wait for work."""
        invocation = self.server.waiting.get()
        if invocation is None:
            self.close_connection = True
            return
        self.server.under_way[invocation.id] = invocation
        body = json.dumps(invocation.event).encode()
        self.send_response(200)
        for name, value in {
            "Lambda-Runtime-Aws-Request-Id": invocation.id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + invocation.seconds) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:under-test",
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Take a response, an error, or the error of a start."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
        *_, request_id, kind = self.path.split("/")
        if request_id == "init":
            self.server.init_fault = body
            self.server.init_failed.set()
        else:
            invocation = self.server.under_way.pop(request_id)
            if kind == "error":
                invocation.fault = body
            else:
                invocation.answer = body
            invocation.answered.set()
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


class LambdaFunction:
    """One function's container; `with LambdaFunction("stockwright.cloud.api", env) as api: api.invoke(event)`."""

    def __init__(self, module: str, folder: Path, **env: str) -> None:
        self.name = module.rpartition(".")[2].replace("_", "-")
        self._api = _RuntimeApi()
        self._log = folder / f"{self.name}-{uuid.uuid4().hex[:6]}.log"
        self._thread = threading.Thread(target=self._api.serve_forever, daemon=True)
        self._thread.start()
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "awslambdaric", f"{module}.handler"],
                cwd=folder,
                env={
                    **inherited,
                    "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._api.server_address[1]}",
                    "AWS_LAMBDA_FUNCTION_NAME": f"stockwright-test-{self.name}",
                    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                    "AWS_REGION": "eu-central-1",
                    **env,
                },
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._api.waiting.put(None)
        self._process.kill()
        self._process.wait()
        self._api.shutdown()
        self._api.server_close()

    def invoke(self, event: Any, seconds: float = 30) -> Any:
        """Return the function's answer; FunctionFailed with its error."""
        invocation = _Invocation(event, seconds)
        self._api.waiting.put(invocation)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not invocation.answered.wait(0.05):
            if self._api.init_failed.is_set() or self._process.poll() is not None or time.monotonic() > deadline:
                raise FunctionFailed(f"{self._api.init_fault or 'no answer'}\n{self.output()}")
        if invocation.fault is not None:
            raise FunctionFailed(f"{invocation.fault}\n{self.output()}")
        return invocation.answer

    def init_error(self) -> dict[str, Any]:
        """Wait for the start to fail; return what the function reported."""
        assert self._api.init_failed.wait(PATIENCE_SECONDS), self.output()
        assert self._api.init_fault is not None
        return self._api.init_fault

    def output(self) -> str:
        """Return everything that it wrote."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines of JSON that it logged."""
        return [json.loads(line) for line in self.output().splitlines() if line.startswith("{")]
