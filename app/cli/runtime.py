"""Runtime of commands: the installation's ledger, and the metadata of commands from the command line."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

from app.common.people import rule_caller
from app.kernel import ledger
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.refusals import NotFound
from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.platform import installation, loop, settings
from app.platform.failures import OperationRefused
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND

T = TypeVar("T")

#: Ways to find the id of a record, for somebody who entered another one.
FIND_KEY = "“ledgerdesk keys list” prints the ids of all keys."
FIND_PERSON = "The id is in the address of the person's page."


class NoSuchRecord(OperationRefused):
    """A command was called with an id that no record has."""


@contextlib.asynccontextmanager
async def open_runtime_ledger(other: Settings | None = None) -> AsyncIterator[Ledger]:
    """Open the ledger of this installation, or of the one that `other` settings locate."""
    current = other or settings.current()
    with installation.open_installation(current) as place:
        installation.check(place, current)
        async with ledger.open_ledger(
            place.url, place.secrets_dir, LIFECYCLES_BY_KIND, current
        ) as open_ledger:
            yield open_ledger


def with_ledger(work: Callable[[Ledger], Awaitable[T]]) -> T:
    """Run `work` with the ledger of this installation, and return its result."""

    async def run() -> T:
        async with open_runtime_ledger() as open_ledger:
            return await work(open_ledger)

    return loop.run(run())


@contextlib.contextmanager
def naming(kind: str, record_id: str, how_to_find: str) -> Iterator[None]:
    """Let a refusal for want of the record name the id that was given, and how to find the right one."""
    try:
        yield
    except NotFound as refusal:
        raise NoSuchRecord(f"No {kind} has the id “{record_id}”. {how_to_find}") from refusal


def command_line_metadata() -> CommandMetadata:
    """Return the metadata of a command from the command line. Its actor is not authenticated: a user of this
    shell has the database, too.
    """
    return CommandMetadata(
        rule_caller("command_line"), datetime.now(UTC), correlation_id=f"cli-{uuid7()}", source="cli"
    )
