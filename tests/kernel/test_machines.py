"""Machines vote, sign and judge nothing, whatever their accounts hold."""

from __future__ import annotations

from typing import Any

from app.common.people import Caller, PersonKind, Role, RoleGrant, rule_caller
from app.foundation.people.persons import AddPerson
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.log.ids import uuid7
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.client import Api
from tests.people import act
from tests.processes.changes.samples import DONE, REVIEWED, a_board

JUDGING = [(one, row) for one in LIFECYCLES for row in one.rows if row.checks.segregate_from]
EVERYTHING = tuple(RoleGrant(role) for role in Role)


def _name(value: Lifecycle[Any] | Action[Any, Any]) -> str:
    return value.kind if isinstance(value, Lifecycle) else value.name


@each_case(("lifecycle", "row"), JUDGING, ids=_name)
def test_what_duties_keep_apart_is_for_people(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> None:
    person_id = uuid7()
    record = lifecycle.record(id=uuid7())
    person = Caller(f"person:{person_id}", person_id, EVERYTHING)
    machine = Caller(f"integration:{person_id}", person_id, EVERYTHING)
    assert not row.policy.allows(machine, record)
    if row.policy.roles:
        assert row.policy.allows(person, record)


async def test_a_machine_that_holds_the_role_reviews_no_change_and_sets_no_rule(api: Api) -> None:
    board = await a_board(api)
    added = AddPerson(name="Robot", kind=PersonKind.machine)
    robot = (await act(api.ledger, rule_caller("tests"), "person", "add", body=added)).record
    machine = await api.client_of(robot, Role.change_manager, Role.process_owner, Role.committee_member)
    path = await board.scheduled(0, 2)
    await board.start_at(path, 0)
    await board.engineer.post_ok(f"{path}/complete", DONE)
    refused = await machine.post(f"{path}/review", json={**REVIEWED, "first_pass": False})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert "review" not in {action["action"] for action in (await machine.read(path))["actions"]}
    definition = {"voters": [{"role": "cab_member"}], "rule": "majority"}
    body = {"key": "change", "decision": "change", "name": "Ours", "definition": definition}
    refused = await machine.post("/v1/approval_rules", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
