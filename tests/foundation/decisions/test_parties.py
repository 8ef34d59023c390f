"""Voters lose their seat by acts of their own only: naming them, or giving them a task, changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.common.people import Caller, Role, rule_caller
from app.foundation.decisions.closing import NotTheAsker
from app.foundation.decisions.payloads import CloseVote, RecuseVoter, WithdrawDecision
from app.kernel.actions.payloads import Payload
from app.kernel.actions.refusals import ActionUnavailable, SegregationOfDuties, WrongValue
from app.kernel.ledger import Ledger
from app.processes.incidents.payloads import EditIncident
from app.processes.incidents.records import Incident
from app.ticketing.work.assignment import AssignTicket
from app.ticketing.work.costs import LogWork
from app.ticketing.work.tasks import AddTask, CompleteTask
from tests.foundation.decisions.deciding import DUE, NOW, ask, ask_again, asked_persons, vote
from tests.foundation.decisions.rules import group_of, set_rule
from tests.people import act, add_caller

MANAGEMENT = [{"role": "management"}]


@pytest.fixture
async def board(deciding: Ledger) -> list[Caller]:
    """Four of staff, who can have a part in it."""
    return [await add_caller(deciding, f"Member {n}", Role.agent, Role.engineer) for n in range(4)]


async def do(ledger: Ledger, caller: Caller, incident: Incident, name: str, body: Payload) -> None:
    """The caller does it, whatever others have done since."""
    version = await ledger.db.value("select version from fold.incident where id = %s", (incident.id,))
    await act(ledger, caller, "incident", name, incident.id, body, if_match=version)


async def give_task(ledger: Ledger, caller: Caller, incident: Incident, person: Caller) -> None:
    """The caller gives the person a task."""
    await do(ledger, caller, incident, "add_task", AddTask(title="Look", assignee=str(person.person_id)))


async def decision_row(ledger: Ledger, identifier: UUID) -> dict[str, Any]:
    """The decision as it stands."""
    row = await ledger.db.row("select * from fold.decision where id = %s", (identifier,))
    assert row is not None
    return dict(row)


async def named_by(ledger: Ledger, identifier: UUID) -> dict[UUID, UUID]:
    """By voter whom somebody has named, who that was."""
    query = "select person_id, named_by_id from fold.vote where decision_id = %s and named_by_id is not null"
    rows = await ledger.db.rows(query, (identifier,))
    return {row["person_id"]: row["named_by_id"] for row in rows}


async def test_whoever_is_named_by_others_keeps_the_seat_and_it_says_who_named_them(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    assignment = AssignTicket(person=str(board[0].person_id))
    await do(deciding, desk, incident, "assign", assignment)
    await give_task(deciding, desk, incident, board[1])
    decision = await ask(deciding, desk, incident, board)
    assert await asked_persons(deciding, decision) == {person.person_id for person in board}
    assert (await decision_row(deciding, decision))["quorum"] == 3
    assert await named_by(deciding, decision) == dict.fromkeys(
        [person.person_id for person in board[:2]], desk.person_id
    )


async def test_whoever_takes_part_is_left_out_and_the_quorum_counts_the_seat(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    editor, assigned, tasked, doer, logger = [
        await add_caller(deciding, name, Role.agent, Role.engineer)
        for name in ("Editor", "Assigned", "Tasked", "Doer", "Logger")
    ]
    members = [editor, assigned, tasked, doer, logger]
    agents = [await add_caller(deciding, name, Role.agent) for name in ("Other", "Another")]
    await set_rule(deciding, await group_of(deciding, "cab", [*board, *agents, *members]))
    await give_task(deciding, desk, incident, doer)
    task = await deciding.db.value("select id from fold.task")
    acts: list[tuple[Caller, str, Payload, str]] = [
        (editor, "edit", EditIncident.model_validate({"began_at": "2026-01-01T09:00:00Z"}), "author"),
        (assigned, "assign", AssignTicket(person=str(assigned.person_id)), "duty"),
        (tasked, "add_task", AddTask(title="Look", assignee=str(tasked.person_id)), "duty"),
        (doer, "complete_task", CompleteTask(task=task, outcome="Seen."), "carries_out"),
        (logger, "log_work", LogWork(minutes=5, role_class="engineer"), "carries_out"),
    ]
    for number, (member, name, body, because) in enumerate(acts, start=1):
        await do(deciding, member, incident, name, body)
        row = await decision_row(deciding, await ask_again(deciding, desk, incident))
        left_out = {exclusion["person"]: exclusion["because"] for exclusion in row["left_out"]}
        assert (len(left_out), left_out.get(str(member.person_id))) == (number, because), name
        assert row["quorum"] == 6, "of the eleven whom the rule names"


async def test_a_task_that_is_given_to_voters_changes_no_vote(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    decision = await ask(deciding, desk, incident, board)
    await vote(deciding, board[0], incident, decision)
    for member in board[:2]:
        await give_task(deciding, desk, incident, member)
    await vote(deciding, board[1], incident, decision)
    await vote(deciding, board[2], incident, decision)
    assert (await decision_row(deciding, decision))["outcome"] == "approved"


async def test_a_voter_who_takes_it_on_after_the_question_votes_no_more(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    decision = await ask(deciding, desk, incident, board)
    await vote(deciding, board[0], incident, decision)
    await do(deciding, board[0], incident, "assign", AssignTicket(person=str(board[0].person_id)))
    with pytest.raises(SegregationOfDuties):
        await vote(deciding, board[0], incident, decision, "reject")
    for member in board[1:3]:
        await vote(deciding, member, incident, decision)
    assert (await decision_row(deciding, decision))["approvals"] == 3, "the vote of before counts"


async def test_others_are_asked_as_well_if_too_few_of_the_board_are_free(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    boss = await add_caller(deciding, "Boss", Role.management)
    expected = {person.person_id for person in board}
    for n, member in enumerate(board[:3]):
        decision = await ask(deciding, desk, incident, board, quorum_percent=50, otherwise=MANAGEMENT)
        assert await asked_persons(deciding, decision) == expected
        assert (await decision_row(deciding, decision))["quorum"] == 2
        await do(deciding, member, incident, "log_work", LogWork(minutes=5, role_class="engineer"))
        expected = expected - {member.person_id} | ({boss.person_id} if n == 2 else set())
    with pytest.raises(ActionUnavailable) as refused:
        await ask(deciding, desk, incident, board, quorum_percent=75, otherwise=[])
    assert refused.value.code == "quorum_out_of_reach"


async def test_an_empty_board_gives_the_question_to_the_next_at_once(
    deciding: Ledger, desk: Caller, incident: Incident
) -> None:
    boss = await add_caller(deciding, "Boss", Role.management)
    terms: dict[str, Any] = {"quorum": 1, "if_unanswered": MANAGEMENT}
    decision = await ask(deciding, desk, incident, [], voters=[{"role": "cab_member"}], **terms)
    assert await asked_persons(deciding, decision) == {boss.person_id}
    assert (await decision_row(deciding, decision))["asked_next_at"] is not None
    close = CloseVote(decision=decision)
    await act(deciding, rule_caller("tests"), "incident", "close_vote", incident.id, close, now=DUE)
    assert (await decision_row(deciding, decision))["outcome"] == "lapsed", "they are not asked twice"


async def test_management_is_asked_at_once_if_the_last_voter_recuses(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    boss = await add_caller(deciding, "Boss", Role.management)
    both = await add_caller(deciding, "Both", Role.management, Role.agent)
    terms: dict[str, Any] = {"quorum": 1, "if_unanswered": MANAGEMENT}
    decision = await ask(deciding, desk, incident, [board[0], both], **terms)
    recusal = RecuseVoter(decision=decision, reason="I am to carry it out.")
    await do(deciding, both, incident, "recuse", recusal)
    assert (await decision_row(deciding, decision))["asked_next_at"] is None, "one voter is left"
    await do(deciding, board[0], incident, "recuse", recusal)
    assert (await decision_row(deciding, decision))["asked_next_at"] is not None
    open_ballots = "select person_id from fold.vote where decision_id = %s and closed_at is null"
    rows = await deciding.db.rows(open_ballots, (decision,))
    assert [row["person_id"] for row in rows] == [boss.person_id], "nobody is asked who has recused"


async def test_a_unanimous_board_that_loses_a_member_is_joined_by_those_whom_its_rule_names(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    boss = await add_caller(deciding, "Boss", Role.management)
    await do(deciding, board[0], incident, "log_work", LogWork(minutes=5, role_class="engineer"))
    terms: dict[str, Any] = {"rule": "unanimous", "least_voters": 2, "otherwise": MANAGEMENT}
    decision = await ask(deciding, desk, incident, board[:2], **terms)
    assert await asked_persons(deciding, decision) == {board[1].person_id, boss.person_id}


async def test_a_voter_may_recuse_and_the_rule_fills_the_seat_if_too_few_remain(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    boss = await add_caller(deciding, "Boss", Role.management)
    decision = await ask(deciding, desk, incident, board, otherwise=MANAGEMENT)
    body = RecuseVoter(decision=decision, reason="I am to carry it out.")
    with pytest.raises(ActionUnavailable) as refused:
        await do(deciding, desk, incident, "recuse", body)
    assert refused.value.code == "has_no_vote"
    await vote(deciding, board[0], incident, decision)
    await do(deciding, board[0], incident, "recuse", body)
    assert boss.person_id not in await asked_persons(deciding, decision), "three are enough for a quorum of 3"
    await do(deciding, board[1], incident, "recuse", body)
    assert boss.person_id in await asked_persons(deciding, decision)
    for voter in (boss, *board[2:]):
        assert (await decision_row(deciding, decision))["state"] == "open"
        await vote(deciding, voter, incident, decision)
    row = await decision_row(deciding, decision)
    assert (row["outcome"], row["quorum"], row["voters"], row["approvals"]) == ("approved", 3, 3, 3)


async def test_a_unanimous_vote_needs_all_who_remain(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    decision = await ask(deciding, desk, incident, board, rule="unanimous")
    for voter in board[1:]:
        await vote(deciding, voter, incident, decision)
    body = RecuseVoter(decision=decision, reason="I am to carry it out.")
    await do(deciding, board[0], incident, "recuse", body)
    assert (await decision_row(deciding, decision))["outcome"] == "approved"


async def test_whoever_asked_withdraws_the_question_until_somebody_has_voted(
    deciding: Ledger, desk: Caller, requester: Caller, incident: Incident, board: list[Caller]
) -> None:
    decision = await ask(deciding, desk, incident, board)
    body = WithdrawDecision(decision=decision, reason="A mistake.")
    with pytest.raises(NotTheAsker):
        await do(deciding, requester, incident, "withdraw_decision", body)
    await vote(deciding, board[0], incident, decision, "reject")
    with pytest.raises(ActionUnavailable) as refused:
        await do(deciding, desk, incident, "withdraw_decision", body)
    assert refused.value.code == "voted_on_already"


async def test_a_question_gives_its_voters_the_least_time_of_the_rule(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    soon = NOW + timedelta(hours=1)
    for least, due_at in ((None, NOW + timedelta(days=3)), (7200, soon)):
        with pytest.raises(WrongValue) as refused:
            await ask(deciding, desk, incident, board, due_at=due_at, least_seconds=least)
        assert (refused.value.pointer, refused.value.because) == ("/due_at", "earlier_than_rule")
    decision = await ask(deciding, desk, incident, board, due_at=soon, least_seconds=3600)
    assert (await decision_row(deciding, decision))["due_at"] == soon


async def test_a_deferral_lasts_as_long_as_voters_say_or_three_months(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    next_month = NOW + timedelta(days=30)
    for until, expected in ((next_month, next_month), (None, NOW + timedelta(days=90))):
        decision = await ask(deciding, desk, incident, board)
        for voter in board[:3]:
            await vote(deciding, voter, incident, decision, "defer", defer_until=until)
        row = await decision_row(deciding, decision)
        assert row["outcome"] == "deferred"
        assert abs(row["deferred_until_at"] - expected) < timedelta(hours=1)
    decision = await ask(deciding, desk, incident, board)
    for until, because in ((NOW, "not_ahead"), (NOW + timedelta(days=400), "deferral_too_long")):
        with pytest.raises(WrongValue) as refused:
            await vote(deciding, board[0], incident, decision, "defer", defer_until=until)
        assert (refused.value.pointer, refused.value.because) == ("/defer_until", because)
