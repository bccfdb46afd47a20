"""The costly half of diarization: who talks in each window, and with what voice.

Each window is segmented once and goes through the embedding trunk once; voices are pooled from it
under as many masks as there are speakers. Windows without speech skip the trunk. Sound is read
window by window, so memory does not depend on the length of the recording but for what is returned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.config import DiarizationSettings
from pipeline.ports import Progress, Sound, VoiceWindows
from pipeline.types import SAMPLE_RATE, Span
from stages.diarization.splitting import Bools, split

SPARE_VOICES = 1
"""Voices a window may hold beyond those the segmentation model tells apart; more hardly occur."""

SHORTEST_WINDOW = 0.3
"""Seconds of sound below which no voice can be told."""

LONGEST_SPAN = 10.0
"""Seconds of a span that are enough to tell its voice by."""


class Cancelled(Exception):
    """The caller no longer waits for the answer."""


@dataclass(frozen=True, slots=True)
class Ears:
    """The two models and what listening needs to know of them.

    segmentation: a pyannote.audio segmentation model, powerset or multilabel. embedding: one with
    `forward_frames` and `forward_embedding`. stopped: asked between windows. half: compute in
    bfloat16 where that is safe.
    """

    segmentation: Any
    embedding: Any
    stopped: Callable[[], bool] = bool
    half: bool = False

    @property
    def duration(self) -> float:
        """Seconds of the window the segmentation model was trained on."""
        return float(self.segmentation.specifications.duration)

    @property
    def speakers(self) -> int:
        """Local speakers the segmentation model tells apart."""
        return len(self.segmentation.specifications.classes)

    def computing(self) -> torch.autocast:
        """The precision to run the costly parts in, as a context."""
        device = torch.device(self.embedding.device).type
        return torch.autocast(device, torch.bfloat16, enabled=self.half)


@torch.inference_mode()
def listen(
    sound: Sound, ears: Ears, settings: DiarizationSettings, progress: Progress
) -> VoiceWindows:
    """Activity and embeddings of the voices in each window of `sound`.

    Raises Cancelled once `ears.stopped()`.
    """
    duration = round(ears.duration * SAMPLE_RATE)
    step = round(settings.step * SAMPLE_RATE)
    count = window_count(sound.length, duration, step)
    frames = ears.segmentation.num_frames(duration)
    room = ears.speakers + (SPARE_VOICES if settings.split else 0)
    field = ears.segmentation.receptive_field
    activity = np.zeros((count, frames, room), np.float32)
    embeddings = np.full((count, room, ears.embedding.dimension), np.nan, np.float32)
    for first in range(0, count, settings.batch):
        numbers = range(first, min(count, first + settings.batch))
        windows = [_read(sound, n * step, duration) for n in numbers]
        posterior, active = segment(windows, duration, ears)
        for n, window, soft, hard in zip(numbers, windows, posterior, active, strict=True):
            if ears.stopped():
                raise Cancelled
            if hard.any() and len(window) >= SHORTEST_WINDOW * SAMPLE_RATE:
                heard, voices = _voices(window, soft, hard, ears, settings, room)
                activity[n, :, : heard.shape[1]] = heard
                embeddings[n, : len(voices)] = voices
            progress((n + 1) / count)
    used = max(1, int(activity.any(axis=(0, 1)).sum()))
    return VoiceWindows(
        activity=np.ascontiguousarray(activity[:, :, :used]),
        embeddings=np.ascontiguousarray(embeddings[:, :used]),
        step=step / SAMPLE_RATE,
        duration=duration / SAMPLE_RATE,
        frame_step=float(field.step),
        frame_duration=float(field.duration),
        length=sound.length / SAMPLE_RATE,
    )


def window_count(length: int, duration: int, step: int) -> int:
    """Windows of `duration` every `step` samples that cover `length`, the last one partly."""
    if length <= duration:
        return 1 if length else 0
    return 1 + -(-(length - duration) // step)


def _read(sound: Sound, start: int, duration: int) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(sound.read(start, start + duration)))


def segment(
    windows: list[Tensor], duration: int, ears: Ears
) -> tuple[npt.NDArray[np.float32], Bools]:
    """Posterior of each local speaker, and who talks: both (windows, frames, local speakers).

    Windows shorter than `duration` samples are filled with silence, and nobody talks in that.
    """
    batch = torch.stack([F.pad(w, (0, duration - len(w))) for w in windows])[:, None]
    scores = ears.segmentation(batch.to(ears.segmentation.device)).cpu()
    if ears.segmentation.specifications.powerset:
        mapping = _powerset(ears.segmentation)
        soft, hard = scores.exp() @ mapping, mapping[scores.argmax(dim=-1)]
    else:
        soft, hard = scores, (scores > 0.5).float()
    posterior, active = soft.clamp(0, 1).numpy(), hard.numpy() > 0
    for row, window in enumerate(windows):
        end = -(-len(window) * posterior.shape[1] // duration)
        posterior[row, end:], active[row, end:] = 0, False
    return posterior, active


def _powerset(segmentation: Any) -> Tensor:
    from pyannote.audio.utils.powerset import Powerset

    specifications = segmentation.specifications
    mapping: Tensor = Powerset(
        len(specifications.classes), specifications.powerset_max_classes
    ).mapping
    return mapping


def _voices(
    window: Tensor,
    posterior: npt.NDArray[np.float32],
    active: Bools,
    ears: Ears,
    settings: DiarizationSettings,
    room: int,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Activity (frames, voices) and embeddings (voices, d) of one window."""
    with ears.computing():
        features = ears.embedding.forward_frames(window[None, None].to(ears.embedding.device))
    features = features.float()
    share = len(window) / (ears.duration * SAMPLE_RATE)
    heard = max(1, round(len(active) * share))

    def embed(masks: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        weights = torch.from_numpy(masks[None, :, :heard]).to(features.device)
        out = ears.embedding.forward_embedding(features, weights)[0]
        return np.asarray(out.float().cpu().numpy())

    frame_step = float(ears.segmentation.receptive_field.step)
    voices = split(active, frame_step, settings.split, room, embed)
    return _shared_out(posterior, voices), embed(own_speech(active, voices))


def own_speech(active: Bools, voices: list[tuple[int, Bools]]) -> npt.NDArray[np.float32]:
    """Pooling masks, (voices, frames): speech without overlap, with it where there is no other."""
    alone = active.sum(axis=1) == 1
    masks = [mask & alone if (mask & alone).sum() > 2 else mask for _, mask in voices]
    return np.array(masks, np.float32)


def _shared_out(
    posterior: npt.NDArray[np.float32], voices: list[tuple[int, Bools]]
) -> npt.NDArray[np.float32]:
    """The posterior of each voice: its speaker's, in the frames nearest to what it said."""
    out = np.zeros((len(posterior), len(voices)), np.float32)
    frames = np.arange(len(posterior))
    for speaker in {s for s, _ in voices}:
        parts = [n for n, (s, _) in enumerate(voices) if s == speaker]
        distance = np.stack(
            [np.abs(frames[:, None] - np.flatnonzero(voices[n][1])).min(axis=1) for n in parts]
        )
        nearest = distance.argmin(axis=0)
        for rank, n in enumerate(parts):
            out[nearest == rank, n] = posterior[nearest == rank, speaker]
    return out


@torch.inference_mode()
def embed_spans(
    sound: Sound, spans: list[Span], ears: Ears, progress: Progress
) -> npt.NDArray[np.float32]:
    """The voice in each span, (spans, d), L2-normalised, NaN where it is too short.

    Of long spans the middle is taken. Raises Cancelled once `ears.stopped()`.
    """
    out = np.full((len(spans), ears.embedding.dimension), np.nan, np.float32)
    for n, span in enumerate(spans):
        if ears.stopped():
            raise Cancelled
        spare = max(0.0, span.duration - LONGEST_SPAN) / 2
        edges = (round((t) * SAMPLE_RATE) for t in (span.start + spare, span.end - spare))
        samples = np.ascontiguousarray(sound.read(*edges))
        if len(samples) >= SHORTEST_WINDOW * SAMPLE_RATE:
            window = torch.from_numpy(samples)[None, None].to(ears.embedding.device)
            voice = ears.embedding(window)[0].float().cpu().numpy()
            out[n] = voice / np.linalg.norm(voice)
        progress((n + 1) / len(spans))
    return out


def batches(count: int, size: int) -> Iterator[range]:
    """Ranges of at most `size` that cover `count`."""
    for first in range(0, count, size):
        yield range(first, min(count, first + size))
