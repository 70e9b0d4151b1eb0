"""The API's function, asked as an HTTP API asks it."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

from stockwright.accounts.sign_in import SignIn, sign_in
from stockwright.accounts.sign_up import SignUp
from stockwright.accounts.usecases import add_account
from stockwright.app import build, close
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.config import Settings
from stockwright.request import BY_SYSTEM
from tests.aws.conftest import PASSWORD, Cloud
from tests.aws.runtime import LambdaFunction
from tests.aws.shapes import request
from tests.conftest import VISITOR
from tests.queries import found


async def signed_in(cloud: Cloud) -> str:
    status, body, _ = await cloud.ask("POST", "/signin", {"email": "alice@example.com", "password": PASSWORD})
    assert status == 200
    token: str = body["data"]["idToken"]
    return token


async def test_a_customer_signs_in_and_orders_once_with_one_key(cloud: Cloud) -> None:
    token = await signed_in(cloud)
    order = {"productId": cloud.product_id, "quantity": 2}
    status, body, headers = await cloud.ask("POST", "/orders", order, token=token, headers={"idempotency-key": "once"})
    assert (status, body["data"]["status"]) == (201, "PENDING")
    assert headers["strict-transport-security"].startswith("max-age=")
    again = await cloud.ask("POST", "/orders", order, token=token, headers={"idempotency-key": "once"})
    assert again[0] == 201
    assert again[1]["data"]["id"] == body["data"]["id"]
    assert again[2]["idempotency-replayed"] == "true"
    assert len(await cloud.events("order.placed")) == 1
    [line] = found("Order Processing Time", cloud.function("api").lines())
    assert line["orderId"] == body["data"]["id"]
    [line] = found("Top Products Ordered", cloud.function("api").lines())
    assert line["productId"] == cloud.product_id


async def test_each_request_is_one_line_with_s2s_fields(cloud: Cloud) -> None:
    token = await signed_in(cloud)
    await cloud.ask("GET", "/orders", token=token, headers={"x-request-id": "req-of-mine"}, query="limit=5")
    [line] = [each for each in cloud.function("api").lines() if each.get("requestId") == "req-of-mine"]
    assert (line["level"], line["message"], line["userId"]) == ("INFO", "request", cloud.alice.actor.id)
    assert line["function"] == "stockwright-test-api"
    assert line["context"]["path"] == "/api/orders"
    assert line["xray_trace_id"] == "1-5bef4de7-ad49b0e87f6ef6c87fc2e700"
    assert PASSWORD not in cloud.function("api").output()


async def test_answers_without_the_envelope_pass_too(cloud: Cloud) -> None:
    await add_account(cloud.app, BY_SYSTEM, SignUp("root@example.com", PASSWORD), "admin")
    _, answer, _ = await cloud.ask("POST", "/signin", {"email": "root@example.com", "password": PASSWORD})
    token = answer["data"]["idToken"]
    exported = await cloud.invoke("api", request("GET", "/api/products/export", token=token))
    assert (exported["statusCode"], exported["headers"]["content-type"].split(";")[0]) == (200, "text/csv")
    assert "KB-1" in exported["body"]
    spec = await cloud.invoke("api", request("GET", "/api/docs/spec"))
    assert json.loads(spec["body"])["openapi"].startswith("3.1")
    docs = await cloud.invoke("api", request("GET", "/api/docs"))
    assert docs["headers"]["content-security-policy"]
    counted = await cloud.invoke("api", request("GET", "/api/metrics", token=token))
    assert counted["body"].startswith("# CloudWatch counts")
    keys = await cloud.invoke("api", request("GET", "/.well-known/jwks.json"))
    assert json.loads(keys["body"])["keys"]
    preflight = await cloud.invoke("api", request("OPTIONS", "/api/orders"))
    assert (preflight["statusCode"], preflight["body"]) == (204, "")


async def test_without_a_token_there_are_only_public_answers(cloud: Cloud) -> None:
    assert (await cloud.ask("GET", "/health"))[0] == 200
    status, body, _ = await cloud.ask("GET", "/orders")
    assert (status, body["error"]["code"]) == (401, "UNAUTHORIZED")
    assert (await cloud.ask("GET", "/nothing/here"))[0] == 404


async def test_a_compressed_answer_arrives_as_bytes(cloud: Cloud) -> None:
    asked = request("GET", "/api/docs/spec", headers={"accept-encoding": "gzip"})
    answer = await cloud.invoke("api", asked)
    assert (answer["headers"]["content-encoding"], answer["isBase64Encoded"]) == ("gzip", True)
    assert json.loads(gzip.decompress(base64.b64decode(answer["body"])))["openapi"]


async def test_an_id_with_a_slash_is_routed(cloud: Cloud) -> None:
    await create_product(
        cloud.app, BY_SYSTEM, CreateProduct("Desk Lamp", "LAMP/1 B", "A lamp for a desk.", "electronics", 2500, 3)
    )
    status, body, _ = await cloud.ask("GET", "/inventory/sku/LAMP%2F1%20B")
    assert status == 200, body
    assert body["data"]["sku"] == "LAMP/1 B"


async def test_the_event_stream_ends_after_the_first_events(tmp_path: Path) -> None:
    env = {"STOCKWRIGHT_DATA_DIR": str(tmp_path / "data")}
    app = await build(Settings.load({**env, "STOCKWRIGHT_LOG_LEVEL": "error"}))
    await add_account(app, BY_SYSTEM, SignUp("root@example.com", PASSWORD), "admin")
    session = await sign_in(app, VISITOR, SignIn("root@example.com", PASSWORD))
    await close(app)
    asked = request("GET", "/api/events/stream", token=session.id_token, headers={"last-event-id": "1"})
    with LambdaFunction("stockwright.cloud.api", tmp_path, **env) as function:
        answer = function.invoke(asked)
    assert answer["headers"]["content-type"] == "text/event-stream"
    assert answer["body"].startswith("retry: 5000\nid: 1\n\nid: 2\nevent: ")
    assert "event: account.signed_in" in answer["body"]


def test_a_wrong_setting_fails_the_start_with_one_clear_line(tmp_path: Path) -> None:
    with LambdaFunction("stockwright.cloud.api", tmp_path, STOCKWRIGHT_STORE="dynamodb") as function:
        fault = function.init_error()
        [line] = [each for each in function.lines() if each["level"] == "ERROR"]
    assert fault["errorType"] == "Misconfigured"
    assert "STOCKWRIGHT_STORE dynamodb also requires STOCKWRIGHT_TABLE_NAME" in line["context"]["error"]
