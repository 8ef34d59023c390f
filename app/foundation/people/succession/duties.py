"""Duties that can be handed over: which fields of which kinds hold them, and who manages them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.common.duties import GivenDuty
from app.common.people import Role
from app.common.records import CodeEnum


@dataclass(frozen=True, slots=True)
class KindDuties:
    """Fields of a kind of record that name the holders of duties, and the roles that hand the duties over.
    `lists` are fields that name several holders by their ids, each with its duty. `due` are the fields with a
    time by which something of it is to be done, each with the states in which it counts (none: all); the
    earliest is the due time of the duties. `clocked`: the clocks of agreements count, too.

    `ended` are the codes of the states in which nothing of it waits for anybody, except the fields that are
    `outlasting`: they name the holders of what follows. `apart` are fields that do not name the same person,
    each pair by the code of its refusal.
    """

    fields: tuple[str, ...]
    managers: frozenset[Role]
    ended: frozenset[str] = frozenset()
    outlasting: frozenset[str] = frozenset()
    apart: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    lists: Mapping[str, GivenDuty] = field(default_factory=dict)
    due: Mapping[str, frozenset[str]] = field(default_factory=dict)
    clocked: bool = False

    def ended_for(self, field: str) -> frozenset[str]:
        """Return the codes of the states in which the field's duty is over."""
        return frozenset() if field in self.outlasting else self.ended


@dataclass(frozen=True, slots=True)
class RowDuty:
    """Fields of a child record that name the holders of duties, which are over once one of `done` is set:
    they outlast the record, unless `ends_with_record`. `apart` as of the record. `due` is the field with the
    time, or the last day, by which it is to be done.
    """

    fields: tuple[str, ...]
    done: tuple[str, ...]
    kinds: frozenset[str]
    apart: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    ends_with_record: bool = False
    due: str = "due_at"


def _of(fields: str, *managers: Role, ended: str = "", outlasting: str = "") -> KindDuties:
    return KindDuties(
        tuple(fields.split()), frozenset(managers), frozenset(ended.split()), frozenset(outlasting.split())
    )


def _due(duties: KindDuties, due: str, *, clocked: bool = False) -> KindDuties:
    """Return the duties with the fields of their times: `field` or `field:state,state`."""
    named = (entry.partition(":") for entry in due.split())
    times = {name: frozenset(filter(None, states.split(","))) for name, _, states in named}
    return replace(duties, due=times, clocked=clocked)


