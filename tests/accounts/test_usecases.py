"""Accounts: signing up and confirming without revealing who has one, new passwords, and the last admin."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from stockwright.accounts.first_admin import LASTS_MS, admin_emails, offer_setup, set_up
from stockwright.accounts.model import Account
from stockwright.accounts.records import claim_email, find_account_by_email, get_account, put_account
from stockwright.accounts.setup_records import SETUP_KEY, delete_setup, find_setup
from stockwright.accounts.sign_in import SignIn, authenticate, end_mfa, refresh, sign_in
from stockwright.accounts.sign_up import SignUp, confirm_sign_up, forgot_password, issue_code, resend_code, sign_up
from stockwright.accounts.usecases import (
    ChangeAccount,
    add_account,
    change_account,
    change_me,
    change_password,
    list_accounts,
    reset_password,
    set_password,
)
from stockwright.base.actor import Actor
from stockwright.base.errors import AccountLocked, AlreadyExists, Conflict, Invalid, Unauthorized, VersionConflict
from stockwright.context import App
from stockwright.request import Request
from stockwright.store.batch import Batch, Stale
from stockwright.store.migrations import upgrade
from stockwright.store.port import Put
from tests.conftest import ADMIN, VISITOR, Clock
from tests.shops import Mailbox, meanwhile

ADA = "ada@example.com"
GOOD = "Blauwal-77"
BETTER = "Grauwal-88"


async def joined(shop: App, email: str = ADA, password: str = GOOD) -> Account:
    """Sign up; the address is confirmed at once where mail is not sent."""
    await sign_up(shop, VISITOR, SignUp(email, password, "Ada"))
    return await known(shop, email.strip().lower())


async def known(shop: App, email: str = ADA) -> Account:
    account = await find_account_by_email(shop.store, email)
    assert account is not None
    return account


async def names(shop: App) -> list[str]:
    return [event.name for event in await shop.store.tail(limit=1000) if event.name.startswith("account.")]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def test_without_a_mail_server_an_account_is_confirmed_at_once(shop: App) -> None:
    account = await joined(shop, "  Ada@Example.COM ")
    assert (account.email, account.role, account.is_confirmed) == (ADA, "customer", True)
    assert await names(shop) == ["account.created"]
    assert (await sign_in(shop, VISITOR, SignIn(ADA, GOOD))).account.id == account.id


async def test_with_a_mail_server_an_account_is_confirmed_by_its_code(shop: App, mailbox: Mailbox) -> None:
    mailbox.delivers = True
    account = await joined(shop)
    assert not account.is_confirmed
    assert "account.verification_requested" in await names(shop)

    _, code = await issue_code(shop, account.id, "confirmation")
    with pytest.raises(Invalid):
        await confirm_sign_up(shop, VISITOR, ADA, wrong(code))
    await confirm_sign_up(shop, VISITOR, ADA, f" {code} ")

    assert (await known(shop)).is_confirmed
    await confirm_sign_up(shop, VISITOR, ADA, code)
    assert (await names(shop)).count("account.confirmed") == 1


async def test_a_sign_up_with_a_taken_address_gets_the_usual_answer_and_notifies_the_owner(shop: App) -> None:
    first = await sign_up(shop, VISITOR, SignUp(ADA, GOOD, "Ada"))
    before = await known(shop)
    second = await sign_up(shop, VISITOR, SignUp(ADA.upper(), BETTER, "Mallory"))
    assert first == second
    assert await known(shop) == before
    assert await names(shop) == ["account.created", "account.signup_repeated"]


async def codes(shop: App) -> list[str]:
    """The codes of all confirmation mails, in the order in which they were asked for."""
    asked = [event for event in await shop.store.tail(limit=100) if event.name == "account.verification_requested"]
    return [
        (await issue_code(shop, event.subject, "confirmation", event.id, event.data.get("signUp", "")))[1]
        for event in asked
    ]


async def test_signing_up_first_gives_no_claim_on_an_address_one_cannot_read(shop: App, mailbox: Mailbox) -> None:
    mailbox.delivers = True
    await sign_up(shop, VISITOR, SignUp(ADA, "Thief-Horse-66", "Mallory"))
    await sign_up(shop, VISITOR, SignUp(ADA, GOOD, "Ada"))
    await sign_up(shop, VISITOR, SignUp(ADA, "Thief-Horse-67", "Mallory"))
    before, hers, after = await codes(shop)
    await confirm_sign_up(shop, VISITOR, ADA, hers)

    account = (await sign_in(shop, VISITOR, SignIn(ADA, GOOD))).account
    assert (account.name, account.further) == ("Ada", ())
    for password in ("Thief-Horse-66", "Thief-Horse-67"):
        with pytest.raises(Unauthorized):
            await sign_in(shop, VISITOR, SignIn(ADA, password))
    await confirm_sign_up(shop, VISITOR, ADA, hers)
    for thiefs in (before, after):
        with pytest.raises(Invalid):
            await confirm_sign_up(shop, VISITOR, ADA, thiefs)
    assert (await sign_in(shop, VISITOR, SignIn(ADA, GOOD))).account == account


async def test_a_code_that_is_requested_again_belongs_to_the_newest_sign_up(shop: App, mailbox: Mailbox) -> None:
    mailbox.delivers = True
    await joined(shop, password="Blauwal-78")
    await joined(shop, password=GOOD)
    await resend_code(shop, VISITOR, ADA)
    _, second, newest = await codes(shop)
    with pytest.raises(Invalid):
        await confirm_sign_up(shop, VISITOR, ADA, second)
    await confirm_sign_up(shop, VISITOR, ADA, newest)
    assert await sign_in(shop, VISITOR, SignIn(ADA, GOOD))


async def test_a_code_with_a_password_confirms_that_password_no_matter_who_signed_up_last(
    shop: App, mailbox: Mailbox
) -> None:
    mailbox.delivers = True
    await joined(shop)
    await joined(shop, password="Thief-Horse-66")
    _, thiefs = await codes(shop)
    with pytest.raises(Invalid):
        await confirm_sign_up(shop, VISITOR, ADA, wrong(thiefs), GOOD)
    with pytest.raises(Invalid):
        await confirm_sign_up(shop, VISITOR, ADA, thiefs, "Password1")
    await confirm_sign_up(shop, VISITOR, ADA, thiefs, GOOD)
    assert await sign_in(shop, VISITOR, SignIn(ADA, GOOD))

    # The code confirms once; it is none to set a new password with.
    await confirm_sign_up(shop, VISITOR, ADA, thiefs, BETTER)
    assert await sign_in(shop, VISITOR, SignIn(ADA, GOOD))


async def test_the_first_and_the_newest_of_many_sign_ups_stay_pending(
    shop: App, mailbox: Mailbox, clock: Clock
) -> None:
    mailbox.delivers = True
    for number in range(8):
        await joined(shop, password=f"Blauwal-{number}")
        clock.advance(minutes=15)
    assert len((await known(shop)).further) == 4
    found = await codes(shop)
    for pushed_out in found[1:4]:
        with pytest.raises(Invalid):
            await confirm_sign_up(shop, VISITOR, ADA, pushed_out)
    await confirm_sign_up(shop, VISITOR, ADA, found[0])
    assert await sign_in(shop, VISITOR, SignIn(ADA, "Blauwal-0"))


async def test_a_password_reset_ends_pending_sign_ups(shop: App, mailbox: Mailbox) -> None:
    mailbox.delivers = True
    await joined(shop, password="Thief-Horse-66")
    account = await joined(shop, password="Thief-Horse-67")
    found = await codes(shop)
    _, code = await issue_code(shop, account.id, "reset")
    await reset_password(shop, VISITOR, ADA, code, GOOD)
    assert (await known(shop)).further == ()
    with pytest.raises(Invalid):
        await confirm_sign_up(shop, VISITOR, ADA, found[1])
    assert await sign_in(shop, VISITOR, SignIn(ADA, GOOD))


async def test_a_disabled_account_cannot_sign_up_again(shop: App, mailbox: Mailbox) -> None:
    mailbox.delivers = True
    account = await joined(shop)
    await change_account(shop, ADMIN, ChangeAccount(account.id, disabled=True))
    await joined(shop, password=BETTER)
    assert (await names(shop))[-1] == "account.signup_repeated"
    assert (await known(shop)).further == ()


async def test_two_sign_ups_with_one_address_at_once_create_one_account(shop: App) -> None:
    await asyncio.gather(*[sign_up(shop, VISITOR, SignUp(ADA, GOOD)) for _ in range(8)])
    accounts, _ = await list_accounts(shop, 20)
    assert [account.email for account in accounts] == [ADA]
    assert (await names(shop)).count("account.created") == 1


async def test_a_weak_password_creates_no_account(shop: App) -> None:
    for password in ("short", "blauwal-77", "Password1", "ada@example.com"):
        with pytest.raises(Invalid):
            await sign_up(shop, VISITOR, SignUp(ADA, password))
    assert await list_accounts(shop, 20) == ([], None)


async def test_events_and_items_hold_no_password_and_no_code(shop: App, mailbox: Mailbox) -> None:
    mailbox.delivers = True
    account = await joined(shop)
    _, code = await issue_code(shop, account.id, "confirmation")
    body = str([event.data for event in await shop.store.tail(limit=100)]) + str(await known(shop))
    assert GOOD not in body
    assert code not in body
    stored = (await known(shop)).codes["confirmation"].hash
    assert code not in stored


async def test_a_new_code_makes_the_first_one_invalid(shop: App) -> None:
    account = await joined(shop)
    _, first = await issue_code(shop, account.id, "reset")
    _, second = await issue_code(shop, account.id, "reset")
    if first != second:
        with pytest.raises(Invalid):
            await reset_password(shop, VISITOR, ADA, first, BETTER)
    await reset_password(shop, VISITOR, ADA, second, BETTER)


async def test_a_reset_ends_every_session_and_its_code_works_once(shop: App) -> None:
    account = await joined(shop)
    before = await sign_in(shop, VISITOR, SignIn(ADA, GOOD))
    _, code = await issue_code(shop, account.id, "reset")
    await reset_password(shop, VISITOR, ADA, code, BETTER)

    for failing in (authenticate(shop, VISITOR, before.id_token), refresh(shop, VISITOR, before.refresh_token)):
        with pytest.raises(Unauthorized):
            await failing
    with pytest.raises(Invalid):
        await reset_password(shop, VISITOR, ADA, code, GOOD)
    assert await sign_in(shop, VISITOR, SignIn(ADA, BETTER))


async def test_a_reset_code_ends_after_an_hour(shop: App, clock: Clock) -> None:
    account = await joined(shop)
    _, code = await issue_code(shop, account.id, "reset")
    clock.advance(minutes=60)
    with pytest.raises(Invalid):
        await reset_password(shop, VISITOR, ADA, code, BETTER)


async def test_codes_cannot_be_guessed_on_known_or_unknown_addresses(shop: App) -> None:
    account = await joined(shop)
    _, code = await issue_code(shop, account.id, "reset")
    for email in (ADA, "nobody@example.com"):
        for _ in range(5):
            with pytest.raises(Invalid):
                await reset_password(shop, VISITOR, email, wrong(code), BETTER)
        with pytest.raises(AccountLocked):
            await reset_password(shop, VISITOR, email, code, BETTER)


async def test_requesting_codes_reveals_nothing_and_has_the_same_effects_for_known_and_unknown_addresses(
    shop: App, mailbox: Mailbox
) -> None:
    mailbox.delivers = True
    account = await joined(shop)
    await forgot_password(shop, VISITOR, ADA)
    await forgot_password(shop, VISITOR, "nobody@example.com")
    await resend_code(shop, VISITOR, ADA)
    await resend_code(shop, VISITOR, "nobody@example.com")

    asked = [event for event in await shop.store.tail(limit=100) if event.name.endswith("_requested")]
    assert [(event.name, event.subject) for event in asked] == [
        ("account.verification_requested", account.id),
        ("account.reset_requested", account.id),
        ("account.verification_requested", account.id),
    ]


async def test_the_number_of_mails_of_repeated_sign_ups_is_limited(shop: App, mailbox: Mailbox, clock: Clock) -> None:
    await joined(shop)
    for _ in range(25):
        assert await sign_up(shop, VISITOR, SignUp(ADA, GOOD)) == ADA
    assert (await names(shop)).count("account.signup_repeated") == 4
    # What is not mailed does not count: a second later one more is, and then none for two.
    for seconds, mails in ((1, 5), (1, 5), (1, 6)):
        clock.advance(seconds=seconds)
        await joined(shop)
        assert (await names(shop)).count("account.signup_repeated") == mails

    mailbox.delivers = True
    for number in range(10):
        await joined(shop, "new@example.com", f"Blauwal-{number}")
    assert (await names(shop)).count("account.verification_requested") == 5
    assert len((await known(shop, "new@example.com")).further) == 4


async def test_the_number_of_mailed_codes_is_limited(shop: App) -> None:
    await joined(shop)
    for email in (ADA, "nobody@example.com"):
        for _ in range(5):
            await forgot_password(shop, VISITOR, email)
        with pytest.raises(AccountLocked):
            await forgot_password(shop, VISITOR, email)
    assert (await names(shop)).count("account.reset_requested") == 5


async def test_changing_the_password_takes_the_old_one_and_ends_every_session(shop: App) -> None:
    ada = Request((await joined(shop)).as_actor())
    before = await sign_in(shop, VISITOR, SignIn(ADA, GOOD))
    with pytest.raises(Invalid) as refused:
        await change_password(shop, ada, BETTER, BETTER)
    assert refused.value.details[0]["field"] == "currentPassword"
    await change_password(shop, ada, GOOD, BETTER)
    with pytest.raises(Unauthorized):
        await authenticate(shop, VISITOR, before.id_token)
    with pytest.raises(Unauthorized):
        await sign_in(shop, VISITOR, SignIn(ADA, GOOD))
    assert await sign_in(shop, VISITOR, SignIn(ADA, BETTER))


async def test_the_holder_of_a_token_cannot_guess_the_password(shop: App) -> None:
    ada = Request((await joined(shop)).as_actor())
    for _ in range(5):
        with pytest.raises(Invalid):
            await change_password(shop, ada, BETTER, BETTER)
    with pytest.raises(AccountLocked):
        await change_password(shop, ada, GOOD, BETTER)
    with pytest.raises(AccountLocked):
        await end_mfa(shop, ada, GOOD)


async def test_a_person_changes_their_name_unless_the_account_changed_since(shop: App) -> None:
    account = await joined(shop)
    renamed = await change_me(shop, Request(account.as_actor()), " Ada L. ", "de-AT", account.version)
    assert renamed == await known(shop)
    assert renamed.name == "Ada L."
    with pytest.raises(VersionConflict):
        await change_me(shop, Request(account.as_actor()), "Other", None, account.version)


async def test_a_machine_has_no_account_of_its_own(shop: App) -> None:
    with pytest.raises(Unauthorized):
        await change_me(shop, Request(Actor("key_1", "key")), "Robot", None)


async def test_a_disabled_account_loses_access_at_once_and_permanently(shop: App) -> None:
    account = await joined(shop)
    session = await sign_in(shop, VISITOR, SignIn(ADA, GOOD))
    await change_account(shop, ADMIN, ChangeAccount(account.id, disabled=True))
    for failing in (
        authenticate(shop, VISITOR, session.id_token),
        refresh(shop, VISITOR, session.refresh_token),
        sign_in(shop, VISITOR, SignIn(ADA, GOOD)),
    ):
        with pytest.raises(Unauthorized):
            await failing
    await change_account(shop, ADMIN, ChangeAccount(account.id, disabled=False))
    with pytest.raises(Unauthorized):
        await authenticate(shop, VISITOR, session.id_token)
    assert await sign_in(shop, VISITOR, SignIn(ADA, GOOD))


async def test_a_new_role_applies_from_the_next_request(shop: App) -> None:
    account = await joined(shop)
    session = await sign_in(shop, VISITOR, SignIn(ADA, GOOD))
    assert not (await authenticate(shop, VISITOR, session.id_token)).is_admin
    await change_account(shop, ADMIN, ChangeAccount(account.id, role="admin"))
    assert (await authenticate(shop, VISITOR, session.id_token)).is_admin


@pytest.mark.parametrize("change", [{"role": "customer"}, {"disabled": True}])
async def test_the_last_admin_stays_one_even_when_all_leave_at_once(shop: App, change: dict[str, object]) -> None:
    admins = [
        await add_account(shop, ADMIN, SignUp(f"admin{number}@example.com", GOOD), "admin") for number in range(4)
    ]
    outcomes = await asyncio.gather(
        *[change_account(shop, ADMIN, ChangeAccount(admin.id, **change)) for admin in admins],  # type: ignore[arg-type]
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 1
    assert len(await admin_emails(shop)) == 1


async def test_an_operator_adds_any_account_but_each_address_once(shop: App) -> None:
    account = await add_account(shop, ADMIN, SignUp(ADA, GOOD), "admin")
    assert await get_account(shop.store, account.id) == account
    with pytest.raises(AlreadyExists):
        await add_account(shop, ADMIN, SignUp(ADA, BETTER), "customer")


async def test_the_set_up_link_makes_one_admin_once(shop: App) -> None:
    old, token = await offer_setup(shop), await offer_setup(shop)
    for bad in (old, "", "x", token[:-1]):
        with pytest.raises(Unauthorized):
            await set_up(shop, VISITOR, bad, SignUp(ADA, GOOD))
    outcomes = await asyncio.gather(
        *[set_up(shop, VISITOR, token, SignUp(f"a{number}@example.com", GOOD)) for number in range(5)],
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Account) for outcome in outcomes) == 1
    assert len(await admin_emails(shop)) == 1


async def test_a_set_up_link_that_was_replaced_after_its_check_does_not_work(shop: App) -> None:
    """Two who checked it at the same moment cannot both use it."""
    await offer_setup(shop)
    held = await find_setup(shop.store)
    assert held is not None
    first, second = Batch(), Batch()
    delete_setup(first, held)
    delete_setup(second, held)
    await first.commit(shop.store)
    with pytest.raises(Stale):
        await second.commit(shop.store)


async def _invited_by_role(shop: App) -> None:
    await change_account(shop, ADMIN, ChangeAccount((await joined(shop, "clerk@example.com")).id, role="admin"))


async def _added(shop: App) -> None:
    await add_account(shop, ADMIN, SignUp("clerk@example.com", GOOD), "admin")


async def _enabled(shop: App) -> None:
    account = replace(await joined(shop, "clerk@example.com"), role="admin", disabled=True)
    await stored(shop, account)
    await change_account(shop, ADMIN, ChangeAccount(account.id, disabled=False))


async def _confirmed(shop: App) -> None:
    account = replace(await joined(shop, "clerk@example.com"), role="admin", status="UNCONFIRMED")
    await stored(shop, account)
    _, code = await issue_code(shop, account.id, "confirmation")
    await confirm_sign_up(shop, VISITOR, account.email, code)


async def _password_set(shop: App) -> None:
    account = replace(await joined(shop, "clerk@example.com"), role="admin", status="UNCONFIRMED")
    await stored(shop, account)
    await set_password(shop, ADMIN, account.id, BETTER)


async def stored(shop: App, account: Account) -> None:
    batch = Batch()
    put_account(batch, account)
    await batch.commit(shop.store)


WAYS = [_added, _invited_by_role, _enabled, _confirmed, _password_set]


@pytest.mark.parametrize("makes_an_admin", WAYS)
async def test_the_set_up_link_ends_as_soon_as_there_is_an_admin(
    shop: App, makes_an_admin: Callable[[App], Awaitable[None]]
) -> None:
    token = await offer_setup(shop)
    await makes_an_admin(shop)
    assert len(await admin_emails(shop)) == 1
    assert await find_setup(shop.store) is None
    with pytest.raises(Unauthorized):
        await set_up(shop, VISITOR, token, SignUp(ADA, GOOD))


@pytest.mark.parametrize("makes_an_admin", WAYS)
async def test_a_set_up_link_used_while_an_admin_is_created_otherwise_makes_one_admin(
    shop: App, makes_an_admin: Callable[[App], Awaitable[None]]
) -> None:
    token = await offer_setup(shop)
    late = meanwhile(shop, lambda: makes_an_admin(shop))
    with pytest.raises(Unauthorized):
        await set_up(late, VISITOR, token, SignUp(ADA, GOOD))
    assert await admin_emails(shop) == ["clerk@example.com"]


async def test_a_set_up_link_created_at_the_same_time_as_an_admin_does_not_work(shop: App) -> None:
    tokens: list[str] = []

    async def offered() -> None:
        tokens.append(await offer_setup(shop))

    await _added(meanwhile(shop, offered))
    assert await find_setup(shop.store) is None
    with pytest.raises(Unauthorized):
        await set_up(shop, VISITOR, tokens[0], SignUp(ADA, GOOD))


async def test_a_remaining_set_up_link_of_a_shop_with_an_admin_does_not_work_and_is_deleted(shop: App) -> None:
    await _added(shop)
    token = await offer_setup(shop)
    with pytest.raises(Unauthorized):
        await set_up(shop, VISITOR, token, SignUp(ADA, GOOD))
    assert await find_setup(shop.store) is None


async def test_a_set_up_link_ends_after_a_day(shop: App, clock: Clock) -> None:
    token = await offer_setup(shop)
    clock.at += LASTS_MS
    with pytest.raises(Unauthorized):
        await set_up(shop, VISITOR, token, SignUp(ADA, GOOD))
    clock.at -= 1
    assert await set_up(shop, VISITOR, token, SignUp(ADA, GOOD))


async def test_a_set_up_link_of_an_earlier_release_which_had_no_end_does_not_work(shop: App) -> None:
    token = await offer_setup(shop)
    found = await find_setup(shop.store)
    assert found is not None
    batch = Batch()
    earlier = upgrade(Put(SETUP_KEY, {"hash": found.hash}, found.version))
    assert earlier is not None
    batch.put(SETUP_KEY, earlier.body, found.version)
    await batch.commit(shop.store)
    with pytest.raises(Unauthorized):
        await set_up(shop, VISITOR, token, SignUp(ADA, GOOD))


async def test_an_internationalized_address_and_its_ascii_twin_are_one_account(shop: App) -> None:
    account = await joined(shop, "x@xn--mnchen-3ya.example")
    await sign_up(shop, VISITOR, SignUp("X@München.example", BETTER))
    with pytest.raises(AlreadyExists):
        await add_account(shop, ADMIN, SignUp("x@münchen.example", BETTER), "customer")
    for spelling in ("x@münchen.example", "x@xn--mnchen-3ya.example"):
        assert (await sign_in(shop, VISITOR, SignIn(spelling, GOOD))).account.id == account.id
    assert account.email == "x@xn--mnchen-3ya.example"


@pytest.mark.parametrize("email", ["x@münchen.example", "ü@shop.example", "a@b"])
async def test_an_account_of_an_earlier_release_with_a_now_invalid_address_still_works(shop: App, email: str) -> None:
    account = replace(await joined(shop), id="usr_old", email=email, version=0)
    batch = Batch()
    put_account(batch, account)
    claim_email(batch, email, account.id)
    await batch.commit(shop.store)
    assert (await sign_in(shop, VISITOR, SignIn(email, GOOD))).account.id == account.id
    _, code = await issue_code(shop, account.id, "reset")
    await reset_password(shop, VISITOR, email, code, BETTER)
    assert (await sign_in(shop, VISITOR, SignIn(email, BETTER))).account.id == account.id
    if "münchen" in email:
        await sign_up(shop, VISITOR, SignUp("x@xn--mnchen-3ya.example", GOOD))
        assert (await sign_in(shop, VISITOR, SignIn("x@xn--mnchen-3ya.example", BETTER))).account.id == account.id


@pytest.mark.parametrize("email", ["ü@shop.example", "a@b"])
async def test_an_address_that_not_every_mail_server_accepts_is_refused_for_new_accounts(shop: App, email: str) -> None:
    token = await offer_setup(shop)
    for making in (
        sign_up(shop, VISITOR, SignUp(email, GOOD)),
        add_account(shop, ADMIN, SignUp(email, GOOD), "customer"),
        set_up(shop, VISITOR, token, SignUp(email, GOOD)),
    ):
        with pytest.raises(Invalid):
            await making
