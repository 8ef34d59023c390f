"""Scheduling of changes: the window in which a change holds its configuration items for itself, and what
stands in its way.

`POST /v1/changes/{id}/schedule` takes these steps, by the row of `schedule` in the lifecycle:

1. `not_ready_to_schedule`: state, type, and somebody to implement the change.
2. `window_booking`: the window is not over; the items needed (`scope_of`); freezes and other changes in the
   window (`conflicts` in bookings.py).
3. `standard_without_items`, `scheduled_beyond_template` and `outside_approved_window` (`reschedule` always
   has a reason, so it does not take this check). `wanted_…` is the
   window that was requested and approved, `window_…` the scheduled one, `booked_…` the one still held.
4. `schedule` sets the fields, and derives the row of `schedule.change_window`.
5. Under the lock of the log, the SQL function `schedule.write_change` compares the row with those that were
   written meanwhile. If it conflicts, the command is decided again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from app.common.people import Role
from app.foundation.cis.dependencies import needed_cis
from app.kernel.access.reads import Constraint, ReadContext, Reading, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused, WrongValue
from app.platform.db import Row
from app.processes.changes.payloads import NoteOverlapChange, RescheduleChange, ScheduleChange
from app.processes.changes.planning.bookings import (
    CHANGE_WINDOWS,
    Conflict,
    ConflictName,
    WantedWindow,
    booking_row,
    changes_of_same_services,
    conflicts,
    excepted_freezes,
)
from app.processes.changes.planning.lookups import CI_SCOPES
from app.processes.changes.policies.records import Freeze
from app.processes.changes.records import Change, ChangeState, ChangeType

#: Most conflicts that a refusal names.
MOST_NAMED = 10
#: The id under which nothing is booked, for items and services that belong to no change yet.
NO_CHANGE = UUID(int=0)


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


def note_overlap(change: Change, body: NoteOverlapChange, ctx: ActionContext) -> None:
    """Note an overlap of the change: another change or a freeze now overlaps its window."""


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
    if planned.is_outside_approved_window and body.other_window_reason is None:
        assert planned.wanted_from_at is not None
        assert planned.wanted_until_at is not None
        words = {"from": planned.wanted_from_at, "until": planned.wanted_until_at}
        raise WrongValue(words, pointer="/other_window_reason", because="outside_approved_window")


@dataclass(frozen=True, slots=True)
class Booking:
    """The booking of a change: its window, the items that it needs, the classes of those that it touches, the
    services that these serve, and the streams of the changes and freezes that it is scheduled over, and of
    the freezes that except it. `truncated`: not all items needed are known.
    """

    from_at: datetime
    until_at: datetime
    needed: tuple[str, ...]
    ci_classes: tuple[str, ...]
    ci_services: tuple[str, ...]
    overrides: tuple[str, ...]
    excepted: tuple[str, ...]
    truncated: bool


async def window_booking(
    reads: ReadContext, change: Change, body: ScheduleChange | RescheduleChange, ctx: ActionContext
) -> Booking:
    """Find the booking of the change in the window of the payload. Raises WrongValue if the window is over,
    and PreparationRefused for conflicts (`refuse_conflicts`), or if not all items needed can be found and no
    reason for overriding is given.
    """
    if body.until_at <= ctx.counts_from:
        raise WrongValue(pointer="/until_at", because="not_ahead")
    scope = await scope_of(reads, change)
    if scope.truncated and body.override_reason is None:
        raise PreparationRefused("needs_too_many_to_check")
    window = scope.window(body.from_at, body.until_at)
    in_the_way = await conflicts(guarded_reading(reads), window)
    refuse_conflicts(in_the_way, body.override_reason, ctx)
    return await booking_of(reads, scope, window, [conflict.stream for conflict in in_the_way])


def refuse_conflicts(in_the_way: Sequence[Conflict], override_reason: str | None, ctx: ActionContext) -> None:
    """Refuse a window in a freeze, and a window of other changes if no reason for overriding them is given.
    The freeze comes first: a reason lifts none, so advice to give one would not help. People whom a freeze
    hinders ask for an exception, on which others decide. Raises PreparationRefused.
    """
    freezes = [conflict for conflict in in_the_way if conflict.kind == Freeze.KIND]
    if freezes:
        changes = [conflict for conflict in in_the_way if conflict.kind != Freeze.KIND]
        raise _refusal("frozen_without_exception", freezes, ctx, changes)
    if in_the_way and override_reason is None:
        raise _refusal("window_taken", in_the_way, ctx)


def _refusal(
    code: str, conflicts: Sequence[Conflict], ctx: ActionContext, changes: Sequence[Conflict] = ()
) -> PreparationRefused:
    """Return the refusal whose sentence names the conflicts, each with its item; its data list these
    `changes`, too. Callers who see all changes get the titles of changes.
    """
    managers = [grant for grant in ctx.caller.roles if grant.role is Role.change_manager]
    sees_all = any(grant.applies_throughout(Change.KIND) for grant in managers)
    named = [ConflictName(conflict) for conflict in conflicts[:MOST_NAMED]]
    listed = [*conflicts, *changes][:MOST_NAMED]
    more = {"conflicts": [conflict.as_json(lambda audience: sees_all) for conflict in listed]}
    # A change that conflicts on several items of one name is named once.
    different = {name.label("en"): name for name in named}
    return PreparationRefused(code, {"conflicts": [*different.values()]}, more)


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


@dataclass(frozen=True, slots=True)
class WantedWindowConflicts:
    """The changes and freezes that stand in the way of the window that the change wants."""

    conflicts: tuple[Conflict, ...]


async def conflicts_in_wanted_window(
    reads: ReadContext, change: Change, body: object, ctx: ActionContext
) -> WantedWindowConflicts:
    """Find the changes and freezes in the way of the window that the change wants, if it wants one; for a
    change that touches no items, also the changes of the same services.
    """
    if change.wanted_from_at is None or change.wanted_until_at is None:
        return WantedWindowConflicts(())
    scope = await scope_of(reads, change)
    window = scope.window(change.wanted_from_at, change.wanted_until_at)
    in_the_way = await conflicts(guarded_reading(reads), window)
    if not scope.touches:
        in_the_way += await changes_of_same_services(guarded_reading(reads), window)
    return WantedWindowConflicts(tuple(in_the_way))


@dataclass(frozen=True, slots=True)
class ItemScope:
    """The items that a change touches and those that these need, directly or over other items: at most 500
    items, and 10 relations from the touched ones (`needed_cis`); the services: all, and those of its items.
    `truncated`: a bound was reached, so not all items needed are known. `change` is None before there is one.
    The preview of conflicts, scheduling and starting use the same scope.
    """

    change: Change | None
    touches: tuple[UUID, ...]
    needs: tuple[UUID, ...]
    services: tuple[str, ...]
    ci_services: tuple[str, ...]
    ci_classes: tuple[str, ...]
    truncated: bool

    def window(self, begin: datetime, end: datetime) -> WantedWindow:
        """Return that window for these items and services."""
        return WantedWindow(
            change_id=NO_CHANGE if self.change is None else self.change.id,
            from_at=begin,
            until_at=end,
            touches=self.touches,
            needs=self.needs,
            services=self.services,
            ci_classes=self.ci_classes,
            is_as_asked=self.is_within_asked_window(begin, end),
        )

    def is_within_asked_window(self, begin: datetime, end: datetime) -> bool:
        """Return whether the time is within the window that the change wants or is scheduled in. Exceptions
        from freezes are granted for that.
        """
        if self.change is None:
            return False
        windows = [
            (self.change.wanted_from_at, self.change.wanted_until_at),
            (self.change.window_from_at, self.change.window_until_at),
        ]
        named = [(first, last) for first, last in windows if first is not None and last is not None]
        return not named or any(first <= begin and end <= last for first, last in named)


async def item_scope(
    read: Reading, change: Change | None, items: Sequence[Row], services: Sequence[str]
) -> ItemScope:
    """Return the scope of these items, by their ids, classes and services, and of the services named with
    them.
    """
    touches = tuple(row["id"] for row in items)
    needed = await needed_cis(read, touches)
    ci_services = tuple(sorted({service for row in items for service in row["services"] or ()}))
    return ItemScope(
        change=change,
        touches=touches,
        needs=needed.ids,
        services=tuple(dict.fromkeys([*services, *ci_services])),
        ci_services=ci_services,
        ci_classes=tuple(sorted({row["ci_class"] for row in items})),
        truncated=needed.truncated,
    )


def guarded_reading(reads: ReadContext) -> Reading:
    """Return the read of what others hold. The guard is a note for readers: nothing is locked or compared
    here. `schedule.write_change` compares again in the append, under the lock of the log.
    """
    return partial(reads.rows, guard=Constraint("booking_free"))


async def scope_of(reads: ReadContext, change: Change) -> ItemScope:
    """Return the scope of the change's items and services."""
    guard = Unguarded(
        "The class of an item is never changed; its services count as they are when it is booked."
    )
    parameters = ([UUID(ci_id) for ci_id in change.ci_ids or ()],)
    items = await reads.rows(CI_SCOPES, parameters, guard=guard)
    return await item_scope(guarded_reading(reads), change, items, change.services or ())


async def booking_of(
    reads: ReadContext, scope: ItemScope, window: WantedWindow, overrides: list[str]
) -> Booking:
    """Return the booking of the scope in the window, over the streams `overrides`."""
    assert window.until_at is not None
    excepted = await excepted_freezes(guarded_reading(reads), window.change_id) if window.is_as_asked else []
    return Booking(
        from_at=window.from_at,
        until_at=window.until_at,
        needed=tuple(str(ci_id) for ci_id in scope.needs),
        ci_classes=scope.ci_classes,
        ci_services=scope.ci_services,
        overrides=tuple(dict.fromkeys(name for name in overrides if name not in excepted)),
        excepted=tuple(excepted),
        truncated=scope.truncated,
    )
