"""Subtitle cues: words grouped so that they can be read while they are heard.

A cue is at most two lines of 42 columns, a full-width character counting two, and stays between
one and seven seconds where the words allow it. Where to part an utterance is chosen for the whole
utterance at once (least cost): at the end of sentences, at pauses, at commas, elsewhere only if it
must be. Figures: the BBC's and Netflix's guidelines for timed text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.exports.reading import one_line
from pipeline.types import SpeakerId, Transcript, Utterance

COLUMNS = 42
SHORTEST, LONGEST = 1.0, 7.0
"""Seconds a cue stays."""
READING_SPEED = 20.0
"""Columns a second that can be read."""
PAUSE = 0.5
"""Seconds between words that make a good place to part."""
NAME_COLUMNS = 24

_SENTENCE, _CLAUSE = ".?!…。？！", ",;:，；：、"
_CLOSING = "\"'”’»)]」』）】"
_FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class Token:
    """What is never parted: a word, or a name put before an utterance."""

    text: str
    start: float
    end: float
    columns: int
    glued: bool = False
    sticks: bool = False  # to the token after it


@dataclass(frozen=True, slots=True)
class Cue:
    """Lines shown together, from start to end in seconds."""

    start: float
    end: float
    speaker: SpeakerId
    lines: tuple[str, ...]


def columns(text: str) -> int:
    """Columns that `text` takes: 2 for a full-width character, 0 for a combining one."""
    return sum(
        2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text
    )


def cues(transcript: Transcript, names: dict[SpeakerId, str] | None = None) -> list[Cue]:
    """All words as cues, sorted by start.

    names: put before the words wherever the speaker changes; None puts none.
    """
    found: list[Cue] = []
    before: SpeakerId | None = None
    for utterance in transcript.utterances:
        tokens = _tokens(utterance)
        if tokens and names is not None and utterance.speaker != before:
            name, start = f"{_shortened(names[utterance.speaker])}:", tokens[0].start
            tokens.insert(0, Token(name, start, start, columns(name), sticks=True))
        if tokens:
            before = utterance.speaker
            found += _parted(tokens, utterance.speaker)
    found.sort(key=lambda c: (c.start, c.end))
    return _timed(found, transcript.duration)


def _tokens(utterance: Utterance) -> list[Token]:
    tokens = []
    for word in utterance.words:
        if text := one_line(word.text):
            start, end = word.span.start, word.span.end
            tokens += _pieces(Token(text, start, end, columns(text), word.glued))
    return tokens


def _pieces(token: Token) -> list[Token]:
    """The token, cut where it is longer than a line, its time shared out."""
    if token.columns <= COLUMNS:
        return [token]
    texts = [""]
    for character in token.text:
        if columns(texts[-1] + character) > COLUMNS:
            texts.append("")
        texts[-1] += character
    each = (token.end - token.start) / len(texts)
    starts = [token.start + i * each for i in range(len(texts))]
    return [
        Token(text, start, start + each, columns(text), token.glued or i > 0)
        for i, (text, start) in enumerate(zip(texts, starts, strict=True))
    ]


def _parted(tokens: list[Token], speaker: SpeakerId) -> list[Cue]:
    """The cues of one utterance by least total cost, as in breaking a paragraph into lines."""
    cost, since = [0.0], [0]
    for end in range(1, len(tokens) + 1):
        parting = _parting_cost(tokens, end)
        best, best_start, latest, pauses = _FOREVER, end - 1, 0.0, 0.0
        for start in range(end - 1, -1, -1):
            if start < end - 1:
                if not _fits(tokens, start, end):
                    break
                pauses += max(0.0, tokens[start + 1].start - tokens[start].end - PAUSE)
            latest = max(latest, tokens[start].end)
            seconds = latest - tokens[start].start
            total = cost[start] + parting + 1.5 + 4 * pauses + 3 * max(0.0, SHORTEST - seconds)
            if seconds > LONGEST and start < end - 1:
                total += 100 + seconds
            if total < best:
                best, best_start = total, start
        cost.append(best)
        since.append(best_start)
    borders = [len(tokens)]
    while borders[-1]:
        borders.append(since[borders[-1]])
    borders.reverse()
    found = []
    for start, end in zip(borders[:-1], borders[1:], strict=True):
        cue = tokens[start:end]
        found.append(Cue(cue[0].start, max(t.end for t in cue), speaker, wrapped(cue)))
    return found


def _fits(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether tokens start to end go into two lines, filling the first as far as it goes."""
    lines, filled = 1, 0
    for i in range(start, end):
        more = tokens[i].columns + (filled > 0 and not tokens[i].glued)
        if filled + more <= COLUMNS:
            filled += more
        elif lines == 2:
            return False
        else:
            lines, filled = 2, tokens[i].columns
    return True


def _parting_cost(tokens: Sequence[Token], end: int) -> float:
    """How bad it is that a cue ends before token `end`; the utterance's own end is free."""
    if end == len(tokens):
        return 0.0
    pause = tokens[end].start - tokens[end - 1].end
    return _break_cost(tokens[end - 1]) - (1.0 if pause >= PAUSE else 0.0)


def _break_cost(last: Token) -> float:
    """How bad it is to part the text after `last`."""
    if last.sticks:
        return 1000.0
    ending = last.text.rstrip(_CLOSING)[-1:]
    if ending and ending in _SENTENCE:
        return 0.0
    return 1.5 if ending and ending in _CLAUSE else 4.0


def wrapped(tokens: Sequence[Token]) -> tuple[str, ...]:
    """Tokens that fit, in one line or in two of like length."""
    whole = _joined(tokens)
    if columns(whole) <= COLUMNS or len(tokens) == 1:
        return (whole,)
    lines = [(_joined(tokens[:i]), _joined(tokens[i:])) for i in range(1, len(tokens))]
    places = [_break_cost(t) for t in tokens[:-1]]

    def uneven(i: int) -> float:
        first, second = map(columns, lines[i])
        over = 1000 * max(0, first - COLUMNS, second - COLUMNS)
        return over + abs(first - second) + 6 * min(places[i], 4.0)

    return lines[min(range(len(lines)), key=uneven)]


def _joined(tokens: Sequence[Token]) -> str:
    return "".join(t.text if t.glued or i == 0 else f" {t.text}" for i, t in enumerate(tokens))


def _timed(sorted_cues: list[Cue], duration: float) -> list[Cue]:
    """Cues that stay long enough to be read where there is room, and no longer than is useful."""
    timed = []
    for i, cue in enumerate(sorted_cues):
        after = next((c.start for c in sorted_cues[i + 1 :] if c.start > cue.start), _FOREVER)
        mine = next((c for c in sorted_cues[i + 1 :] if c.speaker == cue.speaker), None)
        end = min(cue.end, cue.start + LONGEST)
        wanted = max(SHORTEST, sum(map(columns, cue.lines)) / READING_SPEED)
        room = min(after, max(duration, end), cue.start + LONGEST)
        end = max(end, min(cue.start + wanted, room))
        if mine is not None and cue.start < mine.start < end:
            end = mine.start
        if end <= cue.start:
            end = cue.start + SHORTEST
        timed.append(replace(cue, start=round(cue.start, 3), end=round(end, 3)))
    return timed


def _shortened(name: str) -> str:
    if columns(name) <= NAME_COLUMNS:
        return name
    while columns(name) > NAME_COLUMNS - 1:
        name = name[:-1]
    return f"{name.rstrip()}…"
