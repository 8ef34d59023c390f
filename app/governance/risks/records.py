"""Risks, their assessments, responses, occurrences and indicators, and the matrices that levels follow from
(tables).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlmodel import Field

from app.common.duties import GivenDuty
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
    """The field in which a risk lies."""

    technical = "technical", "Technical", "技术"
    people = "people", "People", "人员"
    process = "process", "Process", "流程"
    outside = "outside", "From outside", "外部"


class RiskDiscovery(CodeEnum):
    """The way in which a risk was found."""

    brainstorming = "brainstorming", "Brainstorming", "头脑风暴"
    delphi = "delphi", "Delphi", "德尔菲法"
    checklist = "checklist", "Checklist", "检查清单"
    event = "event", "An event", "事件触发"
    audit = "audit", "An audit", "审计"


BY_TREATING_ANEW = ClearedBy(leaving={RiskState.treated}, entering={RiskState.assessed})


class Risk(Record):
    """A risk: something that may happen and would do harm.

    `risk_level` follows from likelihood and impact by the matrix `matrix_id`; None: by the default matrix.
    `move` compares the last two assessments, both by that matrix.
    `offered_response` follows from level, controllability and cost. `reassess_by_at` is the time at which the
    next assessment is due; `fell_due_at` and `overdue_at` are the times of the reminder and of the flag. When
    an acceptance lapses, the risk returns to the state assessed.
    """

    KIND: ClassVar[str] = "risk"

    number: str = ""
    state: RiskState | None = required()
    title: str | None = required(
        "Risk in one line, without names of persons.", examples=["The only mail relay fails"]
    )
    kind: RiskKind | None = required("Field in which the risk lies.", examples=["technical"])
    found_by: RiskDiscovery | None = required("Way in which the risk was found.", examples=["brainstorming"])
    cause: Annotated[str | None, Personal()] = required(
        "Cause: the conditions under which the risk may occur.", examples=["There is no second relay."]
    )
    process: Annotated[str | None, OF_PROCESS] = optional(
        "Process that the risk endangers, such as `incident`, or its name.",
        examples=["incident"],
    )
    services: list[str] | None = optional("Keys of the services that the risk endangers.")
    change_ids: list[str] | None = optional("Changes that are connected with the risk.")
    improvement_ids: list[str] | None = optional("Improvements that are connected with the risk.")
    owner_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.ownership), Responsible(NoticeType.in_charge)
    ] = required("Owner, who assesses and treats the risk.")
    identified_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who identified the risk."
    )
    likelihood: int | None = optional(
        "Likelihood, from 1 (rare) to 5 (almost certain); null until the risk is assessed.", examples=[4]
    )
    impact: int | None = optional(
        "Impact, from 1 (slight) to 5 (disastrous); null until the risk is assessed.", examples=[4]
    )
    risk_level: RiskLevel | None = optional("Level, by the matrix; null until the risk is assessed.")
    matrix_id: Annotated[UUID | None, ForeignRef("risk_matrix")] = optional(
        "Matrix that gave the level; null for the default matrix."
    )
    move: RiskMove | None = optional(
        "Change of the level in the last assessment, by one matrix; null if there was only one."
    )
    controllable: bool | None = optional("True if the risk is under the organisation's control.")
    dear: bool | None = optional("True if the treatment costs more than the risk is worth.")
    offered_response: RiskResponse | None = optional("Response that the rules offer; null if not set.")
    response: Annotated[RiskResponse | None, BY_TREATING_ANEW] = optional(
        "Response to the risk; null until it is treated.", examples=["reduce"]
    )
    transfer_to: Annotated[str | None, Personal(), BY_TREATING_ANEW] = optional(
        "Party to which the risk is transferred; null for other responses.",
        examples=["The insurer of the building"],
    )
    accepted_until_at: Annotated[datetime | None, BY_TREATING_ANEW] = optional(
        "End of the acceptance; null for other responses.", examples=["2035-01-01T00:00:00Z"]
    )
    accepted_by_management: Annotated[bool | None, BY_TREATING_ANEW] = optional(
        "True if management has accepted the risk; null for other responses."
    )
    reassess_by_at: datetime | None = optional(
        "Time by which the risk must be reassessed; null if it is not assessed."
    )
    fell_due_at: datetime | None = optional(
        "Time at which the owner was reminded of the reassessment; null if not."
    )
    overdue_at: datetime | None = optional(
        "Time at which the reassessment was flagged as overdue; null if it is not overdue."
    )
    lapsed_at: datetime | None = optional("Time at which the last acceptance lapsed; null if it never did.")
    closing_reason: Annotated[str | None, Personal()] = optional(
        "Reason why the risk no longer exists; null while it is open.", examples=["The second relay stands."]
    )
    identified_at: Annotated[datetime | None, EnteredAt(RiskState.identified)] = required(
        "Time at which the risk was identified."
    )
    assessed_at: datetime | None = optional("Time of the last assessment; null until the risk is assessed.")
    treated_at: datetime | None = optional("Time of the response; null until the risk is treated.")
    closed_at: Annotated[datetime | None, EnteredAt(RiskState.closed)] = optional(
        "Time at which the risk was closed; null while it is open."
    )

    @property
    def concerned_process(self) -> str | None:
        """The process that it endangers: its owner closes its risks."""
        return self.process


class RiskAssessment(ChildRecord):
    """An assessment of a risk, with the level by the matrix of that time."""

    KIND: ClassVar[str] = "risk_assessment"

    likelihood: int | None = required("Likelihood, from 1 (rare) to 5 (almost certain).")
    impact: int | None = required("Impact, from 1 (slight) to 5 (disastrous).")
    risk_level: RiskLevel | None = required("Level, by the matrix of that time.")
    matrix_id: Annotated[UUID | None, ForeignRef("risk_matrix")] = optional(
        "Matrix that gave the level; null for the default matrix."
    )
    remark: Annotated[str | None, Personal()] = optional(
        "Reasons for the assessment, and the changes since the last one."
    )
    assessed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who assessed the risk.")
    assessed_at: datetime | None = required("Time at which the person assessed the risk.")


class RiskAction(ChildRecord):
    """An action of the response to a risk. `dropped_at` is when another response took its place."""

    KIND: ClassVar[str] = "risk_action"
    AUDIENCE_KIND: ClassVar[str] = "follower"
    DONE_FIELDS: ClassVar[tuple[str, ...]] = ("done_at", "dropped_at")

    title: str | None = required("Action in one line.", examples=["Set up a second relay"])
    person_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.tasked)
    ] = required("Person who carries out the action.")
    due_at: datetime | None = required("Time by which the action must be done.")
    planned_at: datetime | None = required("Time at which the action was planned.")
    outcome: Annotated[str | None, Personal()] = optional("Outcome of the action; null until it is done.")
    done_at: datetime | None = optional("Time at which the action was done; null until then.")
    dropped_at: datetime | None = optional(
        "Time at which another response replaced the action; null if not replaced."
    )
    overdue_at: datetime | None = optional(
        "Time at which the action was flagged as overdue; null if it was not."
    )


class RiskOccurrence(ChildRecord):
    """An occurrence of the risk."""

    KIND: ClassVar[str] = "risk_occurrence"

    happened_at: datetime | None = required("Time of the occurrence.", examples=["2026-03-02T09:30:00Z"])
    extent: Annotated[str | None, Personal()] = required(
        "Extent of the occurrence.", examples=["No mail for half a day."]
    )
    loss: Annotated[str | None, Money(), StaffOnly()] = optional(
        "Loss, with the decimal places of the currency; null if not recorded."
    )
    currency: str | None = optional("Currency of the loss (ISO 4217), such as CNY.")
    recorded_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who recorded the occurrence."
    )
    noted_at: datetime | None = required("Time at which the occurrence was recorded.")


class RiskIndicator(ChildRecord):
    """A KPI that warns of a risk when its value over the last `window_days` reaches the threshold.

    `reached_at` is when it did, as long as it stays so; `crossings` is how often it has.
    """

    KIND: ClassVar[str] = "risk_indicator"

    kpi: str | None = required("Key of the KPI.", examples=["backlog"])
    comparator: Comparator | None = required(
        "Comparison by which the KPI's value reaches the threshold.", examples=["ge"]
    )
    threshold: str | None = required("Threshold in the unit of the KPI, as a decimal text.", examples=["40"])
    service: Annotated[str | None, KeyRef("service")] = optional(
        "Key of the service whose cases count; null for all services."
    )
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "Team whose cases count; null for all teams."
    )
    window_days: int | None = required("Number of whole days that count, up to midnight.")
    crossings: int | None = required("Number of times that the threshold was reached.")
    reached_at: datetime | None = optional(
        "Time since which the KPI is at or beyond the threshold; null if it is not."
    )
    attached_at: datetime | None = required("Time at which the indicator was attached.")


class RiskWarning(ChildRecord):
    """A warning: an indicator of the risk has reached its threshold; `cleared_at` is when it was back."""

    KIND: ClassVar[str] = "risk_warning"

    indicator_id: UUID | None = required("Indicator that warned.")
    kpi: str | None = required("Key of the KPI.")
    threshold: str | None = required("Threshold at that time.")
    reading: str | None = required("Value at which the threshold was reached, as a decimal text.")
    warned_at: datetime | None = required("Time at which the indicator warned.")
    cleared_reading: str | None = optional(
        "Value at which the warning cleared, as a decimal text; null until the warning clears."
    )
    cleared_at: datetime | None = optional("Time at which the warning cleared; null until then.")


class RiskMatrixState(CodeEnum):
    """State of a risk matrix; the latest one is in force."""

    set = "set", "Set", "已设定"


class RiskMatrix(Record):
    """The level of risks for every likelihood and impact. The newest matrix with a second person's agreement
    is in force. A matrix never changes: its number names the version.

    `cells` are 25 of `{"impact": …, "likelihood": …, "risk_level": …}`, by likelihood, then by impact.
    """

    KIND: ClassVar[str] = "risk_matrix"

    number: str = Field(default="", description="Number of the version; accepted wherever the id is.")
    state: RiskMatrixState | None = required()
    cells: list[dict[str, Any]] | None = required("Level for each combination of likelihood and impact.")
    set_at: datetime | None = required("Time at which the matrix was set, or agreed to.")
    awaits_agreement: bool | None = optional(
        "True if the matrix is not used yet, since a second person has to agree to it."
    )
    agreed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who agreed to the matrix; null if nobody had to."
    )

    @property
    def scale(self) -> Scale:
        """Return the level by likelihood and impact."""
        return {
            (cell["likelihood"], cell["impact"]): RiskLevel(cell["risk_level"]) for cell in self.cells or ()
        }
