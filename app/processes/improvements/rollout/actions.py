"""Actions of a rollout: it is planned in nine steps, each is completed with its evidence, the improvement is
handed over, and in the end optimised and fixed.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.common.people import Person
from app.common.records import Record
from app.common.tickets import Ticket
from app.foundation.documents.filing import OnFile, file_document, publish_draft, published_document
from app.foundation.documents.records import DocumentClass, DocumentState, Heading
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kpis.questions.periods import months_after
from app.processes.improvements.pilot.preparation import PilotEvidence
from app.processes.improvements.records import Improvement
from app.processes.improvements.rollout.payloads import (
    ALL_TEAMS,
    AnnounceCutoverImprovement,
    AnnouncePublicationImprovement,
    AskHandOverImprovement,
    CompleteRolloutStepImprovement,
    FixImprovement,
    FlagRolloutStepImprovement,
    FlagSittingImprovement,
    HandOverImprovement,
    ListNewcomerImprovement,
    RollOutImprovement,
    SkipRolloutOrderImprovement,
    TellNewcomerImprovement,
)
from app.processes.improvements.rollout.plan_checks import added_teams, open_steps
from app.processes.improvements.rollout.preparation import (
    MONTHS_AFTER_CUTOVER,
    SITTING_WITHIN,
    RolloutSteps,
    StepTraining,
)
from app.processes.improvements.rollout.records import (
    DAILY_MANAGEMENT,
    FIXED_IN,
    RolloutAnnouncement,
    RolloutSitting,
    RolloutStep,
    RolloutStepName,
)
from app.ticketing.followers import add_followers

#: The texts of a step's evidence. Those of a later stage of the cutover take the place of the earlier one's.
EVIDENCE_TEXTS = (
    *("evidence", "goals", "goal_reason", "weekly_plan"),
    *("pilot_shown", "people_shown", "resources_shown", "obstacles_shown"),
    *DAILY_MANAGEMENT,
)


def roll_out(improvement: Improvement, body: RollOutImprovement, ctx: ActionContext) -> None:
    """Roll out the improvement: its nine steps are planned with owners and due dates, or its open steps are
    planned again.
    """
    release, steps = ctx.ref(Ticket, "release"), open_steps(improvement, body, ctx)
    improvement.rollout.rollout_advice = body.advice
    improvement.rollout.rollout_scope = body.scope
    improvement.rollout.rollout_departments = list(dict.fromkeys(body.departments))
    improvement.rollout.rollout_contributions = body.contributions
    improvement.rollout.rollout_schedule = body.schedule
    improvement.rollout.schedule_reason = body.schedule_reason
    improvement.rollout.rollout_told = body.told
    # A plan that leaves the release out would otherwise drop the condition that it is in use.
    if "release" in body.model_fields_set:
        improvement.rollout.release_id = release.id if release else None
    reopened = _set_teams(improvement, body, ctx)
    improvement.rollout.rollout_planned_at = ctx.occurred_at
    owners = {planned.step: ctx.required_ref(Person, f"steps/{n}/owner").id for n, planned in steps}
    due = {planned.step: planned.due_at for _, planned in steps}
    cutover_at = improvement.cutover_at or due.get(RolloutStepName.cut_over)
    planned_steps = ctx.prepared(RolloutSteps)
    add_followers(improvement, list(dict.fromkeys(owners.values())), ctx)
    for place, name in enumerate(RolloutStepName, start=1):
        step = planned_steps.step(name)
        if step is not None and step.completed_at is not None and name not in reopened:
            continue
        if step is None:
            row = RolloutStep(
                id=ctx.new_id(),
                record=improvement.row_key,
                step=name,
                place=place,
                planned_at=ctx.occurred_at,
            )
            ctx.outcome.add(row)
        else:
            row = ctx.outcome.change(step)
            row.overdue_at = row.completed_at = row.completed_by_id = None
        row.owner_id = owners.get(name, improvement.project_manager_id)
        row.due_at = due.get(name) or default_due(name, cutover_at, ctx)
        if name is RolloutStepName.pilot:
            _complete_pilot(row, ctx)
    if improvement.cutover_at is None and cutover_at is not None:
        _move_effective_day(planned_steps.step(RolloutStepName.publish), cutover_at, ctx)


def _move_effective_day(publish: RolloutStep | None, cutover_at: datetime, ctx: ActionContext) -> None:
    """Move the day on which the published document takes effect to the day of the cutover."""
    if publish is None or publish.effective_at is None:
        return
    zone = ctx.settings.zone
    if publish.effective_at.astimezone(zone).date() != cutover_at.astimezone(zone).date():
        ctx.outcome.change(publish).effective_at = cutover_at


def _set_teams(
    improvement: Improvement, body: RollOutImprovement, ctx: ActionContext
) -> frozenset[RolloutStepName]:
    """Set the teams of the rollout, and return the completed steps that added teams reopen. Of the teams, a
    smaller part has then cut over.
    """
    before, added = improvement.notified_team_ids, added_teams(improvement, ctx)
    teams = list(dict.fromkeys(str(team.id) for team in ctx.refs(Record, "teams")))
    improvement.rollout.concerned_team_ids = teams
    planned_steps = ctx.prepared(RolloutSteps)
    if planned_steps.is_trained and not set(before) <= set(teams):
        improvement.rollout.teams_reason = body.teams_reason
    share = improvement.rollout.cutover_share
    if added and share is not None:
        improvement.rollout.cutover_share = share * (len(teams) - len(added)) // len(teams)
    return planned_steps.reopened(added)


def _complete_pilot(row: RolloutStep, ctx: ActionContext) -> None:
    """Complete the step of the pilot, which is done: its report is the evidence."""
    report = published_document(DocumentClass.PL, ctx)
    row.evidence_numbers = [report.number] if report is not None and report.number is not None else None
    row.completed_by_id = ctx.caller.person_id
    row.completed_at = ctx.occurred_at


def default_due(name: RolloutStepName, cutover_at: datetime | None, ctx: ActionContext) -> datetime | None:
    """Return the default due time of the step: after the cutover by its day; other steps have none."""
    months = MONTHS_AFTER_CUTOVER.get(name)
    return (
        None if months is None or cutover_at is None else months_after(cutover_at, months, ctx.settings.zone)
    )


def complete_rollout_step(
    improvement: Improvement, body: CompleteRolloutStepImprovement, ctx: ActionContext
) -> None:
    """Complete a rollout step of the improvement, with its evidence. A cutover in stages is complete when all
    teams have cut over.
    """
    step = ctx.outcome.change(ctx.prepared(RolloutSteps).planned(body.step))
    for name in EVIDENCE_TEXTS:
        text = getattr(body, name)
        if text is not None:
            setattr(step, name, text)
    step.evidence_numbers = list(body.numbers) or None
    step.external_numbers = list(body.external_numbers) or None
    if body.step is RolloutStepName.name_owner:
        _name_owner(improvement, ctx)
    elif body.step is RolloutStepName.organise:
        improvement.rollout.rollout_goal = body.goal or improvement.default_goal
    elif body.step is RolloutStepName.inform_and_train:
        step.training_id = ctx.required_ref(Record, "training").id
        _add_announcements(improvement, body, ctx)
        _add_sittings(improvement, body, ctx)
    elif body.step is RolloutStepName.publish:
        step.effective_at = body.effective_at
    elif body.step is RolloutStepName.cut_over:
        _cut_over(improvement, body, ctx)
    elif body.step is RolloutStepName.manage_daily:
        step.went_well = body.went_well
    if body.step is not RolloutStepName.cut_over or body.share == ALL_TEAMS:
        step.completed_by_id = ctx.caller.person_id
        step.completed_at = ctx.occurred_at


def _name_owner(improvement: Improvement, ctx: ActionContext) -> None:
    """Name the process owner, who then organises the rollout."""
    owner = ctx.required_ref(Person, "owner")
    improvement.process_owner_id = owner.id
    organise = ctx.prepared(RolloutSteps).planned(RolloutStepName.organise)
    if organise.completed_at is None:
        ctx.outcome.change(organise).owner_id = owner.id
        add_followers(improvement, [owner.id], ctx)


def _add_announcements(
    improvement: Improvement, body: CompleteRolloutStepImprovement, ctx: ActionContext
) -> None:
    for announced in body.announcements:
        announcement = RolloutAnnouncement(
            id=ctx.new_id(),
            record=improvement.row_key,
            step=body.step,
            medium=announced.medium,
            announced_at=announced.announced_at,
            reach=announced.reach,
            recorded_by_id=ctx.caller.person_id,
            noted_at=ctx.occurred_at,
        )
        ctx.outcome.add(announcement)


def _add_sittings(improvement: Improvement, body: CompleteRolloutStepImprovement, ctx: ActionContext) -> None:
    """List who is yet to sit the examination, as the owner of the step confirms."""
    for n, absent in enumerate(body.absent):
        sitting = RolloutSitting(
            id=ctx.new_id(),
            record=improvement.row_key,
            person_id=ctx.required_ref(Person, f"absent/{n}/person").id,
            due_at=absent.due_at,
            listed_by_id=ctx.caller.person_id,
            listed_at=ctx.occurred_at,
        )
        ctx.outcome.add(sitting)


def _add_newcomers(improvement: Improvement, ctx: ActionContext) -> None:
    """List the members who joined the teams since the training: they sit the examination, too."""
    for person_id in ctx.prepared(StepTraining).member_ids:
        _add_newcomer(improvement, person_id, ctx)


def _add_newcomer(improvement: Improvement, person_id: UUID, ctx: ActionContext) -> None:
    sitting = RolloutSitting(
        id=ctx.new_id(),
        record=improvement.row_key,
        person_id=person_id,
        due_at=ctx.occurred_at + SITTING_WITHIN,
        listed_by_id=ctx.caller.person_id,
        listed_at=ctx.occurred_at,
    )
    ctx.outcome.add(sitting)


def list_newcomer(improvement: Improvement, body: ListNewcomerImprovement, ctx: ActionContext) -> None:
    """List a newcomer of the improvement: a person who has joined a team of the rollout is examined, too."""
    _add_newcomer(improvement, ctx.required_ref(Person, "person").id, ctx)


def _cut_over(improvement: Improvement, body: CompleteRolloutStepImprovement, ctx: ActionContext) -> None:
    """Note the extent of the cutover. Steps due by the planned day are due by the real one."""
    improvement.rollout.cutover_share = body.share
    _add_newcomers(improvement, ctx)
    if improvement.cutover_at is not None:
        return
    improvement.cutover_at = ctx.occurred_at
    steps = ctx.prepared(RolloutSteps)
    planned_at = steps.planned(RolloutStepName.cut_over).due_at
    for name in (RolloutStepName.optimise, RolloutStepName.fix):
        later = steps.planned(name)
        if later.completed_at is None and later.due_at == default_due(name, planned_at, ctx):
            ctx.outcome.change(later).due_at = default_due(name, ctx.occurred_at, ctx)


def publish_success(improvement: Improvement, body: EmptyPayload, ctx: ActionContext) -> None:
    """Publish the improvement's success: all teams read how it proves itself in daily management."""


