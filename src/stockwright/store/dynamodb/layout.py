"""Where in the table things are: lists that the whole shop shares are spread over shards by a hash of the item.

A partition of DynamoDB takes 1,000 write units a second. What every order writes is spread over `shards`
partitions; what is written less often (the catalog), or read at each refusal (holds that are due), over a quarter.
Shard 0 bears the list's own name, so what a former release wrote is in it. How many there are is kept in the table
(`LAYOUT`), and may grow while the shop runs: readers read the larger number at once, writers use it SWITCH_MS
later, when every reader knows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal
from zlib import crc32

from msgspec import Struct

if TYPE_CHECKING:
    from stockwright.store.port import Body, IndexName, Key

LAYOUT: Final[Key] = ("LAYOUT", "LAYOUT")
"""The item that says how many shards there are, and whether every product has its entries (`terms.py`)."""
SPLITS: Final = "SPLITS"
"""The partition that lists the items in parts (`parts.py`)."""
SHARDS_DEFAULT: Final = 8
SHARDS_MAX: Final = 256
REFRESH_SECONDS: Final = 30.0
"""How often a process reads the item again."""
SWITCH_MS: Final = 90_000
SEPARATOR: Final = "\x1f"
"""Between the name of a partition and the number of its shard; no name contains it."""
Rate = Literal["busy", "calm"]

SPREAD: Final[dict[tuple[IndexName, str], Rate]] = {
    ("list", "HOLDS"): "busy",
    ("list", "MOVEMENT"): "busy",
    ("list", "NOTIFICATION"): "busy",
    ("list", "ORDER"): "busy",
    ("list", "RESERVATION"): "busy",
    ("list", "SALE"): "busy",
    ("list", "STOCK"): "busy",
    ("due", "RESERVATION"): "calm",
    ("list", "ACCOUNT"): "calm",
    ("list", "PRODUCT"): "calm",
    ("owner", "PRODUCT_NAME"): "calm",
    ("due", "PRODUCT_PRICE"): "calm",
    ("list", "STOCK_LOW"): "calm",
    ("owner", "STOCK_STATUS"): "calm",
}
"""The lists that the whole shop shares, by index and the first part of their names, and how often they are written."""
LEDGER: Final = "MOVEMENT#"
"""How sort keys of the ledger begin: a product's movements are in LEDGER_SHARDS partitions of their own."""
LEDGER_SHARDS: Final = 8
"""A change of this number is a change of where movements are stored."""


class Layout(Struct, frozen=True):
    """How many shards are read and written now, and whether products are found by their entries."""

    read: int = SHARDS_DEFAULT
    written: int = SHARDS_DEFAULT
    has_entries: bool = False

    @classmethod
    def of(cls, body: Body, now_ms: int) -> Layout:
        """Read the item's body as it counts at an instant (ms)."""
        shards, former = int(body["shards"]), int(body["former"])
        is_switched = now_ms >= int(body["since"]) + SWITCH_MS
        return cls(max(shards, former), shards if is_switched else former, bool(body["entries"]))

    def partitions(self, index: IndexName | None, partition: str) -> list[str]:
        """Return the names of all shards of a partition; it alone where it is not spread."""
        return [shard_name(partition, number) for number in range(_count(index, partition, self.read))]

    def partition_of(self, index: IndexName, partition: str, key: Key) -> str:
        """Return the shard of a partition of an index that an item's entry is written to."""
        count = _count(index, partition, self.written)
        return partition if count == 1 else shard_name(partition, _hash(key) % count)


def body_of_layout(shards: int, former: int, since: int, *, entries: bool) -> Body:
    """Return the body of the item: writers use `shards` from SWITCH_MS after `since` (ms) on, before that `former`."""
    return {"shards": shards, "former": former, "since": since, "entries": entries}


def _count(index: IndexName | None, partition: str, shards: int) -> int:
    rate = None if index is None else SPREAD.get((index, partition.partition("#")[0].partition(SEPARATOR)[0]))
    if rate is None:
        return 1
    return shards if rate == "busy" else max(1, shards // 4)


def shard_name(partition: str, number: int) -> str:
    """Name a shard of a partition; the first bears the partition's own name."""
    return f"{partition}{SEPARATOR}{number}" if number else partition


def whole_name(shard: str) -> str:
    """Return the name of the partition that a shard is of."""
    return shard.partition(SEPARATOR)[0]


def home(key: Key) -> Key:
    """Return the key under which an item is stored: movements are spread, everything else is where its key says."""
    if not key[1].startswith(LEDGER):
        return key
    return shard_name(key[0], crc32(key[1].encode()) % LEDGER_SHARDS), key[1]


def ledger_partitions(partition: str) -> list[str]:
    """Return the partitions in which the movements of a product are."""
    return [shard_name(partition, number) for number in range(LEDGER_SHARDS)]


def _hash(key: Key) -> int:
    return crc32(f"{key[0]} {key[1]}".encode())
