"""A whole pyannote.audio pipeline laid out as community-1, partly with random weights."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from benchmarks.diarization import Samples
from benchmarks.simulate import decode
from pipeline.config import DiarizationSettings
from pipeline.errors import ModelMissing
from pipeline.ports import SpeakerHint, VoiceWindows
from stages.diarization import build_diarizer
from stages.diarization.loading import quiet
from stages.models import Registry

pytestmark = pytest.mark.model

SETTINGS = DiarizationSettings(threads=1, step=2.0)

CONFIG = """
dependencies:
  pyannote.audio: 4.0.0
pipeline:
  name: pyannote.audio.pipelines.SpeakerDiarization
  params:
    clustering: VBxClustering
    segmentation: $model/segmentation
    segmentation_batch_size: 8
    embedding: $model/embedding
    embedding_batch_size: 8
    embedding_exclude_overlap: true
    plda: $model/plda
params:
  clustering:
    threshold: 0.6
    Fa: 0.07
    Fb: 0.8
  segmentation:
    min_duration_off: 0.0
"""


@pytest.fixture(scope="module")
def community(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layout of community-1: real segmentation, an untrained ResNet34, a PLDA at random."""
    registry = Registry.load()
    if not registry.ready(SETTINGS.segmentation):
        pytest.skip(f"{SETTINGS.segmentation} is not on this machine; `parley models pull`")
    import torch

    with quiet():
        from pyannote.audio.models.embedding import WeSpeakerResNet34

    folder = tmp_path_factory.mktemp("community")
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    (folder / "segmentation").symlink_to(registry.prepared(SETTINGS.segmentation))
    (folder / "embedding").mkdir()
    torch.manual_seed(0)
    model = WeSpeakerResNet34()
    architecture = {"module": "pyannote.audio.models.embedding", "class": "WeSpeakerResNet34"}
    torch.save(
        {
            "state_dict": model.state_dict(),
            "hyper_parameters": dict(model.hparams),
            "pytorch-lightning_version": "2.0.0",
            "pyannote.audio": {
                "versions": {"pyannote.audio": "4.0.0"},
                "architecture": architecture,
                "specifications": _specifications(),
            },
        },
        folder / "embedding" / "pytorch_model.bin",
    )
    (folder / "plda").mkdir()
    random = np.random.default_rng(0)
    np.savez(
        folder / "plda" / "xvec_transform.npz",
        mean1=np.zeros(256),
        mean2=np.zeros(128),
        lda=np.linalg.qr(random.normal(size=(256, 128)))[0],
    )
    np.savez(
        folder / "plda" / "plda.npz",
        mu=np.zeros(128),
        tr=np.linalg.qr(random.normal(size=(128, 128)))[0],
        psi=np.linspace(5, 0.1, 128),
    )
    return folder


def _specifications() -> object:
    from pyannote.audio.core.task import Problem, Resolution, Specifications

    return Specifications(
        problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0, classes=["a"]
    )


def test_a_whole_pipeline_listens_and_separates_in_two_steps(
    community: Path, conversation: Path
) -> None:
    diarizer = build_diarizer(SETTINGS, community)
    sound = Samples(decode(conversation)[: 20 * 16_000])
    told: list[float] = []
    voices = asyncio.run(diarizer.listen(sound, told.append))
    assert voices.embeddings.shape[2] == 256
    assert told[-1] == 1.0
    found = asyncio.run(diarizer.separate(voices, SpeakerHint()))
    assert found.speakers
    assert found.turns[0].span.start == pytest.approx(6.7, abs=0.3)
    assert found.centroids is not None and found.centroids.shape == (len(found.speakers), 256)
    one = asyncio.run(diarizer.separate(voices, SpeakerHint(exactly=1)))
    assert one.speakers == ("S1",)
    assert len(asyncio.run(diarizer.separate(voices, SpeakerHint(at_most=2))).speakers) <= 2


def test_nobody_in_a_silent_recording(community: Path) -> None:
    diarizer = build_diarizer(SETTINGS, community)
    silence = Samples(np.zeros(12 * 16_000, np.float32))
    voices: VoiceWindows = asyncio.run(diarizer.listen(silence, lambda _: None))
    assert asyncio.run(diarizer.separate(voices, SpeakerHint(exactly=3))).speakers == ()


def test_a_folder_without_a_pipeline_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"config\.yaml"):
        build_diarizer(SETTINGS, tmp_path)


def test_a_pipeline_without_its_models_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    with pytest.raises(ModelMissing, match=r"pytorch_model\.bin"):
        build_diarizer(SETTINGS, tmp_path)
