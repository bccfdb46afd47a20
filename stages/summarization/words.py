"""Words of a text as its language has them, and which of them carry the subject.

Languages written without spaces need a segmenter: jieba for Chinese; for Japanese runs of one
script (kanji and katakana carry content, hiragana the grammar); for Thai, Lao, Khmer and Burmese
pairs of characters, which match like with like though they are no words.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from stages.summarization.stopwords import FUNCTION, GENERAL

PAIRED = frozenset({"th", "lo", "km", "my"})
"""Languages whose tokens are pairs of characters, unfit to be shown as terms."""

UNSPACED = PAIRED | {"zh", "ja", "yue"}

_WORD = re.compile(r"\d+(?:[.,:]\d+)+|[^\W_]+(?:['\-][^\W_]+)*")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
_SCRIPTS = re.compile(r"[\u3400-\u9fff\uf900-\ufaff々]+|[\u30a0-\u30ff]+|[\u3040-\u309f]+|[^\W_]+")
_HIRAGANA = re.compile(r"[\u3040-\u309f]+")
_CLITIC = re.compile(r"^(.+?)(?:n't|'(?:s|m|d|re|ve|ll))$")

_ENOUGH = 100
"""Utterances from which counting tells words that join from those the meeting is about."""

_IRREGULAR = {
    form: base
    for base, forms in {
        "say": "said", "go": "went gone", "send": "sent", "make": "made", "take": "took taken",
        "leave": "left", "tell": "told", "write": "wrote written", "find": "found", "buy": "bought",
        "build": "built", "run": "ran", "begin": "began begun", "choose": "chose chosen",
        "give": "gave given", "keep": "kept", "lose": "lost", "meet": "met", "pay": "paid",
        "sell": "sold", "think": "thought", "come": "came", "break": "broke broken",
        "rise": "rose risen",
        "bring": "brought", "fall": "fell fallen", "grow": "grew grown", "hear": "heard",
        "hold": "held", "know": "knew known", "see": "saw seen", "show": "showed shown",
        "speak": "spoke spoken", "spend": "spent", "understand": "understood", "feel": "felt",
        "mean": "meant", "drive": "drove driven", "teach": "taught", "catch": "caught",
    }.items()
    for form in forms.split()
}  # fmt: skip


@cache
def _jieba() -> Any:
    """A Chinese word segmenter of our own, its cache out of the shared temporary folder."""
    from stages.models.store import cache_folder

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pkg_resources and old escape sequences inside jieba
        import jieba
    jieba.setLogLevel(logging.ERROR)
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    segmenter = jieba.Tokenizer()
    segmenter.tmp_dir = str(folder)
    return segmenter


def _normalise(text: str) -> str:
    return text.replace("’", "'").replace("‘", "'").casefold()


def _chinese(text: str) -> list[str]:
    found = (_jieba().lcut(run) if _HAN.match(run) else [run] for run in _runs(text))
    return [token for run in found for token in run]


def _runs(text: str) -> list[str]:
    return re.findall(r"[\u3400-\u9fff\uf900-\ufaff]+|[^\W_\u3400-\u9fff\uf900-\ufaff]+", text)


@lru_cache(maxsize=65536)
def tokens(text: str, language: str) -> tuple[str, ...]:
    """The words of `text`, case-folded, without punctuation."""
    text = _normalise(text)
    if language in ("zh", "yue"):
        return tuple(_chinese(text))
    if language == "ja":
        return tuple(_SCRIPTS.findall(text))
    if language in PAIRED:
        return tuple(
            run[i : i + 2] for run in _WORD.findall(text) for i in range(max(1, len(run) - 1))
        )
    return tuple(_WORD.findall(text))


def base(token: str) -> str:
    """An English word without its clitic: "we've" to "we", "don't" to "do", "Anna's" to "Anna"."""
    found = _CLITIC.match(token)
    return found.group(1) if found else token


@lru_cache(maxsize=65536)
def stem(token: str, language: str) -> str:
    """What the forms of a word share, roughly: enough to see that two texts use the same word.

    English follows the first steps of Porter (1980); other languages with spaces lose the end of
    long words; the rest stays as it is.
    """
    if language == "en":
        return _english_stem(_IRREGULAR.get(base(token), base(token)))
    if language in UNSPACED or token.isdigit():
        return token
    return token[: max(4, round(len(token) * 0.7))]


def _english_stem(word: str) -> str:
    if len(word) <= 3 or not word.isalpha():
        return word
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif word.endswith(("sses", "xes", "ches", "shes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for suffix in ("ing", "ed"):
        rest = word.removesuffix(suffix)
        if rest != word and len(rest) >= 3 and re.search("[aeiouy]", rest):
            word = (
                rest[:-1]
                if len(rest) > 3 and rest[-1] == rest[-2] and rest[-1] not in "lsz"
                else rest
            )
            break
    if word.endswith("y") and len(word) > 3:
        word = word[:-1] + "i"
    return word.removesuffix("e") if len(word) > 3 else word


class Lexicon:
    """Which words of a meeting's languages carry its subject.

    texts: the meeting's sentences with their languages. For a language without a list of its own,
    short words that stand in many sentences are taken to join rather than to mean; in a long
    meeting longer ones too.
    """

    def __init__(self, texts: Iterable[tuple[str, str]] = ()) -> None:
        counts: dict[str, Counter[str]] = {}
        sentences: Counter[str] = Counter()
        for text, language in dict.fromkeys(texts):
            if language not in FUNCTION and language not in UNSPACED:
                counts.setdefault(language, Counter()).update(set(tokens(text, language)))
                sentences[language] += 1
        self._counted = {
            language: frozenset(
                word
                for word, n in count.items()
                if n >= 3
                and n >= (0.04 if len(word) <= 3 else 0.1) * sentences[language]
                and (len(word) <= 3 or sentences[language] >= _ENOUGH)
            )
            for language, count in counts.items()
        }

    def function(self, language: str) -> frozenset[str]:
        """The words of `language` that carry nothing."""
        return FUNCTION.get(language) or self._counted.get(language, frozenset())

    def general(self, language: str) -> frozenset[str]:
        """Stems of the words of `language` too common to be a topic."""
        return _general_stems(language)

    def carries(self, token: str, language: str) -> bool:
        """Whether a token says anything about the subject."""
        word = base(token) if language == "en" else token
        if word in self.function(language) or token in self.function(language):
            return False
        if "-" in token and all(part in self.function(language) for part in token.split("-")):
            return False
        if language == "ja":
            return not _HIRAGANA.fullmatch(token)
        if language in ("zh", "yue"):
            return len(token) > 1 or not _HAN.match(token)
        return len(word) > 1 or word.isdigit()

    def content(self, text: str, language: str) -> list[str]:
        """Stems of the words of `text` that carry its subject, in order."""
        return [stem(t, language) for t in tokens(text, language) if self.carries(t, language)]


@cache
def _general_stems(language: str) -> frozenset[str]:
    return frozenset(stem(word, language) for word in GENERAL.get(language, frozenset()))
