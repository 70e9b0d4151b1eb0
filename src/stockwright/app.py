"""The composition root: the only place that chooses engines and adapters."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from stockwright.adapters.clock import SystemClock
from stockwright.adapters.ids import SystemIds
from stockwright.adapters.mail import LocalMailbox, SmtpMailer
from stockwright.adapters.outbound import HttpOutbound
from stockwright.adapters.passwords import Argon2Passwords
from stockwright.adapters.secrets import load_or_make
from stockwright.adapters.telemetry import make_log
from stockwright.adapters.tokens import Es256Tokens, make_key
from stockwright.config import Settings
from stockwright.dispatcher import Dispatcher
from stockwright.domain.errors import Misconfigured
from stockwright.reactions.table import REACTIONS
from stockwright.store.sqlite import SqliteStore
from stockwright.sweeper import Sweeper
from stockwright.usecases.catalog import ensure_shop
from stockwright.usecases.context import App, Clock

DATABASE: Final = "stockwright.db"
ISSUER: Final = "stockwright"
AUDIENCE: Final = "stockwright-shop"


async def build(settings: Settings, clock: Clock | None = None) -> App:
    """Open the store and put everything together; raises Misconfigured with one clear line."""
    if settings.store != "sqlite":
        raise Misconfigured(f"STOCKWRIGHT_STORE {settings.store} is not in this version yet; use sqlite")
    clock = clock or SystemClock()
    folder = settings.data_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise Misconfigured(f"cannot make the data folder {folder}: {fault.strerror}") from fault
    app = App(
        settings=settings,
        store=SqliteStore(folder / DATABASE),
        clock=clock,
        ids=SystemIds(clock),
        mail=SmtpMailer(settings.smtp_url, settings.mail_from) if settings.smtp_url else LocalMailbox(),
        sms=LocalMailbox(),
        outbound=HttpOutbound(allow_private=settings.allow_private_addresses),
        passwords=Argon2Passwords(),
        tokens=Es256Tokens(load_or_make(folder / "token-key.pem", make_key), ISSUER, AUDIENCE, clock),
        log=make_log(settings.log_level),
        signing_key=load_or_make(folder / "signing-key", lambda: secrets.token_bytes(32)),
    )
    await ensure_shop(app)
    return app


async def close(app: App) -> None:
    """Let go of everything that `build` opened."""
    await app.outbound.close()
    app.passwords.close()
    await app.store.close()


@asynccontextmanager
async def running(app: App) -> AsyncIterator[Dispatcher]:
    """Run the event handlers and the sweeper beside what serves."""
    dispatcher, sweeper = Dispatcher(app, REACTIONS), Sweeper(app)
    app.lag = dispatcher.lag
    await dispatcher.start()
    await sweeper.start()
    try:
        yield dispatcher
    finally:
        await sweeper.stop()
        await dispatcher.stop()
