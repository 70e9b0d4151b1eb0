"""Accounts: passwords, one's own account, and what admins do with others'. See also `sign_up.py` and `sign_in.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from stockwright.accounts import records
from stockwright.accounts.identity import identity_of
from stockwright.accounts.locks import attempts_id, forget_tries
from stockwright.accounts.model import (
    Account,
    check_name,
    confirmed,
    with_password,
    with_sessions_ended,
)
from stockwright.accounts.password import check_password
from stockwright.accounts.sign_in import check_own_password, own_password_tries
from stockwright.accounts.sign_up import SignUp, end_setup_where_made_admin, new_account, plain_code, spend_code
from stockwright.base.actor import UNKNOWN, Origin
from stockwright.base.email import ascii_email, check_new_email, email_spellings, normal_email
from stockwright.base.errors import AlreadyExists, Conflict, Forbidden, Unauthorized, VersionConflict
from stockwright.base.long_work import give_way
from stockwright.commit import commit, new_event, unchanged
from stockwright.events.catalogue import AccountChanged, AccountCreated, AccountMfaOff, AccountPasswordChanged
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from stockwright.base.actor import Role
    from stockwright.context import App
    from stockwright.request import Request


SEARCHED_MAX: Final = 2000
"""How many accounts one request looks through for a search."""


class ChangeAccount(Struct, frozen=True):
    """What an admin changes of an account; only what is given."""

    id: str
    role: Role | None = None
    disabled: bool | None = None
    name: str | None = None
    expected_version: int | None = None
    mfa_off: bool = False
    locale: str | None = None
    """For somebody who has lost their phone."""


async def reset_password(
    app: App, request: Request, email: str, digits: str, password: str, origin: Origin = UNKNOWN
) -> None:
    """Set a new password with a mailed code; every session of the account ends, a lock too."""
    wanted = normal_email(email)
    password = check_password(password, wanted)
    account, _ = await spend_code(app, wanted, "reset", digits, origin)
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
    password_hash = await identity_of(app).set_password(app, known, check_password(password, known.email))

    async def attempt() -> None:
        account = await records.get_account(app.store, account_id)
        now = app.clock.now()
        after = confirmed(with_password(account, password_hash, now), now)
        await identity_of(app).follow(app, account, after)
        batch = Batch()
        records.put_account(batch, after)
        await identity_of(app).end_all(app, batch, account)
        await end_setup_where_made_admin(app, batch, account, after)
        batch.append(new_event(app, request, AccountPasswordChanged(), account_id))
        await commit(app, request, batch, account_id)

    await retried(attempt)
    await forget_tries(app, await attempts_id(app, "sign-in", normal_email(known.email), UNKNOWN))
    await forget_tries(app, own_password_tries(account_id))


async def get_me(app: App, request: Request) -> Account:
    """Get the caller's own account; an API key has none."""
    if request.actor.kind != "account":
        raise Unauthorized("An API key has no account")
    return await records.get_account(app.store, request.actor.id)


async def change_me(
    app: App, request: Request, name: str | None, locale: str | None, expected_version: int | None = None
) -> Account:
    """Change your own name or language; only what is given."""
    account = await get_me(app, request)
    return await change_account(
        app, request, ChangeAccount(account.id, name=name, locale=locale, expected_version=expected_version)
    )


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
            locale=before.locale if command.locale is None else command.locale,
            role=before.role if command.role is None else command.role,
            disabled=before.disabled if command.disabled is None else command.disabled,
            mfa=None if command.mfa_off else before.mfa,
        )
        if after == before:
            return await unchanged(app, request, before)
        batch, now = Batch(), app.clock.now()
        if before.administers and not after.administers:
            await keep_one_admin(app, batch, before)
        await end_setup_where_made_admin(app, batch, before, after)
        factor_ended = after.mfa is not before.mfa
        if (after.disabled and not before.disabled) or factor_ended:
            after = with_sessions_ended(after, now)
            await identity_of(app).end_all(app, batch, before)
        await identity_of(app).follow(app, before, after)
        records.put_account(batch, replace(after, updated_at=now))
        batch.append(new_event(app, request, AccountChanged(role=after.role, disabled=after.disabled), before.id))
        if factor_ended:
            batch.append(new_event(app, request, AccountMfaOff(), before.id))
        after = replace(after, updated_at=now, version=before.version + 1)
        await commit(app, request, batch, after)
        return after

    return await retried(attempt)


async def keep_one_admin(app: App, batch: Batch, leaving: Account) -> None:
    """Refuse (Conflict) to lose the last admin; the commit is Stale if the other one leaves meanwhile."""
    async for each in records.every_admin(app.store):
        if each.id != leaving.id:
            batch.check(records.account_key(each.id), each.version)
            return
    raise Conflict("This is the last admin who can sign in; create another admin first")


async def add_account(app: App, request: Request, command: SignUp, role: Role) -> Account:
    """Make a confirmed account for somebody (command line, demo, first start); 409 where there is one."""
    email = check_new_email(command.email)
    password = check_password(command.password, email)
    enrolled = await identity_of(app).enrol(app, request, email, password)

    async def attempt() -> Account:
        if enrolled is None or await records.find_account_by_email(app.store, email) is not None:
            raise AlreadyExists(f"{email} already has an account")
        account = new_account(app, email, check_name(command.name), role, enrolled)
        await identity_of(app).follow(app, new_account(app, email, "", "customer", enrolled), account)
        batch = Batch()
        records.put_account(batch, account)
        records.claim_email(batch, email, account.id)
        batch.append(new_event(app, request, AccountCreated(role=role), account.id))
        await end_setup_where_made_admin(app, batch, None, account)
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
    words = plain_code(search).split()
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
        await give_way()
    return found, after


def _searched_text(account: Account) -> str:
    """Return what a search looks into: the name, and the address with its domain in ASCII and in Unicode."""
    return plain_code(" ".join((account.email, *email_spellings(ascii_email(account.email)), account.name)))
