"""Configuration files are read without leniency: a key that nobody knows is an error."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pipeline.errors import ConfigInvalid
from serve.deployments.arguments import ModelsArgs
from serve.deployments.config import read_config
from serve.deployments.deployed import Diarizer
from tests.conftest import ROOT

# Ray's own schemas, as they are imported.
pytestmark = pytest.mark.filterwarnings("ignore:Using extra keyword arguments on `Field`")

FILES = sorted([*(ROOT / "configs/serve").glob("*.yaml"), *(ROOT / "configs/k8s").glob("*.yaml")])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_files_that_come_with_parley_hold_no_unknown_key(path: Path) -> None:
    assert "models" in [a.name for a in read_config(path).applications]


def test_the_local_file_fits_two_cores_and_leaves_some() -> None:
    text = (ROOT / "configs/serve/local.yaml").read_text(encoding="utf-8")
    models = next(a for a in yaml.safe_load(text)["applications"] if a["name"] == "models")
    cores = [d["num_replicas"] * d["ray_actor_options"]["num_cpus"] for d in models["deployments"]]
    assert len(cores) == 3
    assert sum(cores) <= 1.8 + 1e-9


def test_kubernetes_serves_what_production_does() -> None:
    here = read_config(ROOT / "configs/serve/prod.yaml").applications
    there = read_config(ROOT / "configs/k8s/rayservice.yaml").applications
    assert [(a.name, a.args) for a in here] == [(a.name, a.args) for a in there]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("proxy_location", "proxy_place", "proxy_place"),
        ("    import_path:", "    timeout: 3\n    import_path:", "applications[0].timeout"),
        ("profile: cpu", "profil: cpu", "profil"),
        ("profile: cpu", "profile: cpu\n      stages: nothing", "stages"),
        ("asr: {threads: 2}", "asr: {threads: 0}", "asr.threads"),
        ("num_replicas: 1", "num_replica: 1", "applications[0].deployments[0].num_replica"),
        ("{num_cpus: 0.8}", "{num_cpu: 0.8}", "ray_actor_options.num_cpu"),
        ("{patience: 120.0}", "{patienc: 120.0}", "patienc"),
        ("num_replicas: 1", "autoscaling_config: {min_replica: 1}", "min_replica"),
        ("name: Diarizer", "name: Diariser", "Diariser"),
        ("app:models", "app:model", "app:model"),
    ],
)
def test_what_is_misspelt_is_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    text = (ROOT / "configs/serve/local.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "models.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigInvalid, match=re.escape(named)):
        read_config(path)


@pytest.mark.parametrize("text", ["", "- a list", "a: [", "kind: RayService"])
def test_what_is_no_configuration_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "models.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigInvalid, match=re.escape(str(path))):
        read_config(path)


def test_a_profile_that_is_none_is_found_before_anything_starts(tmp_path: Path) -> None:
    values = yaml.safe_load((ROOT / "configs/serve/local.yaml").read_text(encoding="utf-8"))
    values["applications"][0]["args"]["profile"] = "cpus"
    path = tmp_path / "models.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    with pytest.raises(ConfigInvalid, match="cpus"):
        read_config(path)


def test_every_knob_is_documented_with_its_default() -> None:
    from serve.deployments.app import COMMON, OPTIONS

    text = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
    for name, value in ModelsArgs().model_dump().items():
        assert f"| `{name}` | `{value}` |" in text
    for name in COMMON | OPTIONS[Diarizer]:
        values = [{**COMMON, **options}[name] for options in OPTIONS.values()]
        inner = values[0] if isinstance(values[0], dict) else {"": None}
        for key in inner:
            row = [v[key] if key else v for v in values]
            cells = " | ".join(f"{v:g}" for v in row)
            assert f"| `{name}{'.' if key else ''}{key}` | {cells} |" in text
