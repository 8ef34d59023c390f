"""KPIs over HTTP: the catalogue, a series, and a number opened down to its cases and their events."""

from __future__ import annotations

import asyncio
import itertools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.common.people import Role
from app.exchange.load import load
from app.exchange.readers.ndjson import Ndjson
from app.i18n import LANGUAGES, sentences
from app.kpis.catalogue import KPIS
from app.kpis.facts.tables import EXTENT
from app.kpis.questions.periods import Grain
from app.kpis.shared_overviews import SharedOverviews
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND
from tests.api.desk import MTTR, Desk
from tests.api.test_outage import Cut
from tests.cases import each_case
from tests.client import RESOLVED, Api, Client, an_incident, serving
from tests.conftest import DatabaseUrls, Server
from tests.extent import in_test_all
from tests.kpis.kinds import kind_of
from tests.people import ago
from tests.selection import selected

OF_INCIDENTS = [key for key, kpi in KPIS.items() if kpi.processes == ("incident",)]


async def test_the_catalogue_says_of_every_kpi_what_it_is_in_the_language_asked_for(desk: Desk) -> None:
    for language in LANGUAGES:
        answer = await desk.manager.get("/v1/kpis", headers={"Accept-Language": language})
        assert answer.headers["content-language"] == language
        items = [item for item in answer.json()["items"] if item["key"] in OF_INCIDENTS]
        assert [item["key"] for item in items] == OF_INCIDENTS
        for item in items:
            words = KPIS[item["key"]].texts(language)
            assert (item["name"], item["definition"]) == (words.name, words.definition)
            owner = "service_level_manager" if KPIS[item["key"]].is_of_outages else "incident_manager"
            assert (item["process"], item["also"], item["owner"]) == ("incident", [], owner)
            assert item["pitfalls"] == words.pitfalls
            assert item["dimensions"] == list(KPIS[item["key"]].dimensions)


@in_test_all
async def test_an_incident_costs_what_staff_have_logged_and_booked_on_it(desk: Desk) -> None:
    admin, lin = await desk.api.client("Ada", Role.admin), desk.agent
    rate = {"role_class": "engineer", "amount": "80.00", "valid_from_at": "2025-01-01T00:00:00Z"}
    await admin.post_ok(
        "/v1/hourly_rates", {**rate, "currency": (await desk.manager.read("/v1/meta"))["currency"]}
    )
    path, without = await desk.report(2), await desk.report(2)
    hour, guess = ({"minutes": 60, "role_class": role} for role in ("engineer", "somebody"))
    for body in (guess, hour, hour):
        await lin.post_ok(f"{path}/log_work", body)
    for entry in (await lin.read(f"{path}/works"))["items"][:2]:
        await lin.post_ok(f"{path}/reverse_work", {"work": entry["id"], "reason": "Another ticket."})
    for _ in range(2):
        await lin.post_ok(f"{path}/book_cost", {"amount": "20.50", "currency": "EUR", "purpose": "A relay."})
    (entry, _) = (await lin.read(f"{path}/costs"))["items"]
    await lin.post_ok(f"{path}/reverse_cost", {"cost": entry["id"], "reason": "It was sent back."})
    for question in (path, without):
        await desk.resolve(question)
    await desk.follow()
    cost = await desk.point("/v1/kpis/incident_unit_cost")
    assert (cost["value"], cost["cases"], cost["interval"]) == (10_050, 1, None)
    share = await desk.point("/v1/kpis/incident_without_cost_share")
    assert (share["numerator"], share["denominator"], share["status"]) == (1, 2, "at_risk")


