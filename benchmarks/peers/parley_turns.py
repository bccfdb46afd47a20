"""Turns by Parley's diarization alone, before any word has corrected them.

Options: settings, KEY=VALUE, as `parley transcribe --set` takes them.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from benchmarks.peers.running import Heard, Turn, Work, perform


def load() -> Work:
    """The diarizer of the default profile, its models in memory."""
    from pipeline.audio import decode
    from pipeline.ports import Sound, SpeakerHint
    from serve.cli.settings import overrides, resolve
    from stages.local import LocalStages
    from stages.models import Registry

    stages = LocalStages(resolve("cpu", overrides(sys.argv[3:])), Registry.load(offline=True))
    runner = asyncio.Runner()

    async def heard(sound: Sound) -> list[Turn]:
        diarizer = await stages.diarizer()
        voices = await diarizer.listen(sound, lambda _: None)
        found = await diarizer.separate(voices, SpeakerHint())
        return [Turn(t.span.start, t.span.end, t.speaker) for t in found.turns]

    def work(file: Path) -> Heard:
        with tempfile.TemporaryDirectory() as scratch:
            sound = decode(file, Path(scratch) / "sound").sounds[0]
            return Heard(turns=runner.run(heard(sound)))

    runner.run(stages.diarizer())
    return work


if __name__ == "__main__":
    perform(load)
