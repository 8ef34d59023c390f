"""Deputies vote in the name of whoever is away, for a time, and never more than one vote each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.common.people import Caller, PersonKind, Role, rule_caller
from app.foundation.decisions.actions import NotAVoter
from app.foundation.decisions.deputies.lifecycle import NameDeputy
from app.foundation.decisions.payloads import CastVote, CloseVote
from app.foundation.people import persons
from app.foundation.people.persons import RevokeRolePerson
from app.foundation.people.records import TeamKind
from app.i18n import LANGUAGES
from app.kernel.actions.refusals import (
    ActionUnavailable,
    Forbidden,
    NotFound,
    Refusal,
    SegregationOfDuties,
    WrongValue,
)
from app.kernel.commands.command import CommandResult
from app.kernel.ledger import Ledger
from app.processes.incidents.records import Incident
from app.ticketing.work.assignment import AssignTicket
from tests.automation.worker import Worker
from tests.cases import each_case
from tests.client import Api
from tests.extent import in_test_all
from tests.foundation.decisions.deciding import NOW, ask, vote
from tests.people import act, add_caller, add_team
from tests.processes.changes.samples import a_change

DAY = timedelta(days=1)
NEXT = [{"role": "management"}]


async def name_deputy(ledger: Ledger, absent: Caller, deputy: Caller, **more: Any) -> CommandResult:
    """Whoever is away names a deputy, from yesterday for a month if nothing else is said."""
    body = {"deputy": str(deputy.person_id), "from_at": NOW - DAY, "until_at": NOW + 30 * DAY, **more}
    return await act(ledger, absent, "deputy", "name", body=NameDeputy.model_validate(body), now=NOW)


@pytest.fixture
async def staff(deciding: Ledger) -> list[Caller]:
    """Three of the board, who may name deputies."""
    return [await add_caller(deciding, f"Staff {n}", Role.cab_member) for n in range(3)]


@pytest.fixture
async def deputy(deciding: Ledger) -> Caller:
    """Somebody of a team of IT, without a role of staff."""
    await add_team(deciding, "standby")
    return await add_caller(deciding, "Deputy", Role.requester, teams=("standby",))


async def cast(
    ledger: Ledger, by: Caller, incident: Incident, identifier: UUID, instead_of: Caller, name: str = "vote"
) -> CommandResult:
    """They vote, or decide, in that name."""
    body = CastVote.model_validate(
        {"decision": identifier, "verdict": "approve", "instead_of": str(instead_of.person_id)}
    )
    return await act(ledger, by, "incident", name, incident.id, body, now=NOW)


async def test_a_deputy_is_of_the_same_side_as_whoever_names_them(
    deciding: Ledger, staff: list[Caller]
) -> None:
    await add_team(deciding, "cabling", TeamKind.supplier)
    await add_team(deciding, "clients", TeamKind.customer)
    fitter = await add_caller(deciding, "Fitter", teams=("cabling",))
    client = await add_caller(deciding, "Client", teams=("clients",))
    head = await add_caller(deciding, "Head", Role.department_head, teams=("clients",))
    for absent, other in ((staff[0], fitter), (staff[0], client), (head, fitter)):
        with pytest.raises(WrongValue) as refused:
            await name_deputy(deciding, absent, other)
        assert (refused.value.pointer, refused.value.because) == ("/deputy", "not_staff")
    await name_deputy(deciding, head, client)


async def test_a_deputy_sees_the_record_and_votes_in_the_name_of_whoever_is_away(
    deciding: Ledger, desk: Caller, incident: Incident, staff: list[Caller], deputy: Caller
) -> None:
    await name_deputy(deciding, staff[0], deputy)
    decision = await ask(deciding, desk, incident, staff)
    await vote(deciding, deputy, incident, decision)
    ballot = "select person_id, cast_by_id, verdict from fold.vote where verdict is not null"
    assert [tuple(row.values()) for row in await deciding.db.rows(ballot)] == [
        (staff[0].person_id, deputy.person_id, "approve")
    ]
    done = await vote(deciding, staff[1], incident, decision)
    assert done.record.category == "approved"


async def test_whoever_is_back_votes_themselves_and_is_not_doubled(
    deciding: Ledger, desk: Caller, incident: Incident, staff: list[Caller], deputy: Caller
) -> None:
    await name_deputy(deciding, staff[0], deputy)
    decision = await ask(deciding, desk, incident, staff)
    await vote(deciding, deputy, incident, decision, "reject")
    await vote(deciding, staff[0], incident, decision)
    rows = await deciding.db.rows("select verdict, cast_by_id from fold.vote where verdict is not null")
    assert [tuple(row.values()) for row in rows] == [("approve", None)]
    with pytest.raises(ActionUnavailable) as refused:
        await cast(deciding, deputy, incident, decision, staff[0])
    assert refused.value.code == "cast_by_another"


@pytest.mark.parametrize("firsts", [["voter"], ["other"], ["deputy", "voter"]], ids="-".join)
async def test_a_deputy_changes_no_vote_that_somebody_else_has_cast(
    deciding: Ledger,
    desk: Caller,
    incident: Incident,
    staff: list[Caller],
    deputy: Caller,
    firsts: list[str],
) -> None:
    other = await add_caller(deciding, "Other", Role.requester, teams=("standby",))
    for person in (deputy, other):
        await name_deputy(deciding, staff[0], person)
    await name_deputy(deciding, staff[1], deputy)
    decision = await ask(deciding, desk, incident, staff)
    callers = {"voter": staff[0], "other": other, "deputy": deputy}
    for name in firsts:
        await cast(deciding, callers[name], incident, decision, staff[0])
    ballot = "select verdict, comment, cast_by_id, voted_at from fold.vote where verdict is not null"
    before = await deciding.db.rows(ballot)
    with pytest.raises(ActionUnavailable) as refused:
        await cast(deciding, deputy, incident, decision, staff[0])
    assert refused.value.code == "cast_by_another"
    assert await deciding.db.rows(ballot) == before
    # Without saying for whom, they vote for somebody whose vote is missing.
    await vote(deciding, deputy, incident, decision, "reject")
    rows = await deciding.db.rows("select person_id from fold.vote where verdict = 'reject'")
    assert [row["person_id"] for row in rows] == [staff[1].person_id]


async def test_the_deputy_of_several_names_the_voter_until_only_one_can_be_meant(
    deciding: Ledger, desk: Caller, incident: Incident, staff: list[Caller], deputy: Caller
) -> None:
    for absent in staff[:2]:
        await name_deputy(deciding, absent, deputy)
    decision = await ask(deciding, desk, incident, staff)
    with pytest.raises(WrongValue) as refused:
        await vote(deciding, deputy, incident, decision)
    assert (refused.value.pointer, refused.value.because) == ("/instead_of", "deputy_of_several")
    for language in LANGUAGES:
        assert all(str(absent.person_id) in refused.value.sentence(language) for absent in staff[:2])
    assert await deciding.db.value("select count(*) from fold.vote where verdict is not null") == 0
    await cast(deciding, deputy, incident, decision, staff[1])
    # They have one vote, which they may change without saying again whose it is.
    await vote(deciding, deputy, incident, decision, "reject")
    rows = await deciding.db.rows("select person_id, verdict from fold.vote where verdict is not null")
    assert [tuple(row.values()) for row in rows] == [(staff[1].person_id, "reject")]


async def test_nobody_votes_in_their_own_name_without_a_vote(
    deciding: Ledger, desk: Caller, incident: Incident, staff: list[Caller], deputy: Caller
) -> None:
    await name_deputy(deciding, staff[0], deputy)
    decision = await ask(deciding, desk, incident, staff)
    with pytest.raises(NotAVoter):
        await cast(deciding, deputy, incident, decision, deputy)


async def test_the_deputy_of_the_chair_and_of_a_member_votes_as_the_member_and_decides_as_the_chair(
    deciding: Ledger, desk: Caller, incident: Incident, staff: list[Caller]
) -> None:
    """Each action is for one of the two, so it needs no name. One person still does only one of them."""
    await add_team(deciding, "standby")
    deputies = [await add_caller(deciding, name, Role.requester, teams=("standby",)) for name in ("A", "B")]
    for deputy in deputies:
        for absent in staff[:2]:
            await name_deputy(deciding, absent, deputy)
    decision = await ask(deciding, desk, incident, staff, rule="chair", quorum=2)
    await vote(deciding, deputies[0], incident, decision, "reject")
    done = await vote(deciding, deputies[1], incident, decision, action="decide")
    assert done.record.category == "approved"
    rows = await deciding.db.rows("select person_id, cast_by_id from fold.vote where verdict is not null")
    assert {tuple(row.values()) for row in rows} == {
        (staff[1].person_id, deputies[0].person_id),
        (staff[0].person_id, deputies[1].person_id),
    }


async def test_a_deputy_changes_the_vote_that_they_cast(
    deciding: Ledger, desk: Caller, incident: Incident, staff: list[Caller], deputy: Caller
) -> None:
    await name_deputy(deciding, staff[0], deputy)
    decision = await ask(deciding, desk, incident, staff)
    for verdict in ("reject", "approve"):
        await vote(deciding, deputy, incident, decision, verdict)
    assert await deciding.db.value("select verdict from fold.vote where verdict is not null") == "approve"


async def test_one_person_is_one_vote_in_whoevers_name(
    deciding: Ledger, desk: Caller, incident: Incident, staff: list[Caller], deputy: Caller
) -> None:
    """Neither the deputy of two makes a quorum of two, nor does a voter who is another's deputy."""
    await name_deputy(deciding, staff[0], deputy)
    await name_deputy(deciding, staff[1], deputy)
    await name_deputy(deciding, staff[0], staff[2])
    decision = await ask(deciding, desk, incident, staff)
    await cast(deciding, deputy, incident, decision, staff[0])
    for voter, instead_of, code in (
        (deputy, staff[1], "voted_in_another_name"),
        (staff[2], staff[0], "has_own_vote"),
    ):
        with pytest.raises(ActionUnavailable) as refused:
            await cast(deciding, voter, incident, decision, instead_of)
        assert refused.value.code == code


