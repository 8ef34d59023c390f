"""Whatever is asked, of whatever time, in whatever zone: the facts say what the raw events say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.kpis.answers.answer import answer
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import QuestionParameters, parse_question
from tests.extent import examples, in_test_all
from tests.kpis.conftest import Books
from tests.kpis.histories import BEGIN, BORDERS, DAYS

ZONES = ("Asia/Shanghai", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")
VALUES = {
    "priority": ["P1", "P4"],
    "team": ["team 0", "none"],
    "service": ["none"],
    "channel": ["portal", "hotline"],
}
instants = st.one_of(
    st.sampled_from(BORDERS),
    st.integers(-3, DAYS + 3).map(lambda days: BEGIN + timedelta(days=days)),
    st.integers(0, DAYS * 86_400).map(lambda seconds: BEGIN + timedelta(seconds=seconds)),
)


@in_test_all
@settings(
    max_examples=examples(100),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    key=st.sampled_from(sorted(KPIS)),
    zone=st.sampled_from(ZONES),
    grain=st.sampled_from(Grain),
    time=st.tuples(instants, instants).filter(lambda ends: ends[0] != ends[1]),
    by=st.lists(st.sampled_from(Dimension), max_size=2, unique=True),
    only=st.lists(st.sampled_from(sorted(VALUES)), max_size=1),
    now=st.one_of(instants, st.just(datetime(2026, 6, 1, tzinfo=UTC))),
)
async def test_the_facts_say_what_the_raw_events_say(
    books: Books,
    key: str,
    zone: str,
    grain: Grain,
    time: tuple[datetime, datetime],
    by: list[Dimension],
    only: list[str],
    now: datetime,
) -> None:
    kpi = KPIS[key]
    parameters = QuestionParameters(
        grain=grain.value,
        begin=min(time).isoformat(),
        end=max(time).isoformat(),
        zone=zone,
        by=[dimension.value for dimension in by if dimension in kpi.dimensions],
        filters={name: VALUES[name] for name in only if name in kpi.dimensions},
    )
    question = parse_question(kpi, parameters, now=now, organisation_zone="UTC", reopen_days=7)
    fast = await answer(books.db, question, now)
    slow = await answer(books.db, question, now, position=len(books.events))
    assert fast.points == slow.points
