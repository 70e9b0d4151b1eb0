"""The whole table: which handler hears of what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from stockwright.config import Settings
from stockwright.domain.events import Event
from stockwright.domain.order_status import NOTICES
from stockwright.reactions import (
    account_mail,
    customer_mail,
    operations,
    order_topic,
    partners,
    resending,
    stock_alerts,
)
from stockwright.usecases.context import App
from stockwright.usecases.resending import RESEND_REQUESTED


@dataclass(frozen=True, slots=True)
class Reaction:
    """A handler: its name (durable: its cursor bears it), the events it hears of, what it does.

    `setting` is the one without which it has nothing to do, and is not run at all.
    """

    name: str
    events: frozenset[str]
    run: Callable[[App, Event], Awaitable[None]]
    run_many: Callable[[App, Sequence[Event]], Awaitable[None]] | None = None
    """The same for several events at once, where that is less work; what fails is run one by one."""
    setting: str | None = None


def _on(name: str, run: Callable[[App, Event], Awaitable[None]], *events: str, setting: str | None = None) -> Reaction:
    return Reaction(name, frozenset(events), run, setting=setting)


def reactions_for(settings: Settings) -> tuple[Reaction, ...]:
    """Return the handlers that have something to do where these are the settings."""
    return tuple(each for each in REACTIONS if each.setting is None or getattr(settings, each.setting))


REACTIONS: Final[tuple[Reaction, ...]] = (
    _on("order-confirmation", customer_mail.confirm, "order.placed"),
    _on("order-mail", customer_mail.tell, *customer_mail.MAILS),
    _on(
        "order-topic",
        order_topic.publish,
        *(each.event for each in NOTICES.values() if each.on_topic),
        setting="orders_topic",
    ),
    _on("warehouse", partners.send_pick_list, "order.placed"),
    _on("delivery-service", partners.request_delivery, "order.packed"),
    Reaction(
        "stock-watch",
        frozenset(
            {
                "product.created",
                "product.updated",
                "product.deleted",
                "stock.changed",
                "location.changed",
                "sale.recorded",
                "reservation.created",
                "reservation.confirmed",
                "reservation.cancelled",
                "reservation.expired",
                *(each.event for each in NOTICES.values() if each.moves_stock),
            }
        ),
        stock_alerts.watch,
        stock_alerts.watch_all,
    ),
    _on("stock-alert", stock_alerts.alert, "stock.low", "stock.out", "stock.replenished"),
    _on(
        "account-mail",
        account_mail.tell,
        "account.verification_requested",
        "account.reset_requested",
        "account.signup_repeated",
    ),
    _on(resending.HANDLER, resending.send_again, RESEND_REQUESTED),
    _on(operations.HANDLER, operations.alert_admins, "dead_letter.created"),
)
