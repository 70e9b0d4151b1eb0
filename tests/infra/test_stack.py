"""What the stack is made of. The CDK starts Node where it is imported, so each test imports what it needs of it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatch
from typing import Any

import pytest
from infra.stages import load_stages

from stockwright.cloud.metrics import NAMESPACE, count
from stockwright.cloud.routing import SOURCE, names_handled_by
from stockwright.handlers import REACTIONS
from stockwright.http.pages import PAGE_HEADERS
from stockwright.http.route import PUBLIC_SECONDS
from stockwright.routes import ROUTES
from stockwright.store.dynamodb.table import table_definition
from tests import needs
from tests.infra.conftest import ROOT, Template

# What AWS lets nobody narrow: the actions that take no resource.
WITHOUT_RESOURCE = {
    "cloudwatch:DescribeAlarms",
    "dynamodb:ListStreams",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every role's policies, with the policy's logical id."""
    for name, policy in template.of("IAM::Policy").items():
        for statement in policy["PolicyDocument"]["Statement"]:
            yield name, statement
    for name, role in template.of("IAM::Role").items():
        assert "ManagedPolicyArns" not in role, name
        for policy in role.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement


def role_of(template: Template, function: str) -> set[str]:
    """The actions that a function's role allows."""
    [role] = [
        name
        for name, role in template.of("IAM::Role").items()
        if role.get("RoleName") == f"stockwright-prod-{function}"
    ]
    return {
        action
        for policy in template.of("IAM::Policy").values()
        if {"Ref": role} in policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in as_list(statement["Action"])
    }


def functions(template: Template) -> dict[str, dict[str, Any]]:
    """The functions by their short name."""
    return {
        each["FunctionName"].removeprefix("stockwright-prod-"): each
        for each in template.of("Lambda::Function").values()
    }


def alarms_on(template: Template, metric: str) -> set[str]:
    """The names of what alarms watch by a metric: the values of their dimensions."""
    return {
        json.dumps(dimension["Value"])
        for alarm in template.of("CloudWatch::Alarm").values()
        if alarm.get("MetricName") == metric
        for dimension in alarm["Dimensions"]
    }


