"""Checks of actions on incidents, beyond state and role. Each returns or raises the code of its refusal."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.common.people import Role
from app.common.priorities.priority import Priority
from app.foundation.rota.on_call import read_on_call
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.processes.incidents.payloads import (
    ContainIncident,
    EditIncident,
    MarkDuplicateIncident,
    PostUpdateIncident,
    ReportIncident,
    ResolveIncident,
    ReviewIncident,
)
from app.processes.incidents.records import Incident
from app.processes.incidents.records import IncidentState as State
from app.ticketing.reopening import reopening_ends_at

# A leap year: an outage may be reported up to one year later.
LONGEST_UNREPORTED_DAYS = 366


async def begins_after_report(
    reads: ReadContext, incident: Incident, body: ReportIncident, ctx: ActionContext
) -> None:
    """Refuse an incident that began after it was reported (`after_the_report`)."""
    _require_begin_before(body.began_at, ctx.occurred_at)


async def began_too_long_ago(
    reads: ReadContext, incident: Incident, body: ReportIncident, ctx: ActionContext
) -> None:
    """Refuse a begin years before the report (`long_before_the_report`). A tool's alert may have fired that
    long.
    """
    if body.dedup_key is None:
        _require_recent_begin(body.began_at, ctx.occurred_at)


def _require_begin_before(began_at: datetime | None, reported_at: datetime) -> None:
    if began_at is not None and began_at > reported_at:
        raise WrongValue(pointer="/began_at", because="after_the_report")


def _require_recent_begin(began_at: datetime | None, reported_at: datetime) -> None:
    """Refuse a begin years before the report, a likely typing error that would dominate the outage times."""
    if began_at is not None and began_at < reported_at - timedelta(days=LONGEST_UNREPORTED_DAYS):
        words = {"days": str(LONGEST_UNREPORTED_DAYS)}
        raise WrongValue(words, pointer="/began_at", because="long_before_the_report")


async def alert_not_from_integration(
    reads: ReadContext, incident: Incident, body: ReportIncident, ctx: ActionContext
) -> None:
    """Refuse an alert's key from a caller who is no integration: an alert belongs to its tool
    (`alert_of_no_tool`).
    """
    if body.dedup_key is not None and Role.integration not in ctx.caller.role_codes:
        raise WrongValue(pointer="/dedup_key", because="alert_of_no_tool")


async def edited_begin_invalid(
    reads: ReadContext, incident: Incident, body: EditIncident, ctx: ActionContext
) -> None:
    """Refuse an edited begin that is after the report or years before it."""
    if incident.opened_at is not None:
        _require_begin_before(body.began_at, incident.opened_at)
        _require_recent_begin(body.began_at, incident.opened_at)


async def not_on_call(reads: ReadContext, incident: Incident, ctx: ActionContext) -> str | None:
    """Refuse a caller who acknowledges a P1 without being on call, while other members of its team are on
    call (`not_on_call`).
    """
    if incident.priority is not Priority.P1 or incident.team_id is None:
        return None
    persons = await read_on_call(reads, incident.team_id, ctx.occurred_at)
    return "not_on_call" if persons and ctx.caller.person_id not in persons else None


async def not_acknowledged(reads: ReadContext, incident: Incident, ctx: ActionContext) -> str | None:
    """Refuse a person who resolves an unacknowledged incident; only monitoring tools and rules may
    (`nobody_has_seen_it`).
    """
    if (
        incident.state is State.new
        and not ctx.caller.is_rule
        and Role.integration not in ctx.caller.role_codes
    ):
        return "nobody_has_seen_it"
    return None


async def invalid_restoration_time(
    reads: ReadContext, incident: Incident, body: ResolveIncident, ctx: ActionContext
) -> None:
    """Refuse if service was restored before the incident began, or in the future."""
    restored = body.service_restored_at
    if restored is not None and restored > ctx.occurred_at:
        raise WrongValue(pointer="/service_restored_at", because="after_the_resolution")
    _check_after_begin(incident, restored, "/service_restored_at")


async def invalid_containment_time(
    reads: ReadContext, incident: Incident, body: ContainIncident, ctx: ActionContext
) -> None:
    """Refuse if the incident was contained, or service restored, before it began or in the future."""
    for name in ("contained_at", "service_restored_at"):
        when: datetime | None = getattr(body, name)
        if when is not None and when > ctx.occurred_at:
            raise WrongValue(pointer=f"/{name}", because="after_it_was_told")
        _check_after_begin(incident, when, f"/{name}")


def _check_after_begin(incident: Incident, when: datetime | None, pointer: str) -> None:
    """Raise WrongValue if the time is before the incident began or, if that is unknown, was opened."""
    if when is None:
        return
    if incident.began_at is not None and when < incident.began_at:
        raise WrongValue(pointer=pointer, because="before_it_began")
    if incident.began_at is None and incident.opened_at is not None and when < incident.opened_at:
        words = {"since": incident.opened_at}
        raise WrongValue(words, pointer=pointer, because="before_it_was_opened")


async def not_a_major(reads: ReadContext, incident: Incident, ctx: ActionContext) -> str | None:
    """Refuse if the incident is not a major incident (`is_no_major`)."""
    return "is_no_major" if incident.declared_major_at is None else None


async def next_update_in_past(
    reads: ReadContext, incident: Incident, body: PostUpdateIncident, ctx: ActionContext
) -> None:
    """Refuse if the next update for those affected is not due in the future (`not_ahead`)."""
    if body.next_update_due_at <= ctx.counts_from:
        raise WrongValue(pointer="/next_update_due_at", because="not_ahead")


async def too_late_to_reopen(reads: ReadContext, incident: Incident, ctx: ActionContext) -> str | None:
    """Refuse to reopen after the agreed number of days; a new incident is reported instead
    (`too_late_to_reopen`).
    """
    ended = incident.resolved_at or incident.closed_at
    if ended is not None and ctx.occurred_at > reopening_ends_at(
        ended, incident.reopen_days, ctx.settings.reopen_days
    ):
        return "too_late_to_reopen"
    return None


async def major_not_reviewed(reads: ReadContext, incident: Incident, ctx: ActionContext) -> str | None:
    """Refuse to close a major incident without a review (`major_not_reviewed`)."""
    unlearnt = incident.declared_major_at is not None and incident.reviewed_at is None
    return "major_not_reviewed" if unlearnt else None


async def already_reviewed(reads: ReadContext, incident: Incident, ctx: ActionContext) -> str | None:
    """Refuse a second review of the same resolution; an incident that is reopened and resolved again is
    reviewed again (`already_reviewed`).
    """
    return None if incident.reviewed_at is None else "already_reviewed"


async def timeline_in_future(
    reads: ReadContext, incident: Incident, body: ReviewIncident, ctx: ActionContext
) -> None:
    """Refuse if an entry of the review's timeline is in the future (`after_it_was_told`)."""
    for n, entry in enumerate(body.timeline):
        if entry.happened_at > ctx.occurred_at:
            raise WrongValue(pointer=f"/timeline/{n}/happened_at", because="after_it_was_told")


