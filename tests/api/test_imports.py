"""Imports over the API: looked at first, booked once, followed, cancelled, undone row by row."""

from __future__ import annotations

import asyncio
import csv
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from stockwright.context import App
from stockwright.imports.model import LEASE_MS
from stockwright.imports.usecases import StartImport, start_import
from stockwright.request import BY_SYSTEM
from stockwright.sweeper import sweep
from tests.api.asking import Client
from tests.api.conftest import Made
from tests.conftest import Clock

FILE = b"sku,quantity,reason\nKB-001,20,Delivery 7\nkb-002,-2,Broken\n"


async def levels(admin: Client, *products: dict[str, Any]) -> list[int]:
    return [(await admin.get(f"/products/{each['id']}")).data["quantity"] for each in products]


@pytest.fixture
async def two(made: Made) -> tuple[dict[str, Any], dict[str, Any]]:
    return await made(quantity=5), await made(quantity=5)


async def test_a_dry_run_shows_what_would_change_and_books_nothing(admin: Client, two: Any) -> None:
    seen = (await admin.post("/inventory/import", FILE, dryRun=True)).data
    assert (seen["status"], seen["dryRun"], seen["profile"]) == ("CHECKED", True, "stockwright")
    assert [seen[each] for each in ("rows", "created", "updated", "unchanged", "failed")] == [2, 2, 0, 0, 0]
    assert seen["preview"] == [
        {"row": 2, "sku": "KB-001", "field": "available", "before": 5, "after": 25},
        {"row": 3, "sku": "kb-002", "field": "available", "before": 5, "after": 3},
    ]
    assert await levels(admin, *two) == [5, 5]
    assert (await admin.post(f"/imports/{seen['importId']}/undo")).refusal == (409, "CONFLICT")
    assert (await admin.get(f"/imports/{seen['importId']}")).data == seen
    assert (await admin.get("/imports")).data["items"] == []


async def test_an_import_is_booked_with_its_id_as_reference_and_can_be_undone(admin: Client, two: Any) -> None:
    done = (await admin.post("/inventory/import", FILE, fileName="delivery.csv")).data
    assert (done["status"], done["created"], done["failed"]) == ("DONE", 2, 0)
    assert await levels(admin, *two) == [25, 3]
    booked = (await admin.get(f"/inventory/product/{two[0]['id']}/movements")).data["items"][0]
    assert (booked["type"], booked["reference"], booked["reason"]) == ("RESTOCK", done["importId"], "Delivery 7")

    at = f"/imports/{done['importId']}"
    assert (await admin.get(at)).data == done
    (listed,) = (await admin.get("/imports")).data["items"]
    assert (listed["importId"], listed["fileName"], listed["rows"]) == (done["importId"], "delivery.csv", 2)

    seen = (await admin.post(f"{at}/undo", dryRun=True)).data
    assert (seen["undone"], seen["refused"], seen["status"]) == (2, [], "DONE")
    assert await levels(admin, *two) == [25, 3]
    undone = (await admin.post(f"{at}/undo", key="k")).data
    assert (undone["undone"], undone["refused"], undone["status"]) == (2, [], "UNDONE")
    assert (await admin.post(f"{at}/undo", key="k")).replayed
    assert await levels(admin, *two) == [5, 5]
    assert (await admin.post(f"{at}/undo")).refusal == (409, "CONFLICT")
    # The file can be sent again.
    assert (await admin.post("/inventory/import", FILE)).data["created"] == 2


async def test_undoing_is_refused_row_by_row_where_something_has_changed(admin: Client, two: Any) -> None:
    more = b"sku,quantity\nKB-001,20\nKB-002,20\nKB-001,3\n"
    done = (await admin.post("/inventory/import", more)).data
    await admin.put("/stock", {"productId": two[1]["id"], "quantity": 24})
    await admin.post("/sales", {"productId": two[0]["id"], "quantity": 24})
    for dry_run in (True, False):
        seen = (await admin.post(f"/imports/{done['importId']}/undo", dryRun=dry_run)).data
        assert (seen["undone"], [each["row"] for each in seen["refused"]]) == (1, [2, 3])
        assert "Insufficient stock" in seen["refused"][0]["message"]
        assert "counted or adjusted" in seen["refused"][1]["message"]
    assert await levels(admin, *two) == [1, 24]
    # What stays can be tried again.
    await admin.patch(f"/inventory/product/{two[0]['id']}/stock", {"quantity": 30, "type": "RESTOCK"})
    again = (await admin.post(f"/imports/{done['importId']}/undo")).data
    assert (again["undone"], [each["row"] for each in again["refused"]]) == (1, [3])
    assert await levels(admin, *two) == [11, 24]


async def test_what_another_import_did_and_took_back_is_no_change(admin: Client, two: Any) -> None:
    first = (await admin.post("/inventory/import", b"sku,quantity\nKB-001,20\n")).data
    second = (await admin.post("/inventory/import", b"sku,quantity\nKB-001,7\n", mode="set")).data
    seen = (await admin.post(f"/imports/{first['importId']}/undo", dryRun=True)).data
    assert [each["row"] for each in seen["refused"]] == [2]
    assert (await admin.post(f"/imports/{second['importId']}/undo")).data["undone"] == 1
    assert (await admin.post(f"/imports/{first['importId']}/undo")).data["undone"] == 1
    assert await levels(admin, two[0]) == [5]


