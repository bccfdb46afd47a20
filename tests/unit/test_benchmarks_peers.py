"""What peers are run with: environments, the runners' shared part, cuts, and the watch."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cuts import cut, cut_segments, cut_turns
from benchmarks.peers.environments import ENVIRONMENTS, make, requirements
from benchmarks.peers.running import (
    Heard,
    Turn,
    Word,
    by_overlap,
    nameless,
    perform,
    read_turns,
    read_words,
    segments,
    sentences,
    sound,
    write,
)
from benchmarks.recordings import Reference
from benchmarks.watching import watched


def test_what_a_peer_shares_with_parley_has_parleys_release() -> None:
    assert requirements(["senko==0.2.2", "torch=ours"], {"torch": "9.9"}.__getitem__) == [
        "senko==0.2.2",
        "torch==9.9",
    ]


def test_an_environment_is_made_once(tmp_path: Path) -> None:
    commands: list[list[str]] = []
    assert make("faster-whisper", tmp_path, commands.append)
    assert not make("faster-whisper", tmp_path, commands.append)
    assert [c[2] for c in commands] == ["venv", "pip"]
    assert commands[1][-len(ENVIRONMENTS["faster-whisper"]) :] == requirements(
        ENVIRONMENTS["faster-whisper"]
    )


def test_an_environment_with_other_requirements_is_made_anew(tmp_path: Path) -> None:
    make("senko", tmp_path, lambda _: None)
    (tmp_path / "senko" / "installed.txt").write_text("senko==0.1.0\n")
    assert make("senko", tmp_path, lambda _: None)


def test_a_runner_writes_what_it_heard_and_tells_its_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    heard = Heard([Word(0, 1, " hello"), Word(1, 2, " there", "B")], [Turn(0.5, 2, "B")])
    monkeypatch.setattr(sys, "argv", ["runner", "sound.flac", str(tmp_path / "out")])
    perform(lambda: lambda file: heard)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told.keys() == {"load", "run"}
    assert read_words(tmp_path / "out" / "sound") == heard.words
    assert read_turns(tmp_path / "out" / "sound") == heard.turns


def test_a_runner_writes_nothing_of_what_it_does_not_look_for(tmp_path: Path) -> None:
    write(tmp_path / "a.b", Heard(words=[]))
    write(tmp_path / "c", Heard(turns=[]))
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "a.b.seglst.json",
        "a.b.words.json",
        "c.rttm",
    ]


def test_a_segment_ends_where_the_speaker_changes_or_pauses() -> None:
    words = [
        Word(0, 1, "a", "A"),
        Word(1, 2, "b", "A"),
        Word(2, 3, "c", "B"),
        Word(9, 9.5, "d", "B"),
    ]
    found = [(s["speaker"], s["words"]) for s in segments("x", words)]
    assert found == [("A", "a b"), ("B", "c"), ("B", "d")]
    assert segments("x", [Word(0, 1, "a")])[0]["speaker"] == "UNKNOWN"


def test_a_sentence_ends_at_its_mark_or_at_a_pause() -> None:
    words = [Word(0, 1, "Yes."), Word(1, 2, "But"), Word(4, 5, "why?"), Word(5, 6, "So")]
    assert [[w.text for w in s] for s in sentences(words)] == [["Yes."], ["But"], ["why?"], ["So"]]


def test_a_word_is_said_by_who_talks_most_during_it_or_nearest_to_it() -> None:
    turns = [Turn(0, 1.2, "A"), Turn(1.05, 3, "B"), Turn(1.2, 1.4, "A")]
    words = [Word(1.2, 2, "B's"), Word(1.0, 1.25, "A's in two turns"), Word(5, 6, "late")]
    assert [w.speaker for w in by_overlap(words, turns)] == ["B", "A", "B"]
    assert by_overlap([Word(0, 1, "x")], [])[0].speaker == "UNKNOWN"


def test_turns_that_differ_in_names_only_are_the_same() -> None:
    ours = [Turn(1.0, 2.00041, "me"), Turn(0.0, 1.5, "you"), Turn(3, 4, "me")]
    theirs = [Turn(0.0, 1.5, "A"), Turn(1.0, 2.0002, "B"), Turn(3, 4, "B")]
    assert nameless(ours, 9) == nameless(theirs, 9)
    assert nameless(ours, 9) != nameless([*theirs[:2], Turn(3, 4, "A")], 9)


def test_turns_after_the_end_of_the_recording_make_no_difference() -> None:
    ours = [Turn(1, 4, "A")]
    assert nameless(ours, 4) == nameless([Turn(1, 4.3, "A"), Turn(4.6, 5, "B")], 4)


def test_references_are_cut_where_the_sound_is() -> None:
    said: list[dict[str, Any]] = [
        {"start_time": 0, "end_time": 5, "words": "kept"},
        {"start_time": 9, "end_time": 12, "words": "clipped"},
        {"start_time": 10, "end_time": 13, "words": "gone"},
    ]
    assert [(s["words"], s["end_time"]) for s in cut_segments(said, 10)] == [
        ("kept", 5),
        ("clipped", 10),
    ]
    lines = [f"SPEAKER x 1 {s} {d} <NA> <NA> A <NA> <NA>" for s, d in ((0, 5), (9, 3), (10, 3))]
    assert [line.split()[3:5] for line in cut_turns(lines, 10)] == [["0", "5.000"], ["9", "1.000"]]


def test_a_cut_recording_is_as_long_as_it_says(tmp_path: Path) -> None:
    import wave

    path, turns = tmp_path / "long.wav", tmp_path / "long.rttm"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(bytes(48_000 * 4 * 3))
    turns.write_text("SPEAKER long 1 1 2 <NA> <NA> A <NA> <NA>\n")
    short = cut(Reference("long", path, duration=3.0, turns=turns), 2, tmp_path / "cuts")
    assert (short.id, short.duration, short.words) == ("long", 2, None)
    assert len(sound(short.path)) == 2 * 16_000
    assert short.turns is not None and short.turns.read_text().split()[4] == "1.000"


def test_a_watched_process_is_counted_with_its_children(tmp_path: Path) -> None:
    spin = "import time\nwhile time.process_time() < 0.3: pass"
    script = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {spin!r}]); print('done')"
    )
    ran = watched([sys.executable, "-c", script], os.environ, tmp_path / "log.txt", 60)
    assert (ran.exit, ran.output) == (0, "done\n")
    assert ran.cpu > 0.3 and ran.resident > ran.anonymous > 0


def test_a_process_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    assert watched(command, os.environ, tmp_path / "log.txt", 0.3).exit == -9
