"""Cases at random, in the form of the case files: calendars in zones of both hemispheres near the days on
which clocks are changed, and histories of every kind of event, also late, nested, repeated and out of order.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONES = (
    *("Europe/Berlin", "America/New_York", "America/St_Johns", "Asia/Kolkata", "Asia/Shanghai"),
    *("Australia/Lord_Howe", "Australia/Adelaide", "Australia/Sydney", "America/Santiago", "UTC"),
)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
METRICS = ("response", "resolution", "restore", "fulfilment", "update")
REASONS = ("awaiting_requester", "awaiting_vendor", "awaiting_change")
STATES = ("awaiting_approval", "in_acceptance", "in_progress")
TEAMS = ("desk", "net", None)
HOUR = 3600
Json = dict[str, Any]


def cases(seed: int, number: int) -> Iterator[tuple[Json, dict[str, Json]]]:
    """So many cases with their calendars."""
    for n in range(number):
        yield case(random.Random(f"{seed}/{n}"))


def case(chance: random.Random) -> tuple[Json, dict[str, Json]]:
    """A case of a clock, or of shares, and its calendars."""
    begin = near_a_change(chance)
    length = int(chance.choice((1, 4, 4, 12, 12, 50)) * HOUR * (0.2 + chance.random()))
    calendars = {name: calendar(chance, begin) for name in ("A", "B")}
    marks = [begin + timedelta(seconds=chance.randint(0, length)) for _ in range(6)]
    # A boundary of a span is where much is decided.
    marks += [mark.replace(minute=chance.choice((0, 30)), second=0) for mark in marks[:4]]
    metric = chance.choice(METRICS)
    process = _process(metric)
    created: Json = {
        "kind": "clock",
        "process": process,
        "metric": metric,
        "events": _events(chance, metric, begin, [max(begin, mark) for mark in marks]),
        "asked_at": chance.choice([*marks, begin + timedelta(seconds=length)]).isoformat(),
    }
    if chance.random() < 0.2:
        created["known_at"] = (begin + timedelta(seconds=chance.randint(0, 2 * length))).isoformat()
    created |= _targets(chance, length)
    if chance.random() < 0.25 and "agreements" not in created:
        created |= {"kind": "shares", "parties": [_party(chance, length) for _ in range(2)]}
        created["metric"] = chance.choice(("resolution", "restore"))
    if chance.random() < 0.3 and "agreements" not in created:
        created["calendar_versions"] = _versions(chance, begin, length)
    return created, calendars


def near_a_change(chance: random.Random) -> datetime:
    """An instant, often less than a day before a change of the clock."""
    year = chance.randint(2010, 2030)
    if chance.random() < 0.4:
        instant = datetime(year, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randint(0, 364 * 24 * HOUR))
        return instant.replace(microsecond=0)
    zone = ZoneInfo(chance.choice(ZONES))
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(366)]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    changes = [days[n] for n in range(365) if offsets[n] != offsets[n + 1]]
    day = chance.choice(changes or days)
    return day + timedelta(seconds=chance.randint(-12 * HOUR, 20 * HOUR))


def calendar(chance: random.Random, begin: datetime) -> Json:
    """A calendar, with holidays and working days about that time."""
    near = [(begin + timedelta(days=n)).date().isoformat() for n in range(-1, 4)]
    return {
        "timezone": chance.choice(ZONES),
        "weekly": _week(chance),
        "holidays": chance.sample(near, chance.choice((0, 0, 1, 2))),
        "working_days": {day: _hours(chance) for day in chance.sample(near, chance.choice((0, 0, 1)))},
    }


def _week(chance: random.Random) -> dict[str, list[list[str]]]:
    kind = chance.randint(0, 5)
    if kind == 0:
        return {day: [["00:00", "24:00"]] for day in DAYS}
    if kind == 1:
        return {day: [["22:00", "06:00"]] for day in DAYS}
    if kind == 2:
        return {day: [["02:30", "06:00"], ["09:00", "01:30"]] for day in DAYS}
    if kind == 3:
        return {day: [["09:00", "12:00"], ["13:30", "18:00"]] for day in DAYS[:5]}
    return {day: _hours(chance) for day in DAYS if chance.random() < 0.9}


def _hours(chance: random.Random) -> list[list[str]]:
    ends = sorted(chance.sample(range(0, 24 * 60, 30), 2 * chance.randint(1, 3)))
    texts = [f"{end // 60:02}:{end % 60:02}" for end in ends]
    return [list(pair) for pair in zip(texts[::2], texts[1::2], strict=True)]


def _targets(chance: random.Random, length: int) -> Json:
    target: Json = {
        "calendar": "A",
        "pause_reasons": chance.sample(REASONS, chance.choice((0, 1, 2))),
        "pause_states": chance.sample(STATES, chance.choice((0, 0, 1))),
        "warning_percents": chance.sample((10, 50, 75, 90, 100, 120), 2),
    }
    kind = chance.randint(0, 2)
    if kind == 0:
        return {**target, "target_seconds": _threshold(chance, length)}
    if kind == 1:
        return {**target, "targets_seconds": {p: _threshold(chance, length) for p in ("P1", "P2", "P3")}}
    return {"agreements": [_agreement(chance, length, service) for service in ("mail", "erp")]}


def _threshold(chance: random.Random, length: int) -> int:
    return max(1, int(length * chance.choice((0.01, 0.1, 0.3, 0.6)) * chance.random()))


def _agreement(chance: random.Random, length: int, service: str) -> Json:
    targets = [
        {
            "id": f"{metric}-{priority}",
            "metric": metric,
            "threshold_seconds": _threshold(chance, length),
            "calendar": chance.choice("AB"),
            "conditions": {"priority": priority} if priority else {},
            "pause_reasons": chance.sample(REASONS, chance.choice((0, 1, 2))),
            "pause_states": chance.sample(STATES, chance.choice((0, 0, 1))),
            "warning_percents": [50, 90],
        }
        for metric in METRICS
        for priority in (None, "P1")
    ]
    return {
        "key": service,
        "version": 1,
        "kind": "SLA",
        "customer": None,
        "services": [service],
        "catalogue_items": [],
        "calendar": "A",
        "valid_from": "2000-01-01",
        "valid_to": None,
        "signed_at": "2000-01-01T00:00:00+00:00",
        "signed_position": -1,
        "targets": targets,
    }


def _party(chance: random.Random, length: int) -> Json:
    whose = {"supplier": "acme"} if chance.random() < 0.5 else {"team": chance.choice(("desk", "net"))}
    return {
        "agreement": "own",
        "calendar": chance.choice("AB"),
        "target_seconds": _threshold(chance, length),
        "pause_reasons": chance.sample(REASONS, chance.choice((0, 1))),
        **whose,
    }


def _versions(chance: random.Random, begin: datetime, length: int) -> list[Json]:
    day = (begin + timedelta(days=chance.choice((0, 0, 1)))).date().isoformat()
    instant = begin + timedelta(seconds=chance.randint(0, 2 * length))
    return [
        {"published_at": "2000-01-01T00:00:00+00:00", "calendar": "A"},
        {"published_at": instant.isoformat(), "calendar_inline": {"base": "A", "add_holidays": [day]}},
    ]


def _process(metric: str) -> str:
    return "request" if metric == "fulfilment" else "incident"


def _events(chance: random.Random, metric: str, begin: datetime, marks: list[datetime]) -> list[Json]:
    process = _process(metric)
    opening = "request.submitted" if process == "request" else "incident.reported"
    data = {"priority": "P3", "service": chance.choice(("mail", "erp")), "team": chance.choice(TEAMS)}
    events = [_event(chance, opening, begin, "requester", data)]
    for n in range(chance.choice((0, 1, 2, 4, 6, 9))):
        problem, by, data = _happening(chance, marks)
        if metric == "update" and n % 3 == 0:
            problem, by, data = "commented", "requester", {"visibility": "public"}
        events.append(_event(chance, f"{process}.{problem}", chance.choice(marks), by, data))
    if chance.random() < 0.5:
        chance.shuffle(events)
    return events


def _event(chance: random.Random, problem: str, instant: datetime, by: str, data: Json) -> Json:
    late = timedelta(seconds=chance.choice((0, 0, 0, chance.randint(0, 6 * HOUR))))
    return {
        "type": problem,
        "occurred_at": instant.isoformat(),
        "recorded_at": (instant + late).isoformat(),
        "by": by,
        "data": data,
    }


def _happening(chance: random.Random, marks: list[datetime]) -> tuple[str, str, Json]:
    problem = chance.choice(
        (
            *(
                "held",
                "held",
                "held",
                "resumed",
                "resumed",
                "prioritised",
                "prioritised",
                "edited",
                "assigned",
            ),
            *("resolved", "closed", "reopened", "reopened", "fulfilled", "accepted", "contained", "started"),
            *("acknowledged", "commented", "commented", "commented", "update_posted", "escalated"),
            *("assessed", "approved", "resolved", chance.choice(("cancelled", "marked_duplicate", "edited"))),
        )
    )
    by = chance.choice(("requester", "requester", "staff", "staff", "staff", "tool", "rule"))
    data: Json = {}
    if problem == "held":
        data = {"reason": chance.choice(REASONS), "supplier": "acme"}
    elif problem == "prioritised":
        data = {"priority": chance.choice(("P1", "P2", "P3"))}
    elif problem == "edited":
        data = {"service": chance.choice(("mail", "mail", "erp", "erp", "another"))}
    elif problem == "assigned":
        data = chance.choice(({"team": chance.choice(TEAMS)}, {"person": "li"}))
    elif problem == "escalated":
        data = {"kind": chance.choice(("functional", "hierarchical")), "team": "net"}
    elif problem == "commented":
        data = {"visibility": chance.choice(("public", "public", "internal"))}
    elif problem in ("contained", "resolved") and chance.random() < 0.6:
        data = {"service_restored_at": chance.choice(marks).isoformat()}
    elif problem in ("assessed", "approved", "started", "resumed") and chance.random() < 0.7:
        data = {"state": chance.choice(STATES)}
    return problem, by, data
