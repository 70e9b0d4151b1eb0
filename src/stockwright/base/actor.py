"""Who makes a request: the actor with its role and scopes, and where the request comes from."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from stockwright.base.errors import Forbidden
from stockwright.base.hidden import HidesSecrets

Role = Literal["admin", "customer"]
ActorKind = Literal["anonymous", "account", "key", "system"]
Scope = Literal["products:write", "inventory", "reservations", "sales", "orders:pack", "orders:deliver", "metrics"]
SCOPES: Final[tuple[Scope, ...]] = (
    "products:write",
    "inventory",
    "reservations",
    "sales",
    "orders:pack",
    "orders:deliver",
    "metrics",
)


class Actor(Struct, frozen=True):
    """Who asks now: a person (account), a machine (key), the system itself, or an unknown caller."""

    id: str
    kind: ActorKind
    role: Role | None = None
    email: str = ""
    scopes: frozenset[str] = frozenset()

    @property
    def is_admin(self) -> bool:
        """Whether every door is open: an admin, or the system itself."""
        return self.role == "admin" or self.kind == "system"

    @property
    def sees_costs(self) -> bool:
        """Whether costs and margins are shown: to those who may set them."""
        return self.is_admin or "products:write" in self.scopes

    @property
    def is_customer(self) -> bool:
        """Whether the caller is a person who does not work for the shop: limits on holds apply to them."""
        return self.kind == "account" and self.role == "customer"

    def owns(self, owner_id: str) -> bool:
        """Whether a thing of that owner is this actor's own."""
        return self.id == owner_id

    def must_reach(self, owner_id: str, what: str) -> None:
        """Refuse with Forbidden unless the thing is the actor's own or the actor is an admin (S2)."""
        if not (self.is_admin or self.owns(owner_id)):
            raise Forbidden(f"You do not have permission to access this {what}")


ANONYMOUS: Final = Actor(id="anonymous", kind="anonymous")
SYSTEM: Final = Actor(id="system", kind="system")


class Origin(HidesSecrets, frozen=True):
    """Where a request comes from: the client's address, and the device tokens that it sent."""

    SECRETS = frozenset({"device_tokens"})
    address: str = ""
    device_tokens: tuple[str, ...] = ()


UNKNOWN: Final = Origin()
"""Where nothing is known of where it comes from."""

DEVICE_TOKENS_MAX: Final = 5
"""How many device tokens one request may send: those of the people who share a browser."""
