"""Diarization with the real models: a telephone call, meetings, sounds without speech."""

import asyncio
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.diarization import Samples, rttm
from benchmarks.recordings import references
from benchmarks.scores import pooled, score
from benchmarks.simulate import decode
from pipeline.config import DiarizationSettings
from pipeline.errors import ModelCorrupt, ModelMissing
from pipeline.ports import Diarizer, SpeakerHint, VoiceWindows
from pipeline.types import Diarization, Span
from stages.diarization import build_diarizer
from stages.models import Registry
from tests import sounds

pytestmark = pytest.mark.model

SETTINGS = DiarizationSettings(threads=1)


@pytest.fixture(scope="module")
def folders() -> tuple[Path, Path]:
    registry = Registry.load()
    names = SETTINGS.segmentation, SETTINGS.embedding
    if missing := [name for name in names if not registry.ready(name)]:
        pytest.skip(f"not on this machine: {', '.join(missing)}; `parley models pull` fetches them")
    return registry.prepared(names[0]), registry.prepared(names[1])


@pytest.fixture(scope="module")
def diarizer(folders: tuple[Path, Path]) -> Diarizer:
    return build_diarizer(SETTINGS, *folders)


@pytest.fixture(scope="module")
def telephone(conversation: Path) -> Samples:
    return Samples(decode(conversation))


def ignore(_: float) -> None:
    pass


def heard(diarizer: Diarizer, sound: Samples) -> VoiceWindows:
    return asyncio.run(diarizer.listen(sound, ignore))


def diarized(diarizer: Diarizer, sound: Samples, hint: SpeakerHint | None = None) -> Diarization:
    return asyncio.run(diarizer.separate(heard(diarizer, sound), hint or SpeakerHint()))


@pytest.fixture(scope="module")
def voices(diarizer: Diarizer, telephone: Samples) -> VoiceWindows:
    return heard(diarizer, telephone)


def test_two_people_on_the_telephone_are_two_speakers(
    diarizer: Diarizer, voices: VoiceWindows, conversation: Path, tmp_path: Path
) -> None:
    found = asyncio.run(diarizer.separate(voices, SpeakerHint()))
    assert found.speakers == ("S1", "S2")
    (tmp_path / "sample.wav").symlink_to(conversation)
    (tmp_path / "sample.rttm").symlink_to(conversation.with_suffix(".rttm"))
    assert error_rate(tmp_path, [found]) < 14


@pytest.mark.parametrize("people", [1, 2, 3, 4])
def test_the_number_of_speakers_asked_for_is_kept(
    diarizer: Diarizer, voices: VoiceWindows, people: int
) -> None:
    found = asyncio.run(diarizer.separate(voices, SpeakerHint(exactly=people)))
    assert len(found.speakers) == people


def test_a_span_of_a_speaker_sounds_like_that_speaker(
    diarizer: Diarizer, voices: VoiceWindows, telephone: Samples
) -> None:
    found = asyncio.run(diarizer.separate(voices, SpeakerHint()))
    turns = [t for t in found.exclusive if t.span.duration > 1.5]
    spans = [*(t.span for t in turns), Span(1.0, 1.1)]
    embeddings = asyncio.run(diarizer.embed(telephone, spans, ignore))
    assert found.centroids is not None
    nearest = (embeddings[:-1] @ found.centroids.T).argmax(axis=1)
    assert [found.speakers[n] for n in nearest] == [t.speaker for t in turns]
    assert np.isnan(embeddings[-1]).all()


def test_listening_hears_what_the_stock_pipeline_hears(
    folders: tuple[Path, Path], telephone: Samples
) -> None:
    import torch

    from stages.diarization.listening import Ears, segment
    from stages.diarization.loading import embedding_model, segmentation_model
    from stages.diarization.stock import stock_pipeline

    sound = Samples(telephone.samples[: 25 * 16_000])
    settings = SETTINGS.model_copy(update={"split": 0.0, "trunk": "window"})
    plain = build_diarizer(settings, *folders)
    ours = heard(plain, sound)
    theirs: dict[str, npt.NDArray[np.float32]] = {}

    def keep(step: str, found: object = None, completed: int | None = None, **_: object) -> None:
        if found is not None and completed is None:
            theirs[step] = found.data if hasattr(found, "data") else found  # type: ignore[assignment]

    waveform = torch.from_numpy(sound.samples)[None]
    stock_pipeline(*folders)(
        {"waveform": waveform, "sample_rate": 16_000, "uri": "sample"}, hook=keep
    )
    starts = [n * 16_000 for n in range(len(ours.activity))]
    ears = Ears(segmentation_model(folders[0]), embedding_model(folders[1]))
    with torch.inference_mode():
        _, active = segment(waveform[0], starts, ears)
    same = active == (theirs["segmentation"] > 0)
    assert same.mean() > 0.9999
    embeddings = np.asarray(theirs["embeddings"])
    for window in np.flatnonzero(same.all(axis=(1, 2))):
        talking = active[window].any(axis=0)
        np.testing.assert_allclose(
            ours.embeddings[window, : talking.sum()], embeddings[window, talking], atol=1e-3
        )


