"""Meetings over HTTP: called, moved, held, minuted, signed; their agendas, and what each may see of it."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest

from app.common.people import Role
from app.meetings.checks import not_its_convener
from app.meetings.lifecycle import LIFECYCLE, convening
from tests.cases import each_case
from tests.client import Api, Client, Json, an_incident
from tests.people import ago

STARTS, ENDS = "2199-01-31T06:00:00Z", "2199-01-31T07:30:00Z"


def a_meeting(**more: Any) -> Json:
    """What is said to call one."""
    fields = {"title": "Change board", "meeting_kind": "cab", "chair": "me", "place": "Room 2.017"}
    return {**fields, "starts_at": STARTS, "ends_at": ENDS, **more}


def begun() -> Json:
    """What is said of one that has begun when it is told of."""
    times = {"occurred_at": ago(hours=2), "starts_at": ago(hours=1), "ends_at": ago(minutes=30)}
    return {name: time.isoformat() for name, time in times.items()}


async def refused(client: Client, path: str, body: Json | None = None) -> tuple[str, str]:
    """Where the first wrong value is and the code of what is wrong; of another problem its code."""
    answer = await client.post(path, json=body or {})
    problem = answer.json()
    assert answer.status_code in (403, 404, 409, 422), answer.text
    if not problem.get("errors"):
        return "", problem["code"]
    return problem["errors"][0]["pointer"], problem["errors"][0]["code"]


@pytest.fixture
async def ada(api: Api) -> Client:
    return await api.client("Ada", Role.agent)


@pytest.fixture
async def wang(api: Api) -> Client:
    return await api.client("王芳")


@pytest.fixture
async def board(api: Api, wang: Client) -> Client:
    """An administrator who chairs the group `board`, to which Wang Fang belongs for the business."""
    head = await api.client("Head", Role.admin)
    await head.post_ok("/v1/groups", {"key": "board", "name": "The board", "chair": "me"})
    await head.post_ok("/v1/groups/board/add_member", {"person": wang.id, "side": "business"})
    return head


async def participants(client: Client, path: str) -> dict[str, Json]:
    """Those of the meeting by their names."""
    return {
        participant["person"]["name"]: participant
        for participant in (await client.read(f"{path}/participants"))["items"]
    }


async def test_from_the_call_to_signed_minutes(api: Api, ada: Client, wang: Client, board: Client) -> None:
    body = a_meeting(group="board", persons=[ada.id], chair=None, **begun())
    meeting = await ada.post_ok("/v1/meetings", body)
    path = f"/v1/meetings/{meeting['number']}"
    assert meeting["number"].startswith("MTG-")
    assert (meeting["state"], meeting["chair"]["id"], meeting["organiser"]["id"]) == (
        "called",
        board.id,
        ada.id,
    )
    participants_seen = await participants(wang, path)
    assert {name: (p["side"], p["from_group"], p["attended"]) for name, p in participants_seen.items()} == {
        "王芳": ("business", True, None),
        "Head": (None, True, None),
        "Ada": (None, False, None),
    }
    await ada.post_ok(f"{path}/add_agenda_item", {"topic": "The budget"})
    (item,) = (await wang.read(f"{path}/agenda"))["items"]
    held = await ada.post_ok(f"{path}/hold", {"attended": [ada.id, board.id]})
    assert (held["state"], held["held_at"] is not None) == ("held", True)
    assert {name: p["attended"] for name, p in (await participants(ada, path)).items()} == {
        "王芳": False,
        "Head": True,
        "Ada": True,
    }
    minutes = {
        "minutes": "五月更换中继。",
        "conclusions": [{"item": item["id"], "conclusion": "More in May."}],
        "tasks": [{"title": "Ask for a date", "assignee": wang.id, "due_at": ENDS}],
    }
    assert (await ada.post_ok(f"{path}/minute", minutes))["state"] == "minuted"
    assert (await wang.read(f"{path}/agenda"))["items"][0]["conclusion"] == "More in May."
    await ada.post_ok(f"{path}/minute", {"minutes": "五月底更换中继。"})
    (draft,) = (await wang.read(f"{path}/documents"))["items"]
    assert (draft["number"][:2], draft["state"], draft["edition"]) == ("MI", "drafted", 2)
    assert await refused(ada, f"{path}/sign") == ("", "forbidden"), "she does not chair it"
    assert await refused(board, f"{path}/sign") == ("", "proposal_rewritten"), "which of the two was read?"
    version = str((await board.read(path))["version"])
    assert (await board.post_ok(f"{path}/sign", if_match=version))["signed_by"]["id"] == board.id
    assert (await wang.read(f"{path}/documents"))["items"][0]["state"] == "published"
    sections = (await wang.read(f"{path}/document_sections"))["items"]
    assert [section["text"] for section in sections] == ["五月更换中继。", "五月底更换中继。"]
    assert await refused(ada, f"{path}/minute", {"minutes": "Once more."}) == ("", "signed_already")
    address = f"{path}/documents/{draft['number']}"
    chinese = (await wang.get(address, params={"lang": "zh"})).text
    words = ("五月底更换中继。", "The budget", "More in May.", "Ask for a date", "变更顾问委员会会议", "业务")
    assert [word for word in words if word not in chinese] == []
    assert "五月更换中继。" not in chinese
    minutes_by, chair = re.findall("<tr><td>(.*?)\n", chinese.partition('class="signatures"')[2])
    assert ("Ada" in minutes_by, "主持人" in chair, "Head" in chair) == (True, True, True)
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", chair), "when the chair signed here"
    outsider = await api.client("Emil", Role.engineer)
    assert (await outsider.get(address)).status_code == 404
    first_edition = (await wang.get(address, params={"lang": "en", "edition": "1"})).text
    assert "五月更换中继。" in first_edition


async def test_minutes_name_who_signed_them_and_who_denies_having_attended(
    api: Api, ada: Client, wang: Client, board: Client
) -> None:
    quality = await api.client("Quality", Role.quality_manager)
    body = a_meeting(group="board", persons=[ada.id, wang.id], chair=None, **begun())
    path = f"/v1/meetings/{(await ada.post_ok('/v1/meetings', body))['id']}"
    await ada.post_ok(f"{path}/hold", {"attended": [wang.id, board.id, ada.id]})
    await ada.post_ok(f"{path}/minute", {"minutes": "Nothing new."})
    await quality.post_ok(f"{path}/sign")
    await wang.post_ok(f"{path}/object_to_statement", {"objection": "I was not there."})
    (entry,) = (await ada.read(f"{path}/documents"))["items"]
    page = (await ada.get(f"{path}/documents/{entry['number']}", params={"lang": "en"})).text
    facts, _, signing = page.partition('class="signatures"')
    assert re.search("王芳<td>[^<]*<td>No: objected on", facts)
    assert "For the chair<td>Quality<td>20" in signing
    assert "Head" not in signing, "the chair has signed nothing"


async def test_who_is_not_invited_does_not_see_it_and_who_need_not_come_sees_it_no_more(
    api: Api, ada: Client, wang: Client
) -> None:
    meeting = await ada.post_ok("/v1/meetings", a_meeting())
    meeting_path = f"/v1/meetings/{meeting['id']}"
    outsider = await api.client("Emil", Role.engineer)
    for path in (
        meeting_path,
        f"{meeting_path}/agenda",
        f"{meeting_path}/participants",
        f"{meeting_path}/invitation.ics",
        f"{meeting_path}/events",
    ):
        assert (await outsider.get(path)).status_code == 404, path
    assert (await wang.read("/v1/meetings"))["items"] == []
    await ada.post_ok(f"{meeting_path}/invite", {"persons": [wang.id]})
    assert [listed["id"] for listed in (await wang.read("/v1/meetings"))["items"]] == [meeting["id"]]
    await ada.post_ok(f"{meeting_path}/uninvite", {"person": wang.id})
    assert (await wang.get(meeting_path)).status_code == 404
    assert await refused(ada, f"{meeting_path}/uninvite", {"person": wang.id}) == ("/person", "not_invited")
    assert await refused(ada, f"{meeting_path}/uninvite", {"person": "me"}) == ("/person", "chairs_it")


async def test_a_file_of_a_meeting_is_there_for_whom_the_meeting_is(
    api: Api, ada: Client, wang: Client
) -> None:
    path = f"/v1/meetings/{(await ada.post_ok('/v1/meetings', a_meeting(persons=[wang.id])))['id']}"
    sent = (await wang.put(f"/v1/uploads/{uuid4()}", content=b"The figures.")).json()["id"]
    await wang.post_ok(f"{path}/attach", {"upload": sent, "name": "figures.txt"})
    (file,) = (await ada.read(f"{path}/attachments"))["items"]
    content = f"{path}/attachments/{file['id']}/content"
    assert (await ada.get(content)).content == b"The figures."
    outsider = await api.client("Emil", Role.engineer)
    assert (await outsider.get(content)).status_code == 404


async def test_the_agenda_shows_each_only_the_records_that_they_may_see(
    ada: Client, wang: Client, board: Client
) -> None:
    incident = await ada.post_ok("/v1/incidents", an_incident())
    path = f"/v1/meetings/{(await ada.post_ok('/v1/meetings', a_meeting(persons=[wang.id])))['id']}"
    topic = {"topic": "The relay that loses mail", "about": incident["number"]}
    await ada.post_ok(f"{path}/add_agenda_item", topic)
    await ada.post_ok(f"{path}/add_agenda_item", {**topic, "topic": "And what it costs"})
    for client, about in ((ada, incident["number"]), (wang, None)):
        items = (await client.read(f"{path}/agenda"))["items"]
        assert [item["topic"] for item in items] == [topic["topic"], "And what it costs"]
        assert {item["about"] and item["about"]["number"] for item in items} == {about}
        assert len((await client.read(f"{path}/links"))["items"]) == (about is not None), "once"
    (link,) = (await ada.read(f"/v1/incidents/{incident['id']}/links"))["items"]
    assert (link["kind"], link["other"]["kind"]) == ("relates_to", "meeting")
    types = [event["type"] for event in (await wang.read(f"{path}/events"))["items"]]
    assert types == ["meeting.called"], "what names the record is for staff"
    hidden = (await board.post_ok("/v1/incidents", an_incident()))["id"]
    theirs = (await wang.post_ok("/v1/incidents", an_incident()))["id"]
    assert await refused(wang, f"{path}/add_agenda_item", {"topic": "Mine", "about": theirs}) == (
        "",
        "forbidden",
    )
    assert hidden
    assert await refused(
        ada, f"{path}/add_agenda_item", {"topic": "This", "about": path.rpartition("/")[2]}
    ) == (
        "/about",
        "itself",
    )


async def test_an_item_names_a_decision_on_its_record_or_on_the_meeting(ada: Client, wang: Client) -> None:
    path = (
        f"/v1/meetings/{(await ada.post_ok('/v1/meetings', a_meeting(persons=[wang.id], **begun())))['id']}"
    )
    await ada.post_ok(f"{path}/ask_decision", {"question": "More in May?", "due_at": ENDS})
    decision = (await wang.read(f"{path}/decisions"))["items"][0]["id"]
    await ada.post_ok(f"{path}/add_agenda_item", {"topic": "The budget", "decision": decision})
    for client in (ada, wang):
        await client.post_ok(f"{path}/vote", {"decision": decision, "verdict": "approve"})
    (item,) = (await wang.read(f"{path}/agenda"))["items"]
    assert item["decision"] == {
        "id": decision,
        "question": "More in May?",
        "state": "taken",
        "outcome": "approved",
    }
    incident = await ada.post_ok("/v1/incidents", an_incident())
    elsewhere = {"topic": "Elsewhere", "about": incident["id"], "decision": decision}
    assert await refused(ada, f"{path}/add_agenda_item", elsewhere) == ("/decision", "unknown_reference")


async def test_a_group_decides_at_its_meeting_whoever_is_invited_or_presides(
    api: Api, ada: Client, wang: Client, board: Client
) -> None:
    friends = [await api.client(f"Friend {n}", Role.agent) for n in range(3)]
    called = a_meeting(group="board", persons=[friend.id for friend in friends], **begun())
    path = f"/v1/meetings/{(await ada.post_ok('/v1/meetings', called))['id']}"
    await ada.post_ok(f"{path}/uninvite", {"person": wang.id})
    question = {"question": "No more changes?", "due_at": ENDS}
    offer = next(a for a in (await friends[0].read(path))["actions"] if a["action"] == "ask_decision")
    assert (offer["open"], "you are a guest" in offer["reason"]) == (False, True)
    assert await refused(friends[0], f"{path}/ask_decision", question) == ("", "guest_of_meeting")
    await ada.post_ok(f"{path}/ask_decision", question)
    decision = (await ada.read(f"{path}/decisions"))["items"][0]["id"]
    for guest in (ada, *friends):
        assert (await guest.post(f"{path}/vote", json={"decision": decision, "verdict": "approve"})).is_error
    for member in (wang, board):
        rejection = {"decision": decision, "verdict": "reject", "comment": "Changes go on."}
        await member.post_ok(f"{path}/vote", rejection)
    (row,) = (await board.read(f"{path}/decisions"))["items"]
    assert (row["state"], row["outcome"]) == ("taken", "rejected")


async def test_nobody_decides_a_question_of_a_meeting_before_it_begins(
    api: Api, ada: Client, wang: Client, board: Client
) -> None:
    meeting = await ada.post_ok("/v1/meetings", a_meeting(group="board"))
    path = f"/v1/meetings/{meeting['id']}"
    early = await refused(ada, f"{path}/ask_decision", {"question": "No changes?", "due_at": STARTS})
    assert early == ("/due_at", "earlier_than_rule"), "nobody could vote"
    await ada.post_ok(f"{path}/ask_decision", {"question": "No changes?", "due_at": ENDS})
    decision = (await ada.read(f"{path}/decisions"))["items"][0]["id"]
    ballot = {"decision": decision, "verdict": "approve"}
    for member in (wang, board):
        assert await refused(member, f"{path}/vote", ballot) == ("", "meeting_not_begun")
    await ada.post_ok(f"{path}/cancel", {"reason": "Nobody has time."})
    for member in (wang, board):
        await member.post_ok(f"{path}/vote", ballot)


@each_case(
    ("fields", "expected"),
    [
        ({"starts_at": "2020-01-01T00:00:00Z"}, ("/starts_at", "not_ahead")),
        ({"ends_at": STARTS}, ("/ends_at", "not_behind_start")),
        ({"ends_at": "2199-03-31T06:00:00Z"}, ("/ends_at", "too_long_a_time")),
        ({"chair": None}, ("/chair", "missing")),
        ({"time_zone": "Mars/Olympus"}, ("/time_zone", "unknown_zone")),
        ({"group": "nobody"}, ("/group", "unknown_reference")),
        ({"title": "no\nlines"}, ("/title", "one_line")),
    ],
)
async def test_what_cannot_be_called_is_refused(ada: Client, fields: Json, expected: tuple[str, str]) -> None:
    assert await refused(ada, "/v1/meetings", a_meeting(**fields)) == expected


async def test_where_the_groups_chair_is_gone_somebody_else_is_named(
    api: Api, ada: Client, board: Client
) -> None:
    admin = await api.client("Admin", Role.admin)
    await admin.post_ok(f"/v1/persons/{board.id}/deactivate")
    assert await refused(ada, "/v1/meetings", a_meeting(group="board", chair=None)) == ("/chair", "missing")
    meeting = await ada.post_ok("/v1/meetings", a_meeting(group="board"))
    assert {*await participants(ada, f"/v1/meetings/{meeting['id']}")} == {"Ada", "王芳"}


async def test_a_record_that_one_may_not_see_is_not_put_on_the_agenda(api: Api, ada: Client) -> None:
    path = f"/v1/meetings/{(await ada.post_ok('/v1/meetings', a_meeting()))['id']}"
    secret = await (await api.client("Emil", Role.agent)).post_ok("/v1/meetings", a_meeting())
    topic = {"topic": "What others talk about", "about": secret["number"]}
    assert await refused(ada, f"{path}/add_agenda_item", topic) == ("/about", "unknown_reference")
    assert (await ada.read(f"{path}/agenda"))["items"] == []


async def test_nobody_else_says_that_a_meeting_follows_another_one(ada: Client) -> None:
    first = await ada.post_ok("/v1/meetings", a_meeting(series_interval="monthly"))
    body = a_meeting(follows=first["id"])
    assert await refused(ada, "/v1/meetings", body) == ("/follows", "by_call_next")


async def test_a_series_ends_where_its_next_meeting_would_end_behind_all_that_can_be_said(
    ada: Client,
) -> None:
    last = {"starts_at": "2200-12-24T23:30:00Z", "ends_at": "2200-12-25T00:30:00Z"}
    meeting = await ada.post_ok("/v1/meetings", a_meeting(series_interval="weekly", **last))
    assert await refused(ada, f"/v1/meetings/{meeting['id']}/call_next") == ("", "series_has_ended")


async def test_who_chairs_it_is_changed_and_then_invited_and_never_nobody(ada: Client, wang: Client) -> None:
    meeting = await ada.post_ok("/v1/meetings", a_meeting())
    path, any_version = f"/v1/meetings/{meeting['id']}", {"If-Match": "*"}
    await ada.patch(path, json={"chair": wang.id}, headers=any_version)
    assert {*await participants(wang, path)} == {"Ada", "王芳"}
    answer = await ada.patch(path, json={"chair": None}, headers=any_version)
    assert answer.json()["errors"][0]["code"] == "missing"
    actions = {action["action"] for action in (await wang.read(path))["actions"]}
    assert {"move", "hold", "cancel"} <= actions, "the chair needs no role"


async def test_minutes_name_what_was_on_the_agenda(ada: Client) -> None:
    path = f"/v1/meetings/{(await ada.post_ok('/v1/meetings', a_meeting(**begun())))['id']}"
    await ada.post_ok(f"{path}/hold", {"attended": ["me"]})
    nothing = {"item": "019a0000-0000-7000-8000-000000000000", "conclusion": "It stays."}
    minutes = {"minutes": "All is well.", "conclusions": [nothing]}
    assert await refused(ada, f"{path}/minute", minutes) == ("/conclusions/0/item", "unknown_reference")
    twice = {"attended": ["me", ada.id]}
    other = f"/v1/meetings/{(await ada.post_ok('/v1/meetings', a_meeting(**begun())))['id']}"
    assert await refused(ada, f"{other}/hold", twice) == ("/attended", "each_once")


def test_what_runs_a_meeting_is_for_its_chair_and_organiser() -> None:
    """Anybody of the staff may write minutes, because the chair signs them."""
    relation = convening.relations
    open_to_others = {
        row.name
        for row in LIFECYCLE.rows
        if relation <= row.policy.relations and not_its_convener not in row.checks.unless
    }
    assert open_to_others == {"minute", "withdraw_decision"}
