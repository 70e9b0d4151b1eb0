"""Hashes of what is random, or is only to be recognized: passwords have their own (`adapters/passwords.py`)."""

from __future__ import annotations

import hashlib


def sha256(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
