"""Every format, re-read by the libraries of the trade: no word lost, nothing misread as markup."""

import html
import io
import json
import re

import meeteval
import pysubs2
import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pyannote.database.util import load_rttm

from pipeline.errors import DocumentInvalid
from pipeline.exports import FORMATS, ExportContext, read_json
from pipeline.exports.cues import COLUMNS, LONGEST, SHORTEST, columns, cues
from pipeline.exports.reading import one_line
from pipeline.exports.subtitles import JOINER
from pipeline.minutes import (
    ActionItem,
    Chapter,
    Keyword,
    Minutes,
    Statement,
    TalkTime,
)
from pipeline.types import (
    Coverage,
    Span,
    Speaker,
    SpeakerId,
    SpeakerTurn,
    Transcript,
    Utterance,
    UtteranceId,
    Word,
)

CONTEXT = ExportContext("team meeting", "Team meeting")
NASTY = [
    *("<b>", "</v>", "-->", "**bold**", "_x_", "`code`", "{\\an8}", "{x}", "&amp;", "|", "[a](b)"),
    *("1.", "-", "#", "2024", "C:\\Nnew", "$5", "a\nb", "\x00", "\u2028", "~~", "<!--", "é", "𝄞"),
    *(
        "WEBVTT",
        "NOTE",
        "00:00:01,000",
        "会议",
        "，",
        "x" * 50,
        "字" * 30,
        '"',
        "'",
        "=",
        "---",
        ">",
    ),
]


def transcript_of(*lines, names=None, step=0.4, **more) -> Transcript:
    """Utterances ("S1", "the words") one after another, each word `step` seconds."""
    at, utterances = 0.0, []
    for i, (speaker, text) in enumerate(lines):
        words = []
        for token in text.split():
            words.append(Word(token, Span(at, at + step), 0.9, SpeakerId(speaker), 0.8))
            at += step
        utterances.append(Utterance(UtteranceId(f"id-{i}"), SpeakerId(speaker), tuple(words), "en"))
        at += 0.2
    speakers = dict.fromkeys(speaker for speaker, _ in lines)
    shown = names or {}
    return Transcript(
        tuple(utterances),
        tuple(Speaker(SpeakerId(s), shown.get(s, f"Name of {s}")) for s in speakers),
        more.pop("language", "en"),
        more.pop("duration", at),
        more.pop("coverage", Coverage(at, at)),
        **more,
    )


EMPTY = Transcript((), (), None, 12.0, Coverage(0, 0))
TWO = transcript_of(
    ("S1", "Good morning everybody. Shall we begin?"), ("S2", "Yes, let us begin."), ("S1", "Fine.")
)
FIRST, SECOND = TWO.utterances[0].id, TWO.utterances[1].id
MINUTES = Minutes(
    title="Beginning",
    overview=(Statement("They begin *now*.", (FIRST, SECOND), extractive=False),),
    chapters=(
        Chapter("Greeting", Span(0, 3), (Statement("Good morning.", (FIRST,)),), (FIRST, SECOND)),
    ),
    decisions=(Statement("To begin.", (SECOND,)),),
    action_items=(
        ActionItem("Begin | at once", (SECOND,), owner=SpeakerId("S2"), due="tomorrow"),
        ActionItem("Bring coffee", (FIRST,), owner_name="Dana"),
    ),
    questions=(Statement("Shall we begin?", (FIRST,)),),
    keywords=(Keyword("morning", 0.5, (FIRST,)), Keyword("begin", 1.0, (FIRST,))),
    talk_time=(TalkTime(SpeakerId("S1"), 3.2, 0.8),),
    language="en",
    notes=("No language model was used.",),
)


def export(name, transcript, minutes=None, context=CONTEXT) -> bytes:
    return FORMATS[name].write(transcript, minutes, context)


texts = st.sampled_from(NASTY) | st.text(min_size=1, max_size=12)
spans = st.tuples(st.integers(0, 10**7), st.integers(0, 10**5)).map(
    lambda p: Span(p[0] / 1000, (p[0] + p[1]) / 1000)
)


