"""A record that one may not see is answered like one that is not there, wherever a payload may name one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from app.common.people import Role
from app.common.records import ANY_RECORD, TICKET, ForeignRef
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import Payload, PayloadPart, marks, part_types
from app.registry import LIFECYCLES_BY_KIND
from tests.cases import each_case
from tests.client import Client, Json
from tests.every_action.samples import valid_body
from tests.every_action.world import (
    OF_PEOPLE,
    World,
    address,
    of_decisions,
    of_kind,
    possible_states,
    record_address,
    send,
)
from tests.every_action.world_data import IDS
from tests.extent import WHOLE

#: Where a payload names a record: a field, or one of the first of its parts.
Place = tuple[str, ...]
#: What is named where a ticket, or any record, may be.
INSTANCES = {TICKET: "incident", ANY_RECORD: "incident"}
#: Of those who may act: tools may name whom they do not see, and auditors do nothing.
NOT_TRIED = frozenset({Role.integration, Role.auditor})
#: Those who may do what is for staff, or for anybody, and see little.
SEE_LITTLE = (Role.requester, Role.agent, Role.engineer, Role.knowledge_editor)
#: In so many places somebody who may act names what they do not see; where others are named they see all.
FEWEST_COMPARED = 50


def places(model: type[Payload | PayloadPart], within: Place = ()) -> list[tuple[Place, ForeignRef]]:
    """Where a payload names records, each place with its mark."""
    named = [((*within, name), mark) for name, mark in marks(model, ForeignRef).items()]
    for name, part in part_types(model).items():
        named += places(part, (*within, name))
    return named


CASES = [
    (lifecycle, row, place, mark.kind)
    for lifecycle, row in OF_PEOPLE
    if not of_decisions(row)
    for place, mark in places(row.body)
]


def named_kind(case: tuple[Lifecycle[Any], Action[Any, Any], Place, str]) -> tuple[str, bool]:
    """Return which kind of record is named there, and whether in a part of the payload."""
    return case[3], len(case[2]) > 1


def _name(value: object) -> str:
    if isinstance(value, Lifecycle):
        return value.kind
    return value.name if isinstance(value, Action) else "/".join(value) if isinstance(value, tuple) else ""


@dataclass
class Strangers:
    """People with one role each, and a record of each kind that is not theirs. `compared`: the cases in which
    one of them named it; `tried`: how many there were.
    """

    world: World
    clients: dict[tuple[UUID, Role], Client] = field(default_factory=dict)
    hidden: dict[str, Json] = field(default_factory=dict)
    visible: dict[tuple[str | None, str], bool] = field(default_factory=dict)
    compared: list[str] = field(default_factory=list)
    tried: int = 0

    async def record_of(self, lifecycle: Lifecycle[Any]) -> Json:
        """A record of the kind that is nobody's but everybody's, and of a team of others."""
        if lifecycle.kind not in self.hidden:
            row, everybody = lifecycle.opening(), self.world.everybody
            record = await everybody.post_ok(
                address(lifecycle, row, None), await valid_body(everybody, row, "")
            )
            if "assign" in lifecycle.by_name:
                await everybody.post_ok(f"{record_address(lifecycle, record)}/assign", {"team": IDS["team"]})
            self.hidden[lifecycle.kind] = record
        return self.hidden[lifecycle.kind]

    async def sees(self, client: Client, path: str) -> bool:
        """Whether the client sees what is at that address, where nothing changes."""
        if (client.token, path) not in self.visible:
            self.visible[client.token, path] = (await client.get(path)).status_code == 200
        return self.visible[client.token, path]

    async def who_sees(
        self, row: Action[Any, Any], record_at: str, hidden_at: str
    ) -> AsyncIterator[tuple[Role, Client]]:
        """People who see the one record but not the other, in roles of which the row may name some."""
        world = self.world
        for role in dict.fromkeys([*sorted(row.policy.roles - NOT_TRIED), *SEE_LITTLE]):
            for person in (world.reporter, world.assignee, world.colleague):
                if (person.id, role) not in self.clients:
                    self.clients[person.id, role] = await world.api.client_of(person, role)
                client = self.clients[person.id, role]
                is_hidden = not await self.sees(client, hidden_at)
                if is_hidden and (not record_at or await self.sees(client, record_at)):
                    yield role, client


@pytest.fixture(scope="module")
async def strangers(world: World) -> Strangers:
    return Strangers(world)


def naming(body: Json, row: Action[Any, Any], place: Place, name: str) -> Json:
    """The body with that name at the place, and without other references that may be left out: those who act
    may not see what they name.
    """
    outer, *inner = place
    payload: type[Payload] = row.body
    fields = payload.model_fields
    spare = {mark for mark in marks(payload, ForeignRef) if mark != outer and not fields[mark].is_required()}
    said = {key: value for key, value in body.items() if key not in spare}
    if not inner:
        return said | {outer: _as_said(payload, outer, name)}
    part = part_types(payload)[outer]
    first, *others = said.get(outer) or [{}]
    return said | {outer: [first | {inner[0]: _as_said(part, inner[0], name)}, *others]}


def _as_said(model: type[Payload | PayloadPart], member: str, name: str) -> str | list[str]:
    is_list = "tuple" in str(model.model_fields[member].annotation)
    return [name] if is_list else name


def words(answer: httpx.Response, name: str) -> tuple[int, str]:
    """What the answer says, but for the name."""
    problem = answer.json()
    texts = [problem["code"], problem["detail"], problem.get("errors")]
    return answer.status_code, str(texts).replace(name, "…")


def names_of(lifecycle: Lifecycle[Any], hidden: Json) -> list[tuple[str, str]]:
    """What the record is called, each with what nothing is called that looks the same."""
    names = [(hidden["id"], str(uuid4()))]
    if lifecycle.code is not None:
        names.append((hidden["number"], f"{hidden['number'][:-6]}999999"))
    if hidden.get("key"):
        names.append((hidden["key"], "nothing-of-that-name"))
    return names


@each_case(("lifecycle", "row", "place", "kind"), CASES, ids=_name, by=of_kind, one_of_each=named_kind)
async def test_a_record_that_is_hidden_is_answered_like_none(
    world: World,
    strangers: Strangers,
    lifecycle: Lifecycle[Any],
    row: Action[Any, Any],
    place: Place,
    kind: str,
) -> None:
    strangers.tried += 1
    of_kind = LIFECYCLES_BY_KIND[INSTANCES.get(kind, kind)]
    hidden = await strangers.record_of(of_kind)
    record = None if row.opens else await world.standing(lifecycle, possible_states(lifecycle, row)[0])
    path = "" if record is None else record_address(lifecycle, record)
    body = await valid_body(world.everybody, row, path)
    async for role, client in strangers.who_sees(row, path, record_address(of_kind, hidden)):
        answers = [
            [
                words(await send(client, lifecycle, row, record, naming(body, row, place, name)), name)
                for name in two
            ]
            for two in names_of(of_kind, hidden)
        ]
        if answers[0][1][0] in (403, 404):
            continue
        for of_hidden, nowhere in answers:
            assert of_hidden == nowhere, f"{role} is told whether there is one"
        strangers.compared.append(f"{lifecycle.kind} {row.name} {'/'.join(place)}")
        return


def test_that_is_tried_where_somebody_names_what_they_do_not_see(strangers: Strangers) -> None:
    assert len(strangers.compared) >= (FEWEST_COMPARED if WHOLE else 10)
