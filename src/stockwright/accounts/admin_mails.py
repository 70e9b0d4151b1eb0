"""Alerts to the operators of the shop: those of one minute to one recipient go out as one message.

Each alert is put into its recipients' digests, once, in the commit that remembers it. The event that
opened a digest owns it: its handler waits (TryLater, which is no try) until the minute is over, and sends
it. Where that fails it waits again, and what comes meanwhile joins the same digest: while the mail server
is down alerts wait, and one goes out when it works again. So no alert becomes a dead letter, of which
another alert would be made.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from stockwright.accounts import digests as records
from stockwright.accounts.digests import Address, Digest, Entry, Part
from stockwright.accounts.recipients import alert_emails
from stockwright.base.errors import Busy, Permanent, TryLater
from stockwright.base.ports import Message
from stockwright.notifications.records import Notification
from stockwright.notifications.sending import ERROR_MAX, add_record, sender_of
from stockwright.notifications.texts import plain_html
from stockwright.store.batch import Batch, Stale, retried

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockwright.base.event import Event
    from stockwright.context import App
    from stockwright.notifications.records import NotificationStatus


ADDRESSES_MAX: Final = 40
"""Whom one alert reaches: their digests are written in one commit."""
SEND_SECONDS_MAX: Final = 20
LEASE_SECONDS: Final = 90
"""How long a digest that is being sent is left to its sender: longer than any handler runs."""
OVERDUE_SECONDS: Final = 600
"""Past this a digest belongs to the next alert: the event that owned it will not come again."""
BUSY_SECONDS: Final = 5


class Kind(Struct, frozen=True):
    """A kind of alert: `heading` says what several of them are, with {count}."""

    name: str
    heading: str


OPERATIONS: Final = Kind("operations", "ALERT: {count} events were given up")
STOCK: Final = Kind("stock", "Stock Alert: {count} changes that need a look")


async def addresses_of_alerts(app: App, topic: str | None) -> list[Address]:
    """Return where alerts go: to their topic if it is set, or else to each recipient's mail."""
    if topic is not None:
        return [Address("topic", topic)]
    return [Address("email", to) for to in await alert_emails(app)]


async def alert(app: App, event: Event, kind: Kind, entry: Entry, addresses: Sequence[Address]) -> None:
    """Put an alert into its recipients' digests, and send those that this event owns and whose time has come.

    Raises TryLater while one of them is not sent.
    """
    try:
        addressed = await _join(app, event, kind, entry, addresses[:ADDRESSES_MAX])
        owned = [each for each in await records.load_digests(app.store, kind.name, addressed) if each.owner == event.id]
        due = await asyncio.gather(*[_send_when_due(app, kind, digest) for digest in owned])
    except Busy as busy:
        raise TryLater(busy.message, after_seconds=BUSY_SECONDS, patience_seconds=None) from busy
    except Exception as fault:
        # Whatever it was: what is given up here would leave a digest that is never sent.
        app.log.exception("alert failed", kind=kind.name, event_id=event.id)
        seconds = app.settings.retry_delay_seconds
        raise TryLater(f"{type(fault).__name__}: {fault}", after_seconds=seconds) from fault
    waiting = [at for at in due if at is not None]
    if waiting:
        seconds = max(0.0, (min(waiting) - app.clock.now()) / 1000)
        raise TryLater("the alert waits to be sent", after_seconds=seconds, patience_seconds=None)


async def _join(app: App, event: Event, kind: Kind, entry: Entry, addresses: Sequence[Address]) -> Sequence[Address]:
    """Add an alert to its digests unless it is in them already; returns the addresses whose digests it is in."""

    async def attempt() -> Sequence[Address]:
        known = await records.find_alerted(app.store, kind.name, event.id)
        if known is not None or not addresses:
            return known or ()
        now = app.clock.now()
        there = {each.address: each for each in await records.load_digests(app.store, kind.name, addresses)}
        batch = Batch()
        records.put_alerted(batch, kind.name, event.id, addresses, now)
        for address in addresses:
            digest = there.get(address)
            if digest is None:
                due_at = now + int(app.settings.alert_group_seconds * 1000)
                digest = Digest(app.ids.new("ntf"), kind.name, address, event.id, due_at)
            elif digest.due_at + OVERDUE_SECONDS * 1000 < now:
                digest = replace(digest, owner=event.id)
            records.put_digest(batch, replace(digest, waiting=digest.waiting.plus(Part(1, (entry,)))))
        await batch.commit(app.store)
        app.log.warning("alert", kind=kind.name, alert=entry.line, about=entry.about, event_id=event.id)
        return addresses

    return await retried(attempt)


