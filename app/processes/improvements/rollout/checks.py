"""Checks of actions of a rollout, beyond state and role. Each returns or raises the code of its refusal."""

from __future__ import annotations

from app.common.people import Grade, Person
from app.foundation.licences.records import ExaminationTopic
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payload_fields import DemandedText
from app.kernel.actions.payloads import marks
from app.kernel.actions.refusals import PreparationRefused, Refusal, WrongValue, caller_check
from app.kernel.commands.dating import CLOCK_TOLERANCE
from app.kpis.catalogue import KPIS
from app.kpis.questions.periods import months_after
from app.processes.improvements.evidence import evidence_of_other, evidence_of_other_improvement
from app.processes.improvements.freezing import check_granted
from app.processes.improvements.pilot.checks import checked_training, raise_all
from app.processes.improvements.proposal.records import MAJOR_GOAL
from app.processes.improvements.records import Improvement
from app.processes.improvements.rollout.payloads import (
    CompleteRolloutStepImprovement,
    FixImprovement,
    FlagRolloutStepImprovement,
    FlagSittingImprovement,
    SkipRolloutOrderImprovement,
)
from app.processes.improvements.rollout.preparation import (
    DAILY_MANAGEMENT_LASTS,
    OPTIMISE_MONTHS,
    SITTING_WITHIN,
    HeldTargets,
    RolloutSteps,
    StepTraining,
)
from app.processes.improvements.rollout.publishing import check_published
from app.processes.improvements.rollout.records import (
    DAILY_MANAGEMENT,
    FIXED_IN,
    RolloutSitting,
    RolloutStepName,
)

SENIOR = (Grade.senior, Grade.management)
FEWEST_MEDIA = 2
#: The steps after the hand-over, which the action `fix` completes.
LATER_STEPS = (RolloutStepName.optimise, RolloutStepName.fix)
#: States in which the release of a changed tool is in use.
RELEASE_IN_USE = ("deployed", "supported", "closed")
#: Preparations that the cutover needs, each with the refusal that names the missing one.
CUTOVER_READINESS = {
    "pilot_shown": "pilot_evidence_missing",
    "people_shown": "people_evidence_missing",
    "resources_shown": "resources_evidence_missing",
    "obstacles_shown": "obstacles_evidence_missing",
    "share": "share_missing",
}


class NotTheStepOwner(Refusal):
    """Refusal: the caller is not the owner of the step."""

    STATUS = 403
    CODE = "not_the_step_owner"


async def not_the_step_owner(
    reads: ReadContext, improvement: Improvement, body: CompleteRolloutStepImprovement, ctx: ActionContext
) -> None:
    """Refuse if the caller is not the owner of the step."""
    owner = ctx.prepared(RolloutSteps).planned(body.step).owner_id
    if ctx.caller.person_id is None or ctx.caller.person_id != owner:
        raise NotTheStepOwner()


async def step_not_open(
    reads: ReadContext,
    improvement: Improvement,
    body: CompleteRolloutStepImprovement | SkipRolloutOrderImprovement | FlagRolloutStepImprovement,
    ctx: ActionContext,
) -> None:
    """Refuse a step that is complete (`completed_already`)."""
    if ctx.prepared(RolloutSteps).planned(body.step).completed_at is not None:
        raise WrongValue(pointer="/step", because="completed_already")


async def step_for_later(
    reads: ReadContext, improvement: Improvement, body: CompleteRolloutStepImprovement, ctx: ActionContext
) -> None:
    """Refuse a step that comes after the hand-over (`step_for_later`)."""
    if body.step in LATER_STEPS:
        raise WrongValue(pointer="/step", because="step_for_later")


async def step_out_of_order(
    reads: ReadContext,
    improvement: Improvement,
    body: CompleteRolloutStepImprovement | FixImprovement,
    ctx: ActionContext,
) -> None:
    """Refuse a step while one in front of it is open, unless the process owner has given a reason
    (`rollout_order`).
    """
    planned_steps = ctx.prepared(RolloutSteps)
    step = planned_steps.planned(body.step)
    first = planned_steps.open_before(step)
    if first is not None and step.order_reason is None:
        assert first.step is not None
        raise PreparationRefused("rollout_order", {"step": body.step, "open": first.step})


