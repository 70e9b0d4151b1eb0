"""Identity in the cloud: a Cognito user pool keeps the passwords, the groups and the keys of tokens.

The pool takes passwords from this API alone (its client allows only the server's sign-in flow), so
that our locks, codes and second factor apply before it. An account's id is the user's `sub`. A user
who was made in the pool by hand is put on record when first met; the group `admin` is the role, and
of a record and a token the newer one is believed.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, Final

from jwt import PyJWK
from msgspec import Struct, field
from msgspec.structs import replace

from stockwright.accounts import records
from stockwright.accounts.identity import Enrolled, Proof, Session
from stockwright.accounts.model import Account
from stockwright.accounts.password import normal_password
from stockwright.accounts.setup_records import end_setup
from stockwright.adapters import aws
from stockwright.adapters.tokens import Verifier, key_name
from stockwright.base.actor import SYSTEM, Role
from stockwright.base.email import normal_email
from stockwright.base.errors import Busy, Forbidden, Invalid, NotFound, Unauthorized
from stockwright.commit import new_event
from stockwright.events.catalogue import AccountChanged, AccountCreated, AccountSignedIn
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.base.ports import Clock
    from stockwright.context import App
    from stockwright.request import Request


ALGORITHM: Final = "RS256"
ADMINS: Final = "admin"
"""The group whose members are admins."""
KEYS_TIMEOUT_SECONDS: Final = 5
KEYS_AWAY: Final = "The user pool's keys cannot be read now; try again shortly"
KEYS_EVERY_SECONDS: Final = 60
"""At most so often are the pool's keys fetched because a token names one that is not among them."""
_WRONG: Final = frozenset({"NotAuthorizedException", "UserNotFoundException", "UserNotConfirmedException"})
NOT_TAKEN: Final = "InvalidParameterException"
"""Cognito's error for what breaks a pattern of its own; no account can have it then."""
_BUSY: Final = frozenset({"TooManyRequestsException", "LimitExceededException", "InternalErrorException"})


class PoolKeys(Struct):
    """The public keys that a pool signs with, by their names (JWKS)."""

    url: str
    found: dict[str, Any] = field(default_factory=dict)
    document: Mapping[str, Any] = field(default_factory=lambda: {"keys": []})
    fetched_at: float = float("-inf")
    failed_at: float = float("-inf")
    fetching: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def fetch(self, name: str) -> None:
        """Fetch the keys where this one is not known, but not all the time."""
        if name in self.found:
            return
        async with self.fetching:
            if name in self.found or time.monotonic() < self.fetched_at + KEYS_EVERY_SECONDS:
                return
            if time.monotonic() < self.failed_at + KEYS_TIMEOUT_SECONDS:
                # Who waited behind the one that failed does not wait as long once more.
                raise Busy(KEYS_AWAY)
            try:
                self.document = await asyncio.to_thread(self._read)
            except OSError as fault:
                self.failed_at = time.monotonic()
                raise Busy(KEYS_AWAY) from fault
            self.fetched_at = time.monotonic()
            keys = [key for key in self.document["keys"] if key.get("alg") == ALGORITHM]
            self.found = {key["kid"]: PyJWK(key, ALGORITHM).key for key in keys}

    def find(self, name: str) -> Any:
        """Return the key of this name, if it is the pool's."""
        return self.found.get(name)

    def _read(self) -> Mapping[str, Any]:
        import urllib.request

        with urllib.request.urlopen(self.url, timeout=KEYS_TIMEOUT_SECONDS) as answer:  # noqa: S310 - the pool's URL
            document: Mapping[str, Any] = json.load(answer)
        return document