async def follow_up_not_ahead(
    reads: ReadContext, incident: Incident, body: ReviewIncident, ctx: ActionContext
) -> None:
    """Refuse a follow-up task that is due before the review (`not_ahead`), and neither tasks nor a reason why
    there are none, or both (`tasks_or_reason`).
    """
    if bool(body.actions) == (body.no_actions_reason is not None):
        raise WrongValue(pointer="/actions", because="tasks_or_reason")
    for n, task in enumerate(body.actions):
        if task.due_at is not None and task.due_at <= ctx.counts_from:
            raise WrongValue(pointer=f"/actions/{n}/due_at", because="not_ahead")


async def duplicate_of_itself(
    reads: ReadContext, incident: Incident, body: MarkDuplicateIncident, ctx: ActionContext
) -> None:
    """Refuse if the original is the incident itself, directly or through a chain of duplicates (`itself`)."""
    original: Incident | None = ctx.ref(Incident, "original")
    while original is not None:
        if original.id == incident.id:
            raise WrongValue(pointer="/original", because="itself")
        further = original.duplicate_of_id
        loaded = None if further is None else await reads.record("incident", str(further))
        original = None if loaded is None else loaded.record


async def original_was_cancelled(
    reads: ReadContext, incident: Incident, body: MarkDuplicateIncident, ctx: ActionContext
) -> None:
    """Refuse a cancelled incident as original (`was_cancelled`)."""
    original = ctx.ref(Incident, "original")
    if original is not None and original.state is State.cancelled:
        raise WrongValue(pointer="/original", because="was_cancelled")


async def not_a_duplicate(reads: ReadContext, incident: Incident, ctx: ActionContext) -> str | None:
    """Refuse if the incident is not a duplicate (`is_no_duplicate`)."""
    return "is_no_duplicate" if incident.duplicate_of_id is None else None
