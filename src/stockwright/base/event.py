"""Events: past facts, each written in the same commit as its change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from stockwright.base.event_names import EventName

if TYPE_CHECKING:
    StoredName = EventName
else:
    # What another release stored is read under the name that it had there.
    StoredName = str


class Event(Struct, frozen=True):
    """A fact that has happened, stored once and in the order of the commits.

    `name` is `noun.past_participle`; `subject` is the id of the thing it is about; `data` holds
    what a reader needs without asking again, and never a secret. `position` is set by the store.
    """

    id: str
    name: StoredName
    subject: str
    at: int
    data: Mapping[str, Any] = field(default_factory=dict)
    actor: str = "system"
    request_id: str = ""
    position: str = ""

    @property
    def is_of_order(self) -> bool:
        """Whether it is about an order, which is its subject."""
        return self.name.startswith("order.")

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by their names: `Event(**fields)` is the same event."""
        return {
            "id": self.id,
            "name": self.name,
            "subject": self.subject,
            "at": self.at,
            "data": dict(self.data),
            "actor": self.actor,
            "request_id": self.request_id,
            "position": self.position,
        }

    def log_fields(self, handler: str) -> dict[str, Any]:
        """Return the fields of a line of the log about how a handler fared with it."""
        return {"handler": handler, "event_id": self.id, "request_id": self.request_id, "actor": self.actor}
