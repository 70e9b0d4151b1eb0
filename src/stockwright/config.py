"""Settings: the only reader of the environment.

Every setting is a field of `Settings`; its variable is `STOCKWRIGHT_` and the field's name in
capitals, from the environment or else from a `.env` file. A wrong one stops the start with one line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from io import StringIO
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, Literal, cast
from urllib.parse import urlsplit

from stockwright.base.email import check_new_email
from stockwright.base.errors import Invalid, Misconfigured

PREFIX: Final = "STOCKWRIGHT_"
EVERY_ORIGIN: Final = "*"
AUTO: Final = "auto"
_OFF: Final = frozenset({"off", "false", "no", "0"})
_ON: Final = frozenset({"on", "true", "yes", "1"})
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
_DATA_DIR: Final = Path("stockwright-data")
LOG_LEVELS: Final = ("debug", "info", "warning", "error")


def _text(value: str) -> str:
    return value


def _switch(value: str) -> bool:
    if value.lower() in _ON:
        return True
    if value.lower() in _OFF:
        return False
    raise ValueError("must be on or off")


def _number(least: float, most: float) -> Callable[[str], float]:
    def parse(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            raise ValueError(f"must be a number from {least:g} to {most:g}") from None
        if not least <= number <= most:
            raise ValueError(f"must be a number from {least:g} to {most:g}")
        return number

    return parse


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not (value.isascii() and value.isdecimal()) or not least <= int(value) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(value)

    return parse


def _days(least: int) -> Callable[[str], int]:
    """Read a number of days, at least so many; 0 is for ever."""

    def parse(value: str) -> int:
        if value == "0":
            return 0
        try:
            return _whole(least, 36_500)(value)
        except ValueError:
            raise ValueError(f"must be a whole number of days from {least} to 36500, or 0 for ever") from None

    return parse


def _every(value: str) -> timedelta | None:
    if value.lower() in _OFF:
        return None
    found = re.fullmatch(r"([0-9]{1,5})([mhd])", value.lower())
    every = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if not timedelta(minutes=1) <= every <= timedelta(days=366):
        raise ValueError("must be off, or a number of minutes, hours or days from 1m to 366d, such as 24h")
    return every


def _port(value: str) -> int:
    if not (value.isascii() and value.isdecimal()) or not 0 <= int(value) <= 65535:  # noqa: PLR2004
        raise ValueError("must be a port number, 0 to 65535 (0 takes a free one)")
    return int(value)


def _workers(value: str) -> int | str:
    if value.lower() == AUTO:
        return AUTO
    try:
        return _whole(1, 64)(value)
    except ValueError:
        raise ValueError(f"must be {AUTO}, or a whole number from 1 to 64") from None


def _names(value: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip())


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.lower() not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value.lower()

    return parse


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        try:
            parts = urlsplit(value)
            usable = parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            usable = False
        if not usable:
            raise ValueError(f"must be a URL that starts with {' or '.join(f'{each}://' for each in schemes)}")
        return value

    return parse


def _origins(value: str) -> tuple[str, ...]:
    names, check = _names(value), _url("http", "https")
    if EVERY_ORIGIN in names:
        if len(names) > 1:
            raise ValueError(f"must be {EVERY_ORIGIN} alone, or origins separated by commas")
        return (EVERY_ORIGIN,)
    return tuple(check(origin).rstrip("/") for origin in names)


def _emails(value: str) -> tuple[str, ...]:
    emails = _names(value)
    try:
        return tuple(map(_email, emails))
    except ValueError:
        raise ValueError("must be e-mail addresses, separated by commas") from None


def _email(value: str) -> str:
    try:
        return check_new_email(value)
    except Invalid:
        raise ValueError("must be an e-mail address") from None


def _sender(value: str) -> str:
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+|[^<>\r\n]*<[^@\s<>]+@[^@\s<>]+>", value):
        raise ValueError("must be an e-mail address, or a name with the address in <>")
    return value


def _phones(value: str) -> tuple[str, ...]:
    """Read E.164 numbers, as people write them: with blanks, hyphens and brackets or not."""
    phones = tuple(re.sub(r"[\s().-]", "", name) for name in _names(value))
    if not all(re.fullmatch(r"\+[1-9][0-9]{6,14}", phone) for phone in phones):
        raise ValueError("must be phone numbers with their country's code (+49 170 1234567), separated by commas")
    return phones


def _word(value: str) -> str:
    """Read a name without blanks: of a machine, a table, a pool, a secret."""
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        raise ValueError("must be printable ASCII characters without spaces")
    return value


def _folder(value: str) -> Path:
    if "\x00" in value:
        raise ValueError("must be the path of a folder")
    return Path(value)


def _networks(value: str) -> tuple[str, ...]:
    try:
        return tuple(str(ip_network(name)) for name in _names(value))
    except ValueError:
        raise ValueError("must be addresses or networks (10.0.0.0/16), separated by commas") from None


def _topic(value: str) -> str:
    if not value.startswith("arn:") or ":sns:" not in value:
        raise ValueError("must be the ARN of an SNS topic")
    return value


def _setting(default: Any, meaning: str, parse: Callable[[str], Any] = _text, *, secret: bool = False) -> Any:
    metadata = {"meaning": meaning, "parse": parse, "secret": secret}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set, as it was read at the start."""

    host: str = _setting("127.0.0.1", "Address to listen on", _word)
    port: int = _setting(8000, "Port to listen on; 0 takes a free one", _port)
    workers: int | str = _setting(1, "Processes that serve the shop; auto is one for each core", _workers)
    data_dir: Path = _setting(_DATA_DIR, "Folder of the embedded store and its keys", _folder)
    store: Literal["sqlite", "dynamodb"] = _setting(
        "sqlite", "Store engine: sqlite or dynamodb", _one_of("sqlite", "dynamodb")
    )
    public_url: str | None = _setting(None, "Public address of the shop, for links in mails", _url("http", "https"))
    admin_email: str | None = _setting(None, "Email address of the admin that the first start creates", _email)
    admin_password: str | None = _setting(
        None, "Password of that admin; without one, a set-up link is printed", secret=True
    )
    cors_origins: tuple[str, ...] = _setting(
        (), "Web origins that may call the API (CORS), separated by commas; * allows all", _origins
    )
    smtp_url: str | None = _setting(
        None,
        "Mail server: smtp://, smtp+starttls:// or smtps://user:password@host:port; "
        "without one, mail stays in the local mailbox",
        _url("smtp", "smtps", "smtp+starttls"),
        secret=True,
    )
    mail_from: str = _setting("Stockwright <stockwright@localhost>", "Sender of every mail", _sender)
    alert_emails: tuple[str, ...] = _setting(
        (), "Recipients of low-stock and dead-letter alerts; by default the admins", _emails
    )
    alert_phones: tuple[str, ...] = _setting((), "Phone numbers that get low-stock alerts by SMS", _phones)
    alert_group_seconds: float = _setting(
        60.0, "Seconds for which alerts to one recipient are collected into one message", _number(0, 3600)
    )
    warehouse_url: str | None = _setting(
        None, "URL of the warehouse: receives a pick list for each confirmed order", _url("http", "https")
    )

    warehouse_api_key: str | None = _setting(None, "API key sent to the warehouse", _word, secret=True)
    delivery_url: str | None = _setting(
        None, "URL of the delivery service: receives a request for each packed order", _url("http", "https")
    )
    delivery_api_key: str | None = _setting(None, "API key sent to the delivery service", _word, secret=True)
    allow_private_addresses: bool = _setting(
        False, "Whether outgoing calls may reach private addresses (this machine, the local network)", _switch
    )
    retry_delay_seconds: float = _setting(
        180.0, "Seconds before the second and third try of a failed event handler", _number(0, 86_400)
    )
    hold_reservations_max: int = _setting(20, "Maximum of active reservations per customer", _whole(0, 200))
    hold_units_max: int = _setting(
        100,
        "Maximum of units of one product that a customer can reserve, including those confirmed in the last 24 hours",
        _whole(0, 1_000_000_000),
    )
    hold_hours_max: int = _setting(
        24, "Maximum hours that a customer's reservation lasts, extensions included", _whole(1, 24)
    )
    customer_confirm: bool = _setting(
        True, "Whether customers can confirm their own reservations, which books a sale without an order", _switch
    )
    rate_limit: bool = _setting(True, "Rate limits; off is for tests and benchmarks", _switch)
    trusted_proxies: tuple[str, ...] = _setting(
        (), "Addresses or networks of the proxies whose FORWARDED_HEADER is trusted, separated by commas", _networks
    )
    forwarded_header: Literal["x-forwarded-for", "forwarded"] = _setting(
        "x-forwarded-for",
        "Header in which those proxies send the client's address: x-forwarded-for or forwarded",
        _one_of("x-forwarded-for", "forwarded"),
    )
    demo: bool | None = _setting(
        None, "on loads the demo shop into an empty data folder, off never does; `make run` uses on", _switch
    )
    migrate: bool = _setting(
        True, "Whether serve upgrades a data folder of a former release; off leaves it to stockwright migrate", _switch
    )
    keep_requests_hours: int = _setting(
        48, "Hours for which the answers to requests with an Idempotency-Key are kept, at least 24", _whole(24, 8760)
    )
    keep_notifications_days: int = _setting(
        90, "Days for which notifications (mails and SMS) are kept, at least 7; 0 keeps them for ever", _days(7)
    )
    keep_events_days: int = _setting(
        400, "Days for which the event log is kept, at least 30; 0 keeps it for ever", _days(30)
    )
    keep_holds_days: int = _setting(
        30, "Days for which closed reservations are kept, at least 3; 0 keeps them for ever", _days(3)
    )
    backup_every: timedelta | None = _setting(
        None,
        "How often the server writes a backup into backups/ of the data folder: 24h, 90m, 7d; default off",
        _every,
    )
    backup_keep: int = _setting(7, "How many of those backups are kept", _whole(1, 1000))
    archive: bool = _setting(
        True,
        "Whether notifications, events and closed reservations are written to archive files before they are removed",
        _switch,
    )
    table_name: str | None = _setting(None, "DynamoDB table of the shop", _word)
    cognito_user_pool_id: str | None = _setting(
        None, "Cognito user pool that keeps passwords and signs tokens; without it accounts are local", _word
    )
    cognito_client_id: str | None = _setting(None, "App client of that pool", _word)
    event_bus: str | None = _setting(None, "EventBridge bus that receives the events", _word)
    handler: str | None = _setting(None, "Event handler that a queue's function runs (`handlers.py`)", _word)
    mail: Literal["local", "smtp", "ses"] | None = _setting(
        None,
        "How mail is sent: local (not at all), smtp or ses; by default smtp if a mail server is set",
        _one_of("local", "smtp", "ses"),
    )
    sms: Literal["local", "sns"] = _setting(
        "local", "How SMS are sent: local (not at all) or sns", _one_of("local", "sns")
    )
    low_stock_topic: str | None = _setting(None, "SNS topic (ARN) for stock alerts, instead of ALERT_EMAILS", _topic)
    orders_topic: str | None = _setting(None, "SNS topic (ARN) that receives each status change of every order", _topic)
    operations_topic: str | None = _setting(
        None, "SNS topic (ARN) for dead-letter alerts, instead of ALERT_EMAILS", _topic
    )
    signing_secret_id: str | None = _setting(
        None, "Name in Secrets Manager of the key that signs list tokens and codes", _word
    )
    warehouse_secret_id: str | None = _setting(None, "Name in Secrets Manager of WAREHOUSE_API_KEY", _word)
    delivery_secret_id: str | None = _setting(None, "Name in Secrets Manager of DELIVERY_API_KEY", _word)
    log_level: str = _setting("info", f"Lowest level that is logged: {', '.join(LOG_LEVELS)}", _one_of(*LOG_LEVELS))

    @classmethod
    def load(cls, env: Mapping[str, str] | None = None, dotenv: Path | None = None) -> Settings:
        """Read the settings from the environment, then from the `.env` file; raises Misconfigured."""
        given = dict(_read_dotenv(dotenv if dotenv is not None else Path(".env")))
        given.update(os.environ if env is None else env)
        if "AWS_REGION" in os.environ:
            # AWS's own name for it, which its SDK for Python does not read.
            os.environ.setdefault("AWS_DEFAULT_REGION", os.environ["AWS_REGION"])
        known = {f"{PREFIX}{each.name.upper()}": each for each in fields(cls)}
        for name in given:
            if name.startswith(PREFIX) and name not in known:
                raise Misconfigured(f"{name} is not a setting; `stockwright config` lists them all")
        values: dict[str, Any] = {}
        for name, each in known.items():
            text = given.get(name, "").strip()
            if not text:
                continue
            parse = cast("Callable[[str], Any]", each.metadata["parse"])
            try:
                values[each.name] = parse(text)
            except ValueError as wrong:
                shown = "" if each.metadata["secret"] else f", not {_without_password(text)!r}"
                raise Misconfigured(f"{name} {wrong}{shown}") from None
        settings = cls(**values)
        settings._check()
        return settings

    def changed(self, **values: Any) -> Settings:
        """Return the same settings with other values for some."""
        return replace(self, **values)

    @property
    def aws_endpoint_url(self) -> str | None:
        """Where AWS's services are reached instead of AWS: its SDKs' own variable."""
        return os.environ.get("AWS_ENDPOINT_URL") or None

    def environment(self) -> dict[str, str]:
        """Return the environment for another process of the same shop."""
        return {**os.environ, f"{PREFIX}DATA_DIR": str(self.data_dir.absolute())}

    @property
    def in_lambda(self) -> bool:
        """Whether this is a function of the cloud form: AWS sets its name."""
        return "AWS_LAMBDA_FUNCTION_NAME" in os.environ

    def _check(self) -> None:
        """Refuse settings that do not go together."""
        if self.admin_password and not self.admin_email:
            raise Misconfigured(f"{PREFIX}ADMIN_PASSWORD also requires {PREFIX}ADMIN_EMAIL")
        if self.store == "dynamodb" and not self.table_name:
            raise Misconfigured(f"{PREFIX}STORE dynamodb also requires {PREFIX}TABLE_NAME")
        if self.store == "dynamodb" and self.backup_every:
            raise Misconfigured(
                f"{PREFIX}BACKUP_EVERY is for the embedded store; DynamoDB has point-in-time recovery: leave it out"
            )
        if bool(self.cognito_user_pool_id) != bool(self.cognito_client_id):
            raise Misconfigured(f"{PREFIX}COGNITO_USER_POOL_ID and {PREFIX}COGNITO_CLIENT_ID must be set together")
        if self.alert_phones and self.sms == "local":
            raise Misconfigured(
                f"{PREFIX}ALERT_PHONES needs a way to send SMS: set {PREFIX}SMS=sns, or leave the phones out"
            )
        for name in ("warehouse", "delivery"):
            if getattr(self, f"{name}_api_key") and getattr(self, f"{name}_secret_id"):
                both = f"{PREFIX}{name.upper()}_API_KEY and {PREFIX}{name.upper()}_SECRET_ID"
                raise Misconfigured(f"{both} are both set: leave one out")
        if self.forwarded_header == "forwarded" and not self.trusted_proxies:
            raise Misconfigured(f"{PREFIX}FORWARDED_HEADER also requires {PREFIX}TRUSTED_PROXIES")
        if self.mail == "smtp" and not self.smtp_url:
            raise Misconfigured(f"{PREFIX}MAIL smtp also requires {PREFIX}SMTP_URL")

    def needs_aws(self) -> str | None:
        """Return a setting that needs AWS's packages, as it is set; None where none does."""
        chosen = {"store": "dynamodb", "mail": "ses", "sms": "sns"}
        for name, value in chosen.items():
            if getattr(self, name) == value:
                return f"{PREFIX}{name.upper()}={value}"
        names = ("cognito_user_pool_id", "event_bus", "low_stock_topic", "orders_topic", "operations_topic")
        secrets = ("signing_secret_id", "warehouse_secret_id", "delivery_secret_id")
        return next((f"{PREFIX}{name.upper()}" for name in (*names, *secrets) if getattr(self, name)), None)

    def listed(self) -> list[tuple[str, str, str]]:
        """Return every setting as (variable, value, meaning); of secrets only whether they are set."""
        rows = []
        for each in fields(self):
            value = getattr(self, each.name)
            shown = ("set" if value else "") if each.metadata["secret"] else _shown(value)
            rows.append((f"{PREFIX}{each.name.upper()}", shown, each.metadata["meaning"]))
        return rows


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, timedelta):
        minutes = value // timedelta(minutes=1)
        return f"{minutes}m" if minutes % 60 else f"{minutes // 60}h"
    return f"{value:g}" if isinstance(value, float) else _without_password(str(value))


def _without_password(text: str) -> str:
    """Leave out who signs in at a URL, and with what."""
    return re.sub(r"(?<=://)[^/\s]*@", "***@", text)


def _read_dotenv(path: Path) -> Mapping[str, str]:
    """Read NAME=value lines as python-dotenv does, without its interpolation; a line that it would skip is refused."""
    if not path.is_file():
        return {}
    from dotenv.parser import parse_stream

    read: dict[str, str] = {}
    try:
        # With a mark at its beginning or without: some editors write one.
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Misconfigured(f"{path} is not written in UTF-8: {wrong.reason} at byte {wrong.start}") from wrong
    except OSError as fault:
        raise Misconfigured(f"cannot read {path}: {fault.strerror}") from fault
    for binding in parse_stream(StringIO(text)):
        written = binding.original.string
        if binding.error or (binding.key is not None and binding.value is None):
            line = binding.original.line + _blank_lines_before(written)
            raise Misconfigured(f"{path}, line {line}: not of the form NAME=value, or with a quote that does not close")
        if binding.key is not None and binding.value is not None:
            read[binding.key] = binding.value
    return read


def _blank_lines_before(written: str) -> int:
    return written[: len(written) - len(written.lstrip())].count("\n")
