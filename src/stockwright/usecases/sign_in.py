"""Signing in: tokens, their renewal and end, the second factor, and who a request is made by."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyotp

from stockwright.domain.account import Account, Actor, Mfa, normal_email, use_step
from stockwright.domain.api_key import looks_like_key
from stockwright.domain.errors import Conflict, Forbidden, Invalid, Unauthorized
from stockwright.domain.password import normal_password
from stockwright.domain.sign_in import SESSION_LASTS_MS, TOKEN_LASTS_SECONDS, Attempts
from stockwright.store.port import ABSENT
from stockwright.store.records import accounts as records
from stockwright.store.records.batch import Batch, Stale, retried
from stockwright.usecases import api_keys
from stockwright.usecases.commit import commit, new_event

if TYPE_CHECKING:
    from stockwright.usecases.context import App

TOTP_STEP_MS = 30_000
WRONG = "Incorrect e-mail or password"


@dataclass(frozen=True, slots=True)
class Session:
    """What a person gets for signing in; `expires_in` in seconds."""

    id_token: str
    access_token: str
    refresh_token: str
    account: Account
    expires_in: int = TOKEN_LASTS_SECONDS


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a person shows to sign in."""

    email: str
    password: str
    mfa_code: str = ""


async def sign_in(app: App, command: SignIn) -> Session:
    """Begin a session. The lock is looked at before and after the judgement, so that many tries at once gain nothing.

    Only what failed is counted, and only a whole success forgets it: a right password without the
    second factor's code does neither.
    Wrong and unknown are told alike and take as long; that an address waits for its confirmation or
    for a second factor is told only to who knows the password.
    """
    try:
        email = normal_email(command.email)
    except Invalid:
        raise Unauthorized(WRONG) from None
    tries = _sign_in_id(email)
    await check_lock(app, tries)
    account = await records.find_account_by_email(app.store, email)
    known = account.password_hash if account else ""
    matches = await app.passwords.verify(known or None, normal_password(command.password))
    if account is None or not matches or account.disabled:
        await count_try(app, tries)
        raise Unauthorized(WRONG)
    await check_lock(app, tries)
    if not account.is_confirmed:
        raise Forbidden("Confirm your e-mail address first", {"reason": "UNCONFIRMED"})
    if account.mfa_on:
        if not command.mfa_code:
            raise Unauthorized("A code of your authenticator app is needed", {"mfaRequired": True})
        try:
            await _spend_totp(app, account.id, command.mfa_code)
        except Unauthorized:
            await count_try(app, tries)
            raise
    await forget_tries(app, tries)
    return await _begin(app, account)


def _sign_in_id(email: str) -> str:
    return f"sign-in {email}"


async def check_lock(app: App, attempts_id: str) -> None:
    """Refuse while there were too many failures at one thing."""
    (await records.load_attempts(app.store, attempts_id)).check(app.clock.now())


async def count_try(app: App, attempts_id: str) -> None:
    """Count one more failure, to be forgotten on success; refuse while there is a lock."""

    async def attempt() -> None:
        now = app.clock.now()
        before = await records.load_attempts(app.store, attempts_id)
        before.check(now)
        batch = Batch()
        records.put_attempts(batch, before.failed(now), now)
        await batch.commit(app.store)

    await retried(attempt)


async def forget_tries(app: App, attempts_id: str) -> None:
    """Forget the failures at one thing: it succeeded."""
    known = await records.load_attempts(app.store, attempts_id)
    if known.version == ABSENT:
        return
    batch = Batch()
    records.put_attempts(batch, Attempts(attempts_id, version=known.version), app.clock.now())
    await _settle(app, batch)


