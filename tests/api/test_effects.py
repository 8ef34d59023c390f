"""Measured effects over HTTP: measured once, stored, shown with whether they come out the same again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

from app.common.people import Role
from tests.api.desk import Desk
from tests.client import RESOLVED, Client, Json, an_incident
from tests.extent import in_test_all

EFFECT = "/v1/kpis/incident_resolution_seconds/effect"
BEFORE, AFTER = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
WINDOWS: dict[str, Any] = {
    "before": {"from": "2026-03-01", "to": "2026-04-01"},
    "after": {"from": "2026-04-01", "to": "2026-05-01"},
    "tz": "UTC",
}


async def _history(desk: Desk) -> None:
    """Twelve incidents in March that took two hours and some, as many in April that took half of one."""
    tool = await desk.api.client("Monitor", Role.integration)
    for begin, minutes in ((BEFORE, 120), (AFTER, 30)):
        for day in range(12):
            opened_at = begin + timedelta(days=day, minutes=day)
            record = await tool.post_ok("/v1/incidents", an_incident(occurred_at=opened_at.isoformat()))
            ended = opened_at + timedelta(minutes=minutes + day)
            await tool.post_ok(
                f"/v1/incidents/{record['id']}/resolve", {**RESOLVED, "occurred_at": ended.isoformat()}
            )
    await desk.follow()


async def _refused(client: Client, body: Json, path: str = EFFECT) -> tuple[int, list[tuple[str, str]]]:
    answer = await client.post(path, json=body)
    return answer.status_code, [(item["pointer"], item["code"]) for item in answer.json().get("errors", [])]


async def test_an_effect_is_measured_stored_and_comes_out_the_same_again(desk: Desk) -> None:
    await _history(desk)
    quality = await desk.api.client("Quan", Role.quality_manager)
    promised = {"change": -0.5}
    record = await quality.post_ok(EFFECT, {**WINDOWS, "promised": promised}, idempotency_key="effect-1")
    result = record["result"]
    assert (record["verdict"], record["kpi"]) == ("improved", "incident_resolution_seconds")
    assert result["effect"] == -5_400
    # A year before is not known, so the interval is wider.
    assert result["low"] < -5_400 < result["high"] < -4_000
    assert [result[side]["cases"] for side in ("before", "after")] == [12, 12]
    assert result["promised"]["reached"] == "shown"
    assert record["sentence"] == (
        "Mean time to resolve (MTTR, business time): 1 h 30 min shorter (-71.7 %, improved); "
        "from 2 h 6 min to 35 min 30 s; "
        "97.5 % interval 1 h 20 min to 1 h 40 min; median 2 h 6 min before, 35 min 30 s after; "
        "90th percentile 2 h 10 min before, 39 min 54 s after; geometric means -72 % (-76 to -66 %); "
        "in 100 % of pairs the case after took less time (63 to 100 %); "
        "12 cases, begun on 12 days, before; 12, begun on 12 days, after; not compared with anybody; "
        "promised 1 h 3 min shorter (shown)."
    )
    answer = await quality.read(f"/v1/effects/{record['id']}")
    assert answer["recomputed"] == {"same": True, "differences": [], "reason": None}
    assert answer["result"] == result
    # What happens later changes no effect: it is computed from the log at its position.
    tool = await desk.api.client("Tool", Role.integration)
    late = await tool.post_ok("/v1/incidents", an_incident(occurred_at="2026-04-20T00:00:00Z"))
    body = {**RESOLVED, "occurred_at": "2026-04-25T00:00:00Z"}
    await tool.post_ok(f"/v1/incidents/{late['id']}/resolve", body)
    await desk.follow()
    again = await quality.read(f"/v1/effects/{record['id']}")
    assert again["recomputed"]["same"] is True
    fresh = await quality.post_ok(EFFECT, WINDOWS)
    assert fresh["result"]["after"]["cases"] == 13
    assert fresh["position"] > record["position"]
    listed = await quality.read("/v1/effects", kpi="incident_resolution_seconds")
    assert [item["id"] for item in listed["items"]] == [fresh["id"], record["id"]]
    zh = await quality.get(f"/v1/effects/{record['id']}", headers={"Accept-Language": "zh"})
    assert "缩短 1 小时 30 分钟（-71.7%，已改善）" in zh.json()["sentence"]


@in_test_all
async def test_an_effect_is_drawn_in_three_ways_and_both_languages(desk: Desk) -> None:
    await _history(desk)
    quality = await desk.api.client("Quan", Role.quality_manager)
    record = await quality.post_ok(EFFECT, {**WINDOWS, "change": "CHG-2026-0031"})
    shares = await quality.post_ok("/v1/kpis/reopen_rate/effect", {**WINDOWS, "scope": {"priority": ["P3"]}})
    for figure in ("intervals", "behaviour", "cases"):
        for lang, word in (("en", "shorter"), ("zh", "缩短")):
            path = f"/v1/effects/{record['id']}/chart.svg?figure={figure}&lang={lang}"
            drawn = await quality.get(path)
            assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/svg+xml")
            assert word in "".join(ElementTree.fromstring(drawn.text).itertext())
            assert " style=" not in drawn.text
    behaviour = (await quality.get(f"/v1/effects/{record['id']}/chart.svg?figure=behaviour")).text
    assert "CHG-2026-0031" in behaviour
    refused = await quality.get(f"/v1/effects/{shares['id']}/chart.svg?figure=cases")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "no_cases_to_draw")


async def test_who_may_not_see_the_kpi_or_does_not_judge_measures_nothing(desk: Desk) -> None:
    quality = await desk.api.client("Quan", Role.quality_manager)
    drawn = f"/v1/effects/{(await quality.post_ok(EFFECT, WINDOWS))['id']}/chart.svg"
    assert (await quality.get(drawn)).status_code == 200
    agent = await desk.api.client("Ann", Role.agent)
    requester = await desk.api.client("Rita")
    for client in (agent, requester):
        assert (await client.post(EFFECT, json=WINDOWS)).status_code == 403
        assert (await client.read("/v1/effects"))["items"] == []
        assert (await client.get(drawn)).status_code == 404


async def test_what_cannot_be_measured_says_what_is_wrong_and_writes_nothing(desk: Desk) -> None:
    quality = await desk.api.client("Quan", Role.quality_manager)
    head = await desk.api.head()
    overlap = {**WINDOWS, "after": {"from": "2026-03-15", "to": "2026-05-01"}}
    assert await _refused(quality, overlap) == (422, [("/after/from", "windows_overlap")])
    median = "/v1/kpis/incident_resolution_km/effect"
    assert await _refused(quality, WINDOWS, median) == (422, [("/kpi", "no_effect_of_kpi")])
    unknown = {**WINDOWS, "scope": {"team": ["nobody"]}}
    assert await _refused(quality, unknown) == (422, [("/scope/team", "unknown_value")])
    assert (await _refused(quality, {**WINDOWS, "kpi": "nothing"}, "/v1/effects"))[1] == [
        ("/kpi", "unknown_value")
    ]
    assert (await quality.post("/v1/kpis/nothing/effect", json=WINDOWS)).status_code == 404
    assert await desk.api.head() == head


async def test_the_year_before_counts_from_a_recorded_restart_of_the_limits(desk: Desk) -> None:
    await _history(desk)
    quality = await desk.api.client("Quan", Role.quality_manager)
    before = await quality.post_ok(EFFECT, WINDOWS)
    assert before["result"]["history"]["begins_at"].startswith("2025-03-01")
    tool = await desk.api.client("Older", Role.integration)
    await tool.post_ok("/v1/incidents", an_incident(occurred_at="2025-10-01T00:00:00Z"))
    await desk.follow()
    body = {"kpi": "incident_resolution_seconds", "change": "A new tool", "reason": "Steps are fewer."}
    await quality.post_ok("/v1/kpi_rebases", {**body, "begins_at": "2025-11-01T00:00:00Z"})
    after = await quality.post_ok(EFFECT, WINDOWS)
    assert after["result"]["history"]["begins_at"].startswith("2025-11-01")
    restarted = [warning["at"] for warning in after["result"]["warnings"] if warning["code"] == "restarted"]
    assert [time[:10] for time in restarted] == ["2025-11-01"]
    page = await quality.read(f"/v1/effects/{after['id']}")
    assert page["recomputed"]["same"] is True


async def test_more_deliveries_are_neither_better_nor_worse(desk: Desk) -> None:
    tool = await desk.api.client("Monitor", Role.integration)
    for begin, cases in ((BEFORE, 10), (AFTER, 60)):
        for number in range(cases):
            opened_at = begin + timedelta(days=28 * number / cases)
            record = await tool.post_ok("/v1/incidents", an_incident(occurred_at=opened_at.isoformat()))
            ended = (opened_at + timedelta(minutes=10)).isoformat()
            await tool.post_ok(f"/v1/incidents/{record['id']}/resolve", {**RESOLVED, "occurred_at": ended})
    await desk.follow()
    quality = await desk.api.client("Quan", Role.quality_manager)
    effect = await quality.post_ok("/v1/kpis/incidents_resolved/effect", WINDOWS)
    assert effect["verdict"] == "higher"
    assert "(higher)" in effect["sentence"]


async def test_long_cases_that_stay_open_are_a_warning_with_both_numbers(desk: Desk) -> None:
    await _history(desk)
    tool = await desk.api.client("Late", Role.integration)
    for day in range(5):
        opened_at = AFTER + timedelta(days=3 + day)
        await tool.post_ok("/v1/incidents", an_incident(occurred_at=opened_at.isoformat()))
    await desk.follow()
    quality = await desk.api.client("Quan", Role.quality_manager)
    effect = await quality.post_ok(EFFECT, WINDOWS)
    moved = [item for item in effect["result"]["warnings"] if item["code"] == "open_cases_moved"]
    assert [(item["cases_before"], item["cases"]) for item in moved] == [(0, 5)]
    assert "open cases: 0 at the end of the baseline, 5 at the end" in effect["sentence"]
