"""From attributed words to utterances: what one person said before another spoke or paused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pipeline.config import AttributionSettings
from pipeline.phrases import ends_sentence
from pipeline.types import (
    Diarization,
    Segment,
    Span,
    SpeakerId,
    Utterance,
    UtteranceId,
    Word,
)

_OVERLAPPED = 0.3
_TALKING = 0.5


def utterances(
    segments: Sequence[Segment], diarization: Diarization, settings: AttributionSettings
) -> tuple[Utterance, ...]:
    """The words of `segments`, each with its speaker, as utterances sorted by start.

    Raises ValueError if a word has no speaker.
    """
    runs: list[tuple[SpeakerId, str, list[Word]]] = []
    for segment in segments:
        for word in segment.words:
            if word.speaker is None:
                raise ValueError(f"expected a speaker on every word, got none on {word.text!r}")
            if runs and _continues(runs[-1], word, segment.language, settings):
                runs[-1][2].append(word)
            else:
                runs.append((word.speaker, segment.language, [word]))
    runs.sort(key=lambda run: (run[2][0].span.start, run[2][-1].span.end))
    seen: Counter[int] = Counter()
    made = []
    for speaker, language, words in runs:
        span = Span(words[0].span.start, max(w.span.end for w in words))
        made.append(
            Utterance(
                id=_name(span.start, seen),
                speaker=speaker,
                words=tuple(words),
                language=language,
                overlapped=_others(span, speaker, diarization) > _OVERLAPPED,
            )
        )
    return tuple(made)


def _continues(
    run: tuple[SpeakerId, str, list[Word]],
    word: Word,
    language: str,
    settings: AttributionSettings,
) -> bool:
    speaker, spoken_language, words = run
    if word.speaker != speaker or language != spoken_language:
        return False
    last = words[-1]
    if word.span.start - last.span.end > settings.utterance_gap:
        return False
    spoken = last.span.end - words[0].span.start
    return not (spoken >= settings.utterance_length and ends_sentence(last))


def _name(start: float, seen: Counter[int]) -> UtteranceId:
    """An id that says when the utterance begins, in milliseconds, and stays when others come."""
    at = round(start * 1000)
    seen[at] += 1
    return UtteranceId(f"u{at:08d}" if seen[at] == 1 else f"u{at:08d}-{seen[at]}")


def _others(span: Span, speaker: SpeakerId, diarization: Diarization) -> float:
    """The part of `span` during which somebody else talks too."""
    if speaker not in diarization.speakers:
        return 0.0
    heard = diarization.posterior[diarization.frames(span)]
    rest = np.delete(heard, diarization.speakers.index(speaker), axis=1)
    return float((rest > _TALKING).any(axis=1).mean()) if rest.size else 0.0
