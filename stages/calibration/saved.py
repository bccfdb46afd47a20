"""The choice of a calibration on disk, `calibration.yaml` in the user's cache directory.

    format: 1
    processor: AMD EPYC 9R14            what it was measured on; on any other it is not used
    cores: 2
    profiles:
      cpu:
        version: 0.1.0                  of Parley
        models: {asr: …, diarization: …, minutes: …}
        settings: {asr.batch: 4}        empty where the defaults were best

A stage whose model is no longer the one measured keeps its defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pipeline.config import Profile
from stages.models import cache_folder
from stages.models.store import write_whole

FORMAT = 1
KEYS = (
    "asr.threads",
    "asr.batch",
    "diarization.threads",
    "diarization.batch",
    "diarization.precision",
    "minutes.threads",
)
"""The settings that a calibration may choose."""

_HEAD = "# Written by `parley doctor --calibrate`; `parley doctor --forget` removes it.\n"


@dataclass(frozen=True, slots=True)
class Machine:
    """What a measurement holds for: the processor as it calls itself, and the usable cores."""

    processor: str
    cores: int


@dataclass(frozen=True, slots=True)
class Saved:
    """What is to be used of the file for a profile.

    settings: by their dotted names. note: why something in the file is not used, "" if nothing is.
    version: of Parley when it was measured, None if this profile never was.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    version: str | None = None

    def nested(self) -> dict[str, Any]:
        """The settings nested like a profile."""
        values: dict[str, Any] = {}
        for key, value in self.settings.items():
            stage, _, name = key.partition(".")
            values.setdefault(stage, {})[name] = value
        return values


def path() -> Path:
    """Where the choice is kept."""
    return cache_folder() / "calibration.yaml"


def models_of(profile: Profile) -> dict[str, str]:
    """What each stage's speed depends on besides the machine."""
    a, d, m = profile.asr, profile.diarization, profile.minutes
    networks = d.pipeline or f"{d.segmentation} {d.embedding} {d.trunk}"
    return {
        "asr": f"{a.model} {a.device} {a.compute_type}",
        "diarization": f"{networks} {d.mode} {d.device}",
        "minutes": f"{m.language_model} {m.device}",
    }


def save(
    name: str, profile: Profile, machine: Machine, version: str, settings: Mapping[str, Any]
) -> Path:
    """Keeps the choice for the profile `name`; those made on another machine go."""
    old = _parsed()
    here = old.get("format"), old.get("processor"), old.get("cores")
    kept = old.get("profiles") if here == (FORMAT, machine.processor, machine.cores) else None
    entry = {"version": version, "models": models_of(profile), "settings": dict(settings)}
    values = {
        "format": FORMAT,
        "processor": machine.processor,
        "cores": machine.cores,
        "profiles": {**(kept if isinstance(kept, dict) else {}), name: entry},
    }
    write_whole(path(), _HEAD + yaml.safe_dump(values, sort_keys=False, allow_unicode=True))
    return path()


def read(name: str, profile: Profile, machine: Machine) -> Saved:
    """What to use for `profile`, loaded as `name`; whatever is wrong with the file is a note."""
    if not path().exists():
        return Saved()
    values = _parsed()
    if values.get("format") != FORMAT:
        return Saved(note=f"{path()} cannot be read and is not used.")
    if (values.get("processor"), values.get("cores")) != (machine.processor, machine.cores):
        return Saved(
            note=f"The calibration was measured on {values.get('processor')} with "
            f"{values.get('cores')} cores and is not used here."
        )
    profiles = values.get("profiles")
    entry = profiles.get(name) if isinstance(profiles, dict) else None
    return Saved() if entry is None else _usable(entry, profile)


def forget() -> bool:
    """Removes the file; whether there was one."""
    there = path().exists()
    path().unlink(missing_ok=True)
    return there


def _usable(entry: Any, profile: Profile) -> Saved:
    """The settings of an entry whose values are possible and whose models are those of now."""
    parts = entry if isinstance(entry, dict) else {}
    settings, models = parts.get("settings"), parts.get("models")
    if not isinstance(settings, dict) or not isinstance(models, dict) or set(settings) - set(KEYS):
        return Saved(note=f"{path()} is damaged and not used.")
    now = models_of(profile)
    fit = {k: v for k, v in settings.items() if models.get(k.partition(".")[0]) == now[_stage(k)]}
    saved = Saved(fit, version=str(parts.get("version")))
    try:
        Profile.model_validate(saved.nested())
    except ValidationError:
        return Saved(note=f"{path()} is damaged and not used.")
    other = {_stage(k): None for k in settings if k not in fit}
    if other:
        note = f"Calibrated with other models for {' and '.join(other)}; not used there."
        return Saved(fit, note, saved.version)
    return saved


def _stage(key: str) -> str:
    return key.partition(".")[0]


def _parsed() -> dict[str, Any]:
    """The file as a mapping; empty if it is not there or none."""
    try:
        values = yaml.safe_load(path().read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return values if isinstance(values, dict) else {}
