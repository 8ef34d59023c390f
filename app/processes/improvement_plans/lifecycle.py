"""Lifecycle of improvement plans: draft, submit, decide, review, adjust, close.

drafted ─► submitted ─► approved ─► running ─► closed
              └─► returned ─► submitted
"""

from __future__ import annotations

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.foundation.decisions import actions as decisions
from app.foundation.documents.filing import CHILDREN as DOCUMENTS
from app.foundation.documents.filing import load_documents
from app.foundation.documents.keeping.actions import KeptDocuments, document_actions
from app.foundation.people.succession.handing_over import succession_rows
from app.kernel.access.audience_rules import to_persons, to_staff
from app.kernel.actions.actor_policy import (
    decision,
    process_owner,
    process_relation,
    quality_manager,
    role,
    rule,
)
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, DueAt, FormerEvent, Lifecycle, action
from app.kernel.actions.rules import CheckFailed, Rules
from app.kpis.baselines.records import KpiBaseline
from app.processes.improvement_plans import checks
from app.processes.improvement_plans.adjusting import (
    action_of_outcome,
    adjust,
    forget_adjustment,
    propose_adjustment,
    refuse_adjustment,
)
from app.processes.improvement_plans.closing import (
    CloseImprovementPlan,
    close,
    close_by_decision,
    refuse_closing,
)
from app.processes.improvement_plans.contents import draft, revise
from app.processes.improvement_plans.following import (
    begin,
    flag_assessment,
    flag_review,
    note_assessment,
    review,
    void_review,
)
from app.processes.improvement_plans.preparation import (
    ADJUSTMENT,
    CLOSING,
    PLAN,
    adjustment_question,
    closing_question,
    known_contents,
    plan_question,
    plan_reviews,
)
from app.processes.improvement_plans.records import (
    ImprovementPlan,
    ImprovementPlanAdjustment,
    ImprovementPlanPoint,
    ImprovementPlanReview,
    ImprovementPlanStep,
    ImprovementPlanTarget,
)
from app.processes.improvement_plans.records import ImprovementPlanState as State
from app.processes.improvement_plans.steps import (
    complete_step,
    flag_step,
    not_the_owner_of_the_step,
    step_is_over,
)
from app.processes.improvement_plans.submission import approve, documents_of_submission, return_, submit

IN_WRITING = (State.drafted, State.returned)
#: The committee, or the quality manager for it, puts what the committee decides to the vote.
ASKERS = role(Role.committee_member).for_people() | quality_manager.for_people()
step_owner = process_relation(
    "plan_step_owner",
    "the owner of the step",
    "步骤负责人",
    named_in=(("improvement_plan_step", "person_id"),),
)
plan_owner = process_relation("plan_owner", "the owner of the plan", "该计划的负责人", "owner_id")
WRITERS = quality_manager | process_owner | plan_owner
VOTES = decisions.DecisionSpec(
    kind="improvement_plan",
    any=(State.submitted, State.running),
    matters=(PLAN, ADJUSTMENT, CLOSING),
    outcome=action_of_outcome,
    after_withdrawal={State.submitted: State.returned},
    restore=forget_adjustment,
)


def _to_owner(step: NoticeType) -> tuple[RecipientRule, ...]:
    return (RecipientRule(step, field="owner_id"),)


def _to_managers(step: NoticeType) -> tuple[RecipientRule, ...]:
    return (RecipientRule(step, roles=frozenset({Role.quality_manager})),)


