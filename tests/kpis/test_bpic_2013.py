"""Two real event logs from one desk, incidents and closed problems, each by a mapping of its own: every value
that independent scripts have found, over HTTP.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.common.people import Role
from app.exchange.load import load
from app.exchange.readers.xes import Xes
from app.kernel import ledger as ledgers
from app.kpis.facts.consumer import FACTS
from app.kpis.reconcile import reconcile
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from app.registry import LIFECYCLES_BY_KIND
from tests.client import serving
from tests.conftest import Server, fresh
from tests.exchange.servicenow_files import a_mapping
from tests.extent import ALL_EXAMPLES, in_test_all
from tests.kpis.test_real_history import USUAL, History, differences

pytestmark = in_test_all

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
LOGS = {
    "bpic2013_incidents": ("vinst_incidents", 65_533, 7_554),
    "bpic2013_closed_problems": ("vinst_problems", 6_660, 1_487),
}


@pytest.fixture(scope="module", params=LOGS)
async def log(
    request: pytest.FixtureRequest, server: Server, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, History]]:
    """One of the logs, imported from its file."""
    name, secrets = request.param, tmp_path_factory.mktemp("secrets")
    mapping, rows, cases = LOGS[name]
    with fresh(server) as place:
        async with ledgers.open_ledger(place.url, secrets, LIFECYCLES_BY_KIND, USUAL) as ledger:
            reader = Xes(a_mapping(mapping), NOW)
            report = await load(ledger, real_data / f"{name}.xes.gz", reader, source="vinst", now=NOW)
        assert (report.read, report.applied, report.cases) == (rows, rows, cases)
        async with serving(place.url, secrets, USUAL) as api:
            manager = await api.client("Marta", Role.incident_manager)
            connection = await connect(place.url, FOLLOW_LIMITS)
            await catch_up(connection, FACTS)
            await connection.close()
            span = {"from": "2006-01-01", "to": "2012-07-01", "tz": "UTC"}
            yield name, History(manager, place.url, span)


async def test_every_value_of_the_reference_is_answered(log: tuple[str, History], real_data: Path) -> None:
    name, history = log
    path = real_data / "reference" / f"{name}_kpis.json"
    reference = json.loads(path.read_text(encoding="utf-8"))
    assert reference.keys() == {"definitions", "zone", "overall", "by_month", "by_priority"}
    wrong = []
    for key, expected in reference["overall"].items():
        (point,) = await history.points(key, "all")
        wrong += differences(key, expected, point)
    for month, values in reference["by_month"].items():
        for key, expected in values.items():
            (point,) = await history.month(key, month)
            wrong += differences(f"{month} {key}", expected, point)
    for priority, values in reference["by_priority"].items():
        for key, expected in values.items():
            points = await history.points(key, "all", "priority")
            (point,) = [p for p in points if p["by"]["priority"] == priority]
            wrong += differences(f"{priority} {key}", expected, point)
    assert wrong == []


async def test_both_paths_agree_on_it(log: tuple[str, History]) -> None:
    name, history = log
    if name != "bpic2013_closed_problems" and not ALL_EXAMPLES:
        pytest.skip("runs in make soak")
    keys = [] if ALL_EXAMPLES else ["incident_resolution_seconds", "reassignments_per_case", "backlog"]
    report = await reconcile(history.url, zone=ZoneInfo("UTC"), now=NOW, keys=keys)
    assert report.differences == []
    assert report.compared > 1000
