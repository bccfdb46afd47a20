"""Minutes: what a meeting came to, made of what was said in it."""

from stages.summarization.language_models import build_language_model
from stages.summarization.lending import held, lent
from stages.summarization.minutes import MINUTES_VERSION, MinutesStage

__all__ = ["MINUTES_VERSION", "MinutesStage", "build_language_model", "held", "lent"]