async def test_where_the_chair_decides_the_deputy_of_the_chair_does(
    deciding: Ledger, desk: Caller, incident: Incident, staff: list[Caller], deputy: Caller
) -> None:
    """They decide as the chair does: by no vote, after the quorum, and never besides a vote of their own."""
    await name_deputy(deciding, staff[0], deputy)
    await name_deputy(deciding, staff[0], staff[1])
    decision = await ask(deciding, desk, incident, staff, rule="chair", quorum=2)
    for voter, name, code in (
        (deputy, "vote", "the_chair_decides"),
        (deputy, "decide", "too_few_have_voted"),
        (staff[1], "decide", "has_own_vote"),
    ):
        with pytest.raises(ActionUnavailable) as refused:
            await cast(deciding, voter, incident, decision, staff[0], name)
        assert refused.value.code == code
    await vote(deciding, staff[2], incident, decision, "reject")
    done = await cast(deciding, deputy, incident, decision, staff[0], "decide")
    assert done.record.category == "approved"


async def test_a_deputy_is_no_party_like_a_voter(
    deciding: Ledger, desk: Caller, requester: Caller, incident: Incident, staff: list[Caller]
) -> None:
    """The requester is no deputy. Whoever takes it on after the question was put votes no more, but the vote
    that they have cast counts.
    """
    await name_deputy(deciding, staff[0], requester)
    late = await add_caller(deciding, "Late", Role.agent)
    await name_deputy(deciding, staff[1], late)
    decision = await ask(deciding, desk, incident, staff)
    with pytest.raises(NotAVoter):
        await vote(deciding, requester, incident, decision)
    assert await deciding.db.value("select count(*) from fold.voting_deputy") == 1
    await vote(deciding, late, incident, decision)
    await act(deciding, late, "incident", "assign", incident.id, AssignTicket(person=str(late.person_id)))
    with pytest.raises(SegregationOfDuties):
        await vote(deciding, late, incident, decision, "reject")
    await vote(deciding, staff[2], incident, decision)
    assert await deciding.db.value("select outcome from fold.decision") == "approved"


