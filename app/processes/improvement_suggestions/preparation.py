"""Preparations of actions on suggestions: what they need of other suggestions."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.processes.improvement_suggestions.payloads import TakeOverImprovementSuggestion
from app.processes.improvement_suggestions.records import ImprovementSuggestion, SuggestionProposer


@dataclass(frozen=True, slots=True)
class NewProposers:
    """The proposers of the merged suggestion who do not propose this one yet, in their order."""

    persons: tuple[UUID, ...]


async def new_proposers(
    reads: ReadContext,
    suggestion: ImprovementSuggestion,
    body: TakeOverImprovementSuggestion,
    ctx: ActionContext,
) -> NewProposers:
    """Find the proposers of the merged suggestion who do not propose this one yet."""
    merged = ctx.required_ref(ImprovementSuggestion, "merged")
    own = {proposer.person_id for proposer in await reads.children(SuggestionProposer, suggestion)}
    theirs = (proposer.person_id for proposer in await reads.children(SuggestionProposer, merged))
    return NewProposers(
        tuple(person for person in dict.fromkeys(theirs) if person is not None and person not in own)
    )
