"""What an error of DynamoDB means: a condition that did not hold, a fault that may pass, or a call that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stockwright.store.dynamodb import lease
from stockwright.store.dynamodb.codec import Wire
from stockwright.store.port import (
    ConditionFailed,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


NOT_TAKEN: Final = (
    "DynamoDB refuses this: it contains an empty name, is nested more than 32 levels deep, "
    "or has a number of more than 38 digits"
)
PASSING: Final = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
_BUSY: Final = frozenset(
    {
        "TransactionConflictException",
        "TransactionInProgressException",
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "InternalServerError",
        "ServiceUnavailable",
    }
)
_REFUSED: Final = frozenset(
    {
        "TransactionConflictException",
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
    }
)


def raise_unless_it_passes(
    cancelled: Any, items: Sequence[Wire], reasons: Sequence[Wire], now: int, *, anyway: bool
) -> None:
    """Return which conditions did not hold; nothing, where the same transaction may pass a moment later.

    `reasons` are DynamoDB's, without those that another try may change; with `anyway` there were such.
    """
    codes = [reason.get("Code", "None") for reason in reasons]
    failed = [position for position, code in enumerate(codes) if code == "ConditionalCheckFailed"]
    if not all(
        _is_held_to_what_was_read(items[position]) or lease.is_leased(reasons[position].get("Item") or {}, now)
        for position in failed
    ):
        raise ConditionFailed(failed) from None
    if not failed and not anyway and not any(code in PASSING for code in codes):
        raise cancelled


def met_a_lease(cancelled: Any, now: int) -> bool:
    """Return whether a transaction was cancelled because somebody else decides on one of its items."""
    return any(lease.is_leased(reason.get("Item") or {}, now) for reason in cancelled.response["CancellationReasons"])


def _is_held_to_what_was_read(action: Wire) -> bool:
    """Return whether what refused an action is only that the item was changed since `_read_and_add` read it."""
    return ":read" in action.get("Update", {}).get("ExpressionAttributeValues", {})


def may_pass(fault: BaseException) -> bool:
    """Return whether the same call may succeed a moment later: too much traffic, a lost answer, a 5xx."""
    from botocore.exceptions import ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as Unreachable

    if isinstance(fault, ClientError):
        status = fault.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return fault.response["Error"]["Code"] in _BUSY or status >= 500  # noqa: PLR2004
    return isinstance(fault, Unreachable | HTTPClientError)


def was_refused(fault: BaseException) -> bool:
    """Return whether a call that may be made again has certainly done nothing: it was refused, or never sent."""
    from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

    if isinstance(fault, ClientError):
        return fault.response["Error"]["Code"] in _REFUSED
    return isinstance(fault, ConnectTimeoutError | EndpointConnectionError)


def is_invalid_call(fault: BaseException) -> bool:
    """Return whether DynamoDB does not take what was sent, whole or a part of it."""
    from botocore.exceptions import ClientError

    if not isinstance(fault, ClientError):
        return False
    reasons = fault.response.get("CancellationReasons", ())
    code = fault.response["Error"]["Code"]
    return code == "ValidationException" or any(reason.get("Code") == "ValidationError" for reason in reasons)
