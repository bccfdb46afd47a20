"""From windows and people back to one time line: posteriors, turns, the exclusive form.

Windows overlap, so each frame is heard several times; its posterior is their mean. How many talk in
a frame is the mean number of active local speakers, which knows of overlap without knowing who; the
likeliest people fill the places. Pauses too short to give up the floor are filled.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.config import DiarizationSettings
from pipeline.ports import VoiceWindows
from pipeline.types import Diarization, Span, SpeakerId, SpeakerTurn
from stages.diarization.splitting import runs

Floats = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]

AT_A_TIME = 100_000
"""Frames that are looked at together, half an hour of them."""

MOST_AT_ONCE = 2
"""People in one frame, as many as the segmentation model's classes tell of."""


def first_frame(window: int, voices: VoiceWindows) -> int:
    """The frame of the recording at which `window` begins."""
    return round(window * voices.step / voices.frame_step)


def nobody(voices: VoiceWindows) -> Diarization:
    """The diarization of a recording without voices."""
    frames = int(np.ceil(voices.length / voices.frame_step))
    return Diarization((), (), (), np.zeros((frames, 0), np.float32), voices.frame_step)


def reconstruct(
    voices: VoiceWindows,
    labels: npt.NDArray[np.int64],
    centroids: npt.NDArray[np.float32],
    settings: DiarizationSettings,
) -> Diarization:
    """Who spoke when, from `labels` (windows, local speakers): the person of each, or -1."""
    posterior, crowd = aggregate(voices, labels, len(centroids))
    places = (crowd > settings.onset).astype(int) + (crowd > 1 + settings.overlap_onset)
    active = likeliest(posterior, places)
    spans = [
        widened(active[:, k], voices, settings.fill_gaps, settings.pad)
        for k in range(len(centroids))
    ]
    order = sorted((k for k in range(len(spans)) if spans[k]), key=lambda k: spans[k][0].start)
    if not order:
        return nobody(voices)
    names = {k: SpeakerId(f"S{n}") for n, k in enumerate(order, start=1)}
    posterior = on_time(posterior, order, voices)
    turns = [
        SpeakerTurn(span, names[k], confidence(posterior[:, n], span, voices.frame_step))
        for n, k in enumerate(order)
        for span in spans[k]
    ]
    turns.sort(key=lambda t: (t.span.start, t.span.end, t.speaker))
    speakers = tuple(names[k] for k in order)
    return Diarization(
        turns=tuple(turns),
        exclusive=tuple(exclusive(turns, speakers, posterior, voices.frame_step)),
        speakers=speakers,
        posterior=posterior,
        frame_step=voices.frame_step,
        centroids=centroids[order],
    )


