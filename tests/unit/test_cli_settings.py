"""Options become settings, and what cannot be meant is refused with the reason."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigInvalid, UsageError
from pipeline.ports import SpeakerHint
from serve.cli.checks import flat, origins
from serve.cli.languages import LANGUAGES
from serve.cli.settings import items, known_language, overrides, resolve, speakers


def test_any_setting_can_be_set_with_its_yaml_value() -> None:
    values = overrides(["asr.beam_size=1", "asr.temperatures=[0.0, 0.4]", "asr.prompt=a=b"])
    asr = resolve("cpu", values).asr
    assert (asr.beam_size, asr.temperatures, asr.prompt) == (1, (0.0, 0.4), "a=b")


def test_norwegian_is_a_language_and_not_false() -> None:
    assert resolve("cpu", overrides(["asr.language=no"])).asr.language == "no"


@pytest.mark.parametrize("text", ["asr.beam_size", "=1", "asr beam=1", "asr.prompt=[", "a=1"])
def test_a_setting_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        resolve("cpu", overrides([text]))


def test_setting_a_part_and_the_whole_is_refused() -> None:
    with pytest.raises(UsageError, match="asr was given a value before"):
        overrides(["asr=1", "asr.beam_size=1"])


def test_named_options_win_over_set() -> None:
    values = overrides(["asr.language=fr"], "de", hotwords=["Ray, Kubernetes", "Ray"])
    asr = resolve("cpu", values).asr
    assert (asr.language, asr.hotwords) == ("de", ("Ray", "Kubernetes"))


@pytest.mark.parametrize(("text", "code"), [("en", "en"), ("German", "de"), (" ZH ", "zh")])
def test_a_language_is_known_by_code_or_name(text: str, code: str) -> None:
    assert known_language(text, "--language") == code


def test_an_unknown_language_is_refused_wherever_it_is_said() -> None:
    with pytest.raises(UsageError, match="'klingon'"):
        overrides(language="klingon")
    with pytest.raises(UsageError, match="'xx'"):
        overrides(languages=["en,xx"])
    with pytest.raises(ConfigInvalid, match="'xx'"):
        resolve("cpu", overrides(["asr.language=xx"]))


def test_the_languages_are_those_whisper_knows() -> None:
    tokenizer = pytest.importorskip("faster_whisper.tokenizer")
    assert set(LANGUAGES) == set(tokenizer._LANGUAGE_CODES)


def test_an_english_model_refuses_other_languages() -> None:
    with pytest.raises(ConfigInvalid, match="English only"):
        resolve("cpu", overrides(["asr.model=faster-whisper-tiny.en"], "de"))


def test_a_language_outside_the_allowed_ones_is_refused() -> None:
    with pytest.raises(ConfigInvalid, match="not one of"):
        resolve("cpu", overrides(language="de", languages=["en", "fr"]))


def test_items_are_parted_by_any_comma_and_kept_once() -> None:
    assert items(["a, b", "b，c、 d", " "]) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("given", "separate"),
    [
        ((0, None, None), False),
        ((2, 1, None), False),
        ((None, 3, 2), False),
        ((2, None, None), True),
    ],
)
def test_a_number_of_speakers_that_cannot_be_is_refused(
    given: tuple[int | None, int | None, int | None], separate: bool
) -> None:
    with pytest.raises(UsageError):
        speakers(*given, separate=separate)


def test_bounds_on_the_speakers_become_a_hint() -> None:
    assert speakers(None, 2, 4, separate=False) == SpeakerHint(None, 2, 4)
    assert speakers(None, None, None, separate=True) == SpeakerHint()


def test_each_setting_says_where_it_comes_from(tmp_path: Path) -> None:
    profile = tmp_path / "mine.yaml"
    profile.write_text("name: mine\nasr: {beam_size: 2, prompt: x}\n", encoding="utf-8")
    settled = origins(
        str(profile), overrides(["vad.pad=0.1"]), {"PARLEY__ASR__PROMPT": "y", "HOME": "/"}
    )
    assert settled["asr.beam_size"] == (2, f"profile {profile}")
    assert settled["asr.prompt"] == ("y", "environment")
    assert settled["vad.pad"] == (0.1, "option")
    assert settled["vad.threshold"][1] == "default"
    assert set(settled) == set(flat(resolve("cpu", {}).model_dump()))