async def test_a_deputy_votes_only_in_their_time_and_on_their_kinds(
    deciding: Ledger, desk: Caller, incident: Incident, staff: list[Caller], deputy: Caller
) -> None:
    await name_deputy(deciding, staff[0], deputy, from_at=NOW + DAY, until_at=NOW + 2 * DAY)
    other = await add_caller(deciding, "Other", Role.requester, teams=("standby",))
    await name_deputy(deciding, staff[1], other, decisions=("pilot",))
    decision = await ask(deciding, desk, incident, staff)
    worker = Worker(deciding)
    await worker.work(NOW)
    for person, now in ((deputy, NOW), (other, NOW)):
        with pytest.raises(NotFound):
            await vote(deciding, person, incident, decision, now=now)
    await worker.work(NOW + DAY)
    await vote(deciding, deputy, incident, decision, now=NOW + DAY)
    with pytest.raises(Refusal) as refused:
        await vote(deciding, deputy, incident, decision, "reject", now=NOW + 2 * DAY)
    assert refused.value.code == "not_asked_to_vote", "a vote waits for no timer"
    await worker.work(NOW + 2 * DAY)
    with pytest.raises(NotFound):
        await vote(deciding, deputy, incident, decision, "reject", now=NOW + 2 * DAY)
    assert worker.failures == []


