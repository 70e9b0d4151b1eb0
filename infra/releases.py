"""New versions of the functions take traffic gradually, and give it back when they fail."""

from __future__ import annotations

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.functions import Function
from infra.handlers import Functions
from infra.stages import Stage

FAILURES_MAX: Final = 3
"""In a minute, of the version that takes its first tenth of the traffic."""


class Releases(Construct):
    """One tenth of the traffic for five minutes, then all of it; on an alarm, back to the version before."""

    def __init__(
        self,
        scope: Construct,
        stage: Stage,
        functions: Functions,
        also: dict[str, list[cloudwatch.Alarm]],
        check: Function | None,
    ) -> None:
        super().__init__(scope, "Releases")
        application = codedeploy.LambdaApplication(self, "Application", application_name=stage.prefix)
        config = (
            codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES
            if stage.gradual
            else codedeploy.LambdaDeploymentConfig.ALL_AT_ONCE
        )
        role = _role(self, stage, functions, check)
        for function in functions.all:
            alarms = [_failures(self, stage, function), *also.get(function.name, [])]
            codedeploy.LambdaDeploymentGroup(
                self,
                function.node.id,
                application=application,
                deployment_group_name=f"{stage.prefix}-{function.name}",
                alias=function.alias,
                deployment_config=config,
                alarms=alarms,
                auto_rollback=codedeploy.AutoRollbackConfig(
                    failed_deployment=True, stopped_deployment=True, deployment_in_alarm=True
                ),
                role=role,
                # It tries the API before any traffic goes to its new version.
                pre_hook=check.function if check is not None and function is functions.api else None,
            )


def _role(scope: Construct, stage: Stage, functions: Functions, check: Function | None) -> iam.IRole:
    """What CodeDeploy may do: less than AWS's managed policy, which has every alarm and bucket in it."""
    role = iam.Role(
        scope,
        "Role",
        role_name=f"{stage.prefix}-releases",
        assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"),
    )
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"],
            resources=[arn for each in functions.all for arn in (each.function.function_arn, each.alias.function_arn)],
        )
    )
    if check is not None:
        role.add_to_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[check.function.function_arn])
        )
    # DescribeAlarms takes no resource.
    role.add_to_policy(iam.PolicyStatement(actions=["cloudwatch:DescribeAlarms"], resources=["*"]))
    return role.without_policy_updates()


def _failures(scope: Construct, stage: Stage, function: Function) -> cloudwatch.Alarm:
    return cloudwatch.Alarm(
        scope,
        f"{function.node.id}Failures",
        alarm_name=f"{stage.prefix}-release-{function.name}",
        alarm_description=f"Stockwright {stage.name}: {function.name} fails while it takes traffic.",
        metric=function.alias.metric_errors(period=Duration.minutes(1), statistic="Sum"),
        threshold=FAILURES_MAX,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluation_periods=1,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
