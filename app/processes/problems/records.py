"""The records of problems and their candidates, with states and codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.children import Visibility
from app.common.duties import GivenDuty
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
    `workaround_visibility` defines who is shown them on incidents, and `article_id` is the article that was
    drafted from them. `fixing_change` is the number of the change that fixes the problem, whose id is
    `fixing_change_id`; or, if `fixing_change_external`, the name that another tool has for it.
    `fixing_change_failed_at` is when it turned out that it is not made, until another fix is named.
    `risk_accepted_until_at` is when the owner of an accepted risk decides again, `risk_lapsed_at` when that
    time had come.
    """

    KIND: ClassVar[str] = "problem"

    state: ProblemState | None = required()
    description: Annotated[str | None, Personal()] = optional(
        "Problem in the words of the person who raised it."
    )
    origin: ProblemOrigin | None = optional(
        "Occasion on which the problem was raised: `incident` needs at least one incident, while "
        "`trend` and `review` are proactive."
    )
    service: Annotated[str | None, KeyRef("service")] = optional(
        "Key of the service; null if it is not known."
    )
    ci: Annotated[str | None, KeyRef("ci")] = optional(
        "Key of the configuration item; null if it is not known."
    )
    category: Annotated[str | None, KeyRef("category", per_process=True)] = optional(
        "Key of the category; null if not set."
    )
    affected_services: list[str] | None = optional("Keys of all affected services.")
    affected_customers: list[str] | None = optional("Identifiers of the affected customers' teams.")
    affected_users: int | None = optional("Approximate number of affected users.")
    tried: Annotated[str | None, Personal()] = optional("Attempted solutions so far.")
    reported_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who raised the problem; null if the requester did."
    )
    investigation_begun_at: Annotated[datetime | None, EnteredAt(ProblemState.investigating, first=True)] = (
        None
    )
    technique: Technique | None = optional(
        "Technique that found the cause; null until the cause is identified."
    )
    cause: Annotated[str | None, Personal()] = optional("Cause of the problem; null until it is identified.")
    cause_category: CauseCategory | None = optional(
        "Category to which the cause belongs; null until the cause is identified."
    )
    evidence: Annotated[str | None, Personal()] = optional(
        "Evidence for the cause; null until the cause is identified."
    )
    cause_identified_at: datetime | None = optional(
        "Time at which the cause was last identified; null until then."
    )
    symptoms: Annotated[str | None, StaffOnly()] = optional(
        "Symptoms by which the problem is recognised, without names of persons, as they stay when "
        "persons are erased."
    )
    workaround: Annotated[str | None, StaffOnly()] = optional(
        "Workaround until the problem is fixed, without names of persons, as it stays when persons are "
        "erased."
    )
    workaround_visibility: Annotated[Visibility | None, StaffOnly()] = optional(
        "Readers of the workaround on incidents: everybody who sees the incident, or staff only."
    )
    workaround_documented_at: datetime | None = optional(
        "Time at which the workaround was last documented; null if there is no workaround."
    )
    article_id: Annotated[UUID | None, ForeignRef("article"), StaffOnly()] = optional(
        "Article that was drafted from the workaround; null if not set."
    )
    fixing_change: Annotated[str | None, BY_REOPENING] = optional(
        "Number of the change that fixes the problem, or its name in another tool; null if not named."
    )
    fixing_change_id: Annotated[UUID | None, ForeignRef("change"), BY_REOPENING] = optional(
        "Change that fixes the problem, if it is recorded here; null otherwise."
    )
    fixing_change_external: Annotated[bool | None, BY_REOPENING] = optional(
        "True if the change is in another tool; null if no change is named."
    )
    fixing_change_failed_at: Annotated[datetime | None, BY_REOPENING] = optional(
        "Time at which the change turned out to have failed; null if it has not, or another fix was "
        "named since."
    )
    no_change_reason: Annotated[str | None, Personal(), BY_REOPENING] = optional(
        "Reason why no change is needed; null if a change is named."
    )
    early_fix_reason: Annotated[str | None, Personal(), BY_REOPENING] = optional(
        "Reason why an emergency change removes the cause that was identified only after it; null if the "
        "fix is no such change."
    )
    fix_begun_at: Annotated[datetime | None, EnteredAt(ProblemState.fix_in_progress), BY_REOPENING] = None
    resolved_at: Annotated[datetime | None, EnteredAt(ProblemState.resolved), BY_REOPENING] = None
    prevention: Annotated[str | None, Personal(), BY_REOPENING] = optional(
        "Measures that prevent a recurrence; null until the problem is resolved."
    )
    closed_at: Annotated[datetime | None, EnteredAt(ProblemState.closed), BY_REOPENING] = None
    lessons: Annotated[str | None, Personal(), BY_REOPENING] = optional(
        "Lessons learned from the problem; null until it is closed."
    )
    cancelled_at: Annotated[datetime | None, EnteredAt(ProblemState.cancelled)] = None
    risk_accepted_at: Annotated[datetime | None, BY_REOPENING] = optional(
        "Time at which the risk was accepted and the problem closed without a fix; null if it was not."
    )
    risk_accepted_until_at: Annotated[datetime | None, BY_REOPENING] = optional(
        "End of the risk acceptance; null if the risk was not accepted."
    )
    risk_owner_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.ownership, quiet=True), BY_REOPENING
    ] = optional(
        "Person who is responsible for leaving the problem unfixed; null if the risk was not accepted."
    )
    risk_reason: Annotated[str | None, Personal(), BY_REOPENING] = optional(
        "Reason for leaving the problem unfixed; null if the risk was not accepted."
    )
    risk_lapsed_at: Annotated[datetime | None, BY_REOPENING] = optional(
        "Time at which the risk acceptance ended, so that a new decision is needed; null if it has not."
    )


class CandidateState(CodeEnum):
    """The state of a problem candidate."""

    offered = "offered", "Offered", "待处理"
    accepted = "accepted", "Accepted", "已接受"
    declined = "declined", "Declined", "已拒绝"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class CandidateDimension(CodeEnum):
    """The field that recurring incidents have in common."""

    service = "service", "Service", "服务"
    ci = "ci", "Configuration item", "配置项"
    category = "category", "Category", "分类"


class ProblemCandidate(Record):
    """A service, CI or category, of key `value`, whose incidents recur.

    There is one candidate for each of these, whatever its state. Its cases are the incidents opened after
    `since_at` that `recurrence` counts; `incident_ids` are those with which it was accepted.
    """

    KIND: ClassVar[str] = "problem_candidate"

    state: CandidateState | None = required()
    dimension: CandidateDimension | None = required("Field that the incidents have in common.")
    value: str | None = required("Key of the service, configuration item or category.")
    since_at: datetime | None = required("Time from which opened incidents count.")
    detected_at: Annotated[datetime | None, EnteredAt(CandidateState.offered)] = required(
        "Time at which the candidate was last offered."
    )
    problem_id: Annotated[UUID | None, ForeignRef("problem")] = optional(
        "Problem that was raised; null if the candidate was not accepted."
    )
    incident_ids: list[str] | None = optional(
        "Incidents with which the problem was raised; null if the candidate was not accepted."
    )
    decided_at: datetime | None = optional(
        "Time of the last decision on the candidate; null before the first decision."
    )
    decided_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who made the last decision on the candidate; null before the first decision."
    )
    reason: Annotated[str | None, Personal()] = optional(
        "Reason for declining the candidate; null if it was not declined."
    )

    @property
    def display_name(self) -> str:
        """The key of the service, CI or category that recurs."""
        return self.value or ""
