"""Reads that actions on improvements need before they are decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.common.people import Person, Role
from app.common.records import Record
from app.foundation.decisions.preparation import Matter, NewDecision, Question, new_decision, question_of
from app.foundation.decisions.records import Decision, DecisionRule, Vote
from app.foundation.documents.records import DocumentClass, DocumentEntry, DocumentSection
from app.kernel.actor_policy import RecordDuty, segregated_persons
from app.kernel.context import ActionContext
from app.kernel.reads import ReadContext
from app.kernel.refusals import PreparationRefused, WrongValue
from app.kpis.baselines.records import KpiBaseline
from app.processes.improvements.children.records import ImprovementMeasurement, ImprovementTarget
from app.processes.improvements.lookups import freezing_improvement, is_plan_target, proposers_of
from app.processes.improvements.records import TAKE_UP_PERIOD, Improvement, MeasurementOccasion

if TYPE_CHECKING:
    from app.foundation.decisions.actions import AskDecision

#: Whoever proposes it, or proposed what it carries out, does not vote on it; nor does whoever manages it,
#: carries its pilot out or wrote any of it.
proposer_duty = RecordDuty("proposer", "提案人", ("proposed_by_id", "proposer_ids"))
project_manager_duty = RecordDuty("project manager", "项目经理", ("project_manager_id",))
executor_duty = RecordDuty("executor of the pilot", "试点执行人", ("executor_id",))
MATTER = Matter(
    duties=(proposer_duty, project_manager_duty, executor_duty),
    fields=(
        *("title", "scope", "process", "aspect", "planned_cost", "what_changed", "work_plan"),
        *("implementation_plan", "pilot_scope", "pilot_control", "pilot_begins_at", "pilot_ends_at"),
        *("data_gathering", "implemented_what", "rollout_scope", "rollout_departments", "rollout_schedule"),
    ),
    children=("improvement_target",),
    electors=frozenset({Role.committee_member}),
)


@dataclass(frozen=True, slots=True)
class SuggestionsBehind:
    """Those who proposed the suggestions that an improvement carries out."""

    proposer_ids: tuple[UUID, ...]


async def suggestions_behind(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> SuggestionsBehind:
    """Find who proposed the suggestions, which are in the read set, as the payload names them."""
    streams = [one.row_key for one in ctx.refs(Record, "suggestions")]
    return SuggestionsBehind(await proposers_of(reads, streams))


@dataclass(frozen=True, slots=True)
class ProcessFreeze:
    """The number of the improvement since whose cutover the definition of the process is frozen; None: it is
    not.
    """

    number: str | None


async def process_freeze(
    reads: ReadContext, improvement: Improvement, body: Any, ctx: ActionContext
) -> ProcessFreeze:
    """Find another improvement of the same process that has cut over and is not optimised yet."""
    process = getattr(body, "process", None) or improvement.process
    if process is None:
        return ProcessFreeze(None)
    return ProcessFreeze(await freezing_improvement(reads, process, improvement.id))


@dataclass(frozen=True, slots=True)
class ServedTarget:
    """Whether the target that the payload names is one of the plan that it names; None: it names none."""

    known: bool | None


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
        tuple(one for one in targets if one.dropped_at is None),
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


async def committee_question(
    reads: ReadContext, improvement: Improvement, body: AskDecision, ctx: ActionContext
) -> NewDecision:
    """Prepare the question to the committee; those who proposed it or manage it do not vote."""
    return await new_decision(reads, improvement, question_of(body, ctx), MATTER, ctx)


async def repeated_question(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> NewDecision:
    """Prepare the last question anew: those who voted on it then, or the members of the committee if none of
    them can any more, by the same rule. Raises PreparationRefused if there is nobody to ask.
    """
    known = await reads.children(Decision, improvement, id=improvement.decision_id)
    last = known[0]
    ballots = await reads.children(Vote, improvement, decision_id=last.id)
    voted = [ballot.person_id for ballot in ballots if ballot.person_id is not None]
    free = segregated_persons(MATTER.duties, improvement)
    left = await reads.active(person for person in voted if person not in free)
    rule, chair = last.rule or DecisionRule.majority, None
    if last.chair_id is not None and last.chair_id in left:
        chair = await _person(reads, last.chair_id)
    elif rule is DecisionRule.chair:
        rule = DecisionRule.majority
    persons = [one for one in [await _person(reads, person) for person in voted if person in left] if one]
    question = Question(
        question=last.question or improvement.title or improvement.number,
        rule=rule,
        due_at=ctx.now + TAKE_UP_PERIOD,
        quorum=last.quorum if last.quorum is not None and last.quorum <= len(persons) else None,
        role=None if persons else Role.committee_member,
        persons=persons,
        chair=chair,
    )
    try:
        return await new_decision(reads, improvement, question, MATTER, ctx)
    except WrongValue as refused:
        raise PreparationRefused("electorate_is_gone") from refused


async def _person(reads: ReadContext, person_id: UUID) -> Person | None:
    loaded = await reads.record(Person.KIND, str(person_id))
    return None if loaded is None else loaded.record


@dataclass(frozen=True, slots=True)
class NewestEffect:
    """The newest measurement of the evaluation: its log position and its effects; None: there is none.

    `missing` are the target KPIs of which it has no effect.
    """

    position: int | None
    effects: tuple[ImprovementMeasurement, ...]
    missing: tuple[str, ...]


async def newest_effect(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> NewestEffect:
    """Find the newest measurement that was made for the evaluation."""
    occasion = MeasurementOccasion.evaluation.value
    measured = await reads.children(ImprovementMeasurement, improvement, occasion=occasion)
    targets = await reads.children(ImprovementTarget, improvement)
    wanted = [one.name or "" for one in targets if one.dropped_at is None]
    position = max((one.position for one in measured if one.position is not None), default=None)
    effects = tuple(one for one in measured if one.position == position)
    known = {one.target for one in effects}
    return NewestEffect(position, effects, tuple(name for name in wanted if name not in known))
