"""Every condition that needs attention, made true; and how it is made untrue again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from app.attention.reading import last_period, period_end
from app.common.people import Role, rule_caller
from app.kernel.ledger import Ledger
from app.kpis.questions.periods import Grain, start_of
from app.kpis.questions.question import zone_named
from app.kpis.reconcile import FigureDifference, ReconciliationReport
from app.kpis.reconciliations import nightly
from app.kpis.signals.lifecycle import NoteKpiSignal, WithdrawKpiSignal
from app.log.canonical import instant
from app.log.follow import catch_up
from app.notifications import mail
from app.platform.db import Connection, connect
from app.webhooks.sources import silence
from tests.attention.reading import read_attention
from tests.automation.worker import Worker
from tests.client import RESOLVED, Api, Client, Json, an_incident
from tests.people import act
from tests.processes.changes.samples import DONE, REVIEWED, a_board
from tests.processes.improvements import test_project, test_rollout
from tests.processes.improvements.pilots import AHEAD, ago, project_of
from tests.processes.improvements.samples import Improvers, a_judgement, improvers_of
from tests.service_levels.agreements.samples import the_parties
from tests.service_levels.clocks.agreements import add_calendar, hours, sign, target
from tests.service_levels.clocks.test_reading import EVERY_DAY, Help, help_of
from tests.service_reports.desk import ReportDesk, at
from tests.ticketing.test_complaints import complained, resolved
from tests.ticketing.test_ratings import ANSWER
from tests.webhooks.test_receiving import an_issue
from tests.webhooks.test_silence import BACKDATE, a_talkative_tool

STATEMENT = {"commander": "me", "statement": "We work on it."}
USUAL = """
insert into plumbing.longest_usual (kind, seconds, cases, judged_at, position)
values ('incident', 3600, 1000, now(), 1) returning kind"""
FAIL = "update plumbing.webhook_delivery set state = 'failed' where received_at < now() returning id"
MEND = "update plumbing.webhook_delivery set state = 'processed' returning id"
JUDGED = """
insert into plumbing.judged_period (kpi, grain, service, begins_at, value, comparator, target, met, cases,
  small, numerator, denominator, misses, periods_met, periods_judged, outlook)
values (%(kpi)s, 'month', %(service)s, %(begins)s, %(value)s, %(comparator)s, %(target)s, %(met)s, 0, false,
  null, %(seconds)s, 1, 0, 1, %(outlook)s) returning kpi"""
FOUND_AGAIN = b"""
update fold.improvement_measurement set kept = true, measured_at = now() + interval '1 day'"""
RESTS_ON = """
update fold.improvement_outcome set document_numbers = '{PR2019001}' where record = %(record)s"""
ARCHIVED = b"""
insert into fold.document_entry (id, version, changed_at, record, number, document_class, state, edition,
  drafted_at, archived_at)
