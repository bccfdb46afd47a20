"""Sound and other large things by key: in a folder, or in S3 and its like by URL."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from pipeline.errors import BlobKeyInvalid

if TYPE_CHECKING:
    from pathlib import Path

_SEGMENT = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"
_KEY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT}){{0,15}}")


class BlobWriter(Protocol):
    """Takes a blob piece by piece."""

    size: int
    """Bytes so far."""

    def write(self, data: bytes) -> None:
        """Add bytes. Raises BlobsUnavailable."""
        ...


class Blobs(ABC):
    """Blobs by key. Keys are `a/b/c` of letters, digits, `.`, `_` and `-`; others: BlobKeyInvalid.

    No part of a key begins with a point. Everything is synchronous and safe to call from any
    thread. Every method raises BlobsUnavailable if the store is full, away or refuses.
    """

    @classmethod
    def open(cls, url: str, **options: Any) -> Blobs:
        """The blobs at a folder's path, `file://` URL, or `s3://bucket/prefix` (by fsspec).

        options: of fsspec's file system, such as endpoint_url, key and secret for S3.
        Raises ConfigInvalid on a URL of another kind.
        """
        from pipeline.blob_folder import FolderBlobs
        from pipeline.blob_remote import RemoteBlobs

        protocol, found, rest = url.partition("://")
        if found and protocol not in ("file", "local"):
            return RemoteBlobs(url, options)
        return FolderBlobs(rest if found else url)

    @abstractmethod
    def write(self, key: str) -> AbstractContextManager[BlobWriter]:
        """`with blobs.write(key) as out: out.write(…)`: there when the block ends, whole.

        If the block raises nothing appears, and what was there before stays.
        """

    @abstractmethod
    def append(self, prefix: str, data: bytes) -> str:
        """Keep `data` as the next part under `prefix`, whole or not at all; its key.

        Parts are numbered from 0, so that `keys(prefix)` has them in order. Never replaces one.
        """

    @abstractmethod
    def keys(self, prefix: str) -> list[str]:
        """The key itself, if there is such a blob, and those under it, sorted."""

    @abstractmethod
    def reader(self, key: str) -> AbstractContextManager[BinaryIO]:
        """The blob as a seekable file. Raises BlobMissing."""

    @abstractmethod
    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        """Bytes start to end, cut at the blob's end. Raises BlobMissing."""

    @abstractmethod
    def size(self, key: str) -> int:
        """Bytes of the blob. Raises BlobMissing."""

    @abstractmethod
    def exists(self, key: str) -> bool:
        """Whether there is such a blob."""

    @abstractmethod
    def delete(self, prefix: str) -> None:
        """Remove the blob of that key and everything under it; no error if there is nothing."""

    @abstractmethod
    def local(self, key: str) -> AbstractContextManager[Path]:
        """The blob as a file of this machine while the block lasts; no copy is made in a folder.

        Do not write to it. Raises BlobMissing.
        """

    def chunks(
        self, key: str, start: int = 0, end: int | None = None, size: int = 1 << 18
    ) -> Iterator[bytes]:
        """Bytes start to end in pieces of at most `size`. Raises BlobMissing at the first."""
        with self.reader(key) as file:
            file.seek(start)
            left = None if end is None else max(0, end - start)
            while left is None or left > 0:
                piece = file.read(size if left is None else min(size, left))
                if not piece:
                    return
                yield piece
                left = None if left is None else left - len(piece)


def checked(key: str) -> str:
    """The key, which cannot lead out of the root. Raises BlobKeyInvalid."""
    if _KEY.fullmatch(key) is None:
        raise BlobKeyInvalid(
            f"expected a key like meetings/4f/sound.flac, of letters, digits and . _ -, got "
            f"{key[:64]!r}."
        )
    return key


def part(prefix: str, number: int) -> str:
    """The key of a part."""
    return checked(f"{prefix}/{number:08d}")


def following(keys: list[str], prefix: str) -> int:
    """The number after the last part among `keys`."""
    last = [k.removeprefix(f"{prefix}/") for k in keys]
    return max((int(k) for k in last if k.isdecimal()), default=-1) + 1
