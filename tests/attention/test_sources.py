"""Every source of sentences: its condition made true, its sentence comes; made untrue, it goes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from app.attention.reading import AttentionChoice, AttentionReader
from app.attention.rules import trust
from app.common.people import Caller, Role, rule_caller
from app.kernel.ledger import Ledger
from app.kpis.questions.question import zone_named
from app.kpis.reconcile import FigureDifference, ReconciliationReport
from app.kpis.reconciliations import nightly
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import Connection, connect
from app.webhooks.sources import silence
from tests.attention.reading import cases_of, items_of, read_attention
from tests.automation.worker import Worker
from tests.client import RESOLVED, Api, an_incident
from tests.people import act
from tests.processes.changes.samples import DONE, REVIEWED, a_board
from tests.processes.improvements.samples import a_judgement, improvers_of
from tests.service_levels.agreements.samples import the_parties
from tests.service_levels.agreements.test_story import REVIEW
from tests.service_levels.clocks.agreements import add_calendar, hours, sign, target
from tests.service_levels.clocks.test_reading import EVERY_DAY, Help, help_of
from tests.webhooks.test_receiving import an_issue
from tests.webhooks.test_silence import BACKDATE, a_talkative_tool

USUAL = """
insert into plumbing.longest_usual (kind, seconds, cases, judged_at, position)
values ('incident', 3600, 1000, now(), 1) returning kind"""
FAIL = "update plumbing.webhook_delivery set state = 'failed' where received_at < now() returning id"
MEND = "update plumbing.webhook_delivery set state = 'processed' returning id"


@pytest.fixture
async def follower(api: Api) -> AsyncIterator[Connection]:
    connection = await connect(api.ledger.db.url, FOLLOW_LIMITS)
    yield connection
    await connection.close()


@pytest.fixture
async def desk(api: Api, follower: Connection) -> Help:
    """A desk that answers within half an hour and mends within ten hours."""
    await add_calendar(api.ledger, "always", weekly=hours("00:00", "24:00", EVERY_DAY))
    targets = (target("answer", "response", 1800), target("mend", "resolution", 36_000))
    await sign(api.ledger, *targets, calendar="always")
    return await help_of(api, follower)


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


async def test_a_critical_incident_that_nobody_acknowledges_needs_attention(desk: Help) -> None:
    path = await desk.report(1, impact="1", urgency="1")
    await desk.follow()
    (item,) = await items_of(desk.agent, "incident_unacknowledged")
    assert [f"/v1/incidents/{case['id']}" for case in await cases_of(desk.agent, item)] == [path]
    await desk.agent.post_ok(f"{path}/acknowledge")
    assert await items_of(desk.agent, "incident_unacknowledged") == []


async def test_a_service_that_is_down_needs_attention_until_it_is_restored(api: Api) -> None:
    keeper = await api.client("Ada", Role.service_level_manager, Role.agent)
    names = {"key": "mail", "name_en": "Mail", "name_zh": "邮件", "criticality": "high", "owner": "me"}
    await keeper.post_ok("/v1/services", names)
    await keeper.post_ok("/v1/services/mail/go_live")
    incident = await keeper.post_ok("/v1/incidents", an_incident(service="mail", effect="down"))
    (item,) = await items_of(keeper, "service_down")
    assert item["sentences"]["zh"].startswith("邮件已中断 ")
    assert (await cases_of(keeper, item))[0]["id"] == incident["id"]
    assert (await read_attention(await api.client("Zhao")))["items"] == []
    path = f"/v1/incidents/{incident['id']}"
    await keeper.post_ok(f"{path}/assign", {"person": "me"})
    await keeper.post_ok(f"{path}/acknowledge")
    await keeper.post_ok(f"{path}/resolve", RESOLVED)
    assert await items_of(keeper, "service_down") == []


async def test_cases_that_are_older_than_nearly_all_became_need_attention(desk: Help) -> None:
    old = await desk.report(30)
    await desk.report(0.5)
    assert await items_of(desk.agent, "backlog_old") == [], "it is not known yet what is usual"
    await desk.api.ledger.db.rows(USUAL)
    (item,) = await items_of(desk.agent, "backlog_old")
    assert [f"/v1/incidents/{case['id']}" for case in await cases_of(desk.agent, item)] == [old]
    await desk.agent.post_ok(f"{old}/cancel", {"reason": "It was a test."})
    assert await items_of(desk.agent, "backlog_old") == []


async def reconciled(ledger: Ledger, day: date, differences: int, made_at: datetime) -> None:
    """A night's comparison with so many differences."""
    report = ReconciliationReport(position=1, compared=100)
    for number in range(differences):
        report.add(FigureDifference("backlog", None, None, {}, f"value_{number}", "1", "2", ()))
    assert await nightly.record_reconciliation(ledger, report, day, made_at, made_at)


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


