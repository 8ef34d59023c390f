"""The first pages of roles, as data: the lists that are a role's own work, the two figures that it answers
for, and the pages that lead further (pure).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.common.faces import BilingualLabel
from app.common.people import Role

#: Values in the queries of lists: the states of work that is not done with, and the reader's teams.
OPEN_STATES, READER_TEAMS = "{open}", "{teams}"


@dataclass(frozen=True, slots=True)
class HomeList:
    """A list of work: its label, the kind of its records, and its filters as in the list's address."""

    label: BilingualLabel
    kind: str
    query: str


@dataclass(frozen=True, slots=True)
class HomePage:
    """A page that leads further: its label and address."""

    label: BilingualLabel
    address: str


@dataclass(frozen=True, slots=True)
class RoleHome:
    """The first page of a role: its lists, the most pressing first; the keys of the two KPIs that it answers
    for; and pages that lead further. Figures that a person may not see, since they count records of others,
    are left out.
    """

    lists: tuple[HomeList, ...]
    figures: tuple[str, str]
    pages: tuple[HomePage, ...] = ()


def _list(en: str, zh: str, kind: str, query: str = f"state={OPEN_STATES}") -> HomeList:
    return HomeList(BilingualLabel(en, zh), kind, query)


def _page(en: str, zh: str, address: str) -> HomePage:
    return HomePage(BilingualLabel(en, zh), address)


OPEN = f"state={OPEN_STATES}"
FREE = f"{OPEN}&assignee=none"
OF_TEAMS = f"{FREE}&team={READER_TEAMS}"
URGENT = f"{OPEN}&priority=P1,P2"
IN_PROGRESS = "state=draft,in_review,piloting"
OVERDUE_CHANGES = f"{OPEN}&review_overdue_at_not=none"

MINE_LATE = _list("My incidents, overdue", "我的逾期事件", "incident", f"{OPEN}&assignee=me&due_within=0")
MINE_SOON = _list(
    "My incidents, due in 4 h", "我的 4 小时内到期事件", "incident", f"{OPEN}&assignee=me&due_within=PT4H"
)
FREE_INCIDENTS = _list("Incidents without an assignee", "未分派的事件", "incident", FREE)
MAJOR_INCIDENTS = _list("Major incidents", "重大事件", "incident", f"{OPEN}&declared_major_at_not=none")
URGENT_INCIDENTS = _list(
    "Urgent incidents (P1, P2)", "紧急事件（P1、P2）", "incident", f"{OPEN}&priority=P1,P2"
)
OPEN_INCIDENTS = _list("Open incidents", "未完成的事件", "incident")
OPEN_CHANGES = _list("Open changes", "未完成的变更", "change")
CHANGES_TO_DECIDE = _list("Changes awaiting approval", "待审批的变更", "change", "state=awaiting_approval")
OPEN_RELEASES = _list("Open releases", "未完成的发布", "release")
OPEN_IMPROVEMENTS = _list("Open improvements", "进行中的改进", "improvement")
OPEN_FINDINGS = _list("Open findings", "未关闭的审核发现", "finding")
OPEN_AUDITS = _list("Open audits", "进行中的审核", "audit")
OPEN_RISKS = _list("Open risks", "未关闭的风险", "risk")
PROCESS_CHANGES = _list("Changes of processes to decide", "待决定的流程变更", "process_change")
EDITIONS_AT_WORK = _list(
    "Editions of processes in progress",
    "编制中的流程版本",
    "process_definition",
    "state=draft,in_review,piloting",
)
PROCESSES = _list("Processes in force", "生效的流程", "process_definition", "state=published")
AGREEMENTS_AT_WORK = _list(
    "Agreements in negotiation", "协商中的协议", "sla", "state=requirement,drafted,negotiating,in_review"
)
SIGNED_AGREEMENTS = _list("Agreements in force", "生效的协议", "sla", "state=signed,under_review")

CONFORMANCE = _page("Process conformance", "流程符合度", "/dashboard/conformance")
BOARD = _page("Improvement board", "改进看板", "/dashboard/improvement")
COMMITTEE = _page("Committee's desk", "委员会工作台", "/dashboard/committee")
CALENDAR = _page("Change calendar", "变更日历", "/desk/changes")
DUE = _page("Everything due next", "即将到期", "/desk/due")
DASHBOARD = _page("Dashboard", "仪表盘", "/dashboard")

