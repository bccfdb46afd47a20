"""What can be told of a file before its sound is decoded: is it one, which, protected, complete.

FFmpeg answers "invalid data" to most broken files; the few bytes read here tell a person what is
the matter.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.errors import (
    AudioCorrupt,
    AudioEmpty,
    AudioEncrypted,
    AudioMissing,
    NoAudioStream,
    NotAudio,
    ParleyError,
    UnreadableAudio,
)

HEAD = 4096
COUNTED = ("mp3", "aac")
"""Containers that are bare frames: time is only what the frames before add up to."""
CONTINUOUS = (*COUNTED, "ogg", "flac", "wav", "amr")
"""Containers whose sound has no gaps unless something was lost."""

_MAGIC = (b"RIFF", b"RF64", b"FORM", b"OggS", b"fLaC", b"ID3", b"\x1aE\xdf\xa3", b"#!AMR", b"caff")
_PROTECTED = {b"enca", b"drms", b"aavd"}
"""MP4 sample entries: common encryption, FairPlay, Audible."""
_AUDIBLE = b"\x57\x90\x75\x36"
_MATROSKA_AES = b"\x47\xe1\x81\x05"
_RIFF_UNKNOWN = 0x7FFF0000
"""Sizes from here on are placeholders of programs that could not seek back."""


def check_readable(path: Path) -> None:
    """Refuse what is no file with sound in it before FFmpeg sees it.

    Raises AudioMissing, AudioEmpty, NotAudio or AudioEncrypted.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise AudioMissing(f"{path}: is a folder; expected a recording. Name the files in it.")
        if not stat.S_ISREG(status.st_mode):
            raise AudioMissing(f"{path}: is no ordinary file; expected a recording.")
        with path.open("rb") as file:
            head = file.read(HEAD)
            protected = _is_protected(file, head, status.st_size)
    except FileNotFoundError:
        raise AudioMissing(f"{path}: no such file. Check the name and the folder.") from None
    except PermissionError:
        raise AudioMissing(f"{path}: may not be read (permission denied).") from None
    except OSError as error:
        raise AudioMissing(f"{path}: cannot be read ({error.strerror or error}).") from error
    if not head:
        raise AudioEmpty(f"{path}: the file is empty (0 bytes). Copy or record it again.")
    if protected:
        raise AudioEncrypted(
            f"{path}: the sound is encrypted (DRM) and cannot be read without its key. "
            "Use an unprotected copy."
        )
    if _is_text(head):
        begins = " ".join(head[:200].decode("utf-8", "replace").split())[:40]
        raise NotAudio(
            f"{path}: is a text file, not a recording, whatever its name says; "
            f"it begins {begins!r}."
        )


def open_container(path: Path) -> Any:
    """A PyAV input container.

    Raises NotAudio where FFmpeg knows no such container, AudioCorrupt where it knows it and it is
    broken, NoAudioStream, and ParleyError where PyAV is not installed.
    """
    try:
        import av
        import soxr  # noqa: F401 - wanted further on; said here, before any work
    except ImportError as error:
        raise ParleyError(
            f"reading recordings needs {error.name}, which is not installed. "
            "Run: pip install 'parley[models]'."
        ) from error
    try:
        # "file:" and the whitelist keep a name or a playlist from opening anything else.
        container = av.open(
            f"file:{os.fspath(path)}",
            options={"protocol_whitelist": "file"},
            metadata_errors="replace",
        )
    except (av.FFmpegError, ValueError) as error:
        raise _why_not_opened(path, str(getattr(error, "strerror", None) or error)) from error
    if not container.streams.audio:
        others = ", ".join(f"{s.type}: {_codec_name(s)}" for s in container.streams)
        container.close()
        raise NoAudioStream(
            f"{path}: no audio stream (found {others or 'no stream at all'}). "
            "Export it with its sound track."
        )
    return container


