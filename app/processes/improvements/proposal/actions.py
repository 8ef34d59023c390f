"""Steps 5 and 6 of improvements: one is proposed with target KPIs and frozen baselines, weighed, and put to
the committee; a deferred one is taken up again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from app.common.components import example_includes
from app.common.money import Amount, Currency
from app.common.records import ForeignRef, Record, StaffOnly
from app.foundation.decisions.actions import add_prepared_decision
from app.foundation.decisions.payloads import AskDecision, Tallied
from app.foundation.decisions.preparation import NewDecision
from app.foundation.decisions.records import DecisionOutcome
from app.foundation.documents.filing import (
    SectionTexts,
    file_document,
    publish_draft,
    published_document,
    revise_published,
)
from app.foundation.documents.records import DocumentClass, DocumentSection, DocumentState, Heading
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    RecordKey,
    Reference,
)
from app.kpis.baselines.freezing import add_baselines
from app.kpis.baselines.payloads import BaselineQuestion
from app.kpis.effects.lifecycle import PromisedEffect
from app.kpis.questions.periods import months_after
from app.processes.improvements.preparation import ProposalOnFile, TargetsOfProposal
from app.processes.improvements.proposal.records import DecisionSubject, ImprovementTarget
from app.processes.improvements.records import DEFERRAL_MONTHS, DeferralCause, Improvement


class ProposedTarget(BaselineQuestion):
    """A target KPI of a proposal: its baseline, the change that is promised, and how it will be judged."""

    promised: PromisedEffect = Field(
        description="The expected size of the effect.", examples=[{"change": "-0.3", "of": "relative"}]
    )
    judged_by: FreeText = Field(
        description="How it will be judged.", examples=["By the median of the three months after."]
    )


class ProposeImprovement(Payload):
    """The proposal: what is to be reached, how, at what cost, and how it will be measured."""

    model_config = example_includes("outside_plan_reason")
    scope_and_goal: FreeText = Field(description="Scope and goal.", examples=["Restore mail within an hour."])
    benefit_inside: FreeText = Field(description="The benefit inside IT.", examples=["Fewer nights on call."])
    benefit_outside: FreeText = Field(
        description="The benefit outside IT.", examples=["Nobody waits for mail half a day."]
    )
    method: FreeText = Field(description="The method.", examples=["A runbook for each relay."])
    steps: FreeText = Field(
        description="The plan, step by step.", examples=["Write it in May, try it in June."]
    )
    resources: FreeText = Field(
        description="The people and means that it takes.", examples=["Two engineers for a month."]
    )
    judgement: FreeText = Field(
        description="How it will be judged as a whole.", examples=["By the targets, and by those on call."]
    )
    targets: Annotated[tuple[ProposedTarget, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="Its target KPIs; their baselines are frozen now."
    )
    plan: Annotated[Reference, ForeignRef("improvement_plan")] | None = Field(
        default=None, description="The annual improvement plan that it serves: its number or id."
    )
    plan_target: RecordKey | None = Field(
        default=None, description="The key of the plan's target that it serves."
    )
    outside_plan_reason: FreeText | None = Field(
        default=None,
        description="Why it is worth doing outside the plan, if it serves none of its targets.",
        examples=["The plan was made before the relays failed."],
    )
    planned_cost: Annotated[Amount, StaffOnly(reviewers=True)] | None = Field(
        default=None, description="What it costs, as 1250.00."
    )
    currency: Annotated[Currency, StaffOnly(reviewers=True)] | None = Field(
        default=None, description="In which currency (ISO 4217), as CNY."
    )


def propose(improvement: Improvement, body: ProposeImprovement, ctx: ActionContext) -> None:
    """Propose the improvement: its goal, benefit, plan and cost, and its target KPIs, whose baselines are
    frozen.
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
        ctx.change(target).dropped_at = ctx.occurred_at
    for baseline in earlier.baselines:
        ctx.remove(baseline)
    for one in targets:
        ctx.add(
            ImprovementTarget(
                id=ctx.new_id(),
                record=improvement.row_key,
                name=one.name,
                kpi=one.kpi,
                promised=one.promised.change,
                promised_as=one.promised.of,
                judged_by=one.judged_by,
                added_at=ctx.occurred_at,
            )
        )
    add_baselines(improvement, ctx)


