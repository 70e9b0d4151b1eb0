"""AWS on this machine: MiniStack as a process of its own, one for each test worker, on a free port.

Each test has an account of its own: MiniStack takes a 12-digit access key for the account.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from stockwright.adapters import aws as sdk
from tests import needs
from tests.e2e.server import free_port

REGION = "eu-central-1"
UNSIGNED_ACCOUNT = "000000000000"
START_SECONDS = 60
_ACCOUNTS = itertools.count(100_000_000_001)


class MiniStack:
    """The process; `start()` returns when it answers."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._program = needs.file(".venv-ministack/bin/ministack")
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        log = self._folder / "ministack.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [str(self._program)],
                cwd=self._folder,
                env={
                    **kept,
                    "BIND_HOST": "127.0.0.1",
                    "GATEWAY_PORT": str(self.port),
                    "IOT_MTLS_ENABLED": "0",
                    "SFTP_ENABLED": "0",
                    "MINISTACK_REGION": REGION,
                    "AWS_DEFAULT_REGION": REGION,
                },
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < deadline, log.read_text(errors="replace")
            time.sleep(0.1)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/_ministack/health", timeout=2).is_success
        except httpx.TransportError:
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
            "AWS_SECRET_ACCESS_KEY": "not-a-secret",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.account,
            aws_secret_access_key="not-a-secret",
        )

    def read_back(self, what: str) -> Any:
        """Return what MiniStack keeps of what it was given: `ses/messages`, `sns/sms-messages`."""
        return httpx.get(f"{self.url}/_ministack/{what}", params={"account": self.account}, timeout=10).json()


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    made = MiniStack(tmp_path_factory.mktemp("ministack"))
    made.start()
    yield made
    made.stop()


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