async def test_a_file_that_cannot_be_read_is_refused_and_leaves_nothing(admin: Client, app: App, two: Any) -> None:
    assert (await admin.post("/inventory/import", b'sku,quantity\n"KB-001,5\n')).refusal == (400, "VALIDATION_ERROR")
    assert (await admin.post("/inventory/import", b"")).status == 400
    assert (await admin.post("/inventory/import", b"\x00\xff")).status == 400
    assert (await admin.get("/imports")).data["items"] == []
    assert [name async for name in app.files.names()] == []


async def test_refused_rows_stop_the_import_or_are_skipped_and_come_back_as_a_file(admin: Client, two: Any) -> None:
    mixed = b"sku;quantity\nKB-001;1,5\nNONE;1\nKB-002;4\n"
    stopped = (await admin.post("/inventory/import", mixed)).data
    assert (stopped["status"], stopped["created"], stopped["failed"]) == ("REFUSED", 0, 2)
    assert [(each["row"], each["column"], each["value"]) for each in stopped["errors"]] == [
        (2, "quantity", "1,5"),
        (3, "", "NONE, 1"),
    ]
    assert await levels(admin, *two) == [5, 5]
    skipped = (await admin.post("/inventory/import", mixed, onError="skip")).data
    assert (skipped["status"], skipped["created"], skipped["failed"]) == ("DONE", 1, 2)
    assert await levels(admin, *two) == [5, 9]

    answer = await admin.get(f"/imports/{skipped['importId']}/errors.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(answer.response.content.decode("utf-8-sig").splitlines(), delimiter=";"))
    assert [(row["sku"], row["quantity"]) for row in rows] == [("KB-001", "1,5"), ("NONE", "1")]
    assert "not a whole number" in rows[0]["error"]

    again = (await admin.post("/inventory/import", mixed.replace(b"1,5", b"15"), onError="skip")).data
    assert (again["created"], again["bookedBeforeCount"]) == (1, 1)
    assert again["bookedBefore"] == [{"row": 4, "what": "KB-002, 4"}]
    assert await levels(admin, *two) == [20, 9]


async def test_one_key_imports_once(admin: Client, two: Any) -> None:
    first = await admin.post("/inventory/import", FILE, key="k", again=True)
    second = await admin.post("/inventory/import", FILE, key="k", again=True)
    assert (first.data, second.replayed) == (second.data, True)
    assert await levels(admin, *two) == [25, 3]
    assert (await admin.post("/inventory/import", FILE + b"KB-001,1,\n", key="k", again=True)).status == 422


async def test_a_large_file_comes_by_an_upload_that_is_used_once(
    admin: Client, http: httpx2.AsyncClient, app: App, two: Any
) -> None:
    made = (await admin.post("/uploads", {"size": len(FILE)})).data
    assert (await admin.post("/inventory/import", None, uploadId=made["id"])).status == 400
    parts = urlsplit(made["url"])
    await http.put(f"{parts.path}?{parts.query}", content=FILE)
    assert (await admin.post("/inventory/import", FILE, uploadId=made["id"])).status == 400
    assert (await admin.post("/inventory/import", None, uploadId=made["id"])).data["created"] == 2
    assert (await admin.post("/inventory/import", None, uploadId=made["id"])).status == 400
    assert await levels(admin, *two) == [25, 3]


async def test_the_file_is_removed_when_the_import_cannot_be_undone_any_more(
    admin: Client, app: App, clock: Clock, two: Any
) -> None:
    assert (await admin.post("/inventory/import", FILE)).data["status"] == "DONE"
    clock.advance(days=89)
    await sweep(app)
    assert len([name async for name in app.files.names()]) == 1
    clock.advance(days=2)
    await sweep(app)
    assert [name async for name in app.files.names()] == []


async def test_an_import_that_nobody_goes_on_with_is_ended_by_the_sweeper(
    admin: Client, app: App, clock: Clock, two: Any
) -> None:
    begun = (await start_import(app, BY_SYSTEM, StartImport(kind="stock", content=FILE))).importing
    await sweep(app)
    assert (await admin.get(f"/imports/{begun.id}")).data["status"] == "CHECKING"
    clock.advance(seconds=LEASE_MS / 1000 + 1)
    await sweep(app)
    assert (await admin.get(f"/imports/{begun.id}")).data["status"] == "DONE"
    assert await levels(admin, *two) == [25, 3]


async def test_an_import_is_cancelled_before_it_has_booked_anything(
    admin: Client, app: App, clock: Clock, two: Any
) -> None:
    begun = (await start_import(app, BY_SYSTEM, StartImport(kind="stock", content=FILE))).importing
    assert (await admin.post(f"/imports/{begun.id}/cancel", key="c")).data["status"] == "CHECKING"
    clock.advance(seconds=LEASE_MS / 1000 + 1)
    await sweep(app)
    assert (await admin.get(f"/imports/{begun.id}")).data["status"] == "CANCELLED"
    assert (await admin.post(f"/imports/{begun.id}/cancel")).refusal == (409, "CONFLICT")
    assert await levels(admin, *two) == [5, 5]


async def test_two_files_at_once_book_each_row_once(admin: Client, two: Any) -> None:
    answers = await asyncio.gather(*[admin.post("/inventory/import", FILE) for _ in range(4)])
    assert sum(each.data["created"] for each in answers) == 2
    assert await levels(admin, *two) == [25, 3]
