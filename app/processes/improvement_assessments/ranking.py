"""The ranking of suggestions by the scores of several assessors (pure).

Everything is computed in fractions, so that equal suggestions have equal ranks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AssessorScores:
    """The scores that one assessor has given to one suggestion, by criterion."""

    suggestion_id: UUID
    assessor_id: UUID
    scores: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RankedSuggestion:
    """A suggestion in the ranking. `by_assessor` are the weighted means of its assessors; `mean` is theirs,
    `lowest`, `highest` and `deviation` (the standard deviation) are their spread. `rank`: 1 for the best;
    equal ones share theirs. Without scores all of these are None.
    """

    suggestion_id: UUID
    rank: int | None
    mean: Fraction | None
    lowest: Fraction | None
    highest: Fraction | None
    deviation: float | None
    by_assessor: Mapping[UUID, Fraction]


def rank_suggestions(
    weights: Mapping[str, int], suggestions: Sequence[UUID], scores: Iterable[AssessorScores]
) -> list[RankedSuggestion]:
    """Return the suggestions ranked, the best first; equal ones, and those without scores at the end, in the
    order given.
    """
    means: dict[UUID, dict[UUID, Fraction]] = {suggestion: {} for suggestion in suggestions}
    for score in scores:
        if score.suggestion_id in means:
            means[score.suggestion_id][score.assessor_id] = weighted_mean(weights, score.scores)
    averages = {
        suggestion: _mean(list(by_assessor.values()))
        for suggestion, by_assessor in means.items()
        if by_assessor
    }
    places = {suggestion: place for place, suggestion in enumerate(suggestions)}
    ordered = sorted(
        places,
        key=lambda suggestion: (
            suggestion not in averages,
            -averages.get(suggestion, Fraction(0)),
            places[suggestion],
        ),
    )
    return [
        _ranked(
            suggestion,
            means[suggestion],
            averages.get(suggestion),
            sum(other > averages[suggestion] for other in averages.values()),
        )
        if suggestion in averages
        else _ranked(suggestion, {}, None, 0)
        for suggestion in ordered
    ]


def weighted_mean(weights: Mapping[str, int], scores: Mapping[str, int]) -> Fraction:
    """Return the mean of the scores, each by the weight of its criterion; all count alike if all weights are
    0.
    """
    factors = {criterion: Fraction(weights.get(criterion, 1)) for criterion in scores}
    if not any(factors.values()):
        factors = dict.fromkeys(scores, Fraction(1))
    return sum((factors[criterion] * score for criterion, score in scores.items()), Fraction(0)) / sum(
        factors.values()
    )


def _ranked(
    suggestion_id: UUID, by_assessor: Mapping[UUID, Fraction], mean: Fraction | None, better: int
) -> RankedSuggestion:
    """Return the suggestion with the spread of its means; `better` is the number of those before it."""
    if mean is None:
        return RankedSuggestion(suggestion_id, None, None, None, None, None, {})
    values = list(by_assessor.values())
    variance = _mean([(value - mean) ** 2 for value in values])
    return RankedSuggestion(
        suggestion_id, better + 1, mean, min(values), max(values), sqrt(variance), by_assessor
    )


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)
