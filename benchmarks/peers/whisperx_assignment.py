"""WhisperX's `assign_word_speakers` on words and turns that somebody else found.

Options: the stem of the words' file and the stem of the turns' file.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from benchmarks.peers.running import (
    Heard,
    Turn,
    Word,
    Work,
    perform,
    read_turns,
    read_words,
    sentences,
)


def load() -> Work:
    """Nothing to load but the code."""
    words, turns = read_words(Path(sys.argv[3])), read_turns(Path(sys.argv[4]))
    return lambda _: Heard(assigned(words, turns), turns)


def assigned(words: Sequence[Word], turns: Sequence[Turn]) -> list[Word]:
    """The words with WhisperX's speakers.

    Segments are sentences, as its aligner makes them. A word that no turn touches is left without a
    speaker by WhisperX; here it is given its sentence's, as WhisperX's subtitles show it.
    """
    pandas = import_module("pandas")  # lives in WhisperX's environment only
    whisperx = import_module("whisperx.diarize")
    parts = sentences(words)
    result = whisperx.assign_word_speakers(
        pandas.DataFrame([{"start": t.start, "end": t.end, "speaker": t.speaker} for t in turns]),
        {
            "segments": [
                {
                    "start": part[0].start,
                    "end": part[-1].end,
                    "text": "".join(w.text for w in part),
                    "words": [{"word": w.text, "start": w.start, "end": w.end} for w in part],
                }
                for part in parts
            ]
        },
    )
    return [
        Word(w["start"], w["end"], w["word"], w.get("speaker") or segment.get("speaker"))
        for segment in result["segments"]
        for w in segment["words"]
    ]


if __name__ == "__main__":
    perform(load)
