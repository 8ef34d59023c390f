"""Nobody judges what they have made, with every role and whatever they hand over beforehand: a search."""

from __future__ import annotations

from typing import Any

import pytest

from app.common.records import CodeEnum
from app.kernel.actions.lifecycle import Action, Lifecycle
from tests.cases import each_case
from tests.client import Json
from tests.every_action.judging import (
    ALONE,
    BOTH_PARTIES,
    JUDGED_ALONE,
    NO_JUDGEMENT,
    WORDS,
    judging_rows,
    named,
)
from tests.every_action.search import Search
from tests.every_action.world import ROWS, World, case_name, of_kind, possible_states
from tests.extent import WHOLE

#: What a refusal says that is because of what the caller has had to do with it.
OF_ONES_OWN = frozenset({"separation_of_duties", "reviews_own_stage", "is_its_author", "is_a_participant"})
#: What is tried elsewhere, since nobody comes to it by the samples as the one who has made what is judged.
ELSEWHERE = {
    "improvement_assessment.score": "tests/processes/improvement_assessments: own_suggestion",
    "change.review_again": "test_separation_of_duties: only what was reviewed by another is reviewed again",
    "article.accept_revision": "tests/processes/articles: is_its_author",
}
CASES = [
    (lifecycle, row, state)
    for lifecycle, row in ALONE
    if named(lifecycle, row) not in ELSEWHERE
    for state in possible_states(lifecycle, row)
]


def test_every_row_that_sounds_like_a_judgement_is_known() -> None:
    listed = JUDGED_ALONE | BOTH_PARTIES | NO_JUDGEMENT.keys()
    assert sorted({named(lifecycle, row) for lifecycle, row in judging_rows()} - listed) == []
    assert sorted(listed - {named(lifecycle, row) for lifecycle, row in ROWS}) == []
    assert sorted(word for word in WORDS if not any(word in row.name.split("_") for _, row in ROWS)) == []


async def is_refused_as_their_own(search: Search, row: Action[Any, Any], record: Json) -> bool:
    """Whether the one is refused since it is their own; not if nobody could judge it there."""
    answer = await search.tries(row, record)
    if answer.status_code == 200:
        pytest.fail(f"{named(search.lifecycle, row)}: one person has made it, and judged it")
    problem = answer.json()
    codes = {problem["code"], *(error["code"] for error in problem.get("errors") or [])}
    return not OF_ONES_OWN.isdisjoint(codes)


@each_case(("lifecycle", "row", "state"), CASES, ids=case_name, by=of_kind, one_of_each=of_kind)
async def test_one_person_with_every_role_does_not_judge_what_they_have_made(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], state: CodeEnum
) -> None:
    # Who hands nothing over is refused on a shorter way to the same place.
    for hands_over in (False, True) if WHOLE else (True,):
        search, refused = Search(world, lifecycle, hands_over), 0
        async for record in search.records(state):
            if not await is_refused_as_their_own(search, row, record):
                continue
            refused += 1
            for move in search.hand_overs(state):
                if await search.hand_over(move, record):
                    await is_refused_as_their_own(search, row, record)
            if not WHOLE:
                break
        assert refused, "nobody comes so far alone"
