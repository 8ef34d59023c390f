"""Invariant 8: facts and raw events give the same value of every KPI, and the drill-down exactly its cases.

After random histories, made by the commands that everybody uses; and the facts are those that a fold of the
whole log gives, in whatever spans it is taken (invariant 2). All of it under an agreement, whose clocks say
what they ought to.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.automation.agreements import watch_clocks
from app.kpis.answers.answer import answer
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Aggregate, Kpi
from app.kpis.facts.consumer import FACTS
from app.kpis.facts.tables import PROCESSES
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.kpis.reconcile import reconcile
from app.log.follow import catch_up, reset
from app.platform.db import Connection
from tests.conftest import DatabaseUrls
from tests.extent import WHOLE, examples
from tests.kpis.kinds import kind_of
from tests.random_histories import RandomAction, RandomWorld, random_actions
from tests.selection import selected
from tests.service_levels.clocks.agreements import add_calendar, hours, sign, target
from tests.service_levels.clocks.checks import rows_are_what_the_engine_says, streams_say_what_they_ought_to

METRICS = ("response", "resolution", "restore", "update")
#: What histories of incidents have figures of.
KEYS = [key for key, kpi in KPIS.items() if WHOLE or kpi.process in ("incident", "service", "sla", "ci")]
ZONES = ("Asia/Shanghai", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe")


def later() -> datetime:
    """When all that the histories hold is over."""
    return datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
async def agreed(world: RandomWorld) -> RandomWorld:
    """People with an agreement, whose targets some histories miss."""
    weekly = hours("08:00", "20:00", ["mon", "tue", "wed", "thu", "fri"])
    await add_calendar(world.ledger, "day", "Asia/Shanghai", weekly=weekly)
    await sign(
        world.ledger,
        *(target(metric, metric, 3600, pause_reasons=["other"]) for metric in METRICS),
        target("urgent", "resolution", 60, priority="P1"),
        calendar="day",
    )
    return world


@settings(
    max_examples=examples(8),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(random_actions(), min_size=20, max_size=60), zone=st.sampled_from(ZONES))
async def test_both_paths_give_the_same_and_the_cases_are_those_counted(
    agreed: RandomWorld, place: DatabaseUrls, eyes: Connection, history: list[RandomAction], zone: str
) -> None:
    world = agreed
    await world.play(history)
    await catch_up(eyes, FACTS)
    await clocks_say_what_they_ought_to(world, eyes)
    now = later()
    keys = selected("cases counted", KEYS, kind_of)
    report = await reconcile(place.url, zone=ZoneInfo(zone), now=now, keys=keys)
    assert report.differences == []
    for key in keys:
        kpi = KPIS[key]
        parameters = QuestionParameters(
            grain="all", begin=(now - timedelta(days=900)).date().isoformat(), zone=zone
        )
        question = parse_question(kpi, parameters, now=now, organisation_zone="UTC")
        await the_cases_are_those_counted(world, kpi, question, now)


async def clocks_say_what_they_ought_to(world: RandomWorld, eyes: Connection) -> None:
    """Once a worker has looked at them."""

    def failed(name: str, error: Exception) -> None:
        raise error

    now = datetime.now(UTC)
    while await watch_clocks.fire_due(eyes, world.ledger, now, failed=failed):
        await catch_up(eyes, FACTS)
    assert await rows_are_what_the_engine_says(eyes) >= len(METRICS)
    assert await streams_say_what_they_ought_to(eyes, world.ledger, now) >= len(METRICS)


async def the_cases_are_those_counted(
    world: RandomWorld, kpi: Kpi, question: KpiQuestion, now: datetime
) -> None:
    (point,) = (await answer(world.ledger.db, question, now)).points
    counted = (await cases(world.ledger.db, question, now, limit=200)).cases
    which = {(case.id, case.decided_at, *(e.position for e in case.events)) for case in counted}
    assert len(which) == len(counted) == point.cases, kpi.key
    if kpi.aggregate is Aggregate.mean and counted:
        assert round(sum(case.measure for case in counted) / len(counted), 3) == point.value
    if point.numerator is not None:
        assert sum(case.measure for case in counted) == point.numerator


async def content(connection: Connection) -> dict[str, Any]:
    """A hash of each table of facts."""
    hashes = {}
    for table in chain(*PROCESSES.values()):
        text = f"select md5(string_agg(t::text, ' ' order by t::text)) from kpi.{table.name} t"
        hashes[table.name] = await (await connection.execute(text.encode())).fetchone()
    return hashes


async def test_the_facts_do_not_depend_on_the_spans_that_the_log_was_taken_in(
    world: RandomWorld, eyes: Connection
) -> None:
    @settings(max_examples=2, database=None, derandomize=True)
    @given(st.lists(random_actions(), min_size=30, max_size=60))
    def draw(history: list[RandomAction]) -> None:
        histories.append(history)

    histories: list[list[RandomAction]] = []
    draw()
    await world.play(histories[-1])
    await catch_up(eyes, FACTS)
    at_once = await content(eyes)
    for batch in (1, 7, 1000):
        await reset(eyes, FACTS)
        await catch_up(eyes, replace(FACTS, batch=batch))
        assert await content(eyes) == at_once, batch
    assert any(value != (None,) for value in at_once.values())
