"""What people say when they decide, promise, ask for something or put it off, by language."""

from stages.summarization.patterns.chinese import CHINESE
from stages.summarization.patterns.english import ENGLISH
from stages.summarization.patterns.french import FRENCH
from stages.summarization.patterns.german import GERMAN
from stages.summarization.patterns.pattern import Patterns
from stages.summarization.patterns.spanish import SPANISH

__all__ = ["PATTERNS", "Patterns"]

PATTERNS: dict[str, Patterns] = {
    "en": ENGLISH,
    "zh": CHINESE,
    "de": GERMAN,
    "fr": FRENCH,
    "es": SPANISH,
}
