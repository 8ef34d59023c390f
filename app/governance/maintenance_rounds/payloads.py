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
    Note,
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
    """The maintenance plan, and the beginning of the round."""

    plan: Annotated[Reference, ForeignRef("maintenance_plan")] = Field(
        description="Maintenance plan of the round: its number or id."
    )
    planned_at: Instant


class TickMaintenance(Payload):
    """Items of the checklist that were inspected, or whose tick is removed."""

    items: EntryNumbers = Field(min_length=1, max_length=LONGEST_LIST, description="Numbers of the items.")
    ticked: bool = Field(
        default=True, description="True if the items were inspected; false to remove their ticks."
    )


class TakenReading(PayloadPart):
    """A reading that was taken."""

    reading: EntryNumber = Field(description="Number of the reading in the round.")
    value: Number = Field(
        description="Value in the unit of the reading, as a number or a decimal text.", examples=["21.5"]
    )


TakenReadings = Annotated[tuple[TakenReading, ...], BoundedList]


class ReadMaintenance(Payload):
    """Readings that were taken; a second value replaces the first."""

    readings: TakenReadings = Field(
        min_length=1, max_length=LONGEST_LIST, description="Readings that were taken."
    )


class RecordFindingMaintenance(Payload, of=MaintenanceFinding):
    """A fault that was found, and the ticket that is opened for it."""

    opens: FindingOpens
    title: Title
    description: FreeText = Field(
        description="Description of the finding.", examples=["A fan does not turn."]
    )
    reading: EntryNumber | None = None
    ci: Annotated[RecordKey, KeyRef("ci")] | None = Field(
        default=None, description="Key of the configuration item; required in a round for a class of items."
    )
    tried: FreeText | None = Field(
        default=None, description="Attempted solutions so far; required for a problem."
    )
    impact: Impact = Field(
        default=Impact.department, description="Impact of the fault, for an incident or a problem."
    )
    urgency: Urgency = Field(
        default=Urgency.can_wait, description="Urgency of the fault, for an incident or a problem."
    )
    effect: Literal["none", "degraded", "down"] = Field(
        default="none", description="Effect on the service, for an incident."
    )


class CompleteMaintenance(Payload, of=MaintenanceRound):
    """The end of the round, with everything that was not recorded before."""

    items: EntryNumbers = Field(
        default=(), max_length=LONGEST_LIST, description="Numbers of further items that were inspected."
    )
    readings: TakenReadings = Field(
        default=(), max_length=LONGEST_LIST, description="Further readings that were taken."
    )
    left_out: FreeText | None = None
    remark: Note | None = None
