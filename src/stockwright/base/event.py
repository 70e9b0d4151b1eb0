"""Events: past facts, each written in the same commit as its change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar, dataclass_transform

import msgspec
from msgspec import Struct, field

from stockwright.base.errors import Permanent


@dataclass_transform(frozen_default=True, kw_only_default=True)
class EventData(Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """What an event says: a subclass per event, which are all in `events/catalogue.py`.

    It holds what a reader needs without asking again, and never a secret.
    """

    event_name: ClassVar[str]
    """`noun.past_participle`."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as the JSON object that is stored."""
        fields: dict[str, Any] = msgspec.to_builtins(self)
        return fields


Data = TypeVar("Data", bound=EventData)


class Event(Struct, frozen=True, gc=False):
    """A fact that has happened, stored once and in the order of the commits.

    `subject` is the id of the thing it is about; `data` is what the class of that `name` says, as a JSON object.
    `position` is set by the store.
    """

    id: str
    name: str
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

    def read(self, of: type[Data]) -> Data:
        """Read its data as an event of this class. Raises Permanent where it is not one."""
        try:
            return msgspec.convert(self.data, of)
        except msgspec.ValidationError as wrong:
            raise Permanent(f"the data of {self.name} cannot be read: {wrong}") from wrong

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
