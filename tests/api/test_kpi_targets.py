"""Targets over HTTP: who sets them, for which periods they hold, and that nothing said is lost."""

from __future__ import annotations

from typing import Any

import pytest

from app.common.people import Role
from tests.cases import each_case
from tests.client import Api, Client, Json

KPI = "/v1/kpis/incident_resolution_seconds"
TARGET = f"{KPI}/target"


async def put(client: Client, body: Json, path: str = TARGET, **headers: str) -> Any:
    return await client.put(path, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})


async def targets(client: Client, **parameters: Any) -> list[tuple[str, float] | None]:
    """The target of each month of 2026 up to June."""
    body = {"from": "2026-01-01", "to": "2026-07-01", **parameters}
    points = (await client.read(KPI, **body))["points"]
    return [point["target"] and (point["target"]["comparator"], point["target"]["value"]) for point in points]


async def test_a_target_holds_for_its_time_and_older_periods_keep_theirs(api: Api) -> None:
    quality = await api.client("Quan", Role.quality_manager)
    fixed = ("lt", 7200)
    assert await targets(quality) == [fixed] * 6
    body = {"comparator": "le", "value": "5400.5", "valid_from_at": "2026-03-01T00:00:00Z"}
    first = await put(quality, body)
    assert (first.status_code, first.json()["version"]) == (201, 1)
    stricter = ("le", 5400.5)
    assert await targets(quality) == [fixed] * 2 + [stricter] * 4
    for_may = {"valid_from_at": "2026-05-01T00:00:00Z", "valid_until_at": "2026-06-01T00:00:00Z"}
    second = await put(quality, {"comparator": "lt", "value": "3600", **for_may})
    assert (second.status_code, second.json()["version"]) == (200, 2)
    assert second.json()["id"] == first.json()["id"]
    assert await targets(quality) == [fixed] * 2 + [stricter] * 2 + [("lt", 3600), stricter]
    none = await put(quality, {"valid_from_at": "2026-06-01T00:00:00Z"})
    assert none.status_code == 200
    assert (await targets(quality))[5] is None
    path = f"/v1/kpi_targets/{first.json()['id']}"
    await quality.post_ok(f"{path}/withdraw", {"reason": "It was the draft."})
    assert await targets(quality) == [fixed] * 6
    types = [event["type"] for event in (await quality.read(f"{path}/events"))["items"]]
    assert types == [f"kpi_target.{name}" for name in ("added", "revised", "revised", "withdrawn")]


@pytest.mark.parametrize(
    ("said", "kept"), [(5400, "5400"), (5400.5, "5400.5"), (5400.0, "5400"), ("5400.50", "5400.50")]
)
async def test_a_value_is_taken_as_a_number_too_as_figures_show_it(api: Api, said: Any, kept: str) -> None:
    quality = await api.client("Quan", Role.quality_manager)
    put_so = await put(quality, {"comparator": "lt", "value": said, "valid_from_at": "2026-01-01T00:00:00Z"})
    assert (put_so.status_code, put_so.json()["value"]) == (201, kept)
    target = (await quality.read(KPI, **{"from": "2026-05-01", "to": "2026-06-01"}))["points"][0]["target"]
    assert (await put(quality, target)).status_code == 200, "what is shown can be set again"


@each_case("said", [True, 1e300, 0.1234567, [1], {}, "1e3", "NaN"])
async def test_what_is_no_number_of_a_target_is_refused(api: Api, said: Any) -> None:
    quality = await api.client("Quan", Role.quality_manager)
    refused = await put(quality, {"comparator": "lt", "value": said})
    assert (refused.status_code, [e["pointer"] for e in refused.json()["errors"]]) == (422, ["/value"])


async def test_a_period_that_runs_has_the_target_of_now(api: Api) -> None:
    quality = await api.client("Quan", Role.quality_manager)
    assert (await put(quality, {"comparator": "lt", "value": "60"})).status_code == 201
    points = (await quality.read(KPI))["points"]
    assert [point["target"]["value"] for point in points[-2:]] == [7200, 60]


async def test_whoever_comes_second_is_told_so_and_what_is_sent_again_is_done_once(api: Api) -> None:
    quality = await api.client("Quan", Role.quality_manager)
    body = {"comparator": "lt", "value": "3600"}
    early = await put(quality, body, If_Match='"1"')
    assert (early.status_code, early.json()["version"]) == (412, 0)
    first = await put(quality, body, Idempotency_Key="once")
    again = await put(quality, body, Idempotency_Key="once")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert again.json() == first.json()
    other = await put(quality, {**body, "value": "1800"}, Idempotency_Key="once")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    changed = await put(quality, {**body, "value": "1800"}, If_Match=first.headers["etag"])
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    late = await put(quality, body, If_Match=first.headers["etag"])
    assert (late.status_code, late.json()["version"]) == (412, 2)


@each_case(
    ("key", "body", "pointer", "code"),
    [
        ("incidents_opened", {"comparator": "lt"}, "/value", "missing"),
        ("incidents_opened", {"value": "1"}, "/comparator", "missing"),
        ("incidents_opened", {"comparator": "near", "value": "1"}, "/comparator", "enum"),
        ("incidents_opened", {"comparator": "lt", "value": [5]}, "/value", "string_type"),
        ("incidents_opened", {"comparator": "lt", "value": "1e3"}, "/value", "string_pattern_mismatch"),
        ("incidents_opened", {"comparator": "lt", "value": "-1"}, "/value", "greater_than_equal"),
        ("reopened_share", {"comparator": "lt", "value": "5"}, "/value", "not_a_share"),
        (
            "backlog",
            {"valid_from_at": "2026-03-01T00:00:00Z", "valid_until_at": "2026-03-01T00:00:00Z"},
            "/valid_until_at",
            "not_after_its_beginning",
        ),
        ("backlog", {"valid_until_at": "2020-03-01T00:00:00Z"}, "/valid_until_at", "not_after_its_beginning"),
    ],
    ids=str,
)
async def test_what_is_no_target_is_refused(
    shared: Api, key: str, body: Json, pointer: str, code: str
) -> None:
    quality = await shared.client("Quan", Role.quality_manager)
    refused = await put(quality, body, f"/v1/kpis/{key}/target")
    assert refused.status_code == 422
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [(pointer, code)]


async def test_a_kpi_that_there_is_none_of_has_no_target(shared: Api) -> None:
    quality = await shared.client("Quan", Role.quality_manager)
    body = {"comparator": "lt", "value": "1"}
    assert (await put(quality, body, "/v1/kpis/happiness/target")).status_code == 404
    refused = await quality.post("/v1/kpi_targets", json={"kpi": "happiness", **body})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_value")


async def test_the_quality_manager_sets_targets_and_nobody_else(shared: Api) -> None:
    body = {"comparator": "lt", "value": "3600"}
    for role in Role:
        client = await shared.client("Olga", role)
        may = role is Role.quality_manager
        answer = await put(client, body, "/v1/kpis/incident_close_seconds/target")
        assert answer.status_code in ((200, 201) if may else (403,)), role
