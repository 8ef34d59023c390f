"""Lifecycle of improvements: propose them with target KPIs, decide, pilot, roll out and standardise.

selected ─► proposed ─► in_review ─► approved | rejected | deferred ─► in_review
approved ─► (minor) implementing ─► evaluating ─► standardised | reverted
approved ─► (major) chartered ⇄ planned ─► plan_approved ─► piloting ⇄ pilot_reported ─►
rolling_out ─► handed_over ─► standardised
"""

from __future__ import annotations

from functools import partial

from pydantic import Field

from app.common.children import ExternalReference, Follower
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.foundation.custom.values import CustomValues
from app.foundation.decisions import actions as decisions
from app.foundation.decisions.actions import DecisionSpec, tallied
from app.foundation.decisions.authorship import agrees_to_what_was_read, authors_do_not_judge
from app.foundation.decisions.preparation import open_decisions
from app.foundation.decisions.records import Decision, DecisionOutcome
from app.foundation.documents import filing
from app.foundation.documents.filing import load_documents
from app.foundation.documents.keeping.actions import KeptDocuments, document_actions
from app.foundation.documents.records import DocumentClass
from app.foundation.editing import apply_patch, edit_action
from app.foundation.people.succession.handing_over import HandingOver, succession_rows
from app.foundation.process_spec import PrioritySpec
from app.foundation.statements.actions import statement_rows, statements_of_record
from app.foundation.statements.records import PersonStatement
from app.kernel.access.audience_rules import to_persons, to_staff
from app.kernel.access.kinds import Lookup
from app.kernel.actions.actor_policy import (
    RecordDuty,
    decision,
    engineer,
    process_owner,
    process_relation,
    quality_manager,
    role,
    rule,
)
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Branch, DueAt, FormerEvent, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Patch, Payload, Title
from app.kernel.actions.rules import Rules
from app.kpis.baselines.records import KpiBaseline
from app.kpis.catalogue import KPIS
from app.processes.improvements import checks, evidence
from app.processes.improvements.committee import actions as committee_actions
from app.processes.improvements.committee.actions import action_of_motion, class_tallied, state_of_charter
from app.processes.improvements.committee.payloads import (
    CharterImprovement,
    ClassifyImprovement,
    ReturnPlanImprovement,
)
from app.processes.improvements.effects import evaluation, measurement
from app.processes.improvements.effects.judged import MEASURED
from app.processes.improvements.effects.records import ImprovementMeasurement
from app.processes.improvements.face import FACE
from app.processes.improvements.freezing import process_is_frozen
from app.processes.improvements.pilot import actions as pilot
from app.processes.improvements.pilot import checks as pilot_checks
from app.processes.improvements.pilot.agreements import (
    forget_statement,
    logged_feedback,
    pilot_agreement_denied,
    pilot_departments,
)
from app.processes.improvements.pilot.preparation import licence_of_executor, pilot_evidence
from app.processes.improvements.pilot.records import PilotFeedback, PilotIssue, PilotReadiness
from app.processes.improvements.preparation import (
    CHARTER,
    CLASS,
    PEOPLE,
    PILOT,
    PROJECT_PLAN,
    PROPOSAL,
    REVERT,
    committee_question,
    newest_effect,
    process_freeze,
    project_manager_duty,
    proposal_on_file,
    repeated_question,
    served_target,
    suggestions_behind,
    targets_of_proposal,
)
from app.processes.improvements.project import actions as project
from app.processes.improvements.project import people
from app.processes.improvements.project.records import ImprovementMember
from app.processes.improvements.proposal import actions as proposal
from app.processes.improvements.proposal import implementing
from app.processes.improvements.proposal.records import DecisionSubject, ImprovementTarget
from app.processes.improvements.proposal.selection import (
    SELECT_SUGGESTIONS,
    grant_freeze_exception,
    select,
)
from app.processes.improvements.records import ENDED, OPEN, PROJECT_STATES, Improvement
from app.processes.improvements.records import ImprovementState as State
from app.processes.improvements.rollout import actions as rollout
from app.processes.improvements.rollout import checks as rollout_checks
from app.processes.improvements.rollout import plan_checks, replanning
from app.processes.improvements.rollout.preparation import (
    held_targets,
    planned_rollout_steps,
    rollout_steps,
    training_of_step,
)
from app.processes.improvements.rollout.records import RolloutAnnouncement, RolloutSitting, RolloutStep
from app.ticketing import CHILDREN, ticket_actions
from app.ticketing.priority import PRIORITY, prioritise
from app.ticketing.projects.actions import flag_rows
from app.ticketing.projects.checks import invalid_progress
from app.ticketing.projects.preparation import current_milestones, unfinished_tasks
from app.ticketing.projects.records import PROJECT_CHILDREN

