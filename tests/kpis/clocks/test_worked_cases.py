"""The second engine, which is SQL over the raw events, gives what the worked cases say."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid5

import pytest

from app.kpis.raw import definitions
from app.log.events import stream
from app.platform.db import Connection
from tests.extent import WHOLE, first_of
from tests.kpis.clocks.worked_cases import NAMES, Json, Playing, calendar_of

FILES = ("sla_cases.json", "sla_more_cases.json")
FOLDER = Path(os.environ.get("LEDGERDESK_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))

CLOCK = """
select metric, round, started_at, stopped_at, agreement_id, target_id, threshold, excluded, breaches_at,
  due_at, why,
  clock.seconds + coalesce(further.seconds, 0) as elapsed, runs_since is null and stopped_at is null as paused
from clock
left join lateral business_time.seconds_between(
  version, runs_since, greatest(runs_since, %(now)s)) further on true
order by metric, round"""


@cache
def said_in(folder: Path, name: str) -> Json:
    document: Json = json.loads((folder / name).read_text(encoding="utf-8"))
    return document


def given(name: str) -> list[Json]:
    """The cases of the file; none where it is absent."""
    return list(said_in(FOLDER, name)["cases"]) if (FOLDER / name).exists() else []


def cases(name: str, kind: str = "clock") -> list[Any]:
    return [
        pytest.param(name, case["id"], id=f"{name.partition('.')[0]}-{case['id']}")
        for case in given(name)
        if case.get("kind", "clock") == kind
    ]


async def clocks(connection: Connection, process: str, now: datetime) -> list[Json]:
    text = definitions.common_ctes(process).rstrip().rstrip(",") + CLOCK
    position = await (await connection.execute(b"select max(position) from log.event")).fetchone()
    assert position is not None
    cursor = await connection.execute(text.encode(), {"position": position[0], "now": now, "currency": "EUR"})
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]


def answer(clock: Json, now: datetime) -> Json:
    """What the worked cases expect, of a clock as of an instant."""
    over = clock["breaches_at"] is not None and clock["elapsed"] > clock["threshold"]
    stopped = clock["stopped_at"] is not None
    state = "paused" if clock["paused"] else "running"
    if stopped:
        state = "missed" if clock["elapsed"] > clock["threshold"] else "met"
    elif over:
        state = "breached"
    due = clock["due_at"]
    if clock["excluded"]:
        state, due = "excluded", None
    return {
        "due_at": due,
        "elapsed_seconds": clock["elapsed"],
        "remaining_seconds": None if clock["excluded"] else clock["threshold"] - clock["elapsed"],
        "state": state,
        "breached_at": clock["breaches_at"] if over and not clock["excluded"] else None,
    }


EVERY = [*cases(FILES[0]), *cases(FILES[1])]
#: Rounds of updates; pauses by the state of a request; another agreement.
TELLING = {(FILES[1], 1), (FILES[1], 3), (FILES[1], 5)}


CASES = [case for case in EVERY if WHOLE or case.values in TELLING]


@pytest.mark.parametrize(("name", "number"), CASES)
async def test_a_worked_case(follower: Connection, real_data: Path, name: str, number: int) -> None:
    document = said_in(real_data, name)
    case = next(case for case in document["cases"] if case["id"] == number)
    playing, asked_at = Playing(follower), datetime.fromisoformat(case["asked_at"])
    await set_up(playing, document, case)
    which = stream(case["process"], uuid5(NAMES, "the case"))
    await playing.play(which, case["events"], asked_at, case.get("known_at"))
    await publish_later(playing, document, case)
    clock_rows = [
        clock
        for clock in await clocks(follower, case["process"], asked_at)
        if clock["metric"] == case["metric"]
    ]
    expected = dict(case["expected"])
    rounds = expected.pop("rounds", None)
    if rounds is not None:
        names = ("elapsed_seconds", "state", "breached_at")
        assert [{name: answer(clock, asked_at)[name] for name in names} for clock in clock_rows] == [
            {name: _instant(clock[name]) for name in names} for clock in rounds
        ]
    if "agreement" in expected:
        key = f"agreement {expected.pop('agreement')} {expected.pop('version')}"
        assert clock_rows[-1]["agreement_id"] == uuid5(NAMES, key)
    assert answer(clock_rows[-1], asked_at) == {key: _instant(value) for key, value in expected.items()}


async def set_up(playing: Playing, document: Json, case: Json) -> None:
    """Publish the calendars and sign the agreements of a worked case."""
    for key, definition in document["calendars"].items():
        await playing.calendar(key, calendar_of(definition))
    for agreement in case.get("agreements", ()):
        await playing.sign(agreement)
    if "agreements" not in case:
        thresholds = case.get("targets_seconds") or {None: case["target_seconds"]}
        targets = [
            {
                "id": f"t{n}",
                "metric": case["metric"],
                "threshold_seconds": seconds,
                "pause_reasons": case["pause_reasons"] if case["metric"] != "response" else [],
                "pause_states": case.get("pause_states", []),
                "conditions": {} if priority is None else {"priority": priority},
            }
            for n, (priority, seconds) in enumerate(thresholds.items())
        ]
        validity = {"valid_from": "2026-01-01", "valid_to": None, "signed_at": "2025-12-01T10:00:00+01:00"}
        await playing.sign({"key": "A", "calendar": case["calendar"], "targets": targets} | validity)


async def publish_later(playing: Playing, document: Json, case: Json) -> None:
    """Publish the versions of the calendar that came after the first."""
    for version in case.get("calendar_versions", ())[1:]:
        inline = version["calendar_inline"]
        hours = calendar_of(document["calendars"][inline["base"]], inline["add_holidays"])
        await playing.calendar(case["calendar"], hours)


def _instant(value: Any) -> Any:
    if isinstance(value, str) and "T" in value:
        return datetime.fromisoformat(value)
    return value


async def agreed(connection: Connection, metric: str) -> Json:
    """Which agreement and target the only case has."""
    text = (
        definitions.common_ctes("incident").rstrip().rstrip(",")
        + """
