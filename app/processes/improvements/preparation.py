"""Reads that actions on improvements need before they are decided."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.common.records import Record
from app.foundation.decisions.lookups import acts_of, touches
from app.foundation.decisions.matters import TASKS, WORK_EVENTS, ChildDuty, Matter, Origins
from app.foundation.decisions.motions import question_of
from app.foundation.decisions.preparation import NewDecision, Question, new_decision, question_preparation
from app.foundation.decisions.records import Decision, DecisionKind
from app.foundation.documents.records import DocumentClass, DocumentEntry, DocumentSection
from app.foundation.process_definitions.lookups import freezing_improvement, may_hide_a_freeze
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import RecordDuty, requester_duty
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import caller_check
from app.kpis.baselines.records import KpiBaseline
from app.log.events import stream
from app.processes.improvements.effects.records import ImprovementMeasurement, MeasurementOccasion
from app.processes.improvements.lookups import PROPOSERS_SETTLED, is_plan_target, proposers_of
from app.processes.improvements.proposal.records import ImprovementTarget
from app.processes.improvements.records import Improvement

SUGGESTION = "improvement_suggestion"
SUGGESTION_FIELDS = ("suggestion_ids",)


async def proposers_named(reads: ReadContext, improvement: Improvement) -> Origins:
    """Return who proposed the suggestions that it carries out, with the person who took these up: that is no
    act of theirs, so they keep their vote and may recuse themselves.
    """
    suggestions = [stream(SUGGESTION, UUID(name)) for name in improvement.proposal.suggestion_ids or ()]
    proposers = await proposers_of(reads, suggestions, guard=PROPOSERS_SETTLED)
    acts = await acts_of(reads, improvement) if proposers else []
    takers = [
        act.person_id for act in acts if touches(act.rows_set, improvement.row_key, SUGGESTION_FIELDS, ())
    ]
    return Origins(named_by=dict.fromkeys(proposers, takers[-1] if takers else None))


#: People who propose it do not vote on it; nor do those who sponsor, manage or carry out any of it, wrote any
#: of it, or put the question.
project_manager_duty = RecordDuty("project manager", "项目经理", ("project_manager_id",))
executor_duty = RecordDuty("executor of the pilot", "试点执行人", ("executor_id",))
PROPOSAL = Matter(
    decision=DecisionKind.improvement_proposal,
    duties=(
        RecordDuty("proposer", "提案人", ("proposed_by_id",)),
        project_manager_duty,
        executor_duty,
        RecordDuty("sponsor", "发起人", ("sponsor_id",)),
        requester_duty,
    ),
    child_duties=(TASKS, ChildDuty("improvement_member", "person_id"), ChildDuty("rollout_step", "owner_id")),
    origins=proposers_named,
    acts=(
        *(*WORK_EVENTS, "planned", "progress_reported", "kicked_off", "pilot_started", "pilot_reported"),
        *("implementation_begun", "implemented", "rollout_planned", "rollout_step_completed"),
    ),
    fields=(
        *("title", "scope", "process", "aspect", "planned_cost", "what_changed", "work_plan"),
        *("implementation_plan", "pilot_scope", "pilot_control", "pilot_begins_at", "pilot_ends_at"),
        *("data_gathering", "implemented_what", "rollout_scope", "rollout_departments", "rollout_schedule"),
    ),
    children=("improvement_target", "document_section"),
    without_asker=True,
)
CLASS = replace(PROPOSAL, decision=DecisionKind.improvement_class)
CHARTER = replace(PROPOSAL, decision=DecisionKind.improvement_charter)
#: The charter has given sponsor and project manager their posts: both answer for the project.
POSTS = ("sponsor_id", "project_manager_id")
PROJECT_PLAN = replace(PROPOSAL, decision=DecisionKind.project_plan, posts=POSTS)
PILOT = replace(PROPOSAL, decision=DecisionKind.pilot, posts=POSTS)
PEOPLE = replace(PROPOSAL, decision=DecisionKind.improvement_people, posts=POSTS)
REVERT = replace(PROPOSAL, decision=DecisionKind.improvement_revert, posts=POSTS)


@dataclass(frozen=True, slots=True)
class SuggestionsBehind:
    """Those who proposed the suggestions that an improvement carries out."""

    proposer_ids: tuple[UUID, ...]


async def suggestions_behind(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> SuggestionsBehind:
    """Find who proposed the suggestions, which are in the read set, as the payload names them."""
    streams = [suggestion.row_key for suggestion in ctx.refs(Record, "suggestions")]
    return SuggestionsBehind(await proposers_of(reads, streams))


@dataclass(frozen=True, slots=True)
class ProcessFreeze:
    """The number of the improvement since whose cutover the definition of the process is frozen; None: it is
    not. `is_known`: the process is one of ours, has a definition, or nothing is frozen.
    """

    number: str | None
    is_known: bool = True


async def process_freeze(
    reads: ReadContext, improvement: Improvement, body: Any, ctx: ActionContext
) -> ProcessFreeze:
    """Find another improvement of the same process that has cut over and is not optimised yet."""
    process = getattr(body, "process", None) or improvement.process
    if process is None:
        return ProcessFreeze(None)
    number = await freezing_improvement(reads, process, improvement.id)
    is_known = process in reads.lifecycles or not await may_hide_a_freeze(reads, process)
    return ProcessFreeze(number, is_known)


@dataclass(frozen=True, slots=True)
class ServedTarget:
    """Whether the target in the payload is one of the plan in the payload; None without a target."""

    is_known: bool | None


async def served_target(
    reads: ReadContext, improvement: Improvement, body: Any, ctx: ActionContext
) -> ServedTarget:
    """Find the target of the plan, which is in the read set, as the payload names it."""
    plan = ctx.ref(Record, "plan")
    if plan is None or body.plan_target is None:
        return ServedTarget(None)
    return ServedTarget(await is_plan_target(reads, plan.row_key, body.plan_target))


@dataclass(frozen=True, slots=True)
class TargetsOfProposal:
    """The target KPIs of the present proposal, and their frozen baselines."""

    targets: tuple[ImprovementTarget, ...]
    baselines: tuple[KpiBaseline, ...]


async def targets_of_proposal(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> TargetsOfProposal:
    """Find the target KPIs of the present proposal, and their baselines."""
    targets = await reads.children(ImprovementTarget, improvement)
    return TargetsOfProposal(
        tuple(target for target in targets if target.dropped_at is None),
        tuple(await reads.children(KpiBaseline, improvement)),
    )


@dataclass(frozen=True, slots=True)
class ProposalOnFile:
    """The document of the proposal, and how many sections its present edition has."""

    entry: DocumentEntry
    sections: int


async def proposal_on_file(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> ProposalOnFile:
    """Find the document of the proposal."""
    documents = await reads.children(DocumentEntry, improvement, document_class=DocumentClass.PP.value)
    entry = documents[-1]
    sections = await reads.children(DocumentSection, improvement, document_id=entry.id, edition=entry.edition)
    return ProposalOnFile(entry, len(sections))


#: Prepares a question to the committee on the matter; people with a part in the matter do not vote.
committee_question = question_preparation


async def repeated_question(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> NewDecision:
    """Prepare the last question again, by the approval rules as they are now."""
    decisions = await reads.children(Decision, improvement, id=improvement.decision_id)
    question = question_of(decisions[0])
    return await new_decision(reads, improvement, Question(question, PROPOSAL), ctx)


@dataclass(frozen=True, slots=True)
class NewestEffect:
    """The newest measurement of the evaluation: its log position and its effects, or None.

    `missing` are the target KPIs of which it has no effect.
    """

    position: int | None
    effects: tuple[ImprovementMeasurement, ...]
    missing: tuple[str, ...]


@caller_check
async def newest_effect(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> NewestEffect:
    """Find the newest measurement that was made for the evaluation."""
    occasion = MeasurementOccasion.evaluation.value
    measured = await reads.children(ImprovementMeasurement, improvement, occasion=occasion)
    targets = await reads.children(ImprovementTarget, improvement)
    target_names = [target.name or "" for target in targets if target.dropped_at is None]
    position = max(
        (measurement.position for measurement in measured if measurement.position is not None), default=None
    )
    effects = tuple(measurement for measurement in measured if measurement.position == position)
    measured_names = {measurement.target for measurement in effects}
    return NewestEffect(position, effects, tuple(name for name in target_names if name not in measured_names))
