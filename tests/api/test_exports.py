"""Exports: whole, in spreadsheets' CSV, and harmless there."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest

from tests.api.asking import Client
from tests.api.conftest import Made
from tests.conftest import Clock

NUMBER = re.compile(r"[+-]?[0-9.]+")
FORMULA = '=HYPERLINK("http://evil.example","x")'


def rows_of(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.response.text)))


async def test_an_export_holds_every_record_of_its_kind(admin: Client, alice: Client, made: Made) -> None:
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


async def test_no_exported_text_becomes_a_formula(admin: Client, made: Made) -> None:
    await made(name=FORMULA, description="+SUM(A1:A9) and more", sku="-A+2")
    (product,) = rows_of(await admin.get("/products/export"))
    assert product["name"] == f"'{FORMULA}"
    assert product["description"] == "'+SUM(A1:A9) and more"
    assert product["sku"] == "'-A+2"


SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


@pytest.mark.one_engine
@pytest.mark.parametrize("start", SIGNS)
@pytest.mark.parametrize("before", ["", "a;", "a,", "a|", "a\t", 'a; "', "a;\t "])
async def test_every_character_that_begins_a_formula_is_escaped(
    admin: Client, made: Made, start: str, before: str
) -> None:
    """Whatever the program splits at that reads the file, and though it knows nothing of quotes."""
    board = await made(name=f"{before}{start}cmd|' /C calc'!A0;b")
    await admin.post("/orders", {"productId": board["id"], "quantity": 1, "reference": "r" + before[1:] + f";{start}1"})
    change = {"quantity": -3, "type": "ADJUSTMENT", "reason": f"{before}{start}1"}
    assert (await admin.patch(f"/inventory/product/{board['id']}/stock", change)).status == 200
    for what in ("products", "orders", "inventory", "movements"):
        text = (await admin.get(f"/{what}/export")).response.text
        for delimiter in (",", ";", "\t", "|"):
            by_quotes = [cell for row in csv.reader(io.StringIO(text), delimiter=delimiter) for cell in row]
            plainly = [cell for line in text.splitlines() for cell in line.split(delimiter)]
            for cell in (each.strip(' \t"') for each in (*by_quotes, *plainly)):
                assert not cell.startswith(SIGNS) or NUMBER.fullmatch(cell), (what, delimiter, cell)


async def test_every_text_is_in_quotes_and_every_number_is_not(admin: Client, made: Made) -> None:
    await made()
    [line] = (await admin.get("/products/export")).response.text.splitlines()[1:]
    cells = line.split(",")
    assert [cell for cell in cells if not cell.startswith('"')] == ["7999", "79.99", "50", "10", "20", "50"]


async def test_a_negative_number_is_exported_as_a_number(admin: Client, made: Made) -> None:
    board = await made()
    change = {"quantity": -3, "type": "ADJUSTMENT", "reason": "@broken"}
    assert (await admin.patch(f"/inventory/product/{board['id']}/stock", change)).status == 200
    movements = rows_of(await admin.get("/movements/export"))
    assert [(each["quantity"], each["reason"]) for each in movements] == [("50", ""), ("-3", "'@broken")]


@pytest.mark.one_engine
@pytest.mark.parametrize("what", ["products", "inventory", "movements", "orders"])
async def test_exports_are_for_admins(alice: Client, nobody: Client, what: str) -> None:
    assert (await alice.get(f"/{what}/export")).status == 403
    assert (await nobody.get(f"/{what}/export")).status == 401


@pytest.mark.one_engine
async def test_a_byte_order_mark_is_written_on_request(admin: Client) -> None:
    for what in ("products", "inventory", "movements", "orders"):
        assert not (await admin.get(f"/{what}/export")).response.content.startswith(b"\xef\xbb\xbf")
        assert (await admin.get(f"/{what}/export", bom="true")).response.content.startswith(b'\xef\xbb\xbf"')


async def test_an_export_has_decimal_prices_options_and_names(admin: Client, made: Made) -> None:
    options = {"color": ["red", "blue"]}
    board = await made(options=options, currency="EUR")
    yen = await made(currency="JPY", price=500)
    await admin.post("/orders", {"items": [{"productId": board["id"], "quantity": 2, "options": {"color": "red"}}]})
    products = {row["id"]: row for row in rows_of(await admin.get("/products/export"))}
    assert (products[board["id"]]["price"], products[board["id"]]["priceDecimal"]) == ("7999", "79.99")
    assert (products[yen["id"]]["price"], products[yen["id"]]["priceDecimal"]) == ("500", "500")
    assert json.loads(products[board["id"]]["options"]) == options
    [line] = rows_of(await admin.get("/orders/export"))
    assert line["lineId"] == "line_1"
    assert (line["unitPriceDecimal"], line["totalAmountDecimal"]) == ("79.99", "159.98")
    assert json.loads(line["options"]) == {"color": "red"}
    for what in ("inventory", "movements"):
        assert {row["name"] for row in rows_of(await admin.get(f"/{what}/export"))} == {board["name"]}


async def test_an_export_takes_the_filters_of_its_list(admin: Client, made: Made, clock: Clock) -> None:
    board = await made(name="Red board", category="clothing", quantity=50)
    clock.advance(minutes=20)
    lamp = await made(name="Tall lamp", quantity=2, brand="Lux", type="lamp")
    await admin.patch(f"/products/{board['id']}", {"status": "INACTIVE"})
    change = {"quantity": 1, "type": "RESTOCK"}
    await admin.patch(f"/inventory/product/{lamp['id']}/stock", change)
    first = (await admin.post("/orders", {"productId": lamp["id"], "quantity": 1})).data["id"]
    clock.advance(minutes=20)
    second = (await admin.post("/orders", {"productId": lamp["id"], "quantity": 1})).data["id"]
    await admin.post(f"/orders/{first}/pack")

    async def ids(what: str, column: str, **query: str) -> list[str]:
        return [row[column] for row in rows_of(await admin.get(f"/{what}/export", **query))]

    for query in ({"category": "clothing"}, {"search": "red"}, {"status": "INACTIVE"}, {"lowStock": "false"},
                  {"to": "2023-11-14T22:20:00Z"}):  # fmt: skip
        assert await ids("products", "id", **query) == [board["id"]], query
    for query in ({"brand": "Lux"}, {"type": "lamp"}, {"lowStock": "true"}, {"from": "2023-11-14T22:20:00Z"}):
        assert await ids("products", "id", **query) == [lamp["id"]], query
    for query in ({"search": "tall"}, {"status": "LOW"}):
        assert await ids("inventory", "productId", **query) == [lamp["id"]], query
    assert len(await ids("inventory", "sku", location="default")) == 2
    assert await ids("inventory", "sku", location="cellar") == []
    assert await ids("movements", "type", type="RESTOCK") == ["RESTOCK"]
    assert await ids("movements", "type", to="2023-11-14T22:20:00Z") == ["INITIAL"]
    assert await ids("movements", "type", since="2023-11-14T22:40:00Z") == ["SALE"]
    assert await ids("movements", "type", location="cellar") == []
    assert await ids("orders", "orderId", status="PACKED") == [first]
    assert await ids("orders", "orderId", **{"from": "2023-11-14T22:40:00Z"}) == [second]
    assert await ids("orders", "orderId", to="2023-11-14T22:40:00Z") == [first]
    assert len(await ids("orders", "orderId", to="2023-11-14")) == 2, "a day is in the range to its end"
    assert await ids("orders", "orderId", to="2023-11-13") == []


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("what", "query", "fields"),
    [
        ("products", {"from": "yesterday"}, "from"),
        ("orders", {"to": "2023-02-30"}, "to"),
        ("orders", {"status": "LOST"}, "status"),
        ("movements", {"from": "2023-01-01", "since": "2023-01-01"}, "from since"),
        ("products", {"from": "soon", "status": "OLD", "colour": "red"}, "from status colour"),
        ("orders", {"search": "x"}, "search"),
        ("inventory", {"bom": "perhaps"}, "bom"),
    ],
)
async def test_a_wrong_filter_is_refused_before_anything_is_written(
    admin: Client, what: str, query: dict[str, str], fields: str
) -> None:
    answer = await admin.get(f"/{what}/export", **query)
    assert (answer.status, answer.fields) == (400, set(fields.split()))
