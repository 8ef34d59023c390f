"""The KPIs that a case counts in: the other way round they list exactly that case, with the same number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from app.i18n import LANGUAGES
from app.kpis.cases.counted_in import CountedIn, counted_in
from app.kpis.cases.counted_in_words import SHARES, contribution
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.questions.periods import cut_periods, first_day, next_period, start_of
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from tests.cases import each_case
from tests.extent import in_test_all
from tests.kpis.conftest import Books

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ZONE = "Asia/Shanghai"
#: What an entry of a list of cases and one of a case have in common.
Entry = tuple[Any, ...]


def _question(key: str, grain: str, now: datetime = NOW) -> KpiQuestion:
    return parse_question(KPIS[key], QuestionParameters(grain=grain), now=now, organisation_zone=ZONE)


def _entry(counted: CountedIn) -> Entry:
    part = counted.state, counted.revision, counted.clock, counted.metric
    begin = counted.question.bounds[0]
    return counted.question.kpi.key, begin, counted.decided_at, counted.measure, counted.excluded, part


async def _listed(books: Books, question: KpiQuestion) -> Iterator[tuple[Any, Entry]]:
    """What the KPI lists of the question's period, as the entries of its cases."""
    page = await cases(books.db, question, question.now, limit=200)
    listed = list(page.cases)
    while page.last is not None:
        page = await cases(books.db, question, question.now, after=page.last, limit=200)
        listed += page.cases
    key, begin = question.kpi.key, question.bounds[0]
    return (
        (
            case.id,
            (
                *(key, begin, case.decided_at, case.measure, case.excluded),
                (case.state, case.revision, case.clock, case.metric),
            ),
        )
        for case in listed
    )


def _records(books: Books) -> set[tuple[str, UUID]]:
    streams = (event.stream.partition("/") for event in books.events)
    return {(kind, UUID(name)) for kind, _, name in streams}


@in_test_all
@each_case("grain", ["month", "quarter"], one_of_each=lambda _: "grains")
async def test_a_kpi_lists_exactly_the_cases_that_name_it_with_the_same_number(
    own_books: Books, grain: str
) -> None:
    instants = [event.occurred_at for event in own_books.events]
    # Some facts are of the instant at which an event was recorded: while this runs.
    now = max(*instants, datetime.now(UTC)) + timedelta(days=3)
    questions = [_question(key, grain, now) for key in KPIS]
    listed: Counter[tuple[Any, Entry]] = Counter()
    for question in questions:
        first = start_of(first_day(question.grain, min(instants).date()), question.zone)
        end = start_of(next_period(question.grain, question.now.date()), question.zone)
        for period in pairwise(cut_periods(question.grain, first, end, question.zone)):
            if period[0] < question.now:
                listed.update(await _listed(own_books, replace(question, bounds=period)))
    named: Counter[tuple[Any, Entry]] = Counter()
    for kind, case_id in _records(own_books):
        of_kind = [question for question in questions if kind in question.kpi.processes]
        counted = await counted_in(own_books.db, of_kind, case_id)
        assert counted.position == len(own_books.events)
        begins = [each.question.bounds[0] for each in counted.counted_in]
        assert begins == sorted(begins, reverse=True)
        named.update((case_id, _entry(each)) for each in counted.counted_in)
    assert {entry[0] for _, entry in listed} >= {"backlog", "outage_seconds", "availability_budget_used"}
    assert (named - listed, listed - named) == (Counter(), Counter())


@in_test_all
async def test_what_a_case_brings_is_said_in_words(own_books: Books) -> None:
    questions = [_question(key, "month") for key in KPIS]
    for _, case_id in sorted(_records(own_books))[::7]:
        for counted in (await counted_in(own_books.db, questions, case_id)).counted_in:
            words = {language: contribution(counted, language, "a part") for language in LANGUAGES}
            assert all(words.values())
            assert words["en"] != words["zh"]
            share = counted.question.kpi.aggregate in SHARES
            assert ("numerator" in words["en"]) == (share and counted.measure == 1), words
