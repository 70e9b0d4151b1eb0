"""Periods of a calendar: whole days of one time zone, and which of them an instant falls into."""

from __future__ import annotations

from bisect import bisect_right
from datetime import MAXYEAR, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from stockwright.base.errors import Invalid
from stockwright.base.time_zone import zone_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo


By = Literal["day", "week"]
DAYS_MAX: Final = 366
YEAR_MIN: Final = 1970


class Period(Struct, frozen=True):
    """The days from `first` to `last`, both of them in it, by the clocks of `zone`."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def starts_at(self) -> int:
        """The first instant in it (ms)."""
        return _midnight(self.first, self.zone)

    @property
    def ends_at(self) -> int:
        """The first instant after it (ms)."""
        return _midnight(self.last + timedelta(days=1), self.zone)

    def parts(self, by: By = "day") -> Parts:
        """Cut it into days or weeks. Weeks begin on Monday; the first and last may be cut short."""
        days = [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]
        begins = days if by == "day" else [day for day in days if day == self.first or day.weekday() == 0]
        return Parts(begins, [_midnight(day, self.zone) for day in begins])


class Parts(Struct, frozen=True):
    """The parts of a period: the day that each begins on, and its first instant (ms)."""

    days: Sequence[date]
    starts: Sequence[int]

    def of(self, at: int) -> int:
        """Return the number of the part that an instant of the period falls into."""
        return bisect_right(self.starts, at) - 1


def period_of(first: date | None, last: date | None, zone: str, now: int, days: int) -> Period:
    """Make the period that was asked for; what was not said is the `days` up to today.

    Refuses a zone that is unknown, and more than DAYS_MAX days.
    """
    clocks = zone_of(zone)
    today = datetime.fromtimestamp(now / 1000, clocks).date()
    last = last or max(first or today, today)
    for name, day in (("from", first), ("to", last)):
        if day is not None:
            _check_year(day, name)
    first = first or last - timedelta(days=days - 1)
    check_days(first, last)
    return Period(first, last, clocks)


def day_of(text: str, field_name: str) -> date:
    """Return the day that a text means, or refuse it."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Invalid.field(field_name, "must be a day such as 2025-01-31") from None
    _check_year(day, field_name)
    return day


def check_days(first: date, last: date) -> None:
    """Refuse a range that ends before it begins, or is of more than DAYS_MAX days."""
    if first > last:
        raise Invalid.field("to", "must not be before `from`")
    if (last - first).days >= DAYS_MAX:
        raise Invalid.field("from", f"a report covers at most {DAYS_MAX} days, not {(last - first).days + 1}")


def _check_year(day: date, field_name: str) -> None:
    if not YEAR_MIN < day.year < MAXYEAR:
        raise Invalid.field(field_name, f"must be a day of the years {YEAR_MIN + 1} to {MAXYEAR - 1}")


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(), zone).timestamp() * 1000)
