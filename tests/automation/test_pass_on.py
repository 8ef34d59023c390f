"""Who follows a duplicate, and what is said about it, goes to its original, each once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from app.automation.tickets import pass_on_followers
from app.common.children import Visibility
from app.common.people import Caller, Role, rule_caller
from app.common.personal import Ciphertext
from app.kernel.ledger import Ledger
from app.processes.incidents.records import Incident
from app.ticketing.comments import CommentTicket, CorrectComment, WithdrawComment
from app.ticketing.followers import FollowTicket, UnfollowTicket
from tests.automation.conftest import Desk
from tests.automation.worker import Worker, by_rules
from tests.extent import in_test_all
from tests.people import act, add_caller, add_person, add_team


async def followers(desk: Desk, incident: Incident) -> set[UUID]:
    """Who follows it."""
    rows = await desk.ledger.db.rows(
        "select person_id from fold.follower where record = %s", (incident.row_key,)
    )
    return {row["person_id"] for row in rows}


async def comments(desk: Desk, incident: Incident) -> list[tuple[str | None, UUID | None]]:
    """What is said about it, in order, and by whom."""
    query = "select text, author_id from fold.comment where record = %s order by written_at, id"
    rows = await desk.ledger.db.rows(query, (incident.row_key,))
    texts = await desk.ledger.vault.texts(Ciphertext(row["text"]) for row in rows)
    return [(texts[row["text"]], row["author_id"]) for row in rows]


@pytest.fixture
async def desk(ledger: Ledger) -> Desk:
    """A desk whose agent reports as a customer, of the team that the followers belong to."""
    await add_team(ledger, "shop")
    agent = await add_caller(ledger, "Agent", Role.agent, Role.engineer, teams=("shop",))
    return Desk(ledger, agent, Worker(ledger))


async def follows(desk: Desk, incident: Incident, *names: str) -> list[UUID]:
    """New persons of the same customer follow it."""
    ids = [(await add_person(desk.ledger, name, "shop")).id for name in names]
    for person in ids:
        await desk.perform("follow", incident, FollowTicket(person=str(person)))
    return ids


async def says(desk: Desk, incident: Incident, text: str, visibility: str = "public") -> UUID:
    """The agent says it. Gives the comment's id."""
    await desk.perform("comment", incident, CommentTicket(text=text, visibility=Visibility(visibility)))
    value: UUID = await desk.ledger.db.value("select id from fold.comment order by id desc limit 1")
    return value


async def a_duplicate(desk: Desk) -> tuple[Incident, Incident]:
    """An original, and its duplicate."""
    original = await desk.report()
    return original, await desk.mark_duplicate(await desk.report(), original)


async def refused(desk: Desk) -> list[dict[str, Any]]:
    """What rules were refused."""
    return await desk.ledger.db.rows("select * from plumbing.refused_consequence")


async def test_its_reporter_and_followers_follow_the_original(desk: Desk) -> None:
    original, duplicate = await desk.report(), await desk.report()
    both, *followers_of_copy = await follows(desk, duplicate, "Both", "One", "Another")
    await desk.perform("follow", original, FollowTicket(person=str(both)))
    await desk.mark_duplicate(duplicate, original)
    await desk.pass_time(minutes=1)
    await desk.pass_time(minutes=1)
    assert duplicate.requester_id is not None
    assert await followers(desk, original) == {both, *followers_of_copy, duplicate.requester_id}
    passed = await by_rules(desk.ledger, original.row_key)
    assert [(e.type, e.actor) for e in passed] == [("incident.followed", "rule:pass_on_followers")] * 3
    assert await refused(desk) == []


@in_test_all
async def test_more_followers_than_are_fetched_at_once_all_follow_the_original(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pass_on_followers, "PAGE_SIZE", 2)
    original, duplicate = await desk.report(), await desk.report()
    them = await follows(desk, duplicate, *"ABCDE")
    await desk.mark_duplicate(duplicate, original)
    await desk.pass_time(minutes=1)
    assert await followers(desk, original) >= set(them)


@in_test_all
async def test_followers_of_a_chain_come_to_its_end(desk: Desk) -> None:
    last, between, first = await desk.report(), await desk.report(), await desk.report()
    (person,) = await follows(desk, last, "Follower")
    await desk.mark_duplicate(last, between)
    await desk.mark_duplicate(between, first)
    await desk.pass_time(minutes=1)
    assert person in await followers(desk, first)


async def test_who_has_left_or_has_stopped_following_does_not_follow_the_original(desk: Desk) -> None:
    original, duplicate = await desk.report(), await desk.report()
    left, stopped, stays = await follows(desk, duplicate, "Left", "Stopped", "Stays")
    await act(desk.ledger, rule_caller("tests"), "person", "deactivate", left)
    await desk.perform("unfollow", duplicate, UnfollowTicket(person=str(stopped)))
    await desk.mark_duplicate(duplicate, original)
    await desk.pass_time(minutes=1)
    assert await followers(desk, original) == {stays, duplicate.requester_id}


@in_test_all
async def test_who_stops_following_the_original_is_not_made_to_follow_it_again(desk: Desk) -> None:
    original, duplicate = await desk.report(), await desk.report()
    (person,) = await follows(desk, duplicate, "Follower")
    await desk.mark_duplicate(duplicate, original)
    await desk.pass_time(minutes=1)
    await desk.perform("unfollow", original, UnfollowTicket(person=str(person)))
    await desk.ledger.db.rows("update log.checkpoint set position = 0 returning consumer")
    await desk.pass_time(minutes=1)
    assert person not in await followers(desk, original)
    assert await refused(desk) == []


