"""A hand-over of a duty does what the action does that names its holder."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from datetime import datetime
from typing import Any

from app.common.people import Role
from app.foundation.people.succession.duties import KIND_DUTIES, ROW_DUTIES
from app.foundation.people.succession.handing_over import hand_over_duties
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.notifications.told_fields import DEADLINES
from app.registry import LIFECYCLES_BY_KIND
from app.ticketing.routes.dated_duties import DATED_DUTIES
from tests.client import Api, an_incident
from tests.clocks import from_now
from tests.foundation.people.test_succession import settle

#: What only sets fields.
SETS_FIELDS = {"apply_patch", "copy_fields", "getattr", "stored_priorities"}
#: Actions that name a holder and do something else besides, by what the rest is.
OF_THE_ACTION_ONLY = {
    "the committee is asked, and names people itself": "improvement.charter improvement.change_people",
    "the work begins or goes on in another way with it": """
        improvement.start_pilot incident.declare_major request.assess problem.investigate change.assess""",
    "the holder is not changed": "risk.flag_action improvement_plan.flag_step",
    "it is about a child record": "{}.add_task {}.edit_task",
    "what else is edited": "meeting.edit webhook_source.edit ci.edit process_definition.edit person.edit",
}


def called(function: Callable[..., Any]) -> set[str]:
    """The names of the functions that the function calls."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {call.id for call in calls if isinstance(call, ast.Name)}


def names_a_holder(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> bool:
    """Whether the action names the holder of a duty in a record that is there already."""
    duties = KIND_DUTIES[lifecycle.kind]
    fields = {name.removesuffix("_id") for name in (*duties.fields, *duties.lists)}
    exempt = " ".join(OF_THE_ACTION_ONLY.values()).replace("{}", lifecycle.kind).split()
    is_other = row.opens or row.name == hand_over_duties.__name__ or f"{lifecycle.kind}.{row.name}" in exempt
    return not is_other and not fields.isdisjoint(row.body.model_fields)


def test_a_hand_over_does_and_tells_what_the_action_does_that_names_the_holder() -> None:
    naming_actions = []
    for kind in KIND_DUTIES:
        lifecycle = LIFECYCLES_BY_KIND[kind]
        handing_over = lifecycle[hand_over_duties.__name__]
        for row in [row for row in lifecycle.rows if names_a_holder(lifecycle, row)]:
            naming_actions.append(f"{kind}.{row.name}")
            left_out = called(row.apply) - called(handing_over.apply) - SETS_FIELDS
            assert not left_out, (naming_actions[-1], left_out)
            assert {*row.consequences.notifies} <= {*handing_over.consequences.notifies}, naming_actions[-1]
    assert {"sla.appoint", "catalogue_item.edit", "risk.hand_over"} <= {*naming_actions}


async def test_approvers_by_a_hand_over_apply_once_a_second_person_agrees_and_nobody_puts_themselves_in(
    api: Api,
) -> None:
    admin = await api.client("Ada", Role.admin)
    manager = await api.client("Mona", Role.service_level_manager)
    leaver, other, successor = [await api.client(name, Role.agent) for name in ("Leo", "Otto", "Sue")]
    service = {"key": "mail", "name_en": "Mail", "name_zh": "邮件", "criticality": "low", "owner": "me"}
    await manager.post_ok("/v1/services", service)
    item = {"key": "laptop", "service": "mail", "title_en": "Laptop", "title_zh": "笔记本"}
    item |= {"fulfilment_path": "standard", "approval_rule": "majority"}
    item |= {"approver_persons": [leaver.id, other.id]}  # type: ignore[dict-item]  # JSON
    path = f"/v1/catalogue_items/{(await manager.post_ok('/v1/catalogue_items', item))['id']}"
    await admin.post_ok(f"{path}/agree")
    await admin.post_ok(f"/v1/persons/{leaver.id}/deactivate")
    body = {"person": leaver.id, "new_holder": manager.id}
    answer = await manager.post(f"{path}/hand_over_duties", json=body)
    assert answer.json()["errors"][0]["code"] == "takes_post_oneself"
    done = await manager.post_ok(f"{path}/hand_over_duties", body | {"new_holder": successor.id})
    assert (done["approver_persons"], done["awaits_agreement"]) == ([successor.id, other.id], True)
    refused = await manager.post(f"{path}/agree", json={})
    assert refused.json()["code"] == "separation_of_duties"
    assert (await admin.post_ok(f"{path}/agree"))["awaits_agreement"] is None


#: Times at which a rule acts, and nothing is due of those who hold the duties.
NOTHING_DUE = {"incident.wake_up_at", "request.wake_up_at", "corrective_action.first_due_at"}


def test_the_due_time_of_a_duty_is_the_earliest_of_the_records_own() -> None:
    """Every time at which work of the kind falls overdue, or by which a notice asks for it, counts."""
    for kind, duties in KIND_DUTIES.items():
        lifecycle = LIFECYCLES_BY_KIND[kind]
        fields, states = lifecycle.record.model_fields, {state.value for state in lifecycle.states}
        dues = {row.reach.due.field for row in lifecycle.rows if row.reach.due is not None}
        dues |= {
            duty.due.removeprefix("c.") for duty in DATED_DUTIES if (duty.kind, duty.row) == (kind, None)
        }
        dues |= set(DEADLINES) - {"planned_at", "until_at"}
        fields_due = {name for name in dues & fields.keys() if f"{kind}.{name}" not in NOTHING_DUE}
        assert fields_due <= duties.due.keys() <= fields.keys(), kind
        assert all(counted <= states for counted in duties.due.values()), kind
    for lifecycle in LIFECYCLES_BY_KIND.values():
        for child in lifecycle.children:
            duty = ROW_DUTIES.get(child.KIND)
            if duty is not None and child.model_fields.keys() & {"due_at", "due_on"}:
                assert duty.due in child.model_fields, child.KIND


async def test_a_leavers_duties_are_listed_and_told_with_the_times_of_the_records(api: Api) -> None:
    admin, manager = await api.client("Ada", Role.admin), await api.client("Mona", Role.incident_manager)
    await api.team("network")
    agent, leaver = [await api.client(name, Role.agent, teams=("network",)) for name in ("Agnes", "Leo")]
    path = f"/v1/incidents/{(await agent.post_ok('/v1/incidents', an_incident()))['id']}"
    await agent.post_ok(f"{path}/assign", {"team": "network", "person": leaver.id})
    await manager.post_ok(f"{path}/declare_major", {"commander": leaver.id, "statement": "All mail is down."})
    promised = from_now(5)
    await agent.post_ok(f"{path}/add_task", {"title": "Swap the disk", "assignee": leaver.id})
    await leaver.post_ok(f"{path}/post_update", {"statement": "We look.", "next_update_due_at": promised})
    left = await admin.post_ok(f"/v1/persons/{leaver.id}/deactivate")
    dues = {
        duty["duty"]: duty["due_at"] and datetime.fromisoformat(duty["due_at"])
        for duty in left["open_duties"]["items"]
    }
    assert dues.pop("task") is None
    assert dues == dict.fromkeys(("assignee", "commander"), datetime.fromisoformat(promised))
    body = {"person": leaver.id, "new_holder": agent.id}
    await manager.post_ok(f"{path}/hand_over_duties", body)
    await settle(api)
    [notice] = [item for item in (await agent.read("/v1/notices"))["items"] if "given" in item["steps"]]
    assert "Incident commander, Assignee, Task" in str(notice), "all duties at once, the first first"
