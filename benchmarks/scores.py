"""Scores of one recording and of many: errors and lengths are summed, rates never averaged.

WER by jiwer; cpWER, tcpWER (collar 5 s) and ORC-WER by meeteval; DER (collar 0, overlap scored,
whole file) by pyannote.metrics. Text is normalised on both sides: Whisper's English normaliser, or
for Chinese the bare characters in simplified script, scored as CER.
"""

from __future__ import annotations

import json
import logging
import unicodedata
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.recordings import Reference

COLLAR = 5
"""Seconds a word may be off for tcpWER, as in CHiME."""

_MANY = 60
"""Segments times speakers beyond which ORC-WER is found greedily, as it grows exponentially."""


@dataclass(frozen=True, slots=True)
class Score:
    """Error counts of one recording, or of several added up.

    words: of the reference (characters for Chinese). speech: seconds of reference speech, speakers
    counted one by one. speakers_off: difference between speakers found and present, added up over
    `files`.
    """

    words: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    cp: int = 0
    tcp: int = 0
    orc: int = 0
    speech: float = 0.0
    missed: float = 0.0
    false_alarm: float = 0.0
    confusion: float = 0.0
    speakers_off: int = 0
    files: int = 0
    covered: float = 0.0
    voiced: float = 0.0

    def __add__(self, other: Score) -> Score:
        return Score(*(getattr(self, f) + getattr(other, f) for f in self.__slots__))

    def row(self) -> dict[str, float | None]:
        """Rates in percent by their usual names; None where nothing was there to score."""
        errors = self.substitutions + self.deletions + self.insertions
        return {
            "WER": _percent(errors, self.words),
            "sub": _percent(self.substitutions, self.words),
            "del": _percent(self.deletions, self.words),
            "ins": _percent(self.insertions, self.words),
            "cpWER": _percent(self.cp, self.words),
            "tcpWER": _percent(self.tcp, self.words),
            "cp-ORC": _percent(self.cp - self.orc, self.words),
            "DER": _percent(self.missed + self.false_alarm + self.confusion, self.speech),
            "miss": _percent(self.missed, self.speech),
            "fa": _percent(self.false_alarm, self.speech),
            "conf": _percent(self.confusion, self.speech),
            "spk±": self.speakers_off / self.files if self.files else None,
            "cover": _percent(self.covered, self.voiced),
        }


def score(reference: Reference, words: Path, turns: Path, coverage: dict[str, Any]) -> Score:
    """The score of one recording.

    words: SegLST and turns: RTTM of the hypothesis. coverage: speech and transcribed, in seconds.
    """
    total = Score(covered=coverage["transcribed"], voiced=coverage["speech"])
    if reference.words is not None:
        chinese = reference.language == "zh"
        total += _words(reference.words, words, chinese)
    if reference.turns is not None and reference.kind in ("meeting", "format"):
        total += _turns(reference.turns, turns, reference.duration)
    return total


def _words(reference: Path, hypothesis: Path, chinese: bool) -> Score:
    import jiwer

    normalise = _chinese() if chinese else _english()
    truth, heard = _seglst(reference, normalise), _seglst(hypothesis, normalise)
    between = "" if chinese else " "
    said = between.join(s["words"] for s in truth)
    text = between.join(s["words"] for s in heard)
    length = len(said) if chinese else len(said.split())
    if not heard:
        return Score(words=length, deletions=length, cp=length, tcp=length, orc=length)
    if chinese:
        o: Any = jiwer.process_characters(said, text)
        return Score(length, o.substitutions, o.deletions, o.insertions)
    o = jiwer.process_words(said, text)
    return Score(length, o.substitutions, o.deletions, o.insertions, *_by_speaker(truth, heard))


def _by_speaker(truth: list[dict[str, Any]], heard: list[dict[str, Any]]) -> tuple[int, int, int]:
    import meeteval

    ref, hyp = meeteval.io.SegLST(truth), meeteval.io.SegLST(heard)
    many = len(truth) * len({s["speaker"] for s in heard}) > _MANY
    orc = meeteval.wer.greedy_orcwer if many else meeteval.wer.orcwer

    def errors(results: dict[str, Any]) -> int:
        return sum(int(r.errors) for r in results.values())

    return (
        errors(meeteval.wer.cpwer(ref, hyp)),
        errors(meeteval.wer.tcpwer(ref, hyp, collar=COLLAR)),
        errors(orc(ref, hyp)),
    )


def _turns(reference: Path, hypothesis: Path, duration: float | None) -> Score:
    from pyannote.core import Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    truth, heard = _rttm(reference), _rttm(hypothesis)
    end = duration or max(truth.get_timeline().extent().end, heard.get_timeline().extent().end)
    metric = DiarizationErrorRate(collar=0.0, skip_overlap=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts = metric(truth, heard, uem=Timeline([Segment(0, end)]), detailed=True)
    return Score(
        speech=parts["total"],
        missed=parts["missed detection"],
        false_alarm=parts["false alarm"],
        confusion=parts["confusion"],
        speakers_off=abs(len(truth.labels()) - len(heard.labels())),
        files=1,
    )


def _seglst(path: Path, normalise: Callable[[str], str]) -> list[dict[str, Any]]:
    segments = []
    for entry in json.loads(path.read_text(encoding="utf-8")):
        start, words = float(entry["start_time"] or 0), normalise(entry["words"] or "")
        if words:
            segments.append(
                {
                    "session_id": "recording",
                    "speaker": str(entry.get("speaker") or "UNKNOWN"),
                    "start_time": start,
                    "end_time": max(float(entry["end_time"] or 0), start + 0.01),
                    "words": words,
                }
            )
    return sorted(segments, key=lambda s: (s["start_time"], s["end_time"]))


def _rttm(path: Path) -> Any:
    from pyannote.core import Annotation, Segment

    annotation = Annotation()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        fields = line.split()
        if fields and fields[0] == "SPEAKER" and float(fields[4]) > 0:
            start, length = float(fields[3]), float(fields[4])
            annotation[Segment(start, start + length), number] = fields[7]
    return annotation


@cache
def _english() -> Callable[[str], str]:
    from whisper_normalizer.english import EnglishTextNormalizer

    for name in ("meeteval", "preprocess"):
        logging.getLogger(name).setLevel(logging.ERROR)
    normalise: Callable[[str], str] = EnglishTextNormalizer()
    return normalise


@cache
def _chinese() -> Callable[[str], str]:
    from opencc import OpenCC

    simplified = OpenCC("t2s").convert

    def normalise(text: str) -> str:
        text = simplified(unicodedata.normalize("NFKC", text)).lower()
        return "".join(c for c in text if unicodedata.category(c)[0] in "LN")

    return normalise


def _percent(part: float, whole: float) -> float | None:
    return round(100 * part / whole, 2) if whole else None


def pooled(scores: Iterable[Score]) -> Score:
    """The sum of several scores."""
    return sum(scores, Score())
