"""Time zones by their names in the IANA database."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from stockwright.base.errors import Invalid


def zone_of(name: str, field_name: str = "timeZone") -> ZoneInfo:
    """Return the time zone of that name, or refuse it (Invalid)."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Invalid.field(field_name, "must be a time zone such as Europe/Berlin or UTC") from None
