"""A date further ahead than anybody plans is a typing error, whichever command of a person states it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from app.kernel.actions.payload_fields import AheadLimit, StatedDay, StatedYear
from app.kernel.actions.payloads import marks, part_types
from app.kernel.commands.guards import dates_after
from app.platform.settings import Settings
from app.registry import LIFECYCLES
from tests.client import Api, an_incident

NOW, AHEAD = datetime(2026, 11, 30, tzinfo=UTC), timedelta(days=3653)
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
                [(place, latest)] = dates_after(sent, NOW, AHEAD)
                bound = marks(body, AheadLimit).get(name)
                assert latest == NOW + (AHEAD if bound is None else bound.ahead)
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


#: Times with a bound of their own that is nearer than the horizon, in days.
BOUNDED = {
    "PostUpdateIncident/next_update_due_at": 7,
    "PublishDocument/effective_at": 366,
    "PublishDocument/review_due_at": 1098,
    "ConfirmDocument/review_due_at": 1098,
    "PublishArticle/next_review_at": 1098,
    "ConfirmArticle/next_review_at": 1098,
    "AcceptRiskProblem/until_at": 366,
    "LendDocument/until_at": 366,
    "GrantDocumentAccess/until_at": 1098,
    "LicenseTraining/until_at": 1098,
}


def test_effects_reviews_acceptances_and_loans_are_bounded_and_the_bound_itself_is_accepted() -> None:
    bounded = {
        f"{row.body.__name__}/{name}": (row.body, bound)
        for lifecycle in LIFECYCLES
        for row in lifecycle.rows
        for name, bound in marks(row.body, AheadLimit).items()
    }
    assert {place: bound.ahead.days for place, (_, bound) in bounded.items()} == BOUNDED
    for place, (body, bound) in bounded.items():
        name = place.partition("/")[2]
        for over in (timedelta(0), timedelta(seconds=1)):
            sent = body.model_construct(**unset(body) | {name: NOW + bound.ahead + over})
            pointers = [pointer for pointer, _ in dates_after(sent, NOW, AHEAD)]
            assert pointers == ([f"/{name}"] if over else []), place
