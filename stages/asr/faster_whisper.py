"""Whisper on CTranslate2 through faster-whisper, windows that wait together read together.

The model decodes what it is given and reports how sure it was; where windows begin, what is asked
again and what is believed is decided in `stages.asr.stage`.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipeline.config import AsrSettings
from pipeline.ports import AsrHint, Hearing
from pipeline.types import SAMPLE_RATE, Samples, Segment
from stages.asr.batching import Batches
from stages.asr.writing import words_of
from stages.threads import limit_threads

if TYPE_CHECKING:
    from faster_whisper.tokenizer import Tokenizer

WINDOW = 30 * SAMPLE_RATE
"""Samples Whisper hears at once."""

_LENGTHS = (600, 1000, 1600, 2200, 3000)
"""Frames (of 10 ms) a window is filled up to with silence: few, so that many windows are alike."""

_MOST = 223
"""Tokens Whisper can be shown before a window."""

_CONTEXTS = (_MOST, 112, 56)
"""Tokens of earlier text a window is shown, the most there are: few choices, to the same end."""

_PREPENDED = "\"'“¿([{-"
_APPENDED = "\"'.。,，!！?？:：”)]}、"
_RESET_TEMPERATURE = 0.5
"""A window that needed a higher one is no good example for the next."""

_SEED = 1


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A window to be read. before: tokens shown ahead of it. frames: what it is filled up to."""

    window: Samples
    hint: AsrHint
    before: tuple[int, ...]
    frames: int

    @property
    def kind(self) -> Hashable:
        """Windows of one kind can be read together; those sampled from, each alone."""
        hint = self.hint
        return self.frames, len(self.before), hint.patient and id(self)


@dataclass(frozen=True, slots=True)
class _Decoded:
    """Tokens of a window, and how sure the model was."""

    tokens: list[int]
    logprob: float
    no_speech: float
    compression: float
    temperature: float = 0.0


