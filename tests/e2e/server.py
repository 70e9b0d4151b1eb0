"""The real server in a process of its own, as a person starts it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import httpx2

from stockwright.cli.workers import VARIABLE
from tests.e2e.forking import Forked, Forker
from tests.patience import PATIENCE_SECONDS

EMAIL, PASSWORD = "admin@example.com", "Vier-Blauwale-77"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


class Server:
    """`stockwright serve` on a free port, with its own data folder."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder.parent / "server.log"
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("STOCKWRIGHT_")},
            "STOCKWRIGHT_DATA_DIR": str(folder),
            "STOCKWRIGHT_PORT": str(self.port),
            "STOCKWRIGHT_WORKERS": "1",
            "STOCKWRIGHT_RATE_LIMIT": "off",
            "STOCKWRIGHT_HOLD_RESERVATIONS_MAX": "200",
            "STOCKWRIGHT_HOLD_UNITS_MAX": "1000000",
            "STOCKWRIGHT_LOG_LEVEL": "warning",
            "STOCKWRIGHT_ADMIN_EMAIL": EMAIL,
            "STOCKWRIGHT_ADMIN_PASSWORD": PASSWORD,
            **{f"STOCKWRIGHT_{name.upper()}": value for name, value in settings.items()},
        }
        self.program = [sys.executable, "-m", "stockwright.cli.main"]
        self.arguments = ["serve"]
        self.process: subprocess.Popen[bytes] | Forked | None = None
        self.forker: Forker | None = None
        """Set by who starts it very often."""

    def start(self) -> None:
        """Start, and wait until it answers."""
        self.process = self.forker.start() if self.forker else self._spawn()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            if self._is_ready():
                return
            time.sleep(0.02)
        raise AssertionError(self.log.read_text())

    def printed(self, pattern: str) -> re.Match[str]:
        """Wait until it has printed this; it may answer requests a moment before."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = re.search(pattern, self.log.read_text())
            if found is not None:
                return found
            time.sleep(0.02)
        raise AssertionError(self.log.read_text())

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*self.program, *self.arguments],
                env=self.env,
                stdout=log,
                stderr=log,
                cwd=self.folder.parent,
            )

    def _is_ready(self) -> bool:
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            asking.request("GET", "/api/health/ready")
            return asking.getresponse().status == 200
        except OSError:
            return False
        finally:
            asking.close()

    def workers(self) -> list[int]:
        """The processes that it has started, in the order of their start."""
        assert self.process is not None
        first = self.process.pid
        return [int(each) for each in Path(f"/proc/{first}/task/{first}/children").read_text().split()]

    def kill(self) -> None:
        """End all of its processes as a power cut would, but for the disk's own memory."""
        assert self.process is not None
        # Held still, the first process starts no worker that is not known here.
        os.kill(self.process.pid, signal.SIGSTOP)
        workers = self.workers()
        for pid in (self.process.pid, *workers):
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        wait_until_gone(workers)

    def pause(self, seconds: float, *pids: int) -> None:
        """Hold these processes still, as a machine does that is too busy; or all, if none is named."""
        assert self.process is not None
        pids = pids or (self.process.pid, *self.workers())
        for pid in pids:
            send(pid, signal.SIGSTOP)
        time.sleep(seconds)
        for pid in pids:
            send(pid, signal.SIGCONT)

    def stop(self, by: signal.Signals = signal.SIGINT) -> int:
        """Ask it to end, as Ctrl+C does; returns its exit status."""
        assert self.process is not None
        self.process.send_signal(by)
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def end(self) -> None:
        """End it, if it runs, however a test went."""
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the same shop."""
        return subprocess.run(
            [*self.program, *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
            cwd=self.folder.parent,
        )

    async def sign_in(self, client: httpx2.AsyncClient) -> dict[str, str]:
        answer = await client.post(f"{self.url}/api/signin", json={"email": EMAIL, "password": PASSWORD})
        return {"authorization": f"Bearer {answer.json()['data']['idToken']}"}


def worker_number(pid: int) -> int | None:
    """Which worker a process is; None where it is none."""
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return None
    given = [each.partition(b"=")[2] for each in variables if each.startswith(VARIABLE.encode())]
    return int(json.loads(given[0])["number"]) if given else None


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process, which may have ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def wait_until_gone(pids: Iterable[int]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    for pid in pids:
        while not is_gone(pid):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def is_gone(pid: int) -> bool:
    """Whether a process has ended, also where nobody has asked for its status yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


async def until(check: object, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until an async check is true."""
    async with asyncio.timeout(seconds):
        while not await check():  # type: ignore[operator]  # noqa: ASYNC110 - it asks over HTTP
            await asyncio.sleep(0.05)
