"""Checks of actions of a pilot, beyond state and role. Each returns or raises the code of its refusal."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from app.common.people import Person, Role, parse_grants
from app.common.records import Record
from app.foundation.licences.lookups import training_results
from app.foundation.licences.records import TrainingKind
from app.foundation.people.lookups import active_members
from app.i18n import Word
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused, Refusal, WrongValue, caller_check
from app.kpis.catalogue import KPIS
from app.kpis.questions.periods import months_after
from app.processes.improvements.pilot.payloads import (
    AskJudgementImprovement,
    LogPilotFeedbackImprovement,
    ReportPilotImprovement,
    SolvePilotIssueImprovement,
    StartPilotImprovement,
)
from app.processes.improvements.pilot.preparation import ExecutorLicence, PilotEvidence
from app.processes.improvements.pilot.records import PilotIssue, PilotJudgement, PilotLength, PilotReadiness
from app.processes.improvements.pilot.scope import check_compared, check_pilot_scope
from app.processes.improvements.project.actions import LONGEST_PILOT, SHORTEST_PILOT, pilot_length
from app.processes.improvements.project.records import ImprovementMember
from app.processes.improvements.records import Improvement

MEMBERS_GUARD = Unguarded("Whoever joins a team meanwhile gives their feedback after that.")
#: The most members of the teams of a pilot.
MOST_MEMBERS = 5_000
#: Preparations that a pilot needs, each with the refusal that names the missing one.
READINESS = {
    "told": "telling_missing",
    "key_user_training": "key_user_training_missing",
    "executor_training": "executor_training_missing",
    "duties": "adjusted_duties_missing",
    "standards": "revised_standards_missing",
    "executor": "executor_missing",
}


#: What is said of the next round of a pilot, and of no other judgement.
OF_EXTENSION = ("begins_at", "ends_at", "scope", "control")


class NotInThePilot(Refusal):
    """Refusal: the caller has no part in the pilot."""

    STATUS = 403
    CODE = "not_in_the_pilot"


class NoPilotParticipant(Refusal):
    """Refusal: the caller took no part in the pilot, so they give no feedback on it."""

    STATUS = 403
    CODE = "no_pilot_participant"


@caller_check
async def not_in_the_pilot(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> None:
    """Refuse if the caller is neither the project manager, nor the executor, nor in the team."""
    caller = ctx.caller.person_id
    if caller is not None and caller in (improvement.project_manager_id, improvement.executor_id):
        return
    if caller is None or await reads.child(ImprovementMember, improvement, person_id=caller) is None:
        raise NotInThePilot()


@caller_check
async def no_pilot_participant(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> None:
    """Refuse feedback of people who took no part in the pilot."""
    try:
        await not_in_the_pilot(reads, improvement, body, ctx)
    except NotInThePilot as refused:
        caller = ctx.caller.person_id
        if caller is None or not await _takes_part(reads, improvement, caller):
            raise NoPilotParticipant() from refused


async def feedback_of_another(
    reads: ReadContext, improvement: Improvement, body: LogPilotFeedbackImprovement, ctx: ActionContext
) -> None:
    """Refuse what participants outside the team record for others (`not_your_feedback`)."""
    if ctx.required_ref(Person, "person").id == ctx.caller.person_id:
        return
    try:
        await not_in_the_pilot(reads, improvement, body, ctx)
    except NotInThePilot as refused:
        raise WrongValue(pointer="/person", because="not_your_feedback") from refused


async def _takes_part(reads: ReadContext, improvement: Improvement, person: UUID) -> bool:
    """Return whether the person is in a team of the pilot, or was to be trained for this round."""
    members = await active_members(
        partial(reads.rows, guard=MEMBERS_GUARD),
        [UUID(team_id) for team_id in improvement.notified_team_ids],
        MOST_MEMBERS,
    )
    if person in members:
        return True
    rounds = improvement.pilot.pilot_rounds
    for readiness in await reads.children(PilotReadiness, improvement, pilot_round=rounds):
        for training_id in (readiness.key_user_training_id, readiness.executor_training_id):
            trained = None if training_id is None else await training_results(reads, training_id)
            if trained is not None and person in trained.participants:
                return True
    return False


def raise_all(wrong: list[WrongValue]) -> None:
    """Raise the wrong values, the first with the others, if there are any."""
    if wrong:
        wrong[0].further = tuple(wrong[1:])
        raise wrong[0]


async def pilot_is_over(reads: ReadContext, improvement: Improvement, ctx: ActionContext) -> str | None:
    """Refuse to start a pilot whose agreed end has passed (`pilot_is_over`)."""
    ends_at = improvement.pilot.pilot_ends_at
    return "pilot_is_over" if ends_at is not None and ends_at <= ctx.counts_from else None


async def pilot_begins_later(reads: ReadContext, improvement: Improvement, ctx: ActionContext) -> str | None:
    """Refuse to start a pilot before the day on which the departments agreed to begin
    (`pilot_begins_later`).
    """
    begins_at, zone = improvement.pilot.pilot_begins_at, ctx.settings.zone
    is_early = begins_at is not None and (
        ctx.occurred_at.astimezone(zone).date() < begins_at.astimezone(zone).date()
    )
    return "pilot_begins_later" if is_early else None


async def not_kicked_off(reads: ReadContext, improvement: Improvement, ctx: ActionContext) -> str | None:
    """Refuse to start a pilot that its sponsor has not kicked off by then (`not_kicked_off`)."""
    kicked_off_at = improvement.pilot.kicked_off_at
    return "not_kicked_off" if kicked_off_at is None or kicked_off_at > ctx.occurred_at else None


async def kicked_off_already(reads: ReadContext, improvement: Improvement, ctx: ActionContext) -> str | None:
    """Refuse to kick a pilot off twice (`kicked_off_already`)."""
    return None if improvement.pilot.kicked_off_at is None else "kicked_off_already"


async def not_ready_for_pilot(
    reads: ReadContext, improvement: Improvement, body: StartPilotImprovement, ctx: ActionContext
) -> None:
    """Refuse if something is missing that must be ready for the pilot, naming each."""
    raise_all(
        [
            WrongValue(pointer=f"/{name}", because=code)
            for name, code in READINESS.items()
            if not (getattr(body, name) or (name == "standards" and body.external_numbers))
        ]
    )


async def not_trained_for_pilot(
    reads: ReadContext, improvement: Improvement, body: StartPilotImprovement, ctx: ActionContext
) -> None:
    """Refuse trainings that were not held, are for others, or of which that of the executors came first; one
    that nobody attended, or nobody of the teams in scope; and executors who were not examined.
    """
    first = checked_training(improvement, ctx, "key_user_training", TrainingKind.key_user)
    second = checked_training(improvement, ctx, "executor_training", TrainingKind.executor)
    if first.id == second.id or second.held_at < first.held_at:
        raise WrongValue(pointer="/executor_training", because="executors_trained_first")
    team_ids = [UUID(team_id) for team_id in improvement.notified_team_ids]
    members = await active_members(partial(reads.rows, guard=MEMBERS_GUARD), team_ids, MOST_MEMBERS)
    for field, training in (("key_user_training", first), ("executor_training", second)):
        words = {"number": str(training.number)}
        trained = await training_results(reads, training.id)
        if trained is None or not trained.attended:
            raise WrongValue(words, pointer=f"/{field}", because="training_attended_by_nobody")
        if members and trained.attended.isdisjoint(members):
            raise WrongValue(words, pointer=f"/{field}", because="training_without_teams_in_scope")
        if training is second and not trained.attended & trained.results.keys():
            raise WrongValue(words, pointer=f"/{field}", because="training_not_examined")


def checked_training(
    improvement: Improvement, ctx: ActionContext, field: str, kind: TrainingKind | None = None
) -> Any:
    """Return the training in the payload's field. Raises WrongValue if it was not held, is for other people
    than those of `kind`, in another process, or for another improvement. An improvement of the whole
    department has no process, so its trainings must name it. Its record belongs to the trainings.
    """
    training: Any = ctx.required_ref(Record, field)
    words = {"number": str(training.number)}
    if training.held_at is None:
        raise WrongValue(words, pointer=f"/{field}", because="training_not_held")
    if kind is not None and training.kind not in (kind, TrainingKind.everybody):
        raise WrongValue(words, pointer=f"/{field}", because="training_of_others")
    if improvement.process is not None and training.process != improvement.process:
        words["process"] = improvement.process
        raise WrongValue(words, pointer=f"/{field}", because="training_in_other_process")
    is_for_it = training.improvement_id == improvement.id
    if not is_for_it and (training.improvement_id is not None or improvement.process is None):
        raise WrongValue(words, pointer=f"/{field}", because="training_of_other_improvement")
    return training


async def executor_not_suitable(
    reads: ReadContext, improvement: Improvement, body: StartPilotImprovement, ctx: ActionContext
) -> None:
    """Refuse an executor who owns the process or has no valid licence for it."""
    executor = ctx.required_ref(Person, "executor")
    check_executor(improvement, executor, ctx.prepared(ExecutorLicence), "/executor")


def check_executor(
    improvement: Improvement, executor: Person, licence: ExecutorLicence, pointer: str
) -> None:
    """Refuse an executor who owns the process or has no valid licence for it. Raises WrongValue."""
    held = parse_grants(executor.roles) or ()
    owns = any(grant.role is Role.process_owner and grant.covers(improvement) for grant in held)
    if owns or executor.id == improvement.process_owner_id:
        raise WrongValue(pointer=pointer, because="executor_owns_process")
    if licence.is_missing:
        raise WrongValue({"process": str(improvement.process)}, pointer=pointer, because="no_licence")


async def issue_is_solved(
    reads: ReadContext, improvement: Improvement, body: SolvePilotIssueImprovement, ctx: ActionContext
) -> None:
    """Refuse to solve an issue twice (`solved_already`)."""
    if ctx.required_ref(PilotIssue, "issue").solved_at is not None:
        raise WrongValue(pointer="/issue", because="solved_already")


@caller_check
async def effect_is_missing(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> None:
    """Refuse while a target KPI was not measured in this round of the pilot (`effect_is_missing`)."""
    unmeasured = ctx.prepared(PilotEvidence).unmeasured()
    if unmeasured:
        kpis = [KPIS[key] for key in dict.fromkeys(str(target.kpi) for target in unmeasured)]
        raise PreparationRefused("effect_is_missing", {"targets": kpis})


async def reported_early(
    reads: ReadContext, improvement: Improvement, body: ReportPilotImprovement, ctx: ActionContext
) -> None:
    """Refuse a report before the agreed end of the pilot without a reason (`reported_early`). A pilot that
    was started late still lasts three months, unless the plan gives the reason for a shorter one.
    """
    pilot = improvement.pilot
    ends_at, started_at = pilot.pilot_ends_at, pilot.pilot_started_at
    if ends_at is not None and started_at is not None and pilot.pilot_length_reason is None:
        ends_at = max(ends_at, months_after(started_at, SHORTEST_PILOT, ctx.settings.zone))
    if ends_at is not None and ctx.occurred_at < ends_at and body.early_reason is None:
        words: dict[str, Word] = {"until": ends_at}
        raise WrongValue(words, pointer="/early_reason", because="reported_early")


async def judgement_invalid(
    reads: ReadContext, improvement: Improvement, body: AskJudgementImprovement, ctx: ActionContext
) -> None:
    """Refuse a judgement of another effect than the report's, and missing content."""
    if body.position != improvement.evaluation.measured_position:
        words = {"position": str(improvement.evaluation.measured_position)}
        raise WrongValue(words, pointer="/position", because="not_the_reported_effect")
    if body.judgement is not PilotJudgement.extended:
        for name in OF_EXTENSION:
            if getattr(body, name) is not None:
                raise WrongValue(pointer=f"/{name}", because="only_to_extend")
    if body.judgement is PilotJudgement.passed:
        _check_passed(body, ctx.prepared(PilotEvidence))
    elif body.judgement is PilotJudgement.extended:
        await _check_extended(reads, improvement, body, ctx)
    else:
        _check_stopped(body)


