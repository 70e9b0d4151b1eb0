"""Mails to the customer about an order (S2, S3).

What is kept of one is which mail it was: its texts are written from the order, of which they say nothing that changes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from stockwright.base.actor import SYSTEM
from stockwright.base.long_work import STEP_ROWS
from stockwright.events.catalogue import OrderEvent, OrderPlaced, OrderReturned
from stockwright.notifications.records import find_known, put_notification
from stockwright.notifications.sending import Template, Texts, add_record, kept_mail, send, send_and_record
from stockwright.orders.records import get_order_of, load_orders
from stockwright.orders.status import NOTICES
from stockwright.orders.texts import order_html, order_text
from stockwright.orders.usecases import confirm_order, write_confirmation
from stockwright.request import caused_by
from stockwright.store.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.base.event import Event
    from stockwright.context import App
    from stockwright.notifications.records import Notification
    from stockwright.orders.model import Order
    from stockwright.orders.status import StepMail, StepName
    from stockwright.request import Request


_CONFIRMED: Final[StepName] = "CONFIRMED"
MAILS: Final[Mapping[type[OrderEvent], tuple[StepName, StepMail]]] = {
    notices.event: (step, notices.mail) for step, notices in NOTICES.items() if notices.mail is not None
}
"""The events that are mailed, with the step and the words."""
_WORDS: Final[Mapping[str, StepMail]] = dict(MAILS.values())
CONFIRMED_WRITES: Final = 4 * STEP_ROWS
"""About so many writes of confirmations, which are mostly a few lines each, are made in one turn of the loop."""
_CONFIRMATION: Final = "order-confirmation"
_MAIL: Final = "order-mail"


async def confirm(app: App, event: Event, _: OrderPlaced) -> None:
    """Mail the confirmation (S2's format); then the order is CONFIRMED, in the commit that records the mail.

    One that went on before it could be mailed is mailed all the same, and stays what it is. An order that
    no customer can be mailed about (imported, or placed by a machine) is confirmed as it is.
    """
    order = await get_order_of(app.store, event)
    if order.row.is_cancelled:
        return
    if not order.user_email:
        await confirm_order(app, _placed(event), order.id)
        return
    notification = await send(app, event, _CONFIRMATION, _template(order, _CONFIRMATION, {}))

    async def also(batch: Batch) -> None:
        if notification is not None:
            await add_record(app, batch, notification)

    await confirm_order(app, _placed(event), order.id, also)


async def confirm_many(app: App, events: Sequence[tuple[Event, OrderPlaced]]) -> list[Event]:
    """Confirm orders whose mail is only recorded, each in a commit of its own; returns what goes one by one.

    That is all where mails are sent, and whatever is not as usual: it was handled before, has gone on, or is large.
    """
    left = {event.id: event for event, _ in events}
    if app.mail.delivers:
        return list(left.values())
    orders = await load_orders(app.store, (event.subject for event in left.values()))
    mails = {
        event.id: kept_mail(app, event, _CONFIRMATION, _template(order, _CONFIRMATION, {}))
        for event in left.values()
        if (order := orders.get(event.subject)) is not None and order.user_email
    }
    known = await find_known(app.store, (mail.id for mail in mails.values()))
    commits: dict[str, Batch] = {}
    for event_id, mail in mails.items():
        event, beside = left[event_id], Batch()
        put_notification(beside, mail)
        batch = write_confirmation(app, _placed(event), orders[event.subject], beside.writes)
        if batch is not None and mail.id not in known:
            commits[event_id] = batch
        if sum(len(each.writes) for each in commits.values()) >= CONFIRMED_WRITES:
            await _commit_each(app, commits, left)
            commits = {}
    await _commit_each(app, commits, left)
    return list(left.values())


async def _commit_each(app: App, commits: Mapping[str, Batch], left: dict[str, Event]) -> None:
    """Commit each by itself, and take the events that are handled by it out of what is left."""
    results = await asyncio.gather(*(batch.commit(app.store) for batch in commits.values()), return_exceptions=True)
    for event_id, result in zip(commits, results, strict=True):
        if result is None:
            del left[event_id]


async def send_mail(app: App, event: Event, data: OrderEvent) -> None:
    """Mail what happened to the order; nothing of an earlier step where it was cancelled since."""
    order = await get_order_of(app.store, event)
    status, _ = MAILS[type(data)]
    if not order.user_email or (order.row.is_cancelled and status != order.status):
        return
    data_of_mail: dict[str, str] = {"step": status}
    if isinstance(data, OrderReturned) and data.note:
        data_of_mail["note"] = data.note
    await send_and_record(app, event, _MAIL, _template(order, _MAIL, data_of_mail))


def _template(order: Order, name: str, data: dict[str, str]) -> Template:
    return Template(order.user_email, name, data, lambda: _written(order, name, data))


def _written(order: Order, name: str, data: Mapping[str, str]) -> Texts:
    """Write a mail about an order."""
    if name == _CONFIRMATION:
        subject, title, opening = "Order Confirmation", "Order confirmation", "Thank you for your purchase!"
    else:
        mail = _WORDS[data["step"]]
        subject, title, opening = mail.heading, mail.heading, mail.opening
    if note := data.get("note"):
        opening = f"{opening}\n\nReturned: {note}"
    status = data.get("step", _CONFIRMED)
    return (
        f"{subject} - #{order.id}",
        order_text(subject, opening, order, status),
        order_html(title, opening, order, status),
    )


async def with_texts(app: App, notifications: Sequence[Notification]) -> list[Notification]:
    """Return messages with their texts; those of a template are written from their orders, which one call loads."""
    orders = await load_orders(app.store, (each.about for each in notifications if each.template))
    return [_with_texts(each, orders.get(each.about)) if each.template else each for each in notifications]


def _with_texts(notification: Notification, order: Order | None) -> Notification:
    if order is None:
        return replace(notification, body=f"The order {notification.about} of this message no longer exists.")
    subject, text, html = _written(order, notification.template, notification.data)
    return replace(notification, subject=subject, body=text, html=html)


def _placed(event: Event) -> Request:
    """Return the request that goes on with the order, for who placed it: the units leave in their name."""
    return caused_by(event, replace(SYSTEM, id=event.actor))
