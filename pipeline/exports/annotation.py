"""The forms scoring tools read: RTTM for speaker turns, SegLST for who said what.

Sources: NIST RT-09 evaluation plan, appendix A (RTTM); meeteval (SegLST).
"""

from __future__ import annotations

import json

from pipeline.exports.reading import ExportContext, labels, one_line, spoken
from pipeline.minutes import Minutes
from pipeline.types import SpeakerId, SpeakerTurn, Transcript


def to_rttm(transcript: Transcript, _: Minutes | None, context: ExportContext) -> bytes:
    """One SPEAKER line a turn, or an utterance where no turns are known; seconds.

    Fields are parted by spaces, so those in the session's and speakers' names become "_".
    """
    turns = transcript.turns or tuple(
        SpeakerTurn(u.span, u.speaker) for u in transcript.utterances if u.words
    )
    session, names = _field(one_line(context.stem)), _fields(labels(transcript))
    lines = [
        f"SPEAKER {session} 1 {t.span.start:.3f} {t.span.duration:.3f} <NA> <NA> "
        f"{names[t.speaker]} <NA> <NA>\n"
        for t in sorted(turns, key=lambda t: t.span)
        if t.span.duration > 0
    ]
    return "".join(lines).encode()


def to_seglst(transcript: Transcript, _: Minutes | None, context: ExportContext) -> bytes:
    """A list of segments as meeteval reads it, one an utterance; start_time, end_time: seconds."""
    names = labels(transcript)
    segments = [
        {
            "session_id": one_line(context.stem),
            "speaker": names[u.speaker],
            "start_time": u.span.start,
            "end_time": u.span.end,
            "words": spoken(u),
        }
        for u in transcript.utterances
        if u.words
    ]
    return (json.dumps(segments, ensure_ascii=False, indent=1) + "\n").encode()


def _fields(names: dict[SpeakerId, str]) -> dict[SpeakerId, str]:
    """`names` without spaces, still all different."""
    fields: dict[SpeakerId, str] = {}
    for key, name in names.items():
        field = plain = _field(name)
        count = 1
        while field in fields.values():
            count += 1
            field = f"{plain}_{count}"
        fields[key] = field
    return fields


def _field(name: str) -> str:
    return "_".join(name.split())
