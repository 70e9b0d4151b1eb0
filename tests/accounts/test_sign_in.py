"""Signing in and out: locks, sessions, the second factor, and who a header names."""

from __future__ import annotations

import asyncio

import pyotp
import pytest

from stockwright.accounts.identity import Session
from stockwright.accounts.local import LocalIdentity
from stockwright.accounts.model import Account
from stockwright.accounts.records import get_account
from stockwright.accounts.sign_in import (
    SignIn,
    authenticate,
    begin_mfa,
    confirm_mfa,
    end_mfa,
    refresh,
    sign_in,
    sign_out,
)
from stockwright.accounts.sign_up import SignUp, sign_up
from stockwright.accounts.usecases import ChangeAccount, add_account, change_account
from stockwright.adapters.passwords import Argon2Passwords
from stockwright.base.errors import AccountLocked, Conflict, Forbidden, Invalid, StockwrightError, Unauthorized
from stockwright.base.ports import Tokens
from stockwright.context import App
from stockwright.request import Request
from tests.conftest import ADMIN, VISITOR, Clock
from tests.shops import Mailbox

ADA = "ada@example.com"
GOOD = "Blauwal-77"


@pytest.fixture
async def ada(shop: App) -> Account:
    return await add_account(shop, ADMIN, SignUp(ADA, GOOD, "Ada"), "customer")


def tokens_of(shop: App) -> Tokens:
    assert isinstance(shop.identity, LocalIdentity)
    return shop.identity.tokens


async def refusal(shop: App, email: str, password: str, code: str = "") -> StockwrightError:
    with pytest.raises(StockwrightError) as refused:
        await sign_in(shop, VISITOR, SignIn(email, password, code))
    return refused.value


async def test_a_session_has_the_fields_of_a_cognito_session(shop: App, ada: Account, clock: Clock) -> None:
    session = await sign_in(shop, VISITOR, SignIn("ADA@example.com", GOOD))
    claims = tokens_of(shop).verify(session.id_token)
    wanted = {
        "sub": ada.id,
        "email": ADA,
        "email_verified": True,
        "token_use": "id",
        "cognito:groups": ["customer"],
        "auth_time": clock.now() // 1000,
        "iat": clock.now() // 1000,
        "exp": clock.now() // 1000 + 3600,
        "iss": "https://shop.example",
        "aud": "shop",
    }
    assert wanted.items() <= claims.items()
    assert tokens_of(shop).verify(session.access_token)["token_use"] == "access"
    assert session.expires_in == 3600


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(shop: App, ada: Account) -> None:
    found = [await refusal(shop, email, "Wrong-wal-77") for email in (ADA, "nobody@example.com", "no address")]
    assert {(each.code, each.message, str(each.details)) for each in found} == {
        ("UNAUTHORIZED", found[0].message, "None"),
    }


@pytest.mark.parametrize("email", [ADA, "nobody@example.com"])
async def test_each_failure_after_the_fifth_doubles_the_lock(shop: App, ada: Account, clock: Clock, email: str) -> None:
    for _ in range(5):
        assert isinstance(await refusal(shop, email, "Wrong-wal-77"), Unauthorized)
    for seconds in (1, 2, 4, 8):
        locked = await refusal(shop, email, GOOD)
        assert isinstance(locked, AccountLocked)
        assert locked.retry_after_seconds == seconds
        clock.advance(seconds=seconds)
        assert isinstance(await refusal(shop, email, "Wrong-wal-77"), Unauthorized)


async def test_a_successful_sign_in_clears_the_failures(shop: App, ada: Account) -> None:
    for _ in range(3):
        for _ in range(4):
            assert isinstance(await refusal(shop, ADA, "Wrong-wal-77"), Unauthorized)
        await sign_in(shop, VISITOR, SignIn(ADA, GOOD))


async def test_many_guesses_at_once_are_locked_like_guesses_in_a_row(shop: App, ada: Account) -> None:
    outcomes = await asyncio.gather(
        *[sign_in(shop, VISITOR, SignIn(ADA, f"Wrong-wal-{number}")) for number in range(40)], return_exceptions=True
    )
    assert sum(type(outcome) is Unauthorized for outcome in outcomes) <= 5
    assert isinstance(await refusal(shop, ADA, GOOD), AccountLocked)


async def test_one_person_signs_in_from_many_devices_at_once(shop: App, ada: Account) -> None:
    shop.identity = LocalIdentity(Argon2Passwords(), tokens_of(shop))
    sessions = await asyncio.gather(*[sign_in(shop, VISITOR, SignIn(ADA, GOOD)) for _ in range(20)])
    assert len({session.refresh_token for session in sessions}) == 20