@st.composite
def transcripts(draw) -> Transcript:
    """Up to six utterances one after another, of any words, by speakers of any names."""
    at, utterances = 0, []
    count = draw(st.integers(0, 6))
    for i in range(count):
        words = []
        for _ in range(draw(st.integers(1, 25))):
            length, rest = draw(st.integers(0, 900)), draw(st.sampled_from([0, 0, 0, 80, 1500]))
            span = Span(at / 1000, (at + length) / 1000)
            words.append(Word(draw(texts), span, 0.5, None, None, draw(st.booleans())))
            at += length + rest
        speaker = SpeakerId(draw(st.sampled_from(["S1", "S2", "S3"])))
        utterances.append(Utterance(UtteranceId(str(i)), speaker, tuple(words), "en"))
        at += 1
    speakers = tuple(Speaker(SpeakerId(s), draw(texts)) for s in ("S1", "S2", "S3"))
    gaps = draw(st.lists(spans, max_size=2))
    coverage = Coverage(9.5, 7.25, tuple(sorted(gaps)))
    turns = tuple(SpeakerTurn(s, SpeakerId("S1"), 0.5) for s in draw(st.lists(spans, max_size=2)))
    partial = draw(st.none() | texts)
    return Transcript(
        tuple(utterances), speakers, "en", at / 1000, coverage, turns, partial, (draw(texts),)
    )


@st.composite
def minutes_of(draw, transcript: Transcript) -> Minutes:
    ids = [u.id for u in transcript.utterances] or [UtteranceId("none")]
    evidence = st.lists(st.sampled_from(ids), min_size=1, max_size=2).map(tuple)
    statement = st.builds(Statement, texts, evidence, st.booleans())
    statements = st.lists(statement, max_size=2).map(tuple)
    speaker = st.sampled_from([SpeakerId("S1"), SpeakerId("S2")])
    maybe = st.none() | texts
    item = st.builds(ActionItem, texts, evidence, st.none() | speaker, maybe, maybe, st.booleans())
    chapter = st.builds(Chapter, texts, spans, statements, st.just(tuple(ids)))
    return Minutes(
        draw(texts),
        draw(statements),
        tuple(draw(st.lists(chapter, max_size=2))),
        draw(statements),
        tuple(draw(st.lists(item, max_size=2))),
        draw(statements),
        (Keyword(draw(texts), 0.5, draw(evidence)),),
        (TalkTime(SpeakerId("S1"), 2.5, 0.5),),
        draw(st.none() | st.just("zh")),
        draw(texts),
        (draw(texts),),
    )


both = transcripts().flatmap(lambda t: st.tuples(st.just(t), st.none() | minutes_of(t)))
many = settings(max_examples=30, deadline=None)


@many
@given(both)
def test_json_gives_back_exactly_what_went_in(pair):
    transcript, minutes = pair
    assert read_json(export("json", transcript, minutes)) == (transcript, minutes)


@many
@given(both)
def test_no_word_is_lost_in_plain_text(pair):
    assert_spoken(export("txt", *pair).decode().split("TRANSCRIPT\n", 1)[1], pair[0])


@many
@given(both)
def test_no_word_is_lost_in_markdown(pair):
    _, _, transcript = _rendered(export("md", *pair)).rpartition("\nTranscript\n")
    assert_spoken(transcript, pair[0])


@many
@given(transcripts())
def test_no_word_is_lost_in_srt(transcript):
    read = pysubs2.SSAFile.from_string(export("srt", transcript).decode(), format_="srt")
    assert_spoken("".join(e.text.replace("\\N", " ") for e in read), transcript, exactly=False)


@many
@given(transcripts())
def test_no_word_is_lost_in_vtt(transcript):
    shown = "".join(text for _, _, _, text in _vtt(export("vtt", transcript).decode()))
    assert squeezed(shown) == "".join(map(spoken, transcript.utterances))


@settings(max_examples=15, deadline=None)
@given(both)
def test_no_word_is_lost_in_docx(pair):
    document = Document(io.BytesIO(export("docx", *pair)))
    texts = [p.text for p in document.paragraphs]
    after = len(texts) - texts[::-1].index("Transcript")
    assert_spoken("\n".join(texts[after:]), pair[0])


@many
@given(transcripts())
def test_no_word_is_lost_in_seglst(transcript):
    segments = json.loads(export("seglst", transcript))
    assert [squeezed(s["words"]) for s in segments] == list(map(spoken, transcript.utterances))