class CognitoIdentity:
    """One user pool and one app client of it."""

    def __init__(self, pool_id: str, client_id: str, endpoint: str | None, clock: Clock) -> None:
        region = pool_id.partition("_")[0]
        issuer = f"https://cognito-idp.{region}.amazonaws.com/{pool_id}"
        address = f"{endpoint.rstrip('/')}/{pool_id}" if endpoint else issuer
        self._pool_id, self._client_id = pool_id, client_id
        self._keys = PoolKeys(f"{address}/.well-known/jwks.json")
        self._verifier = Verifier(ALGORITHM, issuer, client_id, self._keys.find, clock)

    # ---- people ------------------------------------------------------------------------------

    async def enrol(self, app: App, request: Request, email: str, password: str) -> Enrolled | None:
        """Make a user with this password; who is there already keeps theirs."""
        if await records.find_account_by_email(app.store, email) is not None:
            return None
        try:
            made = await self._call(
                "admin_create_user",
                Username=email,
                # The pool judges a password when it is given, so that what it refuses leaves no user there.
                TemporaryPassword=password,
                UserAttributes=[_attribute("email", email), _attribute("email_verified", "false")],
                MessageAction="SUPPRESS",
            )
        except aws.error() as refused:
            if aws.code_of(refused) == "UsernameExistsException":
                await self._meet(app, request, email)
                return None
            raise _translate_refusal(refused) from refused
        user_id = _attributes(made["User"]["Attributes"])["sub"]
        await self._set_password(user_id, password)
        return Enrolled(user_id)

    async def prove(self, app: App, request: Request, email: str, password: str) -> Proof | None:
        """Sign in at the pool. Its tokens are handed out only by `begin`, when nothing else is against it."""
        begun = await self._sign_in(email, password)
        if begun is None:
            return None
        if "ChallengeName" in begun:
            await self._meet(app, request, email)
            raise Forbidden("Set a password of your own first: request a code to reset it", {"reason": "NEW_PASSWORD"})
        claims = await self._verified(begun["AuthenticationResult"]["IdToken"])
        account = await self._account(app, request, claims)
        if _was_ended(account, claims):
            # In the second in which the sessions were ended; tokens count time in seconds.
            await asyncio.sleep(1)
            begun = await self._sign_in(email, password)
            if begun is None:
                return None
        return Proof(account, _session(account, begun["AuthenticationResult"]))

    async def _sign_in(self, email: str, password: str) -> dict[str, Any] | None:
        try:
            begun: dict[str, Any] = await self._call(
                "admin_initiate_auth",
                ClientId=self._client_id,
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": email, "PASSWORD": normal_password(password)},
            )
        except aws.error() as refused:
            if aws.code_of(refused) in _WRONG | {NOT_TAKEN}:
                return None
            raise _translate_refusal(refused) from refused
        return begun

    async def set_password(self, app: App, account: Account, password: str) -> str:  # noqa: ARG002 - the port's
        """Set it at the pool; here nothing of it is stored."""
        await self._set_password(account.id, password)
        return ""

    async def _set_password(self, user_id: str, password: str) -> None:
        try:
            await self._call("admin_set_user_password", Username=user_id, Password=password, Permanent=True)
        except aws.error() as refused:
            raise _translate_refusal(refused) from refused

    async def follow(self, app: App, before: Account, after: Account) -> None:  # noqa: ARG002 - the port's
        """Change the user first: each of these may be done twice, and the record is written last."""
        who = after.id
        try:
            if after.role != before.role:
                change = "admin_add_user_to_group" if after.role == "admin" else "admin_remove_user_from_group"
                await self._call(change, Username=who, GroupName=ADMINS)
            if after.disabled != before.disabled:
                await self._call("admin_disable_user" if after.disabled else "admin_enable_user", Username=who)
            changed = [
                *([_attribute("name", after.name)] if after.name != before.name else []),
                *([_attribute("email_verified", "true")] if after.is_confirmed and not before.is_confirmed else []),
            ]
            if changed:
                await self._call("admin_update_user_attributes", Username=who, UserAttributes=changed)
        except aws.error() as refused:
            raise _translate_refusal(refused) from refused

    # ---- sessions ----------------------------------------------------------------------------

    async def begin(self, app: App, request: Request, proof: Proof) -> Session:
        """Hand out what the pool gave for the password."""
        assert proof.begun is not None  # noqa: S101 - proved here
        batch = Batch()
        batch.append(new_event(app, request.by(proof.account.as_actor()), AccountSignedIn(), proof.account.id))
        await batch.commit(app.store)
        return proof.begun

    async def refresh(self, app: App, request: Request, refresh_token: str) -> Session:
        """Renew a session; with rotation switched on in the pool, its refresh token too."""
        try:
            renewed = await self._public(
                "get_tokens_from_refresh_token", ClientId=self._client_id, RefreshToken=refresh_token
            )
        except aws.error() as refused:
            if aws.code_of(refused) in _BUSY:
                raise _translate_refusal(refused) from refused
            raise Unauthorized("The refresh token is not valid; sign in again") from refused
        account = await self.whose(app, request, renewed["AuthenticationResult"]["IdToken"])
        return _session(account, {"RefreshToken": refresh_token, **renewed["AuthenticationResult"]})

    async def whose(self, app: App, request: Request, token: str) -> Account:
        """Verify a token of the pool, and that its session still counts."""
        claims = await self._verified(token)
        account = await self._account(app, request, claims)
        if account.disabled or not account.is_confirmed or _was_ended(account, claims):
            raise Unauthorized
        return account

    def lasts_until(self, token: str) -> int | None:  # noqa: ARG002 - the port's
        """Say nothing: the pool is asked each time."""
        return None

    async def end(self, app: App, request: Request, refresh_token: str) -> None:  # noqa: ARG002 - the port's
        """Revoke a refresh token; who shows it holds it. One that is none, or of another client, changes nothing."""
        try:
            await self._public("revoke_token", ClientId=self._client_id, Token=refresh_token)
        except aws.error() as refused:
            if aws.code_of(refused) in _BUSY:
                raise _translate_refusal(refused) from refused

    async def end_all(self, app: App, batch: Batch, account: Account) -> None:  # noqa: ARG002 - the port's
        """Revoke every refresh token; ID tokens of before end by the record's `sessions_ended_at`."""
        try:
            await self._call("admin_user_global_sign_out", Username=account.id)
        except aws.error() as refused:
            raise _translate_refusal(refused) from refused

    async def remove(self, app: App, account_id: str) -> None:  # noqa: ARG002 - the port's
        """Delete the user; the record stays, so that a token that was issued before identifies no one."""
        try:
            await self._call("admin_delete_user", Username=account_id)
        except aws.error() as refused:
            if aws.code_of(refused) != "UserNotFoundException":
                raise _translate_refusal(refused) from refused

    async def jwks(self, app: App) -> Mapping[str, Any]:  # noqa: ARG002 - the port's
        """Return the pool's public keys."""
        await self._keys.fetch("")
        return self._keys.document

    def close(self) -> None:
        """Nothing is held."""

    # ---- the pool's word and ours ------------------------------------------------------------

    async def _verified(self, token: str) -> Mapping[str, Any]:
        await self._keys.fetch(key_name(token))
        claims = self._verifier.verify(token)
        if claims["token_use"] != "id":  # noqa: S105 - the kind of a token
            raise Unauthorized
        return claims

    async def _account(self, app: App, request: Request, claims: Mapping[str, Any]) -> Account:
        """Return the account of a token: put on record when first met, in step with the group since."""
        role = role_of(claims.get("cognito:groups"))
        account = await records.find_account(app.store, claims["sub"])
        if account is None:
            return await self._put_on_record(app, request, claims["sub"], claims, role)
        if account.is_erased or account.role == role or claims["iat"] * 1000 <= account.updated_at:
            return account

        async def attempt() -> Account:
            known = await records.get_account(app.store, account.id)
            now = app.clock.now()
            batch = Batch()
            records.put_account(batch, replace(known, role=role, updated_at=now))
            changed = AccountChanged(role=role, disabled=known.disabled)
            batch.append(new_event(app, request.by(SYSTEM), changed, known.id))
            if role == "admin":
                await end_setup(app.store, batch)
            await batch.commit(app.store)
            return replace(known, role=role, updated_at=now, version=known.version + 1)

        return await retried(attempt)

    async def _meet(self, app: App, request: Request, email: str) -> None:
        """Put a user on record who is in the pool but not here."""
        if await records.find_account_by_email(app.store, email) is not None:
            return
        user = await self._call("admin_get_user", Username=email)
        attributes = _attributes(user["UserAttributes"])
        groups = await self._call("admin_list_groups_for_user", Username=attributes["sub"], Limit=60)
        role = role_of([group["GroupName"] for group in groups["Groups"]])
        await self._put_on_record(app, request, attributes["sub"], attributes, role)

    async def _put_on_record(
        self, app: App, request: Request, user_id: str, attributes: Mapping[str, Any], role: Role
    ) -> Account:
        email, now = normal_email(str(attributes.get("email", ""))), app.clock.now()
        verified = str(attributes.get("email_verified", "")).lower() == "true"

        async def attempt() -> Account:
            known = await records.find_account_by_email(app.store, email)
            if known is not None:
                if known.id == user_id:
                    return known
                # A user was deleted from the pool and created again; whose account it is cannot be known here.
                raise Unauthorized
            account = Account(
                id=user_id,
                email=email,
                name=str(attributes.get("name", ""))[:100],
                role=role,
                status="CONFIRMED" if verified else "UNCONFIRMED",
                created_at=now,
                updated_at=now,
            )
            batch = Batch()
            records.put_account(batch, account)
            records.claim_email(batch, email, user_id)
            batch.append(new_event(app, request.by(SYSTEM), AccountCreated(role=role), user_id))
            if role == "admin":
                await end_setup(app.store, batch)
            await batch.commit(app.store)
            return replace(account, version=1)

        return await retried(attempt)

    async def _call(self, operation: str, **arguments: Any) -> Any:
        return await aws.call("cognito-idp", operation, UserPoolId=self._pool_id, **arguments)

    async def _public(self, operation: str, **arguments: Any) -> Any:
        return await aws.call("cognito-idp", operation, **arguments)