async def _send_when_due(app: App, kind: Kind, digest: Digest) -> int | None:
    """Send a digest whose time has come; returns when to look again (ms), or None where all of it is sent."""
    now = app.clock.now()
    if digest.due_at > now:
        return digest.due_at
    claimed = replace(
        digest,
        due_at=now + LEASE_SECONDS * 1000,
        sending=digest.sending.plus(digest.waiting),
        waiting=Part(),
    )
    batch = Batch()
    records.put_digest(batch, claimed)
    try:
        await batch.commit(app.store)
    except Stale:
        # Another alert has just joined, or a twin of this event sends it.
        return now
    claimed = replace(claimed, version=claimed.version + 1)
    notification = _notification(app, kind, claimed)
    try:
        async with asyncio.timeout(SEND_SECONDS_MAX):
            # The same id for the same alerts, so that receivers can detect duplicates.
            message = Message(
                f"{notification.id}-{claimed.sending.count}",
                notification.to,
                notification.subject,
                notification.body,
                notification.html,
            )
            await sender_of(app, notification.channel).send(message)
    except Permanent as refused:
        return await _finish(app, claimed, replace(notification, status="FAILED", error=refused.message[:ERROR_MAX]))
    except Exception as fault:  # noqa: BLE001 - it may fail in any way: the alerts wait
        error = f"{type(fault).__name__}: {fault}"[:ERROR_MAX]
        app.log.warning("alert not sent", kind=kind.name, to=notification.to, alerts=claimed.sending.count, error=error)
        return await _wait(app, claimed, replace(notification, status="WAITING", error=error))
    return await _finish(app, claimed, notification)


async def _finish(app: App, sent: Digest, notification: Notification) -> int | None:
    """Record what became of a message, and end its digest; what joined meanwhile waits its own minute."""

    async def attempt() -> int | None:
        batch = Batch()
        await add_record(app, batch, notification)
        current = await _current(app, sent)
        due_at = None
        if current is not None and current.waiting.count:
            due_at = app.clock.now() + int(app.settings.alert_group_seconds * 1000)
            records.put_digest(batch, replace(current, id=app.ids.new("ntf"), sending=Part(), due_at=due_at))
        elif current is not None:
            records.delete_digest(batch, current)
        if batch.writes:
            await batch.commit(app.store)
        return due_at

    return await retried(attempt)


async def _wait(app: App, unsent: Digest, notification: Notification) -> int:
    """Record that a message could not be sent yet, and when it is tried again."""
    due_at = app.clock.now() + int(app.settings.retry_delay_seconds * 1000)

    async def attempt() -> int:
        batch = Batch()
        await add_record(app, batch, notification)
        current = await _current(app, unsent)
        if current is not None:
            records.put_digest(batch, replace(current, due_at=due_at))
        if batch.writes:
            await batch.commit(app.store)
        return due_at

    return await retried(attempt)


async def _current(app: App, digest: Digest) -> Digest | None:
    """Load a digest as it is now; None where somebody else has ended it."""
    found = await records.load_digests(app.store, digest.kind, [digest.address])
    return next((each for each in found if each.id == digest.id), None)


def _notification(app: App, kind: Kind, digest: Digest) -> Notification:
    subject, text = _written(kind, digest.sending)
    first = digest.sending.entries[0]
    channel = digest.address.channel
    if channel == "sms":
        more = digest.sending.count - 1
        subject, text = "", f"{first.line} (and {more} more alerts)" if more else first.line
    status: NotificationStatus = "SENT" if sender_of(app, channel).delivers else "KEPT"
    return Notification(
        id=digest.id,
        channel=channel,
        to=digest.address.to,
        subject=subject,
        body=text,
        html=plain_html(text) if channel == "email" else "",
        status=status,
        event_id=digest.owner,
        about=first.about if digest.sending.count == 1 else kind.name,
        created_at=app.clock.now(),
    )


def _written(kind: Kind, part: Part) -> tuple[str, str]:
    """Write the subject and text of some alerts: of one as it is, of several under a heading."""
    if part.count == 1:
        return part.entries[0].line, part.entries[0].text
    subject = kind.heading.format(count=part.count)
    lines = "\n".join(f"- {each.line}" for each in part.entries)
    more = part.count - len(part.entries)
    rest = f"\n- and {more} more: the back office lists them all" if more else ""
    details = "\n\n".join(each.text.strip() for each in part.entries)
    return subject, f"{subject}\n\n{lines}{rest}\n\n{details}\n"
