"""Payloads of actions on proposal."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.components import example_includes
from app.common.improvement import FreezeExemption, ImprovementAspect, ImprovementScope
from app.common.money import Amount, Currency
from app.common.priorities.priority import Impact, Priority, Urgency
from app.common.records import ForeignRef, StaffOnly
from app.foundation.decisions.payloads import AskDecision
from app.foundation.documents.filing import (
    SectionTexts,
)
from app.foundation.documents.records import Heading
from app.foundation.process_names import ProcessName
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
from app.processes.improvements.proposal.records import SizeCriterion
from app.processes.improvements.records import (
    MAJOR_KINDS,
    ImprovementKind,
    ImprovementSize,
)


class ProposedTarget(BaselineQuestion):
    """A target KPI of a proposal: its baseline, the change that is promised, and how it will be judged."""

    promised: PromisedEffect = Field(
        description="The expected size of the effect.", examples=[{"change": "-0.3", "of": "relative"}]
    )
    judged_by: FreeText = Field(
        description="Way in which it will be judged.", examples=["By the median of the three months after."]
    )


class ProposeImprovement(Payload):
    """The proposal: what is to be reached, how, at what cost, and how it will be measured."""

    model_config = example_includes("outside_plan_reason")
    scope_and_goal: FreeText = Field(description="Scope and goal.", examples=["Restore mail within an hour."])
    benefit_inside: FreeText = Field(description="The benefit inside IT.", examples=["Fewer nights on call."])
    benefit_outside: FreeText = Field(
        description="The benefit outside IT.", examples=["Nobody waits for mail half a day."]
    )
    method: FreeText = Field(description="The method.", examples=["A runbook for each relay."])
    steps: FreeText = Field(
        description="The plan, step by step.", examples=["Write it in May, try it in June."]
    )
    resources: FreeText = Field(
        description="The people and means that it takes.", examples=["Two engineers for a month."]
    )
    judgement: FreeText = Field(
        description="Way in which it will be judged as a whole.",
        examples=["By the targets, and by those on call."],
    )
    targets: Annotated[tuple[ProposedTarget, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="Its target KPIs; their baselines are frozen now."
    )
    plan: Annotated[Reference, ForeignRef("improvement_plan")] | None = Field(
        default=None, description="The annual improvement plan that it serves: its number or id."
    )
    plan_target: RecordKey | None = Field(
        default=None, description="The key of the plan's target that it serves."
    )
    outside_plan_reason: FreeText | None = Field(
        default=None,
        description="Reason why it is worth doing outside the plan, if it serves none of its targets.",
        examples=["The plan was made before the relays failed."],
    )
    planned_cost: Annotated[Amount, StaffOnly(reviewers=True)] | None = Field(
        default=None, description="Amount that it costs, as 1250.00."
    )
    currency: Annotated[Currency, StaffOnly(reviewers=True)] | None = Field(
        default=None, description="Currency of the amount (ISO 4217), as CNY."
    )


class SubmitImprovement(AskDecision):
    """The question to the committee, and what the proposal was weighed against."""

    weighed_goals: FreeText = Field(
        description="Weighed against the goals.", examples=["It serves the first."]
    )
    weighed_practice: FreeText = Field(
        description="Weighed against best practice.", examples=["Others restore within an hour."]
    )
    weighed_present_state: FreeText = Field(
        description="Weighed against the present state.", examples=["Half a day at present."]
    )
    weighed_cost: Annotated[FreeText, StaffOnly()] = Field(
        description="Weighed by its cost.", examples=["A month of two engineers."]
    )
    weighed_resources: FreeText = Field(description="Weighed by the resources.", examples=["They are there."])
    weighed_time: FreeText = Field(description="Weighed by the time.", examples=["Before the winter."])
    defer_until_at: Instant | None = Field(
        default=None,
        description="Time until which the committee would defer it; none: three months from now.",
    )

    def sections(self) -> SectionTexts:
        """Return the sections in which the document says how it was weighed."""
        return (
            (Heading.weighed_goals, self.weighed_goals),
            (Heading.weighed_practice, self.weighed_practice),
            (Heading.weighed_present_state, self.weighed_present_state),
            (Heading.weighed_cost, self.weighed_cost),
            (Heading.weighed_resources, self.weighed_resources),
            (Heading.weighed_time, self.weighed_time),
        )


class TakeUpImprovement(Payload):
    """What has changed since the improvement was deferred."""

    model_config = example_includes("what_changed")
    what_changed: FreeText | None = Field(
        default=None,
        description="Changes since it was deferred; rules leave it out.",
        examples=["The engineers are free from May."],
    )


class DespiteFreeze(Payload):
    """Why something is changed in a process whose definition is frozen, if it is."""

    freeze_exception: FreezeExemption | None = Field(
        default=None,
        description="Of a process whose definition is frozen after a cutover: why it cannot wait.",
    )
    freeze_exception_reason: FreeText | None = Field(
        default=None, description="The same in words; only with `freeze_exception`, and then required."
    )


class SelectImprovement(DespiteFreeze):
    """The improvement that is selected: what it is about, and the suggestions that it carries out."""

    model_config = example_includes("reason")
    title: Title = Field(
        description="Improvement in a line. Lists show it: name no persons here.",
        examples=["Incidents are restored faster"],
    )
    suggestions: Annotated[
        tuple[Annotated[Reference, ForeignRef("improvement_suggestion")], ...], BoundedList
    ] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="The suggestions that it carries out: ids or numbers; they are offered or deferred.",
    )
    assessment: Annotated[Reference, ForeignRef("improvement_assessment")] | None = Field(
        default=None, description="The assessment that it comes from, if any."
    )
    reason: FreeText | None = Field(
        default=None,
        description="Reason for selecting it; required unless concluding an assessment selects it.",
        examples=["It cannot wait for the next assessment."],
    )
    scope: ImprovementScope = Field(description="Scope: the department, or one process.")
    process: ProcessName | None = Field(
        default=None,
        description="Of the scope `process`: which one, as `incident`, or its name; of the department, none.",
    )
    aspect: ImprovementAspect | None = Field(
        default=None, description="Aspect of it that is improved, if that is known."
    )
    requester: Annotated[Reference, ForeignRef("person", on_behalf=True)] | None = Field(
        default=None, description="Person for whom it is selected, if not the caller: their id."
    )


class ClassifyImprovement(Payload):
    """Whether the improvement is major or minor, by which criteria, and its kind and priority."""

    kind: ImprovementKind = Field(
        description="Kind of thing that it makes or changes.", examples=["activity"]
    )
    size: ImprovementSize | None = Field(
        default=None, description="If it is to be of another size than its kind offers."
    )
    criteria: Annotated[tuple[SizeCriterion, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Reasons that make it a major one; at least one then.",
    )
    size_reason: FreeText | None = Field(
        default=None,
        description="Reason why it is minor, if its kind is offered as major; or major, if no target "
        "promises to be half better.",
        examples=["One desk, one week, and nothing to buy."],
    )
    to_pilot: bool = Field(
        default=False, strict=True, description="True if a minor one is piloted; a major one always is."
    )
    impact: Impact = Field(
        description="Extent of its effect: 1 organisation, 2 department, 3 person.", examples=["2"]
    )
    urgency: Urgency = Field(description="Urgency: 1 at once, 3 it can wait.", examples=["2"])
    priority: Priority | None = Field(
        default=None, description="If it is to be another one than impact and urgency give."
    )

    @property
    def size_or_default(self) -> ImprovementSize:
        """Return the size, which is that of its kind unless it is said."""
        of_kind = ImprovementSize.major if self.kind in MAJOR_KINDS else ImprovementSize.minor
        return self.size or of_kind


class ImplementImprovement(DespiteFreeze):
    """How the minor improvement is implemented."""

    plan: FreeText = Field(description="The plan.", examples=["The runbook is written by Friday."])


class FinishImprovement(Payload):
    """What was done for the improvement."""

    what: FreeText = Field(description="Work that was done.", examples=["Every relay has a runbook."])
