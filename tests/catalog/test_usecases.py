"""The catalogue: what can be sold, found and taken away."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from stockwright.base.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound, VersionConflict
from stockwright.catalog.inventory import ChangeStock, Initialize, change_stock, initialize
from stockwright.catalog.inventory_views import ListInventory, list_inventory
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.catalog.product_list import ListProducts, list_products
from stockwright.catalog.stocked import StockedProduct, get_product
from stockwright.catalog.usecases import UpdateProduct, delete_product, update_product
from stockwright.context import App
from stockwright.products.categories import add_category, delete_category, list_categories
from stockwright.products.records import claim_sku, load_product_ids, put_product, release_sku
from stockwright.reservations.usecases import Reserve, get_reservation, reserve_stock
from stockwright.stock.model import Wanted
from stockwright.stock.records import put_stock
from stockwright.store.batch import Batch
from tests.conftest import ADMIN, ALICE, VISITOR, Clock, Product
from tests.shops import meanwhile

GOOD: dict[str, Any] = {
    "name": "Wireless Keyboard",
    "sku": "KB-MECH-001",
    "description": "Bluetooth mechanical keyboard with RGB",
    "category": "electronics",
    "price_cents": 7999,
}


async def test_a_product_and_its_stock_are_created_in_one_commit(app: App) -> None:
    made = await create_product(app, ADMIN, CreateProduct(**GOOD, quantity=50))
    assert await get_product(app, made.product.id) == made
    assert (made.stock.available, made.stock.is_low, made.product.version) == (50, False, 1)
    assert [event.name for event in await app.store.tail()] == ["product.created"]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("name", "ab", "name"),
        ("name", "x" * 201, "name"),
        ("name", "NUL \x00 inside", "name"),
        ("description", "too short", "description"),
        ("description", "x" * 2001, "description"),
        ("category", "toys", "category"),
        ("price_cents", 0, "price"),
        ("price_cents", -5, "price"),
        ("price_cents", 10**15, "price"),
        ("currency", "usd", "currency"),
        ("sku", "ab", "sku"),
        ("sku", "x" * 51, "sku"),
        ("image_url", "javascript:alert(1)", "imageUrl"),
        ("image_url", "https://", "imageUrl"),
        ("image_url", "http://[broken", "imageUrl"),
        ("image_url", "https://shop.example/a b.png", "imageUrl"),
        ("image_url", "https://shop.example:99999/a.png", "imageUrl"),
        ("image_url", "https://user@/a.png", "imageUrl"),
        ("quantity", -1, "quantity"),
        ("quantity", 10**10, "quantity"),
        ("location", "moon", "location"),
    ],
)
async def test_each_wrong_field_is_reported_and_nothing_is_created(
    app: App, field: str, value: Any, expected: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await create_product(app, ADMIN, CreateProduct(**{**GOOD, field: value}))
    assert [each["field"] for each in refused.value.details] == [expected]
    assert await list_inventory(app, ListInventory()) == ([], None)


async def test_all_wrong_fields_are_reported_at_once(app: App) -> None:
    with pytest.raises(Invalid) as refused:
        await create_product(app, ADMIN, CreateProduct(**{**GOOD, "name": "", "price_cents": 0, "sku": ""}))
    assert {each["field"] for each in refused.value.details} == {"name", "price", "sku"}


async def test_a_sku_belongs_to_one_product_whatever_its_case(app: App) -> None:
    await create_product(app, ADMIN, CreateProduct(**GOOD))
    with pytest.raises(AlreadyExists):
        await create_product(app, ADMIN, CreateProduct(**{**GOOD, "sku": "kb-mech-001"}))
    outcomes = await asyncio.gather(
        *[create_product(app, ADMIN, CreateProduct(**{**GOOD, "sku": "NEW-1"})) for _ in range(20)],
        return_exceptions=True,
    )
    assert sum(isinstance(each, StockedProduct) for each in outcomes) == 1
    assert sum(isinstance(each, AlreadyExists) for each in outcomes) == 19


async def test_all_spellings_of_a_sku_are_one_sku(app: App) -> None:
    made = await create_product(
        app, ADMIN, CreateProduct(**{**GOOD, "sku": " CAF\u00c9-1 ", "name": " Cafe\u0301 cup "})
    )
    assert (made.product.sku, made.product.name) == ("CAF\u00c9-1", "Caf\u00e9 cup")
    other = await create_product(app, ADMIN, CreateProduct(**GOOD))
    for spelling in ("CAF\u00c9-1", "CAFE\u0301-1", " cafe\u0301-1\t"):
        assert await load_product_ids(app.store, [spelling]) == {spelling: made.product.id}
        with pytest.raises(AlreadyExists):
            await create_product(app, ADMIN, CreateProduct(**{**GOOD, "sku": spelling}))
        with pytest.raises(AlreadyExists):
            await update_product(app, ADMIN, UpdateProduct(other.product.id, {"sku": spelling}))
        with pytest.raises(AlreadyExists):
            await initialize(app, ADMIN, Initialize("foreign", spelling))
        opened = await initialize(app, ADMIN, Initialize(made.product.id, spelling, 1, f"cellar {spelling.strip()}"))
        assert opened.stock.sku == "CAF\u00c9-1"
    renamed = await update_product(
        app, ADMIN, UpdateProduct(other.product.id, {"sku": " KB-2 ", "name": " Key board "})
    )
    assert (renamed.product.sku, renamed.stock.sku, renamed.product.name) == ("KB-2", "KB-2", "Key board")
    found, _ = await list_products(app, ALICE, ListProducts(search="cafe\u0301"))
    assert [each.product.id for each in found] == [made.product.id]


async def test_a_sku_that_was_stored_unnormalized_is_found_and_normalized_by_the_next_change(app: App) -> None:
    made = await create_product(app, ADMIN, CreateProduct(**GOOD, quantity=1))
    batch = Batch()
    release_sku(batch, made.product.sku)
    claim_sku(batch, "CAFE\u0301-1 ", made.product.id)
    put_product(batch, replace(made.product, sku="CAFE\u0301-1 "))
    put_stock(batch, replace(made.stock, sku="CAFE\u0301-1 "))
    await batch.commit(app.store)
    assert await load_product_ids(app.store, ["cafe\u0301-1 "]) == {"cafe\u0301-1 ": made.product.id}
    await initialize(app, ADMIN, Initialize(made.product.id, "CAF\u00c9-1", 1, "cellar"))
    after = await update_product(app, ADMIN, UpdateProduct(made.product.id, {"sku": "CAFE\u0301-1 "}))
    assert after.product.sku == "CAF\u00c9-1"
    assert await load_product_ids(app.store, ["CAF\u00c9-1"]) == {"CAF\u00c9-1": made.product.id}
    await create_product(app, ADMIN, CreateProduct(**GOOD))


async def test_only_the_given_fields_change(app: App, clock: Clock) -> None:
    made = await create_product(app, ADMIN, CreateProduct(**GOOD, quantity=5))
    clock.advance(seconds=1)
    after = await update_product(app, ADMIN, UpdateProduct(made.product.id, {"price_cents": 8999}))
    assert (after.product.price_cents, after.product.name) == (8999, GOOD["name"])
    assert (after.product.version, after.product.updated_at) == (2, clock.now())
    assert after.stock == made.stock
    assert await get_product(app, made.product.id) == after


async def test_a_change_that_changes_nothing_writes_nothing(app: App) -> None:
    made = await create_product(app, ADMIN, CreateProduct(**GOOD, quantity=5))
    assert await update_product(app, ADMIN, UpdateProduct(made.product.id, {"name": GOOD["name"]}, 5)) == made
    assert len(await app.store.tail()) == 1


async def test_a_change_can_require_the_version_that_was_read(app: App) -> None:
    made = await create_product(app, ADMIN, CreateProduct(**GOOD))
    await update_product(app, ADMIN, UpdateProduct(made.product.id, {"price_cents": 1}, expected_version=1))
    with pytest.raises(VersionConflict) as refused:
        await update_product(app, ADMIN, UpdateProduct(made.product.id, {"price_cents": 2}, expected_version=1))
    assert refused.value.details["current"].product.price_cents == 1
    with pytest.raises(VersionConflict):
        await delete_product(app, ADMIN, made.product.id, expected_version=1)


async def test_a_sku_can_be_changed_to_a_free_one_and_its_former_one_is_free(app: App) -> None:
    made = await create_product(app, ADMIN, CreateProduct(**GOOD, quantity=3))
    other = await create_product(app, ADMIN, CreateProduct(**{**GOOD, "sku": "OTHER-1"}))
    with pytest.raises(AlreadyExists):
        await update_product(app, ADMIN, UpdateProduct(made.product.id, {"sku": "other-1"}))
    after = await update_product(app, ADMIN, UpdateProduct(made.product.id, {"sku": "KB-2"}))
    assert after.stock.sku == "KB-2"
    await update_product(app, ADMIN, UpdateProduct(other.product.id, {"sku": "KB-MECH-001"}))
    recased = await update_product(app, ADMIN, UpdateProduct(made.product.id, {"sku": "kb-2"}))
    assert recased.product.sku == "kb-2"


async def test_thresholds_change_with_the_product(app: App, product: Product) -> None:
    chair = await product(5)
    after = await update_product(app, ADMIN, UpdateProduct(chair.product.id, thresholds={"low_stock": 3}))
    assert not after.stock.is_low
    with pytest.raises(Invalid) as refused:
        await update_product(app, ADMIN, UpdateProduct(chair.product.id, thresholds={"reorder_quantity": 0}))
    assert refused.value.details[0]["field"] == "reorderQuantity"


async def test_a_deleted_product_cannot_be_read_and_its_sku_is_free(app: App) -> None:
    made = await create_product(app, ADMIN, CreateProduct(**GOOD, quantity=5))
    assert await delete_product(app, ADMIN, made.product.id) == made.product.id
    with pytest.raises(NotFound):
        await get_product(app, made.product.id)
    with pytest.raises(NotFound):
        await delete_product(app, ADMIN, made.product.id)
    with pytest.raises(NotFound):
        await change_stock(app, ADMIN, ChangeStock(made.product.id, 1, "RESTOCK"))
    assert (await list_products(app, ADMIN, ListProducts()))[0] == []
    await create_product(app, ADMIN, CreateProduct(**GOOD))
    with pytest.raises(AlreadyExists):
        await create_product(app, ADMIN, CreateProduct(**{**GOOD, "sku": "NEW-2"}, id=made.product.id))


async def test_an_expired_hold_does_not_prevent_the_deletion_of_its_product(
    app: App, product: Product, clock: Clock
) -> None:
    chair = (await product(5)).product.id
    held = await reserve_stock(app, ALICE, Reserve([Wanted(chair, 2)], minutes=5))
    with pytest.raises(Conflict, match="2 units are reserved"):
        await delete_product(app, ADMIN, chair)
    clock.advance(minutes=5)
    assert await delete_product(app, ADMIN, chair) == chair
    assert (await get_reservation(app, ALICE, held.id)).status == "EXPIRED"


async def test_a_product_without_readable_stock_is_not_found(app: App, product: Product) -> None:
    batch = Batch()
    put_product(batch, replace((await product(1)).product, id="half", version=0))
    await batch.commit(app.store)
    with pytest.raises(NotFound):
        await get_product(app, "half")


# ---- lists -----------------------------------------------------------------------------------


async def listed(app: App, **wanted: Any) -> list[str]:
    names: list[str] = []
    after: str | None = None
    while True:
        page, after = await list_products(app, wanted.get("actor", ALICE), ListProducts(
            **{name: value for name, value in wanted.items() if name != "actor"}, limit=2, after=after))  # fmt: skip
        names += [each.product.name for each in page]
        if after is None:
            return names


@pytest.fixture
async def shop(app: App, product: Product) -> App:
    """Five products of three kinds."""
    await product(20, name="Alpha phone", category="phone", type="smart", brand="apple", price_cents=500)
    await product(5, name="Beta phone", category="phone", type="smart", brand="samsung", price_cents=300)
    await product(0, name="Gamma phone", category="phone", type="feature", brand="nokia", price_cents=900)
    await product(
        20, name="delta laptop", category="computer", type="laptop", brand="dell", sku="XPS-13", price_cents=300
    )
    await product(20, name="Hidden laptop", category="computer", status="INACTIVE")
    return app


async def test_lists_are_newest_first_and_filters_narrow_them(shop: App) -> None:
    everything = ["delta laptop", "Gamma phone", "Beta phone", "Alpha phone"]
    assert await listed(shop) == everything
    assert await listed(shop, sort="oldest") == everything[::-1]
    assert await listed(shop, category="phone") == everything[1:]
    assert await listed(shop, category="phone", type="smart") == ["Beta phone", "Alpha phone"]
    assert await listed(shop, brand="nokia") == ["Gamma phone"]
    assert await listed(shop, search="PHONE") == everything[1:]
    assert await listed(shop, search="xps") == ["delta laptop"]
    assert await listed(shop, search="%") == []
    assert await listed(shop, low_stock=True) == ["Gamma phone", "Beta phone"]
    assert await listed(shop, low_stock=False) == ["delta laptop", "Alpha phone"]


async def test_lists_can_be_sorted_by_name_and_price(shop: App) -> None:
    assert await listed(shop, sort="name") == ["Alpha phone", "Beta phone", "delta laptop", "Gamma phone"]
    assert await listed(shop, sort="-name") == ["Gamma phone", "delta laptop", "Beta phone", "Alpha phone"]
    assert await listed(shop, sort="price") == ["Beta phone", "delta laptop", "Alpha phone", "Gamma phone"]
    assert await listed(shop, sort="-price", low_stock=True) == ["Gamma phone", "Beta phone"]


async def test_only_admins_see_what_is_not_on_sale(shop: App) -> None:
    assert "Hidden laptop" in await listed(shop, actor=ADMIN)
    assert await listed(shop, actor=ADMIN, status="INACTIVE") == ["Hidden laptop"]
    for actor in (ALICE, VISITOR):
        with pytest.raises(Forbidden):
            await listed(shop, actor=actor, status="INACTIVE")
        assert "Hidden laptop" not in await listed(shop, actor=actor)


async def test_new_products_do_not_shift_the_pages(app: App, product: Product) -> None:
    for _ in range(4):
        await product(5)
    first, after = await list_products(app, ALICE, ListProducts(limit=2))
    await product(5)
    rest, _ = await list_products(app, ALICE, ListProducts(limit=10, after=after))
    assert [each.product.name for each in [*first, *rest]] == ["Chair 4", "Chair 3", "Chair 2", "Chair 1"]


async def test_categories_are_a_managed_list(app: App, product: Product) -> None:
    assert await list_categories(app) == sorted(
        ["electronics", "clothing", "food", "other", "phone", "computer", "accessories"]
    )
    assert await add_category(app, ADMIN, " Toys ") == "Toys"
    with pytest.raises(AlreadyExists):
        await add_category(app, ADMIN, "toys")
    await product(1, category="toys")
    with pytest.raises(Conflict):
        await delete_category(app, ADMIN, "toys")
    with pytest.raises(NotFound):
        await delete_category(app, ADMIN, "games")
    assert await delete_category(app, ADMIN, "food") == "food"
    assert "food" not in await list_categories(app)


async def test_lists_without_a_limit_are_read_to_the_end(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    names = await list_categories(app)
    monkeypatch.setattr("stockwright.store.paging.STEP_ROWS", 3)
    assert await list_categories(app) == names
    assert len(names) > 3
    await add_category(app, ADMIN, "zebras")
    made = await create_product(app, ADMIN, CreateProduct(**{**GOOD, "category": "zebras"}))
    assert made.product.category == "zebras"


async def test_a_category_that_is_removed_meanwhile_gets_no_product(app: App) -> None:
    made = await create_product(app, ADMIN, CreateProduct(**GOOD))
    for name in ("garden", "beach"):
        await add_category(app, ADMIN, name)
    too_late = meanwhile(app, lambda: delete_category(app, ADMIN, "garden"))
    with pytest.raises(Invalid):
        await create_product(too_late, ADMIN, CreateProduct(**{**GOOD, "sku": "NEW-1", "category": "garden"}))
    too_late = meanwhile(app, lambda: delete_category(app, ADMIN, "beach"))
    with pytest.raises(Invalid):
        await update_product(too_late, ADMIN, UpdateProduct(made.product.id, {"category": "beach"}))
    assert (await get_product(app, made.product.id)).product.category == GOOD["category"]


async def test_a_category_that_gets_a_product_meanwhile_is_not_removed(app: App) -> None:
    made = await create_product(app, ADMIN, CreateProduct(**GOOD))
    for name in ("garden", "beach"):
        await add_category(app, ADMIN, name)
    new = CreateProduct(**{**GOOD, "sku": "NEW-1", "category": "garden"})
    moved = UpdateProduct(made.product.id, {"category": "beach"})
    with pytest.raises(Conflict, match="garden"):
        await delete_category(meanwhile(app, lambda: create_product(app, ADMIN, new)), ADMIN, "garden")
    with pytest.raises(Conflict, match="beach"):
        await delete_category(meanwhile(app, lambda: update_product(app, ADMIN, moved)), ADMIN, "beach")
    await update_product(app, ADMIN, UpdateProduct(made.product.id, {"category": "other"}))
    assert await delete_category(app, ADMIN, "beach") == "beach"
