"""Voters whose accounts are deactivated lose their seats if they have not voted; cast votes stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.common.people import Caller, Role, rule_caller
from app.foundation.decisions.actions import NotAVoter
from app.foundation.people.persons import RevokeRolePerson
from app.kernel.ledger import Ledger
from app.processes.incidents.records import Incident
from tests.automation.worker import Worker
from tests.foundation.decisions.deciding import ask, asked_persons, vote
from tests.people import act, add_caller

MANAGEMENT = [{"role": "management"}]


async def leave(ledger: Ledger, person: Caller) -> None:
    """The account of the person is deactivated."""
    await act(ledger, await add_caller(ledger, "Admin", Role.admin), "person", "deactivate", person.person_id)


async def settle(ledger: Ledger) -> None:
    """The rules do what follows."""
    await Worker(ledger).work(datetime.now(UTC) + timedelta(seconds=1))


async def of_decision(ledger: Ledger, identifier: UUID) -> dict[str, Any]:
    """The decision as it stands."""
    row = await ledger.db.row("select * from fold.decision where id = %s", (identifier,))
    assert row is not None
    return dict(row)


async def ballot_of(ledger: Ledger, person: Caller) -> dict[str, Any]:
    """The ballot of the person."""
    query = "select verdict, comment, voted_at, left_at, closed_at from fold.vote where person_id = %s"
    row = await ledger.db.row(query, (person.person_id,))
    assert row is not None
    return dict(row)


@pytest.fixture
async def six(deciding: Ledger) -> list[Caller]:
    """Six people who are asked."""
    return [await add_caller(deciding, f"Member {n}", Role.requester) for n in range(6)]


async def test_the_votes_of_those_who_stay_decide_once_the_last_undecided_voter_has_left(
    deciding: Ledger, desk: Caller, incident: Incident, six: list[Caller]
) -> None:
    decision = await ask(deciding, desk, incident, six)
    for n, member in enumerate(six[:5]):
        await vote(deciding, member, incident, decision, "approve" if n < 3 else "reject")
    assert (await of_decision(deciding, decision))["outcome"] is None
    await leave(deciding, six[5])
    await settle(deciding)
    row = await of_decision(deciding, decision)
    counts = [row[name] for name in ("outcome", "voters", "quorum", "approvals", "rejections")]
    assert counts == ["approved", 5, 3, 3, 2]


@pytest.mark.parametrize("verdict", ["approve", "reject", "defer", "abstain"])
@pytest.mark.parametrize("is_settled", [False, True], ids=["at once", "after the rules"])
@pytest.mark.parametrize("how", ["left", "left and returned", "lost the role"])
async def test_a_vote_that_was_cast_before_its_voter_left_or_lost_the_role_stays(
    deciding: Ledger, desk: Caller, incident: Incident, verdict: str, is_settled: bool, how: str
) -> None:
    members = [await add_caller(deciding, f"Member {n}", Role.cab_member) for n in range(3)]
    decision = await ask(deciding, desk, incident, members)
    await vote(deciding, members[0], incident, decision, verdict)
    cast = await ballot_of(deciding, members[0])
    if how == "lost the role":
        admin = await add_caller(deciding, "Admin", Role.admin)
        body = RevokeRolePerson(role="cab_member")
        await act(deciding, admin, "person", "revoke_role", members[0].person_id, body)
    else:
        await leave(deciding, members[0])
    if is_settled:
        await settle(deciding)
    if how == "left and returned":
        await act(deciding, rule_caller("tests"), "person", "activate", members[0].person_id)
    await vote(deciding, members[1], incident, decision, "reject" if verdict == "reject" else "approve")
    if (await of_decision(deciding, decision))["outcome"] is None:
        await vote(deciding, members[2], incident, decision)
    row = await of_decision(deciding, decision)
    outcome = "rejected" if verdict == "reject" else "approved"
    assert [row["outcome"], row["voters"], row["quorum"]] == [outcome, 3, 2]
    assert await ballot_of(deciding, members[0]) == cast


async def test_a_voter_who_returns_before_the_end_has_a_vote_again(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    decision = await ask(deciding, desk, incident, board)
    await leave(deciding, board[0])
    await settle(deciding)
    with pytest.raises(NotAVoter):
        await vote(deciding, board[0], incident, decision)
    await act(deciding, rule_caller("tests"), "person", "activate", board[0].person_id)
    await settle(deciding)
    assert (await of_decision(deciding, decision))["quorum"] == 2
    assert not await deciding.db.rows("select from fold.vote where left_at is not null")
    for member in board[:2]:
        await vote(deciding, member, incident, decision)
    row = await of_decision(deciding, decision)
    assert [row["outcome"], row["voters"], row["approvals"]] == ["approved", 3, 2]


async def test_a_unanimous_vote_needs_those_who_stay(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    decision = await ask(deciding, desk, incident, board, rule="unanimous")
    for member in board[:2]:
        await vote(deciding, member, incident, decision)
    await leave(deciding, board[2])
    await settle(deciding)
    assert (await of_decision(deciding, decision))["outcome"] == "approved"


async def test_others_are_asked_as_well_if_too_few_voters_stay(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    boss = await add_caller(deciding, "Boss", Role.management)
    decision = await ask(deciding, desk, incident, board, quorum=2, otherwise=MANAGEMENT)
    for member in board[1:]:
        await leave(deciding, member)
    await settle(deciding)
    assert boss.person_id in await asked_persons(deciding, decision)
    await vote(deciding, board[0], incident, decision)
    await vote(deciding, boss, incident, decision)
    assert (await of_decision(deciding, decision))["outcome"] == "approved"


@pytest.mark.parametrize("next_voters", [[], MANAGEMENT], ids=["nobody is next", "management is next"])
async def test_a_question_that_nobody_can_decide_any_more_ends_or_goes_to_the_next_voters_at_once(
    deciding: Ledger,
    desk: Caller,
    incident: Incident,
    board: list[Caller],
    next_voters: list[dict[str, str]],
) -> None:
    boss = await add_caller(deciding, "Boss", Role.management)
    decision = await ask(deciding, desk, incident, board, quorum=1, if_unanswered=next_voters)
    for member in board:
        await leave(deciding, member)
    await settle(deciding)
    row = await of_decision(deciding, decision)
    assert row["outcome"] == (None if next_voters else "lapsed")
    assert (boss.person_id in await asked_persons(deciding, decision)) is bool(next_voters)
