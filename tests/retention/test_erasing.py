"""A person is erased: nobody can sign in, name and address stand nowhere any more, and every number stays."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from stockwright.accounts.addresses import save_address
from stockwright.accounts.api_keys import authenticate, create_api_key
from stockwright.accounts.digests import Address, Digest, Entry, Part, load_digests, put_digest
from stockwright.accounts.model import Account
from stockwright.accounts.records import find_account_by_email, get_account, page_of_api_keys
from stockwright.accounts.sign_in import SignIn, sign_in
from stockwright.accounts.sign_up import SignUp
from stockwright.accounts.usecases import add_account
from stockwright.base.actor import Origin
from stockwright.base.address import Address as Postal
from stockwright.base.errors import Busy, Conflict, Unauthorized
from stockwright.base.event import Event
from stockwright.context import App
from stockwright.events import records as handling
from stockwright.events.catalogue import OrderPlaced
from stockwright.events.handling import give_up
from stockwright.events.records import DeadLetter, Retry
from stockwright.orders.details import OrderDetails
from stockwright.orders.mails import confirm
from stockwright.orders.records import get_order
from stockwright.orders.usecases import PlaceOrder, cancel_order, deliver_order, pack_order, place_order
from stockwright.request import BY_SYSTEM, Request
from stockwright.retention import erasing
from stockwright.retention.aging import remove_aged
from stockwright.retention.erasing import erase_account, erase_me, go_on_erasing
from stockwright.retention.erasure_records import list_erasures
from stockwright.sales.load_lines import LineWanted
from stockwright.store.batch import Batch
from stockwright.store.idempotency import put_idempotency
from tests.conftest import ADMIN, VISITOR, Clock, Product
from tests.retention.test_aging import Ends, archived, handle_all, message

ADA = SignUp("ada@example.com", "Better-Horse-7", "Ada Lovelace")
HOME = Origin("203.0.113.7")
STREET = Postal(name="A. King", line1="12 St James's Square", city="London", postal_code="SW1Y 4JH", country="GB")
DETAILS = OrderDetails(STREET, STREET, "Ring at the Countess's door", tags=("gift",))


async def erase(app: App, account: Account) -> None:
    await erase_account(app, ADMIN, account.id)
    while await list_erasures(app.store):
        await go_on_erasing(app)


async def everything(app: App) -> str:
    """All that is stored, as text: items, events and archives."""
    parts: list[Any] = []
    after = None
    while True:
        rows, after = await app.store.scan(after, 100)
        parts += [(row.key, to_builtins(row.body), dict(row.indexes)) for row in rows]
        if after is None:
            break
    parts += [event.as_dict() for event in await app.store.tail(limit=10_000)]
    return json.dumps([*parts, archived(app)], default=str)


def as_actor(account: Account) -> Request:
    return Request(account.as_actor())


@pytest.fixture
async def ada(shop: App, clock: Clock, product: Product) -> Account:
    """A customer with a past: orders, messages, failures, a session, and archived records."""
    account = await add_account(shop, BY_SYSTEM, ADA, "customer")
    chair = (await product(20)).product.id
    for _ in range(2):
        order = await place_order(shop, as_actor(account), PlaceOrder([LineWanted(2, chair)], details=DETAILS))
        [placed] = [each for each in await shop.store.tail(limit=1000) if each.subject == order.id]
        await confirm(shop, placed, placed.read(OrderPlaced))
        await pack_order(shop, ADMIN, order.id)
        await deliver_order(shop, ADMIN, order.id)
        await message(shop, to=ADA.email, body="Hello Ada Lovelace,\nyour code for ADA@example.com")
        if not archived(shop):
            clock.advance(days=500)
            await handle_all(shop)
            await remove_aged(shop)
    await sign_in(shop, VISITOR, SignIn(ADA.email, ADA.password, origin=HOME))
    await save_address(shop, as_actor(account), STREET)
    now = clock.now()
    batch = Batch()
    give_up(shop, batch, DeadLetter("dlq_1", "order-mail", placed, f"550 {ADA.email} is unknown", 3, now, now))
    handling.put_retry(batch, Retry("order-mail", placed, 1, now + 10**9, now, f"<{ADA.email}> busy"))
    answer = {"status": 201, "data": '{"line1":"12 St James\'s Square"}'}
    put_idempotency(batch, f"{account.id}#saved", "hash", answer, None)
    put_idempotency(batch, f"{account.id}#key", "hash", {"status": 201, "data": f'{{"userEmail":"{ADA.email}"}}'}, None)
    await batch.commit(shop.store)
    return account


async def test_name_and_address_stand_nowhere_any_more_and_every_number_stays(shop: App, ada: Account) -> None:
    before = await everything(shop)
    assert before.count("ada@example.com") > 8
    assert before.count("St James") > 4
    assert "Ada Lovelace" in before
    orders = json.loads(before)

    await erase(shop, ada)

    after = await everything(shop)
    assert "ada@example" not in after.lower()
    assert "Lovelace" not in after
    for part in ("St James", "A. King", "SW1Y", "London", "Countess"):
        assert part not in after, part
    details = [body["details"] for key, body, _ in _items(json.loads(after)) if key[1] == "ORDER"]
    assert [each["shippingAddress"]["country"] for each in details] == ["GB", "GB"]
    assert [each["tags"] for each in details] == [["gift"], ["gift"]]
    sums = [
        [body["total"] for key, body, _ in found if key[1] == "ORDER"]
        for found in (_items(orders), _items(json.loads(after)))
    ]
    assert sums[0] == sums[1]
    assert len(sums[0]) == 2
    assert archived(shop)


def _items(parts: list[Any]) -> list[Any]:
    return [part for part in parts if isinstance(part, list)]


async def test_nobody_can_sign_in_and_the_address_is_free_again(shop: App, ada: Account) -> None:
    session = await sign_in(shop, VISITOR, SignIn(ADA.email, ADA.password, origin=HOME))
    await erase_account(shop, ADMIN, ada.id)
    with pytest.raises(Unauthorized):
        await sign_in(shop, VISITOR, SignIn(ADA.email, ADA.password, origin=HOME))
    with pytest.raises(Unauthorized):
        await shop.identity.whose(shop, VISITOR, session.id_token)
    with pytest.raises(Unauthorized):
        await shop.identity.refresh(shop, VISITOR, session.refresh_token)
    left = await get_account(shop.store, ada.id)
    assert (left.is_erased, left.name, left.disabled) == (True, "", True)
    assert await find_account_by_email(shop.store, ADA.email) is None
    again = await add_account(shop, BY_SYSTEM, replace(ADA, name="Another"), "customer")
    assert again.id != ada.id


async def test_what_was_bought_keeps_its_name_also_where_its_buyer_has_the_same(shop: App, product: Product) -> None:
    lamp = await add_account(shop, BY_SYSTEM, SignUp("lamp@example.com", "Better-Horse-7", "Lamp"), "customer")
    assert not replace(lamp, email="somebody@erased.invalid").is_erased
    bought = (await product(3, name="Lamp", description="A Lamp to read by.")).product.id
    order = await place_order(shop, as_actor(lamp), PlaceOrder([LineWanted(1, bought)]))
    await cancel_order(shop, ADMIN, order.id, "Lamp called")
    await erase(shop, lamp)
    after = await get_order(shop.store, order.id)
    assert [line.name for line in after.lines] == ["Lamp"]
    assert [step.note for step in after.timeline] == ["", "[erased] called"]


async def test_erasing_again_changes_nothing(shop: App, ada: Account) -> None:
    await erase(shop, ada)
    before = await everything(shop)
    await erase(shop, ada)
    assert await everything(shop) == before


async def test_a_person_erases_their_own_account(shop: App, ada: Account) -> None:
    assert (await erase_me(shop, as_actor(ada))).is_erased
    assert [event.name for event in await shop.store.tail(limit=1, reverse=True)] == ["account.erased"]


async def test_an_open_order_keeps_its_buyer(shop: App, ada: Account, product: Product) -> None:
    chair = (await product(3)).product.id
    order = await place_order(shop, as_actor(ada), PlaceOrder([LineWanted(1, chair)]))
    with pytest.raises(Conflict, match=order.id):
        await erase_account(shop, ADMIN, ada.id)
    assert not (await get_account(shop.store, ada.id)).is_erased
    await cancel_order(shop, ADMIN, order.id)
    await erase(shop, ada)
    assert (await get_order(shop.store, order.id)).user_email == ""


async def test_the_last_admin_stays(shop: App) -> None:
    first = await add_account(shop, BY_SYSTEM, SignUp("root@example.com", "Better-Horse-7", "Root"), "admin")
    with pytest.raises(Conflict, match="last admin"):
        await erase_account(shop, BY_SYSTEM, first.id)
    await add_account(shop, BY_SYSTEM, SignUp("second@example.com", "Better-Horse-7", "Second"), "admin")
    await erase(shop, first)
    assert (await get_account(shop.store, first.id)).is_erased


async def test_the_keys_that_somebody_made_end_and_others_stay(shop: App, ada: Account) -> None:
    mine = await create_api_key(shop, as_actor(ada), "Till", ["metrics"])
    others = await create_api_key(shop, ADMIN, "Warehouse", ["metrics"])
    await erase(shop, ada)
    assert [key.id for key in (await page_of_api_keys(shop.store))[0]] == [others.key.id]
    with pytest.raises(Unauthorized):
        await authenticate(shop, mine.shown)


async def test_alerts_that_wait_for_them_are_dropped_and_those_of_others_lose_the_address(
    shop: App, ada: Account
) -> None:
    to_ada, to_bob = Address("email", ADA.email), Address("email", "bob@example.com")
    part = Part(1, (Entry("line", f"the mail to {ADA.email} failed", "ord_1"),))
    batch = Batch()
    for number, address in enumerate((to_ada, to_bob)):
        put_digest(batch, Digest(f"ntf_{number}", "operations", address, "evt_1", 1, part))
    await batch.commit(shop.store)
    await erase(shop, ada)
    [left] = await load_digests(shop.store, "operations", [to_ada, to_bob])
    assert left.address == to_bob
    assert left.waiting.entries[0].text == "the mail to [erased] failed"


async def test_addresses_that_only_contain_theirs_and_names_of_others_stay(shop: App, ada: Account) -> None:
    kept = [
        await message(shop, to="joada@example.com", body="Hello Ada Lovelace"),
        await message(shop, to="ada@example.com.au", body="the Ada Lovelace lamp"),
    ]
    await erase(shop, ada)
    after = await everything(shop)
    for each in kept:
        assert each.to in after
        assert each.body in after


@pytest.mark.parametrize(
    "ends", [["after"] * 3, ["", "", "before", "", "after"], ["", "before", "", "", "", "", "after"]]
)
async def test_it_goes_on_wherever_it_ended(
    shop: App, ada: Account, ends: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "STEP_ROWS", 7)
    await erase_account(shop, ADMIN, ada.id)
    store, left = shop.store, [*ends]
    shop.store = Ends(store, left)  # type: ignore[assignment]
    while left:
        try:
            await go_on_erasing(shop)
        except Busy:
            continue
        break
    shop.store = store
    while await list_erasures(shop.store):
        await go_on_erasing(shop)
    after = await everything(shop)
    assert "ada@example" not in after.lower()
    assert "Lovelace" not in after


async def test_archives_that_were_being_written_are_read_to_their_end_and_go_on(
    shop: App, ada: Account, clock: Clock
) -> None:
    await erase(shop, ada)
    clock.advance(days=500)
    await handle_all(shop)
    await remove_aged(shop)
    for file in (shop.settings.data_dir / "archive").iterdir():
        assert gzip.decompress(file.read_bytes()).endswith(b"}\n")
    ids = [line["id"] for lines in archived(shop).values() for line in lines]
    assert len(ids) == len(set(ids))


async def test_a_letter_of_an_event_can_still_be_handled(shop: App, ada: Account) -> None:
    await erase(shop, ada)
    letter = await handling.get_dead_letter(shop.store, "dlq_1")
    assert isinstance(letter.event, Event)
    assert letter.event.data["userEmail"] == ""
    assert letter.error == "550 [erased] is unknown"
