"""The result on a terminal: what was said is text and never an instruction to the terminal."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.meeting import Meeting
from pipeline.minutes import ActionItem, Chapter, Keyword, Minutes, Statement
from pipeline.types import Coverage, Span, Transcript
from serve.cli.result import LONG, SHOWN, Result
from stages.fakes import scripted_transcript

SCRIPT = """
Anna: We [red]ship[/red] on [link=x]Friday[/link].
Bernd: \x1b[31mAll right.\x07
Anna: Bernd will call [bold]Mr Smith[/bold].
"""


def printed(
    transcript: Transcript, minutes: Minutes | None, width: int = 80, brief: bool = False
) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    meeting = Meeting("t", "0" * 64, transcript, minutes)
    Result(meeting, "Plan [1]", (Path("m/t.json"), Path("m/t.md"))).print(console, brief=brief)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def minutes_of(transcript: Transcript) -> Minutes:
    first, _, last = transcript.utterances
    said = Statement(first.text, (first.id,))
    return Minutes(
        title="Plan [1]",
        overview=(said,),
        chapters=(Chapter("Ship it", Span(0, 3), (said,), (first.id,)),),
        decisions=(said,),
        action_items=(ActionItem("call Mr Smith", (last.id,), first.speaker, None, "today"),),
        questions=(),
        keywords=(Keyword("Friday", 1.0, (first.id,)),),
        talk_time=(),
        language="en",
        notes=("a note",),
    )


def test_brackets_are_text_and_control_characters_are_gone() -> None:
    transcript = scripted_transcript(SCRIPT)
    text = printed(transcript, minutes_of(transcript))
    assert "We [red]ship[/red] on [link=x]Friday[/link]." in text
    assert "Plan [1]" in text
    assert "\x1b" not in text and "\x07" not in text
    assert "�[31mAll right.�" in text


def test_every_point_carries_the_time_it_was_said_at() -> None:
    transcript = scripted_transcript(SCRIPT)
    text = printed(transcript, minutes_of(transcript))
    assert "• Anna: call Mr Smith (due: today) [00:0" in text
    assert "00:00–00:03 Ship it" in text
    assert "[00:00]" in text
    assert "a note" in text


def test_a_brief_result_is_the_overview() -> None:
    transcript = scripted_transcript(SCRIPT)
    text = printed(transcript, minutes_of(transcript), brief=True)
    assert "Overview" in text and "Anna" in text
    assert "Decisions" not in text and "Transcript" not in text


def test_of_a_long_meeting_the_beginning_is_shown_and_the_rest_is_named() -> None:
    said = "\n".join(f"{'Anna' if i % 2 else 'Bernd'}: line number {i}" for i in range(LONG + 10))
    text = printed(scripted_transcript(said), None)
    assert f"line number {SHOWN - 1}" in text and f"line number {SHOWN}" not in text
    assert f"… {LONG + 10 - SHOWN} more until" in text
    assert "all of it is in m/t.md" in text
    short = "\n".join(f"{'Anna' if i % 2 else 'Bernd'}: line number {i}" for i in range(LONG))
    assert f"line number {LONG - 1}" in printed(scripted_transcript(short), None)


@pytest.mark.parametrize("width", [30, 80, 120, 300])
def test_lines_fit_the_terminal_and_stay_readable(width: int) -> None:
    transcript = scripted_transcript(SCRIPT.replace("Anna", "Anna-Maria von und zu Hohenstein"))
    for line in printed(transcript, None, width).splitlines():
        assert len(line.rstrip()) <= min(width, 100)


def test_silence_is_said_to_be_silence() -> None:
    empty = Transcript((), (), None, 61.0, Coverage(0.0, 0.0))
    assert "No speech was heard." in printed(empty, None)


def test_what_is_missing_is_said_first() -> None:
    transcript = replace(
        scripted_transcript(SCRIPT),
        partial="the sound breaks off at 01:02",
        coverage=Coverage(10, 5, (Span(5, 10),)),
    )
    text = printed(transcript, None)
    assert text.index("breaks off at 01:02") < text.index("Transcript")
    assert "50% of the speech transcribed" in text
    assert "[speech not transcribed" in text


def test_a_consecutive_line_of_one_speaker_does_not_repeat_the_name() -> None:
    text = printed(scripted_transcript("Anna: one.\nAnna: two.\nBernd: three."), None)
    lines = text[text.index("Transcript") :].splitlines()
    assert ["Anna" in line for line in lines[1:4]] == [True, False, False]
