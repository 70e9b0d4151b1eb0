"""Access patterns of blocked addresses: those that mail is no longer sent to, since it bounced or was complained of."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, Literal

from stockwright.base.errors import NotFound
from stockwright.base.record import Record

if TYPE_CHECKING:
    from stockwright.store.batch import Batch
    from stockwright.store.port import Key, Store


BlockReason = Literal["bounce", "complaint", "admin"]
"""bounce: it cannot be delivered, for good; complaint: its reader called it spam; admin: an admin decided."""
DETAIL_MAX: Final = 500


class BlockedAddress(Record, frozen=True):
    """An address that gets no mail until an admin unblocks it; `at` is when it was blocked (ms)."""

    KIND = "BLOCKED"
    id: str
    email: str
    reason: BlockReason
    at: int
    detail: str = ""


def block_id(email: str) -> str:
    """Name the block of an address, so that there is one at most."""
    return f"blk_{hashlib.sha256(email.encode()).hexdigest()[:24]}"


def block_key(blocked_id: str) -> Key:
    """The block's item."""
    return (f"BLOCKED#{blocked_id}", "BLOCKED")


async def find_block(store: Store, email: str) -> BlockedAddress | None:
    """Find the block of an address."""
    key = block_key(block_id(email))
    item = (await store.get([key])).get(key)
    return item.read(BlockedAddress) if item else None


async def get_block(store: Store, blocked_id: str) -> BlockedAddress:
    """Get a block or refuse."""
    key = block_key(blocked_id)
    item = (await store.get([key])).get(key)
    if item is None:
        raise NotFound("Blocked address not found")
    return item.read(BlockedAddress)


async def page_of_blocks(
    store: Store, *, after: str | None = None, limit: int = 20
) -> tuple[list[BlockedAddress], str | None]:
    """Read blocked addresses, the newest first."""
    page = await store.query("BLOCKED", index="list", after=after, limit=limit, reverse=True)
    return [item.read(BlockedAddress) for item in page.items], page.next


def put_block(batch: Batch, block: BlockedAddress) -> None:
    """Write a block, expecting the version that it was loaded with."""
    batch.put(block_key(block.id), block, block.version, {"list": ("BLOCKED", f"{block.at:013d}#{block.id}")})


def delete_block(batch: Batch, block: BlockedAddress) -> None:
    """Remove a block."""
    batch.delete(block_key(block.id), block.version)
