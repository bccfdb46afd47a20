"""How what was heard of voices is kept: arrays in one compressed file each."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.checkpoints import JsonCodec
from pipeline.ports import VoiceWindows
from pipeline.types import Diarization, SpeakerId, SpeakerTurn

_TURNS: JsonCodec[tuple[SpeakerTurn, ...]] = JsonCodec(tuple[SpeakerTurn, ...])


class VoicesCodec:
    """VoiceWindows as npz, activity in float16, as it was heard."""

    def dump(self, value: VoiceWindows) -> bytes:
        """The arrays and their grid."""
        grid = [value.step, value.duration, value.frame_step, value.frame_duration, value.length]
        return _packed(
            activity=value.activity.astype(np.float16),
            embeddings=value.embeddings.astype(np.float32),
            grid=np.array(grid),
        )

    def parse(self, data: bytes) -> VoiceWindows:
        """The windows; raises ValueError on bytes of another form."""
        arrays = _unpacked(data)
        step, duration, frame_step, frame_duration, length = arrays["grid"].tolist()
        return VoiceWindows(
            activity=arrays["activity"],
            embeddings=arrays["embeddings"],
            step=step,
            duration=duration,
            frame_step=frame_step,
            frame_duration=frame_duration,
            length=length,
        )


class DiarizationCodec:
    """A Diarization as npz, its turns as JSON inside."""

    def dump(self, value: Diarization) -> bytes:
        """Turns, posterior and centroids."""
        arrays = {
            "turns": np.frombuffer(_TURNS.dump(value.turns), np.uint8),
            "exclusive": np.frombuffer(_TURNS.dump(value.exclusive), np.uint8),
            "speakers": np.array([str(s) for s in value.speakers], dtype=np.str_),
            "posterior": value.posterior.astype(np.float16),
            "frame_step": np.array(value.frame_step),
        }
        if value.centroids is not None:
            arrays["centroids"] = value.centroids
        return _packed(**arrays)

    def parse(self, data: bytes) -> Diarization:
        """The diarization; raises ValueError on bytes of another form."""
        arrays = _unpacked(data)
        return Diarization(
            turns=_TURNS.parse(arrays["turns"].tobytes()),
            exclusive=_TURNS.parse(arrays["exclusive"].tobytes()),
            speakers=tuple(SpeakerId(str(s)) for s in arrays["speakers"]),
            posterior=arrays["posterior"].astype(np.float32),
            frame_step=float(arrays["frame_step"]),
            centroids=arrays.get("centroids"),
        )


class EmbeddingsCodec:
    """Voice embeddings, float32 (n, d), as npz."""

    def dump(self, value: npt.NDArray[np.float32]) -> bytes:
        """The array."""
        return _packed(embeddings=value.astype(np.float32))

    def parse(self, data: bytes) -> npt.NDArray[np.float32]:
        """The array again; raises ValueError on bytes of another form."""
        return _unpacked(data)["embeddings"]


EMBEDDINGS_CODEC = EmbeddingsCodec()
VOICES_CODEC = VoicesCodec()
DIARIZATION_CODEC = DiarizationCodec()


def _packed(**arrays: npt.NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _unpacked(data: bytes) -> dict[str, npt.NDArray[Any]]:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (zipfile.BadZipFile, OSError) as error:
        raise ValueError(f"expected an npz archive: {error}") from None
