"""Overdue reviews of agreements: lives told by hand, with their figures worked out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import QuestionParameters, parse_question
from app.log.canonical import instant
from app.log.follow import catch_up
from app.platform.db import Connection, Database
from tests.extent import WHOLE
from tests.kpis.histories import BEGIN
from tests.kpis.lives import Life
from tests.kpis.other_histories import write_others

LATER = datetime(2026, 6, 10, tzinfo=UTC)
DAY = 86_400
OWNER = str(UUID(int=5))


def _signed(after: float, due: float, kind: str = "SLA") -> Life:
    """An agreement, signed so many days after BEGIN, whose review is due so many days after BEGIN."""
    life = Life("sla", agreement_type=kind, representative_id=OWNER)
    return life.then(after * DAY, "signed", "signed", review_due_at=instant(BEGIN + timedelta(days=due)))


def _reviewed(life: Life, after: float, due: float) -> Life:
    fields = {"review_due_at": instant(BEGIN + timedelta(days=due))}
    return life.then(after * DAY, "reviewed", "under_review", **fields)


async def _points(db: Database, *by: str, **parameters: Any) -> list[KpiPoint]:
    time = {"grain": "month", "begin": "2026-02-01", "end": "2026-07-01"} | parameters
    kpi = KPIS["agreement_reviews_overdue"]
    question = parse_question(kpi, QuestionParameters(by=by, **time), now=LATER, organisation_zone="UTC")
    kpi_answer = await answer(db, question, LATER)
    if WHOLE:
        assert kpi_answer.points == (await answer(db, question, LATER, position=kpi_answer.position)).points
    return kpi_answer.points


async def test_a_review_is_overdue_from_when_it_was_due_until_it_is_held(
    follower: Connection, db: Database
) -> None:
    late = _reviewed(_signed(1, due=20), 70, due=400)  # due on 14 February, held on 5 April
    timely = _reviewed(_signed(1, due=50), 40, due=400)
    ended = _signed(1, due=20).then(30 * DAY, "terminated", "terminated")
    internal = _signed(40, due=100, kind="OLA")  # due on 5 May
    draft = Life("sla", agreement_type="SLA").then(DAY, "drafted", "drafted")
    lives = (late, timely, ended, internal, draft)
    await write_others(follower, [event for life in lives for event in life.events])
    await catch_up(follower, FACTS)
    points = await _points(db)
    assert [(point.numerator, point.denominator) for point in points] == [
        (1, 2),
        (1, 3),
        (0, 3),
        (1, 3),
        (1, 3),
    ]
    assert points[1].value == round(1 / 3, 6)
    by_type = await _points(db, "agreement_type", begin="2026-05-01", end="2026-06-01")
    assert {point.by["agreement_type"]: point.value for point in by_type} == {"SLA": 0, "OLA": 1}
    (by_owner,) = await _points(db, "owner", begin="2026-05-01", end="2026-06-01")
    assert by_owner.by == {"owner": OWNER}
    parameters = QuestionParameters(grain="all", begin="2026-05-01", end="2026-06-01")
    question = parse_question(
        KPIS["agreement_reviews_overdue"], parameters, now=LATER, organisation_zone="UTC"
    )
    listed = (await cases(db, question, LATER)).cases
    assert {(case.id, case.measure) for case in listed} == {(late.id, 0), (timely.id, 0), (internal.id, 1)}
    assert {case.number[:3] for case in listed} == {"SLA"}