def role_of(groups: Any) -> Role:
    """Read the role from a token's groups; an HTTP API's authorizer passes them as the text `[admin other]`."""
    if isinstance(groups, str):
        groups = groups.strip("[]").replace(",", " ").split()
    return "admin" if ADMINS in (groups or ()) else "customer"


def _was_ended(account: Account, claims: Mapping[str, Any]) -> bool:
    began: int = claims.get("auth_time", claims["iat"])
    return began * 1000 < account.sessions_ended_at


def _session(account: Account, result: Mapping[str, Any]) -> Session:
    return Session(
        result["IdToken"], result["AccessToken"], result["RefreshToken"], account, expires_in=result["ExpiresIn"]
    )


def _attribute(name: str, value: str) -> dict[str, str]:
    return {"Name": name, "Value": value}


def _attributes(pairs: list[dict[str, str]]) -> dict[str, str]:
    return {pair["Name"]: pair["Value"] for pair in pairs}


def _translate_refusal(refused: Exception) -> Exception:
    """Translate the pool's error into ours; a fault of our own stays as it is."""
    code = aws.code_of(refused)
    if code in _BUSY:
        return Busy()
    if code == "InvalidPasswordException":
        return Invalid.field(
            "password", "is refused by the user pool; choose a longer one, or one with more kinds of characters"
        )
    if code == NOT_TAKEN:
        return Invalid(
            "The user pool refuses a password that begins or ends with a space, "
            "and an address of more than 128 characters"
        )
    if code == "UserNotFoundException":
        return NotFound("This user no longer exists in the user pool")
    return refused
