"""From options to settings: the few that have names of their own, and `--set` for all others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigInvalid, UsageError
from serve.cli.languages import LANGUAGES

if TYPE_CHECKING:
    from pipeline.config import Profile
    from pipeline.ports import SpeakerHint

_KEY = re.compile(r"[a-z_]+(\.[a-z_]+)*")
_WORDS = {"yes", "no", "on", "off", "y", "n"}


def overrides(
    sets: Sequence[str] = (),
    language: str | None = None,
    languages: Sequence[str] = (),
    hotwords: Sequence[str] = (),
) -> dict[str, Any]:
    """The settings that options ask for, nested like a profile. Raises UsageError."""
    import yaml

    values: dict[str, Any] = {}
    for text in sets:
        key, sign, value = text.partition("=")
        if not sign or not _KEY.fullmatch(key):
            raise UsageError(f"--set {text!r}: expected KEY=VALUE, for example asr.beam_size=1.")
        try:
            # YAML's yes and no are words here: "no" is Norwegian.
            _put(values, key, value if value.lower() in _WORDS else yaml.safe_load(value))
        except yaml.YAMLError:
            raise UsageError(f"--set {text!r}: the value is not YAML. Quote it.") from None
    if language:
        _put(values, "asr.language", known_language(language, "--language"))
    if allowed := items(languages):
        _put(values, "asr.languages", [known_language(c, "--languages") for c in allowed])
    if words := items(hotwords):
        _put(values, "asr.hotwords", words)
    return values


def resolve(name: str, values: dict[str, Any]) -> Profile:
    """The profile with its overrides, and what was measured here for what they leave open.

    Raises ConfigInvalid, also where settings contradict.
    """
    from pipeline.config import load_profile
    from serve.cli.calibration import saved

    profile = load_profile(name, values, measured=saved(name, values).nested())
    asr = profile.asr
    asked = {c for c in (asr.language, *asr.languages) if c}
    for code in sorted(asked - set(LANGUAGES)):
        raise ConfigInvalid(f"asr.language {code!r}: not a code of a language Whisper knows.")
    if asr.model.endswith(".en") and asked - {"en"}:
        odd = ", ".join(sorted(asked - {"en"}))
        raise ConfigInvalid(
            f"asr.model {asr.model} knows English only, asked for was {odd}. "
            "Choose another model or leave the language out."
        )
    if asr.language and asr.languages and asr.language not in asr.languages:
        raise ConfigInvalid(
            f"asr.language {asr.language} is not one of asr.languages "
            f"({', '.join(asr.languages)}). Give one of the two."
        )
    return profile


def speakers(
    exactly: int | None, at_least: int | None, at_most: int | None, *, separate: bool
) -> SpeakerHint:
    """How many people are said to speak. Raises UsageError if that cannot be."""
    from pipeline.ports import SpeakerHint

    given = [n for n in (exactly, at_least, at_most) if n is not None]
    if any(n < 1 for n in given):
        raise UsageError(f"expected at least 1 speaker, got {min(given)}.")
    if given and separate:
        raise UsageError(
            "--channels separate takes each channel for one speaker; leave out --speakers, "
            "--min-speakers and --max-speakers."
        )
    if exactly is not None and len(given) > 1:
        raise UsageError("--speakers says the number; leave out --min-speakers and --max-speakers.")
    if at_least is not None and at_most is not None and at_least > at_most:
        raise UsageError(f"--min-speakers {at_least} is more than --max-speakers {at_most}.")
    return SpeakerHint(exactly, at_least, at_most)


def known_language(text: str, option: str) -> str:
    """The ISO 639-1 code that `text` is or names in English. Raises UsageError."""
    wanted = text.strip().lower()
    named = next((code for code, name in LANGUAGES.items() if name.lower() == wanted), wanted)
    if named not in LANGUAGES:
        raise UsageError(
            f"{option} {text!r}: not a language Whisper knows; expected a code such as en, zh or "
            "de. docs/cli.md lists them."
        )
    return named


def items(values: Iterable[str]) -> list[str]:
    """The items of options that may be repeated or hold several, parted by commas."""
    split = (part.strip() for value in values for part in re.split("[,，、]", value))
    return list(dict.fromkeys(part for part in split if part))


def _put(into: dict[str, Any], key: str, value: Any) -> None:
    *path, last = key.split(".")
    for part in path:
        into = into.setdefault(part, {})
        if not isinstance(into, dict):
            raise UsageError(f"--set {key}: {part} was given a value before.")
    into[last] = value
