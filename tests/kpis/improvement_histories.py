"""Made-up persons, suggestions and improvements with their effects: in any order, and some impossible."""

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
from tests.kpis.governance_histories import ROWS, governance, row_of
from tests.kpis.histories import BEGIN, BORDERS, DAYS, TEAMS
from tests.kpis.knowledge_histories import Teller

PERSONS = tuple(UUID(int=n) for n in range(41, 53))
PROCESSES = ("incident", "request", "onboarding", None)
SOURCES = ("staff", "audit", "kpi_trend")
SIZES = ("minor", "major")
#: What becomes of a suggestion.
OUTCOMES = (
    *(("selected", "selected"), ("selected", "selected"), ("declined", "declined"), ("merged", "merged")),
    *(("deferred", "deferred"), ("edited", None)),
)
#: What befalls an improvement, and how often.
COURSE = {
    "classified": 3,
    "measured": 8,
    "evaluated": 4,
    "pilot_passed": 3,
    "pilot_extended": 3,
    "pilot_stopped": 1,
    "standardised": 5,
    "benefit_measured": 5,
    "reverted": 1,
    "rejected": 1,
    "planned": 5,
    "plan_approved": 2,
    "plan_approved_by_decision": 2,
    "chartered_with_plan": 1,
    "handed_over": 2,
}
STATES = {
    "pilot_passed": "rolling_out",
    "pilot_extended": "piloting",
    "pilot_stopped": "reverted",
    "standardised": "standardised",
    "reverted": "reverted",
    "rejected": "rejected",
    "planned": "planned",
    **dict.fromkeys(("plan_approved", "plan_approved_by_decision", "chartered_with_plan"), "plan_approved"),
    "handed_over": "handed_over",
}
#: What an effect and its promise are, on the scale of either.
NUMBERS = {
    "ratio": (("0.5", "0.6"), ("0.68", "0.6"), ("0.7", "0.6"), ("1.5", "1.2"), ("0.9", "1.0")),
    "difference": (("-80.0", "-100.0"), ("-79.9", "-100.0"), ("0.1", "0.2"), ("1e-05", "0.0"), (None, "5.0")),
}
VERDICTS = ("improved", "improved", "improved", "worsened", "no_evidence", "too_few_cases")
MONTHS = {None: 3, 3: 6, 6: 12}


def programme(seed: int, suggestions: int, improvements: int) -> list[Event]:
    """Events of some persons, and of so many suggestions and improvements."""
    chance = random.Random(seed)
    teller = Teller(())
    _persons(chance, teller)
    names = [stream("improvement", uuid7()) for _ in range(improvements)]
    for name in names:
        teller.tell(
            name,
            "selected",
            _moment(chance),
            state="selected",
            process=chance.choice(PROCESSES),
        )
    for _ in range(suggestions):
        _suggestion(chance, teller, names)
    for _ in range(8 * improvements):
        _go_on(chance, teller, chance.choice(names))
    governance(chance, teller, suggestions)
    return teller.events


def _persons(chance: random.Random, teller: Teller) -> None:
    """Persons who come, change their teams, go and come back; one is a machine."""
    for n, person in enumerate(PERSONS):
        name, kind = stream("person", person), "machine" if n == 0 else "human"
        team = chance.choice((*map(str, TEAMS), None))
        teller.tell(name, "added", BEGIN, state="active", kind=kind, team_id=team)
    for person in PERSONS[1:]:
        name = stream("person", person)
        for _ in range(chance.choice((0, 0, 1, 3))):
            choice = chance.choice(("edited", "deactivated", "activated", "erased"))
            fields: dict[str, Any] = {
                "state": {"deactivated": "inactive", "activated": "active"}.get(choice, choice)
            }
            if choice == "edited":
                fields = {"team_id": chance.choice((*map(str, TEAMS), None))}
            teller.tell(name, choice, _moment(chance), **fields)


def _suggestion(chance: random.Random, teller: Teller, improvements: Sequence[str]) -> None:
    name = stream("improvement_suggestion", uuid7())
    event_fields: dict[str, Any] = {"state": "offered", "source": chance.choice(SOURCES)}
    event_fields |= {"process": chance.choice(PROCESSES)} if chance.random() < 0.8 else {}
    event_fields |= {"author_id": str(chance.choice(PERSONS))} if chance.random() < 0.8 else {}
    teller.tell(name, "offered", _moment(chance), **event_fields)
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        event_type, state = chance.choice(OUTCOMES)
        fields: dict[str, Any] = {"state": state} if state else {"source": "management", "process": "change"}
        if event_type == "selected":
            fields["improvement_id"] = chance.choice(improvements).partition("/")[2]
        teller.tell(name, event_type, _moment(chance), **fields)


