"""Fakes that behave as the sound tells them to, so that both runtimes can be put in any mood.

The level of a recording's first second is a mood; the rest is a meeting as `stages.fakes` hears it.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from pipeline.audio import PcmFile
from pipeline.config import Profile
from pipeline.errors import ModelCorrupt
from pipeline.ports import Progress, Sound, VoiceWindows
from pipeline.types import SAMPLE_RATE
from stages.fakes import FakeStages, LoudnessDiarizer

CALM, SLOW, BROKEN = 0.0, 0.9, 0.8
"""Moods: slow listens for a minute, a step every 50 ms; broken finds its weights corrupt."""

STEPS = 1200


def heartbeat(work_file: Path) -> Path:
    """The file a slow diarizer writes to at each step."""
    return work_file.with_suffix(".heard")


class MoodyDiarizer(LoudnessDiarizer):
    """Listens as the recording's first second tells it to."""

    async def listen(self, sound: Sound, progress: Progress) -> VoiceWindows:
        """See Diarizer.listen."""
        mood = float(sound.read(0, SAMPLE_RATE).mean())
        if abs(mood - BROKEN) < 0.05:
            raise ModelCorrupt("weights.bin: expected another checksum. Pull the model again.")
        if abs(mood - SLOW) < 0.05:
            assert isinstance(sound, PcmFile)
            for step in range(STEPS):
                _note(heartbeat(Path(sound.path)), step)
                progress((step + 1) / STEPS)
                await asyncio.sleep(0.05)
        return await super().listen(sound, progress)


def _note(path: Path, step: int) -> None:
    path.write_text(f"{os.getpid()} {step}", encoding="utf-8")


def moody(profile: Profile) -> FakeStages:
    """The stages of `profile` without any model, with a moody diarizer."""
    stages = FakeStages(profile)
    stages.voices = MoodyDiarizer()
    return stages
