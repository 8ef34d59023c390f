"""Payloads of actions on proposal."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.improvement import FreezeExemption, ImprovementAspect, ImprovementScope
from app.common.money import Amount, Currency
from app.common.priorities.priority import Impact, Urgency
from app.common.records import ForeignRef, StaffOnly
from app.foundation.decisions.payloads import AskDecision
from app.foundation.documents.filing import (
    SectionTexts,
)
from app.foundation.documents.records import Heading
from app.foundation.process_names import ProcessName
from app.kernel.actions.conditions import Condition
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    RecordKey,
    Reference,
    Title,
)
from app.kpis.baselines.payloads import BaselineQuestion
from app.kpis.effects.lifecycle import PromisedEffect
from app.processes.improvements.committee.payloads import ClassFields
from app.processes.improvements.proposal.records import ImprovementKind


class ProposedTarget(BaselineQuestion):
    """A target KPI of a proposal: its baseline, the promised change, and the way in which it will be
    judged.
    """

    promised: PromisedEffect = Field(
        description="Size of the promised change.", examples=[{"change": "-0.3", "of": "relative"}]
    )
    judged_by: FreeText = Field(
        description="Way in which the change will be judged.",
        examples=["By the median of the three months after."],
    )
    baseline_reason: FreeText | None = Field(
        default=None,
        description="Reason for a baseline that has no cases, or that ended more than a year ago, which the "
        "proposal prints.",
        examples=["The service is new."],
    )


class ProposeImprovement(Payload):
    """The proposal: its goal, method and cost, and the way in which its effect will be measured."""

    model_config = example_includes("outside_plan_reason")
    scope_and_goal: FreeText = Field(
        description="Scope and goal of the improvement.", examples=["Restore mail within an hour."]
    )
    benefit_inside: FreeText = Field(description="Benefit to IT itself.", examples=["Fewer nights on call."])
    benefit_outside: FreeText = Field(
        description="Benefit to customers and others outside of IT.",
        examples=["Nobody waits for mail half a day."],
    )
    method: FreeText = Field(description="Method of the improvement.", examples=["A runbook for each relay."])
    steps: FreeText = Field(
        description="Plan of the improvement, step by step.", examples=["Write it in May, try it in June."]
    )
    resources: FreeText = Field(
        description="People and resources that the improvement needs.",
        examples=["Two engineers for a month."],
    )
    judgement: FreeText = Field(
        description="Way in which the improvement will be judged as a whole.",
        examples=["By the targets, and by those on call."],
    )
    targets: Annotated[tuple[ProposedTarget, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="Target KPIs, whose baselines are measured now."
    )
    plan: Annotated[Reference, ForeignRef("improvement_plan")] | None = Field(
        default=None, description="Annual improvement plan that the improvement serves: its number or id."
    )
    plan_target: RecordKey | None = Field(
        default=None, description="Key of the plan's target that the improvement serves."
    )
    outside_plan_reason: FreeText | None = Field(
        default=None,
        description="Reason for an improvement outside the plan; required if it serves no target of "
        "the plan.",
        examples=["The plan was made before the relays failed."],
    )
    planned_cost: Annotated[Amount, StaffOnly()] | None = Field(
        default=None, description="Planned cost, such as 1250.00."
    )
    currency: Annotated[Currency, StaffOnly()] | None = Field(
        default=None, description="Currency of the planned cost (ISO 4217), such as CNY."
    )


#: The fields without which there is no class.
CLASS_FIELDS = ("kind", "impact", "urgency")


def _has_whole_class_or_none(body: SubmitImprovement) -> bool:
    further_fields = (body.size, body.criteria, body.size_reason, body.to_pilot, body.priority)
    named = [getattr(body, name) is not None for name in CLASS_FIELDS]
    return all(named) or not (any(named) or any(further_fields))


class SubmitImprovement(AskDecision, ClassFields):
    """The question to the committee, the weighing of the proposal, and the class of the improvement if the
    committee votes on both at once.
    """

    kind: ImprovementKind | None = Field(
        default=None,
        description="Kind of thing that the improvement makes or changes, if the committee also votes on its "
        "class; an approved improvement then needs no `classify`.",
    )
    impact: Impact | None = Field(
        default=None, description="Number of people affected; required with `kind`, see `classify`."
    )
    urgency: Urgency | None = Field(
        default=None, description="Urgency, from 1 (at once) to 3 (can wait); required with `kind`."
    )

    weighed_goals: FreeText = Field(
        description="Weighing against the goals.", examples=["It serves the first."]
    )
    weighed_practice: FreeText = Field(
        description="Weighing against best practice.", examples=["Others restore within an hour."]
    )
    weighed_present_state: FreeText = Field(
        description="Weighing against the present state.", examples=["Half a day at present."]
    )
    weighed_cost: Annotated[FreeText, StaffOnly()] = Field(
        description="Weighing of the cost against the benefit.", examples=["A month of two engineers."]
    )
    weighed_resources: FreeText = Field(
        description="Weighing of the necessary resources against the available ones.",
        examples=["They are there."],
    )
    weighed_time: FreeText = Field(
        description="Weighing of the time that the improvement takes.", examples=["Before the winter."]
    )
    defer_until_at: Instant | None = Field(
        default=None,
        description="End of a deferral, if the committee defers the improvement; if left out, in three "
        "months.",
    )

    CONDITIONS = (Condition("class_is_incomplete", CLASS_FIELDS, _has_whole_class_or_none),)

    def sections(self) -> SectionTexts:
        """Return the sections of the document about the weighing."""
        return (
            (Heading.weighed_goals, self.weighed_goals),
            (Heading.weighed_practice, self.weighed_practice),
            (Heading.weighed_present_state, self.weighed_present_state),
            (Heading.weighed_cost, self.weighed_cost),
            (Heading.weighed_resources, self.weighed_resources),
            (Heading.weighed_time, self.weighed_time),
        )


class TakeUpImprovement(Payload):
    """The changes since the improvement was deferred."""

    model_config = example_includes("what_changed")
    what_changed: FreeText | None = Field(
        default=None,
        description="Changes since the improvement was deferred; automation rules leave it out.",
        examples=["The engineers are free from May."],
    )


class DespiteFreeze(Payload):
    """Why something is changed in a process whose definition is frozen, if it is."""

    freeze_exception: FreezeExemption | None = Field(
        default=None,
        description="Reason code why the improvement cannot wait, if the process definition is frozen "
        "after a cutover. The committee decides on it with the proposal; later, a member grants it.",
    )
    freeze_exception_reason: FreeText | None = Field(
        default=None,
        description="Reason in words; required with `freeze_exception`, and only allowed with it.",
    )


class GrantFreezeExceptionImprovement(Payload):
    """The exception from the freeze of a process, and its reason."""

    freeze_exception: FreezeExemption = Field(
        description="Reason code why the improvement cannot wait.", examples=["law"]
    )
    freeze_exception_reason: FreeText = Field(
        description="Reason in words, which the documents print.",
        examples=["The law asks for less. 法规要求精简。"],
    )


class SelectImprovement(DespiteFreeze):
    """The improvement that is selected: its content, and the suggestions that it carries out."""

    model_config = example_includes("reason")
    title: Title = Field(
        description="Title of the improvement in one line, without names of persons, as lists show it.",
        examples=["Incidents are restored faster"],
    )
    suggestions: Annotated[
        tuple[Annotated[Reference, ForeignRef("improvement_suggestion")], ...], BoundedList
    ] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="Suggestions that the improvement carries out, which must be offered or deferred: "
        "ids or numbers.",
    )
    assessment: Annotated[Reference, ForeignRef("improvement_assessment")] | None = Field(
        default=None,
        description="Assessment from which the improvement follows; left out outside of an assessment.",
    )
    reason: FreeText | None = Field(
        default=None,
        description="Reason for the selection; required outside of an assessment.",
        examples=["It cannot wait for the next assessment."],
    )
    scope: ImprovementScope = Field(
        description="Scope of the improvement: the whole department, or one process."
    )
    process: ProcessName | None = Field(
        default=None,
        description="Process for the scope `process`, such as `incident`, or its name; left out for the "
        "department.",
    )
    aspect: ImprovementAspect | None = Field(
        default=None, description="Aspect that is improved, if it is known."
    )
    requester: (
        Annotated[Reference, ForeignRef("person", GivenDuty.participation, quiet=True, on_behalf=True)] | None
    ) = Field(
        default=None,
        description="Person on whose behalf the improvement is selected: their id; if left out, the caller.",
    )


class ImplementImprovement(DespiteFreeze):
    """The plan of the minor improvement's implementation."""

    plan: FreeText = Field(
        description="Plan of the implementation.", examples=["The runbook is written by Friday."]
    )


class FinishImprovement(Payload):
    """The work that was done for the improvement."""

    what: FreeText = Field(description="Work that was done.", examples=["Every relay has a runbook."])
