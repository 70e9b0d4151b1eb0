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
from pathlib import Path
from typing import Any, Final, Literal, cast

from stockwright.base.errors import Misconfigured
from stockwright.dotenv_file import read_dotenv
from stockwright.setting_values import (
    AUTO,
    days_at_least,
    number_between,
    one_of,
    parse_email,
    parse_emails,
    parse_folder,
    parse_interval,
    parse_networks,
    parse_origins,
    parse_phones,
    parse_port,
    parse_sender,
    parse_switch,
    parse_text,
    parse_topic,
    parse_word,
    parse_workers,
    url_of,
    whole_between,
)

PREFIX: Final = "STOCKWRIGHT_"
_DATA_DIR: Final = Path("stockwright-data")
LOG_LEVELS: Final = ("debug", "info", "warning", "error")


def _setting(default: Any, meaning: str, parse: Callable[[str], Any] = parse_text, *, secret: bool = False) -> Any:
    metadata = {"meaning": meaning, "parse": parse, "secret": secret}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set, as it was read at the start."""

    host: str = _setting("127.0.0.1", "Address to listen on", parse_word)
    port: int = _setting(8000, "Port to listen on; 0 takes a free one", parse_port)
    workers: int | str = _setting(
        AUTO, "Processes that serve the shop; auto is one for each core, at most 8", parse_workers
    )
    data_dir: Path = _setting(_DATA_DIR, "Folder of the embedded store and its keys", parse_folder)
    store: Literal["sqlite", "dynamodb"] = _setting(
        "sqlite", "Store engine: sqlite or dynamodb", one_of("sqlite", "dynamodb")
    )
    public_url: str | None = _setting(None, "Public address of the shop, for links in mails", url_of("http", "https"))
    admin_email: str | None = _setting(None, "Email address of the admin that the first start creates", parse_email)
    admin_password: str | None = _setting(
        None, "Password of that admin; without one, a set-up link is printed", secret=True
    )
    cors_origins: tuple[str, ...] = _setting(
        (), "Web origins that may call the API (CORS), separated by commas; * allows all", parse_origins
    )
    smtp_url: str | None = _setting(
        None,
        "Mail server: smtp://, smtp+starttls:// or smtps://user:password@host:port; "
        "without one, mail stays in the local mailbox",
        url_of("smtp", "smtps", "smtp+starttls"),
        secret=True,
    )
    mail_from: str = _setting("Stockwright <stockwright@localhost>", "Sender of every mail", parse_sender)
    alert_emails: tuple[str, ...] = _setting(
        (), "Recipients of low-stock and dead-letter alerts; by default the admins", parse_emails
    )
    alert_phones: tuple[str, ...] = _setting((), "Phone numbers that get low-stock alerts by SMS", parse_phones)
    alert_group_seconds: float = _setting(
        60.0, "Seconds for which alerts to one recipient are collected into one message", number_between(0, 3600)
    )
    warehouse_url: str | None = _setting(
        None, "URL of the warehouse: receives a pick list for each confirmed order", url_of("http", "https")
    )

    warehouse_api_key: str | None = _setting(None, "API key sent to the warehouse", parse_word, secret=True)
    delivery_url: str | None = _setting(
        None, "URL of the delivery service: receives a request for each packed order", url_of("http", "https")
    )
    delivery_api_key: str | None = _setting(None, "API key sent to the delivery service", parse_word, secret=True)
    allow_private_addresses: bool = _setting(
        False, "Whether outgoing calls may reach private addresses (this machine, the local network)", parse_switch
    )
    retry_delay_seconds: float = _setting(
        180.0, "Seconds before the second and third try of a failed event handler", number_between(0, 86_400)
    )
    hold_reservations_max: int = _setting(20, "Maximum of active reservations per customer", whole_between(0, 200))
    hold_units_max: int = _setting(
        100,
        "Maximum of units of one product that a customer can reserve, including those confirmed in the last 24 hours",
        whole_between(0, 1_000_000_000),
    )
    hold_hours_max: int = _setting(
        24, "Maximum hours that a customer's reservation lasts, extensions included", whole_between(1, 24)
    )
    customer_confirm: bool = _setting(
        True, "Whether customers can confirm their own reservations, which books a sale without an order", parse_switch
    )
    rate_limit: bool = _setting(True, "Rate limits; off is for tests and benchmarks", parse_switch)
    trusted_proxies: tuple[str, ...] = _setting(
        (),
        "Addresses or networks of the proxies whose FORWARDED_HEADER is trusted, separated by commas",
        parse_networks,
    )
    forwarded_header: Literal["x-forwarded-for", "forwarded"] = _setting(
        "x-forwarded-for",
        "Header in which those proxies send the client's address: x-forwarded-for or forwarded",
        one_of("x-forwarded-for", "forwarded"),
    )
    demo: bool | None = _setting(
        None, "on loads the demo shop into an empty data folder, off never does; `make run` uses on", parse_switch
    )
    migrate: bool = _setting(
        True,
        "Whether serve upgrades a data folder of a former release; off leaves it to stockwright migrate",
        parse_switch,
    )
    keep_requests_hours: int = _setting(
        48,
        "Hours for which the answers to requests with an Idempotency-Key are kept, at least 24",
        whole_between(24, 8760),
    )
    keep_notifications_days: int = _setting(
        90, "Days for which notifications (mails and SMS) are kept, at least 7; 0 keeps them for ever", days_at_least(7)
    )
    keep_events_days: int = _setting(
        400, "Days for which the event log is kept, at least 30; 0 keeps it for ever", days_at_least(30)
    )
    keep_holds_days: int = _setting(
        30, "Days for which closed reservations are kept, at least 3; 0 keeps them for ever", days_at_least(3)
    )
    backup_every: timedelta | None = _setting(
        None,
        "How often the server writes a backup into backups/ of the data folder: 24h, 90m, 7d; default off",
        parse_interval,
    )
    backup_keep: int = _setting(7, "How many of those backups are kept", whole_between(1, 1000))
    archive: bool = _setting(
        True,
        "Whether notifications, events and closed reservations are written to archive files before they are removed",
        parse_switch,
    )
    files_bucket: str | None = _setting(
        None, "S3 bucket of uploads and pictures; without one, the data folder has them", parse_word
    )
    upload_bytes_max: int = _setting(
        100 * 1024 * 1024, "Maximum size of an upload in bytes", whole_between(1024 * 1024, 5 * 1024**3)
    )
    table_name: str | None = _setting(None, "DynamoDB table of the shop", parse_word)
    cognito_user_pool_id: str | None = _setting(
        None, "Cognito user pool that keeps passwords and signs tokens; without it accounts are local", parse_word
    )
    cognito_client_id: str | None = _setting(None, "App client of that pool", parse_word)
    event_bus: str | None = _setting(None, "EventBridge bus that receives the events", parse_word)
    handler: str | None = _setting(None, "Event handler that a queue's function runs (`handlers.py`)", parse_word)
    mail: Literal["local", "smtp", "ses"] | None = _setting(
        None,
        "How mail is sent: local (not at all), smtp or ses; by default smtp if a mail server is set",
        one_of("local", "smtp", "ses"),
    )
    mail_configuration_set: str | None = _setting(
        None, "Configuration set of SES, which reports bounces and complaints", parse_word
    )
    unasked_mails_per_hour: int = _setting(
        300,
        "Maximum of mails per hour to addresses that anybody can enter: sign-up and reset codes; more wait",
        whole_between(1, 1_000_000),
    )
    sms: Literal["local", "sns"] = _setting(
        "local", "How SMS are sent: local (not at all) or sns", one_of("local", "sns")
    )
    low_stock_topic: str | None = _setting(
        None, "SNS topic (ARN) for stock alerts, instead of ALERT_EMAILS", parse_topic
    )
    orders_topic: str | None = _setting(
        None, "SNS topic (ARN) that receives each status change of every order", parse_topic
    )
    operations_topic: str | None = _setting(
        None, "SNS topic (ARN) for dead-letter alerts, instead of ALERT_EMAILS", parse_topic
    )
    signing_secret_id: str | None = _setting(
        None, "Name in Secrets Manager of the key that signs list tokens and codes", parse_word
    )
    origin_secret_id: str | None = _setting(
        None, "Name in Secrets Manager of what CloudFront sends with each request; others are refused", parse_word
    )
    warehouse_secret_id: str | None = _setting(None, "Name in Secrets Manager of WAREHOUSE_API_KEY", parse_word)
    delivery_secret_id: str | None = _setting(None, "Name in Secrets Manager of DELIVERY_API_KEY", parse_word)
    trial_secret_id: str | None = _setting(
        None, "Name in Secrets Manager of the customer and the product with which the shop is tried", parse_word
    )
    trial_function: str | None = _setting(
        None, "Version of the API's function (ARN) that a release check tries", parse_word
    )
    log_requests_percent: int = _setting(
        100,
        "Of the requests that succeed, how many in a hundred are logged; of the others all are",
        whole_between(0, 100),
    )
    log_level: str = _setting("info", f"Lowest level that is logged: {', '.join(LOG_LEVELS)}", one_of(*LOG_LEVELS))

    @classmethod
    def load(cls, env: Mapping[str, str] | None = None, dotenv: Path | None = None) -> Settings:
        """Read the settings from the environment, then from the `.env` file; raises Misconfigured."""
        given = dict(read_dotenv(dotenv if dotenv is not None else Path(".env")))
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
        others = (
            "files_bucket",
            "signing_secret_id",
            "origin_secret_id",
            "warehouse_secret_id",
            "delivery_secret_id",
            "trial_secret_id",
            "trial_function",
        )
        return next((f"{PREFIX}{name.upper()}" for name in (*names, *others) if getattr(self, name)), None)

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
