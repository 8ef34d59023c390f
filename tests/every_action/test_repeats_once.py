"""A command that is sent again with the same Idempotency-Key is carried out once and answered the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.kernel.lifecycle import Action, Lifecycle
from tests.client import Json
from tests.every_action.samples import sample
from tests.every_action.world import ROWS, World, address, called

#: What is shown once and never again.
ONCE = {"token"}


async def record_for(world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> Json | None:
    """A new record that the row can be carried out on."""
    for state in (state for state in lifecycle.states if row.comes_from(state)):
        return await world.bring(lifecycle, state)
    return None


def other(said: Json) -> Json:
    """The same body but for when it happened."""
    return {**said, "occurred_at": datetime.now(UTC).isoformat()}


@pytest.mark.parametrize(("lifecycle", "row"), ROWS, ids=called)
async def test_sent_again_it_has_one_effect_and_the_same_answer(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    record = await record_for(world, lifecycle, row)
    path, said, key = address(lifecycle, row, record), sample(row), {"Idempotency-Key": str(uuid4())}
    head = await world.api.head()

    async def send(body: Json) -> httpx.Response:
        return await world.everybody.post(path, json=body, headers=key)

    first = await send(said)
    assert first.status_code == (201 if row.opens else 200), first.text
    assert "idempotent-replayed" not in first.headers
    # The same members in another order are the same command.
    for again in (said, dict(reversed(said.items()))):
        repeated = await send(again)
        assert repeated.status_code == first.status_code
        assert repeated.headers["idempotent-replayed"] == "true"
        assert {**repeated.json(), **dict.fromkeys(ONCE)} == {**first.json(), **dict.fromkeys(ONCE)}
        if not ONCE & first.json().keys():
            assert repeated.content == first.content
            assert repeated.headers["etag"] == first.headers["etag"]
        assert repeated.headers.get("location") == first.headers.get("location")
    assert await world.api.head() == head + 1
    refused = await send(other(said))
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert await world.api.head() == head + 1


@pytest.mark.parametrize(("lifecycle", "row"), [(lc, row) for lc, row in ROWS if not row.opens], ids=called)
async def test_the_same_key_on_another_record_is_another_command(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    first = await record_for(world, lifecycle, row)
    second = await record_for(world, lifecycle, row)
    key = {"Idempotency-Key": str(uuid4())}
    await world.everybody.post(address(lifecycle, row, first), json=sample(row), headers=key)
    head = await world.api.head()
    refused = await world.everybody.post(address(lifecycle, row, second), json=sample(row), headers=key)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert await world.api.head() == head
