"""Silero VAD v6 on ONNX Runtime, frame by frame with its state in the open."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.types import Samples

FRAME = 512
"""Samples a probability stands for: 32 ms."""

_CONTEXT = 64
_HIDDEN = 128


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
        self, state: tuple[float, ...], samples: Samples
    ) -> tuple[tuple[float, ...], npt.NDArray[np.float32]]:
        """Speech probability of each 512-sample frame; see VoiceDetector.

        state: the LSTM's hidden and cell values, then the last samples heard.
        Raises ValueError if the samples are not whole frames.
        """
        if len(samples) % FRAME:
            raise ValueError(f"expected a multiple of {FRAME} samples, got {len(samples)}")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._run, state, samples)

    def _run(
        self, state: tuple[float, ...], samples: Samples
    ) -> tuple[tuple[float, ...], npt.NDArray[np.float32]]:
        if len(samples) == 0:
            return state, np.zeros(0, np.float32)
        memory = np.asarray(state or (0.0,) * (2 * _HIDDEN + _CONTEXT), np.float32)
        hidden, cell, context = np.split(memory, [_HIDDEN, 2 * _HIDDEN])
        frames = samples.reshape(-1, FRAME)
        before = np.vstack([context, frames[:-1, -_CONTEXT:]])
        feed: dict[str, Any] = {
            "input": np.hstack([before, frames]),
            "h": hidden.reshape(1, 1, _HIDDEN),
            "c": cell.reshape(1, 1, _HIDDEN),
        }
        probability, hidden, cell = self._session.run(None, feed)
        memory = np.concatenate([hidden.ravel(), cell.ravel(), frames[-1, -_CONTEXT:]])
        return tuple(memory.tolist()), np.asarray(probability, np.float32).reshape(-1)
