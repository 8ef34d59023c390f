"""A command that is sent again with the same Idempotency-Key is carried out once and answered the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.kernel.lifecycle import Action, Lifecycle
from tests.client import Json
from tests.every_action.samples import said as what_is_said
from tests.every_action.samples import sample
from tests.every_action.world import (
    OF_DECISIONS,
    OF_PEOPLE,
    World,
    at,
    called,
    can_be_in,
    events,
    send,
)

#: What clients send; what follows from votes is not sent by anybody.
SENT = [(lc, row) for lc, row in OF_PEOPLE if row.name not in OF_DECISIONS]
#: What is shown once and never again.
ONCE = {"token"}


async def record_for(world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> Json | None:
    """A new record that the row can be carried out on."""
    for state in can_be_in(lifecycle, row):
        return await world.bring(lifecycle, state, row)
    return None


def other(said: Json) -> Json:
    """The same body but for when it happened."""
    return {**said, "occurred_at": datetime.now(UTC).isoformat()}


@pytest.mark.parametrize(("lifecycle", "row"), SENT, ids=called)
async def test_sent_again_it_has_one_effect_and_the_same_answer(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    record = await record_for(world, lifecycle, row)
    key = {"Idempotency-Key": str(uuid4())}
    said = sample(row)
    if record is not None:
        said = await what_is_said(world.everybody, row, at(lifecycle, record))
    head = await world.api.head()

    async def sent(body: Json) -> httpx.Response:
        return await send(world.everybody, lifecycle, row, record, body, key)

    first = await sent(said)
    assert first.status_code == (201 if row.opens else 200), first.text
    assert "idempotent-replayed" not in first.headers
    # The same members in another order are the same command.
    for again in (said, dict(reversed(said.items()))):
        repeated = await sent(again)
        assert repeated.status_code == first.status_code
        assert repeated.headers["idempotent-replayed"] == "true"
        assert {**repeated.json(), **dict.fromkeys(ONCE)} == {**first.json(), **dict.fromkeys(ONCE)}
        if not ONCE & first.json().keys():
            assert repeated.content == first.content
            assert repeated.headers["etag"] == first.headers["etag"]
        assert repeated.headers.get("location") == first.headers.get("location")
    assert await world.api.head() == head + events(row)
    refused = await sent(other(said))
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert await world.api.head() == head + events(row)


@pytest.mark.parametrize(("lifecycle", "row"), [(lc, row) for lc, row in SENT if not row.opens], ids=called)
async def test_the_same_key_on_another_record_is_another_command(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    first = await record_for(world, lifecycle, row)
    second = await record_for(world, lifecycle, row)
    key = {"Idempotency-Key": str(uuid4())}
    assert first is not None
    body = await what_is_said(world.everybody, row, at(lifecycle, first))
    done = await send(world.everybody, lifecycle, row, first, body, key)
    assert done.status_code == 200, done.text
    head = await world.api.head()
    refused = await send(world.everybody, lifecycle, row, second, body, key)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert await world.api.head() == head
