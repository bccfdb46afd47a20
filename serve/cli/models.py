"""`parley models`: fetching, listing, checking and carrying models."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.cli import options as o
from serve.cli.failures import reported, tell

if TYPE_CHECKING:
    from stages.models import Pulled, PullEvent, Registry

    Progress = Callable[[PullEvent], None]

models = typer.Typer(
    name="models",
    help="Fetch, list, check and carry models.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME…]", help="Models; by default those the profile needs."),
]
Bundle = Annotated[Path, typer.Argument(metavar="FILE", help="The bundle, one file.")]
BAD_MODEL = 5


@models.command()
@reported
def pull(
    names: Names = None,
    profile: o.ProfileName = "cpu",
    sets: o.Sets = None,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Fetch models and make them ready; what is here already is not fetched again."""
    registry = _registry()
    wanted = _wanted(registry, names, profile, sets)
    with _progress(quiet) as progress:
        pulled = registry.pull_all(wanted, progress)
    for result in pulled:
        if not quiet:
            typer.echo(_came(result))
        for remark in result.remarks:
            tell(f"Note: {remark}")


@models.command("list")
@reported
def list_models(
    profile: o.ProfileName = "cpu", as_json: o.Json = False, debug: o.Debug = False
) -> None:
    """List the models there are and which of them are on this machine."""
    registry = _registry()
    needed = set(_wanted(registry, None, profile, None))
    statuses = registry.status()
    if as_json:
        rows = [asdict(s) | {"needed": s.name in needed} for s in statuses]
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False, default=str))
        return
    for status in statuses:
        size = f"{status.size / 1e6:,.0f} MB" if status.size else ""
        mark = "*" if status.name in needed else " "
        typer.echo(f"{mark} {status.name:<42} {size:>9}  {status.state:<12}  {status.licence}")
    typer.echo(f"* needed by profile {profile}. Models are kept in {registry.store.root}.")


@models.command()
@reported
def verify(names: Names = None, debug: o.Debug = False) -> None:
    """Check every file of models against its published hash; by default of all that are here."""
    registry = _registry()
    wanted = names or [s.name for s in registry.status() if s.state != "missing"]
    if not wanted:
        typer.echo("No model is on this machine. `parley models pull` fetches those needed.")
    bad = 0
    for name in wanted:
        result = registry.verify(name)
        wrong = [f"{file}: {state}" for file, state in result.files.items() if state != "ok"]
        bad += bool(wrong)
        if not wrong:
            note = f", {len(result.unpinned)} without a published hash" if result.unpinned else ""
            typer.echo(f"✓ {name}: {len(result.files)} files{note}")
        else:
            typer.echo(f"✗ {name}: {', '.join(wrong)}. `parley models pull {name}` mends it.")
    if bad:
        raise typer.Exit(BAD_MODEL)


@models.command("export")
@reported
def export_models(
    bundle: Bundle,
    names: Names = None,
    profile: o.ProfileName = "cpu",
    sets: o.Sets = None,
    overwrite: o.Overwrite = False,
    debug: o.Debug = False,
) -> None:
    """Write models to one file, for machines without a network."""
    from stages.models import export_bundle

    registry = _registry()
    wanted = _wanted(registry, names, profile, sets)
    with _progress() as progress:
        export_bundle(registry, wanted, bundle, progress, overwrite=overwrite)
    size = bundle.stat().st_size / 1e6
    typer.echo(f"✓ {bundle}: {', '.join(wanted)} ({size:,.0f} MB)")
    typer.echo(f"On the other machine: parley models import {bundle.name}")


@models.command("import")
@reported
def import_models(bundle: Bundle, debug: o.Debug = False) -> None:
    """Take models from a file that `parley models export` wrote."""
    from stages.models import import_bundle

    with _progress() as progress:
        names = import_bundle(_registry(), bundle, progress)
    typer.echo(f"✓ {', '.join(names)}: ready for use")


def _registry() -> Registry:
    from stages.models import Registry

    return Registry.load()


def _wanted(
    registry: Registry, names: Sequence[str] | None, profile: str, sets: Sequence[str] | None
) -> list[str]:
    """The models named, or those of the profile; raises ModelUnknown."""
    if names:
        for name in names:
            registry.entry(name)
        return list(dict.fromkeys(names))
    from serve.cli.settings import overrides, resolve

    return registry.names_for(resolve(profile, overrides(sets or ())))


def _came(result: Pulled) -> str:
    """What a pull did, in a line."""
    done = []
    if result.fetched:
        done.append(f"{result.fetched / 1e6:,.0f} MB from {', '.join(result.sources)}")
    if result.converted:
        done.append("converted")
    return f"✓ {result.name}: {'; '.join(done) or 'already here'}"


@contextmanager
def _progress(quiet: bool = False) -> Iterator[Progress]:
    """Shows what is told of models: bars on a terminal, lines elsewhere, nothing if quiet."""
    from serve.cli import reporting

    if quiet:
        yield reporting.Quiet().pulling
    elif not sys.stderr.isatty():
        yield reporting.Lines().pulling
    else:
        from rich.console import Console

        from serve.cli.live import LiveView

        view = LiveView(Console(stderr=True), ())
        view.open("Models")
        try:
            yield view.pulling
        finally:
            view.close()
