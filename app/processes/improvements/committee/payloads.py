"""Payloads of what is put to the committee, and of what follows from its decisions."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.money import Amount, Currency
from app.common.priorities.priority import Impact, Priority, Urgency
from app.common.records import ChildRef, ForeignRef, StaffOnly
from app.foundation.decisions.payloads import AskBoard, Tallied
from app.foundation.decisions.records import Decision
from app.kernel.actions.conditions import at_least_one_member
from app.kernel.actions.payloads import LONGEST_LIST, BoundedList, FreeText, Payload, Reference
from app.processes.improvements.proposal.records import (
    MAJOR_KINDS,
    ImprovementKind,
    ImprovementSize,
    SizeCriterion,
)


class ClassFields(Payload):
    """The size of an improvement with its criteria, and its priority."""

    size: ImprovementSize | None = Field(
        default=None, description="Size of the improvement; if left out, the usual size of its kind."
    )
    criteria: Annotated[tuple[SizeCriterion, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Criteria that make the improvement major; a major one needs at least one.",
    )
    size_reason: FreeText | None = Field(
        default=None,
        description="Reason for a minor improvement whose kind is usually major, or for a major one "
        "without a target that promises an improvement by half.",
        examples=["One desk, one week, and nothing to buy."],
    )
    to_pilot: bool = Field(
        default=False,
        strict=True,
        description="True if a minor improvement has a pilot; a major one always has.",
    )
    priority: Priority | None = Field(
        default=None, description="Priority; if left out, it follows from impact and urgency."
    )

    def size_of(self, kind: ImprovementKind) -> ImprovementSize:
        """Return the size, which is that of the kind unless it is set."""
        return self.size or (ImprovementSize.major if kind in MAJOR_KINDS else ImprovementSize.minor)


class ClassifyImprovement(AskBoard, ClassFields):
    """The size of the improvement, its criteria, and its kind and priority, on which the committee votes."""

    kind: ImprovementKind = Field(
        description="Kind of thing that the improvement makes or changes.", examples=["activity"]
    )
    impact: Impact = Field(
        description="Number of people affected: 1 for the organisation, 2 for a department, 3 for one "
        "person.",
        examples=["2"],
    )
    urgency: Urgency = Field(description="Urgency, from 1 (at once) to 3 (can wait).", examples=["2"])


class CharterImprovement(AskBoard):
    """The project's sponsor, manager and team, its resources and its budget, on which the committee votes."""

    sponsor: Annotated[Reference, ForeignRef("person", GivenDuty.sponsorship, quiet=True)] = Field(
        description="Sponsor, a person of the grade `management`: a person's id."
    )
    project_manager: Annotated[Reference, ForeignRef("person", GivenDuty.project_management, quiet=True)] = (
        Field(description="Person who manages the project, with the role of a project manager: their id.")
    )
    members: Annotated[
        tuple[Annotated[Reference, ForeignRef("person", GivenDuty.work, quiet=True)], ...], BoundedList
    ] = Field(min_length=1, max_length=LONGEST_LIST, description="Members of the team: ids of persons.")
    resources: FreeText = Field(
        description="Resources of the project.", examples=["Two engineers, a test relay."]
    )
    budget: Annotated[Amount, StaffOnly()] = Field(
        description="Largest cost of the project, such as 1250.00.", examples=["12000.00"]
    )
    currency: Annotated[Currency, StaffOnly()] = Field(
        description="Currency of the budget (ISO 4217).", examples=["CNY"]
    )
    with_plan: bool = Field(
        default=False,
        strict=True,
        description="True if the committee also votes on the plan that `plan_ahead` has made: an approved "
        "charter then approves the plan.",
    )


class ApprovePlanImprovement(AskBoard):
    """The question whether the committee approves the plan of the project."""


class ReturnPlanImprovement(AskBoard):
    """The gaps in the plan, for which the committee votes on returning it."""

    lacking: FreeText = Field(description="Gaps in the plan.", examples=["Who trains the night shift?"])


class ChangePeopleImprovement(AskBoard):
    """The new sponsor or manager of the project. The committee votes on the change."""

    model_config = example_includes("sponsor")

    sponsor: Annotated[Reference, ForeignRef("person", GivenDuty.sponsorship, quiet=True)] | None = Field(
        default=None,
        description="New sponsor, a person of the grade `management`: a person's id; if left out, the "
        "sponsor stays.",
    )
    project_manager: (
        Annotated[Reference, ForeignRef("person", GivenDuty.project_management, quiet=True)] | None
    ) = Field(
        default=None,
        description="New manager of the project, with the role of a project manager: a person's id; if left "
        "out, the manager stays.",
    )

    CONDITIONS = (at_least_one_member("nobody_is_replaced", "sponsor", "project_manager"),)


class ClassTallied(Tallied):
    """The outcome of a decision on the class, and the impact and urgency from which the priority follows."""

    impact: Impact | None = Field(default=None, description="Impact as it was approved.", examples=["2"])
    urgency: Urgency | None = Field(default=None, description="Urgency as it was approved.", examples=["2"])
    priority: Priority | None = Field(
        default=None, description="Priority as it was approved, if it does not follow from both."
    )


class VoidPeopleImprovement(Payload):
    """The void question about the people of the project, and those who can no longer take the posts."""

    decision: Annotated[UUID, ChildRef(Decision, unset="closed_at")] = Field(
        description="Identifier of the decision."
    )
    lost_candidates: Annotated[
        tuple[Annotated[Reference, ForeignRef("person", GivenDuty.recorded)], ...], BoundedList
    ] = Field(
        min_length=1,
        max_length=2,
        description="People named in the question who have left, or lost the role or grade of the post.",
    )
