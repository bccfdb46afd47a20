"""Silero VAD v6 on ONNX Runtime, frame by frame with its state in the open."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.types import Samples

FRAME = 512
"""Samples a probability stands for: 32 ms."""

_CONTEXT = 64
_HIDDEN = 128


@dataclass(frozen=True, slots=True)
class SileroState:
    """What the network remembers between two calls: LSTM state and the last samples heard."""

    hidden: tuple[float, ...] = (0.0,) * _HIDDEN
    cell: tuple[float, ...] = (0.0,) * _HIDDEN
    context: tuple[float, ...] = (0.0,) * _CONTEXT


class Silero:
    """The VoiceDetector port on the network that faster-whisper ships.

    Source: Silero Team, https://github.com/snakers4/silero-vad (MIT).
    """

    frame = FRAME

    def __init__(self, threads: int = 1) -> None:
        import onnxruntime
        from faster_whisper.utils import get_assets_path

        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = 1
        options.intra_op_num_threads = threads
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(
            f"{get_assets_path()}/silero_vad_v6.onnx",
            providers=["CPUExecutionProvider"],
            sess_options=options,
        )
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="silero")

    async def detect(
        self, state: SileroState | None, samples: Samples
    ) -> tuple[SileroState, npt.NDArray[np.float32]]:
        """Speech probability of each 512-sample frame; see VoiceDetector.

        Raises ValueError if the samples are not whole frames.
        """
        if len(samples) % FRAME:
            raise ValueError(f"expected a multiple of {FRAME} samples, got {len(samples)}")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._run, state, samples)

    def _run(
        self, state: SileroState | None, samples: Samples
    ) -> tuple[SileroState, npt.NDArray[np.float32]]:
        state = state or SileroState()
        if len(samples) == 0:
            return state, np.zeros(0, np.float32)
        frames = samples.reshape(-1, FRAME)
        before = np.vstack([np.asarray(state.context, np.float32), frames[:-1, -_CONTEXT:]])
        feed: dict[str, Any] = {
            "input": np.hstack([before, frames]),
            "h": np.asarray(state.hidden, np.float32).reshape(1, 1, _HIDDEN),
            "c": np.asarray(state.cell, np.float32).reshape(1, 1, _HIDDEN),
        }
        probability, hidden, cell = self._session.run(None, feed)
        after = SileroState(
            tuple(hidden.ravel().tolist()),
            tuple(cell.ravel().tolist()),
            tuple(frames[-1, -_CONTEXT:].tolist()),
        )
        return after, np.asarray(probability, np.float32).reshape(-1)
