"""Voters whose accounts are deactivated: from that moment neither their seat nor their vote counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.common.people import Caller, Role, rule_caller
from app.foundation.decisions.actions import NotAVoter
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


async def test_a_vote_that_was_cast_before_its_voter_left_no_longer_counts(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    decision = await ask(deciding, desk, incident, board)
    await vote(deciding, board[0], incident, decision, "reject")
    await leave(deciding, board[0])
    for member in board[1:]:
        # No rule has counted again yet.
        await vote(deciding, member, incident, decision)
    row = await of_decision(deciding, decision)
    assert [row["outcome"], row["voters"], row["rejections"]] == ["approved", 2, 0]
    left = await deciding.db.rows("select person_id, verdict from fold.vote where left_at is not null")
    assert [tuple(ballot.values()) for ballot in left] == [(board[0].person_id, None)]


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
