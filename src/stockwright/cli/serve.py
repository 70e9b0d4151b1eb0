"""`stockwright serve`: everything in one process, or in several workers (`workers.py`)."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, ExitStack, closing, suppress
from functools import partial
from pathlib import Path
from types import FrameType, TracebackType
from typing import get_args

import uvicorn
from msgspec.structs import replace

from stockwright.accounts.first_admin import has_admin, offer_setup, withdraw_setup
from stockwright.accounts.sign_up import SignUp
from stockwright.accounts.usecases import add_account
from stockwright.adapters.leases import Leases
from stockwright.adapters.telemetry import make_log
from stockwright.app import build, close, running
from stockwright.asgi import build_asgi
from stockwright.base.errors import AlreadyExists, Misconfigured, StockwrightError
from stockwright.cli.folder import lock_folder
from stockwright.cli.migrating import upgrade_before_serving
from stockwright.cli.run import err, fail, progress_bar
from stockwright.cli.workers import Part, Supervisor, beat, count_of, end_with, part_of_this_process, prepare_folder
from stockwright.config import Settings
from stockwright.context import App
from stockwright.http.connections import bounded
from stockwright.http.guard import ConnectionLimits, connections_for
from stockwright.http.pages import WEB
from stockwright.request import BY_SYSTEM
from stockwright.retention.usecases import why_nothing_is_removed
from stockwright.store.faults import Reason

SHUTDOWN_SECONDS = 10
FILES_MAX = 65_536


def serve(settings: Settings) -> None:
    """Start everything, print where it is, and run until it is stopped."""
    try:
        part = part_of_this_process()
        if part is not None:
            _work(settings, part)
            return
        count = count_of(settings)
        with lock_folder(settings) as describe, ExitStack() as opened:
            listening = [opened.enter_context(closing(each)) for each in _listen_for(settings, count)]
            describe(_url(settings, listening[0]))
            upgrade_before_serving(settings)
            if count > 1:
                _supervise(settings, listening, count)
                return
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(_serve(settings, listening[0]))
    except StockwrightError as wrong:
        fail(wrong)
    except KeyboardInterrupt:
        pass


def _supervise(settings: Settings, listening: list[socket.socket], count: int) -> None:
    """Prepare the shop, then let workers serve it."""
    _end_at_signals()
    shared = prepare_folder(settings.data_dir)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        notes = runner.run(_prepare_alone(settings))
    sockets = [listening[number % len(listening)].fileno() for number in range(count)]
    url = _url(settings, listening[0])
    Supervisor(sockets, shared, make_log(settings.log_level)).run(lambda: _announce(url, notes, count))


def _end_at_signals() -> None:
    """Raise KeyboardInterrupt at the first SIGINT or SIGTERM, and take no notice of those that come after it.

    A worker gets two where its terminal or a service manager signals every process: the second must not interrupt
    what the first has begun to close.
    """

    def end(_: int, __: FrameType | None) -> None:
        for asked in (signal.SIGINT, signal.SIGTERM):
            signal.signal(asked, signal.SIG_IGN)
        raise KeyboardInterrupt

    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, end)


async def _prepare_alone(settings: Settings) -> list[str]:
    app = await build(settings)
    try:
        await _check_disk(app)
        return await _prepare(app)
    finally:
        await close(app)


def _work(settings: Settings, part: Part) -> None:
    """Serve as one of several workers."""
    end_with(part.alive)
    with (
        closing(socket.socket(fileno=part.socket)) as listening,
        closing(Leases(settings.data_dir, part.number, part.count)) as leases,
        asyncio.Runner(loop_factory=_loop_factory()) as runner,
    ):
        runner.run(_serve(settings, listening, part, leases))


def _url(settings: Settings, listening: socket.socket) -> str:
    return f"http://{_shown(settings.host)}:{listening.getsockname()[1]}"


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Choose the faster event loop where it can be had (not on Windows)."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _listen_for(settings: Settings, count: int) -> list[socket.socket]:
    """Take the port before anything else is started.

    On Linux each worker has a socket of its own, among which the kernel spreads the connections; elsewhere they
    share one.
    """
    first = _listen(settings)
    if count == 1 or sys.platform != "linux":
        return [first]
    # No other program had the port: from now on our processes share it.
    own = settings.changed(port=first.getsockname()[1])
    first.close()
    return [_listen(own, shared=True) for _ in range(count)]


def _listen(settings: Settings, *, shared: bool = False) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol is named so that asyncio switches Nagle's algorithm off: answers leave at once.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, *port_option(sys.platform))
    if shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as fault:
        listening.close()
        raise Misconfigured(
            f"cannot listen on {settings.host}:{settings.port}: {fault.strerror}; "
            "another program may use that port (STOCKWRIGHT_PORT chooses another)"
        ) from fault
    listening.listen(2048)
    return listening


def port_option(platform: str) -> tuple[int, int]:
    """Return what a listening socket is set to: a port just left is taken again, one in use is not shared.

    On Windows SO_REUSEADDR would let a second server take a port that the first one holds.
    """
    if platform == "win32":
        return getattr(socket, "SO_EXCLUSIVEADDRUSE", ~socket.SO_REUSEADDR), 1
    return socket.SO_REUSEADDR, 1


def raise_file_limit() -> int:
    """Take as many file descriptors as may be had, within reason; returns how many."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return FILES_MAX
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, FILES_MAX)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return FILES_MAX if soft == resource.RLIM_INFINITY else soft


