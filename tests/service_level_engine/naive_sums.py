"""Availability and alignment once more: sets of seconds, and every second of the openings."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from typing import Any

from tests.service_level_engine.naive_calendar import DAY, NaiveCalendar, seconds

Json = Mapping[str, Any]
#: How far behind the last opening the links may end.
HORIZON = 4 * DAY


def availability(case: Json, calendars: Json) -> dict[str, Any]:
    """What a case of availability is to answer."""
    now = seconds(case["now"])
    begin, end = seconds(case["period"]["from"]), min(seconds(case["period"]["to"]), now)
    budget = case["budget"]
    budget_begin, budget_end = seconds(budget["from"]), seconds(budget["to"])
    first, last = min(begin, budget_begin), max(end, budget_end)
    hours = NaiveCalendar.of(calendars[case["calendar"]], first, last)
    outage = _outage(case, hours, begin, end, now)
    spent = _outage(case, hours, budget_begin, end, now)
    agreed = _counted(hours, begin, end)
    allowed = (1 - Fraction(budget["target"])) * _counted(hours, budget_begin, budget_end)
    return {
        "agreed_seconds": agreed,
        "outage_seconds": outage,
        "availability": rounded(1 - outage / agreed) if agreed else None,
        "budget_used": rounded(spent / allowed) if allowed else None,
    }


def _counted(hours: NaiveCalendar, begin: int, end: int) -> int:
    """All hours are whole minutes, so that a minute counts whole or not at all."""
    result, instant = 0, begin
    while instant < end:
        step = 60 if instant % 60 == 0 and instant + 60 <= end else 1
        result += step * hours.counts(instant)
        instant += step
    return result


def _outage(case: Json, hours: NaiveCalendar, begin: int, end: int, now: int) -> Fraction:
    down: set[int] = set()
    degraded: set[int] = set()
    for incident in case["incidents"]:
        if incident.get("ended") in ("cancelled", "duplicate"):
            continue
        restored = seconds(incident["service_restored_at"]) if incident["service_restored_at"] else now
        effects = incident["effects"]
        for n, effect in enumerate(effects):
            since = seconds(effect["from"] or incident["began_at"] or incident["reported_at"])
            until = seconds(effects[n + 1]["from"]) if n + 1 < len(effects) else restored
            span = range(max(since, begin), min(until, restored, end, now))
            if effect["effect"] == "down":
                down |= {second for second in span if hours.counts(second)}
            elif effect["effect"] == "degraded":
                degraded |= {second for second in span if hours.counts(second)}
    degraded -= down
    if not case["maintenance_counts"]:
        for window in case["maintenance"]:
            approved = window["approved_at"] and seconds(window["approved_at"]) <= seconds(window["from"])
            if approved and not window.get("cancelled"):
                planned = set(range(seconds(window["from"]), seconds(window["to"])))
                down -= planned
                degraded -= planned
    return len(down) + Fraction(case["degraded_weight"]) * len(degraded)


def rounded(number: Fraction) -> Fraction:
    """Half up, to nine decimals."""
    return Fraction((number * 10**9 + Fraction(1, 2)).__floor__(), 10**9)


def alignment(case: Json, calendars: Json) -> dict[str, Any]:
    """What a case of alignment is to answer."""
    begin, end = seconds(case["openings"]["from"]), seconds(case["openings"]["to"])

    def passed(name: str) -> list[int]:
        hours = NaiveCalendar.of(calendars[name], begin, end + HORIZON)
        return [0, *accumulate(map(hours.counts, range(begin, end + HORIZON)))]

    sla = passed(case["sla"]["calendar"])
    links = [_ends(passed(link["calendar"]), link["target_seconds"]) for link in case["links"]]
    awaited = "awaiting_vendor" in case["sla"]["pause_reasons"]
    counts = [not (awaited and link["kind"] == "UC") for link in case["links"]]
    worst, worst_at = -1, begin
    for opened in range(end - begin):
        instant, total = opened, 0
        for ends, counted in zip(links, counts, strict=True):
            done = ends[instant]
            if counted:
                total += sla[done] - sla[instant]
            instant = done
        if total > worst:
            worst, worst_at = total, begin + opened
    return {
        "worst_seconds": worst,
        "worst_at": worst_at,
        "holds": worst <= case["sla"]["target_seconds"],
        **_together(case.get("availability") or {"promised": None, "items": []}),
    }


def _ends(counted: list[int], target: int) -> list[int]:
    """For each second the first one by which so many have counted since."""
    results: list[int] = []
    end = 0
    for before in counted:
        while end < len(counted) and counted[end] < before + target:
            end += 1
        results.append(end)
    return results


def _together(case: Json) -> dict[str, Any]:
    unknown = [item["name"] for item in case["items"] if item["availability"] is None]
    product = Decimal(1)
    for item in case["items"]:
        product *= Decimal(item["availability"] or 0)  # some digits each: exact within the 28 of the context
    is_known = bool(case["items"]) and not unknown
    promised = Decimal(case["promised"] or 0)
    return {
        "availability_product": rounded(Fraction(product)) if is_known else None,
        "availability_holds": not unknown and (not is_known or promised <= product),
        "unknown": unknown,
    }