async def test_that_an_address_is_unconfirmed_is_only_said_after_the_right_password(
    shop: App, mailbox: Mailbox
) -> None:
    mailbox.delivers = True
    await sign_up(shop, VISITOR, SignUp(ADA, GOOD))
    assert type(await refusal(shop, ADA, "Wrong-wal-77")) is Unauthorized
    found = await refusal(shop, ADA, GOOD)
    assert isinstance(found, Forbidden)
    assert found.details == {"reason": "UNCONFIRMED"}


async def test_a_refresh_token_works_once_and_returns_the_next_one(shop: App, ada: Account) -> None:
    first = await sign_in(shop, VISITOR, SignIn(ADA, GOOD))
    second = await refresh(shop, VISITOR, first.refresh_token)
    third = await refresh(shop, VISITOR, second.refresh_token)
    assert len({each.refresh_token for each in (first, second, third)}) == 3
    assert (await authenticate(shop, VISITOR, third.id_token)).id == ada.id


async def test_a_used_refresh_token_ends_its_own_session_with_its_id_tokens(
    shop: App, ada: Account, clock: Clock
) -> None:
    stolen, other = await sign_in(shop, VISITOR, SignIn(ADA, GOOD)), await sign_in(shop, VISITOR, SignIn(ADA, GOOD))
    renewed = await refresh(shop, VISITOR, stolen.refresh_token)
    clock.advance(seconds=10)
    for token in (stolen.refresh_token, renewed.refresh_token):
        with pytest.raises(Unauthorized):
            await refresh(shop, VISITOR, token)
    for id_token in (stolen.id_token, renewed.id_token):
        with pytest.raises(Unauthorized):
            await authenticate(shop, VISITOR, id_token)
    assert await authenticate(shop, VISITOR, other.id_token)
    assert await refresh(shop, VISITOR, other.refresh_token)


async def test_two_uses_of_one_refresh_token_at_once_return_the_same_successor(shop: App, ada: Account) -> None:
    session = await sign_in(shop, VISITOR, SignIn(ADA, GOOD))
    renewed = await asyncio.gather(*[refresh(shop, VISITOR, session.refresh_token) for _ in range(5)])
    assert len({each.refresh_token for each in renewed} - {session.refresh_token}) == 1
    assert await refresh(shop, VISITOR, renewed[0].refresh_token)


async def test_a_used_refresh_token_returns_its_successor_for_ten_seconds(
    shop: App, ada: Account, clock: Clock
) -> None:
    first = await sign_in(shop, VISITOR, SignIn(ADA, GOOD))
    second = await refresh(shop, VISITOR, first.refresh_token)
    clock.advance(seconds=3)
    third = await refresh(shop, VISITOR, second.refresh_token)
    clock.advance(seconds=6.999)
    again = await refresh(shop, VISITOR, first.refresh_token)
    assert again.refresh_token == second.refresh_token
    assert (await authenticate(shop, VISITOR, again.id_token)).id == ada.id
    assert (await refresh(shop, VISITOR, second.refresh_token)).refresh_token == third.refresh_token
    clock.advance(seconds=0.001)
    with pytest.raises(Unauthorized):
        await refresh(shop, VISITOR, first.refresh_token)
    with pytest.raises(Unauthorized):
        await refresh(shop, VISITOR, third.refresh_token)


async def test_signing_out_ends_the_id_tokens_of_that_session_alone(shop: App, ada: Account) -> None:
    one, two = [await sign_in(shop, VISITOR, SignIn(ADA, GOOD)) for _ in range(2)]
    renewed = await refresh(shop, VISITOR, one.refresh_token)
    await sign_out(shop, Request(ada.as_actor()), renewed.refresh_token)
    for ended in (one.id_token, renewed.id_token):
        with pytest.raises(Unauthorized):
            await authenticate(shop, VISITOR, ended)
    assert await authenticate(shop, VISITOR, two.id_token)


async def test_an_id_token_of_an_earlier_release_which_names_no_session_lasts_its_hour(
    shop: App, ada: Account, clock: Clock
) -> None:
    now = clock.now() // 1000
    claims = {"sub": ada.id, "iat": now, "exp": now + 3600, "token_use": "id", "gen": ada.generation}
    assert await authenticate(shop, VISITOR, tokens_of(shop).sign(claims)) == ada.as_actor()


