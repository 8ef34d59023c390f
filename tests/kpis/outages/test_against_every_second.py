"""What is counted of made-up worlds, by both paths, is what there is if every step of them is looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import Database, connect
from tests.conftest import Server, fresh
from tests.extent import WHOLE, first_of
from tests.kpis.outages.oracle import World
from tests.kpis.outages.worlds import STEP, Telling, made_up

#: With a month's end, and a change of the clocks of Berlin, in it.
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
ZONE = "Europe/Berlin"
SECONDS = int(STEP / timedelta(seconds=1))


class Asked:
    """A world in a log, and what is said of it."""

    def __init__(self, db: Database, telling: Telling) -> None:
        self.db, self.telling, self.world = db, telling, telling.world
        self.now = telling.at(self.world.now)

    def question(self, key: str, *by: str, **filters: list[str]) -> KpiQuestion:
        parameters = QuestionParameters(begin="2026-03-01", end="2026-05-01", by=by, filters=filters)
        return parse_question(KPIS[key], parameters, now=self.now, organisation_zone=ZONE)

    async def points(self, key: str, *by: str, **filters: list[str]) -> list[KpiPoint]:
        """What both paths say; in `make test` the facts."""
        question = self.question(key, *by, **filters)
        fast = await answer(self.db, question, self.now)
        if WHOLE:
            raw = await answer(self.db, question, self.now, position=fast.position)
            assert fast.points == raw.points
        return [point for point in fast.points if point.begin < self.now]

    def steps(self, point: KpiPoint) -> tuple[int, int]:
        """The steps of the point's period."""
        begin, end = ((edge - BEGIN) // STEP for edge in (point.begin, point.end))
        return begin, end


#: In the first are agreements for everybody and for a customer, degraded hours, and maintenance.
@pytest.fixture(scope="module", params=first_of([1, 0, *range(2, 24)], 1))
async def world_asked(request: pytest.FixtureRequest, server: Server) -> AsyncIterator[Asked]:
    with fresh(server) as place:
        follower, db = await connect(place.url, FOLLOW_LIMITS), Database(place.url, 2)
        await db.open()
        try:
            telling = Telling(follower, made_up(request.param), BEGIN, STEP)
            await telling.write()
            await catch_up(follower, FACTS)
            yield Asked(db, telling)
        finally:
            await db.close()
            await follower.close()


async def test_availability_is_what_each_step_adds_up_to(world_asked: Asked) -> None:
    services = {service.key: service for service in world_asked.world.services}
    for point in await world_asked.points("service_availability", "service"):
        sums = world_asked.world.sums(services[str(point.by["service"])], *world_asked.steps(point))
        assert (point.denominator, point.numerator) == _seconds(sums.agreed, sums.outage)
        expected = None if not sums.agreed else round(float(1 - sums.outage / sums.agreed), 9)
        assert point.value == expected
    for point in await world_asked.points("service_availability"):
        every = [world_asked.world.sums(service, *world_asked.steps(point)) for service in services.values()]
        agreed, outage = (
            sum(sums_of_step.agreed for sums_of_step in every),
            sum((sums_of_step.outage for sums_of_step in every), Fraction(0)),
        )
        assert (point.denominator, point.numerator) == _seconds(agreed, outage), "pooled, never averaged"


def _seconds(agreed: int, outage: Fraction) -> tuple[int, int]:
    return agreed * SECONDS, int(outage * SECONDS + Fraction(1, 2))


async def test_customers_agreements_count_by_their_own_terms(world_asked: Asked) -> None:
    world = world_asked.world
    own = {
        sums_of_step.name: sums_of_step
        for sums_of_step in world.agreements
        if sums_of_step.customer is not None
    }
    points_by_place = {
        (str(point.by["agreement"]), point.begin): point
        for point in await world_asked.points("service_availability", "agreement")
    }
    for (name, _), point in points_by_place.items():
        steps = world_asked.steps(point)
        if name in own:
            sums = [world.sums(service, *steps, own[name]) for service in world.services]
            agreed = sum(sums_of_step.agreed for sums_of_step in sums)
            assert (point.denominator, point.numerator) == _seconds(
                agreed, sum(sums_of_step.outage for sums_of_step in sums) + Fraction(0)
            )
            (alone,) = [
                world_point
                for world_point in await world_asked.points("service_availability", agreement=[name])
                if world_point.begin == point.begin
            ]
            assert (alone.numerator, alone.denominator) == (point.numerator, point.denominator)
    everybody = [point for (name, _), point in points_by_place.items() if name not in own]
    for point in await world_asked.points("service_availability"):
        of_it = [world_point for world_point in everybody if world_point.begin == point.begin]
        assert sum(sums_of_step.denominator or 0 for sums_of_step in of_it) == point.denominator
        assert sum(sums_of_step.numerator or 0 for sums_of_step in of_it) == pytest.approx(
            point.numerator, abs=len(of_it)
        )


async def test_outages_are_counted_by_when_they_began_and_listed(world_asked: Asked) -> None:
    world, names = world_asked.world, {service.key: service for service in world_asked.world.services}
    beginnings = {key: world.beginnings(service, -100) for key, service in names.items()}
    for point in await world_asked.points("outage_count", "service"):
        begin, end = world_asked.steps(point)
        expected = [step for step in beginnings[str(point.by["service"])] if begin <= step < end]
        assert point.value == len(expected)
    question = world_asked.question("outage_count")
    page = await cases(world_asked.db, question, world_asked.now, limit=200)
    listed = [case.decided_at for case in page.cases]
    begin = (datetime(2026, 2, 28, 23, tzinfo=UTC) - BEGIN) // STEP
    every = sorted(step for beginning in beginnings.values() for step in beginning if step >= begin)
    assert listed == [world_asked.telling.at(step) for step in every]
    for point in await world_asked.points("mtbf"):
        steps = world_asked.steps(point)
        sums = [world.sums(service, *steps) for service in names.values()]
        began = sum(steps[0] <= step < steps[1] for beginning in beginnings.values() for step in beginning)
        up = SECONDS * (
            sum(sums_of_step.agreed for sums_of_step in sums)
            - sum((sums_of_step.outage for sums_of_step in sums), Fraction(0))
        )
        assert point.denominator == began
        assert point.value == (round(float(up / began), 3) if began else None)
        assert point.exposure is not None
        assert point.exposure.at_least == (
            None if began or not sum(sums_of_step.agreed for sums_of_step in sums) else round(up)
        )


async def test_the_incidents_that_are_listed_add_up_to_the_time_of_outage(world_asked: Asked) -> None:
    question = world_asked.question("outage_seconds")
    listed = (await cases(world_asked.db, question, world_asked.now, limit=200)).cases
    (begin, _), (_, end) = (((edge - BEGIN) // STEP for edge in span) for span in pairwise(question.bounds))
    world = world_asked.world
    lost = {
        service.key: {
            step: lost for step in range(begin, min(end, world.now)) if (lost := world.lost(service, step))
        }
        for service in world.services
    }
    assert sum(case.measure for case in listed) == pytest.approx(
        float(SECONDS * sum(sum(beginning.values()) for beginning in lost.values())), abs=len(listed)
    )
    expected = dict.fromkeys(world_asked.telling.incidents.values(), Fraction(0))
    for service in world.services:
        for step, weight in lost[service.key].items():
            effect = (
                "down"
                if world.weight(service, step) == 1 and _is_down(world, service.key, step)
                else "degraded"
            )
            first = min(
                (
                    sums_of_step
                    for sums_of_step in world.troubles
                    if sums_of_step.service == service.key and sums_of_step.effect(step) == effect
                ),
                key=lambda incident: (_since(incident, step), int(incident.name[1:])),
            )
            expected[world_asked.telling.incidents[first.name]] += weight * SECONDS
    assert {str(case.id): case.measure for case in listed} == {
        case: int(seconds + Fraction(1, 2)) for case, seconds in expected.items() if seconds
    }


def _is_down(world: World, service: str, step: int) -> bool:
    return any(
        sums_of_step.service == service and sums_of_step.effect(step) == "down"
        for sums_of_step in world.troubles
    )


def _since(trouble: Any, step: int) -> int:
    """Since when the incident has had the effect that it has in the step."""
    effect, since = trouble.effect(step), step
    while trouble.effect(since - 1) == effect:
        since -= 1
    return since
