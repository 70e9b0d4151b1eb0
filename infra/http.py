"""The HTTP API: throttled and logged; the function checks every request."""

from __future__ import annotations

import json
from typing import Final, cast

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.functions import Function, log_group
from infra.stages import Stage
from stockwright.http.headers import ALLOWED_HEADERS, EXPOSED_HEADERS

PATHS: Final = ("/api/{proxy+}", "/.well-known/jwks.json", "/health")
LINE: Final = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "ip": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "route": "$context.routeKey",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "latencyMs": "$context.responseLatency",
    "integrationLatencyMs": "$context.integrationLatency",
    "integrationError": "$context.integrationErrorMessage",
}


class Http(Construct):
    """Every request goes to one function, whichever way it comes in."""

    def __init__(self, scope: Construct, stage: Stage, function: Function) -> None:
        super().__init__(scope, "Http")
        self.api = apigateway.HttpApi(
            self,
            "Api",
            api_name=stage.prefix,
            create_default_stage=False,
            disable_execute_api_endpoint=bool(stage.api_domain),
            cors_preflight=_cors(stage) if stage.cors_origins else None,
        )
        integration = HttpLambdaIntegration("Function", function.alias, scope_permission_to_route=False)
        self.routes = [
            route
            for path in PATHS
            for route in self.api.add_routes(path=path, methods=[apigateway.HttpMethod.ANY], integration=integration)
        ]
        self.log_group = log_group(self, f"/aws/vendedlogs/{stage.prefix}-http", stage)
        self.domain = _domain(self, stage) if stage.api_domain else None
        self.stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=self.api,
            stage_name="$default",
            auto_deploy=True,
            domain_mapping=None if self.domain is None else apigateway.DomainMappingOptions(domain_name=self.domain),
            throttle=apigateway.ThrottleSettings(rate_limit=stage.rate_per_second, burst_limit=stage.burst),
        )
        settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=self.log_group.log_group_arn, format=json.dumps(LINE)
        )
        cast("apigateway.CfnStage", self.stage.node.default_child).access_log_settings = settings

    @property
    def host(self) -> str:
        """Where it answers."""
        if self.domain is not None:
            return self.domain.name
        stack = Stack.of(self)
        return f"{self.api.api_id}.execute-api.{stack.region}.{stack.url_suffix}"


def _domain(scope: Construct, stage: Stage) -> apigateway.DomainName:
    certificate = acm.Certificate.from_certificate_arn(scope, "Certificate", stage.api_certificate)
    return apigateway.DomainName(
        scope,
        "Domain",
        domain_name=stage.api_domain,
        certificate=certificate,
        security_policy=apigateway.SecurityPolicy.TLS_1_2,
    )


def _cors(stage: Stage) -> apigateway.CorsPreflightOptions:
    return apigateway.CorsPreflightOptions(
        allow_origins=list(stage.cors_origins),
        allow_headers=ALLOWED_HEADERS.split(", "),
        allow_methods=[apigateway.CorsHttpMethod.ANY],
        expose_headers=EXPOSED_HEADERS.split(", "),
        max_age=Duration.hours(1),
    )
