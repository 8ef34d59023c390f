"""Whoever holds a post names people, teams and groups in the actions that it opens: they are offered, and
references to them resolve, without any role.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from app.common.people import Grade, Person, Role
from app.common.records import ChildRecord, ForeignRef, as_row, empty
from app.kernel.access.eligibility import is_eligible
from app.kernel.access.reads import ReadContext
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.actions.refusals import WrongValue
from app.kernel.commands.command import Command
from app.kernel.commands.references.lookup import resolve_reference
from app.kernel.posts import PostField, gives_duty, post_fields
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from tests.client import Client, serving
from tests.conftest import Server, fresh
from tests.every_action.conftest import _settings, made_world
from tests.every_action.test_eligible import references
from tests.every_action.world import World
from tests.every_action.world_data import CUSTOMER, GROUP, IDS, TEAM
from tests.people import add_person, context

#: Every reference that gives a duty, in an action that somebody's post opens.
CASES = [
    (lifecycle, row, pointer, mark)
    for lifecycle in LIFECYCLES
    for row in lifecycle.rows
    if post_fields(lifecycle, row.policy)
    for pointer, mark in references(row.body)
    if gives_duty(mark)
]


@pytest.fixture
async def owned_world(server: Server, testrun_uid: str) -> AsyncIterator[tuple[World, psycopg.Connection]]:
    """A world, and a connection of the owner of its tables."""
    template = await made_world(server, testrun_uid)
    with fresh(server, template.database) as place:
        async with serving(place.url, template.secrets_dir, _settings()) as api:
            with psycopg.connect(place.owner_url, autocommit=True) as owner:
                yield template.world.in_application(api), owner


async def test_the_holder_of_a_post_names_everybody_who_is_eligible(
    owned_world: tuple[World, psycopg.Connection],
) -> None:
    """References to teams resolve for everybody, since everybody sees them."""
    world, owner = owned_world
    by_kind = await candidates(world)
    holder = await add_person(world.api.ledger, "Holder")
    client = await world.api.client_of(holder)
    wrong = []
    for lifecycle, row, pointer, mark in CASES:
        named = await eligible(world, mark, by_kind[mark.kind])
        for field in sorted(post_fields(lifecycle, row.policy)):
            case = f"{lifecycle.kind}.{row.name}{pointer} by {'.'.join(field)}"
            unseen = mark.kind != "team"
            if unseen and await is_named(world, client, lifecycle, row, mark, named):
                wrong.append(f"{case}: named without the post")
            with post_of(owner, field, holder):
                if not await is_named(world, client, lifecycle, row, mark, named):
                    wrong.append(f"{case}: not named")
                if not await is_offered(client, mark, named):
                    wrong.append(f"{case}: not offered")
    assert not wrong


#: Columns that no row leaves empty; here it matters only whom a row names.
NEEDED = """
select column_name from information_schema.columns
where table_schema = 'fold' and table_name = %s and is_nullable = 'NO'"""


async def candidates(world: World) -> dict[str, list[str]]:
    """Persons, teams and groups of whom one is eligible for each duty."""
    ledger = world.api.ledger
    roles = tuple(role.value for role in Role if role not in (Role.auditor, Role.integration, Role.admin))
    engineer = await add_person(ledger, "Versatile", TEAM, roles=roles, grade=Grade.management)
    customer = await add_person(ledger, "Patron", CUSTOMER)
    group = await world.everybody.read(f"/v1/groups/{GROUP}")
    team = await world.everybody.read(f"/v1/teams/{TEAM}")
    return {
        "person": [str(engineer.id), str(customer.id)],
        "team": [team["id"], IDS["supplier"]],
        "group": [group["id"]],
    }


async def eligible(world: World, mark: ForeignRef, among: list[str]) -> str:
    """The first of them who is eligible for the duty."""
    reads = reads_of(world)
    assert mark.duty is not None
    for named in among:
        if await is_eligible(reads, mark.kind, named, mark.duty, None):  # type: ignore[arg-type]  # text will do
            return named
    raise AssertionError(f"nobody is eligible for {mark.duty}")


def reads_of(world: World) -> ReadContext:
    """Reads as commands make them."""
    ledger = world.api.ledger
    return ReadContext(ledger.db, ledger.lifecycles, ledger.directory)


@contextmanager
def post_of(owner: psycopg.Connection, field: PostField, holder: Person) -> Iterator[None]:
    """While a record in use, or a child record, names the holder there."""
    kind, name = field
    lifecycle: Any = LIFECYCLES_BY_KIND.get(kind)
    children = {child.KIND: child for each in LIFECYCLES for child in each.children}
    record = empty(children[kind] if lifecycle is None else lifecycle.record, uuid4())
    setattr(record, name, holder.id)
    record.version, record.changed_at = 1, datetime.now(UTC)
    if isinstance(record, ChildRecord):
        record.record = f"improvement/{record.id}"
    else:
        record.state = next(iter(lifecycle.states_in_use))
    values = as_row(record)
    table = f"fold.{kind}" if lifecycle is None else lifecycle.table
    for (column,) in owner.execute(NEEDED, (table.removeprefix("fold."),)).fetchall():
        if values.get(column) is None:
            owner.execute(f"alter table {table} alter column {column} drop not null")
    columns, places = ", ".join(values), ", ".join(f"%({column})s" for column in values)
    owner.execute(f"insert into {table} ({columns}) values ({places})", values)
    try:
        yield
    finally:
        owner.execute(f"delete from {table} where id = %s", (record.id,))


async def is_named(
    world: World, client: Client, lifecycle: Lifecycle[Any], row: Action[Any, Any], mark: Any, named: str
) -> bool:
    """Whether a reference to it in that action resolves for the client."""
    person = await world.api.ledger.directory.callers([client.id])  # type: ignore[list-item]  # text will do
    (caller,) = person.values()
    command = Command(lifecycle, row, None, EmptyPayload(), context(caller))
    try:
        record = empty(lifecycle.record, uuid4())
        await resolve_reference(
            world.api.ledger, reads_of(world), command, mark, named, "/named", record=record, met=frozenset()
        )
    except WrongValue as refused:
        return refused.because != "unknown_reference"
    return True


async def is_offered(client: Client, mark: ForeignRef, named: str) -> bool:
    """Whether the picker of the field offers it."""
    assert mark.duty is not None
    page = await client.read("/v1/lookup", kind=mark.kind, duty=mark.duty.value, open="true", limit="20")
    return named in {item["id"] for item in page["items"]}
