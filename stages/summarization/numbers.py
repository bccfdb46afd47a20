"""Numbers in a text, whether written in digits or in words, as values that compare equal.

Speech is loose with numbers: "nineteen eighty-four", "one point five million", "twenty-five or
thirty". A text is therefore read in every plausible way; a claim is supported where one of the
readings of its number is among those of the evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

_UNITS = {
    w: i
    for i, w in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen".split()
    )
}
_TENS = {
    w: 10 * (i + 2)
    for i, w in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split())
}
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13,
    "fourteenth": 14, "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18,
    "nineteenth": 19, "twentieth": 20, "thirtieth": 30, "fortieth": 40, "fiftieth": 50,
    "sixtieth": 60, "seventieth": 70, "eightieth": 80, "ninetieth": 90, "hundredth": 100,
    "thousandth": 1000,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_OTHER = {"dozen": Fraction(12), "once": Fraction(1), "twice": Fraction(2), "half": Fraction(1, 2)}
_SUFFIXES = {"k": 1000, "m": 10**6, "bn": 10**9}

_HAN_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
_HAN = re.compile(r"[零〇一二两三四五六七八九十百千万亿]+(?:点[零〇一二三四五六七八九]+)?")
_NOT_A_NUMBER = re.compile(
    r"一下|一些|一起|一样|一直|一般|一定|一点(?!\d|[零一二三四五六七八九])|万一|统一|唯一|之一"
    r"|一方面|进一步|一旦|"
    r"一边|同一|一致|一切|另一|千万别|第一时间|十分|百分之|单一|一来|一会|一共|一个|一种|一位"
    r"|一名|一致|一半|(?<![零〇一二两三四五六七八九十])[百千万亿]+(?![零〇一二两三四五六七八九十]"
    r")"
)
_WORD = re.compile(
    r"(?<![^\W_])(?<!\w[.:,])(?:\d+(?:[.,:]\d+)*(?:st|nd|rd|th)?[a-z]*%?|[a-z]+(?![\w]))",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands in a text: every value it may mean, and the characters it covers."""

    values: frozenset[Fraction | str]
    start: int
    end: int


def numbers(text: str) -> list[Number]:
    """The numbers of `text`, in order, each run of number words as one."""
    found = [*_western(text), *_chinese(text)]
    return sorted(found, key=lambda n: n.start)


def all_values(text: str) -> frozenset[Fraction | str]:
    """Every value any number of `text`, or part of one, may mean."""
    values: set[Fraction | str] = set()
    for number in numbers(text):
        values |= number.values
    for piece in _pieces(text):
        values |= piece.values
    return frozenset(values)


def _pieces(text: str) -> Iterator[Number]:
    """Number words one by one: of "twenty or thirty-five", 20, 30, 35 and 5."""
    for token in _WORD.finditer(text):
        values = _single(token.group(0).casefold())
        if values:
            yield Number(values, token.start(), token.end())
    for token in re.finditer(r"[零〇一二两三四五六七八九十百千万亿]", text):
        value = _HAN_DIGITS.get(token.group(0), _HAN_SCALES.get(token.group(0)))
        yield Number(frozenset({Fraction(value or 0)}), token.start(), token.end())


def _western(text: str) -> Iterator[Number]:
    run: list[re.Match[str]] = []
    for token in _WORD.finditer(text):
        word = token.group(0).casefold()
        between = text[run[-1].end() : token.start()] if run else ""
        joins = bool(run) and re.fullmatch(r"[\s-]+(?:and )?", between) is not None
        if word == "and" and run and _joinable(run[-1].group(0).casefold()):
            continue
        if run and not (joins and _continues(run[-1].group(0).casefold(), word)):
            yield from _finish(run)
            run = []
        if _single_or_scale(word):
            run.append(token)
        elif word == "point" and run:
            run.append(token)
    yield from _finish(run)


def _joinable(word: str) -> bool:
    return word in _SCALES


def _continues(before: str, word: str) -> bool:
    """Whether `word` goes on with the number that `before` is a word of."""
    if before[:1].isdigit():
        return word in _SCALES
    return (_single_or_scale(word) and not word[:1].isdigit()) or word == "point"


def _single_or_scale(word: str) -> bool:
    return bool(_single(word)) or word in _SCALES


def _finish(run: list[re.Match[str]]) -> Iterator[Number]:
    while run and run[-1].group(0).casefold() == "point":
        run = run[:-1]
    if run:
        words = [t.group(0).casefold() for t in run]
        yield Number(_readings(words), run[0].start(), run[-1].end())


def _readings(words: Sequence[str]) -> frozenset[Fraction | str]:
    if len(words) == 1:
        return _single(words[0]) or frozenset({Fraction(_SCALES[words[0]])})
    found: set[Fraction | str] = set()
    if words[0][0].isdigit():
        return frozenset(
            v * _product(words[1:]) for v in _single(words[0]) if isinstance(v, Fraction)
        )
    whole = _cardinal(words)
    if whole is not None:
        found.add(whole)
    parts = [_single(w) for w in words]
    if all(parts):
        if all(word in _UNITS and _UNITS[word] < 10 for word in words):
            found.add(Fraction(int("".join(str(_UNITS[word]) for word in words))))
        found |= _pairs(words)
    return frozenset(found) if found else frozenset(" ".join(words))


