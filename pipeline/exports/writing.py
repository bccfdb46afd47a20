"""Exports on disk: each file appears whole, under its own name, and replaces nothing unasked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import get_ident

from pipeline.errors import OutputExists, UsageError
from pipeline.exports.annotation import to_rttm, to_seglst
from pipeline.exports.document import to_json
from pipeline.exports.docx import to_docx
from pipeline.exports.markdown import to_md
from pipeline.exports.plain import to_txt
from pipeline.exports.reading import ExportContext
from pipeline.exports.subtitles import to_srt, to_vtt
from pipeline.minutes import Minutes
from pipeline.types import Transcript

Exporter = Callable[[Transcript, Minutes | None, ExportContext], bytes]


@dataclass(frozen=True, slots=True)
class Format:
    """How a format's files end, what writes them, and what they are called on the web."""

    suffix: str
    write: Exporter
    media_type: str


FORMATS: dict[str, Format] = {
    "json": Format(".json", to_json, "application/json"),
    "txt": Format(".txt", to_txt, "text/plain; charset=utf-8"),
    "md": Format(".md", to_md, "text/markdown; charset=utf-8"),
    "srt": Format(".srt", to_srt, "application/x-subrip; charset=utf-8"),
    "vtt": Format(".vtt", to_vtt, "text/vtt; charset=utf-8"),
    "docx": Format(
        ".docx",
        to_docx,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "rttm": Format(".rttm", to_rttm, "text/plain; charset=utf-8"),
    "seglst": Format(".seglst.json", to_seglst, "application/json"),
}
"""Every format by its name on the command line."""


def output_paths(directory: Path, stem: str, formats: Iterable[str]) -> dict[str, Path]:
    """Where each of `formats` goes. Raises UsageError if one is not known."""
    wanted = list(dict.fromkeys(formats))
    if unknown := [name for name in wanted if name not in FORMATS]:
        raise UsageError(
            f"format {unknown[0]!r} is not known: expected one of {', '.join(FORMATS)}."
        )
    return {name: directory / f"{stem}{FORMATS[name].suffix}" for name in wanted}


def write_exports(
    directory: Path,
    stem: str,
    formats: Iterable[str],
    transcript: Transcript,
    minutes: Minutes | None = None,
    overwrite: bool = False,
    title: str | None = None,
) -> list[Path]:
    """Write each of `formats` as `directory/stem.suffix` and return the paths.

    title: what readers see; else the title of the minutes, else `stem`. A file that already has
    the same content is left alone. Raises OutputExists, before anything is written, if a file with
    other content is there and `overwrite` is not set; UsageError if a format is not known or
    `directory` cannot be written to.
    """
    paths = output_paths(directory, stem, formats)
    shown = title or (minutes.title if minutes else "") or stem
    context = ExportContext(stem, shown)
    contents = {
        path: FORMATS[name].write(transcript, minutes, context) for name, path in paths.items()
    }
    try:
        directory.mkdir(parents=True, exist_ok=True)
        changed = {p: c for p, c in contents.items() if not _is_there(p, c)}
        if not overwrite:
            for path in changed:
                if path.exists():
                    raise _exists(path)
        for path, content in changed.items():
            _write(path, content, overwrite)
    except OSError as error:
        raise UsageError(
            f"{error.filename or directory}: the results cannot be written "
            f"({error.strerror or error}). Name another folder."
        ) from error
    return list(contents)


def _is_there(path: Path, content: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content


def _exists(path: Path) -> OutputExists:
    return OutputExists(
        f"{path}: is already there with other content. Give --overwrite, or another folder."
    )


def _write(path: Path, content: bytes, overwrite: bool) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}.part")
    try:
        temporary.write_bytes(content)
        if not overwrite:
            try:
                os.link(temporary, path)  # fails if another process has just written it
                return
            except FileExistsError:
                raise _exists(path) from None
            except OSError:
                pass  # a file system without hard links
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
