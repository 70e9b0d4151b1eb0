"""Alarms, sent to the topics that people subscribe to when they go off and when they are over; and a dashboard.

An alarm looks at what a customer meets: answers of 5xx, a trial of the shop from outside, slow answers. Functions'
own errors alone say little: an API can answer 500 to everybody while its function reports none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.data import Data
from infra.events import Events
from infra.functions import Function
from infra.handlers import Functions
from infra.http import Http
from infra.mail import FEEDBACK
from infra.stages import Stage
from stockwright.cloud.metrics import NAMESPACE
from stockwright.store.dynamodb.table import table_definition

FIVE_MINUTES: Final = Duration.minutes(5)
ONE_MINUTE: Final = Duration.minutes(1)
ERRORS_MAX: Final = 10
SERVER_ERRORS_MIN: Final = 5
SERVER_ERRORS_PERCENT_MAX: Final = 5
"""In two of three minutes with so many such answers. A release that fails shows with a tenth of the traffic."""
REQUESTS_MIN: Final = 20
"""Fewer in five minutes say nothing about how slow the API is."""
TRIAL_MINUTES: Final = 3
BOUNCES_MAX: Final = 0.04
COMPLAINTS_MAX: Final = 0.0008
"""SES reviews an account from 5 % and 0.1 % on, and stops it at 10 % and 0.5 %."""
LATENCY_MAX_MS: Final = 3000
AGE_MAX: Final = Duration.minutes(15)
"""A message's: three tries of 180 s take nine minutes."""
OVER: Final = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD


class Alarms(Construct):
    """Errors, dead letters, slow answers, low stock; and other signs that something is stuck."""

    def __init__(
        self,
        scope: Construct,
        stage: Stage,
        data: Data,
        events: Events,
        functions: Functions,
        http: Http,
        all_functions: Iterable[Function],
    ) -> None:
        super().__init__(scope, "Alarms")
        self._stage, self._operations = stage, events.operations
        for function in all_functions:
            self._alarm(
                f"errors-{function.name}",
                function.function.metric_errors(period=FIVE_MINUTES, statistic="Sum"),
                ERRORS_MAX,
                f"{function.name} failed more than {ERRORS_MAX} times in five minutes",
            )
        for name, dlq in {**events.dlqs, FEEDBACK: functions.mail.dlq}.items():
            self._alarm(
                f"dlq-{name}",
                dlq.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES, statistic="Maximum"),
                0,
                f"dead letters of {name} wait to be recorded",
            )
        queues = {name: each.queue for name, each in events.queues.items()}
        for name, queue in {**queues, FEEDBACK: functions.mail.queue}.items():
            self._alarm(
                f"age-{name}",
                queue.metric_approximate_age_of_oldest_message(period=FIVE_MINUTES, statistic="Maximum"),
                AGE_MAX.to_seconds(),
                f"events have waited for {name} for more than {AGE_MAX.to_minutes():g} minutes",
            )
        self._alarm(
            "dead-letters",
            _counted(stage, "DeadLetters"),
            0,
            "an event was given up",
        )
        self._alarm(
            "stream-age",
            functions.stream.alias.metric("IteratorAge", period=FIVE_MINUTES, statistic="Maximum"),
            AGE_MAX.to_milliseconds(),
            f"events wait in the table's stream for more than {AGE_MAX.to_minutes():g} minutes",
        )
        latency = self._alarm(
            "latency",
            _slowness(http),
            LATENCY_MAX_MS,
            f"one request in twenty takes longer than {LATENCY_MAX_MS} ms",
        )
        server_errors = self._alarm(
            "api-5xx",
            _server_errors(http),
            SERVER_ERRORS_PERCENT_MAX,
            f"more than {SERVER_ERRORS_PERCENT_MAX} % of the answers are errors of the shop",
            times=(2, 3),
        )
        self.of_releases = [latency, server_errors]
        """Those that return the traffic to the version before."""
        if stage.watch:
            self.of_releases.append(
                self._alarm(
                    "not-ready",
                    _counted(stage, "TrialsPassed", ONE_MINUTE),
                    1,
                    f"no trial of the shop from outside has passed for {TRIAL_MINUTES} minutes",
                    times=(TRIAL_MINUTES, TRIAL_MINUTES),
                    below=True,
                )
            )
        self._alarm(
            "throttled-api",
            functions.api.function.metric_throttles(period=ONE_MINUTE, statistic="Sum"),
            0,
            "Lambda refuses to run the API's function: the account's concurrency is used up",
        )
        for kind, limit in (("Bounce", BOUNCES_MAX), ("Complaint", COMPLAINTS_MAX)):
            self._alarm(
                f"mail-{kind.lower()}s",
                cloudwatch.Metric(
                    namespace="AWS/SES",
                    metric_name=f"Reputation.{kind}Rate",
                    period=Duration.hours(1),
                    statistic="Maximum",
                ),
                limit,
                f"SES counts more than {limit:.2%} {kind.lower()}s: it stops an account's mails not far above",
            )
        self._alarm(
            "throttled",
            _throttled(data),
            ERRORS_MAX,
            "DynamoDB throttles the shop (a hot product: docs/aws.md)",
        )
        self._alarm("low-stock", _counted(stage, "LowStock"), 0, "a product fell below its threshold", events.low_stock)
        _dashboard(self, stage, events, functions, http)

    def _alarm(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        limit: float,
        meaning: str,
        topic: sns.Topic | None = None,
        *,
        times: tuple[int, int] = (1, 1),
        below: bool = False,
    ) -> cloudwatch.Alarm:
        """Go off where the metric is over the limit `times[0]` of `times[1]` times; `below`: under it, or missing."""
        treat = cloudwatch.TreatMissingData
        alarm = cloudwatch.Alarm(
            self,
            "".join(word.capitalize() for word in name.split("-")),
            alarm_name=f"{self._stage.prefix}-{name}",
            alarm_description=f"Stockwright {self._stage.name}: {meaning}.",
            metric=metric,
            threshold=limit,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD if below else OVER,
            evaluation_periods=times[1],
            datapoints_to_alarm=times[0],
            treat_missing_data=treat.BREACHING if below else treat.NOT_BREACHING,
        )
        to = actions.SnsAction(topic or self._operations)
        alarm.add_alarm_action(to)
        alarm.add_ok_action(to)
        return alarm