def aggregate(
    voices: VoiceWindows, labels: npt.NDArray[np.int64], people: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Posterior of each person, (frames, people), and how many talk at once, (frames,)."""
    windows, frames, _ = voices.activity.shape
    total = first_frame(max(0, windows - 1), voices) + frames
    posterior = np.zeros((total, people), np.float32)
    crowd, heard = np.zeros(total, np.float32), np.zeros(total, np.float32)
    for window in range(windows):
        start = first_frame(window, voices)
        here = slice(start, start + frames)
        activity = voices.activity[window].astype(np.float32)
        heard[here] += 1
        crowd[here] += activity.sum(axis=1)
        for person in np.unique(labels[window][labels[window] >= 0]):
            posterior[here, person] += activity[:, labels[window] == person].max(axis=1)
    np.maximum(heard, 1, out=heard)
    posterior /= heard[:, None]
    crowd /= heard
    return posterior, crowd


def likeliest(posterior: Floats, places: npt.NDArray[np.int64]) -> Bools:
    """The people who fill the places of each frame, likeliest first: (frames, people)."""
    active = np.zeros(posterior.shape, bool)
    # Some frames at a time, for ranks are eight bytes each.
    for first in range(0, len(posterior), AT_A_TIME):
        here = posterior[first : first + AT_A_TIME]
        order = np.argsort(-here, axis=1, kind="stable")
        for place in range(min(MOST_AT_ONCE, posterior.shape[1])):
            frames = np.flatnonzero(places[first : first + AT_A_TIME] > place)
            chosen = order[frames, place]
            heard = here[frames, chosen] > 0
            active[first + frames[heard], chosen[heard]] = True
    return active


def widened(active: Bools, voices: VoiceWindows, fill: float, pad: float) -> list[Span]:
    """The spans of one person's `active` frames, padded, with gaps of `fill` seconds closed."""
    middle = voices.frame_duration / 2
    out: list[list[float]] = []
    for first, last in runs(active):
        start = max(0.0, first * voices.frame_step + middle - pad)
        end = min(voices.length, last * voices.frame_step + middle + pad)
        if out and start - out[-1][1] <= fill:
            out[-1][1] = max(end, out[-1][1])
        elif end > start:
            out.append([start, end])
    return [Span(start, end) for start, end in out]


def on_time(
    posterior: npt.NDArray[np.float32], people: list[int], voices: VoiceWindows
) -> npt.NDArray[np.float32]:
    """`posterior` of `people`, shifted so that frame 0 begins at 0 s, as long as the recording."""
    # A frame of the model stands for the middle of its receptive field.
    late = round((voices.frame_duration - voices.frame_step) / 2 / voices.frame_step)
    frames = int(np.ceil(voices.length / voices.frame_step))
    rows = np.clip(np.arange(frames) - late, 0, len(posterior) - 1)
    return posterior[rows[:, np.newaxis], people]


def confidence(posterior: npt.NDArray[np.float32], span: Span, step: float) -> float:
    """Mean of one person's `posterior` over `span`."""
    first = min(int(span.start / step), len(posterior) - 1)
    return round(float(posterior[first : max(first + 1, int(span.end / step))].mean()), 4)


def exclusive(
    turns: list[SpeakerTurn],
    speakers: tuple[SpeakerId, ...],
    posterior: npt.NDArray[np.float32],
    step: float,
) -> list[SpeakerTurn]:
    """`turns` without overlap: where two talk, the likelier one does.

    Turn ends that no other turn covers stay where they are.
    """
    edges = sorted({t.span.start for t in turns} | {t.span.end for t in turns})
    out: list[SpeakerTurn] = []
    current: list[SpeakerTurn] = []
    upcoming = iter(turns)
    following = next(upcoming, None)
    for start, end in zip(edges, edges[1:], strict=False):
        while following is not None and following.span.start <= start:
            current.append(following)
            following = next(upcoming, None)
        current = [t for t in current if t.span.end > start]
        for span, turn in _shares(Span(start, end), current, speakers, posterior, step):
            last = out[-1] if out else None
            if last and last.speaker == turn.speaker and last.span.end == span.start:
                out[-1] = SpeakerTurn(
                    Span(last.span.start, span.end), turn.speaker, turn.confidence
                )
            else:
                out.append(SpeakerTurn(span, turn.speaker, turn.confidence))
    return out


def _shares(
    span: Span,
    turns: list[SpeakerTurn],
    speakers: tuple[SpeakerId, ...],
    posterior: npt.NDArray[np.float32],
    step: float,
) -> list[tuple[Span, SpeakerTurn]]:
    """`span` shared out among the `turns` that cover it, frame by frame."""
    if len(turns) < 2:
        return [(span, turn) for turn in turns]
    columns = [speakers.index(turn.speaker) for turn in turns]
    first = min(int(span.start / step), len(posterior) - 1)
    last = max(first + 1, int(np.ceil(span.end / step)))
    winner = posterior[first:last, columns].argmax(axis=1)
    changes = [0, *(np.flatnonzero(np.diff(winner)) + 1), len(winner)]
    out = []
    for a, b in zip(changes, changes[1:], strict=False):
        start = span.start if a == 0 else (first + a) * step
        end = span.end if b == len(winner) else (first + b) * step
        if span.start <= start < end <= span.end:
            out.append((Span(start, end), turns[winner[a]]))
    return out
