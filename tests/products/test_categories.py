"""The managed list of categories: one name in whatever way it is written."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from stockwright.base.errors import AlreadyExists, Conflict, Invalid, NotFound
from stockwright.catalog.product_list import ListProducts, list_products
from stockwright.catalog.stocked import get_product
from stockwright.catalog.usecases import UpdateProduct, update_product
from stockwright.context import App
from stockwright.products.categories import MOVED_AT_ONCE, add_category, delete_category, rename_category
from stockwright.products.categories import list_categories as names_of
from stockwright.products.category_records import Category, category_named, list_categories, put_category
from stockwright.store.batch import Batch
from stockwright.sweeper import sweep
from tests.conftest import ADMIN, Product
from tests.shops import meanwhile

SPELLINGS = ["Garden Tools", "garden tools", " GARDEN  tools ", "Gardentools", "garden\u00a0tools"]


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_a_category_is_found_by_every_spelling(app: App, product: Product, spelling: str) -> None:
    assert await add_category(app, ADMIN, " Garden  Tools ") == "Garden Tools"
    with pytest.raises(AlreadyExists):
        await add_category(app, ADMIN, spelling)
    made = await product(1, category=spelling)
    assert made.product.category == "Garden Tools"
    await update_product(app, ADMIN, UpdateProduct(made.product.id, {"category": spelling, "price_cents": 5}))
    assert (await get_product(app, made.product.id)).product.category == "Garden Tools"
    found, _ = await list_products(app, ADMIN, ListProducts(category=spelling))
    assert [each.product.id for each in found] == [made.product.id]
    with pytest.raises(Conflict):
        await delete_category(app, ADMIN, spelling)
    await update_product(app, ADMIN, UpdateProduct(made.product.id, {"category": "FOOD"}))
    assert await delete_category(app, ADMIN, spelling) == "Garden Tools"


@pytest.mark.parametrize("name", ["", " ", "a", " a ", "x" * 51, "tab\x00"])
async def test_an_invalid_category_name_is_refused(app: App, name: str) -> None:
    with pytest.raises(Invalid):
        await add_category(app, ADMIN, name)
    with pytest.raises(Invalid):
        await rename_category(app, ADMIN, "food", name)


async def test_a_category_of_an_earlier_version_keeps_its_name(app: App, product: Product) -> None:
    """Former versions stored names in lower case, with their blanks in the key."""
    batch = Batch()
    put_category(batch, category_named("garden tools"))
    put_category(batch, Category("old shelves", "old shelves"))
    await batch.commit(app.store)
    made = await product(1, category="Old Shelves")
    assert made.product.category == "old shelves"
    with pytest.raises(AlreadyExists):
        await add_category(app, ADMIN, "OldShelves")
    assert await rename_category(app, ADMIN, "OLD SHELVES", "Old Shelves") == "Old Shelves"
    assert (await get_product(app, made.product.id)).product.category == "Old Shelves"


@pytest.mark.parametrize("new_name", ["Meals", "FOOD"], ids=["another name", "another spelling"])
async def test_renaming_a_category_renames_it_on_its_products(app: App, product: Product, new_name: str) -> None:
    inside = [await product(1, category="food") for _ in range(MOVED_AT_ONCE + 3)]
    outside = await product(1, category="phone")
    assert await rename_category(app, ADMIN, "Food", new_name) == new_name
    for each in inside:
        assert (await get_product(app, each.product.id)).product.category == new_name
    assert (await get_product(app, outside.product.id)).product == outside.product
    assert new_name in await names_of(app)
    assert "food" not in await names_of(app)
    assert [each.renamed_from for each in await list_categories(app.store) if each.renamed_from] == []
    made = await product(1, category=new_name.lower())
    assert made.product.category == new_name
    renamed = [event for event in await app.store.tail() if event.name == "category.renamed"]
    assert [(event.subject, event.data["before"]) for event in renamed] == [(new_name, "food")]


async def test_adding_an_existing_category_changes_nothing(app: App, product: Product) -> None:
    made = await product(1, category="food")
    with pytest.raises(AlreadyExists):
        await rename_category(app, ADMIN, "food", "PHONE")
    with pytest.raises(NotFound):
        await rename_category(app, ADMIN, "toys", "Games")
    assert await rename_category(app, ADMIN, "food", "food") == "food"
    assert await get_product(app, made.product.id) == made


async def test_a_product_added_during_a_rename_gets_the_new_name(app: App, product: Product) -> None:
    made = await product(1, category="phone")
    change = UpdateProduct(made.product.id, {"category": "food"})
    await rename_category(meanwhile(app, lambda: update_product(app, ADMIN, change)), ADMIN, "food", "Meals")
    assert (await get_product(app, made.product.id)).product.category == "Meals"
    with pytest.raises(Invalid):
        await update_product(
            meanwhile(app, lambda: rename_category(app, ADMIN, "Meals", "Dishes")),
            ADMIN,
            UpdateProduct((await product(1)).product.id, {"category": "Meals"}),
        )


async def test_the_sweeper_completes_an_interrupted_rename(app: App, product: Product) -> None:
    made = await product(1, category="food")

    class Stops:
        """The store of a process that ends after its first commit."""

        commits = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(app.store, name)

        async def commit(self, writes: Any) -> None:
            self.commits += 1
            if self.commits > 1:
                raise ConnectionError("the process has ended")
            await app.store.commit(writes)

    stopping: Any = Stops()
    with pytest.raises(ConnectionError):
        await rename_category(replace(app, store=stopping), ADMIN, "food", "Meals")
    assert (await get_product(app, made.product.id)).product.category == "food"
    for refused in (rename_category(app, ADMIN, "Meals", "Dishes"), delete_category(app, ADMIN, "Meals")):
        with pytest.raises(Conflict):
            await refused
    with pytest.raises(AlreadyExists):
        await add_category(app, ADMIN, "food")
    await sweep(app)
    assert (await get_product(app, made.product.id)).product.category == "Meals"
    assert await rename_category(app, ADMIN, "Meals", "Dishes") == "Dishes"
