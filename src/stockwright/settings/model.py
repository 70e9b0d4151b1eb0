"""The shop's settings: what its owner says of the shop, in one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, TypedDict

from msgspec.structs import replace

from stockwright.base.currency import is_currency
from stockwright.base.email import check_new_email
from stockwright.base.errors import Invalid, check_all
from stockwright.base.names import check_direction, clean
from stockwright.base.phone import check_phone
from stockwright.base.record import Record
from stockwright.base.time_zone import zone_of
from stockwright.base.web_address import check_https

if TYPE_CHECKING:
    from collections.abc import Callable

SHOP_NAME_MAX: Final = 100
RECEIPT_LINES_MAX: Final = 12
RECEIPT_LINE_MAX: Final = 64
"""Characters in a line: a roll of 80 mm holds 42 to 64."""
RECIPIENTS_MAX: Final = 20
DEFAULT_NAME: Final = "Stockwright"
DEFAULT_CURRENCY: Final = "USD"
DEFAULT_ZONE: Final = "UTC"


class ShopSettings(Record, frozen=True):
    """What an admin sets for the whole shop; a shop whose owner has set nothing has these values.

    `prices_include_tax` says whether tax is contained in a price or added to it. `receipt_lines` stand at the end of
    each receipt. Without `alert_emails`, alerts go to the admins. `logo` is an https address.
    """

    KIND = "SETTINGS"
    PARTITION = "SETTINGS"
    shop_name: str = DEFAULT_NAME
    logo: str | None = None
    currency: str = DEFAULT_CURRENCY
    time_zone: str = DEFAULT_ZONE
    prices_include_tax: bool = True
    receipt_lines: tuple[str, ...] = ()
    alert_emails: tuple[str, ...] = ()
    alert_phones: tuple[str, ...] = ()
    updated_at: int = 0


class SettingsFields(TypedDict, total=False):
    """The fields that somebody sets, under the names of ShopSettings."""

    shop_name: str
    logo: str | None
    currency: str
    time_zone: str
    prices_include_tax: bool
    receipt_lines: tuple[str, ...]
    alert_emails: tuple[str, ...]
    alert_phones: tuple[str, ...]


VARIABLES: Final[Mapping[str, str]] = {
    "alert_emails": "STOCKWRIGHT_ALERT_EMAILS",
    "alert_phones": "STOCKWRIGHT_ALERT_PHONES",
}
"""The fields that the environment may set, and the variable: where it is set, it alone counts."""
WIRE_NAMES: Final[Mapping[str, str]] = {"alert_emails": "alertEmails", "alert_phones": "alertPhones"}
"""What these fields are called in requests and answers."""


def with_fields(before: ShopSettings, fields: SettingsFields) -> ShopSettings:
    """Return the settings with the given fields, checked and each in its one spelling.

    Raises Invalid with one entry per wrong field; what is not given stays as it is, and is not checked.
    """
    after = replace(before, **fields)
    checks: dict[str, Callable[[], object]] = {
        "shop_name": lambda: check_shop_name(after.shop_name),
        "logo": lambda: check_logo(after.logo),
        "currency": lambda: check_shop_currency(after.currency),
        "time_zone": lambda: zone_of(after.time_zone),
        "receipt_lines": lambda: check_receipt_lines(after.receipt_lines),
        "alert_emails": lambda: check_alert_emails(after.alert_emails),
        "alert_phones": lambda: check_alert_phones(after.alert_phones),
    }
    check_all(*(check for name, check in checks.items() if name in fields))
    return replace(
        after,
        shop_name=clean(after.shop_name),
        receipt_lines=tuple(line.rstrip() for line in after.receipt_lines),
        alert_emails=tuple(dict.fromkeys(map(check_new_email, after.alert_emails))),
        alert_phones=tuple(dict.fromkeys(map(check_phone, after.alert_phones))),
    )


def check_shop_name(value: str, field_name: str = "shopName") -> None:
    """Refuse a name that is not of 1 to SHOP_NAME_MAX characters, without the blanks around it."""
    name = clean(value)
    if not 1 <= len(name) <= SHOP_NAME_MAX or not name.isprintable():
        raise Invalid.field(field_name, f"must be 1 to {SHOP_NAME_MAX} characters on one line")
    check_direction(name, field_name)


def check_logo(value: str | None, field_name: str = "logo") -> None:
    """Refuse an address that the web app could not show."""
    if value is not None:
        check_https(value, field_name)


def check_shop_currency(value: str, field_name: str = "currency") -> None:
    """Refuse what is no currency in use (ISO 4217)."""
    if not is_currency(value):
        raise Invalid.field(field_name, "must be the ISO 4217 code of a currency in use, such as USD")


def check_receipt_lines(lines: Sequence[str], field_name: str = "receiptLines") -> None:
    """Refuse more than RECEIPT_LINES_MAX lines, and those that a receipt cannot hold; a line may be blank."""
    if len(lines) > RECEIPT_LINES_MAX:
        raise Invalid.field(field_name, f"must be at most {RECEIPT_LINES_MAX} lines, not {len(lines)}")
    wrong = [
        {"field": f"{field_name}[{number}]", "message": f"must be at most {RECEIPT_LINE_MAX} characters on one line"}
        for number, line in enumerate(lines)
        if len(line) > RECEIPT_LINE_MAX or not line.isprintable()
    ]
    if wrong:
        raise Invalid(details=wrong)


def check_alert_emails(values: Sequence[str], field_name: str = "alertEmails") -> None:
    """Refuse more than RECIPIENTS_MAX addresses, and those that mail cannot be sent to."""
    _check_each(values, field_name, check_new_email)


def check_alert_phones(values: Sequence[str], field_name: str = "alertPhones") -> None:
    """Refuse more than RECIPIENTS_MAX numbers, and those that are none."""
    _check_each(values, field_name, check_phone)


def _check_each(values: Sequence[str], field_name: str, check: Callable[[str, str], object]) -> None:
    if len(values) > RECIPIENTS_MAX:
        raise Invalid.field(field_name, f"must be at most {RECIPIENTS_MAX}, not {len(values)}")
    check_all(*(partial(check, value, f"{field_name}[{number}]") for number, value in enumerate(values)))
