"""The action that hands the duties of a person in a record over to a successor: written once, and mounted on
the lifecycle table of every kind that has duties.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, RecipientRule, Responsible
from app.common.people import Person
from app.common.records import CodeEnum, ForeignRef, Record
from app.foundation.decisions.lookups import HANDED_OVER
from app.foundation.people.succession.duties import KIND_DUTIES, OUTLASTING, ROW_DUTIES, TakenDuty
from app.foundation.people.succession.lookups import duty_in, replaceable
from app.kernel.access.eligibility import is_eligible, scopes_of
from app.kernel.access.reads import ReadContext, Reading, Unguarded
from app.kernel.actions.actor_policy import role, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.held_duties import fits_duty
from app.kernel.actions.lifecycle import (
    STAYS,
    Action,
    PayloadCheck,
    Prepare,
    StateResolver,
    Unchanged,
    action,
)
from app.kernel.actions.payloads import BoundedList, Payload, Reference, SuppliedField
from app.kernel.actions.refusals import WrongValue, caller_check

#: A successor as the requester is of the same customer.
REQUESTER = "requester_id"


#: A check by an action that names somebody in a field, besides the field's mark; the payload has that person
#: in `new_holder`. Successors must pass the check even if a rule hands over.
NamedCheck = Callable[[ReadContext, Any, Person, ActionContext], Awaitable[None]]


class HandOverDuties(Payload):
    """The person whose duties in the record are handed over, and the successor."""

    person: Annotated[Reference, ForeignRef("person", GivenDuty.recorded)] = Field(
        description="Person who holds the duties: an id."
    )
    new_holder: Annotated[
        Reference, ForeignRef("person", GivenDuty.participation), Responsible(NoticeType.in_charge)
    ] = Field(description="Person who takes the duties over: an id, or `me`.")
    taken_duties: Annotated[tuple[TakenDuty, ...], BoundedList, SuppliedField()] = Field(
        default=(),
        max_length=len(TakenDuty),
        description="Duties handed over.",
    )


@dataclass(frozen=True, slots=True)
class HeldDuties:
    """The duties of a person in a record: fields of the record, child records with the field of each, and
    fields of the record that name several people.
    """

    fields: tuple[str, ...]
    rows: tuple[tuple[Record, str], ...]
    lists: tuple[str, ...] = ()

    def duty_fields(self, record: Any) -> tuple[tuple[Any, str, GivenDuty], ...]:
        """Return the record or child record, the field and the duty of each."""
        held = [*((record, name) for name in (*self.fields, *self.lists)), *self.rows]
        lists = KIND_DUTIES[record.KIND].lists
        return tuple((row, name, duty_in(type(row), name, lists)) for row, name in held)

    def duties(self, record: Any) -> set[GivenDuty]:
        """Return the duties that these give."""
        return {duty for _, _, duty in self.duty_fields(record)}

    def limited_to(self, record: Any, places: Collection[tuple[UUID, str]]) -> HeldDuties:
        """Return the duties in these places: ids of the record or of child records, each with the field."""
        return HeldDuties(
            tuple(name for name in self.fields if (record.id, name) in places),
            tuple((row, name) for row, name in self.rows if (row.id, name) in places),
            tuple(name for name in self.lists if (record.id, name) in places),
        )

    def __bool__(self) -> bool:
        return bool(self.fields or self.rows or self.lists)


async def held_duties(
    reads: ReadContext, record: Any, body: HandOverDuties, ctx: ActionContext
) -> HeldDuties:
    """Find the duties that the person holds in the record."""
    person_id = ctx.required_ref(Person, "person").id
    duties = await open_duties(reads, record)
    fields = [name for name in duties.fields if getattr(record, name) == person_id]
    rows = [(row, name) for row, name in duties.rows if getattr(row, name) == person_id]
    lists = [name for name in duties.lists if str(person_id) in getattr(record, name)]
    return HeldDuties(tuple(fields), tuple(rows), tuple(lists))


def with_duties(record: Any, body: HandOverDuties, ctx: ActionContext) -> HandOverDuties:
    """Return the payload with the duties that are handed over, of which the successor is notified."""
    held = ctx.prepared(HeldDuties)
    names = {name.removesuffix("_id") for name in (*held.fields, *held.lists)}
    names |= {row.KIND for row, _ in held.rows}
    return body.model_copy(update={"taken_duties": tuple(duty for duty in TakenDuty if duty.value in names)})


async def duties_to_replace(
    reads: ReadContext, record: Any, body: HandOverDuties, ctx: ActionContext
) -> HeldDuties:
    """Find the duties that the person holds in the record and does not keep: those of somebody active who is
    not absent for long are those for which they are no longer eligible.
    """
    held = await held_duties(reads, record, body, ctx)
    person = ctx.required_ref(Person, "person")
    takers = (ctx.required_ref(Person, "new_holder").id, ctx.acting_person_id)
    if not held or await replaceable(guarded(reads), [person.id], ctx.now, takers):
        return held
    outgrown = [
        (row.id, name)
        for row, name, duty in held.duty_fields(record)
        if not await fits_duty(reads, row, name, duty, person.id)
    ]
    if not outgrown:
        raise WrongValue(pointer="/person", because="person_still_active")
    return held.limited_to(record, outgrown)


async def open_duties(reads: ReadContext, record: Any) -> HeldDuties:
    """Find the duties of everybody in the record that are not over."""
    duties = KIND_DUTIES[record.KIND]
    fields = [
        name
        for name in duties.fields
        if getattr(record, name) is not None and record.state.value not in duties.ended_for(name)
    ]
    rows: list[tuple[Record, str]] = []
    for child in reads.lifecycles[record.KIND].children:
        duty = ROW_DUTIES.get(child.KIND)
        if duty is None or (duty.ends_with_record and record.state.value in duties.ended):
            continue
        for row in await reads.children(child, record):
            if all(getattr(row, name) is None for name in duty.done):
                rows += [(row, name) for name in duty.fields if getattr(row, name) is not None]
    lists = [name for name in duties.lists if getattr(record, name)]
    return HeldDuties(tuple(fields), tuple(rows), tuple(lists))


def holders_in(row: Any, name: str) -> list[UUID]:
    """Return the people whom the field of the record or child record names."""
    value = getattr(row, name)
    return [UUID(holder) for holder in value] if isinstance(value, list) else [value]


def hand_over_duties(record: Any, body: HandOverDuties, ctx: ActionContext) -> None:
    """Hand over the record's duties: a new holder takes over all that are still open."""
    duties, successor_id = ctx.prepared(HeldDuties), ctx.required_ref(Person, "new_holder").id
    for name in duties.fields:
        setattr(record, name, successor_id)
    changed: dict[UUID, Record] = {}
    for row, name in duties.rows:
        if row.id not in changed:
            changed[row.id] = ctx.outcome.change(row)
        setattr(changed[row.id], name, successor_id)
    left = str(ctx.required_ref(Person, "person").id)
    for name in duties.lists:
        holders = [str(successor_id) if holder == left else holder for holder in getattr(record, name)]
        setattr(record, name, list(dict.fromkeys(holders)))


