"""`parley demo`: a real conversation that a dependency ships, from sound to minutes."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import typer

from pipeline.errors import AudioMissing
from serve.cli import options as o
from serve.cli.failures import reported, tell
from serve.cli.transcribe import DIRECTORY, perform

STEM = "pyannote-sample"


@reported
def demo(
    out: o.Out = DIRECTORY,
    profile: o.ProfileName = "cpu",
    sets: o.Sets = None,
    offline: o.Offline = False,
    debug: o.Debug = False,
) -> None:
    """Transcribe a short real conversation and write every format.

    It is pyannote.audio's own sample recording: half a minute of a telephone call.
    """
    from serve.cli import settings
    from serve.cli.batch import Order

    recording = sample()
    tell(f"A sample recording that comes with pyannote.audio: {recording}")
    order = Order(
        (recording,),
        out,
        tuple(f.value for f in o.FormatName if f is not o.FormatName.ALL),
        stem=STEM,
        overwrite=True,
        offline=offline,
    )
    perform(order, settings.resolve(profile, settings.overrides(sets or ())))
    typer.echo(f"\nEvery format was written to {out}{'' if out.is_absolute() else '/'}; open")
    typer.echo(f"  {out / STEM}.md")
    typer.echo("Now a recording of your own, audio or video:")
    typer.echo(f"  {_command()} transcribe RECORDING")


def sample() -> Path:
    """pyannote.audio's sample recording, found without importing it. Raises AudioMissing."""
    try:
        spec = find_spec("pyannote.audio")
    except ModuleNotFoundError:
        spec = None
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder) / "sample" / "sample.wav"
        if path.is_file():
            return path
    raise AudioMissing(
        "the sample recording of pyannote.audio is not on this machine. "
        "Run: pip install 'parley[models]'."
    )


def _command() -> str:
    """How this program is called from here."""
    here = Path(sys.argv[0])
    found = shutil.which("parley")
    if found and Path(found).resolve() == here.resolve():
        return "parley"
    try:
        return str(here.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(here)
