"""A function: its role, its log group, and the alias that traffic goes to."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.stages import Stage

RETENTION = {
    1: logs.RetentionDays.ONE_DAY,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}


class Function(Construct):
    """One function of `stockwright.cloud`, which may do what its statements say and nothing more."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        module: str,
        stage: Stage,
        folder: Path,
        env: Mapping[str, str],
        may: Sequence[iam.PolicyStatement],
        seconds: int = 30,
        memory: int = 512,
        concurrency: int = 0,
        snapstart: bool = False,
        provisioned: int = 0,
    ) -> None:
        super().__init__(scope, "".join(word.capitalize() for word in name.split("-")))
        self.name = name
        full_name = f"{stage.prefix}-{name}"
        self.log_group = log_group(self, f"/aws/lambda/{full_name}", stage)
        self.role = iam.Role(
            self,
            "Role",
            role_name=full_name,
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What the function {full_name} may do",
        )
        self.log_group.grant_write(self.role)
        for statement in may:
            self.role.add_to_policy(statement)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=full_name,
            # A new word makes new versions of what is otherwise the same, which start fresh (docs/aws.md).
            description=f"{full_name} {os.environ.get('REVISION', '')}".strip(),
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"stockwright.cloud.{module}.handler",
            code=lambda_.Code.from_asset(str(folder)),
            role=self.role,
            log_group=self.log_group,
            timeout=Duration.seconds(seconds),
            memory_size=memory,
            reserved_concurrent_executions=concurrency or None,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if snapstart else None,
            tracing=lambda_.Tracing.ACTIVE,
            environment={
                "POWERTOOLS_SERVICE_NAME": stage.prefix,
                **{f"STOCKWRIGHT_{key}": value for key, value in env.items() if value},
            },
        )
        self.alias = lambda_.Alias(
            self,
            "Live",
            alias_name="live",
            version=self.function.current_version,
            provisioned_concurrent_executions=provisioned or None,
        )


def log_group(scope: Construct, name: str, stage: Stage) -> logs.LogGroup:
    """Make a log group that forgets."""
    if stage.log_days not in RETENTION:
        raise SystemExit(
            f"infra/stages.toml: log_days of {stage.name} must be one of {', '.join(map(str, RETENTION))}."
        )
    return logs.LogGroup(
        scope,
        "Log",
        log_group_name=name,
        retention=RETENTION[stage.log_days],
        removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if stage.keep else RemovalPolicy.DESTROY,
    )
