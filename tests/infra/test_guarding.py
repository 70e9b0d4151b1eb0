"""CloudFront as the only way in: the firewall before it, the secret behind it, the client's address."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stockwright.cloud.origin import ADDRESS_HEADER, SECRET_HEADER
from stockwright.routes import ROUTES
from tests import needs
from tests.infra.conftest import ROOT, Template


def rules(firewall: Template) -> dict[str, dict[str, Any]]:
    [acl] = firewall.of("WAFv2::WebACL").values()
    return {each["Name"]: each for each in acl["Rules"]}


def test_cfn_lint_has_nothing_to_say_about_the_firewall(firewall: Template) -> None:
    program = [str(ROOT / ".venv/bin/cfn-lint"), "--regions", "us-east-1", "--", str(firewall.file)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_firewall_limits_each_address_on_every_guarded_route(firewall: Template) -> None:
    [acl] = firewall.of("WAFv2::WebACL").values()
    assert acl["Scope"] == "CLOUDFRONT"
    found = rules(firewall)
    patterns: dict[str, Any] = {}
    for name in ("sign-in", "sign-up", "reset"):
        rate = found[f"rate-{name}"]["Statement"]["RateBasedStatement"]
        assert (rate["AggregateKeyType"], rate["EvaluationWindowSec"]) == ("IP", 300)
        method, path = rate["ScopeDownStatement"]["AndStatement"]["Statements"]
        assert method["ByteMatchStatement"]["SearchString"] == "POST"
        patterns[name] = path["RegexMatchStatement"]["RegexString"]
    # Each route that the API's tighter limit counts stands in one pattern, and no other route does.
    for route in ROUTES:
        hits = [name for name, pattern in patterns.items() if re.search(pattern, route.full_path)]
        wanted = route.limit == "sign-in" or any(
            each.limit == "sign-in" and each.full_path == route.full_path for each in ROUTES
        )
        assert len(hits) == wanted, route.full_path
    assert re.search(patterns["sign-up"], "/api/signup/")
    assert re.search(patterns["sign-in"], "/api/auth/login")
    assert re.search(patterns["reset"], "/api/password/forgot")
    overall = found["rate-overall"]["Statement"]["RateBasedStatement"]
    assert (overall["Limit"], overall["AggregateKeyType"], "ScopeDownStatement" in overall) == (10_000, "IP", False)


def test_an_address_over_its_limit_gets_the_answer_of_the_api(firewall: Template) -> None:
    [acl] = firewall.of("WAFv2::WebACL").values()
    body = json.loads(acl["CustomResponseBodies"]["limited"]["Content"])
    assert (body["success"], body["error"]["code"]) == (False, "RATE_LIMITED")
    for name, rule in rules(firewall).items():
        if name.startswith("rate-"):
            response = rule["Action"]["Block"]["CustomResponse"]
            assert (response["ResponseCode"], response["CustomResponseBodyKey"]) == (429, "limited")


def test_the_managed_rules_let_imports_pictures_and_partners_through(firewall: Template) -> None:
    groups = {
        name: rule["Statement"]["ManagedRuleGroupStatement"]
        for name, rule in rules(firewall).items()
        if "ManagedRuleGroupStatement" in rule["Statement"]
    }
    assert set(groups) == {
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesAmazonIpReputationList",
    }
    counted = {each["Name"] for each in groups["AWSManagedRulesCommonRuleSet"]["RuleActionOverrides"]}
    assert {"SizeRestrictions_BODY", "CrossSiteScripting_BODY", "NoUserAgent_HEADER"} == counted
    assert all(rules(firewall)[name]["OverrideAction"] == {"None": {}} for name in groups)


def test_the_distribution_needs_the_firewall_and_sends_the_secret(prod: Template) -> None:
    template = json.loads(prod.file.read_text())
    [distribution] = prod.of("CloudFront::Distribution").values()
    assert distribution["DistributionConfig"]["WebACLId"] == {"Ref": "FirewallArn"}
    # Without a default, a deployment that forgets it fails.
    assert "Default" not in template["Parameters"]["FirewallArn"]
    [origin] = [each for each in distribution["DistributionConfig"]["Origins"] if "CustomOriginConfig" in each]
    [header] = origin["OriginCustomHeaders"]
    assert header["HeaderName"] == SECRET_HEADER
    assert "{{resolve:secretsmanager:" in json.dumps(header["HeaderValue"])
    [api] = [each for each in prod.of("Lambda::Function").values() if each["FunctionName"].endswith("-api")]
    variables = api["Environment"]["Variables"]
    [secret] = [name for name, each in prod.of("SecretsManager::Secret").items() if each["Name"].endswith("/origin")]
    assert variables["STOCKWRIGHT_ORIGIN_SECRET_ID"] == {"Ref": secret}
    assert secret in json.dumps(header["HeaderValue"])
    assert "STOCKWRIGHT_RATE_LIMIT" not in variables


def test_every_request_of_the_api_carries_the_address_that_cloudfront_saw(prod: Template, tmp_path: Path) -> None:
    [distribution] = prod.of("CloudFront::Distribution").values()
    functions = prod.of("CloudFront::Function")
    behaviors = distribution["DistributionConfig"]["CacheBehaviors"]
    for behavior in [each for each in behaviors if each["PathPattern"] != "/media/*"]:
        [before] = behavior["FunctionAssociations"]
        assert before["EventType"] == "viewer-request"
        code = functions[before["FunctionARN"]["Fn::GetAtt"][0]]["FunctionCode"]
        event = {"viewer": {"ip": "203.0.113.9"}, "request": {"headers": {ADDRESS_HEADER: {"value": "10.0.0.1"}}}}
        script = tmp_path / "function.js"
        script.write_text(f"{code}\nconsole.log(JSON.stringify(handler({json.dumps(event)})));", encoding="utf-8")
        done = subprocess.run([needs.program("node"), str(script)], capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["headers"] == {ADDRESS_HEADER: {"value": "203.0.113.9"}}


def test_no_route_of_the_gateway_answers_for_the_api(prod: Template) -> None:
    """An authorizer of the gateway would refuse in the gateway's own words."""
    routes = {each["RouteKey"]: each for each in prod.of("ApiGatewayV2::Route").values()}
    assert set(routes) == {"ANY /api/{proxy+}", "ANY /.well-known/jwks.json", "ANY /health"}
    assert {each["AuthorizationType"] for each in routes.values()} == {"NONE"}