async def successor_not_eligible(
    reads: ReadContext, record: Any, body: HandOverDuties, ctx: ActionContext
) -> None:
    """Refuse a successor who is not eligible for each of the duties, by the marks on their fields."""
    duties, successor = ctx.prepared(HeldDuties), ctx.required_ref(Person, "new_holder")
    if REQUESTER in duties.fields and record.customer_id not in (None, successor.team_id):
        raise WrongValue(pointer="/new_holder", because="not_of_the_customer")
    for duty in sorted(duties.duties(record)):
        if not await is_eligible(reads, "person", successor.id, duty, scopes_of(record, body, None)):
            raise WrongValue(pointer="/new_holder", because=duty.because)


async def successor_not_apart(
    reads: ReadContext, record: Any, body: HandOverDuties, ctx: ActionContext
) -> None:
    """Refuse a successor who would hold two duties that are kept apart."""
    duties, successor = ctx.prepared(HeldDuties), ctx.required_ref(Person, "new_holder")
    held: list[tuple[Record, str]] = [*((record, name) for name in duties.fields), *duties.rows]
    for row, moved in held:
        kept_apart = (KIND_DUTIES if row is record else ROW_DUTIES)[row.KIND].apart
        for because, names in kept_apart.items():
            holders = [getattr(row, name) for name in names if name != moved]
            if moved in names and successor.id in holders:
                raise WrongValue(pointer="/new_holder", because=because)


async def holds_no_duty(
    reads: ReadContext, record: Any, body: HandOverDuties, ctx: ActionContext
) -> str | None:
    """Refuse if the person holds no open duty in the record (`holds_no_duty`)."""
    duties = ctx.prepared(HeldDuties)
    return None if duties else "holds_no_duty"


