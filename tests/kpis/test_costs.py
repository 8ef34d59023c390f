"""What an incident cost: work at its rate and what was paid, less what was taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint, KpiStatus
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import DEFAULT_CURRENCY, QuestionParameters, parse_question
from app.kpis.reconcile import reconcile
from app.log.follow import catch_up
from app.log.ids import uuid7
from app.platform.db import Connection, Database
from app.platform.settings import Settings
from tests.extent import WHOLE, in_test_all
from tests.kpis.histories import BEGIN, Scripted, write, write_more

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def _entered(case: Scripted, kind: str, after: float = 1, **fields: Any) -> Scripted:
    """An entry of work or cost, so many minutes after the event before; `id` is its id."""
    entered = case.then(kind, minutes=after)
    name = f"{kind.partition('_')[0]}/{fields.pop('id', None) or uuid7()}"
    entered.events[-1].data["set"][name] = fields
    return entered


def _worked(case: Scripted, minutes: int, rate: str | None = "80.00", **more: Any) -> Scripted:
    fields = {"minutes": minutes, "rate": rate, "currency": "EUR" if rate else None}
    return _entered(case, "work_reversed" if minutes < 0 else "work_logged", **fields | more)


def _paid(case: Scripted, amount: str, currency: str = "EUR", **more: Any) -> Scripted:
    kind = "cost_reversed" if amount.startswith("-") else "cost_booked"
    return _entered(case, kind, amount=amount, currency=currency, **more)


async def _asked(db: Database, key: str, currency: str = "EUR") -> KpiPoint:
    parameters = QuestionParameters(grain="all", begin="2025-12-01", end="2026-06-01")
    question = parse_question(KPIS[key], parameters, now=NOW, organisation_zone="UTC", currency=currency)
    (point,) = (await answer(db, question, NOW)).points
    return point


async def test_a_unit_costs_its_work_and_what_was_paid_less_what_was_taken_back(
    database_url: str, follower: Connection, db: Database
) -> None:
    opened = Scripted.begin(BEGIN)
    worked = _worked(Scripted.begin(BEGIN), 90).then("resolved", minutes=1)  # 120.00
    work, paid = uuid7(), uuid7()
    taken_back = _paid(_worked(opened, 600, id=work), "5.00", id=paid)
    taken_back = _paid(_worked(taken_back, -600, reverses_id=str(work)), "-5.00", reverses_id=str(paid))
    taken_back = _paid(_worked(taken_back, 10, "33.33"), "2.00").then("resolved", minutes=1)  # 7.555
    unrated = uuid7()
    put_right = _worked(Scripted.begin(BEGIN), 30, None, id=unrated)
    put_right = _worked(put_right, -30, None, reverses_id=str(unrated))
    put_right = _worked(put_right, 30).then("resolved", minutes=1)  # 40.00
    without = (
        _paid(Scripted.begin(BEGIN), "9.00").then("resolved", minutes=1),
        _worked(_worked(Scripted.begin(BEGIN), 30), 30, None).then("resolved", minutes=1),
        _paid(_worked(Scripted.begin(BEGIN), 30), "900", "JPY").then("resolved", minutes=1),
    )
    yen = _worked(Scripted.begin(BEGIN), 20, "9000", currency="JPY").then("resolved", minutes=1)
    unresolved = _worked(Scripted.begin(BEGIN), 60)
    histories_told = (worked, taken_back, put_right, *without, yen, unresolved)
    await write(follower, [event for case in histories_told for event in case.events])
    await catch_up(follower, FACTS)

    cost = await _asked(db, "incident_unit_cost")
    assert (cost.numerator, cost.denominator) == (12_000 + 756 + 4_000, 3)
    assert cost.value == round(16_756 / 3, 6)
    assert cost.interval is None
    share = await _asked(db, "incident_without_cost_share")
    assert (share.numerator, share.denominator, share.status) == (4, 7, KpiStatus.missed)
    yens = await _asked(db, "incident_unit_cost", "JPY")
    assert (yens.numerator, yens.denominator) == (300_000, 1)
    for currency in ("EUR", "JPY") if WHOLE else ():
        report = await reconcile(database_url, zone=ZoneInfo("UTC"), now=NOW, currency=currency, keys=KPIS)
        assert report.differences == []


async def test_since_version_2_entries_add_up_to_the_cost(
    database_url: str, follower: Connection, db: Database
) -> None:
    since = datetime(2026, 11, 30, tzinfo=UTC)
    cases = []
    for opened in (since - timedelta(seconds=1), since):
        case, work = Scripted.begin(opened), uuid7()
        for _ in range(3):
            case = _worked(case, 1, "20.00")  # 33.33 hundredths
        case = _worked(_worked(case, 7, "33.33", id=work), -7, "33.33", reverses_id=str(work))
        cases.append(case.then("resolved", minutes=1))
    await write(follower, [event for case in cases for event in case.events])
    await catch_up(follower, FACTS)
    until = since + timedelta(days=9)
    parameters = QuestionParameters(grain="all", begin="2026-11-29", end="2026-12-06", zone="UTC")
    question = parse_question(
        KPIS["incident_unit_cost"], parameters, now=until, organisation_zone="UTC", currency="EUR"
    )
    (point,) = (await answer(db, question, until)).points
    assert (point.numerator, point.denominator) == (100 + 3 * 33, 2)
    keys = ["incident_unit_cost"]
    report = await reconcile(database_url, zone=ZoneInfo("UTC"), now=until, currency="EUR", keys=keys)
    assert report.differences == []


@in_test_all
async def test_what_is_booked_later_counts_when_the_case_was_resolved(
    follower: Connection, db: Database
) -> None:
    case = _worked(Scripted.begin(BEGIN), 60).then("resolved", minutes=1)
    await write(follower, list(case.events))
    await catch_up(follower, FACTS)
    assert (await _asked(db, "incident_unit_cost")).value == 8_000
    later = _paid(case, "20.50", after=300 * 24 * 60)
    assert later.events[-1].occurred_at > NOW + timedelta(days=100)
    await write_more(follower, [later.events[-1]])
    await catch_up(follower, FACTS)
    assert (await _asked(db, "incident_unit_cost")).value == 10_050


@in_test_all
async def test_where_no_work_is_logged_there_is_no_cost_and_not_none(
    follower: Connection, db: Database
) -> None:
    await write(follower, list(Scripted.begin(BEGIN).then("resolved", minutes=1).events))
    await catch_up(follower, FACTS)
    assert (await _asked(db, "incident_unit_cost")).value is None
    assert (await _asked(db, "incident_without_cost_share")).value == 1


def test_where_nobody_says_otherwise_the_currency_is_that_of_the_settings() -> None:
    assert Settings.model_fields["currency"].default == DEFAULT_CURRENCY