def announce_publication(
    improvement: Improvement, body: AnnouncePublicationImprovement, ctx: ActionContext
) -> None:
    """Announce the improvement's publication: the teams concerned read from when they work by it."""


def tell_newcomer(improvement: Improvement, body: TellNewcomerImprovement, ctx: ActionContext) -> None:
    """Tell a newcomer of the improvement's publication: they read from when they work by it."""


def announce_cutover(improvement: Improvement, body: AnnounceCutoverImprovement, ctx: ActionContext) -> None:
    """Announce the improvement's cutover: the teams concerned work by the new process from now on."""


def step_follow_up(improvement: Improvement, body: Payload, ctx: ActionContext) -> tuple[str, Payload] | None:
    """Return the action by which the teams are informed of the completed step; None: they are not."""
    assert isinstance(body, CompleteRolloutStepImprovement)
    if body.step is RolloutStepName.publish:
        assert body.effective_at is not None, "a check has refused a publication without its day"
        return announce_publication.__name__, AnnouncePublicationImprovement(
            effective_at=body.effective_at,
            document_numbers=body.numbers,
            external_numbers=body.external_numbers,
        )
    if body.step is RolloutStepName.cut_over:
        assert body.share is not None, "a check has refused a cutover without its share"
        return announce_cutover.__name__, AnnounceCutoverImprovement(share=body.share)
    return (publish_success.__name__, EmptyPayload()) if body.step is RolloutStepName.manage_daily else None


