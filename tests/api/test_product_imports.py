"""Products imported over the API: made and changed by SKU, shown first, undone by their former values."""

from __future__ import annotations

from typing import Any

import pytest

from stockwright.context import App
from stockwright.imports.running import work_on
from stockwright.imports.usecases import StartImport, start_import
from stockwright.request import BY_SYSTEM
from tests.api.asking import Client
from tests.api.conftest import AsKey, Made
from tests.shops import meanwhile

FILE = (
    b"sku,name,price,category,available\nKB-001,A better keyboard,9900,electronics,5\nLAMP,A tall lamp,4900,Lamps,7\n"
)


@pytest.fixture
async def keyboard(made: Made) -> dict[str, Any]:
    return await made(quantity=5)


async def skus(admin: Client) -> list[str]:
    return sorted(each["sku"] for each in (await admin.get("/products")).data["items"])


async def test_a_dry_run_shows_each_change_and_the_new_categories(admin: Client, keyboard: Any) -> None:
    seen = (await admin.post("/products/import", FILE, dryRun=True)).data
    assert [seen[each] for each in ("status", "created", "updated", "failed")] == ["CHECKED", 1, 1, 0]
    assert seen["preview"] == [
        {"row": 2, "sku": "KB-001", "field": "name", "before": keyboard["name"], "after": "A better keyboard"},
        {"row": 2, "sku": "KB-001", "field": "price", "before": keyboard["price"], "after": 9900, "currency": "USD"},
        {"row": 3, "sku": "LAMP", "field": "name", "before": None, "after": "A tall lamp"},
        {"row": 3, "sku": "LAMP", "field": "price", "before": None, "after": 4900, "currency": "USD"},
        {"row": 3, "sku": "LAMP", "field": "available", "before": None, "after": 7},
    ]
    assert seen["notes"] == ["New categories: Lamps"]
    assert await skus(admin) == ["KB-001"]
    assert "Lamps" not in str((await admin.get("/categories")).data)


async def test_products_are_made_and_changed_and_given_back(admin: Client, keyboard: Any) -> None:
    done = (await admin.post("/products/import", FILE)).data
    assert [done[each] for each in ("status", "created", "updated")] == ["DONE", 1, 1]
    assert await skus(admin) == ["KB-001", "LAMP"]
    assert (await admin.get(f"/products/{keyboard['id']}")).data["price"] == 9900
    assert (await admin.post("/products/import", FILE)).data["unchanged"] == 2

    at = f"/imports/{done['importId']}/undo"
    assert (await admin.post(at, dryRun=True)).data["undone"] == 2
    undone = (await admin.post(at)).data
    assert (undone["status"], undone["undone"], undone["refused"]) == ("UNDONE", 2, [])
    assert await skus(admin) == ["KB-001"]
    after = (await admin.get(f"/products/{keyboard['id']}")).data
    assert (after["price"], after["name"]) == (keyboard["price"], keyboard["name"])
    assert "Lamps" not in str((await admin.get("/categories")).data)
    assert (await admin.post("/products/import", FILE)).data["created"] == 1


async def test_what_was_edited_or_sold_since_stays(admin: Client, keyboard: Any) -> None:
    done = (await admin.post("/products/import", FILE + b"RUG,A red rug,100,other,3\n")).data
    await admin.patch(f"/products/{keyboard['id']}", {"brand": "Other"})
    lamp = next(each for each in (await admin.get("/products")).data["items"] if each["sku"] == "LAMP")
    await admin.post("/sales", {"productId": lamp["id"], "quantity": 1})
    for dry_run in (True, False):
        seen = (await admin.post(f"/imports/{done['importId']}/undo", dryRun=dry_run)).data
        assert (seen["undone"], [each["row"] for each in seen["refused"]]) == (1, [2, 3])
        assert "was changed since" in seen["refused"][0]["message"]
        assert "its stock has moved since" in seen["refused"][1]["message"]
    assert await skus(admin) == ["KB-001", "LAMP"]
    assert (await admin.get(f"/imports/{done['importId']}")).data["notUndone"] == 2


async def test_a_form_with_the_file_is_read(admin: Client, keyboard: Any) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="p.csv"\r\nContent-Type: text/csv\r\n\r\n'
    sent = head + FILE + b"\r\n--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert (await admin.post("/products/import", sent, headers=headers)).data["created"] == 1
    assert (await admin.post("/products/import", b"nonsense", headers=headers)).status == 400


async def test_a_wrong_row_stops_everything(admin: Client, keyboard: Any) -> None:
    wrong = FILE + b"X,No,12x,Lamps,1\n"
    stopped = (await admin.post("/products/import", wrong)).data
    assert (stopped["status"], stopped["failed"]) == ("REFUSED", 1)
    assert [(each["row"], each["column"]) for each in stopped["errors"]] == [(4, "price")]
    assert await skus(admin) == ["KB-001"]
    skipped = (await admin.post("/products/import", wrong, onError="skip")).data
    assert (skipped["created"], skipped["updated"], skipped["failed"]) == (1, 1, 1)


async def test_a_product_that_is_edited_between_check_and_booking_stops_the_import(
    admin: Client, app: App, keyboard: Any
) -> None:
    command = StartImport(kind="products", content=FILE + b"RUG,A red rug,100,other,3\n")
    begun = await start_import(app, BY_SYSTEM, command)

    async def edit() -> None:
        await admin.patch(f"/products/{keyboard['id']}", {"brand": "Other"})

    done = await work_on(meanwhile(app, edit), begun.importing, read=begun.read)
    assert (done.status, done.created, done.updated, done.kept) == ("REFUSED", 0, 0, 0)
    shown = (await admin.get(f"/imports/{done.id}")).data
    assert [(each["row"], each["code"]) for each in shown["errors"]] == [(2, "VERSION_CONFLICT")]
    assert await skus(admin) == ["KB-001"]
    assert "Lamps" not in str((await admin.get("/categories")).data)


async def test_a_row_of_a_variant_is_refused_and_its_stock_can_be_imported(admin: Client, made: Made) -> None:
    options = [{"name": "size", "values": ["S", "M"]}]
    variants = [{"options": {"size": each}, "sku": f"TEE-{each}", "quantity": 5} for each in ("S", "M")]
    tee = await made(sku="TEE", options=options, variants=variants, quantity=None)
    refused = (await admin.post("/products/import", b"sku,name,price\nTEE-S,Another name,100\n")).data
    assert [(each["row"], each["code"]) for each in refused["errors"]] == [(2, "CONFLICT")]
    done = (await admin.post("/inventory/import", b"sku,quantity\nTEE-S,3\nTEE-M,4\n")).data
    assert (await admin.get(f"/products/{tee['id']}")).data["quantity"] == 17
    assert (await admin.post(f"/imports/{done['importId']}/undo")).data["undone"] == 2
    assert (await admin.get(f"/products/{tee['id']}")).data["quantity"] == 10


async def test_a_key_reaches_what_its_scope_covers(admin: Client, as_key: AsKey, keyboard: Any) -> None:
    stock, products = await as_key("inventory"), await as_key("products:write")
    assert (await stock.post("/products/import", FILE)).status == 403
    done = (await products.post("/products/import", FILE)).data
    assert (await stock.get(f"/imports/{done['importId']}")).status == 403
    assert (await stock.post(f"/imports/{done['importId']}/undo")).status == 403
    assert (await stock.get("/imports")).data["items"] == []
    assert len((await products.get("/imports")).data["items"]) == 1
    assert (await products.post(f"/imports/{done['importId']}/undo")).data["undone"] == 2
