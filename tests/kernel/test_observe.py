"""What another system tells → events: by the table, and by properties over any order of arrival."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.common.personal import Ciphertext
from app.common.priorities.priority import Priority
from app.common.records import codecs, empty
from app.common.tickets import HoldReason
from app.kernel.histories.history import fold
from app.kernel.histories.history_source import HistorySource
from app.kernel.histories.imported_case import OPENING_VERSION, ImportedCase, ciphertexts, replay_case
from app.kernel.histories.observe import ObservedEvent, Snapshot, observe
from app.log.canonical import canonical
from app.log.events import Recorded
from app.log.ids import uuid7
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.records import Incident
from app.processes.incidents.records import IncidentState as State
from tests.cases import each_case

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
KEY = "00000000-0000-4000-8000-000000000001"
COLUMNS = {
    "priority": "priority",
    "category": "category",
    "description": "description",
}
TEAM = UUID(int=7)


def source(*, repeats: bool = True) -> HistorySource[Incident]:
    return HistorySource(
        "desk",
        LIFECYCLE,
        columns=COLUMNS,
        with_state={"hold_reason": frozenset(State)},
        time_columns=frozenset({"updated"}),
        repeats=repeats,
    )


def at(minutes: int) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def encrypt(text: str) -> Ciphertext:
    return Ciphertext(f"enc1:{KEY}:{base64.urlsafe_b64encode(text.encode()).decode()}")


def opened(encrypted: Iterable[str]) -> dict[str, str | None]:
    return {text: base64.urlsafe_b64decode(text.split(":")[2]).decode() for text in encrypted}


def begun(told_by: HistorySource[Incident] | None = None) -> ImportedCase[Incident]:
    record = empty(Incident, uuid7())
    record.number = "INC-2026-000001"
    return ImportedCase(told_by or source(), record)


def row(
    minutes: int,
    state: State | None,
    *,
    priority: Priority | None = None,
    category: str | None = None,
    words: str | None = None,
    opened_at: int = 0,
    irregular: tuple[str, ...] = (),
) -> Snapshot:
    """A row of a source whose columns are state, priority, category, description, updated."""
    waits = HoldReason.awaiting_vendor if state is State.on_hold else None
    fields: dict[str, Any] = {"priority": priority, "category": category}
    if state is not None:
        fields["hold_reason"] = waits
    return Snapshot(
        occurred_at=at(minutes),
        opened_at=at(opened_at),
        state=state,
        fields=fields,
        words={"description": words},
        columns={
            "category": category,
            "priority": None if priority is None else priority.value,
            "state": "?" if state is None else state.value,
            "updated": at(minutes).isoformat(),
        },
        private={"description": words},
        irregular=irregular or (("unknown_state",) if state is None else ()),
        actor="import:desk",
    )


def tell(case: ImportedCase[Incident], *rows: Snapshot) -> list[ObservedEvent]:
    return [event for each in rows for event in observe(case, each, encrypt)]


def types(events: Sequence[ObservedEvent]) -> list[str]:
    return [event.type.removeprefix("incident.") for event in events]


def recorded(case: ImportedCase[Incident], events: Sequence[ObservedEvent]) -> list[Recorded]:
    return [
        Recorded(
            id=uuid4(),
            stream=case.key,
            version=event.version,
            type=event.type,
            occurred_at=event.occurred_at,
            actor=event.actor or "import:desk",
            correlation_id="run",
            source="import:desk",
            data=event.data,
            position=event.version,
            recorded_at=BEGIN,
        )
        for event in events
    ]


def irregular(event: ObservedEvent) -> list[str]:
    return [code for code in event.data.get("irregular", []) if not code.startswith("missing:")]


# By the table


def test_the_first_row_opens_the_case_at_its_opening() -> None:
    case = begun()
    events = tell(case, row(5, State.new, priority=Priority.P3, category="mail"))
    assert types(events) == ["reported"]
    assert events[0].occurred_at == at(0)
    fields = events[0].data["set"][case.key]
    assert fields["state"] == "new"
    assert fields["priority"] == "P3"
    assert fields["opened_at"] == fields["state_since"] == "2026-03-02T08:00:00.000000Z"
    assert events[0].data["observed"] == "snapshot"
    assert events[0].data["given"] == {
        "category": "mail",
        "description": None,
        "priority": "P3",
        "state": "new",
        "updated": at(5).isoformat(),
    }


@pytest.mark.parametrize(
    ("state", "event", "codes"),
    [
        (State.in_progress, "started", []),
        (State.on_hold, "held", []),
        (State.resolved, "resolved", []),
        (State.closed, "closed", ["from:new"]),
        (State.cancelled, "cancelled", []),
    ],
)
def test_a_first_row_in_a_later_state_tells_a_second_event(
    state: State, event: str, codes: list[str]
) -> None:
    case = begun()
    events = tell(case, row(5, state))
    assert types(events) == ["reported", event]
    assert [e.occurred_at for e in events] == [at(0), at(5)]
    assert events[0].data["set"][case.key]["state"] == "new"
    assert events[1].data["set"][case.key]["state"] == state.value
    assert events[1].data["given"] == {}
    assert irregular(events[1]) == codes
    assert case.record.state is state


@each_case(
    ("states", "event", "codes"),
    [
        ((State.new, State.acknowledged), "acknowledged", []),
        ((State.acknowledged, State.in_progress), "started", []),
        ((State.in_progress, State.on_hold), "held", []),
        # Back to where it was held: the record says where that is.
        ((State.in_progress, State.on_hold, State.in_progress), "resumed", []),
        ((State.on_hold, State.new), "resumed", []),
        # It was held in `new`, so that being resumed leads to `new` and nowhere else.
        ((State.on_hold, State.in_progress), "started", ["from:on_hold"]),
        ((State.on_hold, State.resolved), "resolved", []),
        ((State.in_progress, State.resolved), "resolved", []),
        ((State.resolved, State.closed), "closed", []),
        ((State.in_progress, State.closed), "closed", ["from:in_progress"]),
        ((State.in_progress, State.acknowledged), "acknowledged", ["from:in_progress"]),
        # No row leads to `new` but the one from nothing.
        ((State.in_progress, State.new), "observed", ["from:in_progress"]),
        # Every way out of an ended state is a reopening.
        ((State.resolved, State.in_progress), "reopened", []),
        ((State.closed, State.in_progress), "reopened", []),
        ((State.resolved, State.on_hold), "reopened", ["from:resolved"]),
        ((State.closed, State.new), "reopened", ["from:closed"]),
        # From one end to another is none.
        ((State.closed, State.resolved), "resolved", ["from:closed"]),
        ((State.resolved, State.cancelled), "cancelled", ["from:resolved"]),
        ((State.cancelled, State.in_progress), "started", ["from:cancelled"]),
    ],
)
def test_the_type_is_that_of_the_row_that_leads_there(
    states: tuple[State, ...], event: str, codes: list[str]
) -> None:
    case = begun()
    events = tell(case, *(row(n, state) for n, state in enumerate(states)))
    assert types(events)[-1] == event
    assert irregular(events[-1]) == codes
    assert case.record.state is states[-1]


@pytest.mark.parametrize("state", [State.resolved, State.closed])
def test_an_end_that_is_told_again_is_an_event_again_if_the_source_means_it(state: State) -> None:
    case = begun()
    events = tell(case, row(1, state), row(2, state, category="mail"))
    assert types(events)[1:] == [state.value, state.value]
    ended = case.record.resolved_at if state is State.resolved else case.record.closed_at
    assert ended == case.record.state_since == at(2)
    assert irregular(events[-1]) == []

    case = begun(source(repeats=False))
    events = tell(case, row(1, state), row(2, state, category="mail"))
    assert types(events)[1:] == [state.value, "observed"]
    assert case.record.state_since == at(1)


def test_a_reopening_clears_what_the_end_has_set() -> None:
    case = begun()
    tell(case, row(1, State.resolved), row(2, State.closed), row(3, State.in_progress))
    assert case.record.resolved_at is None
    assert case.record.closed_at is None
    assert case.record.started_at == at(3)


def test_an_unknown_state_stays_where_it_was_and_is_noted() -> None:
    case = begun()
    events = tell(case, row(1, State.on_hold), row(2, None, priority=Priority.P1))
    assert types(events)[-1] == "observed"
    assert irregular(events[-1]) == ["unknown_state"]
    assert case.record.state is State.on_hold
    assert case.record.hold_reason is HoldReason.awaiting_vendor
    assert case.record.priority is Priority.P1
    assert types(tell(case, row(3, State.resolved))) == ["resolved"]


def test_a_row_that_changes_nothing_of_ours_is_an_event_all_the_same() -> None:
    case = begun()
    tell(case, row(1, State.new))
    (event,) = tell(case, row(2, State.new))
    assert types([event]) == ["observed"]
    assert event.data == {"given": {"updated": at(2).isoformat()}, "set": {}, "observed": "snapshot"}
    assert case.record.version == 1


def test_what_the_body_needs_and_nobody_has_is_missing() -> None:
    case = begun()
    events = tell(case, row(1, State.new, words="It is broken."), row(2, State.resolved))
    assert events[0].data["irregular"] == [
        "missing:title",
        "missing:channel",
        "missing:impact",
        "missing:urgency",
        "missing:effect",
    ]
    assert events[1].data["irregular"] == ["missing:resolution_code", "missing:done"]
    assert "irregular" not in tell(begun(), row(1, State.new), row(2, State.on_hold))[1].data


def test_words_are_encrypted_once_and_the_same_everywhere() -> None:
    case = begun()
    (event,) = tell(case, row(1, State.new, words="Ms Li cannot log in."))
    encrypted = event.data["given"]["description"]
    assert isinstance(encrypted, Ciphertext)
    assert event.data["set"][case.key]["description"] == encrypted == case.record.description
    (event,) = tell(case, row(2, State.new, words="Ms Li cannot log in."))
    assert "description" not in event.data["given"]
    (event,) = tell(case, row(3, State.new, words="Ms Li can log in."))
    assert event.data["set"][case.key] == {"description": event.data["given"]["description"]}
    (event,) = tell(case, row(4, State.new))
    assert event.data["given"]["description"] is None
    assert event.data["set"][case.key] == {"description": None}


# What comes late


def test_an_older_row_does_not_overwrite() -> None:
    case = begun()
    tell(case, row(1, State.new, priority=Priority.P3), row(9, State.resolved, priority=Priority.P1))
    (event,) = tell(case, row(5, State.in_progress, priority=Priority.P2))
    assert types([event]) == ["started"]
    assert event.occurred_at == at(5)
    assert event.data["late"][case.key] == {"priority": "P2", "state": "in_progress"}
    # What goes with the state is as if it had come in time.
    assert event.data["set"][case.key] == {"started_at": "2026-03-02T08:05:00.000000Z"}
    assert case.record.state is State.resolved
    assert case.record.priority is Priority.P1
    assert case.record.started_at == at(5)
    assert case.record.resolved_at == at(9)


def test_its_type_is_decided_by_how_the_case_stood_then() -> None:
    case = begun()
    tell(case, row(1, State.in_progress), row(3, State.on_hold), row(9, State.closed))
    assert types(tell(case, row(5, State.in_progress))) == ["resumed", "closed"]
    assert types(tell(case, row(2, State.resolved)))[0] == "resolved"


def test_what_an_older_row_makes_another_event_of_is_told_instead_of_that() -> None:
    case = begun()
    tell(case, row(1, State.in_progress), row(9, State.on_hold), row(12, State.in_progress))
    late, *again = tell(case, row(5, State.resolved))
    assert (late.type, late.version) == ("incident.resolved", 5)
    # The row of 12 is as it was: to go on after a pause, whatever there was before that.
    (held,) = again
    assert (held.type, held.occurred_at, held.data["instead"]) == ("incident.reopened", at(9), 3)
    assert irregular(held) == ["from:resolved"]
    assert held.data["late"][case.key] == {"state": "on_hold", "hold_reason": "awaiting_vendor"}


def test_the_opening_is_known_from_the_earliest_row_whenever_that_comes() -> None:
    case = begun()
    tell(case, row(60, State.in_progress, category="TE"), row(180, State.resolved, category="TE"))
    (opening, again) = tell(case, row(0, State.new, category="TD"))
    assert (opening.type, opening.occurred_at, opening.data["instead"]) == ("incident.observed", at(0), 1)
    assert opening.data["late"][case.key]["category"] == "TD"
    assert opening.data["set"] == {}
    # What the opening was before is a row like others now.
    assert (again.type, again.occurred_at, again.data["instead"]) == ("incident.started", at(60), 2)
    assert again.data["late"][case.key] == {"category": "TE", "state": "in_progress"}
    # One that is older still takes its place.
    (opening, *_) = tell(case, row(-5, State.acknowledged, category="TF"))
    assert opening.data["instead"] == 1
    assert opening.data["late"][case.key]["category"] == "TF"


def test_what_was_no_news_after_an_older_row_is_told_again() -> None:
    case = begun()
    tell(case, row(1, State.in_progress, category="mail"), row(5, State.in_progress, category="mail"))
    events = tell(case, row(3, State.on_hold, category="net"))
    # Between the two it was held, and elsewhere: that it is back is news at the second one's time.
    assert types(events) == ["held", "resumed"]
    assert [event.occurred_at for event in events] == [at(3), at(5)]
    assert events[1].data["set"][case.key] == {
        "category": "mail",
        "hold_reason": None,
        "state": "in_progress",
    }
    assert case.record.state is State.in_progress
    assert case.record.state_since == at(5)
    assert case.record.category == "mail"


def test_the_opening_may_move_back_and_never_forward() -> None:
    case = begun()
    tell(case, row(5, State.new, opened_at=3))
    tell(case, row(6, State.new, opened_at=4))
    assert case.record.opened_at == at(3)
    (event,) = tell(case, row(7, State.new, opened_at=1))
    assert event.data["set"][case.key]["opened_at"] == "2026-03-02T08:01:00.000000Z"
    assert case.record.opened_at == case.record.state_since == at(1)


def test_a_first_row_that_is_out_of_order_is_new_from_its_opening_on() -> None:
    # INC0000137 of the UCI log: New 11:10, New 09:52, Resolved 11:03, Closed.
    case = begun()
    events = tell(case, row(80, State.new), row(2, State.new), row(73, State.resolved), row(99, State.closed))
    # The first stands as what it is, a row of 11:10, once the opening is known from that of 09:52.
    assert types(events) == ["reported", "observed", "observed", "resolved", "closed"]
    assert [event.occurred_at for event in events[1:]] == [at(0), at(80), at(73), at(99)]
    assert case.record.resolved_at == at(73)


def test_a_first_row_that_is_new_once_more_is_so_after_older_ones() -> None:
    tool = source()
    tool.returns = True
    case = begun(tool)
    tell(case, row(120, State.new), row(0, State.new), row(90, State.closed))
    assert case.record.state is State.new
    assert case.record.state_since == at(120)
    assert case.record.closed_at is None


def test_what_was_done_here_stays_until_the_source_tells_something_later() -> None:
    case = begun()
    events = recorded(case, tell(case, row(1, State.new, priority=Priority.P3)))
    ours = Recorded(
        id=uuid4(),
        stream=case.key,
        version=2,
        type="incident.started",
        occurred_at=at(10),
        actor="person:1",
        correlation_id="request",
        source="api",
        data={
            "given": {},
            "set": {case.key: {"state": "in_progress", "state_since": "2026-03-02T08:10:00.000000Z"}},
        },
        position=2,
        recorded_at=BEGIN,
    )
    case = replay_case(source(), [*events, ours], {})
    (event,) = tell(case, row(5, State.acknowledged, priority=Priority.P1))
    assert types([event]) == ["acknowledged"]
    assert event.data["late"][case.key] == {"state": "acknowledged"}
    assert case.record.state is State.in_progress
    assert case.record.priority is Priority.P1
    assert types(tell(case, row(11, State.resolved))) == ["resolved"]


def test_a_recalled_row_that_told_no_state_tells_none_beside_others_of_its_time() -> None:
    new = row(5, State.new, opened_at=5)
    unknown, unknown_later = row(5, None, opened_at=5), row(6, None, opened_at=6)
    rows = [row(7, State.acknowledged, opened_at=7), unknown_later, new, new, unknown, unknown]
    rows += [unknown_later, unknown_later]
    remembered = begun()
    recalled = again(remembered, recorded(remembered, tell(remembered, *rows)))
    held = row(5, State.on_hold, opened_at=5)
    assert tell(recalled, held) == tell(remembered, held)


# Properties

STATES = [None, *(state for state in State if state is not State.new)]


@st.composite
def histories(draw: st.DrawFn) -> list[Snapshot]:
    """A history in the order of its times, of which some are the same. It is new first, if ever."""
    news = draw(st.integers(0, 2))
    states = [State.new] * news + draw(st.lists(st.sampled_from(STATES), min_size=1, max_size=7))
    minutes = sorted(draw(st.lists(st.integers(5, 99), min_size=len(states), max_size=len(states))))
    tells_opening = draw(st.booleans())
    return [
        row(
            minutes[n],
            state,
            priority=draw(st.sampled_from([None, Priority.P1, Priority.P2])),
            category=draw(st.sampled_from([None, "mail", "net"])),
            words=draw(st.sampled_from([None, "short", "long " * 20])),
            opened_at=0 if tells_opening else minutes[n],
        )
        for n, state in enumerate(states)
    ]


def arrivals(data: st.DataObject, history: list[Snapshot]) -> list[Snapshot]:
    """The history in another order; but rows of one time come in theirs, as nothing else tells it."""
    left = {
        each.occurred_at: [row for row in history if row.occurred_at == each.occurred_at] for each in history
    }
    return [left[each.occurred_at].pop(0) for each in data.draw(st.permutations(history))]


def flags(count: int) -> st.SearchStrategy[list[bool]]:
    return st.lists(st.booleans(), min_size=count, max_size=count)


def domain(case: ImportedCase[Incident]) -> dict[str, Any]:
    """The record's fields, without those that say by which event they were set."""
    return {name: case.record.__dict__[name] for name in codecs(Incident)}


