"""A command that is sent again with the same Idempotency-Key is carried out once and answered the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import httpx

from app.kernel.actions.lifecycle import Action, Lifecycle
from tests.cases import each_case
from tests.client import Json
from tests.every_action.samples import valid_body as what_is_said
from tests.every_action.world import (
    OF_PEOPLE,
    Row,
    World,
    case_name,
    events,
    method,
    of_decisions,
    of_kind,
    possible_states,
    record_address,
    send,
)

#: What clients send; what follows from votes is not sent by anybody.
SENT = [(lc, row) for lc, row in OF_PEOPLE if not of_decisions(row)]
#: What is shown once and never again.
ONCE = {"token", "secret"}


def way_of_acting(case: Row) -> tuple[Any, ...]:
    """What kinds of actions share, of all kinds of records: test_event_folds_back.py sends one of each kind
    again, and once.
    """
    lifecycle, row = case
    return lifecycle.is_ticket, row.opens, method(row), row.stays, bool(row.consequences.related)


@asynccontextmanager
async def record_for(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> AsyncIterator[Json | None]:
    """A record that the row can be carried out on."""
    for state in possible_states(lifecycle, row):
        async with world.ready(lifecycle, state, row) as record:
            yield record
        return
    yield None


def other(body: Json) -> Json:
    """The same body but for when it happened."""
    return {**body, "occurred_at": datetime.now(UTC).isoformat()}


@each_case(("lifecycle", "row"), SENT, ids=case_name, by=of_kind, one_of_each=way_of_acting)
async def test_sent_again_it_has_one_effect_and_the_same_answer_and_on_another_record_it_is_another_command(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    async with record_for(world, lifecycle, row) as record:
        path = "" if record is None else record_address(lifecycle, record)
        body = await what_is_said(world.everybody, row, path)
        sent = partial(send, world.everybody, lifecycle, row, record, headers=key)
        await assert_done_once(world, row, body, sent)
    if record is not None:
        second = await world.untouched(lifecycle, possible_states(lifecycle, row)[0], row)
        head = await world.api.head()
        assert_key_is_used(await send(world.everybody, lifecycle, row, second, body, key))
        assert await world.api.head() == head


async def assert_done_once(
    world: World, row: Action[Any, Any], body: Json, sent: Callable[[Json], Awaitable[httpx.Response]]
) -> None:
    """However often it is sent, one command is carried out, and no other one with its key."""
    head = await world.api.head()
    first = await sent(body)
    assert first.status_code == (201 if row.opens else 200), first.text
    assert "idempotent-replayed" not in first.headers
    # The same members in another order are the same command.
    for again in (body, dict(reversed(body.items()))):
        repeated = await sent(again)
        assert repeated.status_code == first.status_code
        assert repeated.headers["idempotent-replayed"] == "true"
        assert {**repeated.json(), **dict.fromkeys(ONCE)} == {**first.json(), **dict.fromkeys(ONCE)}
        if not ONCE & first.json().keys():
            assert repeated.content == first.content
            assert repeated.headers["etag"] == first.headers["etag"]
        assert repeated.headers.get("location") == first.headers.get("location")
    assert await world.api.head() == head + events(row)
    assert_key_is_used(await sent(other(body)))
    assert await world.api.head() == head + events(row)


def assert_key_is_used(answer: httpx.Response) -> None:
    """It is refused, since its key belongs to another command."""
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
