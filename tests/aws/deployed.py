"""The whole stack on MiniStack, as strict as AWS: asked as people and machines ask it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2
import uvicorn
from starlette.applications import Starlette

from stockwright.cloud.origin import SECRET_HEADER
from tests import needs
from tests.around import Partner
from tests.aws.ministack import REGION, Aws, MiniStack
from tests.e2e.server import free_port

PASSWORD = "Vier-Blauwale-77"
ADMIN = "admin@example.com"
ACCOUNT = "000000000000"
"""MiniStack's own: requests without a signature (API Gateway's, CloudFront's) belong to it."""
PREFIX = "stockwright-local"
SECONDS = 240


@dataclass
class Stack:
    """The deployed stack, and the partners that it calls."""

    aws: Aws
    outputs: dict[str, str]
    http: httpx2.Client
    warehouse: Partner
    delivery: Partner
    secret: str
    """What CloudFront sends to the API."""
    tokens: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, who: str = "") -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        return self.http.request(method, path, json=body, headers=headers)

    def data(self, method: str, path: str, body: Any = None, who: str = "") -> Any:
        answer = self.ask(method, path, body, who)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def sign_in(self, email: str) -> None:
        self.tokens[email] = self.data("POST", "/api/signin", {"email": email, "password": PASSWORD})["idToken"]

    def mails(self, to: str) -> dict[str, str]:
        """The subjects and texts that SES was given for somebody."""
        sent = self.aws.read_back("ses/messages")["messages"].get(self.aws.account, [])
        return {mail["Subject"]: mail["BodyText"] for mail in sent if mail["To"] == [to]}

    def queue(self, name: str) -> str:
        url: str = self.aws.client("sqs").get_queue_url(QueueName=f"{PREFIX}-{name}")["QueueUrl"]
        return url

    def topic(self, name: str) -> str:
        return f"arn:aws:sns:{REGION}:{ACCOUNT}:{PREFIX}-{name}"

    def hurry(self, name: str) -> None:
        """Let a queue deliver again after a second, what waits three minutes otherwise."""
        self.aws.client("sqs").set_queue_attributes(QueueUrl=self.queue(name), Attributes={"VisibilityTimeout": "1"})

    def hear(self, topic: str) -> Callable[[], list[str]]:
        """Subscribe to a topic with a queue; returns what reads the subjects of what was received since."""
        sqs = self.aws.client("sqs")
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:topic-{topic}"
        may = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{**may, "Resource": arn}]})
        url = sqs.create_queue(QueueName=f"topic-{topic}", Attributes={"Policy": policy})["QueueUrl"]
        self.aws.client("sns").subscribe(TopicArn=self.topic(topic), Protocol="sqs", Endpoint=arn)

        def read() -> list[str]:
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            for message in found:
                # Else it comes again when its time as unseen is over.
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return [json.loads(message["Body"])["Subject"] for message in found]

        return read


def eventually(look: Callable[[], Any], what: str) -> Any:
    """Look until there is something; functions start cold, one after the other."""
    deadline = time.monotonic() + SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, what
        time.sleep(0.25)
    return found


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """Serve an application from a thread; yields its address."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started, "it does not serve")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def _send_alerts_at_once(file: Path) -> None:
    """Collect no alerts in the functions of a template: each alert would take a minute."""
    template = json.loads(file.read_bytes())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Environment"]["Variables"]["STOCKWRIGHT_ALERT_GROUP_SECONDS"] = "0"
    file.write_text(json.dumps(template), encoding="utf-8")


@contextmanager
def deployed(folder: Path, warehouse: Partner, delivery: Partner) -> Iterator[Stack]:
    """Build the functions, write the template, deploy it, and sign its admin in."""
    needs.program("node")
    from infra.app import synthesize
    from infra.deploy import deploy
    from infra.local import make_person, origin_secret
    from infra.package import build
    from infra.stages import load_stages

    stage = replace(load_stages()["local"], warehouse_url=warehouse.url, delivery_url=delivery.url)
    out = synthesize(build(folder / "code", here=True), folder / "out", stage)
    _send_alerts_at_once(out / f"{PREFIX}.template.json")
    ministack = MiniStack(folder, strict=True)
    ministack.start()
    try:
        aws = Aws(ministack.url, ACCOUNT)
        outputs = deploy(aws.client, out, PREFIX, ACCOUNT, REGION)
        make_person(aws.client("cognito-idp"), outputs["UserPoolId"], ADMIN, PASSWORD, admin=True)
        base = f"{ministack.url}/_aws/execute-api/{outputs['ApiId']}/$default"
        secret = origin_secret(aws.client("secretsmanager"), "local")
        with httpx2.Client(base_url=base, timeout=60, headers={SECRET_HEADER: secret}) as http:
            made = Stack(aws, outputs, http, warehouse, delivery, secret)
            made.sign_in(ADMIN)
            yield made
    finally:
        ministack.stop()
