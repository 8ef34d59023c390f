"""`ledgerdesk demo`: a demo organisation with two years of history, served with a worker."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from app.cli.output import print_line
from app.cli.server.demo_keys import READER, kept_address, kept_keys
from app.platform import settings
from app.platform.settings import Settings


def demo(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="TCP port to listen on.")] = None,
    webhooks: Annotated[
        bool, typer.Option("--webhooks", help="Post sample deliveries of every tool to the running demo.")
    ] = False,
    keys_only: Annotated[
        bool, typer.Option("--keys", help="Print the demo's address and keys as shell variables.")
    ] = False,
) -> None:
    """Make a demo organisation if it is missing, then serve it, with a worker, until it is stopped."""
    current = settings.load(**({} if port is None else {"port": port}))
    if keys_only:
        _print_exports(current)
        return
    if not webhooks:
        # Loading takes seconds, during which a visitor would see nothing.
        typer.echo("Starting Ledgerdesk: first the program, then the database and the server …", err=True)
    from app.cli.server import demo_server  # noqa: PLC0415  # the whole application, which keys do not need

    if webhooks:
        demo_server.replay(current)
    else:
        demo_server.serve_demo(current)


def _print_exports(current: Settings) -> None:
    """Print API and each key by its purpose, and KEY, which is the key that sees everything."""
    keys = kept_keys(current)
    named = {"API": kept_address(current), **{name.upper(): key for name, key in keys.items()}}
    for name, text in {**named, "KEY": keys[READER]}.items():
        print_line(f"export {name}={shlex.quote(text)}")
