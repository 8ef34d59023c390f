"""Review of changes: how a change went, whether it succeeded at once, and what it caused."""

from __future__ import annotations

from datetime import datetime

from app.common.tickets import Ticket
from app.foundation.decisions.authorship import authors_do_not_judge
from app.foundation.decisions.lookups import acts_of, approvers
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import RecordDuty
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.actions.refusals import ConflictingDuty, WrongValue, caller_check
from app.kernel.actions.related import RelatedCommand
from app.kernel.commands.dating import CLOCK_TOLERANCE
from app.processes.changes.payloads import ReviewChange
from app.processes.changes.preparation import ConfirmedCauses
from app.processes.changes.records import Change, ChangeOutcome, ChangeState, ChangeType
from app.ticketing.links import LinkTicket, new_link
from app.ticketing.records import LinkKind

#: People who implemented a change do not review it.
IMPLEMENTER = RecordDuty("implementer", "实施人", ("implementer_ids",))
#: Nor does the only person who approved it, by its votes.
APPROVER = RecordDuty("only approver", "唯一批准人", ())
IMPLEMENTED = "change.implemented"
#: Nor do people who wrote its plans.
PLANNED_BY_OTHERS = authors_do_not_judge(("plan", "test_plan", "back_out_plan"))


def review(change: Change, body: ReviewChange, ctx: ActionContext) -> None:
    """Review the change and close it."""
    incidents = ctx.refs(Ticket, "caused_incidents")
    copy_fields(change, body, ctx, without="caused_incidents")
    copy_fields(change.review, body, ctx, without="caused_incidents")
    change.review.caused_incident_ids = list(dict.fromkeys(str(incident.id) for incident in incidents))
    change.review.reviewer_id = ctx.caller.person_id
    for incident in _unlinked(ctx):
        ctx.outcome.add(new_link(change, LinkKind.causes, incident, ctx))


def reopen_after_cause(change: Change, body: Payload, ctx: ActionContext) -> tuple[str, Payload] | None:
    """Return the action that takes the verdict back: a cause is confirmed of a change that was reviewed."""
    return ("reopen_review", EmptyPayload()) if change.state is ChangeState.closed else None


def reopen_review(change: Change, body: EmptyPayload, ctx: ActionContext) -> None:
    """Reopen the change's review: an incident was confirmed as caused by it, so the verdict is taken back."""
    change.first_pass = None
    change.review.review_reopened_at = ctx.occurred_at


def review_again(change: Change, body: ReviewChange, ctx: ActionContext) -> None:
    """Review the change again, after an incident was confirmed as caused by it."""
    review(change, body, ctx)
    change.review.review_reopened_at = None


@caller_check
async def approved_alone(reads: ReadContext, change: Change, body: ReviewChange, ctx: ActionContext) -> None:
    """Refuse the only approver as a reviewer: the change has not been judged by another person yet."""
    if await approvers(reads, change, change.approval_id) == {ctx.caller.person_id}:
        raise ConflictingDuty(APPROVER)


async def review_stands(reads: ReadContext, change: Change, ctx: ActionContext) -> str | None:
    """Refuse a second review of a change whose first one was not reopened."""
    return "review_stands" if change.review.review_reopened_at is None else None


def _unlinked(ctx: ActionContext) -> list[Ticket]:
    """Return the incidents of the payload that are not linked to the change yet, each once."""
    linked = ctx.prepared(ConfirmedCauses).incidents
    incidents = {incident.row_key: incident for incident in ctx.refs(Ticket, "caused_incidents")}
    return [incident for name, incident in incidents.items() if name not in linked]


async def recorded_end(reads: ReadContext, change: Change, ctx: ActionContext) -> datetime | None:
    """Return when a person recorded that the change was implemented; None if a tool or an import did, or if
    the log is written with times of the past, as by the demo.
    """
    acts = [act for act in await acts_of(reads, change) if act.type == IMPLEMENTED]
    if not acts or acts[-1].person_id is None or acts[-1].recorded_at > ctx.now + CLOCK_TOLERANCE:
        return None
    return acts[-1].recorded_at


def went_through_at_once(change: Change, recorded_at: datetime | None, *, caused_incidents: bool) -> bool:
    """Return whether the change was implemented within its window, was not backed out and caused no incident
    (KPI 44); an emergency has no window. The time at which a person recorded the end counts next to the time
    that they stated.
    """
    if caused_incidents or change.backed_out_at is not None:
        return False
    if change.type is ChangeType.emergency:
        return True
    return (
        change.started_at is not None
        and change.implemented_at is not None
        and change.window_from_at is not None
        and change.window_until_at is not None
        and change.window_from_at <= change.started_at
        and change.implemented_at <= change.window_until_at
        and (recorded_at is None or recorded_at <= change.window_until_at + CLOCK_TOLERANCE)
    )


async def review_contradicts_the_log(
    reads: ReadContext, change: Change, body: ReviewChange, ctx: ActionContext
) -> None:
    """Refuse a review that leaves out an incident confirmed as caused by the change, or names one from before
    the change started, an outcome that does not fit what happened, or a verdict on the first pass that
    differs from the log without a reason.
    """
    named = {incident.row_key for incident in ctx.refs(Ticket, "caused_incidents")}
    if missing := sorted(ctx.prepared(ConfirmedCauses).incidents - named):
        loaded = await reads.any_record(missing[0])
        assert loaded is not None, "a linked incident exists"
        words = {"incident": loaded.record.display_name}
        raise WrongValue(words, pointer="/caused_incidents", because="confirmed_cause_missing")
    confirmed = ctx.prepared(ConfirmedCauses).incidents
    for n, incident in enumerate(ctx.refs(Ticket, "caused_incidents")):
        started, opened = change.started_at, incident.opened_at
        if incident.row_key not in confirmed and started and opened and opened < started:
            raise WrongValue(pointer=f"/caused_incidents/{n}", because="opened_before_the_change")
    undone = change.backed_out_at is not None
    if undone and body.outcome not in (ChangeOutcome.backed_out, ChangeOutcome.failed):
        raise WrongValue(pointer="/outcome", because="was_backed_out")
    if not undone and body.outcome is ChangeOutcome.backed_out:
        raise WrongValue(pointer="/outcome", because="was_not_backed_out")
    if named and body.outcome is ChangeOutcome.successful:
        raise WrongValue(pointer="/outcome", because="has_caused_incidents")
    if body.first_pass and (undone or named):
        raise WrongValue(pointer="/first_pass", because="never_first_pass")
    recorded_at = await recorded_end(reads, change, ctx)
    computed = went_through_at_once(change, recorded_at, caused_incidents=bool(named))
    if body.first_pass != computed and body.first_pass_reason is None:
        raise WrongValue(pointer="/first_pass_reason", because="differs_from_the_log")


LINK_INCIDENTS = RelatedCommand(
    action="link",
    field="caused_incidents",
    record=lambda ctx: [incident.row_key for incident in _unlinked(ctx)],
    body=lambda change, body: LinkTicket(kind=LinkKind.caused_by, other=str(change.id)),
)
