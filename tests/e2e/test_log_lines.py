"""What the running shop logs: S2's saved queries find in it what they look for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.around import Mailbox
from tests.e2e.server import EMAIL, Server, until
from tests.queries import found

LAMP = {"name": "Desk Lamp", "sku": "LAMP-1", "description": "A lamp for a desk.", "category": "other", "price": 100}
CHAIR = {**LAMP, "name": "Desk Chair", "sku": "CHAIR-1"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A shop whose mail server refuses every mail for good."""
    mailbox = Mailbox()
    mailbox.answer = "550 no such mailbox"
    mailbox.up()
    (tmp_path / "data").mkdir()
    made = Server(tmp_path / "data", log_level="info", smtp_url=f"smtp://127.0.0.1:{mailbox.port}")
    made.start()
    yield made
    made.end()
    mailbox.down()


async def test_s2s_saved_queries_find_what_the_shop_did(server: Server) -> None:
    async with httpx2.AsyncClient(base_url=f"{server.url}/api") as http:
        headers = await server.sign_in(http)

        async def ask(method: str, path: str, body: Any = None, **more: str) -> Any:
            return (await http.request(method, path, json=body, headers={**headers, **more})).json().get("data")

        lamp = await ask("POST", "/products", {**LAMP, "quantity": 50}, **{"x-request-id": "making"})
        chair = await ask("POST", "/products", {**CHAIR, "quantity": 50})
        bodies = [{"productId": lamp["id"], "quantity": 2}, {"productIds": [lamp["id"], chair["id"]], "quantity": 1}]
        once = {"x-request-id": "ordering", "idempotency-key": "once"}
        first, second = await ask("POST", "/orders", bodies[0], **once), await ask("POST", "/orders", bodies[1])
        assert (await ask("POST", "/orders", bodies[0], **once))["id"] == first["id"]
        await ask("POST", "/orders", {**bodies[0], "quantity": 1000})

        async def given_up() -> bool:
            return bool((await ask("GET", "/dead-letters"))["count"] == 2)

        await until(given_up)
        user = (await ask("GET", "/users/me"))["id"]
    server.stop()
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]

    created, *_ = [line for line in lines if line["message"] == "Product created successfully"]
    assert {"level": "INFO", "requestId": "making", "userId": user}.items() <= created.items()
    assert {"productId": lamp["id"], "sku": "LAMP-1"}.items() <= created["context"].items()

    times = found("Order Processing Time", (line for line in lines if line.get("productId")))
    assert [each["orderId"] for each in times] == [first["id"]]
    assert all(each["duration"] > 0 for each in times)
    ordered = [line for line in lines if line["message"] == "Order created"]
    assert [(line["orderId"], line["context"]["lines"]) for line in ordered] == [(first["id"], 1), (second["id"], 2)]
    assert ordered[0]["requestId"] == "ordering"
    top = found("Top Products Ordered", (line for line in lines if line.get("productId")))
    assert top == [{"productId": lamp["id"], "productName": "Desk Lamp"}]

    failed = found("Failed Order Notifications", lines)
    assert {each["orderId"] for each in failed} == {first["id"], second["id"]}
    assert all("no such mailbox" in each["errorMessage"] for each in failed)
    errors = found("Error Rate by Endpoint", lines)
    assert len(errors) == 2 * len(failed)
    assert {"requestId": "ordering", "userId": user} in errors
    lost = [line for line in lines if line["message"] == "Order processing permanently failed"]
    assert {line["orderId"] for line in lost} == {first["id"], second["id"]}
    assert EMAIL not in str([line for line in lines if line["level"] == "INFO"])
