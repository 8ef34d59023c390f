"""Motions to the committee on the class, the charter and the plan of an improvement (tables)."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.personal import Personal
from app.common.priorities.priority import Impact, Priority, Urgency
from app.common.records import ForeignRef, RecordPart, StaffOnly, optional
from app.processes.improvements.proposal.records import ImprovementKind, ImprovementSize


class ImprovementMotion(RecordPart):
    """The last motion to the committee on the class, the charter or the plan of an improvement. The
    improvement itself changes only by the decision.

    `asked_kind` is null unless a class is asked for. `asked_with_plan`: the charter and the plan that was
    made ahead are one question.
    """

    KIND: ClassVar[str] = "improvement_motion"

    asked_kind: ImprovementKind | None = optional(
        "Kind that the committee is asked to approve; null if no class is asked for."
    )
    asked_size: ImprovementSize | None = optional(
        "Size that the committee is asked to approve; null if no class is asked for."
    )
    asked_criteria: list[str] | None = optional(
        "Criteria that make the improvement major, as they are asked for; null if no class is asked for."
    )
    asked_size_reason: Annotated[str | None, Personal()] = optional(
        "Reason for the size that is asked for, if it differs from the usual one; null otherwise."
    )
    asked_to_pilot: bool | None = optional("True if a pilot is asked for; null if no class is asked for.")
    asked_impact: Impact | None = optional("Impact that is asked for; null if no class is asked for.")
    asked_urgency: Urgency | None = optional("Urgency that is asked for; null if no class is asked for.")
    asked_priority: Priority | None = optional(
        "Priority that is asked for; null if it follows from impact and urgency."
    )
    asked_sponsor_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.sponsorship, quiet=True)] = (
        optional("Sponsor whom the committee is asked to approve; null if no charter was asked for.")
    )
    asked_manager_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.project_management, quiet=True)
    ] = optional("Project manager whom the committee is asked to approve; null if no charter was asked for.")
    asked_member_ids: list[str] | None = optional(
        "Members of the project team whom the committee is asked to approve; null if no charter was asked "
        "for."
    )
    asked_resources: Annotated[str | None, Personal()] = optional(
        "Resources that the committee is asked to approve; null if no charter was asked for."
    )
    asked_budget: Annotated[str | None, StaffOnly()] = optional(
        "Budget that the committee is asked to approve, as a decimal text."
    )
    asked_currency: Annotated[str | None, StaffOnly()] = optional(
        "Currency of the budget that the committee is asked to approve (ISO 4217)."
    )
    asked_with_plan: bool | None = optional(
        "True if the committee is asked to approve the project plan together with the charter."
    )
    asked_lacking: Annotated[str | None, Personal()] = optional(
        "Gaps for which the committee is asked to return the project plan; null if it was not asked to."
    )
