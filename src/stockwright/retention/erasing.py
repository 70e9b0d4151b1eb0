"""Erasing a person: the account ends at once; then name and address are replaced everywhere, in steps.

The first commit ends the account, its sessions and API keys, frees its address, and records what is to be replaced.
The sweeper, or the command that asked for it, then goes through all items, the event log and the archive files. It
can end at any point and be done again. Quantities, money and ids stay; backups stay as they are.
"""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from stockwright.accounts import digests, origin_records
from stockwright.accounts import records as accounts
from stockwright.accounts.address_book import address_book_key, load_address_book
from stockwright.accounts.identity import identity_of
from stockwright.accounts.model import erased
from stockwright.accounts.usecases import get_me, keep_one_admin
from stockwright.adapters.files import rewrite_lines
from stockwright.base.email import email_spellings
from stockwright.base.errors import Conflict
from stockwright.base.long_work import STEP_ROWS, give_way
from stockwright.commit import commit, new_event, unchanged
from stockwright.events.catalogue import AccountErased
from stockwright.orders.records import page_of_orders
from stockwright.retention import erasure_records as records
from stockwright.retention.aging import FOLDER
from stockwright.retention.erasure_records import Erasure
from stockwright.store.batch import Batch, Stale, retried
from stockwright.store.idempotency import UsedKey
from stockwright.store.paging import pages
from stockwright.store.port import Put, body_of
from stockwright.store.retention import AGING, load_archive_end, put_archive_end

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockwright.accounts.model import Account
    from stockwright.context import App
    from stockwright.request import Request
    from stockwright.store.port import Body, Key

SECONDS_MAX: Final = 5.0
"""So long does each sweep replace: what is left is for the next one, after the sweeper's other duties."""
ERASED: Final = "[erased]"


async def erase_me(app: App, request: Request) -> Account:
    """Erase the caller's own account."""
    return await erase_account(app, request, (await get_me(app, request)).id)


async def erase_account(app: App, request: Request, account_id: str) -> Account:
    """End an account and have its name and address replaced everywhere; again is fine.

    Raises Conflict while it has open orders, and for the last admin.
    """

    async def attempt() -> Account:
        account = await accounts.get_account(app.store, account_id)
        if account.is_erased:
            return await unchanged(app, request, account)
        await _check_orders(app, account_id)
        batch, now = Batch(), app.clock.now()
        if account.administers:
            await keep_one_admin(app, batch, account)
        after = erased(account, now)
        records.put_erasure(batch, Erasure(account.id, account.email, account.name))
        accounts.put_account(batch, after)
        await accounts.release_email(app.store, batch, account.email, account.id)
        await identity_of(app).end_all(app, batch, account)
        batch.append(new_event(app, request, AccountErased(), account.id))
        after = replace(after, version=account.version + 1)
        await commit(app, request, batch, after)
        return after

    return await retried(attempt)


async def _check_orders(app: App, account_id: str) -> None:
    async for page in pages(_orders_of(app, account_id)):
        for order in page:
            if order.row.is_open or order.has_pending_work:
                raise Conflict(f"The order {order.id} is still open; deliver or cancel it first", {"orderId": order.id})


def _orders_of(app: App, account_id: str) -> partial[Any]:
    return partial(page_of_orders, app.store, user_id=account_id, limit=STEP_ROWS)


# ---- replacing -------------------------------------------------------------------------------


async def go_on_erasing(app: App) -> int:
    """Go on with what is to be erased; returns how many people are erased everywhere now."""
    done, until = 0, asyncio.get_running_loop().time() + SECONDS_MAX
    for erasure in await records.list_erasures(app.store):
        done += await _go_on(app, erasure, until)
    return done


async def _go_on(app: App, erasure: Erasure, until: float) -> bool:
    """Take steps until all is replaced, or it is late (in the loop's time); returns whether all is."""
    while asyncio.get_running_loop().time() < until:
        match erasure.stage:
            case "account":
                await _end_account(app, erasure)
                after = replace(erasure, stage="items")
            case "items":
                after = await _replace_items(app, erasure)
            case "events":
                after = await _replace_events(app, erasure)
            case _:
                await _replace_in_archives(app, erasure)
                batch = Batch()
                records.delete_erasure(batch, erasure)
                await batch.commit_once(app.store)
                return True
        batch = Batch()
        records.put_erasure(batch, after)
        try:
            await batch.commit(app.store)
        except Stale:
            # Another process goes on with it.
            return False
        erasure = replace(after, version=erasure.version + 1)
        await give_way()
    return False


async def _end_account(app: App, erasure: Erasure) -> None:
    """Remove what could still open the account, by what it was recognized, and its saved addresses."""
    await identity_of(app).remove(app, erasure.account_id)
    await retried(partial(_remove_addresses, app, erasure.account_id))

    async def attempt() -> None:
        batch = Batch()
        for key, origin in (await origin_records.list_origins(app.store, erasure.email)).items():
            batch.delete(key, origin.version)
        if batch.writes:
            await batch.commit(app.store)

    await retried(attempt)
    after: str | None = None
    while True:
        keys, after = await accounts.page_of_api_keys(app.store, after=after, limit=100)
        for key in keys:
            if key.created_by == erasure.account_id:
                batch = Batch()
                batch.delete(accounts.api_key_key(key.hash), key.version)
                await batch.commit_once(app.store)
        if after is None:
            return


