"""Marks and scores by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.automation.governance.ask_raters import drawn_peers
from app.foundation.quarters import end_of_quarter, quarter_before, start_of_quarter
from app.governance.scorecards.counting import rated_figures
from app.governance.scorecards.marks import (
    MarkedFigure,
    Weights,
    mark_of_rating,
    mark_of_value,
    score_of,
)
from app.governance.scorecards.queries import year_from
from app.governance.scorecards.records import RaterPart, Scorecard, ScorecardDimension, ScorecardRating

D, SHANGHAI = ScorecardDimension, ZoneInfo("Asia/Shanghai")
WEIGHTS = Weights(
    {D.service_quality: 40, D.efficiency: 30, D.cooperation: 20, D.satisfaction: 10},
    {RaterPart.oneself: 20, RaterPart.superior: 50, RaterPart.peer: 30},
    points_per_mark=10,
    line=60,
)


@pytest.mark.parametrize(
    ("value", "best", "worst", "mark"),
    [
        ("0", "0", "0.2", "100"),
        ("0.05", "0", "0.2", "75"),
        ("0.3", "0", "0.2", "0"),
        ("5", "5", "2", "100"),
        ("4", "5", "2", "66.67"),
        ("1", "5", "2", "0"),
    ],
)
def test_a_value_between_the_worst_and_the_best_gives_marks_in_proportion(
    value: str, best: str, worst: str, mark: str
) -> None:
    assert mark_of_value(Decimal(value), Decimal(best), Decimal(worst)) == Decimal(mark)


def test_ratings_give_marks_from_the_lowest_to_the_highest() -> None:
    assert [mark_of_rating(Decimal(n)) for n in ("1", "3", "4.5", "5")] == [0, 50, Decimal("87.5"), 100]


def test_ratings_count_only_where_the_log_knows_nothing_and_points_take_marks_away() -> None:
    figures = [
        MarkedFigure(D.service_quality, Decimal(90)),
        MarkedFigure(D.service_quality, Decimal(70)),
        MarkedFigure(D.service_quality, Decimal(0), RaterPart.superior),
        MarkedFigure(D.efficiency, Decimal(100), RaterPart.oneself),
        MarkedFigure(D.efficiency, Decimal(50), RaterPart.superior),
    ]
    scored = score_of(figures, 25, WEIGHTS)
    efficiency = (Decimal(100) * 20 + Decimal(50) * 50) / 70
    assert scored.marks == {D.service_quality: 80, D.efficiency: round(efficiency, 2)}
    assert scored.score == round((80 * 40 + round(efficiency, 2) * 30) / 70 - Decimal("2.5"), 2)
    assert not scored.below_line
    assert score_of(figures, 250, WEIGHTS).below_line
    assert score_of(figures, 5000, WEIGHTS).score == 0


def test_of_what_nobody_knows_there_is_no_score_and_no_talk() -> None:
    scored = score_of([], 100, WEIGHTS)
    assert (scored.marks, scored.score, scored.below_line) == ({}, None, False)


def _rating(part: RaterPart, score: int) -> ScorecardRating:
    scores: dict[str, Any] = dict.fromkeys((each.value for each in D), score)
    return ScorecardRating(id=UUID(int=1), part=part, **scores)


def test_a_single_peer_has_no_mean_of_their_own() -> None:
    alone = rated_figures([_rating(RaterPart.peer, 2), _rating(RaterPart.superior, 4)])
    assert {(figure.part, figure.reading) for figure in alone} == {(RaterPart.superior, "4.00")}
    both = rated_figures([_rating(RaterPart.peer, 2), _rating(RaterPart.peer, 5)])
    assert {(figure.reading, figure.raters) for figure in both} == {("3.50", 2)}


def test_a_year_is_the_mean_of_its_quarters_that_have_a_score() -> None:
    scores = {"2026-Q1": "80.00", "2026-Q2": "70.01", "2026-Q3": None, "2026-Q4": "60.00"}
    cards = [
        Scorecard(id=UUID(int=n), quarter=quarter, final_score=score, number=f"SCO-{n}")
        for n, (quarter, score) in enumerate(scores.items())
    ]
    year = year_from("2026-Q2", cards)
    assert (year.year, year.scored, year.final_score, year.complete) == (2026, 3, "70.00", False)
    assert year_from("2026-Q1", cards[2:3]).final_score is None


def test_quarters_begin_where_the_one_before_ends() -> None:
    assert end_of_quarter("2026-Q4", SHANGHAI) == start_of_quarter("2027-Q1", SHANGHAI)
    assert quarter_before(start_of_quarter("2027-Q1", SHANGHAI), SHANGHAI) == "2026-Q4"
    assert quarter_before(start_of_quarter("2026-Q4", SHANGHAI), SHANGHAI) == "2026-Q3"


def test_the_same_card_draws_the_same_peers_whatever_their_order() -> None:
    card, peers = UUID(int=77), [UUID(int=n) for n in range(20)]
    assert drawn_peers(card, peers, 3) == drawn_peers(card, peers[::-1], 3)
    assert len(set(drawn_peers(card, peers, 3))) == 3
    assert drawn_peers(card, peers[:2], 3) == drawn_peers(card, peers[1::-1], 3)
