"""Settings say what is wrong with them, and the profiles that come with Parley are right."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pipeline.config import load_profile, profile_names
from pipeline.errors import ConfigInvalid
from stages.models import Registry, Store, load_catalogue

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_loads_and_names_models_of_the_catalogue(name: str, tmp_path: Path) -> None:
    profile = load_profile(name, environ={})
    assert profile.name == name
    registry = Registry(load_catalogue(), Store(tmp_path))
    assert registry.names_for(profile)


@pytest.mark.parametrize("path", sorted((ROOT / "configs" / "profiles").glob("*.yaml")), ids=str)
def test_an_unknown_key_in_any_profile_is_refused_by_name(path: Path, tmp_path: Path) -> None:
    values = yaml.safe_load(path.read_text())
    values.setdefault("asr", {})["beam_sise"] = 3
    changed = tmp_path / "mine.yaml"
    changed.write_text(yaml.safe_dump(values))
    with pytest.raises(ConfigInvalid, match=r"asr\.beam_sise.*got 3"):
        load_profile(str(changed), environ={})


def test_options_win_over_the_environment_and_that_over_the_profile() -> None:
    environ = {"PARLEY__ASR__BEAM_SIZE": "3", "PARLEY__MINUTES__LANGUAGE_MODEL": "null"}
    assert load_profile("cpu", environ={}).asr.beam_size == 5
    profile = load_profile("cpu", environ=environ)
    assert profile.asr.beam_size == 3
    assert profile.minutes.language_model is None
    assert load_profile("cpu", {"asr": {"beam_size": 1}}, environ).asr.beam_size == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [("nonesuch", "expected cpu, gpu, small"), ("missing.yaml", "no such file")],
)
def test_a_profile_that_is_not_there_is_named(name: str, expected: str) -> None:
    with pytest.raises(ConfigInvalid, match=expected):
        load_profile(name, environ={})


def test_a_profile_that_is_not_yaml_or_not_a_mapping_is_refused(tmp_path: Path) -> None:
    for text in ("a: [", "just words", "- a\n- b"):
        path = tmp_path / "odd.yaml"
        path.write_text(text)
        with pytest.raises(ConfigInvalid):
            load_profile(str(path), environ={})


def test_equal_settings_have_equal_digests() -> None:
    one, two = load_profile("cpu", environ={}), load_profile("cpu", environ={})
    assert one.asr.digest() == two.asr.digest()
    changed = load_profile("cpu", {"asr": {"beam_size": 1}}, {})
    assert changed.asr.digest() != one.asr.digest()
    assert changed.minutes.digest() == one.minutes.digest()
