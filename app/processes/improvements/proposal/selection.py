"""Step 4 of improvements: one is selected, by an assessment or by a quality manager, with its suggestions."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.components import example_includes
from app.common.improvement import ImprovementAspect, ImprovementScope
from app.common.records import ForeignRef, Record
from app.foundation.process_names import ProcessName
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import RelatedCommands, RelatedPart
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Payload,
    Reference,
    Title,
)
from app.processes.improvements.preparation import SuggestionsBehind
from app.processes.improvements.records import FreezeException, Improvement
from app.ticketing.followers import add_followers
from app.ticketing.requesters import set_requester


class DespiteFreeze(Payload):
    """Why something is changed in a process whose definition is frozen, if it is."""

    freeze_exception: FreezeException | None = Field(
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
        description="What is improved, in a line. Lists show it: name no persons here.",
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
        description="Why it is selected; required unless concluding an assessment selects it.",
        examples=["It cannot wait for the next assessment."],
    )
    scope: ImprovementScope = Field(description="Whether it is about the department or about one process.")
    process: ProcessName | None = Field(
        default=None,
        description="Of the scope `process`: which one, as `incident`, or its name; of the department, none.",
    )
    aspect: ImprovementAspect | None = Field(default=None, description="What of it, if that is known.")
    requester: Annotated[Reference, ForeignRef("person", on_behalf=True)] | None = Field(
        default=None, description="Whom it is selected for, if not the caller: a person's id."
    )


def select(improvement: Improvement, body: SelectImprovement, ctx: ActionContext) -> None:
    """Select an improvement, with the suggestions that it carries out; whoever proposed them follows it."""
    assessment = ctx.ref(Record, "assessment")
    improvement.title = body.title
    improvement.scope, improvement.process, improvement.aspect = body.scope, body.process, body.aspect
    improvement.proposal.suggestion_ids = [str(one.id) for one in ctx.refs(Record, "suggestions")]
    improvement.proposal.assessment_id = None if assessment is None else assessment.id
    improvement.proposal.selection_reason = body.reason
    keep_freeze_exception(improvement, body)
    set_requester(improvement, ctx)
    improvement.opened_at = ctx.occurred_at
    proposers = ctx.prepared(SuggestionsBehind).proposer_ids
    improvement.proposer_ids = [str(person) for person in proposers]
    add_followers(improvement, proposers, ctx)


def keep_freeze_exception(improvement: Improvement, body: DespiteFreeze) -> None:
    """Set why the improvement does not wait for the end of the freeze, if the payload says it."""
    if body.freeze_exception is not None:
        improvement.freeze_exception = body.freeze_exception
        improvement.proposal.freeze_exception_reason = body.freeze_exception_reason


def _selected_suggestions(
    improvement: Improvement, body: SelectImprovement, ctx: ActionContext
) -> list[RelatedPart]:
    """Return the commands by which its suggestions are selected."""
    assessment: UUID | None = improvement.proposal.assessment_id
    said = {
        "improvement": str(improvement.id),
        "assessment": None if assessment is None else str(assessment),
    }
    return [RelatedPart(one.row_key, said) for one in ctx.refs(Record, "suggestions")]


SELECT_SUGGESTIONS = RelatedCommands(
    action="select", field="suggestions", parts=_selected_suggestions, permitted=True
)
