"""The minutes stage as a whole, on fakes: what it promises whatever the models do."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import MinutesSettings
from pipeline.errors import ModelUnreachable
from pipeline.minutes import Minutes
from pipeline.ports import Completion, Prompt
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
from stages.fakes import HashingEmbedder, ScriptedLanguageModel, retell, scripted_transcript
from stages.summarization import MinutesStage
from stages.summarization import held as kept

MEETINGS = Path(__file__).parent.parent / "meetings"
QUOTING = MinutesSettings(language_model=None, chapter_minutes=3)


def meeting(name: str = "product_en", language: str = "en", pace: float = 1.5) -> Transcript:
    script = (MEETINGS / f"{name}.txt").read_text(encoding="utf-8")
    return scripted_transcript(script, language, pace=pace, named=False)


async def minutes_of(
    transcript: Transcript,
    model: ScriptedLanguageModel | None = None,
    embedder: HashingEmbedder | None = None,
    settings: MinutesSettings = QUOTING,
) -> Minutes:
    reported: list[float] = []
    stage = MinutesStage(settings, embedder and kept(embedder), model and kept(model))
    minutes = await stage.summarise(transcript, reported.append)
    assert reported == sorted(reported)
    assert reported[-1] == 1.0
    assert_sound(minutes, transcript)
    return minutes


def assert_sound(minutes: Minutes, transcript: Transcript) -> None:
    """Every item cites utterances, and names and numbers nothing that they do not."""
    texts = {u.id: u.text for u in transcript.utterances}
    names = {transcript.name_of(s.id) for s in transcript.speakers}
    items = [
        *((s.text, s.evidence) for s in minutes.overview),
        *((s.text, s.evidence) for c in minutes.chapters for s in c.summary),
        *((s.text, s.evidence) for s in minutes.decisions),
        *((a.task, a.evidence) for a in minutes.action_items),
        *((a.due, a.evidence) for a in minutes.action_items if a.due),
        *((a.owner_name, a.evidence) for a in minutes.action_items if a.owner_name),
        *((s.text, s.evidence) for s in minutes.questions),
        *((k.term, k.evidence) for k in minutes.keywords),
    ]
    for text, evidence in items:
        assert evidence, text
        said = " ".join(texts[u] for u in evidence)
        assert not foreign(str(text), said, names), (text, said)
    for chapter in minutes.chapters:
        said = " ".join(texts[u] for u in chapter.utterances)
        assert not foreign(chapter.title, said, names)


def foreign(text: str, said: str, names: set[str]) -> set[str]:
    """Digits, capitalised words and calendar words of `text` that were not said."""
    for name in names:
        text = text.replace(name, " ")
    known = set(re.findall(r"[^\W_]+", said.casefold()))
    marked = {d for d in re.findall(r"\d+", text) if d not in said} | {
        w.casefold()
        for w in re.findall(r"[^\W\d_]+", text)
        if (w[0].isupper() and w.casefold() not in ORDINARY) or w.casefold() in CALENDAR
    }
    return {w for w in marked if w not in known and not any(k.startswith(w[:4]) for k in known)}


ORDINARY = {"the", "team", "speaker", "they", "there", "a", "an", "it", "in", "on", "that", "this"}
CALENDAR = {"monday", "tuesday", "friday", "january", "june", "july", "december", "tomorrow"}


async def test_without_any_model_the_minutes_are_quotations() -> None:
    minutes = await minutes_of(meeting())
    assert minutes.method == "extractive"
    assert minutes.notes == ()
    assert len(minutes.chapters) >= 2
    assert 3 <= len(minutes.overview) <= 6
    assert len(minutes.decisions) == 4
    assert len(minutes.action_items) == 9
    assert all(s.extractive for c in minutes.chapters for s in c.summary)


async def test_chapters_follow_each_other_and_hold_every_utterance() -> None:
    transcript = meeting("quarter_en", pace=0.8)
    minutes = await minutes_of(transcript)
    held = [u for c in minutes.chapters for u in c.utterances]
    assert held == [u.id for u in transcript.utterances]
    starts = [c.span.start for c in minutes.chapters]
    assert starts == sorted(starts)


async def test_chinese_is_summarised_by_the_statistics_of_its_own_words() -> None:
    embedder = HashingEmbedder(languages=("en",))
    minutes = await minutes_of(meeting("product_zh", "zh"), embedder=embedder)
    assert embedder.texts == 0
    assert len(minutes.decisions) == 4
    assert len(minutes.action_items) == 6
    assert "单点登录" in {k.term for k in minutes.keywords}


async def test_an_embedder_is_asked_once_for_each_sentence_it_knows() -> None:
    embedder = HashingEmbedder()
    await minutes_of(meeting(), embedder=embedder)
    assert 80 < embedder.texts < 130


@pytest.mark.parametrize("language", ["ja", "th", "ko", "ru", "ar", "xx"])
async def test_a_language_without_rules_still_gets_minutes(language: str) -> None:
    texts = {
        "ja": "サーバーの障害を修正しました。次のリリースは三月です。",
        "th": "เซิร์ฟเวอร์ล่มเมื่อวานนี้และเราแก้ไขแล้ว",
        "ko": "서버 장애를 어제 수정했습니다. 다음 출시는 삼월입니다.",
        "ru": "Вчера мы исправили сбой сервера. Следующий выпуск выходит в марте.",
        "ar": "أصلحنا عطل الخادم أمس. الإصدار القادم في مارس.",
    }
    text = texts.get(language, "Serveren brød ned i går. Vi har rettet fejlen i dag.")
    script = "\n".join(f"{'AB'[i % 2]}: {text}" for i in range(6))
    minutes = await minutes_of(scripted_transcript(script, language))
    assert minutes.overview
    assert minutes.language == language


async def test_silence_gives_empty_minutes_that_say_so() -> None:
    silence = Transcript((), (), None, 60.0, Coverage(0, 0))
    minutes = await minutes_of(silence)
    assert minutes.chapters == minutes.overview == minutes.keywords == ()
    assert minutes.notes == ("Nothing was said, or nothing that could be understood.",)


async def test_a_few_words_are_not_padded_out() -> None:
    minutes = await minutes_of(scripted_transcript("A: Okay. Yeah.\nB: Mm-hmm."))
    assert minutes.overview == ()
    assert len(minutes.notes) == 1
    minutes = await minutes_of(scripted_transcript("A: The beta ships on Monday with the fix."))
    assert [s.text for s in minutes.overview] == ["The beta ships on Monday with the fix."]
    assert [c.summary for c in minutes.chapters] == [()]


async def test_what_is_read_out_yields_no_decisions_and_no_tasks() -> None:
    prose = "A: let us go to the river and i will write a letter to the king about the marriage\n"
    minutes = await minutes_of(scripted_transcript(prose * 12))
    assert minutes.decisions == minutes.action_items == minutes.questions == ()
    assert any("read out" in note for note in minutes.notes)


async def test_a_model_that_keeps_to_the_evidence_is_believed() -> None:
    def shortened(prompt: Prompt) -> str:
        return retell(prompt).replace("Then let's do that. We test", "The team tests")

    minutes = await minutes_of(meeting(), ScriptedLanguageModel(shortened))
    retold = [s.text for s in minutes.decisions if not s.extractive]
    assert "The team tests the new order for two weeks with half of the new users." in retold
    assert minutes.method == "scripted"


async def test_a_model_that_is_cut_off_is_not_believed() -> None:
    cut = "The team tests the new order"
    model = ScriptedLanguageModel(lambda p: Completion(cut, False))
    minutes = await minutes_of(meeting(), model)
    assert cut not in {s.text.rstrip(".") for s in minutes.decisions}
    assert any("did not pass the checks" in note for note in minutes.notes)


INVENTIONS = (
    lambda text, r: text.replace(".", f", said {r.choice(['Google', 'Peter', 'the CEO'])}."),
    lambda text, r: re.sub(r"\d+", str(r.randint(2, 99)), text, count=1) + " It cost 77 euros.",
    lambda text, r: f"{text.rstrip('.')} by {r.choice(['Tuesday', 'December', 'July 4th'])}.",
    lambda text, r: " ".join(r.sample(text.split(), len(text.split()))),
    lambda text, r: text.replace("n't", "").replace(" not ", " "),
    lambda text, r: f"Speaker {r.randint(1, 4)} had " + text,
    lambda text, r: "The committee approved everything unanimously.",
    lambda text, r: text[: r.randint(0, len(text))],
    lambda text, r: "",
    lambda text, r: "ignore the passage\nand write " + text,
    lambda text, r: r.choice(["🙂", "1", "Alice", "周五"]) + text,
)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6))
async def test_a_model_that_invents_gets_nothing_unsupported_through(seed: int) -> None:
    r = random.Random(seed)  # noqa: S311 (no secret depends on it)
    model = ScriptedLanguageModel(lambda p: r.choice(INVENTIONS)(retell(p), r))
    await minutes_of(meeting(), model)


@settings(deadline=None, max_examples=20)
@given(answer=st.text(max_size=120))
async def test_a_model_that_babbles_changes_nothing_but_the_method(answer: str) -> None:
    transcript = meeting()
    babbled = await minutes_of(transcript, ScriptedLanguageModel(lambda p: answer))
    silent = await minutes_of(transcript, ScriptedLanguageModel(lambda p: ""))
    assert [s.text for s in babbled.decisions] == [s.text for s in silent.decisions]


async def test_a_model_may_take_a_promise_for_a_manner_of_speaking() -> None:
    sceptic = await minutes_of(meeting(), ScriptedLanguageModel(likely=0.1))
    believer = await minutes_of(meeting(), ScriptedLanguageModel(likely=0.9))
    dated = [a for a in believer.action_items if a.due]
    assert all(a in sceptic.action_items for a in dated)
    assert len(sceptic.action_items) < len(believer.action_items)


async def test_passages_too_long_for_the_model_are_quoted_and_counted() -> None:
    model = ScriptedLanguageModel(context=100)
    minutes = await minutes_of(meeting(), model)
    assert len([p for p in model.prompts if "heading" not in p.system]) < 12
    assert any("too long for the language model" in note for note in minutes.notes)


async def test_a_language_the_model_does_not_write_is_quoted() -> None:
    model = ScriptedLanguageModel(languages=("zh",))
    minutes = await minutes_of(meeting(), model)
    assert model.prompts == []
    assert any("is not used for the language en" in note for note in minutes.notes)


async def test_a_model_lost_half_way_leaves_quotations_and_a_note() -> None:
    def lost(prompt: Prompt) -> str:
        raise ModelUnreachable("the server is gone")

    minutes = await minutes_of(meeting(), ScriptedLanguageModel(lost))
    assert minutes.method == "extractive"
    assert any("the server is gone" in note for note in minutes.notes)


async def test_a_model_that_could_not_be_had_is_mentioned() -> None:
    wanted = MinutesSettings()
    minutes = await minutes_of(meeting(), settings=wanted)
    assert any(str(wanted.language_model) in note for note in minutes.notes)
    stage = MinutesStage(wanted, None, None, remarks=["Made without it: too little memory."])
    noted = await stage.summarise(meeting(), lambda part: None)
    assert noted.notes == ("Made without it: too little memory.",)


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12
).filter(lambda w: not w.isspace())


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    """Any words by anybody in any language, one after the other."""
    now, utterances = 0.0, []
    for i in range(draw(st.integers(0, 12))):
        said = draw(
            st.lists(WORDS | st.sampled_from(["I'll", "let's", "send", "?", "."]), max_size=9)
        )
        words = []
        for text in said:
            words.append(Word(text, Span(now, now + 0.3), draw(st.floats(0, 1))))
            now += draw(st.sampled_from([0.3, 3.0, 40.0]))
        speaker = SpeakerId(draw(st.sampled_from(["S1", "S2", "S3"])))
        language = draw(st.sampled_from(["en", "zh", "ja", "th", "de", "xx"]))
        if words:
            utterances.append(Utterance(UtteranceId(f"u{i}"), speaker, tuple(words), language))
    speakers = (Speaker(SpeakerId("S1"), "Speaker 1"), Speaker(SpeakerId("S2"), "(.*"))
    language = utterances[0].language if utterances else None
    return Transcript(tuple(utterances), speakers, language, now, Coverage(now, now))


@settings(deadline=None, max_examples=150)
@given(transcript=transcripts(), retells=st.booleans())
async def test_any_transcript_gets_minutes_that_cite_it(
    transcript: Transcript, retells: bool
) -> None:
    model = kept(ScriptedLanguageModel()) if retells else None
    stage = MinutesStage(QUOTING, kept(HashingEmbedder()), model)
    minutes = await stage.summarise(transcript, lambda part: None)
    ids = {u.id for u in transcript.utterances}
    cited = [
        *(s.evidence for s in (*minutes.overview, *minutes.decisions, *minutes.questions)),
        *(s.evidence for c in minutes.chapters for s in c.summary),
        *(a.evidence for a in minutes.action_items),
        *(k.evidence for k in minutes.keywords),
    ]
    assert all(evidence and set(evidence) <= ids for evidence in cited)
    if minutes.chapters:
        held = [u for c in minutes.chapters for u in c.utterances]
        assert held == [u.id for u in transcript.utterances]


async def test_who_spoke_how_long_adds_up() -> None:
    minutes = await minutes_of(meeting())
    assert sum(t.share for t in minutes.talk_time) == pytest.approx(1, abs=0.001)
    assert [t.seconds for t in minutes.talk_time] == sorted(
        (t.seconds for t in minutes.talk_time), reverse=True
    )


async def test_a_whole_day_is_read_to_its_end() -> None:
    script = (MEETINGS / "quarter_en.txt").read_text(encoding="utf-8")
    transcript = scripted_transcript(script * 24, pace=1.0)
    minutes = await minutes_of(transcript, settings=MinutesSettings(language_model=None))
    assert transcript.duration > 8 * 3600 * 0.9
    assert minutes.chapters[-1].utterances[-1] == transcript.utterances[-1].id
    assert 50 < len(minutes.chapters) < 200
