"""The function of SES's feedback: what bounced for good or was complained of → a blocked address.

SES publishes it on a topic, whose messages a queue keeps until this has read them. A bounce that may pass (a full
mailbox) blocks nothing: SES itself tries those again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from aws_lambda_powertools.utilities.batch import AsyncBatchProcessor, EventType, async_process_partial_response
from msgspec import Struct, field

from stockwright.cloud.metrics import count
from stockwright.cloud.runtime import Event, Function
from stockwright.notifications.blocking import block
from stockwright.request import BY_SYSTEM

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


class _Recipient(Struct, rename="camel"):
    email_address: str
    diagnostic_code: str = ""


class _Bounce(Struct, rename="camel"):
    bounce_type: str
    bounced_recipients: list[_Recipient] = field(default_factory=list)


class _Complaint(Struct, rename="camel"):
    complained_recipients: list[_Recipient] = field(default_factory=list)
    complaint_feedback_type: str = ""


class _Feedback(Struct, rename="camel"):
    """What is looked at of an event of a configuration set."""

    event_type: str
    bounce: _Bounce | None = None
    complaint: _Complaint | None = None


_function = Function("mail-feedback")


def handler(event: Event, context: Any) -> Any:
    """Block the addresses of a batch; what could not be recorded comes again."""
    _function.begin(context)
    processor = AsyncBatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    return async_process_partial_response(event, _record, processor, context)


async def _record(record: SQSRecord) -> None:
    feedback = msgspec.json.decode(record.body, type=_Feedback)
    if feedback.bounce is not None and feedback.bounce.bounce_type == "Permanent":
        for each in feedback.bounce.bounced_recipients:
            await block(_function.app, BY_SYSTEM, each.email_address, "bounce", each.diagnostic_code)
        count("MailBounces")
    if feedback.complaint is not None:
        for each in feedback.complaint.complained_recipients:
            await block(
                _function.app, BY_SYSTEM, each.email_address, "complaint", feedback.complaint.complaint_feedback_type
            )
        count("MailComplaints")
