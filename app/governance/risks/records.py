"""Risks, their assessments, responses, occurrences and indicators, and the matrices that levels follow from
(tables).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlmodel import Field

from app.common.money import Money
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.priorities.risk_level import RiskLevel
from app.common.records import (
    ChildRecord,
    CodeEnum,
    ForeignRef,
    KeyRef,
    Record,
    StaffOnly,
    optional,
    required,
)
from app.common.state_fields import ClearedBy, EnteredAt
from app.foundation.process_names import OF_PROCESS
from app.governance.risks.scale import RiskMove, RiskResponse, Scale
from app.kpis.declaration.kpi import Comparator


class RiskState(CodeEnum):
    """State of a risk."""

    identified = "identified", "Identified", "已识别"
    assessed = "assessed", "Assessed", "已评估"
    treated = "treated", "Treated", "已应对"
    closed = "closed", "Closed", "已关闭"


class RiskKind(CodeEnum):
    """What a risk lies in."""

    technical = "technical", "Technical", "技术"
    people = "people", "People", "人员"
    process = "process", "Process", "流程"
    outside = "outside", "From outside", "外部"


class RiskDiscovery(CodeEnum):
    """The way in which a risk was found."""

    brainstorming = "brainstorming", "Brainstorming", "头脑风暴"
    delphi = "delphi", "Delphi", "德尔菲法"
    checklist = "checklist", "Checklist", "检查表"
    event = "event", "An event", "事件触发"
    audit = "audit", "An audit", "审计"


BY_TREATING_ANEW = ClearedBy(leaving={RiskState.treated}, entering={RiskState.assessed})


class Risk(Record):
    """A risk: something that may happen and would do harm.

    `risk_level` follows from likelihood and impact by the matrix `matrix_id`; None: by the one that is in
    force until another is set. `move` is that of its last assessment against the one before, both by that
    matrix.
    `offered_response` follows from level, controllability and cost. `reassess_by_at` is when it is due to be
    assessed anew, `fell_due_at` and `overdue_at` when that was told ahead and flagged. An acceptance that
    has lapsed leads back to what is assessed.
    """

    KIND: ClassVar[str] = "risk"

    number: str = Field(default="", description="Number that people call it by; accepted wherever the id is.")
    state: RiskState | None = required("Its state.")
    title: str | None = required(
        "The risk in a line, without names of persons.", examples=["The only mail relay fails"]
    )
    kind: RiskKind | None = required("The field that it lies in.", examples=["technical"])
    found_by: RiskDiscovery | None = required("The way in which it was found.", examples=["brainstorming"])
    cause: Annotated[str | None, Personal()] = required(
        "The cause: conditions under which it may happen.", examples=["There is no second relay."]
    )
    process: Annotated[str | None, OF_PROCESS] = optional(
        "The process that it endangers: `incident`, `request` …, or another one's name.",
        examples=["incident"],
    )
    services: list[str] | None = optional("The keys of the services that it endangers.")
    change_ids: list[str] | None = optional("The changes that it has to do with.")
    improvement_ids: list[str] | None = optional("The improvements that it has to do with.")
    owner_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = required(
        "The owner, who assesses and treats it."
    )
    identified_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who identified it.")
    likelihood: int | None = optional("The likelihood, 1 (rare) to 5 (almost certain).", examples=[4])
    impact: int | None = optional("The impact, 1 (slight) to 5 (disastrous).", examples=[4])
    risk_level: RiskLevel | None = optional("The level, which the matrix gives.")
    matrix_id: Annotated[UUID | None, ForeignRef("risk_matrix")] = optional(
        "The matrix that gave the level; null: the one that is in force until another one is set."
    )
    move: RiskMove | None = optional("The move of the level by the last assessment, by one matrix.")
    controllable: bool | None = optional("True if it is within the organisation's control.")
    dear: bool | None = optional("True if to treat it costs more than it is worth.")
    offered_response: RiskResponse | None = optional("The response that the rules offer; null: none.")
    response: Annotated[RiskResponse | None, BY_TREATING_ANEW] = optional(
        "The response.", examples=["reduce"]
    )
    transfer_to: Annotated[str | None, Personal(), BY_TREATING_ANEW] = optional(
        "The party that it is transferred to.", examples=["The insurer of the building"]
    )
    accepted_until_at: Annotated[datetime | None, BY_TREATING_ANEW] = optional(
        "The end of its acceptance.", examples=["2199-01-01T00:00:00Z"]
    )
    accepted_by_management: Annotated[bool | None, BY_TREATING_ANEW] = optional(
        "True if management has accepted it."
    )
    reassess_by_at: datetime | None = optional("The time by which it is to be assessed anew.")
    fell_due_at: datetime | None = optional("The time at which its owner was told that this is due.")
    overdue_at: datetime | None = optional("The time at which this was flagged as overdue.")
    lapsed_at: datetime | None = optional("The time at which its last acceptance lapsed.")
    closing_reason: Annotated[str | None, Personal()] = optional(
        "The reason why it is over.", examples=["The second relay stands."]
    )
    identified_at: Annotated[datetime | None, EnteredAt(RiskState.identified)] = required(
        "Time at which it was identified."
    )
    assessed_at: datetime | None = optional("The time of the last assessment.")
    treated_at: datetime | None = optional("The time of the response.")
    closed_at: Annotated[datetime | None, EnteredAt(RiskState.closed)] = optional(
        "Time at which it was closed."
    )

    @property
    def concerned_process(self) -> str | None:
        """The process that it endangers: its owner closes its risks."""
        return self.process


class RiskAssessment(ChildRecord):
    """An assessment of a risk, with the level by the matrix of that time."""

    KIND: ClassVar[str] = "risk_assessment"

    likelihood: int | None = required("The likelihood, 1 to 5.")
    impact: int | None = required("The impact, 1 to 5.")
    risk_level: RiskLevel | None = required("The level, by the matrix of that time.")
    matrix_id: Annotated[UUID | None, ForeignRef("risk_matrix")] = optional(
        "The matrix; null: the usual one."
    )
    remark: Annotated[str | None, Personal()] = optional("The reasons, and what has changed.")
    assessed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who assessed it.")
    assessed_at: datetime | None = required("The time of the assessment.")


class RiskAction(ChildRecord):
    """An action of the response to a risk. `dropped_at` is when another response took its place."""

    KIND: ClassVar[str] = "risk_action"
    AUDIENCE_KIND: ClassVar[str] = "follower"
    DONE_FIELDS: ClassVar[tuple[str, ...]] = ("done_at", "dropped_at")

    title: str | None = required("The action in a line.", examples=["Set up a second relay"])
    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.tasked)] = required(
        "The person who carries it out."
    )
    due_at: datetime | None = required("The time by which it is due.")
    planned_at: datetime | None = required("The time at which it was planned.")
    outcome: Annotated[str | None, Personal()] = optional("The outcome.")
    done_at: datetime | None = optional("The time at which it was done.")
    dropped_at: datetime | None = optional("The time at which another response took its place.")
    overdue_at: datetime | None = optional("The time at which it was flagged as overdue.")


class RiskOccurrence(ChildRecord):
    """An occurrence of what the risk warned of."""

    KIND: ClassVar[str] = "risk_occurrence"

    happened_at: datetime | None = required(
        "The time at which it happened.", examples=["2026-03-02T09:30:00Z"]
    )
    extent: Annotated[str | None, Personal()] = required("The extent.", examples=["No mail for half a day."])
    loss: Annotated[str | None, Money(), StaffOnly()] = optional(
        "The loss, with the digits of the currency, for staff."
    )
    currency: str | None = optional("The currency of the loss (ISO 4217), as CNY.")
    recorded_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who recorded it.")
    noted_at: datetime | None = required("The time at which it was recorded.")


class RiskIndicator(ChildRecord):
    """A KPI that warns of a risk when its value over the last `window_days` reaches the threshold.

    `reached_at` is when it did, as long as it stays so; `crossings` is how often it has.
    """

    KIND: ClassVar[str] = "risk_indicator"

    kpi: str | None = required("The key of the KPI.", examples=["backlog"])
    comparator: Comparator | None = required(
        "The comparison by which the value reaches the threshold.", examples=["ge"]
    )
    threshold: str | None = required(
        "The threshold in the unit of the KPI, as a decimal text.", examples=["40"]
    )
    service: Annotated[str | None, KeyRef("service")] = optional("The service whose cases count; null: all.")
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional("The team whose cases count; null: all.")
    window_days: int | None = required("The number of whole days, up to midnight, that count.")
    crossings: int | None = required("The number of times that it has reached the threshold.")
    reached_at: datetime | None = optional("The time since which it stands at the threshold or beyond.")
    attached_at: datetime | None = required("The time at which it was attached.")


class RiskWarning(ChildRecord):
    """A warning: an indicator of the risk has reached its threshold; `cleared_at` is when it was back."""

    KIND: ClassVar[str] = "risk_warning"

    indicator_id: UUID | None = required("The indicator.")
    kpi: str | None = required("The key of the KPI.")
    threshold: str | None = required("The threshold of that time.")
    reading: str | None = required("The value by which it was reached, as a decimal text.")
    warned_at: datetime | None = required("The time of the warning.")
    cleared_reading: str | None = optional("The value by which it was back.")
    cleared_at: datetime | None = optional("The time at which it was back.")


class RiskMatrixState(CodeEnum):
    """The state of a risk matrix, which is in force until another one is set."""

    set = "set", "Set", "已设定"


class RiskMatrix(Record):
    """The level of risks for every likelihood and impact. The matrix that was set last is in force, and none
    ever changes: its number names the version.

    `cells` are 25 of `{"impact": …, "likelihood": …, "risk_level": …}`, by likelihood, then by impact.
    """

    KIND: ClassVar[str] = "risk_matrix"

    number: str = Field(default="", description="Number of the version; accepted wherever the id is.")
    state: RiskMatrixState | None = required("Its state.")
    cells: list[dict[str, Any]] | None = required("The level for each likelihood and impact.")
    set_at: datetime | None = required("Time at which it was set.")

    @property
    def scale(self) -> Scale:
        """Return the level by likelihood and impact."""
        return {
            (cell["likelihood"], cell["impact"]): RiskLevel(cell["risk_level"]) for cell in self.cells or ()
        }
