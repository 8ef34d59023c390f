"""Operations on the duties of a person: `GET /v1/persons/{id}/duties`, and what `deactivate` answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import Ledger, caller_of, context_of
from app.api.commands.performing import perform_idempotently
from app.api.direct import Router
from app.api.records.actions import IdempotencyKeyHeader as IdempotencyHeader
from app.api.records.actions import IfMatch, action_response, operation
from app.api.records.reads import Name, load_visible, renderer_of
from app.api.records.shapes import OutputModel
from app.api.requests.etag import versions_of
from app.api.requests.request_keys import key_of
from app.common.people import Caller
from app.foundation.people import persons
from app.foundation.people.queries import PERSONS, PersonOut
from app.foundation.people.succession.lookups import MOST_LISTED, HeldDuty, counts_by_kind, duties_of
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.commands.command import Command
from app.kernel.ledger import Ledger as Services

#: So many duties are in the answer to a deactivation.
FIRST_DUTIES = 20


class DutyCount(OutputModel):
    """The number of duties in records of one kind."""

    kind: str = Field(description="Kind of the records, such as `incident`.")
    count: int = Field(description="Number of open duties in these records.")


class DutyOut(OutputModel):
    """A duty that a person holds in a record that the caller may see."""

    kind: str = Field(description="Kind of the record, such as `incident`.")
    id: UUID
    number: str | None = Field(description="Number or key of the record; null if it has neither.")
    title: str | None = Field(description="Title or name of the record; null if it has neither.")
    duty: str = Field(
        description="Field of the record that names the person, such as `assignee`, or kind of the child "
        "record that does, such as `task`."
    )
    due_at: datetime | None = Field(description="Time at which the duty is due; null if it has none.")


class DutiesOut(OutputModel):
    """The open duties of a person, in records that the caller may see."""

    counts: list[DutyCount] = Field(description="Numbers of duties by kind of record, the most first.")
    items: list[DutyOut] = Field(description="The first duties, by due time; at most 200.")


class DeactivatedPersonOut(PersonOut):
    """A person whose account is deactivated, with the duties that are to be handed over."""

    open_duties: DutiesOut | None = Field(
        description="Open duties of the person, with the first twenty; null if the answer is a repetition."
    )


router = Router(prefix="/v1", tags=["people"])


@router.endpoint("/persons/{id}/duties", "List a person's duties", DutiesOut, refused=(404, 422))
async def list_person_duties(request: Request, ledger: Ledger, name: Name) -> Response:
    """Return the open duties of a person in records that the caller may see, with the number of each kind."""
    renderer = renderer_of(request, PERSONS)
    person = (await load_visible(renderer, name)).record
    duties = await _duties(ledger, caller_of(request), person.id)
    return Response(to_json(_shown(duties, MOST_LISTED)), media_type="application/json")


@router.post("/persons/{id}/deactivate", **operation(persons.LIFECYCLE, "deactivate", DeactivatedPersonOut))
async def deactivate(
    request: Request,
    ledger: Ledger,
    name: Name,
    body: EmptyPayload | None = None,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyHeader = None,
) -> Response:
    """Deactivate the person: they have left, or are away for long. Their keys are rejected, and they are
    assigned no work. Their votes no longer count. The answer has the duties that are to be handed over.
    """
    key = await key_of(ledger, request, "deactivate_person", idempotency_key)
    row, payload = persons.LIFECYCLE["deactivate"], body or EmptyPayload()
    context = context_of(request)
    command = Command(persons.LIFECYCLE, row, name, payload, context, versions_of(if_match), key)
    carried_out, renderer = await perform_idempotently(ledger, command), renderer_of(request, PERSONS)
    answer = await renderer.render_one(carried_out.record)
    answer["open_duties"] = None
    if not carried_out.replayed:
        duties = await _duties(ledger, context.caller, carried_out.record.id)
        answer["open_duties"] = _shown(duties, FIRST_DUTIES)
    return action_response(renderer, carried_out, answer)


async def _duties(ledger: Services, reader: Caller, person: UUID) -> Sequence[HeldDuty]:
    kinds = ledger.lifecycles.values()
    return await duties_of(ledger.db, kinds, person, reader=reader, agents_see=ledger.settings.agents_see)


def _shown(duties: Sequence[HeldDuty], most: int) -> dict[str, Any]:
    """Return the duties as clients see them."""
    counts = [{"kind": kind, "count": number} for kind, number in counts_by_kind(duties).items()]
    items = [
        {name: getattr(duty, name) for name in DutyOut.model_fields} | {"duty": duty.duty.removesuffix("_id")}
        for duty in duties[:most]
    ]
    return {"counts": counts, "items": items}
