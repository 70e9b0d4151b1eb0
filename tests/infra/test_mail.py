"""The sender of mails, what SES reports, and how much of a burst goes out at once."""

from __future__ import annotations

import json

from stockwright.handlers import REACTIONS
from tests.infra.conftest import Template


def test_mails_are_signed_for_the_domain_and_reported_by_the_configuration_set(prod: Template) -> None:
    [identity] = prod.of("SES::EmailIdentity").values()
    assert identity["EmailIdentity"] == "example.com"
    assert identity["MailFromAttributes"]["MailFromDomain"] == "bounce.example.com"
    assert identity.get("DkimAttributes", {}).get("SigningEnabled", True) is True
    [(name, configured)] = prod.of("SES::ConfigurationSet").items()
    assert identity["ConfigurationSetAttributes"] == {"ConfigurationSetName": {"Ref": name}}
    assert configured["SuppressionOptions"] == {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]}
    outputs = json.loads(prod.file.read_text())["Outputs"]
    assert {f"DkimRecord{place}" for place in (1, 2, 3)} <= set(outputs)
    for function in prod.of("Lambda::Function").values():
        variables = function["Environment"]["Variables"]
        if "STOCKWRIGHT_MAIL" in variables:
            assert variables["STOCKWRIGHT_MAIL_CONFIGURATION_SET"] == "stockwright-prod"


def test_bounces_and_complaints_reach_the_function_that_blocks_addresses(prod: Template) -> None:
    [destination] = prod.of("SES::ConfigurationSetEventDestination").values()
    assert destination["EventDestination"]["MatchingEventTypes"] == ["bounce", "complaint"]
    topic = destination["EventDestination"]["SnsDestination"]["TopicARN"]["Ref"]
    queues = {each["QueueName"]: name for name, each in prod.of("SQS::Queue").items()}
    arn = {"Fn::GetAtt": [queues["stockwright-prod-mail-feedback"], "Arn"]}
    [subscribed] = [each for each in prod.of("SNS::Subscription").values() if each["TopicArn"] == {"Ref": topic}]
    assert (subscribed["Endpoint"], subscribed["RawMessageDelivery"]) == (arn, True)
    [source] = [each for each in prod.of("Lambda::EventSourceMapping").values() if each["EventSourceArn"] == arn]
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_burst_waits_in_the_queues_and_leaves_the_api_its_concurrency(prod: Template) -> None:
    bounds = [
        each["ScalingConfig"]["MaximumConcurrency"]
        for each in prod.of("Lambda::EventSourceMapping").values()
        if "ScalingConfig" in each
    ]
    # Each handler's queue, and the feedback's; the dead letters' queues have none, since they must never wait.
    assert len(bounds) == len(REACTIONS) + 1
    assert max(bounds) == 10
    assert sum(bounds) < 100
