"""Decisions, action items and open questions are found where they were said, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.types import Transcript
from stages.fakes import scripted_transcript
from stages.summarization.cues import conversational
from stages.summarization.dates import due
from stages.summarization.decisions import decisions
from stages.summarization.people import People
from stages.summarization.questions import open_questions
from stages.summarization.sentences import split
from stages.summarization.tasks import Task, tasks
from stages.summarization.words import Lexicon

MEETINGS = Path(__file__).parent.parent / "meetings"


def meeting(name: str, language: str, *, named: bool = True) -> Transcript:
    script = (MEETINGS / f"{name}.txt").read_text(encoding="utf-8")
    return scripted_transcript(script, language, named=named)


def tasks_of(transcript: Transcript) -> list[Task]:
    sentences = split(transcript)
    return [t for t in tasks(sentences, People(transcript, sentences, Lexicon())) if t.plain]


def decided(transcript: Transcript) -> list[str]:
    return [d.text for d in decisions(split(transcript)) if d.plain]


def test_the_decisions_of_a_meeting_are_found() -> None:
    assert decided(meeting("product_en", "en")) == [
        "Let's ship the beta without offline editing, and we add it in the second release.",
        "We'll go with March 31st for the beta.",
        "Then let's do that. We test the new order for two weeks with half of the new users.",
        "No price increase for now.",
    ]


def test_in_a_rambling_meeting_only_what_was_meant_counts() -> None:
    transcript = meeting("remote_en", "en", named=False)
    assert decided(transcript) == [
        "Okay so no speech recognition.",
        "Let's say we go for the coating unless Steve says it's too much.",
    ]
    assert [t.shown for t in tasks_of(transcript)] == [
        "Tell marketing, they won't be happy",
        "Have them by Thursday – “I mean I could do some sketches.”",
        "Find out – “Does anyone know what kinetic costs?”",
        "Write this up and send it round tonight",
        "Bring the prototype next time, it should be finished by Monday",
    ]
    assert [q.text for q in open_questions(split(transcript), Lexicon())] == [
        "How many are we making in the first run?",
        "Does anyone know what kinetic costs?",
    ]


@pytest.mark.parametrize("name", ["podcast_en", "lecture_en"])
def test_an_interview_and_a_lecture_decide_nothing(name: str) -> None:
    assert decided(meeting(name, "en")) == []


def test_the_decisions_of_a_chinese_meeting_are_found() -> None:
    assert decided(meeting("product_zh", "zh")) == [
        "那我们决定测试版先不带离线编辑，第二个版本再加上。",
        "那就定在三月三十一号发布测试版。",
        "那我们做个实验吧，用一半的新用户测试两周。",
        "那暂时不涨价。",
    ]


def test_who_does_what_by_when() -> None:
    transcript = meeting("product_en", "en")
    found = {
        (transcript.name_of(t.owner) if t.owner else t.owner_name, t.text, t.due)
        for t in tasks_of(transcript)
    }
    assert found == {
        ("Ben", "Cut the release branch on Friday and send the build to the testers", "on Friday"),
        ("Chloe", "Prepare the release notes by Wednesday", "by Wednesday"),
        ("Chloe", "Update the screenshots in the app store listing", None),
        (
            "Chloe",
            "Write down the success criteria before we start, so we don't argue afterwards",
            "before we start",
        ),
        ("Ben", "Set up the experiment in the feature flag tool on Thursday", "on Thursday"),
        ("Anna", "Tell the support team about it, otherwise they'll be confused", None),
        ("Maria", "Do the German translation when she's back", "when she's back"),
        (
            "Anna",
            "Talk to finance about the annual discount and come back to you next week",
            "next week",
        ),
        ("Anna", "Ask them about the invoices", None),
    }  # fmt: skip


def test_a_name_no_speaker_is_known_by_stays_a_name() -> None:
    transcript = meeting("product_en", "en", named=False)
    notes = next(t for t in tasks_of(transcript) if "release notes" in t.text)
    assert (notes.owner, notes.owner_name) == (None, "Chloe")


def test_whoever_says_yes_to_an_unnamed_request_owns_it() -> None:
    script = "A: Can you book the room for Monday?\nB: Sure, no problem.\nC: Good."
    (task,) = tasks_of(scripted_transcript(script))
    assert (task.owner, task.due, task.evidence) == ("S2", "for Monday", ("u1", "u2"))


def test_a_request_that_is_refused_is_no_task() -> None:
    script = "A: Can you send the report by Friday?\nB: No, I'm away.\nC: Hm."
    assert tasks_of(scripted_transcript(script)) == []


@pytest.mark.parametrize(
    "said",
    [
        "I'll be honest, I don't like the colour of it.",
        "I'll put it this way, nobody uses that feature.",
        "Can you hear me now in the back?",
        "I'll share my screen with the figures.",
        "I will never send a report to that company again.",
        "If you pay for it, I'll book the room.",
        "I'll give you an example of such a contract.",
    ],
)
def test_a_manner_of_speaking_is_no_task(said: str) -> None:
    assert tasks_of(scripted_transcript(f"A: {said}\nB: Right, yeah.\nC: Mm.")) == []


@pytest.mark.parametrize(
    "said",
    [
        "Let's look at the next slide with the numbers.",
        "Let's say it costs ten euros per month.",
        "Have we decided on the new supplier for the boxes?",
        "If we go with the new supplier, it gets cheaper.",
        "We haven't decided on the supplier for the boxes.",
    ],
)
def test_steering_the_talk_is_no_decision(said: str) -> None:
    assert decided(scripted_transcript(f"A: {said}\nB: Okay.\nA: Yeah.")) == []


def test_only_questions_put_off_are_open() -> None:
    transcript = meeting("product_en", "en")
    found = open_questions(split(transcript), Lexicon())
    assert [q.text for q in found] == [
        "Does anybody know whether the app store review takes longer over Easter?",
        "Would the discount also apply to existing customers?",
    ]
    assert all(len(q.evidence) == 2 for q in found)


def test_a_long_meeting_does_not_drown_in_open_questions() -> None:
    asked = "A: What is the new budget for project {0} and vendor {0}?\nB: I don't know yet.\n"
    transcript = scripted_transcript("".join(asked.format(f"x{i}") for i in range(200)))
    assert 3 <= len(open_questions(split(transcript), Lexicon())) <= 12


def test_read_out_prose_is_told_from_conversation() -> None:
    prose = (
        "A: he should notice the position and temperature of the body the condition of the room\n"
        "B: replied he of a truth i heard him not and i will send her a letter and folks are all "
        "sleeping\nA: then said the servant let us go and point him out to me by the river at night"
        "\nB: when she heard the first song she called to mind her father and her mother and wept"
    )
    assert not conversational(split(scripted_transcript(prose)))
    assert conversational(split(meeting("quarter_en", "en")))


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("I'll send it by the end of next week.", "by the end of next week"),
        ("I'll send it by Friday, I think.", "by Friday"),
        ("I'll send it on the 24th.", "on the 24th"),
        ("I'll send it by March 31st.", "by March 31st"),
        ("I'll send it tomorrow morning.", "tomorrow morning"),
        ("I'll send it in two weeks.", "in two weeks"),
        ("I'll send it as soon as the slots are booked.", "as soon as the slots are booked"),
        ("I'll send the Friday report.", None),
        ("I'll march to the office.", None),
    ],
)
def test_when_something_is_due_is_told_in_the_words_said(said: str, when: str | None) -> None:
    assert due(said, "en") == when


@pytest.mark.parametrize(
    ("said", "when"),
    [("我周五之前发给大家。", "周五之前"), ("下周再说。", "下周"), ("月底前完成。", "月底前"),
     ("我来写。", None)],
)  # fmt: skip
def test_chinese_dates_are_told_in_the_words_said(said: str, when: str | None) -> None:
    assert due(said, "zh") == when


@pytest.mark.parametrize(
    ("language", "script", "decision", "task"),
    [
        (
            "de",
            "A: Dann machen wir die Schulung im Herbst in Lyon.\nB: Ja, gut.\n"
            "A: Ich schicke den Entwurf morgen an die Anwälte.\nB: Okay.",
            "Schulung",
            "Entwurf",
        ),
        (
            "fr",
            "A: On a décidé de reporter la formation à Lyon.\nB: Oui, d'accord.\n"
            "A: Je vais envoyer le brouillon aux avocats demain.\nB: Ok.",
            "formation",
            "brouillon",
        ),
        (
            "es",
            "A: Hemos decidido mover la formación al otoño.\nB: Sí, vale.\n"
            "A: Voy a enviar el borrador a los abogados mañana.\nB: Vale.",
            "formación",
            "borrador",
        ),
    ],
)
def test_other_languages_have_their_own_wording(
    language: str, script: str, decision: str, task: str
) -> None:
    transcript = scripted_transcript(script, language)
    assert [decision in text for text in decided(transcript)] == [True]
    assert [task in t.text for t in tasks_of(transcript)] == [True]
