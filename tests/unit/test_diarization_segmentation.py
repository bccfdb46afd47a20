"""Segmentation of overlapping windows: a network of PyanNet's shape, with random weights."""

from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from stages.diarization.segmentation import Segmentation  # noqa: E402

WINDOW = 8000


class Bank(nn.Module):
    """Filters as a convolution, as asteroid's Encoder has them."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(6, 1, 51))

    @property
    def filterbank(self) -> SimpleNamespace:
        return SimpleNamespace(filters=lambda: self.weight)

    def forward(self, x: "torch.Tensor") -> "torch.Tensor":
        return nn.functional.conv1d(x, self.weight, stride=10)


class Front(nn.Module):
    """SincNet in small."""

    stride = 10

    def __init__(self) -> None:
        super().__init__()
        self.wav_norm1d = nn.InstanceNorm1d(1, affine=True)
        self.conv1d = nn.ModuleList([Bank(), nn.Conv1d(6, 5, 5)])
        self.pool1d = nn.ModuleList([nn.MaxPool1d(3), nn.MaxPool1d(3)])
        self.norm1d = nn.ModuleList(
            [nn.InstanceNorm1d(6, affine=True), nn.InstanceNorm1d(5, affine=True)]
        )
        with torch.no_grad():
            self.wav_norm1d.weight.fill_(0.01)
            self.wav_norm1d.bias.fill_(0.05)
            self.norm1d[0].weight.uniform_(0.5, 1.5)
            self.norm1d[0].bias.uniform_(-0.5, 0.5)

    def forward(self, x: "torch.Tensor") -> "torch.Tensor":
        x = self.wav_norm1d(x)
        for n, (conv, pool, norm) in enumerate(
            zip(self.conv1d, self.pool1d, self.norm1d, strict=True)
        ):
            x = conv(x).abs() if n == 0 else conv(x)
            x = nn.functional.leaky_relu(norm(pool(x)))
        return x


class Network(nn.Module):
    """PyanNet in small."""

    device = torch.device("cpu")

    def __init__(self) -> None:
        super().__init__()
        self.sincnet = Front()
        self.lstm = nn.LSTM(5, 8, num_layers=2, bidirectional=True, batch_first=True)
        self.linear = nn.ModuleList([nn.Linear(16, 8)])
        self.classifier = nn.Linear(8, 4)
        self.activation = nn.LogSoftmax(dim=-1)

    def forward(self, windows: "torch.Tensor") -> "torch.Tensor":
        x, _ = self.lstm(self.sincnet(windows).transpose(1, 2))
        for linear in self.linear:
            x = nn.functional.leaky_relu(linear(x))
        return self.activation(self.classifier(x))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(3)
    return Network().eval()


@pytest.fixture(scope="module")
def sound() -> "torch.Tensor":
    torch.manual_seed(4)
    return torch.randn(30_000) * torch.linspace(0.01, 0.3, 30_000) + 0.02


def apart(network: Network, sound: "torch.Tensor", starts: list[int]) -> "torch.Tensor":
    windows = [nn.functional.pad(sound[s : s + WINDOW], (0, WINDOW))[:WINDOW] for s in starts]
    return network(torch.stack(windows)[:, None])


@torch.inference_mode()
@pytest.mark.parametrize("starts", [[0], [0, 10, 20, 30], [4000, 0, 12_000], [7, 4007, 25_007]])
def test_what_windows_share_changes_nothing(
    starts: list[int], network: Network, sound: "torch.Tensor"
) -> None:
    together = Segmentation(network)(sound, starts, WINDOW)
    torch.testing.assert_close(together, apart(network, sound, starts), rtol=1e-4, atol=1e-4)


@torch.inference_mode()
def test_windows_off_the_grid_of_the_filters_are_heard_one_by_one(
    network: Network, sound: "torch.Tensor"
) -> None:
    starts = [0, 4003]
    together = Segmentation(network)(sound, starts, WINDOW)
    torch.testing.assert_close(together, apart(network, sound, starts))


@torch.inference_mode()
def test_silence_is_heard_as_it_was(network: Network) -> None:
    starts = [0, 4000]
    together = Segmentation(network)(torch.zeros(12_000), starts, WINDOW)
    torch.testing.assert_close(together, apart(network, torch.zeros(12_000), starts))


@torch.inference_mode()
def test_half_precision_is_near(network: Network, sound: "torch.Tensor") -> None:
    half = Segmentation(network, half=True)(sound, [0, 4000], WINDOW)
    whole = Segmentation(network)(sound, [0, 4000], WINDOW)
    assert half.dtype == torch.float32
    assert (half.exp() - whole.exp()).abs().max() < 0.05
