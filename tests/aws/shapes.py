"""The events that AWS's services hand to functions, in their real shapes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from stockwright.base.event import Event

QUEUE = "arn:aws:sqs:eu-central-1:123456789012:stockwright-test-"


def request(
    method: str,
    path: str,
    body: Any = None,
    *,
    token: str | None = None,
    query: str = "",
    headers: dict[str, str] | None = None,
    claims: dict[str, str] | None = None,
) -> dict[str, Any]:
    """A request as an HTTP API hands it over (payload format 2.0)."""
    sent = {
        "accept": "*/*",
        "host": "abc123.execute-api.eu-central-1.amazonaws.com",
        "user-agent": "test",
        "x-amzn-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
        "x-forwarded-for": "203.0.113.7",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
        **(headers or {}),
    }
    if token is not None:
        sent["authorization"] = f"Bearer {token}"
    if body is not None:
        sent["content-type"] = "application/json"
    context: dict[str, Any] = {
        "accountId": "123456789012",
        "apiId": "abc123",
        "domainName": "abc123.execute-api.eu-central-1.amazonaws.com",
        "domainPrefix": "abc123",
        "http": {
            "method": method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": "203.0.113.7",
            "userAgent": "test",
        },
        "requestId": uuid.uuid4().hex[:15] + "=",
        "routeKey": "$default",
        "stage": "$default",
        "time": "14/Nov/2023:22:13:20 +0000",
        "timeEpoch": 1700000000000,
    }
    if claims is not None:
        context["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": sent,
        "requestContext": context,
        "isBase64Encoded": False,
    }
    if body is not None:
        event["body"] = json.dumps(body)
    return event


def on_the_bus(event: Event, detail_type: str | None = None) -> dict[str, Any]:
    """An event as EventBridge hands it to a rule's target."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type or event.name,
        "source": "stockwright",
        "account": "123456789012",
        "time": "2023-11-14T22:13:20Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": event.as_dict(),
    }


def message(body: Any, *, queue: str, times: int = 1, message_id: str | None = None) -> dict[str, Any]:
    """One message of a queue's batch, received for the n-th time."""
    return {
        "messageId": message_id or str(uuid.uuid4()),
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {
            "ApproximateReceiveCount": str(times),
            "SentTimestamp": "1700000000000",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1700000000100",
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"{QUEUE}{queue}",
        "awsRegion": "eu-central-1",
    }


def record(image: Mapping[str, Any] | None, sequence: int, name: str = "INSERT") -> dict[str, Any]:
    """One record of a table's stream (NEW_AND_OLD_IMAGES)."""
    keys = {key: image[key] for key in ("pk", "sk")} if image else {"pk": {"S": "GONE"}, "sk": {"S": "GONE"}}
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": 1700000000,
        "Keys": keys,
        "SequenceNumber": f"{sequence:021d}",
        "SizeBytes": 300,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    if image is not None:
        change["NewImage"] = image
    return {
        "eventID": uuid.uuid4().hex,
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": change,
        "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/shop/stream/2023-11-14T22:13:20.000",
    }


def batch(*messages: dict[str, Any]) -> dict[str, Any]:
    """A batch of a queue's messages."""
    return {"Records": list(messages)}


def schedule() -> dict[str, Any]:
    """What the scheduler hands over."""
    return {
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "123456789012",
        "time": "2023-11-14T22:13:20Z",
        "region": "eu-central-1",
        "resources": ["arn:aws:scheduler:eu-central-1:123456789012:schedule/default/stockwright-test-sweep"],
        "detail": "{}",
    }