select chosen.agreement_id, chosen.why, target_id from opened left join agreed chosen using (stream)
left join aim on aim.stream = opened.stream and metric = %(metric)s"""
    )
    position = await (await connection.execute(b"select position from log.head")).fetchone()
    assert position is not None
    parameters = {"position": position[0], "now": datetime.now(UTC), "currency": "EUR", "metric": metric}
    ((agreement, why, target),) = await (await connection.execute(text.encode(), parameters)).fetchall()
    return {"agreement": agreement, "why": why or "none", "target": target}


def choices() -> list[Any]:
    return [
        pytest.param(clock["id"], id=str(clock["id"]))
        for clock in given(FILES[1])
        if clock["kind"] == "choice" and clock["question"] == "agreement" and clock["kind_asked"] == "SLA"
    ]


@pytest.mark.parametrize("number", first_of(choices(), 1))
async def test_a_worked_choice_of_an_agreement(follower: Connection, real_data: Path, number: int) -> None:
    """What the log has behind the opening, or behind the position that is asked about, comes behind it."""
    document = said_in(real_data, FILES[1])
    case = next(case for case in document["cases"] if case["id"] == number)
    playing, ticket = Playing(follower), case["ticket"]
    for key, definition in document["calendars"].items():
        await playing.calendar(key, calendar_of(definition))
    opening = ticket["opening_position"]
    signed = sorted(case["agreements"], key=lambda signed_agreement: signed_agreement["signed_position"])
    for agreement in signed:
        if agreement["signed_position"] < opening:
            await playing.sign(agreement)
    names = ("service", "customer", "catalogue_item", "priority", "category")
    data = {name: ticket[name] for name in names}
    opened = {"type": "incident.reported", "occurred_at": ticket["opened_at"], "data": data}
    await playing.happen(stream("incident", uuid5(NAMES, "the case")), opened, ticket["source"])
    for agreement in signed:
        if opening < agreement["signed_position"] <= case.get("asked_position", 10**9):
            await playing.sign(agreement)
    expected = case["expected"]
    key = f"agreement {expected['agreement']} {expected['version']}"
    assert await agreed(follower, case["metric"]) == {
        "agreement": None if expected["agreement"] is None else uuid5(NAMES, key),
        "why": expected["why"],
        "target": expected["target"],
    }
