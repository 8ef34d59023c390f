"""Operations on the duties of a person: `GET /v1/persons/{id}/duties`, and what `deactivate` and
`transfer_duties` answer.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, caller_of, context_of
from app.api.commands.performing import perform_idempotently
from app.api.direct import Router
from app.api.records.actions import IdempotencyKeyHeader as IdempotencyHeader
from app.api.records.actions import IfMatch, action_response, operation
from app.api.records.reads import Name, load_visible, renderer_of
from app.api.records.shapes import OutputModel
from app.api.requests.etag import versions_of
from app.api.requests.request_keys import key_of
from app.common.people import Caller, Person, rule_caller
from app.foundation.people import persons
from app.foundation.people.queries import PERSONS, PersonOut
from app.foundation.people.succession.duties import KIND_DUTIES
from app.foundation.people.succession.handing_over import HandOverDuties, hand_over_duties
from app.foundation.people.succession.leaving import (
    DutiesToTransfer,
    StayingDuty,
    TransferDutiesPerson,
    managed_kinds,
    reason_in_words,
)
from app.foundation.people.succession.lookups import MOST_LISTED, HeldDuty, counts_by_kind, duties_of
from app.i18n import Word
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.actions.refusals import Refusal, WrongValue
from app.kernel.commands.command import Command
from app.kernel.commands.perform import refusal_of
from app.kernel.ledger import Ledger

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


class StayingDutyOut(DutyOut):
    """A duty that stays with the person, and the reason."""

    reason: str = Field(description="Reason why the duty stays with the person.")


class TransferredPersonOut(PersonOut):
    """A person whose duties are handed over, with those that stay."""

    moving_duties: int | None = Field(
        description="Number of duties that are handed over. Null if the request repeats an earlier one"
        " (same `Idempotency-Key`)."
    )
    staying_duties: list[StayingDutyOut] | None = Field(
        description="Duties that stay with the person, by due time; at most 200. Null if the answer is a "
        "repetition."
    )


router = Router(prefix="/v1", tags=["people"])


@router.endpoint("/persons/{id}/duties", "List a person's duties", DutiesOut, refused=(404, 422))
async def list_person_duties(request: Request, ledger: RequestLedger, name: Name) -> Response:
    """Return the open duties of a person in records that the caller may see, with the number of each kind."""
    renderer = renderer_of(request, PERSONS)
    person = (await load_visible(renderer, name)).record
    duties = await _duties(ledger, caller_of(request), person.id)
    return Response(to_json(_shown(duties, MOST_LISTED)), media_type="application/json")


@router.post("/persons/{id}/deactivate", **operation(persons.LIFECYCLE, "deactivate", DeactivatedPersonOut))
async def deactivate(
    request: Request,
    ledger: RequestLedger,
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


@router.post(
    "/persons/{id}/transfer_duties",
    **operation(persons.LIFECYCLE, "transfer_duties", TransferredPersonOut),
)
async def transfer_duties(
    request: Request,
    ledger: RequestLedger,
    name: Name,
    body: TransferDutiesPerson,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyHeader = None,
) -> Response:
    """Transfer the person's duties: a rule puts the successor in their place, record by record. The answer
    has the duties that stay with the person, each with the reason and with who hands it over. If all would
    stay, the request is refused.
    """
    key = await key_of(ledger, request, "transfer_duties_person", idempotency_key)
    context = context_of(request)
    row = persons.LIFECYCLE["transfer_duties"]
    renderer = renderer_of(request, PERSONS)
    duties, reasons = await _outlook(ledger, (await load_visible(renderer, name)).record.id, body, context)
    to_transfer = DutiesToTransfer(
        moving=len({duty.id for duty in duties} - reasons.keys()),
        staying=tuple(
            StayingDuty(ledger.lifecycles[duty.kind], reasons[duty.id])
            for duty in duties
            if duty.id in reasons
        ),
    )
    command = Command(
        persons.LIFECYCLE, row, name, body, context, versions_of(if_match), key, prepared=(to_transfer,)
    )
    carried_out = await perform_idempotently(ledger, command)
    answer = await renderer.render_one(carried_out.record)
    answer["moving_duties"] = answer["staying_duties"] = None
    if not carried_out.replayed:
        answer["moving_duties"] = sum(duty.id not in reasons for duty in duties)
        answer["staying_duties"] = [
            {**_duty_shown(duty), "reason": reason_in_words(reasons[duty.id], renderer.language)}
            for duty in duties
            if duty.id in reasons
        ]
    return action_response(renderer, carried_out, answer)


async def _outlook(
    ledger: Ledger, person: UUID, body: TransferDutiesPerson, sent: CommandMetadata
) -> tuple[Sequence[HeldDuty], dict[UUID, Refusal]]:
    """Return the person's duties that the caller sees, and the reasons why those would stay that would."""
    duties = (await _duties(ledger, sent.caller, person))[:MOST_LISTED]
    kinds = body.kinds or managed_kinds(sent.caller)
    handed_over = HandOverDuties(person=str(person), new_holder=body.new_holder)
    return duties, await _reasons_to_stay(ledger, duties, handed_over, kinds, sent)


