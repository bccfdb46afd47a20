"""What rules put in the third person by themselves needs no model, and passes the same checks."""

from __future__ import annotations

import pytest

from pipeline.ports import Prompt
from stages.fakes import ScriptedLanguageModel, scripted_transcript
from stages.summarization.person import by_rule
from stages.summarization.rewriting import Rewriter
from stages.summarization.sentences import Sentence, split
from stages.summarization.words import Lexicon


def said(text: str) -> tuple[Rewriter, tuple[Sentence, ...], ScriptedLanguageModel]:
    """One speaker's sentences, a rewriter whose model invents, and the model."""

    def invent(prompt: Prompt) -> str:
        return "The team will move to Hamburg in May."

    transcript = scripted_transcript(f"Speaker 1: {text}")
    lexicon, model = Lexicon(), ScriptedLanguageModel(invent)
    rewriter = Rewriter(model, transcript, lexicon, "en")
    return rewriter, split(transcript, lexicon), model


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("We opened three positions in January.", "The team opened three positions in January."),
        ("Okay, so we agreed on two office days.", "The team agreed on two office days."),
        ("Let's postpone the Sunday shift.", "The team will postpone the Sunday shift."),
        ("No, let's not use a recruiter yet.", "The team will not use a recruiter yet."),
    ],
)
async def test_a_brief_sentence_is_told_by_rule_and_the_model_is_not_asked(
    text: str, told: str
) -> None:
    rewriter, sentences, model = said(text)
    assert await rewriter.retell([(sentences, True)], lambda part: None) == [told]
    assert model.prompts == []


async def test_a_suggestion_is_told_as_one_and_as_whose() -> None:
    rewriter, sentences, _ = said("I suggest a monthly meeting of thirty minutes.")
    told = "Speaker 1 suggests a monthly meeting of thirty minutes."
    assert await rewriter.retell([(sentences, False)], lambda part: None) == [told]


async def test_a_suggestion_is_not_told_as_settled_unless_it_is() -> None:
    rewriter, sentences, model = said("Let's postpone the Sunday shift.")
    assert await rewriter.retell([(sentences, False)], lambda part: None) == [None]
    assert len(model.prompts) == 1


async def test_where_the_model_fails_the_rules_may_still_do() -> None:
    rewriter, sentences, model = said("We opened three positions. They are all in Lyon.")
    (told,) = await rewriter.retell([(sentences, False)], lambda part: None)
    assert len(model.prompts) == 1
    assert told == "The team opened three positions. They are all in Lyon."
    assert (rewriter.tally.written, rewriter.tally.kept) == (1, 0)


def test_other_languages_are_left_to_the_model() -> None:
    transcript = scripted_transcript("A: 我们决定下周发布测试版。", "zh")
    assert by_rule(split(transcript, Lexicon()), "Speaker 1", settled=True) == []