@many
@given(transcripts())
def test_cues_can_be_read_and_come_in_order(transcript):
    found = cues(transcript)
    assert [c.start for c in found] == sorted(c.start for c in found)
    for cue in found:
        assert 1 <= len(cue.lines) <= 2
        assert all(0 < columns(line) <= COLUMNS for line in cue.lines)
        assert 0 < cue.end - cue.start <= LONGEST + 0.001


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("minutes", [None, MINUTES])
def test_the_same_meeting_gives_the_same_bytes(name, minutes):
    assert export(name, TWO, minutes) == export(name, TWO, minutes)


def test_srt_is_read_by_pysubs2_with_times_and_speakers():
    read = pysubs2.SSAFile.from_string(export("srt", TWO).decode())
    assert [e.text for e in read] == [
        "Name of S1: Good morning everybody.\\NShall we begin?",
        "Name of S2: Yes, let us begin.",
        "Name of S1: Fine.",
    ]
    assert [(e.start, e.end) for e in read] == [(0, 2500), (2600, 4200), (4400, 5000)]


def test_vtt_is_read_by_pysubs2_and_carries_voice_tags():
    text = export("vtt", TWO).decode()
    assert len(pysubs2.SSAFile.from_string(text)) == 3
    assert text.startswith("WEBVTT\n\n")
    assert "<v Name of S2>Yes, let us begin.</v>" in text


def test_a_name_is_shown_in_srt_only_where_the_speaker_changes():
    text = export("srt", transcript_of(("S1", "One."), ("S1", "Two."), ("S2", "Three."))).decode()
    assert text.count("Name of S1:") == 1
    assert text.count("Name of S2:") == 1


def test_a_long_speech_is_parted_at_sentences_and_each_cue_stays_a_readable_while():
    sentence = "We have looked at the figures of the last quarter. "
    found = cues(transcript_of(("S1", sentence * 12)))
    assert all(cue.lines[-1].endswith("quarter.") for cue in found)
    assert all(SHORTEST <= cue.end - cue.start <= LONGEST for cue in found)


def test_a_short_word_stays_a_second_where_there_is_room():
    words = transcript_of(("S1", "Yes."), step=0.2, duration=30.0)
    assert [(c.start, c.end) for c in cues(words)] == [(0.0, 1.0)]


def test_people_who_talk_at_once_keep_their_own_words():
    ann = transcript_of(("A", "I think we should wait."))
    ben = transcript_of(("B", "No we should not wait."))
    merged = Transcript(
        ann.utterances + ben.utterances, ann.speakers + ben.speakers, "en", 3, Coverage(3, 3)
    )
    said = {speaker: text for _, _, speaker, text in _vtt(export("vtt", merged).decode())}
    assert said == {
        "Name of A": "I think we should wait.",
        "Name of B": "No we should not wait.",
    }


def test_chinese_is_written_without_spaces():
    words = tuple(
        Word(text, Span(i * 0.2, i * 0.2 + 0.2), 0.9, SpeakerId("S1"), 0.9, glued=i > 0)
        for i, text in enumerate(["我们", "今天", "开会", "，", "讨论", "预算", "。"])
    )
    zh = Utterance(UtteranceId("1"), SpeakerId("S1"), words, "zh")
    speaker = Speaker(SpeakerId("S1"), "王芳")
    transcript = Transcript((zh,), (speaker,), "zh", 2, Coverage(2, 2))
    for name in ("txt", "srt", "vtt", "seglst", "json", "md"):
        assert "我们今天开会，讨论预算。" in export(name, transcript).decode(), name
        assert name == "seglst" or "王芳" in export(name, transcript).decode(), name


