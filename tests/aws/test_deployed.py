"""The whole stack, deployed to MiniStack from the template that CloudFormation would get.

Its functions really run, each with the credentials of its role, and the policies hold: of roles, queues,
topics and secrets. One deployment for all tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from infra.front import front, pictures_of
from infra.smoke import smoke
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stockwright.cloud.origin import ADDRESS_HEADER, SECRET_HEADER
from stockwright.cloud.trial import TrialFailed
from stockwright.http.limits import HOURLY, MAILING
from tests import needs
from tests.around import Partner, answering
from tests.aws.deployed import ADMIN, PASSWORD, PREFIX, Stack, deployed, eventually, serving
from tests.aws.probing import FUNCTIONS, can, must_be_able
from tests.aws.runtime import LambdaFunction
from tests.aws.shapes import schedule
from tests.aws.starting import refusal
from tests.pictures import opened, picture

ALICE = "alice@example.com"
KEYBOARD = {
    "name": "Wireless Keyboard",
    "sku": "KB-1",
    "description": "A keyboard without a wire.",
    "category": "electronics",
    "price": 7999,
    "quantity": 12,
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    warehouse, delivery = Partner(), Partner()
    with (
        answering(warehouse, delivery),
        deployed(tmp_path_factory.mktemp("deployed"), warehouse, delivery) as made,
    ):
        yield made


def in_front_of(stack: Stack) -> Starlette:
    """CloudFront's substitute."""
    pictures = pictures_of(stack.aws.client("s3"), stack.outputs["FilesBucket"])
    return front(stack.aws.url, stack.outputs["ApiId"], stack.secret, pictures)


def letters(stack: Stack) -> list[Any]:
    found: list[Any] = stack.data("GET", "/api/dead-letters", who=ADMIN)["items"]
    return found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_the_permissions_of_its_own_work_only(stack: Stack, function: str) -> None:
    assert can(stack, function) == must_be_able(function)


def test_a_start_without_access_to_the_table_fails_with_one_line(stack: Stack, tmp_path: Path) -> None:
    table = stack.outputs["Table"]
    found = refusal(tmp_path, STOCKWRIGHT_TABLE_NAME=table, **stack.aws.env_of(f"{PREFIX}-stream"))
    assert f"AWS does not let these credentials use the table {table}" in found


def test_a_request_without_a_token_is_refused(stack: Stack) -> None:
    refused = stack.ask("GET", "/api/orders")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "UNAUTHORIZED")
    refused = stack.ask("GET", "/api/users/me")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "UNAUTHORIZED")
    for token in ("", "Bearer e30.e30.e30"):
        headers = {"Authorization": token} if token else {}
        refused = stack.http.get("/api/users", headers=headers)
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "UNAUTHORIZED")


def test_a_request_beside_cloudfront_is_refused(stack: Stack) -> None:
    for headers in ({SECRET_HEADER: ""}, {SECRET_HEADER: "guessed"}):
        for path in ("/api/health", "/api/items", "/.well-known/jwks.json", "/health"):
            refused = stack.http.get(path, headers=headers)
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "FORBIDDEN"), path


def test_requests_of_one_address_are_counted_over_all_containers(stack: Stack) -> None:
    """The functions share no memory: eighty sign-ups were eighty mails to strangers."""
    came_from = {ADDRESS_HEADER: "198.51.100.80"}
    seen = [
        stack.http.post("/api/signup", json={"email": f"s{n}@example.net", "password": PASSWORD}, headers=came_from)
        for n in range(HOURLY[MAILING] + 2)
    ]
    assert [each.status_code for each in seen] == [201] * HOURLY[MAILING] + [429] * 2
    assert seen[-1].json()["error"]["code"] == "RATE_LIMITED"
    assert 1 <= int(seen[-1].headers["retry-after"]) <= 3600
    another = {"email": "another@example.net", "password": PASSWORD}
    assert stack.http.post("/api/signup", json=another, headers={ADDRESS_HEADER: "198.51.100.81"}).is_success


