"""/v1/uploads: resumable uploads by the tus protocol 1.0.0 (https://tus.io/protocols).

A piece is kept under the place it begins at, then the upload's offset moves on; a piece sent again
after a crash between the two replaces itself. Any replica can take the next one. When all is here
it becomes a meeting like any other.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import AsyncIterator, Mapping
from email.utils import formatdate
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import ValidationError

from pipeline.errors import StoreConflict
from pipeline.store.records import UploadRecord
from serve.api.access import Principal, Writer
from serve.api.door import Door, door
from serve.service.places import upload_key
from serve.service.refused import Refused
from serve.service.wishes import Wishes

router = APIRouter(prefix="/v1/uploads", tags=["uploads"])
Here = Annotated[Door, Depends(door)]

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,expiration"
PIECE = 64 << 20
"""Bytes of one request at most: the server in front may hold a body in memory."""

_BLOCK = 4 << 20
"""Bytes that are kept at a time; what came before a connection broke is not sent again."""

_KEPT = 86_400.0
"""Seconds an unfinished upload is kept after its last piece."""

_NAMES = frozenset({"filename", "filetype", "title", "name", "type"})


@router.options("")
async def offer(here: Here) -> Response:
    """What this server can do."""
    return Response(
        status_code=204,
        headers={
            "Tus-Resumable": VERSION,
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(here.settings.limits.upload_bytes),
        },
    )


@router.post("", status_code=201, response_class=Response)
async def create(request: Request, here: Here, who: Writer) -> Response:
    """Announce an upload: Upload-Length, and Upload-Metadata with filename, title and wishes."""
    _spoken(request)
    if who.only is not None:
        raise Refused("access.forbidden", "the token is for one meeting or upload only.")
    length, limit = request.headers.get("upload-length", ""), here.settings.limits.upload_bytes
    if not length.isdigit() or int(length) == 0:
        raise Refused("request.invalid", "expected the bytes to come as Upload-Length.")
    if int(length) > limit:
        raise Refused("upload.too_large", f"expected at most {limit:,} bytes, got {length}.")
    metadata = _metadata(request.headers.get("upload-metadata", ""))
    _wishes(metadata)  # told now, not after gigabytes
    upload = await asyncio.to_thread(
        partial(
            here.store.uploads.create,
            who.owner,
            length=int(length),
            metadata=metadata,
            expires=time.time() + _KEPT,
        )
    )
    return _answer(upload, 201, {"Location": f"/v1/uploads/{upload.id}"})


@router.head("/{upload}", response_class=Response)
async def offset(request: Request, here: Here, who: Writer, upload: str) -> Response:
    """How much is here."""
    found = await asyncio.to_thread(here.store.uploads.get, upload, who.owner)
    return _answer(found, 200, {"Cache-Control": "no-store", "Upload-Length": str(found.length)})


@router.patch("/{upload}", status_code=204, response_class=Response)
async def piece(request: Request, here: Here, who: Writer, upload: str) -> Response:
    """The next piece, from Upload-Offset on; the last one makes the meeting (Parley-Meeting)."""
    _spoken(request)
    found = await asyncio.to_thread(here.store.uploads.get, upload, who.owner)
    if request.headers.get("content-type") != "application/offset+octet-stream":
        raise Refused("upload.type", "expected Content-Type application/offset+octet-stream.")
    _in_place(request, found)
    found = await _taken(here, found, request.stream())
    headers = {}
    if found.offset == found.length:
        meeting = found.meeting or await _made(here, who, found)
        headers["Parley-Meeting"] = meeting
    return _answer(found, 204, headers)


@router.delete("/{upload}", status_code=204, response_class=Response)
async def end(request: Request, here: Here, who: Writer, upload: str) -> Response:
    """Give an upload up; what is here of it goes. A meeting made of it stays."""
    _spoken(request)
    found = await asyncio.to_thread(here.store.uploads.get, upload, who.owner)
    await asyncio.to_thread(here.library.blobs.delete, upload_key(found.id))
    await asyncio.to_thread(here.store.uploads.delete, found.id, who.owner)
    return Response(status_code=204, headers={"Tus-Resumable": VERSION})


async def _taken(here: Door, upload: UploadRecord, body: AsyncIterator[bytes]) -> UploadRecord:
    """Keep what comes, block by block, as far as it comes."""
    held = bytearray()
    length, taken = upload.length or 0, 0
    try:
        async for data in body:
            taken += len(data)
            if taken > PIECE or upload.offset + len(held) + len(data) > length:
                raise Refused("upload.too_large", _too_long(upload))
            held += data
            if len(held) >= _BLOCK:
                upload = await _kept(here, upload, bytes(held))
                held.clear()
    finally:
        if held:
            upload = await asyncio.shield(_kept(here, upload, bytes(held)))
    return upload


async def _kept(here: Door, upload: UploadRecord, data: bytes) -> UploadRecord:
    def keep() -> UploadRecord:
        with here.library.blobs.write(f"{upload_key(upload.id)}/{upload.offset:015d}") as out:
            out.write(data)
        return here.store.uploads.advance(
            upload.id,
            before=upload.offset,
            offset=upload.offset + len(data),
            expires=time.time() + _KEPT,
        )

    try:
        return await asyncio.to_thread(keep)
    except StoreConflict:
        raise Refused(
            "upload.offset", "another request has sent this piece; ask where to go on."
        ) from None


async def _made(here: Door, who: Principal, upload: UploadRecord) -> str:
    """The meeting of a finished upload."""
    metadata = upload.metadata
    meeting, _ = await here.library.bring(
        upload.owner,
        _pieces(here, upload),
        filename=str(metadata.get("filename") or metadata.get("name") or ""),
        media_type=str(metadata.get("filetype") or metadata.get("type") or "")[:200]
        or "application/octet-stream",
        title=str(metadata.get("title") or ""),
        wishes=_wishes(metadata),
        length=upload.length,
    )
    await asyncio.to_thread(here.store.uploads.attach, upload.id, meeting.id)
    await asyncio.to_thread(here.library.blobs.delete, upload_key(upload.id))
    return meeting.id


async def _pieces(here: Door, upload: UploadRecord) -> AsyncIterator[bytes]:
    blobs = here.library.blobs
    for key in await asyncio.to_thread(blobs.keys, upload_key(upload.id)):
        yield await asyncio.to_thread(blobs.read, key)


def _in_place(request: Request, upload: UploadRecord) -> None:
    asked = request.headers.get("upload-offset", "")
    if not asked.isdigit() or int(asked) != upload.offset:
        raise Refused(
            "upload.offset", f"expected Upload-Offset {upload.offset}, got {asked or 'none'}."
        )
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > PIECE:
        raise Refused("upload.too_large", _too_long(upload))


def _too_long(upload: UploadRecord) -> str:
    left = (upload.length or 0) - upload.offset
    return f"expected at most {min(PIECE, left):,} bytes in this piece, got more."


def _spoken(request: Request) -> None:
    if request.headers.get("tus-resumable") != VERSION:
        raise Refused("upload.version", f"expected Tus-Resumable: {VERSION}.")


def _metadata(header: str) -> dict[str, str]:
    """Upload-Metadata: pairs of a key and a base64 value, commas between."""
    found = {}
    for pair in filter(None, (p.strip() for p in header.split(","))):
        key, _, value = pair.partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()[:2000]
        except (binascii.Error, UnicodeDecodeError):
            raise Refused(
                "request.invalid", f"Upload-Metadata {key!r}: expected base64 of UTF-8."
            ) from None
    return found


def _wishes(metadata: Mapping[str, Any]) -> Wishes:
    values: dict[str, Any] = {k: v for k, v in metadata.items() if k not in _NAMES}
    for name in ("languages", "hotwords"):
        if name in values:
            values[name] = [v.strip() for v in str(values[name]).split(",") if v.strip()]
    try:
        return Wishes.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Refused("request.invalid", f"Upload-Metadata {where}: {first['msg']}.") from None


def _answer(upload: UploadRecord, status: int, headers: dict[str, str]) -> Response:
    return Response(
        status_code=status,
        headers={
            "Tus-Resumable": VERSION,
            "Upload-Offset": str(upload.offset),
            "Upload-Expires": formatdate(upload.expires, usegmt=True),
            **headers,
        },
    )