async def _remove_addresses(app: App, account_id: str) -> None:
    book = await load_address_book(app.store, account_id)
    if book.version:
        batch = Batch()
        batch.delete(address_book_key(account_id), book.version)
        await batch.commit(app.store)


def without_address(body: Body, account_id: str) -> Body:
    """Replace where and whom a person's order was for, in the order's item; the country and the tags stay."""
    details = body.get("details")
    if body.get("userId") != account_id or not details:
        return body
    replaced = dict(details)
    for name in ("shippingAddress", "billingAddress"):
        if details.get(name):
            replaced[name] = {"name": ERASED, "line1": ERASED, "country": details[name]["country"]}
    if details.get("note"):
        replaced["note"] = ERASED
    return {**body, "details": replaced}


async def _replace_items(app: App, erasure: Erasure) -> Erasure:
    """Replace what is personal in the next items; those that change meanwhile are read again."""
    change, found = _change_of(erasure), False
    own_keys = f"{UsedKey.PARTITION}{erasure.account_id}#"
    after = (erasure.after[0], erasure.after[1]) if erasure.after else None
    while True:
        rows, following = await app.store.scan(after, STEP_ROWS)
        stale = False
        for row in rows:
            if row.key == records.erasure_key(erasure.account_id):
                continue
            body = body_of(row.body)
            changed = change(without_address(body, erasure.account_id))
            if row.key[0].startswith(UsedKey.PARTITION) and (changed != body or row.key[0].startswith(own_keys)):
                # Its answer is text, and may hold an address: anyone who sends the request again reads the result.
                changed = {name: value for name, value in changed.items() if name not in {"answer", "reference"}}
            if changed != body:
                found = True
                batch = Batch()
                if _is_digest_of(row.key, erasure):
                    # Its key is made of the address: what waits in it for this person is not sent any more.
                    batch.delete(row.key, row.expect + 1)
                else:
                    batch.writes.append(Put(row.key, changed, row.expect + 1, row.indexes, row.text, row.ttl))
                try:
                    await batch.commit(app.store)
                except Stale:
                    stale = True
        if not stale:
            break
    found = found or erasure.found
    if following is None:
        # What was written meanwhile may be before where this was: once more, until there is nothing left.
        return replace(erasure, stage="items" if found else "events", after=None, found=False)
    return replace(erasure, after=list(following), found=found)


def _is_digest_of(key: Key, erasure: Erasure) -> bool:
    """Whether alerts wait in it for this person; one for others may only speak of them."""
    return key[0].startswith(digests.PREFIX) and key[1] == digests.sort_of(digests.Address("email", erasure.email))


async def _replace_events(app: App, erasure: Erasure) -> Erasure:
    change = _change_of(erasure)
    events = await app.store.tail(erasure.position, STEP_ROWS)
    if not events:
        return replace(erasure, stage="archives")
    changed = [replace(each, data=change(dict(each.data))) for each in events]
    differing = [after for before, after in zip(events, changed, strict=True) if before.data != after.data]
    if differing:
        await app.store.rewrite(differing)
    return replace(erasure, position=events[-1].position)


async def _replace_in_archives(app: App, erasure: Erasure) -> None:
    """Replace it in the archive files; what is archived from now on goes to new ones, so that none is being written."""
    folder = app.settings.data_dir / FOLDER
    if app.settings.store != "sqlite" or not await asyncio.to_thread(folder.is_dir):
        return
    for kind in AGING:
        end = await load_archive_end(app.store, kind)
        if end.file:
            batch = Batch()
            put_archive_end(batch, kind, replace(end, file="", bytes=0))
            await batch.commit(app.store)
    change = _change_of(erasure)

    def of_line(line: bytes) -> bytes:
        return msgspec.json.encode(change(msgspec.json.decode(line)))

    for path in await asyncio.to_thread(sorted, folder.glob("*.gz")):
        await asyncio.to_thread(rewrite_lines, path, of_line)


def _change_of(erasure: Erasure) -> Callable[[Any], Any]:
    """Return what replaces a person's address in a body, and their name beside it."""
    spellings = {erasure.email, *email_spellings(erasure.email)}
    addresses = "|".join(re.escape(each) for each in sorted(spellings, key=len, reverse=True))
    address = re.compile(rf"(?<![\w.!#$%&'*+/=?^`{{|}}~-])(?:{addresses})(?![\w-]|\.\w)", re.IGNORECASE)
    name = re.compile(rf"(?<!\w){re.escape(erasure.name)}(?!\w)") if erasure.name.strip() else None

    def text_without(text: str, pattern: re.Pattern[str]) -> str:
        return "" if pattern.fullmatch(text) else pattern.sub(ERASED, text)

    def without(value: Any, pattern: re.Pattern[str]) -> Any:
        if isinstance(value, str):
            return text_without(value, pattern)
        if isinstance(value, dict):
            # What was bought may be named like its buyer.
            unchanged = () if pattern is address else ("lines",)
            return {key: each if key in unchanged else without(each, pattern) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [without(each, pattern) for each in value]
        return value

    def change(body: Any) -> Any:
        changed = without(body, address)
        # A name alone may be anybody's, or a product's.
        return without(changed, name) if name is not None and changed != body else changed

    return change
