"""A hot item in parts: the numbers of one stock, spread over several items that are written independently.

DynamoDB runs one transaction at an item at a time, and 1,000 write units a second at its partition. Where that is
not enough, an item's numbers are divided among `COUNT` parts: the item itself, which is part 0, and items at
`<partition>␟p<number>`. Together they are the item: its numbers are their sums, its version is the sum of theirs.
An `Add` changes whichever part has enough; where none has, several in one commit. Parts are made and put together
again under leases of all of them, held to their versions, so the sum is exact at every instant.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from stockwright.store.apply_add import added
from stockwright.store.dynamodb import lease
from stockwright.store.dynamodb.codec import Wire, from_attribute, to_attribute
from stockwright.store.dynamodb.layout import SEPARATOR
from stockwright.store.port import Add

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.store.port import Body, Key, Path

SUMMED: Final = {"STOCK": ("levels", "updatedAt")}
"""The items that may be in parts, by sort key: the field of their numbers, and the one that the latest part decides."""
COUNT: Final = "k"
"""The attribute of part 0 that says how many parts there are."""
EPOCH: Final = "x"
"""The attribute of every part that says since when (ms) these parts are one item."""
PARTS: Final = 32
"""So many parts take about 1,000 orders a second, each placed and confirmed, with transactions of 8 ms."""
UNITS_LEAST: Final = 2
"""Fewer units in a part are not worth it."""


class Split(Struct):
    """What is known of an item in parts: their epoch, and their bodies and versions when they were read."""

    epoch: int
    bodies: list[Body]
    versions: list[int]

    @property
    def count(self) -> int:
        """How many parts there are."""
        return len(self.bodies)


def may_be_split(key: Key) -> bool:
    """Return whether an item may be in parts."""
    return key[1] in SUMMED


def part_key(key: Key, number: int) -> Key:
    """Return the key of a part; part 0 is the item itself."""
    return (f"{key[0]}{SEPARATOR}p{number}", key[1]) if number else key


def part_keys(image: Wire) -> list[Key]:
    """Return the keys of the other parts of an item."""
    key = (image["pk"]["S"], image["sk"]["S"])
    return [part_key(key, number) for number in range(1, int(image[COUNT]["N"]))]


def are_of_one(main: Wire, others: Sequence[Wire | None]) -> bool:
    """Return whether all parts were read, and are those that this part 0 belongs to."""
    return all(other is not None and other[EPOCH] == main[EPOCH] for other in others)


def split_of(main: Wire, others: Sequence[Wire]) -> Split:
    """Return what is known of an item whose parts were read."""
    images = [main, *others]
    return Split(
        int(main[EPOCH]["N"]),
        [from_attribute(each["b"]) for each in images],
        [int(each["v"]["N"]) for each in images],
    )


def whole_image(main: Wire, split: Split) -> Wire:
    """Return the item that the parts are: as if it had never been divided."""
    numbers, latest = SUMMED[main["sk"]["S"]]
    body = dict(split.bodies[0])
    for each in split.bodies[1:]:
        body[numbers] = _sum(body[numbers], each[numbers])
        body[latest] = max(body[latest], each[latest])
    image = {name: value for name, value in main.items() if name not in {COUNT, EPOCH, lease.BY, lease.UNTIL}}
    return image | {"v": {"N": str(sum(split.versions))}, "b": to_attribute(body)}


def _sum(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _sum(value, other[name]) if isinstance(value, dict) else value + other.get(name, 0)
        for name, value in one.items()
    }


def divided(image: Wire, count: int, epoch: int) -> list[Wire]:
    """Divide a whole item into so many parts with new versions; part 0 keeps all that is not divided."""
    numbers, latest = SUMMED[image["sk"]["S"]]
    body = from_attribute(image["b"])
    key = (image["pk"]["S"], image["sk"]["S"])
    parts: list[Wire] = []
    for number in range(count):
        levels = {place: _share(level, count, number) for place, level in body[numbers].items()}
        mark = {EPOCH: {"N": str(epoch)}}
        if number:
            at = part_key(key, number)
            own = {"pk": {"S": at[0]}, "sk": {"S": at[1]}, "v": {"N": "0"}}
            parts.append(own | mark | {"b": to_attribute({numbers: levels, latest: body[latest]})})
        else:
            rest = {name: value for name, value in image.items() if name not in {lease.BY, lease.UNTIL}}
            version = int(image["v"]["N"]) + 1
            mark |= {COUNT: {"N": str(count)}, "v": {"N": str(version)}}
            parts.append(rest | mark | {"b": to_attribute(body | {numbers: levels})})
    return parts


def _share(level: Mapping[str, int], count: int, number: int) -> dict[str, int]:
    available, reserved = (level[name] // count + (number < level[name] % count) for name in ("available", "reserved"))
    return {"available": available, "reserved": reserved, "total": available + reserved}


def has_numbers(image: Wire) -> bool:
    """Return whether an item has what can be divided."""
    return all(name in image["b"]["M"] for name in SUMMED[image["sk"]["S"]])


def units_of(image: Wire) -> int:
    """Return the most units that there are of one kind: so many parts at most are worth it."""
    numbers, _ = SUMMED[image["sk"]["S"]]
    levels = from_attribute(image["b"])[numbers].values()
    return max((max(each["available"], each["reserved"]) for each in levels), default=0)


def spread(add: Add, split: Split) -> list[tuple[int, Add]] | None:
    """Return which parts change by how much; None where all of them together have too little."""
    fitting = [number for number, body in enumerate(split.bodies) if added(body, add) is not None]
    if fitting:
        return [(random.choice(fitting), add)]  # noqa: S311
    taken: dict[int, dict[Path, int]] = {}
    for way in dict.fromkeys(path[:-1] for path in add.deltas):
        deltas = {path: delta for path, delta in add.deltas.items() if path[:-1] == way}
        units = max(map(abs, deltas.values()))
        if any(abs(delta) != units for delta in deltas.values()):
            return None
        falling = [path for path, delta in deltas.items() if delta < 0]
        room = {number: _room(body, falling, add) for number, body in enumerate(split.bodies)}
        for number in sorted(room, key=lambda each: room[each], reverse=True):
            some = min(units, room[number])
            if some <= 0:
                break
            units -= some
            part = taken.setdefault(number, {})
            part.update({path: some if delta > 0 else -some for path, delta in deltas.items()})
        if units:
            return None
    return [
        (number, replace(add, deltas=deltas, floors={path: 0 for path in deltas if path in add.floors}))
        for number, deltas in taken.items()
    ]


def _room(body: Body, falling: Sequence[Path], add: Add) -> int:
    """Return how many units a part can give; without anything that falls, as many as are asked for."""
    found = []
    for path in falling:
        value: Any = body
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if not isinstance(value, int):
            return 0
        found.append(value - add.floors.get(path, 0))
    return min(found, default=max(map(abs, add.deltas.values())))
