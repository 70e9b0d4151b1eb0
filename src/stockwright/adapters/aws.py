"""AWS's SDK: clients made when they are first needed, calls off the event loop, errors by their code."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Lock
from typing import Any, Final

from stockwright.base.errors import Busy, Misconfigured, TryLater
from stockwright.store.aws_client import make_client

CONNECT_SECONDS: Final = 3
READ_SECONDS: Final = 10
ATTEMPTS_MAX: Final = 3
CONNECTIONS_MAX: Final = 10
"""Of one service, kept open."""
SLOW_DOWN_SECONDS: Final = 60.0
_SLOW_DOWN: Final = frozenset(
    {
        "AccountSendingPausedException",
        "ConfigurationSetSendingPausedException",
        "LimitExceededException",
        "SlowDown",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_MAKING = Lock()
_THREADS: Final = ThreadPoolExecutor(32, thread_name_prefix="aws")
"""As many as the callers' slots together, so that no call waits for a thread."""


async def call(service: str, operation: str, **arguments: Any) -> Any:
    """Call an operation in a thread; a service that cannot be reached is Busy."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _call, service, operation, arguments)


def _call(service: str, operation: str, arguments: dict[str, Any]) -> Any:
    from botocore.exceptions import ConnectionError as Unreachable
    from botocore.exceptions import HTTPClientError

    try:
        return getattr(client(service), operation)(**arguments)
    except (Unreachable, HTTPClientError) as fault:
        raise Busy(f"AWS's {service} cannot be reached now; try again shortly") from fault


def client(service: str) -> Any:
    """Return the one client of a service; they may be used by many threads, but not made by them."""
    with _MAKING:
        return _made(service)


@cache
def _made(service: str) -> Any:
    from botocore.exceptions import BotoCoreError

    try:
        return make_client(
            service,
            connect_seconds=CONNECT_SECONDS,
            read_seconds=READ_SECONDS,
            attempts=ATTEMPTS_MAX,
            connections=CONNECTIONS_MAX,
        )
    except BotoCoreError as wrong:
        raise Misconfigured(f"AWS's {service} cannot be used: {wrong}") from wrong


def put_off(refused: BaseException) -> None:
    """Raise TryLater where a service says that it is asked too often, that a quota is used up, or that it pauses."""
    if code_of(refused) in _SLOW_DOWN:
        raise TryLater(f"AWS throttles these calls: {refused}", after_seconds=SLOW_DOWN_SECONDS) from refused


def error() -> type[Exception]:
    """Return what the SDK raises where a service refuses; named when something was raised, not before."""
    from botocore.exceptions import ClientError

    refused: type[Exception] = ClientError
    return refused


def code_of(refused: BaseException) -> str:
    """Return the service's word for what is wrong."""
    response: dict[str, Any] = getattr(refused, "response", {})
    code: str = response.get("Error", {}).get("Code", "")
    return code