async def test_what_was_reopened_before_a_worker_came_passes_nobody_on(desk: Desk) -> None:
    original, duplicate = await a_duplicate(desk)
    await desk.comment(duplicate)
    await desk.reopen(duplicate)
    await desk.pass_time(minutes=1)
    assert await followers(desk, original) == set()
    assert await comments(desk, original) == []


async def test_a_public_comment_on_a_duplicate_is_said_on_the_original_with_its_number(desk: Desk) -> None:
    original, duplicate = await a_duplicate(desk)
    await says(desk, duplicate, "Any news? 有进展吗？")
    await says(desk, duplicate, "Not for them.", "internal")
    await desk.pass_time(minutes=1)
    await desk.pass_time(minutes=1)
    assert await comments(desk, original) == [
        (f"{duplicate.number}: Any news? 有进展吗？", desk.agent.person_id)
    ]
    event = (await by_rules(desk.ledger, original.row_key))[-1]
    assert (event.type, event.on_behalf_of) == ("incident.comment_passed_on", desk.agent.actor)
    assert "Any news" not in str(event.data)


@in_test_all
async def test_the_longest_comment_is_passed_on_whole(desk: Desk) -> None:
    original, duplicate = await a_duplicate(desk)
    await says(desk, duplicate, "长" * 20_000)
    await desk.pass_time(minutes=1)
    assert (await comments(desk, original))[0][0] == f"{duplicate.number}: " + "长" * 20_000


async def test_what_was_public_before_it_was_a_duplicate_is_copied_once_and_in_order(desk: Desk) -> None:
    original, duplicate = await desk.report(), await desk.report()
    said = [f"Remark {n}." for n in range(5)]
    for text in said:
        comment = await says(desk, duplicate, text)
    await desk.perform("correct_comment", duplicate, CorrectComment(comment=comment, text="Remark 4!"))
    withdrawn = await says(desk, duplicate, "My password is 1234.")
    await desk.perform("withdraw_comment", duplicate, WithdrawComment(comment=withdrawn))
    await says(desk, duplicate, "Not for them.", "internal")
    for _ in range(2):
        await desk.mark_duplicate(duplicate, original)
        await desk.pass_time(minutes=1)
        await desk.reopen(duplicate)
    copies = [f"{duplicate.number}: {text}" for text in [*said[:4], "Remark 4!"]]
    assert [text for text, _ in await comments(desk, original)] == copies
    assert await refused(desk) == []


@in_test_all
async def test_a_comment_goes_on_to_the_end_of_a_chain_under_its_first_number(desk: Desk) -> None:
    last, between, first = await desk.report(), await desk.report(), await desk.report()
    await desk.mark_duplicate(last, between)
    await desk.mark_duplicate(between, first)
    await says(desk, last, "Any news?")
    await desk.pass_time(minutes=1)
    passed_on = [(f"{last.number}: Any news?", desk.agent.person_id)]
    assert await comments(desk, between) == await comments(desk, first) == passed_on


async def test_a_correction_is_passed_on_as_it_is_said(desk: Desk) -> None:
    original, duplicate = await a_duplicate(desk)
    comment = await says(desk, duplicate, "Any knews?")
    await desk.perform("correct_comment", duplicate, CorrectComment(comment=comment, text="Any news?"))
    await desk.pass_time(minutes=1)
    assert [text for text, _ in await comments(desk, original)] == [
        f"{duplicate.number}: Any knews?",
        f"{duplicate.number}: Any news?",
    ]


async def test_withdrawn_it_is_unreadable_on_the_original_too(desk: Desk) -> None:
    original, duplicate = await a_duplicate(desk)
    comment = await says(desk, duplicate, "My password is 1234.")
    await desk.pass_time(minutes=1)
    await desk.perform("withdraw_comment", duplicate, WithdrawComment(comment=comment))
    assert [text for text, _ in await comments(desk, original)] == [None]


async def test_withdrawn_before_a_worker_came_it_is_not_passed_on(desk: Desk) -> None:
    original, duplicate = await a_duplicate(desk)
    comment = await says(desk, duplicate, "My password is 1234.")
    await desk.perform("withdraw_comment", duplicate, WithdrawComment(comment=comment))
    await desk.pass_time(minutes=1)
    assert await comments(desk, original) == []
    assert await refused(desk) == []


async def test_the_words_go_with_their_author_and_with_nobody_else(desk: Desk) -> None:
    original, duplicate = await a_duplicate(desk)
    customer: Caller = await add_caller(desk.ledger, "Customer", teams=("shop",))
    await desk.perform("follow", duplicate, FollowTicket(person=str(customer.person_id)))
    ticket = CommentTicket(text="I am at home today.")
    await act(desk.ledger, customer, "incident", "comment", duplicate.id, ticket, now=desk.now)
    await desk.pass_time(minutes=1)
    words = [(f"{duplicate.number}: {ticket.text}", customer.person_id)]
    assert await comments(desk, original) == words
    await act(desk.ledger, rule_caller("tests"), "person", "erase", customer.person_id)
    desk.ledger.vault.forget()
    assert await comments(desk, original) == [(None, customer.person_id)]
