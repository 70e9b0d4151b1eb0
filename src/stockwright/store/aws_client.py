"""AWS's SDK: a client of one service, with bounds on how long and how often it tries."""

from __future__ import annotations

from typing import Any


def make_client(service: str, *, connect_seconds: float, read_seconds: float, attempts: int, connections: int) -> Any:
    """Make a client of the account and region that AWS's own variables name; raises BotoCoreError."""
    import boto3
    from botocore.config import Config

    # S3's addresses are signed with what is put there, and its size, by this version alone.
    of_service: dict[str, Any] = (
        {"signature_version": "s3v4", "request_checksum_calculation": "when_required"} if service == "s3" else {}
    )
    config = Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        max_pool_connections=connections,
        **of_service,
    )
    made = boto3.client(service, config=config)
    # They are made when first asked for: by two threads at once, each would get classes that the other's are not.
    made.exceptions  # noqa: B018
    return made
