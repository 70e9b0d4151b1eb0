"""How the text of each kind of setting is read: each returns the value, or raises ValueError with what it must be."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from stockwright.base.email import check_new_email
from stockwright.base.errors import Invalid
from stockwright.base.phone import check_phone

EVERY_ORIGIN: Final = "*"
AUTO: Final = "auto"
_OFF: Final = frozenset({"off", "false", "no", "0"})
_ON: Final = frozenset({"on", "true", "yes", "1"})
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


def parse_text(value: str) -> str:
    """Take any text."""
    return value


def parse_switch(value: str) -> bool:
    """Read on or off, true or false, yes or no, 1 or 0."""
    if value.lower() in _ON:
        return True
    if value.lower() in _OFF:
        return False
    raise ValueError("must be on or off")


def number_between(least: float, most: float) -> Callable[[str], float]:
    """Return what reads a number with both bounds inclusive."""

    def parse(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            raise ValueError(f"must be a number from {least:g} to {most:g}") from None
        if not least <= number <= most:
            raise ValueError(f"must be a number from {least:g} to {most:g}")
        return number

    return parse


def whole_between(least: int, most: int) -> Callable[[str], int]:
    """Return what reads a whole number with both bounds inclusive."""

    def parse(value: str) -> int:
        if not (value.isascii() and value.isdecimal()) or not least <= int(value) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(value)

    return parse


def days_at_least(least: int) -> Callable[[str], int]:
    """Return what reads a number of days, at least so many; 0 is for ever."""

    def parse(value: str) -> int:
        if value == "0":
            return 0
        try:
            return whole_between(least, 36_500)(value)
        except ValueError:
            raise ValueError(f"must be a whole number of days from {least} to 36500, or 0 for ever") from None

    return parse


def parse_interval(value: str) -> timedelta | None:
    """Read a time such as 30m, 24h or 7d; None where it is off."""
    if value.lower() in _OFF:
        return None
    found = re.fullmatch(r"([0-9]{1,5})([mhd])", value.lower())
    every = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if not timedelta(minutes=1) <= every <= timedelta(days=366):
        raise ValueError("must be off, or a number of minutes, hours or days from 1m to 366d, such as 24h")
    return every


def parse_port(value: str) -> int:
    """Read a port number; 0 takes a free one."""
    if not (value.isascii() and value.isdecimal()) or not 0 <= int(value) <= 65535:  # noqa: PLR2004
        raise ValueError("must be a port number, 0 to 65535 (0 takes a free one)")
    return int(value)


def parse_workers(value: str) -> int | str:
    """Read a number of processes, 1 to 64, or AUTO."""
    if value.lower() == AUTO:
        return AUTO
    try:
        return whole_between(1, 64)(value)
    except ValueError:
        raise ValueError(f"must be {AUTO}, or a whole number from 1 to 64") from None


def parse_names(value: str) -> tuple[str, ...]:
    """Read names that are separated by commas."""
    return tuple(name.strip() for name in value.split(",") if name.strip())


def one_of(*choices: str) -> Callable[[str], str]:
    """Return what reads one of these words, in capitals or not."""

    def parse(value: str) -> str:
        if value.lower() not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value.lower()

    return parse


def url_of(*schemes: str) -> Callable[[str], str]:
    """Return what reads a URL with one of these schemes and a host."""

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


def parse_origins(value: str) -> tuple[str, ...]:
    """Read the origins that may call the API from a browser, or EVERY_ORIGIN alone."""
    names, check = parse_names(value), url_of("http", "https")
    if EVERY_ORIGIN in names:
        if len(names) > 1:
            raise ValueError(f"must be {EVERY_ORIGIN} alone, or origins separated by commas")
        return (EVERY_ORIGIN,)
    return tuple(check(origin).rstrip("/") for origin in names)


def parse_emails(value: str) -> tuple[str, ...]:
    """Read e-mail addresses that are separated by commas."""
    emails = parse_names(value)
    try:
        return tuple(map(parse_email, emails))
    except ValueError:
        raise ValueError("must be e-mail addresses, separated by commas") from None


def parse_email(value: str) -> str:
    """Read one e-mail address."""
    try:
        return check_new_email(value)
    except Invalid:
        raise ValueError("must be an e-mail address") from None


def parse_sender(value: str) -> str:
    """Read an e-mail address, alone or in <> behind a name."""
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+|[^<>\r\n]*<[^@\s<>]+@[^@\s<>]+>", value):
        raise ValueError("must be an e-mail address, or a name with the address in <>")
    return value


def parse_phones(value: str) -> tuple[str, ...]:
    """Read phone numbers in E.164's form, however they are written."""
    try:
        return tuple(map(check_phone, parse_names(value)))
    except Invalid:
        raise ValueError(
            "must be phone numbers with their country's code (+49 170 1234567), separated by commas"
        ) from None


def parse_word(value: str) -> str:
    """Read a name without blanks: of a machine, a table, a pool, a secret."""
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        raise ValueError("must be printable ASCII characters without spaces")
    return value


def parse_folder(value: str) -> Path:
    """Read the path of a folder."""
    if "\x00" in value:
        raise ValueError("must be the path of a folder")
    return Path(value)


def parse_networks(value: str) -> tuple[str, ...]:
    """Read IP addresses and networks that are separated by commas."""
    try:
        return tuple(str(ip_network(name)) for name in parse_names(value))
    except ValueError:
        raise ValueError("must be addresses or networks (10.0.0.0/16), separated by commas") from None


def parse_topic(value: str) -> str:
    """Read the ARN of an SNS topic."""
    if not value.startswith("arn:") or ":sns:" not in value:
        raise ValueError("must be the ARN of an SNS topic")
    return value
