"""Made-up corrective actions, maintenance rounds, audits, findings, documents and risks: in any order, and
some impossible.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.log.canonical import instant
from app.log.events import Event, stream
from app.log.ids import uuid7
from tests.kpis.histories import BEGIN, BORDERS, DAYS, TEAMS
from tests.kpis.knowledge_histories import Teller

Json = dict[str, Any]
OWNERS = tuple(UUID(int=n) for n in range(41, 53))
PROCESSES = ("incident", "request", "onboarding")
#: What rows of each kind have besides what is told; when one began stands under the last name.
ROWS: dict[str, tuple[Json, str]] = {
    "corrective_action": (
        {
            "title": "Test it",
            "task": "Test the restore.",
            "occasion": "review",
            "source": "team/1",
            "source_number": "network",
            "moves": 0,
            "returns": 0,
        },
        "planned_at",
    ),
    "maintenance": (
        {
            "title": "Machine room",
            "plan_id": str(UUID(int=71)),
            "items": [],
            "ticked": [],
            "out_of_limits": 0,
            "findings": 0,
        },
        "planned_at",
    ),
    "audit": ({}, "opened_at"),
    "finding": (
        {
            "title": "Closed without a solution",
            "kind": "violation",
            "severity": "major",
            "evidence": ["INC-2026-000017"],
            "description": "It was closed.",
            "owner_id": str(OWNERS[1]),
            "raiser_id": str(OWNERS[2]),
            "due_at": instant(BEGIN),
        },
        "raised_at",
    ),
    "document": (
        {
            "title": "How incidents are taken up",
            "importance": "general",
            "confidentiality": "internal",
            "tier": "team_lead",
            "team_id": str(TEAMS[0]),
            "version_label": "0.1",
            "edition": 1,
            "attachment_id": str(UUID(int=72)),
        },
        "drafted_at",
    ),
    "risk": (
        {
            "title": "The only mail relay fails",
            "kind": "technical",
            "found_by": "event",
            "cause": "There is no second relay.",
        },
        "identified_at",
    ),
}


def governance(chance: random.Random, teller: Teller, many: int) -> None:
    """Tell of so many records of each kind."""
    for _ in range(many):
        for tell in TELLERS:
            tell(chance, teller)


def row_of(event: Event) -> Json:
    """Return what the row of a record that begins in the event has besides its id and number."""
    fields, began = ROWS[event.stream.partition("/")[0]]
    row: Json = fields | event.data["set"][event.stream] | {began: instant(BEGIN)}
    row.pop("move", None)
    return row


def _correct(chance: random.Random, teller: Teller) -> None:
    """A corrective action, and what befalls it, in any order."""
    name, owner = stream("corrective_action", uuid7()), str(chance.choice(OWNERS))
    process: Json = {"process": chance.choice((*PROCESSES, None))} if chance.random() < 0.5 else {}
    due = instant(_moment(chance))
    fields: Json = {"state": "planned", "owner_id": owner, "first_due_at": due, "due_at": due}
    teller.tell(name, "planned", _moment(chance), **fields, **process)
    for event_type in chance.sample(("moved", "handed_over", "completed", "verified", "dropped"), 3):
        more: Json = {"moved": {"due_at": instant(_moment(chance)), "moves": 1}}.get(event_type, {})
        more |= {"owner_id": str(chance.choice(OWNERS))} if event_type == "handed_over" else {}
        states = {"completed": "done", "verified": "verified", "dropped": "dropped"}
        more |= {"state": states[event_type]} if event_type in states else {}
        teller.tell(name, event_type, _moment(chance), **more)


def _maintain(chance: random.Random, teller: Teller) -> None:
    """A maintenance round, and what befalls it, in any order."""
    name = stream("maintenance", uuid7())
    fields: Json = {
        "state": "due",
        "team_id": str(chance.choice(TEAMS)),
        "due_at": instant(_moment(chance)),
    }
    service: Json = {"service": chance.choice(("mail", "erp"))} if chance.random() < 0.7 else {}
    teller.tell(name, "due", _moment(chance), **fields, **service)
    for event_type in chance.sample(("ticked", "finding", "done", "cancelled"), 2):
        more: Json = {"state": event_type} if event_type in {"done", "cancelled"} else {}
        teller.tell(name, event_type, _moment(chance), **more)


def _audit(chance: random.Random, teller: Teller) -> None:
    """An audit, and what is handed in, in any order."""
    name = stream("audit", uuid7())
    fields: Json = {
        "state": "open",
        # There is one of each month, team and process.
        "month": f"{len(teller.events):07}",
        "process": chance.choice(PROCESSES),
        "team_id": str(chance.choice(TEAMS)),
        "self_check_due_at": instant(_moment(chance)),
        "summary_due_at": instant(_moment(chance)),
    }
    teller.tell(name, "opened", _moment(chance), **fields)
    for event_type, state in chance.sample(
        (("self_checked", "submitted"), ("countersigned", "countersigned"), ("concluded", "concluded")), 2
    ):
        teller.tell(name, event_type, _moment(chance), state=state)


def _find(chance: random.Random, teller: Teller) -> None:
    """A finding, which some had found themselves, some repeat, and some are withdrawn."""
    name = stream("finding", uuid7())
    fields: Json = {
        "state": "raised",
        "process": chance.choice(PROCESSES),
        "team_id": str(chance.choice(TEAMS)),
        "self_found": chance.random() < 0.3,
    }
    fields |= {"repeats_id": str(uuid7())} if chance.random() < 0.4 else {}
    teller.tell(name, "raised", _moment(chance), **fields)
    for event_type, state in chance.sample(
        (("objected", "objected"), ("corrected", "corrected"), ("verified", "verified")), 1
    ):
        teller.tell(name, event_type, _moment(chance), state=state)
    if chance.random() < 0.2:
        teller.tell(name, "withdrawn", _moment(chance), state="withdrawn")


def _document(chance: random.Random, teller: Teller) -> None:
    """A document that is published, written anew, reviewed and archived, in any order."""
    name = stream("document", uuid7())
    fields: Json = {"state": "drafted", "document_class": chance.choice(("PR", "OP"))}
    teller.tell(name, "drafted", _moment(chance), **fields, author_id=str(chance.choice(OWNERS)))
    for event_type in chance.sample(
        ("published", "published", "revised", "confirmed", "archived", "held"), 3
    ):
        more: Json = {"published": {"state": "published", "published_label": "1.0"}}.get(event_type, {})
        if event_type in {"published", "confirmed"} and chance.random() < 0.8:
            more |= {"review_due_at": instant(_moment(chance))}
        more |= {"revised": {"state": "drafted"}, "archived": {"state": "archived"}}.get(event_type, {})
        teller.tell(name, event_type, _moment(chance), **more)


def _risk(chance: random.Random, teller: Teller) -> None:
    """A risk that is assessed, moved, stated anew, handed over and closed, in any order."""
    name = stream("risk", uuid7())
    process: Json = {"process": chance.choice(PROCESSES)} if chance.random() < 0.7 else {}
    owner = str(chance.choice(OWNERS))
    teller.tell(name, "identified", _moment(chance), state="identified", owner_id=owner, **process)
    for event_type in chance.sample(
        ("assessed", "reassessed", "reassessed", "treated", "restated", "handed_over", "closed"), 4
    ):
        more: Json = {"treated": {"state": "treated"}, "closed": {"state": "closed"}}.get(event_type, {})
        if event_type in {"assessed", "reassessed", "restated"}:
            more |= {"risk_level": chance.choice(("low", "medium", "high"))}
        if event_type in {"assessed", "reassessed"} and chance.random() < 0.7:
            more |= {"move": chance.choice(("up", "down", "same", None))}
        more |= {"state": "assessed"} if event_type == "assessed" else {}
        more |= {"owner_id": str(chance.choice(OWNERS))} if event_type == "handed_over" else {}
        teller.tell(name, event_type, _moment(chance), **more)


def _moment(chance: random.Random) -> datetime:
    return chance.choice((*BORDERS, *(BEGIN + timedelta(days=DAYS) * chance.random() for _ in range(8))))


TELLERS: tuple[Callable[[random.Random, Teller], None], ...] = (
    *(_correct, _maintain, _audit, _find, _document, _risk),
)
