"""The dimensions by which the cases of a KPI can be filtered and grouped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Self

from app.common.records import CodeEnum


class ValueForm(Enum):
    """The form of a dimension's values: codes or keys as they are, or ids of teams or of other records."""

    code = "code"
    team = "team"
    record = "record"


@dataclass(frozen=True, slots=True)
class RawValue:
    """A value in the raw definitions: what a definition decides of it under the name `decided`, or else the
    first of the `ticket_fields` that the case had when its event decided.
    """

    ticket_fields: tuple[str, ...] = ()
    decided: str | None = None

    @property
    def expression(self) -> str:
        """Return the SQL of the value, which reads the rows `known` and `its` of raw/_cases.sql."""
        texts = [] if self.decided is None else [f"its.said->>'{self.decided}'"]
        texts += [f"known.fields->>'{name}'" for name in self.ticket_fields]
        return texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})"


def case_field(*fields: str) -> RawValue:
    """Return the value that the case had in the first of these fields when its event decided."""
    return RawValue(ticket_fields=fields)


def decided_value(name: str) -> RawValue:
    """Return the value that a raw definition decides for each of its rows under this name."""
    return RawValue(decided=name)


CODE, TEAM, RECORD = ValueForm.code, ValueForm.team, ValueForm.record


class Dimension(CodeEnum):
    """A property by which cases are filtered and grouped, with its value at the deciding event."""

    # A row has the name, its labels, the description of the query parameter and, unless they are codes, the
    # form of the values. `column` is the column of facts and raw definitions: the name, with `_id` where it
    # holds ids. `raw` is the field in raw definitions: the case's field of the column's name, unless the row
    # names another one; None if it follows from the others and has no column.
    description: str
    form: ValueForm
    raw: RawValue | None
    column: str

    def __new__(
        cls,
        code: str,
        en: str = "",
        zh: str = "",
        description: str = "",
        form: ValueForm = CODE,
        raw: RawValue | None = RawValue(),  # frozen
    ) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.en, member.zh = en, zh
        member.description, member.form = description, form
        member.column = code if form is CODE else f"{code}_id"
        member.raw = case_field(member.column) if raw == RawValue() else raw
        return member

    __hash__ = CodeEnum.__hash__

    priority = "priority", "Priority", "优先级", "Codes of priorities; `none` for cases without a priority."
    team = "team", "Team", "团队", "Keys or ids of teams; `none` for cases without a team.", TEAM
    service = "service", "Service", "服务", "Keys of services; `none` for cases without a service."
    category = "category", "Category", "分类", "Keys of categories; `none` for cases without a category."
    channel = "channel", "Channel", "渠道", "Codes of channels; `none` for cases without a channel."
    source = (
        *("source", "Source", "来源"),
        "Sources: for incidents, names of the tools that send alerts, or else the way of reporting, "
        "such as `api` or `import:legacy`; for suggestions, codes of their origin, such as `staff`.",
    )
    assignee = (
        "assignee",
        "Assignee",
        "处理人",
        "Identifiers of assignees; `none` for cases without an assignee.",
        RECORD,
    )
    customer = (
        *("customer", "Customer", "客户"),
        "Keys or ids of customers' teams; `none` for cases without a customer.",
        TEAM,
    )
    path = (
        *("path", "Fulfilment path", "履行路径"),
        "Codes of fulfilment paths, for requests; `none` for requests without a path.",
    )
    catalogue_item = (
        *("catalogue_item", "Catalogue item", "服务目录项"),
        "Keys of catalogue items, for requests; `none` for requests without an item.",
        CODE,
        case_field("item"),
    )
    approver_role = (
        *("approver_role", "Approver's role", "审批角色"),
        "Codes of the roles that were asked, for approvals; `none` for a group or persons.",
    )
    state = (
        *("state", "State", "状态"),
        "Codes of states, such as `on_hold`, for the time in each state.",
        CODE,
        decided_value("state"),
    )
    from_team = (
        *("from_team", "From team", "转出团队"),
        "Keys or ids of the earlier teams, for changes of team.",
        TEAM,
        decided_value("from_team"),
    )
    to_team = (
        *("to_team", "To team", "转入团队"),
        "Keys or ids of the new teams, for changes of team.",
        TEAM,
        decided_value("to_team"),
    )
    change_type = (
        *("change_type", "Type of change", "变更类型"),
        "Codes of types, for changes.",
        CODE,
        case_field("type"),
    )
    risk = (
        *("risk", "Risk", "风险等级", "Codes of risk levels, for changes and risks; `none` if not assessed."),
        CODE,
        case_field("risk_level"),
    )
    risk_event = (
        *("risk_event", "Event of the risk", "风险动态"),
        "Events of risks: `new`, `closed`, `up`, `down`.",
        CODE,
        decided_value("risk_event"),
    )
    document_class = (
        *("document_class", "Class of the document", "文件类别"),
        "Codes of classes, such as `PR`, for documents.",
    )
    verdict = (
        *("verdict", "Verdict", "判定方式"),
        "Verdicts on changes: `reviewed`, `computed`.",
        CODE,
        decided_value("verdict"),
    )
    ci_class = (
        *("ci_class", "Class of the configuration item", "配置项类别"),
        "Codes of classes, for alterations.",
    )
    authorisation = (
        *("authorisation", "Authorisation", "授权情况"),
        "Authorisation of alterations: `authorised`, `regularised`, `unauthorised`.",
        CODE,
        decided_value("authorisation"),
    )
    agreement = (
        *("agreement", "Agreement", "协议"),
        "Numbers or ids of agreements; `none` for cases without an agreement.",
        RECORD,
        decided_value("agreement_id"),
    )
    metric = (
        *("metric", "Metric", "指标"),
        "Codes of metrics, such as `resolution`, for clocks.",
        CODE,
        decided_value("metric"),
    )
    cause = (
        *("cause", "Cause", "原因"),
        "Codes of causes, such as `unknown`, for breaches.",
        CODE,
        decided_value("cause"),
    )
    agreement_type = (
        *("agreement_type", "Type of agreement", "协议类型"),
        "Types of agreements: `SLA`, `OLA`, `UC`.",
    )
    owner = (
        *("owner", "Owner", "负责人"),
        "Identifiers of owners, for agreements, services, corrective actions and risks; of authors, "
        "for articles and documents.",
        RECORD,
        case_field("representative_id", "owner_id", "author_id"),
    )
    subject = (
        *("subject", "Subject of the complaint", "投诉内容"),
        "Codes of subjects, for complaints.",
        CODE,
        decided_value("subject"),
    )
    process = (
        *("process", "Process", "流程"),
        "Processes, such as `incident`, for suggestions, improvements, corrective actions, audits, "
        "findings and risks; `none` for the whole department.",
    )
    size = (
        *("size", "Size of the improvement", "改进规模"),
        "Sizes of improvements: `minor`, `major`; `none` if not classified.",
        CODE,
        RawValue(("size",), decided="size"),
    )
    offered_by = (
        *("offered_by", "Offered by", "提出方"),
        "Origin of suggestions: `person`, `rule`.",
        CODE,
        decided_value("offered_by"),
    )
    age = "age", "Age", "存续时间", "Codes of ages of open cases, such as `1_to_3_days`.", CODE, None