async def test_a_change_that_nobody_reviews_is_stuck(api: Api) -> None:
    board = await a_board(api)
    await board.ci("srv-1")
    path = await board.scheduled(0, 2, cis=["srv-1"])
    await board.engineer.post_ok(f"{path}/start", {"out_of_window_reason": "The site is closed."})
    await board.engineer.post_ok(f"{path}/complete", DONE)
    assert await items_of(board.manager, "change_unreviewed") == []
    await act(api.ledger, rule_caller("tests"), "change", "flag_review", path.rpartition("/")[2])
    (item,) = await items_of(board.manager, "change_unreviewed")
    assert f"/v1/changes/{(await cases_of(board.manager, item))[0]['id']}" == path
    await board.manager.post_ok(f"{path}/review", REVIEWED | {"first_pass": False})
    assert await items_of(board.manager, "change_unreviewed") == []


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


async def test_tasks_wait_for_whoever_has_them(desk: Help) -> None:
    path = await desk.report(0.1)
    await desk.agent.post_ok(f"{path}/add_task", {"title": "Call them", "assignee": "me"})
    (item,) = await items_of(desk.agent, "tasks_wait")
    assert item["sentence"] == "A task waits for you"
    (task,) = (await desk.agent.read("/v1/me/work"))["tasks"]
    await desk.agent.post_ok(f"{path}/complete_task", {"task": task["id"], "outcome": "They know."})
    assert await items_of(desk.agent, "tasks_wait") == []


async def test_a_review_of_an_agreement_that_is_overdue_is_missed(api: Api) -> None:
    parties = await the_parties(api)
    path = await parties.signed("SLA", "finance", valid_from="2198-01-01", valid_to="2199-12-31")
    worker = Worker(api.ledger)
    await worker.work(datetime(2198, 12, 31, 16, tzinfo=UTC))
    await worker.work(datetime(2198, 12, 31, 16, 2, tzinfo=UTC))
    (item,) = await items_of(parties.manager, "agreement_review_overdue")
    assert f"/v1/slas/{(await cases_of(parties.manager, item))[0]['id']}" == path
    await parties.manager.post_ok(f"{path}/review", REVIEW)
    assert await items_of(parties.manager, "agreement_review_overdue") == []


async def test_a_benefit_that_has_faded_is_stuck_and_one_that_was_reached_is_good_news(
    api: Api, follower: Connection
) -> None:
    improvers = await improvers_of(api, follower)
    await improvers.restored(hours=480, days_ago=15)
    path = await improvers.evaluating()
    await improvers.restored(hours=1)
    measured = await improvers.measured(path)
    judged = a_judgement(measured["position"], comment="Good.", agreed_by=improvers.owner.id)
    await improvers.quality.post_ok(f"{path}/evaluate", judged)
    (good,) = (await read_attention(improvers.quality))["good"]
    assert good["code"] == "effect_confirmed"
    body = {"document_numbers": ["SOP-12"], "teams": ["network"]}
    improvement = await improvers.quality.post_ok(f"{path}/standardise", body)
    assert await items_of(improvers.quality, "benefit_faded") == []
    await act(api.ledger, rule_caller("tests"), "improvement", "note_faded", improvement["id"])
    (item,) = await items_of(improvers.quality, "benefit_faded")
    assert (await cases_of(improvers.quality, item))[0]["id"] == improvement["id"]
