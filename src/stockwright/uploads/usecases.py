"""Uploads: ask for an address, put the file there, name its id in another request; what nobody names is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from stockwright.base.errors import Forbidden, Invalid, PayloadTooLarge
from stockwright.commit import commit, new_event
from stockwright.events.catalogue import UploadCreated
from stockwright.store.batch import Batch, retried
from stockwright.uploads import records
from stockwright.uploads.model import ADDRESS_SECONDS, UnusedFiles, is_signed, name_of_upload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stockwright.context import App
    from stockwright.request import Request


REMOVED_AT_ONCE: Final = 100
EXPIRED: Final = "This address is not valid, or has expired; make a new upload"


class Upload(Struct, frozen=True):
    """An upload, and the address to PUT it to until `expires_at` (ms); None: our own route takes it."""

    files: UnusedFiles
    expires_at: int
    address: str | None


class PutFile(Struct, frozen=True):
    """What comes to an upload's signed address; `expires` in epoch seconds."""

    upload_id: str
    expires: int
    signature: str


async def create_upload(app: App, request: Request, size: int) -> Upload:
    """Make an upload of so many bytes, and the address to put it to."""
    most = app.settings.upload_bytes_max
    if size > most:
        raise PayloadTooLarge(f"An upload may hold at most {most} bytes", {"max": most})

    upload_id = app.ids.new("upl")
    now = app.clock.now()
    name = name_of_upload(upload_id)
    address = await app.files.address_to_put(name, size, ADDRESS_SECONDS)

    async def attempt() -> Upload:
        files = UnusedFiles(id=upload_id, names=(name,), at=now, size=size, created_by=request.actor.id)
        batch = Batch()
        records.put_unused(batch, files)
        batch.append(new_event(app, request, UploadCreated(size=size), upload_id))
        made = Upload(replace(files, version=1), now + ADDRESS_SECONDS * 1000, address)
        await commit(app, request, batch, made)
        return made

    return await retried(attempt)


async def receive_upload(app: App, command: PutFile, parts: AsyncIterator[bytes]) -> UnusedFiles:
    """Store what is put to an upload's address, byte for byte as it comes; put again, it replaces the former file.

    Raises Forbidden for an address that is not ours or has expired, PayloadTooLarge and Invalid where the file has
    another size than the upload was made for.
    """
    files = await records.find_unused(app.store, command.upload_id)
    size = 0 if files is None else files.size
    signed = is_signed(command.signature, app.signing_key, command.upload_id, size, command.expires)
    if files is None or not signed or app.clock.now() >= command.expires * 1000:
        raise Forbidden(EXPIRED)
    await app.files.put(files.names[0], _of_size(parts, size))
    return files


async def _of_size(parts: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    """Hand parts on; refuse them at the first byte too many, or where bytes are missing in the end."""
    came = 0
    async for part in parts:
        came += len(part)
        if came > size:
            raise PayloadTooLarge(f"The upload was made for {size} bytes, and more came")
        yield part
    if came < size:
        raise Invalid(f"The upload was made for {size} bytes, and {came} came")


async def get_upload(app: App, upload_id: str, field_name: str = "uploadId") -> UnusedFiles:
    """Load an upload whose file is there; refuses any other (Invalid, named by the field)."""
    files = await records.find_unused(app.store, upload_id)
    if files is None or files.names != (name_of_upload(upload_id),):
        raise Invalid.field(field_name, "there is no such upload; it may have been used, or removed after a day")
    if await app.files.size(files.names[0]) != files.size:
        raise Invalid.field(field_name, "has not been put to its address, or not whole")
    return files


async def remove_unused_files(app: App) -> int:
    """Remove the files that nothing has used for a day; returns how many. The sweeper's."""
    removed = 0
    while due := await records.due_files(app.store, app.clock.now(), REMOVED_AT_ONCE):
        for files in due:
            for name in files.names:
                await app.files.delete(name)
            batch = Batch()
            records.delete_unused(batch, files)
            await batch.commit_once(app.store)
            removed += len(files.names)
        if len(due) < REMOVED_AT_ONCE:
            break
    return removed


async def read_whole(app: App, name: str) -> bytes:
    """Read a small file whole; NotFound where there is none."""
    return b"".join([part async for part in app.files.read(name)])
