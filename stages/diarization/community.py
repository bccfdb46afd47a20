"""A whole pyannote.audio pipeline, such as community-1, behind the Diarizer port.

The pipeline's own segmentation and embedding models listen, once a window each; its own clustering
(VBx with its PLDA for community-1) separates. So hints can change without listening again, as with
Parley's own diarizer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.config import DiarizationSettings
from pipeline.ports import SpeakerHint, VoiceWindows
from pipeline.types import Diarization
from stages.diarization.diarizer import PyannoteDiarizer, device_of
from stages.diarization.loading import pyannote_pipeline
from stages.diarization.reconstruction import nobody, reconstruct


class CommunityDiarizer(PyannoteDiarizer):
    """The pipeline of a folder with `config.yaml` and its models.

    Raises ModelMissing or ModelCorrupt.
    """

    def __init__(self, settings: DiarizationSettings, folder: Path) -> None:
        self._pipeline = pyannote_pipeline(folder, device_of(settings))
        models = self._pipeline._segmentation.model, self._pipeline._embedding.model_
        # Splitting compares pieces of voices by CAM++'s noise; other embeddings have their own.
        # That one trunk will do for a recording was tried with CAM++ only.
        self._hold(settings.model_copy(update={"split": 0.0, "trunk": "window"}), *models)

    def group(self, voices: VoiceWindows, hint: SpeakerHint) -> Diarization:
        """Who spoke when, by the pipeline's own clustering."""
        labels, centroids = cluster(self._pipeline, voices, hint)
        if not len(centroids):
            return nobody(voices)
        return reconstruct(voices, labels, centroids, self._settings)


def cluster(
    pipeline: Any, voices: VoiceWindows, hint: SpeakerHint
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """The person of each local speaker, -1 if silent, and the people's voices.

    Local speakers whose voice cannot be told are handed over with a mean voice, for the pipeline's
    distances take no NaN; they are not used for training clusters, having too little speech.
    """
    from pyannote.core import SlidingWindow, SlidingWindowFeature

    active = (voices.activity > 0.5).astype(np.float32)
    known = np.asarray(np.isfinite(voices.embeddings).all(axis=2))
    silent = np.asarray(~active.any(axis=1))
    if silent.all() or not known.any():
        return np.full(silent.shape, -1), np.zeros((0, voices.embeddings.shape[2]), np.float32)
    embeddings = voices.embeddings.copy()
    embeddings[~known] = embeddings[known].mean(axis=0)
    active *= known[:, np.newaxis, :]
    grid = SlidingWindow(duration=voices.duration, step=voices.step, start=0.0)
    least = hint.exactly or hint.at_least or 1
    labels, _, centroids = pipeline.clustering(
        embeddings=embeddings,
        segmentations=SlidingWindowFeature(active, grid),
        num_clusters=hint.exactly,
        min_clusters=least,
        max_clusters=hint.exactly or hint.at_most or np.inf,
    )
    labels = np.where(silent | ~known, -1, labels).astype(np.int64)
    norms = np.linalg.norm(centroids, axis=1, keepdims=True)
    return labels, np.asarray(centroids / np.maximum(norms, 1e-9), np.float32)