def _go_on(chance: random.Random, teller: Teller, name: str) -> None:
    """One more thing befalls the improvement."""
    before = [event.data["set"] for event in teller.events if event.stream == name]
    event_fields: dict[str, Any] = {}
    for rows in before:
        event_fields |= rows.get(name, {})
    event_type, occurred_at = chance.choices(list(COURSE), list(COURSE.values()))[0], _moment(chance)
    fields: dict[str, Any] = {"state": STATES[event_type]} if event_type in STATES else {}
    measured = [row for rows in before for key, row in rows.items() if key.startswith("improvement_m")]
    if event_type == "classified":
        fields = {"size": chance.choice(SIZES)}
    elif event_type == "measured":
        _measure(chance, teller, name, occurred_at, chance.choice(("pilot", "evaluation")))
        return
    elif event_type == "benefit_measured":
        if "next_benefit_due_at" in event_fields:
            months = (
                MONTHS[event_fields.get("benefit_months")] if event_fields.get("benefit_months") != 12 else 12
            )
            _measure(chance, teller, name, occurred_at, f"month_{months}")
            due = instant(_moment(chance)) if months != 12 else None
            teller.events[-1].data["set"][name] = {"benefit_months": months, "next_benefit_due_at": due}
        return
    elif event_type in {"evaluated", "pilot_passed", "pilot_extended", "pilot_stopped"}:
        position = measured[-1]["position"] if measured and chance.random() < 0.9 else 1
        fields["judged_position"] = position
    elif event_type == "standardised":
        fields["next_benefit_due_at"] = instant(_moment(chance))
    if chance.random() < 0.2:
        fields |= {"priority": chance.choice(("P2", None)), "team_id": chance.choice((str(TEAMS[1]), None))}
    teller.tell(name, event_type, occurred_at, **fields)
    if event_type == "planned":
        _plan(chance, teller.events[-1], before)


def _plan(chance: random.Random, event: Event, before: Sequence[dict[str, Any]]) -> None:
    """Drops the milestones of the earlier plan, most of the time, and adds others."""
    rows = event.data["set"]
    milestone_keys = dict.fromkeys(
        key for milestone_key in before for key in milestone_key if key.startswith("milestone/")
    )
    for key in milestone_keys if chance.random() < 0.8 else ():
        rows[key] = {"dropped_at": instant(event.occurred_at)}
    for _ in range(chance.choice((1, 2, 3))):
        rows[f"milestone/{uuid7()}"] = {"done": 0, "due_at": instant(_moment(chance))}


def _measure(chance: random.Random, teller: Teller, name: str, occurred_at: datetime, occasion: str) -> None:
    """Tells of effects on one or two target KPIs, measured at one position."""
    rows: dict[str, Any] = {}
    position = chance.randint(2, 40)
    for target in chance.choice((("faster",), ("faster", "cheaper"))):
        scale = chance.choice(tuple(NUMBERS))
        effect, promised = chance.choice(NUMBERS[scale])
        stream_name = uuid7()
        effect_stream = stream("kpi_effect", stream_name)
        teller.tell(effect_stream, "measured", occurred_at, state="measured", result={"scale": scale})
        rows[f"improvement_measurement/{uuid7()}"] = {
            "record": name,
            "occasion": occasion,
            "target": target,
            "effect_id": str(stream_name),
            "verdict": chance.choice(VERDICTS),
            "effect": effect,
            "promised_effect": promised,
            "position": position,
            **({"kept": chance.choice((True, True, True, False, None))} if "month" in occasion else {}),
        }
    teller.tell(name, "effects_measured", occurred_at)
    teller.events[-1].data["set"].update(rows)


def _moment(chance: random.Random) -> datetime:
    return chance.choice((*BORDERS, *(BEGIN + timedelta(days=DAYS) * chance.random() for _ in range(8))))


async def write_programme(connection: Connection, log: list[Event]) -> list[Event]:
    """Appends the events, with rows for the suggestions and improvements that begin in them."""
    first, before, rows = instant(BEGIN), dict[str, int](), []
    for n, event in enumerate(log):
        before.setdefault(event.stream, event.version - 1)
        kind, _, record_id = event.stream.partition("/")
        row: dict[str, Any] = {
            "id": record_id,
            "version": 1,
            "changed_at": first,
            "number": f"NEW-2026-{n:06}",
        }
        if event.version == 1 and kind == "improvement":
            row |= {"state": "selected", "state_since": first, "opened_at": first}
            rows.append((f"fold.{kind}", row))
        elif event.version == 1 and kind == "improvement_suggestion":
            row |= {"state": "offered", "title": "Fewer forms", "scope": "department", "aspect": "interface"}
            rows.append((f"fold.{kind}", row | {"source": "staff", "offered_at": first}))
        elif event.version == 1 and kind in ROWS:
            rows.append((f"fold.{kind}", row | row_of(event)))
    await append(connection, [encode(AppendRequest(reads=before, events=tuple(log), rows=tuple(rows)))])
    return log
