"""Logins of persons at the tool of a source, as administrators have set them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.common.people import rule_caller
from app.kernel.actions.context import CommandMetadata
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.webhooks.sources.lifecycle import LIFECYCLE, SetLoginWebhookSource
from app.webhooks.sources.lookup import LOGINS

#: The name of the actor in the log, for logins that were found at the tool.
NAME = "find_logins"


@dataclass(frozen=True, slots=True)
class ToolLogins:
    """The logins of one source, by person, and the persons by their logins in any case. Of two persons with
    one login, it is the one for whom it was set last.
    """

    by_person: Mapping[UUID, str]
    persons: Mapping[str, UUID]

    def person(self, login: str | None) -> UUID | None:
        """Return the person with that login, or None."""
        return None if login is None else self.persons.get(login.casefold())


async def tool_logins(ledger: Ledger, source: str) -> ToolLogins:
    """Return the logins at the source with that key. Those of erased persons are unreadable."""
    rows = await ledger.db.rows(LOGINS, (source,))
    texts = await ledger.vault.texts(row["login"] for row in rows)
    readable = {row["person_id"]: text for row in rows if (text := texts[row["login"]]) is not None}
    return ToolLogins(readable, {login.casefold(): person for person, login in readable.items()})


async def keep_login(ledger: Ledger, source_id: UUID, person: UUID, login: str, now: datetime) -> None:
    """Set a login that was found by the person's address. Raises a Refusal."""
    metadata = CommandMetadata(rule_caller(NAME), now, str(uuid7()), source=f"rule:{NAME}")
    body = SetLoginWebhookSource(person=str(person), login=login)
    await perform(ledger, Command(LIFECYCLE, LIFECYCLE["set_login"], str(source_id), body, metadata))
