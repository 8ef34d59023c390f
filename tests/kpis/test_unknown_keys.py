"""What openings name is judged by what the log had added before them, wherever it is cut."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.kpis.answers.answer import answer
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS, UNKNOWN_KEYS
from app.kpis.facts.tables import OF_KEYS
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.kpis.reconcile import reconcile
from app.log.events import Event
from app.log.follow import catch_up, reset
from app.log.writer import AppendRequest, append, encode
from app.platform.db import Connection, Database, fetch_tuples
from tests.cuts import contents
from tests.extent import WHOLE, first_of, in_test_all
from tests.kpis.catalogue_histories import added
from tests.kpis.histories import BEGIN, Scripted, write
from tests.kpis.lives import Life

NOW = datetime(2026, 6, 1, tzinfo=UTC)
INCIDENTS, REQUESTS = "incident_unknown_keys_share", "request_unknown_keys_share"
TABLES = [f"kpi.{name}" for name in OF_KEYS]
#: Each kind of what incidents name, with the fields of the record that has the key.
NAMED = {
    "service": {"key": "mail"},
    "ci": {"key": "mail"},
    "category": {"key": "mail", "process": "incident"},
}


async def _append(connection: Connection, *events: Event) -> None:
    reads: dict[str, int] = {}
    for event in events:
        reads.setdefault(event.stream, event.version - 1)
    await append(connection, [encode(AppendRequest(reads=reads, events=events))])


def _question(key: str) -> KpiQuestion:
    parameters = QuestionParameters(grain="all", begin="2025-12-01", end="2026-06-01")
    return parse_question(KPIS[key], parameters, now=NOW, organisation_zone="UTC")


async def _share(db: Database, key: str, position: int | None = None) -> tuple[int | None, int | None]:
    (point,) = (await answer(db, _question(key), NOW, position=position)).points
    return point.numerator, point.denominator


@pytest.mark.parametrize(
    ("kind", "batch"),
    first_of(
        [("ci", 1000), ("service", 1), ("category", 1), ("ci", 1), ("service", 1000), ("category", 1000)], 2
    ),
)
async def test_a_key_is_there_for_what_is_opened_behind_its_addition_in_the_same_batch_too(
    follower: Connection, db: Database, kind: str, batch: int
) -> None:
    early, late, other = (Scripted.begin(BEGIN, **{kind: key}) for key in ("mail", "mail", "print"))
    without = Scripted.begin(BEGIN)
    log = (*early.events, *added(kind, NAMED[kind]), *late.events, *other.events, *without.events)
    await _append(follower, *log)
    await catch_up(follower, replace(FACTS, batch=batch))
    assert await _share(db, INCIDENTS) == (2, 4)
    for position, counted in ((1, (1, 1)), (3, (1, 1)), (4, (1, 2)), (5, (2, 3))):
        assert await _share(db, INCIDENTS, position) == counted


async def test_a_category_is_there_for_its_process_alone(follower: Connection, db: Database) -> None:
    incident, request = Scripted.begin(BEGIN, category="mail"), Life("request", category="mail")
    log = (*added("category", NAMED["category"]), *incident.events, *request.events)
    await _append(follower, *log, *added("category", {"key": "mail", "process": "request"}))
    await catch_up(follower, FACTS)
    assert await _share(db, INCIDENTS) == (0, 1)
    assert await _share(db, REQUESTS) == (1, 1)


async def test_a_case_counts_as_it_was_opened_whatever_is_told_of_it_later(
    database_url: str, follower: Connection, db: Database
) -> None:
    put_right = Scripted.begin(BEGIN, service="print").then("edited", minutes=1, service="mail")
    spoilt = Scripted.begin(BEGIN, service="mail").then("edited", minutes=1, service="print")
    told_again = Scripted.begin(BEGIN, service="mail").then("edited", minutes=0, service="print")
    told_again.events[-1].data["instead"] = 1
    log = [event for case in (put_right, spoilt, told_again) for event in case.events]
    await _append(follower, *added("service", NAMED["service"]), *log)
    await catch_up(follower, FACTS)
    assert await _share(db, INCIDENTS) == (1, 3)
    await _append(follower, *added("service", {"key": "print"}))
    await catch_up(follower, FACTS)
    assert await _share(db, INCIDENTS) == (1, 3)
    if WHOLE:
        report = await reconcile(database_url, zone=ZoneInfo("UTC"), now=NOW, keys=(INCIDENTS, REQUESTS))
        assert (report.differences, report.compared > 0) == ([], True)


@in_test_all
async def test_the_list_of_cases_shows_the_opening_that_names_it(follower: Connection, db: Database) -> None:
    case, fine = Scripted.begin(BEGIN, ci="disk-9"), Scripted.begin(BEGIN)
    await write(follower, [*case.events, *fine.events])
    await catch_up(follower, FACTS)
    page = await cases(db, _question(INCIDENTS), NOW)
    assert {counted.id: counted.measure for counted in page.cases} == {case.id: 1, fine.id: 0}
    for counted in page.cases:
        assert [event.type for event in counted.events] == ["incident.reported"]


async def test_a_batch_that_is_taken_again_changes_nothing_and_a_new_beginning_forgets_all(
    follower: Connection,
) -> None:
    early, late = (Scripted.begin(BEGIN, service="mail") for _ in range(2))
    await _append(follower, *early.events, *added("service", NAMED["service"]), *late.events)
    await catch_up(follower, FACTS)
    before = await contents(follower, TABLES)
    assert before == {"kpi.catalogue_key": ['(service,"",mail,2)'], "kpi.unknown_key_case": [f"({early.id})"]}
    await fetch_tuples(follower, UNKNOWN_KEYS, {"first": 1, "last": 4})
    assert await contents(follower, TABLES) == before
    await follower.execute(b"insert into kpi.unknown_key_case values (gen_random_uuid())")
    await reset(follower, FACTS)
    await catch_up(follower, FACTS)
    assert await contents(follower, TABLES) == before