async def step_in_order(
    reads: ReadContext, improvement: Improvement, body: SkipRolloutOrderImprovement, ctx: ActionContext
) -> None:
    """Refuse to skip the order of a step that no open one stands in front of (`step_in_order`)."""
    planned_steps = ctx.prepared(RolloutSteps)
    if planned_steps.open_before(planned_steps.planned(body.step)) is None:
        raise WrongValue(pointer="/step", because="step_in_order")


async def evidence_repeated(
    reads: ReadContext,
    improvement: Improvement,
    body: CompleteRolloutStepImprovement | FixImprovement,
    ctx: ActionContext,
) -> None:
    """Refuse one text as the evidence of several parts of a step (`repeats_evidence`)."""
    earlier = set[str]()
    for name in marks(type(body), DemandedText):
        text = getattr(body, name)
        if not isinstance(text, str):
            continue
        folded = "".join(character for character in text.casefold() if character.isalnum())
        if folded in earlier:
            raise WrongValue(pointer=f"/{name}", because="repeats_evidence")
        earlier.add(folded)


async def evidence_missing(
    reads: ReadContext, improvement: Improvement, body: CompleteRolloutStepImprovement, ctx: ActionContext
) -> None:
    """Refuse a step without the evidence that it needs, naming what is missing."""
    if body.step is RolloutStepName.name_owner:
        _check_owner(improvement, ctx)
    elif body.step is RolloutStepName.organise:
        _check_organised(improvement, body)
    elif body.step is RolloutStepName.inform_and_train:
        _check_informed(improvement, body, ctx)
    elif body.step is RolloutStepName.publish:
        await check_published(reads, improvement, body, ctx)
    elif body.step is RolloutStepName.cut_over:
        _check_cutover(improvement, body)
        _check_in_effect(ctx)
        await _check_release_deployed(reads, improvement)
    elif body.step is RolloutStepName.manage_daily:
        _check_managed(improvement, body, ctx)


def _check_owner(improvement: Improvement, ctx: ActionContext) -> None:
    """Refuse a process owner who is missing, not senior, or the executor."""
    owner = ctx.ref(Person, "owner")
    if owner is None:
        raise WrongValue(pointer="/owner", because="process_owner_missing")
    if owner.grade not in SENIOR:
        raise WrongValue(pointer="/owner", because="not_senior")
    if owner.id == improvement.executor_id:
        raise WrongValue(pointer="/owner", because="owner_is_executor")


def _check_organised(improvement: Improvement, body: CompleteRolloutStepImprovement) -> None:
    """Refuse goals or a plan by the week that are missing, a goal that is no improvement, and one below half
    without a reason.
    """
    needed = {"goals": "goals_missing", "weekly_plan": "weekly_plan_missing"}
    wrong = [
        WrongValue(pointer=f"/{name}", because=code)
        for name, code in needed.items()
        if getattr(body, name) is None
    ]
    if body.goal is not None and float(body.goal) <= 0:
        wrong.append(WrongValue(pointer="/goal", because="goal_not_positive"))
    elif body.goal is not None and float(body.goal) < float(MAJOR_GOAL) and body.goal_reason is None:
        wrong.append(WrongValue(pointer="/goal_reason", because="goal_below_half"))
    raise_all(wrong)


