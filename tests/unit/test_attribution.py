"""Words find their speakers: by the posterior, by the voice of their phrase, never none."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.attribution import ONLY_SPEAKER, PhraseVoices, attribute, first_guess, viterbi
from pipeline.config import AttributionSettings
from pipeline.coverage import coverage
from pipeline.evidence import supported
from pipeline.phrases import phrases
from pipeline.reconciliation import _corrected, _Correction, _exchanged, _joined, reconciled
from pipeline.types import (
    SAMPLE_RATE,
    Diarization,
    Segment,
    Span,
    SpeakerId,
    SpeakerTurn,
    Speech,
    Word,
)
from pipeline.utterances import utterances

A, B = SpeakerId("S1"), SpeakerId("S2")
SETTINGS = AttributionSettings()


def words(*texts: str, start: float = 0.0, step: float = 0.4) -> tuple[Word, ...]:
    return tuple(
        Word(t, Span(start + i * step, start + (i + 1) * step - 0.05), 0.9)
        for i, t in enumerate(texts)
    )


def heard(*rows: tuple[float, float], centroids: bool = False) -> Diarization:
    """A diarization of two speakers, one row of posteriors for each 0.4 s."""
    posterior = np.repeat(np.array(rows, np.float32), 4, axis=0)
    turns = [
        SpeakerTurn(Span(i * 0.4, (i + 1) * 0.4), (A, B)[int(np.argmax(row))])
        for i, row in enumerate(rows)
        if max(row) > 0.5
    ]
    return Diarization(
        tuple(turns), tuple(turns), (A, B), posterior, 0.1, np.eye(2, dtype=np.float32)
    )


def speakers(segments: tuple[Segment, ...]) -> str:
    return "".join("A" if w.speaker == A else "B" for s in segments for w in s.words)


def test_a_single_wavering_word_stays_with_its_phrase() -> None:
    segment = Segment(words("we", "should", "ship", "it"), "en")
    found = attribute([segment], heard((0.9, 0), (0.9, 0), (0.4, 0.5), (0.9, 0)), SETTINGS)
    assert speakers(found) == "AAAA"
    wavering, sure = found[0].words[2].speaker_confidence, found[0].words[0].speaker_confidence
    assert wavering is not None
    assert sure is not None
    assert wavering < 0.5 < sure


def test_people_take_over_at_full_stops() -> None:
    segment = Segment(words("Ready?", "Yes", "sure"), "en")
    assert speakers(attribute([segment], heard((0.9, 0), (0, 0.9), (0, 0.9)), SETTINGS)) == "ABB"


def test_the_voice_of_a_phrase_outweighs_a_mistaken_posterior() -> None:
    segment = Segment(words("you", "were", "accusing", "people"), "en")
    mistaken = heard(*[(0.05, 0.9)] * 4)
    voices = PhraseVoices((range(4),), np.array([[0.9, 0.2]], np.float32))
    assert speakers(attribute([segment], mistaken, SETTINGS)) == "BBBB"
    found = attribute([segment], mistaken, SETTINGS, voices)
    assert speakers(found) == "AAAA"
    corrected = reconciled(mistaken, found)
    assert {t.speaker for t in corrected.turns} == {A}
    assert corrected.posterior[:16, 0].min() > 0.8


def test_a_phrase_too_short_for_a_voice_is_left_to_the_posterior() -> None:
    segment = Segment(words("yes"), "en")
    voices = PhraseVoices((range(1),), np.full((1, 2), np.nan, np.float32))
    assert speakers(attribute([segment], heard((0.1, 0.9)), SETTINGS, voices)) == "B"


def test_words_where_nobody_was_found_go_to_whoever_is_nearest() -> None:
    segment = Segment(words("hello", start=0.8), "en")
    assert speakers(attribute([segment], heard((0, 0.9), (0, 0.9), (0, 0)), SETTINGS)) == "B"


def test_words_without_any_speaker_get_the_only_one() -> None:
    nobody = Diarization((), (), (), np.zeros((10, 0), np.float32), 0.1)
    found = attribute([Segment(words("hello"), "en")], nobody, SETTINGS)
    assert found[0].words[0].speaker == ONLY_SPEAKER
    assert found[0].words[0].speaker_confidence == 0.0


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30),
    st.lists(st.floats(0, 12), min_size=1, max_size=30),
)
def test_no_word_is_left_without_a_speaker_and_none_is_lost(
    rows: list[tuple[float, float]], starts: list[float]
) -> None:
    said = tuple(Word(f"w{i}", Span(t, t + 0.3), 0.9) for i, t in enumerate(sorted(starts)))
    found = attribute([Segment(said, "en")], heard(*rows), SETTINGS)
    assert [w.text for s in found for w in s.words] == [w.text for w in said]
    assert all(w.speaker in (A, B) for s in found for w in s.words)
    kept = utterances(found, heard(*rows), SETTINGS)
    assert sorted(w.text for u in kept for w in u.words) == sorted(w.text for w in said)
    assert len({u.id for u in kept}) == len(kept)
    assert all(a.span.start <= b.span.start for a, b in pairwise(kept))
    for before, after in pairwise(reconciled(heard(*rows), found).turns):
        assert before.span.start <= after.span.start


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.floats(-5, 0), min_size=3, max_size=3), min_size=1, max_size=7))
def test_viterbi_finds_the_best_of_all_paths(rows: list[list[float]]) -> None:
    scores, costs = np.array(rows), np.full(len(rows), 1.3)

    def worth(path: list[int]) -> float:
        changes = sum(a != b for a, b in pairwise(path))
        return float(sum(scores[i, k] for i, k in enumerate(path)) - 1.3 * changes)

    paths: list[list[int]] = [[]]
    for _ in rows:
        paths = [[*p, k] for p in paths for k in range(3)]
    assert worth(viterbi(scores, costs)) >= max(map(worth, paths)) - 1e-9


def test_phrases_part_at_pauses_full_stops_and_changes_of_speaker() -> None:
    said = (*words("One.", "two", "three"), *words("four", start=2.0))
    assert phrases(said, [0, 0, 1, 1], SETTINGS) == [
        range(1), range(1, 2), range(2, 3), range(3, 4),
    ]  # fmt: skip
    assert first_guess(said, heard((0.9, 0), (0.9, 0)), SETTINGS) == [0, 0, 0, 0]


def test_utterances_end_at_silences_and_after_long_speech_at_a_full_stop() -> None:
    long = [*(f"w{i}" for i in range(79)), "end.", "Next"]
    segment = Segment(words(*long), "en")
    pause = Segment(words("later", start=60.0), "en")
    found = attribute([segment, pause], heard((0.9, 0)), SETTINGS)
    assert [u.words[0].text for u in utterances(found, heard((0.9, 0)), SETTINGS)] == [
        "w0", "Next", "later",
    ]  # fmt: skip


def test_talking_over_each_other_is_marked() -> None:
    both = heard((0.9, 0.8), (0.9, 0.8))
    found = attribute([Segment(words("no", "wait"), "en")], both, SETTINGS)
    assert utterances(found, both, SETTINGS)[0].overlapped


def test_coverage_names_speech_without_words() -> None:
    voice = (SAMPLE_RATE, 11 * SAMPLE_RATE)
    speech = [Speech(0, 12 * SAMPLE_RATE, (voice,))]
    found = coverage(speech, words("only", "these", start=1.0))
    assert found.speech == 10.0
    assert found.ratio < 0.2
    assert found.gaps == (Span(2.15, 11.0),)
    assert coverage([], []).ratio == 1.0


def test_unsure_words_where_the_diarizer_hears_nobody_are_dropped() -> None:
    quiet = heard((0.9, 0), (0, 0), (0, 0), (0, 0))
    said = Segment(words("hello"), "en")
    invented = Segment(tuple(replace(w, probability=0.4) for w in words("you", start=0.8)), "en")
    certain = Segment(words("minutes", "of", "the", start=0.6, step=0.2), "en")
    assert supported([said, invented, certain], quiet, SETTINGS) == [said, certain]
    nobody = Diarization((), (), (), np.zeros((10, 0), np.float32), 0.1)
    assert supported([invented], nobody, SETTINGS) == []


def test_corrections_in_one_sweep_are_the_corrections_one_by_one() -> None:
    rng = np.random.default_rng(4)

    def turns(count: int) -> list[SpeakerTurn]:
        starts = np.sort(rng.uniform(0, 60, count))
        ends = starts + rng.uniform(0.1, 6, count)
        names = rng.choice(["S1", "S2", "S3"], count)
        spans = (Span(*map(float, pair)) for pair in zip(starts, ends, strict=True))
        return [SpeakerTurn(s, SpeakerId(str(n))) for s, n in zip(spans, names, strict=True)]

    for _ in range(30):
        corrections = [
            _Correction(t.span, t.speaker, SpeakerId("S2" if t.speaker == "S1" else "S1"))
            for t in turns(8)
        ]
        said = turns(12)
        one_by_one = tuple(said)
        for correction in corrections:
            one_by_one = tuple(p for t in one_by_one for p in _exchanged(t, correction))
        assert set(_corrected(said, corrections)) == set(_joined(one_by_one))
