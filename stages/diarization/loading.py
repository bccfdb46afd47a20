"""Loading models from folders on this machine, without network, telemetry or noise."""

from __future__ import annotations

import os
import pickle
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pipeline.errors import ModelCorrupt, ModelMissing

T = TypeVar("T")

SEGMENTATION_FILE = "pytorch_model.bin"
PIPELINE_FILE = "config.yaml"
EMBEDDING_FILE = "campplus_cn_en_common.pt"


@contextmanager
def quiet() -> Any:
    """Let pyannote.audio load without the warnings that mean nothing here.

    Sound is handed over as arrays, so whether torchcodec can decode files does not matter.
    """
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\s*torchcodec is not installed correctly")
        warnings.filterwarnings("ignore", message=r"Model was trained with")
        yield


def weights(folder: Path, name: str) -> Path:
    """The file `name` of a model folder; raises ModelMissing."""
    path = folder / name if folder.is_dir() else folder
    if not path.is_file():
        raise ModelMissing(
            f"{folder}: expected the file {name}, found none. Run `parley models pull`."
        )
    return path


def load(path: Path, how: Callable[[Path], T]) -> T:
    """`how(path)`; raises ModelMissing, or ModelCorrupt where the file is not such a model."""
    try:
        return how(path)
    except FileNotFoundError as error:
        raise ModelMissing(
            f"{error.filename}: expected a file of the model, found none. Run `parley models pull`."
        ) from error
    except (RuntimeError, EOFError, KeyError, pickle.UnpicklingError, AttributeError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelCorrupt(
            f"{path}: expected a diarization model, could not load it: {first}. "
            "Run `parley models verify`."
        ) from error


def segmentation_model(folder: Path) -> Any:
    """A pyannote.audio segmentation model, ready for inference."""
    with quiet():
        from pyannote.audio import Model

        model = load(weights(folder, SEGMENTATION_FILE), Model.from_pretrained)
    return model.eval()


def embedding_model(folder: Path, quick: bool = True) -> Any:
    """CAM++ as a pyannote.audio model, ready for inference; see `CamPlusPlus.quickened`."""
    with quiet():
        from stages.diarization.voiceprint import CamPlusPlusVoiceprint

        def read(path: Path) -> CamPlusPlusVoiceprint:
            return CamPlusPlusVoiceprint.from_checkpoint(path, quick)

        return load(weights(folder, EMBEDDING_FILE), read)


def pyannote_pipeline(folder: Path, device: str) -> Any:
    """The pyannote.audio speaker diarization pipeline of a folder with a config.yaml."""
    import torch

    config = weights(folder, PIPELINE_FILE)
    with quiet():
        from pyannote.audio import Pipeline

        pipeline = load(config, lambda path: Pipeline.from_pretrained(path.parent))
    pipeline.to(torch.device(device))
    return pipeline
