"""Reads before actions of a rollout: its steps, and the measured benefits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from app.common.records import Record
from app.foundation.licences.lookups import TrainingResults, training_results
from app.foundation.people.lookups import active_members, has_staffed_own_team
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused, caller_check
from app.kpis.statistics.effects.codes import EffectVerdict, PromiseVerdict
from app.processes.improvements.effects.measurement import BENEFIT_OCCASIONS
from app.processes.improvements.effects.records import ImprovementMeasurement
from app.processes.improvements.proposal.records import ImprovementTarget
from app.processes.improvements.records import Improvement
from app.processes.improvements.rollout.lookups import PASSED, PASSED_AT_CUTOVER
from app.processes.improvements.rollout.records import RolloutSitting, RolloutStep, RolloutStepName

SCOPE_GUARD = Unguarded("Whoever joins a team after that day is trained by its lead.")
#: The most members of the teams in scope.
MOST_IN_SCOPE = 5_000
#: The last step that must be complete before an improvement is handed over.
LAST_BEFORE_HAND_OVER = RolloutStepName.manage_daily
#: Months between the cutover and the first optimisation.
OPTIMISE_MONTHS = 6
#: Months that these steps wait after the cutover.
MONTHS_AFTER_CUTOVER = {RolloutStepName.optimise: OPTIMISE_MONTHS, RolloutStepName.fix: 9}


#: Shortest times of a rollout. The process documents plan it by the week, and have it managed daily for some
#: weeks before the hand-over, without numbers, so these are our own.
CUTOVER_AFTER, DAILY_MANAGEMENT_LASTS = timedelta(weeks=1), timedelta(weeks=4)
#: Months within which a step is due once it can be completed; our own bound, too.
LATEST_MONTHS = 12
#: The steps that every team of the rollout goes through.
STEPS_OF_TEAMS = (RolloutStepName.inform_and_train, RolloutStepName.cut_over, RolloutStepName.manage_daily)


#: The time after the cutover within which members who were absent, or have joined, sit the examination.
SITTING_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class RolloutSteps:
    """The steps of a rollout, in order; empty before it is planned."""

    steps: tuple[RolloutStep, ...]

    @property
    def is_trained(self) -> bool:
        """Whether the teams have been informed and trained."""
        training = self.step(RolloutStepName.inform_and_train)
        return training is not None and training.completed_at is not None

    def reopened(self, added_teams: Collection[str]) -> frozenset[RolloutStepName]:
        """Return the steps that were completed without the added teams, which have yet to go through them."""
        if not added_teams:
            return frozenset()
        return frozenset(
            name
            for name in STEPS_OF_TEAMS
            if (step := self.step(name)) is not None and step.completed_at is not None
        )

    def step(self, name: RolloutStepName) -> RolloutStep | None:
        """Return the step of that name; None before the rollout is planned."""
        return next((step for step in self.steps if step.step is name), None)

    def planned(self, name: RolloutStepName) -> RolloutStep:
        """Return the step of that name, of a rollout that is planned."""
        step = self.step(name)
        assert step is not None, "a check has refused a rollout that is not planned"
        return step

    def open_before(self, step: RolloutStep) -> RolloutStep | None:
        """Return the first open step in front of this one."""
        return next(
            (
                earlier_step
                for earlier_step in self.steps
                if (earlier_step.place or 0) < (step.place or 0) and not earlier_step.completed_at
            ),
            None,
        )

    def open_before_hand_over(self) -> list[RolloutStep]:
        """Return the open ones of the steps that must be complete before the hand-over."""
        last = self.step(LAST_BEFORE_HAND_OVER)
        place = 0 if last is None else last.place or 0
        return [step for step in self.steps if (step.place or 0) <= place and step.completed_at is None]


async def rollout_steps(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> RolloutSteps:
    """Find the steps of the rollout."""
    steps = await reads.children(RolloutStep, improvement)
    return RolloutSteps(tuple(sorted(steps, key=lambda step: step.place or 0)))


@caller_check
async def planned_rollout_steps(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> RolloutSteps:
    """Find the steps of the rollout. Raises PreparationRefused if it is not planned yet."""
    planned_steps = await rollout_steps(reads, improvement, body, ctx)
    if not planned_steps.steps:
        raise PreparationRefused("rollout_not_planned")
    return planned_steps


@dataclass(frozen=True, slots=True)
class StepTraining:
    """The training in the payload, with its results (None without one); the members of the teams in scope,
    and people among them who have passed an examination with closed books, in it or in another training of
    the improvement. `is_staffed`: one of the teams is the organisation's own, with active members.
    `is_team_absent`: in one of the teams, none of the members has passed.
    """

    results: TrainingResults | None
    member_ids: tuple[UUID, ...] = ()
    is_staffed: bool = False
    passed_ids: frozenset[UUID] = frozenset()
    is_team_absent: bool = False


async def training_of_step(
    reads: ReadContext, improvement: Improvement, body: Any, ctx: ActionContext
) -> StepTraining:
    """Find who has passed the training that the payload names."""
    training = ctx.ref(Record, "training")
    if training is None and body.step is RolloutStepName.cut_over:
        return await _training_at_cutover(reads, improvement)
    if training is None:
        return StepTraining(None)
    results = await training_results(reads, training.id)
    read = partial(reads.rows, guard=SCOPE_GUARD)
    team_ids = [UUID(team_id) for team_id in improvement.notified_team_ids]
    member_ids = await active_members(read, team_ids, MOST_IN_SCOPE) if team_ids else []
    rows = await read(PASSED, (improvement.id, training.row_key, member_ids))
    passed_ids = frozenset(row["person_id"] for row in rows)
    by_team = [await active_members(read, [team_id], MOST_IN_SCOPE) for team_id in team_ids]
    return StepTraining(
        results,
        tuple(member_ids),
        is_staffed=await has_staffed_own_team(read, team_ids),
        passed_ids=passed_ids,
        is_team_absent=any(members and passed_ids.isdisjoint(members) for members in by_team),
    )


async def _training_at_cutover(reads: ReadContext, improvement: Improvement) -> StepTraining:
    """Find who has joined the teams in scope since the training: people without an examination and without a
    day on which they sit it.
    """
    read = partial(reads.rows, guard=SCOPE_GUARD)
    team_ids = [UUID(team_id) for team_id in improvement.notified_team_ids]
    member_ids = await active_members(read, team_ids, MOST_IN_SCOPE) if team_ids else []
    sittings = await reads.children(RolloutSitting, improvement)
    parameters = {"improvement": improvement.id, "stream": improvement.row_key, "persons": member_ids}
    settled = {row["person_id"] for row in await read(PASSED_AT_CUTOVER, parameters)}
    settled |= {sitting.person_id for sitting in sittings}
    return StepTraining(None, tuple(member for member in member_ids if member not in settled))


@dataclass(frozen=True, slots=True)
class HeldTargets:
    """The target KPIs that were not held over a full quarter."""

    not_held: tuple[str, ...]


@caller_check
async def held_targets(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> HeldTargets:
    """Find the target KPIs whose newest benefit, measured over a full quarter, does not hold what was
    promised.
    """
    targets = await reads.children(ImprovementTarget, improvement)
    occasions = set(BENEFIT_OCCASIONS.values())
    measured = [
        measurement
        for measurement in await reads.children(ImprovementMeasurement, improvement)
        if measurement.occasion in occasions
    ]
    newest = {
        measurement.target: measurement
        for measurement in sorted(measured, key=lambda measurement: measurement.position or 0)
    }
    return HeldTargets(
        tuple(
            str(target.kpi)
            for target in targets
            if target.dropped_at is None and not _is_held(newest.get(target.name))
        )
    )


def _is_held(measured: ImprovementMeasurement | None) -> bool:
    """Return whether the KPI has improved, and as much as was promised, or as was judged."""
    if measured is None or measured.verdict is not EffectVerdict.improved:
        return False
    return measured.promise in (PromiseVerdict.reached, PromiseVerdict.shown) or bool(measured.kept)
