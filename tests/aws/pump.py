"""What AWS does between the functions: the table's stream, the bus with its rules, a queue for each handler.

MiniStack keeps the stream, the bus and the queues; this does what Lambda's pollers do.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from stockwright.cloud.routing import SOURCE, names_handled_by
from stockwright.events.handling import ATTEMPTS_MAX
from stockwright.handlers import REACTIONS
from tests.aws.conftest import TABLE, Cloud
from tests.aws.ministack import REGION, Aws
from tests.aws.shapes import batch

BUS = "shop"
ROUNDS_MAX = 60


@dataclass
class Pump:
    """Carries events from the table to the handlers, as often as there are any."""

    cloud: Cloud
    here: Aws
    settings: dict[str, dict[str, str]]
    """What each handler's function is set besides."""
    queues: dict[str, str] = field(default_factory=dict)
    iterator: str = ""
    stream: str = ""

    def lay(self) -> None:
        """Make the bus, the rules and the queues, and begin at the stream's beginning."""
        events, sqs, streams = (self.here.client(name) for name in ("events", "sqs", "dynamodbstreams"))
        events.create_event_bus(Name=BUS)
        for name in [reaction.name for reaction in REACTIONS]:
            letters = sqs.create_queue(QueueName=f"{name}-dlq")["QueueUrl"]
            redrive = {"deadLetterTargetArn": self._arn(f"{name}-dlq"), "maxReceiveCount": ATTEMPTS_MAX}
            attributes = {"VisibilityTimeout": "0", "RedrivePolicy": json.dumps(redrive)}
            self.queues[name] = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
            self.queues[f"{name}-dlq"] = letters
        for reaction in REACTIONS:
            pattern = json.dumps({"source": [SOURCE], "detail-type": names_handled_by(reaction)})
            events.put_rule(Name=reaction.name, EventBusName=BUS, EventPattern=pattern)
            target = {"Id": "queue", "Arn": self._arn(reaction.name)}
            events.put_targets(Rule=reaction.name, EventBusName=BUS, Targets=[target])
        self.stream = self.here.client("dynamodb").describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
        shard = streams.describe_stream(StreamArn=self.stream)["StreamDescription"]["Shards"][0]["ShardId"]
        self.iterator = streams.get_shard_iterator(
            StreamArn=self.stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]

    async def run(self) -> None:
        """Carry until nothing is left anywhere."""
        for _ in range(ROUNDS_MAX):
            moved = await self._from_the_stream()
            for name in self.queues:
                moved += await self._from_a_queue(name)
            if not moved:
                return
        raise AssertionError("events go round and round")

    async def _from_the_stream(self) -> int:
        answer = self.here.client("dynamodbstreams").get_records(ShardIterator=self.iterator)
        records = [{**record, "eventSourceARN": self.stream} for record in answer["Records"]]
        if records:
            for record in records:
                record["dynamodb"].pop("ApproximateCreationDateTime", None)
            result = await self.cloud.invoke("stream", batch(*records), STOCKWRIGHT_EVENT_BUS=BUS)
            assert result == {"batchItemFailures": []}
        self.iterator = answer["NextShardIterator"]
        return len(records)

    async def _from_a_queue(self, name: str) -> int:
        sqs, url = self.here.client("sqs"), self.queues[name]
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"]).get("Messages", [])
        if not found:
            return 0
        result = await self._handled(name, batch(*[self._record(name, message) for message in found]))
        failed = {each["itemIdentifier"] for each in result["batchItemFailures"]}
        for message in found:
            if message["MessageId"] not in failed:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(found)

    async def _handled(self, name: str, event: dict[str, Any]) -> Any:
        if name.endswith("-dlq"):
            return await self.cloud.invoke("dead_letters", event)
        env = {"STOCKWRIGHT_HANDLER": name, **self.settings.get(name, {})}
        return await self.cloud.invoke("queue", event, **env)

    def _record(self, name: str, message: dict[str, Any]) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn(name),
            "awsRegion": REGION,
        }

    def _arn(self, queue: str) -> str:
        return f"arn:aws:sqs:{REGION}:{self.here.account}:{queue}"
