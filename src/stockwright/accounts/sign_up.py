"""Signing up, and the codes that are mailed for it.

Nothing here reveals whether an address has an account: not an answer, not a status, not the time it takes.
Codes are mailed by a handler; events and logs never hold one.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING
from unicodedata import combining, normalize

from msgspec import Struct
from msgspec.structs import replace

from stockwright.accounts import records
from stockwright.accounts.identity import identity_of
from stockwright.accounts.locks import attempts_id, count_try, forget_tries
from stockwright.accounts.model import (
    CODE_DIGITS,
    UNKNOWN_HASH,
    Account,
    SignUpAgain,
    check_name,
    confirmed_by,
    has_code,
    with_code,
    with_sign_up,
)
from stockwright.accounts.password import check_password
from stockwright.accounts.setup_records import end_setup
from stockwright.base.actor import UNKNOWN, Origin
from stockwright.base.email import check_new_email, normal_email
from stockwright.base.errors import Invalid
from stockwright.commit import commit, new_event, unchanged
from stockwright.events.catalogue import (
    AccountConfirmed,
    AccountCreated,
    AccountResetRequested,
    AccountSignupRepeated,
    AccountVerificationRequested,
    CodeRequested,
)
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from stockwright.accounts.identity import Enrolled
    from stockwright.accounts.model import AccountStatus, CodePurpose
    from stockwright.base.actor import Role
    from stockwright.context import App
    from stockwright.request import Request


class SignUp(Struct, frozen=True):
    """A person who wants an account."""

    email: str
    password: str
    name: str = ""


async def sign_up(app: App, request: Request, command: SignUp) -> str:
    """Make a customer's account; returns the address, the same whether it had an account or not.

    Where mail can be sent the address must be confirmed with a code; with only the local mailbox
    the account is confirmed at once. The owner of an account that is there already is mailed. While
    the address is not confirmed, each sign-up has a code of its own: the first one counts no more than the others.
    Sign-ups with one address are counted like failures, so that no mailbox can be flooded: while they
    are locked the answer stays the same, and nobody is mailed.
    """
    email = check_new_email(command.email)
    password = check_password(command.password, email)
    name = check_name(command.name)
    enrolled = await identity_of(app).enrol(app, request, email, password)
    tries_id = f"sign-up {email}"

    async def attempt() -> str:
        tries = await records.load_attempts(app.store, tries_id)
        known = await records.find_account_by_email(app.store, email)
        batch, now = Batch(), app.clock.now()
        records.put_attempts(batch, tries_id, tries if tries.locked(now) else tries.failed(now), now)
        if known is not None and tries.locked(now):
            pass
        elif known is not None and (known.is_confirmed or known.disabled):
            batch.append(new_event(app, request, AccountSignupRepeated(), known.id))
        elif known is not None:
            again = SignUpAgain(app.ids.new("sgn"), name, enrolled.password_hash if enrolled else UNKNOWN_HASH)
            records.put_account(batch, with_sign_up(known, again))
            batch.append(new_event(app, request, AccountVerificationRequested(sign_up=again.id), known.id))
        elif enrolled is not None:
            account = new_account(app, email, name, "customer", enrolled)
            if app.mail.delivers:
                account = replace(account, status="UNCONFIRMED")
                batch.append(new_event(app, request, AccountVerificationRequested(), account.id))
            records.put_account(batch, account)
            records.claim_email(batch, email, account.id)
            batch.append(new_event(app, request, AccountCreated(role=account.role), account.id))
        await commit(app, request, batch, email)
        return email

    return await retried(attempt)


async def resend_code(app: App, request: Request, email: str, origin: Origin = UNKNOWN) -> None:
    """Mail a new confirmation code for the newest sign-up, if there is an account that waits for one."""
    await _request_code(app, request, email, AccountVerificationRequested, "UNCONFIRMED", origin)


async def forgot_password(app: App, request: Request, email: str, origin: Origin = UNKNOWN) -> None:
    """Mail a reset code, if there is such an account."""
    await _request_code(app, request, email, AccountResetRequested, None, origin)


async def _request_code(
    app: App, request: Request, email: str, event: type[CodeRequested], status: AccountStatus | None, origin: Origin
) -> None:
    """Have a code mailed. Each request is counted like a failure, so that no mailbox can be flooded.

    An unknown address takes the same steps and one commit as well.
    """
    wanted = normal_email(email)
    tries_id = await attempts_id(app, event.event_name, wanted, origin)

    async def attempt() -> None:
        tries = await records.load_attempts(app.store, tries_id)
        now = app.clock.now()
        tries.check(now)
        account = await records.find_account_by_email(app.store, wanted)
        batch = Batch()
        records.put_attempts(batch, tries_id, tries.failed(now), now)
        if account is not None and not account.disabled and status in (None, account.status):
            data = event()
            if isinstance(data, AccountVerificationRequested) and account.further:
                data = AccountVerificationRequested(sign_up=account.further[-1].id)
            batch.append(new_event(app, request, data, account.id))
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
    account, code_hash = await spend_code(app, wanted, "confirmation", digits, origin)
    if account.is_confirmed:
        await unchanged(app, request, wanted)
        return
    if password is None and confirmed_by(account, code_hash, app.clock.now()).password_hash == UNKNOWN_HASH:
        # The pool has another sign-up's password, which must not count: a reset sets one. Mixed, as pools want them.
        password = f"Aa1-{app.ids.secret(256).hex()}"
    password_hash = None if password is None else await identity_of(app).set_password(app, account, password)

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
        await identity_of(app).follow(app, before, after)
        batch = Batch()
        records.put_account(batch, after)
        batch.append(new_event(app, request, AccountConfirmed(), account.id))
        await end_setup_where_made_admin(app, batch, before, after)
        await commit(app, request, batch, after.email)

    await retried(attempt)


async def end_setup_where_made_admin(app: App, batch: Batch, before: Account | None, after: Account) -> None:
    """End the set-up link in the commit after which an admin exists."""
    if after.administers and not (before is not None and before.administers):
        await end_setup(app.store, batch)


# ---- helpers ---------------------------------------------------------------------------------


async def spend_code(app: App, email: str, purpose: CodePurpose, digits: str, origin: Origin) -> tuple[Account, str]:
    """Check a mailed code; return whose it is, and its hash. Each try is counted first, for unknown addresses too."""
    tries = await attempts_id(app, purpose, email, origin)
    await count_try(app, tries)
    account = await records.find_account_by_email(app.store, email)
    code_hash = _code_hash(app, account.id if account else "", purpose, digits)
    if account is None or not has_code(account, purpose, code_hash, app.clock.now()):
        raise _wrong_code()
    await forget_tries(app, tries)
    return account, code_hash


def plain_code(text: str) -> str:
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
