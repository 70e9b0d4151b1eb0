"""The composition root: the only place that chooses engines and adapters."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from stockwright.adapters.clock import SystemClock
from stockwright.adapters.ids import SystemIds
from stockwright.adapters.mail import LocalMailbox, SesMailer, SmtpMailer
from stockwright.adapters.outbound import HttpOutbound
from stockwright.adapters.secrets import load_from_manager, load_or_make
from stockwright.adapters.sms import SnsTexts, SnsTopics
from stockwright.adapters.telemetry import CloudLog, make_log
from stockwright.config import Settings
from stockwright.dispatcher import Dispatcher
from stockwright.domain.errors import Misconfigured
from stockwright.reactions.table import reactions_for
from stockwright.store.port import Store
from stockwright.sweeper import Sweeper
from stockwright.usecases.catalog import ensure_shop
from stockwright.usecases.context import App, Clock, Mailer
from stockwright.usecases.identity import Identity

DATABASE: Final = "stockwright.db"
ISSUER: Final = "stockwright"
AUDIENCE: Final = "stockwright-shop"


async def build(settings: Settings, clock: Clock | None = None) -> App:
    """Open the store and put everything together; raises Misconfigured with one clear line."""
    settings = _with_secrets(settings)
    clock = clock or SystemClock()
    app = App(
        settings=settings,
        store=_open_store(settings),
        clock=clock,
        ids=SystemIds(clock),
        mail=_mailer(settings),
        sms=SnsTexts() if settings.sms == "sns" else LocalMailbox(),
        topics=SnsTopics(),
        outbound=HttpOutbound(allow_private=settings.allow_private_addresses),
        identity=_identity(settings, clock),
        log=CloudLog(settings.log_level) if settings.in_lambda else make_log(settings.log_level),
        signing_key=_signing_key(settings),
    )
    await ensure_shop(app)
    return app


def _with_secrets(settings: Settings) -> Settings:
    """Read the partners' keys where they are kept."""
    warehouse, delivery = settings.warehouse_secret_id, settings.delivery_secret_id
    return replace(
        settings,
        warehouse_api_key=load_from_manager(warehouse) if warehouse else settings.warehouse_api_key,
        delivery_api_key=load_from_manager(delivery) if delivery else settings.delivery_api_key,
    )


def _signing_key(settings: Settings) -> bytes:
    if settings.signing_secret_id:
        return load_from_manager(settings.signing_secret_id).encode()
    if settings.in_lambda and settings.store == "dynamodb":
        # A function that seals nothing; those that do insist on the secret (`aws/runtime.py`).
        return secrets.token_bytes(32)
    return load_or_make(_folder(settings) / "signing-key", lambda: secrets.token_bytes(32))


def _open_store(settings: Settings) -> Store:
    if settings.store == "dynamodb":
        from stockwright.store.dynamodb import connect

        return connect(settings.table_name or "")
    from stockwright.store.sqlite import SqliteStore

    return SqliteStore(_folder(settings) / DATABASE)


def _mailer(settings: Settings) -> Mailer:
    if settings.mail == "ses":
        return SesMailer(settings.mail_from)
    if settings.smtp_url and settings.mail != "local":
        return SmtpMailer(settings.smtp_url, settings.mail_from)
    return LocalMailbox()


def _identity(settings: Settings, clock: Clock) -> Identity:
    if settings.cognito_user_pool_id and settings.cognito_client_id:
        from stockwright.adapters.cognito import CognitoIdentity

        return CognitoIdentity(
            settings.cognito_user_pool_id, settings.cognito_client_id, settings.aws_endpoint_url, clock
        )
    from stockwright.adapters.passwords import Argon2Passwords
    from stockwright.adapters.tokens import Es256Tokens, make_key
    from stockwright.usecases.local_identity import LocalIdentity

    pem = load_or_make(_folder(settings) / "token-key.pem", make_key)
    return LocalIdentity(Argon2Passwords(), Es256Tokens(pem, ISSUER, AUDIENCE, clock))


def _folder(settings: Settings) -> Path:
    """Return the data folder, made where it is not there."""
    folder = settings.data_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise Misconfigured(f"cannot make the data folder {folder}: {fault.strerror}") from fault
    return folder


async def close(app: App) -> None:
    """Let go of everything that `build` opened."""
    await app.outbound.close()
    app.identity.close()
    await app.store.close()


@asynccontextmanager
async def running(app: App) -> AsyncIterator[Dispatcher]:
    """Run the event handlers and the sweeper beside what serves."""
    dispatcher, sweeper = Dispatcher(app, reactions_for(app.settings)), Sweeper(app)
    app.lag = dispatcher.lag
    await dispatcher.start()
    await sweeper.start()
    try:
        yield dispatcher
    finally:
        await sweeper.stop()
        await dispatcher.stop()
