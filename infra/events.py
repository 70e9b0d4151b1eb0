"""How events travel: the bus, a rule and two queues for each handler, and the topics that people hear."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.stages import Stage
from stockwright.cloud.routing import SOURCE, names_handled_by
from stockwright.events.registry import Reaction
from stockwright.handlers import REACTIONS

VISIBILITY = Duration.seconds(180)
RETENTION = Duration.days(4)
DLQ_RETENTION = Duration.days(14)
RECEIVES_MAX = 3


@dataclass(frozen=True, slots=True)
class Queues:
    """A handler's queue, and where goes what it gives up."""

    queue: sqs.Queue
    dlq: sqs.Queue


class Events(Construct):
    """Made from the table of reactions: a new handler there has its queue here."""

    def __init__(self, scope: Construct, stage: Stage) -> None:
        super().__init__(scope, "Events")
        self.bus = events.EventBus(self, "Bus", event_bus_name=stage.prefix)
        self.queues = {each.name: self._route(each, stage) for each in REACTIONS}
        self.stream_dlq = _dlq(self, "StreamDlq", f"{stage.prefix}-stream-dlq")
        self.low_stock = _topic(self, "LowStock", f"{stage.prefix}-low-stock-alerts", stage.alert_emails)
        self.orders = _topic(self, "Orders", f"{stage.prefix}-order-notifications", stage.order_emails)
        self.operations = _topic(self, "Operations", f"{stage.prefix}-operations", stage.alert_emails)

    @property
    def dlqs(self) -> dict[str, sqs.Queue]:
        """Every dead-letter queue, by whose it is."""
        return {**{name: each.dlq for name, each in self.queues.items()}, "stream": self.stream_dlq}

    def _route(self, reaction: Reaction, stage: Stage) -> Queues:
        name = "".join(word.capitalize() for word in reaction.name.split("-"))
        dlq = _dlq(self, f"{name}Dlq", f"{stage.prefix}-{reaction.name}-dlq")
        queue = sqs.Queue(
            self,
            f"{name}Queue",
            queue_name=f"{stage.prefix}-{reaction.name}",
            visibility_timeout=VISIBILITY,
            retention_period=RETENTION,
            receive_message_wait_time=Duration.seconds(20),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            dead_letter_queue=sqs.DeadLetterQueue(queue=dlq, max_receive_count=RECEIVES_MAX),
        )
        events.Rule(
            self,
            f"{name}Rule",
            rule_name=f"{stage.prefix}-{reaction.name}",
            event_bus=self.bus,
            event_pattern=events.EventPattern(source=[SOURCE], detail_type=names_handled_by(reaction)),
            targets=[targets.SqsQueue(queue, dead_letter_queue=dlq)],
        )
        return Queues(queue, dlq)


def _dlq(scope: Construct, id_: str, name: str) -> sqs.Queue:
    return sqs.Queue(
        scope,
        id_,
        queue_name=name,
        visibility_timeout=VISIBILITY,
        retention_period=DLQ_RETENTION,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
    )


def _topic(scope: Construct, id_: str, name: str, emails: tuple[str, ...]) -> sns.Topic:
    topic = sns.Topic(scope, id_, topic_name=name, enforce_ssl=True)
    # With a policy of its own (TLS only), a topic no longer accepts messages of the account's alarms by default.
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AlarmsOfThisAccount",
            actions=["sns:Publish"],
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}},
        )
    )
    for email in emails:
        topic.add_subscription(subscriptions.EmailSubscription(email))
    return topic
