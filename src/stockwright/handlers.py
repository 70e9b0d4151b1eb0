"""The table of all handlers: which one handles which events."""

from __future__ import annotations

from typing import Final

from stockwright.accounts import mails as account_mail
from stockwright.config import Settings
from stockwright.events import registry as registry_events
from stockwright.events.catalogue import (
    AccountResetRequested,
    AccountSignupRepeated,
    AccountVerificationRequested,
    BackupFailed,
    DeadLetterCreated,
    DeadLetterDeleted,
    DeadLetterRedriven,
    LocationChanged,
    NotificationResendRequested,
    OrderChanged,
    OrderPacked,
    OrderPlaced,
    ProductCreated,
    ProductDeleted,
    ProductUpdated,
    ReservationCancelled,
    ReservationConfirmed,
    ReservationCreated,
    ReservationExpired,
    SaleRecorded,
    StockChanged,
    StockLow,
    StockOut,
    StockReplenished,
)
from stockwright.events.registry import Handler, Reaction
from stockwright.operations import dead_letter_alert as operations
from stockwright.operations import resend_handler as resending
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
    Handler("order-confirmation", customer_mail.confirm, customer_mail.confirm_many).on(OrderPlaced),
    Handler("order-mail", customer_mail.send_mail).on(*customer_mail.MAILS),
    Handler("order-topic", order_topic.publish, setting="orders_topic").on(
        *(each.event for each in NOTICES.values() if each.on_topic)
    ),
    Handler("warehouse", partners.call_warehouse, setting="warehouse_url").on(OrderPlaced, OrderChanged),
    Handler("delivery-service", partners.request_delivery, setting="delivery_url").on(OrderPacked),
    Handler("stock-watch", stock_alerts.watch, stock_alerts.watch_all, every_seconds=0.2).on(
        ProductCreated,
        ProductUpdated,
        ProductDeleted,
        StockChanged,
        LocationChanged,
        SaleRecorded,
        ReservationCreated,
        ReservationConfirmed,
        ReservationCancelled,
        ReservationExpired,
        *(each.event for each in NOTICES.values() if each.moves_stock),
    ),
    Handler(ROLLUPS, rollups.count_event, rollups.count_events, every_seconds=0.3).on(
        *(each.event for each in NOTICES.values()),
        SaleRecorded,
        DeadLetterCreated,
        DeadLetterDeleted,
        DeadLetterRedriven,
    ),
    Handler("stock-alert", stock_alerts.alert).on(StockLow, StockOut, StockReplenished),
    Handler("account-mail", account_mail.send_mail).on(
        AccountVerificationRequested, AccountResetRequested, AccountSignupRepeated
    ),
    Handler(resending.HANDLER, resending.send_again).on(NotificationResendRequested),
    Handler(registry_events.OPERATIONS_ALERT, operations.alert_admins).on(DeadLetterCreated, BackupFailed),
)
