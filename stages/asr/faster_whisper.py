"""Whisper on CTranslate2 through faster-whisper, one window at a time.

The model decodes what it is given and reports how sure it was; where windows begin, what is asked
again and what is believed is decided in `stages.asr.stage`.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config import AsrSettings
from pipeline.ports import AsrHint, Hearing
from pipeline.types import SAMPLE_RATE, Samples, Segment, Span, Word
from stages.threads import limit_threads

if TYPE_CHECKING:
    from faster_whisper.tokenizer import Tokenizer

WINDOW = 30 * SAMPLE_RATE
"""Samples Whisper hears at once."""

_PREPENDED = "\"'“¿([{-"
_APPENDED = "\"'.。,，!！?？:：”)]}、"
_RESET_TEMPERATURE = 0.5
"""A window that needed a higher one is no good example for the next."""

_SEED = 1
_UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
)
_PROMPT_LIMIT = 223
"""Tokens of text Whisper can be shown before a window."""


class FasterWhisper:
    """The Transcriber port on a CTranslate2 Whisper model.

    path: a folder with model.bin, config.json, tokenizer.json and vocabulary.
    Source: Radford et al., 2022, https://arxiv.org/abs/2212.04356; long-form decoding as in § 4.5.
    """

    def __init__(self, settings: AsrSettings, path: Path) -> None:
        limit_threads()
        from faster_whisper import WhisperModel

        self._settings = settings
        self._model = WhisperModel(
            str(path),
            device=settings.device,
            compute_type=settings.compute_type,
            cpu_threads=settings.threads or 1,
            num_workers=1,
            local_files_only=True,
        )
        self._tokenizers: dict[str, Tokenizer] = {}
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="whisper")

    async def transcribe(self, window: Samples, hint: AsrHint) -> Hearing:
        """The words of `window`; see Transcriber. Raises ValueError beyond 30 s."""
        if len(window) > WINDOW:
            raise ValueError(f"expected at most {WINDOW} samples (30 s), got {len(window)}")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._decode, window, hint)

    def _decode(self, window: Samples, hint: AsrHint) -> Hearing:
        import ctranslate2
        from faster_whisper.audio import pad_or_trim

        features = self._model.feature_extractor(window)
        frames = min(features.shape[-1] - 1, self._model.feature_extractor.nb_max_frames)
        encoded = self._model.encode(pad_or_trim(features[:, :frames]))
        language, certainty = self._language(encoded, hint)
        tokenizer = self._tokenizer(language)
        options = self._options(tokenizer, hint.patient)
        prompt = self._prompt(tokenizer, hint)
        ctranslate2.set_random_seed(_SEED)  # a window is read alike whatever was read before
        result, logprob, temperature, compression = self._model.generate_with_fallback(
            encoded, prompt, tokenizer, options
        )
        duration = len(window) / SAMPLE_RATE
        silent = (
            result.no_speech_prob > self._settings.max_no_speech
            and logprob < self._settings.min_average_logprob
        )
        if silent:
            return Hearing((), duration, language, certainty, temperature)
        pieces, consumed = self._split(tokenizer, result.sequences_ids[0], frames, duration)
        self._model.add_word_timestamps(
            [pieces], tokenizer, encoded, frames, _PREPENDED, _APPENDED, last_speech_timestamp=0.0
        )
        segments = [
            Segment(words, language, logprob, result.no_speech_prob, compression)
            for piece in pieces
            if (words := _words(piece.get("words", ()), duration))
        ]
        if consumed is None:
            consumed = max((s.span.end for s in segments), default=duration)
        if consumed < 1.0:
            consumed = duration
        context = () if temperature > _RESET_TEMPERATURE else self._context(hint, pieces)
        return Hearing(tuple(segments), consumed, language, certainty, temperature, context)

    def _context(self, hint: AsrHint, pieces: list[dict[str, Any]]) -> tuple[int, ...]:
        """Tokens with their time marks: shown bare text, Whisper stops writing the marks itself."""
        if not self._settings.carry_prompt:
            return ()
        heard = [t for p in pieces if p["start"] != p["end"] for t in p["tokens"]]
        return (*hint.context, *heard)[-_PROMPT_LIMIT:]

    def _split(
        self, tokenizer: Tokenizer, tokens: list[int], frames: int, duration: float
    ) -> tuple[list[dict[str, Any]], float | None]:
        pieces, seek, clean_end = self._model._split_segments_by_timestamps(
            tokenizer=tokenizer,
            tokens=tokens,
            time_offset=0.0,
            segment_size=frames,
            segment_duration=duration,
            seek=0,
        )
        # A closing timestamp vouches for all before it; without one only the words themselves do.
        return pieces, seek / self._model.frames_per_second if clean_end else None

    def _language(self, encoded: Any, hint: AsrHint) -> tuple[str, float]:
        if hint.language is not None or not self._model.model.is_multilingual:
            return hint.language or "en", 1.0
        ranked = [(t[2:-2], p) for t, p in self._model.model.detect_language(encoded)[0]]
        allowed = [(c, p) for c, p in ranked if not hint.allowed or c in hint.allowed]
        code, probability = (allowed or ranked)[0]
        usual = dict(ranked).get(hint.usual or "", None)
        if usual is not None and probability < self._settings.language_switch:
            return hint.usual or code, usual
        return code, probability

    def _tokenizer(self, language: str) -> Tokenizer:
        from faster_whisper.tokenizer import Tokenizer

        if language not in self._tokenizers:
            multilingual = self._model.model.is_multilingual
            self._tokenizers[language] = Tokenizer(
                self._model.hf_tokenizer, multilingual, task="transcribe", language=language
            )
        return self._tokenizers[language]

    def _prompt(self, tokenizer: Tokenizer, hint: AsrHint) -> list[int]:
        prompt = tokenizer.encode(f" {hint.prompt.strip()}") if hint.prompt.strip() else []
        before = [*prompt, *hint.context]
        hotwords = ", ".join(hint.hotwords) or None
        room = _PROMPT_LIMIT - (len(tokenizer.encode(f" {hotwords}")) if hotwords else 0)
        before = before[-room:] if room > 0 else []
        return list(self._model.get_prompt(tokenizer, before, hotwords=hotwords))

    def _options(self, tokenizer: Tokenizer, patient: bool) -> Any:
        from faster_whisper.transcribe import TranscriptionOptions, get_suppressed_tokens

        s = self._settings
        return TranscriptionOptions(
            beam_size=s.beam_size,
            best_of=5,
            patience=1,
            length_penalty=1,
            repetition_penalty=1,
            no_repeat_ngram_size=0,
            log_prob_threshold=s.min_average_logprob,
            no_speech_threshold=s.max_no_speech,
            compression_ratio_threshold=s.max_compression_ratio,
            condition_on_previous_text=s.carry_prompt,
            prompt_reset_on_temperature=0.5,
            temperatures=list(s.temperatures if patient else s.temperatures[:1]),
            initial_prompt=None,
            prefix=None,
            suppress_blank=True,
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
            without_timestamps=False,
            max_initial_timestamp=1.0,
            word_timestamps=True,
            prepend_punctuations=_PREPENDED,
            append_punctuations=_APPENDED,
            multilingual=False,
            max_new_tokens=None,
            clip_timestamps=[],
            hallucination_silence_threshold=None,
            hotwords=None,
        )


def _words(timed: Any, duration: float) -> tuple[Word, ...]:
    """Whisper's timed words as ours: a leading space means a word of its own."""
    words: list[Word] = []
    for entry in timed:
        text = entry["word"].strip()
        if not text:
            continue
        start = min(max(0.0, float(entry["start"])), duration)
        end = min(max(start, float(entry["end"])), duration)
        probability = float(entry["probability"])
        glued = bool(words) and not entry["word"].startswith(" ")
        if glued and not (_unspaced(text) or _unspaced(words[-1].text)):
            # "100" and "%", "co" and "-op": one word to a reader, and so to a speaker.
            first = words.pop()
            span = Span(first.span.start, max(first.span.end, end))
            probability = min(first.probability, probability)
            words.append(Word(first.text + text, span, probability, glued=first.glued))
        else:
            words.append(Word(text, Span(start, end), probability, glued=glued))
    return tuple(words)


def _unspaced(text: str) -> bool:
    """Whether the script parts words by no space: Chinese, Japanese, Thai, Lao, Khmer, Burmese."""
    return any(low <= ord(c) <= high for c in text for low, high in _UNSPACED)
