"""The content of a queue's message: the EventBridge event whose `detail` is one of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from stockwright.base.errors import Permanent
from stockwright.base.event import Event
from stockwright.cloud.delivery import Delivery
from stockwright.cloud.routing import redrive_of

_REDRIVE = redrive_of("")


class _Detail(msgspec.Struct):
    """An event of ours, as it is put on the bus."""

    id: str
    name: str
    subject: str
    at: int
    data: dict[str, Any]
    actor: str
    request_id: str
    position: str


class _Body(msgspec.Struct):
    """What is looked at of an EventBridge event."""

    detail: _Detail
    detail_type: str = msgspec.field(name="detail-type")


def delivery_of(record: Mapping[str, Any]) -> Delivery:
    """Read a message of a handler's queue; Permanent where it is no event of ours."""
    try:
        body = msgspec.json.decode(record["body"], type=_Body)
    except msgspec.DecodeError as wrong:
        raise Permanent(f"the message cannot be read: {wrong}") from wrong
    attributes = record["attributes"]
    return Delivery(
        event=Event(**msgspec.structs.asdict(body.detail)),
        attempts=int(attributes["ApproximateReceiveCount"]),
        first_at=int(attributes["ApproximateFirstReceiveTimestamp"]),
        redriven=body.detail_type.startswith(_REDRIVE),
    )