async def _serve(
    settings: Settings, listening: socket.socket, part: Part | None = None, leases: Leases | None = None
) -> None:
    # uvicorn ends, then raises again what ended it: as an exception, behind which the store is closed.
    _end_at_signals()
    app = await build(settings)
    try:
        if part is None:
            await _check_disk(app)
            notes = await _prepare(app)
            url = _url(settings, listening)
            beside = _Beside(running(app), lambda: _announce(url, notes, 1))
        else:
            app.shared = Path(part.shared)
            app.log = app.log.bind(worker=part.number)
            beside = _Beside(running(app, leases), partial(beat, part))
        limits = ConnectionLimits(connections=connections_for(raise_file_limit()))
        served = build_asgi(app, beside)
        config = uvicorn.Config(
            served,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            http=bounded(limits, served.ready),
            ws="none",
            timeout_keep_alive=round(limits.idle_seconds),
        )
        # What was made by now stays; of what a request makes, little outlives it.
        gc.freeze()
        gc.set_threshold(20_000, 50, 50)
        server = _Server(config, app.on_stop)
        await server.serve(sockets=[listening])
    finally:
        await close(app)


class _Server(uvicorn.Server):
    """A server that first ends what has no end by itself, and then waits for what is under way."""

    def __init__(self, config: uvicorn.Config, on_stop: list[Callable[[], None]]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End all connections."""
        for end in self._on_stop:
            end()
        await super().shutdown(sockets)


class _Beside:
    """Runs the event handlers and the sweeper while the server runs, and reports when everything has started."""

    def __init__(self, runs: AbstractAsyncContextManager[object], on_started: Callable[[], object]) -> None:
        self._running, self._on_started = runs, on_started

    async def __aenter__(self) -> None:
        await self._running.__aenter__()
        self._on_started()

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.__aexit__(kind, fault, trace)


async def _check_disk(app: App) -> None:
    """Refuse to start where the disk takes no writes, with the line that says why."""
    await app.probe.write(replace(app, log=None))
    if app.probe.reason in get_args(Reason):
        raise Misconfigured(f"the shop cannot be written to: {app.probe.reason}; correct this and start again")


async def _prepare(app: App) -> list[str]:
    """Make the first admin, or the link to make one; load the demo if it is wanted. Returns the lines to print."""
    from stockwright.demo.load import load_demo_into_empty_shop

    settings, notes = app.settings, list[str]()
    if settings.demo:
        with progress_bar("Loading the demo shop") as progress:
            notes += await load_demo_into_empty_shop(app, progress)
    if await has_admin(app):
        await withdraw_setup(app)
    elif settings.admin_email and settings.admin_password:
        sign_up = SignUp(settings.admin_email, settings.admin_password, "Admin")
        try:
            await add_account(app, BY_SYSTEM, sign_up, "admin")
        except AlreadyExists as taken:
            raise Misconfigured(
                f"STOCKWRIGHT_ADMIN_EMAIL {settings.admin_email} is a customer's account; "
                f"make it an admin: stockwright users role {settings.admin_email} admin"
            ) from taken
        notes.append(f"Admin         {settings.admin_email} was made, with the password that you set")
    else:
        token = await offer_setup(app)
        base = settings.public_url.rstrip("/") if settings.public_url else "{url}"
        notes.append(
            f"First admin   {base}/setup#token={token}\n"
            "              (works once, within 24 hours, while there is no admin; each start prints a new one)"
        )
    if not app.mail.delivers:
        notes.append(
            "Mail          stays in the local mailbox, which admins can read (STOCKWRIGHT_SMTP_URL sends it);\n"
            "              accounts are therefore confirmed without a mailed code"
        )
    reason = await why_nothing_is_removed(app)
    if reason is not None:
        notes.append(f"Retention     old records are kept: {reason}")
    return notes


def _announce(url: str, notes: list[str], workers: int) -> None:
    page = url if (WEB / "index.html").is_file() else f"{url}/api/docs"
    err.print("\n[bold green]Stockwright is running[/]\n", highlight=False, soft_wrap=True)
    err.print(f"  Shop          [link={page}]{page}[/link]", highlight=False, soft_wrap=True)
    err.print(f"  API           {url}/api  (documentation: {url}/api/docs)", highlight=False, soft_wrap=True)
    processes = "1 process serves" if workers == 1 else f"{workers} processes serve"
    err.print(f"  Workers       {processes} the shop (STOCKWRIGHT_WORKERS)", highlight=False, soft_wrap=True)
    for note in notes:
        text = f"  {note}".replace("{url}", url).replace("\n", "\n  ")
        err.print(text, highlight=False, markup=False, soft_wrap=True)
    err.print("\n  Stop with Ctrl+C.\n", highlight=False, soft_wrap=True)


def _shown(host: str) -> str:
    """Write a host as a browser wants it."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - shown, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