def test_an_order_is_delivered_though_the_warehouse_is_down_at_first(stack: Stack) -> None:
    # Alice signs up; her code comes by mail.
    assert stack.ask("POST", "/api/signup", {"email": ALICE, "password": PASSWORD, "name": "Alice"}).is_success
    [mail] = eventually(lambda: stack.mails(ALICE), "the code was not mailed").values()
    code = re.findall(r"^\d{6}$", mail, re.MULTILINE)[0]
    stack.data("POST", "/api/signup/confirm", {"email": ALICE, "code": code})
    stack.sign_in(ALICE)
    assert stack.ask("GET", "/api/users", who=ALICE).status_code == 403

    # She orders nearly all there is, while the warehouse is down.
    stack.warehouse.status = 503
    stack.hurry("warehouse")
    alarmed, low_stock = stack.hear("operations"), stack.hear("low-stock-alerts")
    product_id = stack.data("POST", "/api/products", KEYBOARD, who=ADMIN)["id"]
    order_id = stack.data("POST", "/api/orders", {"productId": product_id, "quantity": 5}, who=ALICE)["id"]

    def status() -> str:
        body: str = stack.data("GET", f"/api/orders/{order_id}", who=ALICE)["status"]
        return body

    eventually(lambda: status() == "CONFIRMED", "the order was not confirmed")
    assert f"Order Confirmation - #{order_id}" in stack.mails(ALICE)
    assert eventually(low_stock, "no message that stock is low came") == [
        "Low Stock Alert: Product Wireless Keyboard is below threshold"
    ]

    # The warehouse was asked three times. The admins know, and send it on its way again.
    [letter] = eventually(lambda: letters(stack), "the pick list became no dead letter")
    assert (letter["handler"], len(stack.warehouse.calls)) == ("warehouse", 3)
    assert eventually(alarmed, "the admins got no alert") == ["ALERT: warehouse failed for order.placed"]
    stack.warehouse.status = 200
    stack.data("POST", f"/api/dead-letters/{letter['id']}/redrive", {}, who=ADMIN)
    eventually(lambda: len(stack.warehouse.calls) == 4, "the pick list was not sent again")
    assert letters(stack) == []
    headers, picked = stack.warehouse.calls[3]
    key = stack.aws.client("secretsmanager").get_secret_value(SecretId=f"{PREFIX}/warehouse")["SecretString"]
    assert (headers["x-api-key"], picked["orderId"]) == (key, order_id)

    # Packed by the warehouse, handed to the delivery service, delivered: each with its own API key.
    keys = {
        scope: stack.data("POST", "/api/api-keys", {"name": scope, "scopes": [scope]}, who=ADMIN)["key"]
        for scope in ("orders:pack", "orders:deliver")
    }
    assert stack.http.post(f"/api/orderpacked/{order_id}", headers={"Authorization": keys["orders:pack"]}).is_success
    eventually(lambda: stack.delivery.calls, "the delivery was not asked for")
    assert stack.delivery.calls[0][1]["orderId"] == order_id
    answer = stack.http.post(f"/api/orderdelivered/{order_id}", headers={"Authorization": keys["orders:deliver"]})
    assert answer.is_success, answer.text
    assert status() == "DELIVERED"
    steps = {f"Order {step} - #{order_id}" for step in ("Confirmation", "Packed", "Delivered")}
    eventually(lambda: steps <= set(stack.mails(ALICE)), "not every step was mailed")


