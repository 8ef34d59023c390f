"""Payloads of actions on risks."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

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
    FreeText,
    Instant,
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
    cause: FreeText
    owner: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] | None = Field(
        default=None,
        description="The owner, who assesses and treats it: a person's id; the caller, if left out.",
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
    remark: FreeText | None = Field(default=None, description="The reasons, and what has changed.")
    reassess_by_at: Instant | None = Field(
        default=None,
        description="The time by which it is to be assessed anew, at most three months ahead; left out: "
        "three months ahead.",
    )


class ReassessRisk(AssessRisk, of=Risk):
    """The likelihood and the impact as they are now."""


class PlannedRiskAction(PayloadPart, of=RiskAction):
    """An action of the response, its owner and when it is due."""

    title: Title
    owner: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.tasked)] = Field(
        description="The person who carries it out: their id, or `me`.", examples=["me"]
    )
    due_at: Instant


class TreatRisk(Payload, of=Risk):
    """The response, with its actions; it takes the place of an earlier one."""

    response: RiskResponse
    transfer_to: FreeText | None = None
    accepted_until_at: Instant | None = None
    actions: Annotated[tuple[PlannedRiskAction, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="The actions; to accept a risk needs none."
    )


class CompleteActionRisk(Payload, of=RiskAction):
    """An action of the response that was carried out."""

    action: Annotated[UUID, ChildRef(RiskAction)] = Field(description="The action: its id.")
    outcome: FreeText


class FlagActionRisk(Payload):
    """An action that is overdue, and whose it is."""

    action: Annotated[UUID, ChildRef(RiskAction)] = Field(description="The action: its id.")
    owner: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.risk_action_overdue)] | None = (
        Field(default=None, description="The person who was to carry it out, if they are active.")
    )


class RecordOccurrenceRisk(Payload, of=RiskOccurrence):
    """An occurrence of what the risk warned of."""

    happened_at: Instant
    extent: FreeText
    loss: Annotated[Amount, StaffOnly()] | None = None
    currency: Currency | None = None


class AttachIndicatorRisk(Payload, of=RiskIndicator):
    """A KPI that is to warn of the risk, its threshold and its scope."""

    kpi: RecordKey
    comparator: Comparator
    threshold: Number
    service: Annotated[RecordKey, KeyRef("service", must_exist=True)] | None = None
    team: Annotated[Reference, ForeignRef("team")] | None = None
    window_days: int = Field(default=USUAL_WINDOW, ge=1, le=LONGEST_WINDOW, strict=True)


class DetachIndicatorRisk(Payload):
    """An indicator that is to warn no more."""

    indicator: Annotated[UUID, ChildRef(RiskIndicator)] = Field(
        description="The indicator, one of this risk's: its id."
    )


class ReachIndicatorRisk(Payload):
    """The value at which an indicator has reached its threshold."""

    indicator: Annotated[UUID, ChildRef(RiskIndicator)] = Field(description="The indicator: its id.")
    reading: Number = Field(description="The value of the KPI, in its unit.", examples=["41"])


class ClearIndicatorRisk(ReachIndicatorRisk):
    """The value at which an indicator is back from its threshold."""


class HandOverRisk(Payload, of=Risk):
    """The person who owns the risk from now on."""

    owner: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)]


class RestateRisk(Payload):
    """The matrix by which the level is stated anew, and the level."""

    matrix: Annotated[Reference, ForeignRef("risk_matrix")] = Field(description="The matrix in force.")
    risk_level: RiskLevel = Field(description="The level by it, of the same likelihood and impact.")


class CloseRisk(Payload, of=Risk):
    """The reason why the risk is over."""

    closing_reason: FreeText