@in_test_all
async def test_a_deputy_who_is_named_later_votes_on_what_is_open_until_that_is_ended(
    deciding: Ledger, desk: Caller, incident: Incident, staff: list[Caller], deputy: Caller
) -> None:
    decision = await ask(deciding, desk, incident, staff)
    worker = Worker(deciding)
    named = await name_deputy(deciding, staff[0], deputy)
    await worker.work(NOW)
    await vote(deciding, deputy, incident, decision)
    await act(deciding, staff[0], "deputy", "end", named.record.id)
    await worker.work(NOW)
    with pytest.raises(NotFound):
        await vote(deciding, deputy, incident, decision, "reject")
    assert await deciding.db.value("select verdict from fold.vote where cast_by_id is not null") == "approve"
    assert worker.failures == []


@in_test_all
async def test_deputies_of_those_who_are_asked_next_vote_in_their_name(
    deciding: Ledger, desk: Caller, incident: Incident, staff: list[Caller], deputy: Caller
) -> None:
    """Also of one who was asked in vain before, whose deputy is named once."""
    boss = await add_caller(deciding, "Boss", Role.management)
    both = await add_caller(deciding, "Both", Role.management)
    other = await add_caller(deciding, "Other", Role.requester)
    await name_deputy(deciding, boss, deputy)
    await name_deputy(deciding, both, other)
    rule: dict[str, Any] = {"quorum": 1, "due_within_seconds": 1800, "if_unanswered": NEXT}
    decision = await ask(deciding, desk, incident, [staff[0], both], due_at=None, **rule)
    ends = NOW + timedelta(minutes=30)
    closing = CloseVote(decision=decision)
    await act(deciding, rule_caller("tests"), "incident", "close_vote", incident.id, closing, now=ends)
    named = await deciding.db.rows(
        "select person_id from fold.voting_deputy where decision_id = %s", (decision,)
    )
    assert {row["person_id"] for row in named} == {deputy.person_id, other.person_id}
    assert len(named) == 2
    done = await vote(deciding, deputy, incident, decision, now=ends)
    assert done.record.category == "approved"


