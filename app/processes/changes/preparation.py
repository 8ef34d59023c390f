"""Reads that actions on changes need before they are decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from app.common.people import Role
from app.common.tickets import Ticket
from app.foundation.decisions.lookups import approvers
from app.foundation.people.lookups import STAFFED_NOW, staffed_team
from app.kernel.access.reads import Constraint, ReadContext, Reading, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused, WrongValue
from app.kernel.commands.dating import CLOCK_TOLERANCE
from app.log.events import kind_of
from app.processes.changes.payloads import DraftChange, RescheduleChange, ScheduleChange, StartChange
from app.processes.changes.planning.bookings import (
    Conflict,
    ConflictName,
    WantedWindow,
    changes_of_same_services,
    changes_under_way,
    conflicts,
    excepted_freezes,
)
from app.processes.changes.planning.item_scope import ItemScope, item_scope
from app.processes.changes.planning.lookups import CI_SCOPES
from app.processes.changes.policies.records import ChangeTemplate, Freeze, TemplateState
from app.processes.changes.records import Change, ChangeType
from app.ticketing.links import LinkedWishers
from app.ticketing.records import Link, LinkKind
from app.ticketing.wishers import told_wishers
from app.ticketing.work.working_days import same_time_on, service_working_days, working_days_after

#: The working days after which the review of a change is due.
REVIEW_DAYS = 3
#: Most conflicts that a refusal names.
MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class DraftSource:
    """The template of the change that is drafted, and the request that it is for, with those who asked for
    it, as far as there are any; the template's team, if somebody works in it.
    """

    template: ChangeTemplate | None
    request: Ticket | None
    wishers: LinkedWishers
    default_team_id: UUID | None


async def draft_source(
    reads: ReadContext, change: Change, body: DraftChange, ctx: ActionContext
) -> DraftSource:
    """Find the template and the request. Raises WrongValue if the template is not approved."""
    template = ctx.ref(ChangeTemplate, "template")
    if template is not None and template.state is not TemplateState.approved:
        raise WrongValue(pointer="/template", because="template_not_approved")
    team_id = None if template is None else template.team_id
    staffed = await staffed_team(partial(reads.rows, guard=STAFFED_NOW), team_id)
    request = ctx.ref(Ticket, "request")
    persons = () if request is None else await told_wishers(reads, change, LinkKind.implements, request)
    return DraftSource(template, request, LinkedWishers(persons), staffed)


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
    scope = await _scope_of(reads, change)
    window = scope.window(change.wanted_from_at, change.wanted_until_at)
    in_the_way = await conflicts(_guarded(reads), window)
    if not scope.touches:
        in_the_way += await changes_of_same_services(_guarded(reads), window)
    return WantedWindowConflicts(tuple(in_the_way))


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
    """Find the booking of the change in the window of the payload. Raises PreparationRefused if something
    stands in the way, or if not all items needed can be found, and no reason for overriding is given; and if
    it is a freeze.
    """
    if body.until_at <= ctx.counts_from:
        raise WrongValue(pointer="/until_at", because="not_ahead")
    scope = await _scope_of(reads, change)
    if scope.truncated and body.override_reason is None:
        raise PreparationRefused("needs_too_many_to_check")
    window = scope.window(body.from_at, body.until_at)
    in_the_way = await conflicts(_guarded(reads), window)
    if in_the_way and body.override_reason is None:
        raise conflict_refusal(in_the_way, ctx)
    _refuse_freezes(in_the_way, ctx)
    return await _booking(reads, scope, window, [conflict.stream for conflict in in_the_way])


async def start_booking(reads: ReadContext, change: Change, body: StartChange, ctx: ActionContext) -> Booking:
    """Find the booking of the change while it is implemented. An emergency holds its items from now to its
    wanted end, whatever others hold; another change holds its window, or one of that length from now on if it
    starts outside. A change that overruns its window keeps others from starting.

    Raises PreparationRefused if there is a freeze from which it is not excepted, or if something else stands
    in its way and no reason for overriding is given; WrongValue if it starts outside its window, or its start
    is reported after the window, without a reason.
    """
    scope = await _scope_of(reads, change)
    if change.type is ChangeType.emergency:
        window = scope.window(ctx.occurred_at, _emergency_end(change, ctx.occurred_at))
        overridden = [
            *await conflicts(_guarded(reads), window),
            *await changes_under_way(_guarded(reads), window),
        ]
        return await _booking(reads, scope, window, [conflict.stream for conflict in overridden])
    window = scope.window(*_window_to_start_in(change, body, ctx))
    in_the_way = await conflicts(_guarded(reads), window)
    freezes = [conflict for conflict in in_the_way if conflict.kind == Freeze.KIND]
    _refuse_freezes([freeze for freeze in freezes if freeze.from_at <= ctx.counts_from], ctx)
    accepted = set(change.overrides or ())
    under_way = await changes_under_way(_guarded(reads), window)
    by_item = {(conflict.stream, conflict.ci): conflict for conflict in (*under_way, *in_the_way)}
    unaccepted = [conflict for conflict in by_item.values() if conflict.stream not in accepted]
    if unaccepted and body.override_reason is None:
        raise conflict_refusal(unaccepted, ctx)
    _refuse_freezes(unaccepted, ctx)
    return await _booking(reads, scope, window, [*accepted, *(conflict.stream for conflict in in_the_way)])


def _refuse_freezes(in_the_way: list[Conflict], ctx: ActionContext) -> None:
    """Refuse to go over a freeze: a reason alone lifts none. People hindered by it ask for an
    exception, on which others decide. Raises PreparationRefused.
    """
    freezes = [conflict for conflict in in_the_way if conflict.kind == Freeze.KIND]
    if freezes:
        raise conflict_refusal(freezes, ctx, "frozen_without_exception")


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


def conflict_refusal(
    conflicts: list[Conflict], ctx: ActionContext, code: str = "window_taken"
) -> PreparationRefused:
    """Return the refusal that names the conflicts, each with its item; with the titles of changes for callers
    who see all changes.
    """
    managers = [grant for grant in ctx.caller.roles if grant.role is Role.change_manager]
    sees_all = any(grant.applies_throughout(Change.KIND) for grant in managers)
    first = conflicts[:MOST_NAMED]
    named = [ConflictName(conflict) for conflict in first]
    more = {"conflicts": [conflict.as_json(lambda audience: sees_all) for conflict in first]}
    # A change that conflicts on several items of one name is named once.
    different = {name.label("en"): name for name in named}
    return PreparationRefused(code, {"conflicts": [*different.values()]}, more)


def _guarded(reads: ReadContext) -> Reading:
    """Return the read of what others hold. A relation that is added meanwhile, and a window that is taken
    meanwhile, violate constraints.
    """
    return partial(reads.rows, guard=Constraint("booking_free"))


async def _scope_of(reads: ReadContext, change: Change) -> ItemScope:
    guard = Unguarded(
        "The class of an item is never changed; its services count as they are when it is booked."
    )
    parameters = ([UUID(ci_id) for ci_id in change.ci_ids or ()],)
    items = await reads.rows(CI_SCOPES, parameters, guard=guard)
    return await item_scope(_guarded(reads), change, items, change.services or ())


async def _booking(
    reads: ReadContext, scope: ItemScope, window: WantedWindow, overrides: list[str]
) -> Booking:
    assert window.until_at is not None
    excepted = await excepted_freezes(_guarded(reads), window.change_id)
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


@dataclass(frozen=True, slots=True)
class ChangeReviewDue:
    """Time at which the review of the change is due."""

    due_at: datetime


async def review_due(reads: ReadContext, change: Change, body: object, ctx: ActionContext) -> ChangeReviewDue:
    """Find the time at which the review is due: three working days after the implementation, at the same time
    of day, by the calendar of the change's service.
    """
    zone, works = await service_working_days(reads, change, ctx)
    day = ctx.occurred_at.astimezone(zone).date()
    return ChangeReviewDue(same_time_on(ctx.occurred_at, working_days_after(day, REVIEW_DAYS, works), zone))


@dataclass(frozen=True, slots=True)
class ConfirmedCauses:
    """The streams of the incidents that the change is linked to as their cause."""

    incidents: frozenset[str]


async def confirmed_causes(
    reads: ReadContext, change: Change, body: object, ctx: ActionContext
) -> ConfirmedCauses:
    """Find the incidents that the change caused, by its links."""
    links = await reads.children(Link, change, kind=LinkKind.causes.value)
    streams = (link.other for link in links if link.other is not None)
    return ConfirmedCauses(frozenset(name for name in streams if kind_of(name) == "incident"))
