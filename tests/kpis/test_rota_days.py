"""Days on the rota: whose they are, on which date, and that days with work count where there is no rota."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.foundation.rota.on_duty import on_duty, spans
from app.foundation.rota.records import Duty, Shift, StandIn, StandInState
from app.foundation.rota.stretches import duty_stretches
from app.kpis.answers.answer import answer
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.facts.rota_days import count_rota_days
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.log.follow import catch_up
from app.log.ids import uuid7
from app.platform.db import Connection, Database
from tests.kpis.histories import TEAMS, Scripted, write
from tests.kpis.knowledge_histories import Teller
from tests.kpis.rota_histories import WEEKDAYS, add_shift, write_rota

TEAM = UUID(int=1)
ANN, BEN, CEM = (UUID(int=n) for n in (11, 12, 13))
PERSONS = (ANN, BEN, CEM)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def shift(person: UUID, starts: str = "08:00", ends: str = "17:00", **more: Any) -> Shift:
    fields: dict[str, Any] = {
        "team_id": TEAM,
        "weekdays": list(WEEKDAYS),
        "time_zone": "UTC",
        "every_weeks": 1,
    }
    fields |= {"from_date": "2026-03-02", "duty": Duty.working, **more}
    return Shift(id=uuid7(), person_id=person, starts=starts, ends=ends, **fields)


def stand_in(coming: UUID | None, going: UUID | None, begin: datetime, hours: float) -> StandIn:
    return StandIn(
        id=uuid7(),
        team_id=TEAM,
        duty=Duty.working,
        state=StandInState.agreed,
        person_id=coming,
        instead_of_id=going,
        starts_at=begin,
        ends_at=begin + timedelta(hours=hours),
    )


def asked(begin: str, end: str, by: str | None = None, zone: str = "UTC") -> KpiQuestion:
    parameters = QuestionParameters(
        grain="all", begin=begin, end=end, zone=zone, by=[] if by is None else [by]
    )
    return parse_question(
        KPIS["requests_per_agent_day"],
        parameters,
        now=datetime(2026, 6, 1, tzinfo=UTC),
        organisation_zone="UTC",
        reopen_days=7,
    )


def test_a_person_has_a_day_for_each_date_on_which_a_shift_begins() -> None:
    night = shift(BEN, "22:00", "06:00", every_weeks=2)
    week, fortnight = asked("2026-03-02", "2026-03-09"), asked("2026-03-02", "2026-03-16")
    assert count_rota_days(week, {}, [shift(ANN), shift(ANN, "18:00", "20:00")], []).days == {(1, ()): 5}
    assert count_rota_days(fortnight, {}, [night], []).days == {(1, ()): 5}
    # A night that begins on Friday at 22:00 in UTC begins on Saturday in Shanghai.
    shanghai = asked("2026-03-07", "2026-03-08", zone="Asia/Shanghai")
    assert count_rota_days(shanghai, {}, [night], []).days == {(1, ()): 1}


def test_whoever_stands_in_has_the_day_and_whoever_is_replaced_has_none() -> None:
    replaced = [stand_in(BEN, ANN, MONDAY, 24), stand_in(None, ANN, MONDAY + timedelta(days=1), 24)]
    days_by_cut = count_rota_days(
        asked("2026-03-02", "2026-03-09", by="assignee"), {}, [shift(ANN)], replaced
    )
    assert days_by_cut.days == {(1, (ANN,)): 3, (1, (BEN,)): 1}


def test_days_to_come_do_not_count_and_half_a_day_taken_over_is_one_of_each() -> None:
    question = asked("2026-05-25", "2026-07-01")
    assert count_rota_days(question, {}, [shift(ANN)], []).days == {(1, ()): 5}
    half = [stand_in(BEN, ANN, MONDAY + timedelta(hours=12), 24)]
    days_by_cut = count_rota_days(asked("2026-03-02", "2026-03-03", by="assignee"), {}, [shift(ANN)], half)
    assert days_by_cut.days == {(1, (ANN,)): 1, (1, (BEN,)): 1}


def test_a_rota_covers_whoever_has_a_shift_in_force_or_stands_in() -> None:
    ended = shift(ANN, until_date="2026-03-20")
    days_by_cut = count_rota_days(
        asked("2026-03-04", "2026-04-01"), {}, [ended], [stand_in(BEN, None, MONDAY, 72)]
    )
    assert [(stretch.person_id, stretch.begin, stretch.end) for stretch in days_by_cut.covers] == [
        (ANN, date(2026, 3, 2), date(2026, 3, 20)),
        (BEN, date(2026, 3, 2), date(2026, 3, 5)),
    ]


@given(
    shifts=st.lists(
        st.tuples(st.sampled_from(PERSONS), st.integers(0, 23), st.integers(1, 24), st.integers(1, 2)),
        max_size=4,
    ),
    replaced=st.lists(
        st.tuples(
            st.sampled_from((*PERSONS, None)),
            st.sampled_from((*PERSONS, None)),
            st.integers(-24, 200),
            st.integers(1, 60),
        ).filter(lambda stretch: stretch[0] != stretch[1]),
        max_size=4,
    ),
)
def test_stretches_are_what_the_rota_says_instant_by_instant(shifts: Any, replaced: Any) -> None:
    """Whoever is on duty at an instant and was not just before begins a stretch then, and whoever begins one
    is on duty.
    """
    shifts_made = [
        shift(person, f"{hour:02}:00", f"{(hour + length) % 24:02}:00", every_weeks=weeks)
        for person, hour, length, weeks in shifts
    ]
    ins = [
        stand_in(a, b, MONDAY + timedelta(hours=begin_hour), hours) for a, b, begin_hour, hours in replaced
    ]
    begin, end = MONDAY, MONDAY + timedelta(days=9)
    stretches = duty_stretches(shifts_made, ins, begin, end)
    days_by_cut = {
        (stretch.person_id, stretch.begins_at) for stretch in stretches if stretch.begins_at >= begin
    }
    edges = sorted({begin, *(span.begin for span in spans(shifts_made, ins, begin, end))})
    for edge in edges:
        before = set(on_duty(shifts_made, ins, edge - timedelta(seconds=1)))
        for person in set(on_duty(shifts_made, ins, edge)) - before:
            assert (person, edge) in days_by_cut
    for person_stretch in stretches:
        for edge in (person_stretch.begins_at, person_stretch.ends_at - timedelta.resolution):
            assert person_stretch.person_id in on_duty(shifts_made, ins, edge)


async def test_who_has_no_rota_counts_by_work_and_who_has_one_by_the_rota_alone(
    follower: Connection, db: Database
) -> None:
    teller = Teller(())
    add_shift(teller, ANN, 0, ("08:00", "17:00", "UTC"), "2026-03-02", until_date="2026-03-09")
    await write_rota(follower, teller.events)
    sunday = Scripted.begin(MONDAY - timedelta(days=1), assignee_id=str(ANN), team_id=str(TEAMS[0]))
    covered = Scripted.begin(MONDAY, assignee_id=str(ANN), team_id=str(TEAMS[0]))
    without = Scripted.begin(MONDAY, assignee_id=str(BEN), team_id=str(TEAMS[0]))
    cases = [
        case.then("started", minutes=9, actor=f"person:{by}").then(
            "resolved", minutes=30, actor=f"person:{by}"
        )
        for case, by in ((sunday, ANN), (covered, ANN), (without, BEN))
    ]
    await write(follower, [event for case in cases for event in case.events])
    await catch_up(follower, FACTS)
    for by, expected in (
        (None, {(): (3, 7, 5)}),
        ("assignee", {(str(ANN),): (2, 6, 5), (str(BEN),): (1, 1, 0)}),
    ):
        question = asked("2026-03-01", "2026-04-01", by)
        points = (await answer(db, question, question.now)).points
        days_by_cut = {tuple(p.by.values()): (p.numerator, p.denominator, p.rota_days) for p in points}
        assert days_by_cut == expected
        as_told = (await answer(db, question, question.now, position=10_000)).points
        assert {tuple(p.by.values()): (p.numerator, p.denominator, p.rota_days) for p in as_told} == expected