def _product(scales: Sequence[str]) -> int:
    value = 1
    for word in scales:
        value *= _SCALES[word]
    return value


def _whole(values: frozenset[Fraction | str]) -> list[Fraction]:
    return [v for v in values if isinstance(v, Fraction) and v.denominator == 1]


def _pairs(words: Sequence[str]) -> set[Fraction | str]:
    """Years said in two halves: nineteen eighty-four, twenty twenty-six."""
    for cut in range(1, len(words)):
        first, second = _cardinal(words[:cut]), _cardinal(words[cut:])
        if first is not None and second is not None and 10 <= first < 100 and 10 <= second < 100:
            return {first * 100 + second}
    return set()


def _cardinal(words: Sequence[str]) -> Fraction | None:
    """The value of number words in their usual order, None where they make no one number."""
    if "point" in words:
        cut = list(words).index("point")
        whole, digits = _cardinal(words[:cut]), words[cut + 1 :]
        scale = 1
        if digits and digits[-1] in _SCALES:
            scale, digits = _SCALES[digits[-1]], digits[:-1]
        if whole is None or not digits or any(w not in _UNITS for w in digits):
            return None
        text = "".join(str(_UNITS[w]) for w in digits)
        return (whole + Fraction(int(text), 10 ** len(text))) * scale
    total, part, last = Fraction(0), Fraction(0), 10**12
    for word in words:
        if word in _SCALES:
            scale = _SCALES[word]
            if scale == 100:
                part = max(part, Fraction(1)) * 100
                last = 100
            else:
                total += max(part, Fraction(1)) * scale
                part, last = Fraction(0), scale
            continue
        values = _whole(_single(word))
        if len(values) != 1:
            return None
        value = int(values[0])
        if value >= last or (0 < last < 20) or (last < 100 and value >= 10):
            return None
        part += value
        last = value or 1
    return total + part


def _single(word: str) -> frozenset[Fraction | str]:
    """What one token may mean; empty if it is no number."""
    if word in _UNITS:
        return frozenset({Fraction(_UNITS[word])})
    if word in _TENS:
        return frozenset({Fraction(_TENS[word])})
    if word in _ORDINALS:
        return frozenset({Fraction(_ORDINALS[word])})
    if word in _OTHER:
        return frozenset({_OTHER[word]})
    return _digits(word) if word[:1].isdigit() else frozenset()


def _digits(word: str) -> frozenset[Fraction | str]:
    found = re.fullmatch(r"(\d+(?:[.,:]\d+)*)(st|nd|rd|th)?([a-z]*)%?", word)
    if not found:
        return frozenset({word})
    figure, _, unit = found.groups()
    values: set[Fraction | str] = set()
    if ":" in figure or len(re.findall(r"[.,]", figure)) > 1:
        values.add(figure)
    if ":" not in figure:
        if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", figure):
            values.add(Fraction(int(re.sub(r"[.,]", "", figure))))
        if len(re.findall(r"[.,]", figure)) <= 1:
            values.add(Fraction(figure.replace(",", ".")))
    if unit in _SUFFIXES:
        values |= {v * _SUFFIXES[unit] for v in values if isinstance(v, Fraction)}
    return frozenset(values)


def _chinese(text: str) -> Iterator[Number]:
    masked = _NOT_A_NUMBER.sub(lambda m: "\u3000" * len(m.group(0)), text)
    for token in _HAN.finditer(masked):
        value = _han_value(token.group(0))
        if value is not None:
            yield Number(frozenset({value}), token.start(), token.end())
    for token in re.finditer(r"(\d+(?:\.\d+)?)([万亿])", text):
        value = Fraction(token.group(1)) * _HAN_SCALES[token.group(2)]
        yield Number(frozenset({value}), token.start(), token.end())


def _han_value(text: str) -> Fraction | None:
    whole, _, decimals = text.partition("点")
    total, section, digit = 0, 0, 0
    if all(c in _HAN_DIGITS for c in whole):
        total = int("".join(str(_HAN_DIGITS[c]) for c in whole))
    else:
        for c in whole:
            if c in _HAN_DIGITS:
                digit = _HAN_DIGITS[c]
            elif c in "万亿":
                total = (total + section + digit) * _HAN_SCALES[c]
                section, digit = 0, 0
            else:
                section += (digit or 1) * _HAN_SCALES[c]
                digit = 0
        total += section + digit
    if decimals:
        tail = "".join(str(_HAN_DIGITS[c]) for c in decimals)
        return total + Fraction(int(tail), 10 ** len(tail))
    return Fraction(total)
