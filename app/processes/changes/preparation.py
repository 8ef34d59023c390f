"""Reads that actions on changes need before they are decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.people import Role
from app.common.tickets import Ticket
from app.foundation.cis.dependencies import needed_cis
from app.foundation.decisions.lookups import approvers
from app.kernel.access.reads import Constraint, ReadContext, Reading, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused, WrongValue
from app.kernel.commands.dating import SKEW
from app.log.canonical import instant
from app.log.events import kind_of
from app.processes.changes.payloads import DraftChange, RescheduleChange, ScheduleChange, StartChange
from app.processes.changes.planning.bookings import (
    Conflict,
    WantedWindow,
    changes_of_same_services,
    changes_under_way,
    conflicts,
    excepted_freezes,
)
from app.processes.changes.planning.lookups import CI_SCOPES
from app.processes.changes.records import Change, ChangeTemplate, ChangeType, Freeze, TemplateState
from app.ticketing.records import Link, LinkKind
from app.ticketing.work.working_days import same_time_on, service_working_days, working_days_after

#: The working days after which the review of a change is due.
REVIEW_DAYS = 3
#: Most conflicts that a refusal names.
MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class DraftSource:
    """The template of the change that is drafted, and the request that it is for, as far as there are any."""

    template: ChangeTemplate | None
    request: Ticket | None


async def draft_source(
    reads: ReadContext, change: Change, body: DraftChange, ctx: ActionContext
) -> DraftSource:
    """Find the template and the request. Raises WrongValue if the template is not approved."""
    template = ctx.ref(ChangeTemplate, "template")
    if template is not None and template.state is not TemplateState.approved:
        raise WrongValue(pointer="/template", because="template_not_approved")
    return DraftSource(template, ctx.ref(Ticket, "request"))


@dataclass(frozen=True, slots=True)
class FoundConflicts:
    """The conflicts with the window that a change asks for."""

    found: tuple[Conflict, ...]


async def conflicts_in_wanted_window(
    reads: ReadContext, change: Change, body: object, ctx: ActionContext
) -> FoundConflicts:
    """Find what stands in the way of the window that the change wants; nothing if it wants none. Of a change
    that touches no items these are also the changes of the same services.
    """
    if change.wanted_from_at is None or change.wanted_until_at is None:
        return FoundConflicts(())
    walked = await _walk(reads, change)
    wanted = walked.window(change, change.wanted_from_at, change.wanted_until_at)
    found = await conflicts(walked.read, wanted)
    if not walked.touches:
        found += await changes_of_same_services(walked.read, wanted)
    return FoundConflicts(tuple(found))


@dataclass(frozen=True, slots=True)
class Booking:
    """What the change books: the items that it needs, the classes of those that it touches, the services that
    these serve, its window, the streams of the changes and freezes that it is scheduled over, and of the
    freezes that except it. `truncated`: not all items needed are known.
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
    """Find what the change would hold in the window of the payload. Raises PreparationRefused if something
    stands in the way, or if not all items needed can be found, and no reason for overriding is given.
    """
    if body.until_at <= ctx.occurred_at:
        raise WrongValue(pointer="/until_at", because="not_ahead")
    walked = await _walk(reads, change)
    if walked.truncated and body.override_reason is None:
        raise PreparationRefused("needs_too_many_to_check")
    wanted = walked.window(change, body.from_at, body.until_at)
    found = await conflicts(walked.read, wanted)
    if found and body.override_reason is None:
        raise conflict_refusal(found, ctx)
    return await walked.booking(wanted, [one.stream for one in found])


async def start_booking(reads: ReadContext, change: Change, body: StartChange, ctx: ActionContext) -> Booking:
    """Find what the change holds while it is implemented. An emergency holds its items from now to its wanted
    end, whatever others hold; another change holds its window, or one of that length from now on if it starts
    outside. Whatever overruns keeps others from starting.

    Raises PreparationRefused if there is a freeze from which it is not excepted, or if something else stands
    in its way and no reason for overriding is given; WrongValue if it starts outside its window, or is told
    to have started in it when that is over, without a reason.
    """
    walked = await _walk(reads, change)
    if change.type is ChangeType.emergency:
        wanted = walked.window(change, ctx.occurred_at, _emergency_end(change, ctx.occurred_at))
        met = [*await conflicts(walked.read, wanted), *await changes_under_way(walked.read, wanted)]
        return await walked.booking(wanted, [one.stream for one in met])
    begin, end = _window_to_start_in(change, body, ctx)
    wanted = walked.window(change, begin, end)
    found = await conflicts(walked.read, wanted)
    if frozen := [one for one in found if one.kind == Freeze.KIND and one.from_at <= ctx.occurred_at]:
        raise conflict_refusal(frozen, ctx, "frozen_without_exception")
    accepted = set(change.overrides or ())
    standing = {(one.stream, one.ci): one for one in (*await changes_under_way(walked.read, wanted), *found)}
    others = [one for one in standing.values() if one.stream not in accepted]
    if others and body.override_reason is None:
        raise conflict_refusal(others, ctx)
    return await walked.booking(wanted, [*accepted, *(one.stream for one in found)])


@dataclass(frozen=True, slots=True)
class Starter:
    """Whether whoever starts the change has voted for it: only an emergency is started by such a person."""

    has_voted: bool


