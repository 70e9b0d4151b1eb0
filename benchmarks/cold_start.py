"""How long a function of the cloud form takes to be imported, beside a Python that does nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

from benchmarks.shop import inherited

NOTHING: Final = "pass"
API: Final = (
    "import stockwright.accounts.cognito, stockwright.asgi, stockwright.store.dynamodb, mangum\n"
    "from stockwright.cloud.runtime import Function\n"
    "from stockwright.adapters.telemetry import CloudLog\n"
    "CloudLog('info')\n"
)
"""What `stockwright.cloud.api` imports before it opens the shop."""
WITH_CLIENT: Final = f"{API}import boto3\nboto3.client('dynamodb', region_name='eu-central-1')\n"
BUDGET_MS: Final = 350
TIMES: Final = 9


def quickest_ms(code: str, times: int = TIMES) -> float:
    """Return the processor time it takes, by itself: of a few processes the one that was disturbed the least."""
    return min(_processor_seconds(code) for _ in range(times)) * 1000


def _processor_seconds(code: str) -> float:
    process = subprocess.Popen([sys.executable, "-c", code], env=inherited())
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"it ended with {process.returncode}: {code}")
    return used.ru_utime + used.ru_stime