async def successor_invalid(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> None:
    """Refuse the same person as the successor."""
    successor = ctx.required_ref(Person, "new_holder")
    if successor.id == getattr(ctx.ref(Person, "person"), "id", record.id):
        raise WrongValue(pointer="/new_holder", because="same_person")


def successor_not_nameable(named: Mapping[str, NamedCheck]) -> PayloadCheck:
    """Return the check that refuses a successor who could not be named in one of the fields (`named`)."""

    async def successor_could_not_be_named(
        reads: ReadContext, record: Any, body: HandOverDuties, ctx: ActionContext
    ) -> None:
        """Refuse a successor that the action that names the holder would refuse."""
        successor = ctx.required_ref(Person, "new_holder")
        for name in ctx.prepared(HeldDuties).fields:
            if name in named:
                await named[name](reads, record, successor, ctx)

    return successor_could_not_be_named


async def takes_over_oneself(
    reads: ReadContext, record: Any, body: HandOverDuties, ctx: ActionContext
) -> None:
    """Refuse people who put themselves in the place of somebody who decides (`takes_post_oneself`). A rule is
    judged as the person who ordered it.
    """
    if ctx.required_ref(Person, "new_holder").id == ctx.acting_person_id:
        raise WrongValue(pointer="/new_holder", because="takes_post_oneself")


def nobody_to_replace(*, of_the_active: bool) -> PayloadCheck:
    """Return the check that there is somebody in the record whose duties can be handed over."""

    @caller_check
    async def nobody_is_replaceable(
        reads: ReadContext, record: Any, body: object, ctx: ActionContext
    ) -> str | None:
        """Refuse if there is no open duty here, or all its holders are active and eligible
        (`nobody_to_replace`).
        """
        places = (await open_duties(reads, record)).duty_fields(record)
        holders = {holder for row, name, _ in places for holder in holders_in(row, name)}
        if holders and (of_the_active or await replaceable(guarded(reads), holders, ctx.now)):
            return None
        for row, name, duty in places:
            for holder in holders_in(row, name):
                if not await fits_duty(reads, row, name, duty, holder):
                    return None
        return "nobody_to_replace"

    return nobody_is_replaceable


@dataclass(frozen=True, slots=True)
class HandingOver:
    """What follows for a kind when duties in its records are handed over, besides the new holder: the same
    that follows when the field's own action names somebody.
    """

    decide: Callable[[Any, HandOverDuties, ActionContext], None] = hand_over_duties
    prepare: tuple[Prepare, ...] = ()
    notifies: tuple[RecipientRule, ...] = ()


#: By kind, the second part of the type of its event, if that is another one.
OWN_EVENTS: Mapping[str, str] = {"person": "superior_replaced"}


def guarded(reads: ReadContext) -> Reading:
    """Return the reads of who has left or is absent."""
    return partial(reads.rows, guard=Unguarded("Whoever returns meanwhile was away when it was decided."))


def succession_rows(
    kind: str,
    states: Iterable[CodeEnum],
    *,
    of_the_active: bool = False,
    to: Unchanged | StateResolver = STAYS,
    handing_over: HandingOver = HandingOver(),
    named: Mapping[str, NamedCheck] | None = None,
    wrong: tuple[PayloadCheck, ...] = (),
) -> tuple[Action[Any, Any], ...]:
    """Return the row for a lifecycle's table. Only duties of people who have left, or are absent for long,
    are handed over, unless the managers may replace active people, too (`of_the_active`). `to` is
    where it leads; the kind's own checks are `wrong`, and those of naming
    somebody are `named`, by field.
    """
    duties = KIND_DUTIES[kind]
    checks: tuple[PayloadCheck, ...] = (
        *(successor_invalid, holds_no_duty, successor_not_eligible, successor_not_apart),
        *((successor_not_nameable(named),) if named else ()),
        *wrong,
        nobody_to_replace(of_the_active=of_the_active),
    )
    return (
        action(
            handing_over.decide,
            "移交职责",
            [state for state in states if kind in OUTLASTING or state.value not in duties.ended],
            to,
            (role(*duties.managers) | rule).in_person(),
            f"{kind}.{OWN_EVENTS.get(kind, HANDED_OVER)}",
            prepare=(held_duties if of_the_active else duties_to_replace, *handing_over.prepare),
            wrong=checks,
            supplies=with_duties,
            notifies=handing_over.notifies,
        ),
    )