def _check_informed(
    improvement: Improvement, body: CompleteRolloutStepImprovement, ctx: ActionContext
) -> None:
    """Refuse fewer than two media, dates ahead, a training that was not examined on all topics, and a reach
    below the number of members of the teams in scope.
    """
    if len({announcement.medium.casefold() for announcement in body.announcements}) < FEWEST_MEDIA:
        raise WrongValue(pointer="/announcements", because="two_media_needed")
    for n, announcement in enumerate(body.announcements):
        pointer, since = f"/announcements/{n}/announced_at", improvement.approved_at
        if announcement.announced_at > ctx.now + CLOCK_TOLERANCE:
            raise WrongValue(pointer=pointer, because="in_the_future")
        if since is not None and announcement.announced_at < since.replace(second=0, microsecond=0):
            raise WrongValue({"since": since}, pointer=pointer, because="before_approval")
    if body.training is None:
        raise WrongValue(pointer="/training", because="examined_training_missing")
    training = checked_training(improvement, ctx, "training")
    words = {"number": str(training.number)}
    if training.examined_at is None:
        raise WrongValue(words, pointer="/training", because="training_not_examined")
    left = [topic for topic in ExaminationTopic if topic.value not in (training.topics or ())]
    if left:
        raise WrongValue({**words, "topics": left}, pointer="/training", because="training_topics_missing")
    results = ctx.prepared(StepTraining).results
    if results is None or not results.passed:
        raise WrongValue(words, pointer="/training", because="training_passed_by_nobody")
    of_passed = (results.results[person] for person in results.passed)
    if any(result.closed_book is False for result in of_passed):
        raise WrongValue(words, pointer="/training", because="training_not_closed_book")
    executor = improvement.executor_id
    if executor in results.participants and executor not in results.passed:
        raise WrongValue(words, pointer="/training", because="training_not_passed_by_executor")
    _check_everybody_sits(body, ctx)
    members = len(ctx.prepared(StepTraining).member_ids)
    if max(announcement.reach for announcement in body.announcements) < members:
        words = {"count": str(members)}
        raise WrongValue(words, pointer="/announcements/0/reach", because="reaches_too_few")


def _check_everybody_sits(body: CompleteRolloutStepImprovement, ctx: ActionContext) -> None:
    """Refuse the step if the teams in scope have no members of staff, while a member has neither passed nor
    a date by which they sit the examination (every employee), and if none of a team has passed.
    """
    training = ctx.prepared(StepTraining)
    if not training.is_staffed:
        raise WrongValue(pointer="/step", because="rollout_teams_not_staffed")
    listed = [ctx.required_ref(Person, f"absent/{n}/person").id for n in range(len(body.absent))]
    cutover_at = ctx.prepared(RolloutSteps).planned(RolloutStepName.cut_over).due_at
    latest = max(cutover_at or ctx.now, ctx.now) + SITTING_WITHIN
    for n, person_id in enumerate(listed):
        pointer = f"/absent/{n}/person"
        if person_id in listed[:n]:
            raise WrongValue(pointer=pointer, because="each_once")
        if person_id not in training.member_ids:
            raise WrongValue(pointer=pointer, because="not_in_scope")
        if person_id in training.passed_ids:
            raise WrongValue(pointer=pointer, because="passed_already")
        if body.absent[n].due_at <= ctx.now:
            raise WrongValue(pointer=f"/absent/{n}/due_at", because="not_ahead")
        if body.absent[n].due_at > latest:
            words = {"until": latest}
            raise WrongValue(words, pointer=f"/absent/{n}/due_at", because="sits_too_late")
    missing = [
        person_id
        for person_id in training.member_ids
        if person_id not in training.passed_ids and person_id not in listed
    ]
    if missing:
        raise WrongValue({"count": str(len(missing))}, pointer="/absent", because="members_not_examined")
    if not training.passed_ids or training.is_team_absent:
        raise WrongValue(pointer="/absent", because="all_members_absent")


def _check_managed(
    improvement: Improvement, body: CompleteRolloutStepImprovement, ctx: ActionContext
) -> None:
    """Refuse daily management before its planned end, or that of four weeks after the real cutover, if the
    plan gives no reason; without one of its seven parts, or without what all teams read of it.
    """
    due_at, zone = ctx.prepared(RolloutSteps).planned(RolloutStepName.manage_daily).due_at, ctx.settings.zone
    if improvement.cutover_at is not None and improvement.rollout.schedule_reason is None:
        lasts_until = improvement.cutover_at + DAILY_MANAGEMENT_LASTS
        due_at = lasts_until if due_at is None else max(due_at, lasts_until)
    if due_at is not None and ctx.occurred_at.astimezone(zone).date() < due_at.astimezone(zone).date():
        raise PreparationRefused("daily_management_not_over", {"until": due_at})
    wrong = [
        WrongValue(pointer=f"/{name}", because=code)
        for name, code in DAILY_MANAGEMENT.items()
        if getattr(body, name) is None
    ]
    if body.went_well is None:
        wrong.append(WrongValue(pointer="/went_well", because="went_well_missing"))
    raise_all(wrong)


