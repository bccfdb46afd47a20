"""Corrections by a person: times kept, words never lost to a later pass."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corrections import carried
from pipeline.editing import given_to, reworded
from pipeline.errors import EditInvalid
from pipeline.types import (
    Coverage,
    Span,
    Speaker,
    SpeakerId,
    Transcript,
    Utterance,
    UtteranceId,
    Word,
    join_words,
)


def utterance(text: str, start: float = 0.0, speaker: str = "S1", name: str = "u1") -> Utterance:
    words = tuple(
        Word(w, Span(start + i, start + i + 0.5), 0.5, SpeakerId(speaker))
        for i, w in enumerate(text.split())
    )
    return Utterance(UtteranceId(name), SpeakerId(speaker), words, "en")


def transcript(*said: Utterance, named: dict[str, str] | None = None) -> Transcript:
    ids = dict.fromkeys(u.speaker for u in said)
    names = named or {}
    speakers = tuple(Speaker(s, names.get(s, f"Speaker {s}"), 1.0, named=s in names) for s in ids)
    return Transcript(said, speakers, "en", 100.0, Coverage(1.0, 1.0))


def test_words_that_stay_keep_their_times() -> None:
    before = utterance("we ship on monday")
    after = reworded(before, "We ship on Tuesday morning")
    assert [w.text for w in after.words] == ["We", "ship", "on", "Tuesday", "morning"]
    assert [w.span for w in after.words[1:3]] == [w.span for w in before.words[1:3]]
    assert after.words[3].span.start == 3.0 and after.words[4].span.end == 3.5
    assert after.revision == 1 and after.corrected and after.id == before.id


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(EditInvalid, match="empty"):
        reworded(utterance("hello"), "  \n")


@given(st.text(alphabet="ab ,.会议纪要", min_size=1).filter(lambda t: t.strip(" ")))
def test_what_a_person_writes_is_what_stands_there(text: str) -> None:
    after = reworded(utterance("a b 会 议 ab"), text)
    assert join_words(after.words) == " ".join(text.split())
    spans = [w.span for w in after.words]
    assert spans == sorted(spans)
    assert all(0 <= s.start <= s.end <= 4.5 for s in spans)


def test_another_speaker_takes_the_words_too() -> None:
    after = given_to(utterance("yes"), SpeakerId("S2"))
    assert after.speaker == "S2" and after.words[0].speaker == "S2"


def test_a_corrected_utterance_takes_the_place_of_what_a_later_pass_heard() -> None:
    before = transcript(utterance("a b c"), utterance("d e f", 10, "S2", "u2"))
    fixed = reworded(before.utterances[1], "dee e f")
    before = replace(before, utterances=(before.utterances[0], fixed))
    after = transcript(utterance("A B C", 0, "S2", "u1"), utterance("x y z", 9, "S1", "u2"))
    result = carried(before, after)
    texts = [(u.text, u.speaker) for u in result.utterances]
    assert texts == [("A B C", "S2"), ("x", "S1"), ("dee e f", "S1")]
    assert len({u.id for u in result.utterances}) == 3


def test_a_name_stays_with_the_voice() -> None:
    before = transcript(utterance("a b c"), utterance("d e f", 10, "S2", "u2"), named={"S2": "Ada"})
    after = transcript(utterance("a b c", 0, "S2"), utterance("d e f", 10, "S1", "u2"))
    names = {s.id: s.name for s in carried(before, after).speakers}
    assert names == {"S2": "Speaker S2", "S1": "Ada"}


def test_a_speaker_nobody_has_any_more_keeps_what_a_person_gave_them() -> None:
    before = transcript(utterance("a b c"), utterance("d", 10, "S2", "u2"))
    fixed = given_to(before.utterances[1], SpeakerId("S3"))
    speakers = (*before.speakers, Speaker(SpeakerId("S3"), "Bob", 0.0, named=True))
    before = replace(before, utterances=(before.utterances[0], fixed), speakers=speakers)
    after = transcript(utterance("a b c d", 0, "S1"), utterance("g", 20, "S3", "u2"))
    result = carried(before, after)
    said = next(u for u in result.utterances if u.corrected)
    assert {s.id: s.name for s in result.speakers}[said.speaker] == "Bob"
    assert [u.text for u in result.utterances if u.speaker == "S3"] == ["g"]


def test_without_corrections_nothing_changes() -> None:
    after = transcript(utterance("x"))
    assert carried(transcript(utterance("y")), after) is after
