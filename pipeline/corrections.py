"""What people corrected, carried over to what a later pass of the models found.

A person's word stands: a corrected utterance takes the place of whatever the new pass heard in its
time, and a name that was given stays with the voice, whatever number it has now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pipeline.types import (
    Speaker,
    SpeakerId,
    Transcript,
    Utterance,
    UtteranceId,
    Word,
)


def carried(before: Transcript, after: Transcript) -> Transcript:
    """`after` with the corrections made in `before`; `after` itself where there were none."""
    kept = [u for u in before.utterances if u.corrected]
    if not kept and not any(s.named for s in before.speakers):
        return after
    same = matched(before, after)
    speakers = _named(before, after, same)
    ids = {s.id for s in after.speakers}
    for speaker in {u.speaker for u in kept} - same.keys():
        # Nobody of the new pass has this voice; another may have its number.
        same[speaker] = SpeakerId(f"{speaker}.kept") if speaker in ids else speaker
    placed = [_moved(u, same) for u in kept]
    missing = {u.speaker for u in placed} - {s.id for s in speakers}
    speakers += [replace(s, id=same[s.id]) for s in before.speakers if same.get(s.id) in missing]
    taken = {u.id for u in placed}
    rest = [part for u in after.utterances for part in _around(u, placed, taken)]
    said = sorted([*rest, *placed], key=lambda u: (u.span, u.id))
    return replace(after, utterances=tuple(said), speakers=tuple(speakers))


def matched(before: Transcript, after: Transcript) -> dict[SpeakerId, SpeakerId]:
    """Which speaker of `after` is which of `before`: those that share most time, one to one."""
    shared: dict[tuple[SpeakerId, SpeakerId], float] = {}
    old, new = _talk(before), _talk(after)
    begin = 0
    for turn in old:
        while begin < len(new) and new[begin].span.end <= turn.span.start - _LONGEST:
            begin += 1
        for other in new[begin:]:
            if other.span.start >= turn.span.end:
                break
            overlap = turn.span.overlap(other.span)
            if overlap > 0:
                pair = turn.speaker, other.speaker
                shared[pair] = shared.get(pair, 0.0) + overlap
    found: dict[SpeakerId, SpeakerId] = {}
    for one, other_id in sorted(shared, key=lambda pair: (-shared[pair], pair)):
        if one not in found and other_id not in found.values():
            found[one] = other_id
    return found


_LONGEST = 120.0
"""Seconds; no utterance is longer, so that earlier ones need not be looked at."""


def _talk(transcript: Transcript) -> Sequence[Utterance]:
    """What the models attributed; corrections of a speaker say nothing about voices."""
    return [u for u in transcript.utterances if u.words]


def _named(
    before: Transcript, after: Transcript, same: Mapping[SpeakerId, SpeakerId]
) -> list[Speaker]:
    names = {same[s.id]: s.name for s in before.speakers if s.named and s.id in same}
    return [
        replace(s, name=names[s.id], named=True) if s.id in names else s for s in after.speakers
    ]


def _moved(utterance: Utterance, same: Mapping[SpeakerId, SpeakerId]) -> Utterance:
    speaker = same.get(utterance.speaker, utterance.speaker)
    words = tuple(replace(w, speaker=speaker) for w in utterance.words)
    return replace(utterance, speaker=speaker, words=words)


def _around(
    utterance: Utterance, placed: Iterable[Utterance], taken: set[UtteranceId]
) -> list[Utterance]:
    """What of an utterance lies outside the corrected ones, as one piece or several."""
    inside = [u.span for u in placed if u.span.overlap(utterance.span) > 0 or u.id == utterance.id]
    if not inside:
        return [utterance]
    runs: list[list[Word]] = [[]]
    for word in utterance.words:
        if any(s.start <= word.span.middle <= s.end for s in inside):
            runs.append([])
        else:
            runs[-1].append(word)
    pieces = []
    for run in filter(None, runs):
        # A piece that begins at the same place keeps its id; the others are new.
        first = run[0] is utterance.words[0] and utterance.id not in taken
        name = (
            utterance.id
            if first
            else UtteranceId(f"{utterance.id}.{round(run[0].span.start * 1000)}")
        )
        pieces.append(replace(utterance, id=name, words=tuple(run)))
    return pieces