def skip_rollout_order(
    improvement: Improvement, body: SkipRolloutOrderImprovement, ctx: ActionContext
) -> None:
    """Skip the improvement's rollout order, so that a step may be completed before earlier ones."""
    step = ctx.outcome.change(ctx.prepared(RolloutSteps).planned(body.step))
    step.order_reason = body.reason
    step.order_skipped_by_id = ctx.caller.person_id


def flag_rollout_step(improvement: Improvement, body: FlagRolloutStepImprovement, ctx: ActionContext) -> None:
    """Flag the improvement's overdue rollout step."""
    ctx.outcome.change(ctx.prepared(RolloutSteps).planned(body.step)).overdue_at = ctx.occurred_at


def flag_sitting(improvement: Improvement, body: FlagSittingImprovement, ctx: ActionContext) -> None:
    """Flag an examination of the improvement as overdue. A member of its teams has not passed it."""
    ctx.outcome.change(ctx.required_ref(RolloutSitting, "sitting")).overdue_at = ctx.occurred_at


def ask_hand_over(improvement: Improvement, body: AskHandOverImprovement, ctx: ActionContext) -> None:
    """Ask for the improvement's hand-over: the quality manager is asked to take it over. The handover
    document is drafted.
    """
    document_numbers = [
        str(document.number)
        for document in ctx.prepared(OnFile).documents
        if document.state is DocumentState.published and document.document_class is not DocumentClass.HO
    ]
    sections = (
        (Heading.handed_over, body.handed_over),
        (
            Heading.documents,
            ", ".join(dict.fromkeys([*document_numbers, *body.numbers, *body.external_numbers])),
        ),
        (Heading.pilot_result, ctx.prepared(PilotEvidence).goals_text()),
        (
            Heading.against_evidence if improvement.evaluation.against_evidence else Heading.below_promise,
            improvement.evaluation.against_evidence_reason,
        ),
        (Heading.open_points, body.open_points),
    )
    entry = file_document(improvement, DocumentClass.HO, sections, ctx, state=DocumentState.drafted)
    improvement.rollout.handover_id = entry.id
    improvement.rollout.handover_asked_at = ctx.occurred_at