def again(case: ImportedCase[Incident], events: list[Recorded]) -> ImportedCase[Incident]:
    return replay_case(case.source, events, opened(ciphertexts(events)))


@given(histories())
def test_the_fold_of_the_events_is_the_record(history: list[Snapshot]) -> None:
    case = begun()
    events = recorded(case, tell(case, *history))
    folded = fold(Incident, case.key, events)
    assert folded is not None
    assert folded.__dict__ == case.record.__dict__ | {"appended_at": BEGIN}, "which the log says"
    for event in events:
        canonical(event.data)


@given(histories(), st.data())
def test_any_order_of_arrival_gives_the_same_record(history: list[Snapshot], data: st.DataObject) -> None:
    in_time = begun()
    tell(in_time, *history)
    case = begun()
    arrival = arrivals(data, history)
    events = recorded(case, tell(case, *arrival))
    assert domain(case) == domain(in_time) | {"number": case.record.number}
    folded = fold(Incident, case.key, events)
    assert folded is not None
    assert folded.__dict__ == case.record.__dict__ | {"appended_at": BEGIN}, "which the log says"


@given(histories(), st.data())
def test_a_case_that_is_recalled_goes_on_as_one_that_was_remembered(
    history: list[Snapshot], data: st.DataObject
) -> None:
    arrival = arrivals(data, history)
    remembered, forgotten = begun(), begun()
    forgotten.record.__dict__.update(id=remembered.record.id)
    forgotten = ImportedCase(forgotten.source, forgotten.record)
    events: list[Recorded] = []
    for row, forgets in zip(arrival, data.draw(flags(len(arrival))), strict=True):
        outcome = tell(remembered, row)
        if events and forgets:
            forgotten = again(forgotten, events)
        assert tell(forgotten, row) == outcome
        events += recorded(remembered, outcome)
        assert forgotten.record.__dict__ == remembered.record.__dict__