@each_case(
    ("terms", "pointer", "code"),
    [
        ({"until_at": NOW - 2 * DAY}, "/until_at", "not_after_its_beginning"),
        ({"from_at": NOW - 9 * DAY, "until_at": NOW - DAY}, "/until_at", "not_ahead"),
        ({"until_at": NOW + 400 * DAY}, "/until_at", "too_long_a_time"),
    ],
)
async def test_a_deputy_is_named_for_a_time_ahead(
    deciding: Ledger, staff: list[Caller], deputy: Caller, terms: dict[str, Any], pointer: str, code: str
) -> None:
    with pytest.raises(WrongValue) as refused:
        await name_deputy(deciding, staff[0], deputy, **terms)
    assert (refused.value.pointer, refused.value.because) == (pointer, code)


async def test_a_deputy_is_another_person_and_no_machine(deciding: Ledger, staff: list[Caller]) -> None:
    added = persons.AddPerson(name="Robot", kind=PersonKind.machine)
    robot = (await act(deciding, rule_caller("tests"), "person", "add", body=added)).record
    machine = Caller(f"integration:{robot.id}", robot.id)
    for deputy, code in ((staff[0], "deputy_of_oneself"), (machine, "machine_gets_no_duty")):
        with pytest.raises(WrongValue) as refused:
            await name_deputy(deciding, staff[0], deputy)
        assert refused.value.because == code


async def test_only_whoever_is_away_ends_the_time_of_their_deputy(
    deciding: Ledger, staff: list[Caller], deputy: Caller
) -> None:
    named = await name_deputy(deciding, staff[0], deputy)
    with pytest.raises(Forbidden):
        await act(deciding, deputy, "deputy", "end", named.record.id)
    with pytest.raises(NotFound):
        await act(deciding, staff[1], "deputy", "end", named.record.id)


@in_test_all
async def test_what_waits_for_a_deputy_stands_in_their_work_and_in_whose_name(api: Api) -> None:
    """An exception from a freeze is decided by two change managers, without whoever asks for it."""
    manager = await api.client("Manager", Role.change_manager)
    colleague = await api.client("Colleague", Role.change_manager)
    away = await api.whole(await api.client("Away", Role.change_manager))
    other = await api.client("Other", Role.agent)
    freeze = {
        "freeze_kind": "freeze",
        "title": "Closing of the year",
        "reason": "The books are closed.",
        "everything": True,
        "from_at": "2198-12-20T00:00:00Z",
        "until_at": "2199-01-05T00:00:00Z",
    }
    path = f"/v1/freezes/{(await manager.post_ok('/v1/freezes', freeze))['id']}"
    wanted_period = {"wanted_from_at": "2198-12-21T00:00:00Z", "wanted_until_at": "2198-12-22T00:00:00Z"}
    change = await manager.post_ok("/v1/changes", a_change(**wanted_period))
    period = {"from_at": (NOW - DAY).isoformat(), "until_at": (NOW + 30 * DAY).isoformat()}
    await away.post_ok("/v1/deputies", {"deputy": other.id, **period})
    question = {"question": "May it be?", "change": change["number"], "reason": "It expires."}
    await manager.post_ok(f"{path}/ask_exception", question)
    (waiting,) = (await other.read("/v1/me/work"))["votes_for_others"]
    assert (waiting["instead_of"], waiting["action"]) == (away.id, "vote")
    assert (await manager.read("/v1/me/work"))["votes_for_others"] == []
    await other.post_ok(f"{path}/vote", {"decision": waiting["decision"], "verdict": "approve"})
    ballots = {vote["person"]["id"]: vote for vote in (await manager.read(f"{path}/votes"))["items"]}
    assert ballots.keys() == {away.id, colleague.id}
    assert (ballots[away.id]["cast_by"]["id"], ballots[colleague.id]["cast_by"]) == (other.id, None)
    assert (await other.read("/v1/me/work"))["votes_for_others"] == []
    (voting_deputy,) = (await manager.read(f"{path}/voting_deputies"))["items"]
    assert (voting_deputy["person"]["id"], voting_deputy["instead_of"]["id"]) == (other.id, away.id)


