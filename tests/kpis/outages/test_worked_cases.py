"""The worked cases of availability, told to the log: the KPIs say what they and the engine say."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from app.cli.conformance.sla_case_file import Calendars
from app.common.times.business_time import BusinessTime
from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import QuestionParameters, parse_question
from app.log.canonical import instant
from app.log.events import Event
from app.log.follow import catch_up
from app.platform.db import Connection, Database
from app.service_level_engine.availability import (
    MaintenanceWindow,
    Outage,
    OutageEffect,
    OutageRules,
    availability,
    budget_used,
)
from tests.extent import WHOLE, first_of
from tests.kpis.business_hours import Hours
from tests.kpis.histories import BEGIN, Scripted, write
from tests.kpis.lives import Life
from tests.kpis.other_histories import write_others

#: How long before and after the year of the cases the spans of a calendar are known.
MARGIN = timedelta(days=400)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _incident(definition: dict[str, Any]) -> list[Event]:
    """The incident as people would have reported, prioritised and resolved it."""
    first, *rest = definition["effects"]
    fields = {} if definition["began_at"] is None else {"began_at": instant(_at(definition["began_at"]))}
    case = Scripted.begin(_at(definition["reported_at"]), service="shop", effect=first["effect"], **fields)
    for effect in rest:
        apart = _at(effect["from"]) - case.events[-1].occurred_at
        case = case.then("prioritised", minutes=apart / timedelta(minutes=1), effect=effect["effect"])
    if definition["service_restored_at"] is not None:
        restored = {
            "service_restored_at": instant(_at(definition["service_restored_at"])),
            "state": "resolved",
        }
        apart = _at(definition["service_restored_at"]) - case.events[-1].occurred_at
        case = case.then("resolved", minutes=90 + apart / timedelta(minutes=1), **restored)
    return list(case.events)


def _change(definition: dict[str, Any]) -> list[Event]:
    life, window = (
        Life("change", services=["shop"], service="shop"),
        (_at(definition["from"]), _at(definition["to"])),
    )
    fields = dict(zip(("window_from_at", "window_until_at"), map(instant, window), strict=True))
    approved = (_at(definition["approved_at"]) - BEGIN).total_seconds()
    return (
        life.then(approved, "approved", "approved").then(approved, "scheduled", "scheduled", **fields).events
    )


async def _tell(follower: Connection, case: dict[str, Any], hours: BusinessTime) -> None:
    business_hours, begin = Hours(follower), _at(case["budget"]["from"])
    period = (begin - MARGIN, _at(case["budget"]["to"]) + MARGIN)
    await business_hours.spans("theirs", hours.spans(*period), *period)
    await business_hours.service("shop", None, begin)
    target = {"metric": "availability", "calendar": "theirs", "threshold": case["budget"]["target"]}
    await business_hours.sla(
        "SLA-2026-001",
        begin,
        None if begin.month == 1 else _at(case["budget"]["to"]),
        services=["shop"],
        targets=[target],
        degraded_weight=case["degraded_weight"],
        maintenance_counts=case["maintenance_counts"],
    )
    await write(
        follower,
        sorted(
            (e for definition in case["incidents"] for e in _incident(definition)), key=lambda e: e.version
        ),
    )
    if case["maintenance"]:
        await write_others(
            follower, [event for definition in case["maintenance"] for event in _change(definition)]
        )
    await catch_up(follower, FACTS)


@pytest.mark.parametrize("number", first_of([12, 11], 1))
async def test_a_worked_case_comes_to_what_it_expects(
    follower: Connection, db: Database, real_data: Path, number: int
) -> None:
    file = json.loads((real_data / "sla_more_cases.json").read_text(encoding="utf-8"))
    (case,) = (definition for definition in file["cases"] if definition["id"] == number)
    hours, now = Calendars(file["calendars"])(case["calendar"]), _at(case["now"])
    await _tell(follower, case, hours)

    async def point(key: str) -> KpiPoint:
        parameters = QuestionParameters(
            grain="all",
            begin=case["period"]["from"],
            end=case["period"]["to"],
            filters={"agreement": ["SLA-2026-001"]},
        )
        question = parse_question(KPIS[key], parameters, now=now, organisation_zone=hours.definition.zone)
        kpi_answer = await answer(db, question, now)
        if WHOLE:
            raw = await answer(db, question, now, position=kpi_answer.position)
            assert kpi_answer.points == raw.points
        return kpi_answer.points[0]

    expected, actual = case["expected"], await point("service_availability")
    assert actual.exposure is not None
    assert actual.exposure.agreed_seconds == expected["agreed_seconds"]
    assert actual.exposure.outage_seconds == expected["outage_seconds"]
    assert actual.value == expected["availability"]
    used = await point("availability_budget_used")
    assert used.value == expected["budget_used"]
    assert _by_the_engine(case, hours) == (actual.value, used.value)


def _by_the_engine(case: dict[str, Any], hours: BusinessTime) -> tuple[float, float]:
    """What the pure function says of the same, as availability and budget used."""
    outages = [
        Outage(
            tuple(
                (
                    _at(effect["from"] or definition["began_at"] or definition["reported_at"]),
                    OutageEffect(effect["effect"]),
                )
                for effect in definition["effects"]
            ),
            None if definition["service_restored_at"] is None else _at(definition["service_restored_at"]),
        )
        for definition in case["incidents"]
    ]
    windows = [
        MaintenanceWindow(_at(definition["from"]), _at(definition["to"]), _at(definition["approved_at"]))
        for definition in case["maintenance"]
    ]
    rules = OutageRules(
        hours=hours,
        degraded_weight=Fraction(case["degraded_weight"]),
        maintenance_counts=case["maintenance_counts"],
    )
    now, period, budget = _at(case["now"]), case["period"], case["budget"]
    of_period = availability(outages, windows, rules, _at(period["from"]), _at(period["to"]), now)
    since = availability(outages, windows, rules, _at(budget["from"]), _at(period["to"]), now)
    used = budget_used(
        since.outage_seconds,
        Fraction(Decimal(budget["target"])),
        hours,
        _at(budget["from"]),
        _at(budget["to"]),
    )
    assert of_period.share is not None
    assert used is not None
    return round(float(of_period.share), 9), round(float(used), 9)
