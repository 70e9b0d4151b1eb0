"""The sweeper's function: the schedule → expired holds and records are removed, what waited for its time goes on."""

from __future__ import annotations

from typing import Any

from stockwright.cloud.delivery import end_redrives_of_stream, wake_due
from stockwright.cloud.metrics import count
from stockwright.cloud.runtime import Event, Function
from stockwright.sweeper import sweep

_function = Function("sweep")


def handler(_event: Event, context: Any) -> dict[str, int]:
    """Sweep once."""
    _function.begin(context)
    expired = _function.run(sweep(_function.app))
    _function.run(wake_due(_function.app))
    _function.run(end_redrives_of_stream(_function.app))
    count("ExpiredReservations", expired)
    return {"expired": expired}
