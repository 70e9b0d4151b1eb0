"""The last step of every use case: commit what was decided, with the request's Idempotency-Key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from stockwright.domain.errors import VersionConflict
from stockwright.domain.events import Event
from stockwright.store.port import ConditionFailed
from stockwright.store.records.batch import AlreadyDone, Batch, Stale, put_idempotency
from stockwright.usecases.context import App, current_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockwright.domain.account import Actor
    from stockwright.store.port import Item, Key, Write

__all__ = ["commit", "decide", "insist", "new_event", "unchanged"]

Result = TypeVar("Result")


async def commit(app: App, batch: Batch, result: Any = None, *, settled: bool = True) -> None:
    """Write the batch and, where the request carries a key, the record that makes it happen once.

    `result` is what the use case will return. Where it may come out otherwise (`settled=False`:
    the answer is read after the commit) the edge keeps the real answer in its place, and this one
    only serves if the process ends in between. Raises Stale where
    the decision must be made again, AlreadyDone where this key has had its effect.
    """
    once = current_request().once
    if once is None or once.committed:
        await batch.commit(app.store)
        return
    answer = once.render(result) if result is not None else None
    used_at = None if once.keep else app.clock.now()
    position = put_idempotency(batch, once.key, once.request_hash, answer, used_at)
    try:
        await app.store.commit(batch.writes)
    except ConditionFailed as refused:
        if position in refused.positions:
            raise AlreadyDone from refused
        raise Stale(f"changed meanwhile: {refused}") from refused
    once.committed = True
    if settled:
        once.answer, once.result = answer, result


async def decide(app: App, key: Key, decision: Callable[[Item | None], tuple[Batch, Result]]) -> Result:
    """Commit what `decision` makes of an item as it is in that commit, with the request's key; returns its result.

    Where the decision writes nothing, the key is stored with the result all the same. Raises as `commit` does,
    and what the decision raises.
    """
    once = current_request().once
    if once is not None and once.committed:
        once = None
    made: list[tuple[Result, Any, int]] = []

    def write(item: Item | None) -> list[Write]:
        batch, result = decision(item)
        answer, position = None, -1
        if once is not None:
            answer = once.render(result) if result is not None else None
            used_at = None if once.keep else app.clock.now()
            position = put_idempotency(batch, once.key, once.request_hash, answer, used_at)
        made.append((result, answer, position))
        return batch.writes

    try:
        await app.store.decide(key, write)
    except ConditionFailed as refused:
        if made[-1][2] in refused.positions:
            raise AlreadyDone from refused
        raise Stale(f"changed meanwhile: {refused}") from refused
    result, answer, _ = made[-1]
    if once is not None:
        once.committed, once.answer, once.result = True, answer, result
    return result


async def unchanged(app: App, result: Result) -> Result:
    """Return what holds already. The request's key is kept with it: sent again later, it has no effect either."""
    once = current_request().once
    if once is not None and not once.committed:
        await commit(app, Batch(), result)
    return result


def insist(expected: int | None, current: Any) -> None:
    """Refuse, with the state now, unless it is still the version that the asker insists on (None: any)."""
    if expected is not None and expected != current.version:
        raise VersionConflict(details={"current": current})


def new_event(app: App, actor: Actor, name: str, subject: str, /, **data: Any) -> Event:
    """Tell a fact of now: `name` is `noun.past_participle`, `subject` the id of what it is about."""
    return Event(
        id=app.ids.new("evt"),
        name=name,
        subject=subject,
        at=app.clock.now(),
        data=data,
        actor=actor.id,
        request_id=current_request().id,
    )
