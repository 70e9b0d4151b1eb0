"""Structs that hold a secret, which their repr leaves out: a log or a traceback must not show it."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct


class HidesSecrets(Struct, frozen=True, gc=False):
    """A struct whose fields in `SECRETS` are never shown."""

    SECRETS: ClassVar[frozenset[str]] = frozenset()

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name not in self.SECRETS
        )
        return f"{type(self).__name__}({shown})"
