"""Availability, alignment and the choice of agreements on cases at random, against what counts each second
and tries each case (naive_sums.py, naive_choice.py).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.extent import WHOLE
from tests.service_level_engine.comparing import engine_says, oracle_says
from tests.service_level_engine.generated import calendar, near_a_change

Json = dict[str, Any]
HOUR = 3600


def _alignment(chance: random.Random) -> tuple[Json, Json]:
    begin = near_a_change(chance)
    names = ("A", "B", "C")
    links = [
        {
            "kind": chance.choice(("OLA", "UC")),
            "name": f"link {n}",
            "calendar": chance.choice(names),
            "target_seconds": chance.choice((0, 1, 59, 1800, 3600, 7201, 3 * HOUR)),
        }
        for n in range(chance.randint(0, 3))
    ]
    promises = [
        {"name": f"item {n}", "availability": chance.choice(PROMISES)} for n in range(chance.randint(0, 3))
    ]
    case = {
        "kind": "alignment",
        "sla": {
            "calendar": chance.choice(names),
            "target_seconds": chance.randint(0, 6 * HOUR),
            "pause_reasons": chance.choice(([], ["awaiting_vendor"])),
        },
        "links": links,
        "openings": {
            "from": begin.isoformat(),
            "to": (begin + timedelta(seconds=chance.randint(1, 14 * HOUR))).isoformat(),
        },
        "availability": {"promised": chance.choice(("0.99", "0.998001")), "items": promises},
    }
    return case, {name: calendar(chance, begin) for name in names}


PROMISES = ("0.999", "0.998", "0.9999", "1", None)


def _availability(chance: random.Random) -> tuple[Json, Json]:
    begin = near_a_change(chance)

    def some_instant() -> str:
        return (begin + timedelta(seconds=chance.randint(-6 * HOUR, 40 * HOUR))).isoformat()

    def span() -> tuple[str, str]:
        first, last = sorted([some_instant(), some_instant()])
        return first, last

    incidents = []
    for n in range(chance.randint(0, 4)):
        instants = sorted(some_instant() for _ in range(chance.randint(2, 4)))
        effects = [
            {"from": None if i == 0 else each, "effect": chance.choice(("none", "degraded", "down"))}
            for i, each in enumerate(instants[:-1])
        ]
        incidents.append(
            {
                "id": str(n),
                "began_at": chance.choice((instants[0], None)),
                "reported_at": instants[0],
                "effects": effects,
                "service_restored_at": chance.choice((instants[-1], instants[-1], None)),
                "ended": chance.choice((None, None, None, "cancelled", "duplicate")),
            }
        )
    windows = []
    for _ in range(chance.randint(0, 2)):
        first, last = span()
        windows.append(
            {
                "from": first,
                "to": last,
                "approved_at": chance.choice((None, first, some_instant())),
                "cancelled": chance.random() < 0.2,
            }
        )
    period, budget = span(), span()
    case = {
        "kind": "availability",
        "calendar": "A",
        "degraded_weight": chance.choice(("0", "0.5", "0.25", "1")),
        "maintenance_counts": chance.random() < 0.3,
        "period": {"from": period[0], "to": period[1]},
        "now": some_instant(),
        "incidents": incidents,
        "maintenance": windows,
        "budget": {"from": budget[0], "to": budget[1], "target": chance.choice(("0.99", "0.995", "1"))},
    }
    return case, {"A": calendar(chance, begin)}


def _choice(chance: random.Random) -> tuple[Json, Json]:
    begin = datetime(2026, 11, 1, tzinfo=UTC)
    calendars = {name: calendar(chance, begin) for name in ("A", "B")}
    agreements = [_agreement(chance, n) for n in range(chance.randint(1, 6))]
    # Two that are equally specific may not be signed for one time: then the choice is open.
    scopes = [
        (a["kind"], a.get("customer"), a.get("team"), a.get("supplier"), bool(a["services"]))
        for a in agreements
    ]
    agreements = [a for n, a in enumerate(agreements) if scopes.index(scopes[n]) == n or a.get("replaces")]
    opened = begin + timedelta(seconds=chance.randint(-40 * 24 * HOUR, 60 * 24 * HOUR))
    imported = chance.random() < 0.4
    ticket = {
        "process": "incident",
        "service": chance.choice(("mail", "erp")),
        "customer": chance.choice(("acme", "zen")),
        "team": chance.choice(("desk", "net")),
        "supplier": "kumo",
        "catalogue_item": chance.choice((None, "box")),
        "priority": chance.choice(("P1", "P2")),
        "category": chance.choice(("login", "network")),
        "source": "import:snow" if imported else "api",
        "opened_at": opened.isoformat(),
        "opening_position": chance.randint(0, 100),
    }
    case: Json = {
        "kind": "choice",
        "question": "agreement",
        "kind_asked": chance.choice(("SLA", "SLA", "SLA", "OLA", "UC")),
        "metric": "resolution",
        "agreements": agreements,
        "ticket": ticket,
    }
    if imported:
        case["asked_position"] = chance.randint(0, 120)
    return case, calendars


def _agreement(chance: random.Random, number: int) -> Json:
    kind = chance.choice(("SLA", "SLA", "SLA", "OLA", "UC"))
    begin = datetime(2026, 11, 1) + timedelta(days=chance.randint(-40, 20))  # noqa: DTZ001  # a local day
    scopes: list[Json] = [{"customer": None, "services": [], "catalogue_items": []}]
    scopes.append({**scopes[0], "services": ["mail"]})
    scopes.append({**scopes[1], "customer": "acme"})
    scopes.append({**scopes[2], "catalogue_items": ["box"]})
    scope = chance.choice(scopes)
    if kind == "OLA":
        scope = {"team": chance.choice(("desk", "net")), "services": scope["services"], "catalogue_items": []}
    elif kind == "UC":
        scope = {"supplier": "kumo", "services": scope["services"], "catalogue_items": []}
    position = chance.randint(0, 110)
    ended = chance.random() < 0.3
    return {
        "key": f"{kind}-{number}",
        "version": 1,
        "kind": kind,
        **scope,
        "calendar": chance.choice("AB"),
        "valid_from": begin.date().isoformat(),
        "valid_to": chance.choice((None, (begin + timedelta(days=chance.randint(0, 40))).date().isoformat())),
        "signed_at": (begin + timedelta(days=chance.randint(-20, 10))).isoformat() + "+00:00",
        "signed_position": chance.choice((position, position, None)),
        "ended_at": (begin + timedelta(days=10)).isoformat() + "+00:00" if ended else None,
        "ended_position": position + 5 if ended else None,
        "targets": _conditions(chance),
    }


def _conditions(chance: random.Random) -> list[Json]:
    """Targets with different numbers of conditions, so that never two tie."""
    names = {"priority": "P1", "category": "network", "process": "incident"}
    results = []
    for n in range(chance.randint(0, 3)):
        named = chance.sample(sorted(names), n)
        results.append(
            {
                "id": f"t{n}",
                "metric": "resolution",
                "threshold_seconds": 3600,
                "conditions": {name: names[name] for name in named},
            }
        )
    return results


def _versions(chance: random.Random) -> tuple[Json, Json]:
    """A question about signing, among versions that replace one another."""
    case, calendars = _choice(chance)
    agreements = [a for a in case["agreements"] if a["kind"] == "SLA"] or [_agreement(chance, 0)]
    old = chance.choice(agreements)
    new = {**_agreement(chance, 9), "version": 2, "key": old["key"], "kind": old["kind"]}
    for name in ("customer", "team", "supplier", "services", "catalogue_items"):
        new[name] = old.get(name)
    if chance.random() < 0.5:
        new["replaces"] = old["version"]
    return {"kind": "choice", "question": "sign", "candidate": new, "agreements": agreements}, calendars


def _submission(chance: random.Random) -> tuple[Json, Json]:
    targets = [
        {
            "id": f"t{n}",
            "metric": chance.choice(("resolution", "response")),
            "threshold_seconds": 3600,
            "conditions": {
                name: chance.choice(values)
                for name, values in (("priority", "PQ"), ("category", "XY"), ("service", "M"))
                if chance.random() < 0.4
            },
        }
        for n in range(chance.randint(0, 6))
    ]
    case = {"kind": "choice", "question": "submit_for_review", "agreement": {"targets": targets}}
    return case, {}


Maker = Callable[[random.Random], tuple[Json, Json]]
#: What makes the cases, how many of them, and how many in `make test`: those of seconds take long.
MAKERS: dict[str, tuple[Maker, int, int]] = {
    "alignment": (_alignment, 30, 4),
    "availability": (_availability, 60, 8),
    "agreements": (_choice, 400, 40),
    "signatures": (_versions, 200, 30),
    "submissions": (_submission, 200, 30),
}


@pytest.mark.parametrize("name", MAKERS)
def test_the_engine_says_what_counting_every_second_and_trying_every_case_says(name: str) -> None:
    make, number, few = MAKERS[name]
    answers = set()
    for n in range(number if WHOLE else few):
        case, calendars = make(random.Random(f"{name}/{n}"))
        ours, theirs = engine_says(case, calendars), oracle_says(case, calendars)
        assert ours == theirs, (n, case)
        answers.add(str(ours))
    assert len(answers) > 1, "not all cases are alike"
