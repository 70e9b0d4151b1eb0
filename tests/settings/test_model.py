"""The rules of the shop's settings."""

from __future__ import annotations

from typing import Any

import pytest

from stockwright.base.errors import Invalid
from stockwright.settings.model import ShopSettings, with_fields

NEW = ShopSettings()


def wrong(**fields: Any) -> list[str]:
    with pytest.raises(Invalid) as refused:
        with_fields(NEW, fields)  # type: ignore[arg-type]
    return [each["field"] for each in refused.value.details]


def test_what_is_set_is_kept_in_its_one_spelling() -> None:
    after = with_fields(
        NEW,
        {
            "shop_name": "  Green   Leaf ",
            "receipt_lines": ("Thank you!  ", "", " until 18:00"),
            "alert_emails": ("Owner@Shop.Example", "owner@shop.example", "b@münchen.example"),
            "alert_phones": ("+49 (170) 123-4567", "+491701234567"),
        },
    )
    assert after.shop_name == "Green Leaf"
    assert after.receipt_lines == ("Thank you!", "", " until 18:00")
    assert after.alert_emails == ("owner@shop.example", "b@xn--mnchen-3ya.example")
    assert after.alert_phones == ("+491701234567",)
    assert (after.currency, after.time_zone, after.logo, after.prices_include_tax) == ("USD", "UTC", None, True)


def test_every_wrong_field_is_named_at_once() -> None:
    assert wrong(
        shop_name=" ",
        logo="http://shop.example/logo.png",
        currency="XXX",
        time_zone="Europe/Atlantis",
        receipt_lines=("fine", "x" * 65, "two\nlines"),
        alert_emails=("a@b.example", "nobody"),
        alert_phones=("0170 1234567",),
    ) == ["shopName", "logo", "currency", "timeZone", "receiptLines[1]", "receiptLines[2]", "alertEmails[1]",
          "alertPhones[0]"]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"shop_name": "x" * 101}, "shopName"),
        ({"shop_name": "two\nlines\x00"}, "shopName"),
        ({"shop_name": "Leaf\u202e"}, "shopName"),
        ({"logo": "javascript:alert(1)"}, "logo"),
        ({"logo": "https://" + "x" * 2000}, "logo"),
        ({"time_zone": "../../etc/passwd"}, "timeZone"),
        ({"receipt_lines": ("",) * 13}, "receiptLines"),
        ({"alert_emails": ("a@b.example",) * 21}, "alertEmails"),
    ],
)
def test_what_the_shop_cannot_show_or_use_is_refused(fields: dict[str, Any], field: str) -> None:
    assert wrong(**fields) == [field]


def test_what_is_not_given_is_not_checked_again() -> None:
    former = ShopSettings(currency="HRK", time_zone="Mars/Olympus")
    assert with_fields(former, {"shop_name": "Leaf"}).currency == "HRK"
