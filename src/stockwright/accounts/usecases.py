"""Accounts: sign up, confirm, reset, and what admins do with them. Signing in is `sign_in.py`.

Nothing here reveals whether an address has an account: not an answer, not a status, not the time it
takes. Codes are mailed by a reaction; events and logs never hold one.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from unicodedata import combining, normalize

from stockwright.accounts import records
from stockwright.accounts.locks import attempts_id, count_try, forget_tries
from stockwright.accounts.model import (
    CODE_DIGITS,
    NOT_KEPT,
    Account,
    SignUpAgain,
    check_name,
    confirmed,
    confirmed_by,
    has_code,
    with_code,
    with_password,
    with_sessions_ended,
    with_sign_up,
)
from stockwright.accounts.password import check_password
from stockwright.accounts.setup_records import end_setup
from stockwright.accounts.sign_in import authenticate, check_own_password, own_password_tries
from stockwright.base.actor import UNKNOWN, Origin
from stockwright.base.email import ascii_email, check_new_email, email_spellings, normal_email
from stockwright.base.errors import AlreadyExists, Conflict, Forbidden, Invalid, Unauthorized, VersionConflict
from stockwright.commit import commit, new_event, unchanged
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from stockwright.accounts.identity import Enrolled
    from stockwright.accounts.model import AccountStatus, CodePurpose
    from stockwright.base.actor import Role
    from stockwright.base.event_names import CodeEvent
    from stockwright.context import App
    from stockwright.request import Request


__all__ = ["authenticate"]
SEARCHED_MAX: Final = 2000
"""How many accounts one request looks through for a search."""


@dataclass(frozen=True, slots=True)
class SignUp:
    """A person who wants an account."""

    email: str
    password: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class ChangeAccount:
    """What an admin changes of an account; only what is given."""

    id: str
    role: Role | None = None
    disabled: bool | None = None
    name: str | None = None
    expected_version: int | None = None
    mfa_off: bool = False
    """For somebody who has lost their phone."""


async def sign_up(app: App, request: Request, command: SignUp) -> str:
    """Make a customer's account; returns the address, the same whether it had an account or not.

    Where mail can be sent the address must be confirmed with a code; with only the local mailbox
    the account is confirmed at once. The owner of an account that is there already is mailed. While
    nobody has confirmed the address, each sign-up has a code of its own: the first has no claim.
    Sign-ups with one address are counted like failures, so that no mailbox can be flooded: while they
    are locked the answer stays the same, and nobody is mailed.
    """
    email = check_new_email(command.email)
    password = check_password(command.password, email)
    name = check_name(command.name)
    enrolled = await app.identity.enrol(app, request, email, password)

    async def attempt() -> str:
        tries = await records.load_attempts(app.store, f"sign-up {email}")
        known = await records.find_account_by_email(app.store, email)
        batch, now = Batch(), app.clock.now()
        records.put_attempts(batch, tries if tries.locked(now) else tries.failed(now), now)
        if known is not None and tries.locked(now):
            pass
        elif known is not None and (known.is_confirmed or known.disabled):
            batch.append(new_event(app, request, "account.signup_repeated", known.id))
        elif known is not None:
            again = SignUpAgain(app.ids.new("sgn"), name, enrolled.password_hash if enrolled else NOT_KEPT)
            records.put_account(batch, with_sign_up(known, again))
            batch.append(new_event(app, request, "account.verification_requested", known.id, signUp=again.id))
        elif enrolled is not None:
            account = new_account(app, email, name, "customer", enrolled)
            if app.mail.delivers:
                account = replace(account, status="UNCONFIRMED")
                batch.append(new_event(app, request, "account.verification_requested", account.id))
            records.put_account(batch, account)
            records.claim_email(batch, email, account.id)
            batch.append(new_event(app, request, "account.created", account.id, role=account.role))
        await commit(app, request, batch, email)
        return email

    return await retried(attempt)


async def resend_code(app: App, request: Request, email: str, origin: Origin = UNKNOWN) -> None:
    """Mail a new confirmation code for the newest sign-up, if there is an account that waits for one."""
    await _request_code(app, request, email, "account.verification_requested", "UNCONFIRMED", origin)


async def forgot_password(app: App, request: Request, email: str, origin: Origin = UNKNOWN) -> None:
    """Mail a reset code, if there is such an account."""
    await _request_code(app, request, email, "account.reset_requested", None, origin)


async def _request_code(
    app: App, request: Request, email: str, name: CodeEvent, status: AccountStatus | None, origin: Origin
) -> None:
    """Have a code mailed. Each request is counted like a failure, so that no mailbox can be flooded.

    An unknown address takes the same steps and one commit as well.
    """
    wanted = normal_email(email)
    tries_id = await attempts_id(app, name, wanted, origin)

    async def attempt() -> None:
        tries = await records.load_attempts(app.store, tries_id)
        now = app.clock.now()
        tries.check(now)
        account = await records.find_account_by_email(app.store, wanted)
        batch = Batch()
        records.put_attempts(batch, tries.failed(now), now)
        if account is not None and not account.disabled and status in (None, account.status):
            newest = {"signUp": account.further[-1].id} if status and account.further else {}
            batch.append(new_event(app, request, name, account.id, **newest))
        await commit(app, request, batch, wanted)

    await retried(attempt)


async def issue_code(
    app: App, account_id: str, purpose: CodePurpose, event_id_of_code: str | None = None, sign_up: str = ""
) -> tuple[Account, str]:
    """Make the code that is about to be mailed; the former one of that purpose, or of that further sign-up, ends.

    It follows from the shop's key and the event that asks for it (`event_id_of_code`; None: a new one), so
    that two mails of one event contain the same code.
    """
    digits = _digits(app, event_id_of_code or app.ids.new("evt"), CODE_DIGITS)

    async def attempt() -> tuple[Account, str]:
        account = await records.get_account(app.store, account_id)
        after = with_code(account, purpose, _code_hash(app, account.id, purpose, digits), app.clock.now(), sign_up)
        batch = Batch()
        records.put_account(batch, after)
        await batch.commit(app.store)
        return after, digits

    return await retried(attempt)


async def confirm_sign_up(
    app: App, request: Request, email: str, digits: str, password: str | None = None, origin: Origin = UNKNOWN
) -> None:
    """Confirm an address with its mailed code; confirming again is fine.

    The password is that of the sign-up which the code was mailed for, or the one that is given here:
    who reads the address's mail may set it.
    """
    wanted = normal_email(email)
    if password is not None:
        password = check_password(password, wanted)
    account, code_hash = await _spend_code(app, wanted, "confirmation", digits, origin)
    if account.is_confirmed:
        await unchanged(app, request, wanted)
        return
    if password is None and confirmed_by(account, code_hash, app.clock.now()).password_hash == NOT_KEPT:
        # The pool has another sign-up's password, which must not count: a reset sets one. Mixed, as pools want them.
        password = f"Aa1-{app.ids.secret(256).hex()}"
    password_hash = None if password is None else await app.identity.set_password(app, account, password)

    async def attempt() -> None:
        before, now = await records.get_account(app.store, account.id), app.clock.now()
        if before.is_confirmed:
            await unchanged(app, request, wanted)
            return
        if not has_code(before, "confirmation", code_hash, now):
            raise _wrong_code()
        after = confirmed_by(before, code_hash, now)
        if password_hash is not None:
            after = replace(after, password_hash=password_hash)
        await app.identity.follow(app, before, after)
        batch = Batch()
        records.put_account(batch, after)
        batch.append(new_event(app, request, "account.confirmed", account.id))
        await _end_setup_where_made_admin(app, batch, before, after)
        await commit(app, request, batch, after.email)

    await retried(attempt)


async def reset_password(
    app: App, request: Request, email: str, digits: str, password: str, origin: Origin = UNKNOWN
) -> None:
    """Set a new password with a mailed code; every session of the account ends, a lock too."""
    wanted = normal_email(email)
    password = check_password(password, wanted)
    account, _ = await _spend_code(app, wanted, "reset", digits, origin)
    await set_password(app, request, account.id, password)
    await forget_tries(app, await attempts_id(app, "sign-in", wanted, origin))


async def change_password(app: App, request: Request, current: str, password: str) -> None:
    """Set a new password, knowing the current one; every session ends, this one too."""
    account = await records.get_account(app.store, request.actor.id)
    await check_own_password(app, request, account, current, "currentPassword")
    password = check_password(password, account.email, "newPassword")
    await set_password(app, request, account.id, password)


async def set_password(app: App, request: Request, account_id: str, password: str) -> None:
    """Set a password and end every session; who reads the account's mail has confirmed it."""
    known = await records.get_account(app.store, account_id)
    password_hash = await app.identity.set_password(app, known, check_password(password, known.email))

    async def attempt() -> None:
        account = await records.get_account(app.store, account_id)
        now = app.clock.now()
        after = confirmed(with_password(account, password_hash, now), now)
        await app.identity.follow(app, account, after)
        batch = Batch()
        records.put_account(batch, after)
        await app.identity.end_all(app, batch, account)
        await _end_setup_where_made_admin(app, batch, account, after)
        batch.append(new_event(app, request, "account.password_changed", account_id))
        await commit(app, request, batch, account_id)

    await retried(attempt)
    await forget_tries(app, await attempts_id(app, "sign-in", normal_email(known.email), UNKNOWN))
    await forget_tries(app, own_password_tries(account_id))


