"""SMS and topics: Amazon SNS in the cloud; locally a message stays in the mailbox that admins see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.adapters import aws
from stockwright.adapters.slots import Slots
from stockwright.base.errors import Permanent

if TYPE_CHECKING:
    from stockwright.base.ports import Message

SUBJECT_MAX: Final = 100
"""SNS's limit for a topic's subject, in ASCII."""
_REFUSED: Final = frozenset({"InvalidParameter", "InvalidParameterValue", "NotFound", "EndpointDisabled", "OptedOut"})


_SLOTS: Final = Slots(8, "SNS")


class SnsTexts:
    """Sends each SMS through SNS."""

    delivers = True

    async def send(self, message: Message) -> None:
        """Send one SMS; a number that can never be reached is Permanent."""
        await _publish(PhoneNumber=message.to, Message=message.text)


class SnsTopics:
    """Publishes each message on the topic that it is addressed to."""

    delivers = True

    async def send(self, message: Message) -> None:
        """Publish one message."""
        subject = " ".join(message.subject.encode("ascii", "replace").decode().split())[:SUBJECT_MAX]
        await _publish(TopicArn=message.to, Subject=subject, Message=message.text)


async def _publish(**request: str) -> None:
    try:
        async with _SLOTS.one():
            await aws.call("sns", "publish", **request)
    except aws.error() as refused:
        aws.put_off(refused)
        if aws.code_of(refused) in _REFUSED:
            raise Permanent(f"SNS refuses the message: {refused}") from refused
        raise
