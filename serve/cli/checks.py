"""What would fail or come out worse on this machine, and the command that mends it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.config import Profile, load_profile
from serve.cli import calibration, machine
from stages.models import ModelStatus, Registry
from stages.models.memory import free_memory
from stages.threads import cores, share

IMPORTED = ("av", "soxr", "faster_whisper", "onnxruntime", "pyannote.audio", "transformers")
"""Modules that a run imports."""

_HOUR = 115_200_000
"""Bytes that an hour of decoded sound takes."""

_RUNNING = 3_000_000_000
"""Bytes of memory that a run with the small models takes at most."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong. problem: a run would fail; note: it would be slower or worse.

    mend: what to do, mostly a command.
    """

    level: Literal["problem", "note"]
    text: str
    mend: str


def findings(
    profile: Profile, registry: Registry, *, quick: bool, calibrated: str = ""
) -> list[Finding]:
    """Everything that is wrong for `profile`.

    quick: leaves out importing the libraries. calibrated: why the calibration is not used.
    """
    found = [*_packages(quick), *_models(profile, registry), *_graphics(profile)]
    found += [*_disk(registry), *_memory(), *_threads(profile), *_instructions()]
    mend = "parley doctor --calibrate, or parley doctor --forget"
    return [*found, Finding("note", calibrated, mend)] if calibrated else found


def threads(profile: Profile) -> dict[str, int]:
    """Threads each stage runs with, as `stages.local` shares the cores out."""
    return {
        "vad": share(profile.vad.threads, 2),
        "asr": share(profile.asr.threads, 1),
        "diarization": share(profile.diarization.threads, 2),
        "minutes": share(profile.minutes.threads, 1),
    }


def origins(
    name: str, values: dict[str, Any], environ: dict[str, str] | None = None
) -> dict[str, tuple[Any, str]]:
    """Each setting by its dotted name: its value, and which layer changed it last."""
    measured = calibration.saved(name, values, environ).nested()
    layers = {
        "default": Profile(),
        "calibration": Profile.model_validate(measured),
        f"profile {name}": load_profile(name, environ={}, measured=measured),
        "environment": load_profile(name, environ=environ, measured=measured),
        "option": load_profile(name, values, environ, measured),
    }
    settled: dict[str, tuple[Any, str]] = {}
    for layer, profile in layers.items():
        for key, value in flat(profile.model_dump()).items():
            if key not in settled or settled[key][0] != value:
                settled[key] = value, layer
    return settled


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by their dotted names."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def _packages(quick: bool) -> list[Finding]:
    wanted = machine.versions(machine.wanted_packages())
    missing = [name for name, version in wanted.items() if version is None]
    if missing:
        text = f"Not installed: {', '.join(missing)}."
        return [Finding("problem", text, "pip install 'parley[models]'")]
    broken = {} if quick else machine.failing_imports(IMPORTED)
    return [
        Finding("problem", f"{name} cannot be imported: {why}.", "pip install --force-reinstall "
                f"{name.partition('.')[0].replace('_', '-')}")
        for name, why in broken.items()
    ]  # fmt: skip


def _models(profile: Profile, registry: Registry) -> list[Finding]:
    optional = {profile.minutes.language_model}
    found: list[Finding] = []
    coming: list[ModelStatus] = []
    for status in registry.status(registry.names_for(profile)):
        level: Literal["problem", "note"] = "note" if status.name in optional else "problem"
        pull = f"parley models pull {status.name}"
        if status.state == "corrupt":
            found.append(Finding(level, f"{status.name}: a file is not what was published.", pull))
        elif status.state == "not prepared":
            text = f"{status.name}: not converted yet; minutes are extractive until then."
            found.append(Finding("note", text, pull))
        elif status.state != "ready" and registry.offline:
            mend = f"parley models import FILE, or {pull} with a network"
            found.append(Finding(level, f"{status.name}: not here, and offline.", mend))
        elif status.state != "ready" and status.gated:
            text = f"{status.name}: not here; its terms are to be accepted at {status.gated}."
            found.append(Finding("note", text, f"export HF_TOKEN=…, then {pull}"))
        elif status.state != "ready":
            coming.append(status)
    return found + ([_to_come(coming)] if coming else [])


def _to_come(coming: Sequence[ModelStatus]) -> Finding:
    names = ", ".join(status.name for status in coming)
    size = sum(status.size or 0 for status in coming) / 1e6
    text = f"Not here yet, fetched on first use ({size:,.0f} MB): {names}."
    return Finding("note", text, f"parley models pull {' '.join(s.name for s in coming)}")


def _graphics(profile: Profile) -> list[Finding]:
    devices = {
        "asr": profile.asr.device,
        "diarization": profile.diarization.device,
        "minutes": profile.minutes.device,
    }
    wanting = [name for name, device in devices.items() if device == "cuda"]
    if not wanting or machine.cuda_devices():
        return []
    text = f"No CUDA graphics card is seen, but {' and '.join(wanting)} would run on one."
    mend = "parley transcribe --profile cpu, or " + " ".join(
        f"--set {n}.device=cpu" for n in wanting
    )
    return [Finding("problem", text, mend)]


def _disk(registry: Registry) -> list[Finding]:
    root = registry.store.root
    there = existing(root)
    if not os.access(there, os.W_OK):
        text = f"The cache {root} may not be written to."
        return [Finding("problem", text, "export PARLEY_CACHE=FOLDER")]
    free = shutil.disk_usage(there).free
    if free < _HOUR:
        text = f"{free / 1e6:.0f} MB are free at {root}; an hour of sound takes {_HOUR / 1e6:.0f}."
        return [Finding("problem", text, "parley cache clear, or export PARLEY_CACHE=FOLDER")]
    if free < 20 * _HOUR:
        text = f"Only {free / 1e9:.1f} GB are free at {root}."
        return [Finding("note", text, "parley cache clear, or export PARLEY_CACHE=FOLDER")]
    return []


def _memory() -> list[Finding]:
    free = free_memory()
    if free is None or free >= _RUNNING:
        return []
    text = f"{free / 1e9:.1f} GB of memory are free; a run may take {_RUNNING / 1e9:.0f}."
    return [Finding("note", text, "close other programs, or --no-minutes")]


def _threads(profile: Profile) -> list[Finding]:
    count = cores()
    too_many = {name: n for name, n in threads(profile).items() if n > count}
    found = [
        Finding("note", f"{name} runs {n} threads on {count} cores, which is slower than {count}.",
                f"leave {name}.threads out, or --set {name}.threads={count}")
        for name, n in too_many.items()
    ]  # fmt: skip
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        text = os.environ.get(variable, "")
        if text.isdigit() and int(text) > count:
            told = f"{variable}={text} is more than the {count} cores."
            found.append(Finding("note", told, f"unset {variable}"))
    return found


def _instructions() -> list[Finding]:
    features = machine.cpu_features()
    if not features or {"avx2", "asimd"} & set(features):
        return []
    text = "The processor has no AVX2; models run several times slower."
    return [Finding("note", text, "use another machine for long recordings")]


def existing(path: Path) -> Path:
    """`path`, or the nearest folder above it that exists."""
    return next(p for p in (path, *path.absolute().parents) if p.exists())


def summarised(found: Sequence[Finding]) -> str:
    """What the findings come to."""
    problems = sum(f.level == "problem" for f in found)
    if problems:
        return f"{problems} problem{'s' * (problems != 1)}: a run would fail."
    return "A run would work; see the notes." if found else "All is well."