async def get_me(app: App, request: Request) -> Account:
    """Get the caller's own account; an API key has none."""
    if request.actor.kind != "account":
        raise Unauthorized("An API key has no account")
    return await records.get_account(app.store, request.actor.id)


async def rename_me(app: App, request: Request, name: str, expected_version: int | None = None) -> Account:
    """Change your own name."""
    account = await get_me(app, request)
    return await change_account(app, request, ChangeAccount(account.id, name=name, expected_version=expected_version))


async def change_account(app: App, request: Request, command: ChangeAccount) -> Account:
    """Change a role, a name, whether an account may sign in, or end its second factor; the last admin stays one."""
    if command.mfa_off and request.actor.id == command.id:
        raise Forbidden("Switch off your own second factor on your account page, with your password")

    async def attempt() -> Account:
        before = await records.get_account(app.store, command.id)
        if command.expected_version not in (None, before.version):
            raise VersionConflict(details={"current": before})
        after = replace(
            before,
            name=before.name if command.name is None else check_name(command.name),
            role=before.role if command.role is None else command.role,
            disabled=before.disabled if command.disabled is None else command.disabled,
            mfa=None if command.mfa_off else before.mfa,
        )
        if after == before:
            return await unchanged(app, request, before)
        batch, now = Batch(), app.clock.now()
        if before.administers and not after.administers:
            await _keep_one_admin(app, batch, before)
        await _end_setup_where_made_admin(app, batch, before, after)
        factor_ended = after.mfa is not before.mfa
        if (after.disabled and not before.disabled) or factor_ended:
            after = with_sessions_ended(after, now)
            await app.identity.end_all(app, batch, before)
        await app.identity.follow(app, before, after)
        records.put_account(batch, replace(after, updated_at=now))
        batch.append(new_event(app, request, "account.changed", before.id, role=after.role, disabled=after.disabled))
        if factor_ended:
            batch.append(new_event(app, request, "account.mfa_off", before.id))
        after = replace(after, updated_at=now, version=before.version + 1)
        await commit(app, request, batch, after)
        return after

    return await retried(attempt)


