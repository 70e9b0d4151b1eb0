"""Exports: whole, in spreadsheets' CSV, and harmless there."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests.api.asking import Client
from tests.api.conftest import Made

FORMULA = '=HYPERLINK("http://evil.example","x")'


def rows_of(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.response.text)))


async def test_everything_of_a_kind_is_in_its_file(admin: Client, alice: Client, made: Made) -> None:
    board = await made()
    await alice.post("/orders", {"items": [{"productId": board["id"], "quantity": 2}]})
    products = rows_of(await admin.get("/products/export"))
    assert [(each["sku"], each["price"], each["available"]) for each in products] == [(board["sku"], "7999", "48")]
    (level,) = rows_of(await admin.get("/inventory/export"))
    assert (level["location"], level["available"], level["reserved"], level["total"]) == ("default", "48", "2", "50")
    (movement,) = rows_of(await admin.get("/movements/export"))
    assert (movement["type"], movement["quantity"]) == ("INITIAL", "50")
    assert movement["at"].endswith("Z")
    (line,) = rows_of(await admin.get("/orders/export"))
    assert (line["status"], line["quantity"], line["unitPrice"], line["totalAmount"]) == (
        "PENDING",
        "2",
        "7999",
        "15998",
    )


async def test_an_export_is_a_file_to_be_saved(admin: Client) -> None:
    answer = await admin.get("/orders/export")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="orders.csv"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert rows_of(answer) == []


async def test_no_text_becomes_a_formula(admin: Client, made: Made) -> None:
    await made(name=FORMULA, description="+SUM(A1:A9) and more", sku="-1+2")
    (product,) = rows_of(await admin.get("/products/export"))
    assert product["name"] == f"'{FORMULA}"
    assert product["description"] == "'+SUM(A1:A9) and more"
    assert product["sku"] == "'-1+2"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝", "＋", "－", "＠"])
async def test_no_way_to_begin_a_formula_is_left(admin: Client, made: Made, start: str) -> None:
    board = await made(name=f"{start}cmd|' /C calc'!A0")
    await admin.post("/orders", {"productId": board["id"], "quantity": 1, "reference": f"{start}1"})
    for what in ("products", "orders", "inventory", "movements"):
        cells = [cell for row in rows_of(await admin.get(f"/{what}/export")) for cell in row.values()]
        assert [cell for cell in cells if cell.startswith(start) and not cell.lstrip("-").isdecimal()] == []


async def test_a_negative_number_stays_one(admin: Client, made: Made) -> None:
    board = await made()
    change = {"quantity": -3, "type": "ADJUSTMENT", "reason": "@broken"}
    assert (await admin.patch(f"/inventory/product/{board['id']}/stock", change)).status == 200
    movements = rows_of(await admin.get("/movements/export"))
    assert [(each["quantity"], each["reason"]) for each in movements] == [("50", ""), ("-3", "'@broken")]


@pytest.mark.parametrize("what", ["products", "inventory", "movements", "orders"])
async def test_exports_are_for_admins(alice: Client, nobody: Client, what: str) -> None:
    assert (await alice.get(f"/{what}/export")).status == 403
    assert (await nobody.get(f"/{what}/export")).status == 401
