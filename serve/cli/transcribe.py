"""`parley transcribe`: recordings in, transcripts and minutes out."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pipeline.errors import ModelError, UsageError
from serve.cli import options as o
from serve.cli.failures import INTERRUPTED, debugging, reported, tell

if TYPE_CHECKING:
    from pipeline.config import Profile
    from serve.cli.batch import Order, Show
    from serve.cli.reporting import Outcome, Reporter

DIRECTORY = Path("minutes")
"""Where results go if nothing else is said: a folder of that name in the current one."""

EXIT_CODES = (
    "Exit codes: 0 all done · 1 some of several failed · 2 wrong use · 3 unreadable input · "
    "4 only partly readable · 5 model missing · 130 interrupted. A single recording that fails "
    "gives the code of its own error. An interrupted run goes on where it stopped when the same "
    "command is given again."
)


@reported
def transcribe(
    files: o.Files,
    language: o.Language = None,
    languages: o.Languages = None,
    speakers: o.Speakers = None,
    min_speakers: o.MinSpeakers = None,
    max_speakers: o.MaxSpeakers = None,
    channels: o.Channels = o.ChannelUse.MIX,
    hotwords: o.Hotwords = None,
    out: o.Out = DIRECTORY,
    formats: o.Formats = [o.FormatName.JSON, o.FormatName.MD],  # noqa: B006 - typer never changes it
    minutes: o.WithMinutes = True,
    title: o.Title = "",
    overwrite: o.Overwrite = False,
    skip_existing: o.SkipExisting = False,
    profile: o.ProfileName = "cpu",
    sets: o.Sets = None,
    offline: o.Offline = False,
    fresh: o.Fresh = False,
    no_cache: o.NoCache = False,
    quiet: o.Quiet = False,
    json_lines: o.JsonLines = False,
    debug: o.Debug = False,
) -> None:
    """Turn recordings into transcripts and minutes.

    Results are written to the folder of --out as NAME.json, NAME.md and so on, and shown.
    """
    from serve.cli import settings
    from serve.cli.batch import Order

    if title and len(files) > 1:
        raise UsageError("--title is for one recording; leave it out or name one file.")
    if overwrite and skip_existing:
        raise UsageError("--overwrite and --skip-existing contradict each other. Give one.")
    values = settings.overrides(sets or (), language, languages or (), hotwords or ())
    separate = channels is o.ChannelUse.SEPARATE
    order = Order(
        tuple(files),
        out.expanduser(),
        chosen(formats),
        title,
        channels="separate" if separate else "mix",
        speakers=settings.speakers(speakers, min_speakers, max_speakers, separate=separate),
        minutes=minutes,
        overwrite=overwrite,
        skip_existing=skip_existing,
        fresh=fresh,
        cached=not no_cache,
        offline=offline,
    )
    perform(order, settings.resolve(profile, values), quiet=quiet, json_lines=json_lines)


def chosen(formats: Sequence[o.FormatName]) -> tuple[str, ...]:
    """The formats meant: `all` stands for every one."""
    if o.FormatName.ALL in formats:
        return tuple(f.value for f in o.FormatName if f is not o.FormatName.ALL)
    return tuple(dict.fromkeys(f.value for f in formats))


def perform(
    order: Order, profile: Profile, *, quiet: bool = False, json_lines: bool = False
) -> None:
    """Runs the order, tells of it as asked, and ends the command with its exit code."""
    from serve.cli.batch import exit_code, run_order

    if not debugging():
        warnings.simplefilter("ignore")  # of libraries; ours are told in words
    reporter, show = _reporter(order, profile, quiet, json_lines)
    try:
        outcomes = run_order(order, profile, reporter, show)
    except KeyboardInterrupt:
        again = "The same command goes on where it stopped." if order.cached else ""
        tell(f"Stopped. {again}".strip())
        raise typer.Exit(INTERRUPTED) from None
    if len(outcomes) > 1 and not quiet and not json_lines:
        tell(_tally(outcomes))
    if any(o.exit_code == ModelError.exit_code for o in outcomes) and not quiet:
        tell("`parley doctor` lists every model that the profile needs and what is missing.")
    if code := exit_code(outcomes):
        raise typer.Exit(code)


def _reporter(
    order: Order, profile: Profile, quiet: bool, json_lines: bool
) -> tuple[Reporter, Show]:
    from serve.cli import reporting

    def nothing(outcome: Outcome) -> None:
        """Leaves it at the files."""

    if json_lines:
        return reporting.JsonLines(), nothing
    if quiet:
        return reporting.Quiet(), nothing
    show = _printer(brief=len(order.paths) > 1)
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return reporting.Lines(), show
    from rich.console import Console

    from serve.cli.live import LiveView

    stages = ["decode", "transcribe"]
    stages += ["diarize"] if order.channels == "mix" else []
    stages += ["minutes"] if order.minutes and profile.minutes.enabled else []
    return LiveView(Console(stderr=True), tuple(stages)), show


def _printer(brief: bool) -> Show:
    """Prints results: laid out on a terminal, as plain text elsewhere."""

    def show(outcome: Outcome) -> None:
        from pipeline.exports import ExportContext
        from pipeline.exports.plain import to_txt

        meeting, title = outcome.meeting, outcome.title
        if meeting is None:
            return
        if not sys.stdout.isatty():
            text = to_txt(meeting.transcript, meeting.minutes, ExportContext(title, title))
            sys.stdout.write(text.decode() + "\n")
            sys.stdout.flush()
            return
        from rich.console import Console

        from serve.cli.result import Result

        Result(meeting, title, outcome.written).print(Console(), brief=brief)

    return show


def _tally(outcomes: Sequence[Outcome]) -> str:
    """How many came out how."""
    names = {"done": "done", "partial": "partly readable", "skipped": "passed over"}
    counts = [(sum(o.status == s for o in outcomes), t) for s, t in names.items()]
    counts.append((sum(o.status == "failed" for o in outcomes), "failed"))
    return ", ".join(f"{n} {text}" for n, text in counts if n) + "."
