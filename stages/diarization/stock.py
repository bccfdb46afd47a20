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
        from pyannote.audio.core.plda import PLDA
        from pyannote.audio.pipelines import SpeakerDiarization

        # This clustering uses no PLDA, but the constructor insists on one.
        unused = PLDA.__new__(PLDA)
        pipeline = SpeakerDiarization(
            segmentation=models[0],
            embedding=models[1],
            plda=unused,
            embedding_exclude_overlap=True,
            clustering="AgglomerativeClustering",
            segmentation_batch_size=8,
            embedding_batch_size=1,
        )
    pipeline.instantiate(PARAMETERS)
    return pipeline
