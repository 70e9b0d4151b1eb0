"""Routes of the uploads, and of the files that everybody may read."""

from __future__ import annotations

from urllib.parse import quote

from stockwright.base.instant import iso
from stockwright.http.route import AnyCall, Call, NoQuery, route
from stockwright.uploads import usecases as uploads
from stockwright.uploads.model import LASTS_MS, UnusedFiles, signature
from stockwright.uploads.usecases import PutFile, Upload
from stockwright.uploads.wire import PutQuery, ReceivedView, UploadBody, UploadView

TAG = "Files"


async def _create(call: Call[UploadBody, NoQuery]) -> Upload:
    return await uploads.create_upload(call.app, call.request, call.body.size)


async def _receive(call: Call[None, PutQuery]) -> UnusedFiles:
    query = call.query
    return await uploads.receive_upload(
        call.app, PutFile(call.path["id"], query.expires, query.signature), call.body_parts()
    )


def _show(call: AnyCall, upload: Upload) -> UploadView:
    files = upload.files
    return UploadView(
        id=files.id,
        url=upload.address or _own_address(call, upload),
        method="PUT",
        size=files.size,
        expires_at=iso(upload.expires_at),
        removed_at=iso(files.at + LASTS_MS),
    )


def _own_address(call: AnyCall, upload: Upload) -> str:
    files, expires = upload.files, upload.expires_at // 1000
    signed = signature(call.app.signing_key, files.id, files.size, expires)
    return f"{call.base_url()}/api/uploads/{quote(files.id)}?expires={expires}&signature={signed}"


def _show_received(_: AnyCall, files: UnusedFiles) -> ReceivedView:
    return ReceivedView(id=files.id, size=files.size)


ROUTES = (
    route(
        "POST",
        "/uploads",
        _create,
        "Make an upload: get an address to PUT a file to",
        TAG,
        _show,
        scopes=frozenset({"products:write"}),
        body=UploadBody,
        answer=UploadView,
        status=201,
        description=(
            "The address takes `size` bytes by PUT, without a token, for an hour. The id is then named by the request "
            "that uses the file. A file that no request has used is removed after a day."
        ),
        errors=(409,),
    ),
    route(
        "PUT",
        "/uploads/{id}",
        _receive,
        "Put a file to the signed address of its upload",
        TAG,
        _show_received,
        who="public",
        query=PutQuery,
        answer=ReceivedView,
        raw="stream",
        description=(
            "The address is the `url` of `POST /uploads`; in the cloud form that is an address of S3 instead. Anyone "
            "who has it can put the file, again too, until it expires (403)."
        ),
        errors=(403,),
    ),
)
