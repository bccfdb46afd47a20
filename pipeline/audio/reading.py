"""A recording being decoded in a thread while others already listen to it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

from pipeline.audio.decoding import decode
from pipeline.audio.growing import GrowingSound, Unwanted
from pipeline.audio.pcm import Decoded, open_decoded
from pipeline.ports import Progress
from pipeline.types import SAMPLE_RATE

_PATIENCE = 2.0
"""Seconds the decoder is given to put away what it wrote when nobody wants it any more."""


class Reading:
    """One recording on its way to its work file; an async context, which ends the decoding.

    sound: readable from `begun` on, each part as soon as it is decoded. What was decoded earlier is
    taken from the work file. With channels "separate" nothing can be read before all is `whole`.
    """

    def __init__(
        self, source: Path, target: Path, channels: Literal["mix", "separate"], progress: Progress
    ) -> None:
        self.sound = GrowingSound()
        self._arguments = source, target, channels, progress
        self._decoding: asyncio.Future[Decoded]

    async def __aenter__(self) -> Reading:
        self._decoding = asyncio.ensure_future(asyncio.to_thread(self._decode))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.sound.fail(Unwanted())
        await asyncio.wait([self._decoding], timeout=_PATIENCE)
        if self._decoding.done() and not self._decoding.cancelled():
            self._decoding.exception()  # told to those who waited for the sound

    async def begun(self) -> float | None:
        """Wait until there is something to hear; seconds of sound there will be, if it is known.

        Raises as `decode` does where nothing can be read.
        """
        samples = await asyncio.to_thread(self.sound.wait_begun)
        return None if samples is None else samples / SAMPLE_RATE

    async def whole(self) -> Decoded:
        """Wait for the end of the decoding. Raises as `decode` does."""
        return await asyncio.shield(self._decoding)

    def _decode(self) -> Decoded:
        source, target, channels, progress = self._arguments
        try:
            decoded = open_decoded(target)
            if decoded is None:
                decoded = decode(source, target, channels, progress, self.sound)
        except BaseException as error:
            self.sound.fail(error)
            raise
        self.sound.finish(decoded.sounds[0])
        return decoded
