"""The shop's settings: read them, as they are in effect, and change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct
from msgspec.structs import asdict, replace

from stockwright.base.errors import Invalid
from stockwright.commit import commit, insist, new_event, unchanged
from stockwright.events.catalogue import SettingsChanged
from stockwright.settings import records
from stockwright.settings.model import VARIABLES, WIRE_NAMES, SettingsFields, ShopSettings, with_fields
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.context import App
    from stockwright.request import Request


SUBJECT: Final = "settings"
NO_SMS: Final = "no way to send SMS is set up: the server needs STOCKWRIGHT_SMS=sns"


class SettingsInEffect(Struct, frozen=True):
    """The settings as they are in effect; `fixed` are those that the environment sets: field → its variable."""

    settings: ShopSettings
    fixed: Mapping[str, str]

    @property
    def version(self) -> int:
        """The record's version."""
        return self.settings.version


async def get_settings(app: App) -> SettingsInEffect:
    """Load the settings; what the environment sets wins."""
    return _in_effect(app, await records.load_settings(app.store))


async def change_settings(
    app: App, request: Request, fields: SettingsFields, expected_version: int | None = None
) -> SettingsInEffect:
    """Change the given fields; 412 where the record has another version than the expected one.

    A field that the environment sets can be sent as it is, and is refused where it differs (Invalid).
    """

    async def attempt() -> SettingsInEffect:
        before = await records.load_settings(app.store)
        now = _in_effect(app, before)
        insist(expected_version, now)
        after = with_fields(before, _without_fixed(now, fields))
        if after.alert_phones != before.alert_phones and after.alert_phones and app.settings.sms == "local":
            raise Invalid.field("alertPhones", NO_SMS)
        changed = [name for name, value in asdict(after).items() if getattr(before, name) != value]
        if not changed:
            return await unchanged(app, request, now)
        batch, after = Batch(), replace(after, updated_at=app.clock.now())
        records.put_settings(batch, after)
        batch.append(new_event(app, request, SettingsChanged(fields=changed), SUBJECT))
        result = _in_effect(app, replace(after, version=before.version + 1))
        await commit(app, request, batch, result)
        return result

    return await retried(attempt)


def _in_effect(app: App, record: ShopSettings) -> SettingsInEffect:
    set_outside = {name: value for name in VARIABLES if (value := getattr(app.settings, name))}
    fixed = {name: VARIABLES[name] for name in set_outside}
    return SettingsInEffect(replace(record, **set_outside) if set_outside else record, fixed)


def _without_fixed(now: SettingsInEffect, fields: SettingsFields) -> SettingsFields:
    """Leave out the fields that the environment sets; Invalid where one of them is to be something else."""
    given = cast("dict[str, Any]", fields)
    wrong = []
    for name, variable in now.fixed.items():
        if name in fields and tuple(given[name]) != tuple(getattr(now.settings, name)):
            wrong.append({"field": WIRE_NAMES[name], "message": f"is set by {variable}: change it there"})
    if wrong:
        raise Invalid(details=wrong)
    return cast("SettingsFields", {name: value for name, value in given.items() if name not in now.fixed})
