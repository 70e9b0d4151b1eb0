"""Local identity: Argon2id hashes with the accounts, tokens of our own, refresh tokens in families that rotate."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from stockwright.domain.account import Actor
from stockwright.domain.errors import Unauthorized
from stockwright.domain.password import normal_password
from stockwright.domain.sign_in import SESSION_LASTS_MS, TOKEN_LASTS_SECONDS
from stockwright.store.port import ABSENT
from stockwright.store.records import accounts as records
from stockwright.store.records.batch import Batch, Stale, retried
from stockwright.usecases.commit import new_event
from stockwright.usecases.context import sent_key
from stockwright.usecases.identity import Enrolled, Proof, Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.domain.account import Account
    from stockwright.usecases.context import App, Passwords, Tokens


class LocalIdentity:
    """Keeps what proves who somebody is in our own store."""

    def __init__(self, passwords: Passwords, tokens: Tokens) -> None:
        self.passwords, self.tokens = passwords, tokens

    async def enrol(self, app: App, email: str, password: str) -> Enrolled | None:  # noqa: ARG002 - the port's
        """Hash the password before anybody looks whether the address is known: it takes as long either way."""
        return Enrolled(app.ids.new("usr"), await self.passwords.hash(password))

    async def prove(self, app: App, email: str, password: str) -> Proof | None:
        """Check a password; an unknown address takes as long."""
        account = await records.find_account_by_email(app.store, email)
        known = account.password_hash if account else ""
        matches = await self.passwords.verify(known or None, normal_password(password))
        return Proof(account) if account is not None and matches else None

    async def begin(self, app: App, proof: Proof) -> Session:
        """Begin a family of refresh tokens."""
        account, now = proof.account, app.clock.now()
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
        return self._session(app, account, f"{family}.{secret}", now // 1000)

    async def refresh(self, app: App, refresh_token: str) -> Session:
        """Renew the refresh token too; a spent one shown again ends the whole family (RFC 9700, 4.14).

        Only the request that spent it may come again, by its Idempotency-Key: its answer may have been
        lost. It gets the same token, as long as that was not used.
        """
        family, _, secret = refresh_token.partition(".")
        item = await records.find_family(app.store, family) if family else None
        if item is None or app.clock.now() >= item.body["expiresAt"]:
            raise Unauthorized("The refresh token is not valid; sign in again")
        batch = Batch()
        account_id = item.body["accountId"]
        fresh = _following(app, family, secret)
        again = hmac.compare_digest(item.body["hash"], _hash(fresh))
        if not again and not hmac.compare_digest(item.body["hash"], _hash(secret)):
            batch.delete(item.key, item.version)
            batch.append(new_event(app, Actor(account_id, "account"), "account.refresh_reused", account_id))
            await batch.settle(app.store)
            raise Unauthorized("The refresh token was used before; sign in again")
        account = await records.get_account(app.store, account_id)
        if account.disabled or account.generation != item.body["generation"]:
            raise Unauthorized("The refresh token is not valid; sign in again")
        if not again:
            records.put_family(batch, family, {**item.body, "hash": _hash(fresh)}, item.version)
            try:
                await batch.commit(app.store)
            except Stale:
                # A twin was faster: for this one the token is spent.
                return await self.refresh(app, refresh_token)
        return self._session(app, account, f"{family}.{fresh}", item.body["authTime"])

    async def whose(self, app: App, token: str) -> Account:
        """Verify a token of ours, and that its session still counts."""
        claims = self.tokens.verify(token)
        if claims.get("token_use") != "id":
            raise Unauthorized
        account = await records.find_account(app.store, claims["sub"])
        if account is None or account.disabled or claims.get("gen") != account.generation:
            raise Unauthorized
        return account

    async def end(self, app: App, actor: Actor, refresh_token: str) -> None:
        """Remove the family that a refresh token is of."""

        async def attempt() -> None:
            item = await records.find_family(app.store, refresh_token.partition(".")[0])
            if item is None or item.body["accountId"] != actor.id:
                return
            batch = Batch()
            batch.delete(item.key, item.version)
            await batch.commit(app.store)

        await retried(attempt)

    async def end_all(self, app: App, batch: Batch, account: Account) -> None:
        """Remove every family of the account."""
        for key, version in await records.page_of_families(app.store, account.id):
            batch.delete(key, version)

    async def set_password(self, app: App, account: Account, password: str) -> str:  # noqa: ARG002 - the port's
        """Hash it; the account keeps it."""
        return await self.passwords.hash(password)

    async def follow(self, app: App, before: Account, after: Account) -> None:
        """Nothing to do: the account is all there is."""

    async def jwks(self, app: App) -> Mapping[str, Any]:  # noqa: ARG002 - the port's
        """Return our public key."""
        return self.tokens.jwks()

    def close(self) -> None:
        """Let the threads go that hash."""
        self.passwords.close()

    def _session(self, app: App, account: Account, refresh_token: str, auth_time: int) -> Session:
        now = app.clock.now() // 1000
        common = {"sub": account.id, "auth_time": auth_time, "iat": now, "exp": now + TOKEN_LASTS_SECONDS}
        id_token = self.tokens.sign(
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
        access_token = self.tokens.sign({**common, "token_use": "access", "scope": "stockwright"})
        return Session(id_token, access_token, refresh_token, account)


def _following(app: App, family: str, secret: str) -> str:
    """Make the secret that takes this one's place: by chance, or from the request's key, so that it can come again."""
    key = sent_key()
    if not key:
        return app.ids.secret(256).hex()
    told = f"refresh\x00{family}\x00{secret}\x00{key}".encode()
    return hmac.digest(app.signing_key, told, hashlib.sha256).hex()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
