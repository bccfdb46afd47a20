"""CAM++ as a pyannote.audio embedding model.

It has the methods pyannote.audio's own embedding models have (`forward_frames`,
`forward_embedding`, weights of shape (batch, speakers, frames)), so it serves Parley's listening,
which runs the trunk once a window, and pyannote.audio's stock pipeline alike.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
import torchaudio.compliance.kaldi as kaldi
from pyannote.audio import Model
from torch import Tensor

from stages.diarization.campplus import DIMENSION, MEL_BINS, CamPlusPlus

SAMPLE_RATE = 16_000
WINDOW = 400
HOP = 160


class CamPlusPlusVoiceprint(Model):  # type: ignore[misc]
    """Voice embeddings, (batch, 192), of mono sound at 16 kHz, (batch, 1, samples).

    Filter banks are Kaldi's, 80 bins without dither, their mean over the window taken out: what the
    checkpoint was trained on (3D-Speaker, https://github.com/modelscope/3D-Speaker).
    """

    def __init__(self, sample_rate: int = SAMPLE_RATE, num_channels: int = 1) -> None:
        super().__init__(sample_rate=sample_rate, num_channels=num_channels)
        self.network = CamPlusPlus()

    @classmethod
    def from_checkpoint(cls, path: Path, quick: bool = True) -> CamPlusPlusVoiceprint:
        """The model with the weights of `path`, ready for inference.

        quick: see `CamPlusPlus.quickened`.
        """
        model = cls()
        model.network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        if quick:
            model.network.quickened()
        model.eval()
        return model

    @cached_property
    def dimension(self) -> int:
        """Length of an embedding."""
        return DIMENSION

    @lru_cache  # noqa: B019 - pyannote.audio asks for it on every call
    def num_frames(self, num_samples: int) -> int:
        """Frames `forward_frames` makes of a window of `num_samples`."""
        return (max(0, num_samples - WINDOW) // HOP + 2) // 2

    def receptive_field_size(self, num_frames: int = 1) -> int:
        """Samples that `num_frames` frames stand for."""
        return WINDOW + (2 * num_frames - 1) * HOP

    def receptive_field_center(self, frame: int = 0) -> int:
        """The sample in the middle of `frame`."""
        return WINDOW // 2 + 2 * frame * HOP

    def compute_fbank(self, waveforms: Tensor) -> Tensor:
        """Filter banks without their mean, (batch, frames, 80)."""
        banks = torch.stack(
            [
                kaldi.fbank(w, num_mel_bins=MEL_BINS, sample_frequency=SAMPLE_RATE, dither=0.0)
                for w in waveforms
            ]
        )
        return banks - banks.mean(dim=1, keepdim=True)

    def forward_frames(self, waveforms: Tensor) -> Tensor:
        """Frame-wise features, (batch, 512, frames): the costly part."""
        return self.network.trunk(self.compute_fbank(waveforms))

    def forward_embedding(self, frames: Tensor, weights: Tensor | None = None) -> Tensor:
        """Embeddings of `frames` under `weights`, (batch, speakers, frames) or (batch, frames).

        Weights of another length are stretched to the frames by nearest neighbour. Returns
        (batch, speakers, 192) or (batch, 192); NaN where a mask holds too little.
        """
        if weights is None:
            weights = frames.new_ones(len(frames), frames.shape[-1])
        masks = weights.unsqueeze(1) if weights.dim() == 2 else weights
        if masks.shape[-1] != frames.shape[-1]:
            masks = F.interpolate(masks, size=frames.shape[-1], mode="nearest")
        embeddings = self.network.embed(frames, masks)
        return embeddings.squeeze(1) if weights.dim() == 2 else embeddings

    def forward(self, waveforms: Tensor, weights: Tensor | None = None) -> Tensor:
        """Embeddings of `waveforms`, as `forward_embedding` of `forward_frames`."""
        return self.forward_embedding(self.forward_frames(waveforms), weights)
