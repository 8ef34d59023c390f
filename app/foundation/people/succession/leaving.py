"""Actions on a person who has left, or is absent for long: the report of what they held, and handing it over
in one step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from app.common.components import CHOSEN_FROM
from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.people import Caller, Person, PersonState
from app.common.records import ForeignRef
from app.foundation.people.succession.duties import KIND_DUTIES, MANAGERS
from app.foundation.people.succession.handing_over import HandOverDuties, guarded, successor_invalid
from app.foundation.people.succession.lookups import duties_of, replaceable
from app.i18n import Word, translate
from app.i18n.field_words import field_words
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import role, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, Action, Lifecycle, action
from app.kernel.actions.payloads import LONGEST_LIST, BoundedList, Instant, Payload, Reference, SuppliedField
from app.kernel.actions.refusals import PreparationRefused, Refusal, WrongValue

DutyKind = Annotated[str, WithJsonSchema({"type": "string", CHOSEN_FROM: "duty_kind"})]


class TransferDutiesPerson(Payload):
    """The successor of a person who has left or is absent for long, and the kinds of records whose duties are
    handed over.
    """

    # The new holder is notified record by record.
    new_holder: Annotated[Reference, ForeignRef("person", GivenDuty.participation, quiet=True)] = Field(
        description="Person who takes the duties over: an id, or `me`."
    )
    kinds: Annotated[tuple[DutyKind, ...], BoundedList, SuppliedField()] = Field(
        default=(),
        max_length=len(KIND_DUTIES),
        description="Kinds of the records, such as `incident`; if left out, all that the caller manages.",
        examples=[["incident", "change"]],
    )


def transfer_duties(person: Person, body: TransferDutiesPerson, ctx: ActionContext) -> None:
    """Transfer the person's duties: a rule puts the successor in their place, record by record."""


async def still_active(reads: ReadContext, person: Person, ctx: ActionContext) -> str | None:
    """Refuse to transfer the duties of somebody active who is not absent for long and eligible for all of
    them (`person_still_active`). An absence does not count that the caller has entered.
    """
    read, caller = guarded(reads), (ctx.caller.person_id,)
    if await replaceable(read, [person.id], ctx.now, caller):
        return None
    lifecycles: Any = reads.lifecycles.values()
    outgrown = await duties_of(read, lifecycles, person.id, outgrown=True)
    return None if outgrown else "person_still_active"


async def kinds_not_managed(
    reads: ReadContext, person: Person, body: TransferDutiesPerson, ctx: ActionContext
) -> None:
    """Refuse kinds without duties (`unknown_value`), and those that the caller does not manage
    (`kind_not_managed`, `manages_no_kind`).
    """
    lifecycles: Any = reads.lifecycles
    if not managed_kinds(ctx.caller):
        raise WrongValue(pointer="/kinds", because="manages_no_kind")
    for n, kind in enumerate(body.kinds):
        if kind not in KIND_DUTIES:
            raise WrongValue({"value": kind}, pointer=f"/kinds/{n}", because="unknown_value")
        if kind not in managed_kinds(ctx.caller):
            words: dict[str, Word] = {
                "kind": lifecycles[kind],
                "managers": sorted(KIND_DUTIES[kind].managers),
            }
            raise WrongValue(words, pointer=f"/kinds/{n}", because="kind_not_managed")


@dataclass(frozen=True, slots=True)
class StayingDuty:
    """The reason why a person's duty in a record of this kind would stay with them: text of a refusal."""

    lifecycle: Lifecycle[Any]
    reason: Refusal

    def label(self, language: str) -> str:
        """Return the kind of the record and the reason, in that language."""
        return f"{self.lifecycle.label(language)}: {reason_in_words(self.reason, language)}"


def reason_in_words(reason: Refusal, language: str) -> str:
    """Return the text of the refusal of a hand-over by the rule. Its fields are named by their labels,
    because no person sent the payload; the field with the kinds of records is not named.
    """
    if not isinstance(reason, WrongValue):
        return reason.sentence(language)
    message = translate(language, "value", reason.because, reason.words)
    field = reason.pointer.removeprefix("/")
    if field not in HandOverDuties.model_fields:
        return message
    label, _ = field_words().of_field(HandOverDuties, field, language)
    return translate(language, "remark", "of_a_field", {"field": label, "text": message})


@dataclass(frozen=True, slots=True)
class DutiesToTransfer:
    """The number of records in which the person's duties would be handed over, and why others would stay."""

    moving: int
    staying: tuple[StayingDuty, ...]


async def nothing_to_transfer(
    reads: ReadContext, person: Person, body: object, ctx: ActionContext
) -> str | None:
    """Refuse to transfer duties of which none would be handed over, with the reasons (`no_duty_moves`), or if
    there are none that the caller sees (`holds_no_duties`). A rule is not asked.
    """
    duties = ctx.prepared_if_any(DutiesToTransfer)
    if duties is None or duties.moving:
        return None
    if not duties.staying:
        return "holds_no_duties"
    by_label = {staying.label("en"): staying for staying in duties.staying}
    raise PreparationRefused("no_duty_moves", {"reasons": list(by_label.values())})


def managed_kinds(caller: Caller) -> tuple[str, ...]:
    """Return the kinds of records whose duties the caller may hand over."""
    return tuple(
        kind
        for kind, duties in KIND_DUTIES.items()
        if caller.is_rule
        or any(held.role in duties.managers and held.applies_throughout(kind) for held in caller.roles)
    )


def with_kinds(person: Any, body: TransferDutiesPerson, ctx: ActionContext) -> Payload:
    """Return the payload with all kinds that the caller manages, if it names none."""
    return body if body.kinds else body.model_copy(update={"kinds": managed_kinds(ctx.caller)})


class ReportDuties(Payload):
    """The number of duties that somebody still holds who has left or is no longer eligible for them, and the
    people who are notified.
    """

    holder: Annotated[Reference, ForeignRef("person", GivenDuty.recorded)] = Field(
        description="Person who holds them."
    )
    duty_count: int = Field(ge=1, description="Number of open duties in records of all kinds.")
    first_due_at: Instant | None = Field(
        default=None, description="Earliest time at which one of them is due; null if none has a due time."
    )
    persons: Annotated[
        tuple[
            Annotated[
                Reference, ForeignRef("person", GivenDuty.recorded), Responsible(NoticeType.duties_held)
            ],
            ...,
        ],
        BoundedList,
    ] = Field(max_length=LONGEST_LIST, description="People who are notified.")


def report_duties(person: Person, body: ReportDuties, ctx: ActionContext) -> None:
    """Report the person's duties: their lead and the managers are notified."""


# fmt: off
def leaving_rows() -> tuple[Action[Any, Any], ...]:
    """Return the rows of the lifecycle table of persons."""
    return (
        action(report_duties, "上报未移交职责", PersonState, STAYS, rule, "person.duties_reported"),
        action(transfer_duties, "移交全部职责", PersonState, STAYS, (role(*MANAGERS) | rule).in_person(), "person.duties_handed_over",
               unless=(still_active,), wrong=(successor_invalid, kinds_not_managed, nothing_to_transfer), supplies=with_kinds),
    )
# fmt: on
