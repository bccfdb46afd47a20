"""SubRip and WebVTT.

SubRip has no way to escape anything, so an invisible word joiner keeps players from reading words
as markup. Source: W3C WebVTT, https://www.w3.org/TR/webvtt1/.
"""

from __future__ import annotations

import html
import re

from pipeline.exports.cues import cues
from pipeline.exports.reading import ExportContext, labels, one_line
from pipeline.minutes import Minutes
from pipeline.types import Transcript

JOINER = "\u2060"
_MARKUP = re.compile(r"<(?= *[/a-zA-Z])|\{(?=\\)|\\(?=[Nnh])|--(?=>)|(?<=\d):(?=\d+:\d+[.,]\d)")


def to_srt(transcript: Transcript, _: Minutes | None, __: ExportContext) -> bytes:
    """SubRip in UTF-8; the speaker's name stands before the words where the speaker changes."""
    blocks = []
    for number, cue in enumerate(cues(transcript, labels(transcript)), 1):
        lines = [_MARKUP.sub(lambda m: m[0] + JOINER, line) for line in cue.lines]
        # A line of digits alone is taken for the number of the next cue.
        lines[1:] = [JOINER + line if line.isdecimal() else line for line in lines[1:]]
        times = f"{_time(cue.start)} --> {_time(cue.end)}".replace(".", ",")
        blocks.append("\n".join([str(number), times, *lines]))
    return "".join(f"{block}\n\n" for block in blocks).encode()


def to_vtt(transcript: Transcript, _: Minutes | None, context: ExportContext) -> bytes:
    """WebVTT, with the speaker in a voice tag."""
    names = labels(transcript)
    blocks = ["WEBVTT", f"NOTE {_safe(context.title)}"]
    if transcript.partial:
        blocks.append(f"NOTE Only part of the recording could be read: {_safe(transcript.partial)}")
    for cue in cues(transcript):
        text = "\n".join(map(_safe, cue.lines))
        times = f"{_time(cue.start)} --> {_time(cue.end)}"
        blocks.append(f"{times}\n<v {_safe(names[cue.speaker])}>{text}</v>")
    return ("\n\n".join(blocks) + "\n").encode()


def _safe(text: str) -> str:
    return html.escape(one_line(text), quote=False)


def _time(seconds: float) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}.{milliseconds % 1000:03}"
