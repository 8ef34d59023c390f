"""Payloads of actions on maintenance rounds. They are small: a phone sends a tick or a reading at a time."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from app.common.priorities.priority import Impact, Urgency
from app.common.records import ForeignRef, KeyRef
from app.governance.maintenance_rounds.records import FindingOpens, MaintenanceFinding, MaintenanceRound
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
from app.kpis.targets.lifecycle import Number

EntryNumber = Annotated[int, Field(ge=1, le=LONGEST_LIST, strict=True)]
EntryNumbers = Annotated[tuple[EntryNumber, ...], BoundedList]


class OpenMaintenance(Payload, of=MaintenanceRound):
    """The plan whose round it is, and the begin of the round."""

    plan: Annotated[Reference, ForeignRef("maintenance_plan")] = Field(
        description="The maintenance plan: its number or id."
    )
    planned_at: Instant


class TickMaintenance(Payload):
    """Items of the checklist that were looked at, or that were not after all."""

    items: EntryNumbers = Field(
        min_length=1, max_length=LONGEST_LIST, description="The numbers of the items."
    )
    ticked: bool = Field(default=True, description="False: they were not looked at after all.")


class TakenReading(PayloadPart):
    """A reading that was taken."""

    reading: EntryNumber = Field(description="The number of the reading in the round.")
    value: Number = Field(
        description="The value in the unit of the reading, as a number or a decimal text.", examples=["21.5"]
    )


TakenReadings = Annotated[tuple[TakenReading, ...], BoundedList]


class ReadMaintenance(Payload):
    """Readings that were taken; another value takes the place of an earlier one."""

    readings: TakenReadings = Field(min_length=1, max_length=LONGEST_LIST, description="The readings.")


class RecordFindingMaintenance(Payload, of=MaintenanceFinding):
    """Something that was found, and the ticket that is opened for it in the same step."""

    opens: FindingOpens
    title: Title
    description: FreeText = Field(
        description="The finding in the words of whoever acts.", examples=["A fan does not turn."]
    )
    reading: EntryNumber | None = None
    ci: Annotated[RecordKey, KeyRef("ci")] | None = Field(
        default=None, description="The key of the configuration item; of a class of items, which it is."
    )
    tried: FreeText | None = Field(
        default=None, description="The attempts to solve it so far; a problem needs them."
    )
    impact: Impact = Field(default=Impact.department, description="The impact, of an incident or a problem.")
    urgency: Urgency = Field(
        default=Urgency.can_wait, description="The urgency, of an incident or a problem."
    )
    effect: Literal["none", "degraded", "down"] = Field(
        default="none", description="The effect on the service, of an incident."
    )


class CompleteMaintenance(Payload, of=MaintenanceRound):
    """The end of the round, with all that was not told before."""

    items: EntryNumbers = Field(
        default=(), max_length=LONGEST_LIST, description="The numbers of further items that were looked at."
    )
    readings: TakenReadings = Field(
        default=(), max_length=LONGEST_LIST, description="Further readings that were taken."
    )
    left_out: FreeText | None = None
    remark: FreeText | None = None
