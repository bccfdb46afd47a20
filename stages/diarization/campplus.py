"""CAM++: a voice embedding network, 192 numbers that say who is talking.

Layers and sizes follow the paper (Wang et al., "CAM++: A Fast and Efficient Network for Speaker
Verification Using Context-Aware Masking", Interspeech 2023, https://arxiv.org/abs/2303.00332);
module names follow the published checkpoint, so that its state_dict loads as it is.

The network is cut in two at statistics pooling. The trunk looks at a window once; pooling and the
last layer are cheap and run once for each mask, so three speakers of a window cost one trunk.

`quickened` makes the trunk twice as fast on CPUs without changing what it computes: batch
normalisation is folded into the convolution before it, and convolutions run in oneDNN with channels
last.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

DIMENSION = 192
MEL_BINS = 80
MIN_MASK_FRAMES = 2
"""Pooled frames below which a standard deviation means nothing."""

_GROWTH = 32
_BOTTLENECK = 128
_CONTEXT_FRAMES = 100


def _batchnorm_relu(channels: int) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(batchnorm=nn.BatchNorm1d(channels), relu=nn.ReLU(inplace=True))
    )


class ResidualBlock(nn.Module):
    """Two 3 × 3 convolutions with a shortcut; `stride` shortens the frequency axis."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, (stride, 1), 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential()
        if stride != 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, channels, 1, (stride, 1), bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, channels, frequency, frames) to the same with frequency / stride."""
        y = F.relu_(self.bn1(self.conv1(x)))
        return F.relu_(self.bn2(self.conv2(y)).add_(self.shortcut(x)))


class FrontConvolution(nn.Module):
    """The 2-D front end: local patterns of the filter bank, frequency cut to an eighth."""

    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.layer1 = nn.Sequential(ResidualBlock(channels, 2), ResidualBlock(channels, 1))
        self.layer2 = nn.Sequential(ResidualBlock(channels, 2), ResidualBlock(channels, 1))
        self.conv2 = nn.Conv2d(channels, channels, 3, (2, 1), 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.out_channels = channels * (MEL_BINS // 8)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, mel bins, frames) to (batch, channels · mel bins / 8, frames)."""
        x = F.relu_(self.bn1(self.conv1(x.unsqueeze(1))))
        x = self.layer2(self.layer1(x))
        x = F.relu_(self.bn2(self.conv2(x)))
        return x.flatten(1, 2)


class ContextMask(nn.Module):
    """A local convolution scaled by a mask drawn from the mean of the window and of each second."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.linear_local = nn.Conv1d(
            _BOTTLENECK, _GROWTH, 3, padding=dilation, dilation=dilation, bias=False
        )
        self.linear1 = nn.Conv1d(_BOTTLENECK, _BOTTLENECK // 2, 1)
        self.linear2 = nn.Conv1d(_BOTTLENECK // 2, _GROWTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, 128, frames) to (batch, 32, frames)."""
        frames = x.shape[-1]
        local = self.linear_local(x)
        # The mask is the same within a stretch of 100 frames, so it is computed once a stretch.
        stretches = F.avg_pool1d(x, _CONTEXT_FRAMES, _CONTEXT_FRAMES, ceil_mode=True)
        context = stretches + x.mean(-1, keepdim=True)
        mask = torch.sigmoid(self.linear2(F.relu_(self.linear1(context))))
        out: Tensor = local * mask.repeat_interleave(_CONTEXT_FRAMES, -1)[..., :frames]
        return out


class DenseLayer(nn.Module):
    """One layer of a dense block: 32 new channels from all channels so far."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.nonlinear1 = _batchnorm_relu(channels)
        self.linear1 = nn.Conv1d(channels, _BOTTLENECK, 1, bias=False)
        self.nonlinear2 = _batchnorm_relu(_BOTTLENECK)
        self.cam_layer = ContextMask(dilation)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, channels, frames) to (batch, 32, frames)."""
        return self.cam_layer(self.nonlinear2(self.linear1(self.nonlinear1(x))))  # type: ignore[no-any-return]


