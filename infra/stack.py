"""The whole stack of one stage."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import CfnOutput, CfnParameter, Environment, Stack, Tags
from aws_cdk import aws_budgets as budgets
from constructs import Construct

from infra.alarms import Alarms
from infra.data import Data
from infra.events import Events
from infra.files import Files
from infra.handlers import Functions
from infra.http import Http
from infra.identity import Identity
from infra.releases import Releases
from infra.stages import Stage
from infra.watch import Watch
from infra.web import Web


class Stockwright(Stack):
    """Everything that one shop needs on AWS."""

    def __init__(self, scope: Construct, stage: Stage, folder: Path, env: Environment | None = None) -> None:
        super().__init__(
            scope,
            stage.prefix,
            stack_name=stage.prefix,
            description=f"Stockwright, stage {stage.name}",
            env=env,
            termination_protection=stage.keep,
        )
        Tags.of(self).add("app", "stockwright")
        Tags.of(self).add("stage", stage.name)
        self.has_firewall = stage.firewall
        self.data = Data(self, stage)
        self.identity = Identity(self, stage)
        self.events = Events(self, stage)
        self.files = Files(self, stage)
        self.functions = Functions(self, stage, folder, self.data, self.identity, self.events, self.files)
        self.http = Http(self, stage, self.functions.api)
        firewall = self._firewall() if stage.firewall else None
        self.web = Web(self, stage, self.http, self.files, self.data.origin, firewall)
        self.functions.set_public_url(self.web.url)
        self.watch = Watch(self, stage, folder, self.data, self.functions.api, self.web.url) if stage.watch else None
        self.all_functions = [*self.functions.all, *(self.watch.all if self.watch else ())]
        self.alarms = Alarms(self, stage, self.data, self.events, self.functions, self.http, self.all_functions)
        self.releases = Releases(
            self, stage, self.functions, {"api": self.alarms.of_releases}, self.watch.release if self.watch else None
        )
        for name, value in {
            "Url": self.web.url,
            "ApiUrl": f"https://{self.http.host}",
            "ApiId": self.http.api.api_id,
            "Bucket": self.web.bucket.bucket_name,
            "DistributionId": self.web.distribution.distribution_id,
            "DistributionDomain": self.web.distribution.distribution_domain_name,
            "FilesBucket": self.files.bucket.bucket_name,
            "Table": self.data.table.table_name,
            "UserPoolId": self.identity.pool.user_pool_id,
            "UserPoolClientId": self.identity.client.user_pool_client_id,
        }.items():
            CfnOutput(self, name, value=value)
        if self.http.domain is not None:
            CfnOutput(self, "ApiDomainTarget", value=self.http.domain.regional_domain_name)
        if stage.budget_usd:
            _budget(self, stage)
        if stage.mail_domain:
            for place, record in enumerate(self.functions.mail.identity.dkim_records, 1):
                CfnOutput(self, f"DkimRecord{place}", value=f"{record.name} CNAME {record.value}")

    def _firewall(self) -> str:
        """Take the ARN of the stage's web ACL, whose stack is in another region (`firewall.py`)."""
        given = CfnParameter(
            self,
            "FirewallArn",
            description="The web ACL of the stack with -firewall behind its name",
            allowed_pattern="arn:aws:wafv2:us-east-1:[0-9]+:global/webacl/.+",
        )
        return given.value_as_string


def _budget(scope: Construct, stage: Stage) -> None:
    """Mail when the month's cost of what bears the stage's tag is at 80 % of the budget, or will be over it."""

    def notice(kind: str, percent: int) -> budgets.CfnBudget.NotificationWithSubscribersProperty:
        return budgets.CfnBudget.NotificationWithSubscribersProperty(
            notification=budgets.CfnBudget.NotificationProperty(
                comparison_operator="GREATER_THAN",
                notification_type=kind,
                threshold=percent,
                threshold_type="PERCENTAGE",
            ),
            subscribers=[
                budgets.CfnBudget.SubscriberProperty(address=email, subscription_type="EMAIL")
                for email in stage.alert_emails
            ],
        )

    budgets.CfnBudget(
        scope,
        "Budget",
        budget=budgets.CfnBudget.BudgetDataProperty(
            budget_name=stage.prefix,
            budget_type="COST",
            time_unit="MONTHLY",
            budget_limit=budgets.CfnBudget.SpendProperty(amount=stage.budget_usd, unit="USD"),
            cost_filters={"TagKeyValue": [f"user:stage${stage.name}"]},
        ),
        notifications_with_subscribers=[notice("ACTUAL", 80), notice("FORECASTED", 100)],
    )
