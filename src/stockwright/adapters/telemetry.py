"""Logs: one JSON line each, with the same fields in both forms (S2's), or readable ones on a terminal."""

from __future__ import annotations

import asyncio
import atexit
import functools
import logging
import os
import sys
import time
import traceback
from collections.abc import Mapping
from typing import Any, Final, TextIO

import msgspec

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_SECRET = ("password", "secret", "token", "authorization", "api_key", "code")
QUERIED: Final = ("duration", "orderId", "productId", "productName", "errorMessage")
"""What S2's saved queries read beside the context; it is in the context too."""
_PERSON_AND_REQUEST: Final = {"request_id": "requestId", "actor": "userId"}
_LINES_MAX: Final = 200
_WAIT_SECONDS: Final = 0.1
_encode = msgspec.json.Encoder(enc_hook=str).encode


def make_log(level: str) -> Any:
    """Make the logger: JSON lines to standard error, or lines in colors where that is a terminal."""
    import structlog

    readable = sys.stderr.isatty()
    processors: list[Any]
    if readable:
        stamper = structlog.processors.TimeStamper(fmt="iso", utc=True)
        processors = [
            _without_secrets,
            structlog.processors.add_log_level,
            stamper,
            structlog.dev.ConsoleRenderer(),
        ]
    else:
        processors = [_json_line]
    made = structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr) if readable else _Lines(),
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
    )
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    # Bound once: a lazy logger would be rebuilt for every line.
    return made.bind()


def fields_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a line as S2 writes them: requestId, userId, what its queries read, the rest as `context`.

    A field with the name of a secret is never written.
    """
    line, context = dict[str, Any](), dict[str, Any]()
    for value, (beside, inside, secret) in zip(given.values(), _names_of(tuple(given)), strict=True):
        if inside:
            context[inside] = "***" if secret else value
        if beside and value is not None and value != "":
            line[beside] = value
    if context:
        line["context"] = context
    return line


@functools.lru_cache(maxsize=256)
def _names_of(names: tuple[str, ...]) -> list[tuple[str, str, bool]]:
    return [_names(name) for name in names]


def _names(name: str) -> tuple[str, str, bool]:
    """Return what a field is called beside the context, what inside ("": not there), and whether it is a secret."""
    if name in _PERSON_AND_REQUEST:
        return _PERSON_AND_REQUEST[name], "", False
    first, *words = name.split("_")
    written = first + "".join(word.capitalize() for word in words)
    return written if written in QUERIED else "", written, _is_secret(name)


def _without_secrets(_: Any, __: str, event: Any) -> Any:
    for name in event:
        if _is_secret(name):
            event[name] = "***"
    return event


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRET)


def _json_line(_: Any, level: str, event: Any) -> str:
    """Write one line; a fault's traceback goes with it."""
    message, with_fault = event.pop("event"), event.pop("exc_info", None)
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    line = {
        "timestamp": f"{_second(seconds)}.{nanoseconds // 1_000_000:03d}Z",
        "level": level.upper(),
        "message": message,
        **fields_of(event),
    }
    if with_fault:
        line["exception"] = traceback.format_exc()
    return _encode(line).decode()


@functools.lru_cache(maxsize=4)
def _second(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))


class _Lines:
    """Writes lines in groups, off the path of requests: a tenth of a second later at most, faults at once."""

    def __init__(self, *_: Any) -> None:
        self._file: TextIO = sys.stderr
        self._waiting: list[str] = []
        atexit.register(self._flush)

    def info(self, line: str) -> None:
        """Write soon."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.warning(line)
            return
        if not self._waiting:
            loop.call_later(_WAIT_SECONDS, self._flush)
        self._waiting.append(line)
        if len(self._waiting) >= _LINES_MAX:
            self._flush()

    debug = info

    def warning(self, line: str) -> None:
        """Write at once, behind what waits."""
        self._waiting.append(line)
        self._flush()

    error = critical = exception = msg = warning

    def _flush(self) -> None:
        lines, self._waiting = self._waiting, []
        if lines:
            self._file.write("\n".join(lines) + "\n")
            self._file.flush()


class CloudLog:
    """Writes the lines that CloudWatch takes, with the name of the function and its invocation."""

    def __init__(self, level: str) -> None:
        from aws_lambda_powertools import Logger

        self._logger = Logger(
            service=os.environ.get("POWERTOOLS_SERVICE_NAME", "stockwright"),
            level=level.upper(),
            location=None,
            utc=True,
            use_rfc3339=True,
        )

    def begin(self, **fields: Any) -> None:
        """Set what is in every line from now on: the function, and the invocation."""
        self._logger.append_keys(**fields)

    def info(self, message: str, **fields: Any) -> None:
        """Log what happened."""
        self._logger.info(message, extra=fields_of(fields))

    def warning(self, message: str, **fields: Any) -> None:
        """Log what went wrong and will be corrected."""
        self._logger.warning(message, extra=fields_of(fields))

    def error(self, message: str, **fields: Any) -> None:
        """Log what needs attention."""
        self._logger.error(message, extra=fields_of(fields))

    def exception(self, message: str, **fields: Any) -> None:
        """Log an unexpected error, with its traceback."""
        self._logger.exception(message, extra=fields_of(fields))  # noqa: LOG004 - the caller is in a handler
