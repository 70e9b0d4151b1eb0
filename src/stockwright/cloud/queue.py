"""A handler's function: one SQS queue → one reaction, named by STOCKWRIGHT_HANDLER.

Each message is handled on its own: the ids of those to deliver again are returned to Lambda, the others
are forgotten. A message that cannot be read comes again until the queue gives it up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import AsyncBatchProcessor, EventType, async_process_partial_response

from stockwright.accounts.mails import HANDLER as ACCOUNT_MAIL
from stockwright.base.errors import Misconfigured
from stockwright.cloud.delivery import deliver
from stockwright.cloud.messages import delivery_of
from stockwright.cloud.metrics import count
from stockwright.cloud.runtime import Event, Function, seconds_left
from stockwright.events.catalogue import StockLow
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


def handler(event: Event, context: Any) -> Any:
    """Handle a batch; returns what is to come again."""
    _function.begin(context)

    async def handle(record: SQSRecord) -> None:
        delivery = delivery_of(record.raw_event)
        await deliver(_function.app, _run, delivery, seconds_left(context))
        if delivery.event.name == StockLow.event_name:
            count("LowStock")

    # A batch that failed as a whole is reported by its ids too: an exception would deliver the whole batch again.
    processor = AsyncBatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    response = async_process_partial_response(event, handle, processor, context)
    count("HandlerFailures", len(response["batchItemFailures"]), handler=_run.name)
    return response
