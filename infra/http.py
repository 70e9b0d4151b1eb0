"""The HTTP API: throttled, logged, with the user pool's authorizer before what only admins may ask."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final, cast

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk.aws_apigatewayv2_authorizers import HttpUserPoolAuthorizer
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.functions import Function, log_group
from infra.identity import Identity
from infra.stages import Stage
from stockwright.http.headers import ALLOWED_HEADERS, EXPOSED_HEADERS
from stockwright.http.route import Route
from stockwright.routes import ROUTES

REST: Final = ("/api/{proxy+}", "/.well-known/jwks.json", "/health")
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
    "authorizerError": "$context.authorizer.error",
    "user": "$context.authorizer.claims.sub",
}


def guarded(routes: Iterable[Route] = ROUTES) -> list[Route]:
    """Choose the routes with the authorizer: those that admins alone may ask.

    It knows nothing but the pool's tokens. So it cannot stand before what is public, nor before what
    takes API keys; and it answers in API Gateway's words, not in the API's envelope, so customers'
    routes keep the API's own check, which every request passes in any case.
    """
    return [route for route in routes if route.who == "admin" and not route.scopes and not route.loopback_too]


def overlaid(routes: Iterable[Route] = ROUTES) -> list[Route]:
    """Choose the other routes whose path a guarded one's pattern takes in (`/users/me`, `/users/{id}`).

    Each needs a key of its own, which API Gateway prefers; the rest of the API's key comes last there.
    """
    routes = list(routes)
    behind = guarded(routes)
    return [
        route
        for route in routes
        if not any(route is each for each in behind)
        and any(route.method == each.method and takes_in(each.full_path, route.full_path) for each in behind)
    ]


def takes_in(pattern: str, path: str) -> bool:
    """Return whether a pattern fits all that a path (or another pattern) matches."""
    wanted, given = pattern.split("/"), path.split("/")
    pairs = zip(wanted, given, strict=False)
    return len(wanted) == len(given) and all(one == other or one.startswith("{") for one, other in pairs)


class Http(Construct):
    """Every request goes to one function, whichever way it comes in."""

    def __init__(self, scope: Construct, stage: Stage, function: Function, identity: Identity) -> None:
        super().__init__(scope, "Http")
        self.api = apigateway.HttpApi(
            self,
            "Api",
            api_name=stage.prefix,
            create_default_stage=False,
            cors_preflight=_cors(stage) if stage.cors_origins else None,
        )
        integration = HttpLambdaIntegration("Function", function.alias, scope_permission_to_route=False)
        methods = apigateway.HttpMethod
        unguarded = [(path, methods.ANY) for path in REST]
        unguarded += [(route.full_path, methods[route.method]) for route in overlaid()]
        self.open_routes = [
            route
            for path, method in unguarded
            for route in self.api.add_routes(path=path, methods=[method], integration=integration)
        ]
        authorizer = HttpUserPoolAuthorizer(
            "Authorizer", identity.pool, user_pool_clients=[identity.client], authorizer_name="people"
        )
        for route in guarded():
            self.api.add_routes(
                path=route.full_path,
                methods=[methods[route.method]],
                integration=integration,
                authorizer=authorizer,
            )
        self.log_group = log_group(self, f"/aws/vendedlogs/{stage.prefix}-http", stage)
        self.stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=self.api,
            stage_name="$default",
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=stage.rate_per_second, burst_limit=stage.burst),
        )
        settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=self.log_group.log_group_arn, format=json.dumps(LINE)
        )
        cast("apigateway.CfnStage", self.stage.node.default_child).access_log_settings = settings

    @property
    def host(self) -> str:
        """Where it answers."""
        stack = Stack.of(self)
        return f"{self.api.api_id}.execute-api.{stack.region}.{stack.url_suffix}"


def _cors(stage: Stage) -> apigateway.CorsPreflightOptions:
    return apigateway.CorsPreflightOptions(
        allow_origins=list(stage.cors_origins),
        allow_headers=ALLOWED_HEADERS.split(", "),
        allow_methods=[apigateway.CorsHttpMethod.ANY],
        expose_headers=EXPOSED_HEADERS.split(", "),
        max_age=Duration.hours(1),
    )
