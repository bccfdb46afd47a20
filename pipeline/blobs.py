"""Sound and other large things by key: a folder, or S3 and its like by URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO, Protocol


class BlobWriter(Protocol):
    """Takes a blob piece by piece."""

    size: int
    """Bytes so far."""

    def write(self, data: bytes) -> None:
        """Add bytes. Raises BlobsUnavailable."""
        ...


class Blobs:
    """Blobs by key. Keys are `a/b/c` of letters, digits, `.`, `_` and `-`; others: BlobKeyInvalid.

    Everything is synchronous and safe to call from any thread. Every method raises
    BlobsUnavailable if the store is full, away or refuses.
    """

    @classmethod
    def open(cls, url: str, **options: Any) -> Blobs:
        """The blobs at a folder's path, `file://` URL or any fsspec URL (`s3://bucket/prefix`).

        options: of fsspec's file system, such as endpoint_url, key and secret for S3.
        """
        raise NotImplementedError

    def write(self, key: str) -> AbstractContextManager[BlobWriter]:
        """`with blobs.write(key) as out: out.write(…)`: there when the block ends, whole.

        If the block raises nothing appears, and what was there before stays.
        """
        raise NotImplementedError

    def append(self, prefix: str, data: bytes) -> str:
        """Keep `data` as the next part under `prefix`, whole or not at all; its key."""
        raise NotImplementedError

    def keys(self, prefix: str) -> list[str]:
        """The key itself, and those under it, sorted."""
        raise NotImplementedError

    def reader(self, key: str) -> AbstractContextManager[BinaryIO]:
        """The blob as a seekable file. Raises BlobMissing."""
        raise NotImplementedError

    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        """Bytes start to end, cut at the blob's end. Raises BlobMissing."""
        raise NotImplementedError

    def chunks(
        self, key: str, start: int = 0, end: int | None = None, size: int = 1 << 18
    ) -> Iterator[bytes]:
        """The same in pieces of at most `size` bytes. Raises BlobMissing."""
        raise NotImplementedError

    def size(self, key: str) -> int:
        """Bytes of the blob. Raises BlobMissing."""
        raise NotImplementedError

    def exists(self, key: str) -> bool:
        """Whether there is such a blob."""
        raise NotImplementedError

    def delete(self, prefix: str) -> None:
        """Remove the blob of that key and everything under it; no error if there is nothing."""
        raise NotImplementedError

    def local(self, key: str) -> AbstractContextManager[Path]:
        """The blob as a file of this machine while the block lasts; no copy is made in a folder.

        Do not write to it. Raises BlobMissing.
        """
        raise NotImplementedError