values (gen_random_uuid(), 1, now(), 'document/' || gen_random_uuid(), 'PR2019001', 'PR', 'archived', 1,
  now(), now())"""
PUBLISHED_AGAIN = b"update fold.document_entry set state = 'published' where number = 'PR2019001'"
FORGET = "delete from plumbing.judged_period returning kpi"
RESOLUTION, AVAILABILITY = "incident_resolution_seconds", "service_availability"


@dataclass
class TrueCondition:
    """A condition that is true for the reader, and how it is made untrue. `parameters` are those by which it
    is asked for, `now` the instant at which it is true; None: whenever it is asked for.
    """

    reader: Client
    undo: Callable[[], Awaitable[Any]]
    parameters: dict[str, str] = field(default_factory=dict)
    now: datetime | None = None


@dataclass
class Scene:
    """Where conditions are made true."""

    api: Api
    follower: Connection
    owner_url: str

    @property
    def ledger(self) -> Ledger:
        return self.api.ledger

    async def rows(self, statement: str, parameters: Any = None) -> list[Json]:
        return await self.ledger.db.rows(statement, parameters)

    async def live_service(self) -> Client:
        """Whoever answers for the service `mail`, which is live."""
        keeper = await self.api.client("Ada", Role.service_level_manager, Role.agent, Role.quality_manager)
        names = {"key": "mail", "name_en": "Mail", "name_zh": "邮件", "criticality": "high", "owner": "me"}
        await keeper.post_ok("/v1/services", names)
        await keeper.post_ok("/v1/services/mail/go_live")
        return keeper

    async def desk(self) -> Help:
        """A desk that answers within half an hour and mends within ten hours."""
        await add_calendar(self.ledger, "always", weekly=hours("00:00", "24:00", EVERY_DAY))
        targets = (target("answer", "response", 1800), target("mend", "resolution", 36_000))
        await sign(self.ledger, *targets, calendar="always")
        return await help_of(self.api, self.follower)

    def month(self, *, running: bool) -> datetime:
        """The first instant of the running month, or of the last that is over."""
        zone = zone_named(self.ledger.settings.time_zone)
        begin = start_of(last_period(Grain.month, datetime.now(UTC), zone), zone)
        return period_end(Grain.month, begin, zone) if running else begin

    async def judged(self, kpi: str, *, running: bool, **more: Any) -> Callable[[], Awaitable[Any]]:
        """What the worker judged of a KPI in a month. Gives how it is forgotten."""
        row = {"kpi": kpi, "service": None, "value": 9000, "comparator": "lt", "target": 7200, "met": None}
        row |= {"seconds": None, "outlook": None, "begins": self.month(running=running)} | more
        await self.rows(JUDGED, row)
        return lambda: self.rows(FORGET)


async def reconciled(ledger: Ledger, day: date, differences: int, made_at: datetime) -> None:
    """A night's comparison with so many differences."""
    report = ReconciliationReport(position=1, compared=100)
    for number in range(differences):
        report.add(FigureDifference("backlog", None, None, {}, f"value_{number}", "1", "2", ()))
    assert await nightly.record_reconciliation(ledger, report, day, made_at, made_at)


async def figures_differ(scene: Scene) -> TrueCondition:
    now = datetime.now(UTC)
    await reconciled(scene.ledger, now.date() - timedelta(days=1), 3, now - timedelta(hours=2))
    auditor = await scene.api.client("Otto", Role.auditor)
    return TrueCondition(auditor, lambda: reconciled(scene.ledger, now.date(), 0, now))


async def not_reconciled(scene: Scene) -> TrueCondition:
    now = datetime.now(UTC)
    await reconciled(scene.ledger, now.date() - timedelta(days=2), 0, now - timedelta(hours=40))
    auditor = await scene.api.client("Otto", Role.auditor)
    return TrueCondition(auditor, lambda: reconciled(scene.ledger, now.date(), 0, now))


async def major_incident(scene: Scene) -> TrueCondition:
    manager = await scene.api.client("Mia", Role.incident_manager, Role.agent)
    path = f"/v1/incidents/{(await manager.post_ok('/v1/incidents', an_incident()))['id']}"
    await manager.post_ok(f"{path}/declare_major", STATEMENT)

    async def resolve() -> None:
        await manager.post_ok(f"{path}/assign", {"person": "me"})
        await manager.post_ok(f"{path}/acknowledge")
        await manager.post_ok(f"{path}/resolve", RESOLVED)

    return TrueCondition(manager, resolve)


async def incident_unacknowledged(scene: Scene) -> TrueCondition:
    desk = await scene.desk()
    path = await desk.report(1, impact="1", urgency="1")
    await desk.follow()
    return TrueCondition(desk.agent, lambda: desk.agent.post_ok(f"{path}/acknowledge"))


async def clocks_due(scene: Scene) -> TrueCondition:
    desk = await scene.desk()
    path = await desk.report(11)
    await desk.follow()

    async def cancel() -> None:
        await desk.agent.post_ok(f"{path}/cancel", {"reason": "It was a test."})
        await desk.follow()

    return TrueCondition(desk.agent, cancel)


