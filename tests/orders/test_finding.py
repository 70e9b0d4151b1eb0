"""Orders are found by number, id, and the customer's address; customers find their own alone."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from stockwright.base.ids import number_of
from stockwright.context import App
from stockwright.orders.model import Order
from stockwright.orders.usecases import ListOrders, PlaceOrder, cancel_order, list_orders, place_order
from stockwright.request import Request
from stockwright.sales.load_lines import LineWanted
from tests.conftest import ADMIN, ALICE, BOB, Product


async def placed(app: App, product_id: str, who: Request = ALICE, **more: Any) -> Order:
    return await place_order(app, who, PlaceOrder([LineWanted(1, product_id)], **more))


async def found(app: App, text: str, who: Request = ADMIN, **more: Any) -> list[str]:
    orders, following = await list_orders(app, who, ListOrders(search=text, everybody=who is ADMIN, **more))
    assert following is None
    return [order.id for order in orders]


async def test_an_order_is_found_by_its_number_in_any_spelling_and_by_its_id(app: App, product: Product) -> None:
    chair = await product(10)
    order, other = [await placed(app, chair.product.id) for _ in range(2)]
    assert order.number != other.number
    for text in (order.number, order.number.lower().replace("-", ""), f"#{order.number}", order.id, f" {order.id} "):
        assert await found(app, text) == [order.id]
    assert await found(app, order.number[:-1]) == []
    assert await found(app, "ord_unknown") == []
    assert await found(app, "chair") == []


async def test_a_customer_finds_only_their_own_orders(app: App, product: Product) -> None:
    order = await placed(app, (await product(10)).product.id)
    assert await found(app, order.number, ALICE) == [order.id]
    assert await found(app, order.number, BOB) == []
    assert await found(app, order.id, BOB) == []
    assert await found(app, "alice@example.com", BOB) == []


async def test_a_search_takes_the_status_too(app: App, product: Product) -> None:
    order = await placed(app, (await product(10)).product.id)
    assert await found(app, order.number, status="PENDING") == [order.id]
    await cancel_order(app, ADMIN, order.id)
    assert await found(app, order.number, status="PENDING") == []
    assert await found(app, order.number, status="CANCELLED") == [order.id]


async def test_an_order_of_a_former_release_is_found_by_its_longer_number(app: App, product: Product) -> None:
    chair = await product(10)
    former = await placed(app, chair.product.id, id=app.ids.new("ord"))
    assert len(former.number) == len("6QF4M-8K2TB-01234")
    for text in (former.number, former.number.lower().replace("-", " "), former.number[:11]):
        assert await found(app, text) == [former.id]


async def test_an_id_that_another_process_made_first_is_made_again(app: App, product: Product) -> None:
    chair = await product(10)
    first = await placed(app, chair.product.id)

    class Ids:
        """The same id once more, then one of its own."""

        left = [first.id]

        def new_numbered(self, prefix: str) -> str:
            return self.left.pop() if self.left else ids.new_numbered(prefix)

        def __getattr__(self, name: str) -> Any:
            return getattr(ids, name)

    ids = app.ids
    second = await placed(replace(app, ids=Ids()), chair.product.id)
    assert second.id != first.id
    assert second.number == number_of(second.id)
    assert len(await found(app, first.number)) == 1


@pytest.mark.parametrize("text", ["@", "a@b", "nobody@example.com", "x@@y", "ord_", "#", "💥" * 5])
async def test_what_nothing_is_named_finds_nothing(app: App, product: Product, text: str) -> None:
    await placed(app, (await product(10)).product.id)
    assert await found(app, text) == []