#: The columns of the dimensions that facts and raw definitions have.
COLUMN = {dimension: dimension.column for dimension in Dimension if dimension.raw is not None}
#: The dimensions whose values are ids of teams, and those whose values are ids of any record.
TEAMS = frozenset(dimension for dimension in Dimension if dimension.form is TEAM)
IDS = frozenset(dimension for dimension in Dimension if dimension.form is not CODE)


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
#: For KPIs of breaches: every breach has a cause, even if it has not been recorded.
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
OF_CORRECTIONS = (Dimension.process, Dimension.owner)
OF_MAINTENANCE = (Dimension.team, Dimension.service)
#: Dimensions of audits and of their findings.
OF_AUDITS = (Dimension.process, Dimension.team)
OF_DOCUMENTS = (Dimension.document_class, Dimension.owner)
OF_RISKS = (Dimension.risk, Dimension.process, Dimension.owner)
OF_STANDING_RISKS = (*OF_RISKS, Dimension.age)
OF_RISK_EVENTS = (Dimension.risk_event, *OF_RISKS)
#: Dimensions of assignment. Values at a case's opening count for its first team and assignee.
ASSIGNMENT_DIMENSIONS = frozenset({Dimension.team, Dimension.assignee})
#: The dimensions by which a KPI can be of a team, and of a person.
_OF_TEAM, _OF_PERSON = (Dimension.team,), (Dimension.assignee, Dimension.owner)


def narrowing_dimension(dimensions: Sequence[Dimension], *, of_person: bool) -> Dimension | None:
    """Return the one of a KPI's dimensions that narrows it to a person, or else to a team; None: it cannot
    be.
    """
    candidates = _OF_PERSON if of_person else _OF_TEAM
    return next((dimension for dimension in candidates if dimension in dimensions), None)
