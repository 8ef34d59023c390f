"""Maintenance rounds, their readings, and what they find (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlmodel import Field

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
    """The kind of ticket that what a round finds opens."""

    incident = "incident", "An incident", "事件"
    problem = "problem", "A problem", "问题"
    change = "change", "A change", "变更"


class MaintenanceRound(Record):
    """A round of a maintenance plan, with the plan's checklist as it was when the round fell due.

    `items` are numbered from 1, and `ticked` are the numbers of those that were looked at.
    """

    KIND: ClassVar[str] = "maintenance"

    number: str = Field(default="", description="Number that people call it by; accepted wherever the id is.")
    state: MaintenanceState | None = required("Its state.")
    title: str | None = required("The title of its plan.")
    plan_id: Annotated[UUID | None, ForeignRef("maintenance_plan")] = required("Its plan.")
    service: Annotated[str | None, KeyRef("service")] = optional("The key of the service that it is for.")
    ci_class: CiClass | None = optional("The class of the configuration items that it is for.")
    team_id: Annotated[UUID | None, ForeignRef("team")] = required("The team that makes it.")
    items: list[str] | None = required("The checklist: what is to be looked at, numbered from 1.")
    ticked: list[int] | None = required("The numbers of what was looked at.")
    out_of_limits: int | None = required("Number of its readings that are out of their limits.")
    findings: int | None = required("Number of its findings.")
    planned_at: datetime | None = required(
        "Begin of the round, as planned.", examples=["2026-03-02T06:00:00Z"]
    )
    due_at: datetime | None = required("Time by which it is to be done.")
    overdue_at: datetime | None = optional("Time at which it became overdue; null: it was not.")
    remark: Annotated[str | None, Personal()] = optional("A remark of whoever has made it.")
    left_out: Annotated[str | None, Personal()] = optional(
        "The reason for which items or readings were left out; null: nothing was."
    )
    done_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who has made it.")
    done_at: Annotated[datetime | None, EnteredAt(MaintenanceState.done)] = optional(
        "Time at which it was done."
    )
    cancelled_at: Annotated[datetime | None, EnteredAt(MaintenanceState.cancelled)] = optional(
        "Time at which it was cancelled."
    )


class MaintenanceReading(ChildRecord):
    """A reading of a maintenance round; value and limits are decimal texts."""

    KIND: ClassVar[str] = "maintenance_reading"

    place: int | None = required("Its number in the round, counted from 1.")
    name: str | None = required("The reading, as it is called.")
    unit: str | None = required("Its unit.")
    lower: str | None = optional("The lowest value that is right; null: there is no lower limit.")
    upper: str | None = optional("The highest value that is right; null: there is no upper limit.")
    value: str | None = optional("The value that was read; null: none yet.")
    is_out: bool | None = required("True if the value is out of the limits.")
    planned_at: datetime | None = required("Begin of the round, as planned.")
    read_at: datetime | None = optional("Time at which it was read.")
    read_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who has read it.")


class MaintenanceFinding(ChildRecord):
    """Something that a maintenance round has found, and the ticket that was opened for it."""

    KIND: ClassVar[str] = "maintenance_finding"

    opens: FindingOpens | None = required("The kind of the ticket that was opened.", examples=["incident"])
    about: Annotated[str | None, NamesRecord()] = required("The ticket that was opened, as `<kind>/<id>`.")
    title: str | None = required("The finding in a line, without names of persons.")
    reading: int | None = optional("The number of the reading that shows it; null: none does.")
    found_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who has found it.")
    found_at: datetime | None = required("Time at which it was found.")
