"""Which functions there are, what invokes each, its settings, and its permissions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.data import Data
from infra.events import Events
from infra.files import Files
from infra.functions import Function
from infra.identity import Identity
from infra.mail import FEEDBACK, Mail
from infra.stages import Stage
from stockwright.handlers import REACTIONS

RESEND = "notification-resend"
MAILING = frozenset({"order-confirmation", "order-mail", "account-mail", RESEND})
"""Handlers that write to customers; what is for admins goes to topics."""
TEXTING = frozenset({"stock-alert", RESEND})
POOL_ACTIONS = (
    "AdminAddUserToGroup",
    "AdminCreateUser",
    "AdminDisableUser",
    "AdminEnableUser",
    "AdminGetUser",
    "AdminInitiateAuth",
    "AdminListGroupsForUser",
    "AdminRemoveUserFromGroup",
    "AdminSetUserPassword",
    "AdminUpdateUserAttributes",
    "AdminUserGlobalSignOut",
)
BATCH = 10
SWEEP_SECONDS = 120
HANDLERS_MAX = 10
"""So many of one handler's functions run at once: a burst waits in its queue, and leaves the API its concurrency."""
SENDERS_MAX = 2
"""Of those that mail: SES takes 14 mails a second at first, which two of them send."""
COUNTING = frozenset(each.name for each in REACTIONS if each.run_many is not None)
"""Handlers that take a whole batch in one commit."""
TOGETHER = 100