class DenseBlock(nn.ModuleDict):
    """Layers that each see the output of all layers before them."""

    def __init__(self, layers: int, channels: int, dilation: int) -> None:
        super().__init__(
            {f"tdnnd{i + 1}": DenseLayer(channels + i * _GROWTH, dilation) for i in range(layers)}
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, channels, frames) to (batch, channels + 32 · layers, frames)."""
        batch, channels, frames = x.shape
        out = x.new_empty(batch, channels + _GROWTH * len(self), frames)
        out[:, :channels] = x
        for i, layer in enumerate(self.values()):
            first = channels + i * _GROWTH
            out[:, first : first + _GROWTH] = layer(out[:, :first])
        return out


class _TimeDelay(nn.Module):
    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(channels, out, 5, stride=2, padding=2, bias=False)
        self.nonlinear = _batchnorm_relu(out)

    def forward(self, x: Tensor) -> Tensor:
        return self.nonlinear(self.linear(x))  # type: ignore[no-any-return]


class _Transit(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.nonlinear = _batchnorm_relu(channels)
        self.linear = nn.Conv1d(channels, channels // 2, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.nonlinear(x))  # type: ignore[no-any-return]


class _Dense(nn.Module):
    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(channels, out, 1, bias=False)
        self.nonlinear = nn.Sequential(OrderedDict(batchnorm=nn.BatchNorm1d(out, affine=False)))

    def forward(self, x: Tensor) -> Tensor:
        return self.nonlinear(self.linear(x.unsqueeze(-1)).squeeze(-1))  # type: ignore[no-any-return]


def _fold(module: nn.Module, convolution: str, normalisation: str) -> None:
    before: Any = module.get_submodule(convolution)
    after: Any = module.get_submodule(normalisation)
    module.set_submodule(convolution, fuse_conv_bn_eval(before, after))
    module.set_submodule(normalisation, nn.Identity())


class CamPlusPlus(nn.Module):
    """The CAM++ network on filter banks (Kaldi, 80 mel bins, mean taken out over the window)."""

    def __init__(self) -> None:
        super().__init__()
        self.head = FrontConvolution()
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        channels = 128
        layers["tdnn"] = _TimeDelay(self.head.out_channels, channels)
        for i, (depth, dilation) in enumerate(((12, 1), (24, 2), (16, 2)), start=1):
            layers[f"block{i}"] = DenseBlock(depth, channels, dilation)
            channels += depth * _GROWTH
            layers[f"transit{i}"] = _Transit(channels)
            channels //= 2
        layers["out_nonlinear"] = _batchnorm_relu(channels)
        layers["dense"] = _Dense(2 * channels, DIMENSION)
        self.xvector = nn.ModuleDict(layers)

    def quickened(self) -> CamPlusPlus:
        """The network itself, ready for inference, computing the same in half the time."""
        self.eval()
        for module in self.modules():
            if isinstance(module, ResidualBlock | FrontConvolution):
                _fold(module, "conv1", "bn1")
                _fold(module, "conv2", "bn2")
            if isinstance(module, ResidualBlock) and len(module.shortcut):
                _fold(module.shortcut, "0", "1")
            if isinstance(module, DenseLayer):
                _fold(module, "linear1", "nonlinear2.batchnorm")
            if isinstance(module, DenseLayer | _Transit):
                # Dilation means nothing to a kernel of one, but with it torch hands the convolution
                # to oneDNN even on a single thread, which is far faster than its own loop.
                convolution: Any = module.get_submodule(
                    "linear1" if isinstance(module, DenseLayer) else "linear"
                )
                convolution.dilation = (2,)
        return self.to(memory_format=torch.channels_last)

    def trunk(self, features: Tensor) -> Tensor:
        """Frame-wise features: (batch, frames, 80) to (batch, 512, ⌈frames / 2⌉)."""
        x = self.head(features.transpose(1, 2))
        for name, layer in self.xvector.items():
            if name != "dense":
                x = layer(x)
        return x  # type: ignore[no-any-return]

    def embed(self, frames: Tensor, masks: Tensor) -> Tensor:
        """Pool `frames` under each mask: (batch, 512, t), (batch, masks, t) to (batch, masks, 192).

        Masks are weights in [0, 1]. A mask with fewer than two frames' worth of weight gives NaN.
        The variance is the unbiased weighted one, as in pyannote.audio.
        """
        weight = masks.sum(-1, keepdim=True)
        total = weight.clamp_min(1e-8)
        mean = torch.einsum("bft,bmt->bmf", frames, masks) / total
        square = torch.einsum("bft,bmt->bmf", frames.square(), masks) / total
        unbias = total / (total - masks.square().sum(-1, keepdim=True) / total).clamp_min(1e-8)
        deviation = ((square - mean.square()).clamp_min(0) * unbias).sqrt()
        pooled = torch.cat([mean, deviation], dim=-1)
        out: Tensor = self.xvector["dense"](pooled.flatten(0, 1)).unflatten(0, masks.shape[:2])
        return out.masked_fill(weight < MIN_MASK_FRAMES, torch.nan)

    def forward(self, features: Tensor) -> Tensor:
        """The embedding of each whole window: (batch, frames, 80) to (batch, 192)."""
        frames = self.trunk(features)
        return self.embed(frames, frames.new_ones(len(frames), 1, frames.shape[-1]))[:, 0]
