"""Real models on real recordings: the right words under the right speakers, and none on noise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_socket

from benchmarks import gate
from benchmarks.recordings import references
from pipeline.audio import decode
from pipeline.checkpoints import Checkpoints
from pipeline.config import load_profile
from pipeline.errors import UnreadableAudio
from pipeline.meeting import Meeting, MeetingEngine, Request
from pipeline.ports import AsrHint, SpeakerHint
from stages.asr.faster_whisper import FasterWhisper
from stages.local import LocalStages
from stages.models import Registry
from tests.sounds import NO_SPEECH, write_sound

T = TypeVar("T")

pytestmark = pytest.mark.model


class Parley:
    """The product with its default models, loaded once; checkpoints of its own."""

    def __init__(self, root: Path) -> None:
        self._profile = load_profile("cpu")
        stages = LocalStages(self._profile, Registry.load(offline=True))
        self.engine = MeetingEngine(self._profile, stages, Checkpoints(root))
        self._loop = asyncio.new_event_loop()

    def __call__(
        self, path: Path, *, minutes: bool = False, speakers: SpeakerHint | None = None
    ) -> Meeting:
        request = Request(path, minutes=minutes, speakers=speakers or SpeakerHint())
        return self.wait(self.engine.run(request))

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def close(self) -> None:
        self._loop.close()


@pytest.fixture(scope="module")
def parley(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parley]:
    product = Parley(tmp_path_factory.mktemp("checkpoints"))
    yield product
    product.close()


@pytest.fixture(autouse=True)
def no_network() -> Iterator[None]:
    """Once the models are here nothing touches the network: any socket is an error."""
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()


def test_a_telephone_call_becomes_two_speakers_and_minutes(
    parley: Parley, conversation: Path
) -> None:
    meeting = parley(conversation, minutes=True)
    transcript = meeting.transcript
    assert [s.name for s in transcript.speakers] == ["Speaker 1", "Speaker 2"]
    assert transcript.language == "en"
    owner = {word: u.speaker for u in transcript.utterances for word in u.text.lower().split()}
    assert owner["diane"] == owner["jersey."] != owner["sheila"]
    assert transcript.coverage.ratio > 0.9
    assert meeting.minutes is not None
    known = {u.id for u in transcript.utterances}
    for statement in (*meeting.minutes.overview, *meeting.minutes.decisions):
        assert set(statement.evidence) <= known
        assert statement.evidence


def test_the_number_of_speakers_asked_for_is_kept(parley: Parley, conversation: Path) -> None:
    one = parley(conversation, speakers=SpeakerHint(exactly=1))
    assert {u.speaker for u in one.transcript.utterances} == {"S1"}


@pytest.mark.parametrize("kind", NO_SPEECH)
def test_no_word_is_heard_where_nobody_speaks(parley: Parley, kind: str, tmp_path: Path) -> None:
    path = write_sound(tmp_path / "sound.wav", NO_SPEECH[kind](20))
    transcript = parley(path).transcript
    assert transcript.utterances == ()
    assert transcript.speakers == ()


@pytest.mark.timeout(900)
def test_words_and_speakers_are_as_right_as_recorded(
    parley: Parley, shared_data: Path, tmp_path: Path
) -> None:
    found = parley.wait(gate.rates(parley.engine, shared_data, tmp_path))
    assert gate.worse(found, gate.recorded()) == []


@pytest.mark.parametrize("name", ["zh_aishell_0764", "zh_aishell_0724"])
def test_mandarin_is_recognised_as_mandarin(parley: Parley, shared_data: Path, name: str) -> None:
    (reference,) = references(shared_data, [name])
    transcript = parley(reference.path).transcript
    assert transcript.language == "zh"
    # Whisper may part phrases by a space, never every word.
    assert " " not in transcript.utterances[0].text


def test_broken_files_are_refused_or_read_as_far_as_they_go(
    parley: Parley, shared_data: Path
) -> None:
    lines = (shared_data / "MANIFEST.jsonl").read_text(encoding="utf-8").splitlines()
    broken = [entry for entry in map(json.loads, lines) if entry["kind"] == "broken"]
    readable = []
    for entry in broken:
        try:
            transcript = parley(shared_data / entry["path"]).transcript
        except UnreadableAudio:
            continue
        readable.append(entry["id"])
        assert transcript.partial
        assert transcript.words
    assert readable == ["broken_dev3_truncated_flac"]


async def test_a_window_is_read_alike_alone_and_beside_others(
    conversation: Path, tmp_path: Path
) -> None:
    """The order in which streams come by does not change a word."""
    settings = load_profile("cpu").asr.model_copy(update={"threads": 2})
    model = FasterWhisper(settings, Registry.load(offline=True).ensure(settings.model))
    sound = decode(conversation, tmp_path / "sound").sounds[0]
    windows = [sound.read(n * 160_000, (n + 1) * 160_000) for n in range(3)]
    alone = [await model.transcribe(window, AsrHint()) for window in windows]
    beside = await asyncio.gather(*(model.transcribe(window, AsrHint()) for window in windows))
    assert beside == alone


async def test_a_prompt_is_shown_whole_however_short(conversation: Path, tmp_path: Path) -> None:
    settings = load_profile("cpu").asr
    model = FasterWhisper(settings, Registry.load(offline=True).ensure(settings.model))
    sound = decode(conversation, tmp_path / "sound").sounds[0]
    window = sound.read(0, 15 * 16_000)
    plain = await model.transcribe(window, AsrHint())
    led = await model.transcribe(window, AsrHint(prompt="ALL IN CAPITALS, AS ON A TELEPRINTER."))
    assert led.segments != plain.segments
