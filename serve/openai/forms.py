"""A multipart form read as it arrives: the recording to disk, everything else to memory, in bounds.

Source: RFC 7578.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from serve.openai.errors import ApiError, refused
from serve.openai.settings import MEBIBYTE, DoorSettings

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_FILE = "file"
_ENVELOPE = 64 * 1024
"""Bytes of boundaries and part headers that do not count as content."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a form held: `recording` on disk, named as the client named it; the other fields."""

    recording: Path
    fields: tuple[tuple[str, str], ...]


async def read_form(
    content_type: str,
    body: AsyncIterator[bytes],
    folder: Path,
    settings: DoorSettings,
    check: Callable[[str], None],
    length: int | None = None,
) -> Form:
    """The form in `body`, its field "file" written to `folder`, in memory that does not grow.

    check: raises for a field that nobody asked for, before its content is read. length: bytes the
    body is said to have. Raises ApiError: 413 as soon as a limit is passed, 415 for a body of
    another type, 400 for one that is no form or has no file.
    """
    kind, parameters = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise ApiError(
            415, "Expected a body of type multipart/form-data.", code="unsupported_media_type"
        )
    if length is not None and length > settings.file_bytes + settings.fields_bytes + _ENVELOPE:
        raise _too_large("file", settings.file_bytes)
    parts = _Parts(folder, settings, check)
    try:
        parser = MultipartParser(parameters.get(b"boundary", b""), parts.callbacks())
        if not parameters.get(b"boundary"):
            raise FormParserError("no boundary")
        async for chunk in body:
            parser.write(chunk)
            if parts.waiting >= MEBIBYTE:
                await asyncio.to_thread(parts.flush)
        await asyncio.to_thread(parts.flush)
    except FormParserError:
        raise _malformed() from None
    finally:
        parts.close()
    if not parts.ended:
        raise _malformed()
    if parts.recording is None:
        raise refused(_FILE, "is missing; send the recording in it.", "missing_required_parameter")
    return Form(parts.recording, tuple(parts.fields))


@dataclass
class _Part:
    name: str = ""
    data: bytearray = field(default_factory=bytearray)


class _Parts:
    """Takes what the parser finds."""

    def __init__(self, folder: Path, settings: DoorSettings, check: Callable[[str], None]) -> None:
        self.fields: list[tuple[str, str]] = []
        self.recording: Path | None = None
        self.waiting = 0
        self.ended = False
        self._folder, self._settings, self._check = folder, settings, check
        self._part = _Part()
        self._header = bytearray()
        self._value = bytearray()
        self._disposition = ""
        self._file: BinaryIO | None = None
        self._unwritten: list[bytes] = []
        self._file_bytes = self._fields_bytes = 0

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def flush(self) -> None:
        """Write to disk what has come of the recording."""
        if self._file is not None:
            self._file.writelines(self._unwritten)
        self._unwritten.clear()
        self.waiting = 0

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _begin(self) -> None:
        self._part, self._disposition = _Part(), ""
        self._header.clear()
        self._value.clear()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value.decode("latin-1")
        self._header.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise _malformed()
        self._part.name = name = _text(options[b"name"])
        if name == _FILE:
            if self.recording is not None:
                raise refused(_FILE, "is there twice; send one recording a request.")
            self.recording = self._folder / _file_name(_text(options.get(b"filename", b"")))
            self._file = self.recording.open("xb")
            return
        self._check(name)
        if len(self.fields) >= self._settings.fields:
            raise ApiError(400, f"Expected at most {self._settings.fields} fields.")

    def _data(self, data: bytes, start: int, end: int) -> None:
        size = end - start
        if self._part.name == _FILE:
            self._file_bytes += size
            if self._file_bytes > self._settings.file_bytes:
                raise _too_large(_FILE, self._settings.file_bytes)
            self._unwritten.append(data[start:end])
            self.waiting += size
            return
        self._fields_bytes += size
        if len(self._part.data) + size > self._settings.field_bytes:
            raise _too_large(self._part.name, self._settings.field_bytes)
        if self._fields_bytes > self._settings.fields_bytes:
            raise _too_large(self._part.name, self._settings.fields_bytes)
        self._part.data += data[start:end]

    def _part_end(self) -> None:
        if self._part.name != _FILE:
            try:
                self.fields.append((self._part.name, self._part.data.decode()))
            except UnicodeDecodeError:
                raise refused(self._part.name, "expected text in UTF-8.") from None

    def _end(self) -> None:
        self.ended = True


def _text(raw: bytes) -> str:
    """A name in UTF-8, or in what its bytes would be where they are no UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _file_name(sent: str) -> str:
    """The last part of a file name, harmless as one on this machine."""
    last = sent.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(c for c in last if c.isprintable()).strip().lstrip(".")
    while len(plain.encode()) > 200:
        plain = plain[1:]  # from the front: the end tells the container
    return plain or "recording"


def _too_large(param: str, limit: int) -> ApiError:
    size = f"{limit / MEBIBYTE:.0f} MiB" if limit >= MEBIBYTE else f"{limit} bytes"
    message = f"{param}: expected at most {size}."
    headers = {"x-should-retry": "false"}
    return ApiError(413, message, param=param, code="upload.too_large", headers=headers)


def _malformed() -> ApiError:
    return ApiError(400, "The body is no whole multipart form.", code="malformed_body")
