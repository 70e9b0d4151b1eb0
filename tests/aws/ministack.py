"""AWS on this machine: MiniStack as a process of its own, one for each test worker, on a free port.

Each test has an account of its own: MiniStack takes a 12-digit access key for the account.
"""

from __future__ import annotations

import atexit
import hashlib
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import httpx2
import pytest
from botocore.config import Config

from stockwright.adapters import aws as sdk
from stockwright.store.dynamodb.engine import DynamoDbStore
from stockwright.store.dynamodb.table import create_table
from tests import needs
from tests.e2e.server import free_port
from tests.patience import PATIENCE_SECONDS

REGION = "eu-central-1"
TABLE = "stockwright"
UNSIGNED_ACCOUNT = "000000000000"
_ACCOUNTS = itertools.count(100_000_000_001)


class MiniStack:
    """The process; `start()` returns when it answers.

    A strict one holds everybody to the policies of roles, queues, topics, buckets and secrets, as AWS
    does, and runs each function with the credentials of its role.
    """

    def __init__(self, folder: Path, *, strict: bool = False) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._strict = strict
        self._program = needs.file(".venv-ministack/bin/ministack")
        self._folder, self._functions = folder, folder / "functions"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers."""
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self._functions.mkdir()
        log = self._folder / "ministack.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [str(self._program)],
                cwd=self._folder,
                env={
                    **inherited,
                    # It unpacks every function here, 150 MB each, and leaves that where it is killed.
                    "TMPDIR": str(self._functions),
                    "BIND_HOST": "127.0.0.1",
                    "GATEWAY_PORT": str(self.port),
                    "IOT_MTLS_ENABLED": "0",
                    "SFTP_ENABLED": "0",
                    "MINISTACK_REGION": REGION,
                    "AWS_DEFAULT_REGION": REGION,
                    "AUTH": str(self._strict).lower(),
                },
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._answers():
            assert self._process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < deadline, log.read_text(errors="replace")
            time.sleep(0.1)

    def stop(self) -> None:
        """End it, and leave nothing of it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            shutil.rmtree(self._functions, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            return httpx2.get(f"{self.url}/_ministack/health", timeout=2).is_success
        except httpx2.TransportError:
            return False


@dataclass
class Aws:
    """One account of it: clients for a test, the environment for what is tested."""

    url: str
    account: str
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.env = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def client(self, service: str, role: str | None = None) -> Any:
        """Make a client of a service: the account's own, or one that may do what a role may."""
        env = self.env if role is None else self.env_of(role)
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=env.get("AWS_SESSION_TOKEN"),
        )

    def env_of(self, role: str) -> dict[str, str]:
        """Return the environment of who has taken on a role."""
        arn = f"arn:aws:iam::{self.account}:role/{role}"
        keys = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return {
            **self.env,
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }

    def read_back(self, what: str) -> Any:
        """Return what MiniStack keeps of what it was given: `ses/messages`, `sns/sms-messages`."""
        return httpx2.get(f"{self.url}/_ministack/{what}", params={"account": self.account}, timeout=10).json()


@cache
def shared() -> MiniStack:
    """Start the worker's own when it is first asked for; it ends with the worker."""
    folder = tempfile.TemporaryDirectory(prefix="stockwright-ministack-")
    # Held from here on: it is not cleared away in the midst of another test where this one is skipped.
    atexit.register(folder.cleanup)
    made = MiniStack(Path(folder.name))
    atexit.register(made.stop)
    made.start()
    return made


def open_table(name: str, tail_delay_seconds: float = 0) -> DynamoDbStore:
    """Open the table of an account of that name, made where it is not there."""
    account = f"{int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10**12:012}"
    client = boto3.client(
        "dynamodb",
        endpoint_url=shared().url,
        region_name=REGION,
        aws_access_key_id=account,
        aws_secret_access_key="test",
        config=Config(max_pool_connections=32, retries={"total_max_attempts": 1}),
    )
    if TABLE not in client.list_tables()["TableNames"]:
        create_table(client, TABLE)
    # As with DynamoDB Local: a busy machine may be slow to answer.
    return DynamoDbStore(TABLE, client, tail_delay_seconds=tail_delay_seconds, resend_seconds=60)


@pytest.fixture(scope="session")
def ministack() -> MiniStack:
    return shared()


@pytest.fixture
def aws(ministack: MiniStack) -> Aws:
    return Aws(ministack.url, str(next(_ACCOUNTS)))


@pytest.fixture
def here(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """What is tested runs in this process, with the environment of this account."""
    for name, value in aws.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    sdk._made.cache_clear()
    return aws
