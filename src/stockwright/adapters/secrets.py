"""Secrets: files that only their owner can read, made at the first start; in the cloud, Secrets Manager."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from stockwright.base.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def load_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    """Read a secret file, or make it with mode 0600; two starts at once agree on the first one's."""
    try:
        secret = path.read_bytes()
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except FileNotFoundError:
        pass
    except OSError as fault:
        raise Misconfigured(f"cannot read {path}: {fault.strerror}") from fault
    else:
        return secret
    try:
        return _make(path, make())
    except OSError as fault:
        raise Misconfigured(f"cannot write {path}: {fault.strerror}") from fault


def _make(path: Path, fresh: bytes) -> bytes:
    """Write a secret under a temporary name, then rename it; the first one stays."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(fresh)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return path.read_bytes()
    finally:
        draft.unlink(missing_ok=True)
    return fresh


def load_from_manager(secret_id: str) -> str:
    """Read a secret from Secrets Manager."""
    from aws_lambda_powertools.utilities.parameters import SecretsProvider
    from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

    from stockwright.adapters import aws

    try:
        found = SecretsProvider(boto3_client=aws.client("secretsmanager")).get(secret_id)
    except GetParameterError as fault:
        raise Misconfigured(f"cannot read the secret {secret_id}: {fault}") from fault
    return found.decode() if isinstance(found, bytes) else str(found)


def load_versions_from_manager(secret_id: str) -> tuple[str, ...]:
    """Read a secret's current value and, where it was changed, the one before."""
    from stockwright.adapters import aws

    found = []
    for stage in ("AWSCURRENT", "AWSPREVIOUS"):
        try:
            answer = aws.client("secretsmanager").get_secret_value(SecretId=secret_id, VersionStage=stage)
        except aws.error() as fault:
            if stage == "AWSPREVIOUS" and aws.code_of(fault) == "ResourceNotFoundException":
                continue
            raise Misconfigured(f"cannot read the secret {secret_id}: {fault}") from fault
        found.append(answer["SecretString"])
    return tuple(found)
