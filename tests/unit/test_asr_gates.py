"""Invented words are recognised as such: loops, impossible speed, silence read as speech."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from pipeline.config import AsrSettings
from pipeline.ports import AsrHint, Hearing
from pipeline.stage import fold
from pipeline.types import SAMPLE_RATE, Samples, Segment, Span, Speech, Word
from stages.asr.gates import believable, better, certain, doubtful, impossible_rate, repeats
from stages.asr.stage import AsrStage

SETTINGS = AsrSettings()


def said(text: str, seconds: float = 4.0, **confidence: float) -> Segment:
    parts = text.split()
    step = seconds / len(parts)
    words = tuple(Word(p, Span(i * step, (i + 1) * step), 0.9) for i, p in enumerate(parts))
    return replace(Segment(words, "en", -0.3), **confidence)


def heard(segment: Segment) -> Hearing:
    return Hearing((segment,), segment.span.end, "en", 1.0)


@pytest.mark.parametrize("loop", ["finds him out to me. " * 4, "no " * 6, "thank you. " * 4])
def test_the_same_words_over_and_over_are_a_loop(loop: str) -> None:
    assert repeats(said(loop).words)
    assert doubtful(heard(said(loop)), SETTINGS)


@pytest.mark.parametrize("text", ["no, no, no, I mean yes", "it was and it was not and it was"])
def test_people_may_repeat_themselves_a_little(text: str) -> None:
    assert not repeats(said(text).words)


def test_nobody_speaks_twelve_words_a_second() -> None:
    assert impossible_rate(said("a b c d e f g h i j k l", seconds=1.0), SETTINGS.max_word_rate)
    assert not impossible_rate(said("well yes", seconds=0.2), SETTINGS.max_word_rate)


def test_an_unsure_text_on_what_sounds_like_silence_is_dropped() -> None:
    assert not believable(
        said("Thank you.", no_speech_probability=0.8, average_logprob=-1.2), SETTINGS
    )
    assert believable(said("Thank you.", no_speech_probability=0.8), SETTINGS)


def test_what_a_second_listening_adds_must_be_surer_than_the_rest() -> None:
    assert believable(said("maybe", average_logprob=-0.9), SETTINGS)
    assert not certain(said("maybe", average_logprob=-0.9), SETTINGS)


def test_the_surer_reading_wins_and_a_loop_never_does() -> None:
    unsure, sure = heard(said("one", average_logprob=-0.9)), heard(said("two"))
    loop = heard(said("you and me " * 5, average_logprob=-0.1))
    assert better(unsure, sure, SETTINGS) is sure
    assert better(loop, unsure, SETTINGS) is unsure


def test_a_window_led_astray_by_the_text_before_it_is_read_without() -> None:
    class Led:
        hints: list[AsrHint] = []

        async def transcribe(self, window: Samples, hint: AsrHint) -> Hearing:
            self.hints.append(hint)
            text = "round and round " * 5 if hint.context else "a new sentence"
            seconds = len(window) / SAMPLE_RATE
            return replace(heard(said(text, seconds)), context=(1, 2), consumed=seconds)

    class Sound:
        length = 40 * SAMPLE_RATE

        def read(self, start: int, end: int) -> Samples:
            return np.zeros(end - start, np.float32)

    async def collect() -> list[Segment]:
        settings = SETTINGS.model_copy(update={"recover_gap": None})
        stage = AsrStage(Led(), settings, Sound())
        speech = [Speech(0, 40 * SAMPLE_RATE, ((0, 40 * SAMPLE_RATE),))]
        return [segment async for segment in fold(stage, speech)]

    texts = [s.text for s in asyncio.run(collect())]
    assert texts == ["a new sentence", "a new sentence"]
    assert [bool(h.context) for h in Led.hints] == [False, True, False]
