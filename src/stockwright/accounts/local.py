"""Local identity: Argon2id hashes with the accounts, tokens of our own, refresh tokens in families that rotate."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from stockwright.accounts import records
from stockwright.accounts.attempts import SESSION_LASTS_MS, TOKEN_LASTS_SECONDS
from stockwright.accounts.family_records import (
    Family,
    SpentToken,
    family_key,
    find_account_in_session,
    find_family,
    page_of_families,
    put_family,
)
from stockwright.accounts.identity import Enrolled, Proof, Session
from stockwright.accounts.password import normal_password
from stockwright.base.actor import Actor
from stockwright.base.errors import Unauthorized
from stockwright.base.hashing import sha256
from stockwright.commit import new_event
from stockwright.events.catalogue import AccountRefreshReused, AccountSignedIn
from stockwright.store.batch import Batch, Stale, retried

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.accounts.model import Account
    from stockwright.base.ports import Passwords, Tokens
    from stockwright.context import App
    from stockwright.request import Request


SPENT_AGAIN_MS: Final = 10_000
"""How long after its use a refresh token gets the same successor again."""
SPENT_MAX: Final = 10
"""How many spent tokens a family remembers; one that is used faster than this is no person's."""


class LocalIdentity:
    """Stores in our own store what proves who somebody is."""

    def __init__(self, passwords: Passwords, tokens: Tokens) -> None:
        self.passwords, self.tokens = passwords, tokens

    async def enrol(self, app: App, request: Request, email: str, password: str) -> Enrolled | None:  # noqa: ARG002 - the port's
        """Hash the password before anybody looks whether the address is known: it takes as long either way."""
        return Enrolled(app.ids.new("usr"), await self.passwords.hash(password))

    async def prove(
        self,
        app: App,
        request: Request,  # noqa: ARG002 - the port's
        email: str,
        password: str,
    ) -> Proof | None:
        """Check a password; an unknown address takes as long."""
        account = await records.find_account_by_email(app.store, email)
        known = account.password_hash if account else ""
        matches = await self.passwords.verify(known or None, normal_password(password))
        return Proof(account) if account is not None and matches else None

    async def begin(self, app: App, request: Request, proof: Proof) -> Session:
        """Begin a family of refresh tokens."""
        account, now = proof.account, app.clock.now()
        family_id = app.ids.new("fam")
        secret = app.ids.secret(256).hex()
        batch = Batch()
        family = Family(account.id, sha256(secret), now // 1000, account.generation, now + SESSION_LASTS_MS)
        put_family(batch, family_id, family)
        batch.append(new_event(app, request.by(account.as_actor()), AccountSignedIn(), account.id))
        await batch.commit(app.store)
        return self._session(app, account, family_id, secret, now // 1000)

    async def refresh(self, app: App, request: Request, refresh_token: str) -> Session:
        """Renew the refresh token too; a spent one shown again ends the whole family (RFC 9700, 4.14).

        Two tabs may use one token at once, and an answer may be lost: within 10 s of its use a spent
        token gets its same successor again. So does, later too, the request that spent it, known by its
        Idempotency-Key, as long as the successor was not used.
        """
        family_id, _, secret = refresh_token.partition(".")
        family = await find_family(app.store, family_id) if family_id else None
        now = app.clock.now()
        if family is None or now >= family.expires_at:
            raise Unauthorized("The refresh token is not valid; sign in again")
        batch = Batch()
        account_id = family.account_id
        fresh = _successor(app, family_id, secret)
        again = _may_come_again(request, family, sha256(secret), sha256(fresh), now)
        if not again and not hmac.compare_digest(family.hash, sha256(secret)):
            batch.delete(family_key(family_id), family.version)
            batch.append(new_event(app, request.by(Actor(account_id, "account")), AccountRefreshReused(), account_id))
            await batch.commit_once(app.store)
            raise Unauthorized("The refresh token was used before; sign in again")
        account = await records.get_account(app.store, account_id)
        if account.disabled or account.generation != family.generation:
            raise Unauthorized("The refresh token is not valid; sign in again")
        if not again:
            used = SpentToken(sha256(secret), now, sha256(request.sent_key) if request.sent_key else "")
            spent = (used, *_just_spent(family, now))[:SPENT_MAX]
            put_family(batch, family_id, replace(family, hash=sha256(fresh), spent=spent))
            try:
                await batch.commit(app.store)
            except Stale:
                # A twin was faster: for this one the token is spent.
                return await self.refresh(app, request, refresh_token)
        return self._session(app, account, family_id, fresh, family.auth_time)

    async def whose(self, app: App, request: Request, token: str) -> Account:  # noqa: ARG002 - the port's
        """Verify a token of ours, and that its session still counts."""
        claims = self.tokens.verify(token)
        if claims.get("token_use") != "id":
            raise Unauthorized
        # A token of an earlier release names no family, and lasts an hour.
        family = claims.get("origin_jti")
        account, is_open = await find_account_in_session(app.store, claims["sub"], family)
        if account is None or not is_open or account.disabled or claims.get("gen") != account.generation:
            raise Unauthorized
        return account

    def lasts_until(self, token: str) -> int | None:
        """Return when a token of ours ends."""
        return int(self.tokens.verify(token)["exp"]) * 1000

    async def end(self, app: App, request: Request, refresh_token: str) -> None:
        """Remove the family that a refresh token is of."""

        async def attempt() -> None:
            family_id = refresh_token.partition(".")[0]
            family = await find_family(app.store, family_id)
            if family is None or family.account_id != request.actor.id:
                return
            batch = Batch()
            batch.delete(family_key(family_id), family.version)
            await batch.commit(app.store)

        await retried(attempt)

    async def end_all(self, app: App, batch: Batch, account: Account) -> None:
        """Remove every family of the account."""
        for key, version in await page_of_families(app.store, account.id):
            batch.delete(key, version)

    async def set_password(self, app: App, account: Account, password: str) -> str:  # noqa: ARG002 - the port's
        """Hash it; the account has the hash."""
        return await self.passwords.hash(password)

    async def follow(self, app: App, before: Account, after: Account) -> None:
        """Nothing to do: the account is all there is."""

    async def remove(self, app: App, account_id: str) -> None:
        """Nothing to do: the account is all there is."""

    async def jwks(self, app: App) -> Mapping[str, Any]:  # noqa: ARG002 - the port's
        """Return our public key."""
        return self.tokens.jwks()

    def close(self) -> None:
        """Let the threads go that hash."""
        self.passwords.close()

    def _session(self, app: App, account: Account, family_id: str, secret: str, auth_time: int) -> Session:
        now = app.clock.now() // 1000
        common = {"sub": account.id, "auth_time": auth_time, "iat": now, "exp": now + TOKEN_LASTS_SECONDS}
        id_token = self.tokens.sign(
            {
                **common,
                "token_use": "id",
                "gen": account.generation,
                "origin_jti": family_id,
                "email": account.email,
                "email_verified": account.is_confirmed,
                "name": account.name,
                "cognito:groups": [account.role],
                "cognito:username": account.id,
            }
        )
        access_token = self.tokens.sign({**common, "token_use": "access", "scope": "stockwright"})
        return Session(id_token, access_token, f"{family_id}.{secret}", account)


def _successor(app: App, family_id: str, secret: str) -> str:
    """Make the secret that follows this one: from the shop's key, so that it can be answered again."""
    seed = f"refresh\x00{family_id}\x00{secret}".encode()
    return hmac.digest(app.signing_key, seed, hashlib.sha256).hex()


def _may_come_again(request: Request, family: Family, spent_hash: str, successor_hash: str, now: int) -> bool:
    """Whether a spent token gets its successor once more: it was used just now, or this is the request that used it."""
    if any(hmac.compare_digest(each.hash, spent_hash) for each in _just_spent(family, now)):
        return True
    last = next(iter(family.spent), None)
    unused = hmac.compare_digest(family.hash, successor_hash)
    key = request.sent_key
    return unused and last is not None and key != "" and hmac.compare_digest(last.key, sha256(key))


def _just_spent(family: Family, now: int) -> list[SpentToken]:
    return [each for each in family.spent if now < each.at + SPENT_AGAIN_MS]