@pytest.mark.parametrize("seconds", [25.0, 30.0, 0.2])
def test_the_exact_mode_gives_the_turns_of_the_stock_pipeline(
    seconds: float, folders: tuple[Path, Path], telephone: Samples
) -> None:
    import torch

    from stages.diarization.stock import stock_pipeline

    sound = Samples(telephone.samples[: round(seconds * 16_000)])
    exact = SETTINGS.model_copy(update={"mode": "exact", "threads": 2})
    ours = diarized(build_diarizer(exact, *folders), sound)
    waveform = torch.from_numpy(np.ascontiguousarray(sound.samples))[None]
    theirs = stock_pipeline(*folders)(
        {"waveform": waveform, "sample_rate": 16_000, "uri": "telephone"}
    )
    for turns, annotation in (
        (ours.turns, theirs.speaker_diarization),
        (ours.exclusive, theirs.exclusive_speaker_diarization),
    ):
        tracks = [(s, who) for s, _, who in annotation.itertracks(yield_label=True)]
        names = {str(t.speaker): who for t, (_, who) in zip(turns, tracks, strict=True)}
        assert len(set(names.values())) == len(names)
        found = [(round(t.span.start, 3), round(t.span.end, 3), names[t.speaker]) for t in turns]
        cut = [(s.start, min(s.end, len(waveform[0]) / 16_000), who) for s, who in tracks]
        assert found == [(round(a, 3), round(b, 3), who) for a, b, who in cut]


SILENT = {
    "silence": sounds.silence(15),
    "white noise": sounds.white_noise(15),
    "pink noise": sounds.pink_noise(15),
    "mains hum": sounds.mains_hum(15),
    "chords": sounds.chords(15),
    "a tone": sounds.tone(15),
    "nothing": sounds.silence(0),
    "a click": sounds.silence(0.01),
}


@pytest.mark.parametrize("name", SILENT)
def test_nobody_speaks_in(name: str, diarizer: Diarizer) -> None:
    found = diarized(diarizer, Samples(SILENT[name]))
    assert (found.turns, found.speakers) == ((), ())


def test_a_caller_who_leaves_frees_the_models(diarizer: Diarizer, telephone: Samples) -> None:
    async def leave() -> Diarization:
        long = Samples(np.tile(telephone.samples, 9))
        waiting = asyncio.create_task(diarizer.listen(long, ignore))
        await asyncio.sleep(0.5)
        waiting.cancel()
        short = await asyncio.wait_for(diarizer.listen(telephone, ignore), 60)
        return await diarizer.separate(short, SpeakerHint())

    assert len(asyncio.run(leave()).speakers) == 2


@pytest.mark.parametrize(
    ("ids", "bound"),
    [
        (["sim_dev_4spk_overlap"], 10.0),
        (["ami_trn00", "ami_trn03", "ami_trn05"], 20.0),
        pytest.param(["dev3_8k_ulaw"], 16.0, marks=pytest.mark.slow),
        pytest.param(["dev3_noisy_snr5"], 17.0, marks=pytest.mark.slow),
    ],
)
def test_error_rates_stay_where_they_were_measured(
    ids: list[str], bound: float, diarizer: Diarizer, shared_data: Path
) -> None:
    chosen = references(shared_data, ids)
    found = [diarized(diarizer, Samples(decode(r.path))) for r in chosen]
    assert error_rate(shared_data, found, ids) < bound


def error_rate(folder: Path, found: list[Diarization], ids: Iterable[str] = ()) -> float:
    """DER in percent over the recordings of `folder`, collar 0, overlap scored."""
    scores = []
    for reference, diarization in zip(references(folder, ids), found, strict=True):
        turns = [(t.span.start, t.span.end, str(t.speaker)) for t in diarization.turns]
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "found.rttm"
            path.write_text(rttm(reference.id, turns), encoding="utf-8")
            nothing = {"transcribed": 0.0, "speech": 0.0}
            scores.append(score(replace(reference, words=None), path, path, nothing))
    return pooled(scores).row()["DER"] or 0.0


def test_weights_that_are_missing_or_broken_are_named(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(ModelMissing, match=r"pytorch_model\.bin"):
        build_diarizer(SETTINGS, tmp_path, folders[1])
    (tmp_path / "pytorch_model.bin").write_bytes(b"no model")
    with pytest.raises(ModelCorrupt, match=r"pytorch_model\.bin"):
        build_diarizer(SETTINGS, tmp_path, folders[1])
    with pytest.raises(ModelMissing, match=r"campplus"):
        build_diarizer(SETTINGS, folders[0], tmp_path)
    (tmp_path / "campplus_cn_en_common.pt").write_bytes(b"no model")
    with pytest.raises(ModelCorrupt, match=r"campplus"):
        build_diarizer(SETTINGS, folders[0], tmp_path)