async def test_the_periods_are_those_in_which_something_was_opened_or_ended(desk: Desk) -> None:
    tool = await desk.api.client("Monitor", Role.integration)
    for opened_at in ("2016-03-31T23:30:00Z", "2016-03-31T21:30:00Z", "2016-01-05T12:00:00Z"):
        await tool.post_ok("/v1/incidents", an_incident(occurred_at=opened_at))
    await desk.follow()
    months = await desk.manager.read("/v1/kpis/periods", tz="Europe/Berlin")
    assert [item["from"][:16] for item in months["items"]] == [
        "2016-03-31T22:00",
        "2016-02-29T23:00",
        "2015-12-31T23:00",
    ]
    assert (months["grain"], months["position"]) == ("month", await desk.api.head())
    for grain, first in (("week", "2016-03-28"), ("quarter", "2016-01-01"), ("year", "2016-01-01")):
        answer = await desk.manager.read("/v1/kpis/periods", tz="UTC", grain=grain)
        assert answer["items"][0]["from"][:10] == first, grain
        assert answer["items"][-1]["from"] <= "2016-01-05", grain
    assert (await desk.agent.read("/v1/kpis/periods"))["items"] == [], "who sees not every case"


async def test_a_kpi_moves_when_a_case_is_resolved_and_the_facts_have_followed(desk: Desk) -> None:
    reported_at = await desk.report(2)
    await desk.follow()
    before = await desk.point()
    assert (before["value"], before["cases"], before["open_cases"]) == (None, 0, 1)
    await desk.resolve(reported_at)
    behind = await desk.manager.read(MTTR)
    assert behind["lag_seconds"] > 0, "an answer says that it is behind"
    assert behind["position"] < await desk.api.head()
    await desk.follow()
    answer = await desk.manager.read(MTTR, grain="all")
    assert (answer["position"], answer["lag_seconds"]) == (await desk.api.head(), 0)
    (after,) = answer["points"]
    assert (after["cases"], after["open_cases"]) == (1, 0)
    assert (
        after["value"] == after["elapsed"]["mean"] == after["business"]["max"] == pytest.approx(7200, abs=60)
    )


async def test_a_series_has_a_point_for_every_period_and_says_what_it_is(desk: Desk) -> None:
    await desk.report(1)
    await desk.follow()
    answer = await desk.manager.read("/v1/kpis/incidents_opened", tz="Asia/Shanghai")
    points = answer.pop("points")
    assert answer == {
        "key": "incidents_opened",
        "unit": "cases",
        "grain": "month",
        "tz": "Asia/Shanghai",
        "as_of": None,
        "position": await desk.api.head(),
        "lag_seconds": 0,
        "behind": None,
    }
    assert len(points) == 12
    assert all(point["from"].endswith("T16:00:00Z") for point in points), "midnight in Shanghai"
    assert [point["to"] for point in points[:-1]] == [point["from"] for point in points[1:]]
    assert sum(point["value"] or 0 for point in points) == 1
    assert points[0] == {
        **dict.fromkeys(("numerator", "denominator", "business", "elapsed", "open_cases")),
        "rota_days": None,
        **dict.fromkeys(("value", "oldest_open_seconds", "on_hold", "skewed", "undecided", "exposure")),
        "no_value": "not_recorded",
        "recording": "nothing",
        **dict.fromkeys(("target", "status", "survival", "last_year")),
        "beside": {},
        "arrived_in_hours": None,
        "worst_services": None,
        "from": points[0]["from"],
        "to": points[0]["to"],
        "by": {},
        "cases": 0,
        "excluded": {"cancelled": 0, "duplicate": 0, "rejected": 0, "staff": 0, "unknown": 0},
        "interval": None,
        "small": True,
        "previous": {"value": None, "change": None},
        "final_after": points[0]["to"],
    }


async def test_a_share_without_cases_is_not_zero_and_with_them_has_both_its_numbers(desk: Desk) -> None:
    path = "/v1/kpis/reopened_share"
    none = await desk.point(path)
    assert (none["value"], none["numerator"], none["denominator"]) == (None, 0, 0)
    for n in range(3):
        record_path = await desk.report(n + 1)
        await desk.resolve(record_path)
    await desk.agent.post_ok(f"{record_path}/reopen", {"reason": "It is back."})
    await desk.agent.post_ok(f"{record_path}/resolve", RESOLVED)
    await desk.follow()
    share = await desk.point(path)
    assert (share["value"], share["numerator"], share["denominator"]) == (0.333333, 1, 3)


