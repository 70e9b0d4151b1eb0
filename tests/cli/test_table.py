"""`stockwright table`: on AWS's own DynamoDB engine."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from stockwright.adapters import aws
from stockwright.store.dynamodb.table import table_definition
from tests.aws.dynamodb_local import environment
from tests.cli.test_shop import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Any:
    return Terminal(tmp_path / "data")


def test_a_table_is_created_once_checked_and_serves_a_shop(terminal: Terminal) -> None:
    cloud = environment(str(terminal.folder))
    missing = terminal.type("table", "check", **cloud)
    assert missing.exit_code == 1
    assert missing.output.count("\n") == 1
    assert "stockwright table create" in missing.output
    shop = terminal.type("users", "list", STOCKWRIGHT_STORE="dynamodb", **cloud)
    assert "stockwright table create" in shop.output

    made = terminal.type("table", "create", **cloud)
    assert made.exit_code == 0, made.output
    assert "Created the table" in made.output
    again = terminal.type("table", "create", **cloud)
    assert again.exit_code == 0
    assert "already exists" in again.output
    assert terminal.type("table", "check", **cloud).output.startswith("Good.")
    assert terminal.type("audit", STOCKWRIGHT_STORE="dynamodb", **cloud).exit_code == 0
    assert not (terminal.folder / "stockwright.db").exists()


def test_the_shards_of_a_table_are_raised_while_a_shop_uses_it(terminal: Terminal) -> None:
    cloud = environment(str(terminal.folder))
    assert terminal.type("table", "create", **cloud).exit_code == 0
    fewer = terminal.type("table", "shards", "8", **cloud)
    assert (fewer.exit_code, "can only be raised" in fewer.output) == (1, True)
    raised = terminal.type("table", "shards", "12", **cloud)
    assert (raised.exit_code, "12 shards in 90 seconds, until then 8" in raised.output) == (0, True), raised.output
    assert "a moment ago" in terminal.type("table", "shards", "16", **cloud).output


def test_every_difference_of_a_table_is_named(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = environment(str(terminal.folder))
    for name, value in cloud.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", cloud["AWS_REGION"])
    name = cloud["STOCKWRIGHT_TABLE_NAME"]
    wrong = table_definition(name)
    del wrong["StreamSpecification"]
    wrong["GlobalSecondaryIndexes"] = [wrong["GlobalSecondaryIndexes"][0]]
    wrong["GlobalSecondaryIndexes"][0]["Projection"] = {"ProjectionType": "KEYS_ONLY"}
    wrong["KeySchema"] = [wrong["KeySchema"][0]]
    used = {"pk", *(each["AttributeName"] for each in wrong["GlobalSecondaryIndexes"][0]["KeySchema"])}
    wrong["AttributeDefinitions"] = [each for each in wrong["AttributeDefinitions"] if each["AttributeName"] in used]
    aws.client("dynamodb").create_table(**wrong)
    for command in ("check", "create"):
        found = terminal.type("table", command, **cloud)
        assert found.exit_code == 1
        for word in ("its key is pk, not pk + sk", "index owner", "index list", "index due", "stream", "time to live"):
            assert word in found.output, word


def test_an_error_of_aws_gets_one_line(terminal: Terminal) -> None:
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "eu-central-1"}
    who = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "STOCKWRIGHT_TABLE_NAME": "shop"}
    for command in ("check", "create"):
        refused = terminal.type("table", command, **nowhere, **who)
        assert refused.exit_code == 1
        assert refused.output.count("\n") == 1
        assert terminal.type("table", command).output.count("STOCKWRIGHT_TABLE_NAME") == 1


@pytest.mark.parametrize(
    "setting",
    [
        {"STORE": "dynamodb", "TABLE_NAME": "shop"},
        {"SMS": "sns"},
        {"MAIL": "ses"},
        {"COGNITO_USER_POOL_ID": "eu_1", "COGNITO_CLIENT_ID": "x"},
        {"EVENT_BUS": "bus"},
        {"LOW_STOCK_TOPIC": "arn:aws:sns:eu-central-1:1:low"},
        {"ORDERS_TOPIC": "arn:aws:sns:eu-central-1:1:orders"},
        {"OPERATIONS_TOPIC": "arn:aws:sns:eu-central-1:1:operations"},
        {"SIGNING_SECRET_ID": "x"},
        {"WAREHOUSE_SECRET_ID": "x"},
        {"DELIVERY_SECRET_ID": "x"},
    ],
    ids=lambda each: next(iter(each)),
)
def test_a_missing_package_stops_with_one_line_that_names_it(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, setting: dict[str, str]
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "boto3" else find(name))
    for words in (["serve"], ["users", "list"]):
        refused = terminal.type(*words, **{f"STOCKWRIGHT_{name}": value for name, value in setting.items()})
        assert refused.exit_code == 1
        assert refused.output.count("\n") == 1, refused.output
        assert "pip install 'stockwright[aws]'" in refused.output
        assert f"STOCKWRIGHT_{next(iter(setting))}" in refused.output


def test_commands_for_dynamodb_say_which_package_they_need(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    terminal.folder.mkdir()
    (terminal.folder / "stockwright.db").touch()
    for words in (["table", "create"], ["table", "check"], ["copy", "--from", "sqlite", "--to", "dynamodb"]):
        refused = terminal.type(*words, STOCKWRIGHT_TABLE_NAME="shop")
        assert refused.exit_code == 1
        assert refused.output.count("\n") == 1, refused.output
        assert "pip install 'stockwright[aws]'" in refused.output
