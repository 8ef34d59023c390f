"""Made-up breaches that were said to be none, of clocks of made-up cases."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

from app.log.events import Event, stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest, append, encode
from app.platform.db import Connection
from tests.contract.logged import MADE_UP
from tests.kpis.histories import BEGIN, BORDERS, DAYS

CAUSES = ("reprioritised", "excluded", None)


async def write_withdrawn(connection: Connection, seed: int, log: Sequence[Event]) -> list[Event]:
    """Appends that a breach was taken back of every tenth of the log's incidents and requests."""
    chance = random.Random(seed)
    opened = [event for event in log if event.version == 1]
    tickets = [event.stream for event in opened if event.stream.startswith(("incident/", "request/"))]
    agreements = [event.stream.partition("/")[2] for event in opened if event.stream.startswith("sla/")]
    about = {stream("clock", uuid7()): ticket for ticket in chance.sample(tickets, len(tickets) // 10)}
    events = tuple(
        Event(
            id=uuid7(),
            stream=clock,
            version=1,
            type="clock.breach_withdrawn",
            occurred_at=chance.choice((*BORDERS, BEGIN + timedelta(days=DAYS) * chance.random())),
            actor="rule:watch_clocks",
            correlation_id=MADE_UP,
            source="rule",
            data={
                "given": {},
                "set": {},
                "clock": {
                    "agreement": chance.choice(agreements),
                    "agreement_type": chance.choice(("SLA", "SLA", "OLA")),
                    "metric": chance.choice(("resolution", "response")),
                    "because": chance.choice(CAUSES),
                },
            },
        )
        for clock in about
    )
    command = AppendRequest(reads=dict.fromkeys(about, 0), events=events, abouts=about)
    await append(connection, [encode(command)])
    return list(events)
