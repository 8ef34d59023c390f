"""Groups that are too small are shown by no figure, nor by what figures leave over; draws by a seed."""

from __future__ import annotations

from collections import Counter
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from app.governance.surveys.figures import SMALLEST_GROUP, anonymised, told_groups
from app.governance.surveys.records import QuestionKind, SurveyQuestion
from app.governance.surveys.sampling import drawn

SOMEWHERE = UUID("0199b1b2-0000-7000-8000-000000000001")
TEAMS = [None, *(uuid5(SOMEWHERE, str(n)) for n in range(6))]
PERSONS = [uuid5(SOMEWHERE, f"person {n}") for n in range(40)]


@given(st.lists(st.sampled_from(TEAMS), max_size=60))
def test_each_group_told_has_five_and_so_has_what_they_leave_over(teams: list[UUID | None]) -> None:
    groups, counts = told_groups(teams), Counter(teams)
    assert all(counts[team] >= SMALLEST_GROUP for team in groups)
    rest = len(teams) - sum(counts[team] for team in groups)
    assert rest == 0 or rest >= SMALLEST_GROUP or not groups


def test_the_smallest_group_joins_one_that_would_be_worked_out() -> None:
    a, b, c = TEAMS[1], TEAMS[2], TEAMS[3]
    assert told_groups([a] * 9 + [b] * 6 + [c] * 2) == {a}
    assert told_groups([a] * 9 + [b] * 6 + [c]) == {a}
    assert told_groups([a] * 9 + [b] * 6) == {a, b}
    assert told_groups([a] * 5 + [b] * 4) == frozenset()


@given(st.lists(st.tuples(st.sampled_from(TEAMS), st.integers(1, 5)), max_size=40))
def test_no_answer_is_lost_but_those_of_questions_with_fewer_than_five(
    sheets: list[tuple[UUID | None, int]],
) -> None:
    question = SurveyQuestion(id=SOMEWHERE, key="speed", kind=QuestionKind.rating)
    given_sheets = [
        {"team": None if team is None else str(team), "answers": {"speed": {"score": score}}}
        for team, score in sheets
    ]
    result = anonymised(given_sheets, [question], list)
    assert len(result.answers) + result.withheld == len(sheets)
    if len(sheets) >= SMALLEST_GROUP:
        assert Counter(answer.score for answer in result.answers) == Counter(score for _, score in sheets)
    else:
        assert result.answers == ()


@given(st.sets(st.sampled_from(PERSONS)), st.integers(0, 2**31 - 1), st.integers(1, 50), st.randoms())
def test_a_seed_draws_the_same_in_whatever_order_the_audience_is_read(
    persons: set[UUID], seed: int, size: int, order: object
) -> None:
    shuffled = list(persons)
    order.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis has no type for it
    sample = drawn(shuffled, seed, size)
    assert sample == drawn(persons, seed, size)
    assert len(sample) == min(size, len(persons)) == len(set(sample) & persons)