class FasterWhisper:
    """The Transcriber port on a CTranslate2 Whisper model.

    path: a folder with model.bin, config.json, tokenizer.json and vocabulary. On CPUs
    `settings.threads` windows are decoded at a time, one thread each, with one copy of the weights.
    Source: Radford et al., 2022, https://arxiv.org/abs/2212.04356; long-form decoding as in § 4.5.
    """

    def __init__(self, settings: AsrSettings, path: Path) -> None:
        limit_threads()
        from faster_whisper import WhisperModel

        self._settings = settings
        workers = 1 if settings.device == "cuda" else settings.threads or 1
        self._model = WhisperModel(
            str(path),
            device=settings.device,
            compute_type=settings.compute_type,
            cpu_threads=1,
            num_workers=workers,
            local_files_only=True,
        )
        self._tokenizers: dict[tuple[str, str], Tokenizer] = {}
        self._batches: Batches[_Asked, Hearing] = Batches(
            self._read, lambda a: a.kind, workers=workers, most=settings.batch, name="whisper"
        )

    async def transcribe(self, window: Samples, hint: AsrHint) -> Hearing:
        """The words of `window`; see Transcriber. Raises ValueError beyond 30 s."""
        if len(window) > WINDOW:
            raise ValueError(f"expected at most {WINDOW} samples (30 s), got {len(window)}")
        return await self._batches.ask(
            _Asked(window, hint, self._before(hint), self._frames(len(window)))
        )

    def _frames(self, samples: int) -> int:
        pad = self._settings.window_pad
        if pad is None:
            return _LENGTHS[-1]
        needed = samples / SAMPLE_RATE * 100 + pad * 100
        return next((n for n in _LENGTHS if n >= needed), _LENGTHS[-1])

    def _before(self, hint: AsrHint) -> tuple[int, ...]:
        """Tokens of the text before the window; its end where there are too many."""
        encode = self._tokenizer("en").encode
        prompt = encode(f" {hint.prompt.strip()}") if hint.prompt.strip() else []
        before = [*prompt, *hint.context]
        hotwords = encode(" " + ", ".join(hint.hotwords))[:_MOST] if hint.hotwords else []
        room = _MOST - len(hotwords)
        if prompt:
            kept = min(room, len(before))  # the user asked for it: whole
        else:
            room = min(room, self._settings.context)
            kept = next((n for n in _CONTEXTS if n <= min(room, len(before))), 0)
        return (*hotwords, *(before[-kept:] if kept else ()))

    def _read(self, asked: list[_Asked]) -> list[Hearing]:
        """What was heard in windows of one kind.

        Only decoding gains by a batch: the encoder and the alignment are quicker window by window,
        whose attention maps then stay in the processor's cache.
        """
        encoded = [self._model.encode(self._features(a)) for a in asked]
        languages = [self._language(e, a.hint) for e, a in zip(encoded, asked, strict=True)]
        tokenizers = [
            self._tokenizer(code, a.hint.task)
            for (code, _), a in zip(languages, asked, strict=True)
        ]
        decoded = self._decode(encoded, asked, tokenizers)
        return [
            self._hearing(*window)
            for window in zip(asked, encoded, languages, tokenizers, decoded, strict=True)
        ]

    def _features(self, asked: _Asked) -> npt.NDArray[np.float32]:
        """Log-mel bands, (80 or 128, frames), filled up with silence to `asked.frames`."""
        bands = self._model.feature_extractor(asked.window)[:, :-1]
        return np.pad(bands, ((0, 0), (0, max(0, asked.frames - bands.shape[1]))))[
            :, : asked.frames
        ]

    def _language(self, encoded: Any, hint: AsrHint) -> tuple[str, float]:
        """The language of a window, and how probable it is."""
        if hint.language is not None or not self._model.model.is_multilingual:
            return hint.language or "en", 1.0
        ranked = [(t[2:-2], p) for t, p in self._model.model.detect_language(encoded)[0]]
        allowed = [(c, p) for c, p in ranked if not hint.allowed or c in hint.allowed]
        code, probability = (allowed or ranked)[0]
        usual = dict(ranked).get(hint.usual or "", None)
        if usual is not None and probability < self._settings.language_switch:
            return hint.usual or code, usual
        return code, probability

    def _tokenizer(self, language: str, task: str = "transcribe") -> Tokenizer:
        from faster_whisper.tokenizer import Tokenizer

        if (language, task) not in self._tokenizers:
            multilingual = self._model.model.is_multilingual
            self._tokenizers[language, task] = Tokenizer(
                self._model.hf_tokenizer, multilingual, task=task, language=language
            )
        return self._tokenizers[language, task]

    def _decode(
        self, encoded: list[Any], asked: list[_Asked], tokenizers: list[Tokenizer]
    ) -> list[_Decoded]:
        """The likeliest tokens of each window."""
        prompts = [
            self._model.get_prompt(t, list(a.before))
            for t, a in zip(tokenizers, asked, strict=True)
        ]
        if asked[0].hint.patient:
            return [self._decode_patiently(encoded[0], prompts[0], tokenizers[0])]
        decoded = self._search(encoded, prompts, tokenizers, beam_size=self._first_beam)
        again = [n for n, d in enumerate(decoded) if self._unsure(d)]
        if again:
            wider = self._search(
                [encoded[n] for n in again],
                [prompts[n] for n in again],
                [tokenizers[n] for n in again],
                beam_size=self._settings.beam_size,
            )
            for n, other in zip(again, wider, strict=True):
                decoded[n] = max(decoded[n], other, key=lambda d: d.logprob)
        return decoded

    @property
    def _first_beam(self) -> int:
        return self._settings.beam_size if self._settings.sure_logprob is None else 1

    def _unsure(self, decoded: _Decoded) -> bool:
        """Whether a quick reading is worth a wider search."""
        s = self._settings
        if s.sure_logprob is None or s.beam_size == 1:
            return False
        return decoded.logprob < s.sure_logprob or decoded.compression > s.max_compression_ratio

    def _search(
        self,
        encoded: list[Any],
        prompts: list[list[int]],
        tokenizers: list[Tokenizer],
        beam_size: int,
    ) -> list[_Decoded]:
        results = self._model.model.generate(
            _stacked(encoded),
            prompts,
            beam_size=beam_size,
            max_length=self._model.max_length,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=_suppressed(tokenizers[0]),
            max_initial_timestamp_index=50,
        )
        return [_scored(r, t) for r, t in zip(results, tokenizers, strict=True)]

    def _decode_patiently(self, encoded: Any, prompt: list[int], tokenizer: Tokenizer) -> _Decoded:
        """One window at higher temperatures too, until the text is likely enough."""
        import ctranslate2

        ctranslate2.set_random_seed(_SEED)  # a window is read alike whatever was read before
        result, logprob, temperature, compression = self._model.generate_with_fallback(
            encoded, prompt, tokenizer, self._fallback(tokenizer)
        )
        tokens = list(result.sequences_ids[0])
        return _Decoded(tokens, logprob, result.no_speech_prob, compression, temperature)

    def _hearing(
        self,
        asked: _Asked,
        encoded: Any,
        language: tuple[str, float],
        tokenizer: Tokenizer,
        decoded: _Decoded,
    ) -> Hearing:
        """The decoded tokens as words with times."""
        s, duration = self._settings, len(asked.window) / SAMPLE_RATE
        if decoded.no_speech > s.max_no_speech and decoded.logprob < s.min_average_logprob:
            return Hearing((), duration, *language, decoded.temperature)
        frames = len(asked.window) * 100 // SAMPLE_RATE
        pieces, consumed = _split(self._model, tokenizer, decoded.tokens, frames)
        self._model.add_word_timestamps(
            [pieces], tokenizer, encoded, frames, _PREPENDED, _APPENDED, last_speech_timestamp=0.0
        )
        written = "en" if asked.hint.task == "translate" else language[0]
        segments = tuple(
            Segment(words, written, decoded.logprob, decoded.no_speech, decoded.compression)
            for piece in pieces
            if (words := words_of(piece.get("words", ()), duration))
        )
        if consumed is None:
            consumed = max((s.span.end for s in segments), default=duration)
        if consumed < 1.0:
            consumed = duration
        context: tuple[int, ...] = ()
        if s.carry_prompt and decoded.temperature <= _RESET_TEMPERATURE:
            # With their time marks: shown bare text, Whisper stops writing the marks itself.
            heard = [t for p in pieces if p["start"] != p["end"] for t in p["tokens"]]
            context = (*asked.hint.context, *heard)[-_MOST:]
        return Hearing(segments, consumed, *language, decoded.temperature, context)

    def _fallback(self, tokenizer: Tokenizer) -> Any:
        """What faster-whisper wants to know to try one temperature after another."""
        from faster_whisper.transcribe import TranscriptionOptions

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
            temperatures=list(s.temperatures),
            initial_prompt=None,
            prefix=None,
            suppress_blank=True,
            suppress_tokens=_suppressed(tokenizer),
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


