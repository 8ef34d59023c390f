"""Preparations of actions on assessments: the suggestions then open, and the verdicts on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.common.records import Record
from app.foundation.months import end_of_month
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.processes.improvement_assessments.lookups import (
    KnownSuggestion,
    suggestions_by_id,
    waiting_suggestions,
)
from app.processes.improvement_assessments.payloads import (
    ConcludeImprovementAssessment,
    GivenVerdict,
    OpenImprovementAssessment,
    ScoreImprovementAssessment,
)
from app.processes.improvement_assessments.records import (
    AssessedSuggestion,
    ImprovementAssessment,
    SuggestionScore,
    SuggestionVerdict,
)

#: Most suggestions that a refusal names.
MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class WaitingSuggestions:
    """The suggestions that are open by the end of the month and in no other open assessment, the oldest
    first.
    """

    suggestions: tuple[KnownSuggestion, ...]


async def find_waiting_suggestions(
    reads: ReadContext,
    assessment: ImprovementAssessment,
    body: OpenImprovementAssessment,
    ctx: ActionContext,
) -> WaitingSuggestions:
    """Find the suggestions that are open at the end of the month."""
    end = end_of_month(body.month, ctx.settings.zone)
    return WaitingSuggestions(tuple(await waiting_suggestions(reads, end)))


@dataclass(frozen=True, slots=True)
class EarlierScore:
    """The score that the caller has given to the suggestion before; None before the first."""

    score: SuggestionScore | None


async def find_earlier_score(
    reads: ReadContext,
    assessment: ImprovementAssessment,
    body: ScoreImprovementAssessment,
    ctx: ActionContext,
) -> EarlierScore:
    """Find what the caller has given to the suggestion before."""
    suggestion_id = ctx.required_ref(Record, "suggestion").id
    mine = {"suggestion_id": suggestion_id, "person_id": ctx.caller.person_id}
    return EarlierScore(await reads.child(SuggestionScore, assessment, **mine))


@dataclass(frozen=True, slots=True)
class JudgedSuggestion:
    """A suggestion with the verdict on it, and its place in the payload. `improvement_id` is the id of the
    improvement that is to carry out a selected one.
    """

    place: int
    row: AssessedSuggestion
    suggestion: KnownSuggestion
    improvement_id: UUID | None


@dataclass(frozen=True, slots=True)
class JudgedSuggestions:
    """All suggestions of the assessment that are still open, with the verdicts on them."""

    judged: tuple[JudgedSuggestion, ...]

    def with_verdict(
        self, verdict: SuggestionVerdict, judgements: Sequence[GivenVerdict]
    ) -> list[JudgedSuggestion]:
        """Return those on which the payload gives this verdict."""
        return [judged for judged in self.judged if judgements[judged.place].verdict is verdict]


async def judge_suggestions(
    reads: ReadContext,
    assessment: ImprovementAssessment,
    body: ConcludeImprovementAssessment,
    ctx: ActionContext,
) -> JudgedSuggestions:
    """Find the suggestions of the verdicts: each open suggestion of the assessment has one. Raises WrongValue
    otherwise, or if an unscored suggestion is selected, declined, or judged without a reason.
    """
    rows = {row.suggestion_id: row for row in await reads.children(AssessedSuggestion, assessment)}
    suggestions = await suggestions_by_id(
        reads, (suggestion_id for suggestion_id in rows if suggestion_id is not None)
    )
    scored = {score.suggestion_id for score in await reads.children(SuggestionScore, assessment)}
    judged: dict[UUID, JudgedSuggestion] = {}
    for n, judgement in enumerate(body.verdicts):
        suggestion_id = ctx.required_ref(Record, f"verdicts/{n}/suggestion").id
        row, pointer = rows.get(suggestion_id), f"/verdicts/{n}/suggestion"
        if row is None:
            raise WrongValue(pointer=pointer, because="not_assessed_here")
        if suggestion_id in judged:
            raise WrongValue(pointer=pointer, because="each_once")
        suggestion = suggestions[suggestion_id]
        if not suggestion.is_open:
            raise WrongValue({"number": suggestion.number}, pointer=pointer, because="suggestion_settled")
        if judgement.reason is None and suggestion_id not in scored:
            words = {"number": suggestion.number}
            raise WrongValue(words, pointer=f"/verdicts/{n}/reason", because="nobody_has_scored_it")
        opens = judgement.verdict is SuggestionVerdict.selected
        if judgement.verdict is not SuggestionVerdict.deferred and suggestion_id not in scored:
            words = {"number": suggestion.number}
            raise WrongValue(words, pointer=f"/verdicts/{n}/verdict", because="judged_without_scores")
        judged[suggestion_id] = JudgedSuggestion(n, row, suggestion, ctx.new_id() if opens else None)
    missing = [
        suggestion.number
        for suggestion in suggestions.values()
        if suggestion.is_open and suggestion.id not in judged
    ]
    if missing:
        words = {"numbers": ", ".join(sorted(missing)[:MOST_NAMED]), "count": str(len(missing))}
        raise WrongValue(words, pointer="/verdicts", because="verdict_missing")
    return JudgedSuggestions(tuple(judged.values()))
