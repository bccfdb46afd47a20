"""Which threads, batches and precision are fastest on this machine, measured rather than guessed.

`rounds_for` says what is tried, `Bench` times it with the real models, `calibrated` chooses, and
`saved` keeps the choice for later runs.
"""

from stages.calibration.choice import AGREEMENT, Chosen, Timer, Trial, calibrated
from stages.calibration.rounds import Part, Round, rounds_for
from stages.calibration.saved import Machine, Saved, forget, models_of, path, read, save

__all__ = [
    "AGREEMENT",
    "Chosen",
    "Machine",
    "Part",
    "Round",
    "Saved",
    "Timer",
    "Trial",
    "calibrated",
    "forget",
    "models_of",
    "path",
    "read",
    "rounds_for",
    "save",
]
