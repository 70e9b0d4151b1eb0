"""Days and weeks of a time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from stockwright.base.errors import Invalid
from stockwright.reports.period import DAYS_MAX, Period, period_of

HOUR = 3_600_000
YEARS = "must be a day of the years 1971 to 9998"
ZONE = "must be a time zone such as Europe/Berlin or UTC"


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def period(first: str, last: str, zone: str = "UTC") -> Period:
    return period_of(date.fromisoformat(first), date.fromisoformat(last), zone, 0, 1)


def test_a_day_begins_and_ends_by_the_clock_of_its_time_zone() -> None:
    berlin = period("2025-06-10", "2025-06-10", "Europe/Berlin")
    assert (berlin.starts_at, berlin.ends_at) == (at("2025-06-09T22:00:00Z"), at("2025-06-10T22:00:00Z"))


@pytest.mark.parametrize(("day", "hours"), [("2025-03-30", 23), ("2025-10-26", 25), ("2025-06-10", 24)])
def test_a_day_has_23_to_25_hours_when_clocks_change(day: str, hours: int) -> None:
    of = period(day, day, "Europe/Berlin")
    assert of.ends_at - of.starts_at == hours * HOUR


def test_each_instant_belongs_to_one_day() -> None:
    parts = period("2025-03-29", "2025-03-31", "Europe/Berlin").parts()
    days = [day.isoformat() for day in parts.days]
    assert days == ["2025-03-29", "2025-03-30", "2025-03-31"]
    for text, day in (
        ("2025-03-29T00:00:00+01:00", 0),
        ("2025-03-29T23:59:59.999+01:00", 0),
        ("2025-03-30T00:00:00+01:00", 1),
        ("2025-03-30T23:59:59.999+02:00", 1),
        ("2025-03-31T23:59:59.999+02:00", 2),
    ):
        assert parts.of(at(text)) == day, text


def test_weeks_begin_on_monday_and_are_cut_short_at_the_ends() -> None:
    days = [day.isoformat() for day in period("2025-01-01", "2025-01-14").parts("week").days]
    assert days == ["2025-01-01", "2025-01-06", "2025-01-13"]


def test_the_default_range_ends_today() -> None:
    now = at("2025-05-05T23:30:00Z")
    assert period_of(None, None, "UTC", now, 7) == period("2025-04-29", "2025-05-05")
    assert period_of(None, None, "Asia/Tokyo", now, 7).last == date(2025, 5, 6)
    assert period_of(date(2025, 5, 1), None, "UTC", now, 7) == period("2025-05-01", "2025-05-05")
    assert period_of(None, date(2025, 4, 30), "UTC", now, 7) == period("2025-04-24", "2025-04-30")


def test_a_report_covers_at_most_a_year() -> None:
    assert len(period("2024-01-01", "2024-12-31").parts().days) == DAYS_MAX
    with pytest.raises(Invalid) as refused:
        period("2024-01-01", "2025-01-01")
    assert refused.value.details == [{"field": "from", "message": "a report covers at most 366 days, not 367"}]


@pytest.mark.parametrize(
    ("first", "last", "zone", "field", "message"),
    [
        ("2025-01-02", "2025-01-01", "UTC", "to", "must not be before `from`"),
        ("0001-01-01", "2025-01-01", "UTC", "from", YEARS),
        ("2025-01-01", "9999-12-31", "UTC", "to", YEARS),
        ("2025-01-01", "2025-01-01", "Mars/Olympus", "timeZone", ZONE),
        ("2025-01-01", "2025-01-01", "../../etc/passwd", "timeZone", ZONE),
        ("2025-01-01", "2025-01-01", "/etc/passwd", "timeZone", ZONE),
        ("2025-01-01", "2025-01-01", "Europe", "timeZone", ZONE),
        ("2025-01-01", "2025-01-01", "a\0b", "timeZone", ZONE),
    ],
)
def test_an_invalid_range_is_refused_with_its_field(first: str, last: str, zone: str, field: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        period(first, last, zone)
    assert refused.value.details == [{"field": field, "message": message}]


def test_reports_exist_for_a_limited_range_of_years() -> None:
    for year in (1971, 9998):
        assert len(period(f"{year}-01-01", f"{year}-01-02").parts().days) == 2
    for year in (1970, 9999):
        with pytest.raises(Invalid) as refused:
            period(f"{year}-12-30", f"{year}-12-31")
        assert refused.value.details == [{"field": "from", "message": "must be a day of the years 1971 to 9998"}]


def test_midnight_in_utc_begins_a_day() -> None:
    assert period("2025-01-01", "2025-01-01").starts_at == datetime(2025, 1, 1, tzinfo=UTC).timestamp() * 1000
