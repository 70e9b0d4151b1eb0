"""A handler's function: one SQS queue → one reaction, named by STOCKWRIGHT_HANDLER.

Each message is handled on its own, unless the handler can handle many at once: the ids of those to deliver again
are returned to Lambda, the others are forgotten. A message that cannot be read comes again until the queue gives it up.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import AsyncBatchProcessor, EventType, async_process_partial_response

from stockwright.accounts.mails import HANDLER as ACCOUNT_MAIL
from stockwright.base.errors import Misconfigured, Permanent
from stockwright.cloud.delivery import deliver
from stockwright.cloud.messages import delivery_of
from stockwright.cloud.metrics import count
from stockwright.cloud.runtime import Event, Function, seconds_left
from stockwright.events.catalogue import StockLow
from stockwright.events.handling import error_of
from stockwright.events.registry import Reaction
from stockwright.handlers import REACTIONS

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


def _reaction(name: str | None) -> Reaction:
    found = next((each for each in REACTIONS if each.name == name), None)
    if found is None:
        names = ", ".join(each.name for each in REACTIONS)
        raise Misconfigured(f"STOCKWRIGHT_HANDLER must be one of {names}, not {name!r}")
    return found


_function = Function("queue")
_run = _reaction(_function.settings.handler)
if _run.name == ACCOUNT_MAIL:
    _function.insist_on_the_signing_key()


async def _handle_together(records: list[dict[str, Any]], seconds: float) -> frozenset[str]:
    """Handle the events of a batch at once where the handler can, and return the ids of their messages.

    Where that fails, none is done: each is then tried by itself, which says what is wrong with it.
    """
    if _run.run_many is None:
        return frozenset()
    events = {}
    for record in records:
        with contextlib.suppress(Permanent):
            delivery = delivery_of(record)
            if not delivery.redriven and delivery.event.name in _run.events:
                events[record["messageId"]] = delivery.event
    if len(events) < 2:  # noqa: PLR2004 - one is handled by itself
        return frozenset()
    try:
        async with asyncio.timeout(seconds):
            left = await _run.run_many(_function.app, list(events.values())) or ()
    except Exception as fault:  # noqa: BLE001 - whatever it is, each is tried again
        _function.log.warning("batch failed", handler=_run.name, events=len(events), error=error_of(fault))
        return frozenset()
    left_ids = {event.id for event in left}
    return frozenset(message_id for message_id, event in events.items() if event.id not in left_ids)


def handler(event: Event, context: Any) -> Any:
    """Handle a batch; returns what is to come again."""
    _function.begin(context)
    done = _function.run(_handle_together(event["Records"], seconds_left(context) / 2))

    async def handle(record: SQSRecord) -> None:
        delivery = delivery_of(record.raw_event)
        if record.message_id not in done:
            await deliver(_function.app, _run, delivery, seconds_left(context))
        if delivery.event.name == StockLow.event_name:
            count("LowStock")

    # A batch that failed as a whole is reported by its ids too: an exception would deliver the whole batch again.
    processor = AsyncBatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    response = async_process_partial_response(event, handle, processor, context)
    count("HandlerFailures", len(response["batchItemFailures"]), handler=_run.name)
    return response
