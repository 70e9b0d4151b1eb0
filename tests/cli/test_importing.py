"""`import` and `export` as an operator types them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cli.test_shop import Terminal

RETAIL = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "data")


@pytest.fixture
def shop(terminal: Terminal, tmp_path: Path) -> Terminal:
    """A shop with a chair and a lamp."""
    file = tmp_path / "products.csv"
    file.write_text("sku,name,price,available\nCHAIR,An oak chair,9900,5\nLAMP,One tall lamp,4900,5\n")
    made = terminal.type("import", "products", str(file))
    assert made.exit_code == 0, made.output
    assert "2 products imported" in made.output
    return terminal


def exported(terminal: Terminal, what: str, *options: str) -> list[dict[str, str]]:
    """Read an export."""
    result = terminal.type("export", what, *options)
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(result.stdout.splitlines()))


def stock_of(terminal: Terminal) -> dict[str, str]:
    return {row["sku"]: row["total"] for row in exported(terminal, "inventory")}


def test_an_import_prints_what_it_did_and_why_rows_were_refused(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text(
        RETAIL + "536365,85123A,WHITE HANGING HEART,6,2010-12-01T08:26:00,2.55,17850,United Kingdom\n"
        "C536379,D,Discount,-1,2010-12-01T09:41:00,27.5,14527,United Kingdom\n"
    )
    products = terminal.type("import", "products", str(file))
    assert products.exit_code == 0, products.output
    assert "2 products imported" in products.output

    stopped = terminal.type("import", "orders", str(file))
    assert stopped.exit_code == 1
    assert "Nothing was booked" in stopped.output
    assert exported(terminal, "orders") == []

    orders = terminal.type("import", "orders", str(file), "--on-error", "skip")
    assert orders.exit_code == 1
    assert "1 orders and returns imported" in orders.output
    assert "did not buy" in orders.output
    assert "sales-failed.csv" in orders.output
    failed = list(csv.DictReader((tmp_path / "sales-failed.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["InvoiceNo"], "did not buy" in row["error"]) for row in failed] == [("C536379", True)]

    body = json.loads(terminal.type("import", "orders", str(file), "--json", "--on-error", "skip").stdout)
    assert (body["created"], body["unchanged"], body["failed"]) == (0, 1, 1)
    assert body["failedRows"].endswith("sales-failed-2.csv")
    assert [(error["row"], error["value"]) for error in body["errors"]] == [(3, "C536379, FEE-D, -1")]
    assert terminal.type("import", "orders", str(tmp_path / "nothing.csv")).exit_code == 2


def test_the_exit_status_says_whether_rows_were_refused(shop: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "stock.csv"
    file.write_text("sku,quantity\nCHAIR,many\nLAMP,3\n")
    assert shop.type("import", "stock", str(file)).exit_code == 1
    assert stock_of(shop) == {"CHAIR": "5", "LAMP": "5"}
    assert shop.type("import", "stock", str(file), "--dry-run", "--on-error", "skip").exit_code == 1
    assert shop.type("import", "stock", str(file), "--on-error", "skip").exit_code == 1
    assert stock_of(shop) == {"CHAIR": "5", "LAMP": "8"}
    file.write_text("sku,quantity\nCHAIR,2\nLAMP,3\n")
    again = shop.type("import", "stock", str(file))
    assert again.exit_code == 0
    assert "1 rows were booked by an earlier import" in again.output
    assert "row 3: LAMP, 3" in again.output
    assert stock_of(shop) == {"CHAIR": "7", "LAMP": "8"}


@pytest.mark.parametrize("content", [b"\x00\xff", b"PK\x03\x04rest", b'sku,quantity\n"A,1\n', b"\xff\xfe\x00", b""])
@pytest.mark.parametrize("what", ["products", "stock", "orders"])
def test_a_file_that_cannot_be_read_gets_one_line(shop: Terminal, tmp_path: Path, what: str, content: bytes) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    refused = shop.type("import", what, str(file))
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: ")
    assert len(refused.output.strip().splitlines()) == 1


def test_an_export_can_be_imported_again(shop: Terminal, tmp_path: Path) -> None:
    products, inventory = tmp_path / "products-out.csv", tmp_path / "inventory-out.csv"
    assert shop.type("export", "products", str(products), "--bom").exit_code == 0
    assert products.read_bytes().startswith(b"\xef\xbb\xbf")
    assert shop.type("export", "inventory", str(inventory)).exit_code == 0

    body = json.loads(shop.type("import", "products", str(products), "--json").stdout)
    assert (body["created"], body["updated"], body["unchanged"], body["errors"], body["notes"]) == (0, 0, 2, [], [])
    inventory.write_text(inventory.read_text().replace(",5,0,0,5,", ",5,0,0,9,"))
    assert shop.type("import", "stock", str(inventory), "--mode", "count").exit_code == 0
    assert stock_of(shop) == {"CHAIR": "9", "LAMP": "9"}

    other = Terminal(tmp_path / "other")
    body = json.loads(other.type("import", "products", str(products), "--json").stdout)
    assert (body["created"], body["errors"]) == (2, [])
    assert other.type("export", "products", str(tmp_path / "other.csv"), "--bom").exit_code == 0
    fresh = [list(csv.DictReader(f.read_text("utf-8-sig").splitlines())) for f in (products, tmp_path / "other.csv")]
    for row in (*fresh[0], *fresh[1]):
        del row["createdAt"]
    assert sorted(fresh[0], key=lambda row: row["sku"]) == sorted(fresh[1], key=lambda row: row["sku"])


def test_a_dash_means_standard_output_or_input(shop: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    written = shop.type("export", "products", "-")
    assert (written.exit_code, written.stderr) == (0, "")
    assert written.stdout == shop.type("export", "products").stdout
    assert list(here.iterdir()) == []

    other = Terminal(tmp_path / "other")
    body = json.loads(other.feed(written.stdout_bytes, "import", "products", "-", "--json").stdout)
    assert (body["created"], body["errors"]) == (2, [])
    skipping = ("import", "stock", "-", "--on-error", "skip")
    body = other.feed(b"sku,quantity\nCHAIR,1\nNONE,1\n", *skipping)
    assert body.exit_code == 1
    assert [each.name for each in here.iterdir()] == ["standard-input-failed.csv"]
    assert "NONE" in (here / "standard-input-failed.csv").read_text(encoding="utf-8-sig")


def test_a_row_with_an_invalid_name_or_category_is_refused(shop: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    rows = (
        "A\u202eB,Good name,garden",
        "OK-1,Odd\u2066name,garden",
        "OK-2,Good name,gar\u202eden",
        "OK-3,Good name,garden",
    )
    file.write_text("sku,name,category,price\n" + "".join(f"{row},100\n" for row in rows), encoding="utf-8")
    body = json.loads(shop.type("import", "products", str(file), "--json").stdout)
    assert [error["row"] for error in body["errors"]] == [2, 3, 4]
    assert all("direction of text" in error["message"] for error in body["errors"])
    assert body["created"] == 0


def test_an_export_takes_the_filters_of_its_list(shop: Terminal) -> None:
    assert [row["sku"] for row in exported(shop, "products", "--search", "lamp")] == ["LAMP"]
    assert exported(shop, "products", "--status", "INACTIVE") == []
    assert [row["sku"] for row in exported(shop, "inventory", "--search", "lamp")] == ["LAMP"]
    assert exported(shop, "movements", "--type", "SALE") == []
    assert len(exported(shop, "movements", "--type", "INITIAL", "--from", "2020-01-01")) == 2
    assert exported(shop, "movements", "--to", "2020-01-01") == []
    assert exported(shop, "orders", "--status", "PENDING") == []
    wrong = shop.type("export", "movements", "--from", "yesterday")
    assert wrong.exit_code == 1
    assert "from" in wrong.output


@pytest.mark.parametrize("where", ["there.csv", "no/such/folder.csv"])
def test_nothing_is_booked_where_the_refused_rows_could_not_be_written(tmp_path: Path, where: str) -> None:
    (tmp_path / "there.csv").write_text("mine")
    file = tmp_path / "stock.csv"
    file.write_text("sku,quantity\nC-1,3\n")
    terminal = Terminal(tmp_path / "data")

    done = terminal.type("import", "stock", str(file), "--on-error", "skip", "--failed", str(tmp_path / where))

    assert done.exit_code == 1
    assert "cannot write" in " ".join(done.output.split())
    assert "rows imported" not in done.output
    assert (tmp_path / "there.csv").read_text() == "mine"


def test_a_picture_that_cannot_be_fetched_is_listed(shop: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "lamps.csv"
    file.write_text("sku,name,price,images\nRUG-1,A red rug,4900,http://127.0.0.1:9/rug.jpg\n")
    done = shop.type("import", "products", str(file))
    assert done.exit_code == 0
    assert "1 products imported" in done.output
    assert "1 pictures could not be fetched; their products are booked:" in done.output
    assert "row 2: http://127.0.0.1:9/rug.jpg" in done.output
    assert "private address" in done.output
    file.write_text("Article,Title,VK\nMUG-1,A clay mug,12.50\n")
    mapping = json.dumps({"Article": "sku", "Title": "name", "VK": "priceDecimal"})
    body = json.loads(shop.type("import", "products", str(file), "--mapping", mapping, "--json").stdout)
    assert (body["profile"], body["created"], body["pictures"]) == ("mapping", 1, {"fetched": 0, "errors": []})