async def test_what_it_is_cut_by_and_filtered_by(desk: Desk) -> None:
    for team, urgency in (("network", "1"), ("network", "3"), ("mail", "1"), (None, "1")):
        record_path = await desk.report(1, urgency=urgency)
        if team is not None:
            await desk.agent.post_ok(f"{record_path}/assign", {"team": team})
        await desk.resolve(record_path)
    await desk.follow()
    path = "/v1/kpis/incidents_resolved"
    (network,) = [t for t in (await desk.manager.read("/v1/teams"))["items"] if t["key"] == "network"]

    async def cut(**parameters: Any) -> list[tuple[dict[str, str | None], int]]:
        points = (await desk.manager.read(path, grain="all", **parameters))["points"]
        return [(point["by"], point["cases"]) for point in points]

    assert await cut(by="team") == [({"team": "mail"}, 1), ({"team": "network"}, 2), ({"team": None}, 1)]
    both = [({"team": "network", "priority": "P2"}, 1), ({"team": "network", "priority": "P4"}, 1)]
    assert sorted(await cut(by="team,priority", team="network"), key=str) == both
    assert sorted(await cut(by=["team", "priority"], team=network["id"]), key=str) == both
    assert await cut(team="mail,none") == [({}, 2)]
    assert await cut(team=["mail", "none"], priority="P4") == [({}, 0)]
    assert await cut(service="none", channel="portal,email") == [({}, 4)]


async def test_a_number_is_opened_down_to_its_cases_and_their_events(desk: Desk) -> None:
    first, second = await desk.report(3), await desk.report(2)
    for instant in (first, second):
        await desk.resolve(instant)
    await desk.agent.post_ok(f"{second}/reopen", {"reason": "It is back."})
    await desk.agent.post_ok(f"{second}/resolve", RESOLVED)
    await desk.report(1)
    await desk.follow()
    page = await desk.manager.read(f"{MTTR}/cases")
    items = page.pop("items")
    assert [f"/v1/incidents/{case['id']}" for case in items] == [first, second]
    point = await desk.point()
    assert sum(case["measure"] for case in items) / len(items) == point["value"]
    assert (page["from"], page["to"], page["unit"]) == (point["from"], point["to"], "seconds")
    assert (page["position"], page["next_cursor"]) == (await desk.api.head(), None)
    for case in items:
        listed = (await desk.manager.read(f"/v1/incidents/{case['number']}/events"))["items"]
        by_id = {event["id"]: event for event in listed}
        opening, deciding = (by_id[event["id"]] for event in case["events"])
        assert (opening["type"], deciding["type"]) == ("incident.reported", "incident.resolved")
        assert deciding["occurred_at"] == case["decided_at"]
        assert [event["position"] for event in case["events"]] == [opening["position"], deciding["position"]]
    reopened = (await desk.manager.read("/v1/kpis/reopened_share/cases"))["items"]
    assert [case["measure"] for case in reopened] == [0, 1]
    assert [event["type"] for event in reopened[1]["events"]] == [
        "incident.reported",
        "incident.reopened",
        "incident.resolved",
    ]


@in_test_all
async def test_a_change_of_team_is_among_the_events_of_its_number(desk: Desk) -> None:
    path = await desk.report(1)
    for team in ("network", "mail", "network"):
        await desk.agent.post_ok(f"{path}/assign", {"team": team})
    await desk.resolve(path)
    await desk.follow()
    (case,) = (await desk.manager.read("/v1/kpis/reassignments_per_case/cases"))["items"]
    assert case["measure"] == 2
    types = [event["type"].removeprefix("incident.") for event in case["events"]]
    assert types == ["reported", "assigned", "assigned", "assigned", "resolved"]


