"""Implementation of changes: start, completion, back-out, and the incidents that they cause."""

from __future__ import annotations

from app.common.people import Person
from app.common.tickets import Ticket
from app.foundation.decisions.lookups import approvers
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.related import RelatedCommand
from app.processes.changes.payloads import BackOutChange, CompleteChange, ConfirmCauseChange, StartChange
from app.processes.changes.planning.bookings import CHANGE_WINDOWS, no_booking
from app.processes.changes.planning.scheduling import book
from app.processes.changes.preparation import ChangeReviewDue, Starter
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
