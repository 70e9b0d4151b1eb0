"""S2's alarms, sent to the topics that people subscribe to, and a dashboard of the shop."""

from __future__ import annotations

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
from infra.stages import Stage
from stockwright.cloud.metrics import NAMESPACE
from stockwright.store.dynamodb.table import table_definition

FIVE_MINUTES: Final = Duration.minutes(5)
ERRORS_MAX: Final = 10
DEAD_LETTERS_MAX: Final = 5
LATENCY_MAX_MS: Final = 3000
AGE_MAX: Final = Duration.minutes(15)
"""A message's: three tries of 180 s take nine minutes."""
OVER: Final = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD


class Alarms(Construct):
    """Errors, dead letters, slow answers, low stock; and other signs that something is stuck."""

    def __init__(
        self, scope: Construct, stage: Stage, data: Data, events: Events, functions: Functions, http: Http
    ) -> None:
        super().__init__(scope, "Alarms")
        self._stage, self._operations = stage, events.operations
        for function in functions.all:
            self._alarm(
                f"errors-{function.name}",
                function.function.metric_errors(period=FIVE_MINUTES, statistic="Sum"),
                ERRORS_MAX,
                f"{function.name} failed more than {ERRORS_MAX} times in five minutes",
            )
        for name, dlq in events.dlqs.items():
            self._alarm(
                f"dlq-{name}",
                dlq.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES, statistic="Maximum"),
                DEAD_LETTERS_MAX,
                f"more than {DEAD_LETTERS_MAX} dead letters of {name} wait to be recorded",
            )
        for name, each in events.queues.items():
            self._alarm(
                f"age-{name}",
                each.queue.metric_approximate_age_of_oldest_message(period=FIVE_MINUTES, statistic="Maximum"),
                AGE_MAX.to_seconds(),
                f"events have waited for {name} for more than {AGE_MAX.to_minutes():g} minutes",
            )
        self._alarm(
            "dead-letters",
            _counted(stage, "DeadLetters"),
            DEAD_LETTERS_MAX,
            f"more than {DEAD_LETTERS_MAX} events were given up in five minutes",
        )
        self._alarm(
            "stream-age",
            functions.stream.alias.metric("IteratorAge", period=FIVE_MINUTES, statistic="Maximum"),
            AGE_MAX.to_milliseconds(),
            f"events wait in the table's stream for more than {AGE_MAX.to_minutes():g} minutes",
        )
        self.latency = self._alarm(
            "latency",
            http.stage.metric_integration_latency(period=FIVE_MINUTES, statistic="p95"),
            LATENCY_MAX_MS,
            f"one request in twenty takes longer than {LATENCY_MAX_MS} ms",
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
        self, name: str, metric: cloudwatch.IMetric, limit: float, meaning: str, topic: sns.Topic | None = None
    ) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            "".join(word.capitalize() for word in name.split("-")),
            alarm_name=f"{self._stage.prefix}-{name}",
            alarm_description=f"Stockwright {self._stage.name}: {meaning}.",
            metric=metric,
            threshold=limit,
            comparison_operator=OVER,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(topic or self._operations))
        return alarm


def _counted(stage: Stage, name: str) -> cloudwatch.Metric:
    """Sum what the functions count (`stockwright.cloud.metrics`)."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": stage.prefix},
        period=FIVE_MINUTES,
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
