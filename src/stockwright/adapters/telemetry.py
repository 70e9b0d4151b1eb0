"""Logs: one JSON line each, or readable ones where a person watches; in the cloud, CloudWatch's."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_SECRET = ("password", "secret", "token", "authorization", "api_key", "code")


def make_log(level: str) -> Any:
    """Make the logger: JSON lines to standard error, colors on a terminal."""
    import structlog

    readable = sys.stderr.isatty()
    renderer: Any = structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer()
    processors: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_secrets,
    ]
    if not readable:
        processors.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # Bound once: a lazy logger would be put together anew at every line.
    return structlog.get_logger().bind()


def _without_secrets(_: Any, __: str, event: Any) -> Any:
    """Whatever is called a secret is never written, whoever logged it."""
    for name in event:
        if _is_secret(name):
            event[name] = "***"
    return event


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRET)


class CloudLog:
    """Writes CloudWatch's JSON lines with S2's fields: requestId, userId, and the rest as `context`."""

    def __init__(self, level: str) -> None:
        from aws_lambda_powertools import Logger

        self._logger = Logger(service="stockwright", level=level.upper(), location=None, utc=True, use_rfc3339=True)

    def begin(self, **fields: Any) -> None:
        """Say what stands in every line from now on: the function, and the invocation."""
        self._logger.append_keys(**fields)

    def info(self, message: str, **fields: Any) -> None:
        """Tell what happened."""
        self._logger.info(message, extra=_in_s2s_words(fields))

    def warning(self, message: str, **fields: Any) -> None:
        """Tell what went wrong and will be mended."""
        self._logger.warning(message, extra=_in_s2s_words(fields))

    def error(self, message: str, **fields: Any) -> None:
        """Tell what somebody must look at."""
        self._logger.error(message, extra=_in_s2s_words(fields))

    def exception(self, message: str, **fields: Any) -> None:
        """Tell what nobody foresaw, with where it came from."""
        self._logger.exception(message, extra=_in_s2s_words(fields))  # noqa: LOG004 - the caller is in a handler


def _in_s2s_words(fields: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: "***" if _is_secret(name) else value for name, value in fields.items()}
    named = {"requestId": told.pop("request_id", None), "userId": told.pop("actor", None), "context": told}
    return {name: value for name, value in named.items() if value}
