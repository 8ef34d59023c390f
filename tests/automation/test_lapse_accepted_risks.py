"""A risk is accepted for a time; when it is over the problem is flagged and its owner told, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.common.people import Caller, Role
from app.kernel.actions.refusals import WrongValue
from app.processes.problems.payloads import AcceptRiskProblem, RaiseProblem, ReopenProblem
from app.processes.problems.records import Problem, ProblemState
from tests.automation.conftest import Desk
from tests.automation.worker import by_rules, timers
from tests.extent import in_test_all
from tests.people import act, add_caller
from tests.processes.problems.samples import a_problem


async def accepted(desk: Desk, **until: float) -> tuple[Problem, Caller]:
    """A problem that is left as it is for so long, and who answers for that."""
    owner = await add_caller(desk.ledger, "Head", Role.process_owner)
    body = RaiseProblem.model_validate(a_problem())
    raised = await act(desk.ledger, desk.agent, "problem", "raise", body=body, now=desk.now)
    accept = AcceptRiskProblem(reason="It is replaced in spring.", until_at=desk.now + timedelta(**until))
    done = await act(desk.ledger, owner, "problem", "accept_risk", raised.record.id, accept, now=desk.now)
    return done.record, owner


async def test_when_the_time_is_over_it_is_flagged_and_its_owner_told_once(desk: Desk) -> None:
    problem, owner = await accepted(desk, days=30)
    assert problem.state is ProblemState.closed
    await desk.pass_time(days=29)
    assert await by_rules(desk.ledger, problem.row_key) == []
    await desk.pass_time(days=1)
    await desk.pass_time(days=300)
    (lapsed,) = await by_rules(desk.ledger, problem.row_key)
    assert (lapsed.type, lapsed.actor) == ("problem.risk_lapsed", "rule:lapse_accepted_risks")
    assert lapsed.data["given"] == {"owner": str(owner.person_id)}
    rows = await desk.ledger.db.rows(
        "select person_id, steps from fold.notice where about = %s and 'risk_lapsed' = any(steps)",
        (problem.row_key,),
    )
    assert [row["person_id"] for row in rows] == [owner.person_id]
    assert await timers(desk.ledger) == {}


@in_test_all
async def test_what_has_lapsed_is_reopened_without_an_incident_and_can_be_accepted_anew(desk: Desk) -> None:
    problem, owner = await accepted(desk, days=30)
    with pytest.raises(WrongValue):
        await act(desk.ledger, desk.agent, "problem", "reopen", problem.id, ReopenProblem(), now=desk.now)
    await desk.pass_time(days=30)
    done = await act(desk.ledger, desk.agent, "problem", "reopen", problem.id, ReopenProblem(), now=desk.now)
    assert (done.record.state, done.record.risk_lapsed_at) == (ProblemState.investigating, None)
    body = AcceptRiskProblem(reason="Still so.", until_at=desk.now + timedelta(days=30))
    again = await act(desk.ledger, owner, "problem", "accept_risk", problem.id, body, now=desk.now)
    await desk.worker.work(desk.now)
    assert await timers(desk.ledger) == {
        ("lapse_accepted_risks", problem.row_key): again.record.risk_accepted_until_at
    }
