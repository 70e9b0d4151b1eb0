"""Stockwright: the source of truth for a shop's stock and orders."""

from importlib.metadata import version

__version__ = version("stockwright")
