"""Both paths agree on the KPIs of requests, problems and changes, in whatever spans the log was taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.kpis.catalogue import KPIS
from app.kpis.facts.change_tables import CHANGES, CI, DEPLOYMENT
from app.kpis.facts.consumer import FACTS
from app.kpis.facts.improvement_tables import (
    AUDIT,
    CORRECTIVE_ACTION,
    DOCUMENT,
    FINDING,
    IMPROVEMENT,
    MAINTENANCE,
    PERSON,
    RISK,
    SUGGESTION,
)
from app.kpis.facts.knowledge import ARTICLE, FOLLOWING, SERVICE, SLA
from app.kpis.facts.tables import OF_KEYS, PROBLEM, REQUEST, SATISFACTION
from app.kpis.reconcile import reconcile
from app.log.follow import catch_up, reset
from app.platform.db import Connection
from tests.extent import ALL_EXAMPLES, first_of, in_test_all
from tests.kpis.business_hours import Hours, agree
from tests.kpis.catalogue_histories import OF_INCIDENTS, with_additions
from tests.kpis.histories import BORDERS, TEAMS, histories, write, write_more
from tests.kpis.improvement_histories import programme, write_programme
from tests.kpis.knowledge_histories import knowledge, services, write_knowledge
from tests.kpis.opinions import opinions
from tests.kpis.other_histories import AGREEMENT, CHANGE, other_histories, write_others, write_owners
from tests.kpis.other_histories import CI as CIS
from tests.kpis.other_histories import DEPLOYMENT as DEPLOYMENTS
from tests.kpis.other_histories import PROBLEM as PROBLEMS
from tests.kpis.other_histories import REQUEST as REQUESTS

#: Of quarters of an hour, with half an hour of summer time, with a whole one, with none.
ZONES = ("Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Berlin", "Asia/Shanghai")
NOW = datetime(2026, 9, 1, tzinfo=UTC)
KEYS = [kpi.key for kpi in KPIS.values() if kpi.process != "incident" or kpi.is_of_outages]


async def _lived(connection: Connection, seed: int, cases: int = 50) -> None:
    """Writes three times so many requests, twice so many problems, changes and configuration items."""
    incidents = await write(connection, with_additions(histories(seed, cases=cases), OF_INCIDENTS))
    names = sorted({event.stream for event in incidents if event.stream.startswith("incident/")})
    hours = Hours(connection)
    await hours.calendar("office", (8, 12), (13, 17.25))
    await hours.service("mail", "office")
    await agree(hours)
    requests = await write_others(connection, other_histories(seed, cases, REQUESTS))
    await hours.calendar("night", (20, 24), until=BORDERS[1])
    await hours.calendar("office", (9, 16))
    await hours.service("erp", "night")
    await write_others(connection, other_histories(seed + 100, cases, REQUESTS))
    await hours.service("mail", None)
    await write_others(connection, other_histories(seed + 200, cases, REQUESTS))
    await write_others(connection, other_histories(seed, 2 * cases, PROBLEMS, names))
    await write_others(connection, other_histories(seed, 2 * cases, CHANGE, names))
    changes = await write_others(connection, other_histories(seed + 100, cases, CHANGE, names))
    streams = sorted({event.stream for event in changes})
    await write_others(connection, other_histories(seed, 2 * cases, DEPLOYMENTS, names, streams))
    await write_others(connection, other_histories(seed, cases // 2, AGREEMENT))
    await write_owners(connection, str(TEAMS[0]))
    await write_others(connection, other_histories(seed, cases, CIS))
    await write_owners(connection, str(TEAMS[1]), 1)
    await write_others(connection, other_histories(seed + 100, cases, CIS))
    opinion_events = opinions(seed, [*incidents, *requests])
    await write_more(connection, opinion_events)
    await write_knowledge(
        connection, knowledge(seed, [*incidents, *requests, *opinion_events], visits=2 * cases)
    )
    await write_knowledge(connection, services(seed))
    await write_programme(connection, programme(seed, cases, 5 + cases // 2))


# By `make test` they do on one history of everything (test_reconcile.py).
@in_test_all
@pytest.mark.parametrize(("seed", "zone"), list(enumerate(ZONES)))
async def test_both_paths_agree_on_requests_problems_and_changes(
    database_url: str, follower: Connection, seed: int, zone: str
) -> None:
    await _lived(follower, seed)
    await catch_up(follower, FACTS)
    report = await reconcile(database_url, zone=ZoneInfo(zone), now=NOW, keys=KEYS)
    assert report.differences == []
    assert report.compared > 1000


async def _content(connection: Connection) -> dict[str, Any]:
    by_key = {}
    tables = chain(REQUEST, PROBLEM, CHANGES, CI, DEPLOYMENT, SLA, SERVICE, ARTICLE, SATISFACTION)
    tables = chain(tables, SUGGESTION, IMPROVEMENT, CORRECTIVE_ACTION, MAINTENANCE, PERSON)
    tables = chain(tables, AUDIT, FINDING, DOCUMENT, RISK)
    for name in (*(table.name for table in tables), *FOLLOWING, *OF_KEYS):
        text = f"select md5(string_agg(t::text, ' ' order by t::text)) from kpi.{name} t"
        by_key[name] = await (await connection.execute(text.encode())).fetchone()
    return by_key


# One event after the other takes longest; what it shows of incidents is shown in each run (test_facts.py).
@in_test_all
@pytest.mark.parametrize("batch", [7, *first_of([1, 1000], 1)])
async def test_their_facts_do_not_depend_on_the_spans(follower: Connection, batch: int) -> None:
    await _lived(follower, 21, 50 if ALL_EXAMPLES else 6)  # these few have facts of every kind
    await catch_up(follower, FACTS)
    at_once = await _content(follower)
    await reset(follower, FACTS)
    await catch_up(follower, replace(FACTS, batch=batch))
    assert await _content(follower) == at_once
    assert all(value != (None,) for value in at_once.values()), at_once
