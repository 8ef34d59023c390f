"""`ledgerdesk serve`: serves the HTTP API."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Annotated

import structlog
import typer
import uvicorn
from fastapi import FastAPI

from app.api.authentication.auth import utc_now
from app.api.authentication.first_administrator import LINK_HOURS, first_link, has_people
from app.cli.output import print_line
from app.cli.server import logs
from app.cli.server.http_protocol import BoundedHttpProtocol
from app.cli.server.proxies import NamedProxies
from app.kernel import ledger as ledgers
from app.main import application
from app.platform import installation, loop, schema, settings
from app.platform.installation import Installation, InstallationError
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND

logger = structlog.get_logger()

GRACE_SECONDS = 10
# How often a server that starts looks whether it is to end.
LOOK_SECONDS = 0.1
# A server that has not started has little to close.
CANCEL_AGAIN_SECONDS = 1.0
RESTART_SECONDS = 1.0
#: Hosts that stand for every address of this machine.
EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104  # compared with, not listened on


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="TCP port to listen on.")] = None,
    with_worker: Annotated[
        bool, typer.Option("--work", help="Also run the worker, in its own process.")
    ] = False,
) -> None:
    """Serve the API and the pages until stopped."""
    changed = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    current = settings.load(**changed)
    logs.configure_logging(current.log_level)
    with installation.open_installation(current, watched=True) as place:
        installation.check(place, current, patient=True)
        listener = bind_listener(current.host, current.port)
        link = loop.run(try_ledger(place, current))
        if link is not None:
            show_first_link(link)
        with supervised_worker(current.log_level) if with_worker else contextlib.nullcontext():
            run(place, current, listener)


def show_first_link(link: str) -> None:
    """Show the link by which somebody becomes the first administrator: as sentences on a terminal, and as a
    line like all others in a log.
    """
    if not sys.stdout.isatty():
        logger.warning("no_administrator", open=link, hours=LINK_HOURS)
        return
    print_line(f"Nobody uses this installation yet. To become its administrator, open {link}")
    print_line(f"The link is valid for {LINK_HOURS} hours and for one person. Keep it to yourself.")


def tune_garbage_collector() -> None:
    """Exempt the objects that exist now from garbage collections, which would stop all requests for up to
    0.1 s. They are rare already (`app.NEW_OBJECTS`).
    """
    gc.collect()
    gc.freeze()


def run(place: Installation, current: Settings, listener: socket.socket) -> None:
    """Serve on the socket until SIGINT or SIGTERM; log when it listens. Raises DatabaseUnavailable or
    InstallationError if the server did not start.
    """
    app = application(place.url, place.secrets_dir, current, data_dir=place.data_dir)
    host, port = listener.getsockname()[:2]
    revision = schema.current_if_available(place.url)
    server = serving(
        app,
        current.proxies,
        lambda: logger.info("listening", host=host, port=port, version=app.version, schema=revision),
    )
    tune_garbage_collector()
    try:
        server.run(sockets=[listener])
    except (KeyboardInterrupt, SystemExit):
        return  # Uvicorn shuts down cleanly and then raises the signal again; being stopped is no failure.
    if server.has_failed:
        raise app.state.start_failure or InstallationError(
            "The server did not start; the reason is in the lines above."
        )


class _Server(uvicorn.Server):
    """A server that reports when it listens, and that can be stopped before it does."""

    def __init__(self, config: uvicorn.Config, listens: Callable[[], None]) -> None:
        super().__init__(config)
        self._listens = listens
        #: Whether the application could not start.
        self.has_failed = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        earlier = asyncio.all_tasks()
        starting = asyncio.create_task(self._start_application(sockets))
        # Uvicorn looks whether it is to end when it has started, and a database may keep it waiting.
        while not (self.should_exit or starting.done()):
            await asyncio.wait([starting], timeout=LOOK_SECONDS)
        if not starting.done():
            # The application starts in a task of its own, which may lose a cancellation (`loop.end`).
            await loop.end(asyncio.all_tasks() - earlier, again_seconds=CANCEL_AGAIN_SECONDS)
            return
        await starting
        if self.started:
            self._listens()

    async def _start_application(self, sockets: list[socket.socket] | None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            # Uvicorn ends the process so, with a code of its own; `run` gives the reason.
            self.has_failed = self.should_exit = True


def serving(app: FastAPI, proxies: str = "", listens: Callable[[], None] = lambda: None) -> _Server:
    """Return the configured uvicorn server. `proxies`: addresses whose X-Forwarded-For and X-Forwarded-Proto
    are trusted. `listens` is called once it accepts requests.
    """
    config = uvicorn.Config(
        NamedProxies(app, proxies),
        http=BoundedHttpProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return _Server(config, listens)


async def try_ledger(place: Installation, current: Settings) -> str | None:
    """Open the ledger once, so that a failure is reported in a sentence before the server starts. Return the
    link for the first administrator; None if the installation has people.

    Raises DatabaseGone, VaultError.
    """
    async with ledgers.open_ledger(
        place.url, place.secrets_dir, LIFECYCLES_BY_KIND, current, patient=True
    ) as ledger:
        if await has_people(ledger.db):
            return None
        return first_link(address_of(current), ledger.vault.fingerprint, utc_now())


def address_of(current: Settings) -> str:
    """Return the address at which a browser finds the service, on this machine if it has no public one."""
    host = "localhost" if current.host in EVERY_ADDRESS else current.host
    return current.public_url or f"http://{f'[{host}]' if ':' in host else host}:{current.port}"


def bind_listener(host: str, port: int) -> socket.socket:
    """Return a socket bound to that address. Raises InstallationError if that fails."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise InstallationError(
            f"{host} port {port} is not available: {error.strerror}. Set LEDGERDESK_PORT or use --port."
        ) from error
    listener.set_inheritable(True)
    return listener


