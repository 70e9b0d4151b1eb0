"""Opening a table: what can go wrong there is said in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.base.errors import Misconfigured
from stockwright.store.aws_client import make_client
from stockwright.store.dynamodb.calls import CALLS_AT_ONCE
from stockwright.store.dynamodb.codec import from_attribute, key_image
from stockwright.store.dynamodb.engine import CALL_SECONDS, TAIL_DELAY_SECONDS, DynamoDbStore
from stockwright.store.migrations import FIRST, FORMAT, MARK, too_new, too_old

if TYPE_CHECKING:
    from stockwright.store.dynamodb.codec import Wire


CONNECT_SECONDS: Final = 1.0


def connect(
    table: str, tail_delay_seconds: float = TAIL_DELAY_SECONDS, *, of_any_format: bool = False
) -> DynamoDbStore:
    """Open the table that the settings and AWS's own variables name, or say in one line why not."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client = make_client(
            "dynamodb",
            connect_seconds=CONNECT_SECONDS,
            read_seconds=CALL_SECONDS,
            attempts=1,
            connections=CALLS_AT_ONCE,
        )
        mark = client.get_item(TableName=table, Key=key_image(MARK), ConsistentRead=True).get("Item")
    except ClientError as refused:
        code, message = refused.response["Error"]["Code"], refused.response["Error"].get("Message", "")
        if code == "ResourceNotFoundException":
            raise Misconfigured(
                f"there is no DynamoDB table {table} in {client.meta.region_name}: "
                "check STOCKWRIGHT_TABLE_NAME and AWS_REGION, or make it: stockwright table create"
            ) from None
        if code in {"AccessDeniedException", "UnrecognizedClientException", "InvalidSignatureException"}:
            raise Misconfigured(
                f"AWS does not let these credentials use the table {table}: {message or code}"
            ) from None
        raise Misconfigured(f"DynamoDB refuses to open the table {table}: {message or code}") from None
    except BotoCoreError as wrong:
        raise Misconfigured(f"DynamoDB cannot be reached: {wrong}") from None
    if not of_any_format:
        _check_format(table, format_of_mark(mark))
    store = DynamoDbStore(table, client, tail_delay_seconds=tail_delay_seconds)
    store.is_marked = mark is not None
    return store


def _check_format(table: str, found: int) -> None:
    """Refuse what cannot be read: a table of this release's format or the one before is, item by item."""
    if found > FORMAT:
        raise Misconfigured(too_new(f"the table {table}", found))
    if found < FORMAT - 1:
        raise Misconfigured(too_old(f"the table {table}", found))


def format_of_mark(mark: Wire | None) -> int:
    """Return a table's format; the first had no mark."""
    return FIRST if mark is None else int(from_attribute(mark["b"])["format"])