named_project_manager = process_relation(
    "project_manager", "its own project manager", "本项目的项目经理", "project_manager_id"
)
named_sponsor = process_relation("sponsor", "its sponsor", "本项目的发起人", "sponsor_id")
named_process_owner = process_relation(
    "named_process_owner", "its own process owner", "本项目的流程负责人", "process_owner_id"
)
pilot_member = process_relation(
    "pilot_member",
    "those in the pilot",
    "试点参与人",
    named_in=(("improvement", "executor_id"), ("improvement_member", "person_id")),
)
step_owner = process_relation(
    "step_owner", "the owner of the step", "步骤负责人", named_in=(("rollout_step", "owner_id"),)
)


class EditImprovement(Patch):
    """The fields of the improvement to change; its content is in its proposal."""

    REQUESTER_FIELDS = frozenset({"title"})

    title: Title = Field(
        default_factory=str, description="Title of the improvement in one line, which lists show."
    )
    custom: CustomValues = Field(default_factory=dict)


def edit(improvement: Improvement, body: EditImprovement, ctx: ActionContext) -> None:
    """Edit the improvement's fields."""
    apply_patch(improvement, body, ctx)


#: Fields that name people who see the record, whatever roles they hold.
PERSONS = (
    *("requester_id", "reported_by_id", "assignee_id", "sponsor_id", "project_manager_id", "executor_id"),
    "process_owner_id",
)


#: By the outcome of a decision on the proposal, the action that follows.
OF_PROPOSAL = {
    DecisionOutcome.approved: "approve",
    DecisionOutcome.rejected: "reject",
    DecisionOutcome.deferred: "defer",
    DecisionOutcome.lapsed: "defer",
}


def action_of_outcome(improvement: Improvement, decision: Decision) -> tuple[str, Payload] | None:
    """Return the action to which the outcome of the decision leads, with its payload; None if it is
    not the latest decision, or leads nowhere.
    """
    if decision.id != improvement.decision_id or decision.outcome is None:
        return None
    subject = improvement.proposal.decision_subject
    if subject is DecisionSubject.proposal:
        approved = decision.outcome is DecisionOutcome.approved
        payload = class_tallied(improvement, decision) if approved else tallied(decision)
        return OF_PROPOSAL[decision.outcome], payload
    if subject is DecisionSubject.pilot:
        return pilot.action_of_judgement(improvement, decision)
    return action_of_motion(improvement, decision)


