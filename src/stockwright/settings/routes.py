"""Routes of the shop's settings."""

from __future__ import annotations

import zlib
from typing import cast

from msgspec import UNSET

from stockwright.http.route import Answer, AnyCall, Call, NoQuery, PlainCall, route
from stockwright.http.rules import is_given
from stockwright.settings import usecases as settings
from stockwright.settings.model import SettingsFields
from stockwright.settings.usecases import SettingsInEffect
from stockwright.settings.wire import (
    PublicSettingsView,
    SettingsPatch,
    SettingsView,
    public_settings_view,
    settings_view,
)

TAG = "Operations"
_FIELDS = (
    "shop_name", "currency", "time_zone", "prices_include_tax", "receipt_lines", "alert_emails", "alert_phones"
)  # fmt: skip


def _etag(found: SettingsInEffect) -> str:
    """Return the version, with a mark of what the environment sets: that changes without a new version."""
    if not found.fixed:
        return f'"{found.version}"'
    fixed = repr([(name, getattr(found.settings, name)) for name in found.fixed])
    return f'"{found.version}-{zlib.crc32(fixed.encode()):08x}"'


def _show(_: AnyCall, found: SettingsInEffect) -> Answer:
    return Answer(settings_view(found), etag=_etag(found))


def _show_public(_: AnyCall, found: SettingsInEffect) -> Answer:
    return Answer(public_settings_view(found), etag=f'"{found.version}"')


async def _get(call: PlainCall) -> SettingsInEffect:
    return await settings.get_settings(call.app)


async def _change(call: Call[SettingsPatch, NoQuery]) -> SettingsInEffect:
    body = call.body
    fields = {name: value for name in _FIELDS if is_given(value := getattr(body, name))}
    fields |= {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    fields |= {} if body.logo is UNSET else {"logo": body.logo}
    return await settings.change_settings(
        call.app, call.request, cast("SettingsFields", fields), call.expected_version()
    )


ROUTES = (
    route(
        "GET",
        "/settings",
        _get,
        "Get the shop's settings",
        TAG,
        _show,
        answer=SettingsView,
        description="`fixed` names the settings that the server's environment sets, each with its variable.",
    ),
    route(
        "PATCH",
        "/settings",
        _change,
        "Change the shop's settings: only the given fields change",
        TAG,
        _show,
        body=SettingsPatch,
        answer=SettingsView,
        description=(
            "`currency` and `timeZone` are used where a product or a report names none; products keep their currency. "
            "A setting that the server's environment sets (`fixed`) cannot be changed here."
        ),
        errors=(412,),
    ),
    route(
        "GET",
        "/settings/public",
        _get,
        "Get what everybody may know of the shop: its name, logo, currency, time zone",
        TAG,
        _show_public,
        who="public",
        answer=PublicSettingsView,
    ),
)
