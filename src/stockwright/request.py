"""What a use case is given of the request that it works for: who asks, the request's id, its Idempotency-Key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from stockwright.base.actor import SYSTEM
from stockwright.store.idempotency import IDEMPOTENCY_SECONDS, put_idempotency

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stockwright.base.actor import Actor
    from stockwright.base.event import Event
    from stockwright.store.batch import Batch
    from stockwright.store.idempotency import Recall, Reference


class Request(Struct, frozen=True):
    """Who asks, and what the ledger, the events and the log name the request by ("": it has none).

    `idempotency` is its key, where it has one: the first commit that is given this request uses it.
    """

    actor: Actor
    id: str = ""
    idempotency: Idempotency | None = None

    @property
    def sent_key(self) -> str:
        """The Idempotency-Key as the client sent it, from whatever address; "" where it has none."""
        return self.idempotency.key.partition("#")[2] if self.idempotency else ""

    def by(self, actor: Actor) -> Request:
        """Return what is done on the way in another's name: with the same id, but it does not use up the key."""
        return Request(actor, self.id)


BY_SYSTEM: Final = Request(SYSTEM)
"""What no client asks for: the command line, the sweeper, the dispatcher."""


def caused_by(event: Event, actor: Actor = SYSTEM) -> Request:
    """Return the request of a handler: the ledger and events name it by the request that caused the event."""
    return Request(actor, event.request_id)


class KeyRecord(Struct, frozen=True):
    """What a commit stores with a key: the use case's result, and its answer.

    Without `answer` and `reference`, the answer is only known after the commit.
    """

    position: int
    """Which write of the commit it is."""
    result: Any
    answer: Mapping[str, Any] | None
    reference: Reference | None = None

    @property
    def is_complete(self) -> bool:
        """Whether a replay can be answered."""
        return self.answer is not None or self.reference is not None


class Idempotency:
    """An Idempotency-Key at work: its record is one more write in the commit of the effect.

    Its creator reads afterwards in `record` whether a commit has used the key. `render` turns the
    use case's result into the answer that a replay will give. Where `recall` has a reference to the result,
    that is stored instead of the answer.
    """

    __slots__ = ("key", "recall", "record", "render", "request_hash", "seconds")

    def __init__(
        self,
        key: str,
        request_hash: str,
        render: Callable[[Any], Mapping[str, Any]],
        *,
        recall: Recall | None = None,
        seconds: int | None = IDEMPOTENCY_SECONDS,
    ) -> None:
        self.key, self.request_hash, self.render, self.recall = key, request_hash, render, recall
        self.seconds = seconds
        """How long its record is stored; None: for ever (what an import did)."""
        self.record: KeyRecord | None = None

    def add_record(self, batch: Batch, result: Any, now: int) -> KeyRecord:
        """Add the key's record to a commit; it is to be set as `record` when that has succeeded."""
        reference = None if result is None or self.recall is None else self.recall.refer(result)
        answer = self.render(result) if result is not None and reference is None else None
        position = put_idempotency(batch, self.key, self.request_hash, answer, self.until(now), reference)
        return KeyRecord(position, result, answer, reference)

    def until(self, now: int) -> int | None:
        """Return until when (epoch seconds) a record of now (ms) is stored; None: for ever."""
        return None if self.seconds is None else now // 1000 + self.seconds
