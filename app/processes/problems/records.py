"""The records of problems and their candidates, with states and codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.children import Visibility
from app.common.personal import Personal
from app.common.records import CodeEnum, ForeignRef, KeyRef, Record, StaffOnly, optional, required
from app.common.state_fields import ClearedBy, EnteredAt
from app.common.tickets import Ticket


class ProblemState(CodeEnum):
    """The state of a problem."""

    logged = "logged", "Logged", "已登记"
    investigating = "investigating", "Investigating", "调查中"
    known_error = "known_error", "Known error", "已知错误"
    cause_identified = "cause_identified", "Cause identified", "根因已确定"
    fix_in_progress = "fix_in_progress", "Fix in progress", "修复中"
    resolved = "resolved", "Resolved", "已解决"
    closed = "closed", "Closed", "已关闭"
    cancelled = "cancelled", "Cancelled", "已取消"


ENDED = frozenset({ProblemState.resolved, ProblemState.closed})
OPEN = frozenset(ProblemState) - ENDED - {ProblemState.cancelled}


class ProblemOrigin(CodeEnum):
    """The occasion on which a problem was raised: incidents, or proactively a trend or a review."""

    incident = "incident", "Incidents", "事件"
    trend = "trend", "A trend", "趋势分析"
    review = "review", "A review", "回顾"


class Technique(CodeEnum):
    """The technique with which the cause was found."""

    five_whys = "five_whys", "Five whys", "五个为什么"
    ishikawa = "ishikawa", "Ishikawa diagram", "鱼骨图"
    fault_tree = "fault_tree", "Fault tree", "故障树"
    timeline = "timeline", "Timeline", "时间线"
    change_analysis = "change_analysis", "Change analysis", "变更分析"


class CauseCategory(CodeEnum):
    """The category of a cause."""

    software = "software", "Software", "软件"
    hardware = "hardware", "Hardware", "硬件"
    configuration = "configuration", "Configuration", "配置"
    capacity = "capacity", "Capacity", "容量"
    change = "change", "A change", "变更"
    people = "people", "People", "人员"
    process = "process", "Process", "流程"
    supplier = "supplier", "Supplier", "供应商"
    environment = "environment", "Power, climate, building", "环境"
    security = "security", "Security", "安全"
    other = "other", "Other", "其他"


BY_REOPENING = ClearedBy(leaving=ENDED, entering=OPEN)


class Problem(Ticket):
    """The cause, unknown or known, behind one incident or many.

    `affected_services` are keys of services, `affected_customers` ids of teams. `symptoms` and `workaround`
    belong to the organisation and are no personal data: they stay when a person is erased;
    `workaround_visibility` says who is shown them on incidents, and `article_id` is the article that was
    drafted from them. `fixing_change` is the number of the change that fixes the problem, whose id is
    `fixing_change_id`; or, if `fixing_change_external`, the name that another tool has for it.
    `fixing_change_failed_at` is when it turned out that it is not made, until another fix is named.
    `risk_accepted_until_at` is when the owner of an accepted risk decides again, `risk_lapsed_at` when that
    time had come.
    """

    KIND: ClassVar[str] = "problem"

    state: ProblemState | None = required()
    description: Annotated[str | None, Personal()] = optional(
        "The problem in the words of the person who raised it."
    )
    origin: ProblemOrigin | None = optional(
        "The occasion: of `incident`, at least one is named; `trend` and `review` are proactive."
    )
    service: Annotated[str | None, KeyRef("service")] = None
    ci: Annotated[str | None, KeyRef("ci")] = None
    category: Annotated[str | None, KeyRef("category", per_process=True)] = optional(
        "The key of the category."
    )
    affected_services: list[str] | None = optional("The keys of all affected services.")
    affected_customers: list[str] | None = optional("The ids of the affected customers' teams.")
    affected_users: int | None = optional("The approximate number of affected users.")
    tried: Annotated[str | None, Personal()] = optional("The attempts so far.")
    reported_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who raised it, if not the requester."
    )
    investigation_begun_at: Annotated[datetime | None, EnteredAt(ProblemState.investigating, first=True)] = (
        None
    )
    technique: Technique | None = optional("The technique that found the cause.")
    cause: Annotated[str | None, Personal()] = optional("The cause.")
    cause_category: CauseCategory | None = optional("The category of the cause.")
    evidence: Annotated[str | None, Personal()] = optional("The evidence for the cause.")
    cause_identified_at: datetime | None = optional("Time at which the cause was last identified.")
    symptoms: Annotated[str | None, StaffOnly()] = optional(
        "The symptoms by which it is recognised. They stay when persons are erased: name none here."
    )
    workaround: Annotated[str | None, StaffOnly()] = optional(
        "The workaround until it is fixed. It stays when persons are erased: name none here."
    )
    workaround_visibility: Annotated[Visibility | None, StaffOnly()] = optional(
        "The readers of the workaround on incidents: all who see the incident, or staff."
    )
    workaround_documented_at: datetime | None = None
    article_id: Annotated[UUID | None, ForeignRef("article"), StaffOnly()] = optional(
        "The article that was drafted of the workaround."
    )
    fixing_change: Annotated[str | None, BY_REOPENING] = optional(
        "The number of the change that fixes it, or another tool's name."
    )
    fixing_change_id: Annotated[UUID | None, ForeignRef("change"), BY_REOPENING] = optional(
        "That change, if it is known here."
    )
    fixing_change_external: Annotated[bool | None, BY_REOPENING] = optional(
        "True if another tool has this change."
    )
    fixing_change_failed_at: Annotated[datetime | None, BY_REOPENING] = optional(
        "Time at which this change turned out not to be made; null once another fix is named."
    )
    no_change_reason: Annotated[str | None, Personal(), BY_REOPENING] = optional(
        "The reason why no change is needed to fix it."
    )
    fix_begun_at: Annotated[datetime | None, EnteredAt(ProblemState.fix_in_progress), BY_REOPENING] = None
    resolved_at: Annotated[datetime | None, EnteredAt(ProblemState.resolved), BY_REOPENING] = None
    prevention: Annotated[str | None, Personal(), BY_REOPENING] = optional(
        "The measures that prevent a recurrence."
    )
    closed_at: Annotated[datetime | None, EnteredAt(ProblemState.closed), BY_REOPENING] = None
    lessons: Annotated[str | None, Personal(), BY_REOPENING] = optional("The lessons learnt.")
    cancelled_at: Annotated[datetime | None, EnteredAt(ProblemState.cancelled)] = None
    risk_accepted_at: Annotated[datetime | None, BY_REOPENING] = optional(
        "Time at which it was closed unfixed, if it was."
    )
    risk_accepted_until_at: Annotated[datetime | None, BY_REOPENING] = None
    risk_owner_id: Annotated[UUID | None, ForeignRef("person"), BY_REOPENING] = optional(
        "The person who answers for leaving it unfixed."
    )
    risk_reason: Annotated[str | None, Personal(), BY_REOPENING] = None
    risk_lapsed_at: Annotated[datetime | None, BY_REOPENING] = optional(
        "Time at which the acceptance of its risk ended: somebody must decide anew."
    )


class CandidateState(CodeEnum):
    """The state of a candidate for a problem."""

    offered = "offered", "Offered", "待处理"
    accepted = "accepted", "Accepted", "已接受"
    declined = "declined", "Declined", "已拒绝"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class CandidateDimension(CodeEnum):
    """The field that recurring incidents have in common."""

    service = "service", "Service", "服务"
    ci = "ci", "Configuration item", "配置项"
    category = "category", "Category", "类别"


class ProblemCandidate(Record):
    """A service, CI or category, of key `value`, whose incidents recur.

    There is one candidate for each of these, whatever its state. Its cases are the incidents opened after
    `since_at` that `recurrence` counts; `incident_ids` are those with which it was accepted.
    """

    KIND: ClassVar[str] = "problem_candidate"

    state: CandidateState | None = required()
    dimension: CandidateDimension | None = required("The field that the incidents have in common.")
    value: str | None = required("The key of the service, CI or category.")
    since_at: datetime | None = required("Time after which incidents must have been opened to be counted.")
    detected_at: Annotated[datetime | None, EnteredAt(CandidateState.offered)] = required(
        "Time at which it was offered last."
    )
    problem_id: Annotated[UUID | None, ForeignRef("problem")] = optional(
        "The problem that was raised, if it was accepted."
    )
    incident_ids: list[str] | None = optional("The incidents with which the problem was raised.")
    decided_at: datetime | None = None
    decided_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    reason: Annotated[str | None, Personal()] = optional("The reason why it was declined.")

    @property
    def display_name(self) -> str:
        """The key of the service, CI or category that recurs."""
        return self.value or ""
