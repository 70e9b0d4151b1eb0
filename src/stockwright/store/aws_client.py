"""AWS's SDK: a client of one service, with bounds on how long and how often it tries."""

from __future__ import annotations

from typing import Any


def make_client(service: str, *, connect_seconds: float, read_seconds: float, attempts: int, connections: int) -> Any:
    """Make a client of the account and region that AWS's own variables name; raises BotoCoreError."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        max_pool_connections=connections,
    )
    made = boto3.client(service, config=config)
    # They are made when first asked for: by two threads at once, each would get classes that the other's are not.
    made.exceptions  # noqa: B018
    return made
