"""Settings: what can be chosen, its unit, its default, and where a profile lays it down.

A profile is a YAML file of `configs/profiles/`, or any file of the same form. A setting is taken
from the first of: a command-line option, an environment variable (`PARLEY__ASR__BEAM_SIZE=1`), the
profile, what was measured on this machine (`stages.calibration`), the default here. An unknown key
is an error, never ignored.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import ConfigInvalid

ENVIRONMENT_PREFIX = "PARLEY__"


class Settings(BaseModel):
    """Settings that take no unknown key and never change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    SPEED: ClassVar[frozenset[str]] = frozenset({"threads", "batch"})
    """Settings that change how fast a result comes, not which."""

    def digest(self) -> str:
        """SHA-256 of the values but those of SPEED, for checkpoints."""
        text = json.dumps(_telling(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _telling(settings: Settings) -> dict[str, Any]:
    """The values that a result depends on."""
    nested = {k: v for k, v in settings if isinstance(v, Settings)}
    values = settings.model_dump(mode="json", exclude={*settings.SPEED, *nested})
    return values | {name: _telling(part) for name, part in nested.items()}


class VadSettings(Settings):
    """Voice activity: from speech probabilities to stretches of speech."""

    threshold: float = Field(0.5, gt=0, lt=1, description="Probability at which speech begins")
    release: float = Field(0.35, gt=0, lt=1, description="Probability below which it ends")
    min_speech: float = Field(0.0, ge=0, description="Seconds; shorter speech is dropped")
    min_silence: float = Field(2.0, ge=0, description="Seconds; shorter silence joins speech")
    pad: float = Field(0.4, ge=0, description="Seconds kept before and after speech")
    threads: int = Field(1, ge=1)


class AsrSettings(Settings):
    """Speech recognition and the gates against invented words."""

    model: str = "faster-whisper-base"
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    compute_type: str = "int8"
    threads: int | None = Field(
        None,
        ge=1,
        description="Threads, a window or batch of them each; None shares the cores out",
    )
    window: float = Field(30.0, gt=1, le=30, description="Seconds of speech a window holds at most")
    window_pad: float | None = Field(
        2.0, ge=0, description="Seconds of silence put after a window; None fills up to 30 s"
    )
    streams: int = Field(16, ge=1, description="Parts of a recording that are read side by side")
    stream: float = Field(240.0, ge=1, description="Seconds of speech each of them has at least")
    batch: int = Field(3, ge=1, description="Windows decoded together at most")
    context: int = Field(
        112, ge=0, le=223, description="Tokens of the text before it a window is shown at most"
    )
    beam_size: int = Field(5, ge=1, description="Readings followed at a time")
    sure_logprob: float | None = Field(
        None, description="Average log-probability from which the quickest search is enough"
    )
    temperatures: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    task: Literal["transcribe", "translate"] = Field(
        "transcribe", description="translate: into English, whatever is spoken"
    )
    language: str | None = Field(None, description="ISO 639-1; None detects it")
    languages: tuple[str, ...] = Field((), description="Languages detection may choose from")
    language_switch: float = Field(
        0.7,
        ge=0,
        le=1,
        description="Probability that makes a window of another language than the meeting's",
    )
    hotwords: tuple[str, ...] = ()
    prompt: str = Field("", description="Text put before the first window")
    carry_prompt: bool = Field(True, description="Give each window the text before it")
    max_compression_ratio: float = Field(2.4, gt=0)
    min_average_logprob: float = -1.0
    max_no_speech: float = Field(0.6, ge=0, le=1)
    retry_logprob: float = Field(
        -0.7, description="Average log-probability below which a window is read again by itself"
    )
    recover_gap: float | None = Field(
        0.5, gt=0, description="Seconds of voice without a word that are listened to again; or None"
    )
    recover_reach: float = Field(0.25, ge=0, description="Seconds around a word taken as heard")
    recover_logprob: float = Field(
        -0.7, description="Least average log-probability of what listening again may add"
    )
    max_word_rate: float = Field(8.0, gt=0, description="Words a second no one can speak")
    max_word_duration: float = Field(1.5, gt=0, description="Seconds; longer words are cut")


class DiarizationSettings(Settings):
    """Who spoke when."""

    segmentation: str = "pyannote-segmentation-3.0"
    embedding: str = "campplus-zh-en"
    pipeline: str | None = Field(None, description="A whole pyannote pipeline instead of the two")
    mode: Literal["parley", "exact"] = Field(
        "parley", description="exact: the turns of pyannote.audio's own pipeline"
    )
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    threads: int | None = Field(None, ge=1, description="None shares the cores out")
    step: float = Field(1.0, gt=0, le=10, description="Seconds between windows of 10 s")
    batch: int = Field(16, ge=1, description="Windows segmented at once")
    trunk: Literal["recording", "window"] = Field(
        "recording", description="How often the embedding network hears the same sound"
    )
    precision: Literal["float32", "bfloat16"] = "float32"
    split: float = Field(
        0.75, ge=0, le=1, description="Likeness below which a window's voice is two; 0 never splits"
    )
    threshold: float = Field(
        0.73, gt=0, lt=1, description="Likeness from which voices are one person"
    )
    min_speaker: float = Field(
        8.0, ge=0, description="Seconds of speech that make a speaker; fewer in short recordings"
    )
    onset: float = Field(0.5, gt=0, lt=1, description="Posterior at which someone talks")
    overlap_onset: float = Field(
        0.4, gt=0, lt=1, description="Posterior at which a second one does"
    )
    fill_gaps: float = Field(0.3, ge=0, description="Seconds; shorter pauses in a turn are filled")
    pad: float = Field(0.03, ge=0, description="Seconds added before and after a turn")

    def listening(self) -> str:
        """The settings that the costly half depends on, for its checkpoint."""
        models = f"{self.segmentation} {self.embedding} {self.pipeline} {self.precision}"
        return f"{models} {self.mode} {self.step} {self.split} {self.trunk}"


class AttributionSettings(Settings):
    """Which speaker said a word, and where utterances end."""

    switch_cost: float = Field(2.0, ge=0, description="Log-odds to change speaker inside a phrase")
    pause_discount: float = Field(0.5, ge=0, le=1, description="Part of it left at a pause")
    sentence_discount: float = Field(0.3, ge=0, le=1, description="Part of it left at a full stop")
    voice_weight: float = Field(
        10.0, ge=0, description="Log-odds that a point of cosine similarity of voices is worth"
    )
    least_voice: float = Field(
        0.3, ge=0, le=1, description="Posterior the diarizer must reach during a segment, unless…"
    )
    sure_words: float = Field(
        0.8, ge=0, le=1, description="…its words have at least this mean probability"
    )
    pause: float = Field(0.3, ge=0, description="Seconds between words that make a pause")
    utterance_gap: float = Field(1.0, ge=0, description="Seconds of silence that end an utterance")
    utterance_length: float = Field(
        30.0, gt=0, description="Seconds after which the next sentence begins a new utterance"
    )


class MinutesSettings(Settings):
    """Chapters, summary, decisions, action items."""

    enabled: bool = True
    language_model: str | None = "qwen2.5-coder-1.5b-instruct"
    embedder: str | None = "all-minilm-l6-v2"
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    threads: int | None = Field(None, ge=1, description="None shares the cores out")
    chapter_minutes: float = Field(6.0, gt=0, description="Aimed-at length of a chapter")
    evidence_per_chapter: int = Field(8, ge=1, description="Utterances shown to the language model")


class Profile(Settings):
    """Everything that decides what a recording turns into."""

    name: str = "cpu"
    vad: VadSettings = VadSettings()
    asr: AsrSettings = AsrSettings()
    diarization: DiarizationSettings = DiarizationSettings()
    attribution: AttributionSettings = AttributionSettings()
    minutes: MinutesSettings = MinutesSettings()


def profile_names() -> list[str]:
    """The profiles that come with Parley."""
    folder = files("configs") / "profiles"
    return sorted(
        p.name.removesuffix(".yaml") for p in folder.iterdir() if p.name.endswith(".yaml")
    )


def load_profile(
    name: str = "cpu",
    overrides: dict[str, Any] | None = None,
    environ: dict[str, str] | None = None,
    measured: dict[str, Any] | None = None,
) -> Profile:
    """The profile `name` (one of `profile_names()`, or the path of a YAML file), overridden.

    overrides: nested like the profile; they win over `environ` (os.environ by default). measured:
    nested alike, for what the profile leaves open.
    Raises ConfigInvalid naming the key, what it may be and what it was.
    """
    values = copy.deepcopy(measured or {})
    _merge(values, _read(name))
    _merge(values, _from_environment(dict(os.environ) if environ is None else environ))
    _merge(values, overrides or {})
    try:
        return Profile.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']} (got {e['input']!r})"
            for e in error.errors()
        )
        raise ConfigInvalid(
            f"profile {name}: {problems}. docs/configuration.md lists every key."
        ) from None


def _read(name: str) -> dict[str, Any]:
    if name.endswith((".yaml", ".yml")):
        path = Path(name)
        if not path.is_file():
            raise ConfigInvalid(f"profile {name}: no such file.")
        text = path.read_text(encoding="utf-8")
    elif name in profile_names():
        text = (files("configs") / "profiles" / f"{name}.yaml").read_text(encoding="utf-8")
    else:
        known = ", ".join(profile_names())
        raise ConfigInvalid(f"profile {name!r} is not known: expected {known} or a .yaml file.")
    try:
        values = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ConfigInvalid(f"profile {name}: not YAML: {error}") from None
    if not isinstance(values, dict):
        raise ConfigInvalid(
            f"profile {name}: expected keys and values, got {type(values).__name__}."
        )
    return values


def _from_environment(environ: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, text in environ.items():
        if key.startswith(ENVIRONMENT_PREFIX):
            path = key.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
            nested: Any = yaml.safe_load(text)
            for part in reversed(path):
                nested = {part: nested}
            _merge(values, nested)
    return values


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
