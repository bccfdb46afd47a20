"""Calibration takes what is clearly faster here, keeps it, and uses it nowhere else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.simulate import decode
from pipeline.config import AsrSettings, DiarizationSettings, MinutesSettings, Profile, load_profile
from pipeline.errors import ModelTooLarge
from pipeline.ports import VoiceWindows
from serve.cli.checks import origins
from serve.cli.settings import overrides, resolve
from stages.calibration import (
    Machine,
    Part,
    Round,
    calibrated,
    forget,
    path,
    read,
    rounds_for,
    save,
)
from stages.calibration.bench import Bench
from stages.calibration.choice import likeness
from stages.models import Registry

HERE = Machine("Test processor", 4)
BATCHES = Round("Batches", "asr", ({"asr.batch": 8}, {"asr.batch": 1}, {"asr.batch": 4}))
PRECISION = Round(
    "Precision",
    "diarization",
    ({"diarization.precision": "float32"}, {"diarization.precision": "bfloat16"}),
    gain=0.10,
    likened=True,
)


@dataclass
class Clock:
    """A Timer that gives the seconds it is told to, and notes what it was asked."""

    took: Callable[[Mapping[str, Any]], float]
    likeness: float = 1.0
    asked: list[dict[str, Any]] = field(default_factory=list)

    def seconds(self, part: Part, settings: Mapping[str, Any]) -> float:
        self.asked.append(dict(settings))
        return self.took(settings)

    def agreement(self) -> float:
        return self.likeness


def batches(**seconds: float) -> Clock:
    return Clock(lambda s: seconds[f"b{s['asr.batch']}"])


def precisions(half: float, agreement: float) -> Clock:
    return Clock(lambda s: half if s["diarization.precision"] == "bfloat16" else 10, agreement)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PARLEY_CACHE", str(tmp_path))
    monkeypatch.setattr("serve.cli.calibration.here", lambda: HERE)
    return tmp_path / "calibration.yaml"


def test_the_fastest_is_taken_if_it_gains_five_per_cent() -> None:
    (chosen,) = calibrated([BATCHES], batches(b8=10, b1=9.6, b4=9.4))
    assert chosen.settings == {"asr.batch": 4}


def test_the_default_stays_where_nothing_gains_enough() -> None:
    (chosen,) = calibrated([BATCHES], batches(b8=10, b1=9.6, b4=9.51))
    assert chosen.settings == {}
    assert chosen.best.settings == {"asr.batch": 8}


def test_the_better_of_two_goes_counts() -> None:
    goes = iter([10.0, 8.0, 9.0, 7.0, 7.9, 7.8, 8.1])
    (chosen,) = calibrated([BATCHES], Clock(lambda _: next(goes)))
    assert [t.seconds for t in chosen.trials] == [8.0, 7.0, 7.8]
    assert chosen.settings == {"asr.batch": 1}


def test_a_gain_that_is_gone_when_the_default_is_timed_again_is_none() -> None:
    goes = iter([10.0, 10.0, 9.0, 9.0, 9.5, 9.5, 9.2])
    (chosen,) = calibrated([BATCHES], Clock(lambda _: next(goes)))
    assert chosen.trials[0].seconds == 9.2
    assert chosen.settings == {}


def test_what_is_far_behind_is_not_timed_again() -> None:
    clock = batches(b8=10, b1=13, b4=11)
    calibrated([BATCHES], clock)
    assert [s["asr.batch"] for s in clock.asked] == [8, 8, 1, 4, 4]


@pytest.mark.parametrize(
    ("half", "agreement", "taken"),
    [(8.9, 0.9995, True), (9.1, 0.9995, False), (5.0, 0.9989, False)],
)
def test_bfloat16_must_be_much_faster_and_hear_the_same_voices(
    half: float, agreement: float, taken: bool
) -> None:
    (chosen,) = calibrated([PRECISION], precisions(half, agreement))
    assert chosen.settings == ({"diarization.precision": "bfloat16"} if taken else {})


def test_a_round_is_run_under_what_those_before_it_chose() -> None:
    clock = Clock(lambda s: 5.0 if s.get("asr.batch") == 4 else 10.0)
    calibrated([BATCHES, PRECISION], clock)
    assert all(s["asr.batch"] == 4 for s in clock.asked if "diarization.precision" in s)


def test_of_several_settings_only_those_that_change_are_kept() -> None:
    threads = Round(
        "Threads",
        "together",
        (
            {"asr.threads": 2, "diarization.threads": 1},
            {"asr.threads": 2, "diarization.threads": 2},
        ),
    )
    (chosen,) = calibrated([threads], Clock(lambda s: 3.0 - s["diarization.threads"]))
    assert chosen.settings == {"diarization.threads": 2}


def test_a_model_that_memory_does_not_hold_leaves_its_round_out() -> None:
    def too_large(_: Mapping[str, Any]) -> float:
        raise ModelTooLarge("8 GB needed")

    assert calibrated([BATCHES], Clock(too_large)) == []


def voices(*rows: list[float]) -> VoiceWindows:
    embeddings = np.array([rows], np.float32)
    return VoiceWindows(np.zeros((1, 2, len(rows))), embeddings, 1.0, 10.0, 0.02, 0.02, 10.0)


def test_voices_agree_as_far_as_the_least_alike_pair_does() -> None:
    nothing = [float("nan"), float("nan")]
    assert likeness(voices([1, 0], [0, 2]), voices([2, 0], [0, 1])) == pytest.approx(1.0)
    assert likeness(voices([1, 0], [0, 1]), voices([1, 0], [1, 1])) == pytest.approx(0.5**0.5)
    assert likeness(voices([1, 0], nothing), voices([1, 0], nothing)) == pytest.approx(1.0)
    assert likeness(voices([1, 0], nothing), voices([1, 0], [0, 1])) == 0.0
    assert likeness(voices([1, 0]), voices([1, 0], [0, 1])) == 0.0


def test_the_default_is_the_first_option_of_every_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stages.calibration.rounds.share", lambda threads, n: threads or 4 // n)
    assert [r.options[0] for r in rounds_for(Profile(), 4, bfloat16=True)] == [
        {"asr.batch": 3},
        {"diarization.batch": 16},
        {"diarization.precision": "float32"},
        {"asr.threads": 4, "diarization.threads": 2},
        {"minutes.threads": 4},
    ]


def test_what_cannot_gain_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    profile = Profile(
        asr=AsrSettings(device="cuda"),
        diarization=DiarizationSettings(device="cuda"),
        minutes=MinutesSettings(language_model=None),
    )
    assert rounds_for(profile, 4, bfloat16=True) == []
    monkeypatch.setattr("stages.calibration.rounds.share", lambda threads, _: threads or 1)
    titles = " ".join(r.title for r in rounds_for(Profile(), 1, bfloat16=False))
    assert "Precision" not in titles
    assert "Threads" not in titles
    server = Profile(minutes=MinutesSettings(language_model="http://host/v1#m"))
    assert all(r.part != "minutes" for r in rounds_for(server, 4, bfloat16=False))


def test_a_setting_that_is_laid_down_is_not_tried() -> None:
    fixed = {"asr.batch", "asr.threads"}
    for asked in rounds_for(Profile(), 4, bfloat16=True, fixed=fixed):
        for key in fixed:
            assert len({o[key] for o in asked.options if key in o}) <= 1


def test_what_is_kept_is_what_is_read(kept: Path) -> None:
    chosen = {"asr.batch": 4, "diarization.precision": "bfloat16"}
    assert read("cpu", Profile(), HERE).version is None
    assert save("cpu", Profile(), HERE, "1.0", chosen) == kept == path()
    save("small", Profile(), HERE, "1.0", {})
    found = read("cpu", Profile(), HERE)
    assert (found.settings, found.note, found.version) == (chosen, "", "1.0")
    assert found.nested() == {"asr": {"batch": 4}, "diarization": {"precision": "bfloat16"}}
    assert read("small", Profile(), HERE).version == "1.0"
    assert read("gpu", Profile(), HERE).version is None
    assert forget()
    assert not kept.exists()
    assert not forget()


@pytest.mark.parametrize("other", [Machine("Another", 4), Machine(HERE.processor, 2)])
def test_another_machine_uses_none_of_it_and_is_told(kept: Path, other: Machine) -> None:
    save("cpu", Profile(), HERE, "1.0", {"asr.batch": 4})
    found = read("cpu", Profile(), other)
    assert found.settings == {}
    assert "measured on Test processor with 4 cores" in found.note
    save("small", Profile(), other, "1.0", {})
    assert read("cpu", Profile(), other).version is None


def test_a_stage_with_another_model_keeps_its_defaults(kept: Path) -> None:
    save("cpu", Profile(), HERE, "1.0", {"asr.batch": 4, "diarization.batch": 8})
    found = read("cpu", Profile(asr=AsrSettings(model="faster-whisper-tiny")), HERE)
    assert found.settings == {"diarization.batch": 8}
    assert "asr" in found.note


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "format: 2",
        "format: 1\nprocessor: Test processor\ncores: 4\nprofiles: {cpu: 3}",
        "format: 1\nprocessor: Test processor\ncores: 4\n"
        "profiles: {cpu: {models: {}, settings: {asr.model: x}}}",
    ],
)
def test_a_damaged_file_is_a_note_and_no_error(kept: Path, text: str) -> None:
    kept.write_text(text, encoding="utf-8")
    found = read("cpu", Profile(), HERE)
    assert found.settings == {}
    assert str(kept) in found.note
    assert resolve("cpu", {}) == load_profile("cpu")


def test_an_impossible_value_is_a_note_and_no_error(kept: Path) -> None:
    save("cpu", Profile(), HERE, "1.0", {"asr.batch": 0})
    assert "damaged" in read("cpu", Profile(), HERE).note
    assert resolve("cpu", {}).asr.batch == 3


def test_whatever_is_said_wins_over_what_was_measured(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("name: mine\nasr: {batch: 2}\n", encoding="utf-8")
    measured = {
        "asr.batch": 4,
        "asr.threads": 3,
        "diarization.threads": 3,
        "diarization.batch": 4,
    }
    save(str(mine), Profile(), HERE, "1.0", measured)
    monkeypatch.setenv("PARLEY__ASR__THREADS", "1")
    values = overrides(["diarization.threads=2"])
    settled = origins(str(mine), values)
    assert settled["asr.batch"] == (2, f"profile {mine}")
    assert settled["asr.threads"] == (1, "environment")
    assert settled["diarization.threads"] == (2, "option")
    assert settled["diarization.batch"] == (4, "calibration")
    assert settled["minutes.threads"] == (None, "default")
    profile = resolve(str(mine), values)
    assert (profile.asr.batch, profile.asr.threads) == (2, 1)
    assert (profile.diarization.threads, profile.diarization.batch) == (2, 4)


def test_settings_of_speed_alone_leave_finished_stages_valid() -> None:
    fast = {"asr": {"threads": 2, "batch": 1}, "diarization": {"batch": 4, "threads": 2}}
    usual, quick = load_profile("cpu", environ={}), load_profile("cpu", fast, {})
    assert quick.digest() == usual.digest()
    assert quick.asr.digest() == usual.asr.digest()
    assert quick.diarization.digest() == usual.diarization.digest()
    assert quick.diarization.listening() == usual.diarization.listening()
    half = load_profile("cpu", {"diarization": {"precision": "bfloat16"}}, {})
    assert half.digest() != usual.digest()
    assert half.diarization.listening() != usual.diarization.listening()


@pytest.mark.model
def test_the_real_stages_are_timed_under_the_settings_asked_for(conversation: Path) -> None:
    """A few seconds of sound, two precisions: enough to know that the models are reached."""
    profile, registry = Profile(), Registry.load()
    names = profile.diarization.segmentation, profile.diarization.embedding
    if not all(registry.ready(name) for name in names):
        pytest.skip("the models of diarization are not on this machine")
    models = {name: registry.prepared(name) for name in names}
    timing = Bench(profile, models, decode(conversation)[: 12 * 16000], cores=1)
    for precision in ("float32", "bfloat16"):
        settings = {"diarization.precision": precision, "diarization.threads": 1}
        assert timing.seconds("diarization", settings) > 0
    assert 0 <= timing.agreement() <= 1.0001
