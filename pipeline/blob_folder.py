"""Blobs as files of a folder: written beside, flushed to the disk, then moved into place."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from pipeline.blobs import Blobs, BlobWriter, checked, following, part
from pipeline.errors import BlobKeyInvalid, BlobMissing, BlobsUnavailable

_UNFINISHED = ".unfinished"
"""Folder of what is being written; no key begins with a point."""

_STALE = 86_400.0
"""Seconds after which what nobody goes on writing is removed."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class FolderBlobs(Blobs):
    """The blobs of one folder; made if it is not there."""

    def __init__(self, folder: str) -> None:
        self._root = Path(folder).expanduser().absolute()
        with _told():
            self._unfinished = self._root / _UNFINISHED
            self._unfinished.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._root = self._root.resolve()
            self._sweep()

    @contextmanager
    def write(self, key: str) -> Iterator[BlobWriter]:
        """See `Blobs.write`."""
        target = self._path(key)
        with self._beside() as (file, beside):
            yield _Writer(file)
            with _told():
                os.fsync(file.fileno())
                self._placed(beside, target)

    def append(self, prefix: str, data: bytes) -> str:
        """See `Blobs.append`."""
        number = following(self.keys(prefix), prefix)
        with self._beside() as (file, beside), _told():
            _Writer(file).write(data)
            os.fsync(file.fileno())
            while True:
                key = part(prefix, number)
                try:
                    self._placed(beside, self._path(key), replace=False)
                except FileExistsError:  # somebody else appends too
                    number += 1
                else:
                    return key

    def keys(self, prefix: str) -> list[str]:
        """See `Blobs.keys`."""
        path = self._path(prefix)
        with _told():
            files = [path] if path.is_file() else path.rglob("*")
            return sorted(f.relative_to(self._root).as_posix() for f in files if f.is_file())

    @contextmanager
    def reader(self, key: str) -> Iterator[BinaryIO]:
        """See `Blobs.reader`."""
        path = self._path(key)
        with _told(key):
            file = path.open("rb")
        with file:
            yield file

    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        """See `Blobs.read`."""
        with self.reader(key) as file, _told(key):
            file.seek(start)
            return file.read(-1 if end is None else max(0, end - start))

    def size(self, key: str) -> int:
        """See `Blobs.size`."""
        path = self._path(key)
        with _told(key):
            if not path.is_file():
                raise FileNotFoundError(key)
            return path.stat().st_size

    def exists(self, key: str) -> bool:
        """See `Blobs.exists`."""
        path = self._path(key)
        with _told():
            return path.is_file()

    def delete(self, prefix: str) -> None:
        """See `Blobs.delete`."""
        path = self._path(prefix)
        with _told():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        for parent in path.parents:
            if parent == self._root:
                break
            with suppress(OSError):  # others are in it
                parent.rmdir()

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """See `Blobs.local`."""
        self.size(key)
        yield self._path(key)

    def _path(self, key: str) -> Path:
        path = self._root / checked(key)
        if not path.resolve().is_relative_to(self._root):
            raise BlobKeyInvalid(f"{key!r} leads out of the folder of blobs by a link.")
        return path

    @contextmanager
    def _beside(self) -> Iterator[tuple[FileIO, Path]]:
        """A new file beside the blobs, gone when the block ends unless it was moved."""
        path = self._unfinished / secrets.token_hex(16)
        with _told():
            self._unfinished.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            # Unbuffered, so that a full disk is known at once.
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                yield file, path
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _placed(self, beside: Path, target: Path, *, replace: bool = True) -> None:
        """Give a finished file its name. Raises FileExistsError unless it may replace one."""
        for attempt in range(5):
            try:
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                if replace:
                    beside.replace(target)
                else:
                    os.link(beside, target)
                break
            except FileNotFoundError:  # the folder was emptied and removed meanwhile
                if attempt == 4:
                    raise
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _sweep(self) -> None:
        for file in self._unfinished.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - file.stat().st_mtime > _STALE:
                    file.unlink()


class _Writer:
    """Writes to a file and counts."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self.size = 0

    def write(self, data: bytes) -> None:
        """See `BlobWriter.write`."""
        left = memoryview(data)
        with _told():
            while left:
                left = left[self._file.write(left) :]
        self.size += len(data)


@contextmanager
def _told(key: str = "") -> Iterator[None]:
    """The file system's troubles as ours. Lets FileExistsError pass for `_placed`."""
    try:
        yield
    except FileExistsError as error:
        raise BlobKeyInvalid("a part of the key is a blob already; choose another.") from error
    except (NotADirectoryError, IsADirectoryError, FileNotFoundError) as error:
        if key:
            raise BlobMissing(f"there is no blob {key!r}.") from error
        if isinstance(error, FileNotFoundError):
            raise BlobsUnavailable("the folder of blobs is gone. Put it back.") from error
        raise BlobKeyInvalid("a part of the key is a blob already, or a folder.") from error
    except OSError as error:
        if error.errno in _FULL:
            raise BlobsUnavailable(
                "the disk is full; nothing was kept. Make room, then try again."
            ) from error
        raise BlobsUnavailable(
            f"the folder of blobs cannot be used: {os.strerror(error.errno or 0)}. See who may "
            "read and write it."
        ) from error
