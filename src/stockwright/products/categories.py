"""The managed list of categories: add, rename and delete them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import UNSET
from msgspec.structs import replace

from stockwright.base.errors import AlreadyExists, Conflict, NotFound
from stockwright.base.names import name_key
from stockwright.commit import commit, new_event, unchanged
from stockwright.events.catalogue import CategoryCreated, CategoryDeleted, CategoryRenamed, ProductUpdated
from stockwright.products import category_records as records
from stockwright.products import records as product_records
from stockwright.products.model import check_category_name
from stockwright.request import BY_SYSTEM
from stockwright.store.batch import Batch, Stale, retried
from stockwright.store.paging import every, pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stockwright.context import App
    from stockwright.products.category_records import Category
    from stockwright.products.model import Product
    from stockwright.request import Request


MOVED_AT_ONCE: Final = 40
"""Products that one commit moves: two writes each, within the 100 of a transaction on DynamoDB."""


async def list_categories(app: App) -> list[str]:
    """Read the names of the managed list."""
    return [category.name for category in await records.list_categories(app.store)]


async def add_category(app: App, request: Request, name: str) -> str:
    """Add a category of a new name (409 where one differs in case or blanks only); returns it as it is shown."""
    name = check_category_name(name)

    async def attempt() -> str:
        categories = await records.list_categories(app.store)
        _refuse_taken(categories, name)
        batch = Batch()
        records.put_category(batch, records.category_named(name, app.clock.now()))
        batch.append(new_event(app, request, CategoryCreated(), name))
        await commit(app, request, batch, name)
        return name

    return await retried(attempt)


async def rename_category(app: App, request: Request, name: str, new_name: str) -> str:
    """Give a category another name, and move its products along; returns the name as it is shown.

    The name changes in one commit; the products follow in pieces. Where the process ends in between, the
    sweeper moves the rest.
    """
    new_name = check_category_name(new_name)

    async def attempt() -> Category:
        categories = await records.list_categories(app.store)
        before = _get(categories, name)
        if before.name == new_name:
            await unchanged(app, request, before.name)
            return before
        if before.renamed_from is not None:
            raise Conflict(f"The category {before.name!r} is being renamed; try again shortly")
        _refuse_taken((each for each in categories if each is not before), new_name)
        batch, after = Batch(), replace(before, name=new_name, renamed_from=before.name)
        if name_key(new_name) != before.key:
            # Another key is another item: what comes into the category under its former name is refused.
            records.delete_category(batch, before)
            after = replace(after, key=name_key(new_name), version=0)
        records.put_category(batch, after)
        batch.append(new_event(app, request, CategoryRenamed(before=before.name), new_name))
        await commit(app, request, batch, after.name)
        return after

    renamed = await retried(attempt)
    await _move_products(app, request, renamed)
    return renamed.name


async def finish_renames(app: App) -> None:
    """Move the products that a rename left behind when its process ended. The sweeper's."""
    for category in await records.list_categories(app.store):
        await _move_products(app, BY_SYSTEM, category)


async def delete_category(app: App, request: Request, name: str) -> str:
    """Remove a category that no product is in (409 otherwise)."""

    async def attempt() -> str:
        category = _get(await records.list_categories(app.store), name)
        if category.renamed_from is not None:
            raise Conflict(f"The category {category.name!r} is being renamed; try again shortly")
        in_category = partial(product_records.page_of_products, app.store, where={"category": category.name}, limit=1)
        async for product in every(in_category):
            raise Conflict(
                f"Products are in the category {category.name!r}; move them first", {"productId": product.id}
            )
        batch = Batch()
        records.delete_category(batch, category)
        batch.append(new_event(app, request, CategoryDeleted(), category.name))
        await commit(app, request, batch, category.name)
        return category.name

    return await retried(attempt)


async def _move_products(app: App, request: Request, category: Category) -> None:
    former = category.renamed_from
    if former is None:
        return
    bearing = partial(product_records.page_of_products, app.store, where={"category": former}, limit=MOVED_AT_ONCE)
    async for products in pages(bearing):
        if products:
            await _move_page(app, request, products, former, category.name)

    async def finish() -> None:
        current = records.find_category(await records.list_categories(app.store), category.name)
        if current is None or current.renamed_from is None:
            return
        batch = Batch()
        records.put_category(batch, replace(current, renamed_from=None))
        await batch.commit(app.store)

    await retried(finish)


async def _move_page(app: App, request: Request, products: Sequence[Product], former: str, name: str) -> None:
    """Move products in one commit; where one has changed meanwhile, one by one."""
    try:
        await _commit_moved(app, request, products, name)
    except Stale:
        for product in products:
            await retried(partial(_move_one, app, request, product.id, former, name))


async def _move_one(app: App, request: Request, product_id: str, former: str, name: str) -> None:
    product = (await product_records.load_products(app.store, [product_id])).get(product_id)
    if product is not None and product.category == former:
        await _commit_moved(app, request, [product], name)


async def _commit_moved(app: App, request: Request, products: Sequence[Product], name: str) -> None:
    now, batch = app.clock.now(), Batch()
    for product in products:
        product_records.put_product(batch, replace(product, category=name, updated_at=now))
        own = product.variant_ids if product.stock_per_variant else UNSET
        data = ProductUpdated(sku=product.sku, fields=["category"], products=[], variants=own)
        batch.append(new_event(app, request, data, product.id))
    await batch.commit(app.store)


def _get(categories: Sequence[Category], name: str) -> Category:
    found = records.find_category(categories, name)
    if found is None:
        raise NotFound("Category not found")
    return found


def _refuse_taken(categories: Iterable[Category], name: str) -> None:
    """Refuse a name that another category has, or that products of one that is being renamed may still bear."""
    for each in categories:
        if name_key(name) in {name_key(each.name), name_key(each.renamed_from or each.name)}:
            raise AlreadyExists(f"The category {each.name!r} already exists", {"name": each.name})