async def _reasons_to_stay(
    ledger: Ledger,
    duties: Sequence[HeldDuty],
    body: HandOverDuties,
    kinds: Collection[str],
    sent: CommandMetadata,
) -> dict[UUID, Refusal]:
    """Return why duties stay, by the id of the record: the refusal with which the rule that hands them over
    will meet.
    """
    caller = replace(rule_caller(hand_over_duties.__name__), person_id=None)
    new_holder = str(sent.caller.person_id) if body.new_holder == "me" else body.new_holder
    handed_over = body.model_copy(update={"new_holder": new_holder})
    metadata = replace(sent, caller=caller, source="rule", on_behalf_of=sent.caller.person_id)
    reasons: dict[UUID, Refusal] = {}
    for record, kind in {duty.id: duty.kind for duty in duties}.items():
        if kind not in kinds:
            managers = sorted(KIND_DUTIES[kind].managers)
            words: dict[str, Word] = {"managers": managers}
            reasons[record] = WrongValue(words, pointer="/kinds", because="kind_left_out")
            continue
        lifecycle: Any = ledger.lifecycles[kind]
        row = lifecycle[hand_over_duties.__name__]
        command = Command(lifecycle, row, str(record), handed_over, metadata)
        refusal = await refusal_of(ledger, command)
        if refusal is not None:
            reasons[record] = refusal
    return reasons


async def _duties(ledger: Ledger, reader: Caller, person: UUID) -> Sequence[HeldDuty]:
    kinds = ledger.lifecycles.values()
    agents_see, zone = ledger.settings.agents_see, ledger.numbers.zone
    duties = await duties_of(ledger.db.rows, kinds, person, reader=reader, agents_see=agents_see, zone=zone)
    persons = [duty.id for duty in duties if duty.kind == Person.KIND]
    if not persons:
        return duties
    names = await ledger.directory.names(persons)
    texts = await ledger.vault.texts(names.values())
    return [
        replace(duty, title=texts.get(names.get(duty.id, ""))) if duty.kind == Person.KIND else duty
        for duty in duties
    ]


def _shown(duties: Sequence[HeldDuty], most: int) -> dict[str, Any]:
    """Return the duties as clients see them."""
    counts = [{"kind": kind, "count": number} for kind, number in counts_by_kind(duties).items()]
    return {"counts": counts, "items": [_duty_shown(duty) for duty in duties[:most]]}


def _duty_shown(duty: HeldDuty) -> dict[str, Any]:
    values = {name: getattr(duty, name) for name in DutyOut.model_fields}
    return values | {"duty": duty.duty.removesuffix("_id")}
