"""Speech made readable without changing what was said: fillers and stumbles go, words stay."""

from __future__ import annotations

import re
from functools import cache

from stages.summarization.stopwords import FILLERS, FUNCTION
from stages.summarization.words import UNSPACED

_ASIDES = {
    "en": r"you know|i mean|like|sort of|kind of|let's say",
    "de": r"sag ich mal|sozusagen|weißt du",
    "fr": r"tu vois|vous voyez|comment dire|disons",
    "es": r"sabes|digamos|o sea",
}
"""Said between commas, they mean nothing."""

_OPENERS = {
    "en": r"okay|ok|so|well|yeah|yes|yep|right|alright|all right|and|now|good|great|fine|perfect"
    r"|oh|"
    r"anyway|you know|i mean|um|uh|then|hmm|excellent|lovely|sure|exactly|true",
    "de": r"okay|ok|also|ja|genau|gut|na ja|und|nun|so|ach|dann",
    "fr": r"ok|okay|d'accord|alors|donc|oui|bon|ben|et|voilà|bah|euh",
    "es": r"vale|ok|bueno|pues|sí|y|entonces|claro|bien|eh",
    "zh": r"好的|好|嗯|那|对|对的|呃|啊|是的|行|可以|然后|就是说",
}
"""Words that open a sentence and, parted by a comma, only hand over the turn."""

_REPEATABLE = frozenset(
    {"very", "really", "no", "so", "much", "had", "that", "long", "far", "many"}
)
_LEADING = {
    "en": r"(?:and\s+|but\s+(?!not\b)|so\s+(?!(?:far|many|much|long|few|little|called|on|that "
    "(?:we|i|you|they|it))\b)|"
    r"as (?:you|we all) know,?\s+)+",
}


@cache
def _patterns(language: str) -> tuple[re.Pattern[str] | None, ...]:
    comma = r"[,，、]\s*" if language in UNSPACED else r"[,.…]+\s+"
    fillers = "|".join(sorted(map(re.escape, FILLERS.get(language, ())), key=len, reverse=True))
    openers = _OPENERS.get(language)
    asides = _ASIDES.get(language)
    leading = _LEADING.get(language)
    if language in UNSPACED:
        filler = rf"(?:^|(?<=[,，。、])|(?<=\s))(?:{fillers})+[,，、…]*\s*" if fillers else None
    else:
        filler = rf"(?<![\w'-])(?:{fillers})(?![\w'-])[,.…]*\s*" if fillers else None

    def compiled(pattern: str | None) -> re.Pattern[str] | None:
        return re.compile(pattern, re.IGNORECASE) if pattern else None

    return (
        compiled(filler),
        compiled(rf",\s+(?:{asides}),\s+" if asides else None),
        compiled(rf"^(?:(?:{openers}){comma})+" if openers else None),
        compiled(rf"^{leading}" if leading else None),
    )


def tidied(text: str, language: str) -> str:
    """`text` without fillers, stumbled repetitions and empty openings, begun with a capital."""
    original = text.strip()
    filler, asides, openers, leading = _patterns(language)
    text = original
    if filler:
        text = filler.sub("", text)
    if asides:
        text = asides.sub(" ", text)
    if language not in UNSPACED:
        text = _without_repeats(text, language)
    text = re.sub(r"\s+", " ", text).strip(" ,，、")
    for pattern in (openers, leading):
        if pattern:
            rest = pattern.sub("", text, count=1)
            text = rest if re.search(r"\w\W+\w|[\u3040-\u9fff]{2}", rest) else text
    text = re.sub(r"\s+([,.?!;:])", r"\1", text)
    if not re.search(r"\w", text):
        return original
    return text[0].upper() + text[1:] if text else original


def _without_repeats(text: str, language: str) -> str:
    """Words or runs of up to four words said twice at once, once.

    Numbers are left alone ("two two" is twenty-two of something), and so are words that are
    doubled for weight.
    """
    words = text.split()
    keys = [re.sub(r"[^\w']", "", w).casefold() for w in words]
    function = FUNCTION.get(language, frozenset())
    kept: list[int] = []
    i = 0
    while i < len(words):
        for n in (4, 3, 2, 1):
            same = keys[i : i + n] == keys[i + n : i + 2 * n] and len(keys[i + n : i + 2 * n]) == n
            if same and _stumbled(keys[i : i + n], words[i : i + n], function):
                i += n
                break
        else:
            kept.append(i)
            i += 1
    return " ".join(words[k] for k in kept)


def _stumbled(keys: list[str], words: list[str], function: frozenset[str]) -> bool:
    if not all(keys) or any(character.isdigit() for key in keys for character in key):
        return False
    if any(word.endswith((".", "?", "!")) for word in words):
        return False
    if len(keys) > 1:
        return any(key in function for key in keys)
    return keys[0] in function and keys[0] not in _REPEATABLE
