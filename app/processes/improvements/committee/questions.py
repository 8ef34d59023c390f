"""Motions to the committee: the prepared question, and the class that it is asked to approve."""

from __future__ import annotations

from app.common.priorities.priority import Impact, Urgency
from app.foundation.decisions.actions import add_prepared_decision
from app.foundation.decisions.preparation import NewDecision
from app.kernel.actions.context import ActionContext
from app.processes.improvements.committee.payloads import ClassFields
from app.processes.improvements.proposal.records import DecisionSubject, ImprovementKind, ImprovementSize
from app.processes.improvements.records import Improvement


def put_to_committee(improvement: Improvement, subject: DecisionSubject, ctx: ActionContext) -> None:
    """Put the prepared question to the committee."""
    new_decision = ctx.prepared(NewDecision)
    improvement.decision_id, improvement.proposal.decision_subject = new_decision.decision.id, subject
    add_prepared_decision(new_decision, ctx)


def put_class(
    improvement: Improvement,
    body: ClassFields,
    kind: ImprovementKind | None,
    impact: Impact | None,
    urgency: Urgency | None,
) -> None:
    """Store the class that the committee is asked to approve; without a kind the motion has no class."""
    motion, size = improvement.motion, None if kind is None else body.size_of(kind)
    motion.asked_kind, motion.asked_size = kind, size
    motion.asked_criteria = None if kind is None else [criterion.value for criterion in body.criteria]
    motion.asked_size_reason = body.size_reason
    motion.asked_to_pilot = None if kind is None else body.to_pilot or size is ImprovementSize.major
    motion.asked_impact, motion.asked_urgency = impact, urgency
    motion.asked_priority = body.priority


def take_class(improvement: Improvement, ctx: ActionContext) -> None:
    """Give the improvement the class that the committee has approved."""
    motion = improvement.motion
    improvement.size, improvement.improvement_kind = motion.asked_size, motion.asked_kind
    improvement.proposal.size_reason = motion.asked_size_reason
    improvement.proposal.size_criteria = motion.asked_criteria
    improvement.proposal.to_pilot = motion.asked_to_pilot
    improvement.impact, improvement.urgency = motion.asked_impact, motion.asked_urgency
    # Without one, the priority follows from both (`set_priority`).
    improvement.priority = motion.asked_priority
    improvement.proposal.classified_at = ctx.occurred_at