async def test_pages_of_cases_give_each_once_and_end_where_the_first_began(desk: Desk) -> None:
    for n in range(5):
        await desk.report(n + 1)
    await desk.follow()
    path = "/v1/kpis/backlog/cases"
    items = (await desk.manager.read(path))["items"]
    assert [case["decided_at"] for case in items] == sorted(case["decided_at"] for case in items)
    first = await desk.manager.read(path, limit=2)
    # One that is opened while somebody is turning pages was not open when they began to.
    await desk.report(0)
    await desk.follow()
    rest = await desk.manager.read(path, limit=200, cursor=first["next_cursor"])
    assert first["items"] + rest["items"] == items
    assert rest["next_cursor"] is None
    assert len((await desk.manager.read(path))["items"]) == 6
    link = (await desk.manager.get(path, params={"limit": 2})).headers["link"]
    following = await desk.manager.get(link.partition(">; ")[0].removeprefix("<"))
    assert [case["id"] for case in following.json()["items"]] == [case["id"] for case in items[2:4]]


@in_test_all
async def test_what_was_known_at_an_instant_or_a_position_is_told_again(desk: Desk) -> None:
    await desk.report(3)
    await desk.follow()
    position, before = await desk.api.head(), await desk.point("/v1/kpis/incidents_opened")
    await desk.report(2)
    await desk.follow()
    path = "/v1/kpis/incidents_opened"
    assert (await desk.point(path))["value"] == 2
    answer = await desk.manager.read(path, grain="all", as_of=position)
    assert (answer["position"], answer["lag_seconds"], answer["points"][0]["value"]) == (position, 0, 1)
    assert answer["points"][0]["by"] == before["by"]
    again = await desk.manager.read(path, grain="all", as_of=answer["as_of"])
    assert again == answer
    early = await desk.manager.read(path, grain="all", as_of="2020-01-01T00:00:00Z")
    assert (early["position"], early["points"][0]["value"]) == (0, 0)


@in_test_all
async def test_a_value_beyond_what_is_natural_is_a_signal(desk: Desk) -> None:
    for days in (*range(1, 12), *[6] * 14):
        await desk.report(days * 24 + 1)
    await desk.follow()
    path = "/v1/kpis/incidents_opened/behaviour"
    since = ago(days=10).date().isoformat()
    answer = await desk.manager.read(path, **{"grain": "day", "from": since, "tz": "UTC"})
    *over, running = answer["points"]
    assert len(over) == 10
    assert [point["running"] for point in answer["points"]] == [False] * 10 + [True]
    assert running["signals"] == []
    (high,) = [point for point in over if "beyond_limits" in point["signals"]]
    assert high["value"] > answer["limits"]["high"] > answer["limits"]["centre"] > 0
    assert answer["limits"]["low"] == 0, "a count is not below it"
    short = await desk.manager.read(path, **{"grain": "day", "from": ago(days=3).date().isoformat()})
    assert (short["limits"], [point["signals"] for point in short["points"]]) == (None, [[]] * 4)


async def test_a_forecast_says_what_the_target_would_take(desk: Desk) -> None:
    reported_at = await desk.report(1)
    await desk.resolve(reported_at)
    await desk.follow()
    path = f"{MTTR}/forecast"
    answer = await desk.manager.read(path, grain="year", more_cases=9)
    (point,) = (
        await desk.manager.read(MTTR, **{"grain": "all", "from": answer["from"], "to": answer["to"]})
    )["points"]
    assert (answer["value"], answer["cases"], answer["status"]) == (point["value"], 1, point["status"])
    # Below 7,200 s on average, ten cases took at most 71,999 s together.
    assert (answer["outlook"], answer["at_least"]) == ("reachable", None)
    assert answer["at_most"] == 71_999 - point["value"]
    assert answer["each"] == round(answer["at_most"] / 9, 3)
    none = await desk.manager.read("/v1/kpis/reopened_share/forecast")
    assert (none["target"], none["outlook"], none["at_most"]) == (None, None, None)
    for key in selected("forecasts", OF_INCIDENTS, kind_of):
        cut = {"team" if "team" in KPIS[key].dimensions else "service": "none"}
        assert (await desk.manager.read(f"/v1/kpis/{key}/forecast", **cut))["grain"] == "month"


