"""From form fields to what is asked of the engine; whatever cannot be done is refused by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from pipeline.ports import SpeakerHint
from serve.cli.languages import LANGUAGES
from serve.openai.errors import ApiError, refused
from serve.openai.parameters import (
    CHUNKING,
    Fields,
    chunking_of,
    count,
    number,
    one_of,
    sorted_out,
    switch,
)
from serve.openai.settings import DoorSettings

Task = Literal["transcribe", "translate"]
FORMATS = ("json", "text", "srt", "verbose_json", "vtt", "diarized_json")
_STREAMED = ("json", "text", "diarized_json")
_NAMED = ("diarized_json", "srt", "vtt")
"""Formats that show who speaks."""

_RELEASE = 0.15
"""By how much speech may fall below the threshold before it ends: Silero's own hysteresis."""

_CODES = {name.lower(): code for code, name in LANGUAGES.items()} | {c: c for c in LANGUAGES}


@dataclass(frozen=True, slots=True)
class Options:
    """What is wanted of a recording.

    settings: overrides of the profile. words, segments: what verbose_json is to hold. known: names
    and data URLs of voices.
    """

    task: Task
    model: str
    response_format: str = "json"
    words: bool = False
    stream: bool = False
    speakers: SpeakerHint = SpeakerHint()
    known: tuple[tuple[str, str], ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


def options_of(
    fields: Iterable[tuple[str, str]], task: Task, models: Collection[str], settings: DoorSettings
) -> Options:
    """The options that `fields` ask for, in whatever order and spelling they came.

    models: names of local models. Raises ApiError: 404 for a model that is not there, 400 for
    anything else that cannot be done.
    """
    sent = sorted_out(fields)
    known = _known(sent, settings)
    form = one_of("response_format", sent.text("response_format") or "json", FORMATS)
    if task == "translate" and form == "diarized_json":
        raise refused("response_format", "diarized_json is for transcriptions only.")
    if known and form not in _NAMED:
        raise refused("known_speaker_names", f"response_format {form} shows no speakers.")
    stream = switch("stream", sent.text("stream"))
    if stream and form not in _STREAMED:
        raise refused("stream", f"response_format {form} cannot be streamed.", "unsupported_value")
    _refuse_unsupported(sent)
    return Options(
        task,
        sent.text("model"),
        form,
        "word" in _granularities(sent, form),
        stream,
        _speakers(sent),
        known,
        _settings(sent, task, _local(sent.text("model"), models, settings)),
    )


def _local(model: str, models: Collection[str], settings: DoorSettings) -> str | None:
    """The local model a name stands for, None for the one of the profile."""
    if not model:
        raise refused("model", "is missing.", "missing_required_parameter")
    if model in settings.aliases:
        return settings.aliases[model]
    if model in models:
        return model
    if settings.any_model:
        return None
    raise unknown_model(model)


def unknown_model(model: str) -> ApiError:
    """Status 404 about a model that nobody here knows."""
    message = f"The model {model[:100]!r} does not exist here; GET /v1/models lists what there is."
    return ApiError(404, message, param="model", code="model_not_found")


def _refuse_unsupported(sent: Fields) -> None:
    if include := sent.joined("include"):
        message = f"{include[0][:100]!r} is not supported; words have no probabilities by token."
        raise refused("include", message, "unsupported_value")
    if temperature := sent.text("temperature"):
        if number("temperature", temperature, 0, 1) != 0:
            message = "only 0 is supported: the likeliest text, others tried where it is doubtful."
            raise refused("temperature", message, "unsupported_value")


def _granularities(sent: Fields, form: str) -> frozenset[str]:
    name = "timestamp_granularities"
    wanted = sent.joined(name)
    for value in wanted:
        one_of(name, value, ("word", "segment"))
    if wanted and form != "verbose_json":
        raise refused(name, "is for response_format verbose_json only.")
    return frozenset(wanted)


def _speakers(sent: Fields) -> SpeakerHint:
    least = count("min_speakers", sent.text("min_speakers"))
    most = count("max_speakers", sent.text("max_speakers"))
    if least is not None and most is not None:
        if least > most:
            raise refused("min_speakers", f"expected at most max_speakers ({most}), got {least}.")
        if least == most:
            return SpeakerHint(exactly=least)
    return SpeakerHint(at_least=least, at_most=most)


def _known(sent: Fields, settings: DoorSettings) -> tuple[tuple[str, str], ...]:
    names = tuple(name.strip() for name in sent.items("known_speaker_names"))
    references = sent.items("known_speaker_references")
    if len(names) != len(references):
        param = (
            "known_speaker_references" if len(references) < len(names) else "known_speaker_names"
        )
        raise refused(
            param,
            f"expected as many as there are of the other, got {len(names)} names "
            f"and {len(references)} references.",
        )
    if len(names) > settings.known_speakers:
        raise refused("known_speaker_names", f"expected at most {settings.known_speakers}.")
    if not all(names) or len(set(names)) < len(names):
        raise refused("known_speaker_names", "expected names that are all different.")
    return tuple(zip(names, references, strict=True))


def _settings(sent: Fields, task: Task, model: str | None) -> dict[str, Any]:
    """Overrides of the profile; only what was asked for."""
    asr: dict[str, Any] = {} if task == "transcribe" else {"task": task}
    if model is not None:
        asr["model"] = model
    asr |= _languages(sent)
    if prompt := sent.text("prompt"):
        asr["prompt"] = prompt
    hotwords = [word.strip() for word in sent.items("keywords")]
    hotwords += [word.strip() for word in sent.text("hotwords").split(",")]
    if hotwords := [word for word in dict.fromkeys(hotwords) if word]:
        asr["hotwords"] = hotwords
    if longest := sent.text("max_speech_duration_s"):
        seconds = number("max_speech_duration_s", longest, 1.001)
        asr["window"] = min(30.0, seconds)  # Whisper never hears more at once
    vad = _vad(sent)
    return {name: part for name, part in (("asr", asr), ("vad", vad)) if part}


def _languages(sent: Fields) -> dict[str, Any]:
    one = sent.text("language")
    allowed = tuple(_language("languages", code) for code in sent.joined("languages"))
    if not one:
        return {"languages": sorted(set(allowed))} if allowed else {}
    language = _language("language", one)
    if allowed and language not in allowed:
        raise refused("language", f"{language} is not among the languages.")
    return {"language": language}


def _language(param: str, value: str) -> str:
    code = _CODES.get(value.lower())
    if code is None:
        message = f"expected ISO 639-1 codes of languages Whisper knows, got {value[:100]!r}."
        raise refused(param, message, "invalid_language_format")
    return code


def _vad(sent: Fields) -> dict[str, Any]:
    """Voice activity as the client wants it.

    server_vad's silence is the silence that ends speech here too; its padding is kept before
    speech, and after it as well.
    """
    parts = chunking_of(sent)
    vad: dict[str, Any] = {}
    kind = one_of(CHUNKING, parts.pop("type", "auto"), ("auto", "server_vad"))
    if kind == "auto" and parts:
        raise refused(CHUNKING, "auto takes no further parts.")
    for part, value in parts.items():
        name = f"{CHUNKING}[{part}]"
        if part == "threshold":
            threshold = number(name, value, 0.02, 0.99)
            vad["threshold"] = threshold
            vad["release"] = round(max(0.01, threshold - _RELEASE), 6)
        elif part == "prefix_padding_ms":
            vad["pad"] = number(name, value, 0, 30_000) / 1000
        elif part == "silence_duration_ms":
            vad["min_silence"] = number(name, value, 0, 600_000) / 1000
        else:
            raise refused(name, "is not known here.", "unknown_parameter")
    if silence := sent.text("min_silence_duration_ms"):
        seconds = number("min_silence_duration_ms", silence, 0, 600_000) / 1000
        if vad.setdefault("min_silence", seconds) != seconds:
            raise refused("min_silence_duration_ms", "differs from silence_duration_ms.")
    return vad