async def test_the_deputy_of_somebody_who_has_left_votes_no_more_and_is_a_deputy_again_if_they_return(
    deciding: Ledger, desk: Caller, incident: Incident, staff: list[Caller], deputy: Caller
) -> None:
    await name_deputy(deciding, staff[0], deputy)
    await add_caller(deciding, "Colleague", Role.cab_member)
    decision = await ask(deciding, desk, incident, staff, voters=[{"role": "cab_member"}])
    worker, rule, absent = Worker(deciding), rule_caller("tests"), staff[0].person_id
    await act(deciding, rule, "person", "deactivate", absent)
    with pytest.raises(Refusal) as refused:
        await vote(deciding, deputy, incident, decision)
    assert refused.value.code == "not_asked_to_vote", "a vote waits for no rule"
    await worker.work(NOW)
    await act(deciding, rule, "person", "activate", absent)
    await worker.work(NOW)
    await act(deciding, rule, "person", "revoke_role", absent, RevokeRolePerson(role="cab_member"))
    await vote(deciding, deputy, incident, decision)
    (ballot,) = await deciding.db.rows("select role, role_lost from fold.vote where verdict is not null")
    assert (ballot["role"], ballot["role_lost"]) == ("cab_member", True)
    assert worker.failures == []


async def sees(ledger: Ledger, person: Caller, incident: Incident) -> bool:
    """Whether lists and heads show the record to the person."""
    head = "select audience from log.stream_head where stream = %s"
    audience = await ledger.db.value(head, (incident.row_key,))
    rows = await ledger.db.value(
        "select count(*) from fold.voting_deputy where record = %s and person_id = %s",
        (incident.row_key, person.person_id),
    )
    assert (f"voter:{person.person_id}" in audience) == bool(rows), "lists and streams agree"
    return bool(rows)


@pytest.mark.parametrize("how", ["ends", "is ended", "is suspended"])
async def test_a_deputy_sees_the_record_in_their_time_only_also_once_it_is_decided(
    deciding: Ledger, desk: Caller, incident: Incident, staff: list[Caller], deputy: Caller, how: str
) -> None:
    worker, rule = Worker(deciding), rule_caller("tests")
    named = await name_deputy(deciding, staff[0], deputy, from_at=NOW + DAY, until_at=NOW + 3 * DAY)
    decision = await ask(deciding, desk, incident, staff, due_at=NOW + 6 * DAY)
    await worker.work(NOW)
    assert not await sees(deciding, deputy, incident), "their time has not begun"
    await worker.work(NOW + DAY)
    assert await sees(deciding, deputy, incident)
    for person in staff[:2]:
        await vote(deciding, person, incident, decision, now=NOW + DAY)
    assert await deciding.db.value("select state from fold.decision") == "taken"
    assert await sees(deciding, deputy, incident), "in their time, they see what came of it"
    if how == "is ended":
        await act(deciding, staff[0], "deputy", "end", named.record.id)
    elif how == "is suspended":
        await act(deciding, rule, "deputy", "suspend", named.record.id)
    await worker.work(NOW + 3 * DAY if how == "ends" else NOW + DAY)
    assert not await sees(deciding, deputy, incident)
    assert worker.failures == []


async def test_who_is_the_deputy_of_two_keeps_the_record_in_sight_until_the_second_ends(
    deciding: Ledger, desk: Caller, incident: Incident, staff: list[Caller], deputy: Caller
) -> None:
    worker = Worker(deciding)
    first, second = [await name_deputy(deciding, person, deputy) for person in staff[:2]]
    decision = await ask(deciding, desk, incident, staff)
    await act(deciding, staff[0], "deputy", "end", first.record.id)
    await worker.work(NOW)
    assert await sees(deciding, deputy, incident)
    await cast(deciding, deputy, incident, decision, staff[1])
    await act(deciding, staff[1], "deputy", "end", second.record.id)
    await worker.work(NOW)
    assert not await sees(deciding, deputy, incident)
