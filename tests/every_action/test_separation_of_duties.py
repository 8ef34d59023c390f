"""Duties that a table keeps apart: whoever had the one part is refused the other, by any role; others may."""

from __future__ import annotations

import inspect
import json
from collections.abc import Hashable
from typing import Any

import pytest

from app.common.records import from_row
from app.kernel.actions.lifecycle import Action, Lifecycle
from tests.client import Client, Json
from tests.every_action.samples import valid_body
from tests.every_action.world import (
    ROWS,
    Row,
    World,
    case_name,
    nearest_first,
    possible_states,
    record_address,
    send,
)
from tests.extent import WHOLE
from tests.selection import covering

KEPT_APART = [(lifecycle, row) for lifecycle, row in ROWS if row.checks.segregate_from]
#: What is asked of a chair, under whose rule a decision must stand; tests/foundation/decisions does.
OF_A_CHAIR = frozenset({"decide"})
#: The check that reads the log, and what it reads.
BY_THE_LOG = "judges_own_work"
EVENTS = "select actor, data from log.event where stream like %s and actor like 'person:%%'"
OTHERS = [(lc, row) for lc, row in KEPT_APART if row.name not in OF_A_CHAIR]


def fields_of_duties(case: Row) -> set[Hashable]:
    """The fields that name who had the duties: the kernel compares them with the person who acts."""
    return {duty.fields for duty in case[1].checks.segregate_from}


def kind(case: Row) -> set[Hashable]:
    """The kind of record."""
    return {case[0].kind}


def clients(world: World) -> dict[str, Client]:
    """By id, those who hold every role."""
    everybody = [world.everybody, world.worker, *world.people.values()]
    return {client.id: client for client in everybody}


async def parted(world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], record: Json) -> set[str]:
    """The ids of those who have had a part in the record that is kept apart from the row."""
    stored = await world.api.ledger.db.row(
        f"select * from {lifecycle.source} r where id = %s", (record["id"],)
    )
    assert stored is not None
    holder = from_row(lifecycle.record, stored)
    return {str(person) for duty in row.checks.segregate_from for person in duty.persons(holder)}


async def authors(world: World, row: Action[Any, Any], record: Json) -> set[str]:
    """The ids of those who have set a field of the record that the row judges, or a child, by its events."""
    checks = [
        inspect.getclosurevars(check).nonlocals for check in row.checks.wrong if check.__name__ == BY_THE_LOG
    ]
    fields = {name for check in checks for name in check["fields"]}
    kinds = {name for check in checks for name in check["children"]}
    persons = set()
    for event in await world.api.ledger.db.rows(EVENTS, (f"%/{record['id']}",)):
        for key, values in json.loads(event["data"])["set"].items():
            kind, _, name = key.partition("/")
            if kind in kinds or (name == record["id"] and fields & values.keys()):
                persons.add(event["actor"].removeprefix("person:"))
    return persons


def test_some_duties_are_kept_apart() -> None:
    assert {lifecycle.kind for lifecycle, _ in KEPT_APART} >= {"request", "article"}


REFUSED = covering(nearest_first(KEPT_APART), fields_of_duties)
PERMITTED = covering(nearest_first(OTHERS), kind)


@pytest.mark.parametrize(("lifecycle", "row"), REFUSED, ids=case_name)
async def test_whoever_had_the_other_part_is_refused_whatever_roles_they_hold(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    refused = 0
    for state in possible_states(lifecycle, row):
        if refused and not WHOLE:
            break
        record = await world.make_record(lifecycle, state, row)
        for person in await parted(world, lifecycle, row, record):
            client = clients(world).get(person)
            if client is None:  # whoever asks for something holds no role in this world
                continue
            body = await valid_body(client, row, record_address(lifecycle, record))
            head = await world.api.head()
            answer = await send(client, lifecycle, row, record, body)
            assert (answer.status_code, answer.json()["code"]) == (403, "separation_of_duties"), state
            assert await world.api.head() == head
            refused += 1
    assert refused, "somebody has had the other part, and holds every role"


@pytest.mark.parametrize(("lifecycle", "row"), PERMITTED, ids=case_name)
async def test_another_person_may(world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> None:
    state = possible_states(lifecycle, row)[0]
    record = await world.make_record(lifecycle, state, row)
    apart = await parted(world, lifecycle, row, record) | await authors(world, row, record)
    for person, client in clients(world).items():
        if person in apart:
            continue
        body = await valid_body(client, row, record_address(lifecycle, record))
        answer = await send(client, lifecycle, row, record, body)
        assert answer.json().get("code") != "separation_of_duties", person
        if answer.status_code == 200:
            return
    pytest.fail(f"nobody else may {row.name}")
