"""Logs: one JSON line each, or readable ones where a person watches."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_SECRET = ("password", "secret", "token", "authorization", "api_key", "code")


def make_log(level: str) -> Any:
    """Make the logger: JSON lines to standard error, colors on a terminal."""
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
        if any(word in name.lower() for word in _SECRET):
            event[name] = "***"
    return event