async def service_down(scene: Scene) -> TrueCondition:
    keeper = await scene.live_service()
    incident = await keeper.post_ok("/v1/incidents", an_incident(service="mail", effect="down"))
    path = f"/v1/incidents/{incident['id']}"

    async def resolve() -> None:
        await keeper.post_ok(f"{path}/assign", {"person": "me"})
        await keeper.post_ok(f"{path}/acknowledge")
        await keeper.post_ok(f"{path}/resolve", RESOLVED)

    return TrueCondition(keeper, resolve)


async def _budget(scene: Scene, value: float) -> TrueCondition:
    """On the tenth of a month, of nine days of agreed time."""
    keeper, begin = await scene.live_service(), scene.month(running=True)
    figures = {"value": value, "comparator": "ge", "target": 0.99, "seconds": 9 * 86_400}
    forget = await scene.judged(AVAILABILITY, running=True, service="mail", **figures)
    return TrueCondition(keeper, forget, now=begin + timedelta(days=9))


async def service_budget(scene: Scene) -> TrueCondition:
    # Of about 7 h 12 min that the month allows, 6 h 15 min are lost.
    return await _budget(scene, 1 - 6.25 / (9 * 24))


async def service_budget_spent(scene: Scene) -> TrueCondition:
    return await _budget(scene, 0.95)


async def target_missed(scene: Scene) -> TrueCondition:
    quality = await scene.api.client("Quan", Role.quality_manager)
    return TrueCondition(quality, await scene.judged(RESOLUTION, running=False, met=False))


async def target_out_of_reach(scene: Scene) -> TrueCondition:
    quality = await scene.api.client("Quan", Role.quality_manager)
    return TrueCondition(quality, await scene.judged(RESOLUTION, running=True, outlook="out_of_reach"))


async def agreement_missed(scene: Scene) -> TrueCondition:
    parties = await the_parties(scene.api)
    tool = await scene.api.client("Telephone", Role.agent, Role.integration, teams=("mail-team",))
    second = await scene.api.client("Second manager", Role.service_level_manager)
    desk = ReportDesk(scene.api, scene.follower, parties, tool, second)
    await desk.offer(await scene.api.client("Keeper of services", Role.admin))
    path = await desk.agreement()
    await desk.incident(at(1, 10), at(1, 12))
    await desk.incident(at(2, 10), at(2, 16))
    await desk.issued(path)
    condition = TrueCondition(parties.manager, _nothing)

    async def look_at_the_month_before() -> None:
        before = scene.month(running=False) - timedelta(days=15)
        condition.parameters["period"] = f"{before:%Y-%m}"

    condition.undo = look_at_the_month_before
    return condition


async def _nothing() -> None:
    pass


async def agreement_review_overdue(scene: Scene) -> TrueCondition:
    parties = await the_parties(scene.api)
    path = await parties.signed("SLA", "finance", valid_from="2198-01-01", valid_to="2199-12-31")
    worker = Worker(scene.ledger)
    await worker.work(datetime(2198, 12, 31, 16, tzinfo=UTC))
    await worker.work(datetime(2198, 12, 31, 16, 2, tzinfo=UTC))
    return TrueCondition(parties.manager, lambda: parties.review(path))


async def _signal(scene: Scene, tendency: str) -> TrueCondition:
    begin, rule = scene.month(running=False), rule_caller("note_signals")
    figures = {"value": "9000", "centre": "7200", "low": "6000", "high": "8000", "position": 1}
    times = {"since_at": begin, "begins_at": begin, "ends_at": scene.month(running=True)}
    payload: Json = {"kpi": RESOLUTION, "rule": "beyond_limits", "grain": "month", "zone": "UTC"} | figures
    payload |= {name: instant(time) for name, time in times.items()}
    payload |= {"tendency": tendency, "needs_attention": tendency == "worse"}
    done = await act(scene.ledger, rule, "kpi_signal", "note", body=NoteKpiSignal.model_validate(payload))
    withdrawal = WithdrawKpiSignal(position=2)
    quality = await scene.api.client("Quan", Role.quality_manager)
    return TrueCondition(
        quality, lambda: act(scene.ledger, rule, "kpi_signal", "withdraw", done.record.id, withdrawal)
    )


