"""Locks: many strangers get no more guesses than one, and none of them locks the owner out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from stockwright.accounts.attempts import KNOWN_FOR_MS, network_of
from stockwright.accounts.identity import Session
from stockwright.accounts.local import LocalIdentity
from stockwright.accounts.locks import ORIGINS_MAX
from stockwright.accounts.model import Account
from stockwright.accounts.origin_records import list_origins
from stockwright.accounts.sign_in import SignIn, begin_mfa, sign_in
from stockwright.accounts.sign_up import SignUp, confirm_sign_up, forgot_password, issue_code, resend_code
from stockwright.accounts.usecases import add_account, change_password, reset_password
from stockwright.adapters.passwords import Argon2Passwords
from stockwright.base.actor import UNKNOWN, Origin
from stockwright.base.errors import AccountLocked, Invalid, StockwrightError, Unauthorized
from stockwright.context import App
from stockwright.request import Request
from tests.conftest import ADMIN, VISITOR, Clock

ADA = "ada@example.com"
GOOD, BETTER, WRONG = "Blauwal-77", "Grauwal-88", "Wrong-wal-77"
HOME = Origin("192.0.2.7")
FREE = 5
DAYS_GUESSES_MAX = 120
"""5 free guesses, 10 while the lock doubles to 15 minutes, then 4 an hour."""


class PlainPasswords:
    """Compares as it is, at once, after whatever else is under way; `meanwhile` happens during the next check."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    async def hash(self, password: str) -> str:
        return f"plain {password}"

    async def verify(self, password_hash: str | None, password: str) -> bool:
        happens, self.meanwhile = self.meanwhile, None
        await (asyncio.sleep(0) if happens is None else happens())
        return password_hash == f"plain {password}"

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def passwords(shop: App) -> PlainPasswords:
    assert isinstance(shop.identity, LocalIdentity)
    shop.identity.passwords.close()
    plain = PlainPasswords()
    shop.identity = LocalIdentity(plain, shop.identity.tokens)
    return plain


@pytest.fixture
async def ada(shop: App, passwords: PlainPasswords) -> Account:
    return await add_account(shop, ADMIN, SignUp(ADA, GOOD, "Ada"), "customer")


def stranger(number: int) -> Origin:
    """Somebody who changes their address and makes up device tokens at every guess."""
    return Origin(f"2001:db8:{number:x}::1", (f"{number:064x}", "x"))


async def guess(shop: App, origin: Origin, password: str = WRONG) -> Session | StockwrightError:
    try:
        return await sign_in(shop, VISITOR, SignIn(ADA, password, "", origin))
    except StockwrightError as refused:
        return refused


async def hammered(shop: App, guesses: int = 20) -> None:
    """Lock every unknown origin out."""
    outcomes = [await guess(shop, stranger(number)) for number in range(guesses)]
    assert isinstance(outcomes[-1], AccountLocked)


# ---- guesses ---------------------------------------------------------------------------------


async def test_thousands_of_guesses_at_once_from_as_many_addresses_check_five(shop: App, ada: Account) -> None:
    judged = 0
    for begin in range(0, 3000, 300):
        outcomes = await asyncio.gather(*[guess(shop, stranger(begin + number)) for number in range(300)])
        judged += sum(type(outcome) is Unauthorized for outcome in outcomes)
    assert judged == FREE
    # The right password does not pass either.
    assert isinstance(await guess(shop, stranger(9999), GOOD), AccountLocked)


async def test_guessing_from_many_addresses_gains_no_more_tries_a_day_than_from_one(
    shop: App, ada: Account, clock: Clock
) -> None:
    await sign_in(shop, VISITOR, SignIn(ADA, GOOD, "", HOME))
    ends, judged, tried = clock.now() + 24 * 3_600_000, 0, 0
    while clock.now() < ends:
        outcome = await guess(shop, stranger(tried))
        tried += 1
        judged += type(outcome) is Unauthorized
        if isinstance(outcome, AccountLocked):
            clock.advance(seconds=outcome.retry_after_seconds)
        # That the owner comes and goes gives nobody another guess.
        await sign_in(shop, VISITOR, SignIn(ADA, GOOD, "", HOME))
    assert 90 < judged <= DAYS_GUESSES_MAX


