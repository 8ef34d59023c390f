"""Deciding about a record: who is asked, who votes, and what follows in the same command as the last vote."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.common.people import MOST_MEMBERS, Caller, Person, Role, rule_caller
from app.foundation.decisions.actions import NotAVoter, NotTheChair
from app.foundation.decisions.payloads import Tallied, WithdrawDecision
from app.foundation.decisions.records import Decision, Vote
from app.foundation.decisions.records import DecisionOutcome as Outcome
from app.foundation.decisions.voters.free_voters import MOST_VOTERS
from app.foundation.people.groups import AddGroup, AddMemberGroup
from app.foundation.people.records import RepresentedSide
from app.kernel.actions.refusals import ActionUnavailable, NotFound, Refusal, WrongValue
from app.kernel.commands.command import IdempotencyKey
from app.kernel.histories.history import fold
from app.kernel.ledger import Ledger
from app.log import read
from app.processes.incidents.payloads import EditIncident
from app.processes.incidents.records import Incident, IncidentState
from app.ticketing.work.assignment import AssignTicket
from tests.automation.worker import Worker, timers
from tests.cases import each_case
from tests.extent import in_test_all
from tests.foundation.decisions.deciding import DUE, NOW, ask, ask_again, asked_persons, told, vote
from tests.foundation.decisions.rules import group_of, set_rule
from tests.people import act, add_caller, add_crowd, add_person, add_team, fill


async def test_the_last_vote_and_what_it_comes_to_are_one_command(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    decision = await ask(deciding, desk, incident, board)
    await vote(deciding, board[0], incident, decision)
    key = IdempotencyKey("POST /vote", "one", "00")
    done = await vote(deciding, board[1], incident, decision, key=key)
    assert (done.record.state, done.record.category) == (IncidentState.acknowledged, "approved")
    assert await told(deciding, incident) == ["reported", "decision_asked", "voted", "voted", "approved"]
    voted, approved = (await read.stream_events(deciding.db, incident.row_key))[-2:]
    assert approved.position == voted.position + 1
    assert approved.actor == voted.actor == board[1].actor
    assert approved.data["given"] == {
        "decision": str(decision),
        "outcome": "approved",
        "voters": 3,
        "approvals": 2,
        "rejections": 0,
        "deferrals": 0,
        "abstentions": 0,
    }
    again = "select version from log.idempotency where key = 'one'"
    assert await deciding.db.value(again) == approved.version, "a repetition is answered as it is left"


async def test_another_outcome_is_told_and_leaves_the_record_alone(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    decision = await ask(deciding, desk, incident, board)
    await vote(deciding, board[0], incident, decision, "reject")
    done = await vote(deciding, board[2], incident, decision, "reject")
    assert done.record.state is IncidentState.new
    (*_, decided) = await read.stream_events(deciding.db, incident.row_key)
    assert (decided.type, decided.data["given"]["rejections"]) == ("incident.decided", 2)


async def test_two_last_votes_at_once_make_one_decision(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    decision = await ask(deciding, desk, incident, board)
    await vote(deciding, board[0], incident, decision)
    both = (vote(deciding, voter, incident, decision) for voter in board[1:])
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    (refused,) = (outcome for outcome in outcomes if isinstance(outcome, Refusal))
    assert refused.code == "decided_already"
    assert (await told(deciding, incident)).count("approved") == 1


async def test_a_vote_is_changed_until_the_decision_is_taken(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    decision = await ask(deciding, desk, incident, board)
    await vote(deciding, board[0], incident, decision, "reject")
    await vote(deciding, board[0], incident, decision)
    assert await deciding.db.value("select count(*) from fold.vote where verdict is not null") == 1
    await vote(deciding, board[1], incident, decision)
    with pytest.raises(ActionUnavailable) as refused:
        await vote(deciding, board[0], incident, decision, "reject")
    assert refused.value.code == "decided_already"
    closed = "select person_id from fold.vote where closed_at is not null"
    assert await deciding.db.value(closed) == board[2].person_id


async def test_who_is_kept_apart_cannot_vote_by_any_role(
    deciding: Ledger, desk: Caller, requester: Caller, incident: Incident, board: list[Caller]
) -> None:
    decision = await ask(deciding, desk, incident, [*board, requester])
    assert await deciding.db.value("select count(*) from fold.vote") == len(board)
    with pytest.raises(NotAVoter):
        await vote(deciding, requester, incident, decision)


async def test_only_those_who_were_asked_see_it_and_vote(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    decision = await ask(deciding, desk, incident, board[:1])
    with pytest.raises(NotFound):
        await vote(deciding, board[1], incident, decision)
    with pytest.raises(NotAVoter):
        await vote(deciding, desk, incident, decision)


async def test_the_chair_alone_decides_only_where_that_is_the_rule(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    chair = board[0]
    by_majority = await ask(deciding, desk, incident, board)
    with pytest.raises(ActionUnavailable) as refused:
        await vote(deciding, chair, incident, by_majority, action="decide")
    assert refused.value.code == "not_for_the_chair_alone"
    decision = await ask(deciding, desk, incident, board, rule="chair", quorum=2)
    for action_name, code in (("vote", "the_chair_decides"), ("decide", "too_few_have_voted")):
        with pytest.raises(ActionUnavailable) as refused:
            await vote(deciding, chair, incident, decision, action=action_name)
        assert refused.value.code == code
    with pytest.raises(NotTheChair):
        await vote(deciding, board[1], incident, decision, action="decide")
    await vote(deciding, board[1], incident, decision, "reject")
    done = await vote(deciding, chair, incident, decision, action="decide")
    assert done.record.state is IncidentState.acknowledged
    assert (await told(deciding, incident))[-2:] == ["chair_decided", "approved"]


async def test_a_group_votes_with_its_chair_and_a_role_with_all_who_hold_it_now(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    head = await add_person(deciding, "Head")
    add = AddGroup(key="cab", name="CAB", chair=str(head.id))
    group = (await act(deciding, rule_caller("tests"), "group", "add", body=add)).record
    member = AddMemberGroup(person=str(board[0].person_id), side=RepresentedSide.business)
    await act(deciding, rule_caller("tests"), "group", "add_member", group.id, member)
    decision = await ask(deciding, desk, incident, [], voters=[{"group": "cab"}])
    voters = "select person_id, side from fold.vote where decision_id = %s order by person_id"
    expected = sorted([(board[0].person_id, "business"), (head.id, None)])
    assert [(r["person_id"], r["side"]) for r in await deciding.db.rows(voters, (decision,))] == expected

    # Whoever names the team would name the voters.
    team = await add_team(deciding, "network")
    clerk = await add_caller(deciding, "Clerk", Role.agent, Role.engineer, teams=("network",))
    await act(deciding, rule_caller("tests"), "incident", "assign", incident.id, AssignTicket(team="network"))
    holders: list[Person] = []
    for held in ("cab_member", "cab_member@process/incident", f"cab_member@team/{team.id}"):
        holders.append(await add_person(deciding, held.replace("@", " "), roles=(held,)))
    decision = await ask(deciding, clerk, incident, [], voters=[{"role": "cab_member"}])
    person_ids = {row["person_id"] for row in await deciding.db.rows(voters, (decision,))}
    assert person_ids == {holder.id for holder in holders[:2]}


@in_test_all
async def test_the_largest_group_is_asked_as_a_whole_and_a_role_that_more_hold_is_not(
    deciding: Ledger, desk: Caller, incident: Incident
) -> None:
    head, *holders = await add_crowd(deciding, MOST_VOTERS + 1, Role.cab_member)
    add = AddGroup(key="cab", name="CAB", chair=str(head.id))
    await act(deciding, rule_caller("tests"), "group", "add", body=add)
    await fill(deciding, "cab", (holder.id for holder in holders[:MOST_MEMBERS]))
    decision = await ask(deciding, desk, incident, [], voters=[{"group": "cab"}], quorum=MOST_VOTERS)
    voters = "select count(*) from fold.vote where decision_id = %s"
    assert await deciding.db.value(voters, (decision,)) == MOST_MEMBERS + 1 == MOST_VOTERS
    with pytest.raises(ActionUnavailable) as refused:
        await ask(deciding, desk, incident, [], voters=[{"role": "cab_member"}])
    assert refused.value.code == "too_many_voters"
    assert "more than 201 people" in str(refused.value)


async def test_when_the_time_is_over_the_votes_that_there_are_decide(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    decision = await ask(deciding, desk, incident, board, rule="unanimous", quorum=1)
    later = await ask(deciding, desk, incident, board, due_at=DUE + timedelta(days=1))
    await vote(deciding, board[0], incident, decision)
    worker = Worker(deciding)
    await worker.work(NOW)
    assert (await timers(deciding))["settle_decisions", incident.row_key] == DUE
    with pytest.raises(ActionUnavailable) as refused:
        await vote(deciding, board[1], incident, decision, now=DUE)
    assert refused.value.code == "too_late_to_vote"
    await worker.work(DUE)
    assert (await told(deciding, incident))[-2:] == ["vote_closed", "approved"]
    await worker.work(DUE + timedelta(days=1))
    outcomes = await deciding.db.rows("select id, outcome from fold.decision order by due_at")
    assert [tuple(row.values()) for row in outcomes] == [(decision, "approved"), (later, "lapsed")]
    assert worker.failures == []


async def test_what_is_withdrawn_is_not_voted_on(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    decision = await ask(deciding, desk, incident, board)
    body = WithdrawDecision(decision=decision, reason="It was solved.")
    await act(deciding, desk, "incident", "withdraw_decision", incident.id, body, now=NOW)
    with pytest.raises(ActionUnavailable) as refused:
        await vote(deciding, board[0], incident, decision)
    assert refused.value.code == "decided_already"


@each_case(("due_at", "because"), [(NOW, "not_ahead"), (NOW + timedelta(days=8), "later_than_rule")])
async def test_a_question_ends_ahead_and_no_later_than_its_rule_says(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller], due_at: datetime, because: str
) -> None:
    with pytest.raises(WrongValue) as refused:
        await ask(deciding, desk, incident, board, due_at=due_at)
    assert (refused.value.pointer, refused.value.because) == ("/due_at", because)


@each_case(
    ("terms", "code"),
    [
        ({"quorum": 4}, "quorum_out_of_reach"),
        ({"voters": [{"role": "cab_member"}]}, "too_few_may_decide"),
        ({"least_voters": 4}, "too_few_may_decide"),
    ],
)
async def test_a_question_that_cannot_be_decided_is_not_asked(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller], terms: dict[str, Any], code: str
) -> None:
    with pytest.raises(ActionUnavailable) as refused:
        await ask(deciding, desk, incident, board, **terms)
    assert refused.value.code == code


async def test_who_is_left_out_of_too_few_is_said_with_the_reason(
    deciding: Ledger, desk: Caller, requester: Caller, incident: Incident, board: list[Caller]
) -> None:
    with pytest.raises(ActionUnavailable) as refused:
        await ask(deciding, desk, incident, [board[0], requester], least_voters=2)
    left_out = [{"person": str(requester.person_id), "because": "duty"}]
    assert refused.value.more["left_out"] == left_out


async def test_nobody_puts_a_question_that_only_they_could_answer(
    deciding: Ledger, desk: Caller, incident: Incident
) -> None:
    with pytest.raises(ActionUnavailable) as refused:
        await ask(deciding, desk, incident, [desk])
    assert refused.value.more["left_out"] == [{"person": str(desk.person_id), "because": "asker"}]
    substitute = await add_caller(deciding, "Management", Role.management)
    decision = await ask(deciding, desk, incident, [desk], otherwise=[{"role": "management"}], quorum=1)
    assert await asked_persons(deciding, decision) == {desk.person_id, substitute.person_id}
    assert (await vote(deciding, desk, incident, decision)).record.state is IncidentState.new
    decided = await vote(deciding, substitute, incident, decision)
    assert decided.record.state is IncidentState.acknowledged


async def test_a_chair_who_is_kept_apart_does_not_decide(
    deciding: Ledger, desk: Caller, requester: Caller, incident: Incident, board: list[Caller]
) -> None:
    with pytest.raises(ActionUnavailable) as refused:
        await ask(deciding, desk, incident, [requester, *board], rule="chair")
    assert refused.value.code == "chair_may_not_decide"


async def version_of(ledger: Ledger, incident: Incident) -> int:
    """The version of the incident as it stands."""
    version: int = await ledger.db.value("select version from fold.incident where id = %s", (incident.id,))
    return version


@in_test_all
async def test_what_is_decided_about_stays_as_it_is_until_the_question_is_settled(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    async def edit(**fields: str) -> None:
        body = EditIncident.model_validate(fields)
        version = await version_of(deciding, incident)
        await act(deciding, desk, "incident", "edit", incident.id, body, if_match=version)

    decision = await ask(deciding, desk, incident, board)
    await edit(title="The relay is slow")
    with pytest.raises(ActionUnavailable) as refused:
        await edit(began_at="2026-01-01T09:00:00Z")
    assert refused.value.code == "being_decided"
    body = WithdrawDecision(decision=decision, reason="It was solved.")
    await act(deciding, desk, "incident", "withdraw_decision", incident.id, body, now=NOW)
    await edit(began_at="2026-01-01T09:00:00Z")
    decision = await ask(deciding, desk, incident, board)
    for voter in board[:2]:
        await vote(deciding, voter, incident, decision)
    await edit(began_at="2026-01-01T10:00:00Z")


async def test_whoever_wrote_what_is_decided_about_is_not_asked_however_it_came_back(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    """They changed it once, and somebody else changed it back: by the log they are an author."""
    writer = await add_caller(deciding, "Writer", Role.agent)
    await set_rule(deciding, await group_of(deciding, "cab", [*board, writer]))
    for author, hour in ((writer, 9), (desk, 10)):
        body = EditIncident.model_validate({"began_at": f"2026-01-01T{hour:02}:00:00Z"})
        version = await version_of(deciding, incident)
        await act(deciding, author, "incident", "edit", incident.id, body, if_match=version)
    decision = await ask_again(deciding, desk, incident)
    assert await asked_persons(deciding, decision) == {person.person_id for person in board}


async def test_nobody_does_by_themselves_what_a_decision_leads_to(
    deciding: Ledger, requester: Caller, incident: Incident
) -> None:
    body = Tallied(
        decision=incident.id,
        outcome=Outcome.approved,
        voters=1,
        approvals=1,
        rejections=0,
        deferrals=0,
        abstentions=0,
    )
    for caller in (requester, rule_caller("tests")):
        with pytest.raises(Refusal) as refused:
            await act(deciding, caller, "incident", "approve", incident.id, body)
        assert refused.value.code == "forbidden"


async def test_the_fold_of_the_votes_is_what_the_log_says(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    decision = await ask(deciding, desk, incident, board)
    for voter in board[:2]:
        await vote(deciding, voter, incident, decision)
    events = await read.stream_events(deciding.db, incident.row_key)
    decided = fold(Decision, f"decision/{decision}", events)
    assert decided is not None
    assert (decided.outcome, decided.approvals, decided.voters) == (Outcome.approved, 2, 3)
    rows_there = await deciding.db.rows("select id, version from fold.vote")
    for row in rows_there:
        folded = fold(Vote, f"vote/{row['id']}", events)
        assert folded is not None
        assert folded.version == row["version"]
