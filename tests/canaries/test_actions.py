"""What people say by the actions of every kind of record is gone when everybody is erased."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.common.people import Role
from app.common.personal import Personal
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import Payload, part_types
from app.kernel.actions.payloads import marks as payload_marks
from app.platform.settings import Settings
from tests.canaries.action_payloads import marked
from tests.canaries.dump import everything, everything_relayed
from tests.canaries.erasing import erase_everybody
from tests.canaries.marks import Marks
from tests.canaries.permitted import not_permitted
from tests.client import Client, Json, serving
from tests.conftest import Server, fresh
from tests.every_action import documents
from tests.every_action.conftest import RATE, made_world
from tests.every_action.samples import valid_body
from tests.every_action.world import (
    OF_PEOPLE,
    OPEN_IN,
    OPEN_TO_RULES,
    RowInState,
    World,
    of_kind,
    record_address,
    send,
    steps_before,
)
from tests.extent import WHOLE
from tests.selection import selected


def has_words(row: Action[Any, Any]) -> bool:
    """Whether words of persons are said by it."""
    body: type[Payload] = row.body
    models = (body, *part_types(body).values())
    return any(payload_marks(model, Personal) for model in models)


def is_tried(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> bool:
    """Whether words are said by it of a new record; `make test-all` tries every action."""
    return WHOLE or (has_words(row) and steps_before((lifecycle, row)) == 0)


def _once(cases: list[RowInState]) -> list[RowInState]:
    return [next(rows) for _, rows in groupby(cases, lambda case: (case[0].kind, case[1].name))]


#: Each row once, in the first state that it is open in.
ONCE = [case for case in _once(OPEN_IN) if is_tried(*case[:2])]
BY_RULES = [case for case in _once(OPEN_TO_RULES) if WHOLE or has_words(case[1])]
OPENINGS = [(lc, row) for lc, row in OF_PEOPLE if row.opens and is_tried(lc, row)]


@pytest.fixture
async def world(server: Server, tmp_path: Path, testrun_uid: str) -> AsyncIterator[World]:
    settings = Settings(_env_file=None, rate_limit=RATE, person_writes=RATE)  # type: ignore[call-arg]  # Pydantic's own argument
    template = await made_world(server, testrun_uid)
    shutil.copytree(template.secrets_dir, tmp_path / "secrets")
    with fresh(server, template.database) as place, documents.kept_for_no_time():
        async with serving(place.url, tmp_path / "secrets", settings) as api:
            yield template.world.in_application(api)


async def test_what_actions_say_is_erased_with_whoever_said_it(world: World, tmp_path: Path) -> None:
    marks, keeper = Marks(), await world.api.client("Keeper", Role.admin)
    for lifecycle, row in selected("openings", OPENINGS, of_kind):
        await say(world, marks, lifecycle, row, None)
    for lifecycle, row, state in selected("actions", ONCE, of_kind):
        async with world.ready(lifecycle, state, row) as record:
            await say(world, marks, lifecycle, row, record)
    for lifecycle, row, state in selected("rules", BY_RULES, of_kind):
        record = await world.make_record(lifecycle, state, row)
        body = await valid_body(world.everybody, row, record_address(lifecycle, record))
        await world.by_rule(
            lifecycle, row, record, marked(marks, f"{lifecycle.kind}.{row.name}", row.body, body)
        )
    leaks = not_permitted(await everything_relayed(world.api.ledger), marks)
    assert not leaks, "\n".join(leaks)
    await erase_everybody(world.api.ledger, UUID(keeper.id))
    left = not_permitted(await everything(world.api.ledger, tmp_path), marks)
    assert not left, "\n".join(left)


async def asked_to_vote(world: World, path: str) -> Client:
    """Somebody who is asked for the newest question on the record."""
    decision = (await world.everybody.read(f"{path}/decisions"))["items"][-1]["id"]
    ballots = (await world.everybody.read(f"{path}/votes", limit=200))["items"]
    voters = {ballot["person"]["id"] for ballot in ballots if ballot["decision_id"] == decision}
    people = (world.everybody, world.worker, *world.people.values())
    return next(client for client in people if client.id in voters)


async def say(
    world: World, marks: Marks, lifecycle: Lifecycle[Any], row: Action[Any, Any], record: Json | None
) -> None:
    """Says it with marked words, but for what is refused so because it has a form that only a check knows."""
    path = "" if record is None else record_address(lifecycle, record)
    plain = await valid_body(world.everybody, row, path)
    body = marked(marks, f"{lifecycle.kind}.{row.name}", row.body, plain)
    client = await asked_to_vote(world, path) if row.name == "vote" else world.everybody
    for _ in range(len(body) + 1):
        answer = await send(client, lifecycle, row, record, body)
        if answer.is_success:
            return
        wrong = {
            error["pointer"].split("/")[1] for error in answer.json().get("errors", ()) if error["pointer"]
        }
        wrong = {name for name in wrong if body.get(name) != plain.get(name)} or set(body)
        body = body | {name: plain[name] for name in wrong if name in plain}
    raise AssertionError(f"{lifecycle.kind}.{row.name}: {answer.text}")
