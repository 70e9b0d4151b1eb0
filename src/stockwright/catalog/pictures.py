"""Pictures of products: added, described, moved, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from stockwright.adapters.pictures import BYTES_MAX
from stockwright.base.errors import PayloadTooLarge, VersionConflict
from stockwright.catalog.stocked import StockedProduct, get_product
from stockwright.commit import commit, new_event, unchanged
from stockwright.events.catalogue import ProductUpdated
from stockwright.products import records as product_records
from stockwright.products.pictures import (
    ID_PREFIX,
    Picture,
    changed,
    check_room,
    file_name,
    files_of,
    find_picture,
    with_picture,
    without,
)
from stockwright.store.batch import Batch, retried
from stockwright.uploads import records as file_records
from stockwright.uploads.model import UnusedFiles
from stockwright.uploads.usecases import get_upload, read_whole

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence

    from stockwright.context import App
    from stockwright.products.model import Product
    from stockwright.products.pictures import Pictures
    from stockwright.request import Request


class Pictured(Struct, frozen=True):
    """A product, and the picture of it that was asked for."""

    found: StockedProduct
    picture_id: str


class AddPicture(Struct, frozen=True, kw_only=True):
    """A picture for a product: its bytes, or the id of the upload that has them. `position` counts from 1."""

    product_id: str
    content: bytes = b""
    upload_id: str | None = None
    alt: str = ""
    position: int | None = None
    expected_version: int | None = None


class Fetched(Struct, frozen=True):
    """A picture that was fetched, and made in our widths (width → WebP); the variants (ids) that it shows."""

    made: Mapping[int, bytes]
    alt: str
    source: str
    shows: Sequence[str] = ()


class ChangePicture(Struct, frozen=True, kw_only=True):
    """Another text or position for a picture; None leaves it as it is."""

    product_id: str
    picture_id: str
    alt: str | None = None
    position: int | None = None
    expected_version: int | None = None


async def add_picture(app: App, request: Request, command: AddPicture) -> Pictured:
    """Add a picture to a product, made in our widths.

    Raises Invalid for what is no picture that can be taken, PayloadTooLarge, Conflict where the product has as many as
    it may, and VersionConflict. Then nothing has changed.
    """
    before = await get_product(app, command.product_id)
    _insist(before, command.expected_version)
    check_room(before.product.images)
    content = command.content if command.upload_id is None else await _uploaded(app, command.upload_id)
    made = await app.pictures.make(content)
    return await attach_picture(app, request, command, made)


async def attach_picture(app: App, request: Request, command: AddPicture, made: Mapping[int, bytes]) -> Pictured:
    """Add a picture that is made already (width → WebP)."""
    picture = Picture(app.ids.new(ID_PREFIX), tuple(made), command.alt)
    unused = UnusedFiles(id=picture.id, names=files_of([picture]), at=app.clock.now(), created_by=request.actor.id)
    # Whatever ends this in between, the sweeper finds the files.
    noted = Batch()
    file_records.put_unused(noted, unused)
    await noted.commit(app.store)
    for width, file in made.items():
        await app.files.put(file_name(picture.id, width), _parts(file))

    def add(batch: Batch, pictures: Pictures) -> Pictures:
        file_records.delete_unused(batch, replace(unused, version=1))
        return with_picture(pictures, picture, command.position)

    return await _change(app, request, command.product_id, picture.id, command.expected_version, add)


async def attach_fetched(app: App, request: Request, product_id: str, fetched: Sequence[Fetched]) -> StockedProduct:
    """Add pictures that were fetched and made to a product in one commit, behind those that it has.

    Raises Conflict where it has no room for them.
    """
    pictures = [Picture(app.ids.new(ID_PREFIX), tuple(each.made), each.alt, each.source) for each in fetched]
    unused = UnusedFiles(id=pictures[0].id, names=files_of(pictures), at=app.clock.now(), created_by=request.actor.id)
    noted = Batch()
    file_records.put_unused(noted, unused)
    await noted.commit(app.store)
    for picture, each in zip(pictures, fetched, strict=True):
        for width, file in each.made.items():
            await app.files.put(file_name(picture.id, width), _parts(file))
    shows = {variant: picture.id for picture, each in zip(pictures, fetched, strict=True) for variant in each.shows}

    async def attempt() -> StockedProduct:
        before, batch = await get_product(app, product_id), Batch()
        file_records.delete_unused(batch, replace(unused, version=1))
        images = before.product.images
        for picture in pictures:
            images = with_picture(images, picture, None)
        product = _showing(replace(before.product, images=images, updated_at=app.clock.now()), shows)
        return await _write(app, request, batch, before, product)

    return await retried(attempt)


async def detach_fetched(
    app: App, request: Request, product_id: str, sources: Collection[str], expected_version: int
) -> StockedProduct:
    """Take pictures away that were fetched from these addresses (as `source_of` names them), in one commit."""

    async def attempt() -> StockedProduct:
        before, batch = await get_product(app, product_id), Batch()
        _insist(before, expected_version)
        gone = tuple(each for each in before.product.images if each.source in sources)
        release_files(app, request, batch, gone)
        images = tuple(each for each in before.product.images if each not in gone)
        product = replace(before.product, images=images, updated_at=app.clock.now())
        return await _write(app, request, batch, before, product)

    return await retried(attempt)


def _showing(product: Product, shows: Mapping[str, str]) -> Product:
    """Return the product whose variants (by id) are shown by these pictures."""
    if not product.stock_per_variant or not shows:
        return product
    own = tuple(replace(each, picture=shows.get(each.id, each.picture)) for each in product.variants)
    return replace(product, own_variants=own)


async def _write(app: App, request: Request, batch: Batch, before: StockedProduct, product: Product) -> StockedProduct:
    product_records.put_product(batch, product)
    batch.append(new_event(app, request, ProductUpdated(sku=product.sku, fields=["images"], products=[]), product.id))
    after = replace(before, product=replace(product, version=product.version + 1))
    await commit(app, request, batch, after)
    return after


async def change_picture(app: App, request: Request, command: ChangePicture) -> Pictured:
    """Describe a picture, or move it among the product's pictures."""

    def change(_: Batch, pictures: Pictures) -> Pictures:
        return changed(pictures, command.picture_id, command.alt, command.position)

    return await _change(app, request, command.product_id, command.picture_id, command.expected_version, change)