class Functions(Construct):
    """The API, the stream, one function for each handler's queue, the dead letters, the sweeper."""

    def __init__(
        self,
        scope: Construct,
        stage: Stage,
        folder: Path,
        data: Data,
        identity: Identity,
        events: Events,
        files: Files,
    ) -> None:
        super().__init__(scope, "Functions")
        self._stage, self._folder, self._data, self._events = stage, folder, data, events
        self._pool = identity
        self._files = files
        self.mail = Mail(self, stage)
        self.api = self._api()
        self.stream = self._stream()
        self.dead_letters = self._dead_letters()
        self.sweep = self._sweep()
        self.feedback = self._feedback()
        self.handlers = {name: self._handler(name) for name in events.queues}

    @property
    def all(self) -> list[Function]:
        """Every function."""
        return [self.api, self.stream, self.dead_letters, self.sweep, self.feedback, *self.handlers.values()]

    def set_public_url(self, url: str) -> None:
        """Set the shop's public address for the functions that send mail (the API's own would be a cycle)."""
        for each in self.handlers.values():
            each.function.add_environment("STOCKWRIGHT_PUBLIC_URL", url)

    def _function(
        self,
        name: str,
        module: str,
        env: dict[str, str],
        may: Iterable[iam.PolicyStatement] = (),
        **more: Any,
    ) -> Function:
        return Function(
            self,
            name,
            module=module,
            stage=self._stage,
            folder=self._folder,
            env=env,
            may=list(may),
            **more,
        )

    def _shop(self) -> dict[str, str]:
        """Set the address of the shop for a function."""
        return {
            "STORE": "dynamodb",
            "TABLE_NAME": self._data.table.table_name,
            "COGNITO_USER_POOL_ID": self._pool.pool.user_pool_id,
            "COGNITO_CLIENT_ID": self._pool.client.user_pool_client_id,
            "MAIL": "ses",
            "MAIL_FROM": self._stage.mail_from,
            "MAIL_CONFIGURATION_SET": self._stage.prefix,
            "ALLOW_PRIVATE_ADDRESSES": "on" if self._stage.allow_private_addresses else "",
            **{name.upper(): value for name, value in self._stage.retention.items()},
        }

    def _table(self) -> list[iam.PolicyStatement]:
        """Let a function read the shop, and write it in transactions."""
        table = self._data.table
        indexes = [f"{table.table_arn}/index/{name}" for name in ("owner", "list", "due")]
        return [
            _allow(
                [table.table_arn],
                "dynamodb:BatchGetItem",
                "dynamodb:BatchWriteItem",
                "dynamodb:GetItem",
                "dynamodb:Query",
                "dynamodb:ConditionCheckItem",
                "dynamodb:DeleteItem",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
            ),
            _allow(indexes, "dynamodb:Query"),
        ]

    def _api(self) -> Function:
        env = {
            "SIGNING_SECRET_ID": self._data.signing.secret_arn,
            "ORIGIN_SECRET_ID": self._data.origin.secret_arn,
            "FILES_BUCKET": self._files.bucket.bucket_name,
            "CORS_ORIGINS": ",".join(self._stage.cors_origins),
            "LOG_REQUESTS_PERCENT": str(self._stage.log_requests_percent),
        }
        may = [
            *self._table(),
            _read(self._data.signing),
            _read(self._data.origin),
            self._files.may("s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
            # Without it, a file that is not there is refused as forbidden.
            _allow([self._files.bucket.bucket_arn], "s3:ListBucket"),
            _allow([self._pool.pool.user_pool_arn], *(f"cognito-idp:{action}" for action in POOL_ACTIONS)),
        ]
        stage = self._stage
        return self._function(
            "api",
            "api",
            self._shop() | env,
            may,
            memory=1024,
            concurrency=stage.api_concurrency,
            snapstart=stage.snapstart,
            provisioned=stage.provisioned,
        )

    def _stream(self) -> Function:
        bus = self._events.bus
        made = self._function(
            "stream", "stream", {"EVENT_BUS": bus.event_bus_name}, [_allow([bus.event_bus_arn], "events:PutEvents")]
        )
        made.alias.add_event_source(
            sources.DynamoEventSource(
                self._data.table,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=100,
                bisect_batch_on_error=True,
                report_batch_item_failures=True,
                retry_attempts=10,
                max_record_age=Duration.hours(12),
                on_failure=sources.SqsDlq(self._events.stream_dlq),
            )
        )
        return made

    def _handler(self, name: str) -> Function:
        env = self._shop() | {"HANDLER": name}
        may = self._table()
        if name in MAILING:
            may.append(self._mail())
        topic = {
            "order-topic": ("ORDERS_TOPIC", self._events.orders),
            "stock-alert": ("LOW_STOCK_TOPIC", self._events.low_stock),
            "operations-alert": ("OPERATIONS_TOPIC", self._events.operations),
        }.get(name)
        if topic is not None:
            env[topic[0]] = topic[1].topic_arn
            may.append(_publish(topic[1]))
        secret = {
            "account-mail": ("SIGNING_SECRET_ID", self._data.signing),
            "warehouse": ("WAREHOUSE_SECRET_ID", self._data.warehouse),
            "delivery-service": ("DELIVERY_SECRET_ID", self._data.delivery),
        }.get(name)
        if secret is not None:
            env[secret[0]] = secret[1].secret_arn
            may.append(_read(secret[1]))
        env |= {"WAREHOUSE_URL": self._stage.warehouse_url} if name == "warehouse" else {}
        env |= {"DELIVERY_URL": self._stage.delivery_url} if name == "delivery-service" else {}
        if name == RESEND:
            may += [_publish(each) for each in (self._events.orders, self._events.low_stock, self._events.operations)]
        if name in TEXTING and self._stage.alert_phones:
            env |= {"SMS": "sns", "ALERT_PHONES": ",".join(self._stage.alert_phones)}
            may.append(_text())
        made = self._function(name, "queue", env, may)
        # Batches that write the same items get in each other's way: few of them, and large.
        together = {"batch_size": TOGETHER, "max_batching_window": Duration.seconds(1), "max_concurrency": 2}
        alone = {"batch_size": BATCH, "max_concurrency": SENDERS_MAX if name in MAILING else HANDLERS_MAX}
        batching = together if name in COUNTING else alone
        made.alias.add_event_source(
            sources.SqsEventSource(self._events.queues[name].queue, report_batch_item_failures=True, **batching)
        )
        return made

    def _dead_letters(self) -> Function:
        made = self._function("dead-letters", "dead_letters", self._shop(), self._table())
        for dlq in self._events.dlqs.values():
            made.alias.add_event_source(sources.SqsEventSource(dlq, batch_size=BATCH, report_batch_item_failures=True))
        return made

    def _feedback(self) -> Function:
        made = self._function(FEEDBACK, "mail_feedback", self._shop(), self._table())
        made.alias.add_event_source(
            sources.SqsEventSource(
                self.mail.queue, batch_size=BATCH, report_batch_item_failures=True, max_concurrency=2
            )
        )
        return made

    def _sweep(self) -> Function:
        may = [
            *self._table(),
            # It erases people.
            _allow([self._data.table.table_arn], "dynamodb:Scan"),
            _allow([self._pool.pool.user_pool_arn], "cognito-idp:AdminDeleteUser"),
            # It removes the files that nothing uses, and reads those of imports that it goes on with.
            self._files.may("s3:GetObject", "s3:DeleteObject"),
        ]
        env = self._shop() | {"FILES_BUCKET": self._files.bucket.bucket_name}
        # An import is checked whole in one go.
        made = self._function("sweep", "sweep", env, may, seconds=SWEEP_SECONDS)
        role = iam.Role(
            self,
            "SweepScheduleRole",
            role_name=f"{self._stage.prefix}-sweep-schedule",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            ),
        )
        scheduler.Schedule(
            self,
            "SweepSchedule",
            schedule_name=f"{self._stage.prefix}-sweep",
            description="Ends expired holds",
            schedule=scheduler.ScheduleExpression.rate(Duration.minutes(1)),
            target=targets.LambdaInvoke(made.alias, role=role, retry_attempts=0),
        )
        return made

    def _mail(self) -> iam.PolicyStatement:
        """Let a function mail as the sender: in SES's sandbox the receiver's identity is asked for as well."""
        stack = Stack.of(self)
        anybody = stack.format_arn(service="ses", resource="identity", resource_name="*")
        ours = stack.format_arn(service="ses", resource="configuration-set", resource_name=self._stage.prefix)
        return iam.PolicyStatement(
            actions=["ses:SendEmail"],
            resources=[anybody, ours],
            conditions={"StringEquals": {"ses:FromAddress": self._stage.sender}},
        )


def _allow(resources: list[str], *actions: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), resources=resources)


def _read(secret: secretsmanager.Secret) -> iam.PolicyStatement:
    return _allow([secret.secret_arn], "secretsmanager:GetSecretValue")


def _publish(topic: sns.Topic) -> iam.PolicyStatement:
    return _allow([topic.topic_arn], "sns:Publish")


def _text() -> iam.PolicyStatement:
    """An SMS has no resource that could be named: everything that is no topic or endpoint."""
    return iam.PolicyStatement(actions=["sns:Publish"], not_resources=["arn:aws:sns:*:*:*"])
