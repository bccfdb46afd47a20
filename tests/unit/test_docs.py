"""The documentation knows every command, option, setting and code there is."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from pipeline.config import Profile, profile_names
from pipeline.events import EVENT_TYPES
from pipeline.exports import FORMATS
from serve.cli.app import app
from serve.cli.checks import flat
from serve.cli.doctor import shown
from serve.cli.languages import LANGUAGES
from serve.cli.options import FormatName

DOCS = Path(__file__).parents[2] / "docs"
CLI = (DOCS / "cli.md").read_text(encoding="utf-8")
CONFIGURATION = (DOCS / "configuration.md").read_text(encoding="utf-8")


def commands(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    yield name, group
    for child, command in getattr(group, "commands", {}).items():
        yield from commands(command, f"{name} {child}")


COMMANDS = dict(commands(typer.main.get_command(app), "parley"))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name: str) -> None:
    assert name in CLI
    for parameter in COMMANDS[name].params:
        for option in (*parameter.opts, *parameter.secondary_opts):
            if option.startswith("-"):
                assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", CLI), (name, option)


def test_every_documented_option_exists() -> None:
    known = {o for c in COMMANDS.values() for p in c.params for o in (*p.opts, *p.secondary_opts)}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", CLI)) <= known | {"--help"}


@pytest.mark.parametrize("key", flat(Profile().model_dump()))
def test_every_setting_is_documented_with_its_default(key: str) -> None:
    default = shown(flat(Profile().model_dump())[key])
    row = re.search(rf"^\| `{re.escape(key)}` \| `(.*?)` \| .+ \|$", CONFIGURATION, re.MULTILINE)
    assert row is not None, f"docs/configuration.md lacks a row | `{key}` | `{default}` | … |"
    assert row[1] == default


def test_no_setting_is_documented_that_does_not_exist() -> None:
    rows = re.findall(r"^\| `([a-z_]+\.[a-z_.]+)` \|", CONFIGURATION, re.MULTILINE)
    assert set(rows) <= set(flat(Profile().model_dump()))


def test_every_profile_format_language_and_event_is_documented() -> None:
    for name in profile_names():
        assert f"`{name}`" in CONFIGURATION
    for name in FORMATS:
        assert f"`{name}`" in CLI
    for code in LANGUAGES:
        assert f"`{code}`" in CLI
    of_the_service = {"speaker.renamed", "utterance.revised", "transcript.reset"}
    for kind in set(EVENT_TYPES) - of_the_service:
        assert f"`{kind}`" in CLI


def test_the_command_line_offers_exactly_the_formats_there_are() -> None:
    assert [f.value for f in FormatName] == [*FORMATS, "all"]


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 5, 130])
def test_every_exit_code_is_in_the_help_and_in_the_documentation(code: int) -> None:
    assert re.search(rf"\b{code} \w", COMMANDS["parley transcribe"].epilog)
    assert re.search(rf"^\| {code} \|", CLI, re.MULTILINE)
