"""Pieces of text that all messages share: money, dates, plain HTML."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from html import escape
from typing import Final

from stockwright.base.currency import minor_digits

_SYMBOLS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CHF": "CHF ", "CAD": "CA$", "AUD": "A$"}


@lru_cache(4096)
def money(cents: int, currency: str) -> str:
    """Write an amount of minor units, to the last one: `$1,234.50`."""
    digits = minor_digits(currency)
    whole, part = divmod(abs(cents), 10**digits)
    sign = "-" if cents < 0 else ""
    return f"{sign}{_SYMBOLS.get(currency, f'{currency} ')}{whole:,}{f'.{part:0{digits}}' if digits else ''}"


def date(at: int) -> str:
    """Write an instant as S2 does: `Monday, January 15, 2024, 2:00 PM` (UTC)."""
    return minute_text(at // 60_000)


@lru_cache(64)
def minute_text(minute: int) -> str:
    """Write a minute (of 1970 UTC) for people, in UTC."""
    time = datetime.fromtimestamp(minute * 60, UTC)
    return f"{time:%A, %B} {time.day}, {time.year}, {time.hour % 12 or 12}:{time:%M %p} UTC"


def plain_html(text: str) -> str:
    """Write a short text as HTML."""
    paragraphs = "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in text.strip().split("\n\n"))
    return (
        '<!doctype html>\n<html lang="en"><body style="font-family:system-ui,sans-serif;color:#111827;'
        f'max-width:640px;margin:0 auto;padding:24px">{paragraphs}</body></html>\n'
    )
