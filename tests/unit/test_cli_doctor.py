"""`parley doctor` says what would fail and how to mend it."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.config import AsrSettings, Profile
from pipeline.errors import ModelMissing
from serve.cli import calibration, checks, machine
from serve.cli.app import app
from serve.cli.checks import Finding, findings, summarised
from stages.models import Registry, Store, load_catalogue
from stages.threads import cores

Parley = Callable[..., Result]


@pytest.fixture
def parley(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parley:
    monkeypatch.setenv("PARLEY_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PARLEY_OFFLINE", raising=False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    return lambda *arguments: CliRunner().invoke(app, ["doctor", "--quick", *arguments])


def registry(root: Path, offline: bool = False) -> Registry:
    return Registry(load_catalogue(environ={}), Store(root), offline=offline)


def texts(found: list[Finding], level: str) -> str:
    return "\n".join(f"{f.text} → {f.mend}" for f in found if f.level == level)


def test_everything_in_force_is_printed(parley: Parley, tmp_path: Path) -> None:
    result = parley("--set", "asr.beam_size=2")
    assert result.exit_code == 0
    assert "asr.beam_size                    2  (from option)" in result.stdout
    assert "vad.threshold" in result.stdout
    assert str(tmp_path / "cache") in result.stdout
    assert f"{cores()} usable; threads: vad" in result.stdout
    assert "libavcodec" in result.stdout
    assert "faster-whisper-base" in result.stdout


def test_models_to_come_are_a_note_online_and_a_problem_offline(parley: Parley) -> None:
    online, offline = parley(), parley("--offline")
    assert online.exit_code == 0
    assert "fetched on first use" in online.stdout
    assert "→ parley models pull faster-whisper-base" in online.stdout
    assert offline.exit_code == 1
    assert "✗ faster-whisper-base: not here, and offline." in offline.stdout
    assert "! qwen2.5-coder-1.5b-instruct: not here, and offline." in offline.stdout


def test_scripts_get_json(parley: Parley) -> None:
    report = json.loads(parley("--json").stdout)
    assert report["settings"]["asr.beam_size"] == {"value": 5, "from": "default"}
    assert report["cores"] == cores()
    assert {"level", "text", "mend"} <= set(report["findings"][0])


def test_a_wrong_setting_is_wrong_use(parley: Parley) -> None:
    assert parley("--set", "asr.beams=2").exit_code == 2


def test_a_graphics_card_that_is_wanted_and_absent_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = Profile(asr=AsrSettings(device="cuda"))
    monkeypatch.setattr(machine, "cuda_devices", lambda: 0)
    found = findings(profile, registry(tmp_path), quick=True)
    assert "--set asr.device=cpu" in texts(found, "problem")
    monkeypatch.setattr(machine, "cuda_devices", lambda: 1)
    assert not texts(findings(profile, registry(tmp_path), quick=True), "problem")


def test_more_threads_than_cores_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "999")
    profile = Profile(asr=AsrSettings(threads=cores() + 1))
    notes = texts(findings(profile, registry(tmp_path), quick=True), "note")
    assert f"--set asr.threads={cores()}" in notes
    assert "unset OMP_NUM_THREADS" in notes


def test_missing_packages_are_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "versions", lambda names: {"torch": None, "av": "18"})
    problems = texts(findings(Profile(), registry(tmp_path), quick=True), "problem")
    assert problems == "Not installed: torch. → pip install 'parley[models]'"


def test_a_library_that_breaks_on_import_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "brokenlibrary.py").write_text("raise OSError('libcudart.so: cannot open')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    failed = machine.failing_imports(["json", "brokenlibrary", "absent"])
    assert failed["brokenlibrary"] == "OSError: libcudart.so: cannot open"
    assert set(failed) == {"brokenlibrary", "absent"}
    monkeypatch.setattr(checks, "IMPORTED", ("brokenlibrary",))
    found = findings(Profile(), registry(tmp_path), quick=False)
    assert "brokenlibrary cannot be imported: OSError" in texts(found, "problem")


def test_an_interpreter_that_dies_of_an_import_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deadly.py").write_text("import os; os._exit(139)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert machine.failing_imports(["deadly"]) == {"deadly": "the interpreter ended with code 139"}


def test_a_disk_or_memory_too_small_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = checks.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: usage._replace(free=10**6))
    monkeypatch.setattr(checks, "free_memory", lambda: 10**9)
    found = findings(Profile(), registry(tmp_path), quick=True)
    assert "1 MB are free" in texts(found, "problem")
    assert "1.0 GB of memory are free" in texts(found, "note")
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: usage._replace(free=10**9))
    assert "Only 1.0 GB are free" in texts(
        findings(Profile(), registry(tmp_path), quick=True), "note"
    )


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("model name\t: X\nflags\t\t: fpu avx2 amx_bf16 sse\n", ["avx2", "amx_bf16"]),
        ("Features\t: fp asimd bf16\n", ["asimd", "bf16"]),
        ("processor: 0\n", None),
    ],
)
def test_vector_instructions_are_read_as_linux_gives_them(
    tmp_path: Path, text: str, features: list[str] | None
) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(text)
    assert machine.cpu_features(path) == features
    assert machine.cpu_features(tmp_path / "absent") is None


def test_a_processor_without_vectors_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cpu_features", lambda: ["fma"])
    assert "AVX2" in texts(checks._instructions(), "note")


def test_findings_are_summed_up() -> None:
    problem, note = Finding("problem", "", ""), Finding("note", "", "")
    assert summarised([problem, problem, note]) == "2 problems: a run would fail."
    assert summarised([note]) == "A run would work; see the notes."
    assert summarised([]) == "All is well."


class Clock:
    """Times nothing: four windows together are quickest, all else takes as long as by default."""

    def seconds(self, part: str, settings: Mapping[str, Any]) -> float:
        return 4.0 if settings.get("asr.batch") == 4 else 8.0

    def agreement(self) -> float:
        return 1.0


@pytest.fixture
def measurable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Registry, "prepared", lambda self, name: Path(name))
    monkeypatch.setattr(calibration, "bench", lambda profile, models: (Clock(), 120.0))


def test_what_is_measured_is_shown_kept_and_forgotten(parley: Parley, measurable: None) -> None:
    measured = parley("--calibrate")
    assert measured.exit_code == 0
    assert re.search(r"asr\.batch 4 +4\.00 +0\.033 +← 50% faster", measured.stdout)
    assert "Kept for runs of profile cpu: asr.batch 4." in measured.stdout
    assert re.search(r"asr\.batch +4  \(from calibration\)", parley().stdout)
    assert json.loads(parley("--json").stdout)["calibration"]["settings"] == {"asr.batch": 4}
    assert parley("--forget").exit_code == 0
    assert "(from calibration)" not in parley().stdout


def test_other_programs_at_work_make_a_measurement_doubtful(
    parley: Parley, measurable: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "load", lambda: 9.0)
    assert "Other programs are at work (load 9.0" in parley("--calibrate").stderr
    monkeypatch.setattr(machine, "load", lambda: 0.1)
    assert "Other programs" not in parley("--calibrate").stderr
    monkeypatch.setattr(machine, "load", lambda: None)
    assert "Other programs" not in parley("--calibrate").stderr


def test_scripts_get_what_was_measured_as_json(parley: Parley, measurable: None) -> None:
    report = json.loads(parley("--calibrate", "--json").stdout)
    assert report["settings"] == {"asr.batch": 4}
    chosen = [t for t in report["rounds"][0]["trials"] if t["chosen"]]
    assert chosen[0]["settings"] == {"asr.batch": 4}
    assert chosen[0]["real_time_factor"] == pytest.approx(4 / 120, abs=1e-4)


def test_a_calibration_of_another_machine_is_a_note(
    parley: Parley, measurable: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    parley("--calibrate")
    monkeypatch.setattr(machine, "cpu_name", lambda: "Another processor")
    result = parley()
    assert result.exit_code == 0
    assert "(from calibration)" not in result.stdout
    assert "is not used here" in result.stdout
    assert "→ parley doctor --calibrate, or parley doctor --forget" in result.stdout


def test_calibrating_what_cannot_be_measured_says_why(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parley("--calibrate", "--profile", "nonesuch").exit_code == 2
    assert parley("--calibrate", "--forget").exit_code == 2
    missing = parley("--calibrate", "--offline")
    assert missing.exit_code == 5
    assert "[model.missing] faster-whisper-base: not on this machine" in missing.stderr
    monkeypatch.setattr(Registry, "prepared", lambda self, name: Path(name))
    monkeypatch.setattr("serve.cli.demo.find_spec", lambda _: None)
    unheard = parley("--calibrate")
    assert unheard.exit_code == 3
    assert "[audio.missing]" in unheard.stderr


def test_minutes_without_their_model_are_left_out_of_a_calibration(
    parley: Parley, measurable: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepared(self: Registry, name: str) -> Path:
        if name.startswith("qwen"):
            raise ModelMissing(f"{name}: not on this machine.")
        return Path(name)

    monkeypatch.setattr(Registry, "prepared", prepared)
    measured = parley("--calibrate")
    assert measured.exit_code == 0
    assert "Minutes are left out. qwen2.5-coder-1.5b-instruct: not on" in measured.stdout


def test_the_packages_of_the_models_extra_are_known() -> None:
    assert {"av", "torch", "faster-whisper"} <= set(machine.wanted_packages())
    assert machine.wanted_packages("no such extra") == []
