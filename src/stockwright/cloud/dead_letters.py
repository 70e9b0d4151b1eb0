"""The dead letters' function: what a queue gave up → error log, dead letter, alert.

A handler that fails reports it itself, and its message never comes here. Here comes what killed its
function each time, and what it could not read; and what the stream's function gave up, whose events
are safe in the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import AsyncBatchProcessor, EventType, async_process_partial_response

from stockwright.base.errors import Permanent
from stockwright.base.event import Event as Fact
from stockwright.cloud.delivery import Delivery, bury
from stockwright.cloud.messages import delivery_of
from stockwright.cloud.routing import STREAM
from stockwright.cloud.runtime import Event, Function
from stockwright.events.catalogue import MessageUnreadable
from stockwright.events.records import find_retry
from stockwright.handlers import REACTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


GIVEN_UP = "the queue gave it up: each of its deliveries ended without an answer"
_function = Function("dead-letters")


def handler(event: Event, context: Any) -> Any:
    """Store each message as a dead letter; what could not be stored stays in the queue."""
    _function.begin(context)
    processor = AsyncBatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    return async_process_partial_response(event, _store, processor, context)


async def _store(record: SQSRecord) -> None:
    app, message = _function.app, record.raw_event
    name = handler_of(message["eventSourceARN"])
    try:
        delivery, error = delivery_of(message), GIVEN_UP
    except Permanent as wrong:
        delivery, error = unreadable(message, app.clock.now()), wrong.message
    waiting = await find_retry(app.store, name, delivery.event.id) if delivery.redriven else None
    await bury(app, name, delivery, error, waiting)


def handler_of(arn: str) -> str:
    """Return whose dead letters a queue keeps: its name bears the handler's."""
    queue = arn.rpartition(":")[2]
    named = [each.name for each in REACTIONS if each.name in queue]
    return max(named, key=len, default=STREAM)


def unreadable(record: Mapping[str, Any], now: int) -> Delivery:
    """Keep a message that is no event of ours as one, for somebody to look at."""
    event = Fact(
        id=f"evt_{record['messageId']}",
        name=MessageUnreadable.event_name,
        subject=record["messageId"],
        at=now,
        data=MessageUnreadable(body=record["body"]).as_dict(),
    )
    attributes = record["attributes"]
    return Delivery(
        event, int(attributes["ApproximateReceiveCount"]), int(attributes["ApproximateFirstReceiveTimestamp"])
    )
