"""Maintenance rounds, their readings, and what they find (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.personal import Personal
from app.common.records import (
    ChildRecord,
    CodeEnum,
    ForeignRef,
    KeyRef,
    NamesRecord,
    Record,
    optional,
    required,
)
from app.common.state_fields import EnteredAt
from app.foundation.cis.records import CiClass


class MaintenanceState(CodeEnum):
    """State of a maintenance round."""

    due = "due", "Due", "待执行"
    done = "done", "Done", "已完成"
    cancelled = "cancelled", "Cancelled", "已取消"


class FindingOpens(CodeEnum):
    """Kind of ticket that is opened for a finding."""

    incident = "incident", "An incident", "事件"
    problem = "problem", "A problem", "问题"
    change = "change", "A change", "变更"


class MaintenanceRound(Record):
    """A round of a maintenance plan, with the checklist of the plan when the round was due.

    `items` are numbered from 1, and `ticked` are the numbers of those that were looked at.
    """

    KIND: ClassVar[str] = "maintenance"

    number: str = ""
    state: MaintenanceState | None = required()
    title: str | None = required("Title of the maintenance plan.")
    plan_id: Annotated[UUID | None, ForeignRef("maintenance_plan")] = required(
        "Maintenance plan of the round."
    )
    service: Annotated[str | None, KeyRef("service")] = optional(
        "Key of the service that is maintained; null for a round of configuration items."
    )
    ci_class: CiClass | None = optional(
        "Class of the configuration items that are maintained; null for a round of a service."
    )
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = required(
        "Team that carries out the round."
    )
    items: list[str] | None = required("Checklist: the items to inspect, numbered from 1.")
    ticked: list[int] | None = required("Numbers of the items that were inspected.")
    out_of_limits: int | None = required("Number of readings outside their limits.")
    findings: int | None = required("Number of findings of the round.")
    planned_at: datetime | None = required(
        "Planned beginning of the round.", examples=["2026-03-02T06:00:00Z"]
    )
    due_at: datetime | None = required("Time by which the round must be completed.")
    overdue_at: datetime | None = optional(
        "Time at which the round became overdue; null if it is not overdue."
    )
    remark: Annotated[str | None, Personal()] = optional(
        "Remark of the person who carried out the round; null if not given."
    )
    left_out: Annotated[str | None, Personal()] = optional(
        "Reason why items or readings were omitted; null if complete."
    )
    done_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who completed the round; null until then."
    )
    done_at: Annotated[datetime | None, EnteredAt(MaintenanceState.done)] = optional(
        "Time at which the round was completed; null until then."
    )
    cancelled_at: Annotated[datetime | None, EnteredAt(MaintenanceState.cancelled)] = optional(
        "Time at which the round was cancelled; null if it was not."
    )


class MaintenanceReading(ChildRecord):
    """A reading of a maintenance round; value and limits are decimal texts."""

    KIND: ClassVar[str] = "maintenance_reading"

    place: int | None = required("Number of the reading in the round, from 1.")
    name: str | None = required("Name of the reading.")
    unit: str | None = required("Unit of the reading.")
    lower: str | None = optional("Lowest correct value; null if there is no lower limit.")
    upper: str | None = optional("Highest correct value; null if there is no upper limit.")
    value: str | None = optional("Value that was read; null until the reading is taken.")
    is_out: bool | None = required(
        "True if the value is outside the limits; null until the reading is taken."
    )
    planned_at: datetime | None = required("Planned beginning of the round.")
    read_at: datetime | None = optional("Time at which the reading was taken; null until then.")
    read_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who took the reading; null until then."
    )


class MaintenanceFinding(ChildRecord):
    """Something that a maintenance round has found, and the ticket that was opened for it."""

    KIND: ClassVar[str] = "maintenance_finding"

    opens: FindingOpens | None = required("Kind of the ticket that was opened.", examples=["incident"])
    about: Annotated[str | None, NamesRecord()] = required(
        "Ticket that was opened, in the form `<kind>/<id>`."
    )
    title: str | None = required("Finding in one line, without names of persons.")
    reading: int | None = optional("Number of the reading that shows the fault; null if not set.")
    found_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who found the fault.")
    found_at: datetime | None = required("Time at which the fault was found.")
