"""What a new version of a calendar or of an agreement does to clocks: to running ones, and to no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from app.foundation.calendars.lifecycle import ReviseCalendar
from app.kpis.answers.answer import answer
from app.kpis.catalogue import KPIS
from app.kpis.questions.question import QuestionParameters, parse_question
from app.log.canonical import instant
from tests.extent import in_test_all
from tests.people import act
from tests.service_levels.clocks.agreements import add_calendar, hours, sign, target, tell
from tests.service_levels.clocks.checks import rows_are_what_the_engine_says, streams_say_what_they_ought_to
from tests.service_levels.clocks.test_projection import SOLVED
from tests.service_levels.clocks.world import MONDAY, Desk, at

HOUR = 3600
#: What a finished clock has to keep.
KEPT = ("state", "elapsed_seconds", "due_at", "breached_at", "calendar_version", "target_seconds")


async def close(desk: Desk, day: date) -> None:
    """The office is closed on that day, as everybody learns now."""
    payload = {
        "time_zone": "UTC",
        "weekly": hours("09:00", "18:00"),
        "holidays": [{"date": day.isoformat(), "name_en": "Closed"}],
        "reason": "The lift is mended.",
    }
    key = await desk.ledger.db.value("select id from fold.calendar where key = 'office'")
    body = ReviseCalendar.model_validate(payload)
    await act(
        desk.ledger,
        replace(desk.agent, is_rule=True),
        "calendar",
        "revise",
        str(key),
        body,
        now=desk.clock.now,
    )


async def kept(desk: Desk, case: UUID) -> dict[str, Any]:
    """The finished clock of the case."""
    row = (await desk.clocks(case))["resolution"]
    return {name: row[name] for name in KEPT}


async def figure(desk: Desk, position: int | None = None) -> tuple[int | None, int | None]:
    """How many clocks were met, and of how many; as of a position of the log."""
    question_parameters = QuestionParameters(grain="all", begin="2026-11-01", end="2026-12-01")
    now = desk.clock.now
    parameters = parse_question(KPIS["sla_attainment"], question_parameters, now=now, organisation_zone="UTC")
    (point,) = (await answer(desk.ledger.db, parameters, now, position=position)).points
    return point.numerator, point.denominator


async def position(desk: Desk) -> int:
    result = await desk.ledger.db.value("select position from log.head")
    assert isinstance(result, int)
    return result


async def three_cases(desk: Desk) -> tuple[UUID, UUID, UUID]:
    """Of Monday: one solved in time, one too late, one that nobody has solved; of four hours each."""
    await add_calendar(desk.ledger, "office")
    await sign(desk.ledger, target("mend", "resolution", 4 * HOUR))
    met, missed = await desk.report(at(9)), await desk.report(at(9.5))
    for case, solved_at in ((met, at(12)), (missed, at(15))):
        await desk.do(case, "acknowledge", None, solved_at)
        await desk.do(case, "resolve", SOLVED, solved_at)
    running = await desk.report(at(15))
    await desk.work(at(16))
    return met, missed, running


async def test_a_calendar_that_changes_moves_running_clocks_and_no_finished_one(desk: Desk) -> None:
    met, missed, running = await three_cases(desk)
    before = [await kept(desk, case) for case in (met, missed)]
    assert [row["state"] for row in before] == ["met", "missed"]
    assert (await desk.clocks(running))["resolution"]["due_at"] == at(10, days=1)
    await desk.work(at(11, days=1))
    then, was = await position(desk), await figure(desk)
    assert was == (1, 3)
    await close(desk, MONDAY.date())
    await desk.work()
    assert [await kept(desk, case) for case in (met, missed)] == before
    assert (await desk.clocks(running))["resolution"]["due_at"] == at(13, days=1)
    assert await figure(desk) == (1, 2)
    assert await figure(desk, then) == was
    event_types = [event.type for event in await desk.said(running)]
    assert event_types[-2:] == ["clock.breached", "clock.breach_withdrawn"]
    assert await rows_are_what_the_engine_says(desk.connection) == 3
    assert await streams_say_what_they_ought_to(desk.connection, desk.ledger, desk.clock.now) > 6


@in_test_all
async def test_an_agreement_that_is_amended_changes_no_case_that_was_opened_before(desk: Desk) -> None:
    cases = await three_cases(desk)
    before = [await kept(desk, case) for case in cases]
    (old,) = await desk.ledger.db.rows("select id, version from fold.sla")
    payload: dict[str, Any] = {"replaces_id": str(old["id"]), "valid_from": "2026-11-18", "edition": 2}
    await sign(desk.ledger, target("mend", "resolution", HOUR), signed_at=desk.clock.now, **payload)
    superseded = {"state": "superseded", "superseded_from": "2026-11-18"}
    superseded["ends_at"] = instant(at(0, days=2))
    await tell(desk.ledger, old["id"], old["version"] + 1, "sla.superseded", desk.clock.now, superseded)
    await desk.work(at(9, days=2))
    after = [await kept(desk, case) for case in cases]
    assert [row["target_seconds"] for row in after] == [4 * HOUR] * 3
    assert after[:2] == before[:2]
    newer = await desk.report(at(9, days=2))
    assert (await desk.clocks(newer))["resolution"]["due_at"] == at(10, days=2)
    assert await rows_are_what_the_engine_says(desk.connection) == 4
