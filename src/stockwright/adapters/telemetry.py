"""Logs: one JSON line each, with the same fields in both forms (S2's), or readable ones on a terminal."""

from __future__ import annotations

import asyncio
import atexit
import functools
import logging
import operator
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TextIO

import msgspec

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_INFO: Final = _LEVELS["info"]
_SECRET = ("password", "secret", "token", "authorization", "api_key", "code")
QUERIED: Final = ("duration", "orderId", "productId", "productName", "errorMessage")
"""What S2's saved queries read beside the context; it is in the context too."""
_PERSON_AND_REQUEST: Final = {"request_id": "requestId", "actor": "userId"}
_LINES_MAX: Final = 200
_WAIT_SECONDS: Final = 0.1
_WRITTEN_AT_ONCE: Final = 4096
"""Bytes that a pipe takes whole, so that the lines of several workers do not mix (POSIX: PIPE_BUF, on Linux)."""
_encode = msgspec.json.Encoder(enc_hook=str).encode


def make_log(level: str) -> Any:
    """Make the logger: JSON lines to standard error, or lines in colors where that is a terminal."""
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    if not sys.stderr.isatty():
        return JsonLog(level)
    import structlog

    processors: list[Any] = [
        _without_secrets,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.dev.ConsoleRenderer(),
    ]
    made = structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr),
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
    )
    # Bound once: a lazy logger would be rebuilt for every line.
    return made.bind()


class _Shape(NamedTuple):
    """How fields of these names are written."""

    beside: list[tuple[str, str]]
    """Those that stand beside the context: the name here, and there."""
    inside: list[str]
    """What the others are called in the context, in order."""
    of_inside: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    """Returns the values of those."""
    secrets: list[str]
    """Those whose value is never written."""


def fields_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a line as S2 writes them: requestId, userId, what its queries read, the rest as `context`.

    A field with the name of a secret is never written.
    """
    shape = _shape_of(tuple(given))
    line: dict[str, Any] = {}
    for name, beside in shape.beside:
        value = given[name]
        if value is not None and value != "":
            line[beside] = value
    if shape.inside:
        context = dict(zip(shape.inside, shape.of_inside(given), strict=True))
        for name in shape.secrets:
            context[name] = "***"
        line["context"] = context
    return line


@functools.lru_cache(maxsize=256)
def _shape_of(names: tuple[str, ...]) -> _Shape:
    written = {name: _names(name) for name in names}
    inside = {name: within for name, (_, within, _) in written.items() if within}
    get = operator.itemgetter(*inside) if inside else None
    return _Shape(
        [(name, beside) for name, (beside, _, _) in written.items() if beside],
        list(inside.values()),
        (lambda given: (get(given),) if len(inside) == 1 else get(given)) if get else lambda _: (),
        [within for _, within, secret in written.values() if within and secret],
    )


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


@functools.lru_cache(maxsize=4)
def _second(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))


class JsonLog:
    """Writes JSON lines in groups, off the path of requests: a tenth of a second later at most, warnings at once."""

    def __init__(self, level: str) -> None:
        self._least = _LEVELS[level]
        self._file: TextIO = sys.stderr
        self._waiting: list[bytes] = []
        self._bound: dict[str, Any] = {}
        atexit.register(self._flush)

    def bind(self, **fields: Any) -> JsonLog:
        """Write these fields in every line from now on."""
        self._bound |= fields
        return self

    def debug(self, message: str, **fields: Any) -> None:
        """Log a detail."""
        if self._least <= _LEVELS["debug"]:
            self._add("DEBUG", message, fields)

    def info(self, message: str, **fields: Any) -> None:
        """Log what happened."""
        if self._least <= _INFO:
            self._add("INFO", message, fields)

    def warning(self, message: str, **fields: Any) -> None:
        """Log what went wrong and will be corrected."""
        if self._least <= _LEVELS["warning"]:
            self._add("WARNING", message, fields)
            self._flush()

    def error(self, message: str, **fields: Any) -> None:
        """Log what needs attention."""
        self._add("ERROR", message, fields)
        self._flush()

    def exception(self, message: str, **fields: Any) -> None:
        """Log an unexpected error, with its traceback."""
        self._add("ERROR", message, fields, exception=traceback.format_exc())
        self._flush()

    def _add(self, level: str, message: str, fields: Mapping[str, Any], **beside: Any) -> None:
        seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
        timestamp = f"{_second(seconds)}.{nanoseconds // 1_000_000:03d}Z"
        line = {"timestamp": timestamp, "level": level, "message": message, **self._bound}
        line |= fields_of(fields)
        line |= beside
        if not self._waiting:
            try:
                asyncio.get_running_loop().call_later(_WAIT_SECONDS, self._flush)
            except RuntimeError:
                self._waiting.append(_encode(line))
                self._flush()
                return
        self._waiting.append(_encode(line))
        if len(self._waiting) >= _LINES_MAX:
            self._flush()

    def _flush(self) -> None:
        """Write what waits, in order."""
        lines, self._waiting = self._waiting, []
        for part in _parts(lines):
            self._file.write(part.decode())
            self._file.flush()


def _parts(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Join whole lines to parts that are written at once; a line that is longer is a part of its own."""
    part = b""
    for line in lines:
        if part and len(part) + len(line) >= _WRITTEN_AT_ONCE:
            yield part
            part = b""
        part += line + b"\n"
    if part:
        yield part


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
