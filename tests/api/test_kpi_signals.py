"""Signals and re-basings of KPIs over HTTP: explained and taken back in the open, and drawn in the chart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from urllib.parse import quote

import pytest

from app.common.people import Role
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.signals import nightly
from app.log.events import Event
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from tests.cases import each_case
from tests.client import Api, Client, Json
from tests.extent import in_test_all
from tests.kpis.drawing.drawings import parse, texts, title
from tests.kpis.histories import TEAMS, Scripted, write

KEY = "incident_resolution_seconds"
SIGNALS, REBASES = "/v1/kpi_signals", "/v1/kpi_rebases"
#: Sixteen months before the running one, and the one of the signal.
FIRST_MONTHS_AGO, SPIKE_MONTHS_AGO = 16, 3


def months() -> list[datetime]:
    """The beginnings of the months, up to that of the running one."""
    this = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    months_found = [this]
    while len(months_found) <= FIRST_MONTHS_AGO:
        months_found.append((months_found[-1] - timedelta(days=1)).replace(day=1))
    return months_found[::-1]


@dataclass
class Desk:
    """A desk whose resolution times were three times as long in one month, and its quality manager."""

    api: Api
    quality: Client
    spike: datetime
    signal: Json

    async def behaviour(self, **query: str) -> Json:
        """The chart of the last fourteen months."""
        begin = months()[2].date().isoformat()
        return await self.quality.read(f"/v1/kpis/{KEY}/behaviour", **{"from": begin}, **query)

    async def noted(self, **query: str) -> list[Json]:
        """The signals that the chart shows at the month."""
        points = (await self.behaviour(**query))["points"]
        return next(point["noted"] for point in points if datetime.fromisoformat(point["from"]) == self.spike)


@pytest.fixture
async def desk(api: Api) -> Desk:
    return await desk_with_a_spike(api)


async def desk_with_a_spike(api: Api) -> Desk:
    """The desk, its signal noted."""
    connection = await connect(api.ledger.db.url, FOLLOW_LIMITS)
    begins, log = months(), list[Event]()
    spike = begins[-1 - SPIKE_MONTHS_AGO]
    for n, (begin, _) in enumerate(pairwise(begins)):
        for case in range(10):
            minutes = 600 if begin == spike else 60 + n % 3
            scope = {"team_id": str(TEAMS[0]), "service": "mail"}
            script = Scripted.begin(begin + timedelta(days=1, hours=case), **scope).then(
                "resolved", minutes=minutes
            )
            log += script.events
    await write(connection, log)
    await catch_up(connection, FACTS)
    now = datetime.now(UTC)
    assert await nightly.note_signals(connection, api.ledger, (KPIS[KEY],), now)
    await connection.close()
    quality = await api.client("Quan", Role.quality_manager)
    (signal,) = (await quality.read(SIGNALS, scope="organisation"))["items"]
    return Desk(api, quality, spike, signal)


async def test_a_signal_is_explained_and_taken_back_in_the_open(desk: Desk) -> None:
    (signal,) = await desk.noted()
    assert (signal["id"], signal["number"], signal["state"]) == (
        desk.signal["id"],
        desk.signal["number"],
        "noted",
    )
    assert (signal["rule"], signal["tendency"], signal["reason"]) == ("beyond_limits", "worse", None)
    path = f"{SIGNALS}/{desk.signal['number']}"
    body = {"reason": "The desk stood in the dark. 停电。", "cause": "Power cut"}
    assert (await desk.quality.post_ok(f"{path}/explain", body))["state"] == "explained"
    (signal,) = await desk.noted()
    assert {name: signal[name] for name in body} == body
    assert (signal["state"], signal["explained_by"]["name"]) == ("explained", "Quan")
    reopened = await desk.quality.post_ok(f"{path}/reopen", {"reason": "It was another month."})
    assert (reopened["state"], reopened["reason"], reopened["explained_by"]) == ("noted", None, None)
    (signal,) = await desk.noted()
    assert (signal["state"], signal["cause"]) == ("noted", None)
    types = [event["type"] for event in (await desk.quality.read(f"{path}/events"))["items"]]
    assert types == [f"kpi_signal.{name}" for name in ("noted", "explained", "reopened")]


async def test_a_chart_shows_the_signals_of_its_scope(desk: Desk) -> None:
    assert len(await desk.noted()) == 1
    (of_team,) = (await desk.quality.read(SIGNALS, scope="team"))["items"]
    for name in ("team 0", str(TEAMS[0]), str(TEAMS[0]).upper()):
        assert [signal["id"] for signal in await desk.noted(team=name)] == [of_team["id"]]
    assert await desk.noted(priority="none") == [], "nothing is noted of a priority"
    assert await desk.noted(team="team 0,team 1") == []
    assert await desk.noted(service="mail") == [], "it is not a live service"


async def test_limits_count_anew_from_a_named_change_until_that_is_taken_back(desk: Desk) -> None:
    before = await desk.behaviour()
    assert (len(before["stretches"]), before["provisional"], before["rebases"]) == (1, False, [])
    assert before["limits"] == before["stretches"][0]["limits"]
    assert before["limits"]["upper_range"] == pytest.approx(
        3.268 * before["limits"]["moving_range"], rel=1e-6
    )
    reason = "Nights are staffed since."
    body = {"kpi": KEY, "change": "A second shift", "reason": reason, "begins_at": desk.spike.isoformat()}
    record = await desk.quality.post_ok(REBASES, body)
    after = await desk.behaviour()
    assert [(rebas["change"], rebas["reason"]) for rebas in after["rebases"]] == [("A second shift", reason)]
    assert [stretch["values"] for stretch in after["stretches"]] == [11, 3]
    assert [stretch["provisional"] for stretch in after["stretches"]] == [True, False]
    assert (after["limits"], after["stretches"][0]["limits"]["centre"] < 3700) == (None, True)
    assert not any(point["signals"] for point in after["points"])
    moved = [point["moving_range"] for point in after["points"]]
    assert (moved[0], moved[11], moved[12] > 30_000) == (None, None, True)
    assert (await desk.behaviour(team="team 0"))["rebases"] == [], "it is of the organisation"
    await desk.quality.post_ok(f"{REBASES}/{record['id']}/withdraw", {"reason": "It began later."})
    again = await desk.behaviour()
    assert (again["rebases"], again["stretches"]) == ([], before["stretches"])


async def test_the_chart_is_drawn_with_what_was_said_of_it(desk: Desk) -> None:
    name = "<script>停电 & dark</script>"
    await desk.quality.post_ok(f"{SIGNALS}/{desk.signal['id']}/explain", {"reason": name})
    begin = months()[2].date().isoformat()
    for language, explanation in (("en", f"explained ({name}, Quan)"), ("zh", f"已说明（{name}，Quan）")):
        got = await desk.quality.get(f"/v1/kpis/{KEY}/chart.svg?from={begin}&lang={language}")
        assert got.status_code == 200
        assert got.headers["content-type"].partition(";")[0] == "image/svg+xml"
        assert got.headers["content-security-policy"] == "default-src 'none'"
        assert got.headers["content-language"] == language
        root = parse(got.text)
        assert KPIS[KEY].texts(language).name in title(root)
        assert explanation in " ".join(texts(root, "ink"))
    got = await desk.quality.get(f"/v1/kpis/{KEY}/chart.svg?team={quote('team 0')}")
    assert "Team: team 0" in " ".join(texts(parse(got.text)))


@in_test_all
async def test_a_chart_of_too_many_periods_or_of_nothing_known_is_refused(desk: Desk) -> None:
    path = f"/v1/kpis/{KEY}/chart.svg"
    for query, pointer in (
        ("grain=day", "grain"),
        ("team=nobody", "team"),
        ("lang=fr", "lang"),
        ("by=team", "by"),
        ("tz=Atlantis", "tz"),
    ):
        refused = await desk.quality.get(f"{path}?{query}")
        assert (refused.status_code, refused.json()["errors"][0]["parameter"]) == (422, pointer)
    assert (await desk.quality.get("/v1/kpis/happiness/chart.svg")).status_code == 404
    agent = await desk.api.client("Agnes", Role.agent)
    assert (await agent.get(path)).status_code == 403


async def test_signals_are_for_those_who_see_every_case(desk: Desk) -> None:
    path = f"{SIGNALS}/{desk.signal['id']}"
    owner = await desk.api.client("Owen", Role.process_owner)
    assert (await owner.post_ok(f"{path}/explain", {"cause": "Power cut"}))["explained_by"]["name"] == "Owen"
    auditor = await desk.api.client("Audrey", Role.auditor)
    assert (await auditor.read(path))["state"] == "explained"
    assert (await auditor.post(f"{path}/reopen", json={"reason": "Not now."})).status_code == 403
    for role in (Role.requester, Role.agent, Role.engineer):
        client = await desk.api.client("Somebody", role)
        assert (await client.read(SIGNALS))["items"] == []
        assert (await client.get(path)).status_code == 404


async def test_limits_restart_neither_before_the_first_case_nor_before_the_last_restart(desk: Desk) -> None:
    body = {"kpi": KEY, "change": "A second shift", "reason": "Nights are staffed since."}

    async def refused(begins_at: datetime) -> list[tuple[str, str]]:
        answer = await desk.quality.post(REBASES, json=body | {"begins_at": begins_at.isoformat()})
        return [(error["pointer"], error["code"]) for error in answer.json().get("errors", ())]

    assert await refused(desk.spike - timedelta(days=1000)) == [("/begins_at", "restart_before_cases")]
    assert await refused(desk.spike) == []
    for begins_at in (desk.spike, desk.spike - timedelta(days=20)):
        assert await refused(begins_at) == [("/begins_at", "restart_not_later")]
    assert await refused(desk.spike + timedelta(seconds=1)) == []


async def test_nobody_restarts_limits_by_which_they_are_judged(api: Api) -> None:
    """The lead of the team, and the owner of the service."""
    administrator = await api.client("Ada", Role.admin, Role.service_level_manager)
    lead = await api.client("Lea", Role.quality_manager)
    quality = await api.client("Quan", Role.quality_manager)
    team = {"key": "desk", "name": "The desk", "kind": "internal", "lead": lead.id}
    await administrator.post_ok("/v1/teams", team)
    names = {"key": "mail", "name_en": "Mail", "name_zh": "邮件", "owner": lead.id, "criticality": "high"}
    await administrator.post_ok("/v1/services", names)
    body = {"kpi": KEY, "change": "A second shift", "reason": "Nights are staffed since."}
    body["begins_at"] = datetime.now(UTC).isoformat()
    for scope in ({"team": "desk"}, {"service": "mail"}):
        refused = await lead.post(REBASES, json=body | scope)
        assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")
        rebase = await quality.post_ok(REBASES, body | scope)
        withdraw = f"{REBASES}/{rebase['id']}/withdraw"
        refused = await lead.post(withdraw, json={"reason": "It looked better before."})
        assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")
    await lead.post_ok(REBASES, body)


@each_case(
    ("changed", "pointer", "code"),
    [
        ({"kpi": "happiness"}, "/kpi", "unknown_value"),
        ({"change": "CHG-2020-000001"}, "/change", "unknown_reference"),
        ({"change": "chg-2020-000001"}, "/change", "unknown_reference"),
        ({"change": "the change （CHG–2020–000001）, at night"}, "/change", "unknown_reference"),
        ({"change": "Nights are staffed since"}, "/reason", "repeats_a_text"),
        ({"change": ""}, "/change", "string_too_short"),
        ({"team": "nobody"}, "/team", "unknown_reference"),
        ({"service": "nothing"}, "/service", "unknown_reference"),
        ({"begins_at": "2026-04-01"}, "/begins_at", "datetime_type"),
        ({"begins_at": (datetime.now(UTC) + timedelta(days=400)).isoformat()}, "/begins_at", "too_far_ahead"),
        ({"reason": None}, "/reason", "missing"),
        ({"reason": "-"}, "/reason", "says_nothing"),
        ({"kpi": "mtbf", "team": "desk"}, "/team", "unknown_dimension"),
        ({"kpi": "knowledge_deflection", "team": "desk"}, "/team", "no_dimension"),
    ],
    ids=str,
)
async def test_what_is_no_re_basing_is_refused(shared: Api, changed: Json, pointer: str, code: str) -> None:
    quality = await shared.client("Quan", Role.quality_manager)
    administrator = await shared.client("Ada", Role.admin)
    await administrator.post("/v1/teams", json={"key": "desk", "name": "The desk", "kind": "internal"})
    body = {"kpi": KEY, "change": "A second shift", "begins_at": "2026-04-01T00:00:00+08:00"}
    body |= {"reason": "Nights are staffed since."}
    refused = await quality.post(REBASES, json=body | changed)
    assert refused.status_code == 422
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [(pointer, code)]


@in_test_all
async def test_a_cause_that_looks_like_a_number_of_ours_must_be_one(desk: Desk) -> None:
    path = f"{SIGNALS}/{desk.signal['id']}/explain"
    for body, pointer, code in (
        ({}, "/reason", "reason_or_cause"),
        ({"cause": "PRB-2020-000001"}, "/cause", "unknown_reference"),
    ):
        refused = await desk.quality.post(path, json=body)
        assert refused.status_code == 422
        assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [(pointer, code)]
    answer = await desk.quality.post(path, json={"cause": "INC-2026-000003"})
    assert answer.status_code == 200
