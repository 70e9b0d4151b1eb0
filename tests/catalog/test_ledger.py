"""The ledger as it is listed: the balance after each movement, its product's name, and who caused it."""

from __future__ import annotations

import pytest

from stockwright.catalog.inventory import ChangeStock, Transfer, change_stock, transfer
from stockwright.catalog.ledger import MovementFilter, list_movements
from stockwright.context import App
from stockwright.stock.locations import add_location
from stockwright.store.port import Put
from tests.conftest import ADMIN, Product


@pytest.fixture
def embedded(engine: str) -> None:
    if engine != "sqlite":
        pytest.skip("DynamoDB does not return the sum to a commit")


LISTED = [(-2, 13), (5, 5), (-5, 15), (10, 20), (10, 10)]


async def some_movements(app: App, product: Product) -> str:
    chair = (await product(10)).product.id
    await add_location(app, ADMIN, "cellar", priority=200)
    await change_stock(app, ADMIN, ChangeStock(chair, 10, "RESTOCK"))
    await transfer(app, ADMIN, Transfer(chair, 5, "default", "cellar"))
    changed = await change_stock(app, ADMIN, ChangeStock(chair, -2, "ADJUSTMENT", location="default"))
    assert [each.balance_after for each in changed.movements] == [13]
    return chair


async def forget_balances(app: App, product_id: str) -> None:
    """Make the ledger as a former release wrote it."""
    page = await app.store.query(f"PRODUCT#{product_id}", begins="MOVEMENT#")
    for item in page.items:
        body = item.body | {"balanceAfter": None, "stockVersion": None}
        listed = {"list": ("MOVEMENT", item.body["id"])}
        await app.store.commit([Put(item.key, body, item.version, listed)])  # type: ignore[arg-type]


@pytest.mark.usefixtures("embedded")
@pytest.mark.parametrize("former", [False, True])
@pytest.mark.parametrize("whole_shop", [False, True])
async def test_every_list_shows_balances_and_names(app: App, product: Product, former: bool, whole_shop: bool) -> None:
    chair = await some_movements(app, product)
    if former:
        await forget_balances(app, chair)
    wanted = MovementFilter(product_id=None if whole_shop else chair)
    views, _ = await list_movements(app, wanted)
    found = sorted((view.movement.quantity, view.balance_after) for view in views)
    assert found == sorted(LISTED)
    assert all(view.name for view in views)
    restocks, _ = await list_movements(app, MovementFilter(product_id=wanted.product_id, type="RESTOCK"))
    assert [(view.movement.quantity, view.balance_after) for view in restocks] == [(10, 20)]


@pytest.mark.usefixtures("embedded")
async def test_movements_of_the_former_format_are_listed_in_pages_without_reading_the_newest_again(
    app: App, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockwright.catalog.ledger.BACK_MAX", 2)
    chair = await some_movements(app, product)
    await forget_balances(app, chair)
    after, found = None, []
    while True:
        views, after = await list_movements(app, MovementFilter(product_id=chair, limit=2, after=after))
        found += [(view.movement.quantity, view.balance_after) for view in views]
        if after is None:
            break
    assert sorted(found) == sorted(LISTED)  # type: ignore[type-var]
