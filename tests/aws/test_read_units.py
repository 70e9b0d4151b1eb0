"""What a list costs on DynamoDB, as it says itself: no more read units in a large shop than in a small one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from stockwright.asgi import build_asgi
from stockwright.products.model import Product, ProductStatus
from stockwright.products.records import position_of, put_product
from stockwright.stock.model import Level, Stock
from stockwright.stock.records import put_stock
from stockwright.stock.total_records import put_counted
from stockwright.stock.totals import part_of
from stockwright.store.batch import Batch
from stockwright.store.copying import DynamoDbSide
from stockwright.store.port import Put
from stockwright.store.progress import Progress, put_progress
from tests.api.conftest import asking, dressed
from tests.api.scene import ADMIN, Scene
from tests.conftest import START, Clock, bare_app
from tests.proving import SECONDS

SMALL: Final = 100
LARGE: Final = 20_000 if SECONDS else 700
RARE: Final = 7
NAMES: Final = ("Wireless Keyboard", "Garden Chair", "Cotton Shirt", "Phone Case", "Desk Lamp")
HANDFUL: Final = 8
"""Read units of a list that has nothing to show."""
PAGE: Final = 60
"""Of a page of 20 products with their stock."""
BOUND: Final = 450
"""Of any request, whatever its filters: five pages of what fits one of them and not the others."""

LISTS: Final[dict[str, int]] = {
    "/items?category=nope": HANDFUL,
    "/items?type=nope": HANDFUL,
    "/items?brand=nope": HANDFUL,
    "/items?search=nothinglikethis": HANDFUL,
    "/items?category=electronics&type=nope&brand=nope": 2 * HANDFUL,
    "/items?category=electronics&search=nothinglikethis": 2 * HANDFUL,
    "/items": PAGE,
    "/items?category=electronics": PAGE,
    "/items?category=electronics&brand=Rare": PAGE,
    "/items?search=keyboard": PAGE,
    "/items?search=wireless+keyb": PAGE,
    "/items?search=kb": BOUND,
    "/products?category=nope": HANDFUL,
    "/products?search=nothinglikethis": HANDFUL,
    "/products?status=UNLISTED": HANDFUL,
    "/products?status=INACTIVE": PAGE,
    "/products?sort=name&brand=Rare": PAGE,
    "/products?sort=-price&category=nope": HANDFUL,
    "/products?sort=price&category=food": BOUND,
    "/products?category=food&brand=Acme": BOUND,
    "/products?lowStock=true": PAGE,
    "/products?lowStock=true&category=nope": BOUND,
    "/products?lowStock=false&search=chair": BOUND,
    "/inventory": PAGE,
    "/inventory?search=nothinglikethis": HANDFUL,
    "/inventory?status=OUT": PAGE,
    "/inventory?status=IN_STOCK": BOUND,
    "/inventory/low-stock": PAGE,
    "/inventory/movements": 2 * HANDFUL,
    "/users": HANDFUL,
}
"""Lists, and the most read units that each may take in either shop."""
FOUND: Final = {
    "/items?category=electronics": 20,
    "/items?category=electronics&brand=Rare": RARE,
    "/items?search=keyboard": 20,
    "/items?search=wireless+keyb": 20,
    "/products?sort=name&brand=Rare": RARE,
    "/inventory?search=rare": RARE,
    "/items?search=shirt+cot": 20,
    "/items?search=hirt": 0,
    "/items?search=p-000003": 1,
    "/items?search=000003": 1,
}
"""How many rows some of them have."""


def a_product(number: int) -> Batch:
    """Put one product with its stock, as a shop of this release has it."""
    is_rare = number < RARE
    product = Product(
        id=f"p{number:06d}",
        sku=f"P-{number:06d}",
        name=NAMES[number % len(NAMES)] + (" Rare" if is_rare else ""),
        description="One of many products.",
        category="electronics" if is_rare or number % 5 < 3 else "food",
        type="thing",
        brand="Rare" if is_rare else "Acme" if number % 5 < 3 else "Other",
        price_cents=100 + number % 900,
        status=_status(number),
        created_at=START + number,
    )
    stock = Stock(product.id, product.sku, {"default": Level.of(0 if number % 50 == 0 else 100)}, ("default",))
    batch = Batch()
    put_product(batch, product)
    put_stock(batch, stock)
    put_counted(batch, part_of(product, stock), position_of(product))
    return batch


def _status(number: int) -> ProductStatus:
    return "INACTIVE" if number % 20 == 19 else "ACTIVE"


@asynccontextmanager
async def a_shop(folder: Path, products: int) -> AsyncIterator[Scene]:
    folder.mkdir()  # noqa: ASYNC240 - before anything runs beside it
    clock = Clock()
    app = await bare_app(folder, clock, "dynamodb")
    side = DynamoDbSide(app.store)  # type: ignore[arg-type]
    rows = [write for number in range(products) for write in a_product(number).writes if isinstance(write, Put)]
    with dressed(app, clock):
        async with asking(build_asgi(app)) as http:
            scene = Scene(app, clock, http)
            await scene.begin()
            await asyncio.to_thread(side.write, rows, None)
            batch = Batch()
            put_progress(batch, "stocks", Progress(done=True))
            await batch.commit(app.store)
            yield scene
    await app.store.close()


class Meter:
    """Sums the read units of every answer."""

    def __init__(self, client: Any) -> None:
        self.units = 0.0
        client.meta.events.register("provide-client-params.dynamodb.*", self._ask)
        client.meta.events.register("after-call.dynamodb.*", self._count)

    def _ask(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if "ReturnConsumedCapacity" in model.input_shape.members:
            params["ReturnConsumedCapacity"] = "TOTAL"

    def _count(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        if model.name in {"GetItem", "BatchGetItem", "Query"}:
            found = parsed.get("ConsumedCapacity") or []
            self.units += sum(each["CapacityUnits"] for each in (found if isinstance(found, list) else [found]))


async def costs(scene: Scene) -> tuple[dict[str, float], dict[str, int]]:
    """Ask for every list: read units, and how many rows came."""
    store: Any = scene.app.store
    meter = Meter(store.client)
    units, rows = dict[str, float](), dict[str, int]()
    for path in {**LISTS, **FOUND}:
        meter.units = 0
        answer = await scene.clients["" if path.startswith("/items") else ADMIN].get(path)
        assert answer.status == 200, (path, answer.response.text)
        units[path], rows[path] = meter.units, len(answer.data["items"])
    return units, rows


async def test_a_list_takes_no_more_read_units_in_a_large_shop(tmp_path: Path) -> None:
    async with a_shop(tmp_path / "small", SMALL) as small:
        few, rows_of_few = await costs(small)
    async with a_shop(tmp_path / "large", LARGE) as large:
        many, rows_of_many = await costs(large)
    print(f"\nread units at {SMALL} and at {LARGE:,} products")
    for path in LISTS:
        print(f"{few[path]:8.1f} {many[path]:8.1f}  {path}")
    assert {path: (few[path], many[path]) for path, most in LISTS.items() if max(few[path], many[path]) > most} == {}
    for rows in (rows_of_few, rows_of_many):
        assert {path: rows[path] for path in FOUND} == FOUND


async def test_every_product_of_a_filter_is_found_once_page_by_page(tmp_path: Path) -> None:
    """Also where no one term says which: both have many products, and few have both."""
    async with a_shop(tmp_path / "shop", SMALL) as scene:
        admin = scene.clients[ADMIN]
        for query, wanted in (
            ({"category": "electronics", "brand": "Acme"}, [n for n in range(RARE, SMALL) if n % 5 < 3]),
            ({"search": "chair garden", "sort": "name"}, [n for n in range(SMALL) if n % 5 == 1]),
            ({"status": "INACTIVE", "sort": "oldest"}, [n for n in range(SMALL) if n % 20 == 19]),
        ):
            found, token = list[str](), None
            while True:
                page = await admin.get("/products", limit=7, **query, **({"nextToken": token} if token else {}))
                found += [each["id"] for each in page.data["items"]]
                token = page.data["nextToken"]
                if token is None:
                    break
            assert sorted(found) == [f"p{number:06d}" for number in wanted], query


async def test_a_changed_product_is_found_by_what_it_is_now(tmp_path: Path) -> None:
    async with a_shop(tmp_path / "shop", 3) as scene:
        admin = scene.clients[ADMIN]
        changes = {"name": "Oak Table", "category": "clothing", "brand": "Forest"}
        assert (await admin.patch("/products/p000001", changes)).status == 200

        async def found(**query: str) -> list[str]:
            return [each["id"] for each in (await admin.get("/products", **query)).data["items"]]

        assert await found(search="oak") == await found(category="clothing") == await found(brand="forest")
        assert await found(search="tabl", brand="Forest") == ["p000001"]
        assert await found(search="garden") == await found(category="nope") == []
        await admin.patch("/products/p000002", {"status": "INACTIVE"})
        assert await found(status="INACTIVE") == ["p000002"]
        store: Any = scene.app.store
        pages = store.client.get_paginator("scan").paginate(TableName=store.table, ConsistentRead=True)
        entries = [
            image["sk"]["S"] for page in pages for image in page["Items"] if image["pk"]["S"].endswith("p000001")
        ]
        assert not [each for each in entries if "garden" in each]