async def _keep_one_admin(app: App, batch: Batch, leaving: Account) -> None:
    """Refuse to lose the last admin; the commit stands only while the other one stays."""
    async for each in records.every_admin(app.store):
        if each.id != leaving.id:
            batch.check(records.account_key(each.id), each.version)
            return
    raise Conflict("This is the last admin who can sign in; create another admin first")


async def _end_setup_where_made_admin(app: App, batch: Batch, before: Account | None, after: Account) -> None:
    """End the set-up link in the commit after which an admin exists."""
    if after.administers and not (before is not None and before.administers):
        await end_setup(app.store, batch)


async def add_account(app: App, request: Request, command: SignUp, role: Role) -> Account:
    """Make a confirmed account for somebody (command line, demo, first start); 409 where there is one."""
    email = check_new_email(command.email)
    password = check_password(command.password, email)
    enrolled = await app.identity.enrol(app, request, email, password)

    async def attempt() -> Account:
        if enrolled is None or await records.find_account_by_email(app.store, email) is not None:
            raise AlreadyExists(f"{email} already has an account")
        account = new_account(app, email, check_name(command.name), role, enrolled)
        await app.identity.follow(app, new_account(app, email, "", "customer", enrolled), account)
        batch = Batch()
        records.put_account(batch, account)
        records.claim_email(batch, email, account.id)
        batch.append(new_event(app, request, "account.created", account.id, role=role))
        await _end_setup_where_made_admin(app, batch, None, account)
        account = replace(account, version=1)
        await commit(app, request, batch, account)
        return account

    return await retried(attempt)


