"""The `.env` file: settings as NAME=value lines."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from stockwright.base.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def read_dotenv(path: Path) -> Mapping[str, str]:
    """Read NAME=value lines as python-dotenv does, without its interpolation; a line that it would skip is refused."""
    if not path.is_file():
        return {}
    from dotenv.parser import parse_stream

    read: dict[str, str] = {}
    try:
        # With a mark at its beginning or without: some editors write one.
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Misconfigured(f"{path} is not written in UTF-8: {wrong.reason} at byte {wrong.start}") from wrong
    except OSError as fault:
        raise Misconfigured(f"cannot read {path}: {fault.strerror}") from fault
    for binding in parse_stream(StringIO(text)):
        written = binding.original.string
        if binding.error or (binding.key is not None and binding.value is None):
            line = binding.original.line + _blank_lines_before(written)
            raise Misconfigured(f"{path}, line {line}: not of the form NAME=value, or with a quote that does not close")
        if binding.key is not None and binding.value is not None:
            read[binding.key] = binding.value
    return read


def _blank_lines_before(written: str) -> int:
    return written[: len(written) - len(written.lstrip())].count("\n")
