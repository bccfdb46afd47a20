"""OpenAI's own client against a whole service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from pipeline.store import Store
from tests.contract.service import recording, served, settings


@pytest.fixture
def client(tmp_path: Path) -> Iterator[openai.OpenAI]:
    given = settings(tmp_path / "data", keys=True)
    with served(given) as http:
        store = Store.open(given.database_url)
        _, secret = store.keys.create("openai", "ann", ["write"])
        store.close()
        yield openai.OpenAI(api_key=secret, base_url=str(http.base_url.join("/v1")), max_retries=0)


def test_text_segments_and_speakers_come_as_the_client_knows_them(
    client: openai.OpenAI, tmp_path: Path
) -> None:
    path = recording(tmp_path)
    plain = client.audio.transcriptions.create(model="whisper-1", file=path)
    assert plain.text.count("w300") > 20
    full = client.audio.transcriptions.create(
        model="whisper-1",
        file=path,
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert full.duration == pytest.approx(79.0) and full.words and full.segments
    told = client.audio.transcriptions.create(
        model="gpt-4o-transcribe-diarize",
        file=path,
        response_format="diarized_json",
        chunking_strategy="auto",
    )
    assert {s.speaker for s in told.segments} == {"A", "B"}
    assert [m.id for m in client.models.list()]


def test_a_stream_adds_up_to_the_text(client: openai.OpenAI, tmp_path: Path) -> None:
    stream = client.audio.transcriptions.create(
        model="whisper-1", file=recording(tmp_path), stream=True
    )
    events = list(stream)
    said = "".join(e.delta for e in events if e.type == "transcript.text.delta")
    assert events[-1].type == "transcript.text.done" and events[-1].text == said


def test_a_wrong_key_is_told_as_the_client_expects(client: openai.OpenAI, tmp_path: Path) -> None:
    stranger = client.with_options(api_key="pk_wrong")
    with pytest.raises(openai.AuthenticationError):
        stranger.audio.transcriptions.create(model="whisper-1", file=recording(tmp_path))
