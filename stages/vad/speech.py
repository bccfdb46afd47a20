"""From speech probabilities to stretches of speech, as they end.

The rule is Silero's own: speech begins above a threshold and ends once the probability has stayed
below a lower one for long enough; then it is widened on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipeline.config import VadSettings
from pipeline.ports import VoiceDetector
from pipeline.types import SAMPLE_RATE, AudioChunk, Samples, Speech

PIECE = 30 * SAMPLE_RATE
"""Speech that goes on longer is handed over in pieces of this many samples."""


@dataclass(frozen=True, slots=True)
class SpeechState:
    """Where the listening stands.

    pending: samples not yet a whole frame. frame: frames heard. start: sample where the open
    stretch (or the rest of it) begins, None in silence. silence: sample where the probability fell
    below the release, None while it is above. floor: sample where the last stretch ended, before
    which none may begin. continued: a piece of the open stretch has been handed over. voiced: its
    voiced parts not handed over yet.
    """

    detector: tuple[float, ...] = ()
    pending: tuple[float, ...] = ()
    frame: int = 0
    start: int | None = None
    silence: int | None = None
    floor: int = 0
    continued: bool = False
    voiced: tuple[tuple[int, int], ...] = ()


class SpeechStage:
    """The stage AudioChunk → Speech, the same however the sound is cut into chunks."""

    name = "speech"
    version = 1

    def __init__(self, detector: VoiceDetector, settings: VadSettings) -> None:
        self._detector = detector
        self._settings = settings
        self._pad = round(settings.pad * SAMPLE_RATE)
        self._min_silence = round(settings.min_silence * SAMPLE_RATE)
        self._min_speech = round(settings.min_speech * SAMPLE_RATE)

    def begin(self) -> SpeechState:
        """Silence, nothing heard."""
        return SpeechState()

    async def step(self, state: SpeechState, item: AudioChunk) -> tuple[SpeechState, list[Speech]]:
        """Listen to the next chunk, which must follow the last one without a gap."""
        samples = np.concatenate([np.asarray(state.pending, np.float32), item.samples])
        whole = len(samples) - len(samples) % self._detector.frame
        state = replace(state, pending=tuple(samples[whole:].tolist()))
        return await self._listen(state, samples[:whole])

    async def end(self, state: SpeechState) -> list[Speech]:
        """Close the stretch that is still open, at the end of the sound."""
        length = state.frame * self._detector.frame + len(state.pending)
        if state.pending:
            frame = np.zeros(self._detector.frame, np.float32)
            frame[: len(state.pending)] = state.pending
            state, outputs = await self._listen(replace(state, pending=()), frame)
        else:
            outputs = []
        if state.start is not None:
            stop = length if state.silence is None else min(length, state.silence + self._pad)
            outputs += self._close(state, stop)
        return [
            Speech(s.start, min(s.end, length), _clipped(s.voiced, s.start, length))
            for s in outputs
            if s.start < length
        ]

    async def _listen(
        self, state: SpeechState, samples: Samples
    ) -> tuple[SpeechState, list[Speech]]:
        detector, probability = await self._detector.detect(state.detector, samples)
        return self._decide(replace(state, detector=detector), probability)

    def _decide(
        self, state: SpeechState, probability: npt.NDArray[np.float32]
    ) -> tuple[SpeechState, list[Speech]]:
        outputs: list[Speech] = []
        for p in probability.tolist():
            state, found = self._frame(state, p)
            outputs += found
        return state, outputs

    def _frame(self, state: SpeechState, p: float) -> tuple[SpeechState, list[Speech]]:
        size = self._detector.frame
        now = state.frame * size
        state = replace(state, frame=state.frame + 1)
        if p >= self._settings.threshold:
            start = max(state.floor, now - self._pad) if state.start is None else state.start
            voiced = _joined(state.voiced, now, now + size)
            state = replace(state, start=start, silence=None, voiced=voiced)
        elif state.start is not None and state.silence is None and p < self._settings.release:
            state = replace(state, silence=now)
        if state.start is None:
            return state, []
        if state.silence is not None and now + size - state.silence >= self._min_silence:
            stop = min(state.silence + self._pad, now + size)
            closed = self._close(state, stop)
            return replace(
                state, start=None, silence=None, floor=stop, continued=False, voiced=()
            ), closed
        if state.silence is None and now + size - state.start >= PIECE + self._pad:
            cut = state.start + PIECE
            piece = Speech(state.start, cut, _clipped(state.voiced, state.start, cut))
            rest = _clipped(state.voiced, cut, now + size)
            return replace(state, start=cut, continued=True, voiced=rest), [piece]
        return state, []

    def _close(self, state: SpeechState, stop: int) -> list[Speech]:
        if state.start is None:
            return []
        voice = sum(end - start for start, end in state.voiced)
        if stop <= state.start or (voice < self._min_speech and not state.continued):
            return []
        return [Speech(state.start, stop, _clipped(state.voiced, state.start, stop))]


def _joined(
    parts: tuple[tuple[int, int], ...], start: int, end: int
) -> tuple[tuple[int, int], ...]:
    """The parts and one more, which continues the last where it touches it."""
    if parts and parts[-1][1] == start:
        return (*parts[:-1], (parts[-1][0], end))
    return (*parts, (start, end))


def _clipped(
    parts: tuple[tuple[int, int], ...], start: int, end: int
) -> tuple[tuple[int, int], ...]:
    """What of the parts lies between start and end."""
    cut = ((max(a, start), min(b, end)) for a, b in parts)
    return tuple((a, b) for a, b in cut if a < b)
