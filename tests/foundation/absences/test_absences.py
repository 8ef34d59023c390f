"""Absences over HTTP, by people who hold one role each: who keeps and sees them, and who stands in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from app.automation.decisions import deputise_voters
from app.common.people import Grade, Role, rule_caller
from app.foundation.people.teams import EditTeam
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.notifications import notices
from app.platform.db import Connection, connect
from tests.client import Api, Client, Json
from tests.conftest import DatabaseUrls
from tests.desk.sent_forms import read_form, send_form
from tests.extent import in_test_all
from tests.foundation.assignment.test_assignment_rules import a_rule, tried
from tests.foundation.assignment.test_rota import a_shift
from tests.people import act
from tests.processes.changes.samples import a_change
from tests.stories.test_who_decides import approve, of_grade, refused, waits

ABSENCES = "/v1/absences"
EVERY_HOUR = {"starts": "00:00", "ends": "00:00", "time_zone": "UTC", "from_date": "2026-01-01"}


def in_days(days: float) -> str:
    """The instant in so many days."""
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def away(begin: float = -1, end: float = 7, **more: object) -> Json:
    """An absence from so many days ahead."""
    return {"from_at": in_days(begin), "until_at": in_days(end), **more}


@pytest.fixture
async def connection(place: DatabaseUrls) -> AsyncIterator[Connection]:
    lent = await connect(place.url, FOLLOW_LIMITS)
    yield lent
    await lent.close()


async def on_call(client: Client) -> list[str]:
    """Who is on call now."""
    return [person["name"] for person in (await client.read("/v1/teams/network/on-call"))["persons"]]


async def lead(api: Api, client: Client) -> None:
    """Make them the lead of the team."""
    body = EditTeam.model_validate({"lead": client.id})
    await act(api.ledger, rule_caller("tests"), "team", "edit", "network", body)


def raised(name: str, error: Exception) -> None:
    """What goes wrong with a notice."""
    raise error


async def seen(client: Client) -> list[str]:
    """The ids of the absences that they see."""
    return [item["id"] for item in (await client.read(ABSENCES))["items"]]


async def test_people_keep_their_own_leads_their_members_and_colleagues_see_no_reason(api: Api) -> None:
    await api.team("network")
    chen = await api.whole(await api.client("Chen", Role.engineer, teams=("network",)))
    lena = await api.client("Lena", Role.engineer, teams=("network",))
    colleague = await api.client("Tomasz", Role.agent, teams=("network",))
    stranger, admin = await api.client("Mei", Role.agent), await api.client("Ada", Role.admin)
    await lead(api, lena)
    reason = "Ein Eingriff am Knie"
    absence = await chen.post_ok(ABSENCES, away(deputy=colleague.id, reason=reason))
    path = f"{ABSENCES}/{absence['id']}"
    for reader in (chen, lena, colleague, admin):
        absence = await reader.read(path)
        assert (absence["person"]["name"], absence["deputy"]["name"]) == ("Chen", "Tomasz")
        assert "reason" not in absence
        assert await seen(reader) == [absence["id"]]
    assert await seen(stranger) == []
    assert (await stranger.get(f"{path}/reason")).status_code == 404
    assert await chen.read(f"{path}/reason") == {"reason": reason}
    for reader in (lena, colleague, admin):
        assert (await reader.get(f"{path}/reason")).status_code == 403
    for reader in (chen, admin):
        assert reason not in (await reader.get(f"{path}/events")).text
    stored = await api.ledger.db.rows("select a::text as row from fold.absence a")
    stored += await api.ledger.db.rows("select data::text as row from log.told")
    assert not [row for row in stored if reason in row["row"]]

    other = await lena.post_ok(ABSENCES, away(20, 21, person=chen.id))
    assert await refused(lena, ABSENCES, away(30, 31, person=stranger.id)) == (422, "not_your_member")
    assert await refused(colleague, ABSENCES, away(30, 31, person=chen.id)) == (422, "not_your_member")
    assert await refused(colleague, f"{path}/withdraw") == (409, "not_your_absence")
    edited = await chen.patch(path, json={"until_at": in_days(9)}, headers={"If-Match": "*"})
    assert edited.status_code == 200, edited.text
    assert (await admin.post_ok(f"{ABSENCES}/{other['id']}/withdraw"))["state"] == "withdrawn"
    assert (await chen.post_ok(f"{path}/withdraw"))["state"] == "withdrawn"


async def test_what_is_no_absence_or_no_deputy_is_refused(api: Api) -> None:
    chen = await api.whole(await api.client("Chen", Role.engineer))
    tomasz = await api.client("Tomasz", Role.engineer)
    wrong: list[tuple[Json, str, str]] = [
        (away(2, 1), "/until_at", "not_after_its_beginning"),
        (away(-3, -2), "/until_at", "not_ahead"),
        (away(1, 500), "/until_at", "too_long_a_time"),
        (away(deputy="me"), "/deputy", "deputy_of_oneself"),
        (away(deputy=tomasz.id), "/deputy", "deputy_away"),
        (away(source="file"), "/source", "extra_forbidden"),
    ]
    await tomasz.post_ok(ABSENCES, away(3, 4))
    for body, pointer, code in wrong:
        (error,) = (await chen.post(ABSENCES, json=body)).json()["errors"]
        assert (error["pointer"], error["code"]) == (pointer, code)
    own = await chen.post_ok(ABSENCES, away(10, 11, deputy=tomasz.id))
    moved = {"from_at": in_days(2), "until_at": in_days(5)}
    answer = await chen.patch(f"{ABSENCES}/{own['id']}", json=moved, headers={"If-Match": "*"})
    assert answer.json()["errors"][0]["code"] == "deputy_away"


async def test_no_rule_assigns_work_to_whoever_is_away_and_the_trial_says_so(api: Api) -> None:
    await api.team("network")
    admin, agent = await api.client("Ada", Role.admin), await api.client("Lin", Role.agent)
    chen = await api.client("Chen", Role.engineer, teams=("network",))
    await admin.post_ok("/v1/assignment_rules", a_rule(1, "network", choose="in_turn"))
    assert (await tried(agent))["person"]["name"] == "Chen"
    absence = await chen.post_ok(ABSENCES, away())
    trial = await tried(agent)
    assert (trial["team"]["key"], trial["person"], trial["away"]) == ("network", None, 1)
    assert (await tried(agent, at=in_days(8)))["person"]["name"] == "Chen"
    await chen.post_ok(f"{ABSENCES}/{absence['id']}/withdraw")
    trial = await tried(agent)
    assert (trial["person"]["name"], trial["away"]) == ("Chen", 0)


@in_test_all
async def test_on_call_a_stand_in_goes_before_the_deputy_and_the_deputy_before_the_lead(
    api: Api, connection: Connection
) -> None:
    await api.team("network")
    admin = await api.client("Ada", Role.admin)
    chen, tomasz, lena = [
        await api.client(name, Role.engineer, teams=("network",)) for name in ("Chen", "Tomasz", "Lena")
    ]
    stranger, chen = await api.client("Mei", Role.engineer), await api.whole(chen)
    await lead(api, lena)
    await admin.post_ok("/v1/shifts", a_shift(chen, **EVERY_HOUR))
    assert await on_call(chen) == ["Chen"]
    absence = await chen.post_ok(ABSENCES, away(deputy=tomasz.id))
    path = f"{ABSENCES}/{absence['id']}"
    assert await on_call(chen) == ["Tomasz"]
    rota = (await chen.read("/v1/teams/network/rota", **{"from": in_days(6), "to": in_days(8)}))["items"]
    assert [[person["name"] for person in span["persons"]] for span in rota] == [["Tomasz"], ["Chen"]]
    # A deputy who is away is not asked for theirs in turn: no chain, and no loop.
    back = await tomasz.post_ok(ABSENCES, away(-1, 2))
    assert await on_call(chen) == ["Lena"]
    await tomasz.post_ok(f"{ABSENCES}/{back['id']}/withdraw")
    answer = await chen.patch(path, json={"deputy": stranger.id}, headers={"If-Match": "*"})
    assert answer.json()["deputy"]["name"] == "Mei"
    assert await on_call(chen) == ["Lena"], "a deputy who is no member is not on call"
    stand_in = {"team": "network", "duty": "on_call", "person": "me", "instead_of": chen.id}
    await tomasz.post_ok("/v1/stand_ins", {**stand_in, "starts_at": in_days(-0.5), "ends_at": in_days(0.5)})
    assert await on_call(chen) == ["Tomasz"]
    now = datetime.now(UTC)
    await catch_up(connection, notices.consumer(api.ledger, lambda: now))
    while await notices.send_due(connection, api.ledger, now + timedelta(minutes=2), failed=raised):
        pass
    rows = await api.ledger.db.rows("select person_id, unnest(steps) as step from fold.notice")
    steps = {(str(row["person_id"]), row["step"]) for row in rows}
    assert {(tomasz.id, "deputises"), (stranger.id, "deputises"), (lena.id, "covers_on_call")} <= steps


@in_test_all
async def test_deputies_of_absences_vote_if_the_absent_person_has_named_them(
    api: Api, connection: Connection
) -> None:
    await api.team("network")
    admin = await api.client("Ada", Role.admin)
    tomasz = await api.client("Tomasz", Role.engineer, teams=("network",))
    mei = await of_grade(api, "Mei", Role.cab_member, Grade.senior)
    absent = await api.whole(await of_grade(api, "Away", Role.cab_member, Grade.senior))
    deputy, other = await api.client("Deputy", Role.agent), await api.client("Other", Role.agent)
    rule = deputise_voters.RULE.consumer(api.ledger, lambda: datetime.now(UTC))
    absence = await absent.post_ok(ABSENCES, away(deputy=deputy.id))
    path = f"{ABSENCES}/{absence['id']}"
    # Nobody gives away another's vote.
    await admin.post_ok(ABSENCES, away(person=mei.id, deputy=other.id))
    change = await tomasz.post_ok("/v1/changes", a_change(type="emergency", team="network"))
    about = f"/v1/changes/{change['id']}"
    await tomasz.post_ok(f"{about}/submit")
    question = {"question": "Shall it be made?", "cannot_wait": "Nobody can send mail."}
    await tomasz.post_ok(f"{about}/request_emergency_approval", question)
    assert await waits(deputy, "votes_for_others") == [change["number"]]
    assert await waits(other, "votes_for_others") == []
    # Another deputy, then none, then the first again: each while the question is open.
    for name, voting in ((other.id, [other]), (None, []), (deputy.id, [deputy])):
        edited = await absent.patch(path, json={"deputy": name}, headers={"If-Match": "*"})
        assert edited.status_code == 200, edited.text
        await catch_up(connection, rule)
        for client in (deputy, other):
            expected = [change["number"]] if client in voting else []
            assert await waits(client, "votes_for_others") == expected
    assert (await approve(deputy, about))["state"] == "approved"
    cast = [item for item in (await tomasz.read(f"{about}/votes"))["items"] if item["verdict"]]
    assert [(item["person"]["id"], item["cast_by"]["id"]) for item in cast] == [(absent.id, deputy.id)]


@in_test_all
async def test_the_desk_has_the_form_and_shows_colleagues_who_is_away(api: Api) -> None:
    await api.team("network")
    chen = await api.whole(await api.client("Chen", Role.engineer, teams=("network",)))
    colleague = await api.client("Tomasz", Role.agent, teams=("network",))
    path = "/desk/new/absence/plan"
    assert f'href="{path}"' in (await chen.get("/desk")).text
    inputs = read_form((await chen.get(path)).text).inputs
    inputs |= {"/from_at": ["2026-01-01T08:00"], "/until_at": [in_days(7)[:16]]}
    sent = await send_form(chen, path, {**inputs, "/deputy": [str(colleague.id)], "/reason": ["Private"]})
    assert sent.status_code == 303, sent.text
    page = (await colleague.get("/desk/absence?state=planned")).text
    assert "Chen" in page
    assert "Private" not in page