def missing_end(path: Path) -> str | None:
    """Why the file ends too early, for containers whose length FFmpeg reads off the file's size.

    None if it is complete as far as can be told.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] in (b"RIFF", b"FORM"):
            said = int.from_bytes(head[4:8], "little" if head[:4] == b"RIFF" else "big") + 8
            if size + 1 < said < _RIFF_UNKNOWN:
                return f"{said - size:,} of the {said:,} bytes its header announces are missing"
        elif head[:4] == b"OggS":
            return _ogg_end(file, size)
    return None


def counted_length(path: Path, rate: int) -> float | None:
    """Seconds of an MP3 file by the frames its Xing, Info or VBRI header counts; None without.

    FFmpeg falls back to a guess from the file's size, which says nothing of what is missing.
    """
    with path.open("rb") as file:
        head = file.read(10)
        skip = 0
        if head[:3] == b"ID3":
            for byte in head[6:10]:
                skip = skip << 7 | byte & 0x7F
            skip += 10
        file.seek(skip)
        frame = file.read(512)
    for name, offset in ((b"Xing", 8), (b"Info", 8), (b"VBRI", 14)):
        if (at := frame.find(name)) >= 0:
            frames = int.from_bytes(frame[at + offset : at + offset + 4], "big")
            samples = 1152 if rate >= 32_000 else 576
            counted = name == b"VBRI" or frame[at + 7] & 1
            return frames * samples / rate if counted and frames else None
    return None


def _why_not_opened(path: Path, reason: str) -> UnreadableAudio:
    with path.open("rb") as file:
        head = file.read(HEAD)
        boxes = [name for name, _, _ in _boxes(file, 0, path.stat().st_size)]
    if head[4:8] == b"ftyp" and b"moov" not in boxes:
        return AudioCorrupt(
            f"{path}: the index (moov) of this MP4/M4A file is missing: recording or copying it "
            "stopped before the end. Copy it again, or repair it with a tool such as untrunc."
        )
    if head[4:8] in (b"ftyp", b"moov") or head.startswith(_MAGIC):
        return AudioCorrupt(
            f"{path}: begins like a recording but its header is broken ({reason}). "
            "Copy or export it again."
        )
    return NotAudio(
        f"{path}: no known audio or video format ({reason}). "
        "Expected for example wav, flac, mp3, m4a, ogg, webm, mp4 or mkv."
    )


def _codec_name(stream: Any) -> str:
    return stream.codec_context.name if stream.codec_context else "unknown codec"


def _is_text(head: bytes) -> bool:
    controls = set(range(32)) - {9, 10, 12, 13, 27} | {127}
    if controls.intersection(head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(head) == HEAD and error.start > HEAD - 4  # a character cut in two
    return True


def _is_protected(file: BinaryIO, head: bytes, size: int) -> bool:
    if head[4:8] == _AUDIBLE or (head.startswith(b"\x1aE\xdf\xa3") and _MATROSKA_AES in head):
        return True
    if head[4:8] != b"ftyp":
        return False
    entries = list(_audio_entries(file, 0, size))
    return bool(entries) and all(name in _PROTECTED for name in entries)


def _audio_entries(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """The first sample entry (codec) of each sound track between two offsets of an MP4 file."""
    for name, begin, stop in _boxes(file, start, end):
        if name in (b"moov", b"trak", b"mdia"):
            yield from _audio_entries(file, begin, stop)
        elif name == b"minf":
            inner = {name: (begin, stop) for name, begin, stop in _boxes(file, begin, stop)}
            if b"smhd" in inner and b"stbl" in inner:  # smhd: the header of sound tracks only
                for name, begin, _ in _boxes(file, *inner[b"stbl"]):
                    if name == b"stsd":
                        file.seek(begin + 12)
                        yield file.read(4)


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, first and last+1 byte of the content of each MP4 box between two offsets."""
    while start + 8 <= end:
        file.seek(start)
        header = file.read(16)
        size, name, content = int.from_bytes(header[:4], "big"), header[4:8], start + 8
        if size == 1:
            size, content = int.from_bytes(header[8:16], "big"), start + 16
        elif size == 0:
            size = end - start
        if size < 8 or len(header) < 8:
            return
        yield name, content, min(start + size, end)
        start += size


def _ogg_end(file: BinaryIO, size: int) -> str | None:
    """Says so if the last Ogg page is cut off.

    A page is 27 bytes, the last of which counts the lacing values that follow; their sum is the
    size of the page's content (RFC 3533).
    """
    tail_start = max(0, size - 70_000)
    file.seek(tail_start)
    tail = file.read()
    at = tail.rfind(b"OggS")
    if at < 0:
        return None
    lacing = tail[at + 27 : at + 27 + (tail[at + 26] if len(tail) > at + 26 else 255)]
    complete = len(tail) > at + 26 and len(lacing) == tail[at + 26]
    if complete and at + 27 + len(lacing) + sum(lacing) <= len(tail):
        return None
    return "its last page is cut off"
