"""Settings of a stage that change what it is made of: names, budget, warm starts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from infra.stages import load_stages

from tests import needs
from tests.infra.conftest import Template

FULL: dict[str, Any] = {
    "name": "full",
    "web_domain": "shop.example",
    "web_certificate": "arn:aws:acm:us-east-1:123456789012:certificate/web",
    "api_domain": "api.shop.example",
    "api_certificate": "arn:aws:acm:eu-central-1:123456789012:certificate/api",
    "budget_usd": 200,
    "alert_emails": ("me@shop.example",),
    "log_requests_percent": 10,
    "api_concurrency": 200,
    "snapstart": True,
    "trial_email": "trial@shop.example",
    "trial_sku": "TRIAL-1",
}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A stage with everything switched on; the review has nothing to say about it either."""
    needs.program("node")
    from infra.app import synthesize

    folder = tmp_path_factory.mktemp("full")
    code = folder / "code"
    code.mkdir()
    (code / "nothing.py").touch()
    out = synthesize(code, folder / "out", replace(load_stages()["prod"], **FULL))
    return Template.read(out / "stockwright-full.template.json")


def test_the_shop_and_the_api_have_names_of_their_own(full: Template) -> None:
    [distribution] = full.of("CloudFront::Distribution").values()
    config = distribution["DistributionConfig"]
    assert config["Aliases"] == ["shop.example"]
    assert config["ViewerCertificate"]["AcmCertificateArn"] == FULL["web_certificate"]
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    [api] = full.of("ApiGatewayV2::Api").values()
    assert api["DisableExecuteApiEndpoint"] is True
    [(domain, properties)] = full.of("ApiGatewayV2::DomainName").items()
    assert properties["DomainName"] == "api.shop.example"
    assert properties["DomainNameConfigurations"][0]["CertificateArn"] == FULL["api_certificate"]
    [mapping] = full.of("ApiGatewayV2::ApiMapping").values()
    assert mapping["DomainName"] == {"Ref": domain}
    [origin] = [each for each in config["Origins"] if "CustomOriginConfig" in each]
    assert origin["DomainName"] in ({"Ref": domain}, "api.shop.example")
    urls = {
        each["Environment"]["Variables"].get("STOCKWRIGHT_PUBLIC_URL") for each in full.of("Lambda::Function").values()
    }
    assert urls - {None} == {"https://shop.example"}


def test_a_budget_mails_before_it_is_used_up(full: Template) -> None:
    [budget] = full.of("Budgets::Budget").values()
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 200, "Unit": "USD"}
    assert budget["Budget"]["CostFilters"] == {"TagKeyValue": ["user:stage$full"]}
    found = {
        (each["Notification"]["NotificationType"], each["Notification"]["Threshold"], each["Subscribers"][0]["Address"])
        for each in budget["NotificationsWithSubscribers"]
    }
    assert found == {("ACTUAL", 80, "me@shop.example"), ("FORECASTED", 100, "me@shop.example")}


def test_the_api_alone_is_kept_warm_and_has_its_concurrency(full: Template) -> None:
    for each in full.of("Lambda::Function").values():
        is_api = each["FunctionName"] == "stockwright-full-api"
        assert ("SnapStart" in each, "ReservedConcurrentExecutions" in each) == (is_api, is_api)
        if is_api:
            assert each["SnapStart"] == {"ApplyOn": "PublishedVersions"}
            assert each["Environment"]["Variables"]["STOCKWRIGHT_LOG_REQUESTS_PERCENT"] == "10"


def test_the_trials_have_a_buyer(full: Template) -> None:
    [secret] = [each for each in full.of("SecretsManager::Secret").values() if each["Name"].endswith("/trial")]
    made = secret["GenerateSecretString"]
    assert json.loads(made["SecretStringTemplate"]) == {"email": "trial@shop.example", "sku": "TRIAL-1"}
    assert made["GenerateStringKey"] == "password"
    with_buyer = {
        each["FunctionName"]
        for each in full.of("Lambda::Function").values()
        if "STOCKWRIGHT_TRIAL_SECRET_ID" in each["Environment"]["Variables"]
    }
    assert with_buyer == {"stockwright-full-watch", "stockwright-full-release-check"}


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"web_domain": "shop.example"}, "web_domain and web_certificate of dev go together"),
        ({"api_certificate": "arn:aws:acm:eu:1:certificate/x"}, "api_domain and api_certificate of dev go together"),
        ({"snapstart": True, "provisioned": 2}, "snapstart and provisioned of dev exclude each other"),
        ({"budget_usd": 20}, "budget_usd of dev needs alert_emails"),
    ],
)
def test_settings_that_do_not_go_together_stop_the_deployment(changed: dict[str, Any], wrong: str) -> None:
    with pytest.raises(SystemExit, match=wrong):
        replace(load_stages()["dev"], **changed)
