"""Steps 9 to 11 of improvements: judged by the measured effect, then standardised, or reverted."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.common.people import Person, Role
from app.common.records import Record
from app.foundation.decisions.closing import withdraw_open_decisions
from app.foundation.decisions.payloads import Tallied
from app.foundation.process_definitions.lookups import definition_of, teams_of_process
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kpis.questions.periods import months_after
from app.processes.improvements.checks import contradicting
from app.processes.improvements.committee.questions import put_to_committee
from app.processes.improvements.effects.payloads import (
    AgreeToEvaluationImprovement,
    AskToRevertImprovement,
    EvaluateImprovement,
    RevertImprovement,
    StandardiseImprovement,
)
from app.processes.improvements.preparation import NewestEffect
from app.processes.improvements.proposal.records import DecisionSubject
from app.processes.improvements.records import Improvement
from app.ticketing.projects.planning import expect_no_report

#: When the benefit is measured first after an improvement was standardised, in months.
FIRST_BENEFIT_MONTHS = 3


def evaluate(improvement: Improvement, body: EvaluateImprovement, ctx: ActionContext) -> None:
    """Evaluate the improvement: its goal, scope and benefit are judged by the measured effect."""
    improvement.judged_position = body.position
    improvement.evaluation.goal_reached = body.goal_reached
    improvement.evaluation.scope_reached = body.scope_reached
    improvement.evaluation.benefit_reached = body.benefit_reached
    improvement.evaluation.reached = body.reached
    improvement.evaluation.evaluation_comment = body.comment
    improvement.evaluation.against_evidence = (
        contradicting(body.reached, ctx.prepared(NewestEffect)) is not None
    )
    improvement.evaluation.against_evidence_reason = (
        body.reason if improvement.evaluation.against_evidence else None
    )
    improvement.evaluation.evaluated_by_id = ctx.caller.person_id
    owner, me = ctx.ref(Person, "agreed_by"), ctx.caller.person_id
    agrees = ctx.caller.has_role(Role.process_owner, improvement) and (owner is None or owner.id == me)
    improvement.evaluation.agreed_by_id = me if agrees else None
    improvement.evaluation.asked_owner_id = None if agrees or owner is None else owner.id
    improvement.evaluation.evaluated_at = ctx.occurred_at


def agree_to_evaluation(
    improvement: Improvement, body: AgreeToEvaluationImprovement, ctx: ActionContext
) -> None:
    """Agree to the improvement's evaluation, as the owner of its process."""
    improvement.evaluation.agreed_by_id = ctx.caller.person_id


def standardise(improvement: Improvement, body: StandardiseImprovement, ctx: ActionContext) -> None:
    """Standardise the improvement: its documents are updated and published, and the teams are informed."""
    improvement.outcome.document_numbers = list(body.document_numbers)
    improvement.outcome.external_numbers = list(body.external_numbers) or None
    improvement.told_team_ids = _teams_to_tell(ctx)
    improvement.outcome.published_at = body.published_at or ctx.occurred_at
    improvement.next_benefit_due_at = months_after(ctx.occurred_at, FIRST_BENEFIT_MONTHS, ctx.settings.zone)
    expect_no_report(improvement)


def revert(improvement: Improvement, body: RevertImprovement, ctx: ActionContext) -> None:
    """Revert the improvement: the old process applies again, and those concerned were informed."""
    improvement.outcome.revert_reason = body.reason
    improvement.outcome.reverted_told = body.told
    _add_concerned_teams(improvement, ctx)
    withdraw_open_decisions(ctx)
    expect_no_report(improvement)


def _add_concerned_teams(improvement: Improvement, ctx: ActionContext) -> None:
    """Add the teams of the process, and those that the payload names, to those that are notified of the
    reversal.
    """
    teams = dict.fromkeys([*improvement.notified_team_ids, *_teams_to_tell(ctx)])
    improvement.rollout.concerned_team_ids = list(teams) or None


@dataclass(frozen=True, slots=True)
class WorkingTeams:
    """The internal teams that work with the improved process."""

    team_ids: tuple[UUID, ...]


async def working_teams(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> WorkingTeams:
    """Find the internal teams that work with the improved process; none for the whole department."""
    process = improvement.process
    if process is None:
        return WorkingTeams(())
    definition = await definition_of(reads, process)
    return WorkingTeams(tuple(await teams_of_process(reads, process, definition, ctx.now)))


def _teams_to_tell(ctx: ActionContext) -> list[str]:
    """Return the teams of the process, then those that the caller adds."""
    named = [team.id for team in ctx.refs(Record, "teams")]
    return list(map(str, dict.fromkeys([*ctx.prepared(WorkingTeams).team_ids, *named])))


def ask_to_revert(improvement: Improvement, body: AskToRevertImprovement, ctx: ActionContext) -> None:
    """Ask for the improvement's reversal, during its pilot or later: the committee decides."""
    improvement.judgement.asked_reason, improvement.judgement.asked_told = body.reason, body.told
    _add_concerned_teams(improvement, ctx)
    put_to_committee(improvement, DecisionSubject.revert, ctx)


def revert_by_decision(improvement: Improvement, body: Tallied, ctx: ActionContext) -> None:
    """Revert the improvement by decision, as the committee has decided."""
    improvement.outcome.revert_reason, improvement.outcome.reverted_told = (
        improvement.judgement.asked_reason,
        improvement.judgement.asked_told,
    )
    expect_no_report(improvement)