committee = role(Role.committee_member).for_people()
OWNERS = process_owner | named_process_owner
IMPROVERS = quality_manager | process_owner
#: An owner who has proposed it, or is to judge it, leaves the work to an engineer.
IMPLEMENTERS = IMPROVERS | engineer
MEASURERS = IMPROVERS | named_project_manager | rule
#: One that was deferred may be revised before it is put to the committee again.
TO_PROPOSE = (State.selected, State.proposed, State.deferred)
#: The committee, or the quality manager for it, puts what the committee decides to the vote.
ASKERS = committee | quality_manager.for_people()
#: Due dates after the hand-over apply in these states, too.
ROLLED_OUT = (State.rolling_out, State.handed_over, State.standardised)
#: Only a decision leads back from a pilot, or stops what has not begun to be tried: the committee judges
#: whether a project goes on.
STOPPABLE = (
    *(State.approved, State.implementing, State.chartered, State.planned, State.plan_approved),
    *(State.piloting, State.pilot_reported, *ROLLED_OUT),
)
#: The committee decides the priority together with the class.
PRIORITIES = PrioritySpec(
    prioritise,
    (State.selected, State.proposed, State.deferred, State.approved),
    unless=(checks.priority_is_decided, checks.decision_is_open),
)
VOTES = DecisionSpec(
    kind="improvement",
    any=frozenset({State.in_review, *STOPPABLE}),
    matters=(PROPOSAL, CLASS, CHARTER, PROJECT_PLAN, PILOT, PEOPLE, REVERT),
    outcome=action_of_outcome,
    after_withdrawal={State.in_review: State.proposed},
    deferral_end=proposal.deferral_end,
)
#: Each is judged by somebody else than who has made it, by the log.
#: A freeze is not lifted by somebody who is hindered by it.
party = RecordDuty(
    "person with a part in the improvement",
    "参与该改进的人员",
    (
        *("requester_id", "reported_by_id", "proposed_by_id", "proposer_ids", "assignee_id"),
        *("sponsor_id", "project_manager_id", "process_owner_id", "executor_id"),
    ),
)
#: An exception from a freeze is granted when something is about to be carried out, or optimised early.
FREEZABLE = (State.approved, State.standardised)
ROLLED_OUT_BY_OTHERS = authors_do_not_judge(
    ("rollout_scope", "rollout_departments", "rollout_schedule"), ("rollout_step",)
)
#: An approved charter leads on to an approved plan if that was part of the question.
CHARTERED = Branch(
    state_of_charter,
    (State.chartered, State.plan_approved),
    {State.plan_approved: "improvement.chartered_with_plan"},
)
#: A project has a sponsor and a manager. Only the committee replaces them while they are active.
WITH_PEOPLE = tuple(sorted(PROJECT_STATES | {State.chartered, State.standardised}))
RETURNABLE = (State.planned, State.plan_approved)
#: A plan is made in these, or a pilot goes on or is judged.
PILOTED = (State.approved, State.chartered, *RETURNABLE, State.piloting, State.pilot_reported, *ROLLED_OUT)
PLANNING = (
    current_milestones,
    unfinished_tasks,
    targets_of_proposal,
    pilot_departments,
    statements_of_record,
)
PLANNERS = role(Role.project_manager) | quality_manager
HANDED_OVER_AS_READ = agrees_to_what_was_read(("handover_asked",))
IMPLEMENTED_BY_OTHERS = authors_do_not_judge(checks.IMPLEMENTATION)
AGREED_AS_READ = agrees_to_what_was_read(("evaluated",), ("evaluation_agreed",))
AGREED_BY_OTHERS = authors_do_not_judge(checks.IMPLEMENTATION, checks.PROMISE)
its_manager = partial(RecipientRule, field="project_manager_id")
its_proposer = partial(RecipientRule, field="proposed_by_id")
its_requester = partial(RecipientRule, field="requester_id")
its_sponsor = partial(RecipientRule, field="sponsor_id")
its_followers = partial(RecipientRule, children=Follower)
told_teams = partial(RecipientRule, teams="told_team_ids")
concerned_teams = partial(RecipientRule, teams="notified_team_ids")
managers = partial(RecipientRule, roles=frozenset({Role.quality_manager}))
committee_told = partial(RecipientRule, roles=frozenset({Role.committee_member}))


def those_concerned(notice: NoticeType) -> tuple[RecipientRule, ...]:
    """Return that notice for the proposer, the requester and the manager, and for all followers."""
    return (
        *(its_proposer(notice), its_requester(notice), its_manager(notice), its_sponsor(notice)),
        its_followers(notice),
    )


