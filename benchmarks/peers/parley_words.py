"""Words by Parley's voice activity and transcription alone.

Options: settings, KEY=VALUE, as `parley transcribe --set` takes them.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from benchmarks.peers.running import Heard, Word, Work, perform


def load() -> Work:
    """The stages of the default profile, their models in memory."""
    import numpy as np

    from benchmarks.diarization import Samples
    from pipeline.audio import decode
    from pipeline.checkpoints import Checkpoints
    from pipeline.ports import Sound
    from pipeline.transcription import Transcription
    from serve.cli.settings import overrides, resolve
    from stages.local import LocalStages
    from stages.models import Registry

    stages = LocalStages(resolve("cpu", overrides(sys.argv[3:])), Registry.load(offline=True))
    runner = asyncio.Runner()

    async def ready() -> None:
        await stages.speech()
        await stages.asr(Samples(np.zeros(0, np.float32)))

    async def heard(sound: Sound, scratch: Path) -> list[Word]:
        transcription = Transcription(Checkpoints(scratch), "recording", "speech", "asr")
        _, found = await transcription.run(sound, stages, lambda _: None, lambda *_: None)
        return [Word(w.span.start, w.span.end, w.text) for s in found for w in s.words]

    def work(file: Path) -> Heard:
        with tempfile.TemporaryDirectory() as scratch:
            sound = decode(file, Path(scratch) / "sound").sounds[0]
            return Heard(words=runner.run(heard(sound, Path(scratch))))

    runner.run(ready())
    return work


if __name__ == "__main__":
    perform(load)
