"""CAM++: shapes, pooling and the tricks that make it fast, with random weights."""

import pytest

torch = pytest.importorskip("torch")

from stages.diarization.campplus import CamPlusPlus  # noqa: E402


@pytest.fixture(scope="module")
def network() -> CamPlusPlus:
    torch.manual_seed(0)
    made = CamPlusPlus()
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 2.0)
    return made.eval()


@pytest.fixture(scope="module")
def features() -> "torch.Tensor":
    torch.manual_seed(1)
    return torch.randn(2, 205, 80)


@torch.inference_mode()
def test_the_trunk_has_a_frame_for_two(network: CamPlusPlus, features: "torch.Tensor") -> None:
    assert network.trunk(features).shape == (2, 512, 103)
    assert network(features).shape == (2, 192)


@torch.inference_mode()
def test_quickening_changes_nothing(network: CamPlusPlus, features: "torch.Tensor") -> None:
    quick = CamPlusPlus()
    quick.load_state_dict(network.state_dict())
    torch.testing.assert_close(quick.quickened()(features), network(features), rtol=1e-3, atol=1e-4)


@torch.inference_mode()
def test_a_mask_of_ones_is_no_mask(network: CamPlusPlus, features: "torch.Tensor") -> None:
    frames = network.trunk(features)
    masked = network.embed(frames, torch.ones(2, 1, 103))[:, 0]
    torch.testing.assert_close(masked, network(features))


@torch.inference_mode()
def test_several_masks_at_once_give_what_each_gives_alone(
    network: CamPlusPlus, features: "torch.Tensor"
) -> None:
    frames = network.trunk(features)
    masks = (torch.rand(2, 3, 103) > 0.5).float()
    together = network.embed(frames, masks)
    for n in range(3):
        alone = network.embed(frames, masks[:, n : n + 1])[:, 0]
        torch.testing.assert_close(together[:, n], alone, rtol=1e-3, atol=1e-4)


@torch.inference_mode()
def test_pooling_under_a_mask_is_pooling_of_the_frames_it_keeps(
    network: CamPlusPlus, features: "torch.Tensor"
) -> None:
    frames = network.trunk(features)
    mask = torch.zeros(2, 1, 103)
    mask[:, :, 20:60] = 1
    kept = network.embed(frames[..., 20:60], torch.ones(2, 1, 40))
    torch.testing.assert_close(network.embed(frames, mask), kept, rtol=1e-3, atol=1e-4)


@torch.inference_mode()
def test_too_small_a_mask_tells_no_voice(network: CamPlusPlus, features: "torch.Tensor") -> None:
    mask = torch.zeros(2, 2, 103)
    mask[:, 1, :10] = 1
    out = network.embed(network.trunk(features), mask)
    assert out[:, 0].isnan().all()
    assert out[:, 1].isfinite().all()
