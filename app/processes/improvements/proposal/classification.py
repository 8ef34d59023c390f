"""Steps 7 and 8 of improvements: the committee classifies them, and minor ones are implemented at once."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.priorities.priority import Impact, Priority, Urgency
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import LONGEST_LIST, BoundedList, FreeText, Payload
from app.processes.improvements.proposal.records import SizeCriterion
from app.processes.improvements.proposal.selection import DespiteFreeze, keep_freeze_exception
from app.processes.improvements.records import MAJOR_KINDS, Improvement, ImprovementKind, ImprovementSize


class ClassifyImprovement(Payload):
    """Whether the improvement is major or minor, by which criteria, and its kind and priority."""

    kind: ImprovementKind = Field(description="What it makes or changes.", examples=["activity"])
    size: ImprovementSize | None = Field(
        default=None, description="If it is to be of another size than its kind offers."
    )
    criteria: Annotated[tuple[SizeCriterion, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="What makes it a major one; at least one then."
    )
    size_reason: FreeText | None = Field(
        default=None,
        description="Why it is minor, if its kind is offered as major; or why it is major, if no target "
        "promises to be half better.",
        examples=["One desk, one week, and nothing to buy."],
    )
    to_pilot: bool = Field(
        default=False, strict=True, description="Whether a minor one is piloted; a major one always is."
    )
    impact: Impact = Field(
        description="How many it is for: 1 organisation, 2 department, 3 person.", examples=["2"]
    )
    urgency: Urgency = Field(description="How soon it is wanted: 1 at once, 3 it can wait.", examples=["2"])
    priority: Priority | None = Field(
        default=None, description="If it is to be another one than impact and urgency give."
    )

    @property
    def size_or_default(self) -> ImprovementSize:
        """Return the size, which is that of its kind unless it is said."""
        of_kind = ImprovementSize.major if self.kind in MAJOR_KINDS else ImprovementSize.minor
        return self.size or of_kind


def classify(improvement: Improvement, body: ClassifyImprovement, ctx: ActionContext) -> None:
    """Classify the improvement, as major or minor, by its criteria, with kind and priority."""
    improvement.size = body.size_or_default
    improvement.improvement_kind = body.kind
    improvement.proposal.size_reason = body.size_reason
    improvement.proposal.size_criteria = [criterion.value for criterion in body.criteria]
    improvement.proposal.to_pilot = body.to_pilot or improvement.size is ImprovementSize.major
    improvement.impact, improvement.urgency = body.impact, body.urgency
    # Without one, the priority follows from both (`decide`).
    improvement.priority = body.priority
    improvement.proposal.classified_at = ctx.occurred_at


class ImplementImprovement(DespiteFreeze):
    """How the minor improvement is implemented."""

    plan: FreeText = Field(description="The plan.", examples=["The runbook is written by Friday."])


def implement(improvement: Improvement, body: ImplementImprovement, ctx: ActionContext) -> None:
    """Begin to implement the minor improvement, by its plan."""
    improvement.project.implementation_plan = body.plan
    keep_freeze_exception(improvement, body)


class FinishImprovement(Payload):
    """What was done for the improvement."""

    what: FreeText = Field(description="What was done.", examples=["Every relay has a runbook."])


def finish(improvement: Improvement, body: FinishImprovement, ctx: ActionContext) -> None:
    """Finish the improvement's implementation: what was done; from now on the effect is measured."""
    improvement.project.implemented_what = body.what
