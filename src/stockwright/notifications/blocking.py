"""Blocking addresses: mail to one that bounced or complained costs the sender's good name, so none goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.base.email import normal_email
from stockwright.base.errors import Invalid
from stockwright.commit import commit, unchanged
from stockwright.notifications.blocked_records import (
    DETAIL_MAX,
    BlockedAddress,
    block_id,
    delete_block,
    find_block,
    get_block,
    put_block,
)
from stockwright.store.batch import Batch, retried

if TYPE_CHECKING:
    from stockwright.context import App
    from stockwright.notifications.blocked_records import BlockReason
    from stockwright.request import Request


async def block(app: App, request: Request, email: str, reason: BlockReason, detail: str) -> BlockedAddress:
    """Block an address; one that is blocked already keeps its first reason."""
    address = _plain(email)

    async def attempt() -> BlockedAddress:
        known = await find_block(app.store, address)
        if known is not None:
            return await unchanged(app, request, known)
        made = BlockedAddress(block_id(address), address, reason, app.clock.now(), detail[:DETAIL_MAX])
        batch = Batch()
        put_block(batch, made)
        await commit(app, request, batch, made)
        app.log.warning("address blocked", block=made.id, reason=reason)
        return made

    return await retried(attempt)


async def unblock(app: App, request: Request, blocked_id: str) -> BlockedAddress:
    """Let mail go to an address again; NotFound where it is not blocked."""

    async def attempt() -> BlockedAddress:
        known = await get_block(app.store, blocked_id)
        batch = Batch()
        delete_block(batch, known)
        await commit(app, request, batch, known)
        return known

    return await retried(attempt)


async def why_blocked(app: App, email: str) -> str:
    """Return why no mail goes to an address, in one line; "" where it may."""
    known = await find_block(app.store, _plain(email))
    if known is None:
        return ""
    return f"the address is blocked: {known.reason}{f' ({known.detail})' if known.detail else ''}"


def _plain(email: str) -> str:
    """Write an address as accounts do; one that is not written rightly stays as it is."""
    try:
        return normal_email(email)
    except Invalid:
        return email.strip().casefold()
