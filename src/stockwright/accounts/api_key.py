"""API keys: how a machine is known, and what it may do (SPEC §5)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Final

from stockwright.base.actor import SCOPES, Actor, Scope
from stockwright.base.errors import Invalid
from stockwright.base.hashing import sha256
from stockwright.base.record import Record

PREFIX: Final = "sw_"
RANDOM_BITS: Final = 160
NAME_MAX: Final = 100
SEEN_EVERY_MS: Final = 60_000
"""The last use is noted to the minute, so that a busy key does not write at every request."""
_SHAPE = re.compile(r"sw_([a-z2-7]{32})([a-z2-7]{7})")


class ApiKey(Record, frozen=True):
    """A machine with scopes; of its key only the SHA-256 is stored, and the end for people to know it by."""

    KIND = "APIKEY"
    id: str
    name: str
    scopes: tuple[Scope, ...]
    hash: str
    hint: str
    created_at: int
    created_by: str
    last_used_at: int | None = None

    def as_actor(self) -> Actor:
        """Return the actor of a request that this machine makes."""
        return Actor(self.id, "key", scopes=frozenset(self.scopes))

    def is_stale(self, now: int) -> bool:
        """Whether its last use should be recorded again."""
        return self.last_used_at is None or now >= self.last_used_at + SEEN_EVERY_MS


def key_text(random: bytes) -> str:
    """Write 160 random bits as a key: `sw_`, base 32, and a checksum that detects typing errors."""
    body = base64.b32encode(random).decode().lower()
    return f"{PREFIX}{body}{_checksum(body)}"


def looks_like_key(text: str) -> bool:
    """Whether a credential is meant as an API key."""
    return text.startswith(PREFIX)


def is_well_formed(text: str) -> bool:
    """Whether a key's checksum is right, so that it is worth looking up."""
    found = _SHAPE.fullmatch(text)
    return found is not None and _checksum(found[1]) == found[2]


def key_hash(text: str) -> str:
    """Return what is stored of a key. It has 160 random bits, so one SHA-256 is enough."""
    return sha256(text)


def check_key_name(text: str, field_name: str = "name") -> str:
    """Return a key's name, trimmed: 1 to 100 characters."""
    name = text.strip()
    if not 1 <= len(name) <= NAME_MAX or not name.isprintable():
        raise Invalid.field(field_name, f"must be 1 to {NAME_MAX} printable characters")
    return name


def check_scope(scope: str, field_name: str) -> None:
    """Refuse a scope that does not exist."""
    if scope not in SCOPES:
        raise Invalid.field(field_name, f"must be one of {', '.join(SCOPES)}")


def check_scopes(scopes: Iterable[str]) -> tuple[Scope, ...]:
    """Return scopes in their usual order, each once; at least one, and only those there are."""
    wanted = set(scopes)
    if not wanted or wanted - set(SCOPES):
        raise Invalid.field("scopes", f"must be one or more of {', '.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in wanted)


def _checksum(body: str) -> str:
    crc = binascii.crc32(body.encode()).to_bytes(4, "big")
    return base64.b32encode(crc).decode().lower().rstrip("=")
