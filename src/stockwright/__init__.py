"""Stockwright: the source of truth for a shop's stock and orders."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str


def __getattr__(name: str) -> str:
    """Look the version up when it is asked for: the library that knows it is slow to load."""
    if name == "__version__":
        from importlib.metadata import version

        return version("stockwright")
    raise AttributeError(name)
