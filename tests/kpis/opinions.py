"""Made-up ratings and complaints of made-up cases, most of them at odd times; and of the year before."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from app.log.canonical import instant
from app.log.events import Event, stream
from app.log.ids import uuid7
from tests.contract.logged import MADE_UP
from tests.kpis.histories import BEGIN, BORDERS, DAYS, VALUES

YEAR = timedelta(days=365)
SUBJECTS = ("speed", "conduct", None)
#: When something happened within the time of the other histories, near the end of the months of some zones.
STEPS = (timedelta(0), timedelta(seconds=1), timedelta(hours=5), timedelta(days=2), timedelta(days=31))
DIMENSIONS = ("priority", "team_id", "service", "category", "channel", "assignee_id", "customer_id")


def opinions(seed: int, log: Sequence[Event], cases_before: int = 40) -> list[Event]:
    """Events behind those of incidents and requests in the log; and so many cases of the year before with a
    complaint each.
    """
    chance = random.Random(seed)
    versions: dict[str, int] = {}
    for event in log:
        if event.stream.startswith(("incident/", "request/")):
            versions[event.stream] = max(event.version, versions.get(event.stream, 0))
    waiting = [_of_case(chance, name, version) for name, version in versions.items() if chance.random() < 0.7]
    waiting += [_year_before(chance, n) for n in range(cases_before)]
    events: list[Event] = []
    while waiting := [queue for queue in waiting if queue]:
        events.append(chance.choice(waiting).pop(0))
    return events


def _of_case(chance: random.Random, name: str, version: int) -> list[Event]:
    events: list[Event] = []
    rating = f"rating/{uuid7()}"
    complaints: list[str] = []
    now = chance.choice((*BORDERS, BEGIN + timedelta(days=DAYS) * chance.random()))
    for kind in chance.choices(tuple(_KINDS), tuple(_KINDS.values()), k=chance.choice((1, 2, 4, 6))):
        now += chance.choice(STEPS)
        occurred_at = now - chance.choice((timedelta(0), timedelta(0), timedelta(days=40), YEAR))
        rows = _rows(chance, kind, occurred_at, rating, complaints)
        if rows is not None:
            version += 1
            events.append(_event(name, version, kind, occurred_at, rows))
    if events and chance.random() < 0.2:
        choice = chance.choice(events)
        events.append(_event(name, version + 1, choice.type.partition(".")[2], choice.occurred_at, {}))
        events[-1].data["set"] = choice.data["set"]
        events[-1].data["instead"] = choice.version
    return events


_KINDS = {
    "rating_asked": 3,
    "rated": 6,
    "complained": 5,
    "complaint_answered": 4,
    "complaint_merged": 1,
    "assigned": 2,
}


def _rows(
    chance: random.Random, kind: str, occurred_at: datetime, rating: str, complaints: list[str]
) -> dict[str, Any] | None:
    """What such an event sets besides the case itself; None: there is nothing that it could be about."""
    if kind == "assigned":
        return {"": {key: chance.choice(VALUES[key]) for key in DIMENSIONS if chance.random() < 0.5}}
    if kind == "rating_asked":
        return {f"rating_request/{uuid7()}": {"asked_at": instant(occurred_at)}}
    if kind == "rated":
        score = chance.choice((1, 2, 3, 4, 5, 5))
        staff = {"by_staff": chance.choice((True, None))} if chance.random() < 0.2 else {}
        # Whoever gives the same score with other words sets no score.
        return {
            rating: {"rated_at": instant(occurred_at)}
            | ({"score": score} if chance.random() < 0.9 else {})
            | staff
        }
    if kind == "complained":
        complaints.append(f"complaint/{uuid7()}")
        due = occurred_at + chance.choice(STEPS)
        subject = chance.choice(SUBJECTS)
        return {
            complaints[-1]: {
                "subject": subject,
                "complained_at": instant(occurred_at),
                "due_at": instant(due),
            }
        }
    if not complaints:
        return None
    name = "answered_at" if kind == "complaint_answered" else "merged_at"
    return {chance.choice(complaints): {name: instant(occurred_at)}}


def _year_before(chance: random.Random, n: int) -> list[Event]:
    """A case of the year before, with a complaint in the same months; the first of them is when records
    begin.
    """
    kind = chance.choice(("incident", "request"))
    opening = {"incident": ("reported", "new"), "request": ("submitted", "submitted")}[kind]
    name = stream(kind, uuid7())
    opened = (
        BEGIN - YEAR - timedelta(days=20) + (timedelta(0) if n == 0 else timedelta(days=chance.random() * 90))
    )
    fields = {"opened_at": instant(opened), "state": opening[1], "service": chance.choice(VALUES["service"])}
    occurred_at = opened + timedelta(days=10 * chance.random())
    rows = _rows(chance, "complained", occurred_at, "", [])
    assert rows is not None
    done = {"incident": ("resolved", "resolved"), "request": ("fulfilled", "delivered")}[kind]
    return [
        _event(name, 1, opening[0], opened, {"": fields}),
        _event(name, 2, done[0], opened + timedelta(hours=1), {"": {"state": done[1]}}),
        _event(name, 3, "complained", occurred_at, rows),
    ]


def _event(name: str, version: int, kind: str, occurred_at: datetime, rows: dict[str, Any]) -> Event:
    return Event(
        id=uuid7(),
        stream=name,
        version=version,
        type=f"{name.partition('/')[0]}.{kind}",
        occurred_at=occurred_at,
        actor="person:11",
        correlation_id=MADE_UP,
        source="api",
        data={"given": {}, "set": {key or name: fields for key, fields in rows.items() if fields}},
    )
