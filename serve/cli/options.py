"""The options of the commands: their names, what they take, and what the help says of them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from serve.cli.failures import debug

_SOUND, _OUTPUT, _RUNNING = "What is in the recording", "What comes out", "How it runs"


class FormatName(StrEnum):
    """What results can be written as."""

    JSON = "json"
    TXT = "txt"
    MD = "md"
    SRT = "srt"
    VTT = "vtt"
    DOCX = "docx"
    RTTM = "rttm"
    SEGLST = "seglst"
    ALL = "all"


class ChannelUse(StrEnum):
    """What the channels of a recording are."""

    MIX = "mix"
    SEPARATE = "separate"


Files = Annotated[
    list[Path], typer.Argument(metavar="FILE…", help="Recordings: any audio or video files.")
]
Language = Annotated[
    str | None,
    typer.Option(
        "--language",
        "-l",
        metavar="CODE",
        help="The language spoken, such as en; recognised by default.",
        rich_help_panel=_SOUND,
    ),
]
Languages = Annotated[
    list[str] | None,
    typer.Option(
        "--languages",
        metavar="CODE,…",
        help="The languages that may occur, such as en,zh.",
        rich_help_panel=_SOUND,
    ),
]
Speakers = Annotated[
    int | None,
    typer.Option(
        "--speakers",
        "-n",
        metavar="N",
        help="How many people speak, if that is known.",
        rich_help_panel=_SOUND,
    ),
]
MinSpeakers = Annotated[
    int | None,
    typer.Option("--min-speakers", metavar="N", help="At least N.", rich_help_panel=_SOUND),
]
MaxSpeakers = Annotated[
    int | None,
    typer.Option("--max-speakers", metavar="N", help="At most N.", rich_help_panel=_SOUND),
]
Channels = Annotated[
    ChannelUse,
    typer.Option(
        "--channels",
        metavar="mix|separate",
        help="separate: each channel holds one speaker.",
        rich_help_panel=_SOUND,
    ),
]
Hotwords = Annotated[
    list[str] | None,
    typer.Option(
        "--hotwords",
        metavar="WORD,…",
        help="Names and terms likely to be said.",
        rich_help_panel=_SOUND,
    ),
]
Out = Annotated[
    Path,
    typer.Option(
        "--out",
        "-o",
        metavar="DIR",
        help="Folder for the results, made if need be.",
        rich_help_panel=_OUTPUT,
    ),
]
Formats = Annotated[
    list[FormatName],
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help="json, txt, md, srt, vtt, docx, rttm, seglst or all; may be repeated.",
        rich_help_panel=_OUTPUT,
    ),
]
WithMinutes = Annotated[
    bool,
    typer.Option(
        "--minutes/--no-minutes",
        metavar="",
        help="Write minutes too, or the transcript alone.",
        rich_help_panel=_OUTPUT,
    ),
]
Title = Annotated[
    str,
    typer.Option(
        "--title",
        metavar="TEXT",
        help="Title of the meeting; by default made from what was said.",
        rich_help_panel=_OUTPUT,
    ),
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite", metavar="", help="Replace results that are there.", rich_help_panel=_OUTPUT
    ),
]
SkipExisting = Annotated[
    bool,
    typer.Option(
        "--skip-existing",
        metavar="",
        help="Pass over recordings whose results are all there.",
        rich_help_panel=_OUTPUT,
    ),
]
ProfileName = Annotated[
    str,
    typer.Option(
        "--profile",
        "-p",
        metavar="NAME|FILE",
        help="One of the profiles that come with Parley, or a YAML file.",
        rich_help_panel=_RUNNING,
    ),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Any setting of the profile, such as asr.beam_size=1; may be repeated.",
        rich_help_panel=_RUNNING,
    ),
]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        metavar="",
        help="Fetch nothing: a model that is missing is an error.",
        rich_help_panel=_RUNNING,
    ),
]
Fresh = Annotated[
    bool,
    typer.Option(
        "--fresh",
        metavar="",
        help="Compute everything anew, whatever earlier runs left.",
        rich_help_panel=_RUNNING,
    ),
]
NoCache = Annotated[
    bool,
    typer.Option(
        "--no-cache",
        metavar="",
        help="Leave nothing of the recording in the cache; a stopped run cannot go on.",
        rich_help_panel=_RUNNING,
    ),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", metavar="", help="Print errors only.", rich_help_panel=_RUNNING),
]
JsonLines = Annotated[
    bool,
    typer.Option(
        "--json",
        metavar="",
        help="Print events as JSON lines on standard output, for scripts.",
        rich_help_panel=_RUNNING,
    ),
]
Json = Annotated[bool, typer.Option("--json", metavar="", help="Print JSON, for scripts.")]
Debug = Annotated[
    bool,
    typer.Option(
        "--debug",
        metavar="",
        callback=lambda value: debug(value),
        help="Show the traceback of an unexpected error.",
        rich_help_panel=_RUNNING,
    ),
]