#: Duties of the records of each kind, without their times.
_WITHOUT_TIMES: Mapping[str, KindDuties] = {
    "article": _of("assignee_id", Role.knowledge_editor, ended="retired"),
    "audit": _of("head_id", Role.quality_manager, ended="concluded"),
    "catalogue_item": replace(
        _of("", Role.service_level_manager, Role.admin), lists={"approver_persons": GivenDuty.approval}
    ),
    "change": _of("assignee_id", Role.change_manager, ended="closed rejected cancelled"),
    "ci": _of("owner_id", Role.configuration_manager, ended="retired"),
    "corrective_action": _of("owner_id", Role.quality_manager, ended="verified dropped"),
    "escalation_rule": _of("to_person_id", Role.admin, ended="ended"),
    "finding": _of("owner_id", Role.quality_manager, ended="verified withdrawn"),
    "freeze": _of("owner_id", Role.change_manager, ended="withdrawn"),
    "group": _of("chair_id", Role.admin, ended="retired"),
    "improvement": replace(
        _of(
            "assignee_id executor_id process_owner_id project_manager_id sponsor_id",
            Role.quality_manager,
            Role.committee_member,
            ended="rejected reverted",
        ),
        apart={"owner_is_executor": ("process_owner_id", "executor_id")},
    ),
    "improvement_plan": _of("owner_id", Role.quality_manager, ended="closed"),
    "incident": _of("assignee_id commander_id", Role.incident_manager, ended="closed cancelled"),
    "meeting": _of("assignee_id chair_id organiser_id", Role.quality_manager, ended="cancelled"),
    "person": _of("manager_id", Role.admin, ended="inactive erased"),
    "problem": _of(
        "assignee_id risk_owner_id",
        Role.problem_manager,
        ended="closed cancelled",
        outlasting="risk_owner_id",
    ),
    "process_definition": replace(
        _of("executor_id owner_id", Role.quality_manager, ended="superseded retired"),
        apart={"owner_executes": ("owner_id", "executor_id")},
    ),
    "quality_assessment": _of("assessor_id", Role.quality_manager, ended="verified cancelled"),
    "quality_target": _of("answerable_id", Role.quality_manager, ended="withdrawn"),
    "release": _of(
        "assignee_id faults_owner_id stage_author_id stage_reviewer_id",
        Role.change_manager,
        ended="closed rolled_back cancelled",
    ),
    "request": replace(
        _of("assignee_id requester_id", Role.service_level_manager, ended="closed cancelled rejected"),
        apart={"requester_is_assignee": ("requester_id", "assignee_id")},
    ),
    "risk": _of("owner_id", Role.quality_manager, ended="closed"),
    "scorecard": replace(
        _of("superior_id talker_id", Role.quality_manager, ended="settled"),
        apart={
            "own_superior": ("concerned_id", "superior_id"),
            "talks_to_oneself": ("concerned_id", "talker_id"),
        },
    ),
    "sla": replace(
        _of(
            "party_representative_id representative_id",
            Role.service_level_manager,
            ended="superseded terminated expired",
        ),
        apart={"represents_both": ("representative_id", "party_representative_id")},
    ),
    "service": _of("owner_id", Role.service_level_manager, ended="retired"),
    "service_level_plan": _of("owner_id", Role.service_level_manager, ended="adopted"),
    "team": _of("lead_id", Role.admin, ended="retired"),
    "training": _of("planner_id trainer_id", Role.quality_manager, ended="licensed cancelled"),
    "webhook_source": _of("owner_id", Role.admin, ended="retired"),
}
_AHEAD = "approved,scheduled"
#: The times by which something is to be done, of kinds of records that have some.
_TIMES: Mapping[str, str] = {
    "article": "next_review_at:published",
    "audit": "self_check_due_at:open summary_due_at",
    "change": f"window_from_at:{_AHEAD} window_until_at:implementing review_due_at:implemented,backed_out",
    "corrective_action": "due_at:planned",
    "finding": "due_at",
    "freeze": "until_at",
    "improvement": "deferred_until_at:deferred next_report_due_at",
    "improvement_plan": "next_review_due_at assessment_due_at",
    "incident": "next_update_due_at:new,acknowledged,in_progress,on_hold review_due_at:resolved,closed",
    "meeting": "starts_at:called ends_at:held",
    "problem": "risk_accepted_until_at",
    "quality_assessment": "conclude_by_at",
    "release": "target_at:planned,in_stage,ready",
    "request": "next_report_due_at:implementing,rectifying planned_at:implementing,rectifying",
    "risk": "reassess_by_at accepted_until_at:treated",
    "scorecard": "rating_due_at:open objection_until_at:published plan_due_at:talk",
    "sla": "review_due_at:signed,under_review ends_at:signed,under_review",
    "training": "planned_at:planned",
}
#: Kinds of cases that the clocks of agreements run on.
_CLOCKED = frozenset({"incident", "problem", "request"})
#: Duties of the records of each kind.
KIND_DUTIES: Mapping[str, KindDuties] = {
    kind: _due(duties, _TIMES.get(kind, ""), clocked=kind in _CLOCKED)
    for kind, duties in _WITHOUT_TIMES.items()
}
_TICKETS = frozenset({"change", "improvement", "incident", "problem", "release", "request"})
#: Duties that child records give, by their kind, in records of these kinds.
ROW_DUTIES: Mapping[str, RowDuty] = {
    "complaint": RowDuty(
        ("owner_id",),
        ("answered_at", "merged_at"),
        _TICKETS,
        apart={"complained_about": ("owner_id", "person_id")},
    ),
    "improvement_plan_step": RowDuty(
        ("person_id",), ("done_at",), frozenset({"improvement_plan"}), due="due_on"
    ),
    "release_stage": RowDuty(
        ("author_id", "reviewer_id"),
        ("passed_at",),
        frozenset({"release"}),
        apart={"reviews_own_stage": ("author_id", "reviewer_id")},
        ends_with_record=True,
        due="planned_at",
    ),
    "risk_action": RowDuty(("person_id",), ("done_at", "dropped_at"), frozenset({"risk"})),
    "rollout_step": RowDuty(("owner_id",), ("completed_at",), frozenset({"improvement"})),
    # An adopted plan stays as it is.
    "service_level_plan_entry": RowDuty(
        ("person_id",), (), frozenset({"service_level_plan"}), ends_with_record=True
    ),
    "task": RowDuty(("assignee_id",), ("completed_at", "dropped_at"), _TICKETS | {"meeting"}),
}
#: Kinds of records whose duties may outlast their end: they are handed over in every state.
OUTLASTING = frozenset(kind for kind, duties in KIND_DUTIES.items() if duties.outlasting).union(
    *(duty.kinds for duty in ROW_DUTIES.values() if not duty.ends_with_record)
)
#: Roles that hand over the duties of some kind.
MANAGERS = frozenset(role for duties in KIND_DUTIES.values() for role in duties.managers)