@contextlib.contextmanager
def supervised_worker(log_level: str, public_url: str | None = None) -> Iterator[Supervisor]:
    """Run `ledgerdesk work` as a child process during the block, and restart it if it ends. It logs lines of
    that level and above; with `public_url`, its links have that address.
    """
    supervisor = Supervisor(log_level, public_url)
    keeper = threading.Thread(target=supervisor.supervise, name="keeps the worker", daemon=True)
    keeper.start()
    try:
        yield supervisor
    finally:
        supervisor.end()
        keeper.join(GRACE_SECONDS)
        supervisor.kill()
        keeper.join()


class Supervisor:
    """Supervisor of a child process that runs the worker, and is restarted when it ends.

    The worker ends whenever this process does, however that happens, because its standard input closes. It
    has a session of its own, so that a Ctrl-C in the terminal does not reach it.
    """

    def __init__(self, log_level: str, public_url: str | None = None) -> None:
        self._environment = {**os.environ, f"{settings.PREFIX}LOG_LEVEL": log_level}
        if public_url is not None:
            self._environment[f"{settings.PREFIX}PUBLIC_URL"] = public_url
        self._ending = threading.Event()
        self._turn = threading.Lock()
        self.child: subprocess.Popen[bytes] | None = None

    def supervise(self) -> None:
        """Start the worker, again and again, until `end` is called."""
        command = [sys.executable, "-m", "app.cli", "work", "--until-input-ends"]
        while not self._ending.wait(0 if self.child is None else RESTART_SECONDS):
            with self._turn:
                if self._ending.is_set():
                    return
                self.child = subprocess.Popen(  # noqa: S603  # ourselves
                    command,
                    stdin=subprocess.PIPE,
                    cwd=settings.PROJECT,
                    env=self._environment,
                    start_new_session=True,
                )
            self.child.wait()
            assert self.child.stdin is not None
            self.child.stdin.close()

    def end(self) -> None:
        """Let the worker finish its current work and end, without starting another one."""
        with self._turn:
            self._ending.set()
            if self.child is not None:
                assert self.child.stdin is not None
                self.child.stdin.close()

    def kill(self) -> None:
        """Kill the worker if it still runs: it must not outlive this process, and a kill loses nothing."""
        if self.child is not None:
            self.child.kill()
