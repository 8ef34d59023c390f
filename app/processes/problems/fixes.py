"""The fix of a problem: the change that removes its cause, here or in another tool, or the reason for having
no fix.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from app.common.tickets import Ticket
from app.foundation.cis.dependencies import needed_cis
from app.foundation.decisions.lookups import acts_of
from app.foundation.own_numbers import is_own_number
from app.i18n import Word
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.access.visibility import can_see
from app.kernel.actions.actor_policy import RecordDuty
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import ConflictingDuty, PreparationRefused, WrongValue, caller_check
from app.kernel.actions.related import RelatedCommand
from app.kernel.commands.dating import CLOCK_TOLERANCE
from app.processes.problems.lookups import FIRST_INCIDENT
from app.processes.problems.payloads import (
    BeginFixProblem,
    ChangeFixProblem,
    CloseProblem,
    NoteFixingChangeFailedProblem,
    ResolveProblem,
)
from app.processes.problems.records import Problem
from app.ticketing.change_endings import ENDED_AS_MADE, ending_of
from app.ticketing.links import LinkTicket, new_link
from app.ticketing.records import Link, LinkKind

#: The type of changes that may end before the cause is identified, as service is restored first.
EMERGENCY = "emergency"
INCIDENTS_GUARD = Unguarded("Incidents that are linked meanwhile did not show the problem.")
#: The log knows who named the change.
FIX_NAMER = RecordDuty("person who named the fixing change", "指定修复变更的人", ())


def begin_fix(problem: Problem, body: BeginFixProblem, ctx: ActionContext) -> None:
    """Begin to fix the problem."""
    _set_fix(problem, body, ctx)


def change_fix(problem: Problem, body: ChangeFixProblem, ctx: ActionContext) -> None:
    """Change the problem's fix: another change fixes it, or no change."""
    _set_fix(problem, body, ctx)


def _set_fix(problem: Problem, body: BeginFixProblem, ctx: ActionContext) -> None:
    named = ctx.prepared(NamedChange)
    change = named.change
    problem.fixing_change = body.fixing_change if change is None else change.number
    problem.fixing_change_id = None if change is None else change.id
    problem.fixing_change_external = None if body.fixing_change is None else change is None
    problem.fixing_change_failed_at = None
    problem.no_change_reason = body.no_change_reason
    problem.early_fix_reason = body.early_fix_reason
    if change is not None and not named.is_linked:
        ctx.outcome.add(new_link(problem, LinkKind.resolved_by, change, ctx))


#: Relations that are changed at the same moment would have been as right a moment before.
RELATIONS_GUARD = Unguarded("The relations of items as they are now show where the cause may lie.")


@dataclass(frozen=True, slots=True)
class NamedChange:
    """Our change in the payload as the fix, and whether it is linked already; None for no change, or another
    tool's.
    """

    change: Ticket | None
    is_linked: bool


async def named_change(
    reads: ReadContext, problem: Problem, body: BeginFixProblem, ctx: ActionContext
) -> NamedChange:
    """Find the change that the payload names. Raises WrongValue if the number is one of ours that is not
    known or that the caller does not see, or if the change cannot have fixed this problem.
    """
    name = body.fixing_change
    loaded = None if name is None else await reads.record("change", name)
    # Where agents see all tickets, they see all changes in any case.
    if loaded is not None and not can_see(
        ctx.caller, reads.lifecycles["change"], loaded.audience, agents_see=""
    ):
        loaded = None
    if loaded is None:
        if name is not None and is_own_number(name):
            words = {"kind": "change", "name": name}
            raise WrongValue(words, pointer="/fixing_change", because="unknown_reference")
        return NamedChange(None, is_linked=False)
    change: Ticket = loaded.record
    await _require_possible_fix(reads, problem, change)
    await _require_time_of_fix(reads, problem, body, change, ctx)
    link = await reads.child(Link, problem, other=change.row_key, kind=LinkKind.resolved_by.value)
    return NamedChange(change, is_linked=link is not None)


async def _require_possible_fix(reads: ReadContext, problem: Problem, change: Any) -> None:
    """Raise WrongValue if the change was not made, or is undone, or if it touches neither a service nor the
    item of the problem nor an item that this one needs.
    """
    ending = ending_of(change)
    if ending is not None and ending not in ENDED_AS_MADE:
        words: dict[str, Word] = {"change_state": ending}
        raise WrongValue(words, pointer="/fixing_change", because="change_was_not_made")
    services = await _services_of(reads, problem)
    item = None if problem.ci is None else await reads.record("ci", problem.ci)
    touches = {*services} & {*change.touched_services}
    if not touches and not (item is not None and await _touches_item(reads, item.record.id, change)):
        words = {"things": ", ".join(filter(None, (problem.ci, *services)))}
        raise WrongValue(words, pointer="/fixing_change", because="change_elsewhere")


async def _require_time_of_fix(
    reads: ReadContext, problem: Problem, body: BeginFixProblem, change: Any, ctx: ActionContext
) -> None:
    """Raise WrongValue if the change ended before the cause was identified. Only an emergency change may, if
    it ended after the problem had shown, and a reason is given.
    """
    ended_at = change.implemented_at
    if ended_at is None or ended_at >= _cause_known_at(problem, ctx):
        if body.early_fix_reason is not None:
            raise WrongValue(pointer="/early_fix_reason", because="fix_not_early")
        return
    if change.type != EMERGENCY:
        raise WrongValue(pointer="/fixing_change", because="change_before_the_cause")
    await _require_after_problem(reads, problem, ended_at, "/fixing_change")
    if body.early_fix_reason is None:
        raise WrongValue(pointer="/early_fix_reason", because="early_fix_unexplained")


