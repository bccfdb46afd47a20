"""The engine: a recording in, events out. The only place that knows the order of the stages.

    decode → speech → { transcribe ‖ listen → separate } → attribute → utterances → minutes

Speech is found while the sound is still being decoded and transcribed as it is found; voices are
listened to meanwhile. The diarizer, which takes longest to import, is not asked for before the
first words are there, so that it does not hold them up. Each finished stage is kept as a
checkpoint, the transcription also half-way, so that a run killed anywhere goes on where it was.
Models are asked for only when a stage really has to run.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from pipeline.attribution import PhraseVoices, attribute, first_guess
from pipeline.audio import Decoded, Reading, content_hash
from pipeline.channels import channel_diarization, in_order
from pipeline.checkpoints import Checkpoints, JsonCodec, key_of
from pipeline.config import Profile
from pipeline.coverage import coverage
from pipeline.events import (
    VOLATILE,
    EventType,
    Fold,
    MeetingEvent,
    as_json,
    jsonable,
)
from pipeline.evidence import supported
from pipeline.minutes import Minutes
from pipeline.phrases import phrases, span_of
from pipeline.ports import Diarizer, Progress, Sound, SpeakerHint
from pipeline.reconciliation import reconciled
from pipeline.stage import Stage
from pipeline.together import together
from pipeline.transcription import Told, Transcription
from pipeline.types import (
    AudioChunk,
    Diarization,
    Segment,
    Speaker,
    Speech,
    Transcript,
    Utterance,
)
from pipeline.utterances import utterances
from pipeline.voices import DIARIZATION_CODEC, EMBEDDINGS_CODEC, VOICES_CODEC

DECODER_VERSION = 1
ATTRIBUTION_VERSION = 1
SPEECH_CODEC: JsonCodec[list[Speech]] = JsonCodec(list[Speech])
MINUTES_CODEC: JsonCodec[Minutes] = JsonCodec(Minutes)

Emit = Callable[[MeetingEvent], None]


class Summariser(Protocol):
    """Makes minutes of a transcript."""

    async def summarise(self, transcript: Transcript, progress: Progress) -> Minutes:
        """The minutes; each item cites utterances of `transcript`."""
        ...


class Stages(Protocol):
    """Where the engine gets its stages from, each built when first asked for.

    Each raises ModelError if its model cannot be had.
    """

    def fingerprint(self, stage: Literal["speech", "asr", "listen", "separate", "minutes"]) -> str:
        """Code version and weights of a stage, for checkpoint keys; loads nothing."""
        ...

    async def speech(self) -> Stage[AudioChunk, Any, Speech]:
        """The voice activity stage."""
        ...

    async def asr(self, sound: Sound, told: Told) -> Stage[Speech, Any, Segment]:
        """The transcription stage over `sound`, which tells of each window once it is read."""
        ...

    async def diarizer(self) -> Diarizer:
        """Who tells the speakers apart."""
        ...

    async def summariser(self) -> Summariser:
        """Who writes the minutes."""
        ...

    async def release(self) -> None:
        """Let the models of speech, transcription and diarization go, and their memory.

        Asked for again they are loaded again.
        """
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One recording and what is wanted of it.

    channels: "separate" takes each channel for one speaker. minutes: whether to write them.
    recording: the file's content hash, where it is known already.
    """

    path: Path
    title: str = ""
    channels: Literal["mix", "separate"] = "mix"
    speakers: SpeakerHint = SpeakerHint()
    minutes: bool = True
    recording: str | None = None


@dataclass(frozen=True, slots=True)
class Meeting:
    """What came of a recording."""

    title: str
    recording: str
    transcript: Transcript
    minutes: Minutes | None


class MeetingEngine:
    """Runs recordings through the stages of one profile."""

    def __init__(self, profile: Profile, stages: Stages, checkpoints: Checkpoints) -> None:
        self._profile = profile
        self._stages = stages
        self._checkpoints = checkpoints

    async def run(self, request: Request, emit: Emit = lambda _: None) -> Meeting:
        """Everything asked for of one recording; `emit` is called with each event as it happens.

        emit is called by one thread at a time, not always the same.
        Raises UnreadableAudio, ModelError.
        """
        run = _Run(self._profile, self._stages, self._checkpoints, request, emit)
        return await run.meeting()

    async def summarise(
        self, recording: str, transcript: Transcript, emit: Emit = lambda _: None
    ) -> Minutes:
        """Minutes of a transcript that is there already; what was made of the same one is found.

        recording: content hash of the sound. Raises ModelError.
        """
        request = Request(Path(), recording=recording)
        run = _Run(self._profile, self._stages, self._checkpoints, request, emit)
        return await run.minutes(transcript)


