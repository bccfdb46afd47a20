"""OpenAI's own client gets from Parley what its types promise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import openai
import pysubs2
import pytest
from fastapi import Depends, HTTPException
from openai.types.audio import (
    Transcription,
    TranscriptionDiarized,
    TranscriptionVerbose,
    Translation,
    TranslationVerbose,
)

from pipeline.errors import NotAudio
from serve.openai import DoorSettings, Overloaded
from tests.openai_door import FakeTranscriptions, FirstSpeakers, door, served, talk
from tests.sounds import silence, write_sound

Client = openai.AsyncOpenAI
SECONDS = 79.0


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    sound = talk((1, 0), (20, 0.3), (3, 0), (20, 0.6), (4, 0), (30, 0.3), (1, 0))
    return write_sound(tmp_path / "stand up.wav", sound)


@pytest.fixture
def engine(tmp_path: Path) -> FakeTranscriptions:
    return FakeTranscriptions(tmp_path / "checkpoints")


def client_of(app: Any, retries: int = 0) -> Client:
    transport = httpx2.ASGITransport(app=app)
    return Client(
        api_key="none",
        base_url="http://parley/v1",
        max_retries=retries,
        http_client=httpx2.AsyncClient(transport=transport),
    )


@pytest.fixture
async def client(engine: FakeTranscriptions) -> AsyncIterator[Client]:
    async with client_of(door(engine, FirstSpeakers())) as made:
        yield made


def strictly(kind: Any, answer: Any) -> None:
    """Everything the type demands is there, of the right type."""
    assert isinstance(answer, kind)
    kind.model_validate_json(answer.model_dump_json(), strict=True)


async def test_json_holds_the_text_and_the_seconds_used(client: Client, recording: Path) -> None:
    answer = await client.audio.transcriptions.create(file=recording, model="whisper-1")
    strictly(Transcription, answer)
    assert answer.text.startswith("w294 w300 w300")
    assert "w600" in answer.text
    assert answer.usage is not None
    assert answer.usage.type == "duration"
    assert answer.usage.seconds == SECONDS
    assert [language.code for language in answer.languages or []] == ["en"]


async def test_text_and_subtitles_come_as_they_are(client: Client, recording: Path) -> None:
    create = client.audio.transcriptions.create
    whole = await create(file=recording, model="whisper-1")
    text: Any = await create(file=recording, model="whisper-1", response_format="text")
    assert text == whole.text
    for form in ("srt", "vtt"):
        subtitles: Any = await create(file=recording, model="whisper-1", response_format=form)
        assert isinstance(subtitles, str)
        read = pysubs2.SSAFile.from_string(subtitles, format_=form)
        assert read[0].start == pytest.approx(1000, abs=400)
        assert sum(event.plaintext.count("w") for event in read) == whole.text.count("w")


async def test_verbose_json_has_segments_and_on_demand_words(
    client: Client, recording: Path
) -> None:
    create = client.audio.transcriptions.create
    plain = await create(file=recording, model="whisper-1", response_format="verbose_json")
    strictly(TranscriptionVerbose, plain)
    assert (plain.language, plain.duration, plain.words) == ("english", SECONDS, None)
    assert plain.segments
    assert [s.id for s in plain.segments] == list(range(len(plain.segments)))
    assert all(0 <= s.start <= s.end <= SECONDS for s in plain.segments)
    assert all(-1 < s.avg_logprob <= 0 < s.compression_ratio for s in plain.segments)
    worded = await create(
        file=recording,
        model="whisper-1",
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    strictly(TranscriptionVerbose, worded)
    assert worded.words
    assert " ".join(w.word for w in worded.words) == worded.text
    assert worded.segments
    assert [s.text for s in worded.segments] == [s.text for s in plain.segments]


async def test_diarized_json_letters_speakers_as_they_first_speak(
    client: Client, recording: Path
) -> None:
    answer: Any = await client.audio.transcriptions.create(
        file=recording,
        model="gpt-4o-transcribe-diarize",
        response_format="diarized_json",
        chunking_strategy="auto",
    )
    strictly(TranscriptionDiarized, answer)
    assert [s.speaker for s in answer.segments][0] == "A"
    assert {s.speaker for s in answer.segments} == {"A", "B"}
    assert answer.segments[0].id == "seg_001"
    assert answer.duration == SECONDS
    assert answer.text.splitlines() == [f"{s.speaker}: {s.text}" for s in answer.segments]


async def test_known_speakers_are_called_by_their_names(
    client: Client, recording: Path, tmp_path: Path
) -> None:
    answer: Any = await client.audio.transcriptions.create(
        file=recording,
        model="gpt-4o-transcribe-diarize",
        response_format="diarized_json",
        known_speaker_names=["Anna"],
        known_speaker_references=[data_url(tmp_path, 3.0)],
    )
    assert [s.speaker for s in answer.segments][0] == "Anna"
    assert {s.speaker for s in answer.segments} == {"Anna", "A"}


def data_url(folder: Path, seconds: float) -> str:
    import base64

    sound = write_sound(folder / "reference.wav", talk((seconds, 0.3))).read_bytes()
    return f"data:audio/wav;base64,{base64.b64encode(sound).decode()}"


async def test_nothing_said_is_empty_in_every_format(
    client: Client, tmp_path: Path, engine: FakeTranscriptions
) -> None:
    quiet = write_sound(tmp_path / "quiet.wav", silence(3))
    create = client.audio.transcriptions.create
    expected = {"text": "", "srt": "", "vtt": "WEBVTT\n"}
    for form, content in expected.items():
        body: Any = await create(file=quiet, model="whisper-1", response_format=form)  # type: ignore[call-overload]
        assert body == content
    verbose = await create(file=quiet, model="whisper-1", response_format="verbose_json")
    strictly(TranscriptionVerbose, verbose)
    assert (verbose.text, verbose.segments, verbose.language) == ("", [], "unknown")
    diarized: Any = await create(file=quiet, model="whisper-1", response_format="diarized_json")
    strictly(TranscriptionDiarized, diarized)
    assert (diarized.text, diarized.segments) == ("", [])


async def test_translations_are_english_and_ask_for_it(
    client: Client, recording: Path, engine: FakeTranscriptions
) -> None:
    create = client.audio.translations.create
    with pytest.warns(DeprecationWarning):
        plain = await create(file=recording, model="whisper-1")
        verbose = await create(file=recording, model="whisper-1", response_format="verbose_json")
    strictly(Translation, plain)
    strictly(TranslationVerbose, verbose)
    assert verbose.language == "english"
    assert [settings for _, settings in engine.asked] == [{"asr": {"task": "translate"}}] * 2


async def test_a_stream_s_deltas_are_the_text_of_its_last_event(
    client: Client, recording: Path
) -> None:
    stream = await client.audio.transcriptions.create(
        file=recording, model="whisper-1", stream=True
    )
    events = [event async for event in stream]
    assert {e.type for e in events[:-1]} == {"transcript.text.delta"}
    assert len(events) > 2
    done = events[-1]
    assert done.type == "transcript.text.done"
    assert "".join(e.delta for e in events if e.type == "transcript.text.delta") == done.text
    assert done.usage is not None
    assert done.usage.to_dict() == {"type": "duration", "seconds": SECONDS}
    plain = await client.audio.transcriptions.create(file=recording, model="whisper-1")
    assert done.text == plain.text


async def test_a_diarized_stream_ends_with_the_segments(client: Client, recording: Path) -> None:
    create: Callable[..., Any] = client.audio.transcriptions.create
    asked = {"file": recording, "model": "whisper-1", "response_format": "diarized_json"}
    events = [event async for event in await create(**asked, stream=True)]
    segments = [e for e in events if e.type == "transcript.text.segment"]
    whole = await create(**asked)
    assert [s.to_dict() for s in segments] == [s.to_dict() for s in whole.segments]
    kinds = list(dict.fromkeys(e.type.rsplit(".", 1)[-1] for e in events))
    assert kinds == ["delta", "segment", "done"]


async def test_a_recording_heard_before_is_streamed_all_the_same(
    client: Client, recording: Path
) -> None:
    before = await client.audio.transcriptions.create(file=recording, model="whisper-1")
    stream = await client.audio.transcriptions.create(
        file=recording, model="whisper-1", stream=True
    )
    events = [event async for event in stream]
    assert "".join(e.delta for e in events if e.type == "transcript.text.delta") == before.text


async def test_a_full_queue_is_429_and_tried_again(recording: Path, tmp_path: Path) -> None:
    engine = FakeTranscriptions(tmp_path / "checkpoints")
    engine.fails = Overloaded(3000)
    async with client_of(door(engine)) as client:
        for stream in (False, True):
            with pytest.raises(openai.RateLimitError) as caught:
                await client.audio.transcriptions.create(
                    file=recording, model="whisper-1", stream=stream
                )
            assert caught.value.code == "queue.full"
            assert caught.value.response.headers["retry-after"] == "120"
            assert caught.value.response.headers["x-should-retry"] == "true"


async def test_a_failure_after_the_first_words_is_an_event(recording: Path, tmp_path: Path) -> None:
    engine = FakeTranscriptions(tmp_path / "checkpoints")
    engine.fails, engine.late = RuntimeError("secret"), True
    settings = DoorSettings(patience=60)
    async with client_of(door(engine, settings=settings)) as client:
        stream = await client.audio.transcriptions.create(
            file=recording, model="whisper-1", stream=True
        )
        with pytest.raises(openai.APIError) as caught:
            async for event in stream:
                assert event.type == "transcript.text.delta"
    assert caught.value.code == "service.unexpected"
    assert "secret" not in json.dumps(caught.value.body)


async def test_a_file_that_is_no_recording_is_a_bad_request_about_the_file(
    tmp_path: Path, client: Client
) -> None:
    other = tmp_path / "notes.mp3"
    other.write_text("These are only words. " * 100)
    with pytest.raises(openai.BadRequestError) as caught:
        await client.audio.transcriptions.create(file=other, model="whisper-1")
    assert caught.value.param == "file"
    assert caught.value.code == NotAudio.code
    assert caught.value.type == "invalid_request_error"
    assert "notes.mp3" in caught.value.message
    assert "parley-openai" not in caught.value.message


async def test_unknown_models_are_not_found_and_known_ones_listed(
    client: Client, recording: Path, engine: FakeTranscriptions
) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        await client.audio.transcriptions.create(file=recording, model="gpt-9")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    names = [model.id async for model in client.models.list()]
    assert {"whisper-1", "faster-whisper-base"} <= set(names)
    assert (await client.models.retrieve("whisper-1")).id == "whisper-1"
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("gpt-9")
    await client.audio.transcriptions.create(file=recording, model="faster-whisper-base")
    assert engine.asked[-1][1] == {"asr": {"model": "faster-whisper-base"}}


async def test_the_first_words_come_while_the_work_goes_on(recording: Path, tmp_path: Path) -> None:
    engine = FakeTranscriptions(tmp_path / "checkpoints")
    engine.held = asyncio.Event()
    async with served(door(engine)) as url:
        async with Client(api_key="none", base_url=url, max_retries=0) as client:
            stream = await client.audio.transcriptions.create(
                file=recording, model="whisper-1", stream=True
            )
            async for event in stream:
                if event.type == "transcript.text.delta":
                    engine.held.set()
    assert event.type == "transcript.text.done"


async def test_over_a_socket_both_clients_get_the_same(recording: Path, tmp_path: Path) -> None:
    engine = FakeTranscriptions(tmp_path / "checkpoints", pause=0.2)
    async with served(door(engine, settings=DoorSettings(keep_alive=0.05))) as url:

        def synchronously() -> tuple[str, list[Any]]:
            with openai.OpenAI(api_key="none", base_url=url, max_retries=0) as client:
                stream = client.audio.transcriptions.create(
                    file=recording, model="whisper-1", stream=True
                )
                events = list(stream)
                whole = client.audio.transcriptions.create(file=recording, model="whisper-1")
                return whole.text, events

        whole, events = await asyncio.to_thread(synchronously)
        assert events[-1].text == whole
        async with Client(api_key="none", base_url=url, max_retries=0) as client:
            answer = await client.audio.transcriptions.create(file=recording, model="whisper-1")
            assert answer.text == whole


async def test_a_refusal_reaches_a_client_that_is_still_sending(tmp_path: Path) -> None:
    def guard() -> None:
        raise HTTPException(401, "Give a key.")

    engine = FakeTranscriptions(tmp_path / "checkpoints")
    large = tmp_path / "large.wav"
    large.write_bytes(bytes(30_000_000))
    limits = DoorSettings(file_bytes=1000, fields_bytes=1000)
    for app, status in (
        (door(engine, settings=limits), 413),
        (door(engine, None, None, [Depends(guard)]), 401),
    ):
        async with served(app) as url:
            async with Client(api_key="none", base_url=url, max_retries=0) as client:
                with pytest.raises(openai.APIStatusError) as caught:
                    await client.audio.transcriptions.create(file=large, model="whisper-1")
                assert caught.value.status_code == status


async def test_a_client_that_goes_ends_the_work_and_leaves_no_file(
    recording: Path, tmp_path: Path
) -> None:
    engine = FakeTranscriptions(tmp_path / "checkpoints", pause=30)
    spool = tmp_path / "spool"
    spool.mkdir()
    settings = DoorSettings(keep_alive=0.05, patience=0.05, spool=spool)
    async with served(door(engine, settings=settings)) as url:
        for stream in (True, False):
            engine.cancelled.clear()
            sent = {"model": "whisper-1", "stream": str(stream).lower()}
            with recording.open("rb") as file:
                with pytest.raises(httpx2.TimeoutException):
                    async with httpx2.AsyncClient(timeout=0.3) as client:
                        async with client.stream(
                            "POST", f"{url}/audio/transcriptions", data=sent, files={"file": file}
                        ) as response:
                            assert response.status_code == 200
                            async for line in response.aiter_lines():
                                assert line in ("", ": keep-alive")
                                if engine.asked and line:
                                    raise httpx2.ReadTimeout("enough")
            await asyncio.wait_for(engine.cancelled.wait(), 20)
            while any(spool.iterdir()):  # noqa: ASYNC110 - nobody tells that files are gone
                await asyncio.sleep(0.01)