def _check_cutover(improvement: Improvement, body: CompleteRolloutStepImprovement) -> None:
    """Refuse a cutover of which something does not show that it is ready, or that brings no more teams."""
    raise_all(
        [
            WrongValue(pointer=f"/{name}", because=code)
            for name, code in CUTOVER_READINESS.items()
            if getattr(body, name) is None
        ]
    )
    assert body.share is not None
    if body.share <= (improvement.rollout.cutover_share or 0):
        words = {"share": str(improvement.rollout.cutover_share)}
        raise WrongValue(words, pointer="/share", because="share_not_more")


def _check_in_effect(ctx: ActionContext) -> None:
    """Refuse a cutover before the day on which what was published takes effect (`not_in_effect`)."""
    steps = ctx.prepared(RolloutSteps)
    # Without a publication, as the process owner let the cutover come first, the planned day counts.
    effective_at = steps.planned(RolloutStepName.publish).effective_at
    effective_at = effective_at or steps.planned(RolloutStepName.cut_over).due_at
    if effective_at is None:
        return
    day = effective_at.astimezone(ctx.settings.zone).date()
    if ctx.occurred_at.astimezone(ctx.settings.zone).date() < day:
        words = {"day": day.isoformat(), "zone": str(ctx.settings.zone)}
        raise PreparationRefused("not_in_effect", words)


async def _check_release_deployed(reads: ReadContext, improvement: Improvement) -> None:
    """Refuse a cutover before the release of the changed tool is in use (`release_not_in_use`)."""
    if improvement.rollout.release_id is None:
        return
    loaded = await reads.record("release", str(improvement.rollout.release_id))
    state = None if loaded is None else loaded.record.state
    if loaded is None or state not in RELEASE_IN_USE:
        number = "" if loaded is None else str(loaded.record.number)
        raise PreparationRefused("release_not_in_use", {"number": number})


async def optimised_too_early(
    reads: ReadContext, improvement: Improvement, body: FixImprovement, ctx: ActionContext
) -> None:
    """Refuse to optimise within half a year of the cutover (`optimised_too_early`): until then the definition
    is frozen, unless a member of the committee has granted an exception since.
    """
    check_granted(improvement, body, ctx)
    if body.step is not RolloutStepName.optimise or improvement.cutover_at is None:
        return
    earliest = months_after(improvement.cutover_at, OPTIMISE_MONTHS, ctx.settings.zone)
    granted_at = improvement.proposal.freeze_exception_at
    is_granted = granted_at is not None and granted_at >= improvement.cutover_at
    if ctx.occurred_at < earliest and not is_granted:
        day = earliest.astimezone(ctx.settings.zone).date()
        raise PreparationRefused("optimised_too_early", {"day": day.isoformat()})


async def step_not_overdue(
    reads: ReadContext, improvement: Improvement, body: FlagRolloutStepImprovement, ctx: ActionContext
) -> None:
    """Refuse to flag a step before it is due (`not_overdue`), or twice (`flagged_already`)."""
    step = ctx.prepared(RolloutSteps).planned(body.step)
    if step.overdue_at is not None:
        raise WrongValue(pointer="/step", because="flagged_already")
    if step.due_at is None or ctx.now < step.due_at:
        raise WrongValue(pointer="/step", because="not_overdue")


async def sitting_not_overdue(
    reads: ReadContext, improvement: Improvement, body: FlagSittingImprovement, ctx: ActionContext
) -> None:
    """Refuse to flag an examination before its day (`not_overdue`), or twice (`flagged_already`)."""
    sitting = ctx.required_ref(RolloutSitting, "sitting")
    if sitting.overdue_at is not None:
        raise WrongValue(pointer="/sitting", because="flagged_already")
    if sitting.due_at is None or ctx.now < sitting.due_at:
        raise WrongValue(pointer="/sitting", because="not_overdue")


