"""Checks of actions on improvements, beyond state and role. Each returns or raises its refusal's code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.common.improvement import ASPECTS, ImprovementAspect, ImprovementScope
from app.common.people import Person, Role
from app.common.records import Record
from app.foundation.costs.amounts import check_digits
from app.foundation.decisions.actions import require_deferral_end
from app.foundation.decisions.lookups import authors
from app.foundation.decisions.records import Decision, DecisionState
from app.foundation.process_definitions.lookups import editions_of
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payload_fields import is_statement
from app.kernel.actions.payloads import Patch
from app.kernel.actions.refusals import PreparationRefused, WrongValue
from app.kernel.commands.dating import CLOCK_TOLERANCE
from app.kpis.baselines.freezing import FrozenBaselines
from app.kpis.baselines.payloads import check_baseline_questions
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Kpi
from app.kpis.effects.questions import check_promise
from app.kpis.questions.periods import months_after
from app.kpis.statistics.effects.codes import EffectVerdict, PromiseVerdict
from app.processes.improvements.committee.payloads import CharterImprovement, ClassifyImprovement
from app.processes.improvements.effects.payloads import (
    AskToRevertImprovement,
    EvaluateImprovement,
    RevertImprovement,
    StandardiseImprovement,
)
from app.processes.improvements.effects.promises import promised_to_be_better
from app.processes.improvements.pilot.records import PilotLength
from app.processes.improvements.pilot.scope import check_compared, check_pilot_scope
from app.processes.improvements.preparation import (
    NewestEffect,
    ProcessFreeze,
    ServedTarget,
    SuggestionsBehind,
    TargetsOfProposal,
)
from app.processes.improvements.project.actions import pilot_dates, pilot_length
from app.processes.improvements.project.payloads import PlanImprovement
from app.processes.improvements.proposal.payloads import (
    ProposeImprovement,
    SelectImprovement,
    SubmitImprovement,
    TakeUpImprovement,
)
from app.processes.improvements.proposal.records import (
    MAJOR_GOAL,
    MAJOR_KINDS,
    ImprovementSize,
)
from app.processes.improvements.records import Improvement, ImprovementState
from app.ticketing.projects.checks import check_plan

#: The states before anybody works by the new process.
NOT_IN_USE_STATES = (
    *(ImprovementState.approved, ImprovementState.chartered, ImprovementState.planned),
    ImprovementState.plan_approved,
)
#: Fields that are set by the implementer of a minor improvement, who does not judge it.
IMPLEMENTATION = ("implementation_plan", "implemented_what")
#: A baseline that ended longer ago says little about the process before the improvement.
LONGEST_BASELINE_AGE_MONTHS = 12
#: The child records with the measure by which it is judged. Their authors need the agreement of an owner.
PROMISE = ("improvement_target",)
#: Verdicts that show no improvement.
UNPROVEN_VERDICTS = frozenset(EffectVerdict) - {EffectVerdict.improved}


async def selection_does_not_fit(
    reads: ReadContext, improvement: Improvement, body: SelectImprovement, ctx: ActionContext
) -> None:
    """Refuse a selection without a reason outside an assessment (`selection_reason_missing`), a suggestion
    that is named twice, and a process or an aspect that does not fit the scope.
    """
    if body.reason is None and not (ctx.command.follows and body.assessment is not None):
        raise WrongValue(pointer="/reason", because="selection_reason_missing")
    _check_once([suggestion.id for suggestion in ctx.refs(Record, "suggestions")], "/suggestions")
    if body.scope is ImprovementScope.process and body.process is None:
        raise WrongValue(pointer="/process", because="missing")
    if body.scope is ImprovementScope.department and body.process is not None:
        raise WrongValue(pointer="/process", because="department_has_no_process")
    if body.aspect is not None and body.aspect not in ASPECTS[body.scope]:
        words = {"aspects": [aspect for aspect in ImprovementAspect if aspect in ASPECTS[body.scope]]}
        raise WrongValue(words, pointer="/aspect", because="aspect_of_other_scope")


async def selection_of_suggestions(
    reads: ReadContext, improvement: Improvement, body: SelectImprovement, ctx: ActionContext
) -> None:
    """Refuse to select one's own suggestion outside an assessment (`selects_own_suggestion`), and another
    process than that of the leading suggestion, whose owner has a say in it (`process_of_suggestion`). During
    a freeze, a process without a definition may be another name for the frozen one (`unknown_process`).
    """
    suggestions: list[Any] = list(ctx.refs(Record, "suggestions"))
    if not ctx.command.follows and ctx.caller.person_id in ctx.prepared(SuggestionsBehind).proposer_ids:
        raise WrongValue(pointer="/suggestions", because="selects_own_suggestion")
    if not ctx.prepared(ProcessFreeze).is_known:
        raise WrongValue({"name": str(body.process)}, pointer="/process", because="unknown_process")
    if suggestions and suggestions[0].process not in (None, body.process):
        pointer = "/scope" if body.process is None else "/process"
        words = {"process": suggestions[0].process}
        raise WrongValue(words, pointer=pointer, because="process_of_suggestion")


def _check_once(named: Sequence[object], pointer: str) -> None:
    if len(set(named)) < len(named):
        raise WrongValue(pointer=pointer, because="each_once")


async def proposal_does_not_fit(
    reads: ReadContext, improvement: Improvement, body: ProposeImprovement, ctx: ActionContext
) -> None:
    """Refuse a proposal without a target of an approved plan and without a reason for its worth outside one,
    targets that cannot be measured, and an amount without its currency.
    """
    plan = ctx.ref(Record, "plan")
    if plan is None and body.outside_plan_reason is None:
        raise WrongValue(pointer="/outside_plan_reason", because="plan_or_reason_missing")
    if plan is not None:
        if body.outside_plan_reason is not None:
            raise WrongValue(pointer="/outside_plan_reason", because="inside_the_plan")
        if body.plan_target is None:
            raise WrongValue(pointer="/plan_target", because="missing")
        if getattr(plan, "state", None) not in ("approved", "running"):
            raise WrongValue(
                {"number": str(getattr(plan, "number", ""))}, pointer="/plan", because="plan_not_in_force"
            )
        if not ctx.prepared(ServedTarget).is_known:
            words = {"number": str(getattr(plan, "number", "")), "target": body.plan_target}
            raise WrongValue(words, pointer="/plan_target", because="no_such_plan_target")
    elif body.plan_target is not None:
        raise WrongValue(pointer="/plan", because="missing")
    check_baseline_questions(body.targets, str(ctx.settings.zone), ctx.now)
    for n, target in enumerate(body.targets):
        check_promise(KPIS[target.kpi or ""], target.promised, f"/targets/{n}/promised/change")
    _check_baselines(body, ctx)
    _check_amount(body.planned_cost, body.currency, "/planned_cost")


def _check_baselines(body: ProposeImprovement, ctx: ActionContext) -> None:
    """Refuse a baseline without cases (`baseline_without_cases`), and one that ended more than a year ago
    (`baseline_too_old`), unless the target gives the reason.
    """
    zone = ctx.settings.zone
    oldest = months_after(ctx.occurred_at, -LONGEST_BASELINE_AGE_MONTHS, zone)
    for n, (target, baseline) in enumerate(
        zip(body.targets, ctx.prepared(FrozenBaselines).baselines, strict=True)
    ):
        if target.baseline_reason is not None:
            continue
        pointer = f"/targets/{n}/baseline_reason"
        if not baseline.cases:
            raise WrongValue(
                {"kpi": KPIS[target.kpi or ""]}, pointer=pointer, because="baseline_without_cases"
            )
        if baseline.ends_at < oldest:
            words = {"since": oldest}
            raise WrongValue(words, pointer=pointer, because="baseline_too_old")


def _check_amount(amount: str | None, currency: str | None, pointer: str) -> None:
    if amount is not None and currency is None:
        raise WrongValue(pointer="/currency", because="missing")
    if amount is None and currency is not None:
        raise WrongValue(pointer=pointer, because="missing")
    if amount is not None and currency is not None:
        check_digits(amount, currency, pointer)


async def deferral_in_past(
    reads: ReadContext, improvement: Improvement, body: SubmitImprovement, ctx: ActionContext
) -> None:
    """Refuse to defer it until a time that is over (`not_ahead`)."""
    require_deferral_end(body.defer_until_at, "/defer_until_at", ctx)


async def nothing_has_changed(
    reads: ReadContext, improvement: Improvement, body: TakeUpImprovement, ctx: ActionContext
) -> None:
    """Refuse that a person takes it up without saying what has changed (`missing`), and that a rule does
    before it is due (`deferral_runs`).
    """
    if ctx.caller.person_id is not None and body.what_changed is None:
        raise WrongValue(pointer="/what_changed", because="missing")
    due_at = improvement.deferred_until_at
    if ctx.caller.is_rule and due_at is not None and ctx.now < due_at:
        raise PreparationRefused("deferral_runs")


async def criteria_missing(
    reads: ReadContext,
    improvement: Improvement,
    body: ClassifyImprovement | SubmitImprovement,
    ctx: ActionContext,
) -> None:
    """Refuse a major improvement without the criteria that make it one (`criteria_missing`), a minor one with
    such criteria, or of a kind that is offered as major, without a reason (`size_reason_missing`), a major
    one that promises less than major ones aim at without one (`promises_too_little`), and criteria that are
    named twice.
    """
    if body.kind is None:  # a proposal that is submitted without a class
        return
    minor = body.size_of(body.kind) is ImprovementSize.minor
    if not minor and not body.criteria:
        raise WrongValue(pointer="/criteria", because="criteria_missing")
    if minor and (body.kind in MAJOR_KINDS or body.criteria) and body.size_reason is None:
        raise WrongValue(pointer="/size_reason", because="size_reason_missing")
    if not minor and body.size_reason is None:
        _check_promises_enough(ctx.prepared(TargetsOfProposal))
    _check_once(body.criteria, "/criteria")


def _check_promises_enough(proposed: TargetsOfProposal) -> None:
    """Refuse if no target promises the goal of major improvements, where that is known."""
    values = {baseline.name: baseline.value for baseline in proposed.baselines}
    better = [
        change
        for target in proposed.targets
        if (change := promised_to_be_better(target, values.get(target.name))) is not None
    ]
    if better and max(better) < float(MAJOR_GOAL):
        words = {"promised": f"{100 * max(better):.4g}%", "goal": f"{100 * float(MAJOR_GOAL):.4g}%"}
        raise WrongValue(words, pointer="/size_reason", because="promises_too_little")


async def not_classified(reads: ReadContext, improvement: Improvement, ctx: ActionContext) -> str | None:
    """Refuse before the committee has classified it (`not_classified`)."""
    return "not_classified" if improvement.size is None else None


async def needs_project(reads: ReadContext, improvement: Improvement, ctx: ActionContext) -> str | None:
    """Refuse to implement at once what is major, or to be piloted (`needs_project`)."""
    return "needs_project" if improvement.needs_project else None


async def needs_no_project(reads: ReadContext, improvement: Improvement, ctx: ActionContext) -> str | None:
    """Refuse a project for what is minor, and is not to be piloted (`needs_no_project`)."""
    return None if improvement.needs_project else "needs_no_project"


def contradicting(reached: bool, newest: NewestEffect) -> tuple[Kpi, EffectVerdict] | None:
    """Return the KPI and the verdict that the judgement is against; None if it follows the evidence."""
    if reached:
        return next(
            (
                (KPIS[effect.kpi or ""], effect.verdict)
                for effect in newest.effects
                if effect.verdict is not None and effect.verdict in UNPROVEN_VERDICTS
            ),
            None,
        )
    good_promises = (PromiseVerdict.shown, PromiseVerdict.reached)
    if all(
        effect.verdict is EffectVerdict.improved and effect.promise in good_promises
        for effect in newest.effects
    ):
        first = newest.effects[0]
        return KPIS[first.kpi or ""], EffectVerdict.improved
    return None


async def no_owner_asked(
    reads: ReadContext, improvement: Improvement, body: EvaluateImprovement, ctx: ActionContext
) -> None:
    """Refuse an evaluation for which no owner is asked to agree (`agreed_by_missing`), unless an owner judges
    who has promised nothing; an owner who has implemented it or promised its effect (`has_implemented_it`);
    and another than the owner by the definition of the process, or than was asked before (`owner_agrees`).
    """
    owner = ctx.ref(Person, "agreed_by")
    parties = await authors(reads, improvement, IMPLEMENTATION, PROMISE)
    if owner is not None and owner.id in parties:
        raise WrongValue(pointer="/agreed_by", because="has_implemented_it")
    judges_alone = ctx.caller.has_role(Role.process_owner, improvement) and (
        ctx.caller.person_id not in parties
    )
    if owner is None and not judges_alone:
        words = {"process": str(improvement.process or "–")}
        raise WrongValue(words, pointer="/agreed_by", because="agreed_by_missing")
    asked_id = await _owner_to_ask(reads, improvement)
    if owner is not None and asked_id not in (None, owner.id, ctx.caller.person_id, *parties):
        raise WrongValue(pointer="/agreed_by", because="owner_agrees")


async def _owner_to_ask(reads: ReadContext, improvement: Improvement) -> UUID | None:
    """Return the owner who was asked to agree to the evaluation before or, otherwise, the owner of the
    process by its definition; None if there is no active one.
    """
    owner_id = improvement.evaluation.asked_owner_id
    if owner_id is None and improvement.process is not None:
        editions = await editions_of(reads, improvement.process)
        owner_id = editions[-1].owner_id if editions else None
    return owner_id if owner_id is not None and await reads.active([owner_id]) else None


async def against_evidence(
    reads: ReadContext, improvement: Improvement, body: EvaluateImprovement, ctx: ActionContext
) -> None:
    """Refuse a judgement against the evidence without a reason (`against_evidence`), and one as reached as a
    whole, of what did not reach its goal or its benefit, without saying why (`reached_in_part`).
    """
    if body.reached and not (body.goal_reached and body.benefit_reached) and not is_statement(body.comment):
        raise WrongValue(pointer="/comment", because="reached_in_part")
    against = contradicting(body.reached, ctx.prepared(NewestEffect))
    if against is not None and body.reason is None:
        kpi, verdict = against
        raise WrongValue({"kpi": kpi, "verdict": verdict}, pointer="/reason", because="against_evidence")


async def owner_has_not_agreed(
    reads: ReadContext, improvement: Improvement, ctx: ActionContext
) -> str | None:
    """Refuse to act on an evaluation before the owner of the process has agreed to it
    (`owner_has_not_agreed`).
    """
    evaluation = improvement.evaluation
    waits = evaluation.asked_owner_id is not None and evaluation.agreed_by_id is None
    return "owner_has_not_agreed" if improvement.state is ImprovementState.evaluating and waits else None


async def nothing_to_agree_to(reads: ReadContext, improvement: Improvement, ctx: ActionContext) -> str | None:
    """Refuse to agree to no evaluation (`not_evaluated`), or a second time (`agreed_already`)."""
    if improvement.evaluation.reached is None:
        return "not_evaluated"
    return None if improvement.evaluation.agreed_by_id is None else "agreed_already"


async def not_judged_reached(reads: ReadContext, improvement: Improvement, ctx: ActionContext) -> str | None:
    """Refuse to standardise what was not judged as reached (`not_evaluated`, `not_judged_reached`)."""
    if improvement.state is not ImprovementState.evaluating:
        return None
    if improvement.evaluation.reached is None:
        return "not_evaluated"
    return None if improvement.evaluation.reached else "not_judged_reached"


async def cannot_be_reverted(reads: ReadContext, improvement: Improvement, ctx: ActionContext) -> str | None:
    """Refuse to revert what was judged as reached, or was not judged yet (`judged_reached`,
    `not_evaluated`).
    """
    if improvement.evaluation.reached is None:
        return "not_evaluated"
    return "judged_reached" if improvement.evaluation.reached else None


async def old_process_is_gone(
    reads: ReadContext, improvement: Improvement, body: RevertImprovement, ctx: ActionContext
) -> None:
    """Refuse while the old process does not stand again (`old_process_must_stand`)."""
    if not body.old_process_stands:
        raise WrongValue(pointer="/old_process_stands", because="old_process_must_stand")


async def another_owner_asked(reads: ReadContext, improvement: Improvement, ctx: ActionContext) -> str | None:
    """Refuse the agreement of an owner who was not asked for it (`another_owner_asked`)."""
    owner_id = improvement.evaluation.asked_owner_id
    return "another_owner_asked" if owner_id not in (None, ctx.caller.person_id) else None


async def title_is_decided(
    reads: ReadContext, improvement: Improvement, body: Patch, ctx: ActionContext
) -> None:
    """Refuse another title than the one that the committee has approved (`title_is_decided`)."""
    title = getattr(body, "title", None) if "title" in body.model_fields_set else None
    if improvement.approved_at is not None and title not in (None, improvement.title):
        raise WrongValue(pointer="/title", because="title_is_decided")


async def priority_is_decided(reads: ReadContext, improvement: Improvement, ctx: ActionContext) -> str | None:
    """Refuse another priority than the one that the committee has decided (`priority_is_decided`)."""
    return None if improvement.size is None else "priority_is_decided"


async def decision_is_open(reads: ReadContext, improvement: Improvement, ctx: ActionContext) -> str | None:
    """Refuse while a decision on the improvement is open (`improvement_decision_open`)."""
    open_decisions = await reads.children(Decision, improvement, state=DecisionState.open.value)
    return "improvement_decision_open" if open_decisions else None


async def published_ahead(
    reads: ReadContext, improvement: Improvement, body: StandardiseImprovement, ctx: ActionContext
) -> None:
    """Refuse documents that are published in the future or before the approval, and what is named twice."""
    since = improvement.approved_at
    if body.published_at is not None and body.published_at > ctx.now + CLOCK_TOLERANCE:
        raise WrongValue(pointer="/published_at", because="in_the_future")
    if body.published_at is not None and since is not None and body.published_at < since:
        raise WrongValue({"since": since}, pointer="/published_at", because="before_approval")
    _check_once(body.document_numbers, "/document_numbers")
    _check_once([team.id for team in ctx.refs(Record, "teams")], "/teams")


async def charter_does_not_fit(
    reads: ReadContext, improvement: Improvement, body: CharterImprovement, ctx: ActionContext
) -> None:
    """Refuse members who are named twice, and a vote on a plan that was not made beforehand with its pilot
    (`no_plan_ahead`).
    """
    if body.with_plan and not improvement.pilot.pilot_scope:
        raise WrongValue(pointer="/with_plan", because="no_plan_ahead")
    members = ctx.refs(Person, "members")
    _check_once([member.id for member in members], "/members")
    check_digits(body.budget, body.currency, "/budget")


async def plan_does_not_fit(
    reads: ReadContext, improvement: Improvement, body: PlanImprovement, ctx: ActionContext
) -> None:
    """Refuse milestones and tasks that do not fit, and a pilot that is cut by what cannot be piloted or
    measured, is compared with itself, ends before it begins, lasts an unusual time without a reason, or
    promises an effect on what is no target.
    """
    await check_plan(reads, body.milestones, body.tasks, ctx)
    targets = ctx.prepared(TargetsOfProposal).targets
    await check_pilot_scope(reads, body.pilot_scope, targets, "/pilot_scope")
    await check_pilot_scope(reads, body.pilot_control, targets, "/pilot_control")
    check_compared(body.pilot_scope or {}, body.pilot_control, "/pilot_control")
    kpis_by_target = {target.name: target.kpi for target in targets}
    for n, expected in enumerate(body.expected):
        if expected.target not in kpis_by_target:
            words = {
                "target": expected.target,
                "targets": ", ".join(sorted(name for name in kpis_by_target if name)),
            }
            raise WrongValue(words, pointer=f"/expected/{n}/target", because="no_such_proposal_target")
        check_promise(
            KPIS[kpis_by_target[expected.target] or ""], expected.promised, f"/expected/{n}/promised/change"
        )
    _check_once([expected.target for expected in body.expected], "/expected")
    _check_pilot_dates(body, ctx)


def _check_pilot_dates(body: PlanImprovement, ctx: ActionContext) -> None:
    """Refuse a pilot that ends before it begins or before the plan; and without a reason, one that begins
    on a day before the plan or lasts an unusual time.
    """
    begins_at, ends_at = pilot_dates(body, ctx)
    if begins_at is None or ends_at is None:
        return
    if ends_at <= begins_at:
        raise WrongValue(pointer="/pilot_ends_at", because="before_it_began")
    if ends_at <= ctx.counts_from:
        named = "pilot_begins_at" if body.pilot_ends_at is None else "pilot_ends_at"
        raise WrongValue(pointer=f"/{named}", because="not_ahead")
    if body.pilot_length_reason is not None:
        return
    zone = ctx.settings.zone
    if begins_at.astimezone(zone).date() < ctx.counts_from.astimezone(zone).date():
        raise WrongValue(pointer="/pilot_length_reason", because="pilot_begins_before_plan")
    if pilot_length(begins_at, ends_at, ctx) is not PilotLength.usual:
        raise WrongValue(pointer="/pilot_length_reason", because="unusual_pilot_length")


async def reverted_teams_missing(
    reads: ReadContext,
    improvement: Improvement,
    body: RevertImprovement | AskToRevertImprovement,
    ctx: ActionContext,
) -> None:
    """Refuse a reversal of which no team is notified, once somebody works by the new process."""
    teams = body.teams or improvement.notified_team_ids or improvement.told_team_ids
    if not teams and improvement.state not in NOT_IN_USE_STATES:
        raise WrongValue(pointer="/teams", because="reverted_teams_missing")


async def pilot_is_missing(reads: ReadContext, improvement: Improvement, ctx: ActionContext) -> str | None:
    """Refuse a plan without a pilot (`pilot_is_missing`)."""
    return None if improvement.pilot.pilot_scope else "pilot_is_missing"
