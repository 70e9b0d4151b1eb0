"""Signing in: its locks, the second factor, the end of sessions, and who a request is made by."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import pyotp
from msgspec import Struct
from msgspec.structs import replace

from stockwright.accounts import api_keys, records
from stockwright.accounts.api_key import looks_like_key
from stockwright.accounts.identity import identity_of
from stockwright.accounts.locks import attempts_id, check_lock, count_try, forget_tries, remember_origin
from stockwright.accounts.model import Mfa, use_step, with_sessions_ended
from stockwright.base.actor import UNKNOWN, Actor, Origin
from stockwright.base.email import normal_email
from stockwright.base.errors import Conflict, Forbidden, Invalid, Unauthorized
from stockwright.base.hashing import sha256
from stockwright.commit import commit, new_event
from stockwright.events.catalogue import AccountMfaOff, AccountMfaOn
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from stockwright.accounts.identity import Session
    from stockwright.accounts.model import Account
    from stockwright.context import App
    from stockwright.request import Request


TOTP_STEP_MS = 30_000
WRONG = "Incorrect e-mail or password"


class SignIn(Struct, frozen=True):
    """What a person shows to sign in."""

    email: str
    password: str
    mfa_code: str = ""
    origin: Origin = UNKNOWN


async def sign_in(app: App, request: Request, command: SignIn) -> Session:
    """Begin a session. The lock is looked at before and after the judgement, so that many tries at once gain nothing.

    Only what failed is counted, and only a whole success forgets it: a right password without the
    second factor's code does neither.
    A wrong password and an unknown address get the same answer in the same time; that an address is unconfirmed or
    for a second factor is revealed only to those who know the password.
    """
    try:
        email = normal_email(command.email)
    except Invalid:
        raise Unauthorized(WRONG) from None
    tries = await attempts_id(app, "sign-in", email, command.origin)
    await check_lock(app, tries)
    proof = await identity_of(app).prove(app, request, email, command.password)
    if proof is None or proof.account.disabled:
        await count_try(app, tries)
        raise Unauthorized(WRONG)
    await check_lock(app, tries)
    account = proof.account
    if not account.is_confirmed:
        raise Forbidden("Confirm your e-mail address first", {"reason": "UNCONFIRMED"})
    if account.mfa_on:
        if not command.mfa_code:
            raise Unauthorized("A code from your authenticator app is required", {"mfaRequired": True})
        try:
            await _spend_totp(app, request, account.id, command.mfa_code)
        except Unauthorized:
            await count_try(app, tries)
            raise
    await forget_tries(app, tries)
    session = await identity_of(app).begin(app, request, proof)
    return replace(session, device_token=await remember_origin(app, email, command.origin))


async def check_own_password(
    app: App, request: Request, account: Account, password: str, field: str = "password"
) -> None:
    """Refuse who is signed in but does not know the password; tries have a count of their own.

    A stolen token cannot be used to guess the password, and a stranger without one cannot lock the owner out.
    """
    tries = own_password_tries(account.id)
    await check_lock(app, tries)
    if await identity_of(app).prove(app, request, account.email, password) is None:
        await count_try(app, tries)
        raise Invalid.field(field, "is not your password")
    await check_lock(app, tries)
    await forget_tries(app, tries)


def own_password_tries(account_id: str) -> str:
    """Name the count of the failures of somebody who is signed in to show their password."""
    return f"own-password {account_id}"


async def refresh(app: App, request: Request, refresh_token: str) -> Session:
    """Renew a session."""
    return await identity_of(app).refresh(app, request, refresh_token)


async def sign_out(app: App, request: Request, refresh_token: str | None) -> None:
    """End one session by its refresh token, or every session of the caller."""
    if refresh_token is not None:
        await identity_of(app).end(app, request, refresh_token)
        return

    async def attempt() -> None:
        batch = Batch()
        account = await records.get_account(app.store, request.actor.id)
        await identity_of(app).end_all(app, batch, account)
        records.put_account(batch, with_sessions_ended(account, app.clock.now()))
        await batch.commit(app.store)

    await retried(attempt)


async def authenticate(app: App, request: Request, header: str) -> Actor:
    """Identify the caller from an Authorization header: `Bearer <idToken>`, the bare token (S3), or an API key.

    Only ID tokens authorise (S2). The account is read each time: a disabled one, or one whose
    sessions were ended, is refused at once.
    """
    token = _token_in(header)
    if looks_like_key(token):
        return await api_keys.authenticate(app, token)
    return (await identity_of(app).whose(app, request, token)).as_actor()


def lasts_until(app: App, header: str) -> int | None:
    """Return until when (ms) a valid header identifies the same while nothing of theirs changes; None: not known.

    An API key's use is noted each time.
    """
    token = _token_in(header)
    return None if looks_like_key(token) else identity_of(app).lasts_until(token)


def _token_in(header: str) -> str:
    scheme, _, rest = header.strip().partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else header.strip()


# ---- the second factor -----------------------------------------------------------------------


async def begin_mfa(app: App, request: Request, password: str) -> tuple[str, str]:
    """Make a TOTP secret; returns it and its otpauth URI. It counts once a code of it was shown.

    The password must be shown: a token that was stolen must not lock the owner out. The same request
    sent again, by its Idempotency-Key, gets the same secret.
    """
    asked = sha256(request.sent_key) if request.sent_key else ""
    await check_own_password(app, request, await records.get_account(app.store, request.actor.id), password)

    async def attempt() -> tuple[str, str]:
        account = await records.get_account(app.store, request.actor.id)
        if account.mfa_on:
            raise Conflict("The second factor is already on; switch it off first")
        if account.mfa and asked and account.mfa.asked == asked:
            secret = account.mfa.secret
        else:
            secret = pyotp.random_base32()
            batch = Batch()
            records.put_account(batch, replace(account, mfa=Mfa(secret, asked=asked), updated_at=app.clock.now()))
            await batch.commit(app.store)
        return secret, pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name="Stockwright")

    return await retried(attempt)


async def confirm_mfa(app: App, request: Request, code: str) -> None:
    """Switch the second factor on with a first code of it; sent again with that code, it is on."""
    await _spend_totp(app, request, request.actor.id, code, switch_on=True)


async def end_mfa(app: App, request: Request, password: str) -> None:
    """Switch the second factor off; the password must be shown."""
    await check_own_password(app, request, await records.get_account(app.store, request.actor.id), password)

    async def attempt() -> None:
        known = await records.get_account(app.store, request.actor.id)
        batch = Batch()
        records.put_account(batch, replace(known, mfa=None, updated_at=app.clock.now()))
        batch.append(new_event(app, request, AccountMfaOff(), request.actor.id))
        await commit(app, request, batch)

    await retried(attempt)


async def _spend_totp(app: App, request: Request, account_id: str, code: str, *, switch_on: bool = False) -> None:
    """Accept a code of a time step that was not used before (RFC 6238, 5.2)."""

    async def attempt() -> None:
        account = await records.get_account(app.store, account_id)
        if account.mfa is None:
            raise Conflict("Set the second factor up first")
        totp = pyotp.TOTP(account.mfa.secret)
        wanted = code.replace(" ", "").encode()
        now_step = app.clock.now() // TOTP_STEP_MS
        # This step, and one before and after for clocks that differ (RFC 6238, 5.2).
        steps = range(now_step - 1, now_step + 2)
        codes = ((each, totp.at(each * TOTP_STEP_MS // 1000).encode()) for each in steps)
        step = next((each for each, right in codes if hmac.compare_digest(right, wanted)), None)
        if switch_on and account.mfa_on and step == account.mfa.last_step:
            return
        used = None if step is None else use_step(account.mfa, step)
        if used is None:
            raise Unauthorized("The code is wrong, or was used already")
        batch = Batch()
        mfa = replace(used, confirmed=used.confirmed or switch_on)
        records.put_account(batch, replace(account, mfa=mfa))
        if switch_on:
            batch.append(new_event(app, request.by(account.as_actor()), AccountMfaOn(), account_id))
        await batch.commit(app.store)

    await retried(attempt)