TELL_STEP_OVERDUE = (
    *_to_managers(NoticeType.plan_step_overdue),
    *_to_owner(NoticeType.plan_step_overdue),
    RecipientRule(NoticeType.plan_step_overdue, field="co_author_ids"),
)
DOCUMENTS_KEPT = KeptDocuments(
    kind="improvement_plan", any=frozenset(State) - {State.drafted}, archivable=(State.closed,)
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="improvement_plan", plural="improvement_plans", zh="改进计划", record=ImprovementPlan, code="PLN",
    rules=Rules(change_check=decisions.not_while_decided(VOTES), constraints={"improvement_plan_year_key": CheckFailed("year_has_plan")}),
    visible=(to_staff(), to_persons("owner_id")),
    children=(*decisions.CHILDREN, *DOCUMENTS, KpiBaseline, ImprovementPlanTarget, ImprovementPlanPoint, ImprovementPlanStep,
              ImprovementPlanReview, ImprovementPlanAdjustment),
    rows=(
        #      action            中文            from              to               who                             event
        action(draft,              "起草",         NEW_RECORD,       State.drafted,   quality_manager,                 "improvement_plan.drafted",
               wrong=(checks.invalid_contents,)),
        action(revise,             "修订",         IN_WRITING,       STAYS,           WRITERS,                         "improvement_plan.revised",
               unless=(checks.not_an_author,), prepare=(known_contents,), wrong=(checks.invalid_contents,)),
        action(submit,             "提交",         IN_WRITING,       State.submitted, quality_manager | plan_owner,    "improvement_plan.submitted",
               unless=(checks.content_is_missing,), prepare=(known_contents, plan_question, load_documents),
               wrong=(checks.targets_changed_meanwhile,), documents=documents_of_submission),
        action(approve,            "批准",         [State.submitted], State.approved, decision,                        "improvement_plan.approved",
               prepare=(load_documents,), notifies=_to_owner(NoticeType.approved)),
        action(return_,            "退回",         [State.submitted], State.returned, decision,                        "improvement_plan.returned",
               notifies=_to_owner(NoticeType.refused)),
        action(begin,              "开始执行",     [State.approved], State.running,   rule,                            "improvement_plan.begun",
               notifies=_to_managers(NoticeType.plan_begun)),
        action(review,             "评审",         [State.running],  STAYS,           WRITERS,                         "improvement_plan.reviewed",
               prepare=(known_contents,), wrong=(checks.meeting_not_held, checks.results_of_other_targets)),
        action(void_review,        "评审作废",     [State.running],  STAYS,           rule,                            "improvement_plan.review_voided",
               prepare=(plan_reviews,)),
        action(complete_step,      "完成步骤",     [State.running],  STAYS,           step_owner | quality_manager,    "improvement_plan.step_completed",
               wrong=(not_the_owner_of_the_step, step_is_over)),
        action(flag_step,          "标记步骤逾期", [State.running],  STAYS,           rule,                            "improvement_plan.step_fell_overdue",
               wrong=(step_is_over,), notifies=TELL_STEP_OVERDUE),
        action(flag_review,        "标记评审逾期", [State.running],  STAYS,           rule,                            "improvement_plan.review_overdue",
               due=DueAt("next_review_due_at", "flag_plan_reviews", unless="review_overdue_at"),
               notifies=_to_managers(NoticeType.plan_review_overdue)),
        action(propose_adjustment, "提议调整",     [State.running],  STAYS,           quality_manager | plan_owner,    "improvement_plan.adjustment_proposed",
               unless=(checks.decision_is_open,), prepare=(known_contents, adjustment_question), wrong=(checks.invalid_adjustment,)),
        action(adjust,             "调整",         [State.running],  STAYS,           decision,                        "improvement_plan.adjusted",
               prepare=(known_contents, load_documents), notifies=_to_owner(NoticeType.approved)),
        action(refuse_adjustment,  "不予调整",     [State.running],  STAYS,           decision,                        "improvement_plan.adjustment_refused",
               notifies=_to_owner(NoticeType.refused)),
        action(note_assessment,    "登记月度评估", [State.running],  STAYS,           rule,                            "improvement_plan.assessment_noted"),
        action(flag_assessment,    "标记评估逾期", [State.running],  STAYS,           rule,                            "improvement_plan.assessment_overdue",
               due=DueAt("assessment_due_at", "flag_missing_assessments"),
               notifies=_to_managers(NoticeType.assessment_overdue)),
        action(close,              "提请关闭",     [State.running],  STAYS,           ASKERS,                          "improvement_plan.closing_asked",
               unless=(checks.decision_is_open,), prepare=(known_contents, closing_question),
               wrong=(checks.closes_early, checks.results_of_other_targets)),
        action(close_by_decision,  "关闭",         [State.running],  State.closed,    decision,                        "improvement_plan.closed_by_decision",
               former=(FormerEvent("improvement_plan.closed", CloseImprovementPlan),), notifies=_to_owner(NoticeType.closed)),
        action(refuse_closing,     "不予关闭",     [State.running],  STAYS,           decision,                        "improvement_plan.closing_refused",
               prepare=(known_contents,), notifies=_to_owner(NoticeType.refused)),
        *document_actions(DOCUMENTS_KEPT),
        *decisions.rows(VOTES),
        *succession_rows("improvement_plan", State),
    ),
)
# fmt: on