async def test_a_session_lasts_30_days_however_often_it_is_renewed(shop: App, ada: Account, clock: Clock) -> None:
    session = await sign_in(shop, VISITOR, SignIn(ADA, GOOD))
    for _ in range(29):
        clock.advance(minutes=24 * 60)
        session = await refresh(shop, VISITOR, session.refresh_token)
    clock.advance(minutes=24 * 60)
    with pytest.raises(Unauthorized):
        await refresh(shop, VISITOR, session.refresh_token)


@pytest.mark.parametrize("token", ["", ".", "x", "fam_1.2", "a.b.c", "é.é", "\x00.\x00", "x" * 5000])
async def test_an_invalid_refresh_token_is_refused(shop: App, token: str) -> None:
    with pytest.raises(Unauthorized):
        await refresh(shop, VISITOR, token)


async def test_signing_out_ends_a_session_or_all_of_them(shop: App, ada: Account) -> None:
    one, two, three = [await sign_in(shop, VISITOR, SignIn(ADA, GOOD)) for _ in range(3)]
    await sign_out(shop, Request(ada.as_actor()), one.refresh_token)
    with pytest.raises(Unauthorized):
        await refresh(shop, VISITOR, one.refresh_token)
    two = await refresh(shop, VISITOR, two.refresh_token)

    await sign_out(shop, Request(ada.as_actor()), None)
    for session in (two, three):
        for failing in (refresh(shop, VISITOR, session.refresh_token), authenticate(shop, VISITOR, session.id_token)):
            with pytest.raises(Unauthorized):
                await failing


async def test_nobody_can_sign_somebody_else_out(shop: App, ada: Account) -> None:
    bob = await add_account(shop, ADMIN, SignUp("bob@example.com", GOOD), "customer")
    session = await sign_in(shop, VISITOR, SignIn(ADA, GOOD))
    await sign_out(shop, Request(bob.as_actor()), session.refresh_token)
    assert await refresh(shop, VISITOR, session.refresh_token)


async def test_an_id_token_authorizes_with_or_without_bearer(shop: App, ada: Account) -> None:
    token = (await sign_in(shop, VISITOR, SignIn(ADA, GOOD))).id_token
    for header in (token, f"Bearer {token}", f"bearer  {token}", f"  BEARER {token} "):
        assert await authenticate(shop, VISITOR, header) == ada.as_actor()


async def test_only_id_tokens_authorize(shop: App, ada: Account) -> None:
    session = await sign_in(shop, VISITOR, SignIn(ADA, GOOD))
    for header in ("", "Bearer", "Bearer ", "Basic YTpi", session.access_token, session.refresh_token, "sw_x", "null"):
        with pytest.raises(Unauthorized):
            await authenticate(shop, VISITOR, header)


async def test_an_id_token_ends_after_an_hour(shop: App, ada: Account, clock: Clock) -> None:
    token = (await sign_in(shop, VISITOR, SignIn(ADA, GOOD))).id_token
    clock.advance(minutes=59)
    assert await authenticate(shop, VISITOR, token)
    clock.advance(minutes=1)
    with pytest.raises(Unauthorized):
        await authenticate(shop, VISITOR, token)


# ---- the second factor -----------------------------------------------------------------------


@pytest.fixture
async def totp(shop: App, ada: Account, clock: Clock) -> pyotp.TOTP:
    """Ada's authenticator app, set up and confirmed; time has moved on since."""
    secret, uri = await begin_mfa(shop, Request(ada.as_actor()), GOOD)
    app_ = pyotp.parse_uri(uri)
    assert isinstance(app_, pyotp.TOTP)
    assert app_.secret == secret
    await confirm_mfa(shop, Request(ada.as_actor()), app_.at(clock.now() / 1000))
    clock.advance(minutes=5)
    return app_


async def test_a_second_factor_counts_only_once_it_is_confirmed(shop: App, ada: Account) -> None:
    await begin_mfa(shop, Request(ada.as_actor()), GOOD)
    with pytest.raises(Unauthorized):
        await confirm_mfa(shop, Request(ada.as_actor()), "000000x")
    assert await sign_in(shop, VISITOR, SignIn(ADA, GOOD))


async def test_the_code_is_requested_only_after_the_right_password(shop: App, totp: pyotp.TOTP, clock: Clock) -> None:
    assert (await refusal(shop, ADA, "Wrong-wal-77", totp.at(clock.now() / 1000))).details is None
    assert (await refusal(shop, ADA, GOOD)).details == {"mfaRequired": True}
    assert await sign_in(shop, VISITOR, SignIn(ADA, GOOD, totp.at(clock.now() / 1000)))


