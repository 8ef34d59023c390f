"""Votes on the page of a record: offered to those who are asked, and shown once they are cast."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.common.people import Role
from app.desk.pages.record.vote_sentences import OF_RECORDS, decided_code
from app.desk.pages.records import VOTES
from app.foundation.decisions.records import DecisionKind
from app.i18n import LANGUAGES, sentences
from app.registry import LIFECYCLES
from tests.automation.worker import Worker
from tests.client import Api, Client
from tests.desk.sent_forms import read_form, said, send_form
from tests.desk.test_pages import page
from tests.processes.changes.samples import a_board

#: The state on a page, alone or with what it waits for; the filter has it as an option.
IN_FORCE, ENDED = (re.compile(rf"data-state[^>]*>{label}") for label in ("In force", "Ended"))
VOTE_FORM = re.compile(r'href="[^"]*/(?:vote|decide)(?:\?[^"]*)?"[^>]*>([^<]*)<')


async def offered(client: Client, path: str) -> list[str]:
    """The labels of the links to forms of votes on that page."""
    return VOTE_FORM.findall(await page(client, path))


async def test_a_vote_is_offered_to_voters_until_they_have_cast_it_and_then_shown(api: Api) -> None:
    board = await a_board(api)
    for name in ("Nils", "Ines"):
        await api.client(name, Role.cab_member)
    path = await board.assessed("medium")
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    change = await board.member.read(path)
    address, decision = f"/desk/change/{change['number']}", change["approval_id"]
    assert await offered(board.member, address) == ["Vote: Shall it be made?"]
    assert await offered(board.engineer, address) == [], "nobody asked them"
    cast = {"decision": decision, "verdict": "approve", "comment": "The relay is old."}
    await board.member.post_ok(f"{path}/vote", cast)
    assert await offered(board.member, address) == ["Change your vote"]
    for reader in (board.member, board.engineer):
        html = await page(reader, address)
        assert ("The relay is old." in html, "Approve" in html) == (True, True), "votes stand on the page"
        votes = html.partition('<caption class="hidden">Votes</caption>')[2].partition("</table>")[0]
        assert "Shall it be made?" in votes, "each with its decision"
    assert "Change your vote" not in await page(board.engineer, f"{address}/list/decisions")


async def test_the_deputy_of_two_chooses_on_the_form_for_whom_they_vote(api: Api) -> None:
    board = await a_board(api)
    absent = [await api.client(name, Role.cab_member) for name in ("Nils", "Ines")]
    deputy = await api.client("Anna", Role.engineer)
    now = datetime.now(UTC)
    times = {f"{name}_at": (now + timedelta(hours=n)).isoformat() for name, n in (("from", -1), ("until", 9))}
    for voter in absent:
        await (await api.whole(voter)).post_ok("/v1/deputies", {"deputy": deputy.id, **times})
    path = await board.assessed("medium")
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    change = await board.member.read(path)
    address = f"/desk/change/{change['number']}"
    assert "/instead_of" not in read_form(await page(board.member, f"{address}/vote")).named
    html = await page(deputy, f"{address}/vote")
    options = re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)<', html)
    assert {(voter.id, name) for voter, name in zip(absent, ("Nils", "Ines"), strict=True)} <= {*options}
    sent = {**read_form(html).inputs, "/decision": [change["approval_id"]], "/verdict": ["approve"]}
    refused = await send_form(deputy, f"{address}/vote", {**sent, "/instead_of": [""]})
    assert (refused.status_code, read_form(refused.text).faults) == (422, {"f-instead_of-help"})
    voted = await send_form(deputy, f"{address}/vote", {**sent, "/instead_of": [absent[1].id]})
    assert voted.status_code == 303, said(voted.text)
    ballots = (await board.manager.read(f"{path}/votes"))["items"]
    assert [ballot["person"]["id"] for ballot in ballots if ballot["verdict"]] == [absent[1].id]
    # The links of the votes name the voter, and the form then says so.
    (label,) = {*await offered(deputy, address)}
    assert label == "Vote: Shall it be made?"


async def test_a_rejection_without_its_reason_is_one_mistake_and_said_once(api: Api) -> None:
    board = await a_board(api)
    for name in ("Nils", "Ines"):
        await api.client(name, Role.cab_member)
    path = await board.assessed("medium")
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    change = await board.member.read(path)
    form = read_form(await page(board.member, f"/desk/change/{change['number']}/vote"))
    sent = {**form.inputs, "/decision": [change["approval_id"]], "/verdict": ["reject"]}
    refused = await send_form(board.member, f"/desk/change/{change['number']}/vote", sent)
    assert (refused.status_code, read_form(refused.text).faults) == (422, {"f-comment-help"})
    assert "correct the marked fields (1)" in refused.text
    assert refused.text.count('class="fault"') == 1


async def test_the_form_of_a_vote_says_that_nobody_asked_the_reader(api: Api) -> None:
    board = await a_board(api)
    for name in ("Nils", "Ines"):
        await api.client(name, Role.cab_member)
    path = await board.assessed("medium")
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    address = f"/desk/change/{(await board.member.read(path))['number']}/vote"
    other = await api.client("Olga", Role.cab_member)
    sentence = "Only the people who were asked when the vote was opened can vote"
    assert [sentence in await page(reader, address) for reader in (other, board.member)] == [True, False]


async def test_the_form_of_a_vote_says_that_the_key_is_not_the_readers_own(api: Api) -> None:
    board = await a_board(api)
    for name in ("Nils", "Ines"):
        await api.client(name, Role.cab_member)
    path = await board.assessed("medium")
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    address = f"/desk/change/{(await board.manager.read(path))['number']}/vote"
    admin = await api.client("Ada", Role.admin)
    key = await admin.post_ok("/v1/keys", {"name": "Another", "person": board.member.id})
    theirs = api.with_token(key["token"], UUID(board.member.id))
    html = await page(theirs, address)
    assert "Somebody else made this key" in html
    assert "Use another key of your own" in html, "what to do instead"
    assert "No vote of yours is open" not in html
    desk = await page(theirs, "/dashboard/committee")
    assert "Somebody else made this key" in desk, "and it offers no vote that is refused"
    assert 'name="verdict"' not in desk
    assert 'name="verdict"' in await page(board.member, "/dashboard/committee")


async def test_only_people_who_may_read_notices_are_led_to_them(api: Api) -> None:
    board = await a_board(api)
    path = await board.approved()
    worker, now = Worker(api.ledger), datetime.now(UTC)
    for seconds in (0, 61):
        await worker.work(now + timedelta(seconds=seconds))
    address = f"/desk/change/{(await board.manager.read(path))['number']}"
    outsider = await api.client("Olga", Role.service_level_manager, Role.auditor)
    led = {}
    for name, reader in (("manager", board.manager), ("auditor", outsider)):
        answer = await reader.get(f"{path}/notices")
        led[name] = "People notified" in await page(reader, address)
        assert led[name] is (answer.status_code == 200 and answer.json()["items"] != [])
    assert led["manager"]


async def test_a_rule_that_waits_for_a_second_person_is_not_shown_as_in_force(api: Api) -> None:
    owner, second = await api.client("Owner", Role.process_owner), await api.client("Mo", Role.management)
    definition = {"voters": [{"role": "cab_member"}], "rule": "majority"}
    rule = await owner.post_ok(
        "/v1/approval_rules",
        {"key": "ours", "decision": "change", "name": "Ours", "definition": definition},
    )
    pages = f"/desk/approval_rule/{rule['id']}", "/desk/approval_rule"
    for path in pages:
        html = (await second.get(path)).text
        assert ("Needs a second person" in html, bool(IN_FORCE.search(html))) == (True, False), path
    assert re.search(
        r'class="leads"[^>]*>Agree<|class="button leads"[^>]*>Agree<', (await second.get(pages[0])).text
    )
    await second.post_ok(f"/v1/approval_rules/{rule['id']}/agree", {"edition": 1})
    for path in pages:
        html = (await second.get(path)).text
        assert ("Needs a second person" in html, bool(IN_FORCE.search(html))) == (False, True), path
    await owner.post_ok(f"/v1/approval_rules/{rule['id']}/end", {})
    for path in pages:
        html = (await second.get(path)).text
        assert ("To be ended · Needs a second person" in html, bool(ENDED.search(html))) == (True, False), (
            path
        )
    named_page = await second.read("/v1/names", reference=f"approval_rule/{rule['id']}")
    assert (
        named_page["items"][0]["record"]["state_label"] == "To be ended · Needs a second person’s agreement"
    )


async def test_a_vote_of_a_meeting_is_offered_once_the_meeting_has_begun(api: Api) -> None:
    chair, member = [await api.client(name, Role.change_manager) for name in ("Ada", "Bo")]
    begins = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    times = {"starts_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=1)).isoformat()}
    called = {"title": "Board", "meeting_kind": "cab", "chair": "me", "persons": [member.id], **times}
    meeting = await chair.post_ok("/v1/meetings", called)
    question = {"question": "Once a week?", "due_at": times["ends_at"]}
    await chair.post_ok(f"/v1/meetings/{meeting['id']}/ask_decision", question)
    (vote,) = (await member.read("/v1/me/work"))["votes"]
    assert datetime.fromisoformat(vote["opens_at"]) == begins
    html, address = await page(member, "/desk"), f"/desk/meeting/{meeting['number']}"
    assert f"Decide a question of meeting {meeting['number']} “Board”. The question: “Once a week?”" in html
    assert f"Voting opens on {begins:%Y-%m-%d %H:%M} UTC. Ada asks for votes until " in html
    assert await offered(member, "/desk") == await offered(member, address) == []
    form = await page(member, f"{address}/vote")
    assert "The meeting decides this question" in form
    assert 'name="/verdict"' not in form
    assert 'name="verdict"' not in await page(member, "/dashboard/committee")
    await chair.post_ok(f"/v1/meetings/{meeting['id']}/cancel", {"reason": "Nobody has time."})
    assert (await member.read("/v1/me/work"))["votes"][0]["opens_at"] is None
    assert await offered(member, address) == ["Vote: Once a week?"]
    assert 'name="/verdict"' in await page(member, f"{address}/vote")


async def test_a_vote_says_what_is_decided_about_which_record_who_asks_and_until_when(api: Api) -> None:
    board = await a_board(api)
    for name in ("Nils", "Ines"):
        await api.client(name, Role.cab_member)
    path = await board.assessed("medium")
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    change = await board.member.read(path)
    (vote,) = (await board.member.read("/v1/me/work"))["votes"]
    assert (vote["decision_kind"], vote["asked_by"]["id"]) == ("change", board.manager.id)
    until = datetime.fromisoformat(vote["due_at"])
    sentence = (
        f"Decide whether change {change['number']} “{change['title']}” may be carried out. "
        f"The question: “Shall it be made?” {vote['asked_by']['name']} asks for votes "
        f"until {until:%Y-%m-%d %H:%M} UTC."
    )
    for place in ("/desk", f"/desk/change/{change['number']}/vote", "/dashboard/committee"):
        html = await page(board.member, place, cookie="time_zone=UTC")
        assert sentence.partition(" until ")[0] in html, place
    assert sentence in await page(board.member, "/desk", cookie="time_zone=UTC")
    for reader in (board.member, board.manager):
        html = await page(reader, f"/desk/change/{change['number']}", cookie="time_zone=UTC")
        assert "Next step: the votes of " in html
        assert f"until {until:%Y-%m-%d %H:%M} UTC. The question: “Shall it be made?”" in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_decision_has_a_sentence_of_its_own(language: str) -> None:
    codes = {decided_code(kind, "record") for kind in (*DecisionKind, None)}
    codes |= {decided_code(None, kind) for kind in OF_RECORDS}
    assert {each.kind for each in LIFECYCLES if not VOTES.isdisjoint(each.by_name)} >= OF_RECORDS
    texts = {sentences(language)["desk"][code] for code in codes}
    assert len(texts) == len(codes) == len(DecisionKind) + 1 + len(OF_RECORDS)
    assert all("{record}" in text for text in texts)