async def kpi_worse(scene: Scene) -> TrueCondition:
    return await _signal(scene, "worse")


async def kpi_better(scene: Scene) -> TrueCondition:
    return await _signal(scene, "better")


async def backlog_old(scene: Scene) -> TrueCondition:
    desk = await scene.desk()
    path = await desk.report(30)
    await desk.report(0.5)
    await scene.rows(USUAL)
    return TrueCondition(
        desk.agent, lambda: desk.agent.post_ok(f"{path}/cancel", {"reason": "It was a test."})
    )


async def source_silent(scene: Scene) -> TrueCondition:
    tool = await a_talkative_tool(scene.api)
    await scene.rows(BACKDATE, ("2 minutes",))
    await silence.note_silences(scene.ledger, datetime.now(UTC) + timedelta(minutes=10))

    async def speak() -> None:
        await tool.post(an_issue(), x_github_event="issues", x_github_delivery="d-again")
        await silence.note_silences(scene.ledger, datetime.now(UTC))

    return TrueCondition(tool.admin, speak)


async def deliveries_failed(scene: Scene) -> TrueCondition:
    tool = await a_talkative_tool(scene.api)
    await scene.rows(FAIL)
    return TrueCondition(tool.admin, lambda: scene.rows(MEND))


async def mails_unsent(scene: Scene) -> TrueCondition:
    """A notice to a requester, of which nobody takes the mail."""
    ledger, now = scene.ledger, datetime.now(UTC)
    usual = ledger.settings
    # Nothing listens there.
    server = {"smtp_host": "127.0.0.1", "smtp_port": 1, "smtp_tls": "none", "mail_from": "desk@example.com"}
    ledger.settings = usual.model_copy(update=server)
    await scene.api.team("mail")
    agent = await scene.api.client("Agent", Role.agent)
    requester = await scene.api.client("Rae")
    incident = await agent.post_ok("/v1/incidents", an_incident(requester=requester.id))
    await agent.post_ok(f"/v1/incidents/{incident['id']}/comment", {"text": "Soon.", "visibility": "public"})
    worker = Worker(ledger)
    await worker.work(now)
    await worker.work(now + timedelta(seconds=61))
    await catch_up(scene.follower, mail.consumer())
    later, failures = now + timedelta(seconds=70), list[Exception]()
    await mail.send_due(scene.follower, ledger, later, failed=lambda _, error: failures.append(error))
    assert failures
    ledger.settings = usual
    delete = "delete from deliveries.mail returning notice_id"
    return TrueCondition(await scene.api.client("Adam", Role.admin), lambda: scene.rows(delete))


async def change_unreviewed(scene: Scene) -> TrueCondition:
    board = await a_board(scene.api)
    await board.ci("srv-1")
    path = await board.scheduled(0, 2, cis=["srv-1"])
    await board.engineer.post_ok(f"{path}/start", {"out_of_window_reason": "The site is closed."})
    await board.engineer.post_ok(f"{path}/complete", DONE)
    await act(scene.ledger, rule_caller("tests"), "change", "flag_review", path.rpartition("/")[2])
    review = REVIEWED | {"first_pass": False}
    return TrueCondition(board.manager, lambda: board.manager.post_ok(f"{path}/review", review))


