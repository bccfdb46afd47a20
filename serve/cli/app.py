"""The commands put together."""

from __future__ import annotations

from typing import Annotated

import typer

from serve.cli import options as o
from serve.cli.cache import cache
from serve.cli.demo import demo
from serve.cli.doctor import doctor
from serve.cli.keys import keys
from serve.cli.models import models
from serve.cli.serve import serve
from serve.cli.transcribe import EXIT_CODES, transcribe
from serve.cli.version import version

app = typer.Typer(
    name="parley",
    help="Turn recordings of meetings into transcripts and minutes, on this machine.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"parley {version()}")
        raise typer.Exit


@app.callback()
def parley(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version",
            metavar="",
            callback=_print_version,
            is_eager=True,
            help="Print the version.",
        ),
    ] = False,
    debug: o.Debug = False,
) -> None:
    """Turn recordings of meetings into transcripts and minutes, on this machine."""


app.command(epilog=EXIT_CODES, no_args_is_help=True)(transcribe)
app.command()(demo)
app.add_typer(models)
app.command()(serve)
app.add_typer(keys)
app.command()(doctor)
app.add_typer(cache)


@app.command("version")
def print_version() -> None:
    """Print the version."""
    _print_version(True)
