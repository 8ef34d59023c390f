"""At night signals of watched KPIs are noted once, and withdrawn in the open if late events undo them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.common.people import Role
from app.kernel.consumers import polling
from app.kernel.ledger import Ledger
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.rebases.payloads import AddKpiRebase
from app.kpis.signals import nightly
from app.kpis.signals.watch_list import USUAL, watched_kpis
from app.log import read
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.notifications import notices
from app.platform.db import Connection, connect
from app.platform.settings import Settings, SettingsError
from tests.cases import each_case
from tests.extent import in_test_all
from tests.kpis.business_hours import Hours
from tests.kpis.histories import TEAMS, Scripted, write, write_more
from tests.people import act, add_caller

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 6, 20, tzinfo=UTC)
KEY = "incident_resolution_seconds"
WATCHED = (KPIS[KEY],)
#: The month of the signal: February 2026, seventeen months after the first.
SPIKE, FIRST, MONTHS = datetime(2026, 2, 1, tzinfo=SHANGHAI), datetime(2024, 9, 1, tzinfo=SHANGHAI), 22
CASES = 10


def month(number: int) -> datetime:
    """The beginning of the month so many after the first."""
    years, month_number = divmod(FIRST.month - 1 + number, 12)
    return datetime(FIRST.year + years, month_number + 1, 1, tzinfo=SHANGHAI)


def resolved(begin: datetime, minutes: float, cases: int = CASES) -> list[Scripted]:
    """So many incidents of the month, each resolved after so long."""
    fields = {"service": "mail", "team_id": str(TEAMS[0]), "priority": "P2"}
    return [
        Scripted.begin(begin + timedelta(days=2 + n), **fields).then("resolved", minutes=minutes)
        for n in range(cases)
    ]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"time_zone": "Asia/Shanghai"})


@pytest.fixture
async def follower(ledger: Ledger) -> AsyncIterator[Connection]:
    connection = await connect(ledger.db.url, FOLLOW_LIMITS)
    yield connection
    await connection.close()


@pytest.fixture
async def followed(follower: Connection) -> list[Scripted]:
    """Twenty-two months that are alike, but for one. Gives its incidents."""
    spike: list[Scripted] = []
    log = []
    for n in range(MONTHS):
        special = month(n) == SPIKE
        cases = resolved(month(n), 600 if special else 60 + n % 3)
        spike += cases if special else []
        log += [event for case in cases for event in case.events]
    await write(follower, log)
    await Hours(follower).service("mail", None)
    await catch_up(follower, FACTS)
    return spike


async def noted(ledger: Ledger) -> list[dict[str, Any]]:
    return await ledger.db.rows("select * from fold.kpi_signal order by scope, rule, begins_at")


async def look(connection: Connection, ledger: Ledger, now: datetime = NOW) -> bool:
    await catch_up(connection, FACTS)
    return await nightly.note_signals(connection, ledger, WATCHED, now)


async def test_a_signal_is_noted_once_of_the_organisation_the_service_and_the_team(
    ledger: Ledger, other: Ledger, follower: Connection, followed: list[Scripted]
) -> None:
    second = await connect(ledger.db.url, FOLLOW_LIMITS)
    steps = [step async for step in nightly._commands(ledger, WATCHED[0], await nightly._scopes(ledger), NOW)]
    # Two workers that have both found it, whatever became of the lock.
    await asyncio.gather(
        *(nightly._perform(own_ledger, step, NOW) for step in steps for own_ledger in (ledger, other))
    )
    first = await noted(ledger)
    assert [
        (noted_signal["scope"], noted_signal["service"], noted_signal["team_id"]) for noted_signal in first
    ] == [
        ("organisation", None, None),
        ("service", "mail", None),
        ("team", None, TEAMS[0]),
    ]
    assert await look(follower, ledger)
    assert await look(second, other)
    assert await noted(ledger) == first
    signal = first[0]
    assert (signal["kpi"], signal["rule"], signal["state"], signal["tendency"]) == (
        KEY,
        "beyond_limits",
        "noted",
        "worse",
    )
    assert (signal["begins_at"], signal["since_at"], signal["value"]) == (SPIKE, SPIKE, "36000")
    assert float(signal["low"]) <= float(signal["centre"]) < float(signal["high"]) < 36000
    assert signal["position"] == (await read.head(ledger.db)) - len(first)
    assert not signal["needs_attention"], "it is not of the newest period"
    (event,) = await read.stream_events(ledger.db, f"kpi_signal/{signal['id']}")
    assert (event.type, event.actor, event.source) == ("kpi_signal.noted", "rule:note_signals", "rule")
    await second.close()


@in_test_all
async def test_while_a_worker_is_at_it_or_the_facts_lag_nothing_is_noted(
    ledger: Ledger, follower: Connection, followed: list[Scripted]
) -> None:
    second = await connect(ledger.db.url, FOLLOW_LIMITS)
    await second.execute(polling.LOCK_WORK.encode(), (nightly.LOCK,))
    assert not await look(follower, ledger)
    await second.close()
    assert await noted(ledger) == []


async def test_late_events_withdraw_a_signal_and_later_ones_bring_it_back(
    ledger: Ledger, follower: Connection, followed: list[Scripted]
) -> None:
    await look(follower, ledger)
    cancelled = [case.then("cancelled", minutes=5) for case in followed]
    await write_more(follower, [case.events[-1] for case in cancelled])
    await look(follower, ledger)
    assert {signal["state"] for signal in await noted(ledger)} == {"withdrawn"}
    again = resolved(SPIKE, 700)
    await write_more(follower, [event for case in again for event in case.events])
    await look(follower, ledger)
    back = await noted(ledger)
    assert {(signal["state"], signal["value"]) for signal in back} == {("noted", "42000")}
    events = await read.stream_events(ledger.db, f"kpi_signal/{back[0]['id']}")
    assert [event.type for event in events] == [
        "kpi_signal.noted",
        "kpi_signal.withdrawn",
        "kpi_signal.noted_again",
    ]


@in_test_all
async def test_limits_that_count_anew_withdraw_what_they_explain(
    ledger: Ledger, follower: Connection, followed: list[Scripted]
) -> None:
    await look(follower, ledger)
    quality = await add_caller(ledger, "Quan", Role.quality_manager)
    rebase_added = AddKpiRebase(kpi=KEY, change="A new desk", reason="Other people answer.", begins_at=SPIKE)
    rebase = await act(ledger, quality, "kpi_rebase", "add", body=rebase_added)
    await look(follower, ledger)
    states = {signal["scope"]: signal["state"] for signal in await noted(ledger)}
    assert states == {"organisation": "withdrawn", "service": "noted", "team": "noted"}
    assert rebase.record.scope == "organisation"


async def test_what_is_not_final_or_of_few_cases_is_no_signal(
    ledger: Ledger, follower: Connection, followed: list[Scripted]
) -> None:
    # In the first days of a month the month before is over, and may still be reopened.
    late = [
        event
        for begin, cases in ((0, CASES), (1, CASES), (2, CASES - 1))
        for case in resolved(month(MONTHS + begin), 900, cases)
        for event in case.events
    ]
    await write_more(follower, late)
    soon = await _of_organisation(ledger, follower, month(MONTHS + 1))
    assert {signal["begins_at"] for signal in soon} == {SPIKE}
    later = await _of_organisation(ledger, follower, month(MONTHS + 3) + timedelta(days=20))
    assert {signal["begins_at"] for signal in later} == {SPIKE, month(MONTHS), month(MONTHS + 1)}
    assert [signal["begins_at"] for signal in later if signal["needs_attention"]] == [month(MONTHS + 1)]


async def _of_organisation(ledger: Ledger, follower: Connection, now: datetime) -> list[dict[str, Any]]:
    await look(follower, ledger, now)
    return [signal for signal in await noted(ledger) if signal["scope"] == "organisation"]


async def test_quality_managers_are_told_of_what_is_new_and_worse(
    ledger: Ledger, follower: Connection, followed: list[Scripted]
) -> None:
    quality = await add_caller(ledger, "Quan", Role.quality_manager)
    late = resolved(month(MONTHS), 900)
    await write_more(follower, [event for case in late for event in case.events])

    # What these histories tell of persons is nothing that anybody could be told.
    skipped = "insert into log.checkpoint (consumer, position, moved_at) values (%s, %s, now())"
    await follower.execute(skipped.encode(), (notices.NAME, await read.head(ledger.db)))
    await look(follower, ledger, month(MONTHS + 1) + timedelta(days=15))
    await catch_up(follower, notices.consumer(ledger, lambda: NOW))
    rows = await ledger.db.rows("select person_id, step, stream from deliveries.waiting order by stream")
    expected_signals = {
        f"kpi_signal/{signal['id']}" for signal in await noted(ledger) if signal["needs_attention"]
    }
    assert {(row["person_id"], row["step"]) for row in rows} == {(quality.person_id, "kpi_changed")}
    assert {row["stream"] for row in rows} == expected_signals
    assert len(expected_signals) == 2, "of the organisation and of the service"


@each_case(
    ("begins_at", "now", "day"),
    [
        (time(4), "2026-06-01T19:59:59Z", None),
        (time(4), "2026-06-01T20:00:00Z", "2026-06-02"),
        (time(4), "2026-06-02T15:00:00Z", "2026-06-02"),
        (None, "2026-06-01T20:00:00Z", None),
    ],
)
def test_it_is_due_from_an_hour_of_the_day_on(begins_at: time | None, now: str, day: str | None) -> None:
    due_at = nightly.due(datetime.fromisoformat(now), begins_at, SHANGHAI)
    assert (due_at and due_at.isoformat()) == day


def test_an_administrator_chooses_what_is_watched(settings: Settings) -> None:
    assert [kpi.key for kpi in watched_kpis(settings)] == list(USUAL)
    chosen = settings.model_copy(update={"watched_kpis": "backlog, reopen_rate"})
    assert [kpi.key for kpi in watched_kpis(chosen)] == ["backlog", "reopen_rate"]
    with pytest.raises(SettingsError, match="LEDGERDESK_WATCHED_KPIS has unknown KPIs: happiness"):
        watched_kpis(settings.model_copy(update={"watched_kpis": "backlog,happiness"}))
