"""Chapters, evidence, headings and terms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.fakes import scripted_transcript
from stages.summarization.chapters import chapters
from stages.summarization.evidence import passages, weights
from stages.summarization.headings import sound_heading
from stages.summarization.keywords import Terms
from stages.summarization.sentences import Sentence, split
from stages.summarization.vectors import counted
from stages.summarization.words import Lexicon

MEETINGS = Path(__file__).parent.parent / "meetings"


def quarter(pace: float = 0.8) -> tuple[tuple[Sentence, ...], list[int]]:
    """The sentences of the quarterly meeting and where its topics truly begin."""
    script = (MEETINGS / "quarter_en.txt").read_text(encoding="utf-8")
    sentences = split(scripted_transcript(script, pace=pace))
    begins, utterance = [], 0
    for line in script.splitlines():
        if line.startswith("#"):
            begins.append(utterance)
        elif ":" in line:
            utterance += 1
    first = {s.utterance: s.index for s in reversed(sentences)}
    return sentences, [first[f"u{b + 1}"] for b in begins]  # type: ignore[index]


def test_chapters_begin_where_the_topics_do() -> None:
    sentences, begins = quarter()
    runs = chapters(sentences, counted(sentences), 360.0)
    assert 6 <= len(runs) <= 9
    near = [min(abs(r.start - b) for r in runs) <= 6 for b in begins]
    assert sum(near) >= 6


@settings(deadline=None, max_examples=25)
@given(pace=st.floats(0.3, 5), minutes=st.floats(0.5, 20))
def test_chapters_are_the_whole_meeting_in_order(pace: float, minutes: float) -> None:
    sentences, _ = quarter(pace)
    runs = chapters(sentences, counted(sentences), minutes * 60)
    assert [i for run in runs for i in run] == list(range(len(sentences)))
    utterances = [{s.utterance for s in sentences[r.start : r.stop]} for r in runs]
    assert sum(map(len, utterances)) == len(set().union(*utterances))


def test_a_short_meeting_is_one_chapter() -> None:
    sentences = split(scripted_transcript("A: The beta ships on Monday.\nB: Good."))
    assert chapters(sentences, counted(sentences), 360.0) == [range(len(sentences))]
    assert chapters((), np.zeros((0, 1), np.float32), 360.0) == []


def test_evidence_is_central_varied_and_within_its_limit() -> None:
    sentences, _ = quarter()
    part = sentences[:60]
    vectors = counted(part)
    chosen = passages(part, vectors, weights(part, vectors, Lexicon()), 4, 8)
    shown = [s for p in chosen for s in p.sentences]
    assert 2 <= len(chosen) <= 4
    assert len(shown) == len(set(shown)) <= 8
    assert all(len(s.content) >= 3 for p in chosen for s in [p.lead])
    assert [s.index for s in shown] == sorted(s.index for s in shown)


def test_a_sentence_that_points_back_brings_the_one_before() -> None:
    script = "A: The login crash is fixed. It was a race condition in the token refresh.\nB: Good."
    part = split(scripted_transcript(script))
    weight = np.array([0.5 if i == 1 else 0.0 for i in range(len(part))])
    (passage,) = passages(part, counted(part), weight, 3, 8)
    assert passage.text == "The login crash is fixed. It was a race condition in the token refresh."


def test_terms_are_what_was_said_not_how_or_by_whom() -> None:
    sentences, _ = quarter()
    terms = Terms(sentences, Lexicon(), ["Dana", "Tom", "Priya", "Marcus"])
    found = [k.term for k in terms.keywords(sentences)]
    assert {"file server", "data analyst"} <= set(found)
    assert not {"Tom", "okay", "week", "two", "thing"} & {t.casefold() for t in found}


def test_terms_cite_utterances_they_stand_in() -> None:
    sentences, _ = quarter()
    texts: dict[str, str] = {}
    for s in sentences:
        texts[s.utterance] = texts.get(s.utterance, "") + " " + s.text.casefold()
    for keyword in Terms(sentences, Lexicon()).keywords(sentences):
        assert 0 < keyword.weight <= 1
        assert keyword.term.casefold()[:4] in texts[keyword.evidence[0]]


PART = """A: Maria usually does the German translation of the welcome screen.
B: We should move the invitation to the end. It takes 3 days."""


@pytest.mark.parametrize(
    ("heading", "good"),
    [
        ("German translation", True),
        ("Translation of the welcome screen", True),
        ("Moving the invitation, German translation", True),
        ("Update on the invitation", True),
        ("Translation of the invitation", False),
        ("Translation of Maria", False),
        ("French translation", False),
        ("The invitation in 4 days", False),
        ("We should move the invitation", False),
        ("The invitation is moved. It takes days", False),
        ("Update", False),
        ("", False),
    ],
)
def test_a_heading_is_made_of_words_said_together(heading: str, good: bool) -> None:
    part = split(scripted_transcript(PART))
    assert (sound_heading(heading, part, Lexicon()) is not None) is good
