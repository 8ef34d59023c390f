"""The dimensions by which the cases of a KPI can be filtered and grouped."""

from __future__ import annotations

from app.common.records import CodeEnum


class Dimension(CodeEnum):
    """A property that cases are filtered and grouped by, as it was at the deciding event."""

    priority = "priority", "Priority", "优先级"
    team = "team", "Team", "团队"
    service = "service", "Service", "服务"
    category = "category", "Category", "分类"
    channel = "channel", "Channel", "渠道"
    source = "source", "Source", "来源"
    assignee = "assignee", "Assignee", "处理人"
    customer = "customer", "Customer", "客户"
    path = "path", "Fulfilment path", "履行路径"
    catalogue_item = "catalogue_item", "Catalogue item", "目录条目"
    approver_role = "approver_role", "Approver's role", "审批角色"
    state = "state", "State", "状态"
    from_team = "from_team", "From team", "转出团队"
    to_team = "to_team", "To team", "转入团队"
    change_type = "change_type", "Type of change", "变更类型"
    risk = "risk", "Risk", "风险"
    verdict = "verdict", "Verdict", "判定方式"
    ci_class = "ci_class", "Class of the configuration item", "配置项类别"
    authorisation = "authorisation", "Authorisation", "授权情况"
    agreement = "agreement", "Agreement", "协议"
    metric = "metric", "Metric", "指标"
    cause = "cause", "Cause", "原因"
    agreement_type = "agreement_type", "Type of agreement", "协议类型"
    owner = "owner", "Owner", "负责人"
    subject = "subject", "Subject of the complaint", "投诉内容"
    process = "process", "Process", "流程"
    size = "size", "Size of the improvement", "改进规模"
    offered_by = "offered_by", "Offered by", "提出方"
    age = "age", "Age", "存续时间"


class Age(CodeEnum):
    """The age of an open case, in classes; each class begins where the previous one ends."""

    days_0 = "0_to_1_days", "Under 1 day", "不足 1 天"
    days_1 = "1_to_3_days", "1 to 3 days", "1 至 3 天"
    days_3 = "3_to_7_days", "3 to 7 days", "3 至 7 天"
    days_7 = "7_to_30_days", "7 to 30 days", "7 至 30 天"
    days_30 = "over_30_days", "30 days and more", "30 天及以上"


#: The upper limit of each age class in seconds, exclusive.
AGE_LIMITS = {
    Age.days_0: 86_400,
    Age.days_1: 3 * 86_400,
    Age.days_3: 7 * 86_400,
    Age.days_7: 30 * 86_400,
}

STANDARD = (
    Dimension.priority,
    Dimension.team,
    Dimension.service,
    Dimension.category,
    Dimension.channel,
    Dimension.assignee,
    Dimension.customer,
)

#: For KPIs that depend on the tool from which the record came.
BY_SOURCE = (*STANDARD, Dimension.source)
OF_REQUESTS = (*STANDARD, Dimension.path, Dimension.catalogue_item)
OF_PROBLEMS = (Dimension.priority, Dimension.team, Dimension.service, Dimension.category, Dimension.assignee)
OF_CHANGES = (Dimension.change_type, Dimension.team, Dimension.service, Dimension.risk)
#: For KPIs that follow a review where there is one, and else the log.
BY_VERDICT = (*OF_CHANGES, Dimension.verdict)
OF_ALTERATIONS = (Dimension.ci_class, Dimension.team, Dimension.authorisation)
OF_COMPLAINTS = (*STANDARD, Dimension.subject)
OF_DEPLOYMENTS = (Dimension.service, Dimension.team)
OF_CLOCKS = (*STANDARD, Dimension.agreement, Dimension.metric)
#: For KPIs of breaches, each of which has a cause, if only that nobody has said one.
BY_CAUSE = (*OF_CLOCKS, Dimension.cause)
OF_AVAILABILITY = (Dimension.service, Dimension.agreement, Dimension.customer)
OF_OUTAGES = (Dimension.service, Dimension.category)
OF_SERVICES = (Dimension.owner, Dimension.team)
#: The owner of an article is its author.
OF_ARTICLES = (Dimension.owner,)
OF_AGREEMENTS = (Dimension.agreement_type, Dimension.owner)
OF_PROPOSALS = (Dimension.source, Dimension.process, Dimension.team)
OF_SUGGESTIONS = (*OF_PROPOSALS, Dimension.offered_by)
OF_IMPROVEMENTS = (Dimension.process, Dimension.size)
#: The dimensions of assignment. What counts at a case's opening counts for its first team and assignee.
ASSIGNMENT_DIMENSIONS = frozenset({Dimension.team, Dimension.assignee})
