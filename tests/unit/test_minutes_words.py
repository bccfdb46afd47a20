"""Words, sentences and readable speech, in languages with and without spaces."""

from __future__ import annotations

import pytest

from pipeline.types import Span, SpeakerId, Transcript, Utterance, UtteranceId, Word
from stages.fakes import scripted_transcript
from stages.summarization.sentences import split
from stages.summarization.tidy import tidied
from stages.summarization.words import Lexicon, stem, tokens


def transcript_of(text: str, language: str = "en", gap_before: int | None = None) -> Transcript:
    words, now = [], 0.0
    for i, part in enumerate(text.split()):
        now += 0.9 if i == gap_before else 0.0
        words.append(Word(part, Span(now, now + 0.3), 0.9))
        now += 0.3
    utterance = Utterance(UtteranceId("u1"), SpeakerId("S1"), tuple(words), language)
    base = scripted_transcript("A: x")
    return Transcript((utterance,), base.speakers, language, now, base.coverage)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("So, um, the login crash is fixed.", "The login crash is fixed."),
        ("I I think we need it.", "I think we need it."),
        ("Okay. Yes, we had a we had a long problem.", "We had a long problem."),
        ("It was, you know, more like two.", "It was more like two."),
        ("Um, does anybody know?", "Does anybody know?"),
        ("No, we don't.", "No, we don't."),
        ("Uh-huh.", "Uh-huh."),
    ],
)
def test_speech_is_made_readable_without_changing_what_was_said(said: str, shown: str) -> None:
    assert tidied(said, "en") == shown


@pytest.mark.parametrize(
    "said", ["Call two two five five.", "It is very very old.", "That was 20 20.", "No no no."]
)
def test_numbers_and_emphasis_are_never_taken_for_stumbling(said: str) -> None:
    assert tidied(said, "en") == said


def test_chinese_fillers_go_and_the_rest_stays() -> None:
    assert tidied("嗯，登录崩溃已经修好了。", "zh") == "登录崩溃已经修好了。"


def test_a_long_utterance_is_cut_at_its_full_stops() -> None:
    meeting = scripted_transcript("A: One is done. Dr. Lee paid 3.5 euros, e.g. today. Is it? Yes!")
    assert [s.text for s in split(meeting)] == [
        "One is done.",
        "Dr. Lee paid 3.5 euros, e.g. today.",
        "Is it?",
        "Yes!",
    ]


def test_chinese_is_cut_at_its_own_full_stops() -> None:
    meeting = scripted_transcript("王: 已经修好了。什么时候发布？三月。", "zh")
    assert [s.text for s in split(meeting)] == ["已经修好了。", "什么时候发布？", "三月。"]


def test_speech_without_punctuation_is_cut_at_its_longest_pause() -> None:
    meeting = transcript_of(" ".join(f"word{i}" for i in range(60)), gap_before=25)
    assert [len(s.text.split()) for s in split(meeting)] == [25, 35]


def test_every_word_of_the_transcript_is_in_exactly_one_sentence() -> None:
    meeting = transcript_of(" ".join(f"word{i}" for i in range(200)))
    assert " ".join(s.text for s in split(meeting)) == meeting.utterances[0].text


@pytest.mark.parametrize(
    ("one", "other"),
    [("tests", "testing"), ("planned", "plan"), ("companies", "company"), ("sent", "sends")],
)
def test_forms_of_an_english_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one, "en") == stem(other, "en")


def test_chinese_is_segmented_without_a_warning_or_a_word_on_the_screen(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert "登录" in tokens("登录崩溃已经修好了", "zh")
    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err == ""


def test_japanese_content_is_its_kanji_and_katakana() -> None:
    assert Lexicon().content("サーバーの障害を修正しました", "ja") == ["サーバー", "障害", "修正"]


def test_an_unknown_language_gets_its_function_words_by_counting() -> None:
    texts = [(f"og den skip{i} er kommet til havn{i}", "da") for i in range(30)]
    lexicon = Lexicon(texts)
    assert lexicon.content("og den skip3 er", "da") == [stem("skip3", "da")]
