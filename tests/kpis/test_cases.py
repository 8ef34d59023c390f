"""The drill-down: exactly the cases counted, each with what gave its number."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from app.kpis.answers.answer import answer
from app.kpis.cases.drill_down import KpiCase, cases
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Aggregate
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from tests.cases import each_case
from tests.extent import ALL_EXAMPLES, WHOLE
from tests.kpis.conftest import Books
from tests.kpis.kinds import aggregate_of

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MONTHS = [f"2026-{month:02}-01" for month in range(1, 7)]


def _question(key: str, begin: str, end: str, **query: Any) -> KpiQuestion:
    parameters = QuestionParameters(grain="all", begin=begin, end=end, **query)
    return parse_question(KPIS[key], parameters, now=NOW, organisation_zone="Asia/Shanghai")


async def _all_cases(books: Books, question: KpiQuestion, limit: int) -> list[KpiCase]:
    kpi_cases: list[KpiCase] = []
    after = None
    while True:
        page = await cases(books.db, question, NOW, after=after, limit=limit)
        assert page.position == len(books.events)
        kpi_cases += page.cases
        after = page.last
        if after is None:
            return kpi_cases


@each_case("key", KPIS, one_of_each=aggregate_of)
async def test_there_are_as_many_as_the_answer_says_and_none_twice(books: Books, key: str) -> None:
    limit = 7 if ALL_EXAMPLES else 40 if WHOLE else 15  # some have more
    periods = [(MONTHS[0], MONTHS[-1])]
    if WHOLE:
        periods = list(pairwise(MONTHS)) if ALL_EXAMPLES else [*pairwise(MONTHS[1:3]), *periods]
    kpi = KPIS[key]
    for begin, end in periods:
        for filters in ({}, {"team": ["team 1", "none"]}, {"priority": ["P1"], "service": ["none"]}):
            if not filters.keys() <= set(kpi.dimensions):
                continue
            question = _question(key, begin, end, filters=filters)
            (point,) = (await answer(books.db, question, NOW)).points
            cases_found = await _all_cases(books, question, limit=limit)
            which = {
                (
                    *(case.id, case.decided_at, case.state, case.revision, case.clock, case.metric),
                    *(event.position for event in case.events),
                )
                for case in cases_found
            }
            assert len(which) == len(cases_found) == point.cases, (key, begin, filters)
            if kpi.is_of_outages:
                assert point.exposure is not None
                of_point = point.exposure.outage_seconds if kpi.is_of_time else point.exposure.outages
                assert sum(case.measure for case in cases_found) == pytest.approx(
                    of_point, abs=len(cases_found)
                )
            elif kpi.aggregate is Aggregate.mean and cases_found:
                mean = sum(case.measure for case in cases_found) / len(cases_found)
                assert point.value == round(mean, 3)
            elif point.numerator is not None:
                assert point.numerator == sum(case.measure for case in cases_found)


async def test_a_case_comes_with_its_number_and_the_events_that_decided(books: Books) -> None:
    by_position = dict(enumerate(books.events, start=1))
    deciding = {
        "incidents_opened": {"incident.reported"},
        "incident_resolution_seconds": {"incident.resolved", "incident.closed"},
        "incident_close_seconds": {"incident.closed", "incident.marked_duplicate"},
    }
    for key, types in deciding.items():
        cases_found = await _all_cases(books, _question(key, MONTHS[0], MONTHS[-1]), limit=200)
        assert [(case.decided_at, case.id) for case in cases_found] == sorted(
            (case.decided_at, case.id) for case in cases_found
        )
        for case in cases_found:
            assert case.number.startswith("INC-2026-")
            first, last = case.events[0], case.events[-1]
            assert first.type == "incident.reported"
            assert last.type in types
            for evidence in case.events:
                event = by_position[evidence.position]
                assert (event.id, event.type) == (evidence.id, evidence.type)
                assert event.stream == f"incident/{case.id}"


async def test_a_volume_shows_which_cases_nothing_else_counts(books: Books) -> None:
    question = _question("incidents_opened", MONTHS[0], MONTHS[-1])
    (point,) = (await answer(books.db, question, NOW)).points
    cases_found = await _all_cases(books, question, limit=50)
    excluded = Counter(case.excluded for case in cases_found if case.excluded is not None)
    assert dict(excluded) == {reason: count for reason, count in point.excluded.items() if count}
    assert excluded
    assert any(case.irregular for case in cases_found)
