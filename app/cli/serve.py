"""`ledgerdesk serve`: answers HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

from app import installation, settings
from app.cli import logs
from app.installation import Installation, InstallationError
from app.kernel import ledger as ledgers
from app.main import application
from app.registry import BY_KIND
from app.settings import Settings

GRACE_SECONDS = 10


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="TCP port to listen on.")] = None,
    with_worker: Annotated[
        bool, typer.Option("--work", help="Also follow the log, in a process of its own.")
    ] = False,
) -> None:
    """Answer HTTP, until it is stopped."""
    changed = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    current = settings.load(**changed)
    logs.set_up(current.log_level)
    with installation.found(current, watched=True) as place:
        installation.check(place, current)
        listener = listening(current.host, current.port)
        asyncio.run(try_ledger(place, current))
        with worker() if with_worker else contextlib.nullcontext():
            run(application(place.url, place.secrets_dir, current), listener)


def run(app: FastAPI, listener: socket.socket) -> None:
    """Serves on the socket until SIGINT or SIGTERM. Raises SystemExit if it did not come up."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=GRACE_SECONDS
    )
    server = uvicorn.Server(config)
    # Uvicorn stops in good order and then raises the signal again; being stopped is no failure.
    with contextlib.suppress(KeyboardInterrupt, SystemExit):
        server.run(sockets=[listener])
    if not server.started:
        raise InstallationError("The server did not start; the reason is in the lines above.")


async def try_ledger(place: Installation, current: Settings) -> None:
    """Opens the ledger once, so that what is wrong with it is said in a sentence.

    Raises DatabaseGone, VaultError.
    """
    async with ledgers.opened(place.url, place.secrets_dir, BY_KIND, current):
        pass


def listening(host: str, port: int) -> socket.socket:
    """A socket on that address. Raises InstallationError if it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise InstallationError(
            f"{host} port {port} cannot be listened on: {error.strerror}. Set LEDGERDESK_PORT or give --port."
        ) from error
    listener.set_inheritable(True)
    return listener


@contextlib.contextmanager
def worker() -> Iterator[None]:
    """`ledgerdesk work` beside us: it ends when we do, however we end, because its standard input does."""
    command = [sys.executable, "-m", "app.cli", "work", "--until-input-ends"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=settings.PROJECT, env=os.environ)  # noqa: S603  # ourselves
    try:
        yield
    finally:
        assert child.stdin is not None
        child.stdin.close()
        child.wait(GRACE_SECONDS)