def _stacked(encoded: list[Any]) -> Any:
    """Windows encoded one by one as a batch."""
    if len(encoded) == 1:
        return encoded[0]
    import ctranslate2

    return ctranslate2.StorageView.from_array(np.concatenate([np.asarray(e) for e in encoded]))


def _suppressed(tokenizer: Tokenizer) -> Any:
    from faster_whisper.transcribe import get_suppressed_tokens

    return get_suppressed_tokens(tokenizer, [-1])


def _scored(result: Any, tokenizer: Tokenizer) -> _Decoded:
    from faster_whisper.transcribe import get_compression_ratio

    tokens = list(result.sequences_ids[0])
    logprob = result.scores[0] * len(tokens) / (len(tokens) + 1)
    compression = get_compression_ratio(tokenizer.decode(tokens).strip())
    return _Decoded(tokens, logprob, result.no_speech_prob, compression)


def _split(
    model: Any, tokenizer: Tokenizer, tokens: list[int], frames: int
) -> tuple[list[dict[str, Any]], float | None]:
    """The text between time marks, and up to where it accounts for the sound, in seconds.

    A closing mark vouches for all before it; without one, None, only the words themselves do.
    """
    pieces, seek, clean_end = model._split_segments_by_timestamps(
        tokenizer=tokenizer,
        tokens=tokens,
        time_offset=0.0,
        segment_size=frames,
        segment_duration=frames / 100,
        seek=0,
    )
    return pieces, seek / model.frames_per_second if clean_end else None
