"""From signing up to the doorstep, through every function, with the table, the bus, the queues and the mail between."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from stockwright.accounts.sign_up import SignUp
from stockwright.accounts.usecases import add_account
from stockwright.request import BY_SYSTEM
from tests.around import Partner
from tests.aws.conftest import PASSWORD, Cloud
from tests.aws.ministack import Aws
from tests.aws.pump import Pump

BOB, ROOT = "bob@example.com", "root@example.com"


class People:
    """Who asks over HTTP."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.tokens: dict[str, str] = {}

    async def sign_in(self, email: str) -> None:
        body = await self.ask("POST", "/signin", {"email": email, "password": PASSWORD})
        self.tokens[email] = body["idToken"]

    async def ask(self, method: str, path: str, body: Any = None, who: str = "") -> Any:
        status, answer, _ = await self._cloud.ask(method, path, body, token=self.tokens.get(who))
        assert status < 300, answer
        return answer["data"]


def mails(here: Aws, to: str) -> dict[str, str]:
    """The subjects and texts that SES was given for somebody."""
    sent = here.read_back("ses/messages")["messages"].get(here.account, [])
    return {mail["Subject"]: mail["BodyText"] for mail in sent if mail["To"] == [to]}


def on_topic(here: Aws, name: str) -> tuple[str, Any]:
    """Make a topic with a queue that receives its messages; returns its ARN and what reads the queue."""
    sns, sqs = here.client("sns"), here.client("sqs")
    topic: str = sns.create_topic(Name=name)["TopicArn"]
    queue = sqs.create_queue(QueueName=f"topic-{name}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def read() -> list[str]:
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            # Else it comes again when its time as unseen is over.
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"])["Subject"] for message in found]

    return topic, read


@pytest.mark.slow
async def test_an_order_goes_from_sign_up_to_delivery(cloud: Cloud, here: Aws) -> None:
    await add_account(cloud.app, BY_SYSTEM, SignUp(ROOT, PASSWORD), "admin")
    here.client("secretsmanager").create_secret(Name="shop/warehouse", SecretString="the-warehouse-key")
    low_stock, low_stock_received = on_topic(here, "low-stock-alerts")
    operations, operations_received = on_topic(here, "operations")
    warehouse, delivery = Partner(), Partner()
    calls_out = {"STOCKWRIGHT_ALLOW_PRIVATE_ADDRESSES": "on"}
    pump = Pump(
        cloud,
        here,
        {
            "warehouse": {
                **calls_out,
                "STOCKWRIGHT_WAREHOUSE_URL": warehouse.url,
                "STOCKWRIGHT_WAREHOUSE_SECRET_ID": "shop/warehouse",
            },
            "delivery-service": {**calls_out, "STOCKWRIGHT_DELIVERY_URL": delivery.url},
            "stock-alert": {
                "STOCKWRIGHT_LOW_STOCK_TOPIC": low_stock,
                "STOCKWRIGHT_SMS": "sns",
                "STOCKWRIGHT_ALERT_PHONES": "+15550100",
                "STOCKWRIGHT_ALERT_GROUP_SECONDS": "0",
            },
            "operations-alert": {
                "STOCKWRIGHT_OPERATIONS_TOPIC": operations,
                "STOCKWRIGHT_ALERT_GROUP_SECONDS": "0",
            },
        },
    )
    pump.lay()
    people = People(cloud)
    servers = [await asyncio.start_server(each.serve, "127.0.0.1", each.port) for each in (warehouse, delivery)]
    try:
        # Bob signs up; his code comes by mail.
        await people.ask("POST", "/signup", {"email": BOB, "password": PASSWORD, "name": "Bob"})
        await pump.run()
        [text] = mails(here, BOB).values()
        code = re.findall(r"^\d{6}$", text, re.MULTILINE)[0]
        await people.ask("POST", "/signup/confirm", {"email": BOB, "code": code})
        await people.sign_in(BOB)
        await people.sign_in(ROOT)

        # He orders nearly all there is, while the warehouse is down.
        warehouse.status = 503
        order = await people.ask("POST", "/orders", {"productId": cloud.product_id, "quantity": 25}, BOB)
        await pump.run()
        assert (await people.ask("GET", f"/orders/{order['id']}", who=BOB))["status"] == "CONFIRMED"
        assert f"Order Confirmation - #{order['id']}" in mails(here, BOB)
        assert low_stock_received() == ["Low Stock Alert: Product Wireless Keyboard is below threshold"]
        assert len(here.read_back("sns/sms-messages")["sms_messages"]["+15550100"]) == 1

        # The warehouse was asked three times; the admins know, and send it on its way again.
        assert len(warehouse.calls) == 3
        assert operations_received() == ["ALERT: warehouse failed for order.placed"]
        [letter] = (await people.ask("GET", "/dead-letters", who=ROOT))["items"]
        warehouse.status = 200
        await people.ask("POST", f"/dead-letters/{letter['id']}/redrive", {}, ROOT)
        await pump.run()
        assert (await people.ask("GET", "/dead-letters", who=ROOT))["items"] == []
        headers, picked = warehouse.calls[3]
        assert (headers["x-api-key"], picked["orderId"]) == ("the-warehouse-key", order["id"])

        # Packed, handed to the delivery service, delivered.
        await people.ask("POST", f"/orders/{order['id']}/pack", {}, ROOT)
        await pump.run()
        assert [body["orderId"] for _, body in delivery.calls] == [order["id"]]
        await people.ask("POST", f"/orders/{order['id']}/deliver", {}, ROOT)
        await pump.run()
        assert (await people.ask("GET", f"/orders/{order['id']}", who=BOB))["status"] == "DELIVERED"
        assert {f"Order Packed - #{order['id']}", f"Order Delivered - #{order['id']}"} <= set(mails(here, BOB))

        # What cannot be read at all ends in the queue of dead letters, and from there before the admins.
        here.client("sqs").send_message(QueueUrl=pump.queues["warehouse"], MessageBody="{ this is no event")
        await pump.run()
        [letter] = (await people.ask("GET", "/dead-letters", who=ROOT))["items"]
        assert letter["event"]["data"] == {"body": "{ this is no event"}
        assert operations_received() == ["ALERT: warehouse failed for message.unreadable"]
    finally:
        for server in servers:
            server.close()
            await server.wait_closed()