async def _begin(app: App, account: Account) -> Session:
    now = app.clock.now()
    family = app.ids.new("fam")
    secret = app.ids.secret(256).hex()
    batch = Batch()
    body = {
        "accountId": account.id,
        "hash": _hash(secret),
        "authTime": now // 1000,
        "generation": account.generation,
        "expiresAt": now + SESSION_LASTS_MS,
    }
    records.put_family(batch, family, body, ABSENT)
    batch.append(new_event(app, account.as_actor(), "account.signed_in", account.id))
    await batch.commit(app.store)
    return _session(app, account, f"{family}.{secret}", now // 1000)


async def refresh(app: App, refresh_token: str) -> Session:
    """Renew a session and its refresh token; a spent one shown again ends the whole family (RFC 9700, 4.14)."""
    family, _, secret = refresh_token.partition(".")
    item = await records.find_family(app.store, family) if family else None
    if item is None or app.clock.now() >= item.body["expiresAt"]:
        raise Unauthorized("The refresh token is not valid; sign in again")
    batch = Batch()
    if not hmac.compare_digest(item.body["hash"], _hash(secret)):
        batch.delete(item.key, item.version)
        batch.append(
            new_event(app, Actor(item.body["accountId"], "account"), "account.refresh_reused", item.body["accountId"])
        )
        await _settle(app, batch)
        raise Unauthorized("The refresh token was used before; sign in again")
    account = await records.get_account(app.store, item.body["accountId"])
    if account.disabled or account.generation != item.body["generation"]:
        raise Unauthorized("The refresh token is not valid; sign in again")
    fresh = app.ids.secret(256).hex()
    records.put_family(batch, family, {**item.body, "hash": _hash(fresh)}, item.version)
    try:
        await batch.commit(app.store)
    except Stale:
        # A twin was faster: for this one the token is spent.
        return await refresh(app, refresh_token)
    return _session(app, account, f"{family}.{fresh}", item.body["authTime"])


async def sign_out(app: App, actor: Actor, refresh_token: str | None) -> None:
    """End one session by its refresh token, or every session of the asker."""

    async def attempt() -> None:
        batch = Batch()
        if refresh_token is not None:
            item = await records.find_family(app.store, refresh_token.partition(".")[0])
            if item is None or item.body["accountId"] != actor.id:
                return
            batch.delete(item.key, item.version)
        else:
            account = await records.get_account(app.store, actor.id)
            for key, version in await records.page_of_families(app.store, actor.id):
                batch.delete(key, version)
            records.put_account(batch, replace(account, generation=account.generation + 1))
        await batch.commit(app.store)

    await retried(attempt)


async def _settle(app: App, batch: Batch) -> None:
    try:
        await batch.commit(app.store)
    except Stale:
        return


async def authenticate(app: App, header: str) -> Actor:
    """Tell who asks, from an Authorization header: `Bearer <idToken>`, the bare token (S3), or an API key.

    Only ID tokens authorise (S2). The account is read each time: a disabled one, or one whose
    sessions were ended, is nobody at once.
    """
    scheme, _, rest = header.strip().partition(" ")
    token = rest.strip() if scheme.lower() == "bearer" else header.strip()
    if looks_like_key(token):
        return await api_keys.authenticate(app, token)
    claims = app.tokens.verify(token)
    if claims.get("token_use") != "id":
        raise Unauthorized
    account = await records.find_account(app.store, claims["sub"])
    if account is None or account.disabled or claims.get("gen") != account.generation:
        raise Unauthorized
    return account.as_actor()


# ---- the second factor -----------------------------------------------------------------------


async def begin_mfa(app: App, actor: Actor) -> tuple[str, str]:
    """Make a TOTP secret; returns it and its otpauth URI. It counts once a code of it was shown."""

    async def attempt() -> tuple[str, str]:
        account = await records.get_account(app.store, actor.id)
        if account.mfa_on:
            raise Conflict("The second factor is on already; switch it off first")
        secret = pyotp.random_base32()
        batch = Batch()
        records.put_account(batch, replace(account, mfa=Mfa(secret), updated_at=app.clock.now()))
        await batch.commit(app.store)
        return secret, pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name="Stockwright")

    return await retried(attempt)


async def confirm_mfa(app: App, actor: Actor, code: str) -> None:
    """Switch the second factor on with a first code of it."""
    await _spend_totp(app, actor.id, code, switch_on=True)


async def end_mfa(app: App, actor: Actor, password: str) -> None:
    """Switch the second factor off; the password must be shown."""
    account = await records.get_account(app.store, actor.id)
    tries = _sign_in_id(account.email)
    await check_lock(app, tries)
    if not await app.passwords.verify(account.password_hash, normal_password(password)):
        await count_try(app, tries)
        raise Invalid.field("password", "is not your password")
    await check_lock(app, tries)

    async def attempt() -> None:
        known = await records.get_account(app.store, actor.id)
        batch = Batch()
        records.put_account(batch, replace(known, mfa=None, updated_at=app.clock.now()))
        batch.append(new_event(app, actor, "account.mfa_off", actor.id))
        await commit(app, batch)

    await retried(attempt)


async def _spend_totp(app: App, account_id: str, code: str, *, switch_on: bool = False) -> None:
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
        used = None if step is None else use_step(account.mfa, step)
        if used is None:
            raise Unauthorized("The code is wrong or was used before")
        batch = Batch()
        mfa = replace(used, confirmed=used.confirmed or switch_on)
        records.put_account(batch, replace(account, mfa=mfa))
        if switch_on:
            batch.append(new_event(app, account.as_actor(), "account.mfa_on", account_id))
        await batch.commit(app.store)

    await retried(attempt)


def _session(app: App, account: Account, refresh_token: str, auth_time: int) -> Session:
    now = app.clock.now() // 1000
    common = {"sub": account.id, "auth_time": auth_time, "iat": now, "exp": now + TOKEN_LASTS_SECONDS}
    id_token = app.tokens.sign(
        {
            **common,
            "token_use": "id",
            "gen": account.generation,
            "email": account.email,
            "email_verified": account.is_confirmed,
            "name": account.name,
            "cognito:groups": [account.role],
            "cognito:username": account.id,
        }
    )
    access_token = app.tokens.sign({**common, "token_use": "access", "scope": "stockwright"})
    return Session(id_token, access_token, refresh_token, account)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
