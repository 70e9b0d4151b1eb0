"""The last step of every use case: commit what was decided, with the request's Idempotency-Key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from stockwright.base.errors import VersionConflict
from stockwright.base.event import Event
from stockwright.store.batch import Batch, Stale
from stockwright.store.idempotency import AlreadyDone
from stockwright.store.port import ConditionFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockwright.base.event import EventData
    from stockwright.context import App
    from stockwright.request import KeyRecord, Request
    from stockwright.store.port import Item, Key, Write


__all__ = ["commit", "decide", "insist", "new_event", "unchanged"]
Result = TypeVar("Result")


async def commit(app: App, request: Request, batch: Batch, result: Any = None, *, final: bool = True) -> None:
    """Write the batch and, where the request carries a key, the record that makes it happen once.

    `result` is what the use case will return. Where it may come out otherwise (`final=False`:
    the answer is read after the commit) the edge stores the real answer instead, and this one
    only serves if the process ends in between. Of several commits the first uses the key. Raises Stale where
    the decision must be made again, AlreadyDone where this key has had its effect.
    """
    record = _add_record(app, request, batch, result)
    try:
        await app.store.commit(batch.writes)
    except ConditionFailed as refused:
        raise _why(refused, record) from refused
    _set_record(request, record if final or record is None else replace(record, answer=None, reference=None))


async def decide(
    app: App, request: Request, key: Key, decision: Callable[[Item | None], tuple[Batch, Result]]
) -> Result:
    """Commit what `decision` makes of an item as it is in that commit, with the request's key; returns its result.

    Where the decision writes nothing, the key is stored with the result all the same. Raises as `commit` does,
    and what the decision raises.
    """
    made: list[tuple[Result, KeyRecord | None]] = []

    def write(item: Item | None) -> list[Write]:
        batch, result = decision(item)
        made.append((result, _add_record(app, request, batch, result)))
        return batch.writes

    try:
        await app.store.decide(key, write)
    except ConditionFailed as refused:
        raise _why(refused, made[-1][1]) from refused
    result, record = made[-1]
    _set_record(request, record)
    return result


async def unchanged(app: App, request: Request, result: Result) -> Result:
    """Return what holds already. The request's key is stored with it: sent again later, it has no effect either."""
    if request.idempotency is not None and request.idempotency.record is None:
        await commit(app, request, Batch(), result)
    return result


def _add_record(app: App, request: Request, batch: Batch, result: Any) -> KeyRecord | None:
    """Add the record of the request's key to a commit; None where it has none, or a commit has used it."""
    if request.idempotency is None or request.idempotency.record is not None:
        return None
    return request.idempotency.add_record(batch, result, app.clock.now())


def _set_record(request: Request, record: KeyRecord | None) -> None:
    """Report to the key's owner what was stored with it."""
    if request.idempotency is not None and record is not None:
        request.idempotency.record = record


def _why(refused: ConditionFailed, record: KeyRecord | None) -> Stale | AlreadyDone:
    """Return whether a commit was refused because the key had its effect, or because something has changed."""
    if record is not None and record.position in refused.positions:
        return AlreadyDone()
    return Stale(f"changed meanwhile: {refused}")


def insist(expected: int | None, current: Any) -> None:
    """Refuse, with the state now, unless it is still the version that the caller requires (None: any)."""
    if expected is not None and expected != current.version:
        raise VersionConflict(details={"current": current})


def new_event(app: App, request: Request, data: EventData, subject: str) -> Event:
    """Build an event of now, named by the class of its data: `subject` is the id of what it is about."""
    return Event(
        id=app.ids.new("evt"),
        name=data.event_name,
        subject=subject,
        at=app.clock.now(),
        data=data.as_dict(),
        actor=request.actor.id,
        request_id=request.id,
    )
