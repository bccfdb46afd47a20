"""The costly half of diarization: who talks in each window, and with what voice.

Windows that begin within the same ten seconds are heard together, so that what they share is
computed once: the first filters of the segmentation model, the trunk of the embedding model. Voices
are pooled from the trunk under as many masks as there are speakers. Sound is read piece by piece,
so memory does not depend on the length of the recording but for what is returned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from pipeline.config import DiarizationSettings
from pipeline.ports import Progress, Sound, VoiceWindows
from pipeline.types import SAMPLE_RATE, Span
from stages.diarization.segmentation import Segmentation
from stages.diarization.splitting import Bools, split
from stages.diarization.trunk import Features, RecordingTrunk, WindowTrunk, read
from stages.diarization.workers import in_order

SPARE_VOICES = 1
"""Voices a window may hold beyond those the segmentation model tells apart; more hardly occur."""

SHORTEST_WINDOW = 0.3
"""Seconds of sound below which no voice can be told."""

SHORT_RECORDING = 60.0
"""Seconds; shorter recordings have too few windows for small errors to even out."""

LONGEST_SPAN = 10.0
"""Seconds of a span that are enough to tell its voice by."""

Floats = npt.NDArray[np.float32]


class Cancelled(Exception):
    """The caller no longer waits for the answer."""


@dataclass(frozen=True)
class Ears:
    """The two models and what listening needs to know of them.

    segmentation: a pyannote.audio segmentation model, powerset or multilabel. embedding: one with
    `forward_frames` and `forward_embedding`. stopped: asked between windows. half: compute in
    bfloat16 where that is safe. shared: windows share the first filters of the segmentation model.
    """

    segmentation: Any
    embedding: Any
    stopped: Callable[[], bool] = bool
    half: bool = False
    shared: bool = True

    @property
    def duration(self) -> int:
        """Samples of the window the segmentation model was trained on."""
        return int(round(self.segmentation.specifications.duration * SAMPLE_RATE))

    @property
    def speakers(self) -> int:
        """Local speakers the segmentation model tells apart."""
        return len(self.segmentation.specifications.classes)

    @cached_property
    def scores(self) -> Segmentation:
        """The segmentation model on overlapping windows."""
        return Segmentation(self.segmentation, self.half, self.shared)

    @cached_property
    def powerset(self) -> Tensor | None:
        """Who talks in each class of a powerset model, (classes, local speakers)."""
        specifications = self.segmentation.specifications
        if not specifications.powerset:
            return None
        from pyannote.audio.utils.powerset import Powerset

        mapping: Tensor = Powerset(
            len(specifications.classes), specifications.powerset_max_classes
        ).mapping
        return mapping

    def trunk(self, sound: Tensor) -> Tensor:
        """Features of the embedding model, (1, d, frames), of `sound` (samples,)."""
        device = torch.device(self.embedding.device)
        with torch.autocast(device.type, torch.bfloat16, enabled=self.half):
            features: Tensor = self.embedding.forward_frames(sound[None, None].to(device))
        return features.float()

    def features(self, sound: Sound, trunk: str) -> Features:
        """Where the features of the windows of `sound` come from."""
        if trunk == "window" or sound.length < SHORT_RECORDING * SAMPLE_RATE:
            return WindowTrunk(sound, self.trunk)
        reach = self.embedding.receptive_field_size(1)
        hop = self.embedding.receptive_field_size(2) - reach
        return RecordingTrunk(sound, self.trunk, self.duration, hop, reach)


@torch.inference_mode()
def listen(
    sound: Sound,
    ears: Ears,
    settings: DiarizationSettings,
    progress: Progress,
    hearing: type[Hearing] | None = None,
) -> VoiceWindows:
    """Activity and embeddings of the voices in each window of `sound`.

    hearing: how a window is heard, Parley's way if None. The result does not depend on
    `settings.batch` and `settings.threads` but for the last bits of a float. Raises Cancelled once
    `ears.stopped()`.
    """
    duration, step = ears.duration, round(settings.step * SAMPLE_RATE)
    count = window_count(sound.length, duration, step)
    frames = ears.segmentation.num_frames(duration)
    field = ears.segmentation.receptive_field
    hear = (hearing or Hearing)(sound, ears, settings)
    activity = np.zeros((count, frames, hear.room), np.float16)
    embeddings = np.full((count, hear.room, ears.embedding.dimension), np.nan, np.float32)
    groups = list(together(count, step, duration))
    heard = in_order((partial(hear, group) for group in groups), settings.threads or 1)
    for group, voices in zip(groups, heard, strict=True):
        for n, (talking, vectors) in zip(group, voices, strict=True):
            activity[n, :, : talking.shape[1]] = talking
            embeddings[n, : len(vectors)] = vectors
            progress((n + 1) / count)
        hear.features.forget(group.stop * step)
    used = max([1, *(np.flatnonzero(activity.any(axis=(0, 1))) + 1)])
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


def together(count: int, step: int, duration: int) -> Iterator[range]:
    """Windows 0 to `count` in groups that begin within the same `duration` samples."""
    each = max(1, duration // step)
    for first in range(0, count, each):
        yield range(first, min(count, first + each))


class Hearing:
    """Hears a group of windows; the same whoever else does so at the same time."""

    into_silence = False
    """Whether somebody may talk in the silence that the last window is filled up with."""

    def __init__(self, sound: Sound, ears: Ears, settings: DiarizationSettings) -> None:
        self.sound, self.ears, self.settings = sound, ears, settings
        self.step = round(settings.step * SAMPLE_RATE)
        self.room = ears.speakers + (SPARE_VOICES if settings.split else 0)
        self.features = ears.features(sound, settings.trunk)

    @torch.inference_mode()
    def __call__(self, group: range) -> list[tuple[Floats, Floats]]:
        """Activity (frames, voices) and embeddings (voices, d) of each window."""
        if self.ears.stopped():
            raise Cancelled
        starts = [n * self.step for n in group]
        stretch = read(self.sound, starts[0], starts[-1] + self.ears.duration)
        out = []
        size = self.settings.batch
        for some in (starts[n : n + size] for n in range(0, len(starts), size)):
            posterior, active = segment(stretch, [s - starts[0] for s in some], self.ears)
            if not self.into_silence:
                _cut(posterior, active, [self.sound.length - s for s in some], self.ears.duration)
            for start, soft, hard in zip(some, posterior, active, strict=True):
                if self.ears.stopped():
                    raise Cancelled
                out.append(self.voices(start, soft, hard))
        return out

    def voices(self, start: int, posterior: Floats, active: Bools) -> tuple[Floats, Floats]:
        """Activity and embeddings of the window that begins at sample `start`."""
        ears, settings = self.ears, self.settings
        samples = min(ears.duration, self.sound.length - start)
        if not active.any() or samples < SHORTEST_WINDOW * SAMPLE_RATE:
            return _silence(len(active), ears.embedding.dimension)
        heard = max(1, round(len(active) * samples / ears.duration))
        features = self.features(start, samples, np.asarray(active[:heard].any(axis=1)))

        def embed(masks: Floats) -> Floats:
            weights = torch.from_numpy(masks[None, :, :heard]).to(features.device)
            out = ears.embedding.forward_embedding(features, weights)[0]
            return np.asarray(out.float().cpu().numpy())

        frame_step = float(ears.segmentation.receptive_field.step)
        voices = split(active, frame_step, settings.split, self.room, embed)
        return _shared_out(posterior, voices), embed(own_speech(active, voices))


def _silence(frames: int, dimension: int) -> tuple[Floats, Floats]:
    return np.zeros((frames, 0), np.float32), np.zeros((0, dimension), np.float32)


def segment(stretch: Tensor, starts: list[int], ears: Ears) -> tuple[Floats, Bools]:
    """Posterior of each local speaker, and who talks: both (windows, frames, local speakers).

    starts: the samples of `stretch` at which windows begin. What they lack at the end of it is
    filled with silence.
    """
    scores = ears.scores(stretch, starts, ears.duration)
    if ears.powerset is not None:
        soft, hard = scores.exp() @ ears.powerset, ears.powerset[scores.argmax(dim=-1)]
    else:
        soft, hard = scores, (scores > 0.5).float()
    posterior, active = soft.clamp(0, 1).numpy(), hard.numpy() > 0
    return posterior, active


def _cut(posterior: Floats, active: Bools, known: list[int], duration: int) -> None:
    """Let nobody talk after the `known` samples of each window of `duration`."""
    for row, samples in enumerate(known):
        end = -(-samples * posterior.shape[1] // duration)
        posterior[row, end:], active[row, end:] = 0, False


def own_speech(active: Bools, voices: list[tuple[int, Bools]]) -> Floats:
    """Pooling masks, (voices, frames): speech without overlap, with it where there is no other."""
    alone = active.sum(axis=1) == 1
    masks = [mask & alone if (mask & alone).sum() > 2 else mask for _, mask in voices]
    return np.array(masks, np.float32)


def _shared_out(posterior: Floats, voices: list[tuple[int, Bools]]) -> Floats:
    """The posterior of each voice: its speaker's, in the frames nearest to what it said."""
    out = np.zeros((len(posterior), len(voices)), np.float32)
    frames = np.arange(len(posterior))
    for speaker in {s for s, _ in voices}:
        parts = [n for n, (s, _) in enumerate(voices) if s == speaker]
        if len(parts) == 1:
            out[:, parts[0]] = posterior[:, speaker]
            continue
        distance = np.stack(
            [np.abs(frames[:, None] - np.flatnonzero(voices[n][1])).min(axis=1) for n in parts]
        )
        nearest = distance.argmin(axis=0)
        for rank, n in enumerate(parts):
            out[nearest == rank, n] = posterior[nearest == rank, speaker]
    return out


