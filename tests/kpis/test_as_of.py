"""Rule 11: what a figure was, is what it is computed to be from the log as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.kpis.answers import as_of
from app.kpis.answers.answer import KpiAnswer, answer
from app.kpis.answers.as_of import log_moment
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import CannotAnswer, QuestionParameters, parse_question
from app.log import read
from app.log.follow import catch_up
from app.platform.db import Connection, Database
from tests.extent import ALL_EXAMPLES, WHOLE
from tests.kpis.conftest import Books
from tests.kpis.histories import BEGIN, Scripted, histories, write, write_more
from tests.kpis.kinds import kind_of
from tests.selection import selected

ZONE = "Australia/Lord_Howe"
NOW = datetime(2026, 4, 20, tzinfo=UTC)
OF_INCIDENTS = [key for key, kpi in KPIS.items() if kpi.process == "incident"]
CUTS: tuple[dict[str, Any], ...] = (
    {},
    {"by": ["priority", "team"], "grain": "all"},
    {
        "by": ["category"],
        "filters": {"team": ["team 1", "none"], "service": ["mail"], "priority": ["P1", "P4"]},
    },
)


def _of(key: str, cut: dict[str, Any]) -> dict[str, Any]:
    """What of a cut the KPI has."""
    has = {dimension.value for dimension in KPIS[key].dimensions}
    filters = {name: values for name, values in cut.get("filters", {}).items() if name in has}
    return cut | {"by": [name for name in cut.get("by", ()) if name in has], "filters": filters}


async def answered(db: Database, key: str, position: int | None = None, **parameters: Any) -> KpiAnswer:
    time: dict[str, Any] = {"begin": "2025-12-01", "end": "2026-06-01", "now": NOW}
    now = parameters.pop("now", time.pop("now"))
    question = parse_question(
        KPIS[key], QuestionParameters(**(time | parameters)), now=now, organisation_zone=ZONE, reopen_days=7
    )
    return await answer(db, question, now, position=position)


async def test_what_was_known_then_is_what_a_log_that_ended_there_says(
    follower: Connection, db: Database
) -> None:
    events = histories(seed=11, cases=120 if WHOLE else 60)
    half = len(await write(follower, events[: len(events) // 2]))
    await catch_up(follower, FACTS)
    keys = selected("what was known then", KPIS if WHOLE else OF_INCIDENTS, kind_of)
    questions = [
        (key, n) for m, key in enumerate(keys) for n in range(len(CUTS)) if ALL_EXAMPLES or m % len(CUTS) == n
    ]
    then = {(key, n): await answered(db, key, **_of(key, CUTS[n])) for key, n in questions}
    await write_more(follower, events[len(events) // 2 :])
    await catch_up(follower, FACTS)
    moved = 0
    for (key, n), before in then.items():
        cut = _of(key, CUTS[n])
        again = await answered(db, key, half, **cut)
        assert again.points == before.points, (key, cut)
        assert (again.position, again.as_of, again.lag_seconds) == (half, NOW, 0)
        moved += (await answered(db, key, **cut)).points != before.points
    of_incidents = sum(KPIS[key].process == "incident" for key, _ in then)
    assert moved > of_incidents / (2 if WHOLE else 4), "what came later changes the present"


async def test_an_instant_is_the_position_of_the_last_event_that_the_log_had_by_then(books: Books) -> None:
    rows = await books.db.rows("select position, recorded_at from log.event order by position")
    for row in (rows[0], rows[len(rows) // 3], rows[-1]):
        recorded_at = row["recorded_at"]
        last = max(other["position"] for other in rows if other["recorded_at"] == recorded_at)
        assert await read.position_at(books.db, recorded_at) == last
        before = max((r["position"] for r in rows if r["recorded_at"] < recorded_at), default=0)
        assert await read.position_at(books.db, recorded_at - timedelta(microseconds=1)) == before
        assert await log_moment(books.db, row["position"], NOW) == as_of.LogMoment(
            row["position"], recorded_at
        )
    assert await read.position_at(books.db, rows[0]["recorded_at"] - timedelta(days=1)) == 0
    assert (await log_moment(books.db, 0, NOW)).instant == NOW


async def test_a_late_event_changes_the_present_and_no_past(follower: Connection, db: Database) -> None:
    case = Scripted.begin(BEGIN).then("acknowledged", minutes=10).then("resolved", minutes=50)
    late = case.then("reopened", minutes=60).then("resolved", minutes=60)
    await write(follower, list(late.events)[:3])
    await catch_up(follower, FACTS)
    position = await read.head(db)
    await write_more(follower, list(late.events)[3:])
    await catch_up(follower, FACTS)
    for asked_position, seconds in ((position, 3600.0), (None, 10_800.0)):
        (point,) = (await answered(db, "incident_resolution_seconds", asked_position, grain="all")).points
        assert point.value == seconds


async def test_a_log_that_is_too_long_for_this_is_said_to_be(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(as_of, "LIMITS", "set local statement_timeout = '1ms'")
    with pytest.raises(CannotAnswer, match="takes_too_long"):
        await answered(books.db, "incident_resolution_seconds", len(books.events))
    assert (await answered(books.db, "backlog")).points, "the connection is good for the next"
