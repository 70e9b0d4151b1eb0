"""API keys: shown once, stored as a hash, able to do what their scopes say until they are revoked."""

from __future__ import annotations

import pytest

from stockwright.accounts.api_keys import create_api_key, list_api_keys, revoke_api_key
from stockwright.accounts.sign_in import authenticate
from stockwright.base.errors import Invalid, NotFound, Unauthorized
from stockwright.context import App
from tests.conftest import ADMIN, VISITOR, Clock


async def test_a_key_authorizes_its_scopes_with_or_without_bearer(shop: App) -> None:
    made = await create_api_key(shop, ADMIN, " Warehouse ", ["orders:pack", "inventory"])
    assert made.key.name == "Warehouse"
    for header in (made.shown, f"Bearer {made.shown}"):
        actor = await authenticate(shop, VISITOR, header)
        assert (actor.id, actor.kind, actor.role) == (made.key.id, "key", None)
        assert actor.scopes == {"orders:pack", "inventory"}


async def test_the_key_itself_is_not_stored(shop: App) -> None:
    made = await create_api_key(shop, ADMIN, "till", ["sales"])
    stored = str(await list_api_keys(shop, 20)) + str(await shop.store.tail(limit=100))
    assert made.shown not in stored
    assert made.shown[3:35] not in stored
    assert made.key.hint == made.shown[-4:]


async def test_a_revoked_key_stops_working_at_once(shop: App) -> None:
    made = await create_api_key(shop, ADMIN, "till", ["sales"])
    await authenticate(shop, VISITOR, made.shown)
    assert await revoke_api_key(shop, ADMIN, made.key.id) == made.key.id
    with pytest.raises(Unauthorized):
        await authenticate(shop, VISITOR, made.shown)
    with pytest.raises(NotFound):
        await revoke_api_key(shop, ADMIN, made.key.id)
    assert await list_api_keys(shop, 20) == ([], None)


async def test_an_unknown_key_is_refused(shop: App) -> None:
    made = await create_api_key(shop, ADMIN, "till", ["sales"])
    for text in ("sw_", made.shown[:-1], made.shown.upper(), made.shown + "a", "sw_" + "a" * 39):
        with pytest.raises(Unauthorized):
            await authenticate(shop, VISITOR, text)


async def test_the_last_use_is_stored_at_most_once_a_minute(shop: App, clock: Clock) -> None:
    made = await create_api_key(shop, ADMIN, "till", ["sales"])
    noted = []
    for seconds in (0, 30, 29, 1, 60):
        clock.advance(seconds=seconds)
        await authenticate(shop, VISITOR, made.shown)
        [key], _ = await list_api_keys(shop, 20)
        assert key.last_used_at is not None
        noted.append((key.last_used_at - made.key.created_at) // 1000)
    assert noted == [0, 0, 0, 60, 120]


async def test_a_key_needs_a_name_and_known_scopes(shop: App) -> None:
    for name, scopes in (("", ["sales"]), ("x" * 101, ["sales"]), ("till", []), ("till", ["admin"])):
        with pytest.raises(Invalid):
            await create_api_key(shop, ADMIN, name, scopes)


async def test_the_events_of_creating_and_revoking_do_not_contain_the_key(shop: App) -> None:
    made = await create_api_key(shop, ADMIN, "till", ["sales"])
    await revoke_api_key(shop, ADMIN, made.key.id)
    events = [event for event in await shop.store.tail(limit=100) if event.name.startswith("api_key.")]
    assert [(event.name, event.subject) for event in events] == [
        ("api_key.created", made.key.id),
        ("api_key.revoked", made.key.id),
    ]
