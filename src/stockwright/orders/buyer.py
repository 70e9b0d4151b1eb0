"""Whom an order is for: the caller, or the person whom staff order for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.accounts.records import find_account_by_email
from stockwright.base.email import check_new_email
from stockwright.base.errors import Invalid
from stockwright.base.hashing import sha256

if TYPE_CHECKING:
    from stockwright.context import App
    from stockwright.request import Request
    from stockwright.store.port import Store

Buyer = tuple[str, str]
"""Id and address; orders are listed by the id."""


async def find_buyer(app: App, request: Request, email: str | None) -> Buyer | None:
    """Return whom an order with this address is for; None: the caller.

    An account that has the address sees the order among its own. Only staff order for others (Invalid): nobody else
    can have the shop write to a stranger.
    """
    if email is None:
        return None
    wanted = check_new_email(email)
    if not request.actor.is_admin:
        if wanted != request.actor.email:
            raise Invalid.field("email", "must be the address of your own account; only staff order for others")
        return None
    return await buyer_of(app.store, wanted)


async def buyer_of(store: Store, email: str) -> Buyer:
    """Return the buyer who has an address (in normal form): an account, or a guest."""
    account = await find_account_by_email(store, email)
    return (account.id, account.email) if account is not None else (guest_id(email), email)


def guest_id(email: str) -> str:
    """Name somebody without an account: the same for all their orders."""
    return f"guest-{sha256(email)[:24]}"
