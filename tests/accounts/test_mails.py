"""Codes reach their owner by mail, work, and stand nowhere else."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from stockwright.accounts.records import find_account_by_email
from stockwright.accounts.sign_in import SignIn, sign_in
from stockwright.accounts.sign_up import SignUp, confirm_sign_up, forgot_password, issue_code, resend_code, sign_up
from stockwright.accounts.usecases import reset_password
from stockwright.adapters.telemetry import make_log
from stockwright.base.errors import Invalid, Permanent
from stockwright.base.event import Event
from tests.around import GOOD, World, a_world, parts_of
from tests.conftest import VISITOR, Clock
from tests.registered import registered

BOB = "bob@example.com"
OTHER = "Neun-Seepferde-31"


def code_in(world: World, which: int = -1) -> str:
    text, html = parts_of(world.mailbox.to(BOB)[which])
    found = re.search(r"^(\d{6})\r?$", text, re.MULTILINE)
    assert found is not None
    assert found[1] in html
    return found[1]


async def signed_up(world: World) -> None:
    await sign_up(world.app, VISITOR, SignUp(BOB, GOOD, "Bob"))
    await world.wait_until_handled()


async def test_the_mailed_code_confirms_the_address(world: World) -> None:
    await signed_up(world)
    [mail] = world.mailbox.to(BOB)
    assert mail["Subject"] == "Confirm your e-mail address"
    await confirm_sign_up(world.app, VISITOR, BOB, code_in(world))
    session = await sign_in(world.app, VISITOR, SignIn(BOB, GOOD))
    assert session.account.is_confirmed


async def test_the_mailed_code_sets_a_new_password(world: World) -> None:
    await signed_up(world)
    await forgot_password(world.app, VISITOR, BOB)
    await world.wait_until_handled()
    assert world.mailbox.subjects(BOB) == ["Confirm your e-mail address", "Reset your password"]
    await reset_password(world.app, VISITOR, BOB, code_in(world), OTHER)
    assert (await sign_in(world.app, VISITOR, SignIn(BOB, OTHER))).account.email == BOB


async def test_a_code_that_is_requested_again_replaces_the_first(world: World) -> None:
    await signed_up(world)
    await resend_code(world.app, VISITOR, BOB)
    await world.wait_until_handled()
    first, second = code_in(world, 0), code_in(world, 1)
    assert first != second
    with pytest.raises(Invalid):
        await confirm_sign_up(world.app, VISITOR, BOB, first)
    await confirm_sign_up(world.app, VISITOR, BOB, second)


async def test_no_event_log_line_or_stored_message_contains_the_code(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    world.app.log = make_log("debug")
    world.mailbox.answer = "451 later"
    await sign_up(world.app, VISITOR, SignUp(BOB, GOOD))
    await world.tried()
    world.mailbox.answer = "250 OK"
    await world.wait_until_handled()
    code = code_in(world)
    for event in await world.events():
        assert code not in str(event)
    [notification] = await world.notifications()
    assert code not in notification.body + notification.html + notification.error
    assert "(the code is not kept)" in notification.body
    logged = "".join(capfd.readouterr())
    assert "handler failed" in logged
    assert code not in logged
    account = await find_account_by_email(world.app.store, BOB)
    assert account is not None
    assert code not in account.codes["confirmation"].hash


async def test_with_only_the_local_mailbox_no_code_is_created_that_an_admin_could_read(
    tmp_path: Path, clock: Clock
) -> None:
    async with a_world(tmp_path, clock, smtp_url=None) as world:
        account = await find_account_by_email(world.app.store, "alice@example.com")
        assert account is not None
        # A code that the server's operator made: requesting another does not end it.
        _, code = await issue_code(world.app, account.id, "reset")
        await forgot_password(world.app, VISITOR, "alice@example.com")
        await world.wait_until_handled()
        [notification] = await world.notifications()
        assert "stockwright users reset-link alice@example.com" in notification.body
        texts = (notification.subject, notification.body, notification.html, notification.error)
        for shown in (*texts, str(await world.events())):
            assert not re.search(r"(?<![\w#])\d{6}(?!\w)", shown)
        await reset_password(world.app, VISITOR, "alice@example.com", code, OTHER)


async def test_a_second_run_of_the_handler_keeps_the_mailed_code_valid(world: World) -> None:
    await signed_up(world)
    [event] = await world.events("account.verification_requested")
    await asyncio.gather(*[registered("account-mail").run(world.app, event) for _ in range(3)])
    assert len(world.mailbox.to(BOB)) == 1
    await confirm_sign_up(world.app, VISITOR, BOB, code_in(world))


async def test_handlers_of_the_same_event_at_once_mail_one_code(world: World) -> None:
    await world.dispatcher.stop()
    await sign_up(world.app, VISITOR, SignUp(BOB, GOOD))
    [event] = await world.events("account.verification_requested")
    await asyncio.gather(*[registered("account-mail").run(world.app, event) for _ in range(4)])
    mails = world.mailbox.to(BOB)
    assert len({mail["Message-ID"] for mail in mails}) == 1
    assert len({code_in(world, number) for number in range(len(mails))}) == 1
    await confirm_sign_up(world.app, VISITOR, BOB, code_in(world))


async def test_the_owner_of_an_address_is_notified_of_another_sign_up_with_it(world: World) -> None:
    await signed_up(world)
    await confirm_sign_up(world.app, VISITOR, BOB, code_in(world))
    await sign_up(world.app, VISITOR, SignUp(BOB, OTHER))
    await world.wait_until_handled()
    mail = world.mailbox.to(BOB)[-1]
    assert mail["Subject"] == "You already have an account"
    text, _ = parts_of(mail)
    assert text.startswith("Hello Bob,")
    assert "Nothing was changed" in text
    assert not re.search(r"\d{6}", text)


async def test_each_sign_up_has_its_own_code_until_the_address_is_confirmed(world: World) -> None:
    await sign_up(world.app, VISITOR, SignUp(BOB, "Thief-Horse-66", "Mallory"))
    await world.wait_until_handled()
    await sign_up(world.app, VISITOR, SignUp(BOB, GOOD, "Bob"))
    await world.wait_until_handled()
    assert world.mailbox.subjects(BOB) == ["Confirm your e-mail address"] * 2
    assert code_in(world, 0) != code_in(world, 1)
    await confirm_sign_up(world.app, VISITOR, BOB, code_in(world, 1))
    assert (await sign_in(world.app, VISITOR, SignIn(BOB, GOOD))).account.name == "Bob"


async def test_a_sign_up_that_was_replaced_by_newer_ones_gets_no_code(world: World, clock: Clock) -> None:
    await signed_up(world)
    await world.dispatcher.stop()
    for number in range(5):
        await sign_up(world.app, VISITOR, SignUp(BOB, f"Blauwal-{number}"))
        clock.advance(minutes=1)
    for event in await world.events("account.verification_requested"):
        await registered("account-mail").run(world.app, event)
    assert len(world.mailbox.to(BOB)) == 5


async def test_an_event_of_a_deleted_account_is_a_permanent_failure(world: World) -> None:
    with pytest.raises(Permanent, match="usr_gone is gone"):
        await registered("account-mail").run(world.app, Event("evt_1", "account.reset_requested", "usr_gone", 0))


async def test_over_the_hours_quota_unasked_mails_wait_and_none_is_lost(tmp_path: Path, clock: Clock) -> None:
    """A flood of sign-ups must not become a flood of mails to strangers."""
    strangers = [f"stranger{number}@example.net" for number in range(5)]
    async with a_world(tmp_path, clock, unasked_mails_per_hour=3) as world:
        for email in strangers:
            await sign_up(world.app, VISITOR, SignUp(email, GOOD))
        await world.dispatcher.drain()
        assert sum(len(world.mailbox.to(email)) for email in strangers) == 3
        assert await world.waiting() == {"account-mail"}
        for _ in range(2):
            clock.advance(hours=1)
            await world.dispatcher.drain()
        assert [len(world.mailbox.to(email)) for email in strangers] == [1] * 5
        assert await world.letters() == []
