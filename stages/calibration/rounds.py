"""What a calibration tries on a machine: one round a question, its default first.

Batches and precision are timed stage by stage. Threads are timed with transcription and
diarization side by side, as a run has them: each alone would ask for all cores.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.config import Profile
from stages.models import is_url
from stages.threads import share

Part = Literal["asr", "diarization", "together", "minutes"]

GAIN = 0.05
"""Part of the default's time that another choice must save: less is noise."""

PRECISION_GAIN = 0.10
"""The same for bfloat16, which changes the result a little."""

_ASR_BATCHES = (1, 4, 8)
_DIARIZATION_BATCHES = (4, 8, 16)


@dataclass(frozen=True, slots=True)
class Round:
    """One question. options: settings by their dotted names, those in force first.

    gain: part of their time that others must save. likened: whether the result of others must be
    compared with theirs.
    """

    title: str
    part: Part
    options: tuple[Mapping[str, Any], ...]
    gain: float = GAIN
    likened: bool = False


def rounds_for(
    profile: Profile, cores: int, *, bfloat16: bool, fixed: Collection[str] = ()
) -> list[Round]:
    """The rounds worth running for the stages of `profile` that run on the processor.

    bfloat16: whether the processor computes it natively. fixed: settings that are laid down and
    are not to be tried.
    """
    asr, diarization = profile.asr, profile.diarization
    found: list[Round] = []
    if asr.device == "cpu" and asr.streams > 1:
        options = _options("asr.batch", asr.batch, _ASR_BATCHES, fixed)
        found.append(Round("Windows transcribed together", "asr", options))
    if diarization.device == "cpu" and diarization.pipeline is None:
        batches = _options("diarization.batch", diarization.batch, _DIARIZATION_BATCHES, fixed)
        found.append(Round("Windows segmented together", "diarization", batches))
        if bfloat16 and diarization.mode == "parley":
            key, precisions = "diarization.precision", ("float32", "bfloat16")
            options = _options(key, diarization.precision, precisions, fixed)
            if diarization.precision == "float32":
                found.append(
                    Round("Precision of voices", "diarization", options, PRECISION_GAIN, True)
                )
    found += [_threads(profile, cores, fixed), _minutes(profile, cores, fixed)]
    return [r for r in found if len(r.options) > 1]


def _options(
    key: str, now: Any, others: Collection[Any], fixed: Collection[str]
) -> tuple[Mapping[str, Any], ...]:
    values = [now, *(v for v in others if v != now and key not in fixed)]
    return tuple({key: value} for value in dict.fromkeys(values))


def _threads(profile: Profile, cores: int, fixed: Collection[str]) -> Round:
    """Threads of transcription and diarization, in every combination."""
    half = max(1, cores // 2)
    keys: list[tuple[Mapping[str, Any], ...]] = []
    parts: list[Part] = []
    if profile.asr.device == "cpu" and profile.asr.streams > 1:
        now = share(profile.asr.threads, 1)
        keys.append(_options("asr.threads", now, (cores, half), fixed))
        parts.append("asr")
    if profile.diarization.device == "cpu" and profile.diarization.pipeline is None:
        now = share(profile.diarization.threads, 2)
        wanted = (half, cores, max(1, cores // 4))
        keys.append(_options("diarization.threads", now, wanted, fixed))
        parts.append("diarization")
    if not keys:
        return Round("", "together", ())
    if len(keys) == 1:
        return Round(f"Threads of {_NAMES[parts[0]]}", parts[0], keys[0])
    both = tuple({**one, **other} for one in keys[0] for other in keys[1])
    return Round("Threads, transcription beside diarization", "together", both)


_NAMES: Mapping[Part, str] = {"asr": "transcription", "diarization": "diarization"}


def _minutes(profile: Profile, cores: int, fixed: Collection[str]) -> Round:
    """Threads of the language model, where one runs on this processor."""
    settings = profile.minutes
    model = settings.language_model
    here = settings.enabled and settings.device == "cpu" and model and not is_url(model)
    now = share(settings.threads, 1)
    options = _options("minutes.threads", now, (cores, max(1, cores // 2)), fixed)
    return Round("Threads of the language model", "minutes", options if here else ())
