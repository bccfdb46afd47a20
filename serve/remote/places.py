"""How a decoded recording gets to where the models run: by path, or by a blob store."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Protocol

from pipeline.audio import PcmFile
from pipeline.errors import ParleyError
from serve.deployments.sounds import SoundRef


class Place(Protocol):
    """Makes a work file readable where the models run."""

    async def put(self, sound: PcmFile) -> SoundRef:
        """Where `sound` can be read now. Raises ParleyError if it cannot be put there."""
        ...


class OnSharedDisk:
    """The models see the same folders: one machine, or a file system that nodes share."""

    async def put(self, sound: PcmFile) -> SoundRef:
        """The path of the file itself."""
        path = await asyncio.to_thread(Path(sound.path).resolve)
        return SoundRef(str(path), sound.length, sound.channels, sound.channel)


class InBlobs:
    """The work file is copied below `url`, any that fsspec can write to, unless it is there.

    It lies there by the name of its recording's folder, so that whoever removes a recording can
    remove it too.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    async def put(self, sound: PcmFile) -> SoundRef:
        """The URL of the copy."""
        path = Path(sound.path)
        url = f"{self._url}/{path.parent.name}/{path.name}"
        await asyncio.to_thread(_copy, path, url)
        return SoundRef(url, sound.length, sound.channels, sound.channel)


def _copy(path: Path, url: str) -> None:
    import fsspec

    try:
        files: Any
        files, name = fsspec.core.url_to_fs(url)
        if files.exists(name) and files.size(name) == path.stat().st_size:
            return
        files.makedirs(files._parent(name), exist_ok=True)
        files.put_file(str(path), name)
    except OSError as error:
        raise ParleyError(f"{url}: the decoded sound cannot be put there ({error}).") from error
