"""Implementation of changes: start, completion, back-out, and the incidents that they cause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.common.people import Person
from app.common.tickets import Ticket
from app.foundation.decisions.lookups import approvers
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.related import RelatedCommand
from app.kernel.commands.dating import CLOCK_TOLERANCE
from app.processes.changes.payloads import BackOutChange, CompleteChange, ConfirmCauseChange, StartChange
from app.processes.changes.planning.bookings import CHANGE_WINDOWS, changes_under_way, conflicts, no_booking
from app.processes.changes.planning.scheduling import (
    Booking,
    book,
    booking_of,
    guarded_reading,
    refuse_conflicts,
    scope_of,
)
from app.processes.changes.policies.records import Freeze
from app.processes.changes.preparation import ChangeReviewDue
from app.processes.changes.records import Change, ChangeState, ChangeType
from app.ticketing.links import LinkTicket, new_link
from app.ticketing.records import Link, LinkKind
from app.ticketing.work.assignment import AssignTicket


def start(change: Change, body: StartChange, ctx: ActionContext) -> None:
    """Start the change's implementation. It books its items until it is implemented or backed out."""
    change.implementation.out_of_window_reason = body.out_of_window_reason
    if body.override_reason is not None:
        change.override_reason = body.override_reason
    change.implementation.started_by_voter = ctx.prepared(Starter).has_voted
    _add_implementer(change, ctx)
    book(change, ctx)


async def not_ready_to_start(reads: ReadContext, change: Change, ctx: ActionContext) -> str | None:
    """Refuse to start a change that is approved but not scheduled, unless it is an emergency."""
    approved_only = change.state is ChangeState.approved
    return "schedule_first" if approved_only and change.type is not ChangeType.emergency else None


@dataclass(frozen=True, slots=True)
class Starter:
    """The caller who starts the change; `has_voted` for it only in an emergency."""

    has_voted: bool


async def starter(reads: ReadContext, change: Change, body: StartChange, ctx: ActionContext) -> Starter:
    """Find out whether the caller who starts the emergency has voted for it; for other changes the answer is
    no.
    """
    if change.type is not ChangeType.emergency:
        return Starter(has_voted=False)
    voters = await approvers(reads, change, change.approval_id)
    return Starter(has_voted=ctx.caller.person_id in voters)


async def start_booking(reads: ReadContext, change: Change, body: StartChange, ctx: ActionContext) -> Booking:
    """Find the booking of the change while it is implemented. An emergency holds its items from now to its
    wanted end, whatever others hold; another change holds its window, or one of that length from now on if it
    starts outside. A change that overruns its window keeps others from starting.

    Raises PreparationRefused if there is a freeze from which it is not excepted, or if something else stands
    in its way and no reason for overriding is given; WrongValue if it starts outside its window, or its start
    is reported after the window, without a reason.
    """
    scope = await scope_of(reads, change)
    if change.type is ChangeType.emergency:
        window = scope.window(ctx.occurred_at, _emergency_end(change, ctx.occurred_at))
        overridden = [
            *await conflicts(guarded_reading(reads), window),
            *await changes_under_way(guarded_reading(reads), window),
        ]
        return await booking_of(reads, scope, window, [conflict.stream for conflict in overridden])
    window = scope.window(*_window_to_start_in(change, body, ctx))
    in_the_way = await conflicts(guarded_reading(reads), window)
    frozen_now = [each for each in in_the_way if each.kind == Freeze.KIND and each.from_at <= ctx.counts_from]
    refuse_conflicts(frozen_now, body.override_reason, ctx)
    accepted = set(change.overrides or ())
    under_way = await changes_under_way(guarded_reading(reads), window)
    by_item = {(conflict.stream, conflict.ci): conflict for conflict in (*under_way, *in_the_way)}
    unaccepted = [conflict for conflict in by_item.values() if conflict.stream not in accepted]
    refuse_conflicts(unaccepted, body.override_reason, ctx)
    return await booking_of(reads, scope, window, [*accepted, *(conflict.stream for conflict in in_the_way)])


