"""Who spoke when: voices heard window by window, then grouped into people."""

from __future__ import annotations

from pathlib import Path

from pipeline.config import DiarizationSettings
from pipeline.ports import Diarizer

LISTENING_VERSION = "4"
"""Changes when `listen` would hear the same sound differently."""

DIARIZATION_VERSION = "3"
"""Changes when `separate` would group the same voices differently."""


def build_diarizer(settings: DiarizationSettings, *paths: Path) -> Diarizer:
    """The diarizer of the model folders `paths`.

    Two folders: a pyannote.audio segmentation model and CAM++. One folder: a whole pyannote.audio
    pipeline such as community-1. Raises ModelMissing or ModelCorrupt naming the file.
    """
    if len(paths) == 1:
        from stages.diarization.community import CommunityDiarizer

        return CommunityDiarizer(settings, paths[0])
    segmentation, embedding = paths
    if settings.mode == "exact":
        from stages.diarization.exact import ExactDiarizer

        return ExactDiarizer(settings, segmentation=segmentation, embedding=embedding)
    from stages.diarization.diarizer import PyannoteDiarizer

    return PyannoteDiarizer(settings, segmentation=segmentation, embedding=embedding)
