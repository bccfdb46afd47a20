"""Ports: what Parley asks of a model, and nothing more.

A port is heavy, stateless between calls and safe to call from several meetings; it lives in a
thread, a Serve replica or a Ray Data actor. Every method is a coroutine so that the caller's event
loop is never held up by a model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from pipeline.types import Diarization, Samples, Segment, Span

Progress = Callable[[float], None]
"""Called with the part done, in [0, 1], never decreasing."""


class Sound(Protocol):
    """A recording at 16 kHz mono that can be read anywhere, in bounded memory."""

    @property
    def length(self) -> int:
        """Samples in the recording."""
        ...

    def read(self, start: int, end: int) -> Samples:
        """Samples start to end, float32 in [-1, 1]; cut at the recording's ends."""
        ...


@dataclass(frozen=True, slots=True)
class AsrHint:
    """What is known before a window is transcribed.

    language: ISO 639-1 code, None to detect; allowed: languages detection may choose from, empty
    for all; usual: the language of the meeting so far, kept unless another is plainly heard.
    prompt: text to begin with, at the start of a recording. context: what the transcriber's last
    Hearing gave, so that it goes on as it was. hotwords: names and terms likely to occur.
    patient: try higher temperatures too where the text comes out unsure. task: translate writes
    English, whatever is spoken.
    """

    language: str | None = None
    allowed: tuple[str, ...] = ()
    usual: str | None = None
    prompt: str = ""
    context: tuple[int, ...] = ()
    hotwords: tuple[str, ...] = ()
    patient: bool = False
    task: Literal["transcribe", "translate"] = "transcribe"


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a transcriber made of one window.

    segments: word times are seconds since the window began. consumed: seconds of the window these
    segments account for; the next window should begin there. temperature: the one whose decoding
    was kept. context: tokens of the text just heard, to be handed back with the next window; they
    mean something to the same transcriber only.
    """

    segments: tuple[Segment, ...]
    consumed: float
    language: str
    language_probability: float
    temperature: float = 0.0
    context: tuple[int, ...] = ()


class Transcriber(Protocol):
    """Turns a window of speech into words with times."""

    async def transcribe(self, window: Samples, hint: AsrHint) -> Hearing:
        """The words of `window`: float32 mono 16 kHz, at most 30 s.

        Source: Whisper (Radford et al., 2022), https://arxiv.org/abs/2212.04356.
        """
        ...


class VoiceDetector(Protocol):
    """Tells speech from everything else, frame by frame."""

    frame: int
    """Samples a frame."""

    async def detect(
        self, state: tuple[float, ...], samples: Samples
    ) -> tuple[tuple[float, ...], npt.NDArray[np.float32]]:
        """The detector's next state, and a speech probability in [0, 1] a frame.

        state: () at the start of a meeting, then what the last call returned. samples: float32
        (k · frame,). Returns float32 (k,).
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class VoiceWindows:
    """What was heard of voices, window by window, before anybody is told apart.

    activity: float32 (windows, frames, local speakers), posterior that each local speaker talks.
    embeddings: float32 (windows, local speakers, d), NaN where a local speaker is silent or
    cannot be told. Window i covers seconds i · step to i · step + duration. frame_step, seconds.
    """

    activity: npt.NDArray[np.float32]
    embeddings: npt.NDArray[np.float32]
    step: float
    duration: float
    frame_step: float
    frame_duration: float
    length: float


@dataclass(frozen=True, slots=True)
class SpeakerHint:
    """How many people speak, where that is known: exactly, at least, at most."""

    exactly: int | None = None
    at_least: int | None = None
    at_most: int | None = None


class Diarizer(Protocol):
    """Tells who spoke when, in two steps so that the cheap one can be repeated."""

    async def listen(self, sound: Sound, progress: Progress) -> VoiceWindows:
        """The costly part, the same whatever is known of the speakers."""
        ...

    async def embed(
        self, sound: Sound, spans: Sequence[Span], progress: Progress
    ) -> npt.NDArray[np.float32]:
        """The voice in each span, float32 (len(spans), d), L2-normalised.

        NaN rows where a span is too short to tell a voice by. Comparable with the centroids that
        `separate` gives.
        """
        ...

    async def separate(self, voices: VoiceWindows, hint: SpeakerHint) -> Diarization:
        """The cheap part: group the voices into speakers, keeping to `hint`.

        Source: pyannote.audio (Bredin, Interspeech 2023; Plaquet & Bredin, Interspeech 2023).
        """
        ...


class TextEmbedder(Protocol):
    """Maps sentences to vectors in which nearness is likeness of meaning."""

    languages: frozenset[str]
    """ISO 639-1 codes of the languages the vectors mean anything in."""

    async def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Sentence embeddings, float32 (len(texts), d), L2-normalised."""
        ...


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a language model is asked.

    system: what it is and how it answers; the same for many prompts, so that it need be read only
    once. user: the matter at hand. examples: questions and good answers shown before it. prefix:
    how the answer begins; it is not repeated in what comes back.
    """

    system: str
    user: str
    examples: tuple[tuple[str, str], ...] = ()
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a language model wrote, and whether it stopped by itself or was cut off."""

    text: str
    finished: bool


class LanguageModel(Protocol):
    """Continues chats, for rewriting evidence; several at once cost less than one by one."""

    name: str
    languages: frozenset[str]
    """ISO 639-1 codes of the languages it writes well enough to be shown."""

    context: int
    """Tokens it can take, prompt and answer together."""

    def count(self, prompt: Prompt) -> int:
        """Tokens in `prompt`, at most a little over where the model is out of reach."""
        ...

    async def complete(
        self, prompts: Sequence[Prompt], *, max_tokens: int, stop: Sequence[str] = ()
    ) -> list[Completion]:
        """The likeliest answer to each prompt, without sampling.

        stop: texts an answer ends before. Raises ValueError if a prompt and its answer do not fit
        the context.
        """
        ...

    async def choose(self, prompts: Sequence[Prompt], options: Sequence[str]) -> list[list[float]]:
        """Natural log-probability of each option against the others, for each prompt.

        Options must begin with different tokens; each list sums to 1 in probability.
        """
        ...
