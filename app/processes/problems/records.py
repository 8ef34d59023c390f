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
    description: Annotated[str | None, Personal()] = optional("In the words of whoever raised it.")
    origin: ProblemOrigin | None = None
    service: Annotated[str | None, KeyRef("service")] = None
    ci: Annotated[str | None, KeyRef("ci")] = None
    category: Annotated[str | None, KeyRef("category", per_process=True)] = None
    affected_services: list[str] | None = optional("Keys of all services touched.")
    affected_customers: list[str] | None = optional("Ids of the customers' teams.")
    affected_users: int | None = None
    tried: Annotated[str | None, Personal()] = None
    reported_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Who raised it, where it is somebody else's."
    )
    investigation_begun_at: Annotated[datetime | None, EnteredAt(ProblemState.investigating, first=True)] = (
        None
    )
    technique: Technique | None = None
    cause: Annotated[str | None, Personal()] = None
    cause_category: CauseCategory | None = None
    evidence: Annotated[str | None, Personal()] = None
    cause_identified_at: datetime | None = optional("When the cause was last identified.")
    symptoms: Annotated[str | None, StaffOnly()] = optional("For staff: how one recognises it.")
    workaround: Annotated[str | None, StaffOnly()] = optional("For staff: what helps until it is fixed.")
    workaround_visibility: Annotated[Visibility | None, StaffOnly()] = optional(
        "For staff: who is shown the workaround on incidents."
    )
    workaround_documented_at: datetime | None = None
    article_id: Annotated[UUID | None, ForeignRef("article"), StaffOnly()] = optional(
        "For staff: the article that was drafted of the workaround."
    )
    fixing_change: Annotated[str | None, BY_REOPENING] = optional(
        "The number of the change that fixes it, or another tool's name."
    )
    fixing_change_id: Annotated[UUID | None, ForeignRef("change"), BY_REOPENING] = optional(
        "That change, if it is known here."
    )
    fixing_change_external: Annotated[bool | None, BY_REOPENING] = optional("Whether it is another tool's.")
    fixing_change_failed_at: Annotated[datetime | None, BY_REOPENING] = optional(
        "When it turned out that this change is not made; null once another fix is named."
    )
    no_change_reason: Annotated[str | None, Personal(), BY_REOPENING] = optional(
        "Why no change is needed to fix it."
    )
    fix_begun_at: Annotated[datetime | None, EnteredAt(ProblemState.fix_in_progress), BY_REOPENING] = None
    resolved_at: Annotated[datetime | None, EnteredAt(ProblemState.resolved), BY_REOPENING] = None
    prevention: Annotated[str | None, Personal(), BY_REOPENING] = optional("What prevents a return.")
    closed_at: Annotated[datetime | None, EnteredAt(ProblemState.closed), BY_REOPENING] = None
    lessons: Annotated[str | None, Personal(), BY_REOPENING] = None
    cancelled_at: Annotated[datetime | None, EnteredAt(ProblemState.cancelled)] = None
    risk_accepted_at: Annotated[datetime | None, BY_REOPENING] = optional(
        "When it was closed unfixed, if it was."
    )
    risk_accepted_until_at: Annotated[datetime | None, BY_REOPENING] = None
    risk_owner_id: Annotated[UUID | None, ForeignRef("person"), BY_REOPENING] = optional(
        "Who answers for leaving it unfixed."
    )
    risk_reason: Annotated[str | None, Personal(), BY_REOPENING] = None
    risk_lapsed_at: Annotated[datetime | None, BY_REOPENING] = optional(
        "Since when the time that its risk was accepted for is over: somebody must decide anew."
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
    dimension: CandidateDimension | None = required()
    value: str | None = required("The key of the service, CI or category.")
    since_at: datetime | None = required("Incidents that were opened after it are counted.")
    detected_at: Annotated[datetime | None, EnteredAt(CandidateState.offered)] = required(
        "When it was offered, or offered again."
    )
    problem_id: Annotated[UUID | None, ForeignRef("problem")] = optional(
        "The problem that was raised, if it was accepted."
    )
    incident_ids: list[str] | None = optional("The incidents that it was raised with.")
    decided_at: datetime | None = None
    decided_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    reason: Annotated[str | None, Personal()] = optional("Why it was declined.")

    @property
    def display_name(self) -> str:
        """The key of the service, CI or category that recurs."""
        return self.value or ""