CDK = """
import json, sys
stack, outputs = sys.argv[2], sys.argv[sys.argv.index("--outputs-file") + 1]
if stack == "stockwright-broken-firewall":
    sys.exit(7)
with open(outputs, "w") as file:
    json.dump({stack: {"AclArn": "arn:of-" + stack}}, file)
with open(sys.argv[0] + ".log", "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
"""


def test_the_firewall_is_deployed_first_and_its_arn_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from infra.stages import load_stages

    from infra import rollout

    monkeypatch.setattr(rollout, "OUTPUTS", tmp_path / "outputs.json")
    monkeypatch.setattr(rollout, "FIREWALL", tmp_path / "firewall.json")
    cdk = tmp_path / "cdk.py"
    cdk.write_text(CDK.replace("\\\\n", "\\n"), encoding="utf-8")
    program = [sys.executable, str(cdk)]
    ready = replace(load_stages()["prod"], mail_from="shop@shop.example", alert_emails=("me@shop.example",))
    rollout.roll_out(ready, program, ["--yes"])
    rollout.roll_out(replace(ready, name="bare", firewall=False), program, [])
    calls = [json.loads(line) for line in Path(f"{cdk}.log").read_text().splitlines()]
    assert [each[1] for each in calls] == ["stockwright-prod-firewall", "stockwright-prod", "stockwright-bare"]
    assert calls[1][4:] == [
        "--parameters", "stockwright-prod:FirewallArn=arn:of-stockwright-prod-firewall", "--yes",
    ]  # fmt: skip
    assert "--parameters" not in calls[2]
    with pytest.raises(SystemExit, match="7"):
        rollout.roll_out(replace(ready, name="broken"), program, [])


def test_a_stage_without_recipients_of_alarms_is_not_deployed() -> None:
    from infra.rollout import check_ready
    from infra.stages import load_stages

    with pytest.raises(SystemExit, match=r"stage prod, still needs mail_from: .* and alert_emails"):
        check_ready(load_stages()["prod"])
    check_ready(load_stages()["dev"])
