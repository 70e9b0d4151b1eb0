"""The stream's function: every event of the log reaches the bus, whatever the bus does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from stockwright.base.event import Event
from stockwright.cloud.routing import SOURCE, names_handled_by, redrive_of
from stockwright.events.records import Retry, put_retry
from stockwright.handlers import REACTIONS
from stockwright.operations.usecases import list_dead_letters, redrive
from stockwright.orders.usecases import PlaceOrder, place_order
from stockwright.request import BY_SYSTEM
from stockwright.sales.load_lines import LineWanted
from stockwright.store.batch import Batch
from stockwright.store.dynamodb.codec import event_image, image_of_put
from stockwright.store.port import Put
from tests.aws.conftest import TABLE, Cloud
from tests.aws.ministack import REGION, Aws
from tests.aws.runtime import FunctionFailed, LambdaFunction
from tests.aws.shapes import batch, message, record

AT = 1_700_000_000_000


def placed(number: int, **data: Any) -> Event:
    return Event(f"evt_{number:04d}", "order.placed", f"ord_{number}", AT, {"products": ["prd_1"], **data}, "usr_alice")


def appended(event: Event) -> dict[str, Any]:
    return event_image(event, AT, f"{AT:013d}-{event.id}", 8)


def put_image(batch: Batch) -> dict[str, Any]:
    [write] = batch.writes
    assert isinstance(write, Put)
    return image_of_put(write)


class Bus:
    """An EventBridge that refuses entries, or everything, as often as a test wants."""

    def __init__(self) -> None:
        self.refuse: dict[str, int] = {}
        self.down = 0
        self.calls: list[list[dict[str, Any]]] = []
        self.taken: list[dict[str, Any]] = []
        bus = self

        class Calls(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                entries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["Entries"]
                bus.calls.append(entries)
                status, answer = bus.answer(entries)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Calls)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, entries: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        if self.down:
            self.down -= 1
            return 500, {"__type": "InternalException", "message": "down"}
        found: list[dict[str, str]] = []
        for entry in entries:
            subject = json.loads(entry["Detail"])["subject"]
            if self.refuse.get(subject, 0):
                self.refuse[subject] -= 1
                found.append({"ErrorCode": "ThrottlingException", "ErrorMessage": "too much"})
            else:
                self.taken.append(entry)
                found.append({"EventId": "e"})
        return 200, {"FailedEntryCount": sum("ErrorCode" in each for each in found), "Entries": found}

    def subjects(self) -> list[str]:
        return [json.loads(entry["Detail"])["subject"] for entry in self.taken]


@pytest.fixture
def bus() -> Iterator[Bus]:
    made = Bus()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def stream(bus: Bus, tmp_path: Path) -> Iterator[LambdaFunction]:
    env = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{bus.server.server_address[1]}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "STOCKWRIGHT_EVENT_BUS": "shop",
    }
    with LambdaFunction("stockwright.cloud.stream", tmp_path, **env) as function:
        yield function


def test_the_bus_gets_events_and_redriven_events_and_nothing_else(stream: LambdaFunction, bus: Bus) -> None:
    product, retry = Batch(), Batch()
    product.put(("PRODUCT#1", "PRODUCT"), {"name": "Chair"}, 3)
    put_retry(retry, Retry("warehouse", placed(9), 0, AT, AT))
    waiting = Batch()
    put_retry(waiting, Retry("warehouse", placed(8), 0, AT, AT, waiting=True))
    result = stream.invoke(
        batch(
            record(appended(placed(1)), 1),
            record(put_image(product), 2, "MODIFY"),
            record(put_image(retry), 3),
            record(None, 4, "REMOVE"),
            record(put_image(waiting), 5),
        )
    )
    assert result == {"batchItemFailures": []}
    assert [(entry["Source"], entry["DetailType"], entry["EventBusName"]) for entry in bus.taken] == [
        (SOURCE, "order.placed", "shop"),
        (SOURCE, redrive_of("warehouse"), "shop"),
    ]
    detail = json.loads(bus.taken[0]["Detail"])
    assert (detail["id"], detail["subject"], detail["actor"], detail["data"]) == (
        "evt_0001",
        "ord_1",
        "usr_alice",
        {"products": ["prd_1"]},
    )
    assert detail["position"]


def test_only_the_events_that_the_bus_refused_are_sent_again(stream: LambdaFunction, bus: Bus) -> None:
    bus.refuse = {"ord_3": 2}
    result = stream.invoke(batch(*[record(appended(placed(number)), number) for number in range(1, 26)]))
    assert result == {"batchItemFailures": []}
    assert [len(call) for call in bus.calls] == [10, 10, 5, 1, 1]
    assert sorted(bus.subjects()) == sorted(f"ord_{number}" for number in range(1, 26))


def test_events_that_the_bus_keeps_refusing_are_reported_to_lambda_and_retried(
    stream: LambdaFunction, bus: Bus
) -> None:
    bus.refuse = {"ord_2": 4}
    records = [record(appended(placed(number)), number) for number in (1, 2, 3)]
    result = stream.invoke(batch(*records))
    assert result == {"batchItemFailures": [{"itemIdentifier": f"{2:021d}"}]}
    assert bus.subjects() == ["ord_1", "ord_3"]
    # Lambda starts again from there.
    assert stream.invoke(batch(*records[1:])) == {"batchItemFailures": []}
    assert bus.subjects() == ["ord_1", "ord_3", "ord_2", "ord_3"]
    [counted] = [line["PublishFailures"] for line in stream.lines() if "PublishFailures" in line]
    assert counted == [1.0]


def test_a_bus_that_is_down_loses_nothing(stream: LambdaFunction, bus: Bus) -> None:
    bus.down = 100
    records = [record(appended(placed(number)), number) for number in (1, 2)]
    result = stream.invoke(batch(*records))
    assert [each["itemIdentifier"] for each in result["batchItemFailures"]] == [f"{1:021d}", f"{2:021d}"]
    bus.down = 0
    assert stream.invoke(batch(*records)) == {"batchItemFailures": []}, stream.output()
    assert bus.subjects() == ["ord_1", "ord_2"]


def test_large_events_are_split_into_calls_that_the_bus_accepts(stream: LambdaFunction, bus: Bus) -> None:
    result = stream.invoke(
        batch(*[record(appended(placed(number, note="x" * 100_000)), number) for number in range(1, 6)])
    )
    assert result == {"batchItemFailures": []}
    assert [len(call) for call in bus.calls] == [2, 2, 1]


def test_an_unreadable_record_does_not_stop_the_others(stream: LambdaFunction, bus: Bus) -> None:
    broken = {**appended(placed(2)), "b": {"M": {"id": {"S": "evt_2"}}}}
    result = stream.invoke(batch(record(appended(placed(1)), 1), record(broken, 2), record(appended(placed(3)), 3)))
    assert result == {"batchItemFailures": [{"itemIdentifier": f"{2:021d}"}]}
    assert bus.subjects() == ["ord_1", "ord_3"]
    assert [line["message"] for line in stream.lines() if line.get("level") == "ERROR"] == ["record unreadable"]


async def test_batches_that_lambda_gave_up_are_stored_and_redriven_from_the_stream(cloud: Cloud, here: Aws) -> None:
    here.client("events").create_event_bus(Name="shop")
    queue = here.client("sqs").create_queue(QueueName="received")["QueueUrl"]
    events = here.client("events")
    events.put_rule(Name="all", EventBusName="shop", EventPattern=json.dumps({"source": [SOURCE]}))
    arn = f"arn:aws:sqs:{REGION}:{here.account}:received"
    events.put_targets(Rule="all", EventBusName="shop", Targets=[{"Id": "queue", "Arn": arn}])

    # Two orders are placed, and the batch that holds them is given up: Lambda says which records it was.
    streams = here.client("dynamodbstreams")
    stream = here.client("dynamodb").describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][0]["ShardId"]
    shard_of_stream = {"StreamArn": stream, "ShardId": shard, "ShardIteratorType": "LATEST"}
    latest = streams.get_shard_iterator(**shard_of_stream)["ShardIterator"]
    for _ in range(2):
        await place_order(cloud.app, cloud.alice, PlaceOrder([LineWanted(1, cloud.product_id)]))
    records = streams.get_records(ShardIterator=latest)["Records"]
    given_up = {
        "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 11},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": None},
        "version": "1.0",
        "timestamp": "2023-11-14T22:13:20.000Z",
        "DDBStreamBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": records[0]["dynamodb"]["SequenceNumber"],
            "endSequenceNumber": records[-1]["dynamodb"]["SequenceNumber"],
            "approximateArrivalOfFirstRecord": "2023-11-14T22:13:19Z",
            "approximateArrivalOfLastRecord": "2023-11-14T22:13:20Z",
            "batchSize": len(records),
            "streamArn": stream,
        },
    }
    result = batch(message(given_up, queue="stream-dlq"))
    assert await cloud.invoke("dead_letters", result) == {"batchItemFailures": []}
    [letter] = (await list_dead_letters(cloud.app, 10))[0]
    assert letter.handler == "stream"

    # An admin redrives it: what was given up is on the bus.
    latest = streams.get_shard_iterator(**shard_of_stream)["ShardIterator"]
    await redrive(cloud.app, BY_SYSTEM, letter.id)
    again = [each for each in streams.get_records(ShardIterator=latest)["Records"] if _is_retry(each)]
    result = await cloud.invoke("stream", batch(*[_plain(each) for each in again]), STOCKWRIGHT_EVENT_BUS="shop")
    assert result == {"batchItemFailures": []}
    received = here.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert sorted(json.loads(each["Body"])["detail-type"] for each in received) == ["order.placed", "order.placed"]


def _is_retry(record: dict[str, Any]) -> bool:
    return record["eventName"] == "INSERT" and bool(record["dynamodb"]["Keys"]["pk"]["S"].startswith("RETRY#"))


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    """As JSON: without the time that the SDK makes of it."""
    return {**record, "dynamodb": {**record["dynamodb"], "ApproximateCreationDateTime": 1700000000}}


def test_without_a_bus_the_start_fails(tmp_path: Path) -> None:
    with (
        LambdaFunction("stockwright.cloud.stream", tmp_path) as function,
        pytest.raises(FunctionFailed, match="EVENT_BUS"),
    ):
        function.invoke(batch())


def test_each_handlers_rule_lets_its_events_through_and_no_others(aws: Aws, tmp_path: Path) -> None:
    events, sqs = aws.client("events"), aws.client("sqs")
    events.create_event_bus(Name="shop")
    queues = {}
    for reaction in REACTIONS:
        queues[reaction.name] = sqs.create_queue(QueueName=reaction.name)["QueueUrl"]
        arn = f"arn:aws:sqs:eu-central-1:{aws.account}:{reaction.name}"
        pattern = json.dumps({"source": [SOURCE], "detail-type": names_handled_by(reaction)})
        events.put_rule(Name=reaction.name, EventBusName="shop", EventPattern=pattern)
        events.put_targets(Rule=reaction.name, EventBusName="shop", Targets=[{"Id": "queue", "Arn": arn}])
    redriven = Batch()
    put_retry(redriven, Retry("warehouse", placed(2), 0, AT, AT))
    with LambdaFunction("stockwright.cloud.stream", tmp_path, **aws.env, STOCKWRIGHT_EVENT_BUS="shop") as stream:
        result = stream.invoke(batch(record(appended(placed(1)), 1), record(put_image(redriven), 2)))
        assert result == {"batchItemFailures": []}
    received = {
        name: sorted(
            json.loads(message["Body"])["detail-type"]
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ())
        )
        for name, url in queues.items()
    }
    assert {name: types for name, types in received.items() if types} == {
        "order-confirmation": ["order.placed"],
        "order-topic": ["order.placed"],
        "rollups": ["order.placed"],
        "stock-watch": ["order.placed"],
        "warehouse": ["order.placed", "redrive.warehouse"],
    }
