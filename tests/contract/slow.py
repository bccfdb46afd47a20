"""Fakes that take their time, so that a test can kill what is at work."""

from __future__ import annotations

import asyncio

from pipeline.config import Profile
from pipeline.ports import Progress, Sound, VoiceWindows
from stages.fakes import FakeStages, LoudnessDiarizer

PAUSE = 1.0
"""Seconds a window takes to be read."""


class SlowDiarizer(LoudnessDiarizer):
    """Listens for two seconds."""

    async def listen(self, sound: Sound, progress: Progress) -> VoiceWindows:
        """See Diarizer.listen."""
        for step in range(20):
            progress(step / 20)
            await asyncio.sleep(0.1)
        return await super().listen(sound, progress)


def slow(profile: Profile) -> FakeStages:
    """The stages of `profile` without any model, slowly."""
    stages = FakeStages(profile, pause=PAUSE)
    stages.voices = SlowDiarizer()
    return stages