#: Readers of the process go back to the former one and need this, as do the people involved in the
#: improvement.
TELL_REVERSAL = (
    *those_concerned(NoticeType.improvement_reverted),
    concerned_teams(NoticeType.improvement_reverted),
    told_teams(NoticeType.improvement_reverted),
)
#: The committee is reported to, and reads first of all that a project costs or takes more than was agreed.
PROGRESS_TOLD = (
    *(
        recipient(NoticeType.project_overrun, when="exceeds_plan")
        for recipient in (its_sponsor, managers, committee_told)
    ),
    *(recipient(NoticeType.updated) for recipient in (its_sponsor, managers, committee_told)),
)
TO_PROCESS_OWNERS = (
    RecipientRule(NoticeType.rollout_replanned, field="process_owner_id"),
    RecipientRule(NoticeType.rollout_replanned, roles=frozenset({Role.process_owner})),
)
POSTS_VACANT = RecipientRule(
    NoticeType.posts_vacant,
    roles=frozenset({Role.committee_member, Role.quality_manager}),
    when="lacks_people",
)
TO_PROPOSER_AND_MANAGERS = (its_proposer(NoticeType.decided), managers(NoticeType.decided))
PEOPLE_NAMED = (POSTS_VACANT, *TO_PROPOSER_AND_MANAGERS)
DOCUMENTS_KEPT = KeptDocuments(
    kind="improvement",
    any=frozenset(State) - {State.selected},
    archivable=(State.standardised, State.rejected, State.reverted),
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="improvement", plural="improvements", zh="改进", record=Improvement, code="IMP",
    face=FACE,
    rules=Rules(change_check=decisions.not_while_decided(VOTES), derivation=PRIORITY),
    visible=(to_staff(), to_persons(*PERSONS)),
    lookup=Lookup(
        ended=ENDED,
        vocabulary=frozenset(KPIS),
        searched_fields=("title", "selection_reason", "outside_plan_reason", "implementation_plan", "implemented_what", "work_plan", "revert_reason"),
    ),
    children=(
        *Improvement.PARTS, ExternalReference, *decisions.CHILDREN, *filing.CHILDREN, KpiBaseline, ImprovementTarget, ImprovementMeasurement, ImprovementMember,
        PilotReadiness, PilotIssue, PilotFeedback, RolloutStep, RolloutSitting, RolloutAnnouncement, *PROJECT_CHILDREN, *CHILDREN, PersonStatement,
    ),
    rows=(
        # action                           中文        from                             to                  who                     event
        action(select,                     "选定",     NEW_RECORD,                      State.selected,     quality_manager,        "improvement.selected",
               prepare=(suggestions_behind, process_freeze),
               wrong=(checks.selection_does_not_fit, checks.selection_of_suggestions, process_is_frozen), related=SELECT_SUGGESTIONS),
        action(proposal.propose,           "提案",     TO_PROPOSE,                      State.proposed,     IMPROVERS,              "improvement.proposed",
               prepare=(load_documents, targets_of_proposal, served_target), wrong=(checks.proposal_does_not_fit,),
               document=lambda improvement: None if improvement.proposal.proposal_id else DocumentClass.PP),
        action(proposal.submit,            "提交",     [State.proposed, State.deferred], State.in_review,   quality_manager,        "improvement.submitted",
               prepare=(load_documents, proposal_on_file, targets_of_proposal, committee_question(PROPOSAL)),
               wrong=(checks.deferral_in_past, checks.criteria_missing)),
        action(proposal.approve,           "批准",     [State.in_review],               State.approved,     decision,               "improvement.approved",
               notifies=those_concerned(NoticeType.approved)),
        action(proposal.reject,            "否决",     [State.in_review],               State.rejected,     decision,               "improvement.rejected",
               notifies=those_concerned(NoticeType.refused)),
        action(proposal.defer,             "暂缓",     [State.in_review],               State.deferred,     decision,               "improvement.deferred",
               notifies=those_concerned(NoticeType.deferred)),
        action(proposal.take_up,           "重新评审", [State.deferred],                State.in_review,    quality_manager | rule, "improvement.taken_up",
               due=DueAt("deferred_until_at", "take_up_improvements"),
               prepare=(repeated_question,), wrong=(checks.nothing_has_changed,)),
        action(committee_actions.classify, "提请分类", [State.approved],                STAYS,              ASKERS,                 "improvement.class_asked",
               unless=(checks.decision_is_open,), prepare=(targets_of_proposal, committee_question(CLASS, once=True)), wrong=(checks.criteria_missing,)),
        action(committee_actions.classify_by_decision, "分类", [State.approved],     STAYS,              decision,    "improvement.classified_by_decision",
               former=(FormerEvent("improvement.classified", ClassifyImprovement),), notifies=TO_PROPOSER_AND_MANAGERS),
        action(implementing.implement,   "实施",     [State.approved],                State.implementing, IMPLEMENTERS, "improvement.implementation_begun",
               unless=(checks.not_classified, checks.needs_project), prepare=(process_freeze,), wrong=(process_is_frozen,)),
        action(grant_freeze_exception, "批准冻结例外", FREEZABLE, STAYS, committee.in_person(), "improvement.freeze_exception_granted",
               segregate_from=(party,), notifies=(managers(NoticeType.updated), its_manager(NoticeType.updated))),
        action(implementing.finish,        "完成实施", [State.implementing],            State.evaluating,   IMPLEMENTERS,           "improvement.implemented",
               notifies=(managers(NoticeType.delivered), its_requester(NoticeType.delivered))),
        # 9, 14, 16: what is judged is measured before
        action(measurement.measure_effects, "测量效果", [State.piloting, State.evaluating, State.standardised], STAYS, MEASURERS, "improvement.effects_measured",
               prepare=(measurement.earlier_measurements,), wrong=(measurement.check_measurable,),
               related=measurement.STORE_EFFECTS, follow_up=measurement.faded_follow_up),
        action(measurement.note_faded,     "记录收益减退", [State.standardised],        STAYS,              rule,                   "improvement.benefit_faded",
               notifies=(managers(NoticeType.benefit_faded), its_proposer(NoticeType.benefit_faded))),
        action(evaluation.evaluate, "评估", [State.evaluating], STAYS, IMPROVERS.in_person(), "improvement.evaluated",
               prepare=(newest_effect,), wrong=(IMPLEMENTED_BY_OTHERS, *MEASURED, checks.against_evidence, checks.no_owner_asked)),
        action(evaluation.agree_to_evaluation, "同意评估", [State.evaluating], STAYS, process_owner.in_person(), "improvement.evaluation_agreed",
               unless=(checks.nothing_to_agree_to, checks.another_owner_asked), wrong=(AGREED_BY_OTHERS, AGREED_AS_READ),
               notifies=(managers(NoticeType.updated),)),
        action(evaluation.standardise, "固化", [State.evaluating, State.handed_over], State.standardised, quality_manager.in_person(), "improvement.standardised",
               unless=(checks.not_judged_reached, checks.owner_has_not_agreed), prepare=(evaluation.working_teams,),
               wrong=(checks.published_ahead, evidence.evidence_of_other_improvement),
               notifies=(*those_concerned(NoticeType.improvement_standardised), told_teams(NoticeType.improvement_standardised))),
        action(evaluation.revert, "恢复原状", [State.evaluating], State.reverted, quality_manager.in_person(), "improvement.reverted",
               unless=(checks.cannot_be_reverted, checks.owner_has_not_agreed), prepare=(open_decisions, evaluation.working_teams),
               wrong=(checks.old_process_is_gone, checks.reverted_teams_missing),
               notifies=TELL_REVERSAL),
        action(evaluation.ask_to_revert,   "提请恢复原状", STOPPABLE,                   STAYS,              ASKERS,                 "improvement.revert_asked",
               unless=(checks.decision_is_open,), prepare=(committee_question(REVERT, once=True), evaluation.working_teams),
               wrong=(checks.reverted_teams_missing,)),
        action(evaluation.revert_by_decision, "决议恢复原状", STOPPABLE,                State.reverted,     decision,               "improvement.reverted",
               notifies=TELL_REVERSAL),
        action(project.plan_ahead,         "预拟计划", [State.approved],                STAYS,              PLANNERS,               "improvement.planned_ahead",
               unless=(checks.not_classified, checks.needs_no_project, checks.decision_is_open), prepare=PLANNING, wrong=(checks.plan_does_not_fit,)),
        action(committee_actions.charter,  "提请立项", [State.approved],                STAYS,              ASKERS,                 "improvement.charter_asked",
               unless=(checks.not_classified, checks.needs_no_project, checks.decision_is_open),
               prepare=(committee_question(CHARTER, once=True),), wrong=(checks.charter_does_not_fit,)),
        action(committee_actions.charter_by_decision, "立项", [State.approved],      CHARTERED,          decision,    "improvement.chartered_by_decision",
               prepare=(committee_actions.people_of_motion,),
               former=(FormerEvent("improvement.chartered", CharterImprovement),), notifies=PEOPLE_NAMED),
        action(project.plan,               "计划",     [State.chartered],               State.planned,      named_project_manager,  "improvement.planned",
               prepare=PLANNING, wrong=(checks.plan_does_not_fit,)),
        action(committee_actions.return_plan, "提请退回计划", RETURNABLE, STAYS, ASKERS, "improvement.plan_return_asked",
               unless=(checks.decision_is_open,), prepare=(committee_question(PROJECT_PLAN),)),
        action(committee_actions.return_plan_by_decision, "退回计划", RETURNABLE, State.chartered, decision, "improvement.plan_returned_by_decision",
               former=(FormerEvent("improvement.plan_returned", ReturnPlanImprovement),), notifies=(its_manager(NoticeType.project_plan_returned),)),
        action(committee_actions.approve_plan, "提请批准计划", [State.planned], STAYS, ASKERS | named_project_manager, "improvement.plan_approval_asked",
               unless=(checks.pilot_is_missing, pilot_agreement_denied, checks.decision_is_open), prepare=(committee_question(PROJECT_PLAN),)),
        action(committee_actions.approve_plan_by_decision, "批准计划", [State.planned], State.plan_approved, decision,
               "improvement.plan_approved_by_decision",
               former=(FormerEvent("improvement.plan_approved", EmptyPayload),),
               notifies=(its_manager(NoticeType.approved), its_sponsor(NoticeType.to_kick_off))),
        action(committee_actions.change_people, "提请更换项目人员", WITH_PEOPLE, STAYS, ASKERS, "improvement.people_change_asked",
               unless=(checks.needs_no_project, checks.decision_is_open), prepare=(committee_question(PEOPLE, once=True),),
               wrong=(committee_actions.people_stay,)),
        action(committee_actions.change_people_by_decision, "更换项目人员", WITH_PEOPLE, STAYS, decision, "improvement.people_changed_by_decision",
               prepare=(committee_actions.people_of_motion,), wrong=(committee_actions.candidate_is_lost,), notifies=PEOPLE_NAMED),
        action(committee_actions.void_people, "终止更换人员的表决", WITH_PEOPLE, STAYS, rule, "improvement.people_question_voided",
               prepare=(open_decisions,), wrong=(committee_actions.candidates_fit,)),
        action(project.report_progress,    "汇报进展", PROJECT_STATES,                  STAYS,              named_project_manager,  "improvement.progress_reported",
               prepare=(current_milestones,), wrong=(invalid_progress,), notifies=PROGRESS_TOLD),
        action(pilot.kick_off, "宣布启动", [State.plan_approved], STAYS, named_sponsor.in_person(), "improvement.kicked_off",
               unless=(pilot_checks.kicked_off_already, pilot_agreement_denied), notifies=(its_manager(NoticeType.kicked_off),)),
        action(pilot.start_pilot, "启动试点", [State.plan_approved], State.piloting, named_project_manager, "improvement.pilot_started",
               unless=(pilot_checks.not_kicked_off, pilot_checks.pilot_is_over, pilot_checks.pilot_begins_later,
                       pilot_agreement_denied, checks.decision_is_open),
               prepare=(licence_of_executor,),
               wrong=(pilot_checks.not_ready_for_pilot, evidence.evidence_of_other_improvement, pilot_checks.not_trained_for_pilot,
                      pilot_checks.executor_not_suitable),
               notifies=(its_sponsor(NoticeType.updated),)),
        action(pilot.log_pilot_issue, "记录试点问题", [State.piloting], STAYS, pilot_member, "improvement.pilot_issue_logged",
               wrong=(pilot_checks.not_in_the_pilot,), notifies=(its_manager(NoticeType.updated),)),
        action(pilot.solve_pilot_issue, "解决试点问题", [State.piloting], STAYS, pilot_member, "improvement.pilot_issue_solved",
               wrong=(pilot_checks.not_in_the_pilot, pilot_checks.issue_is_solved)),
        action(pilot.log_pilot_feedback, "记录试点反馈", [State.piloting], STAYS, pilot_member, "improvement.pilot_feedback_logged",
               wrong=(pilot_checks.no_pilot_participant, pilot_checks.feedback_of_another)),
        action(pilot.report_pilot, "报告试点", [State.piloting], State.pilot_reported, named_project_manager, "improvement.pilot_reported",
               prepare=(load_documents, pilot_evidence), wrong=(pilot_checks.effect_is_missing, pilot_checks.reported_early),
               document=lambda _: DocumentClass.PL,
               notifies=(managers(NoticeType.updated), its_sponsor(NoticeType.updated))),
        action(pilot.ask_judgement, "提请裁定试点", [State.pilot_reported], STAYS, quality_manager | named_project_manager, "improvement.judgement_asked",
               unless=(checks.decision_is_open,), prepare=(pilot_evidence, committee_question(PILOT, once=True)),
               wrong=(pilot_checks.effect_is_missing, pilot_checks.judgement_invalid)),
        action(pilot.pass_pilot, "通过试点", [State.pilot_reported], State.rolling_out, decision, "improvement.pilot_passed",
               prepare=(pilot_evidence,), wrong=(pilot_checks.effect_is_missing,), notifies=those_concerned(NoticeType.approved)),
        action(pilot.extend_pilot, "延长试点", [State.pilot_reported], State.piloting, decision, "improvement.pilot_extended",
               notifies=those_concerned(NoticeType.decided)),
        action(pilot.stop_pilot, "终止试点", [State.pilot_reported], State.reverted, decision, "improvement.pilot_stopped",
               notifies=(*those_concerned(NoticeType.refused), concerned_teams(NoticeType.improvement_reverted))),
        action(pilot.flag_judgement, "标记裁定逾期", [State.pilot_reported], STAYS, decision, "improvement.judgement_overdue",
               notifies=(managers(NoticeType.pilot_not_judged),)),
        action(rollout.roll_out, "计划推广", [State.rolling_out], STAYS, named_project_manager, "improvement.rollout_planned",
               prepare=(rollout_steps, load_documents),
               wrong=(plan_checks.step_owner_not_eligible, plan_checks.rollout_plan_invalid, plan_checks.release_does_not_fit),
               follow_up=replanning.replanning_follow_up),
        action(replanning.announce_replanning, "通告推广调整", [State.rolling_out], STAYS, rule, "improvement.replanning_announced",
               notifies=TO_PROCESS_OWNERS),
        action(replanning.announce_moved_cutover, "通告切换改期", [State.rolling_out], STAYS, rule, "improvement.moved_cutover_announced",
               notifies=(*TO_PROCESS_OWNERS, concerned_teams(NoticeType.rollout_replanned))),
        action(rollout.complete_rollout_step, "完成推广步骤", [State.rolling_out], STAYS, step_owner, "improvement.rollout_step_completed",
               prepare=(planned_rollout_steps, training_of_step), wrong=(rollout_checks.not_the_step_owner, *rollout_checks.COMPLETION),
               follow_up=rollout.step_follow_up),
        action(rollout.announce_publication, "通告发布", [State.rolling_out], STAYS, rule, "improvement.publication_announced",
               notifies=(concerned_teams(NoticeType.process_published), *those_concerned(NoticeType.process_published))),
        action(rollout.tell_newcomer, "通告新成员", [State.rolling_out], STAYS, rule, "improvement.newcomer_told"),
        action(rollout.announce_cutover, "通告切换", [State.rolling_out], STAYS, rule, "improvement.cutover_announced",
               notifies=(concerned_teams(NoticeType.process_cut_over), *those_concerned(NoticeType.process_cut_over))),
        action(rollout.publish_success, "发布经验", [State.rolling_out], STAYS, rule, "improvement.success_published",
               notifies=(RecipientRule(NoticeType.success_published, every_team=True),)),
        action(rollout.skip_rollout_order, "允许改变步骤顺序", [State.rolling_out], STAYS, OWNERS, "improvement.rollout_order_skipped",
               prepare=(planned_rollout_steps,), wrong=(rollout_checks.step_not_open, rollout_checks.step_in_order)),
        action(rollout.flag_rollout_step, "标记推广步骤逾期", ROLLED_OUT, STAYS, rule, "improvement.rollout_step_overdue",
               prepare=(planned_rollout_steps,), wrong=(rollout_checks.step_not_open, rollout_checks.step_not_overdue)),
        action(rollout.flag_sitting, "标记考核逾期", ROLLED_OUT, STAYS, rule, "improvement.sitting_overdue",
               wrong=(rollout_checks.sitting_not_overdue,), notifies=(RecipientRule(NoticeType.examination_overdue, field="project_manager_id"),)),
        action(rollout.list_newcomer, "列入待考人员", [State.rolling_out], STAYS, rule, "improvement.newcomer_listed"),
        action(rollout.ask_hand_over, "提请移交", [State.rolling_out], STAYS, named_project_manager, "improvement.handover_asked",
               prepare=(planned_rollout_steps, load_documents, pilot_evidence),
               wrong=(rollout_checks.rollout_incomplete, evidence.evidence_of_other_improvement),
               document=rollout.handover_document_class, notifies=(managers(NoticeType.to_accept),)),
        action(rollout.hand_over, "移交", [State.rolling_out], State.handed_over, quality_manager, "improvement.handed_over",
               unless=(rollout_checks.handover_not_asked,), prepare=(planned_rollout_steps, load_documents),
               wrong=(rollout_checks.rollout_incomplete, ROLLED_OUT_BY_OTHERS, HANDED_OVER_AS_READ), segregate_from=(project_manager_duty,),
               notifies=those_concerned(NoticeType.improvement_handed_over)),
        action(rollout.fix, "固化成效", [State.standardised], STAYS, OWNERS.in_person(), "improvement.fixed",
               prepare=(planned_rollout_steps, held_targets),
               wrong=(rollout_checks.not_a_later_step, evidence.evidence_of_other, evidence.evidence_of_other_improvement, rollout_checks.step_out_of_order,
                      rollout_checks.evidence_repeated, rollout_checks.optimised_too_early, rollout_checks.target_not_held,
                      rollout_checks.fixed_in_places, rollout_checks.no_later_step)),
        *statement_rows("improvement", PILOTED, forget=forget_statement, prepare=(logged_feedback,), notifies=(managers(NoticeType.statement_objected),)),
        *flag_rows("improvement", PROJECT_STATES, tells=(its_manager, managers)),
        *edit_action(edit, "improvement", State, checks.title_is_decided),
        *document_actions(DOCUMENTS_KEPT),
        *decisions.rows(VOTES),
        *ticket_actions(kind="improvement", any=State, open=OPEN, delivered=ENDED, manager=Role.quality_manager, priorities=PRIORITIES),
        *succession_rows("improvement", State, of_the_active=True, handing_over=HandingOver(people.hand_over_duties, notifies=people.TO_COMMITTEE),
                         wrong=(people.successor_not_suitable, people.names_people_alone)),
    ),
)
# fmt: on
