"""Steps 5 and 6 of improvements: one is proposed with target KPIs and frozen baselines, weighed, and put to
the committee; a deferred one is taken up again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from app.common.records import Record
from app.foundation.decisions.payloads import Tallied
from app.foundation.decisions.records import DecisionOutcome
from app.foundation.documents.filing import (
    file_document,
    publish_draft,
    published_document,
    revise_published,
)
from app.foundation.documents.records import DocumentClass, DocumentSection, DocumentState, Heading
from app.kernel.actions.context import ActionContext
from app.kpis.baselines.freezing import add_baselines
from app.kpis.questions.periods import months_after
from app.processes.improvements.committee.payloads import ClassTallied
from app.processes.improvements.committee.questions import put_class, put_to_committee, take_class
from app.processes.improvements.preparation import ProposalOnFile, TargetsOfProposal
from app.processes.improvements.proposal.payloads import (
    ProposedTarget,
    ProposeImprovement,
    SubmitImprovement,
    TakeUpImprovement,
)
from app.processes.improvements.proposal.records import DecisionSubject, ImprovementTarget
from app.processes.improvements.records import DEFERRAL_MONTHS, DeferralCause, Improvement


def propose(improvement: Improvement, body: ProposeImprovement, ctx: ActionContext) -> None:
    """Propose the improvement: its goal, benefit, plan, cost and target KPIs. The baselines of these KPIs are
    measured.
    """
    sections = (
        (Heading.scope_and_goal, body.scope_and_goal),
        (Heading.benefit_inside, body.benefit_inside),
        (Heading.benefit_outside, body.benefit_outside),
        (Heading.method, body.method),
        (Heading.plan, body.steps),
        (Heading.resources, body.resources),
        (Heading.judgement, body.judgement),
    )
    if published_document(DocumentClass.PP, ctx) is None:
        entry = file_document(improvement, DocumentClass.PP, sections, ctx, state=DocumentState.drafted)
    else:  # a deferred proposal that comes back revised
        entry = revise_published(improvement, DocumentClass.PP, sections, ctx)
    improvement.proposal.proposal_id = entry.id
    plan = ctx.ref(Record, "plan")
    improvement.plan_id = None if plan is None else plan.id
    improvement.plan_target = body.plan_target
    improvement.proposal.outside_plan_reason = body.outside_plan_reason
    improvement.planned_cost, improvement.currency = body.planned_cost, body.currency
    improvement.proposed_by_id = ctx.caller.person_id
    improvement.proposal.proposed_at = ctx.occurred_at
    _replace_targets(improvement, body.targets, ctx)


def _replace_targets(improvement: Improvement, targets: Iterable[ProposedTarget], ctx: ActionContext) -> None:
    """Put the target KPIs of this proposal in the place of an earlier one's, and freeze their baselines."""
    earlier = ctx.prepared(TargetsOfProposal)
    for target in earlier.targets:
        ctx.outcome.change(target).dropped_at = ctx.occurred_at
    for baseline in earlier.baselines:
        ctx.outcome.remove(baseline)
    for proposed in targets:
        ctx.outcome.add(
            ImprovementTarget(
                id=ctx.new_id(),
                record=improvement.row_key,
                name=proposed.name,
                kpi=proposed.kpi,
                promised=proposed.promised.change,
                promised_as=proposed.promised.of,
                judged_by=proposed.judged_by,
                baseline_reason=proposed.baseline_reason,
                added_at=ctx.occurred_at,
            )
        )
    add_baselines(improvement, ctx)


def submit(improvement: Improvement, body: SubmitImprovement, ctx: ActionContext) -> None:
    """Submit the improvement to the committee, weighed against goals, practice, present state, cost,
    resources and time; with its class, if the committee votes on both at once.
    """
    on_file = ctx.prepared(ProposalOnFile)
    if on_file.entry.state is DocumentState.drafted:
        publish_draft(DocumentClass.PP, ctx)
    for place, (heading, text) in enumerate(body.sections(), start=on_file.sections + 1):
        ctx.outcome.add(
            DocumentSection(
                id=ctx.new_id(),
                record=improvement.row_key,
                document_id=on_file.entry.id,
                edition=on_file.entry.edition,
                place=place,
                heading=heading,
                text=text,
                written_at=ctx.occurred_at,
            )
        )
    improvement.proposal.submitted_at = ctx.occurred_at
    improvement.proposal.review_again_at = body.defer_until_at
    put_class(improvement, body, body.kind, body.impact, body.urgency)
    put_to_committee(improvement, DecisionSubject.proposal, ctx)


def take_up(improvement: Improvement, body: TakeUpImprovement, ctx: ActionContext) -> None:
    """Take up the deferred improvement: the persons who deferred it are asked again, within 14 days."""
    improvement.proposal.what_changed = body.what_changed
    improvement.proposal.taken_up_at = ctx.occurred_at
    improvement.proposal.review_again_at = None
    put_to_committee(improvement, DecisionSubject.proposal, ctx)


def approve(improvement: Improvement, body: ClassTallied, ctx: ActionContext) -> None:
    """Approve the improvement: the committee has decided for it, and for its class if that was asked."""
    if improvement.motion.asked_kind is not None:
        take_class(improvement, ctx)


def reject(improvement: Improvement, body: Tallied, ctx: ActionContext) -> None:
    """Reject the improvement: the committee has decided against it."""


def defer(improvement: Improvement, body: Tallied, ctx: ActionContext) -> None:
    """Defer the improvement: the committee wants to decide later, or too few have voted in time."""
    lapsed = body.outcome is DecisionOutcome.lapsed
    improvement.deferral_reason = DeferralCause.no_quorum if lapsed else DeferralCause.by_vote
    improvement.deferred_until_at = body.deferred_until or deferral_end(improvement, ctx)


def deferral_end(improvement: Improvement, ctx: ActionContext) -> datetime:
    """Return the end of the improvement's deferral if no voter gives a date: that in the question, or in
    three months.
    """
    wanted_at = improvement.proposal.review_again_at
    if wanted_at is not None and wanted_at > ctx.occurred_at:
        return wanted_at
    return months_after(ctx.occurred_at, DEFERRAL_MONTHS, ctx.settings.zone)