async def test_what_is_to_come_is_not_known(desk: Desk) -> None:
    for ahead in (str(await desk.api.head() + 1), "2199-01-01T00:00:00Z"):
        answer = await desk.manager.get(MTTR, params={"as_of": ahead})
        assert answer.status_code == 422
        assert [(e["parameter"], e["code"]) for e in answer.json()["errors"]] == [
            ("as_of", "ahead_of_the_log")
        ]


async def test_who_asks_for_what_they_have_written_waits_until_it_is_there(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.report(1)
    path = "/v1/kpis/incidents_opened"
    answer, _ = await asyncio.gather(desk.manager.read(path, grain="all", fresh="true"), desk.follow())
    assert (answer["points"][0]["value"], answer["lag_seconds"]) == (1, 0)
    await desk.report(1)
    monkeypatch.setattr("app.kpis.answers.answer.FRESH_SECONDS", 0.0)
    late = await desk.manager.read(path, grain="all", fresh="true")
    assert late["points"][0]["value"] == 1
    assert late["lag_seconds"] > 0


@in_test_all
async def test_the_catalogue_of_very_many_cases_is_given_again_unless_its_reader_has_written_since(
    desk: Desk,
) -> None:
    # Each look at the clock takes a second, and so does an overview.
    desk.api.app.state.kpi_overviews = SharedOverviews(clock=itertools.count().__next__)
    await desk.report(1)
    await desk.follow()
    first = await desk.manager.read("/v1/kpis")
    await desk.report(1)
    await desk.follow()
    again = await desk.manager.read("/v1/kpis")
    assert (again["items"], again["position"]) == (first["items"], first["position"])
    assert again["lag_seconds"] > 0
    head = await desk.api.head()
    anew = await desk.manager.get("/v1/kpis", headers={"Ledgerdesk-Position": str(head)})
    assert (anew.json()["position"], anew.json()["lag_seconds"]) == (head, 0)


async def test_a_cursor_is_good_for_its_kpi_and_filters_only(desk: Desk) -> None:
    for n in range(2):
        await desk.report(n + 1)
    await desk.follow()
    cursor = (await desk.manager.read("/v1/kpis/backlog/cases", limit=1))["next_cursor"]
    for path, parameters in (
        ("/v1/kpis/incidents_opened/cases", {}),
        ("/v1/kpis/backlog/cases", {"team": "none"}),
        ("/v1/kpis/backlog/cases", {"tz": "Asia/Shanghai"}),
        ("/v1/incidents", {}),
    ):
        answer = await desk.manager.get(path, params={"cursor": cursor, **parameters})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor"), (path, parameters)


@each_case(
    ("parameters", "parameter", "code"),
    [
        ({"grain": "fortnight"}, "grain", "enum"),
        ({"by": "team,mood"}, "by", "enum"),
        ({"tz": "Mars/Base"}, "tz", "unknown_zone"),
        ({"tz": "localtime"}, "tz", "unknown_zone"),
        ({"from": "yesterday"}, "from", "not_an_instant"),
        ({"from": "2026-03-01T08:00:00"}, "from", "not_an_instant"),
        ({"to": "9999-01-01"}, "to", "not_an_instant"),
        ({"from": "2026-03-01", "to": "2026-03-01"}, "to", "ends_before_it_begins"),
        ({"from": "1950-01-01", "to": "2026-01-01", "grain": "day"}, "grain", "too_many_periods"),
        ({"priority": "P1,P9"}, "priority", "unknown_value"),
        ({"team": "nobody"}, "team", "unknown_value"),
        ({"customer": "nobody"}, "customer", "unknown_value"),
        ({"assignee": "Lin"}, "assignee", "unknown_value"),
        ({"service": "ma\x00il"}, "service", "unknown_value"),
        ({"team": "\x00"}, "team", "unknown_value"),
        ({"team": ",".join("abcdefghijklmnopqrstuvwxyz" * 2)}, "team", "too_long"),
        ({"from": "2" * 41}, "from", "string_too_long"),
        ({"colour": "red"}, "colour", "extra_forbidden"),
    ],
    ids=str,
    one_of_each=lambda case: case[-1],
)
async def test_every_wrong_parameter_is_pointed_at_in_both_languages(
    shared: Api, parameters: dict[str, str], parameter: str, code: str
) -> None:
    manager = await shared.client("Marta", Role.incident_manager)
    for_cases = {name: value for name, value in parameters.items() if name not in ("grain", "by")}
    for path, names in ((MTTR, parameters), (f"{MTTR}/cases", for_cases)):
        for language in LANGUAGES if names == parameters else ():
            answer = await manager.get(path, params=names, headers={"Accept-Language": language})
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
            (error,) = answer.json()["errors"]
            assert (error["parameter"], error["code"]) == (parameter, code)
            assert error["message"].startswith(sentences(language)["value"][code].partition("{")[0])
            assert "…" not in error["message"]


async def test_what_only_a_series_takes_is_refused_of_a_list_of_cases_and_of_the_catalogue(
    shared: Api,
) -> None:
    manager = await shared.client("Marta", Role.incident_manager)
    for path, name in ((f"{MTTR}/cases", "grain"), (f"{MTTR}/cases", "by"), ("/v1/kpis", "team")):
        answer = await manager.get(path, params={name: "month"})
        assert answer.status_code == 422
        assert [error["parameter"] for error in answer.json()["errors"]] == [name]


@in_test_all
async def test_more_points_than_one_answer_may_have_are_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        await desk.report(n + 1, urgency=str(n + 1))
    await desk.follow()
    monkeypatch.setattr("app.kpis.answers.answer.LARGEST_ANSWER", 2)
    answer = await desk.manager.get("/v1/kpis/incidents_opened", params={"by": "priority"})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["parameter"], error["code"]) == (422, "by", "too_many_points")


