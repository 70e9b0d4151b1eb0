"""The table of all handlers: which one handles which events."""

from __future__ import annotations

from typing import Final

from stockwright.accounts import mails as account_mail
from stockwright.config import Settings
from stockwright.events import registry as registry_events
from stockwright.events.registry import Reaction, on
from stockwright.operations import dead_letter_alert as operations
from stockwright.operations import resend_handler as resending
from stockwright.operations.resending import RESEND_REQUESTED
from stockwright.orders import mails as customer_mail
from stockwright.orders import partners
from stockwright.orders import topic as order_topic
from stockwright.orders.status import NOTICES
from stockwright.rollups import handlers as rollups
from stockwright.rollups.fill import HANDLER as ROLLUPS
from stockwright.stock import handlers as stock_alerts


def reactions_for(settings: Settings) -> tuple[Reaction, ...]:
    """Return the handlers that have something to do where these are the settings."""
    return tuple(each for each in REACTIONS if each.setting is None or getattr(settings, each.setting))


REACTIONS: Final[tuple[Reaction, ...]] = (
    on("order-confirmation", customer_mail.confirm, "order.placed"),
    on("order-mail", customer_mail.send_mail, *customer_mail.MAILS),
    on(
        "order-topic",
        order_topic.publish,
        *(each.event for each in NOTICES.values() if each.on_topic),
        setting="orders_topic",
    ),
    on("warehouse", partners.send_pick_list, "order.placed"),
    on("delivery-service", partners.request_delivery, "order.packed"),
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
    Reaction(
        ROLLUPS,
        frozenset(
            {
                *(each.event for each in NOTICES.values()),
                "sale.recorded",
                "dead_letter.created",
                "dead_letter.deleted",
                "dead_letter.redriven",
            }
        ),
        rollups.count_event,
        rollups.count_events,
        every_seconds=0.1,
    ),
    on("stock-alert", stock_alerts.alert, "stock.low", "stock.out", "stock.replenished"),
    on(
        "account-mail",
        account_mail.send_mail,
        "account.verification_requested",
        "account.reset_requested",
        "account.signup_repeated",
    ),
    on(resending.HANDLER, resending.send_again, RESEND_REQUESTED),
    on(registry_events.OPERATIONS_ALERT, operations.alert_admins, "dead_letter.created"),
)
