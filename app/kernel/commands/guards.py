"""Guards of an action: state, actor policy, content, segregation of duties and its own checks before it is
decided, and the check of the changes that it would make (`require_change_allowed`) afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from app.common.people import DEFAULT_LABELS, Caller, RoleLabels
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import ProcessRelation, RecordDuty, Relation, conflicting_duties
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payload_fields import AheadLimit, StatedDay, StatedYear
from app.kernel.actions.payloads import marks, provided_fields
from app.kernel.actions.refusals import (
    ActionUnavailable,
    ConflictingDuty,
    DoneInPerson,
    Forbidden,
    KeyOfAnother,
    NarrowKey,
    OnlookerReads,
    PreparationRefused,
    SegregationOfDuties,
    SupersededSecret,
    WrongValue,
)
from app.kernel.commands.command import Command
from app.kernel.commands.statements import FieldQuestion, empty_statements, repeated_statements

YEAR = timedelta(days=365.25)


def require_permission(
    command: Command, record: Any, labels: RoleLabels = DEFAULT_LABELS, *, permitted: bool = False
) -> None:
    """Raise OnlookerReads, ActionUnavailable, DoneInPerson, SupersededSecret, KeyOfAnother, NarrowKey or
    Forbidden unless the action is available in this state and to the caller, or another action permits it; an
    onlooker is never permitted that way.
    """
    caller, policy = command.metadata.caller, command.row.policy
    if caller.looks_on and not policy.allows(caller, record):
        raise OnlookerReads()
    if not command.row.is_open_in(None if command.row.opens else record.state):
        raise unavailable(command, record, "not_in_this_state")
    if caller.assistant is not None and policy.bars_assistants and not permitted:
        raise DoneInPerson({"action": command.row.label(command.metadata.language)})
    if policy.bars_assistants and not permitted:
        require_own_secret(caller)
    if not (permitted or policy.allows(caller, record)):
        if caller.is_narrowed and policy.allows_person(caller, record):
            raise NarrowKey()
        raise Forbidden({"who": policy.phrase(command.metadata.language, labels)})


def require_own_secret(caller: Caller) -> None:
    """Raise SupersededSecret for a secret that was replaced, and KeyOfAnother for one that somebody else has
    made.
    """
    if caller.is_superseded:
        raise SupersededSecret()
    if caller.is_from_another:
        raise KeyOfAnother()


def require_content(command: Command, record: Any) -> None:
    """Raise WrongValue if a person sends a mandatory statement without content, a number that is none, or one
    text as two statements, unless it is in the words of a requester.
    """
    if not command.metadata.is_by_person:
        return
    by_requester = is_by_requester(command, record)
    _raise_all(
        WrongValue(pointer=pointer, because=because)
        for pointer, because in empty_statements(command.body, by_requester=by_requester)
    )
    if not by_requester:
        _raise_all(
            WrongValue(
                {
                    "first": FieldQuestion(repeated.payload, repeated.first, with_help=False),
                    "second": FieldQuestion(repeated.payload, repeated.second),
                },
                pointer=repeated.pointer,
                because="repeats_a_text",
            )
            for repeated in repeated_statements(command.body)
        )


def is_by_requester(command: Command, record: Any) -> bool:
    """Return whether the texts of the command are the words of a requester: of a person who opens a ticket
    that anybody may open, or who acts on their own such ticket as its requester or for their side.
    """
    lifecycle, policy, caller = command.lifecycle, command.row.policy, command.metadata.caller
    if not lifecycle.is_ticket or Relation.anybody not in lifecycle.rows[0].policy.relations:
        return False
    if command.row.opens:
        return True
    is_reporter = Relation.reporter.relates(caller, record)
    if Relation.reporter in policy.relations:
        return is_reporter
    is_for_them = any(isinstance(each, ProcessRelation) and each.of_requesters for each in policy.relations)
    return is_for_them and (is_reporter or not caller.is_staff_for(record))


def require_near_dates(command: Command, horizon_years: int) -> None:
    """Raise WrongValue if a person states dates further ahead than the field permits or anybody plans."""
    if not command.metadata.is_by_person:
        return
    _raise_all(
        WrongValue({"until": latest}, pointer=pointer, because="too_far_ahead")
        for pointer, latest in dates_after(command.body, command.metadata.now, horizon_years * YEAR)
    )


def dates_after(
    value: Any, now: datetime, ahead: timedelta, pointer: str = "", *, is_day: bool = False
) -> Iterator[tuple[str, datetime]]:
    """Yield the JSON pointers of the dates in a payload, or in a value of one, that are more than `ahead` of
    now, or than their field permits, and the latest time. `is_day`: texts in the value are days.
    """
    latest = now + ahead
    if isinstance(value, datetime):
        if value > latest:
            yield pointer, latest
    elif isinstance(value, str):
        if is_day and value > latest.date().isoformat():
            yield pointer, latest
    elif isinstance(value, list | tuple):
        for place, entry in enumerate(value):
            yield from dates_after(entry, now, ahead, f"{pointer}/{place}", is_day=is_day)
    elif isinstance(value, BaseModel):
        model = type(value)
        days, years, bounds = marks(model, StatedDay), marks(model, StatedYear), marks(model, AheadLimit)
        for name, field in provided_fields(value):
            if name in years and field is not None and field > latest.year:
                yield f"{pointer}/{name}", latest
            within = min(ahead, bounds[name].ahead) if name in bounds else ahead
            yield from dates_after(field, now, within, f"{pointer}/{name}", is_day=name in days)


def _raise_all(refusals: Iterable[WrongValue]) -> None:
    wrong = list(refusals)
    if wrong:
        raise WrongValue(
            wrong[0].words, pointer=wrong[0].pointer, because=wrong[0].because, further=tuple(wrong[1:])
        )


def require_segregation(command: Command, record: Any, behalf: UUID | None) -> None:
    """Raise SegregationOfDuties if the caller, or the person on whose behalf they act, has had a duty in the
    record that excludes this action.
    """
    had = conflicting_duties(
        command.row.checks.segregate_from, record, {command.metadata.caller.person_id, behalf}
    )
    if had:
        raise _segregated(command, had[0])


def _segregated(command: Command, duty: RecordDuty) -> SegregationOfDuties:
    """Return the refusal of somebody who has had that duty in the record."""
    language = command.metadata.language
    return SegregationOfDuties({"action": command.row.label(language), "part": duty.label(language)})


async def prepare_and_check(reads: ReadContext, command: Command, record: Any, ctx: ActionContext) -> None:
    """Run the action's checks: those on the record, then `prepare`, which loads the values that the action
    needs, then those on the payload, and load what the lifecycle derives from it. Raises the first refusal.
    """
    for check in command.row.checks.unless:
        if (because := await check(reads, record, ctx)) is not None:
            raise unavailable(command, record, because)
    try:
        for prepare in command.row.checks.prepare:
            ctx.add_prepared(await prepare(reads, record, command.body, ctx))
        for body_check in command.row.checks.wrong:
            if (because := await body_check(reads, record, command.body, ctx)) is not None:
                raise unavailable(command, record, because)
    except PreparationRefused as refused:
        refusal = unavailable(command, record, refused.because)
        refusal.words = {**refusal.words, **refused.words}
        refusal.more.update(refused.more)
        raise refusal from refused
    except ConflictingDuty as had:
        raise _segregated(command, had.duty) from had
    derivation = command.lifecycle.rules.derivation
    if derivation is not None and (value := await derivation.prepare(reads, command.body)) is not None:
        ctx.add_prepared(value)


async def require_change_allowed(
    reads: ReadContext, command: Command, record: Any, changed: Mapping[str, Any]
) -> None:
    """Raise ActionUnavailable if the lifecycle does not let the record be changed so now."""
    check = command.lifecycle.rules.change_check
    if check is not None and (because := await check(reads, record, command.row, changed)) is not None:
        raise unavailable(command, record, because)


def unavailable(command: Command, record: Any, because: str) -> ActionUnavailable:
    """Return the refusal with that code, with the actions that are available to the caller instead."""
    language = command.metadata.language
    more = (
        {}
        if command.row.opens
        else {
            "state": record.state.value,
            "allowed_actions": [
                row.name
                for row in command.lifecycle.open_to(record, command.metadata.caller)
                if row.name != command.row.name  # a check has just refused it
            ],
        }
    )
    state = "" if command.row.opens else record.state.label(language)
    return ActionUnavailable({"action": command.row.label(language), "state": state}, more, because=because)
