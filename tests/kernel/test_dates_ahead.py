"""A date further ahead than anybody plans is a typing error, whichever command of a person states it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from app.kernel.actions.payload_fields import StatedDay, StatedYear
from app.kernel.actions.payloads import marks, part_types
from app.kernel.commands.guards import dates_after
from app.platform.settings import Settings
from app.registry import LIFECYCLES
from tests.client import Api, an_incident

LATEST = datetime(2036, 11, 30, tzinfo=UTC)
#: By the mark of a field, a value that is too late; None: it is an instant.
LATER: Any = {StatedDay: "2036-12-01", StatedYear: 2037, None: datetime(2036, 11, 30, 0, 0, 1, tzinfo=UTC)}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"horizon_years": 10})


def _dated(body: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """The fields that are dates, each with a value that is too late."""
    for name, field in body.model_fields.items():
        marked = [mark for mark in (StatedDay, StatedYear) if name in marks(body, mark)]
        marked = [StatedYear] if name == "year" else marked
        if marked or "datetime" in str(field.annotation).lower():
            yield name, LATER[marked[0] if marked else None]


def unset(body: type[BaseModel]) -> dict[str, Any]:
    """No field has a value."""
    return dict.fromkeys(body.model_fields)


def test_every_date_of_an_action_is_bounded() -> None:
    dated = 0
    for row in {row for lifecycle in LIFECYCLES for row in lifecycle.rows}:
        payload: type[BaseModel] = row.body
        bodies: dict[str, type[BaseModel]] = {"": payload, **part_types(payload)}
        for within, body in bodies.items():
            for name, later in _dated(body):
                if (within, name) == ("", "occurred_at"):
                    continue  # never ahead at all
                several = "tuple" in str(body.model_fields[name].annotation)
                stated = body.model_construct(**unset(body) | {name: (later,) if several else later})
                pointer = f"/{name}/0" if several else f"/{name}"
                sent = payload.model_construct(**unset(payload) | {within: (stated,)}) if within else stated
                (place,) = dates_after(sent, LATEST)
                assert place == (f"/{within}/0{pointer}" if within else pointer)
                dated += 1
    assert dated > 150


async def test_a_person_learns_which_date_is_too_far_ahead(api: Api) -> None:
    agent, now = await api.client("Ann", "agent"), datetime.now(UTC)
    path = f"/v1/incidents/{(await agent.post_ok('/v1/incidents', an_incident()))['id']}/add_task"
    task = {"title": "Order a relay", "due_at": (now + timedelta(days=3_700)).isoformat()}

    refused = await agent.post(path, json=task)

    assert refused.status_code == 422, refused.text
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [("/due_at", "too_far_ahead")]
    await agent.post_ok(path, task | {"due_at": (now + timedelta(days=3_600)).isoformat()})