def embed_spans(
    sound: Sound, spans: list[Span], ears: Ears, settings: DiarizationSettings, progress: Progress
) -> Floats:
    """The voice in each span, (spans, d), L2-normalised, NaN where it is too short.

    Of long spans the middle is taken. The trunk hears each span alone: among other voices it
    tells them apart less well. Raises Cancelled once `ears.stopped()`.
    """
    out = np.full((len(spans), ears.embedding.dimension), np.nan, np.float32)
    features = ears.features(sound, "window")
    middles = [_middle(span, sound) for span in spans]
    groups: dict[int, list[int]] = {}
    for n in sorted(range(len(spans)), key=lambda n: middles[n]):
        groups.setdefault(middles[n][0] // ears.duration, []).append(n)
    jobs = [
        partial(_embed, [middles[n] for n in group], ears, features) for group in groups.values()
    ]
    done = 0
    for group, voices in zip(groups.values(), in_order(jobs, settings.threads or 1), strict=True):
        out[group] = voices
        done += len(group)
        progress(done / len(spans))
    return out


def _middle(span: Span, sound: Sound) -> tuple[int, int]:
    """The first sample of `span` and how many there are, of long ones those in the middle."""
    spare = max(0.0, span.duration - LONGEST_SPAN) / 2
    start = max(0, round((span.start + spare) * SAMPLE_RATE))
    return start, min(sound.length, round((span.end - spare) * SAMPLE_RATE)) - start


@torch.inference_mode()
def _embed(spans: list[tuple[int, int]], ears: Ears, features: Features) -> Floats:
    """The voices of `spans`, first samples and lengths, (spans, d)."""
    out = np.full((len(spans), ears.embedding.dimension), np.nan, np.float32)
    for n, (start, samples) in enumerate(spans):
        if ears.stopped():
            raise Cancelled
        if samples >= SHORTEST_WINDOW * SAMPLE_RATE:
            frames = features(start, samples, np.ones(1, np.bool_))
            weights = frames.new_ones(1, 1, frames.shape[-1])
            voice = ears.embedding.forward_embedding(frames, weights)[0, 0].float().cpu().numpy()
            out[n] = voice / np.linalg.norm(voice)
    return out
