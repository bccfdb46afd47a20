"""Voices people gave names to: kept if asked for, known again in later meetings, deletable."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from pipeline.audio import decode
from pipeline.blobs import Blobs
from pipeline.errors import EditInvalid
from pipeline.ports import Diarizer, Sound
from pipeline.store import Store
from pipeline.store.records import VoiceRecord
from pipeline.types import SpeakerId, Transcript
from serve.openai.voices import LEAST, Voice, assigned, clear_pieces, heard, likeness, pieces
from serve.service.models import ModelSource
from serve.service.places import sound_key
from serve.service.views import Views

_LEAST_SPEECH = 2.0
"""Seconds of speech a voice can be known again by."""


class KnownVoices:
    """The voices of a store, over the diarizer's embeddings.

    A voice is kept as its unit vector and, behind it, the seconds of speech it was heard in, by
    which likeness is corrected. Vectors of different models are never compared.
    """

    def __init__(self, store: Store, blobs: Blobs, views: Views, source: ModelSource) -> None:
        self._store = store
        self._blobs = blobs
        self._views = views
        self._source = source

    async def enrol(self, owner: str, meeting: str, utterance: str, name: str) -> VoiceRecord:
        """Keep the voice of an utterance under a name.

        Raises EditInvalid if there is no such utterance, or too little of a voice in it.
        """
        await asyncio.to_thread(self._store.meetings.get, meeting, owner)
        _, view = await asyncio.to_thread(self._views.of, meeting)
        found = next((u for u in view.transcript.utterances if u.id == utterance), None)
        if found is None:
            raise EditInvalid(f"no utterance {utterance!r} in this meeting.")
        if found.overlapped or found.span.duration < _LEAST_SPEECH:
            raise EditInvalid(
                f"expected at least {_LEAST_SPEECH:g} s in which nobody else talks; choose another "
                "utterance."
            )
        stages = await self._source(meeting)
        diarizer = await stages.diarizer()
        with self._blobs.local(sound_key(meeting)) as path, TemporaryDirectory() as folder:
            sound = await _decoded(path, Path(folder))
            voice = await heard(diarizer, sound, pieces([found.span]))
        if voice is None:
            raise EditInvalid("no voice can be told in this utterance; choose a longer one.")
        return await asyncio.to_thread(
            lambda: self._store.voices.create(
                owner,
                name=name,
                embedding=_packed(voice),
                model=stages.fingerprint("listen"),
                meeting=meeting,
                utterance=utterance,
            )
        )

    async def recognised(
        self, owner: str, meeting: str, model: str, diarizer: Diarizer, found: Transcript
    ) -> Mapping[SpeakerId, str]:
        """Names of those speakers of a transcript whose voices the owner has kept."""
        kept = await asyncio.to_thread(self._store.voices.comparable, owner, model)
        spans = clear_pieces(found.turns) if kept else {}
        if not spans:
            return {}
        with self._blobs.local(sound_key(meeting)) as path, TemporaryDirectory() as folder:
            sound = await _decoded(path, Path(folder))
            voices = {s: await heard(diarizer, sound, parts) for s, parts in spans.items()}
        alike = {
            (record.name, speaker): likeness(_unpacked(record), voice)
            for record in kept
            for speaker, voice in voices.items()
            if voice is not None
        }
        return assigned(alike, LEAST)


def named(transcript: Transcript, names: Mapping[SpeakerId, str]) -> Transcript:
    """The transcript with names for speakers that no person has named."""
    if not names:
        return transcript
    speakers = tuple(
        replace(s, name=names[s.id]) if s.id in names and not s.named else s
        for s in transcript.speakers
    )
    return replace(transcript, speakers=speakers)


async def _decoded(path: Path, folder: Path) -> Sound:
    return (await asyncio.to_thread(decode, path, folder / "sound.s16")).sounds[0]


def _packed(voice: Voice) -> bytes:
    return np.append(voice.vector, np.float32(voice.seconds)).astype("<f4").tobytes()


def _unpacked(record: VoiceRecord) -> Voice:
    values = np.frombuffer(record.embedding, "<f4").astype(np.float32)
    return Voice(values[:-1], float(values[-1]))
