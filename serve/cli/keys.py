"""`parley keys`: API keys of the service, made and revoked where its database is."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.cli import options as o
from serve.cli.failures import reported

if TYPE_CHECKING:
    from pipeline.store import Store

keys = typer.Typer(
    name="keys", help="Make, list and revoke API keys of the service.", no_args_is_help=True
)

Data = Annotated[Path | None, typer.Option(help="Folder of the service, as `serve --data`.")]
Config = Annotated[Path | None, typer.Option(help="Settings of the service, as `serve --config`.")]


@keys.command()
@reported
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="read, write or admin; read and write by default.")
    ] = None,
    owner: Annotated[
        str | None, typer.Option(help="Whose meetings it sees; by default a new owner's.")
    ] = None,
    days: Annotated[float | None, typer.Option(help="Days it is good for; else for ever.")] = None,
    data: Data = None,
    config: Config = None,
    debug: o.Debug = False,
) -> None:
    """Make a key and print its secret, which is not kept."""
    from pipeline.errors import UsageError

    expires = None if days is None else time.time() + days * 86_400
    scopes = scope or ["read", "write"]
    if unknown := sorted(set(scopes) - {"read", "write", "admin"}):
        raise UsageError(f"--scope {unknown[0]!r}: expected read, write or admin.")
    record, secret = _store(data, config).keys.create(
        name,
        owner or f"key:{secrets.token_hex(8)}",
        scopes,  # type: ignore[arg-type]
        expires,
    )
    typer.echo(secret)
    typer.echo(f"Key {record.id} of {record.owner}; this secret is not shown again.", err=True)


@keys.command("list")
@reported
def listed(data: Data = None, config: Config = None, debug: o.Debug = False) -> None:
    """List the keys, newest first, without their secrets."""
    store, after = _store(data, config), None
    while True:
        page = store.keys.page(after=after)
        for key in page.items:
            state = "revoked" if key.revoked else "ended" if _over(key.expires) else "good"
            scopes = ",".join(sorted(key.scopes))
            typer.echo(f"{key.id}  {key.hint}…  {state:8}{scopes:18}{key.owner}  {key.name}")
        if (after := page.after) is None:
            return


@keys.command()
@reported
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, as `keys list` shows it.")],
    data: Data = None,
    config: Config = None,
    debug: o.Debug = False,
) -> None:
    """Make a key good for nothing, from the next request on."""
    _store(data, config).keys.revoke(key)
    typer.echo(f"Key {key} is revoked.")


def _over(expires: float | None) -> bool:
    return expires is not None and expires < time.time()


def _store(data: Path | None, config: Path | None) -> Store:
    from pipeline.store import Store
    from serve.service.reading import read_settings

    settings = read_settings(config, {} if data is None else {"data": data})
    settings.data.mkdir(parents=True, exist_ok=True)
    return Store.open(settings.database_url)
