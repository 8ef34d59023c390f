"""Step 4 of improvements: one is selected, by an assessment or by a quality manager, with its suggestions."""

from __future__ import annotations

from uuid import UUID

from app.common.records import Record
from app.kernel.actions.context import ActionContext
from app.kernel.actions.related import RelatedCommands, RelatedPart
from app.processes.improvements.preparation import SuggestionsBehind
from app.processes.improvements.proposal.payloads import (
    GrantFreezeExceptionImprovement,
    SelectImprovement,
)
from app.processes.improvements.records import Improvement
from app.ticketing.followers import add_followers
from app.ticketing.opening import set_requester


def select(improvement: Improvement, body: SelectImprovement, ctx: ActionContext) -> None:
    """Select an improvement, with the suggestions that it carries out. The proposers of the suggestions
    follow the improvement.
    """
    assessment = ctx.ref(Record, "assessment")
    improvement.title = body.title
    improvement.scope, improvement.process, improvement.aspect = body.scope, body.process, body.aspect
    improvement.proposal.suggestion_ids = [
        str(suggestion.id) for suggestion in ctx.refs(Record, "suggestions")
    ]
    improvement.proposal.assessment_id = None if assessment is None else assessment.id
    improvement.proposal.selection_reason = body.reason
    improvement.freeze_exception = body.freeze_exception
    improvement.proposal.freeze_exception_reason = body.freeze_exception_reason
    set_requester(improvement, ctx)
    improvement.opened_at = ctx.occurred_at
    proposers = ctx.prepared(SuggestionsBehind).proposer_ids
    improvement.proposer_ids = [str(person) for person in proposers]
    add_followers(improvement, proposers, ctx)


def grant_freeze_exception(
    improvement: Improvement, body: GrantFreezeExceptionImprovement, ctx: ActionContext
) -> None:
    """Grant the improvement a freeze exception."""
    improvement.freeze_exception = body.freeze_exception
    improvement.proposal.freeze_exception_reason = body.freeze_exception_reason
    improvement.proposal.freeze_exception_by_id = ctx.caller.person_id
    improvement.proposal.freeze_exception_at = ctx.occurred_at


def _selected_suggestions(
    improvement: Improvement, body: SelectImprovement, ctx: ActionContext
) -> list[RelatedPart]:
    """Return the commands by which its suggestions are selected."""
    assessment: UUID | None = improvement.proposal.assessment_id
    related_body = {
        "improvement": str(improvement.id),
        "assessment": None if assessment is None else str(assessment),
    }
    return [RelatedPart(suggestion.row_key, related_body) for suggestion in ctx.refs(Record, "suggestions")]


SELECT_SUGGESTIONS = RelatedCommands(
    action="select", field="suggestions", parts=_selected_suggestions, permitted=True
)