async def starter(reads: ReadContext, change: Change, body: StartChange, ctx: ActionContext) -> Starter:
    """Find whether whoever starts the change has voted for it; others than emergencies they do not start."""
    if change.type is not ChangeType.emergency:
        return Starter(has_voted=False)
    voted = await approvers(reads, change, change.approval_id)
    return Starter(has_voted=ctx.caller.person_id in voted)


def _window_to_start_in(change: Change, body: StartChange, ctx: ActionContext) -> tuple[datetime, datetime]:
    """Return the change's window, or one of its length from the start on if it starts outside. Raises
    WrongValue if it does, or if its start is told only after the window, and the reason is missing.
    """
    assert change.window_from_at is not None
    assert change.window_until_at is not None
    begin, end = change.window_from_at, change.window_until_at
    is_inside = begin <= ctx.occurred_at < end
    if body.out_of_window_reason is None and not (is_inside and ctx.now < end + SKEW):
        words = {"from": instant(begin), "until": instant(end)}
        raise WrongValue(words, pointer="/out_of_window_reason", because="outside_its_window")
    return (begin, end) if is_inside else (ctx.occurred_at, ctx.occurred_at + (end - begin))


def _emergency_end(change: Change, started_at: datetime) -> datetime:
    """Return until when the emergency is wanted to hold its items; if that was over before it started, as
    long as its wanted window is.
    """
    begin, end = change.wanted_from_at, change.wanted_until_at
    assert begin is not None, "no change is submitted without a wanted window"
    assert end is not None
    return end if end > started_at else started_at + (end - begin)


def conflict_refusal(
    found: list[Conflict], ctx: ActionContext, code: str = "window_taken"
) -> PreparationRefused:
    """Return the refusal that names what stands in the way, and by which items; with the titles of changes
    for who sees all changes.
    """
    managers = [held for held in ctx.caller.roles if held.role is Role.change_manager]
    sees_all = any(held.applies_throughout(Change.KIND) for held in managers)
    named = [one.name if one.ci is None else f"{one.name} ({one.ci})" for one in found[:MOST_NAMED]]
    more = {"conflicts": [one.as_json(lambda audience: sees_all) for one in found[:MOST_NAMED]]}
    return PreparationRefused(code, {"conflicts": ", ".join(dict.fromkeys(named))}, more)


@dataclass(frozen=True, slots=True)
class _Walk:
    """The items that a change touches and needs, and how to read what others hold."""

    read: Reading
    touches: tuple[UUID, ...]
    ci_classes: tuple[str, ...]
    ci_services: tuple[str, ...]
    needs: tuple[UUID, ...]
    truncated: bool

    def window(self, change: Change, begin: datetime, end: datetime) -> WantedWindow:
        services = tuple(dict.fromkeys([*(change.services or ()), *self.ci_services]))
        return WantedWindow(change.id, begin, end, self.touches, self.needs, services, self.ci_classes)

    async def booking(self, wanted: WantedWindow, overrides: list[str]) -> Booking:
        assert wanted.until_at is not None
        excepted = await excepted_freezes(self.read, wanted.change_id)
        return Booking(
            from_at=wanted.from_at,
            until_at=wanted.until_at,
            needed=tuple(str(one) for one in self.needs),
            ci_classes=self.ci_classes,
            ci_services=self.ci_services,
            overrides=tuple(dict.fromkeys(one for one in overrides if one not in excepted)),
            excepted=tuple(excepted),
            truncated=self.truncated,
        )


async def _walk(reads: ReadContext, change: Change) -> _Walk:
    """Return the items that the change touches and needs. A relation that is added meanwhile, and a window
    that is taken meanwhile, violate constraints.
    """

    async def read(query: str, parameters: Any) -> list[dict[str, Any]]:
        return await reads.rows(query, parameters, guard=Constraint("booking_free"))

    touched = tuple(UUID(one) for one in change.ci_ids or ())
    needed = await needed_cis(read, touched)
    guard = Unguarded(
        "The class of an item is never changed; its services count as they are when it is booked."
    )
    scopes = await reads.rows(CI_SCOPES, (list(touched),), guard=guard)
    classes = tuple(sorted({row["ci_class"] for row in scopes}))
    services = tuple(sorted({one for row in scopes for one in row["services"] or ()}))
    return _Walk(read, touched, classes, services, needed.ids, needed.truncated)


@dataclass(frozen=True, slots=True)
class ReviewDue:
    """When the review of the change is due."""

    at: datetime


async def review_due(reads: ReadContext, change: Change, body: object, ctx: ActionContext) -> ReviewDue:
    """Find when the review is due: three working days after the implementation, at the same time of day, by
    the calendar of the change's service.
    """
    zone, works = await service_working_days(reads, change, ctx)
    day = ctx.occurred_at.astimezone(zone).date()
    return ReviewDue(same_time_on(ctx.occurred_at, working_days_after(day, REVIEW_DAYS, works), zone))


@dataclass(frozen=True, slots=True)
class ConfirmedCauses:
    """The streams of the incidents that the change is linked to as their cause."""

    incidents: frozenset[str]


async def confirmed_causes(
    reads: ReadContext, change: Change, body: object, ctx: ActionContext
) -> ConfirmedCauses:
    """Find the incidents that the change caused, by its links."""
    links = await reads.children(Link, change, kind=LinkKind.causes.value)
    others = (link.other for link in links if link.other is not None)
    return ConfirmedCauses(frozenset(other for other in others if kind_of(other) == "incident"))
