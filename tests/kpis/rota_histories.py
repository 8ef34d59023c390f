"""Made-up shifts and stand-ins of the persons who work on the made-up cases, and of one who never does."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.log.canonical import instant
from app.log.events import Event, stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest, append, encode
from app.platform.db import Connection
from tests.kpis.histories import BEGIN, DAYS, TEAMS
from tests.kpis.knowledge_histories import Teller

ANN, BEN, IDLE = (UUID(int=n) for n in (11, 12, 14))
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")


def rota(seed: int) -> list[Event]:
    """Events of shifts, of which one ends, and of stand-ins, of which one is cancelled."""
    chance, teller = random.Random(seed), Teller(())
    begin, middle = BEGIN.date(), (BEGIN + timedelta(days=DAYS // 2)).date()
    day, night = ("08:00", "17:00", "Asia/Shanghai"), ("22:00", "06:00", "America/New_York")
    ended = add_shift(teller, ANN, 0, day, begin.isoformat())
    teller.tell(ended, "ended", BEGIN, state="ended", until_date=middle.isoformat())
    add_shift(teller, BEN, 1, night, middle.isoformat(), every_weeks=2, until_date="2026-12-01")
    add_shift(teller, IDLE, 0, day, begin.isoformat(), weekdays=["sat", "sun"])
    add_shift(teller, BEN, 0, day, begin.isoformat(), duty="on_call")
    for going in (ANN, None, IDLE):
        occurred_at = BEGIN + timedelta(days=chance.randrange(1, DAYS // 2), hours=chance.randrange(24))
        _stand_in(teller, BEN, going, occurred_at, timedelta(days=chance.choice((1, 3))))
    cancelled = _stand_in(teller, None, ANN, BEGIN + timedelta(days=2), timedelta(days=9))
    teller.tell(cancelled, "cancelled", BEGIN + timedelta(days=1), state="cancelled")
    back = _stand_in(teller, IDLE, ANN, BEGIN + timedelta(days=11), timedelta(days=2))
    returns: dict[str, Any] = {"return_starts_at": instant(BEGIN + timedelta(days=18))}
    returns["return_ends_at"] = instant(BEGIN + timedelta(days=19, hours=3))
    teller.tell(back, "edited", BEGIN, **returns)
    return teller.events


def add_shift(
    teller: Teller, person: UUID, team: int, hours: tuple[str, str, str], from_date: str, **more: Any
) -> str:
    """Tell of a shift with these hours (from, to, time zone), and return its stream."""
    name = stream("shift", uuid7())
    starts, ends, zone = hours
    fields: dict[str, Any] = {
        "weekdays": list(WEEKDAYS),
        "duty": "working",
        "every_weeks": 1,
        "until_date": None,
        **more,
    }
    fields["weekdays"] = list(fields["weekdays"])
    fields |= {"starts": starts, "ends": ends, "time_zone": zone, "from_date": from_date, "state": "active"}
    teller.tell(name, "added", BEGIN, team_id=str(TEAMS[team]), person_id=str(person), **fields)
    return name


def _stand_in(
    teller: Teller, coming: UUID | None, going: UUID | None, occurred_at: datetime, length: timedelta
) -> str:
    name = stream("stand_in", uuid7())
    persons: dict[str, Any] = {
        "person_id": None if coming is None else str(coming),
        "instead_of_id": None if going is None else str(going),
    }
    times: dict[str, Any] = {"starts_at": instant(occurred_at), "ends_at": instant(occurred_at + length)}
    more: dict[str, Any] = {"team_id": str(TEAMS[0]), "duty": "working", "state": "agreed"}
    teller.tell(name, "agreed", BEGIN, **persons, **times, **more)
    return name


async def write_rota(connection: Connection, log: list[Event]) -> list[Event]:
    """Appends the events, with the rows that come of them."""
    rows = dict[str, dict[str, Any]]()
    for event in log:
        row = rows.setdefault(event.stream, {"id": event.stream.partition("/")[2]})
        row |= {"version": event.version, "changed_at": instant(event.occurred_at)}
        row |= {"added_at" if event.stream.startswith("shift/") else "agreed_at": instant(BEGIN)}
        row |= event.data["set"][event.stream]
    rows_written = tuple((f"fold.{name.partition('/')[0]}", row) for name, row in rows.items())
    await append(
        connection,
        [encode(AppendRequest(reads=dict.fromkeys(rows, 0), events=tuple(log), rows=rows_written))],
    )
    return log
