"""Blobs in S3 or its like, by fsspec."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import fsspec

from pipeline.blobs import Blobs, BlobWriter, checked, following, part
from pipeline.errors import BlobMissing, BlobsUnavailable, ConfigInvalid, ParleyError

_WHOLE = ("s3", "s3a", "gs", "gcs")
"""Protocols whose uploads appear when they are completed, and can be given up before."""

_BLOCK = 8 << 20
"""Bytes of a part of an upload; S3 takes 10,000 parts of at least 5 MiB."""

_LONGEST, _SMALL = 64 << 20, 1000
"""Bytes of a part after that many smaller ones, so that 10,000 come to half a terabyte."""


_ASKED = 4 << 20
"""Bytes asked for at a time when a blob is read in pieces."""


class RemoteBlobs(Blobs):
    """The blobs under one fsspec URL. Nothing of them is cached."""

    def __init__(self, url: str, options: dict[str, Any]) -> None:
        protocol = url.partition("://")[0]
        if protocol not in _WHOLE:
            raise ConfigInvalid(
                f"expected a folder or a URL of {', '.join(_WHOLE)}, got {protocol}://…"
            )
        try:
            self._files = fsspec.filesystem(
                protocol, use_listings_cache=False, skip_instance_cache=True, **options
            )
        except (ValueError, ImportError) as error:
            raise ConfigInvalid(
                f"blobs at {protocol}://… need a package that is not here: s3fs or gcsfs."
            ) from error
        self._root = str(self._files._strip_protocol(url)).rstrip("/")

    @contextmanager
    def write(self, key: str) -> Iterator[BlobWriter]:
        """See `Blobs.write`."""
        path = self._path(key)
        with _told():
            file = self._files.open(path, "wb", autocommit=False, block_size=_BLOCK)
        writer = _Writer(file)
        try:
            yield writer
            with _told():
                file.close()
                file.commit()
        except BaseException:
            with _told():
                file.discard()
            file.closed = True  # or its destructor would send what is left
            raise

    def append(self, prefix: str, data: bytes) -> str:
        """See `Blobs.append`."""
        number = following(self.keys(prefix), prefix)
        while True:
            key = part(prefix, number)
            try:
                self._files.pipe_file(self._path(key), data, mode="create")
            except FileExistsError:  # somebody else appends too
                number += 1
                continue
            except Exception as error:
                raise _trouble(error) from error
            return key

    def keys(self, prefix: str) -> list[str]:
        """See `Blobs.keys`."""
        path = self._path(prefix)
        with _told():
            found = set(self._files.find(path)) if self._files.exists(path) else set()
        return sorted(str(f).removeprefix(f"{self._root}/") for f in found)

    @contextmanager
    def reader(self, key: str) -> Iterator[BinaryIO]:
        """See `Blobs.reader`."""
        path = self._path(key)
        self.size(key)  # opening asks for nothing
        with _told(key):
            file = self._files.open(path, "rb")
        with file:
            yield file

    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        """See `Blobs.read`."""
        size = self.size(key)
        return self._range(key, start, size if end is None else min(end, size))

    def chunks(
        self, key: str, start: int = 0, end: int | None = None, size: int = 1 << 18
    ) -> Iterator[bytes]:
        """See `Blobs.chunks`."""
        whole = self.size(key)
        end = whole if end is None else min(end, whole)
        block = max(size, _ASKED)
        for begin in range(start, end, block):
            data = self._range(key, begin, min(begin + block, end))
            yield from (data[i : i + size] for i in range(0, len(data), size))

    def size(self, key: str) -> int:
        """See `Blobs.size`."""
        path = self._path(key)
        with _told(key):
            known = self._files.info(path)
            if known["type"] != "file":
                raise FileNotFoundError(key)
            return int(known["size"])

    def exists(self, key: str) -> bool:
        """See `Blobs.exists`."""
        path = self._path(key)
        with _told():
            return bool(self._files.isfile(path))

    def delete(self, prefix: str) -> None:
        """See `Blobs.delete`."""
        path = self._path(prefix)
        with _told():
            for file in self.keys(prefix):
                self._files.rm_file(f"{self._root}/{file}")
            if self._files.isdir(path):  # where folders are more than the names of files
                self._files.rm(path, recursive=True)

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """See `Blobs.local`."""
        path, suffix = self._path(key), PurePosixPath(key).suffix
        self.size(key)
        with tempfile.TemporaryDirectory(prefix="parley-") as folder:
            copy = Path(folder) / f"blob{suffix}"
            with _told(key):
                self._files.get_file(path, str(copy))
            yield copy

    def _range(self, key: str, start: int, end: int) -> bytes:
        if start >= end:
            return b""
        with _told(key):
            return bytes(self._files.cat_file(self._path(key), start=start, end=end))

    def _path(self, key: str) -> str:
        return f"{self._root}/{checked(key)}"


class _Writer:
    """Writes to a file of fsspec and counts."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.size = 0

    def write(self, data: bytes) -> None:
        """See `BlobWriter.write`."""
        with _told():
            self._file.write(data)
        self.size += len(data)
        if self.size > _SMALL * _BLOCK:
            self._file.blocksize = _LONGEST


@contextmanager
def _told(key: str = "") -> Iterator[None]:
    """Whatever the file system raises as ours; each has errors of its own."""
    try:
        yield
    except ParleyError:
        raise
    except Exception as error:
        raise _trouble(error, key) from error


def _trouble(error: Exception, key: str = "") -> Exception:
    if key and isinstance(error, FileNotFoundError):
        return BlobMissing(f"there is no blob {key!r}.")
    if isinstance(error, FileNotFoundError):
        return BlobsUnavailable("the bucket of blobs is not there. See that the URL is right.")
    if isinstance(error, PermissionError):
        return BlobsUnavailable("the store of blobs refuses access. See its key and its rights.")
    return BlobsUnavailable("the store of blobs does not answer as it should. Try again later.")
