"""`parley serve`: the service on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from serve.cli import options as o
from serve.cli.failures import reported


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
    debug: o.Debug = False,
) -> None:
    """Share Parley: uploads become jobs, results stream, OpenAI clients work unchanged."""
    given = {"host": host, "port": port, "data": data, "profile": profile}
    run(config, {k: v for k, v in given.items() if v is not None})


def run(config: Path | None, given: dict[str, Any]) -> None:
    """Serve until interrupted. Raises ConfigInvalid, StoreUnavailable."""
    import uvicorn

    from serve.service.application import application
    from serve.service.reading import read_settings

    settings = read_settings(config, given)
    app = application(settings)
    typer.echo(f"Parley listens at http://{settings.host}:{settings.port}; docs at /docs.")
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        timeout_graceful_shutdown=5,
        server_header=False,
    )
