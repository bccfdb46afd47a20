"""How a calibration chooses: the fastest of what was timed, if it gains enough to be believed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from pipeline.errors import ModelTooLarge
from pipeline.ports import VoiceWindows
from stages.calibration.rounds import Part, Round

AGREEMENT = 0.999
"""Least cosine between the voices of two precisions for the quicker one to be taken."""

_HOPELESS = 1.15
"""Times the best so far after which a choice is not timed again."""


class Timer(Protocol):
    """Times a part of a run under some settings."""

    def seconds(self, part: Part, settings: Mapping[str, Any]) -> float:
        """Wall seconds of one go; loading is not counted. settings: by their dotted names."""
        ...

    def agreement(self) -> float:
        """Least cosine between the voices heard in both precisions timed last."""
        ...


@dataclass(frozen=True, slots=True)
class Trial:
    """One choice that was timed. seconds: the best go. agreement: None if not asked."""

    settings: Mapping[str, Any]
    seconds: float
    agreement: float | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A round that was run; its first trial is the default. settings: empty where that stays."""

    round: Round
    trials: tuple[Trial, ...]
    best: Trial

    @property
    def settings(self) -> dict[str, Any]:
        """What is taken instead of the default."""
        usual = self.trials[0].settings
        return {k: v for k, v in self.best.settings.items() if v != usual[k]}


def calibrated(
    todo: Iterable[Round],
    timer: Timer,
    begun: Callable[[Round], None] = lambda _: None,
    ended: Callable[[Chosen], None] = lambda _: None,
) -> list[Chosen]:
    """Runs the rounds, each under what those before it chose.

    `begun` hears of each before it, `ended` after it. A round whose model does not fit into memory
    is left out.
    """
    settled: dict[str, Any] = {}
    done: list[Chosen] = []
    for asked in todo:
        begun(asked)
        try:
            trials = _trials(asked, timer, settled)
        except ModelTooLarge:
            continue
        done.append(Chosen(asked, tuple(trials), choice(trials, asked.gain)))
        settled |= done[-1].settings
        ended(done[-1])
    return done


def choice(trials: list[Trial], gain: float) -> Trial:
    """The fastest trial, or the first one where none saves the part `gain` of its time.

    One whose result does not agree with the first one's is passed over.
    """
    usual = trials[0]
    fit = [t for t in trials[1:] if t.agreement is None or t.agreement >= AGREEMENT]
    fastest = min(fit, key=lambda t: t.seconds, default=usual)
    return fastest if fastest.seconds <= usual.seconds * (1 - gain) else usual


def likeness(one: VoiceWindows, other: VoiceWindows) -> float:
    """The least cosine between a voice of `one` and the same of `other`; 0 if one lacks it."""
    if one.embeddings.shape != other.embeddings.shape:
        return 0.0
    a, b = one.embeddings.astype(np.float64), other.embeddings.astype(np.float64)
    there = np.isfinite(a).all(axis=-1)
    if (there != np.isfinite(b).all(axis=-1)).any():
        return 0.0
    a, b = a[there], b[there]
    lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return float(((a * b).sum(axis=-1) / np.maximum(lengths, 1e-12)).min(initial=1.0))


def _trials(asked: Round, timer: Timer, settled: Mapping[str, Any]) -> list[Trial]:
    """Every option of a round timed; its default first, so that others can be seen to be hopeless.

    Raises ModelTooLarge.
    """
    trials: list[Trial] = []
    for option in asked.options:
        best = min((t.seconds for t in trials), default=None)
        trials.append(Trial(option, _timed(timer, asked.part, {**settled, **option}, best)))
    if choice(trials, asked.gain) is not trials[0]:
        # Once more: the machine may have been busier when the default was timed.
        again = timer.seconds(asked.part, {**settled, **trials[0].settings})
        trials[0] = replace(trials[0], seconds=min(trials[0].seconds, again))
    if asked.likened:
        return [trials[0], *(_likened(t, trials[0], asked, timer) for t in trials[1:])]
    return trials


def _timed(timer: Timer, part: Part, settings: Mapping[str, Any], best: float | None) -> float:
    """The better of two goes; one alone where it is far behind."""
    first = timer.seconds(part, settings)
    if best is not None and first > best * _HOPELESS:
        return first
    return min(first, timer.seconds(part, settings))


def _likened(trial: Trial, usual: Trial, asked: Round, timer: Timer) -> Trial:
    """The trial with its agreement, which is asked only if the trial could be chosen."""
    if trial.seconds > usual.seconds * (1 - asked.gain):
        return trial
    return replace(trial, agreement=timer.agreement())
