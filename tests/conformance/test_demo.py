"""The demo has on purpose tickets that went to and fro, and changes whose review nobody made in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from app.common.people import Role
from app.conformance.lookups import FitShare, fit_share, irregular_cases
from app.conformance.paths import IRREGULAR, Misfit
from app.kernel.ledger import Ledger
from app.log import read
from app.log.events import Recorded
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from tests.client import Client, Json, serving
from tests.conformance.oracle import walks
from tests.conformance.test_facts import FOLLOWER
from tests.extent import in_test_all
from tests.kpis.test_real_history import USUAL

pytestmark = in_test_all

TIME = {"from": "2020-01-01", "to": "2100-01-01"}


async def all_events(ledger: Ledger) -> list[Recorded]:
    events: list[Recorded] = []
    while rows := await read.events_after(ledger.db, events[-1].position if events else 0, 10_000):
        events += rows
    return events


async def summary(client: Client, kind: str, **parameters: object) -> Json:
    return await client.read(f"/v1/conformance/{kind}", **(TIME | parameters))


async def test_ping_pong_and_reviews_that_nobody_made_are_found(
    demo_ledger: Ledger, demo_secrets: Path
) -> None:
    events = await all_events(demo_ledger)
    connection = await connect(demo_ledger.db.url, FOLLOW_LIMITS)
    await catch_up(connection, FOLLOWER)
    await connection.close()
    async with serving(demo_ledger.db.url, demo_secrets, USUAL) as api:
        manager = await api.client("Marta", Role.incident_manager, Role.change_manager)
        to_and_fro = {
            walk.case_id
            for walk in walks(events)
            if walk.kind == "incident"
            and walk.ended_at is not None
            and any(holding == "team" and returned for holding, *_, returned in walk.handovers)
        }
        [of_teams] = [
            row for row in (await summary(manager, "incident"))["ping_pong"] if row["holding"] == "team"
        ]
        assert of_teams["cases"] == len(to_and_fro) > 20

        flagged = {event.stream for event in events if event.type == "change.review_fell_overdue"}
        reviewed = {event.stream for event in events if event.type == "change.reviewed"}
        misfits = (await summary(manager, "change", open=True))["misfits"]
        [late] = [row for row in misfits if row["misfit"] == "late"]
        assert (late["step"], late["cases"]) == ("change.review_fell_overdue", len(flagged - reviewed))
        assert late["cases"] > 0

    await other_registers_are_told(demo_ledger)


async def other_registers_are_told(ledger: Ledger) -> None:
    begin, end = datetime(2020, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)
    answer = await irregular_cases(ledger.db.rows, ledger.lifecycles, "change", begin, end)
    assert (answer.source, 0 < answer.position <= await read.head(ledger.db)) == ("shipped", True)
    irregular = answer.cases
    assert {case.kind for case in irregular} == {"change"}
    assert all(case.number.startswith("CHG-") and case.irregularities for case in irregular)
    rules = {broken.rule for case in irregular for broken in case.irregularities}
    assert Misfit.skipped in rules
    assert rules <= set(IRREGULAR)
    share = await fit_share(ledger.db.rows, ledger.lifecycles, "change", begin, end)
    assert isinstance(share, FitShare)
    assert share.cases > len(irregular)
    assert share.share == pytest.approx(share.fitting / share.cases)
    of_nobody = await irregular_cases(
        ledger.db.rows, ledger.lifecycles, "change", begin, end, team_id=UUID(int=7)
    )
    assert of_nobody.cases == ()
    assert await fit_share(ledger.db.rows, ledger.lifecycles, "tea", begin, end) is None
