"""The fold: a record as it was after each of its events, also when its row was removed and made again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.common.people import Role
from app.common.records import as_row, codecs, empty, evolve, from_row
from app.common.times.instants import later_instant
from app.foundation.people.records import Team
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.histories.history import fold, record_at_version
from app.kernel.ledger import Ledger
from app.log import read
from app.log.events import Recorded, stream
from app.log.ids import uuid7
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.records import Incident, IncidentState
from app.ticketing.comments import CommentTicket
from app.ticketing.work.assignment import AssignTicket
from tests.kernel.incidents import report
from tests.log.commands import NOW, an_event
from tests.people import act, add_caller

TEAM = uuid7()
KEY = stream("team", TEAM)


def happened(version: int, changes: dict[str, Any], *, minutes: int = 0) -> Recorded:
    """An event of the team, as the log gives it."""
    event = an_event(
        KEY, version, occurred_at=NOW + timedelta(minutes=minutes), data={"given": {}, "set": changes}
    )
    fields = {
        name: getattr(event, name) for name in event.__slots__ if name not in ("position", "recorded_at")
    }
    return Recorded(**fields, position=version, recorded_at=NOW)


def test_fields_are_set_and_changed_and_lose_their_value() -> None:
    events = [
        happened(1, {KEY: {"key": "mail", "name": "Mail"}}),
        happened(2, {KEY: {"name": "Mail desk"}}, minutes=1),
        happened(3, {KEY: {"name": None}}, minutes=2),
    ]
    names = [team.name if (team := fold(Team, KEY, events[:n])) else "no row" for n in range(4)]
    assert names == ["no row", "Mail", "Mail desk", None]
    team = fold(Team, KEY, events)
    assert team is not None
    assert (team.id, team.key, team.version, team.changed_at) == (TEAM, "mail", 3, NOW + timedelta(minutes=2))


def test_what_an_event_sets_on_another_row_does_not_move_this_one() -> None:
    events = [
        happened(1, {KEY: {"key": "mail"}}),
        happened(2, {f"membership/{uuid7()}": {"team_id": str(TEAM)}}),
    ]
    team = fold(Team, KEY, events)
    assert team is not None
    assert team.version == 1


def test_a_row_that_was_removed_and_made_again_has_nothing_of_the_old_one() -> None:
    events = [
        happened(1, {KEY: {"key": "mail", "name": "Mail"}}, minutes=5),
        happened(2, {KEY: None}, minutes=6),
        happened(3, {KEY: {"key": "net"}}, minutes=1),
    ]
    assert fold(Team, KEY, events[:2]) is None
    team = fold(Team, KEY, events)
    assert team is not None
    assert (team.key, team.name, team.version, team.changed_at) == (
        "net",
        None,
        3,
        NOW + timedelta(minutes=1),
    )


def test_a_row_changed_last_when_the_latest_of_its_events_happened() -> None:
    events = [happened(1, {KEY: {"key": "mail"}}, minutes=9), happened(2, {KEY: {"name": "Mail"}}, minutes=3)]
    team = fold(Team, KEY, events)
    assert team is not None
    assert (team.version, team.changed_at) == (2, NOW + timedelta(minutes=9))


def test_the_later_of_two_instants() -> None:
    early, late = NOW, NOW + timedelta(seconds=1)
    assert later_instant(None, early) == later_instant(early, early) == early
    assert later_instant(early, late) == later_instant(late, early) == late


INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # they get their zone here


@given(st.data())
def test_a_record_comes_back_from_its_row_and_from_its_event_as_it_was(data: st.DataObject) -> None:
    kinds: dict[Any, st.SearchStrategy[Any]] = {
        str: st.text(),
        int: st.integers(0, 2**31 - 1),
        UUID: st.uuids(),
        datetime: INSTANTS,
        dict[str, Any]: st.dictionaries(st.text(), st.text() | st.integers() | st.booleans()),
    }
    record = empty(Incident, uuid7())
    for name, codec in codecs(Incident).items():
        values = kinds[codec.type] if codec.type in kinds else st.sampled_from(list(codec.type))
        setattr(record, name, data.draw(st.none() | values))
    record.version, record.changed_at = 7, NOW
    row = as_row(record)
    stored = {
        name: codecs(Incident)[name].read(v) if name in codecs(Incident) and v is not None else v
        for name, v in row.items()
    }
    assert (
        from_row(
            Incident, stored | {"id": record.id, "changed_at": NOW, "appended_at": None, "further": "column"}
        )
        == record
    )
    fields = {name: value for name, value in row.items() if name in codecs(Incident) and value is not None}
    assert evolve(empty(Incident, record.id), 7, NOW, fields) == record


async def test_a_record_can_be_seen_as_it_was_after_each_of_its_events(ledger: Ledger) -> None:
    agent = await add_caller(ledger, "Agent", Role.agent)
    incident = await report(ledger, agent)
    versions = [incident]
    for action, body in (
        ("comment", CommentTicket(text="x")),
        ("assign", AssignTicket(person="me")),
        ("start", EmptyPayload()),
    ):
        versions.append((await act(ledger, agent, "incident", action, incident.id, body)).record)
    for version, record in enumerate(versions, 1):
        assert await record_at_version(ledger.db, LIFECYCLE, incident.row_key, version) == record
    assert [record.version for record in versions] == [1, 1, 3, 4]
    assert versions[-1].state is IncidentState.in_progress


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=3, max_size=50).filter(
        lambda t: len(t.strip()) > 2
    )
)
async def test_what_is_in_the_row_is_what_the_events_say_whatever_the_words(
    ledger: Ledger, text: str
) -> None:
    agent = await add_caller(ledger, "Agent", Role.agent)
    incident = await report(
        ledger, agent, title=f"Printer {text.replace('enc1:', '')}", description=f"Printer {text}"
    )
    row = await ledger.db.row("select * from fold.incident where id = %s", (incident.id,))
    assert row is not None
    assert from_row(Incident, row) == fold(
        Incident, incident.row_key, await read.stream_events(ledger.db, incident.row_key)
    )