class _Run:
    """One recording on its way through the stages."""

    def __init__(
        self,
        profile: Profile,
        stages: Stages,
        checkpoints: Checkpoints,
        request: Request,
        emit: Emit,
    ) -> None:
        self._profile = profile
        self._stages = stages
        self._checkpoints = checkpoints
        self._request = request
        self._recording = request.recording or ""
        self._listener = emit
        self._told = Fold()
        self._seq = 0
        self._lock = threading.Lock()

    async def meeting(self) -> Meeting:
        path = self._request.path
        if not self._recording:
            self._recording = await asyncio.to_thread(content_hash, path)
        title = self._request.title or path.stem
        async with self._reading() as reading:
            length = await reading.begun()
            duration = None if length is None else round(length, 3)
            self._emit("meeting.started", {"title": title, "duration": duration})
            if self._request.channels == "separate" and len((await reading.whole()).sounds) > 1:
                decoded = await self._decoded(reading)
                speech, segments, diarization = await self._channels(decoded)
            else:
                decoded, (speech, segments, diarization) = await together(
                    self._decoded(reading), self._mixed(reading)
                )
        self._publish(decoded, speech, segments, diarization)
        if self._request.minutes and self._profile.minutes.enabled:
            await self.minutes(self._told.view.transcript)
        view = self._told.view
        return Meeting(title, self._recording, view.transcript, view.minutes)

    def _reading(self) -> Reading:
        mode = self._request.channels
        self._decode_key = key_of("decode", DECODER_VERSION, self._recording, mode)
        target = self._checkpoints.folder(self._recording) / f"sound-{self._decode_key[:32]}.s16"
        return Reading(self._request.path, target, mode, self._progress("decode"))

    async def _decoded(self, reading: Reading) -> Decoded:
        """The whole sound, and a word on what is the matter with it."""
        decoded = await reading.whole()
        for text in decoded.warnings:
            self._emit("warning", {"text": text})
        return decoded

    async def _mixed(self, reading: Reading) -> tuple[list[Speech], list[Segment], Diarization]:
        """One sound with any number of speakers in it."""
        begun = asyncio.Event()
        (speech, segments), diarization = await together(
            self._transcribe(reading.sound, 0, lambda: reading.sound.expected, begun),
            self._diarize(reading, begun),
        )
        segments = supported(segments, diarization, self._profile.attribution)
        voices = await self._phrase_voices(reading.sound, segments, diarization)
        attributed = attribute(segments, diarization, self._profile.attribution, voices)
        return speech, list(attributed), reconciled(diarization, attributed)

    async def _phrase_voices(
        self, sound: Sound, segments: list[Segment], diarization: Diarization
    ) -> PhraseVoices | None:
        """The voice of each phrase, where there is anybody to tell apart by it."""
        settings = self._profile.attribution
        words = [w for s in segments for w in s.words]
        if len(diarization.speakers) < 2 or diarization.centroids is None or not words:
            return None
        parts = phrases(words, first_guess(words, diarization, settings), settings)
        spans = [span_of(words, part) for part in parts]
        key = key_of("phrases", self._stages.fingerprint("listen"), self._decode_key, spans)
        progress = self._progress("attribute")
        embeddings = self._load("phrases", key, EMBEDDINGS_CODEC)
        if embeddings is None:
            diarizer = await self._stages.diarizer()
            embeddings = await diarizer.embed(sound, spans, progress)
            self._save("phrases", key, EMBEDDINGS_CODEC, embeddings)
        progress(1.0)
        return PhraseVoices(tuple(parts), embeddings)

    async def _channels(self, decoded: Decoded) -> tuple[list[Speech], list[Segment], Diarization]:
        """One speaker a channel, known by the channel."""
        begun = asyncio.Event()
        heard = [
            await self._transcribe(sound, channel, lambda: decoded.sounds[0].length, begun)
            for channel, sound in enumerate(decoded.sounds)
        ]
        diarization = channel_diarization([speech for speech, _ in heard], decoded.duration)
        segments = in_order([segments for _, segments in heard])
        return [s for speech, _ in heard for s in speech], segments, diarization

    async def _transcribe(
        self,
        sound: Sound,
        channel: int,
        length: Callable[[], int | None],
        begun: asyncio.Event,
    ) -> tuple[list[Speech], list[Segment]]:
        """Speech and words of one sound; `begun` is set once there are words, or none will come.

        length: samples there are, as far as is known by now.
        """
        keys = self._decode_key, channel
        speech_key = key_of(
            "speech", self._stages.fingerprint("speech"), self._profile.vad.digest(), *keys
        )
        asr_key = key_of(
            "asr", self._stages.fingerprint("asr"), self._profile.asr.digest(), speech_key
        )
        transcription = Transcription(self._checkpoints, self._recording, speech_key, asr_key)
        progress = self._progress("transcribe")

        def reached(sample: int) -> None:
            if (samples := length()) is not None:
                progress(min(0.999, sample / max(1, samples)))

        def heard(segment: Segment, until: float) -> None:
            span, settled = segment.span, round(until, 3)
            payload = {"text": segment.text, "start": span.start, "end": span.end}
            self._emit("utterance.partial", payload | {"until": settled})
            begun.set()

        found = await transcription.run(sound, self._stages, reached, heard)
        begun.set()
        progress(1.0)
        return found

    async def _diarize(self, reading: Reading, begun: asyncio.Event) -> Diarization:
        """Who spoke when; no model is asked for before `begun`."""
        settings, hint = self._profile.diarization, self._request.speakers
        heard = key_of(
            "listen", self._stages.fingerprint("listen"), settings.listening(), self._decode_key
        )
        told = key_of(
            "separate", self._stages.fingerprint("separate"), settings.digest(), hint, heard
        )
        progress = self._progress("diarize")
        found: Diarization | None = self._load("diarization", told, DIARIZATION_CODEC)
        if found is None:
            voices = self._load("voices", heard, VOICES_CODEC)
            await begun.wait()
            diarizer = await self._stages.diarizer()
            if voices is None:
                voices = await diarizer.listen((await reading.whole()).sounds[0], progress)
                self._save("voices", heard, VOICES_CODEC, voices)
            found = await diarizer.separate(voices, hint)
            self._save("diarization", told, DIARIZATION_CODEC, found)
        progress(1.0)
        return found

    def _publish(
        self,
        decoded: Decoded,
        speech: list[Speech],
        segments: list[Segment],
        diarization: Diarization,
    ) -> None:
        said = utterances(segments, diarization, self._profile.attribution)
        for speaker in _speakers(said, diarization):
            self._emit("speaker.joined", jsonable(speaker))
        for utterance in said:
            self._emit("utterance.final", jsonable(utterance))
        covered = coverage(speech, [w for s in segments for w in s.words])
        self._emit(
            "meeting.ended",
            {
                "language": _main_language(said),
                "duration": round(decoded.duration, 3),
                "coverage": jsonable(covered),
                "turns": [jsonable(t) for t in diarization.turns],
                "partial": decoded.partial,
            },
        )

    async def minutes(self, transcript: Transcript) -> Minutes:
        progress = self._progress("minutes")
        key = self._minutes_key(transcript)
        minutes: Minutes | None = self._load("minutes", key, MINUTES_CODEC)
        if minutes is None:
            await self._stages.release()
            summariser = await self._stages.summariser()
            minutes = await summariser.summarise(transcript, progress)
            # Asked again: a summariser that had to do without a model has another fingerprint.
            self._save("minutes", self._minutes_key(transcript), MINUTES_CODEC, minutes)
        progress(1.0)
        self._emit("minutes.final", jsonable(minutes))
        return minutes

    def _minutes_key(self, transcript: Transcript) -> str:
        return key_of(
            "minutes",
            self._stages.fingerprint("minutes"),
            self._profile.minutes.digest(),
            hashlib.sha256(as_json(replace(transcript, turns=(), warnings=()))).hexdigest(),
        )

    def _load(self, stage: str, key: str, codec: Any) -> Any:
        return self._checkpoints.load(self._recording, stage, key, codec)

    def _save(self, stage: str, key: str, codec: Any, value: Any) -> None:
        self._checkpoints.save(self._recording, stage, key, codec, value)

    def _progress(self, stage: str) -> Progress:
        reported = -1.0

        def report(done: float) -> None:
            nonlocal reported
            if done - reported >= 0.002 or (done >= 1.0 > reported):
                reported = done
                self._emit("stage.progress", {"stage": stage, "done": round(min(1.0, done), 4)})

        return report

    def _emit(self, type_: EventType, payload: dict[str, Any]) -> None:
        with self._lock:  # decoders and models report progress from their own threads
            seq = None
            if type_ not in VOLATILE:
                self._seq += 1
                seq = self._seq
            event = MeetingEvent(seq, type_, time.time(), payload)
            self._told.add(event)
            self._listener(event)


def _speakers(said: tuple[Utterance, ...], diarization: Diarization) -> list[Speaker]:
    """Everybody who said something or was heard, in the order they first spoke."""
    talk: dict[Any, float] = {}
    for utterance in said:
        spoken = sum(w.span.duration for w in utterance.words)
        talk[utterance.speaker] = talk.get(utterance.speaker, 0.0) + spoken
    heard: dict[Any, float] = {}
    for turn in diarization.turns:
        heard[turn.speaker] = heard.get(turn.speaker, 0.0) + turn.span.duration
    order = [*talk, *(s for s in heard if s not in talk)]
    return [
        Speaker(s, f"Speaker {i}", round(heard.get(s, talk.get(s, 0.0)), 3))
        for i, s in enumerate(order, 1)
    ]


def _main_language(said: tuple[Utterance, ...]) -> str | None:
    words: dict[str, int] = {}
    for utterance in said:
        words[utterance.language] = words.get(utterance.language, 0) + len(utterance.words)
    return max(words, key=lambda code: words[code], default=None)
