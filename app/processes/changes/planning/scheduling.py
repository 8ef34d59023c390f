"""Scheduling of changes: the window in which a change holds its configuration items for itself."""

from __future__ import annotations

from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.processes.changes.payloads import NoteOverlapChange, RescheduleChange, ScheduleChange
from app.processes.changes.planning.bookings import CHANGE_WINDOWS, booking_row
from app.processes.changes.preparation import Booking
from app.processes.changes.records import Change, ChangeState, ChangeType


def schedule(change: Change, body: ScheduleChange, ctx: ActionContext) -> None:
    """Schedule the change: it books its window, its items, and the items that these need."""
    _take_window(change, body, ctx)


def reschedule(change: Change, body: RescheduleChange, ctx: ActionContext) -> None:
    """Reschedule the change to another window. The old window becomes free."""
    _take_window(change, body, ctx)


def _take_window(change: Change, body: ScheduleChange, ctx: ActionContext) -> None:
    change.window_from_at, change.window_until_at = body.from_at, body.until_at
    change.override_reason = body.override_reason
    change.implementation.other_window_reason = body.other_window_reason
    book(change, ctx)


def book(change: Change, ctx: ActionContext) -> None:
    """Set what the change holds, as it was prepared, and write it."""
    booking = ctx.prepared(Booking)
    change.booked_from_at, change.booked_until_at = booking.from_at, booking.until_at
    change.needed_ci_ids = list(booking.needed)
    change.ci_classes = list(booking.ci_classes)
    change.ci_services = list(booking.ci_services)
    change.overrides = list(booking.overrides) or None
    change.excepted_freezes = list(booking.excepted) or None
    ctx.outcome.derive(CHANGE_WINDOWS, booking_row(change, walked=not booking.truncated))


async def not_ready_to_schedule(reads: ReadContext, change: Change, ctx: ActionContext) -> str | None:
    """Refuse to schedule a draft unless it is a standard change, which was approved with its template; an
    emergency, which starts without a window; and a change without team and assignee, which could not be
    started.
    """
    if change.type is ChangeType.emergency:
        return "emergency_has_no_window"
    if change.state is ChangeState.draft and change.type is not ChangeType.standard:
        return "not_approved_yet"
    if change.team_id is None and change.assignee_id is None:
        return "nobody_to_implement_it"
    return None


async def standard_without_items(
    reads: ReadContext, change: Change, body: ScheduleChange, ctx: ActionContext
) -> None:
    """Refuse to schedule a standard change without items and without a reason for their absence: it was never
    submitted.
    """
    if change.state is ChangeState.draft and not change.ci_ids and change.plans.no_cis_reason is None:
        raise WrongValue(pointer="/cis", because="no_items_named")


async def outside_approved_window(
    reads: ReadContext, change: Change, body: ScheduleChange, ctx: ActionContext
) -> None:
    """Refuse a window outside the approved one without a reason, of which the board is notified."""
    planned = change.model_copy(update={"window_from_at": body.from_at, "window_until_at": body.until_at})
    reason = body.reason if isinstance(body, RescheduleChange) else body.other_window_reason
    if planned.is_outside_approved_window and reason is None:
        assert planned.wanted_from_at is not None
        assert planned.wanted_until_at is not None
        words = {"from": planned.wanted_from_at, "until": planned.wanted_until_at}
        raise WrongValue(words, pointer="/other_window_reason", because="outside_approved_window")


def note_overlap(change: Change, body: NoteOverlapChange, ctx: ActionContext) -> None:
    """Note an overlap of the change: another change or a freeze now overlaps its window."""
