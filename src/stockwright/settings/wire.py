"""The shop's settings on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from stockwright.base.instant import iso
from stockwright.base.time_zone import zone_of
from stockwright.base.web_address import URL_MAX
from stockwright.http.rules import Check, Wire
from stockwright.http.wire import Version
from stockwright.settings.model import (
    RECEIPT_LINE_MAX,
    RECEIPT_LINES_MAX,
    RECIPIENTS_MAX,
    SHOP_NAME_MAX,
    WIRE_NAMES,
    check_alert_emails,
    check_alert_phones,
    check_logo,
    check_receipt_lines,
    check_shop_currency,
    check_shop_name,
)
from stockwright.settings.usecases import SettingsInEffect

ReceiptLine = Annotated[str, Meta(max_length=RECEIPT_LINE_MAX)]


class SettingsPatch(Wire):
    """A change of the settings: only the given fields change."""

    shop_name: Annotated[str, Meta(min_length=1, max_length=SHOP_NAME_MAX), Check(check_shop_name)] | None = None
    logo: Annotated[str, Meta(max_length=URL_MAX), Check(check_logo)] | UnsetType | None = UNSET
    currency: Annotated[str, Meta(min_length=3, max_length=3), Check(check_shop_currency)] | None = None
    time_zone: Annotated[str, Meta(min_length=1, max_length=64), Check(zone_of)] | None = None
    prices_include_tax: bool | None = None
    receipt_lines: (
        Annotated[list[ReceiptLine], Meta(max_length=RECEIPT_LINES_MAX), Check(check_receipt_lines)] | None
    ) = None
    alert_emails: (
        Annotated[
            list[Annotated[str, Meta(max_length=254)]], Meta(max_length=RECIPIENTS_MAX), Check(check_alert_emails)
        ]
        | None
    ) = None
    alert_phones: (
        Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=RECIPIENTS_MAX), Check(check_alert_phones)]
        | None
    ) = None
    expected_version: Version | None = None


class PublicSettingsView(Wire):
    """What everybody may know of the shop."""

    shop_name: str
    logo: str | None
    currency: str
    time_zone: str
    prices_include_tax: bool


class SettingsView(PublicSettingsView):
    """The shop's settings; `fixed` names those that the server's environment sets, each with its variable."""

    receipt_lines: Sequence[str]
    alert_emails: Sequence[str]
    alert_phones: Sequence[str]
    fixed: dict[str, str]
    version: int
    updated_at: str | None


def public_settings_view(found: SettingsInEffect) -> PublicSettingsView:
    """Show the settings to the public."""
    settings = found.settings
    return PublicSettingsView(
        shop_name=settings.shop_name,
        logo=settings.logo,
        currency=settings.currency,
        time_zone=settings.time_zone,
        prices_include_tax=settings.prices_include_tax,
    )


def settings_view(found: SettingsInEffect) -> SettingsView:
    """Show the settings to admins."""
    settings = found.settings
    return SettingsView(
        shop_name=settings.shop_name,
        logo=settings.logo,
        currency=settings.currency,
        time_zone=settings.time_zone,
        prices_include_tax=settings.prices_include_tax,
        receipt_lines=settings.receipt_lines,
        alert_emails=settings.alert_emails,
        alert_phones=settings.alert_phones,
        fixed={WIRE_NAMES[name]: variable for name, variable in found.fixed.items()},
        version=settings.version,
        updated_at=iso(settings.updated_at) if settings.updated_at else None,
    )
