"""What sources of sentences say besides that their condition is true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.attention.reading import AttentionChoice, AttentionReader
from app.attention.rules import trust
from app.common.people import Caller, Role
from app.kernel.ledger import Ledger
from app.kpis.questions.question import zone_named
from app.platform.db import Connection
from app.webhooks.sources import silence
from tests.attention.reading import cases_of, items_of, read_attention
from tests.attention.true_conditions import FAIL, MEND, reconciled
from tests.client import RESOLVED, Api
from tests.extent import in_test_all
from tests.processes.changes.samples import a_board
from tests.service_levels.clocks.agreements import add_calendar, hours, sign, target
from tests.service_levels.clocks.test_reading import EVERY_DAY, Help, help_of
from tests.webhooks.test_receiving import an_issue
from tests.webhooks.test_silence import BACKDATE, a_talkative_tool


@pytest.fixture
async def desk(api: Api, follower: Connection) -> Help:
    """A desk that answers within half an hour and mends within ten hours."""
    await add_calendar(api.ledger, "always", weekly=hours("00:00", "24:00", EVERY_DAY))
    targets = (target("answer", "response", 1800), target("mend", "resolution", 36_000))
    await sign(api.ledger, *targets, calendar="always")
    return await help_of(api, follower)


@in_test_all
async def test_clocks_that_are_past_or_due_soon_need_attention(api: Api, desk: Help) -> None:
    late, soon, young = [await desk.report(hours_ago, urgency="2") for hours_ago in (11, 9, 1)]
    for path in (late, soon, young):
        answered = (datetime.now(UTC) - timedelta(minutes=45)).isoformat()
        await desk.agent.post_ok(f"{path}/acknowledge", {"occurred_at": answered})
    await desk.follow()
    (item,) = await items_of(desk.agent, "clocks_due")
    paths = [f"/v1/incidents/{case['id']}" for case in await cases_of(desk.agent, item)]
    assert paths[:2] == [late, soon]
    assert (item["parameters"]["breached"]["value"], item["severity"]) == (1, "now")
    for path in (late, soon, young):
        await desk.agent.post_ok(f"{path}/assign", {"team": "mail", "person": "me"})
        await desk.agent.post_ok(f"{path}/resolve", RESOLVED)
    await desk.follow()
    assert await items_of(desk.agent, "clocks_due") == []


async def test_of_clocks_only_those_of_cases_that_one_sees_are_counted(api: Api, desk: Help) -> None:
    path = await desk.report(11)
    await desk.report(12)
    await desk.agent.post_ok(f"{path}/assign", {"team": "mail"})
    await desk.follow()
    of_team = await api.client("Wu", Role.engineer, teams=("mail",))
    (item,) = await items_of(of_team, "clocks_due")
    assert item["count"] == len(await cases_of(of_team, item)) == 1
    assert [item["count"] for item in await items_of(desk.agent, "clocks_due")] == [2]
    assert (await items_of(desk.agent, "clocks_due", team="mail"))[0]["count"] == 1


async def test_figures_that_do_not_reconcile_stand_above_all(api: Api) -> None:
    auditor, now = await api.client("Otto", Role.auditor), datetime.now(UTC)
    today = now.date()
    await reconciled(api.ledger, today - timedelta(days=2), 0, now - timedelta(hours=40))
    (item,) = await items_of(auditor, "not_reconciled")
    assert item["severity"] == "banner"
    await reconciled(api.ledger, today - timedelta(days=1), 3, now - timedelta(hours=2))
    first, *_ = (await read_attention(auditor))["items"]
    assert (first["code"], first["parameters"]["n"]["value"]) == ("figures_differ", 3)
    await reconciled(api.ledger, today, 0, now)
    assert (await read_attention(auditor))["items"] == []


@pytest.mark.parametrize(("lag_seconds", "codes"), [(5, []), (61, ["figures_lag"])])
async def test_figures_that_lag_behind_by_more_than_a_minute_are_said_to(
    ledger: Ledger, lag_seconds: float, codes: list[str]
) -> None:
    now = datetime.now(UTC)
    caller = Caller("person:1", None, (), frozenset())
    reader = AttentionReader(ledger, caller, now, zone_named("UTC"), AttentionChoice(now))
    assert [condition.code for condition in trust.lagging(reader, lag_seconds)] == codes


async def test_a_source_that_is_silent_or_fails_is_stuck(api: Api) -> None:
    tool = await a_talkative_tool(api)
    await api.ledger.db.rows(BACKDATE, ("2 minutes",))
    later = datetime.now(UTC) + timedelta(minutes=10)
    await silence.note_silences(api.ledger, later)
    (silent,) = await items_of(tool.admin, "source_silent")
    await cases_of(tool.admin, silent)
    await api.ledger.db.rows(FAIL)
    (failed,) = await items_of(tool.admin, "deliveries_failed")
    assert (len(await cases_of(tool.admin, failed)), failed["severity"]) == (8, "stuck")
    stranger = await api.client("Zhao")
    assert (await read_attention(stranger))["items"] == []
    await api.ledger.db.rows(MEND)
    await tool.post(an_issue(), x_github_event="issues", x_github_delivery="d-again")
    await silence.note_silences(api.ledger, datetime.now(UTC))
    answer = await read_attention(tool.admin)
    assert [item for item in answer["items"] if item["process"] == "webhook_source"] == []


async def test_decisions_that_wait_for_a_vote_are_told_to_the_voter_alone(api: Api) -> None:
    board = await a_board(api)
    path = await board.assessed()
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    voter, *_ = await board.voters(path)
    (item,) = await items_of(voter, "decisions_wait")
    assert (item["severity"], item["count"], item["cases"]) == ("yours", 1, "/v1/me/work")
    assert len((await voter.read(item["cases"]))["votes"]) == 1
    assert await items_of(board.engineer, "decisions_wait") == []
    await board.vote(path, "approve")
    assert await items_of(voter, "decisions_wait") == []
