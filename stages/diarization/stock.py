"""pyannote.audio's own pipeline on Parley's weights: what the diarizer is measured against."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stages.diarization.loading import embedding_model, quiet, segmentation_model

PARAMETERS = {
    "segmentation": {"min_duration_off": 0.0},
    "clustering": {"method": "centroid", "min_cluster_size": 12, "threshold": 0.85},
}
"""speaker-diarization-3.1's, the distance threshold being where CAM++ does best."""


def stock_pipeline(segmentation: Path, embedding: Path) -> Any:
    """SpeakerDiarization of pyannote.audio with segmentation-3.0, CAM++ and centroid clustering.

    Call it with {"waveform": (1, samples) tensor, "sample_rate": 16000, "uri": name}.
    """
    models = segmentation_model(segmentation), embedding_model(embedding, quick=False)
    with quiet():
        from pyannote.audio.pipelines import SpeakerDiarization

    return configured(SpeakerDiarization, *models)


def configured(kind: Any, segmentation: Any, embedding: Any) -> Any:
    """A pipeline of `kind`, SpeakerDiarization or a subclass, on loaded models."""
    with quiet():
        from pyannote.audio.core.plda import PLDA

        # This clustering uses no PLDA, but the constructor insists on one.
        unused = PLDA.__new__(PLDA)
        pipeline = kind(
            segmentation=segmentation,
            embedding=embedding,
            plda=unused,
            embedding_exclude_overlap=True,
            clustering="AgglomerativeClustering",
            segmentation_batch_size=8,
            embedding_batch_size=1,
        )
    pipeline.instantiate(PARAMETERS)
    return pipeline
