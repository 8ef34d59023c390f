"""The ranking: weighted means, their spread, and ranks that depend on nothing but the scores."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from statistics import fmean, pstdev
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.common.improvement import AssessmentCriterion
from app.processes.improvement_assessments.payloads import ScoreImprovementAssessment
from app.processes.improvement_assessments.ranking import (
    AssessorScores,
    RankedSuggestion,
    rank_suggestions,
    weighted_mean,
)

CRITERIA = [criterion.value for criterion in AssessmentCriterion]
SUGGESTIONS = [UUID(int=n) for n in range(1, 6)]
ASSESSORS = [UUID(int=n) for n in range(101, 105)]
WEIGHTS = st.fixed_dictionaries({criterion: st.integers(0, 10) for criterion in CRITERIA})
SCORES = st.fixed_dictionaries({criterion: st.integers(1, 5) for criterion in CRITERIA})
PAIRS = st.tuples(st.sampled_from(SUGGESTIONS), st.sampled_from(ASSESSORS))
ALL_SCORES = st.dictionaries(PAIRS, SCORES).map(
    lambda by_assessor: [
        AssessorScores(suggestion, assessor, points) for (suggestion, assessor), points in by_assessor.items()
    ]
)


def scores(suggestion: UUID, identifier: UUID, *values: int) -> AssessorScores:
    return AssessorScores(suggestion, identifier, dict(zip(CRITERIA, values, strict=True)))


def test_the_payload_asks_for_every_criterion() -> None:
    assert {*CRITERIA} == ScoreImprovementAssessment.model_fields.keys() - {
        "suggestion",
        "comment",
        "occurred_at",
    }


def test_means_are_weighted_for_each_assessor_and_then_averaged() -> None:
    alpha, beta, third = SUGGESTIONS[:3]
    lin, olga = ASSESSORS[:2]
    weights = dict(zip(CRITERIA, (2, 1, 1, 1, 1, 0), strict=True))
    all_scores = [
        scores(alpha, lin, 5, 3, 3, 3, 3, 1),  # (10 + 12) / 6
        scores(alpha, olga, 2, 2, 2, 2, 2, 5),  # 2
        scores(beta, lin, 4, 4, 4, 4, 4, 1),  # 4
    ]
    first, second, last = rank_suggestions(weights, [alpha, beta, third], all_scores)
    assert (first.suggestion_id, first.rank) == (beta, 1)
    assert first.mean == 4
    assert first.deviation == 0
    assert second.by_assessor == {lin: Fraction(11, 3), olga: Fraction(2)}
    assert (second.rank, second.mean) == (2, Fraction(17, 6))
    assert (second.lowest, second.highest) == (Fraction(2), Fraction(11, 3))
    assert second.deviation == pytest.approx(5 / 6)
    assert (last.suggestion_id, last.rank, last.mean, last.by_assessor) == (third, None, None, {})


def test_equal_ones_share_their_rank_and_the_next_one_is_behind_all_of_them() -> None:
    all_scores = [scores(suggestion, ASSESSORS[0], *[3] * 6) for suggestion in SUGGESTIONS[:2]]
    all_scores.append(scores(SUGGESTIONS[2], ASSESSORS[0], *[2] * 6))
    ranked = rank_suggestions({}, SUGGESTIONS[:3], all_scores)
    assert [suggestion.rank for suggestion in ranked] == [1, 1, 3]


def test_without_any_weight_all_criteria_count_alike() -> None:
    points = dict(zip(CRITERIA, (1, 2, 3, 4, 5, 3), strict=True))
    assert weighted_mean(dict.fromkeys(CRITERIA, 0), points) == 3


@given(weights=WEIGHTS, scores=ALL_SCORES)
def test_each_suggestion_has_one_place_and_the_figures_are_those_of_the_plain_definition(
    weights: dict[str, int], scores: list[AssessorScores]
) -> None:
    ranked = rank_suggestions(weights, SUGGESTIONS, scores)
    assert {suggestion.suggestion_id for suggestion in ranked} == {*SUGGESTIONS}
    means = [suggestion.mean for suggestion in ranked]
    scored = [mean for mean in means if mean is not None]
    assert means == sorted(scored, reverse=True) + [None] * (len(SUGGESTIONS) - len(scored))
    for suggestion in ranked:
        own = [points for points in scores if points.suggestion_id == suggestion.suggestion_id]
        _is_as_defined(suggestion, [_plain_mean(weights, points.scores) for points in own], scored)


def _plain_mean(weights: dict[str, int], points: Mapping[str, int]) -> float:
    counted = weights if any(weights.values()) else dict.fromkeys(CRITERIA, 1)
    return sum(counted[name] * points[name] for name in CRITERIA) / sum(counted.values())


def _is_as_defined(suggestion: RankedSuggestion, plain: list[float], scored: list[Fraction]) -> None:
    if not plain:
        assert (suggestion.rank, suggestion.mean, suggestion.deviation) == (None, None, None)
        return
    assert suggestion.mean is not None
    assert suggestion.lowest is not None
    assert suggestion.highest is not None
    assert float(suggestion.mean) == pytest.approx(fmean(plain))
    assert suggestion.deviation == pytest.approx(pstdev(plain), abs=1e-9)
    assert 1 <= suggestion.lowest <= suggestion.mean <= suggestion.highest <= 5
    assert suggestion.rank == 1 + len([mean for mean in scored if mean > suggestion.mean])


@given(weights=WEIGHTS, scores=ALL_SCORES, data=st.data())
def test_the_order_in_which_scores_come_changes_nothing(
    weights: dict[str, int], scores: list[AssessorScores], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(scores))
    assert rank_suggestions(weights, SUGGESTIONS, shuffled) == rank_suggestions(weights, SUGGESTIONS, scores)


@given(weights=WEIGHTS, scores=ALL_SCORES, factor=st.integers(2, 9))
def test_only_the_ratio_of_the_weights_counts(
    weights: dict[str, int], scores: list[AssessorScores], factor: int
) -> None:
    more = {name: weight * factor for name, weight in weights.items()}
    assert rank_suggestions(more, SUGGESTIONS, scores) == rank_suggestions(weights, SUGGESTIONS, scores)
