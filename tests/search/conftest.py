"""Incidents with words in them, and what is found of these."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest

from app.common.children import Visibility
from app.common.people import Caller, Role
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.ledger import Ledger
from app.log.follow import FOLLOW_LIMITS, Consumer, catch_up
from app.platform.db import Connection, connect
from app.processes.incidents.payloads import ResolveIncident
from app.processes.incidents.records import Incident, ResolutionCode
from app.registry import LIFECYCLES_BY_KIND
from app.search.index import consumer
from app.search.query import search
from app.ticketing.comments import CommentTicket
from app.ticketing.work.assignment import AssignTicket
from tests.kernel.incidents import report
from tests.people import act, add_caller

INCIDENTS: Lifecycle[Any] = LIFECYCLES_BY_KIND["incident"]
WORDS = ("mail", "mails", "Printer", "VPN", "desk", "17", "邮件", "不通", "件不", "网络", "云", "srv-db-01")


@dataclass
class SearchIndex:
    """A ledger, and the index of what is in it. `connection` is a consumer's."""

    ledger: Ledger
    connection: Connection
    index: Consumer

    async def follow(self, batch: int | None = None) -> None:
        """Lets the index take all that there is."""
        await catch_up(self.connection, self.index if batch is None else replace(self.index, batch=batch))

    async def table(self) -> list[dict[str, Any]]:
        """All that is in the index, but for when it was made."""
        query = "select id, kind, tokens::text, person_keys from search.record order by id"
        return await self.ledger.db.rows(query)

    async def search(self, caller: Caller, text: str) -> set[UUID]:
        """The incidents in which the caller can read that, if they can see them at all."""
        where, parameters = search_condition(text, caller)
        rows = await self.ledger.db.rows(f"select r.id from fold.incident r where {where}", parameters)
        return {row["id"] for row in rows}

    async def comment(self, caller: Caller, incident: Incident, text: str, *, internal: bool = False) -> None:
        """Something is said about it."""
        visibility = Visibility.internal if internal else Visibility.public
        body = CommentTicket(text=text, visibility=visibility)
        await act(self.ledger, caller, "incident", "comment", incident.id, body)


def search_condition(text: str, caller: Caller) -> tuple[str, dict[str, Any]]:
    """The condition on incidents, and its parameters."""
    parameters: dict[str, Any] = {}

    def bind(value: Any) -> str:
        parameters[f"p{len(parameters)}"] = value
        return f"%(p{len(parameters) - 1})s"

    return search(text, caller, INCIDENTS, bind).condition, parameters


@pytest.fixture
async def shelf(ledger: Ledger) -> AsyncIterator[SearchIndex]:
    """An empty one."""
    connection = await connect(ledger.db.url, FOLLOW_LIMITS)
    yield SearchIndex(ledger, connection, consumer(ledger))
    await connection.close()


def random_words(chance: random.Random) -> str:
    """A few words that mean nothing."""
    return (
        chance.choice(("", " ", ", ", "。")).join(chance.sample(WORDS, k=chance.randint(1, 4))).ljust(3, "x")
    )


async def fill(shelf: SearchIndex, seed: int, cases: int) -> tuple[Caller, Caller]:
    """Incidents whose words come and go, told by a requester and an agent, who are given."""
    chance = random.Random(seed)
    zhao = await add_caller(shelf.ledger, "Zhao Min")
    lin = await add_caller(shelf.ledger, "Lin", Role.agent)
    open_ones: list[Incident] = []
    for _ in range(cases):
        keys = {"service": chance.choice(("mail", "srv-db-01", None))}
        open_ones.append(
            await report(
                shelf.ledger,
                zhao,
                title=random_words(chance),
                description=f"{random_words(chance)} fails",
                **keys,
            )
        )
        for _ in range(chance.randint(0, 3)):
            incident = chance.choice(open_ones)
            internal = chance.random() < 0.5
            await shelf.comment(lin if internal else zhao, incident, random_words(chance), internal=internal)
        if chance.random() < 0.3:
            incident = open_ones.pop(chance.randrange(len(open_ones)))
            done = ResolveIncident(
                resolution_code=ResolutionCode.fixed, done=random_words(chance), cause=random_words(chance)
            )
            await act(shelf.ledger, lin, "incident", "assign", incident.id, _to(lin))
            await act(shelf.ledger, lin, "incident", "start", incident.id)
            await act(shelf.ledger, lin, "incident", "resolve", incident.id, done)
    return zhao, lin


def _to(person: Caller) -> AssignTicket:
    return AssignTicket(person=str(person.person_id))
