"""The pictures of an import: fetched from their addresses once the rows are booked, and kept as uploaded ones are.

A picture that cannot be fetched is listed with its row; the product stays booked. An address of one of our own
pictures is read from the shop's files.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from stockwright.adapters.pictures import BYTES_MAX
from stockwright.base.errors import Busy, NotFound, Permanent, Refused, StockwrightError, TryLater
from stockwright.base.long_work import give_way
from stockwright.catalog.pictures import Fetched, attach_fetched
from stockwright.catalog.stocked import StockedProduct, get_product
from stockwright.imports import records
from stockwright.imports.booking import booked_once, find_booked
from stockwright.imports.model import ProductRow, RowError
from stockwright.imports.planning import find_variant
from stockwright.imports.products import KEPT_SECONDS, PICTURED
from stockwright.imports.report import VALUE_SHOWN_MAX, one_line
from stockwright.imports.work import Job, at_most, put_more
from stockwright.products.pictures import ALT_MAX, FOLDER, PICTURES_MAX, source_of
from stockwright.store.batch import Batch
from stockwright.store.idempotency import AlreadyDone
from stockwright.uploads.usecases import read_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.imports.model import PlannedPicture

AT_ONCE: Final = 4
"""Products whose pictures are fetched beside each other."""
SILENT_MAX: Final = 5
"""A host that gave no answer so often in a row is asked no more by this import."""
TRIES_MAX: Final = 5
WAIT_SECONDS: Final = 1.0
_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_OWN: Final = re.compile(rf"/{FOLDER}/[\w-]+-\d+\.webp")


class _NotFetched(Exception):
    """Why a picture could not be fetched."""


class Hosts:
    """How often each host gave no answer, in a row."""

    def __init__(self) -> None:
        self._silent: Counter[str] = Counter()

    def check(self, host: str) -> None:
        """Raise _NotFetched for a host that is silent."""
        if self._silent[host] >= SILENT_MAX:
            raise _NotFetched(f"was not tried: {host} gave no answer {SILENT_MAX} times")

    def note(self, host: str, *, answered: bool) -> None:
        """Note whether it answered."""
        self._silent[host] = 0 if answered else self._silent[host] + 1


class _Result(Struct):
    """What became of the pictures of one piece."""

    fetched: int = 0
    errors: list[RowError] = []

    def refuse(self, picture: PlannedPicture, why: str) -> None:
        self.errors.append(RowError(picture.row, "", picture.url[:VALUE_SHOWN_MAX], "PICTURE_NOT_FETCHED", why))


async def fetch_piece(job: Job, hosts: Hosts) -> None:
    """Fetch the pictures of one piece of rows, and go on to the next."""
    importing = job.importing
    rows = await records.load_rows(job.app.store, importing, importing.at)
    with_pictures = [row for row in rows if isinstance(row, ProductRow) and row.pictures]
    booked = await find_booked(job.app, [each for row in with_pictures for each in (row.key, f"{row.key}{PICTURED}")])
    result = _Result()
    mine = [row for row in with_pictures if booked.get(row.key, {}).get("importId") == importing.id]
    tasks = [partial(_fetch_row, job, hosts, row, booked, result) for row in mine]
    await at_most(AT_ONCE, tasks, job.renew)
    batch, at = Batch(), importing.at + 1
    result.errors.sort(key=lambda each: each.row)
    findings = put_more(batch, importing, pictures=result.errors)
    await job.advance(
        batch,
        at=at,
        fetched=job.importing.fetched + result.fetched,
        not_fetched=job.importing.not_fetched + len(result.errors),
        findings=findings,
        status="DONE" if at >= importing.pieces else "FETCHING",
    )
    job.progress(min(at, importing.pieces), importing.pieces)


async def _fetch_row(
    job: Job, hosts: Hosts, row: ProductRow, booked: Mapping[str, Mapping[str, Any]], result: _Result
) -> None:
    """Fetch the pictures of one product, once."""
    done = booked.get(f"{row.key}{PICTURED}")
    if done is not None:
        result.fetched += len(done.get("sources", ()))
        return
    try:
        before = await get_product(job.app, booked[row.key]["productId"])
    except NotFound:
        for each in row.pictures:
            result.refuse(each, "was not fetched: the product was deleted since")
        return
    shows = _shows(row, before)
    wanted: dict[str, PlannedPicture] = {}
    for each in row.pictures:
        wanted.setdefault(each.url, each)
    room = PICTURES_MAX - len(before.product.images)
    made: list[Fetched] = []
    for url, each in wanted.items():
        job.must_hold()
        if len(made) >= room:
            result.refuse(each, f"was not fetched: a product has at most {PICTURES_MAX} pictures")
            continue
        try:
            content = await _content(job, hosts, url)
            widths = await _make(job, content)
        except (_NotFetched, Refused) as why:
            result.refuse(each, one_line(why) if isinstance(why, StockwrightError) else str(why))
        else:
            made.append(Fetched(widths, each.alt[:ALT_MAX], source_of(url), shows.get(url, ())))
        await job.renew()
    if made:
        await _attach(job, row, before, made, result)


def _shows(row: ProductRow, before: StockedProduct) -> dict[str, list[str]]:
    """Return which variants (ids) the picture of an address shows."""
    shows: dict[str, list[str]] = {}
    for each in row.pictures:
        variant = find_variant(before.product, None, each.options) if each.options else None
        if variant is not None:
            shows.setdefault(each.url, []).append(variant.id)
    return shows


async def _content(job: Job, hosts: Hosts, url: str) -> bytes:
    """Return what is at an address; raises _NotFetched."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _NotFetched("is no address") from None
    public = job.app.settings.public_url
    if _OWN.fullmatch(parts.path) and (not parts.netloc or (public and parts.netloc == urlsplit(public).netloc)):
        try:
            return await read_whole(job.app, parts.path.removeprefix("/"))
        except NotFound:
            raise _NotFetched("is not among the pictures of this shop") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _NotFetched("is no http or https address")
    hosts.check(parts.hostname)
    for _ in range(TRIES_MAX):
        try:
            found = await job.app.outbound.get(url, BYTES_MAX)
        except TryLater as later:
            await asyncio.sleep(min(later.after_seconds or WAIT_SECONDS, WAIT_SECONDS))
        except Permanent as refused:
            raise _NotFetched(refused.message) from None
        except Exception as fault:  # noqa: BLE001 - whatever a connection to a stranger can raise
            hosts.note(parts.hostname, answered=False)
            raise _NotFetched(
                f"could not be fetched: {type(fault).__name__} {fault}".strip()[:VALUE_SHOWN_MAX]
            ) from None
        else:
            hosts.note(parts.hostname, answered=True)
            return _whole(found.status, found.content, is_whole=found.is_whole)
    raise _NotFetched("could not be fetched: too many calls to its server are under way")


