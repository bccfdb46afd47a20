"""Known voices told among the speakers of a recording, by the diarizer's voice embeddings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from pipeline.audio import decode
from pipeline.ports import Diarizer, Sound
from pipeline.types import SAMPLE_RATE, Span, SpeakerId, SpeakerTurn
from serve.openai.ports import ReferenceUnusable, VoiceSample

Vector = npt.NDArray[np.float32]

LEAST = 0.6
"""Likeness from which a voice is taken for a known one."""

NOISE = 1.5
"""Seconds of speech whose noise is as strong as the voice (stages.diarization.similarity)."""

_ENOUGH = 60.0
"""Seconds of a speaker that are listened to at most."""

_PIECE = 5.0
"""Seconds of a piece at most: about what the embedding network was trained on."""

_SHORT = 1.0
"""Seconds below which a piece is taken only where there are no longer ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """What a voice is known by: a unit vector, and the seconds of speech it was heard in."""

    vector: Vector
    seconds: float


class EmbeddedVoices:
    """The port Voices over a diarizer, asked for when first needed.

    A speaker gets the name of the sample most like it, if the cosine of the two embeddings,
    corrected for the little speech they are judged by, is at least `least`. No name is given to two
    speakers.
    """

    def __init__(self, diarizer: Callable[[], Awaitable[Diarizer]], least: float = LEAST) -> None:
        self._diarizer = diarizer
        self._least = least

    async def identify(
        self, recording: Path, turns: Sequence[SpeakerTurn], references: Sequence[VoiceSample]
    ) -> Mapping[SpeakerId, str]:
        """See Voices.identify."""
        spans_of = clear_pieces(turns)
        if not spans_of or not references:
            return {}
        diarizer = await self._diarizer()
        with TemporaryDirectory(prefix="parley-voices-") as folder:
            known = []
            for number, sample in enumerate(references):
                sound = await _sound(sample.path, Path(folder) / f"{number}.s16")
                whole = pieces([Span(0.0, sound.length / SAMPLE_RATE)])
                voice = await heard(diarizer, sound, whole)
                if voice is None:
                    raise ReferenceUnusable(f"The sample of {sample.name} holds no voice.")
                known.append(voice)
            sound = await _sound(recording, Path(folder) / "recording.s16")
            voices = {s: await heard(diarizer, sound, spans) for s, spans in spans_of.items()}
        speakers = {s: voice for s, voice in voices.items() if voice is not None}
        alike = {
            (sample.name, speaker): likeness(voice, other)
            for sample, voice in zip(references, known, strict=True)
            for speaker, other in speakers.items()
        }
        return assigned(alike, self._least)


def likeness(one: Voice, other: Voice) -> float:
    """The cosine of two voices, as if both had been heard for long."""
    factor = np.sqrt((1 + NOISE / one.seconds) * (1 + NOISE / other.seconds))
    return float(one.vector @ other.vector * factor)


def assigned(alike: Mapping[tuple[str, SpeakerId], float], least: float) -> dict[SpeakerId, str]:
    """Names to speakers, the likest first, each once, none below `least`."""
    names: dict[SpeakerId, str] = {}
    for (name, speaker), value in sorted(alike.items(), key=lambda item: -item[1]):
        if value >= least and speaker not in names and name not in names.values():
            names[speaker] = name
    return names


def clear_pieces(turns: Sequence[SpeakerTurn]) -> dict[SpeakerId, list[Span]]:
    """Where each speaker talks alone: pieces of a few seconds, a minute in all, longest first."""
    chosen: dict[SpeakerId, list[Span]] = {}
    for speaker in dict.fromkeys(t.speaker for t in turns):
        own = [t.span for t in turns if t.speaker == speaker]
        others = [t.span for t in turns if t.speaker != speaker]
        alone = pieces(part for span in own for part in _without(span, others))
        long = [span for span in alone if span.duration >= _SHORT] or alone or own
        total, taken = 0.0, []
        for span in sorted(long, key=lambda s: -s.duration):
            if total < _ENOUGH:
                taken.append(span)
                total += span.duration
        chosen[speaker] = taken
    return chosen


def _without(span: Span, others: Sequence[Span]) -> list[Span]:
    """The parts of `span` that none of `others` covers."""
    parts = [span]
    for other in others:
        parts = [
            Span(start, end)
            for part in parts
            for start, end in (
                (part.start, min(part.end, other.start)),
                (max(part.start, other.end), part.end),
            )
            if start < end
        ]
    return parts


def pieces(spans: Iterable[Span]) -> list[Span]:
    """The spans in equal pieces of at most a few seconds."""
    cut: list[Span] = []
    for span in spans:
        count = max(1, int(-(-span.duration // _PIECE)))
        each = span.duration / count
        cut += [Span(span.start + i * each, span.start + (i + 1) * each) for i in range(count)]
    return cut


async def _sound(path: Path, target: Path) -> Sound:
    return (await asyncio.to_thread(decode, path, target)).sounds[0]


async def heard(diarizer: Diarizer, sound: Sound, spans: Sequence[Span]) -> Voice | None:
    """The voice in `spans`, each counting by its length; None where none can be told."""
    vectors = await diarizer.embed(sound, spans, lambda _: None)
    told = [
        (vector, span.duration)
        for vector, span in zip(vectors, spans, strict=True)
        if np.isfinite(vector).all()
    ]
    if not told:
        return None
    mean = np.sum([vector * seconds for vector, seconds in told], axis=0)
    length = float(np.linalg.norm(mean))
    if length == 0:
        return None
    return Voice((mean / length).astype(np.float32), sum(seconds for _, seconds in told))