SEE_EVERY_INCIDENT = {
    Role.admin,
    Role.auditor,
    Role.change_manager,
    Role.department_head,
    Role.incident_manager,
    Role.management,
    Role.problem_manager,
    Role.quality_manager,
    Role.service_level_manager,
}


@each_case("role", list(Role), one_of_each=lambda role: role in SEE_EVERY_INCIDENT)
async def test_whoever_sees_every_incident_may_ask_and_nobody_else(shared: Api, role: Role) -> None:
    sees = role in SEE_EVERY_INCIDENT
    caller = await shared.client("Olga", role)
    tied = await shared.client("Otto", f"{role}@team/{await shared.team(f'only-{role}')}")
    for client, may in ((caller, sees), (tied, False)):
        keys = [item["key"] for item in (await client.read("/v1/kpis"))["items"]]
        other_callers = {
            kind for kind in EXTENT if kind != "incident" and role in LIFECYCLES_BY_KIND[kind].overseer_roles
        }
        assert [key for key in keys if key in OF_INCIDENTS] == (OF_INCIDENTS if may else [])
        of_others = {KPIS[key].process for key in keys if not KPIS[key].also} - {"incident"}
        assert of_others == (other_callers if client is caller else set())
        assert (await client.read("/v1/kpis/periods"))["items"] == [], "nothing has happened"
        for path in (
            MTTR,
            *(f"{MTTR}/{part}" for part in ("cases", "behaviour", "forecast", "influence", "chart.svg")),
            f"{MTTR}/smallest_effect",
        ):
            answer = await client.get(path)
            assert answer.status_code == (200 if may else 403)
            if not may:
                assert answer.json()["code"] == "forbidden"
                assert "Incident manager" in answer.json()["detail"]


def _sees(role: Role) -> tuple[bool, ...]:
    """Whether the role sees every request, and every incident."""
    return tuple(role in LIFECYCLES_BY_KIND[kind].overseer_roles for kind in ("request", "incident"))