@caller_check
async def rollout_incomplete(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> None:
    """Refuse to hand over while one of the steps before it is open (`rollout_incomplete`)."""
    left = ctx.prepared(RolloutSteps).open_before_hand_over()
    if left:
        steps = [step.step for step in left if step.step is not None]
        raise PreparationRefused("rollout_incomplete", {"steps": steps})


async def handover_not_asked(reads: ReadContext, improvement: Improvement, ctx: ActionContext) -> str | None:
    """Refuse to accept what the project manager has not handed over (`handover_not_asked`)."""
    return None if improvement.rollout.handover_asked_at is not None else "handover_not_asked"


async def not_a_later_step(
    reads: ReadContext, improvement: Improvement, body: FixImprovement, ctx: ActionContext
) -> None:
    """Refuse to fix a step that comes before the hand-over (`not_a_later_step`) or that is complete
    (`completed_already`).
    """
    if body.step not in LATER_STEPS:
        raise WrongValue(pointer="/step", because="not_a_later_step")
    if ctx.prepared(RolloutSteps).planned(body.step).completed_at is not None:
        raise WrongValue(pointer="/step", because="completed_already")


@caller_check
async def no_later_step(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> str | None:
    """Refuse if both later steps are complete (`later_steps_complete`), or none can be completed now: an
    earlier step is open (`rollout_order`), or only fixing is left and a target was not held
    (`targets_not_held`).
    """
    planned_steps = ctx.prepared(RolloutSteps)
    later_steps = [step for step in planned_steps.steps if step.step in LATER_STEPS and not step.completed_at]
    if not later_steps:
        return "later_steps_complete"
    first = planned_steps.open_before(later_steps[0])
    if first is not None and all(step.order_reason is None for step in later_steps):
        assert first.step is not None
        later_step = RolloutStepName(str(later_steps[0].step))
        raise PreparationRefused("rollout_order", {"step": later_step, "open": first.step})
    if all(step.step is RolloutStepName.fix for step in later_steps):
        check_held(ctx.prepared(HeldTargets))
    return None


def check_held(targets: HeldTargets) -> None:
    """Raise PreparationRefused if a target was not held for a full quarter (`targets_not_held`)."""
    if targets.not_held:
        kpis = [KPIS[key] for key in dict.fromkeys(targets.not_held)]
        raise PreparationRefused("targets_not_held", {"kpi": kpis})


async def fixed_in_places(
    reads: ReadContext, improvement: Improvement, body: FixImprovement, ctx: ActionContext
) -> None:
    """Refuse to fix an improvement without evidence in behaviour, performance and IT."""
    if body.step is RolloutStepName.fix:
        raise_all(
            [
                WrongValue(pointer=f"/{name}", because=code)
                for name, code in FIXED_IN.items()
                if getattr(body, name) is None
            ]
        )


async def target_not_held(
    reads: ReadContext, improvement: Improvement, body: FixImprovement, ctx: ActionContext
) -> None:
    """Refuse to fix what was not held at its target for a full quarter (`targets_not_held`)."""
    if body.step is RolloutStepName.fix:
        check_held(ctx.prepared(HeldTargets))


@caller_check
async def no_step_to_complete(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> None:
    """Refuse a caller who owns no open step (`not_the_step_owner`), or none whose turn it is
    (`rollout_order`).
    """
    planned_steps = ctx.prepared(RolloutSteps)
    own_steps = [
        step
        for step in planned_steps.steps
        if step.owner_id == ctx.caller.person_id is not None
        and step.completed_at is None
        and step.step not in LATER_STEPS
    ]
    if not own_steps:
        raise NotTheStepOwner()
    waiting = [planned_steps.open_before(step) for step in own_steps if step.order_reason is None]
    if len(waiting) == len(own_steps) and None not in waiting:
        assert waiting[0] is not None
        assert own_steps[0].step is not None
        assert waiting[0].step is not None
        raise PreparationRefused("rollout_order", {"step": own_steps[0].step, "open": waiting[0].step})


#: The checks of a step that its owner completes, in this order.
COMPLETION = (
    *(step_for_later, step_not_open, step_out_of_order, evidence_of_other),
    *(evidence_of_other_improvement, evidence_repeated),
    evidence_missing,
    no_step_to_complete,
)
