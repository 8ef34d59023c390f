"""Calendars: said, shown, revised, asked; the public holidays that are kept with them."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import chinese_calendar  # type: ignore[import-untyped]  # it has no types

from app.common.people import Role
from app.common.records import empty
from app.foundation.calendars.definition import apply_definition
from app.foundation.calendars.lifecycle import AddCalendar
from app.foundation.calendars.printed_hours import hours_in_words
from app.foundation.calendars.records import CalendarVersion
from app.foundation.calendars.week import Weekday
from app.kernel.histories.rebuild import compare
from app.platform.db import connect
from app.registry import LIFECYCLES
from tests.client import Api, Client, Json, without_actions
from tests.extent import in_test_all

CALENDARS = "/v1/calendars"
OFFICE = [{"weekdays": ["mon", "tue", "wed", "thu", "fri"], "starts": "09:00", "ends": "18:00"}]


def office(key: str = "office", **more: Any) -> Json:
    """What is said to add the hours of an office in Shanghai."""
    return {"key": key, "name": "Office 办公", "time_zone": "Asia/Shanghai", "weekly": OFFICE, **more}


def version_of(body: Json) -> CalendarVersion:
    """What a calendar says of which this is said."""
    version = empty(CalendarVersion, UUID(int=1))
    apply_definition(version, AddCalendar.model_validate(body), this_year=2026)
    return version


def test_hours_are_put_into_words_for_papers() -> None:
    weekly = [
        {"weekdays": ["mon", "tue", "wed", "fri"], "starts": "09:00", "ends": "12:00"},
        {"weekdays": ["mon", "tue", "wed", "fri"], "starts": "13:00", "ends": "18:00"},
        {"weekdays": ["sat"], "starts": "10:00", "ends": "12:00"},
    ]
    holidays = [{"country": "CN", "years": [2026]}]
    version = version_of(office(weekly=weekly, public_holidays=holidays))
    assert hours_in_words(version, "en") == (
        "Monday to Wednesday, Friday 09:00–12:00, 13:00–18:00, Saturday 10:00–12:00; "
        "in the time zone Asia/Shanghai; not on public holidays (CN)"
    )
    always = [{"weekdays": [day.value for day in Weekday], "starts": "00:00", "ends": "24:00"}]
    later = [{"from_date": "2026-03-01", "weekly": OFFICE}]
    assert hours_in_words(version_of(office(weekly=always, weekly_from=later)), "zh") == (
        "全天候；2026-03-01 起：星期一至星期五 09:00–18:00；时区 Asia/Shanghai"
    )


async def wrong(client: Client, body: Json) -> tuple[str, str]:
    """Where it is wrong, and why."""
    answer = await client.post(CALENDARS, json=body)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    return error["pointer"], error["code"]


async def test_who_promises_adds_a_calendar_and_everybody_reads_it(api: Api) -> None:
    manager, requester = await api.client("Lena", Role.service_level_manager), await api.client("Zhao")
    assert (await requester.post(CALENDARS, json=office())).status_code == 403
    record = await manager.post_ok(CALENDARS, office())
    for name in ("office", record["id"]):
        answer = await requester.read(f"{CALENDARS}/{name}")
        assert answer["newest"]["weekly"] == OFFICE
        assert (answer["revision"], answer["time_zone"]) == (1, "Asia/Shanghai")
    (listed,) = (await requester.read(CALENDARS, state="active"))["items"]
    assert listed == without_actions(answer)
    assert (await requester.read(CALENDARS, fields="key"))["items"] == [
        {name: record[name] for name in ("id", "version", "key")}
    ]


async def test_business_time_is_asked_of_the_newest_version(api: Api) -> None:
    manager = await api.client("Lena", Role.service_level_manager)
    await manager.post_ok(CALENDARS, office())
    week = {"from": "2026-11-16T00:00:00+08:00", "to": "2026-11-23T00:00:00+08:00"}
    assert await manager.read(f"{CALENDARS}/office/between", **week) == {"revision": 1, "seconds": 45 * 3600}
    spans = await manager.read(f"{CALENDARS}/office/spans", **week)
    assert len(spans["items"]) == 5
    assert spans["items"][0] == {
        "starts_at": "2026-11-16T01:00:00.000000Z",
        "ends_at": "2026-11-16T10:00:00.000000Z",
    }
    due = {"from": "2026-11-13T17:00:00+08:00", "seconds": 2 * 3600}
    answer = await manager.read(f"{CALENDARS}/office/due", **due)
    assert answer["due_at"] == "2026-11-16T02:00:00.000000Z"
    assert answer["next_opening_at"] == "2026-11-13T09:00:00.000000Z"
    for path, query in (
        ("spans", {**week, "to": "2027-11-23T00:00:00Z"}),
        ("between", {**week, "to": "2026-11-01T00:00:00Z"}),
        ("due", {"from": "2026-11-16T00:00:00Z", "seconds": "-1"}),
        ("due", {"from": "2026-11-16T00:00:00Z", "seconds": str(10**12)}),
    ):
        assert (await manager.get(f"{CALENDARS}/office/{path}", params=query)).status_code == 422


async def test_a_version_corrects_what_is_known_and_the_one_before_stays(api: Api) -> None:
    manager = await api.client("Lena", Role.service_level_manager)
    first = await manager.post_ok(CALENDARS, office())
    body = {name: value for name, value in office().items() if name not in ("key", "name")}
    days = [{"date": "2026-11-17", "name_en": "Stocktaking"}]
    body |= {"holidays": days, "reason": "Forgotten."}
    revised = await manager.post_ok(f"{CALENDARS}/office/revise", body)
    assert (revised["revision"], revised["version"]) == (2, 2)
    assert [day["origin"] for day in revised["newest"]["holidays"]] == ["added"]
    versions = (await manager.read(f"{CALENDARS}/office/versions"))["items"]
    assert versions == [first["newest"], revised["newest"]]
    events = (await manager.read(f"{CALENDARS}/office/events"))["items"]
    assert [event["type"] for event in events] == ["calendar.added", "calendar.revised"]
    then = await manager.read(f"{CALENDARS}/office", as_of=events[0]["position"])
    assert then["newest"] == first["newest"]


async def test_what_cannot_be_is_pointed_to(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    twice = [*OFFICE, {"weekdays": ["mon"], "starts": "17:00", "ends": "19:00"}]
    days = [{"date": "2026-12-24"}, {"date": "2026-12-24"}]
    five = [{"weekdays": ["mon"], "starts": f"{n:02}:00", "ends": f"{n:02}:30"} for n in range(5)]
    for more, pointer, code in (
        ({"weekly": twice}, "/weekly", "hours_overlap"),
        ({"weekly": []}, "/weekly", "empty_week"),
        ({"weekly": five}, "/weekly", "too_many_spans"),
        ({"time_zone": "Asia/Peking"}, "/time_zone", "unknown_zone"),
        (
            {"public_holidays": [{"country": "XX", "years": [2026]}]},
            "/public_holidays/0/country",
            "unknown_country",
        ),
        (
            {"public_holidays": [{"country": "DE", "subdivision": "XX", "years": [2026]}]},
            "/public_holidays/0/subdivision",
            "unknown_subdivision",
        ),
        ({"holidays": days}, "/holidays/1", "each_once"),
        ({"struck": ["2026-11-20"]}, "/struck/0", "not_a_public_holiday"),
        ({"holidays": [{"date": f"{n}"} for n in range(401)]}, "/holidays", "too_long"),
        (
            {"weekly_from": [{"from_date": "2027-01-01", "weekly": twice}]},
            "/weekly_from/0/weekly",
            "hours_overlap",
        ),
    ):
        assert await wrong(admin, office(**more)) == (pointer, code)
    assert await wrong(admin, {**office(), "key": "a,b"}) == ("/key", "not_a_key")


@in_test_all
async def test_a_retired_calendar_is_still_asked_and_not_revised(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    await admin.post_ok(CALENDARS, office())
    named = await admin.patch(f"{CALENDARS}/office", json={"name": "Bureau"}, headers={"If-Match": '"1"'})
    assert named.json()["newest"]["weekly"] == OFFICE
    await admin.post_ok(f"{CALENDARS}/office/retire")
    body = {"time_zone": "UTC", "weekly": OFFICE, "reason": "Not now."}
    assert (await admin.post(f"{CALENDARS}/office/revise", json=body)).status_code == 409
    week = {"from": "2026-11-16T00:00:00+08:00", "to": "2026-11-23T00:00:00+08:00"}
    assert (await admin.read(f"{CALENDARS}/office/between", **week))["seconds"] == 45 * 3600


@in_test_all
async def test_two_who_revise_at_once_make_two_versions(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    await admin.post_ok(CALENDARS, office())
    body = {"time_zone": "UTC", "weekly": OFFICE, "reason": "At once."}
    week = {"from": "2026-11-16T00:00:00Z", "to": "2026-11-23T00:00:00Z"}
    *revised, between = await asyncio.gather(
        *(admin.post_ok(f"{CALENDARS}/office/revise", body) for _ in range(3)),
        admin.read(f"{CALENDARS}/office/between", **week),
    )
    assert sorted(revision["revision"] for revision in revised) == [2, 3, 4]
    assert between["seconds"] == 45 * 3600
    connection = await connect(api.ledger.db.url)
    assert (await compare(connection, LIFECYCLES)).differing == {}
    await connection.close()


def test_china_works_and_rests_as_is_announced() -> None:
    """As another library knows it, day by day."""
    calendar = office(public_holidays=[{"country": "CN", "years": [2024, 2025, 2026]}])
    definition = version_of(calendar).definition()
    day = date(2024, 1, 1)
    while day.year < 2027:
        works = bool(definition.hours_of(day)) and not definition.is_struck(day)
        assert works == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


def test_a_day_of_rest_on_which_people_work_has_the_hours_of_the_friday_before_it() -> None:
    week = [
        {"weekdays": ["mon", "tue", "wed", "thu"], "starts": "09:00", "ends": "18:00"},
        {"weekdays": ["fri"], "starts": "09:00", "ends": "16:00"},
    ]
    places = [{"country": "CN", "years": [2026]}]
    by_hand = [{"date": "2026-02-28", "hours": [{"starts": "10:00", "ends": "11:00"}]}]
    version = version_of(office(weekly=week, public_holidays=places, working_days=by_hand))
    hours = {day["date"]: (day["hours"], day["origin"]) for day in version.working_days or ()}
    assert hours["2026-02-14"] == ([{"starts": "09:00", "ends": "16:00"}], "public")
    assert hours["2026-02-28"] == ([{"starts": "10:00", "ends": "11:00"}], "added")


def test_a_year_that_is_not_announced_yet_is_said_to_be_provisional() -> None:
    china = [{"country": "CN", "years": [2026, 2099]}]
    assert version_of(office(public_holidays=china)).provisional_years == [2099]
    berlin = [{"country": "DE", "subdivision": "BE", "years": [2026, 2099]}]
    version = version_of(office(public_holidays=berlin, struck=["2026-03-08"]))
    assert version.provisional_years == []
    days = [day["date"] for day in version.holidays or ()]
    assert "2026-10-03" in days
    assert "2026-03-08" not in days
