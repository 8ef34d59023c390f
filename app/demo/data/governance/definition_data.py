"""Definitions of the demo's processes: a value chain, three processes of it, and a manual in review."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.demo.data.organisation import (
    CHANGE_MANAGER,
    HEAD_OF_IT,
    OPERATIONS_LEAD,
    PROBLEM_MANAGER,
    PROJECT_MANAGER,
    QUALITY_MANAGER,
)

#: The value chain that the other definitions are parts of.
VALUE_CHAIN = "it-services"
HOUR = 3600


@dataclass(frozen=True)
class DefinitionTemplate:
    """A definition: its contents, and the days before the end on which it was drafted; each step follows some
    days later. One without `changes` is still in review, or was sent back to its author with a reason.
    """

    process: str
    executor: str
    drafted: float
    contents: Mapping[str, Any] = field(default_factory=dict)
    changes: str | None = None
    author: str = HEAD_OF_IT
    sent_back: str | None = None


def _activity(title: str, role: str, hours: float | None = None) -> dict[str, Any]:
    limit = {} if hours is None else {"time_limit_seconds": int(hours * HOUR)}
    return {"title": title, "role": role, **limit}


def _raci(**parts: str) -> list[dict[str, str]]:
    """Return the roles with their parts, each given as `role=part`."""
    return [{"role": role, "part": part} for role, part in parts.items()]


#: Reason that each definition gives for contents that it does not have.
NONE_BECAUSE = {
    "inputs": "由起点事件给出。The event that begins it says all.",
    "outputs": "由终点结果给出。The result that ends it says all.",
    "decision_points": "按活动顺序办理。The activities follow one another.",
    "interfaces": "不移交其他流程。Cases are not handed over.",
    "templates": "在系统中办理。Cases are handled in the tool.",
    "checklists": "在系统中办理。Cases are handled in the tool.",
}
FIRST_EDITION = "首次发布。The first edition."
DEFINITIONS = (
    DefinitionTemplate(
        VALUE_CHAIN,
        OPERATIONS_LEAD,
        340,
        {
            "title": "信息技术服务 IT services",
            "level": 1,
            "purpose": "业务部门有可用的系统。The departments have systems that work.",
            "begins_with": "业务部门提出需要 A department needs something",
            "ends_with": "服务可用并得到认可 The service works, and is accepted",
            "activities": [_activity("提供服务 Run the services", "engineer")],
            "raci": _raci(department_head="accountable", engineer="responsible", management="informed"),
            "customers": ["销售、工厂、财务、物流、研发 Sales, plants, finance, logistics, research"],
            "kpis": ["csat"],
        },
        FIRST_EDITION,
    ),
    DefinitionTemplate(
        "incident",
        "Marta Keller",
        330,
        {
            "title": "事件管理 Incident management",
            "level": 2,
            "parent": VALUE_CHAIN,
            "purpose": "尽快恢复服务。Service is restored as soon as can be.",
            "begins_with": "有人或监控报告故障 A fault is reported, by a person or the monitoring",
            "ends_with": "服务已恢复 The service is restored",
            "activities": [
                _activity("受理与分类 Acknowledge and classify", "agent", 0.5),
                _activity("派单 Assign to a team", "agent", 1),
                _activity("诊断与解决 Diagnose and resolve", "engineer", 8),
                _activity("确认并关闭 Confirm and close", "agent", 120),
            ],
            "raci": _raci(
                incident_manager="accountable",
                agent="responsible",
                engineer="responsible",
                problem_manager="consulted",
                requester="informed",
            ),
            "decision_points": [
                {
                    "title": "是否重大事件？Is it a major incident?",
                    "outcomes": ["是：通知事件经理 Yes: the incident manager is told", "否：正常派单 No"],
                }
            ],
            "control_points": [
                {
                    "title": "解决方法已验证 The solution was tried",
                    "role": "agent",
                    "risk": "故障再次出现 It comes back",
                }
            ],
            "interfaces": [
                {
                    "process": "problem",
                    "hand_over": "同类事件三起以上，附时间线。Three alike or more, with their timeline.",
                },
                {
                    "process": "change",
                    "hand_over": "附回退方案。With a way back.",
                },
            ],
            "terms": [
                {
                    "term": "变通方法 Workaround",
                    "meaning": "不消除原因而恢复服务。Service is restored, the cause remains.",
                }
            ],
            "inputs": ["报告、告警 Reports and alerts"],
            "outputs": ["已恢复的服务 Restored service", "知识条目 Articles"],
            "kpis": ["incident_resolution_seconds", "reopened_share"],
            "cost_share": 34,
            "growth_share": 20,
            "value_share": 40,
        },
        FIRST_EDITION,
    ),
    DefinitionTemplate(
        "request",
        OPERATIONS_LEAD,
        325,
        {
            "title": "请求管理 Request management",
            "level": 2,
            "parent": VALUE_CHAIN,
            "purpose": "按目录交付所需的服务。What the catalogue offers is delivered as agreed.",
            "begins_with": "员工提交申请 Somebody asks for something",
            "ends_with": "申请人验收 The requester accepts it",
            "activities": [
                _activity("审批 Approve", "department_head", 48),
                _activity("实现 Fulfil", "engineer", 72),
                _activity("验收 Accept", "requester"),
            ],
            "raci": _raci(
                service_level_manager="accountable", engineer="responsible", department_head="consulted"
            ),
            "control_points": [
                {
                    "title": "费用已批准 The cost was approved",
                    "role": "department_head",
                    "risk": "超出预算 It is beyond the budget",
                }
            ],
            "interfaces": [
                {"process": "change", "hand_over": "申请附验收标准。With what it is accepted by."},
            ],
            "kpis": ["request_lead_seconds"],
            "cost_share": 28,
            "value_share": 25,
        },
        FIRST_EDITION,
    ),
    DefinitionTemplate(
        "change",
        CHANGE_MANAGER,
        318,
        {
            "title": "变更管理 Change management",
            "level": 2,
            "parent": VALUE_CHAIN,
            "purpose": "变更不造成中断。What is changed breaks nothing.",
            "begins_with": "提出变更 A change is proposed",
            "ends_with": "变更已评审 The change was reviewed",
            "activities": [
                _activity("评估风险 Assess the risk", "change_manager", 24),
                _activity("批准 Approve", "cab_member", 120),
                _activity("实施 Implement", "engineer"),
                _activity("评审 Review", "change_manager", 120),
            ],
            "raci": _raci(
                change_manager="accountable",
                engineer="responsible",
                cab_member="consulted",
                configuration_manager="informed",
            ),
            "control_points": [
                {
                    "title": "回退方案已演练 The way back was rehearsed",
                    "role": "cab_member",
                    "risk": "无法回退 There is no way back",
                }
            ],
            "cost_share": 18,
            "growth_share": 35,
            "value_share": 20,
        },
        FIRST_EDITION,
    ),
    DefinitionTemplate(
        "shift-hand-over",
        "Marta Keller",
        9,
        {
            "title": "交接班手册 Manual for the change of shifts",
            "level": 3,
            "parent": "incident",
            "purpose": "夜间的事件早班都知道。The morning shift knows what happened at night.",
            "begins_with": "换班前十五分钟 A quarter of an hour before the shift ends",
            "ends_with": "双方签字 Both have signed",
            "activities": [
                _activity("填写交接表 Fill in the form", "agent", 0.25),
                _activity("当面确认 Confirm in person", "incident_manager", 0.25),
            ],
            "raci": _raci(incident_manager="accountable", agent="responsible"),
        },
    ),
    DefinitionTemplate(
        "problem",
        PROBLEM_MANAGER,
        8,
        {
            "title": "问题管理 Problem management",
            "level": 2,
            "parent": VALUE_CHAIN,
            "purpose": "同样的故障不再发生。The same fault does not come back.",
            "begins_with": "同类事件反复发生 Incidents of one kind come again",
            "ends_with": "原因已消除或已接受 The cause is gone, or accepted",
            "activities": [
                _activity("立项 Raise", "problem_manager", 24),
                _activity("查找原因 Find the cause", "engineer"),
                _activity("消除原因 Remove the cause", "engineer"),
            ],
            "raci": _raci(problem_manager="accountable", engineer="responsible"),
            "control_points": [
                {
                    "title": "原因有证据 The cause is shown by evidence",
                    "role": "problem_manager",
                    "risk": "治标不治本 Only the symptom is treated",
                }
            ],
            "kpis": ["problem_backlog"],
        },
        author=PROJECT_MANAGER,
        sent_back="缺少查找原因的时限。How long the search for the cause may take is missing.",
    ),
)
#: Those who are heard about each definition.
HEARD = (QUALITY_MANAGER, "林晓雨", "Tomasz Nowak")
#: The department that all of them belong to.
DEPARTMENT = "信息技术部 IT"
#: Days from the draft to its submission, and from there to its publication.
SUBMITTED_AFTER, PUBLISHED_AFTER = 6, 11
#: Days from the draft to its return.
SENT_BACK_AFTER = 7