def handover_document_class(improvement: Improvement) -> str | None:
    """Return the class whose next document number is needed; None if the draft is there already."""
    return DocumentClass.HO.value if improvement.rollout.handover_id is None else None


def hand_over(improvement: Improvement, body: HandOverImprovement, ctx: ActionContext) -> None:
    """Hand over the improvement: the quality manager takes it over from the project manager."""
    publish_draft(DocumentClass.HO, ctx)
    improvement.rollout.accepted_by_id = ctx.caller.person_id


def fix(improvement: Improvement, body: FixImprovement, ctx: ActionContext) -> None:
    """Complete a step of the improvement after its hand-over: optimise the standard, or anchor it in
    behaviour, performance and tools.
    """
    step = ctx.outcome.change(ctx.prepared(RolloutSteps).planned(body.step))
    step.evidence = body.evidence
    if body.step is RolloutStepName.fix:
        for name in FIXED_IN:
            setattr(step, name, getattr(body, name))
    step.evidence_numbers = list(body.numbers) or None
    step.external_numbers = list(body.external_numbers) or None
    step.completed_by_id = ctx.caller.person_id
    step.completed_at = ctx.occurred_at
    if body.step is RolloutStepName.optimise:
        improvement.optimised_at = ctx.occurred_at
    else:
        improvement.outcome.fixed_at = ctx.occurred_at
