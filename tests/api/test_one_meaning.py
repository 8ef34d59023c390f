"""One number, one meaning: every figure in the sentence and the drawing of an effect is the API's figure of
that name, of the same statistic and clock; and a KPI's value is that of the clock that it names.

The page of a KPI is compared in tests/dashboard/test_dashboard_pages.py, documents of improvements in
tests/processes/improvements/test_documents.py, notices and mails in
tests/notifications/test_mailed_figures.py.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from app.common.people import Role
from app.kpis.declaration.kpi import Unit
from app.kpis.questions.chart_words import ChartWords
from tests.api.desk import MTTR, Desk
from tests.api.test_effects import AFTER, BEFORE, EFFECT, WINDOWS
from tests.api.test_expand import HOURS
from tests.client import RESOLVED, Client, Json, an_incident
from tests.extent import in_test_all
from tests.foundation.services.test_catalogue import a_service
from tests.selection import selected

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
SIDES = {"before": "P3", "after": "P3", "control_before": "P4", "control_after": "P4"}


async def _history(desk: Desk, cases: int = 18) -> None:
    """Incidents of a service with office hours, by day and by night, so that business time is less than all
    time, some of it is none, and a mean is no median; those of P4 are the control.
    """
    keeper = await desk.api.client("K", Role.configuration_manager, Role.service_level_manager, Role.admin)
    await keeper.post_ok("/v1/calendars", {"key": "office", "name": "Office", **HOURS})
    await a_service(keeper, calendar="office")
    tool = await desk.api.client("Monitor", Role.integration)
    for begin, minutes in ((BEFORE, 200), (AFTER, 60)):
        for n in range(cases):
            for urgency, took in (("2", minutes + 7 * n * n), ("3", 90 + 40 * (n % 4))):
                opened_at = begin + timedelta(days=n % 11, hours=(5 * n) % 24)
                incident = an_incident(occurred_at=opened_at.isoformat(), urgency=urgency, service="mail")
                record = await tool.post_ok("/v1/incidents", incident)
                ended = (opened_at + timedelta(minutes=took)).isoformat()
                await tool.post_ok(
                    f"/v1/incidents/{record['id']}/resolve", {**RESOLVED, "occurred_at": ended}
                )
    await desk.follow()


def _three(value: float) -> str:
    """A number with three significant digits and two decimals at most, as people write it."""
    size = abs(value)
    text = f"{size:,.{0 if size >= 100 else 1 if size >= 10 else 2}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _seconds(value: float) -> str:
    """Seconds in two units, of which the smaller may be missing."""
    for length, unit, part, part_unit in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        parts = round(abs(value) / part)
        if parts >= length // part:
            quotient, left = divmod(parts, length // part)
            return f"{quotient} {unit}" + (f" {left} {part_unit}" if left else "")
    return f"{_three(value)} s"


async def _points(client: Client) -> dict[str, Json]:
    """What the API says of the KPI itself in each of the windows."""
    points = {}
    for side, priority in SIDES.items():
        window = WINDOWS["before" if "before" in side else "after"]
        question = {"grain": "all", "tz": "UTC", "priority": priority, **window}
        (points[side],) = (await client.read(MTTR, **question))["points"]
    return points


@pytest.mark.parametrize("control", [pytest.param(False, marks=in_test_all), True])
async def test_an_effect_says_the_figures_of_the_api_by_their_names(desk: Desk, control: bool) -> None:
    await _history(desk)
    quality = await desk.api.client("Quan", Role.quality_manager)
    body: dict[str, Any] = {"scope": {"priority": ["P3"]}, "promised": {"change": -0.1}}
    if control:
        body["control"] = {"priority": ["P4"]}
    record = await quality.post_ok(EFFECT, WINDOWS | body)
    result, points = record["result"], await _points(quality)
    sides = {side: result[side] for side in SIDES if result[side] is not None}
    for side, figures in sides.items():
        point = points[side]
        assert figures["value"] == point["value"] == pytest.approx(figures["compared"], abs=1e-3)
        assert figures["median"] == pytest.approx(point["business"]["median"], abs=1e-3)
        assert point["business"] != point["elapsed"], "the other clock says something else"
        assert figures["cases"] == point["cases"]
    before, after = sides["before"], sides["after"]
    change = after["value"] - before["value"]
    if control:
        change -= sides["control_after"]["value"] - sides["control_before"]["value"]
    assert result["effect"] == pytest.approx(change)
    _compare_sentence(record["sentence"], result, sides)
    zh = (await quality.get(f"/v1/effects/{record['id']}", headers={"Accept-Language": "zh"})).json()
    assert sorted(NUMBER.findall(zh["sentence"])) == sorted(NUMBER.findall(record["sentence"]))
    await _compare_drawing(quality, record, sides)


def _compare_sentence(sentence: str, result: Json, sides: dict[str, Json]) -> None:
    before, after, relative = sides["before"], sides["after"], result["relative"]
    amount = _seconds(abs(result["effect"]))
    if result["control_before"]:
        assert f"{amount} less than the control’s change (" in sentence
        assert " %, improved" not in sentence, "nobody had that change"
    else:
        part = _three(100 * result["effect"] / before["value"])
        assert f"{amount} shorter (-{part} %, " in sentence
    assert f"from {_seconds(before['value'])} to {_seconds(after['value'])}" in sentence
    if result["control_before"]:
        control_seconds = [_seconds(sides[side]["value"]) for side in ("control_before", "control_after")]
        assert f"the control from {control_seconds[0]} to {control_seconds[1]}" in sentence
    assert f"{_three(100 * result['level'])} % interval" in sentence
    for end in ("low", "high"):
        assert _seconds(abs(result[end])) in sentence
    assert f"median {_seconds(before['median'])} before, {_seconds(after['median'])} after" in sentence
    shares = [f"{100 * relative[name]:.0f}" for name in ("value", "low", "high")]
    assert [share for share in shares if share not in sentence] == []
    zeros = [f"{100 * side['zeros']:.0f} %" for side in (before, after)]
    assert f"{zeros[0]} of the cases before and {zeros[1]} after took no business time" in sentence
    assert f"{before['cases']} cases, begun on {before['days']} days, before" in sentence
    assert f"promised {_seconds(abs(result['promised']['effect']))} shorter" in sentence


async def _compare_drawing(client: Client, body: Json, sides: dict[str, Json]) -> None:
    """The figure names the same values, and the level of the intervals that it draws."""
    words = ChartWords("en", Unit.seconds, ZoneInfo("UTC"), "CNY")
    drawn = (await client.get(f"/v1/effects/{body['id']}/chart.svg")).text
    text = " ".join(ElementTree.fromstring(drawn).itertext())  # drawn by us
    for value in (words.value(side["value"]) for side in sides.values()):
        assert value in text
    assert words.difference(body["result"]["effect"]) in text
    assert "97.5 % interval" in text
    assert "95 % interval" not in text


async def test_a_value_is_that_of_the_clock_that_its_kpi_names(desk: Desk) -> None:
    await _history(desk, cases=3)
    values = set()
    kpis = (await desk.manager.read("/v1/kpis"))["items"]
    of_others = [kpi for kpi in kpis if kpi["process"] != "incident"]
    of_incidents = [kpi for kpi in kpis if kpi["process"] == "incident"]
    for kpi in (*of_incidents, *selected("clocks", of_others, lambda kpi: (kpi["clock"], kpi["aggregate"]))):
        points = (await desk.manager.read(f"/v1/kpis/{kpi['key']}", grain="month", **_year()))["points"]
        for point in points:
            distributions = {name: point[name] for name in ("business", "elapsed") if point[name]}
            if kpi["clock"] is None:
                assert not distributions, f"{kpi['key']}: which one is it of?"
            elif point["value"] is not None:
                statistic = "median" if kpi["aggregate"] == "median" else "mean"
                assert point["value"] == pytest.approx(distributions[kpi["clock"]][statistic], abs=1e-3)
                values.add(kpi["clock"])
    assert values == {"business", "elapsed"}


def _year() -> dict[str, str]:
    return {"from": "2026-03-01", "to": "2026-05-01", "tz": "UTC"}
