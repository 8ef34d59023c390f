"""The behaviour of several KPIs at once: the figures of each alone, with two marks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.common.people import Role
from app.i18n import LANGUAGES
from app.kpis.answers.limits import KpiLimits
from app.kpis.answers.point_parts import PointTarget
from app.kpis.behaviours import target_mark
from app.kpis.declaration.kpi import Comparator
from app.kpis.signals.watch_list import USUAL
from tests.api.desk import Desk
from tests.api.test_kpi_signals import Desk as SpikedDesk
from tests.api.test_kpi_signals import desk_with_a_spike, months
from tests.client import Api, Client

ROWS = "/v1/kpis/behaviours"
DEFINITIONS = "/v1/kpis/definitions"
LIMITS = KpiLimits(centre=5.0, low=2.0, high=8.0, moving_range=1.0, upper_range=3.0)


async def test_each_figure_is_that_of_its_kpi_alone(desk: Desk) -> None:
    for hours in (2, 3):
        await desk.resolve(await desk.report(hours))
    await desk.follow()
    page = await desk.manager.read(ROWS, keys="incident_resolution_seconds,incidents_opened", team="mail")
    assert [item["key"] for item in page["items"]] == ["incident_resolution_seconds", "incidents_opened"]
    assert (page["position"], page["lag_seconds"]) == (await desk.api.head(), 0)
    for item in page["items"]:
        alone = await desk.manager.read(f"/v1/kpis/{item['key']}/behaviour", team="mail")
        assert (item["points"], item["limits"]) == (alone["points"], alone["limits"])
        assert item["judged"]["to"] <= datetime.now(UTC).isoformat(), "the last that is over"


async def test_a_filter_that_a_kpi_is_not_cut_by_is_named_and_leaves_no_figure(desk: Desk) -> None:
    auditor = await desk.api.client("Aude", Role.auditor)
    page = await auditor.read(ROWS, keys="incidents_opened,service_availability", channel="phone")
    opened, availability = page["items"]
    assert (opened["ignored_filters"], len(opened["points"])) == ([], 12)
    assert (availability["ignored_filters"], availability["points"], availability["judged"]) == (
        ["channel"],
        [],
        None,
    )


async def test_a_period_that_is_a_signal_is_marked_and_one_that_runs_is_not(api: Api) -> None:
    spiked_desk: SpikedDesk = await desk_with_a_spike(api)
    quality: Client = spiked_desk.quality
    begin, key = months()[2].date().isoformat(), "incident_resolution_seconds"

    async def mark(judged: datetime | None) -> tuple[str | None, str | None]:
        query = {} if judged is None else {"judged": judged.date().isoformat()}
        (item,) = (await quality.read(ROWS, keys=key, **{"from": begin}, **query))["items"]
        return item["change"], item["as_it_runs"]

    assert await mark(None) == ("usual", "always"), "one exception does not widen the limits"
    assert await mark(spiked_desk.spike) == ("worse", "always")
    assert (await mark(months()[-1]))[0] is None, "it is not over"
    assert (await mark(months()[0])) == (None, None), "it is not in the chart"


@pytest.mark.parametrize(
    ("comparator", "value", "mark"),
    [
        (Comparator.lt, 9, "always"),
        (Comparator.le, 8, "always"),
        (Comparator.lt, 8, "hit_and_miss"),
        (Comparator.lt, 2, "never"),
        (Comparator.ge, 2, "always"),
        (Comparator.ge, 9, "never"),
    ],
)
def test_whether_the_target_is_met_as_it_runs_is_said_by_the_limits(
    comparator: Comparator, value: int, mark: str
) -> None:
    assert target_mark(PointTarget(comparator=comparator, value=value), LIMITS) == mark
    assert (
        target_mark(None, LIMITS)
        is target_mark(PointTarget(comparator=comparator, value=value), None)
        is None
    )


async def test_nobody_gets_the_behaviour_of_a_kpi_that_they_may_not_see(desk: Desk) -> None:
    auditor, requester = await desk.api.client("Aude", Role.auditor), await desk.api.client("Rae")
    for language in LANGUAGES:
        answer = await auditor.get(ROWS, headers={"Accept-Language": language})
        assert [item["key"] for item in answer.json()["items"]] == list(USUAL)
        assert answer.headers["content-language"] == language
    assert (await requester.read(ROWS))["items"] == []
    assert (await requester.read(DEFINITIONS))["items"] == []
    assert {item["key"] for item in (await auditor.read(DEFINITIONS))["items"]} >= set(USUAL)
    refused = await requester.get(ROWS, params={"keys": "incidents_opened"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await auditor.get(ROWS, params={"keys": "happiness"})).status_code == 404
    assert (await auditor.get(ROWS, params={"judged": "soon"})).json()["errors"][0]["parameter"] == "judged"
