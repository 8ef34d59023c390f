"""What two sides must both do is not done by two people of one side: each of them tries it for either side,
and names the others wherever it can.
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

from app.common.records import CodeEnum
from app.kernel.actions.lifecycle import Action, Lifecycle
from tests.cases import each_case
from tests.client import Client, Json
from tests.every_action.samples import ACTED_BY, valid_body
from tests.every_action.test_electorates import acts, names_somebody
from tests.every_action.world import (
    OF_PEOPLE,
    World,
    case_name,
    of_decisions,
    of_kind,
    possible_states,
    record_address,
    send,
)
from tests.extent import WHOLE
from tests.service_levels.agreements.samples import signed_elsewhere

#: People of IT, with every role, who have no part in any record.
OF_IT = ("it", "author", "doer") if WHOLE else ("it", "author")


def sides_of(lifecycle: Lifecycle[Any], row: Action[Any, Any], to: str) -> list[Json]:
    """What each side says, if two must act for the row to lead to the state; else nothing."""
    actors = ACTED_BY.get((f"{lifecycle.kind}.{row.name}", to), ACTED_BY.get((row.name, to), ()))
    return [fields for _, fields in actors] if len(actors) > 1 else []


#: Rows that two sides must carry out to lead to a state.
TWO_SIDED = [
    (lifecycle, row, to.value)
    for lifecycle, row in OF_PEOPLE
    for to in row.leads_to
    if not of_decisions(row) and sides_of(lifecycle, row, to.value)
]


def test_both_parties_sign_and_both_sides_review() -> None:
    named = {f"{lifecycle.kind}.{row.name}" for lifecycle, row, _ in TWO_SIDED}
    assert named >= {"sla.sign", "sla.renew", "sla.terminate", "request.review_solution"}


def rows_that_name(lifecycle: Lifecycle[Any], state: CodeEnum) -> list[Action[Any, Any]]:
    """Rows by which people name others, and that leave the record in its state."""
    return [
        row
        for row in lifecycle.rows
        if row.stays and row.is_open_in(state) and names_somebody(row.body) and not of_decisions(row)
        if (lifecycle, row) in OF_PEOPLE
    ]


@each_case(("lifecycle", "row", "to"), TWO_SIDED, ids=case_name, by=of_kind, one_of_each=of_kind)
async def test_no_two_people_of_one_side_do_it(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], to: str
) -> None:
    state = possible_states(lifecycle, row)[0]
    record = await world.make_record(lifecycle, state, row)
    path = record_address(lifecycle, record)
    people = [world.people[name] for name in OF_IT]
    for client, other in permutations(people, 2):
        await _try(world, client, lifecycle, row, record, to)
        for naming in rows_that_name(lifecycle, state):
            await acts(world, client, lifecycle, naming, record, other.id)
    for client in people:
        await _try(world, client, lifecycle, row, record, to)
    assert (await world.everybody.read(path))["state"] != to or state == to


async def _try(
    world: World, client: Client, lifecycle: Lifecycle[Any], row: Action[Any, Any], record: Json, to: str
) -> None:
    """Somebody says what each side says, and that the other side has signed on paper."""
    path = record_address(lifecycle, record)
    if (await client.get(path)).status_code != 200:
        return
    body = await valid_body(world.everybody, row, path)
    tried = [body | fields for fields in sides_of(lifecycle, row, to)]
    if "signed_document" in row.body.model_fields:
        tried.append(body | await signed_elsewhere(client))
    for sent in tried:
        await send(client, lifecycle, row, record, sent)
