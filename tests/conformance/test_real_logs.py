"""The published logs, and random histories: variants, graph and times are those of a plain loop over their
events, of SQL straight from the log, and of pm4py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.common.people import Role
from app.conformance.raw.definitions import differences
from app.exchange.load import load
from app.exchange.readers.xes import Xes
from app.kernel import ledger as ledgers
from app.log import read
from app.log.events import Recorded
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from tests.client import serving
from tests.conformance.desk import CaseDesk, check_graph, check_variants
from tests.conformance.histories import histories
from tests.conformance.oracle import walks
from tests.conformance.pm4py_answers import pm4py_answers
from tests.conformance.test_facts import FOLLOWER
from tests.conftest import DatabaseUrls, Server, fresh
from tests.exchange.servicenow_files import SAMPLE, WHOLE, a_mapping, import_file
from tests.extent import ALL_EXAMPLES, in_test_all
from tests.extent import WHOLE as WHOLE_LISTS
from tests.kpis.histories import write
from tests.kpis.test_real_history import USUAL

pytestmark = in_test_all

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
EVENTS_AT_ONCE = 20_000
#: To the nearest second, as the facts have them.
SECONDS_WITHIN = 0.51
Fill = Callable[[DatabaseUrls, Path, Path], Awaitable[None]]


@dataclass(frozen=True)
class PublishedLog:
    """A log of incidents, and whether it takes long."""

    fill: Fill
    is_long: bool = False


def from_xes(name: str, mapping: str) -> Fill:
    async def fill(place: DatabaseUrls, secrets: Path, data: Path) -> None:
        async with ledgers.open_ledger(place.url, secrets, LIFECYCLES_BY_KIND, USUAL) as ledger:
            await load(ledger, data / name, Xes(a_mapping(mapping), NOW), source="vinst", now=NOW)

    return fill


def from_csv(name: str) -> Fill:
    async def fill(place: DatabaseUrls, secrets: Path, data: Path) -> None:
        async with ledgers.open_ledger(place.url, secrets, LIFECYCLES_BY_KIND, USUAL) as ledger:
            await import_file(ledger, data / name)

    return fill


async def made_up(place: DatabaseUrls, secrets: Path, data: Path) -> None:
    connection = await connect(place.url, FOLLOW_LIMITS)
    await write(connection, histories(11, cases=400))
    await connection.close()


LOGS = {
    "made up": PublishedLog(made_up),
    "bpic2013_closed_problems": PublishedLog(from_xes("bpic2013_closed_problems.xes.gz", "vinst_problems")),
    "bpic2013_incidents": PublishedLog(
        from_xes("bpic2013_incidents.xes.gz", "vinst_incidents"), is_long=True
    ),
    "uci_sample": PublishedLog(from_csv(SAMPLE)),
    "uci_whole": PublishedLog(from_csv(WHOLE), is_long=True),
}


@pytest.fixture(scope="module", params=LOGS)
async def desk(
    request: pytest.FixtureRequest, server: Server, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[CaseDesk]:
    log = LOGS[request.param]
    if log.is_long and not (ALL_EXAMPLES or WHOLE_LISTS):
        pytest.skip("runs in make test-all")
    secrets = tmp_path_factory.mktemp("secrets")
    with fresh(server) as place:
        await log.fill(place, secrets, real_data)
        async with serving(place.url, secrets, USUAL) as api:
            connection = await connect(place.url, FOLLOW_LIMITS)
            await catch_up(connection, FOLLOWER)
            position = await read.head(api.ledger.db)
            assert await differences(connection, LIFECYCLES, position) == []
            await connection.close()
            events: list[Recorded] = []
            while rows := await read.events_after(
                api.ledger.db, events[-1].position if events else 0, EVENTS_AT_ONCE
            ):
                events += rows
            span = {"from": "2000-01-01", "to": "2030-01-01", "tz": "UTC"}
            manager = await api.client("Marta", Role.incident_manager)
            yield CaseDesk(manager, walks(events), span)


async def test_variants_and_graph_are_those_of_the_loop(desk: CaseDesk) -> None:
    assert len(desk.ended) > 50
    await check_variants(desk)
    await check_graph(desk)
    await check_graph(desk, "all")


async def test_variants_graph_and_times_are_those_of_pm4py(desk: CaseDesk, tmp_path: Path) -> None:
    answers = pm4py_answers(desk.ended, tmp_path)
    variants = {" ".join(variant["steps"]): variant for variant in await desk.variants()}
    assert {steps: variant["cases"] for steps, variant in variants.items()} == answers["counts"]
    for steps, mean in answers["durations"].items():
        assert variants[steps]["seconds"]["mean"] == pytest.approx(mean, abs=SECONDS_WITHIN)
    graph = await desk.read("/graph")
    edges = {f"{edge['from']} {edge['to']}": edge for edge in graph["edges"]}
    assert {edge: of_edge["count"] for edge, of_edge in edges.items()} == answers["edges"]
    for edge, (mean, median) in answers["times"].items():
        assert edges[edge]["seconds"]["mean"] == pytest.approx(mean, abs=SECONDS_WITHIN)
        assert edges[edge]["seconds"]["median"] == pytest.approx(median, abs=SECONDS_WITHIN)
    assert {node["step"]: node["begins"] for node in graph["nodes"] if node["begins"]} == answers["begins"]
    assert {node["step"]: node["ends"] for node in graph["nodes"] if node["ends"]} == answers["ends"]
