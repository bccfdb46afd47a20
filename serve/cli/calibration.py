"""`parley doctor --calibrate`: the fastest settings of this machine, measured and kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config import Profile, load_profile
from pipeline.errors import ModelError, UsageError
from serve.cli import machine
from serve.cli.version import version
from stages import calibration
from stages.threads import cores

if TYPE_CHECKING:
    from pipeline.types import Samples
    from stages.models import Registry

BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""Instructions that compute bfloat16; without them it is slower than float32."""


def here() -> calibration.Machine:
    """The machine, as far as a measurement depends on it."""
    return calibration.Machine(machine.cpu_name(), cores())


def saved(
    name: str, values: dict[str, Any], environ: dict[str, str] | None = None
) -> calibration.Saved:
    """What was measured here for the profile `name`, if its models are still those measured."""
    return calibration.read(known_as(name), load_profile(name, values, environ), here())


def known_as(name: str) -> str:
    """What the profile is kept under: its name, or the whole path of its file."""
    return str(Path(name).absolute()) if name.endswith((".yaml", ".yml")) else name


def laid_down(name: str, values: dict[str, Any]) -> frozenset[str]:
    """Settings that the profile, the environment or an option lays down, so need no measuring."""
    from serve.cli.checks import origins

    found = origins(name, values)
    return frozenset(k for k, (_, of) in found.items() if of not in ("default", "calibration"))


def planned(
    name: str, values: dict[str, Any], registry: Registry
) -> tuple[Profile, list[calibration.Round], dict[str, Path], list[str]]:
    """The profile without its calibration, what to try, the weights, and what is left out and why.

    Raises ConfigInvalid, ModelMissing, ModelCorrupt, and UsageError where there is nothing to try.
    """
    profile = load_profile(name, values)
    native = bool(BFLOAT16 & set(machine.cpu_features() or ()))
    fixed = laid_down(name, values)
    todo = calibration.rounds_for(profile, cores(), bfloat16=native, fixed=fixed)
    names = {
        "asr": [profile.asr.model],
        "diarization": [profile.diarization.segmentation, profile.diarization.embedding],
        "minutes": [str(profile.minutes.language_model)],
    }
    names["together"] = names["asr"] + names["diarization"]
    notes, found = _notes(profile, native, cores()), dict[str, Path]()
    for asked in list(todo):
        try:
            found |= {model: registry.prepared(model) for model in names[asked.part]}
        except ModelError as error:
            if asked.part != "minutes":
                raise
            todo.remove(asked)
            notes.append(f"Minutes are left out. {error.message}")
    if not todo:
        raise UsageError(
            f"profile {name}: nothing to measure; no stage of it has a choice on this processor."
        )
    return profile, todo, found, notes


def bench(profile: Profile, models: dict[str, Path]) -> tuple[calibration.Timer, float]:
    """Timing with the real models, and the seconds of sound heard in one go.

    Raises AudioMissing where the sample recording is not on this machine.
    """
    from stages.calibration.bench import Bench

    timing = Bench(profile, models, _sample(), cores())
    return timing, timing.duration


def busy() -> str:
    """A word on other programs that are at work and falsify what is measured; "" if none are."""
    load = machine.load()
    if load is None or load < cores() / 2:
        return ""
    return (
        f"Other programs are at work (load {load:.1f} on {cores()} cores), so these times are not "
        "to be relied on. Measure again when the machine is quiet."
    )


def keep(name: str, profile: Profile, chosen: list[calibration.Chosen]) -> dict[str, Any]:
    """Saves what was chosen, and gives it."""
    settings = {key: value for c in chosen for key, value in c.settings.items()}
    calibration.save(known_as(name), profile, here(), version(), settings)
    return settings


def heading(asked: calibration.Round) -> str:
    """What stands above the table of a round; writing minutes hears no sound."""
    factor = "" if asked.part == "minutes" else "of real time"
    return f"{asked.title:<48} {'seconds':>8} {factor:>13}".rstrip()


def lines(chosen: calibration.Chosen, duration: float) -> list[str]:
    """A round as a table. duration: seconds of sound heard in one go."""
    out = []
    for trial in chosen.trials:
        name = ", ".join(f"{k} {v}" for k, v in trial.settings.items())
        factor = "" if chosen.round.part == "minutes" else f"{trial.seconds / duration:.3f}"
        remark = _remark(trial, chosen.trials[0], chosen)
        out.append(f"  {name:<46} {trial.seconds:>8.2f} {factor:>13}  {remark}".rstrip())
    return out


def as_json(chosen: calibration.Chosen, duration: float) -> dict[str, Any]:
    """A round for scripts."""
    heard = chosen.round.part != "minutes"
    return {
        "round": chosen.round.title,
        "part": chosen.round.part,
        "trials": [
            {
                "settings": dict(t.settings),
                "seconds": round(t.seconds, 4),
                "real_time_factor": round(t.seconds / duration, 5) if heard else None,
                "agreement": t.agreement,
                "chosen": t is chosen.best,
            }
            for t in chosen.trials
        ],
    }


def _remark(trial: calibration.Trial, usual: calibration.Trial, chosen: calibration.Chosen) -> str:
    """What is to be said of a trial in the table."""
    gain = 1 - trial.seconds / usual.seconds
    said = ["default"] if trial is usual else []
    if trial is not usual:
        said.append(f"{abs(gain):.0%} {'faster' if gain >= 0 else 'slower'}")
        if 0 < gain < chosen.round.gain:
            said.append(f"less than the {chosen.round.gain:.0%} that count")
    if trial.agreement is not None:
        said.append(f"voices agree to {trial.agreement:.5f}")
        if trial.agreement < calibration.AGREEMENT:
            said.append(f"less than the {calibration.AGREEMENT} it takes")
    return ("← " if trial is chosen.best else "  ") + ", ".join(said)


def _notes(profile: Profile, native: bool, count: int) -> list[str]:
    """What of the profile is not measured here, and why."""
    notes = []
    devices = {
        "asr": profile.asr.device,
        "diarization": profile.diarization.device,
        "minutes": profile.minutes.device,
    }
    for stage, device in devices.items():
        if device != "cpu":
            notes.append(f"{stage}.device is {device}: only processors are measured.")
    if profile.diarization.pipeline:
        notes.append("diarization.pipeline: a whole pipeline chooses its batches itself.")
    if count == 1:
        notes.append("One core: there is no choice of threads.")
    if not native and profile.diarization.precision == "float32":
        notes.append("The processor does not compute bfloat16: precision stays float32.")
    return notes


def _sample() -> Samples:
    """The sample recording, float32 mono 16 kHz. Raises AudioMissing."""
    import tempfile

    from pipeline.audio import decode
    from serve.cli.demo import sample

    with tempfile.TemporaryDirectory(prefix="parley-") as folder:
        sound = decode(sample(), Path(folder) / "sample.s16").sounds[0]
        return sound.read(0, sound.length).copy()