def _cause_known_at(problem: Problem, ctx: ActionContext) -> datetime:
    """Return when the cause was identified, or else when the fix of a known error began."""
    return problem.cause_identified_at or problem.fix_begun_at or ctx.occurred_at


async def _require_after_problem(
    reads: ReadContext, problem: Problem, ended_at: datetime, pointer: str
) -> None:
    """Raise WrongValue if the change had ended before the first incident of the problem, and before the
    problem was raised.
    """
    first = await reads.value(FIRST_INCIDENT, (problem.row_key,), guard=INCIDENTS_GUARD)
    shown_at = min(filter(None, (first, problem.opened_at)), default=None)
    if shown_at is not None and ended_at < shown_at:
        raise WrongValue({"since": shown_at}, pointer=pointer, because="change_before_the_problem")


async def _touches_item(reads: ReadContext, item_id: UUID, change: Any) -> bool:
    """Return whether the change touches the item, or one that the item needs, in which causes mostly lie."""
    touched = set(change.ci_ids or ())
    if str(item_id) in touched or not touched:
        return str(item_id) in touched
    needed = await needed_cis(partial(reads.rows, guard=RELATIONS_GUARD), [item_id])
    return not touched.isdisjoint(map(str, needed.ids))


async def _services_of(reads: ReadContext, problem: Problem) -> list[str]:
    """Return the problem's service, which may be another tool's, and those affected services that exist here:
    a name that two people made up shows nothing.
    """
    affected = [key for key in problem.affected_services or () if await reads.by_key("service", key)]
    return [key for key in dict.fromkeys([problem.service, *affected]) if key is not None]


def _unlinked_change(ctx: ActionContext) -> str | tuple[()]:
    named = ctx.prepared(NamedChange)
    return () if named.change is None or named.is_linked else named.change.row_key


LINK_FIX = RelatedCommand(
    action="link",
    field="fixing_change",
    record=_unlinked_change,
    body=lambda problem, body: LinkTicket(kind=LinkKind.resolves, other=str(problem.id)),
)


@caller_check
async def fixing_change_not_done(
    reads: ReadContext, problem: Problem, body: object, ctx: ActionContext
) -> None:
    """Refuse until a fixing change of ours is reviewed as successful, and name its state."""
    if problem.fixing_change_id is None:
        return
    loaded = await reads.record("change", str(problem.fixing_change_id))
    assert loaded is not None, "no change is ever taken out of the log"
    if ending_of(loaded.record) not in ENDED_AS_MADE:
        words = {"change": loaded.record.number, "change_state": loaded.record.state}
        raise PreparationRefused("fixing_change_not_done", words)


async def foreign_fix_unproven(
    reads: ReadContext, problem: Problem, body: ResolveProblem, ctx: ActionContext
) -> None:
    """Refuse until a person has stated how and when a fixing change in another tool ended there
    (`foreign_fix_unproven`), a change that was not successful (`foreign_fix_failed`), and an end in the
    future, or before the cause was identified unless the change was named as an emergency.
    """
    if not problem.fixing_change_external or ctx.command.follows or ctx.caller.is_machine:
        return
    for name in ("fix_outcome", "fix_succeeded", "fix_ended_at"):
        if getattr(body, name) is None:
            raise WrongValue(pointer=f"/{name}", because="foreign_fix_unproven")
    if not body.fix_succeeded:
        raise WrongValue(pointer="/fix_succeeded", because="foreign_fix_failed")
    assert body.fix_ended_at is not None
    if body.fix_ended_at > ctx.now + CLOCK_TOLERANCE:
        raise WrongValue(pointer="/fix_ended_at", because="in_the_future")
    if body.fix_ended_at < _cause_known_at(problem, ctx):
        if problem.early_fix_reason is None:
            raise WrongValue(pointer="/fix_ended_at", because="end_before_the_cause")
        await _require_after_problem(reads, problem, body.fix_ended_at, "/fix_ended_at")


@caller_check
async def confirms_own_fix(
    reads: ReadContext, problem: Problem, body: CloseProblem | None, ctx: ActionContext
) -> None:
    """Refuse to close the problem by the person who named a fixing change in another tool
    (`separation_of_duties`): nothing here shows that it exists.
    """
    if not problem.fixing_change_external or ctx.caller.is_machine:
        return
    namers = [
        act.person_id
        for act in await acts_of(reads, problem)
        if (act.rows_set.get(problem.row_key) or {}).get("fixing_change") is not None
    ]
    if namers and namers[-1] is not None and namers[-1] == ctx.caller.person_id:
        raise ConflictingDuty(FIX_NAMER)


def note_fixing_change_failed(
    problem: Problem, body: NoteFixingChangeFailedProblem, ctx: ActionContext
) -> None:
    """Note the failed fix of the problem: the change that was to fix it was not made. Another change may be
    named.
    """
    problem.fixing_change_failed_at = ctx.occurred_at
