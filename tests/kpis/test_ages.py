"""How old what is open is, at any instant: by its opening, whatever happened since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import CannotAnswer, KpiQuestion, QuestionParameters, parse_question
from app.log.follow import catch_up
from app.platform.db import Connection, Database
from tests.extent import WHOLE, in_test_all
from tests.kpis.conftest import Books
from tests.kpis.histories import Scripted, write

NOW = datetime(2026, 6, 1, tzinfo=UTC)
END = datetime(2026, 3, 1, tzinfo=UTC)
DAY = 86_400


def _question(key: str, **parameters: Any) -> KpiQuestion:
    time = {"begin": "2026-02-01", "end": "2026-03-01"} | parameters
    return parse_question(KPIS[key], QuestionParameters(**time), now=NOW, organisation_zone="UTC")


async def _points(db: Database, key: str, **parameters: Any) -> list[KpiPoint]:
    return (await answer(db, _question(key, **parameters), NOW)).points


async def _open_for(connection: Connection, *days: float) -> None:
    instant = [Scripted.begin(END - timedelta(days=age)) for age in days]
    reopened = Scripted.begin(END - timedelta(days=40)).then("resolved", minutes=5)
    instant.append(reopened.then("reopened", minutes=30 * 24 * 60))
    over = Scripted.begin(END - timedelta(days=50)).then("resolved", minutes=5)
    await write(connection, [event for case in (*instant, over) for event in case.events])
    await catch_up(connection, FACTS)


@in_test_all
async def test_the_age_of_what_is_open_runs_from_its_opening(follower: Connection, db: Database) -> None:
    await _open_for(follower, 1, 2, 3, 4)
    (point,) = await _points(db, "backlog_age_seconds")
    assert (point.cases, point.value, point.small) == (5, 10 * DAY, True)
    assert point.elapsed is not None
    assert (point.elapsed.median, point.elapsed.max) == (3 * DAY, 40 * DAY)
    assert point.oldest_open_seconds == 40 * DAY
    assert point.elapsed.p90 == pytest.approx((4 + 0.6 * 36) * DAY)


async def test_the_backlog_is_cut_by_age_and_each_case_is_in_one_part(
    follower: Connection, db: Database
) -> None:
    tick = 1 / DAY
    await _open_for(follower, 1 - tick, 1, 3 - tick, 3, 7 - tick, 7, 30 - tick, 30)
    cut = {point.by["age"]: point.value for point in await _points(db, "backlog", by=("age",))}
    assert cut == {
        "0_to_1_days": 1,
        "1_to_3_days": 2,
        "3_to_7_days": 2,
        "7_to_30_days": 2,
        "over_30_days": 2,
    }
    assert list(cut) == sorted(map(str, cut)), "a chart has them in their order"
    for age, count in cut.items():
        question = _question("backlog", grain="all", filters={"age": (str(age),)})
        kpi_answer = await answer(db, question, NOW)
        (point,) = kpi_answer.points
        if WHOLE:
            assert (await answer(db, question, NOW, position=kpi_answer.position)).points == kpi_answer.points
        listed_cases = (await cases(db, question, NOW)).cases
        assert (point.value, len(listed_cases)) == (count, count)
    with pytest.raises(CannotAnswer, match="unknown_value"):
        _question("backlog", filters={"age": ("old",)})
    with pytest.raises(CannotAnswer, match="unknown_dimension"):
        _question("incidents_opened", by=("age",))


async def test_what_is_on_hold_counts_and_is_shown_apart(follower: Connection, db: Database) -> None:
    opened = END - timedelta(days=2)
    held = Scripted.begin(opened).then("held", minutes=5)
    resumed = Scripted.begin(opened).then("held", minutes=5).then("resumed", minutes=5)
    returned = Scripted.begin(opened).then("resolved", minutes=5).then("reopened", minutes=5, state="on_hold")
    over = Scripted.begin(opened).then("held", minutes=5).then("resolved", minutes=5)
    anew = Scripted.begin(opened).then("held", minutes=5).then("acknowledged", minutes=2 * 24 * 60)
    histories_told = (held, resumed, returned, over, anew)
    await write(follower, [event for case in histories_told for event in case.events])
    await catch_up(follower, FACTS)
    for filters in ({}, {"age": ("1_to_3_days",)}):
        question = _question("backlog", grain="all", filters=filters)
        kpi_answer = await answer(db, question, NOW)
        (point,) = kpi_answer.points
        assert (point.value, point.on_hold) == (4, 3), "as it was just before the end"
        if WHOLE:
            assert (await answer(db, question, NOW, position=kpi_answer.position)).points == kpi_answer.points
    listed_cases = (await cases(db, question, NOW)).cases
    assert sorted(case.on_hold is True for case in listed_cases) == [False, True, True, True]
    (point,) = await _points(db, "incidents_opened", grain="all")
    assert point.on_hold is None, "it is no backlog"
    (ahead,) = await _points(db, "backlog", grain="all", begin="2026-07-01", end="2026-08-01")
    assert (ahead.value, ahead.on_hold) == (None, None)


async def test_ages_and_counts_agree_in_every_period(books: Books) -> None:
    time: dict[str, Any] = {"begin": "2026-01-01", "end": "2026-06-01", "grain": "week"}
    for by in ((), ("team",), ("priority", "channel")):
        counted = await _points(books.db, "backlog", by=by, **time)
        aged = await _points(books.db, "backlog_age_seconds", by=by, **time)
        by_age = await _points(books.db, "backlog", by=(*by, "age"), **time)
        assert [(p.begin, p.by, p.cases, p.oldest_open_seconds) for p in counted] == [
            (p.begin, p.by, p.cases, p.oldest_open_seconds) for p in aged
        ]
        for point in counted:
            parts = [p for p in by_age if p.begin == point.begin and point.by.items() <= p.by.items()]
            assert sum(part.cases for part in parts) == point.cases
