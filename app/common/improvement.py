"""Codes of the improvement programme that suggestions, assessments and improvements share."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from app.common.records import CodeEnum


class FreezeExemption(CodeEnum):
    """The reason why a process is changed although its definition is frozen."""

    safety = "safety", "Safety", "安全"
    law = "law", "Law", "法律法规"
    service_stop = "service_stop", "Interruption of service", "服务中断"


class ImprovementScope(CodeEnum):
    """The reach of an improvement: the whole department, or one process."""

    department = "department", "Department", "部门"
    process = "process", "Process", "流程"


class ImprovementAspect(CodeEnum):
    """The aspect that is improved; the first three concern the department, the others a process."""

    interface = "interface", "Interface between processes", "流程间接口"
    new_process = "new_process", "New process", "新建流程"
    platform = "platform", "Monitoring or management platform", "监控或管理平台"
    design_principle = "design_principle", "Design principle", "设计原则"
    role = "role", "Role", "角色"
    efficiency = "efficiency", "Efficiency", "效率"
    activity = "activity", "Activity", "活动"
    tool = "tool", "Tool", "工具"
    kpi = "kpi", "KPI definition or collection", "指标定义或采集"


DEPARTMENT_ASPECTS = frozenset(
    {ImprovementAspect.interface, ImprovementAspect.new_process, ImprovementAspect.platform}
)
#: The aspects that fit each scope.
ASPECTS: Mapping[ImprovementScope, frozenset[ImprovementAspect]] = MappingProxyType(
    {
        ImprovementScope.department: DEPARTMENT_ASPECTS,
        ImprovementScope.process: frozenset(ImprovementAspect) - DEPARTMENT_ASPECTS,
    }
)


class SuggestionSource(CodeEnum):
    """The origin of a suggestion."""

    business_need = "business_need", "Business need", "业务需求"
    standard = "standard", "Standard", "标准规范"
    satisfaction_survey = "satisfaction_survey", "Satisfaction survey", "满意度调查"
    staff = "staff", "Staff", "工作人员"
    management = "management", "Management", "管理层"
    business_goal = "business_goal", "Business goal", "业务目标"
    audit = "audit", "Audit", "审核"
    internal_review = "internal_review", "Internal review", "内部评审"
    kpi_trend = "kpi_trend", "KPI trend", "指标趋势"
    improvement_feedback = "improvement_feedback", "Feedback on an earlier improvement", "以往改进的反馈"
    retrospective = "retrospective", "Project retrospective", "项目回顾"
    business_change = "business_change", "Business change or new technology", "业务变化或新技术"


class AssessmentCriterion(CodeEnum):
    """The criteria by which suggestions are assessed, each from 1 to 5, where 5 always speaks for the
    suggestion.
    """

    plan_fit = "plan_fit", "Fit with the annual plan", "与年度计划的契合度"
    benefit = "benefit", "Benefit and reach", "收益与影响范围"
    urgency = "urgency", "Urgency and priority", "紧迫性与优先级"
    ease = "ease", "Ease of carrying out and institutionalising", "实施与固化的难易"
    outside_purchase = "outside_purchase", "Need of outside purchase", "对外采购需求"
    risk = "risk", "Risks and obstacles of rollout", "推广的风险与障碍"
