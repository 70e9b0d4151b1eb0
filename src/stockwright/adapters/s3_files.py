"""The file store of the cloud form: a private bucket of S3."""

from __future__ import annotations

import asyncio
import tempfile
from typing import TYPE_CHECKING, Any, Final

from stockwright.adapters import aws
from stockwright.adapters.folder_files import PART_BYTES, check_file_name
from stockwright.adapters.pictures import PICTURE_HEADERS, PICTURE_SUFFIX
from stockwright.base.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MEMORY_BYTES: Final = 8 * 1024 * 1024
"""What is put and larger goes through a temporary file."""
_MISSING: Final = frozenset({"404", "NoSuchKey", "NotFound"})


class S3Files:
    """Files of a bucket; clients put and get large ones at addresses that are signed for a while."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    async def put(self, name: str, parts: AsyncIterator[bytes]) -> int:
        """Write a file, in place of the one of that name; returns its size in bytes."""
        size = 0
        with tempfile.SpooledTemporaryFile(MEMORY_BYTES) as file:
            async for part in parts:
                await asyncio.to_thread(file.write, part)
                size += len(part)
            file.seek(0)
            await self._call("upload_fileobj", Fileobj=file, Key=check_file_name(name), ExtraArgs=_served_as(name))
        return size

    async def read(self, name: str) -> AsyncIterator[bytes]:
        """Go through a file part by part; NotFound where there is none."""
        found = await self._call("get_object", Key=check_file_name(name))
        body = found["Body"]
        try:
            while part := await asyncio.to_thread(body.read, PART_BYTES):
                yield part
        finally:
            body.close()

    async def size(self, name: str) -> int | None:
        """Return a file's size in bytes; None where there is none."""
        try:
            found = await self._call("head_object", Key=check_file_name(name))
        except NotFound:
            return None
        size: int = found["ContentLength"]
        return size

    def path(self, name: str) -> Path | None:  # noqa: ARG002 - the port's
        """Return None: it is on no disk of this machine."""
        return None

    async def delete(self, name: str) -> None:
        """Remove a file; one that is not there is fine."""
        await self._call("delete_object", Key=check_file_name(name))

    async def names(self) -> AsyncIterator[str]:
        """Go through the names of all files."""
        after: dict[str, str] = {}
        while True:
            page = await self._call("list_objects_v2", **after)
            for each in page.get("Contents", ()):
                yield each["Key"]
            if not page.get("IsTruncated"):
                return
            after = {"ContinuationToken": page["NextContinuationToken"]}

    async def address_to_put(self, name: str, size: int, seconds: int) -> str | None:
        """Return an address that takes this many bytes by PUT, for so many seconds."""
        parameters = {"Bucket": self._bucket, "Key": check_file_name(name), "ContentLength": size}
        address: str = await aws.call(
            "s3", "generate_presigned_url", ClientMethod="put_object", Params=parameters, ExpiresIn=seconds
        )
        return address

    async def _call(self, operation: str, **arguments: Any) -> Any:
        from botocore.exceptions import ClientError

        try:
            return await aws.call("s3", operation, Bucket=self._bucket, **arguments)
        except ClientError as fault:
            if fault.response["Error"]["Code"] in _MISSING:
                raise NotFound("There is no such file") from None
            raise


def _served_as(name: str) -> dict[str, str]:
    """Return the headers that CloudFront serves a picture with, straight from the bucket."""
    if not name.endswith(PICTURE_SUFFIX):
        return {}
    return {"ContentType": PICTURE_HEADERS["content-type"], "CacheControl": PICTURE_HEADERS["cache-control"]}