def _check_passed(body: AskJudgementImprovement, evidence: PilotEvidence) -> None:
    """Refuse to pass the pilot without a reason on an effect that is not improved, or that shows what was
    promised to be missed.
    """
    if body.reason is not None:
        return
    against = evidence.not_improved()
    if against:
        words = {"kpis": [KPIS[str(measurement.kpi)] for measurement in against]}
        raise WrongValue(words, pointer="/reason", because="passed_against_evidence")
    missed = evidence.promises_missed()
    if missed:
        words = {"kpis": [KPIS[str(measurement.kpi)] for measurement in missed]}
        raise WrongValue(words, pointer="/reason", because="passed_below_promise")


async def _check_extended(
    reads: ReadContext, improvement: Improvement, body: AskJudgementImprovement, ctx: ActionContext
) -> None:
    """Refuse to extend the pilot without new dates after the report of the round, with an end that does not
    lie ahead, for longer than a pilot lasts, or compared with itself.
    """
    needed = {"begins_at": "extension_dates_missing", "ends_at": "extension_dates_missing"}
    raise_all(
        [
            WrongValue(pointer=f"/{name}", because=code)
            for name, code in needed.items()
            if getattr(body, name) is None
        ]
    )
    assert body.begins_at is not None
    assert body.ends_at is not None
    targets = ctx.prepared(PilotEvidence).targets
    await check_pilot_scope(reads, body.scope, targets, "/scope")
    await check_pilot_scope(reads, body.control, targets, "/control")
    pilot = improvement.pilot
    if body.scope or body.control:
        scope, control = body.scope or pilot.pilot_scope or {}, body.control or pilot.pilot_control
        check_compared(scope, control, "/control" if body.control else "/scope")
    if body.ends_at <= ctx.now:
        raise WrongValue(pointer="/ends_at", because="not_ahead")
    if body.ends_at <= body.begins_at:
        raise WrongValue(pointer="/ends_at", because="before_it_began")
    reported_at = improvement.pilot_reported_at
    if reported_at is not None and body.begins_at < reported_at:
        raise WrongValue({"since": reported_at}, pointer="/begins_at", because="before_report_of_round")
    if body.ends_at > months_after(ctx.now, LONGEST_PILOT, ctx.settings.zone) + timedelta(days=1):
        words = {"months": str(LONGEST_PILOT)}
        raise WrongValue(words, pointer="/ends_at", because="extension_too_long")
    if pilot_length(body.begins_at, body.ends_at, ctx) is not PilotLength.usual and body.reason is None:
        raise WrongValue(pointer="/reason", because="unusual_pilot_length")


def _check_stopped(body: AskJudgementImprovement) -> None:
    """Refuse to stop the pilot without a reason, and without the people to notify."""
    needed = {"reason": "stop_reason_missing", "told": "stop_telling_missing"}
    raise_all(
        [
            WrongValue(pointer=f"/{name}", because=code)
            for name, code in needed.items()
            if getattr(body, name) is None
        ]
    )