def _whole(status: int, content: bytes, *, is_whole: bool) -> bytes:
    if status in _REDIRECTS:
        raise _NotFetched(f"is elsewhere (status {status}), and redirects are not followed")
    if status != _OK:
        raise _NotFetched(f"could not be fetched: its server answered with status {status}")
    if not is_whole:
        raise _NotFetched(f"is larger than {BYTES_MAX // 1024 // 1024} MiB")
    return content


async def _make(job: Job, content: bytes) -> Mapping[int, bytes]:
    for _ in range(TRIES_MAX):
        try:
            return await job.app.pictures.make(content)
        except Busy:
            await asyncio.sleep(WAIT_SECONDS)
    return await job.app.pictures.make(content)


async def _attach(job: Job, row: ProductRow, before: StockedProduct, made: list[Fetched], result: _Result) -> None:
    sources = [each.source for each in made]

    def answer(after: StockedProduct) -> Mapping[str, object]:
        return {"importId": job.importing.id, "version": after.product.version, "sources": sources}

    request = booked_once(job.request, f"{row.key}{PICTURED}", answer, KEPT_SECONDS)
    try:
        await attach_fetched(job.app, request, before.product.id, made)
    except AlreadyDone:
        result.fetched += len(made)
    except Refused as refused:
        for each in row.pictures:
            if source_of(each.url) in sources:
                result.refuse(each, f"was fetched and not added: {one_line(refused)}")
    else:
        result.fetched += len(made)
    await give_way()
