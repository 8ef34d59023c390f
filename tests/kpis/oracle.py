"""What the facts must be, one event after the other, in Python. Written from the rules, not from the SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from app.log.canonical import from_instant
from app.log.events import Event

DIMENSIONS = ("priority", "team_id", "service", "channel", "category", "assignee_id", "customer_id")
OPEN = {"reported", "acknowledged", "started", "held", "resumed", "reopened"}
ENDING = {"resolved", "closed"}
_OF_WORK = ("case_id", "assignee_id", "team_id", "irregular", "position", "opened_position")
_UNKNOWN = {"cost": None, "currency": None}
VOID = {"cancelled": "cancelled", "marked_duplicate": "duplicate"}


@dataclass(frozen=True)
class ToldEvent:
    """An event with its position, the fields that it told, and what was known of the case after it."""

    position: int
    event: Event
    fields: dict[str, Any]
    known: dict[str, Any]

    @property
    def kind(self) -> str:
        return self.event.type.split(".")[1]

    @property
    def marks(self) -> bool:
        """Whether it says where the case stands."""
        return self.kind in OPEN | ENDING | VOID.keys()


@dataclass
class CaseHistory:
    """One case, in the order of its life."""

    case_id: UUID
    opened_at: datetime
    told: list[ToldEvent] = field(default_factory=list)

    @property
    def episodes(self) -> list[list[ToldEvent]]:
        """The maximal stretches of ends (rule 16)."""
        runs: list[list[ToldEvent]] = []
        ended = False
        for step in self.told:
            if step.marks and step.kind in ENDING:
                if not ended:
                    runs.append([])
                runs[-1].append(step)
                ended = True
            elif step.marks:
                ended = False
        return runs

    @property
    def last_mark(self) -> ToldEvent:
        return [step for step in self.told if step.marks][-1]

    @property
    def excluded(self) -> str | None:
        return VOID.get(self.last_mark.kind)

    @property
    def irregular(self) -> bool:
        return any("irregular" in step.event.data for step in self.told)

    @property
    def response(self) -> ToldEvent | None:
        left_new = False
        for step in self.told[1:]:
            leads = step.marks and step.kind != "reported"
            answered = step.kind in {"acknowledged", "started"} and not step.event.actor.startswith("rule:")
            if answered or (leads and not left_new and "observed" in step.event.data):
                return step
            left_new = left_new or leads
        return None

    @property
    def first_resolution(self) -> ToldEvent | None:
        if not self.episodes:
            return None
        first = self.episodes[0]
        return next((step for step in first if step.kind == "resolved"), first[-1])

    @property
    def resolution(self) -> ToldEvent | None:
        if self.last_mark.kind not in ENDING:
            return None
        last = self.episodes[-1]
        return next((step for step in reversed(last) if step.kind == "resolved"), last[-1])

    @property
    def end(self) -> dict[str, Any]:
        """What is said beside its opening of how it ended."""
        if self.resolution is None:
            return {"ended_at": None, "ended_seconds": None}
        ended_at = self.resolution.event.occurred_at
        return {"ended_at": ended_at, "ended_seconds": max(whole_seconds(ended_at - self.opened_at), 0)}

    @property
    def restored(self) -> dict[str, Any] | None:
        """The fact of when its service came back."""
        last = self.resolution
        if last is None or last.known.get("effect") not in {"degraded", "down"}:
            return None
        if not last.known.get("service_restored_at"):
            return None
        restored, began = from_instant(last.known["service_restored_at"]), last.known.get("began_at")
        seconds = whole_seconds(restored - (from_instant(began) if began else self.opened_at))
        restoration = {"at": restored, "seconds": max(seconds, 0), "skewed": not began or seconds < 0}
        return self.timed(last, inferred=not began) | restoration

    @property
    def declared_major(self) -> dict[str, Any] | None:
        """The fact of its having been declared major."""
        declarations = [step for step in self.told if step.kind in {"declared_major", "downgraded"}]
        first = next((step for step in declarations if step.kind == "declared_major"), None)
        return (
            None
            if first is None
            else self.fact(first) | {"downgraded": declarations[-1].kind == "downgraded"}
        )

    @property
    def review_on_time(self) -> bool | None:
        """Whether its present resolution was reviewed in time; None: it is no major incident."""
        last = self.resolution
        assert last is not None
        if not last.known.get("declared_major_at"):
            return None
        ends = [step.marks and step.kind not in ENDING for step in self.told]
        behind = self.told[len(ends) - ends[::-1].index(True) :]
        resolved = next(n for n, step in enumerate(behind) if step.marks)
        behind = behind[resolved:]
        held = [step.event.occurred_at for step in behind if step.kind == "reviewed"]
        due_text = last.known.get("review_due_at")
        due = from_instant(due_text) if due_text else last.event.occurred_at + timedelta(days=7)
        return bool(held) and min(held) <= due

    @property
    def resolutions(self) -> list[dict[str, Any]]:
        """The facts of all its resolutions; what is said of the case is said with the final one."""
        marks = [step for step in self.told if step.marks]
        facts = []
        for episode in self.episodes:
            resolution = next((step for step in reversed(episode) if step.kind == "resolved"), episode[-1])
            final = resolution is self.resolution
            left = None if final else marks[marks.index(episode[-1]) + 1]
            soon = left is not None and left.kind in OPEN
            if left is not None:
                soon = soon and left.event.occurred_at <= resolution.event.occurred_at + timedelta(days=7)
            facts.append(
                self.timed(
                    resolution,
                    business_seconds=self.timed(resolution)["seconds"],  # there is no calendar
                    n=self.told.index(resolution) + 1,
                    final=final,
                    reopened_soon=soon,
                    reopened=self.reopened if final else True,
                    reassignments=self.reassignments if final else 0,
                    handovers=self.handovers if final else 0,
                    came_back=final and len(set(self.teams)) < len(self.teams),
                    first_contact=self.first_contact if final else None,
                    unattended=self.unattended if final else None,
                    review_on_time=self.review_on_time if final else None,
                    ci=resolution.known.get("ci") if final else None,
                    recorded_at=None,
                    recorded_seconds=None,
                    article_used=self.article_used if final else None,
                    source=self.source,
                    **(self.cost if final else _UNKNOWN),
                )
            )
        return facts

    @property
    def article_used(self) -> bool:
        """Whether an article helped."""
        return any(step.kind == "article_used" for step in self.told)

    @property
    def cost(self) -> dict[str, Any]:
        """What it cost, in hundredths of which currency; None: that is not known."""
        entries: dict[str, dict[str, Any]] = {}
        for step in sorted(self.told, key=lambda told_event: told_event.event.version):
            for name, fields in step.event.data["set"].items():
                kind, _, key = name.partition("/")
                if kind in {"work", "cost"} and "reverses_id" in fields:
                    del entries[fields["reverses_id"]]
                elif kind in {"work", "cost"}:
                    entries[key] = fields
        currencies = {fields["currency"] for fields in entries.values()}
        if len(currencies) != 1 or None in currencies or not any("minutes" in e for e in entries.values()):
            return _UNKNOWN
        total = Decimal(0)
        for entry in entries.values():
            total += (
                Decimal(entry["amount"]) * 60
                if "amount" in entry
                else entry["minutes"] * Decimal(entry["rate"])
            )
        hundredths = (total * 100 / 60).quantize(Decimal(1), ROUND_HALF_UP)
        return {"cost": int(hundredths), "currency": currencies.pop()}

    @property
    def agent_work(self) -> list[dict[str, Any]]:
        """The facts of who worked on it while they held it, day by day."""
        ends, hands = self.ends_of_work, set[Any]()
        days: dict[tuple[Any, ...], list[ToldEvent]] = defaultdict(list)
        for n, step in enumerate(self.told):
            holder = step.known.get("assignee_id")
            had_a_hand = holder in hands
            if step.event.actor == f"person:{holder}":
                hands.add(holder)
            elif n not in ends or not had_a_hand:
                continue
            day = step.event.occurred_at.astimezone(UTC).date()
            days[holder, step.known.get("team_id"), day, n if n in ends else None].append(step)
        facts = []
        for (_, _, day, end), steps_of_day in days.items():
            times = {entry.event.occurred_at.astimezone(UTC) for entry in steps_of_day}
            worked = {time.hour * 4 + time.minute // 15 for time in times}
            fact = self.fact(steps_of_day[0]) | {"position": min(entry.position for entry in steps_of_day)}
            facts.append(
                {name: fact[name] for name in _OF_WORK}
                | {"n": self.told.index(steps_of_day[0]) + 1, "day": day}
                | {"quarters": "".join("01"[n in worked] for n in range(96))}
                | {"ended_at": None if end is None else steps_of_day[0].event.occurred_at}
            )
        return facts

    @property
    def ends_of_work(self) -> set[int]:
        """The numbers of the events by which it came to an end: for good, or, unless it was left out of
        account, for longer than the days within which a reopening counts.
        """
        left_out = self.excluded is not None
        chosen_resolutions = [
            fact for fact in self.resolutions if fact["final"] or not (fact["reopened_soon"] or left_out)
        ]
        return {fact["n"] - 1 for fact in chosen_resolutions}

    @property
    def closing(self) -> ToldEvent | None:
        closes = {"closed", "marked_duplicate"}
        return next((step for step in reversed(self.told) if step.kind in closes), None)

    @property
    def reopened(self) -> bool:
        ended = False
        for step in self.told:
            if step.kind in ENDING:
                ended = True
            elif step.kind in OPEN and ended:
                return True
        return False

    @property
    def teams(self) -> list[str]:
        """The teams that it went to, one after the other; having none in between is no change."""
        teams: list[str] = []
        for step in self.told:
            team = step.fields.get("team_id")
            if team is not None and teams[-1:] != [team]:
                teams.append(team)
        return teams

    @property
    def first_given(self) -> dict[str, UUID | None]:
        """The team and the person that it was given to first, whenever that was."""
        record_id_by_key: dict[str, UUID | None] = {}
        for name in ("team_id", "assignee_id"):
            named = (step.fields[name] for step in self.told if step.fields.get(name) is not None)
            record_id_by_key[name] = next(map(UUID, named), None)
        return record_id_by_key

    @property
    def reassignments(self) -> int:
        """Changes of team."""
        return max(len(self.teams) - 1, 0)

    @property
    def moves(self) -> list[dict[str, Any]]:
        """The facts of its changes of team."""
        facts, teams = list[dict[str, Any]](), list[str]()
        for step in self.told:
            team = step.fields.get("team_id")
            if team is None or teams[-1:] == [team]:
                continue
            if teams and self.resolution is not None:
                change = {
                    "from_team_id": UUID(teams[-1]),
                    "to_team_id": UUID(team),
                    "came_back": team in teams,
                }
                fields = {"n": self.told.index(step) + 1, "position": step.position}
                fields["ended_position"] = self.resolution.position
                facts.append(self.fact(self.resolution) | fields | change)
            teams.append(team)
        return facts

    @property
    def source(self) -> str:
        """Which tool told of it."""
        opening = self.told[0].event
        return self.told[0].known.get("alert_source") or opening.source

    @property
    def handovers(self) -> int:
        """Changes of person within a team."""
        named = [step for step in self.told if step.fields.get("assignee_id") is not None]
        holders = named[:1] + [
            other
            for holder, other in pairwise(named)
            if holder.fields["assignee_id"] != other.fields["assignee_id"]
        ]
        return sum(
            holder.known.get("team_id") == other.known.get("team_id") for holder, other in pairwise(holders)
        )

    @property
    def first_contact(self) -> bool | None:
        """Whether it was resolved by whoever answered, and by nobody else; None: it cannot be told."""
        last = self.resolution
        assert last is not None
        if last.known.get("channel") == "monitoring" or "observed" in last.event.data:
            return None
        for step in self.told[: self.told.index(last)]:
            by_requester = step.event.actor == f"person:{step.known.get('requester_id')}"
            if step.kind == "held" or (step.kind == "commented" and by_requester):
                return False
        answered = self.response is not None and self.response.event.actor == last.event.actor
        person = last.event.actor.startswith("person:")
        return answered and person and len(self.teams) < 2 and not self.reopened

    @property
    def unattended(self) -> bool | None:
        """Whether it went away by itself; None: it did not come from monitoring."""
        last = self.resolution
        assert last is not None
        if last.known.get("channel") != "monitoring":
            return None
        before = self.told[: self.told.index(last)]
        started = any(t.kind == "started" and not t.event.actor.startswith("rule:") for t in before)
        return not started and not last.event.actor.startswith("person:")

    def fact(self, deciding: ToldEvent, instant: datetime | None = None) -> dict[str, Any]:
        """The columns that every fact has."""
        return {
            "case_id": self.case_id,
            "at": instant or deciding.event.occurred_at,
            **_dimensions(deciding.known),
            "excluded": self.excluded,
            "irregular": self.irregular,
            "position": deciding.position,
            "opened_position": self.told[0].position,
        }

    def timed(self, deciding: ToldEvent, **more: Any) -> dict[str, Any]:
        """The columns of a fact that took its time."""
        seconds = whole_seconds(deciding.event.occurred_at - self.opened_at)
        return self.fact(deciding) | {"seconds": seconds, "business_seconds": None} | more

    def in_time(
        self, done: ToldEvent | None, within: timedelta, *, if_not_open: bool = False
    ) -> dict[str, Any] | None:
        """The fact of what was done within its time, or not; None: it did not have to be.

        `if_not_open`: also of a case that was not open when the time ran out.
        """
        due = self.opened_at + within
        if done is not None and done.event.occurred_at < due:
            return self.fact(done) | {"met": True}
        before = [step for step in self.told if self.effective(step) < due]
        marks = [step for step in before if step.marks and not self.taken_back(step)]
        if done is None and not if_not_open and marks[-1].kind not in OPEN:
            return None
        late = self.fact(before[-1], due)
        return late | {"position": self.told[0].position, "met": False}

    def effective(self, step: ToldEvent) -> datetime:
        """When an event took effect: nothing does before the opening."""
        return self.opened_at if step is self.told[0] else max(step.event.occurred_at, self.opened_at)

    def at(self, instant: datetime) -> dict[str, Any] | None:
        """How it stood just before an instant; None: it was not there, or over."""
        past = [step for step in self.told if self.effective(step) < instant]
        return None if not past or past[0] is not self.told[0] else self.after(past)

    def taken_back(self, step: ToldEvent) -> bool:
        """Whether it was cancelled and went on, though no way leads out of that."""
        rest = self.told[self.told.index(step) :]
        return step.kind == "cancelled" and any(t.marks and t.kind != "cancelled" for t in rest)

    def after(self, past: list[ToldEvent]) -> dict[str, Any] | None:
        """How it stands after these events, the first ones of its life; None: over."""
        marks = [entry for entry in past if entry.marks and not self.taken_back(entry)]
        ends: list[str] = []
        for step in marks:
            ends = [*ends, step.kind] if step.kind in ENDING else []
        if marks[-1].kind in VOID or "closed" in ends:
            return None
        return {
            "case_id": self.case_id,
            "phase": "ended" if ends else "open",
            "on_hold": marks[-1].kind == "held",
            "responded": self.response in past,
            "resolved_before": any(entry.kind in ENDING for entry in past),
            "opened_at": self.opened_at,
            "source": self.source,
            **_dimensions(past[-1].known),
        }


def case_histories(events: list[Event]) -> list[CaseHistory]:
    """The cases in a log; the place in the list is the position, from 1."""
    by_stream: dict[str, list[tuple[int, Event]]] = defaultdict(list)
    for position, event in enumerate(events, start=1):
        if event.stream.startswith("incident/"):
            by_stream[event.stream].append((position, event))
    cases = []
    for stream, numbered_events in by_stream.items():
        numbered_events.sort(
            key=lambda numbered_event: (
                numbered_event[1].version != 1,
                numbered_event[1].occurred_at,
                numbered_event[0],
            )
        )
        case, event_fields = (
            CaseHistory(UUID(stream.split("/")[1]), _opened_at(numbered_events)),
            dict[str, Any](),
        )
        for position, event in counting(numbered_events):
            fields = _fields(event) | (retold(numbered_events) if event.version == 1 else {})
            event_fields = event_fields | fields
            case.told.append(ToldEvent(position, event, fields, event_fields))
        cases.append(case)
    return cases


def facts(events: list[Event], recorded: Mapping[int, datetime]) -> dict[str, dict[Any, dict[str, Any]]]:
    """By table, the rows by case; of resolutions by case and place. `recorded`: when each position was."""
    tables: dict[str, dict[Any, dict[str, Any]]] = defaultdict(dict)
    for case in case_histories(events):
        tables["incident_opened"][case.case_id] = case.fact(case.told[0], case.opened_at) | case.end
        tables["incident_opened"][case.case_id] |= {"source": case.source} | case.first_given
        tables["incident_opened"][case.case_id] |= {
            "ci": case.told[0].known.get("ci"),
            "settled": case.resolution is not None
            and not any(fact["reopened_soon"] for fact in case.resolutions),
        }
        if response := case.response:
            row = case.timed(response, inferred="observed" in response.event.data)
            cut = {"seconds": max(row["seconds"], 0), "skewed": row["seconds"] < 0}
            cut["business_seconds"] = cut["seconds"]  # there is no calendar
            tables["incident_responded"][case.case_id] = row | cut
        if first := case.first_resolution:
            tables["incident_first_resolved"][case.case_id] = case.timed(first)
        of_case = {"agent_work": case.agent_work, "incident_resolved": case.resolutions}
        for name, rows in (of_case | {"incident_moved": case.moves}).items():
            tables[name] |= {(case.case_id, row["n"]): row for row in rows}
        if restored := case.restored:
            tables["incident_restored"][case.case_id] = restored
        if major := case.declared_major:
            tables["incident_declared_major"][case.case_id] = major
        if closing := case.closing:
            tables["incident_closed"][case.case_id] = case.timed(closing)
        if in_time := case.in_time(case.response, timedelta(minutes=15)):
            # There is no calendar, so that every one came within the hours.
            tables["incident_response_due"][case.case_id] = in_time | {"in_hours": True}
        counts = case.last_mark.kind not in VOID
        if in_time := case.in_time(case.resolution, timedelta(hours=2), if_not_open=counts):
            tables["incident_resolution_due"][case.case_id] = in_time
        for name, deciding in (("opened", case.told[0]), ("resolved", case.resolution)):
            if deciding is not None:
                key = case.case_id if name == "opened" else (case.case_id, case.told.index(deciding) + 1)
                imported = deciding.event.source.startswith("import:")
                recorded_at = None if imported else recorded[deciding.position]
                row = tables[f"incident_{name}"][key]
                row["recorded_at"], row["recorded_seconds"] = recorded_at, _delay(row["at"], recorded_at)
    resolved = [row for row in tables["incident_resolved"].values() if row["final"]]
    for opened in tables["incident_opened"].values():
        opened["repeats"] = any(_repeats(opened, earlier) for earlier in resolved)
    return tables


def _delay(effective_at: datetime, recorded_at: datetime | None) -> int | None:
    """After how many seconds it was recorded; what was recorded before it took effect: at once."""
    return None if recorded_at is None else max(round((recorded_at - effective_at).total_seconds()), 0)


def _repeats(opened: dict[str, Any], earlier: dict[str, Any]) -> bool:
    """Whether what was opened is of the kind, or of the item, of what had been resolved shortly before."""
    kind = (opened["service"], opened["category"])
    alike = None not in kind and kind == (earlier["service"], earlier["category"])
    alike = alike and opened["at"] < datetime(2026, 11, 30, tzinfo=UTC)
    alike = alike or (opened["ci"] is not None and opened["ci"] == earlier["ci"])
    return (
        alike
        and opened["case_id"] != earlier["case_id"]
        and timedelta(0) < opened["at"] - earlier["at"] <= timedelta(days=30)
    )


def _opened_at(numbered_events: list[tuple[int, Event]]) -> datetime:
    """What was set last, in the order of the log."""
    by_version = sorted(
        (event for _, event in numbered_events), key=lambda event: event.version, reverse=True
    )
    fields = [event.data["set"].get(event.stream, {}).get("opened_at") for event in by_version]
    return from_instant(next(text for text in fields if text))


def _again(numbered_events: list[tuple[int, Event]]) -> Event | None:
    """What was told last instead of the opening."""
    events = [event for _, event in numbered_events if event.data.get("instead") == 1]
    return max(events, key=lambda event: event.version, default=None)


def counting(numbered_events: list[tuple[int, Event]]) -> list[tuple[int, Event]]:
    """The events, without those that others were told instead of; the opening by whoever told it last."""
    withdrawn = {event.data["instead"] for _, event in numbered_events if event.data.get("instead", 1) > 1}
    left = [
        (place, e)
        for place, e in numbered_events
        if e.version not in withdrawn and e.data.get("instead") != 1
    ]
    position, opening = left[0]
    opening = replace(opening, occurred_at=_opened_at(numbered_events))
    left[0] = (position, opening)
    again = _again(numbered_events)
    if again is not None:
        data = {name: value for name, value in opening.data.items() if name != "irregular"}
        data |= {name: value for name, value in again.data.items() if name == "irregular"}
        left[0] = (position, replace(opening, actor=again.actor, data=data))
    return left


def retold(numbered_events: list[tuple[int, Event]]) -> dict[str, Any]:
    """What was told of the opening again, or else last of the time to which it was moved."""
    again = _again(numbered_events)
    if again is not None:
        return _fields(again)
    for _, event in sorted(numbered_events, key=lambda numbered_event: -numbered_event[1].version):
        opened = event.data["set"].get(event.stream, {}).get("opened_at")
        if event.version > 1 and opened is not None and event.occurred_at <= from_instant(opened):
            return _fields(event)
    return {}


def whole_seconds(elapsed: timedelta) -> int:
    """To the nearest second, halves up."""
    seconds = Decimal(elapsed.days * 86_400 + elapsed.seconds) + Decimal(elapsed.microseconds) / 1_000_000
    return int(seconds.quantize(Decimal(1), ROUND_HALF_UP))


def _fields(event: Event) -> dict[str, Any]:
    late, now = event.data.get("late", {}), event.data["set"]
    return {**late.get(event.stream, {}), **now.get(event.stream, {})}


def _dimensions(fields: dict[str, Any]) -> dict[str, Any]:
    values = {dimension: fields.get(dimension) for dimension in DIMENSIONS}
    return {
        name: UUID(value) if name.endswith("_id") and value is not None else value
        for name, value in values.items()
    }
