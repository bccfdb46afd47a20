"""Exports on disk: distinct names, whole files, nothing overwritten unasked."""

import dataclasses
import os
import re
import unicodedata
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import OutputExists, UsageError
from pipeline.exports import FORMATS, distinct_stems, output_paths, write_exports
from pipeline.minutes import Minutes
from pipeline.types import (
    Coverage,
    Span,
    Speaker,
    SpeakerId,
    Transcript,
    Utterance,
    UtteranceId,
    Word,
)

WORD = Word("Hello.", Span(0, 0.5), 0.9, SpeakerId("S1"), 0.9)
HELLO = Transcript(
    (Utterance(UtteranceId("1"), SpeakerId("S1"), (WORD,), "en"),),
    (Speaker(SpeakerId("S1"), "Ann"),),
    "en",
    1.0,
    Coverage(0.5, 0.5),
)
SILENT = Transcript((), (), None, 1.0, Coverage(0, 0))


def test_each_format_is_written_under_its_own_suffix(tmp_path):
    paths = write_exports(tmp_path / "new" / "out", "a.b", FORMATS, HELLO)
    assert sorted(p.name for p in paths) == [
        *("a.b.docx", "a.b.json", "a.b.md", "a.b.rttm"),
        *("a.b.seglst.json", "a.b.srt", "a.b.txt", "a.b.vtt"),
    ]
    assert sorted((tmp_path / "new" / "out").iterdir()) == sorted(paths)


def test_nothing_is_overwritten_unasked_and_nothing_else_is_written_then(tmp_path):
    (tmp_path / "a.md").write_text("mine")
    with pytest.raises(OutputExists, match=r"a\.md.*--overwrite"):
        write_exports(tmp_path, "a", ["txt", "md"], HELLO)
    assert [p.name for p in tmp_path.iterdir()] == ["a.md"]
    write_exports(tmp_path, "a", ["txt", "md"], HELLO, overwrite=True)
    assert "Hello." in (tmp_path / "a.md").read_text()


def test_the_same_result_may_be_written_again(tmp_path):
    first = write_exports(tmp_path, "a", FORMATS, HELLO)
    before = [p.stat().st_mtime_ns for p in first]
    assert write_exports(tmp_path, "a", FORMATS, HELLO) == first
    assert [p.stat().st_mtime_ns for p in first] == before
    with pytest.raises(OutputExists):
        write_exports(tmp_path, "a", FORMATS, SILENT)


def test_a_file_that_appears_meanwhile_is_kept(tmp_path, monkeypatch):
    write = Path.write_bytes

    def race(path: Path, content: bytes) -> int:
        write(tmp_path / "a.txt", b"theirs")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", race)
    with pytest.raises(OutputExists):
        write_exports(tmp_path, "a", ["txt"], HELLO)
    assert (tmp_path / "a.txt").read_bytes() == b"theirs"
    assert len(list(tmp_path.iterdir())) == 1


def test_file_systems_without_hard_links_will_do(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    (path,) = write_exports(tmp_path, "a", ["txt"], HELLO)
    assert "Hello." in path.read_text()


def test_a_folder_that_cannot_be_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"file.*cannot be written"):
        write_exports(tmp_path / "file" / "out", "a", ["txt"], HELLO)


def test_an_unknown_format_names_the_known_ones(tmp_path):
    with pytest.raises(UsageError, match=r"'pdf' is not known: expected one of json, txt, md"):
        output_paths(tmp_path, "a", ["txt", "pdf"])


@pytest.mark.parametrize(
    ("paths", "stems"),
    [
        (["x/a.wav"], ["a"]),
        (["x/a.wav", "x/b.wav"], ["a", "b"]),
        (["mon/a.wav", "tue/a.wav"], ["mon-a", "tue-a"]),
        (["x/a.wav", "x/a.mp3"], ["a", "a-2"]),
        (["x/A.wav", "x/a.wav"], ["A", "a-2"]),
        (["x/a.wav", "x/a.mp3", "x/a-2.wav"], ["a", "a-3", "a-2"]),
        (
            ["x/a:b?.wav", "x/ .wav", "x/NUL.wav", "x/会议.m4a"],
            ["a-b-", "recording", "_NUL", "会议"],
        ),
        (["x/a.wav", "x/a.seglst.wav"], ["a", "a-seglst"]),
        (["x/.wav"], ["wav"]),
        (["x/v1.2 final.wav"], ["v1.2 final"]),
    ],
)
def test_stems_are_the_files_own_as_far_as_they_differ(paths, stems):
    assert list(distinct_stems(map(Path, paths)).values()) == stems


names = st.text(min_size=1, max_size=20).map(lambda t: t.replace("/", "-").replace("\x00", "-"))


@settings(max_examples=40, deadline=None)
@given(st.lists(names | st.sampled_from(["a.wav", "A.mp3", "a-2.wav", "con.x", "é.a", "é.a"])))
def test_stems_never_meet_on_any_file_system(found):
    paths = [Path("folder") / name for name in found if name not in (".", "..")]
    stems = distinct_stems(paths)
    assert set(stems) == set(paths)
    assert stems == distinct_stems(paths)
    folded = [unicodedata.normalize("NFC", s).casefold() for s in stems.values()]
    assert len(set(folded)) == len(folded)
    for stem in stems.values():
        assert 0 < len(stem.encode()) <= 200
        assert not set('<>:"/\\|?*\n\t') & set(stem)
        assert not stem.startswith((".", " "))
        assert not stem.endswith((".", " "))


def test_the_documentation_names_every_format_and_every_key():
    text = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()
    for name, form in FORMATS.items():
        assert f"| `{name}` | `{form.suffix}` |" in text
    for type_ in [*_types(Transcript), *_types(Minutes)]:
        for field in dataclasses.fields(type_):
            assert re.search(rf"`([\w.…]+\.)?{field.name}(\[\])?`", text), f"{type_}: {field.name}"


def _types(type_: type) -> set[type]:
    """`type_` and the dataclasses its fields are made of."""
    found = {type_}
    for hint in get_type_hints(type_).values():
        for inner in [hint, *get_args(hint)]:
            if dataclasses.is_dataclass(inner) and isinstance(inner, type):
                found |= _types(inner)
    return found