def test_long_chinese_lines_are_parted_at_full_width():
    words = tuple(
        Word("字", Span(i * 0.2, i * 0.2 + 0.2), 0.9, SpeakerId("S1"), 0.9, glued=i > 0)
        for i in range(60)
    )
    zh = Utterance(UtteranceId("1"), SpeakerId("S1"), words, "zh")
    found = cues(Transcript((zh,), (), "zh", 12, Coverage(12, 12)))
    assert all(len(line) <= COLUMNS // 2 for cue in found for line in cue.lines)
    assert sum(len(line) for cue in found for line in cue.lines) == 60


def test_rttm_is_read_by_pyannote_and_prefers_the_turns(tmp_path):
    turns = (
        SpeakerTurn(Span(0, 1.5), SpeakerId("S1")),
        SpeakerTurn(Span(1, 2.25), SpeakerId("S2")),
        SpeakerTurn(Span(3, 3), SpeakerId("S2")),
    )
    lines = (("S1", "Hello."), ("S2", "Hi."))
    path = tmp_path / "a.rttm"
    path.write_bytes(export("rttm", transcript_of(*lines, turns=turns)))
    annotation = load_rttm(path)["team_meeting"]
    read = [(s.start, s.end, label) for s, _, label in annotation.itertracks(yield_label=True)]
    assert read == [(0, 1.5, "Name_of_S1"), (1, 2.25, "Name_of_S2")]
    path.write_bytes(export("rttm", transcript_of(*lines)))
    assert [str(x) for x in load_rttm(path)["team_meeting"].labels()] == [
        "Name_of_S1",
        "Name_of_S2",
    ]


def test_two_people_of_one_name_stay_two():
    names = {"S1": "Ann Lee", "S2": "Ann Lee", "S3": "Ann_Lee", "S4": ' "Al"\tB '}
    transcript = transcript_of(*((s, "Hello.") for s in names), names=names)
    fields = [line.split()[7] for line in export("rttm", transcript).decode().splitlines()]
    assert len(set(fields)) == 4
    assert {s["speaker"] for s in json.loads(export("seglst", transcript))} == {
        "Ann Lee",
        "Ann Lee (2)",
        "Ann_Lee",
        '"Al" B',
    }


def test_seglst_is_read_and_scored_by_meeteval(tmp_path):
    path = tmp_path / "a.seglst.json"
    path.write_bytes(export("seglst", TWO))
    read = meeteval.io.load(path)
    assert [s["words"] for s in read] == [u.text for u in TWO.utterances]
    assert float(read[1]["start_time"]) == TWO.utterances[1].span.start
    assert meeteval.wer.cpwer(read, read)["team meeting"].error_rate == 0


def test_markdown_shows_minutes_first_and_links_each_point_to_what_was_said():
    text = export("md", TWO, MINUTES).decode()
    assert text.index("## Minutes") < text.index("## Transcript")
    assert "- They begin \\*now\\*. [00:00](#u1), [00:02](#u2)" in text
    assert "- Name of S2: “To begin.” [00:02](#u2)" in text, "a quotation says whose it is"
    assert '<a id="u2"></a>**Name of S2** (00:02): Yes, let us begin.' in text
    rendered = MarkdownIt("commonmark").enable("table").render(text)
    assert "<td>Begin | at once</td>\n<td>Name of S2</td>\n<td>tomorrow</td>" in rendered
    assert "<td>Dana</td>" in rendered
    assert "<h4>00:00–00:03 Greeting</h4>" in rendered
    assert "No language model was used." in rendered


def test_plain_text_holds_the_minutes_too():
    text = export("txt", TWO, MINUTES).decode()
    assert "- Name of S2: Begin | at once (due: tomorrow) [00:02]" in text
    assert "begin, morning" in text
    assert "[00:00] Name of S1: Good morning everybody. Shall we begin?" in text
    assert "MINUTES" not in export("txt", TWO).decode()


def test_docx_has_headings_a_table_of_tasks_links_and_properties():
    document = Document(io.BytesIO(export("docx", TWO, MINUTES)))
    headings = [p.text for p in document.paragraphs if p.style.name.startswith("Heading")]
    assert headings[:4] == ["Minutes", "Overview", "Decisions", "Action items"]
    assert headings[-1] == "Transcript"
    rows = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert rows[1] == ["Begin | at once", "Name of S2", "tomorrow", " (00:02)"]
    anchors = re.findall(r'w:hyperlink w:anchor="(\w+)"', document.element.xml)
    marks = re.findall(r'w:bookmarkStart w:id="\d+" w:name="(\w+)"', document.element.xml)
    assert anchors and set(anchors) <= set(marks)
    properties = document.core_properties
    assert (properties.title, properties.author) == ("Team meeting", "Parley")
    assert (properties.language, properties.keywords) == ("en", "begin, morning")


def test_what_was_not_transcribed_stands_where_it_was_spoken():
    gap = Span(2.5, 190)
    transcript = transcript_of(("S1", "One two three four five."), ("S2", "Six."))
    gapped = Transcript(
        transcript.utterances, transcript.speakers, "en", 200, Coverage(200, 13, (gap,))
    )
    note = "[speech not transcribed 00:02–03:10]"
    text = export("txt", gapped).decode()
    assert text.index("One two") < text.index(note) < text.index("Six.") or (
        text.index(note) > text.index("Six.") and gap.start >= gapped.utterances[1].span.start
    )
    assert note in _rendered(export("md", gapped))
    assert note in [p.text for p in Document(io.BytesIO(export("docx", gapped))).paragraphs]
    assert "6% of the speech transcribed" in text


@pytest.mark.parametrize("name", ["txt", "md", "docx", "json", "vtt"])
def test_a_partial_transcript_says_so(name):
    why = "the sound breaks off at 01:02 of 02:05"
    data = export(name, transcript_of(("S1", "Hello."), partial=why))
    if name == "docx":
        assert any(why in p.text for p in Document(io.BytesIO(data)).paragraphs)
    else:
        assert why in data.decode()


@pytest.mark.parametrize("name", FORMATS)
def test_silence_is_valid_in_every_format(name, tmp_path):
    data = export(name, EMPTY)
    path = tmp_path / f"a{FORMATS[name].suffix}"
    path.write_bytes(data)
    match name:
        case "json":
            assert read_json(data) == (EMPTY, None)
        case "srt" | "vtt":
            assert len(pysubs2.SSAFile.from_string(data.decode(), format_=name)) == 0
        case "docx":
            assert Document(str(path)).paragraphs[-1].text == "No speech."
        case "rttm":
            assert data == b""
        case "seglst":
            assert len(meeteval.io.load(path)) == 0
        case _:
            assert "o speech" in data.decode()


def test_json_says_its_form_and_carries_plain_text_and_times():
    document = json.loads(export("json", TWO, MINUTES))
    assert (document["schema"], document["session_id"]) == ("parley/1", "team meeting")
    first = document["transcript"]["utterances"][0]
    assert (first["speaker"], first["start"], first["end"]) == ("S1", 0.0, 2.4)
    assert first["text"] == "Good morning everybody. Shall we begin?"
    assert document["minutes"]["decisions"][0]["evidence"] == ["id-1"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"schema": "parley/2"}',
        b'{"schema": "parley/1", "transcript": {}}',
        export("json", TWO).replace(b'"start": 0.0', b'"start": 9e9', 1).replace(b"0.4", b"-1", 1),
    ],
)
def test_json_of_another_form_is_refused(data):
    with pytest.raises(DocumentInvalid, match="parley/1"):
        read_json(data)