async def unknown_environment(scene: Scene) -> TrueCondition:
    """A pipeline deploys to an environment that is neither production nor listed."""
    ledger, usual = scene.ledger, scene.ledger.settings
    pipeline = await scene.api.client("Pipeline", Role.integration)
    await scene.live_service()
    for environment in ("blue", "prod-eu", "staging"):
        sent = {"service": "mail", "environment": environment, "outcome": "succeeded"}
        await pipeline.post_ok("/v1/deployments", sent)

    async def listed() -> None:
        ledger.settings = usual.model_copy(update={"environments": "green,Blue"})

    return TrueCondition(await scene.api.client("Olga", Role.change_manager), listed)


async def judgement_overdue(scene: Scene) -> TrueCondition:
    project = await project_of(scene.api)
    path, position = await project.reported()
    due = datetime.now(UTC) + timedelta(days=10)
    ask, question = f"{path}/ask_judgement", project.judgement(position, due_at=due.isoformat())
    await project.manager.post_ok(ask, question)
    worker = Worker(scene.ledger)
    for minutes in (-60, 1, 2, 5):
        await worker.work(due + timedelta(minutes=minutes))
    return TrueCondition(project.quality, lambda: project.quality.post_ok(ask, project.judgement(position)))


async def rollout_overdue(scene: Scene) -> TrueCondition:
    project = await project_of(scene.api)
    path = await project.planned_rollout(cutover_at=AHEAD, name_owner=ago(minutes=5))
    worker, now = Worker(scene.ledger), datetime.now(UTC)
    for minutes in (0, 2, 4):
        await worker.work(now + timedelta(minutes=minutes))
    return TrueCondition(project.quality, lambda: test_rollout.completed(project, path, "name_owner"))


async def sitting_overdue(scene: Scene) -> TrueCondition:
    project = await project_of(scene.api)
    path = await project.planned_rollout(cutover_at=AHEAD)
    other = (await scene.api.client("Other", Role.engineer, teams=("network",))).id
    await test_rollout.completed(project, path, "name_owner", "organise")
    training = await test_rollout.examined(project, {project.executor.id: 90, other: 30})
    now = datetime.now(UTC)
    absent = [{"person": other, "due_at": (now + timedelta(minutes=5)).isoformat()}]
    body = test_rollout.evidence(project, "inform_and_train", training=training, absent=absent)
    await project.executor.post_ok(f"{path}/complete_rollout_step", body)
    worker = Worker(scene.ledger)
    for minutes in (1, 6, 8):
        await worker.work(now + timedelta(minutes=minutes))
    return TrueCondition(project.quality, lambda: test_rollout.examined(project, {other: 90}))


async def report_overdue(scene: Scene) -> TrueCondition:
    improvers = await improvers_of(scene.api, scene.follower)
    path = await test_project.chartered(improvers)
    await improvers.manager.post_ok(f"{path}/plan", test_project.a_plan(report_every_days=7))
    record = UUID(path.rpartition("/")[2])
    await act(scene.ledger, rule_caller("tests"), "improvement", "flag_progress_report", record)
    report = {"milestones": [], "expected_at": AHEAD}
    return TrueCondition(
        improvers.quality, lambda: improvers.manager.post_ok(f"{path}/report_progress", report)
    )


async def _evaluated(scene: Scene) -> tuple[Improvers, str]:
    """An improvement that has reached what it promised, and those who have to do with it."""
    improvers = await improvers_of(scene.api, scene.follower)
    await improvers.restored(hours=480, days_ago=15)
    path = await improvers.evaluating()
    await improvers.restored(hours=1)
    measured = await improvers.measured(path)
    judged = a_judgement(measured["position"], comment="Good.", agreed_by=improvers.owner.id)
    await improvers.quality.post_ok(f"{path}/evaluate", judged)
    await improvers.owner.post_ok(f"{path}/agree_to_evaluation")
    return improvers, path


async def effect_confirmed(scene: Scene) -> TrueCondition:
    improvers, _ = await _evaluated(scene)
    condition = TrueCondition(improvers.quality, _nothing)

    async def let_a_month_pass() -> None:
        condition.now = datetime.now(UTC) + timedelta(days=32)

    condition.undo = let_a_month_pass
    return condition