async def list_accounts(
    app: App, limit: int, after: str | None = None, search: str = ""
) -> tuple[list[Account], str | None]:
    """List accounts, newest first: those whose email or name holds every word of the search.

    A search examines at most SEARCHED_MAX accounts; the page may then be short though more follow.
    """
    words = _plain(search).split()
    if not words:
        return await records.page_of_accounts(app.store, limit=limit, after=after)
    found: list[Account] = []
    for _ in range(max(1, SEARCHED_MAX // limit)):
        page, following = await records.page_of_accounts(app.store, limit=limit, after=after)
        matching = [each for each in page if all(word in _searched_text(each) for word in words)]
        if len(found) + len(matching) > limit:
            return found, after
        found, after = found + matching, following
        if after is None or len(found) == limit:
            break
        # Reading from the store may never suspend: let a serving process serve.
        await asyncio.sleep(0)
    return found, after


# ---- helpers ---------------------------------------------------------------------------------


async def _spend_code(app: App, email: str, purpose: CodePurpose, digits: str, origin: Origin) -> tuple[Account, str]:
    """Check a mailed code; return whose it is, and its hash. Each try is counted first, for unknown addresses too."""
    tries = await attempts_id(app, purpose, email, origin)
    await count_try(app, tries)
    account = await records.find_account_by_email(app.store, email)
    code_hash = _code_hash(app, account.id if account else "", purpose, digits)
    if account is None or not has_code(account, purpose, code_hash, app.clock.now()):
        raise _wrong_code()
    await forget_tries(app, tries)
    return account, code_hash


def _searched_text(account: Account) -> str:
    """Return what a search looks into: the name, and the address with its domain in ASCII and in Unicode."""
    return _plain(" ".join((account.email, *email_spellings(ascii_email(account.email)), account.name)))


def _plain(text: str) -> str:
    """Return a text without regard to case and accents."""
    return "".join(each for each in normalize("NFKD", text.casefold()) if not combining(each))


def _wrong_code() -> Invalid:
    return Invalid.field("code", "is wrong or has expired; request a new one")


def _code_hash(app: App, account_id: str, purpose: str, digits: str) -> str:
    """Hash a short code with the shop's key: the store alone does not reveal it."""
    message = f"{purpose}\x00{account_id}\x00{digits.strip()}".encode()
    return hmac.digest(app.signing_key, message, hashlib.sha256).hex()


def _digits(app: App, seed: str, count: int) -> str:
    """Turn a name into digits that only the owner of the shop's key can compute."""
    made = int.from_bytes(hmac.digest(app.signing_key, f"code\x00{seed}".encode(), hashlib.sha256))
    return f"{made % 10**count:0{count}d}"


def new_account(app: App, email: str, name: str, role: Role, enrolled: Enrolled) -> Account:
    """Build the confirmed account of somebody new."""
    now = app.clock.now()
    return Account(
        id=enrolled.id,
        email=email,
        name=name,
        role=role,
        status="CONFIRMED",
        password_hash=enrolled.password_hash,
        created_at=now,
        updated_at=now,
    )
