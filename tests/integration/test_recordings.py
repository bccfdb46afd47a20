"""Real models on real recordings: the right words under the right speakers, and none on noise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket

from benchmarks.recordings import references
from benchmarks.scores import pooled, score
from pipeline.checkpoints import Checkpoints
from pipeline.config import load_profile
from pipeline.errors import UnreadableAudio
from pipeline.exports import write_exports
from pipeline.meeting import Meeting, MeetingEngine, Request
from pipeline.ports import SpeakerHint
from stages.local import LocalStages
from stages.models import Registry
from tests.sounds import NO_SPEECH, write_sound

pytestmark = pytest.mark.model


class Parley:
    """The product with its default models, loaded once; checkpoints of its own."""

    def __init__(self, root: Path) -> None:
        self._profile = load_profile("cpu")
        stages = LocalStages(self._profile, Registry.load(offline=True))
        self._engine = MeetingEngine(self._profile, stages, Checkpoints(root))
        self._loop = asyncio.new_event_loop()

    def __call__(
        self, path: Path, *, minutes: bool = False, speakers: SpeakerHint | None = None
    ) -> Meeting:
        request = Request(path, minutes=minutes, speakers=speakers or SpeakerHint())
        return self._loop.run_until_complete(self._engine.run(request))

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


def test_words_and_speakers_of_the_short_meetings_are_as_right_as_promised(
    parley: Parley, shared_data: Path, tmp_path: Path
) -> None:
    scores = []
    short = ["ami_trn00", "ami_trn03", "ami_trn05", "sim_dev_3spk_clean", "sim_dev_4spk_overlap"]
    for reference in references(shared_data, short):
        transcript = parley(reference.path).transcript
        write_exports(tmp_path, reference.id, ["seglst", "rttm"], transcript)
        words, turns = (tmp_path / f"{reference.id}.{kind}" for kind in ("seglst.json", "rttm"))
        covered = {"speech": transcript.coverage.speech, "transcribed": 0.0}
        scores.append(score(reference, words, turns, covered))
    total = pooled(scores).row()
    assert total["WER"] < 19
    assert total["cpWER"] < 20
    assert total["DER"] < 18


@pytest.mark.parametrize("name", ["zh_aishell_0764", "zh_aishell_0724"])
def test_mandarin_is_recognised_as_mandarin(parley: Parley, shared_data: Path, name: str) -> None:
    (reference,) = references(shared_data, [name])
    transcript = parley(reference.path).transcript
    assert transcript.language == "zh"
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