async def benefit_faded(scene: Scene) -> TrueCondition:
    improvers, path = await _evaluated(scene)
    quality = improvers.quality
    good = (await read_attention(quality))["good"]
    assert "effect_confirmed" in {sentence["code"] for sentence in good}
    body = {"external_numbers": ["SOP-12"], "teams": ["network"]}
    improvement = await quality.post_ok(f"{path}/standardise", body)
    await act(scene.ledger, rule_caller("tests"), "improvement", "note_faded", improvement["id"])

    async def find_it_again() -> None:
        # As a later measurement does, which falls due in three months.
        async with await connect(scene.owner_url) as owner:
            await owner.execute(FOUND_AGAIN)

    return TrueCondition(quality, find_it_again)


async def evidence_withdrawn(scene: Scene) -> TrueCondition:
    improvers, path = await _evaluated(scene)
    await improvers.quality.post_ok(
        f"{path}/standardise", {"external_numbers": ["SOP-12"], "teams": ["network"]}
    )
    improvement = await improvers.quality.read(path)
    # As if a document of the register had been named, and archived since.
    async with await connect(scene.owner_url) as owner:
        await owner.execute(RESTS_ON, {"record": f"improvement/{improvement['id']}"})
        await owner.execute(ARCHIVED)

    async def publish_it_again() -> None:
        async with await connect(scene.owner_url) as owner:
            await owner.execute(PUBLISHED_AGAIN)

    return TrueCondition(improvers.quality, publish_it_again)


async def decisions_wait(scene: Scene) -> TrueCondition:
    board = await a_board(scene.api)
    path = await board.assessed()
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    voter, *_ = await board.voters(path)
    return TrueCondition(voter, lambda: board.vote(path, "approve"))


async def tasks_wait(scene: Scene) -> TrueCondition:
    desk = await scene.desk()
    path = await desk.report(0.1)
    await desk.agent.post_ok(f"{path}/add_task", {"title": "Call them", "assignee": "me"})
    (task,) = (await desk.agent.read("/v1/me/work"))["tasks"]
    done = {"task": task["id"], "outcome": "They know."}
    return TrueCondition(desk.agent, lambda: desk.agent.post_ok(f"{path}/complete_task", done))


async def complaints_wait(scene: Scene) -> TrueCondition:
    requester, agent = await scene.api.client("Rae"), await scene.api.client("Lin", Role.agent)
    manager = await scene.api.client("Wu", Role.service_level_manager)
    path = await resolved(requester, agent)
    complaint = await complained(requester, path)
    answer = {"complaint": complaint["id"], **ANSWER}
    return TrueCondition(manager, lambda: manager.post_ok(f"{path}/answer_complaint", answer))


async def actions_wait(scene: Scene) -> TrueCondition:
    parties = await the_parties(scene.api)
    path = await parties.submitted("SLA", "finance")
    now, worker = datetime.now(UTC), Worker(scene.ledger)
    await worker.work(now)
    await worker.work(now + timedelta(seconds=61))
    lead = parties.leads["finance"]
    return TrueCondition(lead, lambda: lead.post_ok(f"{path}/sign"))


MADE_TRUE: dict[str, Callable[[Scene], Awaitable[TrueCondition]]] = {
    make.__name__: make
    for make in (
        *(figures_differ, not_reconciled, major_incident, incident_unacknowledged, clocks_due),
        *(service_down, service_budget, service_budget_spent, target_missed, target_out_of_reach),
        *(agreement_missed, agreement_review_overdue, kpi_worse, kpi_better, backlog_old, source_silent),
        *(deliveries_failed, mails_unsent, change_unreviewed, judgement_overdue, rollout_overdue),
        unknown_environment,
        *(
            report_overdue,
            sitting_overdue,
            benefit_faded,
            evidence_withdrawn,
            effect_confirmed,
            decisions_wait,
            tasks_wait,
        ),
        *(complaints_wait, actions_wait),
    )
}