def _server_errors(http: Http) -> cloudwatch.MathExpression:
    """Write the share of answers of 5xx in a minute (%), and 0 where there are few of them."""
    return cloudwatch.MathExpression(
        expression=f"IF(errors >= {SERVER_ERRORS_MIN}, 100 * errors / requests, 0)",
        using_metrics={
            "errors": http.stage.metric_server_error(period=ONE_MINUTE, statistic="Sum"),
            "requests": http.stage.metric_count(period=ONE_MINUTE, statistic="Sum"),
        },
        period=ONE_MINUTE,
    )


def _slowness(http: Http) -> cloudwatch.MathExpression:
    """Write the time within which 95 % of five minutes' answers came (ms), and 0 where there are few of them."""
    return cloudwatch.MathExpression(
        expression=f"IF(requests >= {REQUESTS_MIN}, slow, 0)",
        using_metrics={
            "slow": http.stage.metric_integration_latency(period=FIVE_MINUTES, statistic="p95"),
            "requests": http.stage.metric_count(period=FIVE_MINUTES, statistic="Sum"),
        },
        period=FIVE_MINUTES,
    )


def _counted(stage: Stage, name: str, period: Duration = FIVE_MINUTES) -> cloudwatch.Metric:
    """Sum what the functions count (`stockwright.cloud.metrics`)."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": stage.prefix},
        period=period,
        statistic="Sum",
    )


def _throttled(data: Data) -> cloudwatch.MathExpression:
    """Sum what the table and its indexes refuse: DynamoDB counts each by itself, reads and writes apart."""
    table = data.table.table_name
    indexes = [each["IndexName"] for each in table_definition("any")["GlobalSecondaryIndexes"]]
    places = [{"TableName": table}, *({"TableName": table, "GlobalSecondaryIndexName": name} for name in indexes)]
    counted = [
        cloudwatch.Metric(
            namespace="AWS/DynamoDB", metric_name=name, dimensions_map=place, period=FIVE_MINUTES, statistic="Sum"
        )
        for name in ("WriteThrottleEvents", "ReadThrottleEvents")
        for place in places
    ]
    metrics: dict[str, cloudwatch.IMetric] = {f"m{number}": each for number, each in enumerate(counted)}
    filled = ",".join(f"FILL({each},0)" for each in metrics)
    return cloudwatch.MathExpression(expression=f"SUM([{filled}])", using_metrics=metrics, period=FIVE_MINUTES)


def _dashboard(scope: Construct, stage: Stage, events: Events, functions: Functions, http: Http) -> None:
    def graph(title: str, metrics: list[cloudwatch.IMetric]) -> cloudwatch.IWidget:
        return cloudwatch.GraphWidget(title=title, left=metrics, width=12, height=6)

    def each(metric: str, of: list[Function]) -> list[cloudwatch.IMetric]:
        return [getattr(made.function, metric)(period=FIVE_MINUTES, label=made.name) for made in of]

    board = cloudwatch.Dashboard(scope, "Dashboard", dashboard_name=stage.prefix)
    board.add_widgets(
        graph("Requests", [http.stage.metric_count(period=FIVE_MINUTES)]),
        graph("Answers 4xx, 5xx", [http.stage.metric_client_error(), http.stage.metric_server_error()]),
        graph(
            "Latency (ms)",
            [http.stage.metric_integration_latency(period=FIVE_MINUTES, statistic=s) for s in ("p50", "p95", "p99")],
        ),
        graph("Function errors", each("metric_errors", functions.all)),
        graph("Function time", each("metric_duration", functions.all)),
        graph(
            "Orders and stock",
            [_counted(stage, name) for name in ("PublishedEvents", "LowStock", "ExpiredReservations")],
        ),
        graph("Failures", [_counted(stage, name) for name in ("HandlerFailures", "DeadLetters", "PublishFailures")]),
        graph(
            "Waiting in queues",
            [
                queues.queue.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES, label=name)
                for name, queues in events.queues.items()
            ],
        ),
    )
