"""How each case went: the same by the facts, by SQL straight from the log, and by a loop over its events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from psycopg.rows import dict_row

from app.conformance.facts.consumer import TABLE_NAMES, consumer
from app.conformance.raw.definitions import differences
from app.log.events import Event
from app.log.follow import catch_up
from app.log.read import head
from app.platform.db import Connection, Database
from app.registry import LIFECYCLES
from tests.conformance.histories import histories
from tests.conformance.oracle import Walk, walks
from tests.cuts import at_random, contents, followers, one_by_one
from tests.extent import WHOLE, first_of, in_test_all
from tests.kpis.conftest import Books
from tests.kpis.histories import write

FOLLOWER = consumer(LIFECYCLES)


async def rows(connection: Connection, text: str) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(text.encode())
        return await cursor.fetchall()


def as_rows(walk: Walk) -> dict[str, Any]:
    """What the tables of facts should have of the case."""
    ids = {key: walk.fields_known.get(key) for key in ("team_id", "assignee_id", "customer_id")}
    return {
        "kind": walk.kind,
        "source": walk.source,
        "state": walk.fields_known.get("state"),
        "started_at": walk.started_at,
        "ended_at": walk.ended_at,
        "service": walk.fields_known.get("service"),
        **ids,
        "steps": list(walk.types),
        "step_seconds": [step[2] or 0 for step in walk.steps],
        "all_steps": [event[0] for event in walk.events],
        "all_changes": [event[1] for event in walk.events],
        "all_seconds": [event[2] for event in walk.events],
        "walked": walk.steps,
        "handed": sorted(walk.handovers),
    }


async def as_kept(connection: Connection) -> dict[Any, dict[str, Any]]:
    """What the tables of facts have, by case."""
    fact_rows = {row["case_id"]: row for row in await rows(connection, "select * from kpi.process_case")}
    for row in fact_rows.values():
        row |= {"walked": [], "handed": []}
        for key in ("team_id", "assignee_id", "customer_id"):
            row[key] = None if row[key] is None else str(row[key])
    for row in await rows(connection, "select * from kpi.process_step order by case_id, n"):
        step = ("type", "previous", "seconds", "state", "state_before", "returns")
        fact_rows[row["case_id"]]["walked"].append(tuple(row[name] for name in step))
    for row in await rows(connection, "select * from kpi.process_handover order by case_id, holding, n"):
        turn = (row["holding"], str(row["from_id"]), str(row["to_id"]), row["seconds"], row["returns"])
        fact_rows[row["case_id"]]["handed"].append(turn)
    return {
        case_id: {key: row[key] for key in row if key not in ("case_id", "seconds", "variant", "all_variant")}
        | {"handed": sorted(row["handed"])}
        for case_id, row in fact_rows.items()
    }


async def they_are_the_same(connection: Connection, events: list[Event]) -> None:
    fact_rows = await as_kept(connection)
    expected = {walk.case_id: as_rows(walk) for walk in walks(events)}
    assert fact_rows.keys() == expected.keys()
    for case_id, row in expected.items():
        assert fact_rows[case_id] == row


@pytest.mark.parametrize("seed", first_of(range(4), 1))
async def test_of_incidents_the_facts_are_those_of_a_loop_and_of_raw_sql(
    follower: Connection,
    db: Database,
    seed: int,
) -> None:
    events = await write(follower, histories(seed, cases=200))
    walked = walks(events)
    assert sum(walk.ended_at is not None for walk in walked) > 20  # there is something to compare
    assert sum(came_back for walk in walked for *_, came_back in walk.steps) > 20
    await catch_up(follower, FOLLOWER)
    await they_are_the_same(follower, events)
    assert await differences(follower, LIFECYCLES, await head(db)) == []


async def test_of_all_kinds_the_facts_are_those_of_a_loop_and_of_sql_straight_from_the_log(
    own_books: Books,
) -> None:
    await catch_up(own_books.connection, FOLLOWER)
    await they_are_the_same(own_books.connection, own_books.events)
    position = await head(own_books.db)
    assert await differences(own_books.connection, LIFECYCLES, position) == []
    await own_books.connection.execute(
        b"update kpi.process_step set seconds = seconds + 1 "
        b"where (case_id, n) = (select case_id, n from kpi.process_step where n = 2 limit 1)"
    )
    ((difference),) = await differences(own_books.connection, LIFECYCLES, position)
    assert (difference.table, len(difference.cases)) == ("process_step", 1)


@pytest.mark.parametrize(
    ("cut", "at_once"), [(at_random, 0), (one_by_one, 0 if WHOLE else 0.9)], ids=["at random", "one by one"]
)
@in_test_all
async def test_the_facts_are_the_same_wherever_the_log_was_cut(
    few_own_books: Books,
    cut: Callable[[], Iterator[int]],
    at_once: float,
) -> None:
    async with followers(few_own_books.url, FOLLOWER) as following:
        await following.take_whole()
        uncut = await contents(following.alone, TABLE_NAMES)
        assert all(uncut.values())
        await following.take_in_pieces(cut(), 1 + int(len(few_own_books.events) * at_once))
        assert await contents(following.alone, TABLE_NAMES) == uncut