async def test_a_totp_code_works_once_and_no_earlier_one_works_after_it(
    shop: App, totp: pyotp.TOTP, clock: Clock
) -> None:
    now = clock.now() / 1000
    await sign_in(shop, VISITOR, SignIn(ADA, GOOD, totp.at(now)))
    for code in (totp.at(now), totp.at(now - 30)):
        assert isinstance(await refusal(shop, ADA, GOOD, code), Unauthorized)
    assert await sign_in(shop, VISITOR, SignIn(ADA, GOOD, totp.at(now + 30)))


async def test_two_uses_of_one_code_at_once_sign_one_in(shop: App, totp: pyotp.TOTP, clock: Clock) -> None:
    code = totp.at(clock.now() / 1000)
    outcomes = await asyncio.gather(
        *[sign_in(shop, VISITOR, SignIn(ADA, GOOD, code)) for _ in range(4)], return_exceptions=True
    )
    assert sum(isinstance(outcome, Session) for outcome in outcomes) == 1


async def test_somebody_who_knows_the_password_cannot_guess_the_code(shop: App, totp: pyotp.TOTP) -> None:
    tries = 0
    while not isinstance(await refusal(shop, ADA, GOOD, "abcdef"), AccountLocked):
        tries += 1
        assert tries <= 5
        await refusal(shop, ADA, GOOD)  # The password alone forgets nothing.


@pytest.mark.parametrize("code", ["１２３４５６", "é", "\x00", "1" * 20, "-1"])
async def test_malformed_codes_are_wrong_codes(shop: App, totp: pyotp.TOTP, code: str) -> None:
    assert isinstance(await refusal(shop, ADA, GOOD, code), Unauthorized)


async def test_a_second_factor_cannot_be_set_up_while_one_is_on(shop: App, ada: Account, totp: pyotp.TOTP) -> None:
    with pytest.raises(Conflict):
        await begin_mfa(shop, Request(ada.as_actor()), GOOD)


async def test_a_second_factor_is_set_up_with_the_password_and_not_with_a_token_alone(shop: App, ada: Account) -> None:
    for _ in range(5):
        with pytest.raises(Invalid):
            await begin_mfa(shop, Request(ada.as_actor()), "Wrong-wal-77")
    with pytest.raises(AccountLocked):
        await begin_mfa(shop, Request(ada.as_actor()), GOOD)
    assert (await get_account(shop.store, ada.id)).mfa is None


async def test_an_admin_ends_the_second_factor_of_somebody_who_lost_their_phone(
    shop: App, ada: Account, totp: pyotp.TOTP, clock: Clock
) -> None:
    session = await sign_in(shop, VISITOR, SignIn(ADA, GOOD, totp.at(clock.now() / 1000)))
    after = await change_account(shop, ADMIN, ChangeAccount(ada.id, mfa_off=True))
    assert after == await get_account(shop.store, ada.id)
    assert after.mfa is None
    for failing in (authenticate(shop, VISITOR, session.id_token), refresh(shop, VISITOR, session.refresh_token)):
        with pytest.raises(Unauthorized):
            await failing
    assert await sign_in(shop, VISITOR, SignIn(ADA, GOOD))
    events = [event for event in await shop.store.tail(limit=100) if event.name == "account.mfa_off"]
    assert [(event.subject, event.actor) for event in events] == [(ada.id, ADMIN.actor.id)]
    # There is nothing to end any more.
    assert await change_account(shop, ADMIN, ChangeAccount(ada.id, mfa_off=True)) == await get_account(
        shop.store, ada.id
    )


async def test_an_admin_cannot_switch_off_their_own_second_factor_without_the_password(
    shop: App, ada: Account, totp: pyotp.TOTP
) -> None:
    with pytest.raises(Forbidden):
        await change_account(shop, Request(ada.as_actor()), ChangeAccount(ada.id, mfa_off=True))
    assert (await get_account(shop.store, ada.id)).mfa_on


async def test_the_second_factor_is_switched_off_with_the_password(shop: App, ada: Account, totp: pyotp.TOTP) -> None:
    with pytest.raises(Invalid):
        await end_mfa(shop, Request(ada.as_actor()), "Wrong-wal-77")
    await end_mfa(shop, Request(ada.as_actor()), GOOD)
    assert await sign_in(shop, VISITOR, SignIn(ADA, GOOD))
