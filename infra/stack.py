"""The whole stack of one stage."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import CfnOutput, CfnParameter, Environment, Stack, Tags
from constructs import Construct

from infra.alarms import Alarms
from infra.data import Data
from infra.events import Events
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
        self.functions = Functions(self, stage, folder, self.data, self.identity, self.events)
        self.http = Http(self, stage, self.functions.api)
        self.web = Web(self, stage, self.http, self.data.origin, self._firewall() if stage.firewall else None)
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
            "Table": self.data.table.table_name,
            "UserPoolId": self.identity.pool.user_pool_id,
            "UserPoolClientId": self.identity.client.user_pool_client_id,
        }.items():
            CfnOutput(self, name, value=value)

    def _firewall(self) -> str:
        """Take the ARN of the stage's web ACL, whose stack is in another region (`firewall.py`)."""
        given = CfnParameter(
            self,
            "FirewallArn",
            description="The web ACL of the stack with -firewall behind its name",
            allowed_pattern="arn:aws:wafv2:us-east-1:[0-9]+:global/webacl/.+",
        )
        return given.value_as_string
