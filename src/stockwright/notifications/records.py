"""Access patterns of notifications: every mail and SMS, as it was sent or failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, assert_never

from stockwright.base.errors import NotFound
from stockwright.base.hashing import sha256
from stockwright.base.record import Record
from stockwright.store.find import find

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


NotificationStatus = Literal["SENT", "KEPT", "WAITING", "FAILED", "BLOCKED"]
"""KEPT: there is no provider, it is only in the local mailbox. WAITING: not sent yet, it is tried again.

BLOCKED: not sent, because mail to the address bounced, or its reader complained.
"""
Channel = Literal["email", "sms", "topic"]


class Notification(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One message to one person. Its id follows from the event, so that it is sent once.

    Its texts are kept, or else the name of the template and the data that they are written from when somebody looks
    (`orders/mails.py`). `resend_of` is the message that it repeats, because an admin asked for that ("": none).
    """

    KIND = "NOTIFICATION"
    id: str
    channel: Channel
    to: str
    subject: str = ""
    body: str = ""
    html: str = ""
    status: NotificationStatus
    event_id: str
    about: str
    created_at: int
    error: str = ""
    resend_of: str = ""
    template: str = ""
    data: dict[str, str] = {}

    @property
    def handler(self) -> str:
        """The handler that made it, by its id (`message_id`); "" where several events or an admin did."""
        return self.id.partition("-")[2].rpartition("-")[0]

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to be sent: it went out, or it has nowhere to go."""
        match self.status:
            case "SENT" | "KEPT" | "BLOCKED":
                return True
            case "WAITING" | "FAILED":
                return False
        assert_never(self.status)


def message_id(event_id: str, handler: str, to: str) -> str:
    """Name the message that a handler sends one receiver about an event."""
    return f"ntf_{event_id.removeprefix('evt_')}-{handler}-{sha256(to)[:8]}"


def notification_key(notification_id: str) -> Key:
    """The notification's item."""
    return (f"NOTIFICATION#{notification_id}", "NOTIFICATION")


async def find_notification(store: Store, notification_id: str) -> Notification | None:
    """Find a notification."""
    return await find(store, notification_key(notification_id), Notification)


async def find_known(store: Store, notification_ids: Iterable[str]) -> set[str]:
    """Return which of many notifications there are, in one call."""
    found = await store.get([notification_key(each) for each in notification_ids])
    return {partition.partition("#")[2] for partition, _ in found}


async def get_notification(store: Store, notification_id: str) -> Notification:
    """Get a notification or refuse."""
    found = await find_notification(store, notification_id)
    if found is None:
        raise NotFound("Notification not found")
    return found


async def page_of_notifications(
    store: Store,
    *,
    channel: str | None = None,
    high: str = "",
    after: str | None = None,
    limit: int = 20,
    reverse: bool = True,
) -> tuple[list[Notification], str | None]:
    """Read notifications, newest first; `high` bounds the ids, and so the time."""
    where = {"channel": channel} if channel else None
    page = await store.query(
        "NOTIFICATION", index="list", where=where, high=high, after=after, limit=limit, reverse=reverse
    )
    return [item.read(Notification) for item in page.items], page.next


def put_notification(batch: Batch, notification: Notification) -> None:
    """Write a notification, expecting the version that it was loaded with."""
    batch.put(
        notification_key(notification.id),
        notification,
        notification.version,
        {"list": ("NOTIFICATION", notification.id)},
    )
