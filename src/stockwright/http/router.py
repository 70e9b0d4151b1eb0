"""Which routes a path has, and the values of its variable parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote

from stockwright.base.errors import NotFound, StockwrightError
from stockwright.http.route import Route

_SLASH = "\x00"
"""Replaces a "/" inside one part of a path; nothing else there can be this character."""


class MethodNotAllowed(StockwrightError):
    """The path is there, but not for this method."""

    code = "METHOD_NOT_ALLOWED"
    default_message = "This method is not allowed here"

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = ", ".join(sorted({*allowed, "OPTIONS"}))
        super().__init__(f"This method is not allowed here; allowed: {self.allowed}", {"allowed": self.allowed})


class Router:
    """Finds the routes of a path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._static: dict[str, dict[str, Route]] = {}
        self._patterns: dict[tuple[str, int], list[tuple[re.Pattern[str], dict[str, Route]]]] = {}
        by_path: dict[str, dict[str, Route]] = {}
        for route in routes:
            for path in filter(None, (route.full_path, route.also_at)):
                by_path.setdefault(path, {})[route.method] = route
        for path, methods in by_path.items():
            if "{" in path:
                self._patterns.setdefault(_bucket(path), []).append((_pattern(path), methods))
            else:
                self._static[path] = methods

    def match(self, scope: MutableMapping[str, Any]) -> tuple[dict[str, Route], Mapping[str, str]]:
        """Find the routes of a path, and the values of its variable parts."""
        path: str = scope["path"]
        found = self._static.get(path)
        if found is not None:
            return found, {}
        path, slash = _with_slashes_hidden(path, scope.get("raw_path") or b"")
        for pattern, methods in self._patterns.get(_bucket(path), ()):
            match = pattern.match(path)
            if match:
                parts = match.groupdict()
                return methods, {name: text.replace(slash, "/") for name, text in parts.items()} if slash else parts
        raise NotFound("There is nothing at this path")


def _with_slashes_hidden(path: str, raw_path: bytes) -> tuple[str, str]:
    """Return the path for matching, where a "/" that a part holds (sent as %2F) is _SLASH.

    Any foreign id or SKU may hold one (SPEC section 3), and the decoded path no longer distinguishes it from
    one that separates two parts.
    """
    if "\x00" in path:
        raise NotFound("There is nothing at this path")
    if b"%2F" not in raw_path and b"%2f" not in raw_path:
        return path, ""
    text = raw_path.split(b"?")[0].decode("latin-1")
    return unquote(re.sub("%2f", "%00", text, flags=re.IGNORECASE)), _SLASH


def _pattern(path: str) -> re.Pattern[str]:
    """Compile a path: a name in braces is one part of it, whatever it is."""
    literals_and_names = re.split(r"{(\w+)}", path)
    return re.compile(
        "".join(
            f"(?P<{each}>[^/]+)" if number % 2 else re.escape(each) for number, each in enumerate(literals_and_names)
        )
        + r"\Z"
    )


def _bucket(path: str) -> tuple[str, int]:
    """Group patterns by the second word of the path and their length, so that few are tried."""
    words = path.split("/", 3)
    return words[2] if len(words) > 2 else "", path.count("/")  # noqa: PLR2004
