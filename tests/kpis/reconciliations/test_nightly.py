"""Every night a worker compares all KPIs once, and says in the log what it found."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.common.people import Role, rule_caller
from app.kernel.consumers import polling
from app.kernel.ledger import Ledger
from app.kpis.facts.consumer import FACTS
from app.kpis.reconcile import FigureDifference, ReconciliationReport, reconcile
from app.kpis.reconciliations import nightly
from app.kpis.reconciliations.lifecycle import MOST_DIFFERING, MakeReconciliation
from app.log import read
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import Connection, connect
from app.platform.settings import Settings
from tests.cases import each_case
from tests.client import Api
from tests.every_action.samples import SAMPLES
from tests.extent import in_test_all
from tests.kpis.histories import histories, write
from tests.people import act
from tests.waiting import until

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: 03:00 in Shanghai, in the night to the second of June.
NIGHT = datetime(2026, 6, 1, 19, tzinfo=UTC)
A_DAY = timedelta(days=1)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"time_zone": "Asia/Shanghai"})


async def at(connection: Connection, ledger: Ledger, now: datetime) -> bool:
    """Whether a worker that looks then has made a comparison."""
    return await nightly.reconcile_if_due(connection, ledger, lambda: now)


async def made(ledger: Ledger) -> list[dict[str, Any]]:
    return await ledger.db.rows("select * from fold.reconciliation order by made_at")


@in_test_all
async def test_there_is_one_a_night_which_finds_what_differs_and_says_so(
    ledger: Ledger, other: Ledger
) -> None:
    first, two = [await connect(ledger.db.url, FOLLOW_LIMITS) for _ in range(2)]
    await write(first, histories(7, cases=25))
    await catch_up(first, FACTS)
    head = await read.head(ledger.db)

    assert not await at(first, ledger, NIGHT - timedelta(seconds=1)), "it is not its hour yet"
    assert not await at(first, ledger, NIGHT + nightly.LATEST), "the night is over"
    assert await made(ledger) == []
    assert await at(first, ledger, NIGHT)
    assert not await at(first, ledger, NIGHT + timedelta(minutes=1)), "it was made before"
    (agreed,) = await made(ledger)
    assert (agreed["day"], agreed["verdict"], agreed["position"]) == ("2026-06-02", "agreed", head)
    assert (agreed["differences"], agreed["differing"], agreed["zone"]) == (0, [], "Asia/Shanghai")
    assert agreed["compared"] > 1000

    await first.execute(b"delete from kpi.incident_closed")
    both = asyncio.gather(at(first, ledger, NIGHT + A_DAY), at(two, other, NIGHT + A_DAY))
    assert sorted(await both) == [False, True]
    _, differs = await made(ledger)
    assert (differs["day"], differs["verdict"]) == ("2026-06-03", "differs")
    assert differs["differences"] > len(differs["differing"])
    assert "incidents_closed/counted" in differs["differing"]
    (event,) = await read.stream_events(ledger.db, f"reconciliation/{differs['id']}")
    assert (event.type, event.actor, event.source) == ("reconciliation.made", "rule:reconcile", "rule")
    await first.close()
    await two.close()


async def test_whoever_has_lost_the_lock_meanwhile_says_nothing_a_second_time(
    ledger: Ledger, other: Ledger
) -> None:
    day, report = date(2026, 6, 2), ReconciliationReport(position=0)
    for n in range(2 * MOST_DIFFERING):
        report.add(FigureDifference(f"kpi_{n % 30}", None, None, {}, "value", "1", "2", ()))
    tellings = [nightly.record_reconciliation(each, report, day, NIGHT, NIGHT) for each in (ledger, other)]
    assert sorted(await asyncio.gather(*tellings)) == [False, True]
    assert not await nightly.record_reconciliation(ledger, report, day, NIGHT, NIGHT)
    (only,) = await made(ledger)
    assert only["differences"] == 2 * MOST_DIFFERING
    assert only["differing"] == [f"kpi_{n}/value" for n in range(MOST_DIFFERING)]


async def test_while_a_worker_is_at_it_another_one_leaves_it_alone(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly, "reconcile", partial(reconcile, keys=["incidents_opened"]))
    first, two = [await connect(ledger.db.url, FOLLOW_LIMITS) for _ in range(2)]
    await first.execute(polling.LOCK_WORK.encode(), (nightly.LOCK,))
    assert not await at(two, ledger, NIGHT)
    await first.close()  # as if it were killed
    await until(lambda: at(two, ledger, NIGHT))
    await two.close()


@each_case(
    ("zone", "hour", "now", "day"),
    [
        ("UTC", time(3), "2026-06-02T02:59:59Z", None),
        ("UTC", time(3), "2026-06-02T03:00:00Z", "2026-06-02"),
        ("UTC", time(3), "2026-06-02T05:59:59Z", "2026-06-02"),
        ("UTC", time(3), "2026-06-02T06:00:00Z", None),
        ("UTC", time(23, 30), "2026-06-03T01:00:00Z", "2026-06-02"),
        ("UTC", None, "2026-06-02T03:00:00Z", None),
        ("Asia/Shanghai", time(3), "2026-06-01T19:00:00Z", "2026-06-02"),
        # There is no half past two in that night.
        ("Europe/Berlin", time(2, 30), "2026-03-29T01:30:00Z", "2026-03-29"),
        # There are two of them in that one.
        ("Europe/Berlin", time(2, 30), "2026-10-25T00:30:00Z", "2026-10-25"),
        ("Europe/Berlin", time(2, 30), "2026-10-25T00:29:59Z", None),
    ],
)
def test_it_is_due_for_some_hours_of_the_organisations_night(
    zone: str, hour: time | None, now: str, day: str | None
) -> None:
    due_at = nightly.due(datetime.fromisoformat(now), hour, ZoneInfo(zone))
    assert (due_at and due_at.isoformat()) == day


@pytest.mark.parametrize(("setting", "means"), [("03:00", time(3)), ("23:59", time(23, 59)), ("off", None)])
def test_the_hour_is_a_setting_and_may_be_off(settings: Settings, setting: str, means: time | None) -> None:
    assert settings.model_copy(update={"reconcile_at": setting}).reconcile_time == means


async def test_whoever_sees_all_cases_reads_what_was_found_and_nobody_else_does(api: Api) -> None:
    ids = []
    for differences in (0, 2):
        answers = SAMPLES[MakeReconciliation]() | {"differences": differences}
        body = MakeReconciliation.model_validate(answers)
        done = await act(api.ledger, rule_caller("tests"), "reconciliation", "make", body=body)
        ids.append(str(done.record.id))
    for role in (Role.quality_manager, Role.auditor, Role.admin):
        client = await api.client("Somebody", role)
        due_at = await client.read("/v1/reconciliations", verdict="differs")
        assert [night["id"] for night in due_at["items"]] == ids[1:]
        assert (await client.read(f"/v1/reconciliations/{ids[0]}"))["verdict"] == "agreed"
        assert (await client.post("/v1/reconciliations", json=answers)).status_code == 403
    for role in (Role.requester, Role.agent, Role.engineer):
        client = await api.client("Somebody", role)
        assert (await client.read("/v1/reconciliations"))["items"] == []
        assert (await client.get(f"/v1/reconciliations/{ids[0]}")).status_code == 404
