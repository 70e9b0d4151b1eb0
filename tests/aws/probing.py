"""What a function's role may do: asked of it, each by a call that changes nothing where it is let through.

Not asked is whether it may write its log and read the table's stream: MiniStack looks at those by another
ARN than AWS does, and refuses everybody. There the template's tests stand (tests/infra/test_stack.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from stockwright.handlers import REACTIONS
from tests.aws.deployed import ACCOUNT, PREFIX, Stack

HANDLERS = [each.name for each in REACTIONS]
FUNCTIONS = ["api", "stream", "dead-letters", "sweep", "mail-feedback", *HANDLERS]
QUEUES = [*HANDLERS, *[f"{name}-dlq" for name in HANDLERS], "stream-dlq", "mail-feedback", "mail-feedback-dlq"]
SECRETS = ["signing", "origin", "warehouse", "delivery"]
TOPICS = ["low-stock-alerts", "order-notifications", "operations"]
REFUSED = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
NOBODY: dict[str, Any] = {"pk": {"S": "NOBODY"}, "sk": {"S": "NOBODY"}}

Probe = tuple[str, str, dict[str, Any]]

_SHOP = {"read the shop", "read its lists", "write the shop"}
_OF_THEIR_OWN = {
    "api": _SHOP
    | {"read the secret signing", "read the secret origin", "look for somebody in the pool", "sign somebody in"},
    "stream": {"find the stream", "put on the bus"},
    "dead-letters": _SHOP | {f"hear {name}-dlq" for name in [*HANDLERS, "stream"]},
    # It removes what has aged out, and erases people.
    "sweep": _SHOP | {"read all of the shop", "remove somebody from the pool"},
    "mail-feedback": _SHOP | {"hear mail-feedback"},
    "order-confirmation": {"mail"},
    "order-mail": {"mail"},
    "account-mail": {"mail", "read the secret signing"},
    "order-topic": {"publish on order-notifications"},
    "notification-resend": {"mail", *(f"publish on {name}" for name in TOPICS)},
    "stock-alert": {"publish on low-stock-alerts"},
    "operations-alert": {"publish on operations"},
    "warehouse": {"read the secret warehouse"},
    "delivery-service": {"read the secret delivery"},
}


def must_be_able(function: str) -> set[str]:
    """What a function's work takes."""
    may = _OF_THEIR_OWN.get(function, set())
    return may | _SHOP | {f"hear {function}"} if function in HANDLERS else may


def can(stack: Stack, function: str) -> set[str]:
    """What a function's role is let through to."""
    role = f"{PREFIX}-{function}"
    clients: dict[str, Any] = {}
    allowed = set()
    for name, (service, operation, arguments) in _probes(stack):
        if service not in clients:
            clients[service] = stack.aws.client(service, role)
        if _is_let_through(clients[service], operation, arguments):
            allowed.add(name)
    return allowed


def _is_let_through(client: Any, operation: str, arguments: dict[str, Any]) -> bool:
    try:
        getattr(client, operation)(**arguments)
    except ClientError as refused:
        return refused.response["Error"]["Code"] not in REFUSED
    return True


def _probes(stack: Stack) -> Iterator[tuple[str, Probe]]:
    table, pool = stack.outputs["Table"], stack.outputs["UserPoolId"]
    of_table = {"TableName": table}
    query = {"KeyConditionExpression": "list_p = :p", "ExpressionAttributeValues": {":p": {"S": "NOBODY"}}}
    there = {"TableName": table, "ConditionExpression": "attribute_exists(pk)"}
    writes = [
        {"Put": {**there, "Item": NOBODY}},
        {"Update": {**there, "Key": {**NOBODY, "sk": {"S": "2"}}, "UpdateExpression": "REMOVE b"}},
        {"Delete": {**there, "Key": {**NOBODY, "sk": {"S": "3"}}}},
        {"ConditionCheck": {**there, "Key": {**NOBODY, "sk": {"S": "4"}}}},
    ]
    yield "read the shop", ("dynamodb", "get_item", {**of_table, "Key": NOBODY})
    yield "read its lists", ("dynamodb", "query", {**of_table, "IndexName": "list", **query})
    yield "write the shop", ("dynamodb", "transact_write_items", {"TransactItems": writes})
    yield "read all of the shop", ("dynamodb", "scan", {**of_table, "Limit": 1})
    yield "describe the table", ("dynamodb", "describe_table", of_table)
    yield "read another table", ("dynamodb", "get_item", {"TableName": "another", "Key": NOBODY})
    yield "find the stream", ("dynamodbstreams", "list_streams", {})
    for bus, name in ((PREFIX, "put on the bus"), ("default", "put on another bus")):
        entry = {"EventBusName": bus, "Source": "nobody", "DetailType": "nothing", "Detail": "{}"}
        yield name, ("events", "put_events", {"Entries": [entry]})
    nothing = {"Subject": {"Data": "-"}, "Body": {"Text": {"Data": "-"}}}
    to_nobody = {"Source": "shop@local.example.com", "Destination": {"ToAddresses": ["nobody@example.com"]}}
    yield "mail", ("ses", "send_email", {**to_nobody, "Message": nothing})
    for topic in TOPICS:
        # What is not valid is let through to be refused as that.
        yield f"publish on {topic}", ("sns", "publish", {"TopicArn": stack.topic(topic), "Message": "", "Subject": "-"})
    yield "text somebody", ("sns", "publish", {"PhoneNumber": "+15550199", "Message": ""})
    for secret in SECRETS:
        yield f"read the secret {secret}", ("secretsmanager", "get_secret_value", {"SecretId": f"{PREFIX}/{secret}"})
    who = {"UserPoolId": pool, "Username": "nobody@example.com"}
    yield "look for somebody in the pool", ("cognito-idp", "admin_get_user", who)
    yield "remove somebody from the pool", ("cognito-idp", "admin_delete_user", who)
    signing_in = {
        "UserPoolId": pool,
        "ClientId": stack.outputs["UserPoolClientId"],
        "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "nobody@example.com", "PASSWORD": "-"},
    }
    yield "sign somebody in", ("cognito-idp", "admin_initiate_auth", signing_in)
    for queue in QUEUES:
        nothing_of_it = {"QueueUrl": stack.queue(queue), "ReceiptHandle": "none"}
        yield f"hear {queue}", ("sqs", "delete_message", nothing_of_it)
    yield "call another function", ("lambda", "invoke", {"FunctionName": f"{PREFIX}-api", "InvocationType": "DryRun"})
    yield "become another", ("sts", "assume_role", {"RoleArn": _role("api"), "RoleSessionName": "probe"})
    more = {"RoleName": "nobody", "PolicyName": "more", "PolicyDocument": "{}"}
    yield "give somebody more", ("iam", "put_role_policy", more)
    yield "read the shop's pages", ("s3", "list_objects_v2", {"Bucket": stack.outputs["Bucket"]})


def _role(function: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}-{function}"
