"""The composition root: the only module that chooses engines and adapters."""

from __future__ import annotations

import importlib.util
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stockwright.accounts.identity import Identity, identity_of
from stockwright.adapters.clock import SystemClock
from stockwright.adapters.folder_files import FOLDER, FolderFiles, remove_old_drafts
from stockwright.adapters.ids import SystemIds
from stockwright.adapters.mail import LocalMailbox, SesMailer, SmtpMailer
from stockwright.adapters.no_files import NoFiles
from stockwright.adapters.outbound import HttpOutbound
from stockwright.adapters.pictures import PictureProcesses
from stockwright.adapters.secrets import load_from_manager, load_or_make
from stockwright.adapters.sms import SnsTexts, SnsTopics
from stockwright.adapters.telemetry import CloudLog, make_log
from stockwright.base.errors import Misconfigured
from stockwright.base.ports import Clock, Files, Mailer
from stockwright.catalog.first_start import ensure_shop
from stockwright.config import Settings
from stockwright.context import App
from stockwright.events.dispatcher import Dispatcher
from stockwright.handlers import reactions_for
from stockwright.operations.backups import make_backups
from stockwright.probe import last_seen
from stockwright.prober import make_prober
from stockwright.store.faults import Faults
from stockwright.store.port import Store
from stockwright.sweeper import make_sweeper

if TYPE_CHECKING:
    from stockwright.adapters.leases import Leases


DATABASE: Final = "stockwright.db"
ISSUER: Final = "stockwright"
AUDIENCE: Final = "stockwright-shop"
AWS_PACKAGES: Final = ("boto3", "botocore", "aws_lambda_powertools")


async def build(settings: Settings, clock: Clock | None = None, *, reading: bool = False) -> App:
    """Open the store and put everything together; raises Misconfigured with one clear line.

    For `reading`, a folder that cannot be written is opened all the same, and nothing is written there.
    """
    check_packages(settings.needs_aws())
    readonly = reading and settings.store == "sqlite" and not _is_writable(settings.data_dir)
    settings = _with_secrets(settings)
    clock = clock or SystemClock()
    app = App(
        settings=settings,
        store=_open_store(settings, readonly=readonly),
        clock=clock,
        ids=SystemIds(clock),
        mail=_mailer(settings),
        sms=SnsTexts() if settings.sms == "sns" else LocalMailbox(),
        topics=SnsTopics(),
        files=files_of(settings, readonly=readonly),
        pictures=PictureProcesses(),
        outbound=HttpOutbound(allow_private=settings.allow_private_addresses),
        identity=_identity(settings, clock, readonly=readonly),
        log=CloudLog(settings.log_level) if settings.in_lambda else make_log(settings.log_level),
        signing_key=secrets.token_bytes(32) if readonly else _signing_key(settings),
    )
    if not readonly:
        await ensure_shop(app)
    if isinstance(clock, SystemClock) and not settings.in_lambda:
        clock.start_from(await last_seen(app.store))
    return app


def check_packages(needed_by: str | None) -> None:
    """Refuse what needs AWS's packages where they are not installed, before anything is opened."""
    if needed_by is None:
        return
    missing = [name for name in AWS_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise Misconfigured(
            f"{needed_by} needs packages that are not installed ({', '.join(missing)}): pip install 'stockwright[aws]'"
        )


def _with_secrets(settings: Settings) -> Settings:
    """Read the partners' keys where they are stored."""
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
        # A function that seals nothing; those that do insist on the secret (`cloud/runtime.py`).
        return secrets.token_bytes(32)
    return load_or_make(_folder(settings) / "signing-key", lambda: secrets.token_bytes(32))


def _is_writable(folder: Path) -> bool:
    return all(os.access(each, os.W_OK) for each in (folder, folder / DATABASE) if each.exists())


def _open_store(settings: Settings, *, readonly: bool) -> Store:
    if settings.store == "dynamodb":
        from stockwright.store.dynamodb.connecting import connect

        return connect(settings.table_name or "")
    from stockwright.store.sqlite.engine import SqliteStore

    return SqliteStore(_folder(settings) / DATABASE, readonly=readonly)


def files_of(settings: Settings, *, readonly: bool = False) -> Files:
    """Choose where files are kept: in the bucket that is set, else beside the embedded store."""
    if settings.files_bucket:
        from stockwright.adapters.s3_files import S3Files

        return S3Files(settings.files_bucket)
    if settings.store == "dynamodb":
        return NoFiles()
    folder = settings.data_dir / FOLDER
    if not readonly:
        remove_old_drafts(folder)
    return FolderFiles(folder)


def _mailer(settings: Settings) -> Mailer:
    if settings.mail == "ses":
        return SesMailer(settings.mail_from, settings.mail_configuration_set)
    if settings.smtp_url and settings.mail != "local":
        return SmtpMailer(settings.smtp_url, settings.mail_from)
    return LocalMailbox()


def _identity(settings: Settings, clock: Clock, *, readonly: bool) -> Identity:
    if settings.cognito_user_pool_id and settings.cognito_client_id:
        from stockwright.accounts.cognito import CognitoIdentity

        return CognitoIdentity(
            settings.cognito_user_pool_id, settings.cognito_client_id, settings.aws_endpoint_url, clock
        )
    from stockwright.accounts.local import LocalIdentity
    from stockwright.adapters.passwords import Argon2Passwords
    from stockwright.adapters.tokens import Es256Tokens, make_key

    path = settings.data_dir / "token-key.pem"
    pem = make_key() if readonly else load_or_make(_folder(settings) / path.name, make_key)
    try:
        tokens = Es256Tokens(pem, ISSUER, AUDIENCE, clock)
    except (ValueError, TypeError) as damaged:
        raise Misconfigured(
            f"{path} is damaged or not a key: restore it from a backup, or "
            "remove it (all users must then sign in again)"
        ) from damaged
    return LocalIdentity(Argon2Passwords(), tokens)


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
    identity_of(app).close()
    await app.store.close()


@asynccontextmanager
async def running(app: App, leases: Leases | None = None) -> AsyncIterator[Dispatcher]:
    """Run the event handlers and the sweeper beside what serves; of several workers each has `leases`."""
    # Imported here: a function serves no folder, and its package holds no locks.
    from stockwright.adapters.leases import SWEEPER

    reactions = reactions_for(app.settings)
    may_run = None if leases is None else partial(leases.take, SWEEPER)
    dispatcher, sweeper, prober = Dispatcher(app, reactions, leases), make_sweeper(app, may_run), make_prober(app)
    backups = make_backups(app, may_run)
    app.lag, app.handlers = dispatcher.lag, frozenset(each.name for each in reactions)
    faults: Faults | None = getattr(app.store, "faults", None)
    if faults is not None:
        faults.log = app.log
    await dispatcher.start()
    await sweeper.start()
    await prober.start()
    await backups.start()
    try:
        yield dispatcher
    finally:
        await backups.stop()
        await prober.stop()
        await sweeper.stop()
        await dispatcher.stop()