class TakenDuty(CodeEnum):
    """A duty that a successor takes over: a field of a record, or a kind of child record. The most important
    ones come first.
    """

    commander = "commander", "Incident commander", "指挥者"
    assignee = "assignee", "Assignee", "处理人"
    sponsor = "sponsor", "Sponsor", "项目发起人"
    project_manager = "project_manager", "Project manager", "项目经理"
    process_owner = "process_owner", "Process owner", "流程负责人"
    executor = "executor", "Executor", "执行负责人"
    owner = "owner", "Owner", "负责人"
    risk_owner = "risk_owner", "Risk owner", "风险负责人"
    representative = "representative", "IT representative", "信息技术方代表"
    party_representative = "party_representative", "Representative of the other party", "对方代表"
    chair = "chair", "Chair", "主席"
    stage_reviewer = "stage_reviewer", "Stage reviewer", "阶段评审人"
    stage_author = "stage_author", "Stage author", "阶段文件作者"
    faults_owner = "faults_owner", "Owner of the faults", "遗留故障负责人"
    assessor = "assessor", "Assessor", "评估人"
    answerable = "answerable", "Responsible person", "责任人"
    head = "head", "Team's head", "团队负责人"
    lead = "lead", "Lead", "团队主管"
    manager = "manager", "Manager", "上级"
    superior = "superior", "Superior", "考评上级"
    talker = "talker", "Person who holds the talk", "面谈人"
    organiser = "organiser", "Organiser", "组织者"
    planner = "planner", "Planner", "计划人"
    trainer = "trainer", "Trainer", "培训师"
    approver_persons = "approver_persons", "Approver", "审批人"
    to_person = "to_person", "Escalation", "升级对象"
    requester = "requester", "Requester", "申请人"
    complaint = "complaint", "Complaint", "投诉"
    release_stage = "release_stage", "Release stage", "发布阶段"
    rollout_step = "rollout_step", "Rollout step", "推广步骤"
    risk_action = "risk_action", "Risk action", "风险应对措施"
    improvement_plan_step = "improvement_plan_step", "Step of the plan", "计划步骤"
    service_level_plan_entry = "service_level_plan_entry", "Service of the plan", "计划中的服务"
    task = "task", "Task", "任务"
