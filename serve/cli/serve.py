"""`parley serve`: the service on this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.errors import UsageError
from serve.cli import options as o
from serve.cli.failures import reported

if TYPE_CHECKING:
    from serve.service.settings import ServiceSettings


@reported
def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen at; 127.0.0.1 by default.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen at; 8000 by default.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of what is kept: database, sound, checkpoints.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="YAML file with settings of the service.")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="Profile of the models.")] = None,
    runtime: Annotated[
        str, typer.Option(help="ray: models in replicas of their own; threads: one process.")
    ] = "ray",
    debug: o.Debug = False,
) -> None:
    """Share Parley: uploads become jobs, results stream, OpenAI clients work unchanged."""
    given = {"host": host, "port": port, "data": data, "profile": profile}
    run(config, {k: v for k, v in given.items() if v is not None}, runtime)


def run(config: Path | None, given: dict[str, Any], runtime: str) -> None:
    """Serve until interrupted. Raises UsageError, ConfigInvalid, StoreUnavailable."""
    from serve.service.reading import read_settings

    if runtime not in ("ray", "threads"):
        raise UsageError(f"--runtime {runtime!r}: expected ray or threads.")
    settings = read_settings(config, given)

    def ready() -> None:
        where = f"http://{settings.host}:{settings.port}"
        typer.echo(f"Parley listens at {where}; {where}/docs describes the API. Ctrl-C ends it.")

    typer.echo("Parley is starting…", err=True)
    if runtime == "ray":
        from serve.deployments.here import serve_here

        serve_here(settings, ready)
    else:
        in_threads(settings, ready)


def in_threads(settings: ServiceSettings, ready: Callable[[], None]) -> None:
    """Serve from this process alone, models in its threads."""
    import uvicorn

    from serve.service.application import application

    app = application(settings)
    ready()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        timeout_graceful_shutdown=5,
        server_header=False,
    )
