"""Who asks: accounts, API keys, and the Actor that a request is made as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from stockwright.domain.errors import Forbidden

Role = Literal["admin", "customer"]
ActorKind = Literal["anonymous", "account", "key", "system"]
Scope = Literal["inventory", "reservations", "sales", "orders:pack", "orders:deliver", "metrics"]

SCOPES: Final[tuple[Scope, ...]] = (
    "inventory",
    "reservations",
    "sales",
    "orders:pack",
    "orders:deliver",
    "metrics",
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks now: a person (account), a machine (key), the system itself, or nobody known."""

    id: str
    kind: ActorKind
    role: Role | None = None
    email: str = ""
    scopes: frozenset[str] = frozenset()

    @property
    def is_admin(self) -> bool:
        """Whether every door is open: an admin, or the system itself."""
        return self.role == "admin" or self.kind == "system"

    def owns(self, owner_id: str) -> bool:
        """Whether a thing of that owner is this actor's own."""
        return self.id == owner_id

    def must_reach(self, owner_id: str, what: str) -> None:
        """Refuse with Forbidden unless the thing is the actor's own or the actor is an admin (S2)."""
        if not (self.is_admin or self.owns(owner_id)):
            raise Forbidden(f"You do not have permission to access this {what}")


ANONYMOUS: Final = Actor(id="anonymous", kind="anonymous")
SYSTEM: Final = Actor(id="system", kind="system")
