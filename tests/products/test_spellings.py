"""Brands and types: one spelling for each, whatever way it is typed or asked for."""

from __future__ import annotations

import asyncio

import pytest

from stockwright.base.errors import Forbidden
from stockwright.catalog.product_list import ListProducts, list_products
from stockwright.catalog.stocked import get_product
from stockwright.catalog.usecases import UpdateProduct, update_product
from stockwright.context import App
from stockwright.request import Request
from tests.conftest import ADMIN, ALICE, VISITOR, Product

WRITTEN = ["New Balance", "new balance ", " NEW  BALANCE", "NewBalance", "new\u00a0balance"]


@pytest.mark.parametrize("field", ["brand", "type"])
async def test_all_spellings_of_a_name_are_the_same_name(app: App, product: Product, field: str) -> None:
    made = [await product(1, **{field: written}) for written in WRITTEN]
    assert {getattr(each.product, field) for each in made} == {"New Balance"}
    other = await product(1, **{field: "Balance"})
    await update_product(app, ADMIN, UpdateProduct(other.product.id, {field: "NEW BALANCE"}))
    for asked in WRITTEN:
        found, _ = await list_products(app, ALICE, ListProducts(**{field: asked}))  # type: ignore[arg-type]
        assert {each.product.id for each in found} == {each.product.id for each in [*made, other]}


async def test_the_first_product_of_a_brand_decides_its_spelling(app: App, product: Product) -> None:
    first, second = await product(1, brand="nike"), await product(1, brand="NIKE")
    await update_product(app, ADMIN, UpdateProduct(second.product.id, {"brand": "NIKE"}))
    assert (await get_product(app, second.product.id)).product.brand == "nike"
    await update_product(app, ADMIN, UpdateProduct(first.product.id, {"brand": "Nike"}))
    await update_product(app, ADMIN, UpdateProduct(second.product.id, {"brand": "nike"}))
    assert {(await get_product(app, each.product.id)).product.brand for each in (first, second)} == {"Nike"}


async def test_products_of_one_new_brand_created_at_once_share_its_spelling(app: App, product: Product) -> None:
    made = await asyncio.gather(*(product(1, brand=written) for written in WRITTEN))
    assert len({each.product.brand for each in made}) == 1


async def test_an_empty_brand_is_not_a_name(app: App, product: Product) -> None:
    made = await product(1, brand="Acme")
    await update_product(app, ADMIN, UpdateProduct(made.product.id, {"brand": " "}))
    assert (await get_product(app, made.product.id)).product.brand == ""


@pytest.mark.parametrize("actor", [ALICE, VISITOR], ids=["a customer", "a visitor"])
@pytest.mark.parametrize("status", ["INACTIVE", "UNLISTED"])
async def test_a_filter_that_is_for_admins_is_refused_and_not_ignored(app: App, actor: Request, status: str) -> None:
    with pytest.raises(Forbidden):
        await list_products(app, actor, ListProducts(status=status))
    assert await list_products(app, actor, ListProducts(status="ACTIVE")) == ([], None)