async def test_a_right_guess_that_was_checked_while_others_failed_is_refused_by_their_lock(
    shop: App, ada: Account, passwords: PlainPasswords
) -> None:
    async def others_fail() -> None:
        for number in range(FREE):
            assert type(await guess(shop, stranger(number))) is Unauthorized

    passwords.meanwhile = others_fail
    assert isinstance(await guess(shop, stranger(99), GOOD), AccountLocked)


async def test_the_owners_password_that_was_checked_while_others_failed_is_refused_by_their_lock(
    shop: App, ada: Account, passwords: PlainPasswords
) -> None:
    async def others_fail() -> None:
        for _ in range(FREE):
            with pytest.raises(Invalid):
                await begin_mfa(shop, Request(ada.as_actor()), WRONG)

    passwords.meanwhile = others_fail
    with pytest.raises(AccountLocked):
        await change_password(shop, Request(ada.as_actor()), GOOD, BETTER)


# ---- the owner -------------------------------------------------------------------------------


async def test_the_owner_signs_in_from_a_known_origin_while_strangers_guess(
    shop: App, ada: Account, passwords: PlainPasswords
) -> None:
    assert isinstance(shop.identity, LocalIdentity)
    shop.identity = LocalIdentity(Argon2Passwords(memory_kib=8), shop.identity.tokens)
    bea = await add_account(shop, ADMIN, SignUp("bea@example.com", GOOD), "customer")
    device = (await sign_in(shop, VISITOR, SignIn(bea.email, GOOD, "", HOME))).device_token
    for number in range(20):
        with pytest.raises(StockwrightError):
            await sign_in(shop, VISITOR, SignIn(bea.email, WRONG, "", stranger(number)))
    with pytest.raises(AccountLocked):
        await sign_in(shop, VISITOR, SignIn(bea.email, GOOD, "", Origin("192.0.2.8")))
    assert await sign_in(shop, VISITOR, SignIn(bea.email, GOOD, "", HOME))
    abroad = Origin("192.0.2.8", ("another's", device))
    assert (await sign_in(shop, VISITOR, SignIn(bea.email, GOOD, "", abroad))).device_token == device
    # Now that address is known as well.
    assert await sign_in(shop, VISITOR, SignIn(bea.email, GOOD, "", Origin("192.0.2.8")))
    shop.identity.passwords.close()


async def test_failures_from_a_known_origin_are_counted_separately(shop: App, ada: Account) -> None:
    device = (await sign_in(shop, VISITOR, SignIn(ADA, GOOD, "", HOME))).device_token
    for _ in range(FREE):
        assert type(await guess(shop, HOME)) is Unauthorized
    assert isinstance(await guess(shop, HOME, GOOD), AccountLocked)
    assert isinstance(await guess(shop, Origin(HOME.address, ("made up",)), GOOD), AccountLocked)
    assert isinstance(await guess(shop, Origin(HOME.address, (device,)), GOOD), Session)
    assert isinstance(await guess(shop, stranger(1), GOOD), Session)


async def test_a_device_of_another_account_is_a_stranger(shop: App, ada: Account) -> None:
    await add_account(shop, ADMIN, SignUp("bea@example.com", GOOD), "customer")
    device = (await sign_in(shop, VISITOR, SignIn("bea@example.com", GOOD))).device_token
    await hammered(shop)
    assert isinstance(await guess(shop, Origin("", (device,)), GOOD), AccountLocked)


async def test_an_origin_is_known_for_30_days(shop: App, ada: Account, clock: Clock) -> None:
    device = (await sign_in(shop, VISITOR, SignIn(ADA, GOOD, "", HOME))).device_token
    clock.at += KNOWN_FOR_MS - 1
    await hammered(shop)
    for origin in (HOME, Origin("", (device,))):
        assert type(await guess(shop, origin)) is Unauthorized
    clock.at += 1
    for origin in (HOME, Origin("", (device,))):
        assert isinstance(await guess(shop, origin, GOOD), AccountLocked)


