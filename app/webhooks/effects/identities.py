"""People and teams in a tool's data: found here by address, name or key, or added as stubs.

A person is found by the login that was set for them at the source, else by the e-mail address that exactly
one active person here has, or a deactivated one, in whatever member it stands: many tools identify people by
their address. Otherwise by a keyed fingerprint of the tool's name for them, as in imports. A display name
alone is not enough: two people may share it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant
from app.common.personal import PersonalKey
from app.exchange.people import KnownPerson, People, Stub, StubDetails
from app.kernel.ledger import Ledger
from app.log.canonical import canonical
from app.log.events import Event
from app.log.ids import uuid7
from app.log.writer import AppendRequest, ConcurrencyConflict, ConstraintViolation
from app.webhooks.effects.addresses import person_with_address
from app.webhooks.mail.addresses import normalized_address
from app.webhooks.mapping.updates import NamedPerson
from app.webhooks.sources.logins import ToolLogins, tool_logins

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Identity:
    """A person: their id, their key (None: erased), and the version at which their stream was read."""

    id: UUID
    key: PersonalKey | None
    stream: str
    version: int


class Identities:
    """Persons and teams that one source names."""

    def __init__(self, ledger: Ledger, source: str, now: datetime) -> None:
        self._ledger = ledger
        self._source = source
        self._channel = f"webhook:{source}"
        self._now = now
        self._people = People(ledger, source, now)
        # Tickets are processed at the same time. A stub that another task adds would be used before it is
        # written, and it may never be written.
        self._adding = asyncio.Lock()
        self._outdated = False
        #: None: they are read when they are needed next.
        self._logins: ToolLogins | None = None

    def forget(self) -> None:
        """Forget what was found, because persons may have changed."""
        self._outdated = True
        self._logins = None

    async def find_known_persons(self, named: Iterable[NamedPerson]) -> None:
        """Find all of these persons at once who are known by the tool's names for them: each would be looked
        for alone otherwise, and only one at a time. Nobody is added.
        """
        self._logins = await tool_logins(self._ledger, self._source)
        names = {each.id or each.name for each in named if _address_of(each) is None}
        async with self._adding:
            if not self._outdated:
                await self._people.find_persons(name for name in names if name is not None)

    async def logins(self) -> ToolLogins:
        """Return the logins that were set at the source."""
        if self._logins is None:
            self._logins = await tool_logins(self._ledger, self._source)
        return self._logins

    async def account(self) -> Identity:
        """Return the machine account of the source, made when it is needed first."""
        async with self._adding:
            await self._add_missing(frozenset(), frozenset(), with_account=True)
            return _identity(await self._people.source_account())

    async def person(self, named: NamedPerson) -> Identity | None:
        """Return the person; None if nothing names them."""
        logins = await self.logins()
        owner_id = logins.person(named.id) or logins.person(named.name)
        if owner_id is not None and (owner := await self._ledger.vault.author(owner_id)) is not None:
            return Identity(owner_id, owner.key, owner.stream, owner.version)
        address = _address_of(named)
        if address is not None:
            holder = await person_with_address(self._ledger, address)
            author = None if holder is None else await self._ledger.vault.author(holder.id)
            if holder is not None and author is not None:
                return Identity(holder.id, author.key, author.stream, author.version)
        name = named.id or named.email or named.name
        if name is None:
            return None
        # The tool's id is what stays; what people are called changes.
        details = StubDetails(named.name or address, address)
        async with self._adding:
            await self._add_missing(frozenset({name}), frozenset(), details={name: details})
            return _identity(self._people.person(name))

    async def team(self, name: str) -> UUID:
        """Return the id of the team with that key."""
        async with self._adding:
            await self._add_missing(frozenset(), frozenset({name}))
            return self._people.team(name).id

    async def _add_missing(
        self,
        persons: frozenset[str],
        teams: frozenset[str],
        *,
        with_account: bool = False,
        details: dict[str, StubDetails] | None = None,
    ) -> None:
        """Find these persons and teams, and add stubs of those that do not exist. Others may add the same."""
        if self._outdated:
            self._people.forget()
            self._outdated = False
        for attempt in range(ATTEMPTS):
            self._people.begin_batch()
            await self._people.find_or_add(persons, teams, details)
            if with_account:
                await self._people.source_account()
            stubs = self._people.pop_added()
            if not stubs:
                return
            try:
                for stub in stubs:
                    await self._ledger.writer.write(self._append_request(stub))
            except (ConstraintViolation, ConcurrencyConflict):
                self._people.forget()
                if attempt == ATTEMPTS - 1:
                    raise

    def _append_request(self, stub: Stub) -> AppendRequest:
        canonical(stub.data)  # raises for what cannot be stored, before anything is
        event = Event(
            id=uuid7(),
            stream=stub.stream,
            version=1,
            type=stub.type,
            occurred_at=self._now,
            actor="rule:webhooks",
            correlation_id=str(uuid7()),
            source=self._channel,
            data=stub.data,
        )
        rows: tuple[tuple[str, dict[str, Any]], ...] = tuple(stub.rows)
        return AppendRequest(
            reads={stub.stream: 0}, events=(event,), rows=rows, audiences={stub.stream: stub.audience}
        )


def _address_of(named: NamedPerson) -> str | None:
    """Return the person's e-mail address: as sent by the tool, or a name or id that is an address."""
    if named.email is not None and normalized_address(named.email):
        return named.email
    names = (named.id, named.name)
    return next(
        (text for text in names if text is not None and "@" in text and normalized_address(text)), None
    )


def _identity(stub: KnownPerson) -> Identity:
    return Identity(stub.id, stub.key, stub.reference, stub.version)


def tool_caller(account: UUID) -> Caller:
    """Return the tool's account as a caller: it may do what an integration may."""
    return Caller(actor=f"integration:{account}", person_id=account, roles=(RoleGrant(Role.integration),))


def speaker(account: UUID, person: UUID) -> Caller:
    """Return the tool as a caller who brings the words of that person: these are encrypted with their key."""
    return Caller(actor=f"integration:{account}", person_id=person, is_rule=True)