@given(histories(), st.data())
def test_the_log_says_of_each_instant_what_the_source_said_then(
    history: list[Snapshot], data: st.DataObject
) -> None:
    case = begun()
    events = tell(case, *arrivals(data, history))
    in_order = sorted(events, key=lambda event: (event.version > 1, event.occurred_at, event.version))
    for instant in {row.occurred_at: row for row in history}.values():
        fields: dict[str, Any] = {}
        for event in in_order:
            if event.version == 1 or event.occurred_at <= instant.occurred_at:
                fields |= event.data.get("late", {}).get(case.key, {}) | event.data["set"].get(case.key, {})
        assert fields.get("priority") == (
            None if instant.fields["priority"] is None else instant.fields["priority"].value
        )
        assert fields.get("category") == instant.fields["category"]
        if instant.state is not None:
            assert fields["state"] == instant.state.value


def timeline(case: ImportedCase[Incident], events: list[ObservedEvent]) -> list[tuple[Any, ...]]:
    """What the events come to for whoever counts: without those that others were told instead of, in the
    order of their times, each with what was known then; the opening as it is known last.
    """
    replaced = {event.data.get("instead") for event in events}
    again = next(
        (event for event in reversed(events) if event.data.get("instead") == OPENING_VERSION), events[0]
    )
    left = [event for event in events[1:] if event.version not in replaced - {OPENING_VERSION}]
    left = [event for event in left if event.data.get("instead") != OPENING_VERSION]
    fields: dict[str, Any] = _told(case, events[0]) | _told(case, again)
    lines = [("opened", case.record.opened_at, again.actor, again.data.get("irregular"), _cut(fields))]
    for event in sorted(left, key=lambda event: (event.occurred_at, event.version)):
        fields |= _told(case, event)
        lines.append((event.type, event.occurred_at, event.actor, event.data.get("irregular"), _cut(fields)))
    return lines


def _told(case: ImportedCase[Incident], event: ObservedEvent) -> dict[str, Any]:
    late = event.data.get("late", {}).get(case.key, {})
    return {**late, **event.data["set"].get(case.key, {})}


def _cut(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: fields.get(name) for name in ("priority", "category")}


@given(histories(), st.data())
def test_any_order_of_arrival_tells_the_same(history: list[Snapshot], data: st.DataObject) -> None:
    in_time, case = begun(), begun()
    expected = timeline(in_time, tell(in_time, *history))
    assert timeline(case, tell(case, *arrivals(data, history))) == expected


@given(histories(), st.data())
def test_prefixes_in_any_order_come_to_the_whole(history: list[Snapshot], data: st.DataObject) -> None:
    """As files do that begin alike: what was told is left out, and the rest comes in the file's own order."""
    shuffled = data.draw(st.permutations(history))  # a file need not be in the order of its times
    complete = begun()
    tell(complete, *shuffled)
    case, reported = begun(), 0
    for length in [*data.draw(st.lists(st.integers(1, len(history)), max_size=4)), len(history)]:
        tell(case, *shuffled[reported:length])
        reported = max(reported, length)
    assert domain(case) == domain(complete) | {"number": case.record.number}
