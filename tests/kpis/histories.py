"""Made-up histories of incidents, most of them unlikely, some impossible: what imports bring, and worse."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.records import ENVELOPE
from app.log.canonical import instant
from app.log.events import Event, stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest, append, encode
from app.platform.db import Connection
from tests.contract.logged import MADE_UP

# Month ends in Shanghai, in Berlin (with a change of its clocks in between), in Kathmandu and on Lord Howe
# lie within.
BEGIN = datetime(2026, 1, 25, tzinfo=UTC)
DAYS = 80
BORDERS = (
    datetime(2026, 1, 31, 16, tzinfo=UTC),
    datetime(2026, 2, 28, 16, tzinfo=UTC),
    datetime(2026, 3, 31, 22, tzinfo=UTC),
    datetime(2026, 2, 28, 18, 15, tzinfo=UTC),
    datetime(2026, 3, 31, 13, tzinfo=UTC),
)
STEPS = (
    timedelta(0),
    timedelta(microseconds=1),
    timedelta(milliseconds=500),
    timedelta(minutes=5),
    timedelta(hours=7, microseconds=499_999),
    timedelta(days=3),
    timedelta(days=20),
)
TYPES = {
    "acknowledged": 3,
    "started": 3,
    "held": 2,
    "resumed": 2,
    "resolved": 6,
    "closed": 5,
    "reopened": 3,
    "cancelled": 1,
    "marked_duplicate": 1,
    "assigned": 4,
    "observed": 2,
    "edited": 1,
    "commented": 2,
    "work_logged": 3,
    "work_reversed": 0.7,
    "cost_booked": 1,
    "cost_reversed": 0.5,
    "contained": 1,
    "update_posted": 0.5,
    "declared_major": 1,
    "downgraded": 0.5,
    "reviewed": 1,
    "reported": 0.1,
}
TEAMS = tuple(UUID(int=n) for n in (1, 2, 3))
VALUES: dict[str, tuple[str | None, ...]] = {
    "priority": ("P1", "P2", "P4", None),
    "team_id": (*(str(team) for team in TEAMS), None),
    "service": ("mail", "erp", None),
    "category": ("hardware", "access", None),
    "channel": ("hotline", "portal", "monitoring", None),
    "assignee_id": (str(UUID(int=11)), str(UUID(int=12)), None),
    "customer_id": (str(TEAMS[0]), str(TEAMS[2]), None),
    "requester_id": ("11", "12", None),
    "effect": ("none", "degraded", "down", None),
    "began_at": (instant(BEGIN), instant(BORDERS[0]), None),
    "service_restored_at": (instant(BORDERS[0]), instant(BORDERS[1]), None),
    "declared_major_at": (instant(BORDERS[0]), None),
    "review_due_at": (instant(BORDERS[1]), instant(BORDERS[2]), None),
    "alert_source": ("zabbix", "grafana", None),
    "hold_reason": ("awaiting_requester", "awaiting_vendor", "awaiting_change", None),
}
ITEMS = ("mail-1", "mail-2", "erp-1", "erp-2", "erp-3", None)
#: What an hour costs, and in which currency; most of it is in the organisation's.
RATES = (("80.00", "EUR"), ("80.00", "EUR"), ("33.33", "EUR"), ("9000", "JPY"), (None, None))
AMOUNTS = (("1250.00", "EUR"), ("0.05", "EUR"), ("1250", "JPY"))
ACTORS = (
    *("person:11", "rule:close_after_agreed_days", "import:old_tool", "integration:5"),
    *(f"person:{person}" for person in VALUES["assignee_id"] if person is not None),
)


def histories(seed: int, cases: int) -> list[Event]:
    """The events of so many cases, in the order of the log: mixed up, but each case by its versions."""
    chance = random.Random(seed)
    waiting = [_history(chance) for _ in range(cases)]
    log: list[Event] = []
    while waiting:
        choice = chance.choice(waiting)
        log.append(choice.pop(0))
        if not choice:
            waiting.remove(choice)
    _name_items(random.Random(seed), log)
    return log


def _name_items(chance: random.Random, log: list[Event]) -> None:
    """Tells of which item cases are, some of them of another one later."""
    for event in log:
        fields = event.data["set"].get(event.stream)
        if fields is not None and chance.random() < (0.5 if event.version == 1 else 0.1):
            fields["ci"] = chance.choice(ITEMS)


def _history(chance: random.Random) -> list[Event]:
    name = stream("incident", uuid7())
    opened = chance.choice((*BORDERS, BEGIN + timedelta(days=DAYS) * chance.random()))
    events = [_event(chance, name, 1, "reported", opened, {"opened_at": instant(opened), "state": "new"})]
    now = opened
    for version in range(2, 2 + chance.choice((0, 1, 3, 5, 8, 12))):
        kind = chance.choices(list(TYPES), list(TYPES.values()))[0]
        now = chance.choice((now + chance.choice(STEPS), now + chance.choice(STEPS), *BORDERS[:1]))
        late = chance.random() < 0.2
        occurred_at = opened + (now - opened) * chance.uniform(-0.3, 1) if late else now
        events.append(_event(chance, name, version, kind, occurred_at, {}, late=late))
        if kind.startswith(("work_", "cost_")):
            entry = _entry(chance, kind, events[:-1])
            events[-1] = replace(events[-1], data={"given": {}, "set": entry})
        elif kind != "commented" and chance.random() < 0.1:
            # Told instead of an event before; of the opening any number may be.
            withdrawn = {event.data.get("instead") for event in events} - {1}
            rows = [1, *(e.version for e in events[1:-1] if name in e.data["set"] or "late" in e.data)]
            events[-1].data["instead"] = chance.choice([n for n in rows if n not in withdrawn])
    return events


def _entry(chance: random.Random, kind: str, before: list[Event]) -> dict[str, Any]:
    """An entry of work or cost; of a reversal that of an entry that was there and not taken back, if any."""
    entry_kind = kind.partition("_")[0]
    entries = {
        name.partition("/")[2]: fields
        for event in before
        for name, fields in event.data["set"].items()
        if name.startswith(f"{entry_kind}/")
    }
    if kind.endswith("_reversed"):
        back = {fields.get("reverses_id") for fields in entries.values()}
        left = [entry for entry in entries if entry not in back and "reverses_id" not in entries[entry]]
        if not left:
            return {}
        choice = chance.choice(left)
        reversal = entries[choice] | {"reverses_id": choice}
        reversal |= (
            {"minutes": -reversal["minutes"]}
            if entry_kind == "work"
            else {"amount": f"-{reversal['amount']}"}
        )
    elif entry_kind == "work":
        rate, currency = chance.choice(RATES)
        reversal = {"minutes": chance.choice((1, 7, 90)), "rate": rate, "currency": currency}
    else:
        amount, currency = chance.choice(AMOUNTS)
        reversal = {"amount": amount, "currency": currency}
    return {f"{entry_kind}/{uuid7()}": reversal}


def _event(
    chance: random.Random,
    name: str,
    version: int,
    kind: str,
    occurred_at: datetime,
    fields: dict[str, Any],
    *,
    late: bool = False,
) -> Event:
    share = 0.7 if version == 1 else 0.2
    fields = fields | {
        key: chance.choice(choices) for key, choices in VALUES.items() if chance.random() < share
    }
    if version > 1 and chance.random() < 0.05:
        before = chance.randint(0, 99)  # some tell of the very time to which they move the opening
        fields["opened_at"] = instant(occurred_at - timedelta(hours=before if before > 30 else 0))
    data: dict[str, Any] = {"given": {}, "set": {name: fields} if fields else {}}
    if kind == "commented":
        data["set"] = {f"comment/{uuid7()}": {"visibility": "public"}}
    elif late and chance.random() < 0.7:
        late_fields = {
            key: fields.pop(key) for key in list(fields) if key in VALUES and chance.random() < 0.6
        }
        data["late"] = {name: late_fields} if late_fields else {}
    if chance.random() < 0.3:
        data["observed"] = chance.choice(("snapshot", "change"))
    if chance.random() < 0.1:
        data["irregular"] = ["from:new"]
    return Event(
        id=uuid7(),
        stream=name,
        version=version,
        type=f"incident.{kind}",
        occurred_at=occurred_at,
        actor=chance.choice(ACTORS),
        correlation_id=MADE_UP,
        source=chance.choice(("api", "api", "import:old_tool")),
        data=data,
    )


async def write(connection: Connection, log: list[Event]) -> list[Event]:
    """Appends the events, with rows for what KPIs look up: the numbers of the cases and the keys of teams."""
    first = instant(BEGIN)
    teams = [
        ("fold.team", {"id": str(team), "version": 1, "changed_at": first, "state": "active"})
        for team in TEAMS
    ]
    for n, (_, row) in enumerate(teams):
        row |= {"key": f"team {n}", "name": f"Team {n}", "kind": "internal", "added_at": first}
    team_events = [team_added(log[0], row) for _, row in teams]
    opened = [event for event in log if event.version == 1 and event.stream.startswith("incident/")]
    numbers = [
        ("fold.incident", {"id": event.stream.split("/")[1], "version": 1, "changed_at": first})
        for event in opened
    ]
    for n, (_, row) in enumerate(numbers):
        row |= {"number": f"INC-2026-{n:06}", "state": "new", "state_since": first, "opened_at": first}
    events = (*team_events, *log)
    command = AppendRequest(
        reads={event.stream: 0 for event in events if event.version == 1},
        events=events,
        rows=(*teams, *numbers),
    )
    await append(connection, [encode(command)])
    return list(events)


async def write_more(connection: Connection, log: list[Event], year: int = 2027) -> None:
    """Appends what comes behind the events that `write` has appended; `year` is that of the new numbers."""
    before: dict[str, int] = {}
    for event in log:
        before.setdefault(event.stream, event.version - 1)
    first = instant(BEGIN)
    opened = [event.stream.split("/") for event in log if event.version == 1]
    numbers = [
        (f"fold.{kind}", {"id": record_id, "version": 1, "changed_at": first}) for kind, record_id in opened
    ]
    for n, (table, row) in enumerate(numbers):
        number = f"{table[5:8].upper()}-{year}-{n:06}"
        row |= {"number": number, "state": "new", "state_since": first, "opened_at": first}
    await append(connection, [encode(AppendRequest(reads=before, events=tuple(log), rows=tuple(numbers)))])


def team_added(like: Event, row: dict[str, Any]) -> Event:
    """The event that sets the row of a team; else as that event."""
    name = stream("team", UUID(row["id"]))
    fields = {field: row[field] for field in row if field not in ENVELOPE}
    set_by_it = {"given": {}, "set": {name: fields}}
    return replace(like, id=uuid7(), stream=name, version=1, type="team.added", data=set_by_it)


@dataclass(frozen=True)
class Scripted:
    """One case, told by hand: `Scripted(opened).then("acknowledged", minutes=5)`, and so on."""

    events: tuple[Event, ...]

    @classmethod
    def begin(cls, occurred_at: datetime, **fields: Any) -> Scripted:
        """A case that is reported at that time, with these fields."""
        name = stream("incident", uuid7())
        opening_fields = {"opened_at": instant(occurred_at), "state": "new"} | fields
        return cls((_plain(name, 1, "reported", occurred_at, opening_fields),))

    def then(self, kind: str, *, minutes: float, actor: str = "person:11", **more: Any) -> Scripted:
        """What happened so many minutes after the event before; `more` are fields and members of the data."""
        last = self.events[-1]
        members = {key: more.pop(key) for key in ("observed", "late", "irregular") if key in more}
        event = _plain(
            last.stream, last.version + 1, kind, last.occurred_at + timedelta(minutes=minutes), more
        )
        return Scripted((*self.events, replace(event, actor=actor, data=event.data | members)))

    @property
    def id(self) -> UUID:
        return UUID(self.events[0].stream.split("/")[1])


def _plain(name: str, version: int, kind: str, occurred_at: datetime, fields: dict[str, Any]) -> Event:
    return Event(
        id=uuid7(),
        stream=name,
        version=version,
        type=f"incident.{kind}",
        occurred_at=occurred_at,
        actor="person:11",
        correlation_id=MADE_UP,
        source="api",
        data={"given": {}, "set": {name: fields} if fields else {}},
    )