def _window_to_start_in(change: Change, body: StartChange, ctx: ActionContext) -> tuple[datetime, datetime]:
    """Return the change's window, or one of its length from the start on if it starts outside. Raises
    WrongValue if it does, or if its start is reported only after the window, and the reason is missing.
    """
    assert change.window_from_at is not None
    assert change.window_until_at is not None
    begin, end = change.window_from_at, change.window_until_at
    is_inside = begin <= ctx.occurred_at < end
    if body.out_of_window_reason is None and not (is_inside and ctx.now < end + CLOCK_TOLERANCE):
        words = {"from": begin, "until": end}
        raise WrongValue(words, pointer="/out_of_window_reason", because="outside_its_window")
    return (begin, end) if is_inside else (ctx.occurred_at, ctx.occurred_at + (end - begin))


def _emergency_end(change: Change, started_at: datetime) -> datetime:
    """Return the end of the emergency's wanted window; if it started after that, the end of a window of the
    same length from its start on.
    """
    begin, end = change.wanted_from_at, change.wanted_until_at
    assert begin is not None, "no change is submitted without a wanted window"
    assert end is not None
    return end if end > started_at else started_at + (end - begin)


async def voted_for_it(reads: ReadContext, change: Change, ctx: ActionContext) -> str | None:
    """Refuse voters for the change, unless it is an emergency (`voted_for_it`)."""
    if change.type is ChangeType.emergency:
        return None
    voted = await approvers(reads, change, change.approval_id)
    return "voted_for_it" if ctx.caller.person_id in voted else None


async def assignee_voted_for_it(
    reads: ReadContext, change: Change, body: AssignTicket, ctx: ActionContext
) -> None:
    """Refuse to assign the change to somebody who has voted for it, unless it is an emergency."""
    person = ctx.ref(Person, "person")
    if person is None or change.type is ChangeType.emergency:
        return
    if person.id in await approvers(reads, change, change.approval_id):
        raise WrongValue(pointer="/person", because="voted_for_it")


def complete(change: Change, body: CompleteChange, ctx: ActionContext) -> None:
    """Complete the change's implementation: the change now waits for its review."""
    copy_fields(change.implementation, body, ctx)
    _end(change, ctx)


def back_out(change: Change, body: BackOutChange, ctx: ActionContext) -> None:
    """Back the change out: everything is as it was before."""
    change.implementation.back_out_reason = body.reason
    change.implementation.service_restored_at = body.service_restored_at
    _end(change, ctx)


async def restored_ahead(reads: ReadContext, change: Change, body: BackOutChange, ctx: ActionContext) -> None:
    """Refuse a time of restoration in the future or before the start."""
    if body.service_restored_at > ctx.now:
        raise WrongValue(pointer="/service_restored_at", because="in_the_future")
    if change.started_at is not None and body.service_restored_at < change.started_at:
        raise WrongValue(pointer="/service_restored_at", because="before_the_start")


def _end(change: Change, ctx: ActionContext) -> None:
    _add_implementer(change, ctx)
    change.review_due_at = ctx.prepared(ChangeReviewDue).due_at
    ctx.outcome.derive(CHANGE_WINDOWS, no_booking(change))


def _add_implementer(change: Change, ctx: ActionContext) -> None:
    """Add the caller to those who implement the change, and so do not review it."""
    if ctx.caller.person_id is not None:
        earlier = change.implementer_ids or []
        change.implementer_ids = list(dict.fromkeys([*earlier, str(ctx.caller.person_id)]))


def confirm_cause(change: Change, body: ConfirmCauseChange, ctx: ActionContext) -> None:
    """Confirm the change as a cause: it caused an incident that is linked to it. The review of the change
    must name the incident.
    """
    ctx.outcome.add(new_link(change, LinkKind.causes, ctx.required_ref(Ticket, "incident"), ctx))


async def cannot_be_its_cause(
    reads: ReadContext, change: Change, body: ConfirmCauseChange, ctx: ActionContext
) -> None:
    """Refuse an incident that is linked already, or that was opened before the change started."""
    incident = ctx.required_ref(Ticket, "incident")
    if await reads.child(Link, change, other=incident.row_key, kind=LinkKind.causes.value) is not None:
        raise WrongValue(pointer="/incident", because="there_already")
    started, opened = change.started_at, incident.opened_at
    if started is not None and opened is not None and opened < started:
        raise WrongValue(pointer="/incident", because="opened_before_the_change")


LINK_INCIDENT = RelatedCommand(
    action="link",
    field="incident",
    record=lambda ctx: ctx.required_ref(Ticket, "incident").row_key,
    body=lambda change, body: LinkTicket(kind=LinkKind.caused_by, other=str(change.id)),
)
