"""Payloads of actions on risks."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.money import Amount, Currency
from app.common.notices import NoticeType, Responsible
from app.common.priorities.risk_level import RiskLevel
from app.common.records import ChildRef, ForeignRef, KeyRef, StaffOnly
from app.foundation.process_names import ProcessName
from app.governance.risks.records import (
    Risk,
    RiskAction,
    RiskDiscovery,
    RiskIndicator,
    RiskKind,
    RiskOccurrence,
)
from app.governance.risks.scale import POINTS, RiskResponse
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    Finding,
    FreeText,
    Instant,
    Note,
    Payload,
    PayloadPart,
    RecordKey,
    Reference,
    Title,
)
from app.kpis.declaration.kpi import Comparator
from app.kpis.targets.lifecycle import Number

Points = Annotated[int, Field(ge=min(POINTS), le=max(POINTS), strict=True)]
ListOf = Field(default=(), max_length=LONGEST_LIST)
#: The windows of indicators, in days.
USUAL_WINDOW, LONGEST_WINDOW = 30, 366


class IdentifyRisk(Payload, of=Risk):
    """A risk, and what it endangers."""

    title: Title
    kind: RiskKind
    found_by: RiskDiscovery
    cause: Finding
    owner: (
        Annotated[Reference, ForeignRef("person", GivenDuty.ownership), Responsible(NoticeType.in_charge)]
        | None
    ) = Field(
        default=None,
        description="Owner, who assesses and treats the risk: a person's id; if left out, the caller.",
    )
    process: ProcessName | None = None
    services: Annotated[tuple[Annotated[RecordKey, KeyRef("service")], ...], BoundedList] = ListOf
    changes: Annotated[tuple[Annotated[Reference, ForeignRef("change")], ...], BoundedList] = ListOf
    improvements: Annotated[tuple[Annotated[Reference, ForeignRef("improvement")], ...], BoundedList] = ListOf


class AssessRisk(Payload, of=Risk):
    """The likelihood and the impact, from which the level follows by the matrix in force."""

    likelihood: Points
    impact: Points
    controllable: bool = Field(default=True, strict=True)
    dear: bool = Field(default=False, strict=True)
    remark: Note | None = Field(
        default=None, description="Reasons for the assessment, and the changes since the last one."
    )
    reassess_by_at: Instant | None = Field(
        default=None,
        description="Time by which the risk must be reassessed, at most three months ahead; if left "
        "out, in three months.",
    )


class ReassessRisk(AssessRisk, of=Risk):
    """The present likelihood and impact."""


class PlannedRiskAction(PayloadPart, of=RiskAction):
    """An action of the response, with its owner and due date."""

    title: Title
    owner: Annotated[Reference, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.tasked)] = Field(
        description="Person who carries out the action: their id, or `me`.", examples=["me"]
    )
    due_at: Instant


class TreatRisk(Payload, of=Risk):
    """The response with its actions, which replaces an earlier one."""

    response: RiskResponse
    transfer_to: FreeText | None = None
    accepted_until_at: Instant | None = None
    actions: Annotated[tuple[PlannedRiskAction, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Actions of the response; accepting a risk needs no actions.",
    )


class CompleteActionRisk(Payload, of=RiskAction):
    """An action of the response that was carried out."""

    action: Annotated[UUID, ChildRef(RiskAction)] = Field(description="Identifier of the action.")
    outcome: FreeText


class FlagActionRisk(Payload):
    """An overdue action and its owner."""

    action: Annotated[UUID, ChildRef(RiskAction)] = Field(description="Identifier of the action.")
    owner: (
        Annotated[
            Reference, ForeignRef("person", GivenDuty.recorded), Responsible(NoticeType.risk_action_overdue)
        ]
        | None
    ) = Field(default=None, description="Owner of the action; left out if they are not active.")


class RecordOccurrenceRisk(Payload, of=RiskOccurrence):
    """An occurrence of the risk."""

    happened_at: Instant
    extent: FreeText
    loss: Annotated[Amount, StaffOnly()] | None = None
    currency: Currency | None = None


class AttachIndicatorRisk(Payload, of=RiskIndicator):
    """A KPI that warns of the risk, with its threshold and scope."""

    kpi: RecordKey
    comparator: Comparator
    threshold: Number
    service: Annotated[RecordKey, KeyRef("service", must_exist=True)] | None = None
    team: Annotated[Reference, ForeignRef("team", GivenDuty.recorded)] | None = None
    window_days: int = Field(default=USUAL_WINDOW, ge=1, le=LONGEST_WINDOW, strict=True)


class DetachIndicatorRisk(Payload):
    """An indicator that no longer warns."""

    indicator: Annotated[UUID, ChildRef(RiskIndicator)] = Field(
        description="Identifier of one of the risk's indicators."
    )


class ReachIndicatorRisk(Payload):
    """The value at which an indicator reached its threshold."""

    indicator: Annotated[UUID, ChildRef(RiskIndicator)] = Field(description="Identifier of the indicator.")
    reading: Number = Field(description="Value of the KPI in its unit.", examples=["41"])


class ClearIndicatorRisk(ReachIndicatorRisk):
    """The value at which an indicator was back within its threshold."""


class HandOverRisk(Payload, of=Risk):
    """The new owner of the risk."""

    owner: Annotated[Reference, ForeignRef("person", GivenDuty.ownership), Responsible(NoticeType.in_charge)]


class RestateRisk(Payload):
    """The matrix by which the level is restated, and the level."""

    matrix: Annotated[Reference, ForeignRef("risk_matrix")] = Field(description="Matrix in force.")
    risk_level: RiskLevel = Field(
        description="New level, which the matrix gives for the same likelihood and impact."
    )


class CloseRisk(Payload, of=Risk):
    """The reason why the risk no longer exists."""

    closing_reason: FreeText
