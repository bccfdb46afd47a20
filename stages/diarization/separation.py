"""The cheap half of diarization: voices heard in windows become people with turns."""

from __future__ import annotations

from pipeline.config import DiarizationSettings
from pipeline.ports import SpeakerHint, VoiceWindows
from pipeline.types import Diarization
from stages.diarization.clustering import people
from stages.diarization.reconstruction import nobody, reconstruct

TRIES = 6
"""How often more people are asked for where the hint's least number got no turns."""


def separate(voices: VoiceWindows, hint: SpeakerHint, settings: DiarizationSettings) -> Diarization:
    """Who spoke when: `voices` grouped into people within the bounds of `hint`.

    People are never more than the hint allows; fewer than it asks for only where the sound does not
    hold as many voices.
    """
    least = hint.exactly or hint.at_least or 1
    most = hint.exactly or hint.at_most
    best = nobody(voices)
    # A person may get no turn, being always the less likely one: then ask for more.
    wanted = least
    for _ in range(TRIES):
        found = people(voices, wanted, most and max(most, wanted), settings)
        if not len(found.centroids):
            return best
        tried = reconstruct(voices, found.labels, found.centroids, settings)
        count = len(tried.speakers)
        if count > len(best.speakers) and (most is None or count <= most):
            best = tried
        if count >= least:
            break
        wanted += least - count
    return best