def squeezed(text: str) -> str:
    return "".join(text.replace(JOINER, "").split())


def spoken(utterance: Utterance) -> str:
    return squeezed("".join(one_line(w.text) for w in utterance.words))


def assert_spoken(text: str, transcript: Transcript, exactly: bool = True) -> None:
    """Every utterance's words stand in `text`, in order."""
    text, at = squeezed(text), 0
    for utterance in transcript.utterances:
        words = spoken(utterance)
        if exactly:
            at = text.index(words, at) + len(words)
        else:  # names may stand between the cues
            for character in words:
                at = text.index(character, at) + 1


def _rendered(markdown: bytes) -> str:
    """What a reader sees of a Markdown document: the text of its HTML."""
    rendered = MarkdownIt("commonmark").enable("table").render(markdown.decode())
    rendered = re.sub(
        r"</?(a|p|h\d|li|ul|strong|em|table|t[hrd]|thead|tbody|blockquote)\b[^<>]*>", "", rendered
    )
    return html.unescape(rendered)


def _vtt(text: str) -> list[tuple[str, str, str, str]]:
    """Start, end, speaker and text of each cue, read as the specification says."""
    found = []
    for block in text.split("\n\n")[1:]:
        if "-->" in block.split("\n")[0]:
            times, _, body = block.partition("\n")
            start, _, end = times.partition(" --> ")
            voice = re.fullmatch(r"<v ([^<>\n]*)>([^<>]*)</v>\n?", body)
            assert voice, body
            found.append((start, end, html.unescape(voice[1]), html.unescape(voice[2])))
    return found
