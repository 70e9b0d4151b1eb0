"""Several workers of one shop: started, replaced when they die, and stopped together by the process that serves.

Each worker is the same program, started again with its number in the environment. It inherits its listening socket,
and a pipe whose other end this process holds: when this process dies, however, the pipe ends and so do the workers.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Final

import msgspec
from msgspec import Struct

from stockwright.adapters.leases import FOLDER
from stockwright.base.errors import Misconfigured
from stockwright.config import Settings
from stockwright.http.limits import LIMITS
from stockwright.setting_values import AUTO

VARIABLE: Final = "_STOCKWRIGHT_WORKER"
COUNTS_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Read by prometheus-client when it is imported: it counts in files of that folder."""
LOOK_SECONDS: Final = 0.05
QUICK_SECONDS: Final = 5.0
"""A worker that lived for less is started again only after a pause, which doubles each time."""
PAUSE_SECONDS_MAX: Final = 30.0
STOP_SECONDS: Final = 30.0
"""So long may workers take to end what is under way."""


class Part(Struct, frozen=True):
    """What a worker gets: its number (from 0), how many there are, and what it inherits."""

    number: int
    count: int
    socket: int
    """Where it listens."""
    alive: int
    """A pipe that ends with the process that started it."""
    ready: int
    """A pipe into which it writes when it serves."""
    shared: str
    """The folder of what the workers share."""


def count_of(settings: Settings) -> int:
    """Return how many workers are to serve. Raises Misconfigured where this system can have only one."""
    wanted = settings.workers
    if wanted == AUTO:
        return 1 if settings.store != "sqlite" or sys.platform == "win32" else _cores()
    if wanted != 1 and sys.platform == "win32":
        raise Misconfigured("STOCKWRIGHT_WORKERS: on Windows one process serves the shop; set it to 1")
    return int(wanted)


def prepare_folder(data_dir: Path) -> Path:
    """Make the folder of what the workers share, and remove what former ones have counted there; returns the folder."""
    folder = data_dir / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in (*folder.glob("*.db"), folder / LIMITS):
        each.unlink(missing_ok=True)
    return folder


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def part_of_this_process() -> Part | None:
    """Return what this process is as a worker; None where it is none."""
    given = os.environ.get(VARIABLE)  # noqa: TID251 - of the process that started this one, no setting
    return None if given is None else msgspec.json.decode(given, type=Part)


def end_with(alive: int) -> None:
    """End this process at once when the one that started it is gone."""

    def wait() -> None:
        os.read(alive, 1)
        os._exit(1)

    threading.Thread(target=wait, name="stockwright-alive", daemon=True).start()


class Worker:
    """One worker's place: the process in it now, and when the next may be started."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.not_before = 0.0
        self.pause = 0.0

    def start(self) -> None:
        """Start a process."""
        own = {VARIABLE: msgspec.json.encode(self.part).decode(), COUNTS_VARIABLE: self.part.shared}
        inherited = (self.part.socket, self.part.alive, self.part.ready)
        self.process = subprocess.Popen(  # noqa: S603 - this program
            [sys.executable, *sys.orig_argv[1:]],
            env={**os.environ, **own},  # noqa: TID251 - handed on as it is
            pass_fds=inherited,
        )
        self.started = time.monotonic()

    def ended(self) -> int | None:
        """Return the status of a process that has ended since the last call, and plan the next one."""
        status = None if self.process is None else self.process.poll()
        if status is not None:
            self.process = None
            now = time.monotonic()
            quick = now - self.started < QUICK_SECONDS
            self.pause = min(max(2 * self.pause, 0.5), PAUSE_SECONDS_MAX) if quick else 0.0
            self.not_before = now + self.pause
        return status


class Supervisor:
    """Keeps the workers of these sockets running until it is asked to stop."""

    def __init__(self, sockets: list[int], shared: Path, log: Any) -> None:
        self._alive, self._alive_here = os.pipe()
        self._ready_here, self._ready = os.pipe()
        os.set_blocking(self._ready_here, False)
        self._workers = [
            Worker(Part(number, len(sockets), each, self._alive, self._ready, str(shared)))
            for number, each in enumerate(sockets)
        ]
        self._log = log
        self._asked = False

    def run(self, on_ready: Callable[[], None]) -> None:
        """Start the workers and keep them; returns when this process was asked to stop and all have ended.

        `on_ready` is called once, when all of them serve.
        """
        for asked in (signal.SIGINT, signal.SIGTERM):
            signal.signal(asked, self._ask)
        waiting = len(self._workers)
        try:
            while not self._asked:
                for worker in self._workers:
                    self._keep(worker)
                if waiting > 0:
                    waiting -= self._count_ready()
                    if waiting <= 0:
                        on_ready()
                time.sleep(LOOK_SECONDS)
        finally:
            self._stop()

    def _ask(self, _: int, __: FrameType | None) -> None:
        self._asked = True

    def _count_ready(self) -> int:
        try:
            return len(os.read(self._ready_here, 64))
        except BlockingIOError:
            return 0

    def _keep(self, worker: Worker) -> None:
        status = worker.ended()
        if status is not None and not self._asked:
            self._log.error("worker ended", worker=worker.part.number, status=status, again_in_seconds=worker.pause)
        if worker.process is None and time.monotonic() >= worker.not_before:
            worker.start()

    def _stop(self) -> None:
        running = [worker.process for worker in self._workers if worker.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
