"""Several workers of one shop: started, replaced when they die or hang, and stopped together by the first process.

Each worker is the same program, started again with its number in the environment. It inherits its listening socket,
and a pipe whose other end this process holds: when this process dies, however, the pipe ends and so do the workers.
Into a second pipe it writes at each beat of its event loop, once it serves: one that is silent for long is killed,
since its leases and a write lock that it may hold are free only when it is gone.
"""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
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
AUTO_MAX: Final = 8
"""SQLite writes one commit after the other: more processes would only wait for each other."""
QUICK_SECONDS: Final = 5.0
"""A worker that lived for less is started again only after a pause, which doubles each time."""
PAUSE_SECONDS_MAX: Final = 30.0
STOP_SECONDS: Final = 30.0
"""So long may workers take to end what is under way."""
BEAT_SECONDS: Final = 1.0
SILENT_SECONDS_MAX: Final = 10.0
"""A worker whose event loop has stood still for so long is killed and replaced."""
START_SECONDS_MAX: Final = 120.0
"""So long may a worker take until it serves."""
STARTS_MAX: Final = 5
"""So many times in a row may a worker end before it serves; if none serves then, the server ends."""
_PID: Final = struct.Struct("<I")


class Part(Struct, frozen=True):
    """What a worker gets: its number (from 0), how many there are, and what it inherits."""

    number: int
    count: int
    socket: int
    """Where it listens."""
    alive: int
    """A pipe that ends with the process that started it."""
    beats: int
    """A pipe into which it writes its process id at each beat."""
    shared: str
    """The folder of what the workers share."""


def count_of(settings: Settings) -> int:
    """Return how many workers are to serve. Raises Misconfigured where this system can have only one."""
    wanted = settings.workers
    if wanted == AUTO:
        return 1 if settings.store != "sqlite" or sys.platform == "win32" else min(_cores(), AUTO_MAX)
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


def beat(part: Part) -> None:
    """Write that this worker serves, now and every BEAT_SECONDS, for as long as its event loop turns."""
    # A full pipe is not read because the first process stands still: that is no reason to wait for it.
    with suppress(OSError):
        os.write(part.beats, _PID.pack(os.getpid()))
    asyncio.get_running_loop().call_later(BEAT_SECONDS, beat, part)


def start_again(variables: dict[str, str], inherited: tuple[int, ...]) -> subprocess.Popen[bytes]:
    """Start this program once more, with these variables and file descriptors."""
    return subprocess.Popen(  # noqa: S603 - this program
        [sys.executable, *sys.orig_argv[1:]],
        env={**os.environ, **variables},  # noqa: TID251 - handed on as it is
        pass_fds=inherited,
    )


class Worker:
    """One worker's place: the process in it now, and when the next may be started."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.process: subprocess.Popen[bytes] | None = None
        self.serves = False
        self.silent_seconds = 0.0
        self.failed_starts = 0
        """How many processes in a row have ended before they served."""
        self.started = 0.0
        self.not_before = 0.0
        self.pause = 0.0

    def start(self) -> None:
        """Start a process."""
        own = {VARIABLE: msgspec.json.encode(self.part).decode(), COUNTS_VARIABLE: self.part.shared}
        self.process = start_again(own, (self.part.socket, self.part.alive, self.part.beats))
        self.started = time.monotonic()
        self.serves, self.silent_seconds = False, 0.0

    def ended(self) -> int | None:
        """Return the status of a process that has ended since the last call, and plan the next one."""
        status = None if self.process is None else self.process.poll()
        if status is not None:
            self.process = None
            now = time.monotonic()
            quick = now - self.started < QUICK_SECONDS
            self.pause = min(max(2 * self.pause, 0.5), PAUSE_SECONDS_MAX) if quick else 0.0
            self.not_before = now + self.pause
            self.failed_starts = 0 if self.serves else self.failed_starts + 1
            self.serves = False
        return status

    def note_beat(self) -> None:
        """Note a beat."""
        self.serves, self.silent_seconds = True, 0.0

    def hangs(self, elapsed: float) -> bool:
        """Return whether the process is silent for too long, after so many more seconds without a beat."""
        if self.process is None:
            return False
        self.silent_seconds += elapsed
        return self.silent_seconds > (SILENT_SECONDS_MAX if self.serves else START_SECONDS_MAX)


class Supervisor:
    """Keeps the workers of these sockets running until it is asked to stop."""

    def __init__(self, sockets: list[int], shared: Path, log: Any) -> None:
        self._alive, self._alive_here = os.pipe()
        self._beats_here, self._beats = os.pipe()
        os.set_blocking(self._beats_here, False)
        os.set_blocking(self._beats, False)
        self._workers = [
            Worker(Part(number, len(sockets), each, self._alive, self._beats, str(shared)))
            for number, each in enumerate(sockets)
        ]
        self._log = log
        self._asked = False
        self._announced = False

    def run(self, on_ready: Callable[[], None]) -> None:
        """Start the workers and keep them; returns when this process was asked to stop and all have ended.

        `on_ready` is called once, when all of them serve. Raises Misconfigured when workers end again and again before
        they serve and none is left that does.
        """
        for asked in (signal.SIGINT, signal.SIGTERM):
            signal.signal(asked, self._ask)
        looked = time.monotonic()
        try:
            while not self._asked:
                now = time.monotonic()
                # While this process stood still itself, it read no beats: that is no silence of theirs.
                elapsed, looked = min(now - looked, BEAT_SECONDS), now
                self._hear()
                for worker in self._workers:
                    self._keep(worker, elapsed)
                if not self._announced and all(worker.serves for worker in self._workers):
                    self._announced = True
                    on_ready()
                time.sleep(LOOK_SECONDS)
        finally:
            self._stop()

    def _ask(self, _: int, __: FrameType | None) -> None:
        self._asked = True

    def _hear(self) -> None:
        """Note the beats since the last look."""
        with suppress(BlockingIOError):
            said = {pid for (pid,) in _PID.iter_unpack(os.read(self._beats_here, 1024 * _PID.size))}
            for worker in self._workers:
                if worker.process is not None and worker.process.pid in said:
                    worker.note_beat()

    def _keep(self, worker: Worker, elapsed: float) -> None:
        """Replace a worker that has ended; kill one that hangs."""
        status, number = worker.ended(), worker.part.number
        if status is not None and not self._asked:
            self._log.error("worker ended", worker=number, status=status, again_in_seconds=worker.pause)
            self._refuse_endless_starts(worker, status)
        if worker.process is None and time.monotonic() >= worker.not_before:
            worker.start()
        elif worker.process is not None and worker.hangs(elapsed):
            self._log.error("worker hangs", worker=number, silent_seconds=round(worker.silent_seconds))
            worker.process.kill()
            worker.silent_seconds = 0.0

    def _refuse_endless_starts(self, worker: Worker, status: int) -> None:
        others_serve = self._announced and any(each.serves for each in self._workers)
        if worker.failed_starts >= STARTS_MAX and not others_serve:
            raise Misconfigured(
                f"a worker ended {worker.failed_starts} times in a row before it served, at last with status {status}: "
                "the lines above say why; correct that and start again"
            )

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
