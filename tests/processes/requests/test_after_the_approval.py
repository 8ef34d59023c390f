"""What was approved is what is delivered: after its approval, a request stays as it was."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from app.common.records import empty
from app.kernel.actions.refusals import WrongValue
from app.log.ids import uuid7
from app.processes.requests.catalogue import ITEM_APPROVAL
from app.processes.requests.checks import BEFORE_SOLUTION, approved_as_it_is
from app.processes.requests.payloads import EditRequest
from app.processes.requests.records import Request, RequestState
from app.registry import LIFECYCLES_BY_KIND

FIELDS = sorted(name for name in ITEM_APPROVAL.fields if name in EditRequest.model_fields)
PERSON, TOOL = SimpleNamespace(is_machine=False), SimpleNamespace(is_machine=True)


async def refused(request: Request, field: str, value: str = "Another", caller: Any = PERSON) -> bool:
    """Whether the field of the request cannot be edited so."""
    body = EditRequest.model_validate({field: value})
    ctx: Any = SimpleNamespace(caller=caller)
    try:
        await approved_as_it_is(None, request, body, ctx)  # type: ignore[arg-type]  # reads nothing
    except WrongValue as wrong:
        return (wrong.pointer, wrong.because) == (f"/{field}", "approved_as_it_is")
    return False


def a_request(state: RequestState, **fields: Any) -> Request:
    """A request in that state."""
    request: Request = empty(Request, uuid7())
    request.state, request.title, request.description = state, "A laptop", "For a new colleague."
    for name, value in fields.items():
        setattr(request, name, value)
    return request


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("state", RequestState)
async def test_whatever_was_approved_is_not_edited_by_people(state: RequestState, field: str) -> None:
    now = datetime.now(UTC)
    assert not await refused(a_request(state), field), "nothing was approved"
    of_item = a_request(state, approved_at=now)
    assert await refused(of_item, field)
    assert not await refused(of_item, field, str(getattr(of_item, field))), "the same alters nothing"
    assert not await refused(of_item, field, caller=TOOL), "it was altered elsewhere"
    project = a_request(state, held_from=RequestState.implementing)
    project.solution_approval.solution_approved_at = now
    assert await refused(project, field) is (state not in BEFORE_SOLUTION)


def test_the_words_of_a_request_are_among_what_is_approved() -> None:
    assert {"title", "description"} <= {*FIELDS}
    assert approved_as_it_is in LIFECYCLES_BY_KIND["request"]["edit"].checks.wrong
