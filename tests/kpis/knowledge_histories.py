"""Made-up articles, visits of portals and services, and cases that articles helped with."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.log.canonical import instant
from app.log.events import Event, stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest, append, encode
from app.platform.db import Connection
from tests.contract.logged import MADE_UP
from tests.kpis.histories import BEGIN, BORDERS, DAYS, STEPS, TEAMS

#: The requesters of the made-up cases, one who raises none, and nobody known.
VISITORS = ("person:11", "person:12", "person:13", "integration:5")
AUTHORS = (str(UUID(int=31)), str(UUID(int=32)))
SERVICES = ("print", "scan", "wiki")
DAY = timedelta(days=1)


def knowledge(seed: int, log: Sequence[Event], articles: int = 8, visits: int = 60) -> list[Event]:
    """Events of so many articles, of visits to portals, and of the articles' use for cases of the log."""
    chance = random.Random(seed)
    teller = Teller(log)
    names = [stream("article", uuid7()) for _ in range(articles)]
    for name in names:
        teller.tell(name, "drafted", _moment(chance), author_id=chance.choice(AUTHORS), state="draft")
    for name in names:
        if chance.random() < 0.8:
            teller.tell(name, "published", _moment(chance), state="published")
    raised = [
        event for event in log if event.version == 1 and event.stream.startswith(("incident/", "request/"))
    ]
    visit_events = [
        visit_event for n in range(visits) for visit_event in _visit(chance, f"visit {n}", names, raised)
    ]
    chance.shuffle(visit_events)
    for name, event_type, occurred_at, actor, fields in visit_events:
        teller.tell(name, event_type, occurred_at, actor=actor, given=fields)
    for case in chance.sample(raised, len(raised) // 3):
        article, occurred_at = chance.choice(names), _moment(chance)
        doer = chance.choice((*(f"person:{author}" for author in AUTHORS), "rule:keep_articles"))
        teller.tell(case.stream, "article_used", occurred_at, actor=doer, child=f"article_use/{uuid7()}")
        teller.tell(article, "used", occurred_at, actor=doer, child=f"article_use/{uuid7()}")
    teller.tell(names[0], "retired", _moment(chance), state="retired")
    return teller.events


def _visit(
    chance: random.Random, session: str, articles: Sequence[str], raised: Sequence[Event]
) -> list[tuple[str, str, datetime, str, dict[str, Any]]]:
    """What a portal tells of a visit, many of them about a day before a ticket of whoever visits."""
    ticket = chance.choice(raised)
    begun = chance.choice((_moment(chance), ticket.occurred_at - chance.choice((DAY, DAY / 2, timedelta(0)))))
    asker = ticket.data["set"].get(ticket.stream, {}).get("requester_id")
    visitor = chance.choice(VISITORS) if asker is None or chance.random() < 0.3 else f"person:{asker}"
    visit_events = []
    for article in chance.sample(articles, chance.choice((1, 2, 2, 3))):
        for choice in chance.choices(
            ("shown", "shown", "viewed", "viewed", "rated"), k=chance.choice((1, 2, 4))
        ):
            fields = {"session": session} | ({"helped": chance.random() < 0.7} if choice == "rated" else {})
            actor = visitor if chance.random() < 0.7 else VISITORS[-1]
            visit_events.append((article, choice, begun + chance.choice(STEPS[:5]), actor, fields))
    return visit_events


def services(seed: int) -> list[Event]:
    """Events of a few services, which go live and are retired, and change hands."""
    chance = random.Random(seed)
    teller = Teller(())
    for key in SERVICES:
        name = stream("service", uuid7())
        teller.tell(name, "proposed", BEGIN, key=key, owner_id=chance.choice(AUTHORS), state="proposed")
        for _ in range(chance.choice((3, 5, 7))):
            event_type, state = chance.choice(
                (
                    ("went_live", "live"),
                    ("went_live", "live"),
                    ("edited", None),
                    ("promised", None),
                    ("retired", "retired"),
                )
            )
            fields: dict[str, Any] = {} if state is None else {"state": state}
            if event_type == "edited":
                fields = {"owner_id": chance.choice(AUTHORS), "team_id": chance.choice((str(TEAMS[0]), None))}
            teller.tell(name, event_type, _moment(chance), **fields)
    return teller.events


def _moment(chance: random.Random) -> datetime:
    return chance.choice((*BORDERS, *(BEGIN + timedelta(days=DAYS) * chance.random() for _ in range(5))))


class Teller:
    """Events behind those of a log."""

    def __init__(self, log: Sequence[Event]) -> None:
        self.events = list[Event]()
        self._versions: dict[str, int] = {}
        for event in log:
            self._versions[event.stream] = max(event.version, self._versions.get(event.stream, 0))

    def tell(
        self,
        name: str,
        event_type: str,
        occurred_at: datetime,
        *,
        actor: str = "person:21",
        given: dict[str, Any] | None = None,
        child: str | None = None,
        **fields: Any,
    ) -> None:
        """Tell what happened to the record of that stream, with the fields that it set."""
        self._versions[name] = self._versions.get(name, 0) + 1
        rows: dict[str, Any] = {name: fields} if fields else {}
        self.events.append(
            Event(
                id=uuid7(),
                stream=name,
                version=self._versions[name],
                type=f"{name.partition('/')[0]}.{event_type}",
                occurred_at=occurred_at,
                actor=actor,
                correlation_id=MADE_UP,
                source="api",
                data={
                    "given": given or {},
                    "set": rows | ({} if child is None else {child: {"used_at": instant(occurred_at)}}),
                },
            )
        )


async def write_knowledge(connection: Connection, log: list[Event]) -> list[Event]:
    """Appends the events, with rows for the articles and services that begin in them."""
    first, before, rows = instant(BEGIN), dict[str, int](), []
    for n, event in enumerate(log):
        before.setdefault(event.stream, event.version - 1)
        kind, _, record_id = event.stream.partition("/")
        row: dict[str, Any] = {"id": record_id, "version": 1, "changed_at": first}
        if event.version == 1 and kind == "article":
            row |= {"number": f"KNW-2026-{n:06}", "state": "draft", "state_since": first, "opened_at": first}
            texts = {
                "title": "Blank pages",
                "symptoms": "Nothing is on them.",
                "answer": "Take the strip off.",
            }
            rows.append(("fold.article", row | texts | {"visibility": "public", "language": "en"}))
        elif event.version == 1 and kind == "service":
            fields = event.data["set"][event.stream]
            row |= {name: fields[name] for name in ("key", "owner_id", "state")} | {"proposed_at": first}
            names = {"name_en": fields["key"], "name_zh": fields["key"], "criticality": "high"}
            rows.append(("fold.service", row | names))
    await append(connection, [encode(AppendRequest(reads=before, events=tuple(log), rows=tuple(rows)))])
    return log
