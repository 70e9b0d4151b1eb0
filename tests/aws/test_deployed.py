"""The whole stack, deployed to MiniStack from the template that CloudFormation would get; its functions really run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests import needs
from tests.aws.ministack import REGION, Aws, MiniStack

PASSWORD = "Vier-Blauwale-77"
SECONDS = 240
ACCOUNT = "000000000000"
"""MiniStack's own: requests without a signature (API Gateway's, CloudFront's) belong to it."""


@dataclass
class Stack:
    """The deployed stack, asked as people and machines ask it."""

    aws: Aws
    outputs: dict[str, str]
    http: httpx.Client
    tokens: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, who: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        return self.http.request(method, path, json=body, headers=headers)

    def data(self, method: str, path: str, body: Any = None, who: str = "") -> Any:
        answer = self.ask(method, path, body, who)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def sign_in(self, email: str) -> None:
        self.tokens[email] = self.data("POST", "/api/signin", {"email": email, "password": PASSWORD})["idToken"]

    def mails(self, to: str) -> list[str]:
        """What SES was given for somebody."""
        return [text for each in _leaves(self.aws.read_back("ses/messages")) if to in (text := json.dumps(each))]

    def queue(self, name: str) -> str:
        url: str = self.aws.client("sqs").get_queue_url(QueueName=f"stockwright-local-{name}")["QueueUrl"]
        return url


def _leaves(told: Any) -> Iterator[Any]:
    """Every message, however MiniStack has grouped them."""
    for each in told["messages"].values() if isinstance(told["messages"], dict) else [told["messages"]]:
        yield from each if isinstance(each, list) else [each]


def eventually(look: Callable[[], Any], what: str) -> Any:
    """Look until there is something; functions start cold, one after the other."""
    deadline = time.monotonic() + SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, what
        time.sleep(0.25)
    return found


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    needs.program("node")
    from infra.app import synthesize
    from infra.deploy import deploy
    from infra.local import make_admin
    from infra.package import build

    folder = tmp_path_factory.mktemp("deployed")
    out = synthesize(build(folder / "code", here=True), folder / "out", "local")
    ministack = MiniStack(folder)
    ministack.start()
    try:
        aws = Aws(ministack.url, ACCOUNT)
        outputs = deploy(aws.client, out, "stockwright-local", ACCOUNT, REGION)
        make_admin(aws.client("cognito-idp"), outputs["UserPoolId"], "admin@example.com", PASSWORD)
        base = f"{ministack.url}/_aws/execute-api/{outputs['ApiId']}/$default"
        with httpx.Client(base_url=base, timeout=60) as http:
            made = Stack(aws, outputs, http)
            made.sign_in("admin@example.com")
            yield made
    finally:
        ministack.stop()


def test_nobody_without_a_token_comes_in(stack: Stack) -> None:
    refused = stack.ask("GET", "/api/orders")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "UNAUTHORIZED")
    # Before what admins alone may ask stands the authorizer, which speaks for itself.
    refused = stack.ask("GET", "/api/users")
    assert (refused.status_code, refused.json()) == (401, {"message": "Unauthorized"})


def test_an_order_goes_all_the_way_and_each_step_is_mailed(stack: Stack) -> None:
    admin, alice = "admin@example.com", "alice@example.com"
    signed_up = stack.ask("POST", "/api/signup", {"email": alice, "password": PASSWORD, "name": "Alice"})
    assert signed_up.status_code == 201
    [mail] = eventually(lambda: stack.mails(alice), "the code was not mailed")
    code = next(word for word in mail.replace("\\n", " ").split() if word.isdigit() and len(word) >= 6)
    stack.data("POST", "/api/signup/confirm", {"email": alice, "code": code})
    stack.sign_in(alice)

    assert stack.ask("GET", "/api/users", who=alice).status_code == 403
    product = {
        "name": "Wireless Keyboard",
        "sku": "KB-1",
        "description": "A keyboard without a wire.",
        "category": "electronics",
        "price": 7999,
        "quantity": 12,
    }
    product_id = stack.data("POST", "/api/products", product, who=admin)["id"]
    order_id = stack.data("POST", "/api/orders", {"productId": product_id, "quantity": 5}, who=alice)["id"]

    def status() -> str:
        told: str = stack.data("GET", f"/api/orders/{order_id}", who=alice)["status"]
        return told

    eventually(lambda: status() == "CONFIRMED", "the order was not confirmed")
    assert [mail for mail in stack.mails(alice) if order_id in mail]
    keys = {
        scope: stack.data("POST", "/api/api-keys", {"name": scope, "scopes": [scope]}, who=admin)["key"]
        for scope in ("orders:pack", "orders:deliver")
    }
    for path, scope in (("orderpacked", "orders:pack"), ("orderdelivered", "orders:deliver")):
        answer = stack.http.post(f"/api/{path}/{order_id}", headers={"Authorization": keys[scope]})
        assert answer.is_success, answer.text
    assert status() == "DELIVERED"
    eventually(lambda: len(stack.mails(alice)) >= 4, "code, confirmation, packed, delivered")


def test_a_poison_message_ends_as_a_dead_letter_that_admins_hear_of(stack: Stack) -> None:
    sqs, sns = stack.aws.client("sqs"), stack.aws.client("sns")
    ear = sqs.create_queue(QueueName="ear")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=ear, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = next(
        each["TopicArn"]
        for each in sns.list_topics()["Topics"]
        if each["TopicArn"].endswith("stockwright-local-operations")
    )
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    # As SQS hands it over after the third try; the waits between them are SQS's own, 180 s each.
    sqs.send_message(QueueUrl=stack.queue("warehouse-dlq"), MessageBody="{ this is no event")

    def letters() -> list[Any]:
        found: list[Any] = stack.data("GET", "/api/dead-letters", who="admin@example.com")["items"]
        return found

    [letter] = eventually(letters, "the poison became no dead letter")
    assert letter["handler"] == "warehouse"
    heard = eventually(lambda: sqs.receive_message(QueueUrl=ear).get("Messages"), "nobody was told")
    assert "warehouse" in heard[0]["Body"]
    stack.data("DELETE", f"/api/dead-letters/{letter['id']}", who="admin@example.com")
    assert letters() == []


def test_the_schedule_calls_the_sweeper(stack: Stack) -> None:
    logs = stack.aws.client("logs")

    def swept() -> bool:
        told = logs.filter_log_events(logGroupName="/aws/lambda/stockwright-local-sweep")["events"]
        return bool(told)

    eventually(swept, "the sweeper was not called")
