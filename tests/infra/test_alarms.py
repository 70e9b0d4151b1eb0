"""Alarms on recorded shapes: what CloudWatch gets in an outage, on a quiet day, of an open browser tab."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.conftest import Template
from tests.infra.evaluating import Minute, state

OUTAGE: Minute = {"Count": 40, "5xx": 40, "4xx": 0, "IntegrationLatency": 35, "Errors": 0}
"""The table is gone: every answer is 500, quickly, and the API's function reports no error."""
NORMAL: Minute = {"Count": 40, "5xx": 0, "4xx": 3, "IntegrationLatency": 40, "Errors": 0, "TrialsPassed": 1}
QUIET: Minute = {"TrialsPassed": 1}
TAB: Minute = {**NORMAL, "Count": 12, "IntegrationLatency": 25}
"""One page of the back office that is open all day asks for new events every five seconds."""


def alarms(template: Template) -> dict[str, dict[str, Any]]:
    return {
        each["AlarmName"].removeprefix("stockwright-prod-"): each for each in template.of("CloudWatch::Alarm").values()
    }


def raised(template: Template, *periods: Minute) -> set[str]:
    """The alarms that go off after these periods."""
    return {name for name, alarm in alarms(template).items() if state(alarm, periods) == "ALARM"}


def test_a_total_outage_raises_alarms_within_three_minutes(prod: Template) -> None:
    assert raised(prod, NORMAL, NORMAL, NORMAL) == set()
    assert raised(prod, NORMAL, OUTAGE, OUTAGE) == {"api-5xx"}
    assert raised(prod, OUTAGE, OUTAGE, OUTAGE) == {"api-5xx", "not-ready"}
    # It is over when the answers are right again.
    assert raised(prod, OUTAGE, NORMAL, NORMAL) == set()


def test_an_outage_at_night_raises_an_alarm_though_nobody_asks(prod: Template) -> None:
    assert raised(prod, QUIET, QUIET, QUIET) == set()
    assert raised(prod, {"Count": 1, "5xx": 1}, {}, {}) == {"not-ready"}


def test_a_trial_that_fails_once_is_no_alarm(prod: Template) -> None:
    assert raised(prod, QUIET, {}, QUIET) == set()


def test_a_release_that_fails_with_a_tenth_of_the_traffic_is_taken_back(prod: Template) -> None:
    a_tenth = {**NORMAL, "Count": 200, "5xx": 20}
    gone_off = raised(prod, NORMAL, a_tenth, a_tenth)
    [group] = [
        each
        for each in prod.of("CodeDeploy::DeploymentGroup").values()
        if each["DeploymentGroupName"] == "stockwright-prod-api"
    ]
    names = {each["Name"]["Ref"] for each in group["AlarmConfiguration"]["Alarms"]}
    gates = {
        each["AlarmName"].removeprefix("stockwright-prod-")
        for name, each in prod.of("CloudWatch::Alarm").items()
        if name in names
    }
    assert gates == {"release-api", "latency", "api-5xx", "not-ready"}
    assert gone_off == {"api-5xx"} < gates


def test_an_open_browser_tab_raises_no_alarm(prod: Template) -> None:
    assert raised(prod, TAB, TAB, TAB) == set()


def test_slow_answers_raise_an_alarm_and_a_few_slow_ones_do_not(prod: Template) -> None:
    slow = {**NORMAL, "Count": 500, "IntegrationLatency": 4000}
    assert raised(prod, slow) == {"latency"}
    assert raised(prod, {**slow, "Count": 7}) == set()


@pytest.mark.parametrize(
    ("measured", "wanted"),
    [
        ({"DeadLetters": 1}, {"dead-letters"}),
        ({"Throttles": 1}, {"throttled-api"}),
        ({"Reputation.BounceRate": 0.05}, {"mail-bounces"}),
        ({"Reputation.ComplaintRate": 0.001}, {"mail-complaints"}),
        ({"Reputation.BounceRate": 0.02, "Reputation.ComplaintRate": 0.0005}, set()),
        ({"IteratorAge": 900_001}, {"stream-age"}),
        ({"WriteThrottleEvents": 11}, {"throttled"}),
        ({"LowStock": 1}, {"low-stock"}),
    ],
)
def test_each_sign_of_trouble_raises_its_alarm(prod: Template, measured: Minute, wanted: set[str]) -> None:
    assert raised(prod, NORMAL, NORMAL, {**NORMAL, **measured}) == wanted


def test_one_dead_letter_and_old_messages_raise_alarms(prod: Template) -> None:
    found = raised(prod, {**NORMAL, "ApproximateNumberOfMessagesVisible": 1})
    assert found == {name for name in alarms(prod) if name.startswith("dlq-")}
    found = raised(prod, {**NORMAL, "ApproximateAgeOfOldestMessage": 901})
    assert found == {name for name in alarms(prod) if name.startswith("age-")}


def test_each_alarm_says_when_it_is_over_too(prod: Template) -> None:
    for name, alarm in alarms(prod).items():
        if not name.startswith("release-"):
            assert alarm["OKActions"] == alarm["AlarmActions"], name
