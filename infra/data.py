"""What is kept: the table, and the secrets."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.stages import Stage
from stockwright.store.dynamodb.table import table_definition


class Data(Construct):
    """One table, as the engine defines it, and four secrets, each read by no more functions than need it."""

    def __init__(self, scope: Construct, stage: Stage) -> None:
        super().__init__(scope, "Data")
        removal = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if stage.keep else RemovalPolicy.DESTROY
        self.table = _table(self, stage, removal)
        self.signing = _secret(self, stage, "signing", "Seals lists' positions and mailed codes", removal)
        self.origin = _secret(self, stage, "origin", "What CloudFront sends to the API with each request", removal)
        self.warehouse = _secret(self, stage, "warehouse", "API key sent to the warehouse", removal)
        self.delivery = _secret(self, stage, "delivery", "API key sent to the delivery service", removal)


def _table(scope: Construct, stage: Stage, removal: RemovalPolicy) -> dynamodb.Table:
    found = table_definition(stage.prefix)
    kinds = {each["AttributeName"]: dynamodb.AttributeType.STRING for each in found["AttributeDefinitions"]}
    partition, sort = _keys(found["KeySchema"], kinds)
    table = dynamodb.Table(
        scope,
        "Table",
        table_name=stage.prefix,
        partition_key=partition,
        sort_key=sort,
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
        time_to_live_attribute="ttl",
        encryption=dynamodb.TableEncryption.AWS_MANAGED,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        deletion_protection=stage.keep,
        removal_policy=removal,
    )
    for index in found["GlobalSecondaryIndexes"]:
        partition, sort = _keys(index["KeySchema"], kinds)
        table.add_global_secondary_index(
            index_name=index["IndexName"],
            partition_key=partition,
            sort_key=sort,
            projection_type=dynamodb.ProjectionType.ALL,
        )
    return table


def _keys(
    schema: list[dict[str, str]], kinds: dict[str, dynamodb.AttributeType]
) -> tuple[dynamodb.Attribute, dynamodb.Attribute]:
    partition, sort = (
        dynamodb.Attribute(name=each["AttributeName"], type=kinds[each["AttributeName"]]) for each in schema
    )
    return partition, sort


def _secret(
    scope: Construct, stage: Stage, name: str, description: str, removal: RemovalPolicy
) -> secretsmanager.Secret:
    """Make a secret with a random value; a partner's key is put in its place by hand (docs/aws.md)."""
    return secretsmanager.Secret(
        scope,
        f"{name.capitalize()}Secret",
        secret_name=f"{stage.prefix}/{name}",
        description=description,
        generate_secret_string=secretsmanager.SecretStringGenerator(password_length=64, exclude_punctuation=True),
        removal_policy=removal,
    )