@each_case("role", list(Role), one_of_each=_sees)
async def test_a_figure_of_requests_and_incidents_is_for_whoever_sees_both(shared: Api, role: Role) -> None:
    caller = await shared.client("Olga", role)
    one_kind = ("requests_delivered", "incidents_resolved")
    answers = {key: await caller.get(f"/v1/kpis/{key}") for key in (*one_kind, "requests_per_agent_day")}
    may = all(answers[key].status_code == 200 for key in one_kind)
    assert answers["requests_per_agent_day"].status_code == (200 if may else 403)
    listed = [item["key"] for item in (await caller.read("/v1/kpis"))["items"]]
    assert ("requests_per_agent_day" in listed) == may


async def test_agents_may_ask_where_they_see_every_ticket(
    place: DatabaseUrls, settings: Settings, tmp_path: Any
) -> None:
    changed = settings.model_copy(update={"agents_see": "all"})
    async with serving(place.url, tmp_path / "secrets", changed) as api:
        agent, requester = await api.client("Lin", Role.agent), await api.client("Zhao Min")
        assert (await agent.read(MTTR))["key"] == "incident_resolution_seconds"
        refused = await requester.get(MTTR, headers={"Accept-Language": "zh"})
        assert refused.status_code == 403
        assert "服务台坐席" in refused.json()["detail"]


async def test_a_kpi_that_there_is_none_of_is_not_found(shared: Api) -> None:
    manager = await shared.client("Marta", Role.incident_manager)
    parts = ("happiness", "happiness/cases", "happiness/behaviour", "happiness/forecast", "%00")
    for path in (f"/v1/kpis/{part}" for part in parts):
        answer = await manager.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.fixture
async def auditor(desk: Desk) -> Client:
    """Somebody who sees all KPIs, of one incident that is resolved."""
    await desk.resolve(await desk.report(1))
    await desk.follow()
    return await desk.api.client("Olga", Role.auditor)


@in_test_all
@each_case(("key", "grain"), itertools.product(KPIS, Grain), one_of_each=lambda pair: pair[0])
async def test_every_kpi_answers_in_every_grain_and_cut(auditor: Client, key: str, grain: Grain) -> None:
    dimensions = KPIS[key].dimensions
    answer = await auditor.read(f"/v1/kpis/{key}", grain=grain.value, by=",".join(dimensions))
    assert answer["grain"] == grain.value
    assert answer["points"] == [] or set(answer["points"][0]["by"]) == set(dimensions)


async def test_when_the_database_is_gone_the_answer_says_when_to_try_again(
    desk: Desk, server: Server, place: DatabaseUrls
) -> None:
    cut = Cut(server, place)
    await cut.allow(False)
    for path in (MTTR, f"{MTTR}/cases"):
        answer = await desk.manager.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "database_gone")
        assert int(answer.headers["retry-after"]) > 0


async def test_a_kpi_that_lags_behind_an_import_says_so_in_words(desk: Desk, tmp_path: Path) -> None:
    """Read at once, it is too small, and only somebody who knows what a lag is would see it."""
    await desk.report(1)
    await desk.follow()
    row = {"at": "2026-03-02T08:00:00Z", "state": "new"}
    file = tmp_path / "history.ndjson"
    file.write_text("\n".join(json.dumps(row | {"case": str(n)}) for n in range(40)), encoding="utf-8")
    now = datetime.now(UTC)
    await load(desk.api.ledger, file, Ndjson(now), source="old-desk", now=now)
    opened = "/v1/kpis/incidents_opened"
    paths = ("/v1/kpis", opened, *(f"{opened}/{view}" for view in ("behaviour", "forecast", "cases")))
    for path in paths:
        answer = (await desk.manager.get(path)).json()
        assert answer["behind"] == (
            "An import from “old-desk” is not fully included yet: 40 events of the log are missing. "
            "Ask again in a moment."
        ), path
    chinese = (await desk.manager.get(opened, headers={"Accept-Language": "zh"})).json()["behind"]
    assert "old-desk" in chinese
    assert "40" in chinese
    await desk.follow()
    await desk.report(1)  # a lag behind what people do is no more than a moment
    for path in paths[1:]:
        assert (await desk.manager.read(path))["behind"] is None, path
