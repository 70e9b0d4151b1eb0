"""The web application firewall (WAF) before CloudFront: limits per address, and AWS's managed rules.

CloudFront takes a web ACL of us-east-1 only, so it is a stack of its own there; `make deploy` deploys it first and
passes its ARN on as a parameter of the stage's stack. WAF counts addresses over five minutes, about ten seconds late,
and stops a flood before it costs anything; the API's own limits (`http/limits.py`) are exact and know accounts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from aws_cdk import CfnOutput, Environment, Stack, Tags
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from infra.stages import Stage
from stockwright.http.route import Route
from stockwright.routes import ROUTES

REGION: Final = "us-east-1"
WINDOW_SECONDS: Final = 300
OVERALL_MAX: Final = 10_000
"""Requests of an address in a window: what the API itself lets a signed-in client do in three minutes."""
GUARDED_MAX: Final = {"sign-in": 100, "sign-up": 50, "reset": 50}
"""Requests of an address in a window to the routes of each group."""
PATTERN_MAX: Final = 512
COUNTED_ONLY: Final = {
    # Product descriptions are HTML, imports and pictures are large, and partners' programs send no User-Agent.
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY", "CrossSiteScripting_BODY", "NoUserAgent_HEADER"),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    "AWSManagedRulesAmazonIpReputationList": (),
}
"""AWS's managed groups, with their rules that block nothing here."""
REFUSAL: Final = {
    "success": False,
    "error": {"code": "RATE_LIMITED", "message": "Too many requests; please slow down"},
}


class Firewall(Stack):
    """One web ACL, for one stage's distribution."""

    def __init__(self, scope: Construct, stage: Stage, account: str | None = None) -> None:
        super().__init__(
            scope,
            f"{stage.prefix}-firewall",
            stack_name=f"{stage.prefix}-firewall",
            description=f"Stockwright, stage {stage.name}: the firewall before CloudFront",
            env=Environment(account=account, region=REGION),
            termination_protection=stage.keep,
        )
        Tags.of(self).add("app", "stockwright")
        Tags.of(self).add("stage", stage.name)
        groups = grouped()
        rules = [
            *(_limit(name, most, _at(groups[name])) for name, most in GUARDED_MAX.items()),
            _limit("overall", OVERALL_MAX, None),
            *(_managed(name, counted) for name, counted in COUNTED_ONLY.items()),
        ]
        acl = waf.CfnWebACL(
            self,
            "Acl",
            name=stage.prefix,
            scope="CLOUDFRONT",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_seen(stage.prefix),
            custom_response_bodies={
                "limited": waf.CfnWebACL.CustomResponseBodyProperty(
                    content=json.dumps(REFUSAL), content_type="APPLICATION_JSON"
                )
            },
            rules=[
                waf.CfnWebACL.RuleProperty(
                    name=name,
                    priority=priority,
                    statement=statement,
                    visibility_config=_seen(f"{stage.prefix}-{name}"),
                    **how,
                )
                for priority, (name, statement, how) in enumerate(rules)
            ],
        )
        CfnOutput(self, "AclArn", value=acl.attr_arn)


def grouped(routes: Iterable[Route] = ROUTES) -> dict[str, list[str]]:
    """Sort the routes that the API's tighter limit counts: what mails a code to reset, what signs up, the rest."""
    found: dict[str, list[str]] = {name: [] for name in GUARDED_MAX}
    for route in routes:
        if route.limit == "sign-in":
            reset = route.path.startswith("/password/")
            signs_up = route.mails or route.path.startswith("/signup")
            found["reset" if reset else "sign-up" if signs_up else "sign-in"].append(route.full_path)
    return found


def pattern_of(paths: Iterable[str]) -> str:
    """Write paths as one regular expression."""
    written = f"^({'|'.join(map(re.escape, sorted(set(paths))))})/?$"
    if len(written) > PATTERN_MAX:
        raise SystemExit(f"infra/firewall.py: WAF takes at most {PATTERN_MAX} letters of a pattern: {written}")
    return written


Rule = tuple[str, waf.CfnWebACL.StatementProperty, dict[str, Any]]


def _at(paths: Iterable[str]) -> waf.CfnWebACL.StatementProperty:
    """Choose the POSTs to these paths, however they are written."""
    field = waf.CfnWebACL.FieldToMatchProperty
    path = waf.CfnWebACL.RegexMatchStatementProperty(
        field_to_match=field(uri_path={}),
        regex_string=pattern_of(paths),
        text_transformations=[
            waf.CfnWebACL.TextTransformationProperty(priority=place, type=kind)
            for place, kind in enumerate(("URL_DECODE", "NORMALIZE_PATH"))
        ],
    )
    method = waf.CfnWebACL.ByteMatchStatementProperty(
        field_to_match=field(method={}),
        positional_constraint="EXACTLY",
        search_string="POST",
        text_transformations=[waf.CfnWebACL.TextTransformationProperty(priority=0, type="NONE")],
    )
    statement = waf.CfnWebACL.StatementProperty
    both = [statement(byte_match_statement=method), statement(regex_match_statement=path)]
    return statement(and_statement=waf.CfnWebACL.AndStatementProperty(statements=both))


def _limit(name: str, most: int, only: waf.CfnWebACL.StatementProperty | None) -> Rule:
    rate = waf.CfnWebACL.RateBasedStatementProperty(
        aggregate_key_type="IP", limit=most, evaluation_window_sec=WINDOW_SECONDS, scope_down_statement=only
    )
    response = waf.CfnWebACL.CustomResponseProperty(
        response_code=429,
        custom_response_body_key="limited",
        response_headers=[waf.CfnWebACL.CustomHTTPHeaderProperty(name="retry-after", value="60")],
    )
    block = waf.CfnWebACL.BlockActionProperty(custom_response=response)
    statement = waf.CfnWebACL.StatementProperty(rate_based_statement=rate)
    return f"rate-{name}", statement, {"action": waf.CfnWebACL.RuleActionProperty(block=block)}


def _managed(name: str, counted: Iterable[str]) -> Rule:
    group = waf.CfnWebACL.ManagedRuleGroupStatementProperty(
        vendor_name="AWS",
        name=name,
        rule_action_overrides=[
            waf.CfnWebACL.RuleActionOverrideProperty(
                name=each, action_to_use=waf.CfnWebACL.RuleActionProperty(count={})
            )
            for each in counted
        ],
    )
    statement = waf.CfnWebACL.StatementProperty(managed_rule_group_statement=group)
    return name, statement, {"override_action": waf.CfnWebACL.OverrideActionProperty(none={})}


def _seen(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )
