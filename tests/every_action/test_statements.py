"""Whoever is said by somebody else to have attended, been consulted, agreed or given feedback can object, and
it counts no longer.
"""

from __future__ import annotations

from typing import Any

from app.common.duties import GivenDuty
from app.common.records import ForeignRef
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import marks
from tests.cases import each_case
from tests.client import Client, Json
from tests.every_action.samples import valid_body
from tests.every_action.world import (
    OF_PEOPLE,
    World,
    case_name,
    of_kind,
    possible_states,
    record_address,
    send,
)
from tests.every_action.world_data import TEAM

#: By action, the field that names the people about whom it states something; and the list of the record, and
#: the field of its items or of the record, that says about whom it still counts. An empty one: there is none.
STATED: dict[str, tuple[str, str, str]] = {
    "meeting.hold": ("attended", "participants", "attended"),
    "meeting.correct_attendance": ("attended", "participants", "attended"),
    "sla.review": ("attended", "reviews", "attended"),
    "process_definition.submit": ("heard", "", "heard_ids"),
    "improvement.plan": ("", "", ""),
    "improvement.plan_ahead": ("", "", ""),
    "improvement.log_pilot_feedback": ("person", "pilot_feedback", "person"),
    "training.hold": ("attended", "participants", "attended"),
    "request.propose_requirements": ("heard", "", ""),
    "request.confirm_requirements": ("heard", "", ""),
    "request.record_acceptance": ("participants", "acceptances", "participant_ids"),
    "release.change_plan": ("analyst", "", ""),
    "request.record_training": ("participants", "trainings", "participant_ids"),
}
#: Fields that name people without giving them work, of whom nothing is stated.
NOTHING_STATED = {
    "document.draft.readers": "they may read it",
    "document.publish.acknowledged_by": "they are asked",
    "meeting.call.persons": "they are invited",
    "meeting.invite.persons": "they are invited",
    "survey.plan.persons": "they are asked",
    "training.license.persons": "it rests on their own examination",
    "training.plan.persons": "they are invited",
}
#: What a statement gives no duty by.
SILENT_DUTIES = (GivenDuty.participation, GivenDuty.business_voice, GivenDuty.recorded)
CASES = [(lifecycle, row) for lifecycle, row in OF_PEOPLE if f"{lifecycle.kind}.{row.name}" in STATED]


def test_whatever_lists_people_without_a_duty_lets_them_object() -> None:
    listing = {
        f"{lifecycle.kind}.{row.name}.{name}"
        for lifecycle, row in OF_PEOPLE
        for name, mark in marks(row.body, ForeignRef).items()
        if mark.kind == "person" and mark.duty in SILENT_DUTIES and lists(row, name)
    }
    stated = {f"{action}.{field}" for action, (field, _, _) in STATED.items() if field}
    assert listing - stated - NOTHING_STATED.keys() == set()
    assert NOTHING_STATED.keys() <= listing


def lists(row: Action[Any, Any], name: str) -> bool:
    """Whether the field takes several people."""
    return "tuple" in str(row.body.model_fields[name].annotation)


@each_case(("lifecycle", "row"), CASES, ids=case_name, by=of_kind, one_of_each=of_kind)
async def test_whoever_it_is_about_objects_and_it_counts_no_longer(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    field, listing, counting = STATED[f"{lifecycle.kind}.{row.name}"]
    named = await _named(world, f"{lifecycle.kind}.{row.name}")
    record = await world.make_record(lifecycle, possible_states(lifecycle, row)[0], row)
    path = record_address(lifecycle, record)
    body = await valid_body(world.everybody, row, path)
    if field:
        persons = body.get(field, ())
        body[field] = named.id if isinstance(persons, str) else [*{named.id: None} | dict.fromkeys(persons)]
    answer = await send(world.everybody, lifecycle, row, record, body)
    assert answer.status_code == 200, answer.text
    *_, stated = [item for item in await _statements(world, path) if item["person"]["id"] == named.id]
    assert not counting or await _counts(world, path, listing, counting, named.id)
    assert stated["stated_by"]["id"] == world.everybody.id
    objection = {"objection": "I was not there. 我没有出席。"}
    refused = await world.everybody.post(
        f"{path}/object_to_statement", json=objection | {"statement": stated["id"]}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_object_to")
    await named.post_ok(f"{path}/object_to_statement", objection)
    (stated,) = [item for item in await _statements(world, path) if item["id"] == stated["id"]]
    assert stated["objected_at"] is not None
    assert not await _counts(world, path, listing, counting, named.id)
    refused = await named.post(f"{path}/object_to_statement", json=objection)
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_object_to")


async def _named(world: World, action: str) -> Client:
    """Somebody of whom the action can state something."""
    if action.startswith("training."):
        return world.people["author"]
    if action == "request.record_training":  # those who are trained are of its customer
        return world.people["business"]
    if action.startswith("improvement.plan"):  # the lead of the team of the pilot speaks for it
        lead = {"lead": str(world.colleague.id)}
        answer = await world.everybody.patch(f"/v1/teams/{TEAM}", json=lead, headers={"If-Match": "*"})
        assert answer.status_code == 200, answer.text
    return await world.api.client_of(world.colleague)


async def _statements(world: World, path: str) -> list[Json]:
    items: list[Json] = (await world.everybody.read(f"{path}/statements"))["items"]
    return items


async def _counts(world: World, path: str, listing: str, counting: str, person: str) -> bool:
    """Whether the record, or an item of its list, still says it of the person."""
    record = await world.everybody.read(path)
    items = (await world.everybody.read(f"{path}/{listing}"))["items"] if listing else [record]
    for item in items:
        if isinstance(item.get(counting), bool):
            if item["person"]["id"] == person and item[counting]:
                return True
        elif counting and person in str(item[counting]):
            return True
    return False
