"""Clocks of service levels in the log: the types and payloads of their events.

A clock measures one target of an agreement for one ticket. It has a stream, and no record: its head names the
ticket's stream (`about`), and people who see the ticket see its events. They set no fields.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.common.records import CodeEnum

#: The kind of the streams of clocks.
KIND = "clock"


class AgreementType(CodeEnum):
    """The other party of an agreement on service levels: a customer, one of our teams, or a supplier."""

    sla = "SLA", "Service level agreement", "服务级别协议"
    ola = "OLA", "Operational level agreement", "运营级别协议"
    uc = "UC", "Underpinning contract", "支撑合同"


class ClockMetric(CodeEnum):
    """The span that a clock measures: up to the response, the resolution, the restored service, the delivery,
    or the next public update for the requester.
    """

    response = "response", "Response", "响应"
    resolution = "resolution", "Resolution", "解决"
    restore = "restore", "Restoration of service", "恢复服务"
    fulfilment = "fulfilment", "Fulfilment", "交付"
    update = "update", "Update to the requester", "进展通报"


class ClockEventType(StrEnum):
    """Type of an event on a clock's stream, which announces a state of the clock at that instant."""

    started = "clock.started"
    warned = "clock.warned"
    reached = "clock.reached"
    breached = "clock.breached"
    breach_withdrawn = "clock.breach_withdrawn"
    retargeted = "clock.retargeted"
    stopped = "clock.stopped"

    def label(self, language: str) -> str:
        """Return how it reads in a ticket's history, in that language (`en`, `zh`)."""
        english, chinese = _LABELS[self]
        return chinese if language == "zh" else english


_LABELS = {
    ClockEventType.started: ("Clock started", "开始计时"),
    ClockEventType.warned: ("Clock close to its target", "计时临近目标"),
    ClockEventType.reached: ("Clock reached a share of its target", "计时达到目标比例"),
    ClockEventType.breached: ("Target missed", "超时"),
    ClockEventType.breach_withdrawn: ("Missed target withdrawn", "撤销超时"),
    ClockEventType.retargeted: ("Clock has another target", "计时目标已变更"),
    ClockEventType.stopped: ("Clock stopped", "计时结束"),
}
#: Full description of each type of event in the event catalogue.
SUMMARIES = {
    ClockEventType.started: "A clock of the ticket began: under which agreement, for which target, and why.",
    ClockEventType.warned: "A percentage of the target at which the agreement warns was reached.",
    ClockEventType.reached: "A percentage of the target that an escalation rule asks for was reached.",
    ClockEventType.breached: "More time has passed than the target allows.",
    ClockEventType.breach_withdrawn: "A recorded breach is none, because of a change or a late event.",
    ClockEventType.retargeted: "Another target applies, because of a change of the ticket.",
    ClockEventType.stopped: "The clock ended: what it measures happened, or it does not count.",
}


class ClockData(BaseModel):
    """Data of a service level clock in an event: `data["clock"]` in the log, and `clock` in answers."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_serialization_defaults_required=True, defer_build=True
    )

    agreement: UUID | None = Field(
        default=None, description="Identifier of the agreement; null if no agreement applies."
    )
    agreement_type: AgreementType
    target: str | None = Field(
        default=None,
        description="Identifier of the target within the agreement; null if no agreement applies.",
    )
    metric: ClockMetric
    round: int = Field(
        default=1, description="Round of the metric `update`, from 1; 1 for all other metrics."
    )
    party: UUID | None = Field(
        default=None,
        description="Identifier of the team or supplier whose time the clock measures; null if it measures "
        "the whole time.",
    )
    why: str | None = Field(default=None, description="Code of the reason why this agreement applies.")
    target_seconds: int | None = Field(
        default=None, description="Number of business seconds that the target allows."
    )
    percent: int | None = Field(
        default=None, description="Percentage of the target, in the events `warned` and `reached`."
    )
    because: str | None = Field(
        default=None, description="Code of the reason why a breach was withdrawn or another target applies."
    )

    def to_event_data(self) -> dict[str, Any]:
        """Return the data of such an event, which sets no fields."""
        return {"given": {}, "set": {}, KIND: self.model_dump(mode="json", exclude_none=True)}
