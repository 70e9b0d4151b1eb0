"""The lines of the log: the same fields in both forms."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import structlog

from stockwright.adapters.telemetry import CloudLog, make_log

GIVEN: dict[str, Any] = {
    "request_id": "req_1",
    "actor": "usr_1",
    "order_id": "ord_1",
    "duration": 0,
    "error_message": "no",
    "dead_letter": "dlq_1",
    "payload": {"at_the": "door"},
    "api_key": "hush",
}
WRITTEN = {
    "requestId": "req_1",
    "userId": "usr_1",
    "orderId": "ord_1",
    "duration": 0,
    "errorMessage": "no",
    "context": {
        "orderId": "ord_1",
        "duration": 0,
        "errorMessage": "no",
        "deadLetter": "dlq_1",
        "payload": {"at_the": "door"},
        "apiKey": "***",
    },
}


@pytest.mark.parametrize("form", [make_log, CloudLog], ids=["embedded", "cloud"])
@pytest.mark.parametrize("level", ["info", "warning", "error", "exception"])
def test_a_line_has_the_same_fields_in_both_forms(
    form: Any, level: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A logger of its own for each: it writes to the output that was there when it was made.
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"test-{form.__name__}-{level}")
    try:
        log = form("debug")
        try:
            int("a fault")
        except ValueError:
            getattr(log, level)("Order created", **GIVEN)
    finally:
        structlog.reset_defaults()
    [line] = map(json.loads, "".join(capfd.readouterr()).splitlines())

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|\+00:00)", line["timestamp"])
    named = {"level": "ERROR" if level == "exception" else level.upper(), "message": "Order created"}
    assert {name: line[name] for name in [*named, *WRITTEN]} == {**named, **WRITTEN}
    assert ("ValueError" in line.get("exception", "")) is (level == "exception")


def test_a_line_without_fields_has_no_context(capfd: pytest.CaptureFixture[str]) -> None:
    make_log("info").info("hello", request_id="", actor=None)
    [line] = map(json.loads, capfd.readouterr().err.splitlines())

    assert line.keys() == {"timestamp", "level", "message"}
