"""Made-up histories of requests, problems, changes and configuration items, most of them unlikely, some
impossible.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.log.canonical import instant
from app.log.events import Event, stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest, append, encode
from app.platform.db import Connection
from tests.contract.logged import MADE_UP
from tests.kpis.histories import BEGIN, BORDERS, DAYS, STEPS, VALUES

OFTEN, SELDOM = 5, 1


@dataclass(frozen=True)
class ProcessModel:
    """A process: its opening, its other events, each with where it can lead (None: nowhere), its values."""

    name: str
    opening: tuple[str, str]
    types: Mapping[str, Sequence[str | None]]
    often: frozenset[str]
    values: Mapping[str, Sequence[Any]]


DATES = (instant(BORDERS[0]), instant(BORDERS[1]), instant(BORDERS[2]), None)
REQUEST = ProcessModel(
    "request",
    ("submitted", "submitted"),
    {
        "assessed": ("assessed", "analysing", "awaiting_approval"),
        "approved": ("assessed", "analysing"),
        "refused": ("rejected",),
        "started": ("in_progress",),
        "fulfilled": ("delivered",),
        "solution_proposed": ("solution_review",),
        "solution_reviewed": ("solution_approved", "revising", None),
        "requirements_changed": ("analysing",),
        "accepted": ("delivered",),
        "acceptance_failed": ("rectifying",),
        "held": ("on_hold",),
        "resumed": ("in_progress", "rectifying", "awaiting_approval"),
        "closed": ("closed",),
        "reopened": ("in_progress", "rectifying"),
        "cancelled": ("cancelled",),
        "rejected": ("rejected",),
        "commented": (None,),
        "edited": (None,),
    },
    frozenset({"assessed", "started", "fulfilled", "accepted", "approved", "reopened"}),
    {key: VALUES[key] for key in ("priority", "team_id", "service", "category", "assignee_id", "customer_id")}
    | {
        "channel": ("hotline", "chat", "portal", None),
        "path": ("standard", "standard", "project", None),
        "item": ("laptop", "account", None),
        "requester_id": ("11", "12"),
        "target_seconds": (3_600, 259_200, 5_000_000, None),
        "first_planned_at": DATES,
        "hold_reason": VALUES["hold_reason"],
        "started_at": DATES,
    },
)
PROBLEM = ProcessModel(
    "problem",
    ("raised", "logged"),
    {
        "investigation_begun": ("investigating",),
        "cause_identified": ("cause_identified", None),
        "workaround_documented": ("known_error",),
        "fix_begun": ("fix_in_progress",),
        "resolved": ("resolved",),
        "closed": ("closed",),
        "risk_accepted": ("closed",),
        "reopened": ("investigating",),
        "cancelled": ("cancelled",),
        "linked": (None,),
        "unlinked": (None,),
        "edited": (None,),
    },
    frozenset({"cause_identified", "workaround_documented", "resolved", "linked"}),
    {key: VALUES[key] for key in ("priority", "team_id", "service", "category", "assignee_id")}
    | {"origin": ("trend", "review", "incident", None)},
)
WINDOWS = (*DATES, instant(BEGIN), instant(BEGIN + timedelta(days=2 * DAYS)))
CHANGE = ProcessModel(
    "change",
    ("drafted", "draft"),
    {
        "submitted": ("submitted",),
        "approved": ("approved",),
        "scheduled": ("scheduled",),
        "deferred": ("deferred",),
        "rejected": ("rejected",),
        "started": ("implementing",),
        "implemented": ("implemented",),
        "backed_out": ("backed_out",),
        "reviewed": ("closed", None),
        "cancelled": ("cancelled",),
        "linked": (None,),
        "unlinked": (None,),
        "edited": (None,),
    },
    frozenset({"submitted", "scheduled", "started", "implemented", "linked"}),
    {key: VALUES[key] for key in ("team_id", "service")}
    | {
        "type": ("standard", "normal", "normal", "emergency", None),
        "risk_level": ("low", "high", None),
        "window_from_at": WINDOWS,
        "window_until_at": WINDOWS,
        "services": (["mail"], ["erp", "mail"], None),
        "review_due_at": DATES,
        "first_pass": (True, False, None),
        "outcome": ("successful", "successful_with_issues", "failed", "backed_out", None),
    },
)
OWNERS = tuple(str(UUID(int=n)) for n in (21, 22))
CI = ProcessModel(
    "ci",
    ("planned", "planned"),
    {
        "went_live": ("live",),
        "maintenance_begun": ("maintenance",),
        "maintenance_ended": ("live",),
        "attributes_changed": (None,),
        "related": (None,),
        "retired": ("retired",),
        "regularised": (None,),
    },
    frozenset({"attributes_changed", "related"}),
    {"ci_class": ("server", "database"), "owner_id": (*OWNERS, None)},
)
DEPLOYMENT = ProcessModel(
    "deployment",
    ("started", "running"),
    {
        "succeeded": ("succeeded",),
        "failed": ("failed",),
        "rolled_back": ("rolled_back",),
        "cause_confirmed": (None,),
        "cause_withdrawn": (None,),
    },
    frozenset({"succeeded", "cause_confirmed"}),
    {
        "service": VALUES["service"],
        "team_id": VALUES["team_id"],
        "environment": ("production", "production", "production", "staging"),
        "ended_at": DATES,
        "rolled_back_at": DATES,
    },
)
PROMISES = (
    [{"metric": "availability", "threshold": "0.99", "calendar": None, "service": None}],
    [{"metric": "availability", "threshold": None, "calendar": "night", "service": "erp"}],
    [{"metric": "resolution", "threshold": None, "calendar": None, "service": None}],
    None,
)
AGREEMENT = ProcessModel(
    "sla",
    ("requirement_recorded", "requirement"),
    {
        "drafted": ("drafted",),
        "submitted": ("in_review",),
        "signed": ("signed",),
        "reviewed": ("under_review",),
        "renewed": ("signed",),
        "superseded": ("superseded",),
        "terminated": ("terminated",),
        "representative_appointed": (None,),
    },
    frozenset({"signed", "reviewed"}),
    {
        "agreement_type": ("SLA", "SLA", "OLA"),
        "representative_id": OWNERS,
        "review_due_at": (*DATES, instant(BEGIN)),
        "signed_at": (*DATES, instant(BEGIN)),
        "begins_at": (instant(BEGIN), instant(BORDERS[0]), None),
        "ends_at": DATES,
        "services": (["mail"], ["erp", "mail"], ["print", "scan"], None),
        "catalogue_items": (["laptop"], ["laptop"], None),
        "customer_id": (VALUES["customer_id"][0], None, None),
        "calendar": ("office", "night", None),
        "degraded_weight": ("0", "0.5", None),
        "maintenance_counts": (True, False, None),
        "targets": PROMISES,
    },
)
#: What another system may tell of a request late.
LATE = ("team_id", "service", "path", "priority")
#: What is told when a deployment or an alteration happens is never moved, nor told instead of something else.
AS_TOLD = (CI, DEPLOYMENT, AGREEMENT)
ACTORS = (
    *("person:11", "person:12", "rule:close_after_agreed_days"),
    *(f"person:{person}" for person in VALUES["assignee_id"] if person is not None),
)


def other_histories(
    seed: int, cases: int, kind: ProcessModel, incidents: Sequence[str] = (), changes: Sequence[str] = ()
) -> list[Event]:
    """The events of so many cases, in the order of the log. `incidents` are what problems and changes are
    linked to, and what deployments have caused; `changes` are the streams of those that these bring.
    """
    chance = random.Random(seed)
    waiting = [_history(chance, kind, incidents) for _ in range(cases)]
    for choice in waiting if kind is DEPLOYMENT else ():
        _load(chance, choice, incidents, [name.partition("/")[2] for name in changes])
    log: list[Event] = []
    while waiting:
        choice = chance.choice(waiting)
        log.append(choice.pop(0))
        if not choice:
            waiting.remove(choice)
    return _live_out(random.Random(seed), log) if kind is REQUEST else log


#: What may come behind a question whether a request is approved: an answer, the question anew, or a hold.
ANSWERS = (
    *(("approved", "assessed"), ("approved", "analysing"), ("refused", "rejected")),
    *(("assessed", "awaiting_approval"), ("held", "on_hold")),
)
REOPEN_DAYS = (1, 10, None)


def _live_out(chance: random.Random, log: list[Event]) -> list[Event]:
    """Answers more of the approvals that are waited for, says for how long some may be reopened, and that
    another system told some of it, or told it late.
    """
    events: list[Event] = []
    states: dict[str, str | None] = {}
    for before in log:
        event, fields = before, before.data["set"].get(before.stream)
        waits = states.get(event.stream) == "awaiting_approval" or (
            states.get(event.stream) == "on_hold" and chance.random() < 0.3
        )
        if fields is not None and event.version > 1:
            if waits and "state" in fields and chance.random() < 0.9:
                event_type, fields["state"] = chance.choice(ANSWERS)
                event = replace(event, type=f"request.{event_type}")
            elif event.type == "request.assessed" and chance.random() < 0.5:
                fields["state"] = "awaiting_approval"
            if chance.random() < 0.05:
                fields["reopen_days"] = chance.choice(REOPEN_DAYS)
            if chance.random() < 0.1:
                late = {name: fields.pop(name) for name in LATE if name in fields}
                event.data["late"] = {event.stream: late} if late else {}
        if chance.random() < 0.1:
            event.data["observed"] = chance.choice(("snapshot", "change"))
        states[event.stream] = (fields or {}).get("state") or states.get(event.stream)
        events.append(event)
    return events


def _history(chance: random.Random, kind: ProcessModel, incidents: Sequence[str]) -> list[Event]:
    name = stream(kind.name, uuid7())
    now = opened = chance.choice((*BORDERS, BEGIN + timedelta(days=DAYS) * chance.random()))
    fields: dict[str, Any] = {"opened_at": instant(opened), "state": kind.opening[1]}
    if kind in (DEPLOYMENT, AGREEMENT):
        fields.pop("opened_at")
    if kind is CI:
        fields = {"state": kind.opening[1], "alteration_count": 0, "unauthorised_count": 0}
    alterations = [0, 0]
    events = [_event(chance, kind, (name, 1, kind.opening[0]), opened, fields)]
    weights = [OFTEN if event_type in kind.often else SELDOM for event_type in kind.types]
    links: list[str] = []
    tasks: list[str] = []
    for version in range(2, 2 + chance.choice((0, 1, 3, 5, 8, 12))):
        choice = chance.choices(list(kind.types), weights)[0]
        state = chance.choice(kind.types[choice])
        now = chance.choice((now + chance.choice(STEPS), now + chance.choice(STEPS), *BORDERS[:1]))
        occurred_at = opened + (now - opened) * chance.uniform(-0.3, 1) if chance.random() < 0.2 else now
        event = _event(chance, kind, (name, version, choice), occurred_at, {"state": state} if state else {})
        if kind is REQUEST:
            _beside(chance, event, tasks)
        if choice == "linked" and incidents:
            links.append(f"link/{uuid7()}")
            how = chance.choice(("causes", "causes", "relates_to")) if kind is CHANGE else "causes"
            event.data["set"][links[-1]] = {"kind": how, "other": chance.choice(incidents)}
        if choice == "unlinked" and links:
            event.data["set"][links.pop()] = None
        if kind is CI:
            _alter(chance, event, alterations)
        elif kind not in AS_TOLD and event.data["set"].keys() <= {name} and chance.random() < 0.1:
            withdrawn = {log_event.data.get("instead") for log_event in events} - {1}
            rows = [1, *(person.version for person in events[1:] if person.data["set"].keys() == {name})]
            event.data["instead"] = chance.choice([n for n in rows if n not in withdrawn])
        events.append(event)
    return events


def _load(
    chance: random.Random, events: list[Event], incidents: Sequence[str], changes: Sequence[str]
) -> None:
    """Tells what a deployment brings, and what it is confirmed to have caused."""
    fields = events[0].data["set"][events[0].stream]
    fields["environment"] = fields.get("environment", "production")
    revisions = [
        {"revision": f"r{chance.randint(1, 40)}", "committed_at": instant(BEGIN - timedelta(hours=n))}
        for n in range(chance.choice((0, 0, 1, 3)))
    ]
    fields["revisions"] = revisions or None
    if chance.random() < 0.3:
        # A pipeline may report it only once: with its outcome.
        fields["state"] = chance.choice(("succeeded", "succeeded", "failed", "rolled_back"))
        events[0] = replace(events[0], type=f"deployment.{fields['state']}")
    if changes and chance.random() < 0.8:
        fields["change_ids"] = [chance.choice(changes) for _ in range(chance.randint(1, 3))]
    causes: list[str] = []
    for event in events[1:]:
        later = event.data["set"].get(event.stream, {})
        for name in ("service", "team_id", "environment"):
            later.pop(name, None)
        if event.type == "deployment.cause_confirmed":
            causes.append(f"deployment_cause/{uuid7()}")
            which = chance.choice(incidents).partition("/")[2]
            event.data["set"][causes[-1]] = {"incident_id": which}
        if event.type == "deployment.cause_withdrawn" and causes:
            event.data["set"][causes.pop()] = None


def _alter(chance: random.Random, event: Event, counts: list[int]) -> None:
    """Counts an alteration, authorised or not; some were told before all of them were counted."""
    if event.type == "ci.regularised" and counts[1] and chance.random() < 0.7:
        event.data["set"].setdefault(event.stream, {})["regularised_number"] = chance.randint(1, counts[1])
    if event.type in {"ci.went_live", "ci.regularised"} or chance.random() < 0.2:
        return
    unauthorised = chance.random() < 0.6
    counts[0] += 1
    counts[1] += unauthorised
    row = event.data["set"].setdefault(event.stream, {})
    if not unauthorised or chance.random() < 0.8:
        row["alteration_count"] = counts[0]
    if unauthorised:
        row["unauthorised_count"] = counts[1]


ROLES = ("department_head", "management", None)


def _beside(chance: random.Random, event: Event, tasks: list[str]) -> None:
    """Approvals that are asked of a role or of others, and tasks: some moved, some done, some dropped."""
    rows = event.data["set"]
    if event.type == "request.assessed" and chance.random() < 0.7:
        asker_id = None if chance.random() < 0.2 else uuid7()
        rows.setdefault(event.stream, {})["approval_id"] = None if asker_id is None else str(asker_id)
        if asker_id is not None:
            rows[f"decision/{asker_id}"] = {"role": chance.choice(ROLES), "state": "open"}
    when = instant(event.occurred_at)
    if chance.random() < 0.3:
        tasks.append(f"task/{uuid7()}")
        rows[tasks[-1]] = {"added_at": when, "due_at": chance.choice((*DATES, when))}
    elif tasks and chance.random() < 0.5:
        done = ({"completed_at": when}, {"dropped_at": when}, {"due_at": instant(BORDERS[2])})
        rows[chance.choice(tasks)] = dict(chance.choice(done))


def _event(
    chance: random.Random,
    kind: ProcessModel,
    which: tuple[str, int, str],
    occurred_at: datetime,
    fields: dict[str, Any],
) -> Event:
    name, version, event_type = which
    share = 0.7 if version == 1 else 0.2
    fields = fields | {
        key: chance.choice(choices) for key, choices in kind.values.items() if chance.random() < share
    }
    if version > 1 and kind not in AS_TOLD and chance.random() < 0.05:
        fields["opened_at"] = instant(occurred_at - timedelta(hours=chance.choice((0, 40))))
    return Event(
        id=uuid7(),
        stream=name,
        version=version,
        type=f"{kind.name}.{event_type}",
        occurred_at=occurred_at,
        actor=chance.choice(ACTORS),
        correlation_id=MADE_UP,
        source="api",
        data={"given": {}, "set": {name: fields} if fields else {}},
    )


async def write_others(connection: Connection, log: list[Event]) -> list[Event]:
    """Appends the events, with rows for what KPIs look up: the numbers of the cases."""
    first = instant(BEGIN)
    rows = []
    for event in (event for event in log if event.version == 1):
        kind, _, record_id = event.stream.partition("/")
        if kind == "category":  # which no list of cases names
            continue
        row = {
            "id": str(UUID(record_id)),
            "version": 1,
            "changed_at": first,
            "number": f"{kind[:3].upper()}-2026-{record_id[-12:]}",
        }
        if kind == "ci":
            row |= {"key": row.pop("number"), "name": "A machine", "ci_class": "server", "state": "live"}
            row |= {
                "planned_at": first,
                "unauthorised": False,
                "unauthorised_count": 0,
                "services": [],
                "attributes": {},
            }
            rows.append(("fold.ci", row))
            continue
        if kind == "deployment":
            row |= {"pipeline": "a pipeline", "run": row.pop("number"), "state": "running"}
            row |= {"environment": "production", "started_at": first, "reported_at": first}
            rows.append(("fold.deployment", row))
            continue
        if kind == "sla":
            row |= {"state": "requirement", "state_since": first, "agreement_type": "SLA", "title": "Mail"}
            rows.append(("fold.sla", row | {"edition": 1, "recorded_requirement_at": first}))
            continue
        rows.append((f"fold.{kind}", row | {"state": "new", "state_since": first, "opened_at": first}))
    before: dict[str, int] = {}
    for event in log:
        before.setdefault(event.stream, event.version - 1)
    command = AppendRequest(reads=before, events=tuple(log), rows=tuple(rows))
    await append(connection, [encode(command)])
    return log


async def write_owners(connection: Connection, team: str | None, before: int = 0) -> list[Event]:
    """Appends that the owners of configuration items are in that team from now on."""
    events = [
        Event(
            id=uuid7(),
            stream=stream("person", UUID(owner)),
            version=before + 1,
            type="person.edited",
            occurred_at=BEGIN,
            actor="person:11",
            correlation_id=MADE_UP,
            source="api",
            data={"given": {}, "set": {stream("person", UUID(owner)): {"team_id": team}}},
        )
        for owner in OWNERS
    ]
    await append(
        connection,
        [
            encode(
                AppendRequest(reads={event.stream: before for event in events}, events=tuple(events), rows=())
            )
        ],
    )
    return events