class SubmitImprovement(AskDecision):
    """The question to the committee, and what the proposal was weighed against."""

    weighed_goals: FreeText = Field(
        description="Weighed against the goals.", examples=["It serves the first."]
    )
    weighed_practice: FreeText = Field(
        description="Weighed against best practice.", examples=["Others restore within an hour."]
    )
    weighed_present_state: FreeText = Field(
        description="Weighed against the present state.", examples=["Half a day at present."]
    )
    weighed_cost: Annotated[FreeText, StaffOnly()] = Field(
        description="Weighed by its cost.", examples=["A month of two engineers."]
    )
    weighed_resources: FreeText = Field(description="Weighed by the resources.", examples=["They are there."])
    weighed_time: FreeText = Field(description="Weighed by the time.", examples=["Before the winter."])
    defer_until_at: Instant | None = Field(
        default=None,
        description="Until when it is deferred, if the committee defers it; none: three months from now.",
    )

    def sections(self) -> SectionTexts:
        """Return the sections in which the document says how it was weighed."""
        return (
            (Heading.weighed_goals, self.weighed_goals),
            (Heading.weighed_practice, self.weighed_practice),
            (Heading.weighed_present_state, self.weighed_present_state),
            (Heading.weighed_cost, self.weighed_cost),
            (Heading.weighed_resources, self.weighed_resources),
            (Heading.weighed_time, self.weighed_time),
        )


def submit(improvement: Improvement, body: SubmitImprovement, ctx: ActionContext) -> None:
    """Submit the improvement to the committee, as a proposal that is weighed against goals, practice, present
    state, cost, resources and time.
    """
    on_file = ctx.prepared(ProposalOnFile)
    if on_file.entry.state is DocumentState.drafted:
        publish_draft(DocumentClass.PP, ctx)
    for place, (heading, text) in enumerate(body.sections(), start=on_file.sections + 1):
        ctx.add(
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
    put_to_committee(improvement, DecisionSubject.proposal, ctx)


def put_to_committee(improvement: Improvement, subject: DecisionSubject, ctx: ActionContext) -> None:
    """Put the prepared question to the committee."""
    asked = ctx.prepared(NewDecision)
    improvement.decision_id, improvement.proposal.decision_subject = asked.decision.id, subject
    add_prepared_decision(asked, ctx)


class TakeUpImprovement(Payload):
    """What has changed since the improvement was deferred."""

    model_config = example_includes("what_changed")
    what_changed: FreeText | None = Field(
        default=None,
        description="What has changed; rules leave it out.",
        examples=["The engineers are free from May."],
    )


def take_up(improvement: Improvement, body: TakeUpImprovement, ctx: ActionContext) -> None:
    """Take up the deferred improvement: those who deferred it are asked anew, within 14 days."""
    improvement.proposal.what_changed = body.what_changed
    improvement.proposal.taken_up_at = ctx.occurred_at
    improvement.proposal.review_again_at = None
    put_to_committee(improvement, DecisionSubject.proposal, ctx)


def approve(improvement: Improvement, body: Tallied, ctx: ActionContext) -> None:
    """Approve the improvement: the committee has decided for it."""


def reject(improvement: Improvement, body: Tallied, ctx: ActionContext) -> None:
    """Reject the improvement: the committee has decided against it."""


def defer(improvement: Improvement, body: Tallied, ctx: ActionContext) -> None:
    """Defer the improvement: the committee wants it later, or too few have voted in time."""
    lapsed = body.outcome is DecisionOutcome.lapsed
    improvement.deferral_reason = DeferralCause.no_quorum if lapsed else DeferralCause.by_vote
    wanted_at = improvement.proposal.review_again_at
    if wanted_at is None or wanted_at <= ctx.occurred_at:
        wanted_at = months_after(ctx.occurred_at, DEFERRAL_MONTHS, ctx.zone)
    improvement.deferred_until_at = wanted_at
