"""Bodies as curl, other clients and careless ones send them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import Depends, HTTPException
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import ModelMissing, ParleyError
from serve.openai import DoorSettings, Overloaded
from serve.openai.errors import ApiError
from serve.openai.forms import read_form
from serve.openai.parameters import check_name
from serve.openai.spool import Spool
from tests.openai_door import FakeTranscriptions, FirstSpeakers, door, talk
from tests.sounds import write_sound

URL = "http://parley/v1/audio/transcriptions"
TYPE = "multipart/form-data; boundary=line"


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    named = f'; filename="{filename}"' if filename is not None else ""
    head = f'--line\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--line--\r\n"


@pytest.fixture
def sound(tmp_path: Path) -> bytes:
    return write_sound(tmp_path / "a.wav", talk((1, 0), (5, 0.3), (1, 0))).read_bytes()


@pytest.fixture
def engine(tmp_path: Path) -> FakeTranscriptions:
    return FakeTranscriptions(tmp_path / "checkpoints")


async def post(app: Any, body: bytes, kind: str = TYPE, url: str = URL) -> httpx2.Response:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app)) as client:
        return await client.post(url, content=body, headers={"content-type": kind})


def error_of(response: httpx2.Response) -> dict[str, Any]:
    error: dict[str, Any] = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error


async def test_fields_may_come_before_and_after_the_file(
    sound: bytes, engine: FakeTranscriptions
) -> None:
    parts = [
        part("file", sound, "über uns.wav"),
        part("model", b"whisper-1"),
        part("response_format", b"verbose_json"),
        part("timestamp_granularities", b"word"),
    ]
    answers = [await post(door(engine), form(*parts)) for parts in (parts, parts[::-1])]
    first, second = (answer.json() for answer in answers)
    assert first == second
    assert first["words"]
    assert first["segments"][0]["words"][1]["word"] == "w300"
    assert engine.asked[0][0].path.name == "über uns.wav"


def left_in(spool: Path) -> list[Path]:
    return list(spool.glob("parley-openai-*"))


async def test_the_file_s_name_cannot_lead_elsewhere(
    sound: bytes, engine: FakeTranscriptions, tmp_path: Path
) -> None:
    for name in ("../../etc/passwd", "..", "", "C:\\\\talks\\\\a.wav", "x" * 400 + ".wav"):
        body = form(part("file", sound, name), part("model", b"whisper-1"))
        spool = DoorSettings(spool=tmp_path)
        assert (await post(door(engine, settings=spool), body)).status_code == 200
        assert engine.asked[-1][0].path.parent.parent.parent == tmp_path
        assert not left_in(tmp_path)


async def test_vexa_gets_words_in_its_segments(sound: bytes, engine: FakeTranscriptions) -> None:
    body = form(
        part("file", sound, "audio.wav"),
        part("model", b"whisper-1"),
        part("response_format", b"verbose_json"),
        part("language", b"en"),
        part("timestamp_granularities", b"word"),
        part("max_speech_duration_s", b"15"),
        part("min_silence_duration_ms", b"160"),
        part("prompt", b"Good morning."),
    )
    answer = (await post(door(engine), body)).json()
    assert answer["duration"] == 7
    for segment in answer["segments"]:
        assert segment["text"] == " ".join(word["word"] for word in segment["words"])
        assert all(0 <= word["probability"] <= 1 for word in segment["words"])
    asr = {"language": "en", "prompt": "Good morning.", "window": 15}
    assert engine.asked[0][1] == {"asr": asr, "vad": {"min_silence": 0.16}}


def test_what_a_killed_process_left_is_swept_and_what_is_in_use_is_not(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    used, left, bare = spool.open(), spool.open(), tmp_path / "parley-openai-bare"
    os.close(left.lock)  # as the kernel does
    bare.mkdir()
    for folder in (used.folder, left.folder, bare):
        os.utime(folder, (0, 0))
    other = tmp_path / "other"
    other.mkdir()
    Spool(tmp_path).sweep()
    assert {path.name for path in tmp_path.iterdir()} == {used.folder.name, "other"}
    spool.close(used)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


@pytest.mark.parametrize(
    ("status", "code", "param", "body"),
    [
        (400, "missing_required_parameter", "file", form(part("model", b"whisper-1"))),
        (400, "missing_required_parameter", "model", form(part("file", b"x", "a.wav"))),
        (400, "unknown_parameter", "diarise", form(part("diarise", b"true"))),
        (400, "malformed_body", None, b""),
        (400, "malformed_body", None, b"no form at all"),
        (400, "malformed_body", None, part("file", b"x", "a.wav")),
        (400, "malformed_body", None, b"--line\r\nX-Other: 1\r\n\r\nx\r\n--line--\r\n"),
        (400, "invalid_value", "prompt", form(part("prompt", b"\xff"))),
        (400, "invalid_value", "file", form(part("file", b"x", "a"), part("file", b"y", "b"))),
        (400, "audio.empty", "file", form(part("file", b"", "a"), part("model", b"whisper-1"))),
        (413, "upload.too_large", "file", form(part("file", b"x" * 2_000_001, "a.wav"))),
        (413, "upload.too_large", "prompt", form(part("prompt", b"x" * 1001))),
    ],
)
async def test_a_careless_body_is_told_what_is_wrong(
    status: int, code: str, param: str | None, body: bytes, engine: FakeTranscriptions
) -> None:
    limits = DoorSettings(file_bytes=2_000_000, field_bytes=1000)
    response = await post(door(engine, settings=limits), body)
    error = error_of(response)
    assert (response.status_code, error["code"], error["param"]) == (status, code, param)
    assert not engine.asked or code == "audio.empty"


async def test_another_type_of_body_is_415(engine: FakeTranscriptions) -> None:
    for kind in ("application/json", "audio/wav", ""):
        response = await post(door(engine), b"{}", kind)
        assert response.status_code == 415
        assert error_of(response)["type"] == "invalid_request_error"
    assert (
        error_of(await post(door(engine), b"{}", "multipart/form-data"))["code"] == "malformed_body"
    )


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (b"https://example.org/anna.wav", "data URL"),
        (b"data:audio/wav;base64,!!!!", "base64"),
        (b"data:audio/wav;base64,AAAA", "no recording"),
        (b"short", "data URL"),
    ],
)
async def test_a_reference_has_to_be_a_few_seconds_of_sound(
    sound: bytes, engine: FakeTranscriptions, reference: bytes, said: str
) -> None:
    body = form(
        part("file", sound, "a.wav"),
        part("model", b"whisper-1"),
        part("response_format", b"diarized_json"),
        part("known_speaker_names[]", b"Anna"),
        part("known_speaker_references[]", reference),
    )
    response = await post(door(engine, FirstSpeakers()), body)
    error = error_of(response)
    assert (response.status_code, error["param"]) == (400, "known_speaker_references")
    assert said in error["message"]
    refused = error_of(await post(door(engine), body))
    assert (refused["param"], refused["code"]) == ("known_speaker_names", "unsupported_parameter")
    assert not engine.asked


@pytest.mark.parametrize(
    ("failure", "status", "kind"),
    [
        (ModelMissing("/opt/models/whisper is not there"), 503, "server_error"),
        (ParleyError("/var/lib is full"), 500, "server_error"),
        (KeyError("secret"), 500, "server_error"),
    ],
)
async def test_what_goes_wrong_here_is_not_told_and_not_sent_again(
    sound: bytes, engine: FakeTranscriptions, failure: Exception, status: int, kind: str
) -> None:
    engine.fails = failure
    body = form(part("file", sound, "a.wav"), part("model", b"whisper-1"))
    response = await post(door(engine), body)
    error = error_of(response)
    assert (response.status_code, error["type"]) == (status, kind)
    assert "/" not in error["message"]
    assert "secret" not in error["message"]
    assert response.headers["x-should-retry"] == "false"


class Unauthenticated(ParleyError):
    code = "access.unauthenticated"


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (HTTPException(401, "Give a key."), 401, "invalid_api_key"),
        (HTTPException(403, "This key may only read."), 403, "permission_denied"),
        (Unauthenticated("Give a key."), 401, "invalid_api_key"),
        (Overloaded(10), 429, "queue.full"),
    ],
)
async def test_a_dependency_s_refusal_comes_in_the_envelope(
    engine: FakeTranscriptions, refusal: Exception, status: int, code: str
) -> None:
    def guard() -> None:
        raise refusal

    response = await post(door(engine, dependencies=[Depends(guard)]), form(part("x", b"")))
    error = error_of(response)
    assert (response.status_code, error["code"]) == (status, code)
    assert error["message"] in str(refusal)


async def test_the_openapi_document_describes_the_form(engine: FakeTranscriptions) -> None:
    document = door(engine).openapi()
    for path in ("transcriptions", "translations"):
        body = document["paths"][f"/v1/audio/{path}"]["post"]["requestBody"]
        fields = body["content"]["multipart/form-data"]["schema"]["properties"]
        for name in fields:
            if name != "file":
                check_name(name)


def cut(body: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield body[at : at + size]
        at += size
    yield body[at:]


@given(st.lists(st.integers(1, 40), max_size=30), st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_cutting_of_the_body_gives_the_same_form(
    tmp_path: Path, sizes: list[int], content: bytes
) -> None:
    body = form(
        part("prompt", "Grüße".encode()), part("file", content, "a.wav"), part("model", b"m")
    )
    path = tmp_path / "a.wav"
    path.unlink(missing_ok=True)

    async def chunks() -> AsyncIterator[bytes]:
        for chunk in cut(body, sizes):
            yield chunk

    read = asyncio.run(read_form(TYPE, chunks(), tmp_path, DoorSettings(), check_name))
    assert read.fields == (("prompt", "Grüße"), ("model", "m"))
    assert read.recording.read_bytes() == content


async def test_the_limit_is_noticed_as_the_body_flows_and_memory_stays_flat(
    tmp_path: Path,
) -> None:
    import tracemalloc

    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield part("file", b"", "a.wav")[:-2]
        while True:
            sent += 1 << 16
            yield bytes(1 << 16)

    limit = 64 << 20
    tracemalloc.start()
    with pytest.raises(ApiError) as caught:
        await read_form(TYPE, endless(), tmp_path, DoorSettings(file_bytes=limit), check_name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.status == 413
    assert limit < sent <= limit + (1 << 17)
    assert peak < 8 << 20


async def test_a_body_announced_as_too_large_is_not_read(tmp_path: Path) -> None:
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    with pytest.raises(ApiError) as caught:
        await read_form(TYPE, unread(), tmp_path, DoorSettings(), check_name, length=1 << 50)
    assert caught.value.status == 413
