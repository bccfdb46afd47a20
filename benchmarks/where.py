"""Where the processor's time goes on a recording: CPU seconds of each part, one thread.

    python -m benchmarks.where FILE [--set k=v]

The parts are run one after another in this process, models loaded beforehand, so that the seconds
are those of the part alone; in a run of the product they overlap.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.attribution import first_guess
from pipeline.audio import decode
from pipeline.checkpoints import Checkpoints
from pipeline.phrases import phrases, span_of
from pipeline.ports import SpeakerHint
from pipeline.transcription import Transcription
from pipeline.types import SAMPLE_RATE
from serve.cli.settings import overrides, resolve
from stages.local import LocalStages
from stages.models import Registry


class Stopwatch:
    """CPU seconds by part; what a part calls that is a part of its own counts there only."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._inner = [0.0]

    def over(self, owner: Any, name: str, part: str) -> None:
        """Time the function `name` of `owner` from now on."""
        function: Callable[..., Any] = getattr(owner, name)

        def timed(*arguments: Any, **options: Any) -> Any:
            begun = time.process_time()
            self._inner.append(0.0)
            try:
                return function(*arguments, **options)
            finally:
                whole = time.process_time() - begun
                self.spent[part] += whole - self._inner.pop()
                self._inner[-1] += whole

        setattr(owner, name, timed)


def main() -> None:
    """Read the arguments, run the parts, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as scratch:
        seconds = asyncio.run(run(arguments.file, arguments.set, watch, Path(scratch)))
    total = sum(watch.spent.values())
    print(f"{arguments.file.stem}, {seconds:.0f} s of sound")
    print(f"{'part':34s}{'CPU s':>9s}{'ms a s':>9s}{'share':>8s}")
    for part, spent in [*sorted(watch.spent.items(), key=lambda x: -x[1]), ("all", total)]:
        print(f"{part:34s}{spent:9.1f}{1000 * spent / seconds:9.2f}{spent / total:8.0%}")


async def run(file: Path, sets: list[str], watch: Stopwatch, scratch: Path) -> float:
    """Work on `file` part after part, timed by `watch`; seconds of sound."""
    from faster_whisper import WhisperModel

    import stages.diarization.diarizer as diarizer_module
    import stages.diarization.listening as listening
    from stages.asr.faster_whisper import FasterWhisper
    from stages.vad.silero import Silero

    one = [f"{part}.threads=1" for part in ("asr", "diarization", "vad")]
    profile = resolve("cpu", overrides([*one, *sets]))
    stages = LocalStages(profile, Registry.load(offline=True))
    for owner, name, part in (
        (Silero, "_run", "voice activity"),
        (FasterWhisper, "_features", "mel bands"),
        (WhisperModel, "encode", "Whisper's encoder"),
        (FasterWhisper, "_search", "Whisper's decoder"),
        (FasterWhisper, "_hearing", "word times"),
        (listening, "segment", "segmentation"),
        (listening.Ears, "trunk", "voice trunk"),
        (listening.Hearing, "voices", "masks, pooling, splitting"),
        (diarizer_module, "separate", "grouping voices, time line"),
        (diarizer_module, "embed_spans", "voices of phrases"),
    ):
        watch.over(owner, name, part)
    await stages.speech()
    diarizer = await stages.diarizer()
    begun = time.process_time()
    sound = decode(file, scratch / "sound").sounds[0]
    watch.spent["decoding, resampling"] = time.process_time() - begun
    transcription = Transcription(Checkpoints(scratch), "recording", "speech", "asr")
    _, segments = await transcription.run(sound, stages, lambda _: None, lambda *_: None)
    voices = await diarizer.listen(sound, lambda _: None)
    found = await diarizer.separate(voices, SpeakerHint())
    words, how = [w for s in segments for w in s.words], profile.attribution
    spans = [span_of(words, part) for part in phrases(words, first_guess(words, found, how), how)]
    await diarizer.embed(sound, spans, lambda _: None)
    return sound.length / SAMPLE_RATE


if __name__ == "__main__":
    main()
