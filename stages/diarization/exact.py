"""pyannote.audio's own pipeline behind the Diarizer port: the same turns, heard at a fraction.

pyannote.audio runs the embedding model for each of three local speakers of a window, silent or not.
Here its trunk runs once a window in which somebody talks, and computes the same but for the last
bits of a float. Who talks is pyannote.audio's to the bit, for there one bit can be a frame.
Grouping and turns are pyannote.audio's code, handed what was heard; like it, it needs memory that
grows with the square of the recording's length.
"""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from pyannote.audio.pipelines import SpeakerDiarization
from pyannote.core import SlidingWindow, SlidingWindowFeature

from pipeline.config import DiarizationSettings
from pipeline.ports import Progress, Sound, SpeakerHint, VoiceWindows
from pipeline.types import Diarization, Span, SpeakerId, SpeakerTurn
from stages.diarization.diarizer import PyannoteDiarizer
from stages.diarization.listening import Ears, Floats, Hearing, listen
from stages.diarization.loading import embedding_model, segmentation_model
from stages.diarization.reconstruction import aggregate, confidence, nobody, on_time
from stages.diarization.splitting import Bools
from stages.diarization.stock import configured
from stages.diarization.trunk import read

STOCK: dict[str, Any] = {"step": 1.0, "trunk": "window", "split": 0.0, "precision": "float32"}
"""The settings of listening that make it pyannote.audio's."""


class HeardPipeline(SpeakerDiarization):  # type: ignore[misc]
    """SpeakerDiarization that is handed what was heard.

    clusters: (windows, local speakers), and the clusters that got turns, in the order of the
    pipeline's labels: once for its turns, once for its exclusive turns.
    """

    clusters: list[tuple[npt.NDArray[np.int64], list[int]]]

    def get_segmentations(self, file: Any, hook: Any = None) -> Any:
        """Who talks in each window."""
        self.clusters = []
        return file["segmentations"]

    def get_embeddings(self, file: Any, *_: Any, **__: Any) -> Any:
        """The voice of each local speaker."""
        return file["embeddings"]

    def reconstruct(self, segmentations: Any, hard_clusters: Any, count: Any) -> Any:
        """pyannote.audio's time line; the clusters are remembered."""
        found = super().reconstruct(segmentations, hard_clusters, count)
        order = sorted(np.flatnonzero(found.data.any(axis=0)).tolist(), key=str)
        self.clusters.append((np.maximum(hard_clusters, -1).astype(np.int64), order))
        return found


class StockHearing(Hearing):
    """Hears windows as pyannote.audio's pipeline does.

    least: samples below which it takes overlapping speech to tell a voice by.
    """

    into_silence = True
    least = 0

    def voices(self, start: int, posterior: Floats, active: Bools) -> tuple[Floats, Floats]:
        """Who talks (frames, local speakers) and embeddings (local speakers, d), NaN if silent."""
        ears, talking = self.ears, np.asarray(active.any(axis=0))
        embeddings = np.full((len(talking), ears.embedding.dimension), np.nan, np.float32)
        if talking.any():
            window = read(self.sound, start, start + ears.duration)
            features = ears.trunk(F.pad(window, (0, ears.duration - len(window))))
            alone = active & (active.sum(axis=1, keepdims=True) < 2)
            enough = alone.sum(axis=0) > math.ceil(len(active) * self.least / ears.duration)
            masks = np.where(enough, alone, active)[:, talking].T.astype(np.float32)
            weights = torch.from_numpy(np.ascontiguousarray(masks))[None].to(features.device)
            found = ears.embedding.forward_embedding(features, weights)[0]
            embeddings[talking] = found.cpu().numpy()
        return active.astype(np.float32), embeddings


class ExactDiarizer(PyannoteDiarizer):
    """The turns of `stages.diarization.stock`, for a fraction of the work.

    Of `settings` those of the models and `threads` count. Raises ModelMissing or ModelCorrupt.
    """

    def __init__(
        self, settings: DiarizationSettings, *, segmentation: Path, embedding: Path
    ) -> None:
        models = segmentation_model(segmentation), embedding_model(embedding)
        self._hold(settings.model_copy(update=STOCK), *models)
        self._pipeline: HeardPipeline = configured(HeardPipeline, *models)

    def hear(self, sound: Sound, ears: Ears, progress: Progress) -> VoiceWindows:
        """Who talks in each window, 0 or 1, and with what voice."""
        least = self._pipeline._embedding.min_num_samples
        hearing = type("StockHearing", (StockHearing,), {"least": least})
        return listen(sound, ears, self._settings, progress, hearing)

    def group(self, voices: VoiceWindows, hint: SpeakerHint) -> Diarization:
        """Who spoke when, by pyannote.audio's clustering and time line."""
        if not voices.activity.any():
            return nobody(voices)
        grid = SlidingWindow(duration=voices.duration, step=voices.step, start=0.0)
        file = {
            "uri": "recording",
            "segmentations": SlidingWindowFeature(voices.activity.astype(np.float32), grid),
            "embeddings": voices.embeddings.copy(),
        }
        with warnings.catch_warnings():
            # Hints that cannot be met, and voices too short to tell, are nothing to warn of here.
            warnings.simplefilter("ignore")
            found = self._pipeline.apply(
                file,
                num_speakers=hint.exactly,
                min_speakers=hint.at_least,
                max_speakers=hint.at_most,
            )
        return self._diarization(voices, found)

    def _diarization(self, voices: VoiceWindows, found: Any) -> Diarization:
        labels = found.speaker_diarization.labels()
        if not labels:
            return nobody(voices)
        people, columns = self._pipeline.clusters[0]
        centroids = found.speaker_embeddings
        begins = [found.speaker_diarization.label_timeline(who).extent().start for who in labels]
        order = sorted(range(len(labels)), key=lambda n: begins[n])
        posterior, _ = aggregate(voices, people, max(*columns, int(people.max())) + 1)
        posterior = on_time(posterior, [columns[n] for n in order], voices)
        rank = {labels[n]: place for place, n in enumerate(order)}
        norms = np.linalg.norm(centroids[order], axis=1, keepdims=True)
        return Diarization(
            turns=_turns(found.speaker_diarization, rank, posterior, voices),
            exclusive=_turns(found.exclusive_speaker_diarization, rank, posterior, voices),
            speakers=tuple(SpeakerId(f"S{n + 1}") for n in range(len(order))),
            posterior=posterior,
            frame_step=voices.frame_step,
            centroids=np.asarray(centroids[order] / np.maximum(norms, 1e-9), np.float32),
        )


def _turns(
    annotation: Any, rank: dict[str, int], posterior: Floats, voices: VoiceWindows
) -> tuple[SpeakerTurn, ...]:
    """The turns of `annotation`, cut at the end of the recording, speakers numbered by `rank`."""
    found = []
    for segment, _, who in annotation.itertracks(yield_label=True):
        if segment.start < voices.length:
            span = Span(max(0.0, segment.start), min(segment.end, voices.length))
            sure = confidence(posterior[:, rank[who]], span, voices.frame_step)
            found.append(SpeakerTurn(span, SpeakerId(f"S{rank[who] + 1}"), sure))
    return tuple(sorted(found, key=lambda t: (t.span.start, t.span.end, t.speaker)))