#: The first page of each role. Requesters have the portal, and machines' accounts read no pages.
HOMES: Mapping[Role, RoleHome] = {
    Role.agent: RoleHome(
        (
            FREE_INCIDENTS,
            _list("Requests without an assignee", "未分派的请求", "request", FREE),
            URGENT_INCIDENTS,
            MINE_LATE,
            MINE_SOON,
            _list("Resolved, to be confirmed", "已解决待确认", "incident", "state=resolved"),
        ),
        ("incident_response_attainment", "first_contact_resolution"),
        (DUE,),
    ),
    Role.engineer: RoleHome(
        (
            _list("Free incidents of my teams", "我的团队未分派的事件", "incident", OF_TEAMS),
            _list("Incidents of my teams", "我的团队的事件", "incident", f"{OPEN}&team={READER_TEAMS}"),
            _list("Changes of my teams", "我的团队的变更", "change", f"{OPEN}&team={READER_TEAMS}"),
            MINE_LATE,
            MINE_SOON,
            OPEN_RELEASES,
        ),
        ("incident_resolution_attainment", "reopen_rate"),
        (DUE, CALENDAR),
    ),
    Role.incident_manager: RoleHome(
        (MAJOR_INCIDENTS, URGENT_INCIDENTS, FREE_INCIDENTS, OPEN_INCIDENTS),
        ("incident_resolution_attainment", "backlog"),
        (DUE, _page("Figures of incidents", "事件指标", "/dashboard/incident")),
    ),
    Role.problem_manager: RoleHome(
        (
            _list("Problems without an assignee", "未分派的问题", "problem", FREE),
            _list("Problem candidates to judge", "待判断的问题候选", "problem_candidate", "state=offered"),
            _list("Known errors", "已知错误", "problem", "state=known_error"),
            _list("Open problems", "未关闭的问题", "problem"),
        ),
        ("problem_backlog", "known_error_ratio"),
        (_page("Figures of problems", "问题指标", "/dashboard/problem"),),
    ),
    Role.change_manager: RoleHome(
        (
            _list("Changes to assess", "待评估的变更", "change", "state=submitted"),
            _list("Changes to schedule", "待排期的变更", "change", "state=approved"),
            _list("Changes to review", "待回顾的变更", "change", "state=implemented,backed_out"),
            _list("Overdue reviews", "逾期的回顾", "change", OVERDUE_CHANGES),
            OPEN_CHANGES,
            OPEN_RELEASES,
        ),
        ("change_failure_rate", "change_first_pass"),
        (CALENDAR, _page("Figures of changes", "变更指标", "/dashboard/change")),
    ),
    Role.configuration_manager: RoleHome(
        (
            _list("Unauthorised items", "未授权的配置项", "ci", "unauthorised=true"),
            _list("Discoveries to judge", "待处理的发现", "discovery"),
            _list("Open verifications", "进行中的核查", "verification"),
            _list("Items in use", "使用中的配置项", "ci", "state=live,maintenance"),
        ),
        ("unauthorised_changes", "maintenance_on_time"),
        (CALENDAR,),
    ),
    Role.cab_member: RoleHome(
        (
            CHANGES_TO_DECIDE,
            _list("Scheduled changes", "已排期的变更", "change", "state=scheduled"),
            OPEN_CHANGES,
        ),
        ("change_failure_rate", "emergency_share"),
        (COMMITTEE, CALENDAR),
    ),
    Role.service_level_manager: RoleHome(
        (
            _list("Overdue reviews of agreements", "逾期的协议评审", "sla", "review_overdue_at_not=none"),
            AGREEMENTS_AT_WORK,
            SIGNED_AGREEMENTS,
            _list("Services in use", "使用中的服务", "service", "state=live"),
        ),
        ("sla_attainment", "service_availability"),
        (_page("Service levels", "服务级别", "/dashboard/service-level"), DUE),
    ),
    Role.agreement_maintainer: RoleHome(
        (AGREEMENTS_AT_WORK, SIGNED_AGREEMENTS), ("agreement_reviews_overdue", "services_under_agreement")
    ),
    Role.process_owner: RoleHome(
        (PROCESS_CHANGES, EDITIONS_AT_WORK, OPEN_IMPROVEMENTS, OPEN_RISKS, PROCESSES),
        ("effect_achieved", "benefits_sustained"),
        (CONFORMANCE, BOARD),
    ),
    Role.process_designer: RoleHome(
        (EDITIONS_AT_WORK, PROCESS_CHANGES, PROCESSES),
        ("idea_to_standard_seconds", "irregular_share"),
        (CONFORMANCE,),
    ),
    Role.process_supervisor: RoleHome(
        (OPEN_AUDITS, OPEN_FINDINGS, PROCESSES), ("self_check_on_time", "summary_on_time"), (CONFORMANCE,)
    ),
    Role.process_administrator: RoleHome(
        (OPEN_AUDITS, EDITIONS_AT_WORK, PROCESS_CHANGES, PROCESSES), ("self_check_on_time", "summary_on_time")
    ),
    Role.quality_manager: RoleHome(
        (
            _list("Suggestions to judge", "待评估的改进建议", "improvement_suggestion", "state=offered"),
            OPEN_FINDINGS,
            OPEN_AUDITS,
            _list("Corrective actions", "纠正措施", "corrective_action"),
            OPEN_IMPROVEMENTS,
        ),
        ("csat", "effect_achieved"),
        (BOARD, DASHBOARD, CONFORMANCE),
    ),
    Role.committee_member: RoleHome(
        (
            _list("Improvements in review", "评审中的改进", "improvement", "state=in_review,pilot_reported"),
            _list("Plans to decide", "待决定的计划", "improvement_plan", "state=submitted"),
            OPEN_IMPROVEMENTS,
        ),
        ("effect_achieved", "pilot_pass_rate"),
        (COMMITTEE, BOARD),
    ),
    Role.project_manager: RoleHome(
        (
            _list("Improvements that I lead", "我负责的改进", "improvement", f"{OPEN}&project_manager=me"),
            _list("Projects from requests", "由请求产生的项目", "request", f"{OPEN}&path=project"),
            OPEN_IMPROVEMENTS,
        ),
        ("pilot_pass_rate", "benefits_sustained"),
        (BOARD,),
    ),
    Role.department_head: RoleHome(
        (
            URGENT_INCIDENTS,
            CHANGES_TO_DECIDE,
            OPEN_AUDITS,
            OPEN_IMPROVEMENTS,
        ),
        ("sla_attainment", "backlog"),
        (DASHBOARD,),
    ),
    Role.management: RoleHome(
        (MAJOR_INCIDENTS, URGENT_INCIDENTS, CHANGES_TO_DECIDE, OPEN_RISKS, OPEN_IMPROVEMENTS),
        ("sla_attainment", "csat"),
        (DASHBOARD, COMMITTEE),
    ),
    Role.knowledge_editor: RoleHome(
        (
            _list("Articles in review", "审核中的文章", "article", "state=in_review"),
            _list("Drafts", "草稿", "article", "state=draft"),
            _list("Published articles", "已发布的文章", "article", "state=published"),
        ),
        ("knowledge_deflection", "knowledge_shared"),
    ),
    Role.auditor: RoleHome(
        (
            OPEN_AUDITS,
            OPEN_FINDINGS,
            _list("Corrective actions", "纠正措施", "corrective_action"),
            _list("Nightly reconciliations", "每夜对账", "reconciliation", ""),
        ),
        ("audit_findings_repeat_rate", "irregular_share"),
        (CONFORMANCE, _page("Events of all records", "全部记录的事件", "/docs?tags=events,proofs")),
    ),
    Role.admin: RoleHome(
        (
            _list("Integrations", "集成来源", "webhook_source"),
            _list("People", "人员", "person", "state=active"),
            _list("Teams", "团队", "team", "state=active"),
            _list("API keys", "API 密钥", "key", "state=active"),
            _list("Services", "服务", "service", "state=live"),
        ),
        ("incident_unknown_keys_share", "request_unknown_keys_share"),
        (
            _page("Administration", "系统管理", "/desk/administration"),
            _page("Integrations", "集成", "/dashboard/integrations"),
        ),
    ),
}
