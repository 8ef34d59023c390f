"""A real history of 24,918 incidents: every value that independent scripts have found, over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.common.people import Role
from app.kernel.ledger import Ledger
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.reconcile import reconcile
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from app.platform.settings import Settings
from tests.client import Client, Json, serving
from tests.conftest import HISTORY, DatabaseUrls, Server, fresh
from tests.exchange.servicenow_files import SAMPLE, import_file
from tests.extent import WHOLE, first_of, in_soak, in_test_all

SECONDS_WITHIN = 0.5
RATIO_WITHIN = 1e-6
TIME = {"from": "2016-02-01", "to": "2017-04-01", "tz": "UTC"}
#: Of the incidents that it is about; other processes have nothing in it.
KEYS = [key for key, kpi in KPIS.items() if kpi.process == "incident"]
USUAL = Settings(_env_file=None)  # type: ignore[call-arg]  # Pydantic's own argument


@dataclass
class History:
    """The imported history, asked over HTTP as whoever sees all incidents. Each answer is asked for once."""

    client: Client
    url: str
    span: dict[str, str] = field(default_factory=lambda: TIME)
    answers: dict[tuple[str, str, str], list[Json]] = field(default_factory=dict)

    async def points(self, key: str, grain: str, by: str = "") -> list[Json]:
        cache_key = (key, grain, by)
        if cache_key not in self.answers:
            cut = {"by": by} if by else {}
            answer = await self.client.read(f"/v1/kpis/{key}", grain=grain, **self.span, **cut)
            assert answer["lag_seconds"] == 0
            self.answers[cache_key] = answer["points"]
        return self.answers[cache_key]

    async def month(self, key: str, month: str, by: str = "") -> list[Json]:
        return [point for point in await self.points(key, "month", by) if point["from"].startswith(month)]


@pytest.fixture(scope="module")
def imported(server: Server, real_secrets: Path) -> Iterator[DatabaseUrls]:
    """A copy of the whole history, made once for the file."""
    with fresh(server, HISTORY) as place_made:
        yield place_made


@pytest.fixture(scope="module")
async def history(imported: DatabaseUrls, real_secrets: Path) -> AsyncIterator[History]:
    async with serving(imported.url, real_secrets, USUAL) as api:
        manager = await api.client("Marta", Role.incident_manager)
        connection = await connect(imported.url, FOLLOW_LIMITS)
        await catch_up(connection, FACTS)
        await connection.close()
        yield History(manager, imported.url)


@cache
def reference(real_data: Path) -> Json:
    """The values by section, cut and key."""
    path = real_data / "reference" / "uci_incident_kpis.json"
    document: Json = json.loads(path.read_text(encoding="utf-8"))
    return document


def differences(where: str, expected: Any, point: Json) -> list[str]:
    """What of a point is not as it should be: counts and numerators exactly, seconds within a half."""
    if not isinstance(expected, dict):
        expected = {"value": expected}
    fields = {"n": point["cases"], **(point["elapsed"] or {}), **point}
    wrong = []
    for name, value in expected.items():
        exactly = isinstance(value, int)
        within = 0 if exactly else RATIO_WITHIN if name == "value" else SECONDS_WITHIN
        if fields[name] is None or abs(fields[name] - value) > within:
            wrong.append(f"{where} {name}: {fields[name]} instead of {value}")
    return wrong


@in_test_all
async def test_over_all_its_time(history: History, real_data: Path) -> None:
    wrong = []
    for key, expected in reference(real_data)["overall"].items():
        (point,) = await history.points(key, "all")
        wrong += differences(key, expected, point)
    assert wrong == []


@in_test_all
async def test_by_month_the_backlog_at_its_end_among_them(history: History, real_data: Path) -> None:
    wrong = []
    for month, values in reference(real_data)["by_month"].items():
        for key, expected in values.items():
            (point,) = await history.month(key, month)
            wrong += differences(f"{month} {key}", expected, point)
    assert wrong == []


@in_test_all
async def test_by_priority_and_by_group(history: History, real_data: Path) -> None:
    wrong = []
    for section, by in (("by_priority", "priority"), ("by_group", "team")):
        for name, values in reference(real_data)[section].items():
            for key, expected in values.items():
                (point,) = [p for p in await history.points(key, "all", by) if p["by"][by] == coded(name)]
                wrong += differences(f"{name} {key}", expected, point)
    assert wrong == []


@in_test_all
async def test_by_month_and_priority(history: History, real_data: Path) -> None:
    wrong = []
    for month, priorities in reference(real_data)["by_month_and_priority"].items():
        for name, values in priorities.items():
            for key, expected in values.items():
                points = await history.month(key, month, "priority")
                (point,) = [p for p in points if p["by"]["priority"] == coded(name)]
                wrong += differences(f"{month} {name} {key}", expected, point)
    assert wrong == []


def coded(name: str) -> str | None:
    """What an answer calls it: `1 - Critical` is P1, a group without a name is none."""
    return None if name == "?" else f"P{name[0]}" if name[0].isdigit() else name


@in_test_all
async def test_a_number_can_be_opened_down_to_its_cases_and_their_events(history: History) -> None:
    key, cut = "incident_resolution_seconds", {"priority": "P1", "from": "2016-03-01", "to": "2016-04-01"}
    (point,) = [p for p in await history.month(key, "2016-03", "priority") if p["by"]["priority"] == "P1"]
    pages = await history.client.pages(f"/v1/kpis/{key}/cases", limit=25, tz="UTC", **cut)
    all_listed = [case for page in pages for case in page]
    assert len({case["id"] for case in all_listed}) == len(all_listed) == point["cases"] == 62
    assert sum(case["measure"] for case in all_listed) / 62 == pytest.approx(point["value"], abs=0.001)
    for case in all_listed[:5]:
        document = (await history.client.read(f"/v1/incidents/{case['number']}/events"))["items"]
        times = {event["id"]: datetime.fromisoformat(event["occurred_at"]) for event in document}
        begun, decided = (times[event["id"]] for event in (case["events"][0], case["events"][-1]))
        assert decided == datetime.fromisoformat(case["decided_at"])
        assert case["measure"] == (decided - begun).total_seconds()


@in_test_all
async def test_both_paths_agree_on_its_beginning(
    ledger: Ledger, place: DatabaseUrls, real_data: Path
) -> None:
    await import_file(ledger, real_data / SAMPLE)
    connection = await connect(place.url, FOLLOW_LIMITS)
    await catch_up(connection, FACTS)
    await connection.close()
    await they_agree(place.url, *((10_000, ()) if WHOLE else (1_000, first_of(KEYS, 12))))


@in_soak
async def test_both_paths_agree_on_all_of_it(history: History) -> None:
    await they_agree(history.url, 100_000)


async def they_agree(url: str, numbers: int, keys: Sequence[str] = ()) -> None:
    report = await reconcile(url, zone=ZoneInfo("UTC"), now=datetime(2026, 11, 20, tzinfo=UTC), keys=keys)
    assert report.differences == []
    assert report.compared > numbers
