"""What a form asks for does not depend on the order of its fields, nor on how lists are spelled."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import load_profile
from pipeline.ports import SpeakerHint
from serve.openai.errors import ApiError
from serve.openai.options import FORMATS, Options, Task, options_of
from serve.openai.parameters import CHUNKING, SCALARS
from serve.openai.parameters import LISTS as LIST_NAMES
from serve.openai.settings import OPENAI_MODELS, DoorSettings

Field = tuple[str, str]
MODELS = ("faster-whisper-base",)
DOCS = (Path(__file__).parents[2] / "docs" / "openai.md").read_text(encoding="utf-8")


def options(*fields: Field, task: Task = "transcribe", **settings: Any) -> Options:
    sent = fields if any(name == "model" for name, _ in fields) else (("model", "x"), *fields)
    return options_of(sent, task, MODELS, DoorSettings(aliases={"x": None}, **settings))


def refusal(*fields: Field, **wishes: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        options(*fields, **wishes)
    assert caught.value.message
    return caught.value


VAD = {"type": "server_vad", "threshold": "0.6", "silence_duration_ms": "700"}
LISTS = {
    "timestamp_granularities": ("word", "segment"),
    "keywords": ("Kubernetes", "Anna Kowalska"),
    "languages": ("en", "de"),
}
SINGLE = {
    "model": "x",
    "response_format": "verbose_json",
    "prompt": "Minutes of the board.",
    "temperature": "0",
    "min_speakers": "2",
    "max_speakers": "4",
    "hotwords": "Ray, Silero",
}


@st.composite
def spellings(draw: st.DrawFn) -> list[Field]:
    """One wish, as different clients would send it."""
    groups: list[list[Field]] = [[item] for item in SINGLE.items()]
    for name, values in LISTS.items():
        ways = ["plain", "brackets", "numbered"]
        ways += ["comma"] if name != "keywords" else []
        groups.append(spelled(name, values, draw(st.sampled_from(ways))))
    way = draw(st.sampled_from(["brackets", "json", "both"]))
    if way != "json":
        groups += [[(f"chunking_strategy[{k}]", v)] for k, v in VAD.items()]
    if way != "brackets":
        groups.append([("chunking_strategy", json.dumps(VAD))])
    shuffled = draw(st.permutations(groups))
    return [field for group in shuffled for field in group]


def spelled(name: str, values: tuple[str, ...], way: str) -> list[Field]:
    match way:
        case "comma":
            return [(name, ",".join(values))]
        case "brackets":
            return [(f"{name}[]", value) for value in values]
        case "numbered":
            return [(f"{name}[{i}]", value) for i, value in reversed(list(enumerate(values)))]
        case _:
            return [(name, value) for value in values]


@given(spellings())
def test_order_and_spelling_change_nothing(fields: list[Field]) -> None:
    expected = Options(
        task="transcribe",
        model="x",
        response_format="verbose_json",
        words=True,
        speakers=SpeakerHint(at_least=2, at_most=4),
        settings={
            "asr": {
                "languages": ["de", "en"],
                "prompt": "Minutes of the board.",
                "hotwords": ["Kubernetes", "Anna Kowalska", "Ray", "Silero"],
            },
            "vad": {"threshold": 0.6, "release": 0.45, "min_silence": 0.7},
        },
    )
    assert options(*fields) == expected


def test_what_is_asked_for_are_settings_of_a_profile() -> None:
    asked = options(
        ("model", "faster-whisper-base"),
        ("language", "de"),
        ("chunking_strategy[type]", "server_vad"),
        ("chunking_strategy[prefix_padding_ms]", "300"),
        ("chunking_strategy[threshold]", "0.1"),
        ("max_speech_duration_s", "15"),
        ("hotwords", "Ray"),
        ("prompt", "Hello."),
        task="translate",
    )
    profile = load_profile("cpu", asked.settings, environ={})
    assert profile.asr.task == "translate"
    assert profile.asr.model == "faster-whisper-base"
    assert profile.asr.language == "de"
    assert profile.asr.window == 15
    assert profile.asr.hotwords == ("Ray",)
    assert (profile.vad.threshold, profile.vad.release, profile.vad.pad) == (0.1, 0.01, 0.3)


@pytest.mark.parametrize(
    "name", [*sorted(SCALARS | LIST_NAMES), CHUNKING, *OPENAI_MODELS, *FORMATS]
)
def test_every_field_format_and_model_is_documented(name: str) -> None:
    assert re.search(rf"`{name}(\[\])?`", DOCS)


def test_a_translation_is_another_checkpoint_than_a_transcription() -> None:
    plain, other = (
        load_profile("cpu", {"asr": {"task": task}}, environ={})
        for task in ("transcribe", "translate")
    )
    assert plain.asr.digest() != other.asr.digest()


@pytest.mark.parametrize("language", ["de", "DE", "German", "german"])
def test_a_language_may_be_named_as_whisper_names_it(language: str) -> None:
    assert options(("language", language)).settings == {"asr": {"language": "de"}}


@pytest.mark.parametrize("word", ["auto", '{"type": "server_vad"}', '{"type": "auto"}'])
def test_the_usual_chunking_changes_nothing(word: str) -> None:
    assert options(("chunking_strategy", word)).settings == {}


def test_an_empty_value_is_as_good_as_none() -> None:
    empty = [(name, "") for name in ("language", "prompt", "hotwords", "stream", "temperature")]
    assert options(*empty) == options()


def test_equal_bounds_are_a_number_of_speakers() -> None:
    asked = options(("min_speakers", "3"), ("max_speakers", "3"))
    assert asked.speakers == SpeakerHint(exactly=3)


@pytest.mark.parametrize(
    ("param", "fields"),
    [
        ("include", [("include[]", "logprobs")]),
        ("temperature", [("temperature", "0.2")]),
        ("temperature", [("temperature", "nan")]),
        ("temperature", [("temperature", "warm")]),
        ("response_format", [("response_format", "xml")]),
        ("timestamp_granularities", [("timestamp_granularities[]", "word")]),
        (
            "timestamp_granularities",
            [("timestamp_granularities[]", "line"), ("response_format", "verbose_json")],
        ),
        ("stream", [("stream", "true"), ("response_format", "srt")]),
        ("stream", [("stream", "maybe")]),
        ("language", [("language", "xx")]),
        ("language", [("language", "en"), ("languages[]", "de")]),
        ("languages", [("languages[]", "xx")]),
        ("min_speakers", [("min_speakers", "0")]),
        ("min_speakers", [("min_speakers", "3"), ("max_speakers", "2")]),
        ("max_speakers", [("max_speakers", "1.5")]),
        ("known_speaker_references", [("known_speaker_names[]", "Anna")]),
        ("known_speaker_names", [("known_speaker_references[]", "data:,")]),
        (
            "known_speaker_names",
            [("known_speaker_names[]", "Anna"), ("known_speaker_references[]", "data:,")],
        ),
        ("chunking_strategy", [("chunking_strategy", "semantic_vad")]),
        ("chunking_strategy", [("chunking_strategy", "{")]),
        ("chunking_strategy", [("chunking_strategy", '{"type": ["auto"]}')]),
        ("chunking_strategy", [("chunking_strategy", '{"type": "auto", "threshold": 0.5}')]),
        ("chunking_strategy[type]", [("chunking_strategy[threshold]", "0.5")]),
        (
            "chunking_strategy[eagerness]",
            [("chunking_strategy", '{"type": "server_vad", "eagerness": 1}')],
        ),
        (
            "chunking_strategy[threshold]",
            [("chunking_strategy", '{"type": "server_vad", "threshold": 2}')],
        ),
        ("max_speech_duration_s", [("max_speech_duration_s", "1")]),
        ("prompt[]", [("prompt[]", "Hello")]),
        ("beam_size", [("beam_size", "5")]),
        ("prompt", [("prompt", "one"), ("prompt", "two")]),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(param: str, fields: list[Field]) -> None:
    error = refusal(*fields)
    assert (error.status, error.param) == (400, param)
    assert error.body["error"]["type"] == "invalid_request_error"


def test_speakers_of_a_translation_cannot_be_asked_for() -> None:
    assert (
        refusal(("response_format", "diarized_json"), task="translate").param == "response_format"
    )


def test_a_model_is_wanted_and_has_to_be_known_unless_any_will_do() -> None:
    assert refusal(("model", "")).code == "missing_required_parameter"
    assert refusal(("model", "other")).status == 404
    assert options(("model", "other"), any_model=True).settings == {}


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), max_size=5))
def test_any_form_is_understood_or_refused(fields: list[Field]) -> None:
    try:
        options(*fields)
    except ApiError as error:
        assert error.status in (400, 404)
