"""Listening window by window, with stand-ins for the two models."""

from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest

from pipeline.config import DiarizationSettings
from pipeline.types import SAMPLE_RATE, Span

torch = pytest.importorskip("torch")

from stages.diarization import listening  # noqa: E402
from stages.diarization.listening import (  # noqa: E402
    Cancelled,
    Ears,
    embed_spans,
    listen,
    window_count,
)

Samples = npt.NDArray[np.float32]
FRAMES = 50
"""Frames of a ten-second window."""
SETTINGS = DiarizationSettings(split=0.0)


@pytest.fixture(autouse=True)
def nothing_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few seconds stand for a whole meeting."""
    monkeypatch.setattr(listening, "SHORT_RECORDING", 0.0)


class Recording:
    """A Sound that counts how much of it is read at a time."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples
        self.longest = 0

    @property
    def length(self) -> int:
        return len(self.samples)

    def read(self, start: int, end: int) -> Samples:
        self.longest = max(self.longest, end - start)
        return self.samples[max(0, start) : end]


class LevelSegmentation:
    """Takes samples above 0.1 for one speaker, below -0.1 for another."""

    device = "cpu"
    specifications = SimpleNamespace(duration=10.0, classes=["a", "b"], powerset=False)
    receptive_field = SimpleNamespace(step=10 / FRAMES, duration=10 / FRAMES)

    def __init__(self) -> None:
        self.windows = 0

    def num_frames(self, samples: int) -> int:
        return FRAMES

    def __call__(self, batch: "torch.Tensor") -> "torch.Tensor":
        self.windows += len(batch)
        means = batch[:, 0].reshape(len(batch), FRAMES, -1).mean(dim=-1)
        return torch.stack([means > 0.1, means < -0.1], dim=-1).float() * 0.9


class LevelEmbedding:
    """Embeds a voice as the mean level of its frames and a constant."""

    device = "cpu"
    dimension = 2

    def __init__(self) -> None:
        self.windows: list[int] = []

    def forward_frames(self, window: "torch.Tensor") -> "torch.Tensor":
        self.windows.append(window.shape[-1])
        return window[:, 0].unfold(-1, 1600, 1600).mean(dim=-1)[:, None]

    def forward_embedding(self, frames: "torch.Tensor", masks: "torch.Tensor") -> "torch.Tensor":
        stretched = torch.nn.functional.interpolate(masks, size=frames.shape[-1])
        level = (frames * stretched).sum(-1) / stretched.sum(-1)
        return torch.stack([level, torch.ones_like(level)], dim=-1)

    def __call__(self, window: "torch.Tensor") -> "torch.Tensor":
        return torch.stack([window.mean(dim=(1, 2)), torch.ones(len(window))], dim=-1)

    def receptive_field_size(self, frames: int = 1) -> int:
        return 1600 * frames


def ears() -> Ears:
    return Ears(LevelSegmentation(), LevelEmbedding())


def levels(*parts: tuple[float, float]) -> Recording:
    """Sound of (seconds, level) parts."""
    return Recording(
        np.concatenate([np.full(round(s * SAMPLE_RATE), x, np.float32) for s, x in parts])
    )


def ignore(_: float) -> None:
    pass


def test_each_voice_is_pooled_from_its_own_frames() -> None:
    heard = listen(levels((4, 0.5), (2, 0.0), (6, -0.3)), ears(), SETTINGS, ignore)
    assert heard.activity.shape == (3, FRAMES, 2)
    assert heard.embeddings[0, 0] == pytest.approx([0.5, 1.0], abs=1e-3)
    assert heard.embeddings[0, 1] == pytest.approx([-0.3, 1.0], abs=1e-3)
    assert heard.activity[0, :20, 0] == pytest.approx(0.9)
    assert heard.length == 12.0


def test_windows_without_voices_never_reach_the_embedding_model() -> None:
    both = ears()
    heard = listen(levels((30, 0.0), (10, 0.5), (30, 0.0)), both, SETTINGS, ignore)
    assert both.segmentation.windows == 61
    assert both.embedding.windows == [10 * SAMPLE_RATE]
    assert np.isnan(heard.embeddings[0]).all()


def test_a_trunk_once_a_window_hears_what_a_trunk_once_a_recording_hears() -> None:
    sound = levels((3, 0.5), (4, -0.2), (9, 0.0), (5, 0.4), (1.3, -0.4))
    for step in (1.0, 0.7, 3.0):
        settings = SETTINGS.model_copy(update={"step": step})
        often = ears()
        one = listen(sound, often, settings.model_copy(update={"trunk": "window"}), ignore)
        other = listen(sound, ears(), settings, ignore)
        np.testing.assert_array_equal(one.activity, other.activity)
        np.testing.assert_allclose(one.embeddings, other.embeddings, rtol=1e-5, atol=0.05)
        assert len(often.embedding.windows) == np.isfinite(one.embeddings).any(axis=(1, 2)).sum()


