"""Turns brought into line with words: what the phrases' voices taught corrects who spoke when.

Where the words of a stretch were given to another speaker than the one the diarizer hears most in
it, that speaker's turns there were the other's all along: the two change places.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.types import Diarization, Segment, Span, SpeakerId, SpeakerTurn, Word

_REACH = 0.25
"""Seconds around a stretch of words that its speaker may still be heard in."""

_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class _Correction:
    span: Span
    heard: SpeakerId
    said: SpeakerId


def reconciled(diarization: Diarization, segments: Sequence[Segment]) -> Diarization:
    """The diarization with its turns and posterior in line with the attributed words."""
    corrections = _corrections(diarization, [w for s in segments for w in s.words])
    if not corrections:
        return diarization
    posterior = diarization.posterior.copy()
    for c in corrections:
        frames = diarization.frames(c.span)
        pair = [diarization.speakers.index(c.heard), diarization.speakers.index(c.said)]
        posterior[frames, pair] = posterior[frames, pair[::-1]]
    return replace(
        diarization,
        turns=_corrected(diarization.turns, corrections),
        exclusive=_corrected(diarization.exclusive, corrections),
        posterior=posterior,
    )


def _corrections(diarization: Diarization, words: Sequence[Word]) -> list[_Correction]:
    found: list[_Correction] = []
    for run in _runs(words):
        speaker, span = run[0].speaker, Span(run[0].span.start, max(w.span.end for w in run))
        if speaker not in diarization.speakers:
            continue
        heard = diarization.posterior[diarization.frames(span)].mean(axis=0)
        leader = diarization.speakers[int(heard.argmax())]
        if leader != speaker and speaker is not None:
            wide = Span(max(0.0, span.start - _REACH), span.end + _REACH)
            found.append(_Correction(wide, leader, speaker))
    return found


def _runs(words: Sequence[Word]) -> list[list[Word]]:
    """Words that one speaker said without a pause."""
    runs: list[list[Word]] = []
    for word in sorted(words, key=lambda w: w.span):
        last = runs[-1][-1] if runs else None
        if last and last.speaker == word.speaker and word.span.start - last.span.end < _PAUSE:
            runs[-1].append(word)
        else:
            runs.append([word])
    return runs


def _corrected(
    turns: Sequence[SpeakerTurn], corrections: Sequence[_Correction]
) -> tuple[SpeakerTurn, ...]:
    """The turns after all corrections, which must be sorted by start."""
    upcoming = deque(sorted(turns, key=lambda t: t.span))
    over: list[SpeakerTurn] = []
    present: list[SpeakerTurn] = []  # those that this correction or a later one may touch
    for c in corrections:
        while upcoming and upcoming[0].span.start < c.span.end:
            present.append(upcoming.popleft())
        over += [t for t in present if t.span.end <= c.span.start]
        present = [p for t in present if t.span.end > c.span.start for p in _exchanged(t, c)]
    return _joined([*over, *present, *upcoming])


def _exchanged(turn: SpeakerTurn, c: _Correction) -> list[SpeakerTurn]:
    """The turn, or its parts of which the one inside the correction is the other speaker's."""
    if turn.speaker not in (c.heard, c.said) or turn.span.overlap(c.span) == 0:
        return [turn]
    other = c.said if turn.speaker == c.heard else c.heard
    inside = Span(max(turn.span.start, c.span.start), min(turn.span.end, c.span.end))
    parts = [replace(turn, span=inside, speaker=other)]
    if turn.span.start < inside.start:
        parts.append(replace(turn, span=Span(turn.span.start, inside.start)))
    if turn.span.end > inside.end:
        parts.append(replace(turn, span=Span(inside.end, turn.span.end)))
    return parts


def _joined(turns: Sequence[SpeakerTurn]) -> tuple[SpeakerTurn, ...]:
    """Turns by start, those of one speaker that touch or overlap made one."""
    whole: dict[SpeakerId, list[SpeakerTurn]] = {}
    for turn in sorted(turns, key=lambda t: t.span):
        before = whole.setdefault(turn.speaker, [])
        if before and turn.span.start <= before[-1].span.end:
            end = max(before[-1].span.end, turn.span.end)
            before[-1] = replace(before[-1], span=Span(before[-1].span.start, end))
        else:
            before.append(turn)
    return tuple(sorted((t for ts in whole.values() for t in ts), key=lambda t: t.span))
