"""Statements about other people: written once, and mounted on the lifecycle table of every kind that makes
some.

    LIFECYCLE = Lifecycle(..., children=(..., PersonStatement), rows=(
        ...,
        *statement_rows("meeting", HELD_STATES, forget=forget_attendance),
    ))

An action that records what somebody else did calls `add_statements`. That person is notified, and can object
for `TIME_TO_OBJECT`. A statement that was objected to no longer counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.common.notices import RecipientRule
from app.common.records import ChildRef, CodeEnum, Record
from app.foundation.process_spec import ActionRows
from app.foundation.statements.records import PersonStatement, StatedFact
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import process_relation
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, Prepare, StateResolver, Unchanged, action
from app.kernel.actions.payloads import FreeText, Payload

#: The time that people have to object, from when the statement was recorded.
TIME_TO_OBJECT = timedelta(days=14)

named_person = process_relation(
    "named_person", "the person named in the statement", "被记录的本人", any_credential=True
).for_people()


class ObjectToStatement(Payload, of=PersonStatement):
    """The objection to what was recorded about the caller."""

    statement: Annotated[UUID, ChildRef(PersonStatement)] | None = Field(
        default=None,
        description="Statement about you: its id; if left out, all statements of the record to which you can "
        "still object.",
    )
    objection: FreeText


@dataclass(frozen=True, slots=True)
class StatementsOfRecord:
    """All statements about people in a record."""

    rows: tuple[PersonStatement, ...]


#: Makes what was stated no longer count, beyond the statement itself.
Forget = Callable[[Any, PersonStatement, ActionContext], None]


async def statements_of_record(
    reads: ReadContext, record: Any, body: object, ctx: ActionContext
) -> StatementsOfRecord:
    """Find the statements about people in the record."""
    return StatementsOfRecord(tuple(await reads.children(PersonStatement, record)))


def add_statements(
    record: Record,
    fact: StatedFact,
    persons: Iterable[UUID | None],
    ctx: ActionContext,
    about: UUID | None = None,
) -> None:
    """Record the fact about each of the people, except the caller. Acts of rules are not statements about
    people.
    """
    if ctx.caller.is_rule:
        return
    other_persons = dict.fromkeys(person for person in persons if person not in (None, ctx.caller.person_id))
    for person_id in other_persons:
        ctx.outcome.add(
            PersonStatement(
                id=ctx.new_id(),
                record=record.row_key,
                fact=fact,
                person_id=person_id,
                about_id=about,
                stated_by_id=ctx.caller.person_id,
                stated_at=ctx.occurred_at,
                until_at=ctx.now + TIME_TO_OBJECT,
            )
        )


async def objected_by_all(reads: ReadContext, record: Record, fact: StatedFact) -> bool:
    """Return whether the fact was stated about others in the record, and everybody has objected."""
    rows = await reads.children(PersonStatement, record, fact=fact.value)
    return bool(rows) and all(row.objected_at is not None for row in rows)


def _objectionable(rows: Iterable[PersonStatement], ctx: ActionContext) -> list[PersonStatement]:
    """Return the statements about the caller to which they can still object."""
    return [
        row
        for row in rows
        if row.person_id == ctx.caller.person_id
        and row.objected_at is None
        and row.until_at is not None
        and row.until_at > ctx.now
    ]


async def nothing_to_object_to(reads: ReadContext, record: Any, ctx: ActionContext) -> str | None:
    """Refuse people about whom there is no recorded fact to which they can object
    (`nothing_to_object_to`).
    """
    rows = await reads.children(PersonStatement, record)
    return None if _objectionable(rows, ctx) else "nothing_to_object_to"


async def statement_of_another(
    reads: ReadContext, record: Any, body: ObjectToStatement, ctx: ActionContext
) -> str | None:
    """Refuse a statement about somebody else, or one that was objected to already or in vain
    (`nothing_to_object_to`).
    """
    named = ctx.ref(PersonStatement, "statement")
    return None if named is None or _objectionable([named], ctx) else "nothing_to_object_to"


def statement_rows(
    kind: str,
    states: Iterable[CodeEnum],
    *,
    forget: Forget = lambda record, row, ctx: None,
    prepare: tuple[Prepare, ...] = (),
    notifies: tuple[RecipientRule, ...] = (),
    to: Unchanged | StateResolver = STAYS,
) -> ActionRows:
    """Return the row for a lifecycle's table. `forget` takes back what the statement brought about, with what
    `prepare` found, and `to` is where that leads.
    """

    def object_to_statement(record: Any, body: ObjectToStatement, ctx: ActionContext) -> None:
        """Object to the record's statement: the fact about the caller is wrong, and no longer counts."""
        named = ctx.ref(PersonStatement, "statement")
        rows = ctx.prepared(StatementsOfRecord).rows if named is None else (named,)
        for row in _objectionable(rows, ctx):
            objected = ctx.outcome.change(row)
            objected.objected_at, objected.objection = ctx.occurred_at, body.objection
            objected.informed_id = row.stated_by_id
            forget(record, row, ctx)

    return (
        action(
            object_to_statement,
            "对记录提出异议",
            states,
            to,
            named_person,
            f"{kind}.statement_objected",
            unless=(nothing_to_object_to,),
            prepare=(statements_of_record, *prepare),
            wrong=(statement_of_another,),
            notifies=notifies,
        ),
    )