def test_a_recording_of_less_than_a_minute_is_heard_window_by_window(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sound = levels((9, 0.5), (9, -0.5))
    by_recording, by_window = ears(), ears()
    listen(sound, by_recording, SETTINGS, ignore)
    monkeypatch.setattr(listening, "SHORT_RECORDING", 60.0)
    listen(sound, by_window, SETTINGS, ignore)
    assert len(by_recording.embedding.windows) == 2
    assert len(by_window.embedding.windows) == 9


@pytest.mark.parametrize("batch", [1, 3, 8, 100])
def test_the_batch_changes_nothing(batch: int) -> None:
    sound = levels((3, 0.5), (4, -0.2), (9, 0.0), (5, 0.4))
    one = listen(sound, ears(), SETTINGS, ignore)
    other = listen(sound, ears(), SETTINGS.model_copy(update={"batch": batch}), ignore)
    np.testing.assert_array_equal(one.activity, other.activity)
    np.testing.assert_array_equal(one.embeddings, other.embeddings)


@pytest.mark.parametrize("trunk", ["recording", "window"])
@pytest.mark.parametrize("threads", [2, 5])
def test_the_threads_change_nothing(threads: int, trunk: str) -> None:
    sound = levels((13, 0.5), (14, -0.2), (39, 0.0), (25, 0.4))
    settings = SETTINGS.model_copy(update={"trunk": trunk})
    one = listen(sound, ears(), settings, ignore)
    other = listen(sound, ears(), settings.model_copy(update={"threads": threads}), ignore)
    np.testing.assert_array_equal(one.activity, other.activity)
    np.testing.assert_array_equal(one.embeddings, other.embeddings)


def test_a_piece_of_the_sound_is_read_at_a_time() -> None:
    sound = levels((100, 0.5))
    listen(sound, ears(), SETTINGS, ignore)
    assert sound.longest < 20 * SAMPLE_RATE


def test_progress_never_falls_and_ends_at_one() -> None:
    told: list[float] = []
    listen(levels((25, 0.5)), ears(), SETTINGS, told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_caller_who_left_is_not_worked_for() -> None:
    left = Ears(LevelSegmentation(), LevelEmbedding(), stopped=lambda: True)
    with pytest.raises(Cancelled):
        listen(levels((25, 0.5)), left, SETTINGS, ignore)


def test_the_last_window_is_embedded_without_its_padding() -> None:
    both = ears()
    settings = SETTINGS.model_copy(update={"trunk": "window"})
    heard = listen(levels((12.5, 0.5)), both, settings, ignore)
    assert both.embedding.windows[-1] == round(9.5 * SAMPLE_RATE)
    assert not heard.activity[-1, 48:].any()


def test_the_end_of_the_sound_is_heard_with_what_came_before() -> None:
    both = ears()
    heard = listen(levels((10, 0.5), (2.5, -0.5)), both, SETTINGS, ignore)
    assert set(both.embedding.windows) == {10 * SAMPLE_RATE}
    assert heard.embeddings[-1, 1] == pytest.approx([-0.5, 1.0], abs=1e-3)


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.2])
def test_next_to_no_sound_holds_no_voice(seconds: float) -> None:
    heard = listen(levels((seconds, 0.5)), ears(), SETTINGS, ignore)
    assert np.isnan(heard.embeddings).all()
    assert len(heard.activity) == (1 if seconds else 0)


@pytest.mark.parametrize(
    ("length", "count"), [(0, 0), (1, 1), (10, 1), (11, 2), (12, 2), (13, 3), (20, 6)]
)
def test_windows_cover_the_whole_recording(length: int, count: int) -> None:
    assert window_count(length, 10, 2) == count


@pytest.mark.parametrize("threads", [1, 2])
def test_the_voice_of_a_span_is_its_own_sound(threads: int) -> None:
    sound = levels((5, 0.5), (5, -0.5), (40, 0.2))
    spans = [Span(6, 9), Span(1, 3), Span(3, 3.1), Span(12, 48), Span(8.5, 10)]
    settings = SETTINGS.model_copy(update={"threads": threads})
    told: list[float] = []
    found = embed_spans(sound, spans, ears(), settings, told.append)
    assert found[0] == pytest.approx(np.array([-0.5, 1.0]) / np.hypot(0.5, 1))
    assert found[1] == pytest.approx(np.array([0.5, 1.0]) / np.hypot(0.5, 1))
    assert found[4] == pytest.approx(found[0])
    assert np.isnan(found[2]).all()
    assert sound.longest == 10 * SAMPLE_RATE
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_no_spans_have_no_voices() -> None:
    assert embed_spans(levels((30, 0.5)), [], ears(), SETTINGS, ignore).shape == (0, 2)