def test_a_picture_is_made_by_the_function_and_served_from_the_bucket(stack: Stack) -> None:
    product = stack.data("POST", "/api/products", {**KEYBOARD, "sku": "KB-PIC"}, who=ADMIN)
    path, content = f"/api/products/{product['id']}/images", picture(900, 600, "JPEG")
    as_admin = {"Authorization": f"Bearer {stack.tokens[ADMIN]}"}
    raw = stack.http.post(path, content=content, headers={**as_admin, "content-type": "image/jpeg"})
    assert (raw.status_code, raw.json()["data"]["widths"]) == (201, [320, 800, 900]), raw.text
    # What is larger than a function is given comes through the bucket.
    upload = stack.data("POST", "/api/uploads", {"size": len(content)}, who=ADMIN)
    assert httpx2.put(upload["url"], content=content).is_success
    image = stack.data("POST", path, {"uploadId": upload["id"]}, who=ADMIN)
    broken = stack.http.post(path, content=content[:500], headers={**as_admin, "content-type": "image/jpeg"})
    assert (broken.status_code, broken.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    with serving(in_front_of(stack)) as url:
        served = httpx2.get(f"{url}{image['url']}")
        assert (served.status_code, opened(served.content).size) == (200, (800, 533))
        assert served.headers["content-type"] == "image/webp"
        assert served.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert httpx2.get(f"{url}/media/img_none-800.webp").status_code == 403
    stack.data("DELETE", f"{path}/{image['id']}", who=ADMIN)
    stack.data("DELETE", f"/api/products/{product['id']}", who=ADMIN)


def test_a_poison_message_becomes_a_dead_letter_with_an_alert_to_the_admins(stack: Stack) -> None:
    alarmed = stack.hear("operations")
    stack.hurry("delivery-service")
    poison = "{ this is no event"
    stack.aws.client("sqs").send_message(QueueUrl=stack.queue("delivery-service"), MessageBody=poison)
    [letter] = eventually(lambda: letters(stack), "the poison became no dead letter")
    assert (letter["handler"], letter["event"]["data"]) == ("delivery-service", {"body": poison})
    assert eventually(alarmed, "the admins got no alert") == ["ALERT: delivery-service failed for message.unreadable"]
    stack.data("DELETE", f"/api/dead-letters/{letter['id']}", who=ADMIN)
    assert letters(stack) == []


def test_the_schedule_calls_the_sweeper(stack: Stack) -> None:
    logs = stack.aws.client("logs")

    def swept() -> bool:
        found = logs.filter_log_events(logGroupName=f"/aws/lambda/{PREFIX}-sweep")["events"]
        return any("REPORT" in each["message"] or "START" in each["message"] for each in found)

    eventually(swept, "the sweeper was not called")


def test_the_trials_pass_and_leave_nothing_behind(stack: Stack, tmp_path: Path) -> None:
    needs.file("src/stockwright/http/static/web/index.html")
    product = {**KEYBOARD, "name": "Trial", "sku": "TRIAL-1", "quantity": 3}
    stack.data("POST", "/api/products", product, who=ADMIN)
    buyer = {"SMOKE_EMAIL": ADMIN, "SMOKE_PASSWORD": PASSWORD, "SMOKE_SKU": "TRIAL-1"}
    with serving(in_front_of(stack)) as url:
        assert smoke(url, buyer)[-2:] == ["placing an order", "canceling it"]
        with pytest.raises(TrialFailed, match="signing in: POST /api/signin answers 401 UNAUTHORIZED"):
            smoke(url, {**buyer, "SMOKE_PASSWORD": "of-nobody-77"})
        assert len(tried_from_outside(stack, tmp_path, url)["seen"]) == 3
    assert checked_release(stack, tmp_path) == ("Succeeded", "Succeeded")
    [level] = stack.data("GET", "/api/inventory/sku/TRIAL-1")["locations"]
    assert (level["availableStock"], level["reservedStock"]) == (3, 0)


def tried_from_outside(stack: Stack, folder: Path, url: str) -> Any:
    """What the watch has seen, which goes through CloudFront's substitute."""
    env = {**stack.aws.env, "STOCKWRIGHT_PUBLIC_URL": url}
    with LambdaFunction("stockwright.cloud.watch", folder, **env) as watch:
        seen = watch.invoke(schedule())
        counted = [line for line in watch.output().splitlines() if '"TrialsPassed"' in line]
    assert len(counted) == bool(seen["seen"])
    return seen


def checked_release(stack: Stack, folder: Path) -> tuple[str, str]:
    """What the check of a release says of the API's function, and what CodeDeploy was sent."""
    sent: list[Any] = []

    async def codedeploy(request: Request) -> Response:
        sent.append(await request.json())
        return Response("{}", media_type="application/x-amz-json-1.1")

    with serving(Starlette(routes=[Route("/", codedeploy, methods=["POST"])])) as url:
        env = {
            **stack.aws.env,
            "AWS_ENDPOINT_URL_CODEDEPLOY": url,
            "STOCKWRIGHT_TRIAL_FUNCTION": f"{PREFIX}-api",
            "STOCKWRIGHT_ORIGIN_SECRET_ID": f"{PREFIX}/origin",
        }
        with LambdaFunction("stockwright.cloud.release_check", folder, **env) as check:
            answer = check.invoke({"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "hook-1"}, 90)
    [report] = sent
    assert (report["deploymentId"], report["lifecycleEventHookExecutionId"]) == ("d-1", "hook-1")
    return answer["status"], report["status"]


def test_a_total_outage_is_seen_from_outside_and_stops_a_release(stack: Stack, tmp_path: Path) -> None:
    """The last test: it takes the table away, as in the outage that raised no alarm."""
    client = stack.aws.client("dynamodb")
    client.update_table(TableName=stack.outputs["Table"], DeletionProtectionEnabled=False)
    client.delete_table(TableName=stack.outputs["Table"])
    assert stack.ask("GET", "/api/items").status_code >= 500
    with serving(in_front_of(stack)) as url:
        assert tried_from_outside(stack, tmp_path, url) == {"seen": []}
    assert checked_release(stack, tmp_path) == ("Failed", "Failed")
