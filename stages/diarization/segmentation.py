"""The segmentation model on overlapping windows: what they share is computed once.

PyanNet normalises a window, passes it through 80 band filters 251 samples long, and keeps the
strongest output of every three. Filters are linear, so a window's normalisation can be put in
after them: neighbouring windows share the filtered sound, two thirds of what the front end costs.
With w the filter, a and b the window's scale and offset, and m its mean,

    |w * (a (x - m) + b)| = a |w * x + e|,    e = (b / a - m) Σw,

the largest of three is max(max(w * x) + e, max(-w * x) - e), and a goes out with the normalisation
that follows. The result is the model's own but for the last bits of a float.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


class Segmentation:
    """A pyannote.audio segmentation model, run on windows of one stretch of sound.

    model: any segmentation model; a PyanNet is quickened. half: run its recurrent layers, half the
    work, in bfloat16. shared: share what can be shared; in one frame of some ten thousand the last
    bits of a float decide who talks.
    """

    def __init__(self, model: Any, half: bool = False, shared: bool = True) -> None:
        self.model = model
        self._half = half
        share = shared and hasattr(model, "sincnet")
        self._front = _Front(model.sincnet) if share else None

    def __call__(self, stretch: Tensor, starts: Sequence[int], duration: int) -> Tensor:
        """Scores (windows, frames, classes) of the windows that begin at `starts` in `stretch`.

        stretch: (samples,), on any device; what windows lack at its end is silence.
        """
        end = max(starts) + duration
        stretch = F.pad(stretch, (0, max(0, end - len(stretch)))).to(self.model.device)
        if self._front is None or not self._front.shares(starts):
            windows = torch.stack([stretch[s : s + duration] for s in starts])
            scores: Tensor = self.model(windows[:, None])
        else:
            scores = self._back(self._front(stretch, starts, duration))
        return scores.cpu()

    def _back(self, features: Tensor) -> Tensor:
        """PyanNet after its front end: (windows, frames, 60) to scores."""
        model = self.model
        with torch.autocast(features.device.type, torch.bfloat16, enabled=self._half):
            out = _recurrent(model, features)
        out = out.float()
        for linear in getattr(model, "linear", []):
            out = F.leaky_relu(linear(out))
        return model.activation(model.classifier(out))  # type: ignore[no-any-return]


def _recurrent(model: Any, features: Tensor) -> Tensor:
    layers = [model.lstm] if isinstance(model.lstm, torch.nn.LSTM) else list(model.lstm)
    for layer in layers:
        features, _ = layer(features)
    return features


class _Front:
    """SincNet, the first convolution shared among windows."""

    def __init__(self, sincnet: Any) -> None:
        self._net = sincnet
        with torch.no_grad():
            self._filters = sincnet.conv1d[0].filterbank.filters().detach()
        self._sums = self._filters.sum(dim=-1)
        self._stride = int(sincnet.stride)
        self._pool = int(sincnet.pool1d[0].kernel_size)

    def shares(self, starts: Sequence[int]) -> bool:
        """Whether windows at `starts` lie on one grid of filter outputs, their scale positive."""
        scale = float(self._net.wav_norm1d.weight)
        return scale > 0 and all((s - starts[0]) % self._stride == 0 for s in starts)

    def __call__(self, stretch: Tensor, starts: Sequence[int], duration: int) -> Tensor:
        """Features of the windows, (windows, frames, 60)."""
        begin = min(starts)
        strongest = _Strongest(stretch[begin:], self._filters, self._stride, self._pool)
        outputs = (duration - self._filters.shape[-1]) // self._stride + 1
        count = outputs // self._pool
        windows = []
        for start in starts:
            window = stretch[start : start + duration]
            first = (start - begin) // self._stride
            windows.append(self._rest(window, *strongest(first, count)))
        return torch.cat(windows).transpose(1, 2).contiguous()

    def _rest(self, window: Tensor, high: Tensor, low: Tensor) -> Tensor:
        """The features of one window, (1, 60, frames), from its strongest filter outputs."""
        norm = self._net.wav_norm1d
        variance, mean = torch.var_mean(window, correction=0)
        scale = norm.weight / torch.sqrt(variance + norm.eps)
        offset = (norm.bias / scale - mean) * self._sums
        x = torch.maximum(high + offset, low - offset)[None]
        first = self._net.norm1d[0]
        # What follows undoes any scale but for the small number that keeps it from dividing by 0.
        eps = first.eps / float(scale) ** 2
        x = F.leaky_relu_(F.instance_norm(x, weight=first.weight, bias=first.bias, eps=eps))
        for conv, pool, norm in zip(
            self._net.conv1d[1:], self._net.pool1d[1:], self._net.norm1d[1:], strict=True
        ):
            x = F.leaky_relu_(norm(pool(conv(x))))
        return x


class _Strongest:
    """The highest and lowest filter outputs of every `pool` in a row, from any output on."""

    def __init__(self, sound: Tensor, filters: Tensor, stride: int, pool: int) -> None:
        # Outputs 0, pool, 2 pool…; then 1, pool + 1…: so that rows in memory are compared.
        self._outputs = [
            F.conv1d(sound[None, k * stride :], filters, stride=pool * stride) for k in range(pool)
        ]
        self._phases: dict[int, tuple[Tensor, Tensor]] = {}

    def __call__(self, first: int, count: int) -> tuple[Tensor, Tensor]:
        """max(w * x) and max(-w * x), (filters, count), the first taken from output `first` on."""
        phase, skipped = first % len(self._outputs), first // len(self._outputs)
        if phase not in self._phases:
            self._phases[phase] = self._extremes(phase)
        high, low = self._phases[phase]
        return high[:, skipped : skipped + count], low[:, skipped : skipped + count]

    def _extremes(self, phase: int) -> tuple[Tensor, Tensor]:
        parts = [*self._outputs[phase:], *(x[:, 1:] for x in self._outputs[:phase])]
        length = min(x.shape[1] for x in parts)
        high = low = parts[0][:, :length]
        for part in parts[1:]:
            high, low = torch.maximum(high, part[:, :length]), torch.minimum(low, part[:, :length])
        return high, -low
