"""What tries the shop: each minute from outside, and each new version of the API before it takes traffic.

Both read, write a durable record, and, where the stage names a customer and a product for it, place an order and
cancel it. That belongs into a stage without a real warehouse: its pick list may go out before the order is canceled.
"""

from __future__ import annotations

import json
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.data import Data
from infra.functions import Function
from infra.stages import Stage

MEMORY = 256


class Watch(Construct):
    """Two functions, and the secret of the customer that they buy as."""

    def __init__(self, scope: Construct, stage: Stage, folder: Path, data: Data, api: Function, url: str) -> None:
        super().__init__(scope, "Watch")
        self.secret = _buyer(self, stage) if stage.trial_email else None
        buyer = {} if self.secret is None else {"TRIAL_SECRET_ID": self.secret.secret_arn}
        reads_buyer = [] if self.secret is None else [_read(self.secret)]
        version = api.function.current_version.function_arn
        self.outside = Function(
            self,
            "watch",
            module="watch",
            stage=stage,
            folder=folder,
            env={"PUBLIC_URL": url, **buyer},
            may=reads_buyer,
            memory=MEMORY,
        )
        self.release = Function(
            self,
            "release-check",
            module="release_check",
            stage=stage,
            folder=folder,
            env={"TRIAL_FUNCTION": version, "ORIGIN_SECRET_ID": data.origin.secret_arn, **buyer},
            may=[
                *reads_buyer,
                _read(data.origin),
                iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[version]),
            ],
            memory=MEMORY,
            seconds=90,
        )
        # Else the version before would be tried.
        api.alias.node.add_dependency(self.release.function)
        role = iam.Role(
            self,
            "ScheduleRole",
            role_name=f"{stage.prefix}-watch-schedule",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            ),
        )
        scheduler.Schedule(
            self,
            "Schedule",
            schedule_name=f"{stage.prefix}-watch",
            description="Tries the shop from outside",
            schedule=scheduler.ScheduleExpression.rate(Duration.minutes(1)),
            target=targets.LambdaInvoke(self.outside.alias, role=role, retry_attempts=0),
        )

    @property
    def all(self) -> list[Function]:
        """Both functions."""
        return [self.outside, self.release]


def _read(secret: secretsmanager.Secret) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[secret.secret_arn])


def _buyer(scope: Construct, stage: Stage) -> secretsmanager.Secret:
    """Make the secret of a customer, with a password for the account that is made by hand (docs/aws.md)."""
    return secretsmanager.Secret(
        scope,
        "Buyer",
        secret_name=f"{stage.prefix}/trial",
        description="The customer and the product with which the shop is tried",
        generate_secret_string=secretsmanager.SecretStringGenerator(
            secret_string_template=json.dumps({"email": stage.trial_email, "sku": stage.trial_sku}),
            generate_string_key="password",
            password_length=32,
            exclude_punctuation=True,
        ),
        removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if stage.keep else RemovalPolicy.DESTROY,
    )
