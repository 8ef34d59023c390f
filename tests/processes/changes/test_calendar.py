"""The change calendar: what is in it, for whom, by which clocks; as a file, and with a key of its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
import vobject  # type: ignore[import-untyped]  # has no stubs

from app.common.people import Role
from app.processes.changes.calendar.entries import day_of
from tests.cases import each_case
from tests.client import Client, Json
from tests.conftest import DatabaseUrls
from tests.extent import first_of, in_test_all
from tests.people import add_person
from tests.processes.changes.samples import DONE, NIGHT, Board, at_hour, window

AT = "/v1/changes/calendar"
#: From the day of that night on.
THAT_MONTH: Json = {
    "from": NIGHT.date().isoformat(),
    "until": (NIGHT.date() + timedelta(days=30)).isoformat(),
    "tz": "UTC",
}
FREEZE = """
insert into fold.freeze
  (id, version, changed_at, state, freeze_kind, title, from_at, until_at, everything, services)
values (%(id)s, 1, now(), %(state)s, %(kind)s, 'Quarter end', %(begin)s, %(end)s,
  %(services)s::text[] is null, %(services)s)
"""


def freeze(place: DatabaseUrls, begin: float, end: float, **fields: Any) -> str:
    """The id of a freeze from the one hour of the night to the other."""
    row = {
        "id": uuid4(),
        "state": "declared",
        "kind": "freeze",
        "begin": NIGHT + timedelta(hours=begin),
        "end": NIGHT + timedelta(hours=end),
        "services": None,
        **fields,
    }
    with psycopg.connect(place.owner_url) as connection:
        connection.execute(FREEZE, row)
    return str(row["id"])


async def items(client: Client, **query: str) -> list[Json]:
    listed: list[Json] = (await client.read(AT, **{**THAT_MONTH, **query}))["items"]
    return listed


async def titles(client: Client, **query: str) -> list[str | None]:
    return [item["title"] for item in await items(client, **query)]


async def calendar_key(client: Client) -> Json:
    return await client.post_ok("/v1/keys", {"name": "Outlook", "person": "me", "scope": "calendar"})


async def test_it_shows_changes_in_their_windows_with_all_that_is_planned(board: Board) -> None:
    await board.ci("srv-1")
    path = await board.scheduled(1, 3, cis=["srv-1"], title="Renew the relay")
    await board.drafted(title="Only a draft")
    change = await board.manager.read(path)
    (entry,) = await items(board.manager)
    assert entry["id"] == change["id"]
    assert (entry["kind"], entry["number"], entry["title"]) == ("change", change["number"], "Renew the relay")
    assert (entry["type"], entry["state"], entry["risk_level"]) == ("normal", "scheduled", "low")
    assert (entry["services"], entry["cis"]) == (["mail"], ["srv-1"])
    assert entry["team"]["key"] == "network"
    assert (entry["from_at"][:16], entry["until_at"][:16]) == (at_hour(1)[:16], at_hour(3)[:16])
    assert entry["overridden"] is False
    await board.manager.post_ok(f"{path}/cancel", {"reason": "Not needed."})
    assert await items(board.manager) == []


@in_test_all
async def test_what_was_done_stays_and_an_emergency_is_there_from_its_start(board: Board) -> None:
    now = datetime.now(UTC)
    around = {"from": (now - timedelta(days=1)).isoformat(), "until": (now + timedelta(days=2)).isoformat()}
    path = f"/v1/changes/{(await board.drafted(type='emergency', title='Now'))['id']}"
    await board.agent.post_ok(f"{path}/submit")
    body = board.question(cannot_wait="Mail is down.")
    await board.manager.post_ok(f"{path}/request_emergency_approval", body)
    await board.vote(path, "approve")
    (waiting,) = await items(board.manager)
    assert (waiting["state"], waiting["from_at"][:16]) == ("approved", at_hour(0)[:16])
    await board.engineer.post_ok(f"{path}/start")
    (running,) = await items(board.manager, **around)
    assert running["state"] == "implementing"
    await board.engineer.post_ok(f"{path}/complete", DONE)
    (done,) = await items(board.manager, **around)
    assert (done["state"], done["from_at"]) == ("implemented", running["from_at"])
    assert datetime.fromisoformat(done["until_at"]) - now < timedelta(hours=1)


async def test_freezes_and_bans_are_shown_to_staff_only(board: Board, place: DatabaseUrls) -> None:
    freeze(place, 0, 5)
    freeze(place, 2, 7, kind="maintenance_ban")
    freeze(place, 0, 5, state="withdrawn")
    assert [entry["kind"] for entry in await items(board.manager)] == ["freeze", "maintenance_ban"]
    assert await items(await board.api.client("Zhao Min")) == []


async def test_nobody_sees_a_change_that_lists_do_not_show_them(board: Board) -> None:
    await board.ci("srv-1")
    path = await board.scheduled(1, 3, cis=["srv-1"])
    stranger = await board.api.client("Zhao Min")
    assert await items(stranger) == []
    assert (await stranger.read("/v1/changes"))["items"] == []
    await board.agent.post_ok(f"{path}/follow", {"person": stranger.id})
    (entry,) = await items(stranger)
    assert entry["cis"] == [], "items are for those who see them"


@in_test_all
async def test_it_is_narrowed_by_service_team_and_type(board: Board, place: DatabaseUrls) -> None:
    await board.api.team("desktops")
    await board.scheduled(1, 3, title="Mail", services=["mail"])
    await board.scheduled(5, 6, title="Print", services=["print", "mail"])
    freeze(place, 0, 1, services=["erp"])
    assert await titles(board.manager) == ["Quarter end", "Mail", "Print"]
    assert await titles(board.manager, service="mail") == ["Mail", "Print"]
    assert await titles(board.manager, service="print") == ["Print"]
    assert await titles(board.manager, service="erp") == ["Quarter end"]
    assert await titles(board.manager, team="desktops") == ["Quarter end"]
    assert await titles(board.manager, team="network", type="normal", service="print") == ["Print"]
    assert await titles(board.manager, type="standard", service="print") == []


async def test_a_period_shows_what_overlaps_it_and_what_ends_as_it_begins_is_before_it(board: Board) -> None:
    await board.scheduled(1, 3)
    for begin, end, number in ((0, 1, 0), (0, 1.5, 1), (2, 2.5, 1), (2.5, 9, 1), (3, 9, 0)):
        entries = await items(board.manager, **{"from": at_hour(begin), "until": at_hour(end)})
        assert len(entries) == number, (begin, end)


async def test_without_a_period_it_is_this_month_by_the_clocks_asked_for(board: Board) -> None:
    answer = await board.manager.read(AT, tz="Asia/Shanghai")
    begin = datetime.fromisoformat(answer["from_at"]).astimezone(ZoneInfo("Asia/Shanghai"))
    end = datetime.fromisoformat(answer["until_at"]).astimezone(ZoneInfo("Asia/Shanghai"))
    assert (begin.day, begin.hour, end.day, end.hour) == (1, 0, 1, 0)
    assert begin <= datetime.now(UTC) < end
    assert (answer["tz"], answer["truncated"]) == ("Asia/Shanghai", False)


@each_case(
    ("query", "parameter", "code"),
    [
        ({"tz": "Mars/Olympus"}, "tz", "unknown_zone"),
        ({"from": "2026-03-01", "until": "2026-03-01"}, "until", "ends_before_it_begins"),
        ({"from": "2026-03-01", "until": "2027-05-01"}, "until", "too_long_a_time"),
        ({"from": "spring"}, "from", "not_an_instant"),
        ({"from": "2026-03-01T08:00:00"}, "from", "not_an_instant"),
        ({"lang": "fr"}, "lang", "literal_error"),
        ({"form": "ics"}, "form", "extra_forbidden"),
    ],
)
async def test_a_wrong_question_is_answered_with_what_is_wrong(
    board: Board, query: Json, parameter: str, code: str
) -> None:
    answer = await board.manager.get(AT, params=query)
    assert answer.status_code == 422, answer.text
    assert [(error["parameter"], error["code"]) for error in answer.json()["errors"]] == [(parameter, code)]


# As a file.


async def file_of(client: Client, **query: str) -> Any:
    """The calendar, as another library reads it."""
    answer = await client.get(AT, params={**THAT_MONTH, **query}, headers={"Accept": "text/calendar"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/calendar")
    return vobject.readOne(answer.text, validate=True)


async def test_another_library_accepts_the_file_and_finds_each_entry_once(
    board: Board, place: DatabaseUrls
) -> None:
    path = await board.scheduled(1, 3, title="Renew; the relay, 邮件, now " + "x" * 120)
    frozen = freeze(place, 4, 5)
    change = await board.manager.read(path)
    read = await file_of(board.manager)
    events = {event.uid.value: event for event in read.vevent_list}
    assert set(events) == {f"change-{change['id']}@ledgerdesk", f"freeze-{frozen}@ledgerdesk"}
    event = events[f"change-{change['id']}@ledgerdesk"]
    assert event.summary.value == f"{change['number']} {change['title']}"
    assert event.dtstart.value == NIGHT + timedelta(hours=1)
    assert event.dtend.value == NIGHT + timedelta(hours=3)
    assert (event.sequence.value, event.status.value) == (str(change["version"]), "CONFIRMED")
    assert event.categories.value == ["Normal"]
    assert event.url.value.endswith(f"/desk/change/{change['number']}")
    assert read.contents["x-wr-calname"][0].value == "Change calendar"
    assert read.contents["refresh-interval"][0].value == "PT1H"


@in_test_all
async def test_a_moved_window_is_the_same_event_with_a_higher_sequence(board: Board) -> None:
    path = await board.scheduled(1, 3)
    (before,) = (await file_of(board.manager)).vevent_list
    body = {"from_at": at_hour(5), "until_at": at_hour(6), "reason": "The supplier is late."}
    await board.manager.post_ok(f"{path}/reschedule", body)
    (after,) = (await file_of(board.manager)).vevent_list
    assert after.uid.value == before.uid.value
    assert int(after.sequence.value) > int(before.sequence.value)
    assert after.dtstart.value == NIGHT + timedelta(hours=5)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    first_of(
        [
            ("Europe/Berlin", date(2027, 3, 28), 23),
            ("Europe/Berlin", date(2027, 10, 31), 25),
            ("Asia/Shanghai", date(2027, 3, 28), 24),
            ("America/New_York", date(2027, 3, 14), 23),
            ("America/New_York", date(2027, 11, 7), 25),
        ],
        1,
    ),
)
async def test_times_are_right_in_every_zone_and_when_clocks_change(
    board: Board, zone: str, day: date, hours: int
) -> None:
    clocks = ZoneInfo(zone)
    local_day = day_of(day, clocks)
    assert local_day.hours == hours
    begin = datetime(day.year, day.month, day.day, 0, 30, tzinfo=clocks)
    end = datetime(day.year, day.month, day.day, 4, 30, tzinfo=clocks)
    body = {**window(0, 1), "from_at": begin.isoformat(), "until_at": end.isoformat()}
    await board.manager.post_ok(f"{await board.approved()}/schedule", body)
    following = day + timedelta(days=1)
    query = {"from": day.isoformat(), "until": following.isoformat(), "tz": zone}
    answer = await board.manager.read(AT, **query)
    assert datetime.fromisoformat(answer["from_at"]) == local_day.begin
    assert datetime.fromisoformat(answer["until_at"]) == local_day.end
    (event,) = (await file_of(board.manager, **query)).vevent_list
    for local, written in ((begin, event.dtstart.value), (end, event.dtend.value)):
        assert written == local
        assert written.utcoffset() == timedelta(0)
        assert f"{written.astimezone(clocks):%H:%M}" == f"{local:%H:%M}"
    assert event.dtend.value - event.dtstart.value == timedelta(hours=4 + (hours - 24))


@in_test_all
async def test_words_are_in_the_language_asked_for_or_else_the_persons(board: Board) -> None:
    await board.scheduled(1, 3)
    description = (await file_of(board.manager, lang="zh")).vevent_list[0].description.value
    assert "状态：已排期" in description
    drawing = await board.manager.get(f"{AT}.svg", params={"lang": "zh"})
    assert "变更日历" in drawing.text


# With a key of its own.


async def test_a_key_in_the_address_reads_the_calendar_as_its_person_sees_it_now(
    board: Board, place: DatabaseUrls
) -> None:
    freeze(place, 1, 2)
    token = (await calendar_key(board.manager))["token"]
    anybody = board.api.with_token(None)
    for query in ({"key": token, **THAT_MONTH}, {"format": "ics", "key": token, **THAT_MONTH}):
        answer = await anybody.get(AT, params=query)
        assert answer.status_code == 200, answer.text
        assert token not in answer.text + str(answer.headers)
        assert "Quarter end" in answer.text
    assert "no-cache" in answer.headers["cache-control"]
    assert answer.headers["cache-control"].startswith("private")
    with_header = await board.api.with_token(token).get(AT, params=THAT_MONTH)
    assert with_header.status_code == 200
    admin = await board.api.client("Ada", Role.admin)
    await admin.post_ok(f"/v1/persons/{board.manager.id}/revoke_role", {"role": "change_manager"})
    assert "Quarter end" not in (await anybody.get(AT, params={"key": token, **THAT_MONTH})).text


async def test_no_other_key_is_taken_from_the_address_and_none_is_repeated(board: Board) -> None:
    anybody, token_of_manager = board.api.with_token(None), board.manager.token
    refused = await anybody.get(AT, params={"key": str(token_of_manager)})
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    assert str(token_of_manager) not in refused.text
    token = (await calendar_key(board.manager))["token"]
    wrong = await anybody.get(AT, params={"key": token, "from": "nonsense"})
    assert wrong.status_code == 422
    assert token not in wrong.text


@pytest.mark.parametrize("ended", first_of(["erase", "revoke", "deactivate"], 1))
async def test_it_ends_with_its_person_and_when_it_is_revoked(board: Board, ended: str) -> None:
    person = await add_person(board.api.ledger, "Zhao Min")
    theirs = await board.api.client_of(person)
    key = await calendar_key(theirs)
    anybody = board.api.with_token(None)
    assert (await anybody.get(AT, params={"key": key["token"]})).status_code == 200
    admin = await board.api.client("Ada", Role.admin)
    path = f"/v1/keys/{key['id']}/revoke" if ended == "revoke" else f"/v1/persons/{person.id}/{ended}"
    await admin.post_ok(path)
    assert (await anybody.get(AT, params={"key": key["token"]})).status_code == 401


# Drawn.


@in_test_all
async def test_the_drawing_shows_the_week_of_a_day_and_nothing_that_it_is_not_told(board: Board) -> None:
    await board.scheduled(1, 3, title="<script>alert(1)</script>")
    answer = await board.manager.get(f"{AT}.svg", params={"date": THAT_MONTH["from"], "tz": "UTC"})
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["content-security-policy"] == "default-src 'none'"
    assert "&lt;script&gt;" in answer.text
    assert "<script" not in answer.text
    assert "Quarter end" not in answer.text
    assert (await board.manager.get(f"{AT}.svg", params={"date": "2199-13-01"})).status_code == 422
    other = await board.api.client("Zhao Min")
    month = await other.get(f"{AT}.svg", params={"date": THAT_MONTH["from"], "view": "month"})
    assert "script" not in month.text
