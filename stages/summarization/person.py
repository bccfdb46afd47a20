"""From "I" and "we" to the third person, where that needs no judgement.

A small model leaves a "we" here and there. Who "we" are is nobody's guess but the speaker's, so it
becomes "the team"; "I" becomes the speaker's name, with the verb forms that are sure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from stages.summarization.claims import GROUP, VOCABULARIES
from stages.summarization.sentences import Sentence
from stages.summarization.stopwords import FUNCTION
from stages.summarization.words import tokens

_LONG = 24
"""Words from which even an impersonal sentence is worth shortening."""

_HEARD = 0.5
"""Mean word probability below which a sentence was hardly understood."""

_OPENING = re.compile(
    r"^(?:(?:okay|all right|alright|well|yes|no|so|then),? )+(?=let's\b|we\b|i\b|the\b)",
    re.IGNORECASE,
)
"""What only ties a sentence to the one before it."""

_SUPPOSED = re.compile(r"\b(?:let's )?say (?:we|you|that|it|he|she)\b", re.IGNORECASE)
"""Opens what is only supposed; a small model takes the "say" for something said."""

_WE = (
    (r"\b[Ww]e're\b", f"{GROUP} are"),
    (r"\b[Ww]e've\b", f"{GROUP} have"),
    (r"\b[Ww]e'll\b", f"{GROUP} will"),
    (r"\b[Ww]e'd\b", f"{GROUP} would"),
    (r"\b[Oo]ur\b", f"{GROUP}'s"),
    (r"\b[Ww]e\b", GROUP),
    (r"(?<!tells )(?<!tell )(?<!shows )(?<!show )(?<!let )(?<!lets )(?<!gives )\bus\b", GROUP),
)
_THEY = (
    (r"\b[Tt]hey're\b", f"{GROUP} are"),
    (r"\b[Tt]heir\b", f"{GROUP}'s"),
    (r"\b(?:[Tt]hey|[Tt]hem)\b", GROUP),
)
_I = (
    (r"\bI'm\b", "{name} is"),
    (r"\bI've\b", "{name} has"),
    (r"\bI'll\b", "{name} will"),
    (r"\bI'd\b", "{name} would"),
    (r"\bI (?:don't|do not)\b", "{name} does not"),
    (r"\bI have\b", "{name} has"),
    (
        r"\bI (suggest|propose|recommend|think|believe|want|prefer|need|hope|expect)\b",
        r"{name} \1s",
    ),
    (r"\bI (will|would|had|could|should|can|must|was|\w+ed)\b", r"{name} \1"),
)


@dataclass(frozen=True, slots=True)
class Wording:
    """A sentence as it is checked and as it is shown."""

    checked: str
    shown: str


def needs_retelling(sentences: Sequence[Sentence]) -> bool:
    """Whether a model could make a passage easier to read than it is.

    A short impersonal sentence ("the filter costs 6,400 euros") comes back as it went in.
    """
    language = sentences[0].language
    words = VOCABULARIES.get(language)
    said = [t for s in sentences for t in tokens(s.shown, language)]
    if min(s.confidence for s in sentences) < _HEARD:
        return False  # what was misheard is best left as it stands
    if _SUPPOSED.search(sentences[0].text):
        return False
    if words is None or len(sentences) > 1 or len(said) > _LONG:
        return True
    return any(t in words.personal for t in said)


def third_person(text: str, sentences: Sequence[Sentence], name: str) -> list[Wording]:
    """The wordings of a model's answer worth checking, likeliest first.

    name: of the speaker of `sentences`.
    """
    language = sentences[0].language
    text = re.sub(r"\s+", " ", text).strip().strip('“”"').replace("’", "'")
    if not re.search(r"\w", text):
        return []
    if language == "zh":
        text = _ended(text.replace("我们", "团队"), "。")
        bare = text.removeprefix(name).lstrip("：:，, ")
        said_so = f"{name}表示，{bare}"
        return [Wording(t, t) for t in dict.fromkeys((text, bare, said_so)) if bare]
    text = _ended(text[0].upper() + text[1:], ".")
    said = " ".join(s.text for s in sentences)
    patterns = [*_WE] if re.search(r"\b(?:we|us|our)\b", said, re.I) else []
    if patterns and not re.search(r"\b(?:they|them|their)\b", said, re.I):
        patterns += _THEY
    for pattern, replacement in patterns:
        text = re.sub(pattern, replacement, text)
    for pattern, replacement in _I:
        text = re.sub(pattern, replacement.replace("{name}", name.replace("\\", r"\\")), text)
    forms = [text]
    if name not in text and not re.search(r"[.!?] ", text):
        forms.append(f"{name} said that {_inside(text)}")
    return [Wording(form, _shown(form)) for form in forms]


def by_rule(sentences: Sequence[Sentence], name: str, settled: bool) -> list[Wording]:
    """English sentences in the third person as they stand, without any model.

    "Let's" becomes "the team will" where it is known to be `settled`. Whether what comes out says
    what was said is for the checks to tell, as of a model's answer.
    """
    if sentences[0].language != "en":
        return []
    text = " ".join(_OPENING.sub("", s.shown, count=1) for s in sentences)
    if settled:
        text = re.sub(r"\b[Ll]et's not\b", f"{GROUP} will not", text)
        text = re.sub(r"\b[Ll]et's\b", f"{GROUP} will", text)
    text = re.sub(r"(?<=[.!?] )[a-z]", lambda first: first.group().upper(), text)
    return third_person(text, sentences, name)


def brief(sentences: Sequence[Sentence]) -> bool:
    """Whether a passage is one sentence that need not be shortened."""
    said = tokens(sentences[0].shown, sentences[0].language)
    return len(sentences) == 1 and len(said) <= _LONG


def _shown(text: str) -> str:
    return re.sub(rf"(^|[.!?] ){GROUP}", r"\1The team", text).replace(GROUP, "the team")


def _inside(text: str) -> str:
    """A sentence as it goes on after others: its capital lost where it is certainly no name."""
    first = re.match(r"[A-Za-z']+", text)
    if first and first.group(0).casefold() in FUNCTION["en"] - {"i"}:
        return text[0].lower() + text[1:]
    return text


def _ended(text: str, stop: str) -> str:
    return text if re.search(r"[.!?。！？…]$", text) else text + stop
