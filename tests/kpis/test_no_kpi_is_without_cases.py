"""The made-up histories bring cases to every KPI, so that no test of all of them compares nothing."""

from __future__ import annotations

from datetime import timedelta

from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Aggregate, Kpi
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import QuestionParameters, parse_question
from app.log.follow import catch_up
from app.log.writer import AppendRequest, append, encode
from tests.extent import in_test_all
from tests.kpis.conftest import Books
from tests.kpis.histories import Scripted

#: Of these the numerator counts cases of the denominator, so both kinds are to be there.
SHARES = {Aggregate.share, Aggregate.of_decided, Aggregate.availability}


@in_test_all
async def test_the_histories_bring_cases_of_each_kind_to_every_kpi(own_books: Books) -> None:
    """A KPI on events that no history contains fails here: let one of the histories tell of them."""
    # The other events are recorded months after they occurred. The histories may have been made hours ago.
    present = await own_books.db.value("select clock_timestamp()")
    case = Scripted.begin(present).events
    command = AppendRequest(reads={case[0].stream: 0}, events=case)
    await append(own_books.connection, [encode(command)])
    await catch_up(own_books.connection, FACTS)
    now = present + timedelta(hours=1)
    time = {"begin": "2026-01-01", "end": now.isoformat()}
    without = []
    for kpi in KPIS.values():
        parameters = QuestionParameters(grain="month", **time)
        question = parse_question(kpi, parameters, now=now, organisation_zone="UTC", reopen_days=7)
        if not _has_each_kind(kpi, (await answer(own_books.db, question, now)).points):
            without.append(kpi.key)
    assert without == []


def _has_each_kind(kpi: Kpi, points: list[KpiPoint]) -> bool:
    """Return whether there are cases: of a share some that count and some that do not, of a duration some
    that have ended and some that have not, of all else some with a number.
    """
    if kpi.aggregate in SHARES:
        parts = [(point.numerator or 0, point.denominator or 0) for point in points]
        return any(some for some, _ in parts) and any(some < every for some, every in parts)
    if kpi.is_divided:
        return any(point.numerator and point.denominator for point in points)
    if kpi.aggregate is Aggregate.kaplan_meier:
        survivals = [point.survival for point in points if point.survival is not None]
        return any(survival.ended for survival in survivals) and any(survival.open for survival in survivals)
    waiting = kpi.still_open is None or kpi.fact is None or any(point.open_cases for point in points)
    return waiting and any(point.value for point in points)
