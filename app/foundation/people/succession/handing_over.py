"""The action that hands the duties of a person in a record over to a successor: written once, and mounted on
the lifecycle table of every kind that has duties.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, RecipientRule, Responsible
from app.common.people import Person, PersonState
from app.common.records import CodeEnum, ForeignRef, Record, all_codecs
from app.foundation.people.succession.duties import KIND_DUTIES, OUTLASTING, ROW_DUTIES
from app.kernel.access.eligibility import is_eligible, scopes_of
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import role, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, Action, PayloadCheck, action
from app.kernel.actions.payloads import Payload, Reference
from app.kernel.actions.refusals import WrongValue

#: A successor as the requester is of the same customer.
REQUESTER = "requester_id"


class HandOverDuties(Payload):
    """The person whose duties in the record are handed over, and the successor."""

    person: Annotated[Reference, ForeignRef("person", GivenDuty.recorded)] = Field(
        description="Person who holds the duties: an id."
    )
    new_holder: Annotated[
        Reference, ForeignRef("person", GivenDuty.participation), Responsible(NoticeType.in_charge)
    ] = Field(description="Person who takes the duties over: an id, or `me`.")


@dataclass(frozen=True, slots=True)
class HeldDuties:
    """The duties of a person in a record: fields of the record, and child records with the field of each."""

    fields: tuple[str, ...]
    rows: tuple[tuple[Record, str], ...]


async def held_duties(
    reads: ReadContext, record: Any, body: HandOverDuties, ctx: ActionContext
) -> HeldDuties:
    """Find the duties that the person holds in the record."""
    person_id = ctx.required_ref(Person, "person").id
    duties = KIND_DUTIES[record.KIND]
    fields = [
        name
        for name in duties.fields
        if getattr(record, name) == person_id and record.state.value not in duties.ended_for(name)
    ]
    rows: list[tuple[Record, str]] = []
    for child in reads.lifecycles[record.KIND].children:
        duty = ROW_DUTIES.get(child.KIND)
        if duty is None:
            continue
        for row in await reads.children(child, record):
            is_open = all(getattr(row, name) is None for name in duty.done)
            if is_open and getattr(row, duty.field) == person_id:
                rows.append((row, duty.field))
    return HeldDuties(tuple(fields), tuple(rows))


def hand_over_duties(record: Any, body: HandOverDuties, ctx: ActionContext) -> None:
    """Hand over the record's duties: a new holder takes over all that are still open."""
    duties, successor_id = ctx.prepared(HeldDuties), ctx.required_ref(Person, "new_holder").id
    for name in duties.fields:
        setattr(record, name, successor_id)
    for row, name in duties.rows:
        setattr(ctx.outcome.change(row), name, successor_id)


async def successor_not_eligible(
    reads: ReadContext, record: Any, body: HandOverDuties, ctx: ActionContext
) -> None:
    """Refuse a successor who is not eligible for each of the duties, by the marks on their fields."""
    duties, successor = ctx.prepared(HeldDuties), ctx.required_ref(Person, "new_holder")
    if REQUESTER in duties.fields and record.customer_id not in (None, successor.team_id):
        raise WrongValue(pointer="/new_holder", because="not_of_the_customer")
    held: list[tuple[Record, str]] = [*((record, name) for name in duties.fields), *duties.rows]
    references = (all_codecs(type(row))[name].refers for row, name in held)
    for duty in sorted({mark.duty or GivenDuty.work for mark in references if mark is not None}):
        if not await is_eligible(reads, "person", successor.id, duty, scopes_of(record, body, None)):
            raise WrongValue(pointer="/new_holder", because=duty.because)


async def holds_no_duty(
    reads: ReadContext, record: Any, body: HandOverDuties, ctx: ActionContext
) -> str | None:
    """Refuse if the person holds no open duty in the record (`holds_no_duty`)."""
    duties = ctx.prepared(HeldDuties)
    return None if duties.fields or duties.rows else "holds_no_duty"


async def successor_invalid(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> None:
    """Refuse the same person as the successor."""
    successor = ctx.required_ref(Person, "new_holder")
    if successor.id == getattr(ctx.ref(Person, "person"), "id", record.id):
        raise WrongValue(pointer="/new_holder", because="same_person")


async def person_still_active(
    reads: ReadContext, record: Any, body: HandOverDuties, ctx: ActionContext
) -> None:
    """Refuse to hand over what somebody active holds (`person_still_active`)."""
    if ctx.required_ref(Person, "person").state is PersonState.active:
        raise WrongValue(pointer="/person", because="person_still_active")


def succession_rows(
    kind: str,
    states: Iterable[CodeEnum],
    *,
    of_the_active: bool = False,
    hand_over: Callable[[Any, HandOverDuties, ActionContext], None] = hand_over_duties,
    wrong: tuple[PayloadCheck, ...] = (),
    notifies: tuple[RecipientRule, ...] = (),
) -> tuple[Action[Any, Any], ...]:
    """Return the row for a lifecycle's table. Only duties of people who have left are handed over, unless the
    managers may replace active people, too (`of_the_active`). `hand_over` does what follows for the kind,
    whose own checks are `wrong`.
    """
    duties = KIND_DUTIES[kind]
    checks: tuple[PayloadCheck, ...] = (successor_invalid, holds_no_duty, successor_not_eligible)
    return (
        action(
            hand_over,
            "移交职责",
            [state for state in states if kind in OUTLASTING or state.value not in duties.ended],
            STAYS,
            (role(*duties.managers) | rule).in_person(),
            f"{kind}.duties_handed_over",
            prepare=(held_duties,),
            wrong=(*(() if of_the_active else (person_still_active,)), *checks, *wrong),
            notifies=notifies,
        ),
    )
