"""The first admin, made with the one-time link that the start prints.

Its token ends when it is used, after 24 hours, and in the commit of whatever makes an admin
(`accounts.py` and a user pool's groups): a shop that has an admin has no token.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from stockwright.accounts import records, setup_records
from stockwright.accounts.identity import identity_of
from stockwright.accounts.model import check_name
from stockwright.accounts.password import check_password
from stockwright.accounts.setup_records import SetupToken
from stockwright.accounts.sign_up import SignUp, new_account
from stockwright.base.email import check_new_email
from stockwright.base.errors import AlreadyExists, Unauthorized
from stockwright.base.hashing import sha256
from stockwright.commit import commit, new_event
from stockwright.events.catalogue import AccountCreated
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from stockwright.accounts.model import Account
    from stockwright.context import App
    from stockwright.request import Request


LASTS_MS: Final = 24 * 3_600_000


async def admin_emails(app: App) -> list[str]:
    """Return the addresses of the admins who can sign in."""
    return [admin.email async for admin in records.every_admin(app.store)]


async def has_admin(app: App) -> bool:
    """Return whether anybody can run the shop."""
    async for _ in records.every_admin(app.store):
        return True
    return False


async def offer_setup(app: App) -> str:
    """Make the token of the set-up link; one from an earlier start ends."""
    token = app.ids.secret(160).hex()

    async def attempt() -> None:
        batch = Batch()
        await setup_records.put_setup(app.store, batch, SetupToken(sha256(token), app.clock.now() + LASTS_MS))
        await batch.commit(app.store)

    await retried(attempt)
    return token


async def withdraw_setup(app: App) -> None:
    """Delete a token that is no longer good for anything: there is an admin."""
    found = await setup_records.find_setup(app.store)
    if found is not None:
        batch = Batch()
        setup_records.delete_setup(batch, found)
        await batch.commit_once(app.store)


async def set_up(app: App, request: Request, token: str, command: SignUp) -> Account:
    """Make the first admin with the token that the start printed; Unauthorized where it does not hold."""
    email = check_new_email(command.email)
    password = check_password(command.password, email)
    await _check_token(app, token)
    enrolled = await identity_of(app).enrol(app, request, email, password)

    async def attempt() -> Account:
        held = await _check_token(app, token)
        if enrolled is None or await records.find_account_by_email(app.store, email) is not None:
            raise AlreadyExists(f"{email} already has an account")
        account = new_account(app, email, check_name(command.name), "admin", enrolled)
        batch = Batch()
        setup_records.delete_setup(batch, held)
        await identity_of(app).follow(app, new_account(app, email, "", "customer", enrolled), account)
        records.put_account(batch, account)
        records.claim_email(batch, email, account.id)
        batch.append(new_event(app, request, AccountCreated(role="admin"), account.id))
        account = replace(account, version=1)
        await commit(app, request, batch, account)
        return account

    return await retried(attempt)


async def _check_token(app: App, token: str) -> SetupToken:
    """Return the set-up token as stored; Unauthorized where it does not hold."""
    found = await setup_records.find_setup(app.store)
    if found is not None and await has_admin(app):
        await withdraw_setup(app)
        found = None
    over = found is None or app.clock.now() >= found.expires_at
    if found is None or over or not hmac.compare_digest(found.hash, sha256(token)):
        raise Unauthorized(
            "The set-up link is no longer valid: it was used, is over 24 hours old, or an admin already exists"
        )
    return found