def test_cfn_lint_has_nothing_to_say(prod: Template) -> None:
    # W3005 wants no DependsOn where a Ref says the same; the CDK writes both.
    program = [str(ROOT / ".venv/bin/cfn-lint"), "--ignore-checks", "W3005", "--", str(prod.file)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_table_matches_the_definition_of_the_engine(prod: Template) -> None:
    [table] = prod.of("DynamoDB::Table").values()
    defined = table_definition("any")
    assert table["KeySchema"] == defined["KeySchema"]
    assert table["BillingMode"] == defined["BillingMode"]
    kinds = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    assert kinds == {each["AttributeName"]: each["AttributeType"] for each in defined["AttributeDefinitions"]}
    assert table["GlobalSecondaryIndexes"] == defined["GlobalSecondaryIndexes"]
    assert table["StreamSpecification"]["StreamViewType"] == defined["StreamSpecification"]["StreamViewType"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


def test_the_table_has_backups_and_is_encrypted(prod: Template) -> None:
    [(name, table)] = prod.of("DynamoDB::Table").items()
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["DeletionProtectionEnabled"] is True
    assert prod.resources[name]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_retained_resources_survive_removal_and_do_not_block_a_failed_first_deployment(prod: Template) -> None:
    retained = {"DynamoDB::Table", "Cognito::UserPool", "Logs::LogGroup", "S3::Bucket", "SecretsManager::Secret"}
    for name, each in prod.resources.items():
        if each["Type"].removeprefix("AWS::") in retained:
            assert (each["DeletionPolicy"], each["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain"), name
        else:
            assert each.get("DeletionPolicy", "Delete") == "Delete", name


def test_each_handler_has_a_rule_a_queue_and_a_dead_letter_queue(prod: Template) -> None:
    from infra.events import DLQ_RETENTION, RECEIVES_MAX, RETENTION, VISIBILITY

    queues = {each["QueueName"]: (name, each) for name, each in prod.of("SQS::Queue").items()}
    rules = {each["Name"]: each for each in prod.of("Events::Rule").values()}
    for reaction in REACTIONS:
        name = f"stockwright-prod-{reaction.name}"
        queue_id, queue = queues.pop(name)
        dlq_id, dlq = queues.pop(f"{name}-dlq")
        assert queue["RedrivePolicy"] == {
            "deadLetterTargetArn": {"Fn::GetAtt": [dlq_id, "Arn"]},
            "maxReceiveCount": RECEIVES_MAX,
        }
        assert queue["VisibilityTimeout"] == VISIBILITY.to_seconds() == 180
        assert queue["MessageRetentionPeriod"] == RETENTION.to_seconds() == 4 * 86_400
        assert dlq["MessageRetentionPeriod"] == DLQ_RETENTION.to_seconds() == 14 * 86_400
        rule = rules.pop(name)
        assert rule["EventPattern"] == {"source": [SOURCE], "detail-type": names_handled_by(reaction)}
        [target] = rule["Targets"]
        assert target["Arn"] == {"Fn::GetAtt": [queue_id, "Arn"]}
        assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [dlq_id, "Arn"]}}
        assert "InputTransformer" not in target
    # No queue is left but the stream's own dead letters.
    assert {name.removeprefix("stockwright-prod-") for name in queues} == {
        "stream-dlq", "mail-feedback", "mail-feedback-dlq",
    }  # fmt: skip
    assert not rules


def test_each_queue_is_encrypted_and_has_an_alarm(prod: Template) -> None:
    old, full = (
        alarms_on(prod, "ApproximateAgeOfOldestMessage"),
        alarms_on(prod, "ApproximateNumberOfMessagesVisible"),
    )
    for name, queue in prod.of("SQS::Queue").items():
        assert queue["SqsManagedSseEnabled"] is True
        watched = old if "RedrivePolicy" in queue else full
        assert json.dumps({"Fn::GetAtt": [name, "QueueName"]}) in watched, name


def test_each_queue_invokes_one_function_that_reports_failed_messages(prod: Template) -> None:
    sources = list(prod.of("Lambda::EventSourceMapping").values())
    arns = [json.dumps(each["EventSourceArn"]) for each in sources]
    for name, queue in prod.of("SQS::Queue").items():
        # What SES reported and could not be recorded waits for somebody, with an alarm.
        if queue["QueueName"].endswith("mail-feedback-dlq"):
            continue
        assert arns.count(json.dumps({"Fn::GetAtt": [name, "Arn"]})) == 1, name
    assert all(each["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for each in sources)
    [stream] = [each for each in sources if "StartingPosition" in each]
    assert stream["BisectBatchOnFunctionError"] is True
    assert stream["MaximumRetryAttempts"] == 10
    assert "Destination" in stream["DestinationConfig"]["OnFailure"]


def test_the_visibility_timeout_of_a_queue_is_six_times_its_functions_timeout(prod: Template) -> None:
    from infra.events import VISIBILITY

    for name, function in functions(prod).items():
        if name in {"release-check", "sweep"}:
            # CodeDeploy calls the one, the schedule the other, and no queue.
            continue
        assert function["Timeout"] * 6 <= VISIBILITY.to_seconds(), name


def test_no_role_has_more_permissions_than_it_needs(prod: Template) -> None:
    for policy, statement in statements(prod):
        actions = as_list(statement["Action"])
        assert statement["Effect"] == "Allow"
        assert "NotAction" not in statement
        assert not [action for action in actions if "*" in action], policy
        if as_list(statement["Resource"]) == ["*"]:
            assert set(actions) <= WITHOUT_RESOURCE, policy
        elif actions == ["ses:SendEmail"]:
            # In SES's sandbox the receiver's identity is asked for as well: narrow is as whom a mail leaves.
            assert statement["Condition"] == {"StringEquals": {"ses:FromAddress": load_stages()["prod"].sender}}
            ours, identity = sorted(map(json.dumps, statement["Resource"]), key=lambda each: "identity" in each)
            assert identity.endswith(':identity/*"]]}')
            assert ours.endswith(':configuration-set/stockwright-prod"]]}')
        elif all(each.startswith("s3:") and each.endswith("Object") for each in actions):
            # The files of one bucket.
            assert json.dumps(statement["Resource"]).endswith('"Arn"]}, "/*"]]}')
        else:
            assert "*" not in json.dumps(statement["Resource"]).replace(':live:*"', ""), policy


def test_each_function_has_a_role_of_its_own(prod: Template) -> None:
    roles = [json.dumps(each["Role"]) for each in prod.of("Lambda::Function").values()]
    assert len(roles) == len(set(roles)) == 7 + len(REACTIONS)


@pytest.mark.parametrize(
    ("action", "who"),
    [
        ("ses:SendEmail", {"order-confirmation", "order-mail", "account-mail", "notification-resend"}),
        ("sns:Publish", {"order-topic", "stock-alert", "operations-alert", "notification-resend"}),
        ("secretsmanager:GetSecretValue", {"api", "account-mail", "warehouse", "delivery-service", "release-check"}),
        ("lambda:InvokeFunction", {"release-check"}),
        ("codedeploy:PutLifecycleEventHookExecutionStatus", {"release-check"}),
        ("cognito-idp:AdminInitiateAuth", {"api"}),
        ("events:PutEvents", {"stream"}),
        ("dynamodb:GetRecords", {"stream"}),
        ("dynamodb:Scan", {"sweep"}),
        ("s3:GetObject", {"api", "sweep"}),
        ("s3:PutObject", {"api"}),
        ("s3:DeleteObject", {"api", "sweep"}),
        ("cognito-idp:AdminDeleteUser", {"sweep"}),
    ],
)
def test_an_action_is_allowed_only_for_the_functions_that_need_it(prod: Template, action: str, who: set[str]) -> None:
    assert {name for name in functions(prod) if action in role_of(prod, name)} == who


def test_each_function_writes_its_own_log_and_no_other(prod: Template) -> None:
    for function in prod.of("Lambda::Function").values():
        role, group = function["Role"]["Fn::GetAtt"][0], function["LoggingConfig"]["LogGroup"]["Ref"]
        logs = [
            as_list(statement["Resource"])
            for policy in prod.of("IAM::Policy").values()
            if {"Ref": role} in policy["Roles"]
            for statement in policy["PolicyDocument"]["Statement"]
            if "logs:PutLogEvents" in as_list(statement["Action"])
        ]
        assert logs == [[{"Fn::GetAtt": [group, "Arn"]}]], function["FunctionName"]


def test_the_stream_cannot_write_the_table(prod: Template) -> None:
    assert "dynamodb:PutItem" not in role_of(prod, "stream")


def test_each_function_reads_only_its_own_secrets(prod: Template) -> None:
    readers: dict[str, int] = {}
    for _, statement in statements(prod):
        if "secretsmanager:GetSecretValue" in as_list(statement["Action"]):
            for resource in as_list(statement["Resource"]):
                readers[resource["Ref"]] = readers.get(resource["Ref"], 0) + 1
    # Codes that are mailed follow from the signing key: the API's function, and the one that mails them.
    assert sorted(readers.values()) == [1, 1, 2, 2]


def test_each_function_has_a_log_with_retention_and_an_alarm(prod: Template) -> None:
    errors = alarms_on(prod, "Errors")
    for name, function in prod.of("Lambda::Function").items():
        group = prod.of("Logs::LogGroup")[function["LoggingConfig"]["LogGroup"]["Ref"]]
        assert group["LogGroupName"] == f"/aws/lambda/{function['FunctionName']}"
        assert group["RetentionInDays"] == 90
        assert json.dumps({"Ref": name}) in errors
        assert function["TracingConfig"] == {"Mode": "Active"}
        assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])


def test_every_log_has_a_retention(prod: Template) -> None:
    assert all(each["RetentionInDays"] == 90 for each in prod.of("Logs::LogGroup").values())


def test_the_alarms_of_s2_exist(prod: Template) -> None:
    alarms = {
        each["AlarmName"].removeprefix("stockwright-prod-"): each for each in prod.of("CloudWatch::Alarm").values()
    }
    topics = {each["TopicName"]: name for name, each in prod.of("SNS::Topic").items()}

    def settings_of(name: str) -> tuple[Any, ...]:
        alarm = alarms[name]
        [action] = alarm["AlarmActions"]
        return (
            alarm["Threshold"],
            alarm["Period"],
            alarm.get("Statistic", alarm.get("ExtendedStatistic")),
            action["Ref"],
        )

    operations = topics["stockwright-prod-operations"]
    assert settings_of("errors-api") == (10, 300, "Sum", operations)
    assert settings_of("dlq-warehouse") == (0, 300, "Maximum", operations)
    assert settings_of("low-stock") == (0, 300, "Sum", topics["stockwright-prod-low-stock-alerts"])
    slow = next(each["MetricStat"] for each in alarms["latency"]["Metrics"] if each["Id"] == "slow")
    assert (slow["Metric"]["MetricName"], slow["Stat"], slow["Period"]) == ("IntegrationLatency", "p95", 300)
    assert alarms["latency"]["Threshold"] == 3000


def test_every_throttling_of_dynamodb_raises_an_alarm(prod: Template) -> None:
    [alarm] = [each for each in prod.of("CloudWatch::Alarm").values() if each["AlarmName"].endswith("-throttled")]
    [summed] = [each for each in alarm["Metrics"] if "Expression" in each]
    asked = [each for each in alarm["Metrics"] if "MetricStat" in each]
    assert summed["Expression"] == "SUM([" + ",".join(f"FILL({each['Id']},0)" for each in asked) + "])"
    assert {(each["MetricStat"]["Stat"], each["MetricStat"]["Period"]) for each in asked} == {("Sum", 300)}
    # By these names DynamoDB counts: what the table refuses by the table, what an index refuses by both.
    [(table, properties)] = prod.of("DynamoDB::Table").items()
    of_table = {"Name": "TableName", "Value": {"Ref": table}}
    indexes = [
        {"Name": "GlobalSecondaryIndexName", "Value": each["IndexName"]}
        for each in properties["GlobalSecondaryIndexes"]
    ]
    wanted = [
        {"Namespace": "AWS/DynamoDB", "MetricName": name, "Dimensions": dimensions}
        for name in ("WriteThrottleEvents", "ReadThrottleEvents")
        for dimensions in ([of_table], *([index, of_table] for index in indexes))
    ]
    assert [each["MetricStat"]["Metric"] for each in asked] == wanted


def test_alarms_watch_the_metrics_that_functions_write(
    prod: Template, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = [each for each in prod.of("CloudWatch::Alarm").values() if each.get("Namespace") == NAMESPACE]
    assert sorted(each["MetricName"] for each in watched) == ["DeadLetters", "LowStock", "TrialsPassed"]
    [service] = {
        each["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] for each in prod.of("Lambda::Function").values()
    }
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", service)
    for alarm in watched:
        count(alarm["MetricName"], handler="warehouse")
        logged = json.loads(capsys.readouterr().out.splitlines()[0])
        [counted] = logged["_aws"]["CloudWatchMetrics"]
        assert counted["Namespace"] == NAMESPACE
        assert [each["Name"] for each in counted["Metrics"]] == [alarm["MetricName"]]
        assert counted["Dimensions"] == [["service"]]
        assert alarm["Dimensions"] == [{"Name": "service", "Value": logged["service"]}]


def test_no_bucket_is_public(prod: Template) -> None:
    for name, bucket in prod.of("S3::Bucket").items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4
        assert "AccessControl" not in bucket
        assert "BucketEncryption" in bucket
        assert "WebsiteConfiguration" not in bucket
        denied = [
            statement
            for policy in prod.of("S3::BucketPolicy").values()
            if policy["Bucket"] == {"Ref": name}
            for statement in policy["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Deny"
        ]
        assert denied[0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    for policy in prod.of("S3::BucketPolicy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Deny" or set(statement["Principal"]) == {"Service"}


def test_pages_have_the_same_headers_as_on_one_machine(prod: Template) -> None:
    policies = prod.of("CloudFront::ResponseHeadersPolicy").values()
    [policy] = [each for each in policies if each["ResponseHeadersPolicyConfig"]["Name"].endswith("-pages")]
    given = policy["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]["ContentSecurityPolicy"]
    parts = given.pop("ContentSecurityPolicy")["Fn::Join"][1]
    # Pages put uploads to the bucket of files, by either of its addresses.
    assert [each for each in parts if isinstance(each, dict)] == [
        {"Fn::GetAtt": [bucket, name]}
        for bucket, name in zip([parts[1]["Fn::GetAtt"][0]] * 2, ("DomainName", "RegionalDomainName"), strict=True)
    ]
    assert "CorsConfiguration" in prod.resources[parts[1]["Fn::GetAtt"][0]]["Properties"]
    own = re.sub(r" https://(?: https://)?", "", "".join(each for each in parts if isinstance(each, str)))
    assert own == PAGE_HEADERS["content-security-policy"]
    headers = json.dumps(policy).lower()
    for name, value in PAGE_HEADERS.items():
        if name == "content-security-policy":
            continue
        if name not in {"x-content-type-options", "cache-control"}:
            assert json.dumps(value).lower()[1:-1] in headers, name
    assert policy["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]["ContentTypeOptions"] == {"Override": True}


def test_cloudfront_forwards_everything_and_caches_only_what_everybody_may_read(prod: Template) -> None:
    [distribution] = prod.of("CloudFront::Distribution").values()
    behaviors = {each["PathPattern"]: each for each in distribution["DistributionConfig"]["CacheBehaviors"]}
    [(policy_id, policy)] = prod.of("CloudFront::CachePolicy").items()
    reads = ["/api/items", "/api/items/*", "/api/inventory/product/*", "/api/inventory/sku/*"]
    # The first pattern that fits counts.
    assert list(behaviors) == [*reads, "/api/*", "/.well-known/*", "/health", "/media/*"]
    for path, each in behaviors.items():
        if path == "/media/*":
            continue
        # CachingDisabled and AllViewerExceptHostHeader, by AWS's own ids.
        cache = {"Ref": policy_id} if path in reads else "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
        assert each["CachePolicyId"] == cache
        assert each["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
        assert "PUT" in each["AllowedMethods"]
        assert set(each.get("CachedMethods", ["GET", "HEAD"])) == {"GET", "HEAD"}
        assert [function["EventType"] for function in each["FunctionAssociations"]] == ["viewer-request"]
    # Only what an answer allows is kept, for a few seconds, apart for each query and each caller.
    config = policy["CachePolicyConfig"]
    assert (config["MinTTL"], config["DefaultTTL"], config["MaxTTL"]) == (0, 0, PUBLIC_SECONDS)
    keyed = config["ParametersInCacheKeyAndForwardedToOrigin"]
    assert keyed["HeadersConfig"] == {"HeaderBehavior": "whitelist", "Headers": ["Authorization", "Origin"]}
    assert keyed["QueryStringsConfig"] == {"QueryStringBehavior": "all"}
    assert keyed["CookiesConfig"] == {"CookieBehavior": "none"}
    paths = [route.full_path for route in ROUTES if route.public_seconds]
    assert all(any(fnmatch(path, pattern) for pattern in reads) for path in paths)
    # What failed for one is retained for nobody.
    errors = {
        each["ErrorCode"]: each["ErrorCachingMinTTL"]
        for each in distribution["DistributionConfig"]["CustomErrorResponses"]
    }
    assert errors == dict.fromkeys((400, 403, 404, 405, 414, 500, 501, 502, 503, 504), 0)


def test_cloudfront_serves_pictures_from_their_bucket_and_nothing_else_of_it(prod: Template) -> None:
    [distribution] = prod.of("CloudFront::Distribution").values()
    config = distribution["DistributionConfig"]
    [media] = [each for each in config["CacheBehaviors"] if each["PathPattern"] == "/media/*"]
    # CachingOptimized, by AWS's own id: as long as the file's own header says.
    assert media["CachePolicyId"] == "658327ea-f89d-4fab-a63d-7e88639e58f6"
    assert "AllowedMethods" not in media
    assert media["ViewerProtocolPolicy"] == "redirect-to-https"
    assert media["ResponseHeadersPolicyId"] == config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"]
    [origin] = [each for each in config["Origins"] if each["Id"] == media["TargetOriginId"]]
    bucket = origin["DomainName"]["Fn::GetAtt"][0]
    assert prod.resources[bucket]["Properties"]["CorsConfiguration"]["CorsRules"][0]["AllowedMethods"] == ["PUT"]
    assert origin["OriginAccessControlId"]
    [policy] = [each for each in prod.of("S3::BucketPolicy").values() if each["Bucket"] == {"Ref": bucket}]
    may = [each for each in policy["PolicyDocument"]["Statement"] if each["Action"] == "s3:GetObject"]
    assert {each["Effect"] for each in may} == {"Allow", "Deny"}
    for statement in may:
        assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        if statement["Effect"] == "Deny":
            assert json.dumps(statement["Resource"]).endswith('"Arn"]}, "/uploads/*"]]}')
        else:
            # No other distribution.
            assert "Distribution" in json.dumps(statement["Condition"]["StringEquals"]["AWS:SourceArn"])


def test_the_api_is_throttled_and_logged(prod: Template) -> None:
    [stage] = prod.of("ApiGatewayV2::Stage").values()
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 1000
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] == 2000
    assert "$context.requestId" in stage["AccessLogSettings"]["Format"]
    # Metrics of each route are billed one by one, and nothing here reads them.
    assert "DetailedMetricsEnabled" not in stage["DefaultRouteSettings"]


def test_a_log_has_a_retention_that_cloudwatch_supports() -> None:
    needs.program("node")
    from aws_cdk import App
    from infra.functions import log_group

    stage = replace(load_stages()["dev"], log_days=8)
    with pytest.raises(SystemExit, match="log_days of dev must be one of 1, 7, 14"):
        log_group(App(), "any", stage)


def test_a_stage_takes_the_settings_of_retention_and_no_others() -> None:
    stage = load_stages()["dev"]
    assert replace(stage, retention={"archive": "off"}).retention == {"archive": "off"}
    with pytest.raises(SystemExit, match="keep_orders_days of dev is none of archive, keep_events_days"):
        replace(stage, retention={"keep_orders_days": "1"})


def test_only_the_api_signs_people_up_and_in(prod: Template) -> None:
    [pool] = prod.of("Cognito::UserPool").values()
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert pool["UsernameAttributes"] == ["email"]
    assert pool["UsernameConfiguration"] == {"CaseSensitive": False}
    assert pool["DeletionProtection"] == "ACTIVE"
    [client] = prod.of("Cognito::UserPoolClient").values()
    assert client["ExplicitAuthFlows"] == ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert client["GenerateSecret"] is False
    assert {each["GroupName"] for each in prod.of("Cognito::UserPoolGroup").values()} == {"admin"}


def test_new_versions_take_traffic_gradually_and_roll_back_on_an_alarm(prod: Template) -> None:
    groups = prod.of("CodeDeploy::DeploymentGroup")
    aliases = {name: each for name, each in prod.resources.items() if each["Type"] == "AWS::Lambda::Alias"}
    # But for the watch and the check of releases.
    assert len(groups) == len(aliases) - 2 == len(prod.of("Lambda::Function")) - 2
    for each in groups.values():
        assert "DEPLOYMENT_STOP_ON_ALARM" in each["AutoRollbackConfiguration"]["Events"]
        assert each["AlarmConfiguration"]["Enabled"] is True
        assert each["AlarmConfiguration"]["Alarms"]
        assert each["DeploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    updated = [
        each["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"] for each in aliases.values() if "UpdatePolicy" in each
    ]
    assert {each["DeploymentGroupName"]["Ref"] for each in updated} == set(groups)


def test_a_version_of_the_api_is_tried_before_it_takes_traffic(prod: Template) -> None:
    [(check, properties)] = [
        (name, each)
        for name, each in prod.of("Lambda::Function").items()
        if each["FunctionName"] == "stockwright-prod-release-check"
    ]
    [alias] = [
        each
        for each in prod.resources.values()
        if each["Type"] == "AWS::Lambda::Alias"
        and "BeforeAllowTrafficHook" in each.get("UpdatePolicy", {}).get("CodeDeployLambdaAliasUpdate", {})
    ]
    assert alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["BeforeAllowTrafficHook"] == {"Ref": check}
    # It tries the very version that the alias goes on to, and is there before the alias changes.
    version = alias["Properties"]["FunctionVersion"]["Fn::GetAtt"][0]
    assert properties["Environment"]["Variables"]["STOCKWRIGHT_TRIAL_FUNCTION"] == {"Ref": version}
    assert check in alias["DependsOn"]


def test_the_sweeper_is_called_each_minute(prod: Template) -> None:
    [schedule] = [each for each in prod.of("Scheduler::Schedule").values() if each["Name"].endswith("-sweep")]
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["State"] == "ENABLED"


def test_topics_refuse_unencrypted_messages_and_alarms_may_publish(prod: Template) -> None:
    assert {each["TopicName"].removeprefix("stockwright-prod-") for each in prod.of("SNS::Topic").values()} == {
        "low-stock-alerts",
        "order-notifications",
        "operations",
        "mail-feedback",
    }
    for policy in prod.of("SNS::TopicPolicy").values():
        denied, allowed = sorted(policy["PolicyDocument"]["Statement"], key=lambda each: each["Effect"], reverse=True)
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        # SES publishes on the topic of its reports, alarms on the others.
        of_feedback = "Feedback" in json.dumps(policy["Topics"])
        assert allowed["Principal"] == {"Service": "ses.amazonaws.com" if of_feedback else "cloudwatch.amazonaws.com"}
