"""Deviations that were planted into problems are found exactly, whether a step moved the problem or not."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from app.conformance.facts.consumer import consumer
from app.conformance.lookups import fit_share, irregular_cases
from app.conformance.paths import Misfit
from app.conformance.raw.definitions import differences
from app.log.canonical import instant
from app.log.events import Event, stream
from app.log.follow import catch_up
from app.log.read import head
from app.platform.db import Connection, Database
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from tests.contract.logged import MADE_UP
from tests.kpis.histories import write_more

FOLLOWER = consumer(LIFECYCLES)
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
#: The two orders in which ITIL has it: the cause first, or the workaround first.
ORDERS = (
    "raised investigation_begun cause_identified workaround_documented fix_begun resolved closed",
    "raised investigation_begun workaround_documented cause_identified fix_begun resolved closed",
)
STATES = {
    "raised": "new",
    "investigation_begun": "investigating",
    "cause_identified": "cause_identified",
    "workaround_documented": "known_error",
    "fix_begun": "fix_in_progress",
    "resolved": "resolved",
    "closed": "closed",
}
Planted = frozenset[tuple[Misfit, str]]


def planted_problem(chance: random.Random) -> tuple[list[str], Planted]:
    """Return the steps of a problem and what was done to them."""
    steps = chance.choice(ORDERS).split()
    inner = ("investigation_begun", "cause_identified", "fix_begun")
    step = chance.choice(inner)
    event = f"problem.{step}"
    match chance.choice(("nothing", "skipped", "doubled", "out_of_order")):
        case "skipped":
            steps.remove(step)
            return steps, frozenset({(Misfit.skipped, event)})
        case "doubled":
            steps.insert(steps.index(step) + 1, step)
            return steps, frozenset({(Misfit.doubled, event)})
        case "out_of_order":
            steps.remove(step)
            steps.insert(steps.index("resolved") + 1, step)
            return steps, frozenset({(Misfit.out_of_order, event)})
        case _:
            return steps, frozenset()


def events_of(problem: UUID, steps: list[str], opened: datetime) -> list[Event]:
    """Return the events of the steps; a known error whose cause is found stays one."""
    name, state, log = stream("problem", problem), "", list[Event]()
    for version, step in enumerate(steps, 1):
        occurred_at = opened + timedelta(hours=version)
        fields = {"opened_at": instant(occurred_at)} if version == 1 else {}
        before = state
        state = state if (state, step) == ("known_error", "cause_identified") else STATES[step]
        if state != before:
            fields["state"] = state
        log.append(
            Event(
                id=uuid4(),
                stream=name,
                version=version,
                type=f"problem.{step}",
                occurred_at=occurred_at,
                actor="person:11",
                source="api",
                correlation_id=MADE_UP,
                data={"given": {}, "set": {name: fields}},
            )
        )
    return log


async def planted(follower: Connection, problems: int) -> Mapping[UUID, Planted]:
    chance, log, expected = random.Random(70), list[Event](), dict[UUID, Planted]()
    for number in range(problems):
        problem = UUID(int=chance.getrandbits(128))
        steps, expected[problem] = planted_problem(chance)
        log += events_of(problem, steps, BEGIN + timedelta(hours=number))
    await write_more(follower, log)
    await catch_up(follower, FOLLOWER)
    return expected


async def test_deviations_are_found_exactly_in_whatever_order_a_problem_ran(
    follower: Connection, db: Database
) -> None:
    expected = await planted(follower, 80)
    times = (BEGIN, BEGIN + timedelta(days=30))
    irregular = await irregular_cases(db.rows, LIFECYCLES_BY_KIND, "problem", *times)
    assert {
        case.case_id: {(broken.rule, broken.step) for broken in case.irregularities}
        for case in irregular.cases
    } == {problem: set(misfits) for problem, misfits in expected.items() if misfits}
    share = await fit_share(db.rows, LIFECYCLES_BY_KIND, "problem", *times)
    assert share is not None
    assert share.fitting == sum(not misfits for misfits in expected.values()) > 10
    assert await differences(follower, LIFECYCLES, await head(db)) == []
