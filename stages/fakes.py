"""Deterministic stand-ins for the models, for fast tests."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pipeline.config import Profile
from pipeline.meeting import Summariser
from pipeline.minutes import Chapter, Keyword, Minutes, Statement, TalkTime
from pipeline.ports import (
    AsrHint,
    Completion,
    Diarizer,
    Hearing,
    Progress,
    Prompt,
    Sound,
    SpeakerHint,
    Transcriber,
    VoiceWindows,
)
from pipeline.stage import Stage
from pipeline.transcription import Told
from pipeline.types import (
    SAMPLE_RATE,
    AudioChunk,
    Coverage,
    Diarization,
    Samples,
    Segment,
    Span,
    Speaker,
    SpeakerId,
    SpeakerTurn,
    Speech,
    Transcript,
    Utterance,
    UtteranceId,
    Word,
)

_UNSPACED = re.compile(r"[\u3040-\u9fff]")


def scripted_transcript(
    script: str, language: str = "en", *, pace: float = 2.7, named: bool = True
) -> Transcript:
    """The transcript of a meeting written down as lines "Name: what was said".

    pace: words a second (characters where the language has no spaces, at twice the pace). named:
    False calls people "Speaker 1", "Speaker 2"… as an unknown voice is called. Empty lines and
    lines beginning with # are left out.
    """
    lines = [line.split(":", 1) for line in script.splitlines() if ":" in line and line[0] != "#"]
    names = list(dict.fromkeys(name.strip() for name, _ in lines))
    ids = {name: SpeakerId(f"S{i + 1}") for i, name in enumerate(names)}
    utterances, now = [], 0.0
    talk: dict[SpeakerId, float] = dict.fromkeys(ids.values(), 0.0)
    for i, (name, text) in enumerate(lines):
        words = _timed(text.strip(), now, pace)
        talk[ids[name.strip()]] += words[-1].span.end - now
        now = words[-1].span.end + 0.4
        utterances.append(Utterance(UtteranceId(f"u{i + 1}"), ids[name.strip()], words, language))
    return Transcript(
        utterances=tuple(utterances),
        speakers=tuple(
            Speaker(ids[name], name if named else f"Speaker {i + 1}", round(talk[ids[name]], 3))
            for i, name in enumerate(names)
        ),
        language=language if utterances else None,
        duration=now,
        coverage=Coverage(speech=sum(talk.values()), transcribed=sum(talk.values())),
    )


def _timed(text: str, start: float, pace: float) -> tuple[Word, ...]:
    """Words of `text` as a recogniser gives them, evenly timed."""
    glued = bool(_UNSPACED.search(text))
    pattern = r"[A-Za-z0-9]+[^\w\s]*|\w[^\w\s]*" if glued else r"\S+"
    step = 1 / (pace * 2 if glued else pace)
    return tuple(
        Word(part, Span(start + i * step, start + (i + 1) * step), 0.95, glued=glued)
        for i, part in enumerate(re.findall(pattern, text))
    )


class HashingEmbedder:
    """A TextEmbedder whose vectors say only which words texts share."""

    def __init__(self, languages: Sequence[str] = ("en",), size: int = 256) -> None:
        self.languages = frozenset(languages)
        self.size = size
        self.texts = 0

    async def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """See TextEmbedder.embed."""
        self.texts += len(texts)
        vectors = np.zeros((len(texts), self.size), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.casefold()):
                row[sum(map(ord, word)) * 2654435761 % self.size] += 1
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(lengths, 1e-6), dtype=np.float32)


class LoudnessDetector:
    """A VoiceDetector that takes loud for speech, remembering the last frame as a real one does."""

    frame = 512

    async def detect(
        self, state: tuple[float, ...], samples: Samples
    ) -> tuple[tuple[float, ...], npt.NDArray[np.float32]]:
        """See VoiceDetector.detect."""
        level = state[0] if state else 0.0
        probability = np.zeros(len(samples) // self.frame, np.float32)
        for i, frame in enumerate(samples.reshape(-1, self.frame)):
            level = 0.5 * level + 0.5 * min(1.0, 10 * float(np.abs(frame).mean()))
            probability[i] = level
        return (level,), probability


class CountingTranscriber:
    """A Transcriber that writes a word for each 0.4 s of loud sound, named by how it sounds.

    It consumes a window up to its last word, as Whisper does. skip: calls that hear nothing.
    """

    def __init__(self, language: str = "en", skip: Sequence[int] = ()) -> None:
        self.language = language
        self.calls = 0
        self._skip = frozenset(skip)

    async def transcribe(self, window: Samples, hint: AsrHint) -> Hearing:
        """See Transcriber.transcribe."""
        self.calls += 1
        duration = len(window) / SAMPLE_RATE
        language = hint.language or self.language
        if self.calls - 1 in self._skip:
            return Hearing((), duration, language, 1.0)
        step = round(0.4 * SAMPLE_RATE)
        words = []
        for start in range(0, len(window) - step + 1, step):
            level = float(np.abs(window[start : start + step]).mean())
            if level > 0.02:
                at = start / SAMPLE_RATE
                words.append(Word(f"w{round(level * 1000)}", Span(at, at + 0.4), 0.9))
        consumed = words[-1].span.end if words else duration
        segments = (Segment(tuple(words), language, -0.2),) if words else ()
        return Hearing(segments, consumed, language, 1.0, context=(*hint.context, len(words)))


class LoudnessDiarizer:
    """A Diarizer that takes each level of loudness, in tenths, for a voice of its own."""

    step = 0.1

    async def listen(self, sound: Sound, progress: Progress) -> VoiceWindows:
        """See Diarizer.listen: a window each tenth of a second, its level for an embedding."""
        size = round(self.step * SAMPLE_RATE)
        starts = range(0, sound.length, size)
        levels = [float(np.abs(sound.read(i, i + size)).mean()) for i in starts]
        progress(1.0)
        return VoiceWindows(
            activity=np.array(levels, np.float32).reshape(-1, 1, 1),
            embeddings=np.array(levels, np.float32).reshape(-1, 1, 1),
            step=self.step,
            duration=self.step,
            frame_step=self.step,
            frame_duration=self.step,
            length=sound.length / SAMPLE_RATE,
        )

    async def embed(
        self, sound: Sound, spans: Sequence[Span], progress: Progress
    ) -> npt.NDArray[np.float32]:
        """See Diarizer.embed: a unit vector for each level; NaN for spans under 0.3 s."""
        vectors = np.full((len(spans), 11), np.nan, np.float32)
        for vector, span in zip(vectors, spans, strict=True):
            samples = sound.read(round(span.start * SAMPLE_RATE), round(span.end * SAMPLE_RATE))
            if span.duration >= 0.3:
                vector[:] = np.eye(11)[min(10, round(float(np.abs(samples).mean()) * 10))]
        progress(1.0)
        return vectors

    async def separate(self, voices: VoiceWindows, hint: SpeakerHint) -> Diarization:
        """See Diarizer.separate; of more voices than `hint` allows the last ones are one."""
        levels = np.rint(voices.embeddings[:, 0, 0] * 10).astype(int)
        heard = sorted(set(levels.tolist()) - {0})
        most = hint.exactly or hint.at_most or len(heard)
        speakers = tuple(SpeakerId(f"S{i + 1}") for i in range(min(len(heard), most)))
        posterior = np.zeros((len(levels), len(speakers)), np.float32)
        turns: list[SpeakerTurn] = []
        for frame, level in enumerate(levels.tolist()):
            if level:
                index = min(heard.index(level), most - 1)
                posterior[frame, index] = 1.0
                start, end = frame * self.step, min((frame + 1) * self.step, voices.length)
                if turns and turns[-1].speaker == speakers[index] and start <= turns[-1].span.end:
                    start = turns.pop().span.start
                turns.append(SpeakerTurn(Span(start, end), speakers[index]))
        centroids = np.eye(11, dtype=np.float32)[heard[: len(speakers)]]
        return Diarization(tuple(turns), tuple(turns), speakers, posterior, self.step, centroids)


class QuotingSummariser:
    """A Summariser whose minutes are one chapter: the first thing said."""

    async def summarise(self, transcript: Transcript, progress: Progress) -> Minutes:
        """See Summariser.summarise."""
        said = transcript.utterances
        first = tuple(Statement(u.text, (u.id,)) for u in said[:1])
        whole = Span(0.0, transcript.duration)
        total = sum(s.talk_time for s in transcript.speakers) or 1.0
        progress(1.0)
        return Minutes(
            title=said[0].words[0].text if said else "",
            overview=first,
            chapters=(Chapter("All of it", whole, first, tuple(u.id for u in said)),)
            if said
            else (),
            decisions=(),
            action_items=(),
            questions=(),
            keywords=tuple(Keyword(u.words[0].text, 1.0, (u.id,)) for u in said[:1]),
            talk_time=tuple(
                TalkTime(s.id, s.talk_time, s.talk_time / total) for s in transcript.speakers
            ),
            language=transcript.language,
        )


class FakeStages:
    """The engine's Stages without any model.

    used: the names of the stages that were asked for, in order; released: those that had been when
    the models were let go. pause: seconds that each window takes to be transcribed. Its parts may
    be replaced by others.
    """

    def __init__(self, profile: Profile, pause: float = 0.0) -> None:
        self._profile = profile
        self._pause = pause
        self.used: list[str] = []
        self.released: tuple[str, ...] = ()
        self.transcriber: Transcriber = CountingTranscriber()
        self.voices: Diarizer = LoudnessDiarizer()
        self.writer: Summariser = QuotingSummariser()

    def fingerprint(self, stage: Literal["speech", "asr", "listen", "separate", "minutes"]) -> str:
        """See Stages.fingerprint."""
        return f"fake {stage}"

    async def speech(self) -> Stage[AudioChunk, Any, Speech]:
        """See Stages.speech."""
        from stages.vad.speech import SpeechStage

        self.used.append("speech")
        return SpeechStage(LoudnessDetector(), self._profile.vad)

    async def asr(self, sound: Sound, told: Told = lambda *_: None) -> Stage[Speech, Any, Segment]:
        """See Stages.asr."""
        from stages.asr.stage import AsrStage

        self.used.append("asr")
        return AsrStage(await self.recogniser(), self._profile.asr, sound, told)

    async def recogniser(self) -> Transcriber:
        """Who turns a window into words, at the pace of this stage."""
        return _Slow(self.transcriber, self._pause)

    async def diarizer(self) -> Diarizer:
        """See Stages.diarizer."""
        self.used.append("diarizer")
        return self.voices

    async def release(self) -> None:
        """See Stages.release."""
        self.released = tuple(self.used)

    async def summariser(self) -> Summariser:
        """See Stages.summariser."""
        self.used.append("summariser")
        return self.writer


class _Slow:
    """A Transcriber that takes its time."""

    def __init__(self, transcriber: Transcriber, pause: float) -> None:
        self._transcriber = transcriber
        self._pause = pause

    async def transcribe(self, window: Samples, hint: AsrHint) -> Hearing:
        """See Transcriber.transcribe."""
        await asyncio.sleep(self._pause)
        return await self._transcriber.transcribe(window, hint)


def retell(prompt: Prompt) -> str:
    """The passage of `prompt` as it stands, without who said it."""
    return prompt.user.split(": ", 1)[-1]


class ScriptedLanguageModel:
    """A LanguageModel that answers what `answer` makes of a prompt.

    answer: text, or a Completion for one that was cut off. likely: probability of the first
    option. prompts: what it was asked, in order.
    """

    def __init__(
        self,
        answer: Callable[[Prompt], str | Completion] = retell,
        *,
        likely: float = 0.9,
        languages: Sequence[str] = ("en", "zh"),
        context: int = 4096,
    ) -> None:
        self.name = "scripted"
        self.languages = frozenset(languages)
        self.context = context
        self.prompts: list[Prompt] = []
        self._answer = answer
        self._likely = likely

    def count(self, prompt: Prompt) -> int:
        """Words of the question; instructions are free."""
        return len(prompt.user.split())

    async def complete(
        self, prompts: Sequence[Prompt], *, max_tokens: int, stop: Sequence[str] = ()
    ) -> list[Completion]:
        """See LanguageModel.complete."""
        self.prompts += prompts
        answers = [self._answer(prompt) for prompt in prompts]
        return [a if isinstance(a, Completion) else Completion(a, True) for a in answers]

    async def choose(self, prompts: Sequence[Prompt], options: Sequence[str]) -> list[list[float]]:
        """See LanguageModel.choose."""
        rest = (1 - self._likely) / max(1, len(options) - 1)
        chances = [self._likely, *[rest] * (len(options) - 1)]
        return [[float(np.log(max(c, 1e-9))) for c in chances] for _ in prompts]
