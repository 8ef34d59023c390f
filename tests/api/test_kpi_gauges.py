"""KPI gauges on `/metrics`: what the figures say, for those who may see them, and never waited for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.common.people import Role
from app.kpis import gauges
from app.kpis.catalogue import KPIS
from app.kpis.overview import overview
from app.platform.settings import Settings
from tests.api.desk import Desk
from tests.api.test_outage import Cut
from tests.api.test_service import figures
from tests.client import Api, an_incident, serving
from tests.conftest import DatabaseUrls, Server
from tests.extent import in_test_all
from tests.waiting import until

GAUGE = "ledgerdesk_kpi_"
OPENED = 'value{key="incidents_opened",period="month_to_date",unit="cases"}'
Samples = dict[str, float]


@pytest.fixture
def computed_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each scrape starts to compute the figures anew."""
    monkeypatch.setattr(gauges, "FRESH_SECONDS", 0.0)


def samples(answer: httpx.Response) -> Samples:
    """The KPI gauges of an answer of `/metrics`, by name and labels, without the prefix."""
    assert answer.status_code == 200
    lines = [line.removeprefix(GAUGE) for line in answer.text.splitlines() if line.startswith(GAUGE)]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


async def shown(api: Api, token: str | None) -> Samples:
    """The KPI gauges that the key is shown, as soon as there are any."""

    async def found() -> Samples:
        return samples(await figures(api, token))

    return await until(found)


def sample(name: str, **labels: str) -> str:
    """The name of a sample with its labels, as they are written."""
    selector = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return f"{name}{{{selector}}}"


def as_samples(key: str, period: str, point: dict[str, Any]) -> Samples:
    """What the gauges are to say of a point of that KPI."""
    labels = {"key": key, "period": period}
    body = {
        sample("value", **labels, unit=KPIS[key].unit.value): point["value"],
        sample("cases", **labels): point["cases"],
        sample("open_cases", **labels): point["open_cases"],
    }
    if point["target"] is not None:
        body[sample("target", **labels, comparator=point["target"]["comparator"])] = point["target"]["value"]
        for status in ("met", "at_risk", "missed", "no_data"):
            body[sample("status", **labels, status=status)] = float(point["status"] == status)
    return {name: value for name, value in body.items() if value is not None}


@in_test_all
async def test_every_kpi_has_the_figures_of_this_month_so_far_and_of_the_last(desk: Desk) -> None:
    auditor = await desk.api.client("Olga", Role.auditor)
    now = datetime.now(UTC)
    last_month = now.replace(day=1, hour=0, minute=0) - timedelta(days=3)
    for opened in (now, now, last_month):
        dating = {"occurred_at": opened.isoformat()}
        record = await desk.agent.post_ok("/v1/incidents", an_incident(**dating, service="mail"))
        await desk.resolve(f"/v1/incidents/{record['id']}")
    await desk.follow()
    figures_shown = await shown(desk.api, auditor.token)
    expected: Samples = {}
    for key in KPIS:
        *_, last, running = (await auditor.read(f"/v1/kpis/{key}"))["points"]
        expected |= as_samples(key, gauges.MONTH_TO_DATE, running) | as_samples(key, gauges.LAST_MONTH, last)
    assert 0 <= figures_shown.pop("age_seconds") < gauges.FRESH_SECONDS
    for period in (gauges.MONTH_TO_DATE, gauges.LAST_MONTH):
        assert figures_shown.pop(sample("log_position", period=period)) == await desk.api.head()
    assert figures_shown == expected
    assert (figures_shown[OPENED], figures_shown[OPENED.replace("month_to_date", "last_month")]) == (2, 1)
    assert (
        sample("value", key="incident_close_seconds", period="last_month", unit="seconds")
        not in figures_shown
    )


@in_test_all
async def test_a_scrape_does_not_wait_for_figures_and_the_next_has_them(
    desk: Desk, computed_each_time: None
) -> None:
    auditor = await desk.api.client("Olga", Role.auditor)
    await desk.report(0)
    await desk.follow()
    assert samples(await figures(desk.api, auditor.token)) == {}, "the first one starts to compute them"
    assert (await shown(desk.api, auditor.token))[OPENED] == 1
    await desk.report(0)
    await desk.follow()

    async def counted() -> bool:
        return samples(await figures(desk.api, auditor.token))[OPENED] == 2

    assert await until(counted)


async def test_each_key_is_shown_the_kpis_that_it_may_read_of_figures_that_are_computed_once_a_minute(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    auditor, statements = await desk.api.client("Olga", Role.auditor), list[str]()

    async def counted(*arguments: Any) -> Any:
        statements.append("a period")
        return await overview(*arguments)

    monkeypatch.setattr("app.kpis.gauges.overview", counted)
    everything = await shown(desk.api, auditor.token)
    for _ in range(5):
        assert samples(await figures(desk.api, auditor.token))
    assert {name.partition('key="')[2].partition('"')[0] for name in everything} - {""} == KPIS.keys()
    person = await desk.api.client("Prometheus", Role.integration, Role.problem_manager)
    some = samples(await figures(desk.api, person.token))
    keys = {name.partition('key="')[2].partition('"')[0] for name in some} - {""}
    read = {item["key"] for item in (await person.read("/v1/kpis"))["items"]}
    assert keys == read
    assert 0 < len(keys) < len(KPIS)
    tool = await desk.api.client("A tool", Role.integration)
    answer = await figures(desk.api, tool.token)
    assert samples(answer) == {}
    assert "ledgerdesk_log_position" in answer.text
    assert len(statements) == 2


async def test_where_metrics_are_open_to_all_they_have_no_kpis(
    place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    changed = settings.model_copy(update={"open_metrics": True})
    async with serving(place.url, tmp_path / "secrets", changed) as api:
        auditor = await api.client("Olga", Role.auditor)
        for token in (None, auditor.token):
            assert samples(await figures(api, token)) == {}
        assert api.app.state.kpi_gauges.is_idle, "nothing is computed that nobody is shown"


@in_test_all
@pytest.mark.usefixtures("connections_anew")
async def test_while_the_database_is_gone_they_grow_older_until_they_are_shown_no_more(
    desk: Desk, server: Server, place: DatabaseUrls, monkeypatch: pytest.MonkeyPatch, computed_each_time: None
) -> None:
    auditor = await desk.api.client("Olga", Role.auditor)
    before = await shown(desk.api, auditor.token)
    cut = Cut(server, place)
    await cut.allow(False)
    for _ in range(2):
        found = samples(await figures(desk.api, auditor.token))
        assert found.pop("age_seconds") > before["age_seconds"]
        assert found.keys() == before.keys() - {"age_seconds"}
    monkeypatch.setattr(gauges, "STALE_SECONDS", 0.0)
    answer = await figures(desk.api, auditor.token)
    assert samples(answer) == {}
    assert "ledgerdesk_database_up 0.0" in answer.text
    await cut.allow(True)
    monkeypatch.undo()
    assert await shown(desk.api, auditor.token)