async def remove_picture(
    app: App, request: Request, product_id: str, picture_id: str, expected_version: int | None = None
) -> Pictured:
    """Take a picture away from its product; its files are removed a day later."""

    def remove(batch: Batch, pictures: Pictures) -> Pictures:
        _, picture = find_picture(pictures, picture_id)
        release_files(app, request, batch, (picture,))
        return without(pictures, picture_id)

    return await _change(app, request, product_id, picture_id, expected_version, remove)


def release_files(app: App, request: Request, batch: Batch, pictures: Pictures) -> None:
    """Note that nothing uses the files of pictures any more."""
    if not pictures:
        return
    unused = UnusedFiles(id=pictures[0].id, names=files_of(pictures), at=app.clock.now(), created_by=request.actor.id)
    file_records.put_unused(batch, unused)


async def _change(
    app: App,
    request: Request,
    product_id: str,
    picture_id: str,
    expected_version: int | None,
    change: Callable[[Batch, Pictures], Pictures],
) -> Pictured:
    async def attempt() -> Pictured:
        before, batch = await get_product(app, product_id), Batch()
        _insist(before, expected_version)
        images = change(batch, before.product.images)
        if images == before.product.images:
            return await unchanged(app, request, Pictured(before, picture_id))
        product = replace(before.product, images=images, updated_at=app.clock.now())
        product_records.put_product(batch, product)
        updated = ProductUpdated(sku=product.sku, fields=["images"], products=[])
        batch.append(new_event(app, request, updated, product.id))
        after = Pictured(StockedProduct(replace(product, version=product.version + 1), before.stock), picture_id)
        await commit(app, request, batch, after)
        return after

    return await retried(attempt)


def _insist(before: StockedProduct, expected_version: int | None) -> None:
    """Refuse, with the state now, unless the product's version is still the one that the caller requires."""
    if expected_version not in (None, before.product.version):
        raise VersionConflict(details={"current": before})


async def _uploaded(app: App, upload_id: str) -> bytes:
    """Read an upload, unless it is too large for a picture."""
    upload = await get_upload(app, upload_id)
    if upload.size > BYTES_MAX:
        raise PayloadTooLarge(f"A picture may hold at most {BYTES_MAX} bytes", {"max": BYTES_MAX})
    return await read_whole(app, upload.names[0])


async def _parts(file: bytes) -> AsyncIterator[bytes]:
    yield file
