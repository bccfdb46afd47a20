"""`parley cache`: what is kept of recordings on this machine, and removing it."""

from __future__ import annotations

import re
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import UsageError
from serve.cli import options as o
from serve.cli.failures import reported

cache = typer.Typer(
    name="cache",
    help="See and remove what is kept of recordings: decoded sound, finished stages.",
    invoke_without_command=True,
    rich_markup_mode="rich",
)

Yes = Annotated[bool, typer.Option("--yes", "-y", metavar="", help="Do not ask.")]
Things = Annotated[
    list[str],
    typer.Argument(metavar="FILE|ID…", help="Recordings, or ids that `parley cache` shows."),
]
_ID = re.compile(r"[0-9a-f]{8,64}")
_SHORT = 12


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one recording.

    size: bytes. used: Unix time of the last use. source: the file it was read from, if known.
    """

    folder: Path
    size: int
    used: float
    source: str

    @property
    def id(self) -> str:
        """Enough of its content's hash to name it."""
        return self.folder.name[:_SHORT]


@cache.callback()
@reported
def show(context: typer.Context, debug: o.Debug = False) -> None:
    """See and remove what is kept of recordings: decoded sound, finished stages."""
    if context.invoked_subcommand is not None:
        return
    from serve.cli.places import limit, recordings_folder
    from stages.models import cache_folder

    recordings = kept()
    for entry in recordings:
        day = time.strftime("%Y-%m-%d", time.localtime(entry.used))
        typer.echo(f"  {entry.id}  {entry.size / 1e6:>9,.1f} MB  {day}  {entry.source or '?'}")
    total, models = sum(e.size for e in recordings), size_of(cache_folder() / "models")
    many = f"{len(recordings)} recording{'s' * (len(recordings) != 1)}"
    typer.echo(f"{many}: {total / 1e6:,.1f} MB in {recordings_folder()}")
    typer.echo(f"Models: {models / 1e6:,.1f} MB in {cache_folder() / 'models'}")
    typer.echo(
        f"Recordings longest unused go once they take more than {limit() / 1e9:g} GB. "
        "`parley cache purge FILE` removes one, `parley cache clear` all; results stay."
    )


@cache.command()
@reported
def clear(yes: Yes = False, debug: o.Debug = False) -> None:
    """Remove what is kept of all recordings; models and results stay."""
    recordings = kept()
    total = sum(entry.size for entry in recordings)
    if not recordings:
        typer.echo("Nothing is kept of any recording.")
        return
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("cache clear: nobody to ask. Give --yes.")
        typer.confirm(
            f"Remove {total / 1e6:,.1f} MB kept of {len(recordings)} recordings?", abort=True
        )
    for entry in recordings:
        shutil.rmtree(entry.folder, ignore_errors=True)
    typer.echo(f"Removed what was kept of {len(recordings)} recordings ({total / 1e6:,.1f} MB).")


@cache.command(no_args_is_help=True)
@reported
def purge(things: Things, debug: o.Debug = False) -> None:
    """Remove every trace of recordings from the cache; results and the files themselves stay."""
    recordings = kept()
    chosen = {thing: _meant(thing, recordings) for thing in things}
    for thing, entries in chosen.items():
        for entry in entries:
            shutil.rmtree(entry.folder, ignore_errors=True)
        size = sum(entry.size for entry in entries)
        typer.echo(
            f"{thing}: " + (f"removed {size / 1e6:,.1f} MB" if entries else "nothing is kept")
        )


def kept() -> list[Kept]:
    """What is kept of every recording, longest unused first."""
    from serve.cli.outputs import read_ledger
    from serve.cli.places import recordings_folder

    root = recordings_folder()
    folders = [f for f in root.iterdir() if f.is_dir()] if root.is_dir() else []
    found = [
        Kept(f, size_of(f), f.stat().st_mtime, str(read_ledger(f).get("source", "")))
        for f in folders
    ]
    return sorted(found, key=lambda entry: entry.used)


def size_of(folder: Path) -> int:
    """Bytes of all files below `folder`."""
    return sum(f.lstat().st_size for f in folder.rglob("*") if f.is_file())


def _meant(thing: str, recordings: list[Kept]) -> list[Kept]:
    """What is kept of a recording named by its file, by the file it once was, or by its id."""
    path = Path(thing)
    if path.is_file():
        from pipeline.audio import content_hash

        wanted = content_hash(path)
        return [e for e in recordings if wanted.startswith(e.folder.name)]
    gone = str(path.absolute())
    found = [e for e in recordings if e.source == gone]
    if not found and _ID.fullmatch(thing):
        found = [e for e in recordings if e.folder.name.startswith(thing)]
    if not found:
        raise UsageError(f"{thing}: neither a file nor an id that `parley cache` shows.")
    return found
