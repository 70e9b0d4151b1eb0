"""Starts `stockwright serve` again and again from one process that has read the program: a thousand starts are cheap.

Each start is a process of its own, forked before anything is opened; only the reading is saved. So is each worker of
such a server, which keeps no more of its files than a started one does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Never

import uvicorn


class Forker:
    """The process that has read the program; `start` takes the place of `subprocess.Popen`."""

    def __init__(self, env: Mapping[str, str], log: Path, folder: Path) -> None:
        with log.open("ab") as written:
            self._process = subprocess.Popen(
                [sys.executable, __file__],
                env=dict(env),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=written,
                cwd=folder,
                text=True,
            )

    def ask(self, word: str) -> int:
        """Say a word; returns the number that it answers."""
        asks, answers = self._process.stdin, self._process.stdout
        assert asks is not None
        assert answers is not None
        asks.write(f"{word}\n")
        asks.flush()
        return int(answers.readline())

    def start(self) -> Forked:
        return Forked(self, self.ask("start"))

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(timeout=10)


class Forked:
    """A started server, as far as tests handle one."""

    def __init__(self, forker: Forker, pid: int) -> None:
        self._forker, self.pid = forker, pid
        self._status: int | None = None

    def poll(self) -> int | None:
        """Its exit status, or None while it runs."""
        if self._status is None:
            status = self._forker.ask(f"look {self.pid}")
            self._status = None if status == RUNS else status
        return self._status

    def wait(self, timeout: float = 0) -> int:  # noqa: ARG002 - the server ends by itself, or its test is cut off
        if self._status is None:
            self._status = self._forker.ask(f"wait {self.pid}")
        return self._status

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)


RUNS = 1000


class Worker:
    """A forked worker, as far as the server that forked it handles one."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._status: int | None = None

    def poll(self) -> int | None:
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = os.waitstatus_to_exitcode(status) if pid else None
        return self._status

    def wait(self, timeout: float = 0) -> int:  # noqa: ARG002 - a worker ends by itself, or its test is cut off
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._status

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def fork_worker(variables: dict[str, str], inherited: tuple[int, ...]) -> Worker:
    """Take the place of `workers.start_again`."""
    before = _open_files()
    pid = os.fork()
    if pid == 0:
        # What libuv opens again in each fork stays open: it closes that itself, in the next one.
        for number, file in _open_files().items():
            if number > sys.stderr.fileno() and number not in inherited and before.get(number) == file:
                os.close(number)
        _serve(variables)
    return Worker(pid)


def _open_files() -> dict[int, str]:
    """File descriptor → what it stands for."""
    found = {}
    for number in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found[int(number.name)] = str(number.readlink())
    return found


def _serve(variables: dict[str, str]) -> Never:
    """Serve as a process that begins here: it ends without going back into what forked it."""
    from stockwright.cli.main import app

    status = 1
    try:
        os.environ.update(variables)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        app(["serve"])
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    except BaseException:  # noqa: BLE001 - it is shown, and the process ends
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


async def _read_the_program() -> None:
    """Put a shop together once, in a folder of its own, so that whatever a start reads is read."""
    from stockwright.app import build, close
    from stockwright.asgi import build_asgi
    from stockwright.config import Settings

    with tempfile.TemporaryDirectory() as folder:
        shop = await build(Settings(data_dir=Path(folder)))
        uvicorn.Config(build_asgi(shop), log_config=None).load()
        await close(shop)


def _serve_starts(words: IO[str]) -> None:
    from stockwright.cli import serve, workers

    workers.start_again = fork_worker  # type: ignore[assignment]
    with asyncio.Runner(loop_factory=serve._loop_factory()) as runner:
        runner.run(_read_the_program())
    for word in words:
        match word.split():
            case ["start"]:
                pid = os.fork()
                if pid == 0:
                    os.dup2(2, 1)
                    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                    _serve({})
                _report(pid)
            case ["look", pid_text]:
                pid, status = os.waitpid(int(pid_text), os.WNOHANG)
                _report(os.waitstatus_to_exitcode(status) if pid else RUNS)
            case ["wait", pid_text]:
                _report(os.waitstatus_to_exitcode(os.waitpid(int(pid_text), 0)[1]))


def _report(number: Any) -> None:
    print(number, flush=True)


if __name__ == "__main__":
    _serve_starts(sys.stdin)
