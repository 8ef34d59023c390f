"""The rota of a team by the API: shifts, stand-ins, who is on call; and who may see and change it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.common.people import Role
from app.foundation.rota.on_call import on_call
from tests.cases import each_case
from tests.client import Api, Client, Json

MONDAY = "2026-11-16"


def a_shift(member: Client, **more: Any) -> Json:
    """Every night of the week from 22 to 6 in Shanghai."""
    return {
        "team": "network",
        "person": member.id,
        "duty": "on_call",
        "weekdays": ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
        "starts": "22:00",
        "ends": "06:00",
        "time_zone": "Asia/Shanghai",
        "from_date": "2026-11-01",
        **more,
    }


def a_stand_in(**more: Any) -> Json:
    """For a night."""
    return {
        "team": "network",
        "duty": "on_call",
        "starts_at": f"{MONDAY}T20:00:00+08:00",
        "ends_at": f"{MONDAY}T23:00:00+08:00",
        **more,
    }


@pytest.fixture
async def team(api: Api) -> str:
    """A team."""
    return await api.team("network")


@pytest.fixture
async def admin(api: Api, team: str) -> Client:
    """Who makes shifts."""
    return await api.client("Ada", Role.admin)


@pytest.fixture
async def chen(api: Api, team: str) -> Client:
    """An engineer of the team."""
    return await api.client("Chen Wei", Role.engineer, teams=("network",))


@pytest.fixture
async def tomasz(api: Api, team: str) -> Client:
    """Another one."""
    return await api.client("Tomasz Nowak", Role.engineer, teams=("network",))


async def called(client: Client, when: str) -> list[str]:
    """The names of those on call then."""
    answer = await client.read("/v1/teams/network/on-call", at=when)
    return [person["name"] for person in answer["persons"]]


async def test_who_is_on_call_follows_from_shifts_and_stand_ins(
    api: Api, team: str, admin: Client, chen: Client, tomasz: Client
) -> None:
    shift = await admin.post_ok("/v1/shifts", a_shift(chen))
    assert (shift["team"]["key"], shift["person"]["name"], shift["state"]) == (
        "network",
        "Chen Wei",
        "active",
    )
    night = f"{MONDAY}T22:30:00+08:00"
    assert await called(chen, night) == ["Chen Wei"]
    assert await called(chen, f"{MONDAY}T12:00:00+08:00") == []
    agreed = await chen.post_ok("/v1/stand_ins", a_stand_in(person=tomasz.id, instead_of="me"))
    assert await called(chen, night) == ["Tomasz Nowak"]
    assert await called(chen, f"{MONDAY}T23:00:00+08:00") == ["Chen Wei"]
    persons = await on_call(api.ledger.db, UUID(team), datetime.fromisoformat(night))
    assert persons == (UUID(tomasz.id),)
    await chen.post_ok(f"/v1/stand_ins/{agreed['id']}/cancel")
    assert await called(chen, night) == ["Chen Wei"]
    await admin.post_ok(f"/v1/shifts/{shift['id']}/end", {"until_date": "2026-11-17"})
    assert await called(chen, night) == ["Chen Wei"], "what was before stays as it was"
    assert await called(chen, "2026-11-17T23:00:00+08:00") == []


async def test_now_is_meant_where_no_time_is_said(admin: Client, chen: Client) -> None:
    every_hour = {"starts": "00:00", "ends": "00:00", "time_zone": "UTC", "from_date": "2026-01-01"}
    await admin.post_ok("/v1/shifts", a_shift(chen, **every_hour))
    answer = await chen.read("/v1/teams/network/on-call")
    assert [person["id"] for person in answer["persons"]] == [chen.id]


async def test_whoever_is_not_active_is_not_on_call(admin: Client, chen: Client, tomasz: Client) -> None:
    await admin.post_ok("/v1/shifts", a_shift(chen))
    await admin.post_ok(f"/v1/persons/{chen.id}/deactivate")
    assert await called(tomasz, f"{MONDAY}T23:00:00+08:00") == []


async def test_whoever_has_left_the_team_is_not_on_call_for_it(
    admin: Client, chen: Client, tomasz: Client
) -> None:
    await admin.post_ok("/v1/shifts", a_shift(chen))
    await admin.post_ok(f"/v1/persons/{chen.id}/leave", {"team": "network"})
    assert await called(tomasz, f"{MONDAY}T23:00:00+08:00") == []


async def test_the_rota_shows_a_time_span_by_span(admin: Client, chen: Client, tomasz: Client) -> None:
    await admin.post_ok("/v1/shifts", a_shift(chen))
    await chen.post_ok("/v1/stand_ins", a_stand_in(person="me"))
    query = {"from": "2026-11-16T00:00:00Z", "to": "2026-11-17T00:00:00Z", "duty": "on_call"}
    rota = await tomasz.read("/v1/teams/network/rota", **query)
    (span,) = rota["items"]
    assert (span["starts_at"], span["ends_at"]) == (
        "2026-11-16T12:00:00.000000Z",
        "2026-11-16T22:00:00.000000Z",
    )
    assert [person["name"] for person in span["persons"]] == ["Chen Wei"]
    long = {**query, "to": "2027-11-17T00:00:00Z"}
    refused = await tomasz.get("/v1/teams/network/rota", params=long)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["parameter"] == "to"


async def test_the_rota_is_for_staff(api: Api, admin: Client, chen: Client) -> None:
    shift = await admin.post_ok("/v1/shifts", a_shift(chen))
    zhao = await api.client("Zhao Min", teams=("network",))
    for path in ("teams/network/on-call", "teams/network/rota", f"shifts/{shift['id']}"):
        parameters = {"from": "2026-11-16T00:00:00Z", "to": "2026-11-17T00:00:00Z"} if "rota" in path else {}
        assert (await zhao.get(f"/v1/{path}", params=parameters)).status_code == 404, path
    assert (await zhao.read("/v1/shifts"))["items"] == []
    assert [item["id"] for item in (await chen.read("/v1/shifts"))["items"]] == [shift["id"]]


@each_case(
    ("more", "pointer", "code"),
    [
        ({"starts": "24:00"}, "/starts", "string_pattern_mismatch"),
        ({"ends": "6:00"}, "/ends", "string_pattern_mismatch"),
        ({"weekdays": []}, "/weekdays", "too_short"),
        ({"weekdays": ["monday"]}, "/weekdays/0", "enum"),
        ({"from_date": "2026-02-29"}, "/from_date", "not_a_date"),
        ({"from_date": "20260201"}, "/from_date", "not_a_date"),
        ({"until_date": "2026-10-31"}, "/until_date", "before_its_first_day"),
        ({"every_weeks": 0}, "/every_weeks", "greater_than_equal"),
        ({"time_zone": "Shanghai"}, "/time_zone", "unknown_zone"),
        ({"person": "me"}, "/person", "not_in_the_team"),
    ],
    ids=str,
)
async def test_a_shift_that_cannot_be_is_refused(
    admin: Client, chen: Client, more: Json, pointer: str, code: str
) -> None:
    refused = await admin.post("/v1/shifts", json=a_shift(chen, **more))
    assert refused.status_code == 422
    assert (pointer, code) in {(error["pointer"], error["code"]) for error in refused.json()["errors"]}


@each_case(
    ("more", "pointer", "code"),
    [
        ({}, "", "who_comes_or_goes"),
        ({"person": "me", "ends_at": f"{MONDAY}T20:00:00+08:00"}, "/ends_at", "not_after_its_beginning"),
        ({"person": "me", "ends_at": "2028-01-01T00:00:00Z"}, "/ends_at", "too_long_a_time"),
        ({"person": "me", "return_starts_at": "2026-11-19T00:00:00Z"}, "/return_ends_at", "half_a_return"),
        (
            {
                "person": "me",
                "return_starts_at": "2026-11-19T00:00:00Z",
                "return_ends_at": "2026-11-20T00:00:00Z",
            },
            "/instead_of",
            "half_a_return",
        ),
    ],
    ids=str,
)
async def test_a_stand_in_that_cannot_be_is_refused(
    chen: Client, more: Json, pointer: str, code: str
) -> None:
    refused = await chen.post("/v1/stand_ins", json=a_stand_in(**more))
    (error,) = refused.json()["errors"]
    assert (refused.status_code, error["pointer"], error["code"]) == (422, pointer, code)


async def test_a_team_settles_its_own_duties(api: Api, chen: Client) -> None:
    await api.team("mail")
    other = await api.client("Aisha", Role.engineer, teams=("mail",))
    stand_in = a_stand_in(person=chen.id)
    refused = await other.post("/v1/stand_ins", json=stand_in)
    assert refused.json()["errors"][0]["code"] == "not_your_team"
    record = await chen.post_ok("/v1/stand_ins", stand_in)
    refused = await other.post(f"/v1/stand_ins/{record['id']}/cancel", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_your_team")
    stranger = await chen.post("/v1/stand_ins", json=a_stand_in(person=other.id))
    assert stranger.json()["errors"][0]["code"] == "not_in_the_team"


async def test_a_shift_of_long_ago_is_still_found(admin: Client, chen: Client) -> None:
    await admin.post_ok("/v1/shifts", a_shift(chen, from_date="2026-01-05", until_date="2026-01-12"))
    last = datetime.fromisoformat("2026-01-11T22:00:00+08:00")
    for hours, present in ((0, True), (7, True), (8, False), (24, False)):
        when = (last + timedelta(hours=hours)).isoformat()
        assert await called(chen, when) == (["Chen Wei"] if present else [])