async def test_an_account_has_a_limited_number_of_known_origins_and_those_used_again_stay(
    shop: App, ada: Account, clock: Clock
) -> None:
    device = (await sign_in(shop, VISITOR, SignIn(ADA, GOOD, "", HOME))).device_token
    await sign_in(shop, VISITOR, SignIn(ADA, GOOD, "", Origin(HOME.address, (device,))))
    for number in range(2 * ORIGINS_MAX):
        clock.advance(seconds=1)
        await sign_in(shop, VISITOR, SignIn(ADA, GOOD, "", Origin(f"198.51.100.{number}")))
    origins = [sort.partition("#")[0] for _, sort in await list_origins(shop.store, ADA)]
    assert (origins.count("device"), origins.count("address")) == (ORIGINS_MAX, ORIGINS_MAX)
    await hammered(shop)
    assert isinstance(await guess(shop, HOME, GOOD), Session)
    assert isinstance(await guess(shop, Origin("", (device,)), GOOD), Session)


async def test_a_device_token_is_stored_as_a_hash_only(shop: App, ada: Account) -> None:
    device = (await sign_in(shop, VISITOR, SignIn(ADA, GOOD, "", HOME))).device_token
    assert len(device) == 64
    stored = repr(await list_origins(shop.store, ADA))
    assert device not in stored
    assert HOME.address not in stored


async def test_the_signed_in_owner_changes_the_password_while_strangers_guess(shop: App, ada: Account) -> None:
    await hammered(shop)
    await change_password(shop, Request(ada.as_actor()), GOOD, BETTER)
    with pytest.raises(Invalid):
        await change_password(shop, Request(ada.as_actor()), GOOD, BETTER)


# ---- codes -----------------------------------------------------------------------------------


async def _ask_for_a_reset(shop: App, origin: Origin) -> None:
    await forgot_password(shop, VISITOR, ADA, origin)


async def _ask_for_a_confirmation(shop: App, origin: Origin) -> None:
    await resend_code(shop, VISITOR, ADA, origin)


async def _reset(shop: App, origin: Origin) -> None:
    await reset_password(shop, VISITOR, ADA, "x", BETTER, origin)


async def _confirm(shop: App, origin: Origin) -> None:
    await confirm_sign_up(shop, VISITOR, ADA, "x", None, origin)


@pytest.mark.parametrize("ask", [_ask_for_a_reset, _ask_for_a_confirmation, _reset, _confirm])
async def test_wrong_codes_are_counted_like_wrong_passwords_separately_for_the_owner(
    shop: App, ada: Account, ask: Callable[[App, Origin], Awaitable[None]]
) -> None:
    await sign_in(shop, VISITOR, SignIn(ADA, GOOD, "", HOME))

    async def judged(origin: Origin) -> bool:
        try:
            await ask(shop, origin)
        except AccountLocked:
            return False
        except Invalid:
            return True
        return True

    outcomes = await asyncio.gather(*[judged(stranger(number)) for number in range(300)])
    assert sum(outcomes) == FREE
    assert not await judged(UNKNOWN)
    assert await judged(HOME)


async def test_a_password_reset_ends_the_lock_of_the_origin_it_came_from(shop: App, ada: Account) -> None:
    await sign_in(shop, VISITOR, SignIn(ADA, GOOD, "", HOME))
    for _ in range(FREE):
        await guess(shop, HOME)
    assert isinstance(await guess(shop, HOME, GOOD), AccountLocked)
    _, code = await issue_code(shop, ada.id, "reset")
    await reset_password(shop, VISITOR, ADA, code, BETTER, HOME)
    assert isinstance(await guess(shop, HOME, BETTER), Session)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix", ""),
    ],
)
def test_a_client_address_is_recognized_by_its_network(address: str, network: str) -> None:
    assert network_of(address) == network
