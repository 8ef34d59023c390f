"""Quality targets (table)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlmodel import Field

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import ClearedBy, EnteredAt
from app.kpis.declaration.kpi import Comparator


class QualityTargetState(CodeEnum):
    """State of a quality target."""

    proposed = "proposed", "Proposed", "待接受"
    accepted = "accepted", "Accepted", "已接受"
    returned = "returned", "Returned", "已退回"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class TargetLevel(CodeEnum):
    """The level at which a quality target holds."""

    organisation = "organisation", "The organisation", "组织"
    team = "team", "A team", "团队"
    person = "person", "A person", "个人"


class QualityTarget(Record):
    """A goal for a KPI in a year, of the organisation, a team or a person.

    `parent_id` is the target that it is broken down from. `answerable_id` is whoever answers for it: the lead
    of the team, the person, or for the organisation whoever was named. `value` is a decimal text.
    """

    KIND: ClassVar[str] = "quality_target"

    number: str = Field(default="", description="Number that people call it by; accepted wherever the id is.")
    state: QualityTargetState | None = required("Its state.")
    year: int | None = required("The year in which it holds.", examples=[2027])
    level: TargetLevel | None = required("The level at which it holds.")
    kpi: str | None = required("The key of the KPI.", examples=["incident_resolution_seconds"])
    comparator: Comparator | None = required(
        "The comparison of the KPI's value with it: lt below, le at most, gt above, ge at least.",
        examples=["lt"],
    )
    value: str | None = required(
        "The goal in the unit of the KPI, as a decimal text: seconds, cases, a ratio as 0.95.",
        examples=["5400"],
    )
    parent_id: Annotated[UUID | None, ForeignRef("quality_target")] = optional(
        "The target that it is broken down from."
    )
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional("The team that it is for; null: none.")
    person_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person whom it is for; null: nobody."
    )
    setter_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who set it.")
    answerable_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.target_to_accept)] = (
        required("The person who answers for it, and accepts it.")
    )
    reason: Annotated[
        str | None, Personal(), ClearedBy(entering={QualityTargetState.proposed, QualityTargetState.accepted})
    ] = optional("The reason for which it was returned or withdrawn.")
    set_at: datetime | None = required("Time at which it was set.")
    accepted_at: Annotated[datetime | None, EnteredAt(QualityTargetState.accepted)] = optional(
        "Time at which it was accepted last."
    )
    returned_at: Annotated[datetime | None, EnteredAt(QualityTargetState.returned)] = optional(
        "Time at which it was returned last."
    )
    withdrawn_at: Annotated[datetime | None, EnteredAt(QualityTargetState.withdrawn)] = optional(
        "Time at which it was withdrawn."
    )

    @property
    def title(self) -> str:
        """Return the key of the KPI and the year, which are the same in every language."""
        return f"{self.kpi} {self.year}"
