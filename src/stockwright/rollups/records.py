"""Access patterns of rollups: what was counted of each subject, and the sums.

A generation is one whole set of rollups. Reports read the active one; a rebuild counts everything into the next
beside it, and then makes that the active one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import field

from stockwright.base.record import Record
from stockwright.rollups.model import Counted, RollupId
from stockwright.store.find import find
from stockwright.store.paging import whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockwright.store.batch import Batch
    from stockwright.store.port import Item, Key, Store

STATE: Final[Key] = ("ROLLUPS", "STATE")
PROGRESS: Final[Key] = ("ROLLUPS", "PROGRESS")
SubjectKind = Literal["ORDER", "SALE", "DEADLETTER"]


class State(Record, frozen=True):
    """Which generation reports read, which one is being built, and which former one is still to be removed."""

    KIND = "ROLLUPS"
    PARTITION = STATE[0]
    SORTS = STATE[1:]
    active: int | None = None
    building: int | None = None
    former: int | None = None

    @property
    def counted(self) -> tuple[int, ...]:
        """The generations that every change is counted in."""
        return tuple(each for each in (self.active, self.building) if each is not None)


class Progress(Record, frozen=True):
    """How far a rebuild is: the number of the list that is read, and the position in it after which it goes on."""

    KIND = "REBUILD"
    PARTITION = PROGRESS[0]
    SORTS = PROGRESS[1:]
    generation: int
    walk: int = 0
    after: str | None = None


class Contribution(Record, frozen=True):
    """What was last counted of one subject, by generation."""

    KIND = "CONTRIBUTION"
    counted: dict[str, Counted] = field(default_factory=dict)


async def load_state(store: Store) -> State:
    """Load which generations there are; without a state, nothing was ever counted."""
    return await find(store, STATE, State) or State()


def put_state(batch: Batch, state: State) -> None:
    """Write the state, expecting the version that it was loaded with."""
    batch.put(STATE, state, state.version)


async def load_progress(store: Store) -> Progress | None:
    """Load how far the rebuild under way is."""
    return await find(store, PROGRESS, Progress)


def put_progress(batch: Batch, progress: Progress) -> None:
    """Write how far a rebuild is, expecting the version that it was loaded with."""
    batch.put(PROGRESS, progress, progress.version)


def contribution_key(kind: SubjectKind, subject_id: str) -> Key:
    """The item beside the subject."""
    return (f"{kind}#{subject_id}", "CONTRIBUTION")


def contribution_of(item: Item | None) -> Contribution:
    """Read what was counted of a subject; without an item, nothing was."""
    return Contribution() if item is None else item.read(Contribution)


def put_contribution(batch: Batch, kind: SubjectKind, subject_id: str, contribution: Contribution) -> None:
    """Write what was counted of a subject, expecting the version that it was loaded with."""
    batch.put(contribution_key(kind, subject_id), contribution, contribution.version)


def delete_contribution(batch: Batch, kind: SubjectKind, subject_id: str, version: int) -> None:
    """Remove what was counted of a subject that was deleted."""
    batch.delete(contribution_key(kind, subject_id), version)


def rollup_key(generation: int, rollup: RollupId) -> Key:
    """The item of a rollup."""
    return (f"ROLLUP#{generation}#{rollup[0]}", rollup[1])


async def load_rollups(
    store: Store, generation: int, rollups: Iterable[RollupId]
) -> dict[RollupId, tuple[dict[str, Any], int]]:
    """Load rollups in one call, each with its version; those that hold nothing yet are left out."""
    keys = {rollup_key(generation, rollup): rollup for rollup in rollups}
    found = await store.get(list(keys)) if keys else {}
    return {keys[key]: (item.body, item.version) for key, item in found.items()}


async def load_partition(store: Store, generation: int, partition: str) -> dict[RollupId, tuple[dict[str, Any], int]]:
    """Load all rollups of a partition, such as those of a day."""
    items = await whole(store, rollup_key(generation, (partition, ""))[0])
    return {(partition, item.key[1]): (item.body, item.version) for item in items}


def put_rollup(batch: Batch, generation: int, rollup: RollupId, body: dict[str, Any], version: int) -> None:
    """Write a rollup, expecting the version that it was loaded with (ABSENT: none)."""
    batch.put(rollup_key(generation, rollup), body, version)


def delete_rollup(batch: Batch, generation: int, rollup: RollupId, version: int) -> None:
    """Remove a rollup of a former generation."""
    batch.delete(rollup_key(generation, rollup), version)
