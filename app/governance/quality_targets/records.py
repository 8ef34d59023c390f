"""Quality targets (table)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
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
    """Level to which a quality target applies."""

    organisation = "organisation", "The organisation", "组织"
    team = "team", "A team", "团队"
    person = "person", "A person", "个人"


class QualityTarget(Record):
    """A goal for a KPI in a year, of the organisation, a team or a person.

    `parent_id` is the target that it is broken down from. `answerable_id` is the person who answers for it:
    the lead of the team, the person, or for the organisation the named person. `value` is a decimal text.
    """

    KIND: ClassVar[str] = "quality_target"

    number: str = ""
    state: QualityTargetState | None = required()
    year: int | None = required("Year to which the target applies.", examples=[2027])
    level: TargetLevel | None = required("Level to which the target applies.")
    kpi: str | None = required("Key of the KPI.", examples=["incident_resolution_seconds"])
    comparator: Comparator | None = required(
        "Comparison of the KPI's value with the goal: lt for below, le for at most, gt for above, ge "
        "for at least.",
        examples=["lt"],
    )
    value: str | None = required(
        "Goal in the unit of the KPI, as a decimal text: seconds, cases, or a ratio such as 0.95.",
        examples=["5400"],
    )
    parent_id: Annotated[UUID | None, ForeignRef("quality_target")] = optional(
        "Target from which this one was broken down; null if not set."
    )
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = optional(
        "Team to which the target applies; null for the organisation and for persons."
    )
    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.appraisal, quiet=True)] = optional(
        "Person that the target applies to; null for the organisation and for teams."
    )
    setter_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who set the target.")
    answerable_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.ownership), Responsible(NoticeType.target_to_accept)
    ] = required("Person who is responsible for the target and accepts it.")
    reason: Annotated[
        str | None, Personal(), ClearedBy(entering={QualityTargetState.proposed, QualityTargetState.accepted})
    ] = optional("Reason for returning or withdrawing the target; null if neither happened.")
    set_at: datetime | None = required("Time at which the target was set.")
    accepted_at: Annotated[datetime | None, EnteredAt(QualityTargetState.accepted)] = optional(
        "Time at which the target was last accepted; null if it never was."
    )
    returned_at: Annotated[datetime | None, EnteredAt(QualityTargetState.returned)] = optional(
        "Time at which the target was last returned; null if it never was."
    )
    withdrawn_at: Annotated[datetime | None, EnteredAt(QualityTargetState.withdrawn)] = optional(
        "Time at which the target was withdrawn; null if it was not."
    )

    @property
    def title(self) -> str:
        """Return the key of the KPI and the year, which are the same in every language."""
        return f"{self.kpi} {self.year}"
