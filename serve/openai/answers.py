"""A finished transcription in each of the six formats."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.responses import JSONResponse, Response

from pipeline.exports import FORMATS, ExportContext
from pipeline.exports.reading import spoken
from pipeline.meeting import Meeting
from pipeline.types import SpeakerId, Transcript, Utterance, Word
from serve.cli.languages import LANGUAGES
from serve.openai.options import Options
from serve.openai.text import said, speaker_labels, whole_text

Names = Mapping[SpeakerId, str]


def answer(meeting: Meeting, options: Options, names: Names) -> Response:
    """The response that `options` ask for. names: of the speakers whose voices are known."""
    transcript = meeting.transcript
    match options.response_format:
        case "json":
            return JSONResponse(_json(transcript, options))
        case "text":
            return Response(whole_text(transcript), media_type="text/plain; charset=utf-8")
        case "verbose_json":
            return JSONResponse(_verbose(transcript, options))
        case "diarized_json":
            return JSONResponse(_diarized(transcript, names))
        case subtitles:
            return _subtitles(meeting, subtitles, names)


def usage(transcript: Transcript) -> dict[str, Any]:
    """What was used: seconds of sound."""
    return {"type": "duration", "seconds": transcript.duration}


def languages(transcript: Transcript) -> list[dict[str, str]]:
    """The languages heard, the one most used first."""
    words: dict[str, int] = {}
    for utterance in said(transcript):
        words[utterance.language] = words.get(utterance.language, 0) + len(utterance.words)
    return [{"code": code} for code in sorted(words, key=lambda c: -words[c])]


def diarized_segments(transcript: Transcript, names: Names) -> list[dict[str, Any]]:
    """The utterances with who said them."""
    labels = speaker_labels(transcript, names)
    return [
        {
            "type": "transcript.text.segment",
            "id": f"seg_{number:03}",
            "start": u.span.start,
            "end": u.span.end,
            "text": spoken(u),
            "speaker": labels[u.speaker],
        }
        for number, u in enumerate(said(transcript), 1)
    ]


def _json(transcript: Transcript, options: Options) -> dict[str, Any]:
    body: dict[str, Any] = {"text": whole_text(transcript), "usage": usage(transcript)}
    if options.task == "transcribe":
        body["languages"] = languages(transcript)
    return body


def _verbose(transcript: Transcript, options: Options) -> dict[str, Any]:
    body = {
        "task": options.task,
        "language": _language(transcript, options),
        "duration": transcript.duration,
        "text": whole_text(transcript),
        "segments": [_segment(n, u, options.words) for n, u in enumerate(said(transcript))],
        "usage": usage(transcript),
    }
    if options.words:
        words = sorted(transcript.words, key=lambda w: w.span)
        body["words"] = [_word(w) for w in words]
    return body


def _language(transcript: Transcript, options: Options) -> str:
    """The English name of the language, as OpenAI gives it; "unknown" where nobody spoke."""
    if options.task == "translate":
        return "english"
    code = transcript.language or options.settings.get("asr", {}).get("language")
    return LANGUAGES.get(code, code).lower() if code else "unknown"


def _segment(number: int, utterance: Utterance, words: bool) -> dict[str, Any]:
    """An utterance in Whisper's terms.

    avg_logprob: mean log-probability of its words. seek: hundredths of a second. What was probably
    no speech has been left out before, and tokens and their temperature are not kept.
    """
    text, span = spoken(utterance), utterance.span
    likely = [math.log(max(w.probability, 1e-6)) for w in utterance.words]
    raw = text.encode()
    segment: dict[str, Any] = {
        "id": number,
        "seek": round(span.start * 100),
        "start": span.start,
        "end": span.end,
        "text": text,
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": round(sum(likely) / len(likely), 4),
        "compression_ratio": round(len(raw) / len(zlib.compress(raw)), 4),
        "no_speech_prob": 0.0,
    }
    if words:
        segment["words"] = [_word(w) | {"probability": w.probability} for w in utterance.words]
    return segment


def _word(word: Word) -> dict[str, Any]:
    return {"word": word.text, "start": word.span.start, "end": word.span.end}


def _diarized(transcript: Transcript, names: Names) -> dict[str, Any]:
    segments = diarized_segments(transcript, names)
    return {
        "task": "transcribe",
        "duration": transcript.duration,
        "text": "\n".join(f"{s['speaker']}: {s['text']}" for s in segments),
        "segments": segments,
        "usage": usage(transcript),
    }


def _subtitles(meeting: Meeting, form: str, names: Names) -> Response:
    transcript, kind = meeting.transcript, FORMATS[form]
    named = tuple(replace(s, name=names[s.id]) if s.id in names else s for s in transcript.speakers)
    if not said(transcript):
        body = b"WEBVTT\n" if form == "vtt" else b""
    else:
        context = ExportContext(meeting.title, meeting.title)
        body = kind.write(replace(transcript, speakers=named), None, context)
    return Response(body, media_type=kind.media_type)
