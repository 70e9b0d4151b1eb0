"""The shop's settings: stored once, the environment's first."""

from __future__ import annotations

from pathlib import Path

import pytest

from stockwright.base.errors import Invalid, VersionConflict
from stockwright.catalog.inventory import ChangeStock, change_stock
from stockwright.context import App
from stockwright.reports.usecases import report_summary
from stockwright.request import BY_SYSTEM
from stockwright.settings.usecases import change_settings, get_settings
from tests.around import a_world
from tests.conftest import ADMIN, Clock, Product


async def test_a_shop_whose_owner_has_set_nothing_has_the_defaults(app: App) -> None:
    found = await get_settings(app)
    assert (found.version, found.settings.shop_name, found.settings.currency) == (0, "Stockwright", "USD")
    assert found.fixed == {}


async def test_only_the_given_fields_change_and_the_change_is_in_the_log(app: App) -> None:
    await change_settings(app, ADMIN, {"shop_name": "Green Leaf", "currency": "EUR"})
    await change_settings(app, ADMIN, {"time_zone": "Europe/Berlin", "currency": "EUR"})
    found = await get_settings(app)
    assert (found.version, found.settings.shop_name, found.settings.currency) == (2, "Green Leaf", "EUR")
    assert found.settings.updated_at == app.clock.now()
    events = [each for each in await app.store.tail() if each.name == "settings.changed"]
    assert [(each.actor, dict(each.data)) for each in events] == [
        (ADMIN.actor.id, {"fields": ["shop_name", "currency"]}),
        (ADMIN.actor.id, {"fields": ["time_zone"]}),
    ]


async def test_what_holds_already_changes_nothing(app: App) -> None:
    await change_settings(app, ADMIN, {"receipt_lines": ("Thank you!",)})
    before = len(await app.store.tail())
    same = await change_settings(app, ADMIN, {"receipt_lines": ("Thank you!",)})
    assert (same.version, len(await app.store.tail())) == (1, before)


async def test_a_change_of_another_version_is_refused_with_the_settings_now(app: App) -> None:
    await change_settings(app, ADMIN, {"shop_name": "Leaf"}, expected_version=0)
    with pytest.raises(VersionConflict) as refused:
        await change_settings(app, ADMIN, {"shop_name": "Tree"}, expected_version=0)
    assert refused.value.details["current"].settings.shop_name == "Leaf"


async def test_what_the_environment_sets_wins_and_cannot_be_changed_here(app: App) -> None:
    await change_settings(app, ADMIN, {"alert_emails": ("first@shop.example",)})
    app.settings = app.settings.changed(alert_emails=("fixed@shop.example",))
    found = await get_settings(app)
    assert found.settings.alert_emails == ("fixed@shop.example",)
    assert found.fixed == {"alert_emails": "STOCKWRIGHT_ALERT_EMAILS"}
    with pytest.raises(Invalid) as refused:
        await change_settings(app, ADMIN, {"alert_emails": ("other@shop.example",)})
    assert refused.value.details == [
        {"field": "alertEmails", "message": "is set by STOCKWRIGHT_ALERT_EMAILS: change it there"}
    ]
    # What was read can be sent back with another field, and the record keeps its own.
    await change_settings(app, ADMIN, {"alert_emails": ("fixed@shop.example",), "shop_name": "Leaf"})
    app.settings = app.settings.changed(alert_emails=())
    assert (await get_settings(app)).settings.alert_emails == ("first@shop.example",)


async def test_phones_need_a_way_to_send_sms(app: App) -> None:
    with pytest.raises(Invalid, match="Validation") as refused:
        await change_settings(app, ADMIN, {"alert_phones": ("+49 170 1234567",)})
    assert refused.value.details[0]["field"] == "alertPhones"
    app.settings = app.settings.changed(sms="sns")
    found = await change_settings(app, ADMIN, {"alert_phones": ("+49 170 1234567",)})
    assert found.settings.alert_phones == ("+491701234567",)


async def test_a_product_without_a_currency_is_in_the_shops(app: App, product: Product) -> None:
    await change_settings(app, ADMIN, {"currency": "EUR"})
    assert (await product()).product.currency == "EUR"
    assert (await product(currency="CHF")).product.currency == "CHF"


async def test_a_report_without_a_time_zone_is_in_the_shops(app: App) -> None:
    await change_settings(app, ADMIN, {"time_zone": "Asia/Tokyo"})
    assert (await report_summary(app)).period.zone.key == "Asia/Tokyo"
    assert (await report_summary(app, "UTC")).period.zone.key == "UTC"


@pytest.mark.one_engine
async def test_alerts_go_to_the_recipients_of_the_settings(tmp_path: Path, clock: Clock) -> None:
    async with a_world(tmp_path, clock) as world:
        await change_settings(world.app, BY_SYSTEM, {"alert_emails": ("desk@shop.example",)})
        await change_stock(world.app, ADMIN, ChangeStock(world.product_id, -21, "ADJUSTMENT"))
        await world.wait_until_handled()
        assert [mail["To"] for mail in world.mailbox.mails] == ["desk@shop.example"]
