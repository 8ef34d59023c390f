"""What becomes a suggestion by itself: with its evidence, once, and joined by what comes after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import Role, rule_caller
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import Payload
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kpis.signals.lifecycle import NoteKpiSignal, WithdrawKpiSignal
from app.log.follow import FOLLOW_LIMITS, catch_up, reset
from app.platform.db import connect
from app.service_levels.agreements.lifecycle import LIFECYCLE as AGREEMENTS
from app.service_levels.reports.actions import ComputedReport, CorrectReportSla, IssueReportSla
from app.worker import RULES
from tests.automation.worker import Worker
from tests.client import Api, Client, Json
from tests.conftest import DatabaseUrls
from tests.extent import WHOLE, in_test_all
from tests.people import act, add_caller
from tests.processes.improvement_suggestions.samples import AT, at, offered
from tests.processes.improvements.samples import improvers_of
from tests.processes.problems.samples import incidents
from tests.service_levels.agreements.samples import the_parties
from tests.ticketing.long_ago import complained_long_ago, resolved_long_ago
from tests.ticketing.test_complaints import complained, resolved

FIGURES: Json = {
    "tendency": "worse",
    "needs_attention": True,
    "value": "22380",
    "centre": "8160.25",
    "low": "0",
    "high": "17580",
    "position": 4711,
    "kpi": "incident_resolution_seconds",
    "rule": "beyond_limits",
    "grain": "month",
    "zone": "Asia/Shanghai",
}


@dataclass
class Programme:
    """A quality manager, and the rules of this installation."""

    api: Api
    manager: Client
    worker: Worker

    async def suggestions(self, **query: str) -> list[Json]:
        """The suggestions that there are when the rules have done what follows, the newest first."""
        await self.worker.work(datetime.now(UTC))
        assert self.worker.failures == []
        assert await self.api.ledger.db.rows("select * from plumbing.refused_consequence") == []
        items: list[Json] = (await self.manager.read(AT, **query))["items"]
        return items

    async def one(self, **query: str) -> Json:
        """The only one of them."""
        [suggestion] = await self.suggestions(**query)
        return suggestion

    async def evidence(self, suggestion: Json) -> list[Json]:
        """What shows it."""
        items: list[Json] = (await self.manager.read(f"{at(suggestion)}/evidence"))["items"]
        return items

    async def abouts(self, suggestion: Json) -> list[str]:
        """The records that show it."""
        return [evidence["about"] for evidence in await self.evidence(suggestion)]

    async def settled(self, suggestion: Json) -> None:
        """Nothing comes of it."""
        await self.manager.post_ok(f"{at(suggestion)}/decline", {"reason": "Not now."})

    async def signal(self, month: int = 10, **changed: Any) -> str:
        """The stream of a signal of that month of 2026."""
        begins = datetime(2026, month, 1, tzinfo=UTC) - timedelta(hours=8)
        when = {"since_at": begins, "begins_at": begins, "ends_at": begins + timedelta(days=30)}
        fields = FIGURES | {name: moment.isoformat() for name, moment in when.items()} | changed
        body = NoteKpiSignal.model_validate(fields)
        done = await act(self.api.ledger, rule_caller("tests"), "kpi_signal", "note", body=body)
        return done.event.stream

    async def begins_anew(self) -> None:
        """The rules read the whole log once more, as after a checkpoint was lost."""
        connection = await connect(self.api.ledger.db.url, FOLLOW_LIMITS)
        for rule in RULES:
            if rule.name.startswith("suggest_"):
                consumer = rule.consumer(self.api.ledger, lambda: datetime.now(UTC))
                await reset(connection, consumer)
                await catch_up(connection, consumer)
        await connection.close()


@pytest.fixture
async def programme(api: Api) -> Programme:
    return Programme(api, await api.client("Manager", Role.quality_manager), Worker(api.ledger))


async def test_a_missed_target_of_an_agreement_is_suggested_and_the_next_report_joins_it(
    api: Api, programme: Programme
) -> None:
    parties = await the_parties(api)
    manager = await add_caller(api.ledger, "Manager", Role.service_level_manager)
    agreement = (await parties.signed("SLA", "finance")).rpartition("/")[2]
    number = (await parties.manager.read(f"/v1/slas/{agreement}"))["number"]

    async def report(month: int, *missed: str) -> None:
        await told("issue_report", IssueReportSla(period=f"2026-{month:02}"), month, missed)

    async def correct(month: int, *missed: str) -> None:
        query = "select number from fold.sla_report where period = %s"
        number = await api.ledger.db.value(query, (f"2026-{month:02}",))
        body = CorrectReportSla(number=number, remarks="A call was recorded late.")
        await told("correct_report", body, month, missed)

    async def told(action: str, body: Payload, month: int, missed: tuple[str, ...]) -> None:
        begins = datetime(2026, month, 1, tzinfo=UTC)
        computed = ComputedReport(
            begins_at=begins,
            ends_at=begins + timedelta(days=30),
            position=1,
            computed_at=datetime.now(UTC),
            missed=missed,
            content={},
            staff_content={},
            changes=[{"path": "targets", "before": None, "after": None}],
        )
        metadata = CommandMetadata(manager, datetime.now(UTC), "tests", "api")
        row = AGREEMENTS[action]
        await perform(api.ledger, Command(AGREEMENTS, row, agreement, body, metadata, prepared=(computed,)))

    await report(1)
    assert await programme.suggestions() == [], "it has kept what it promised"
    await report(2, "t1")
    suggestion = await programme.one(cause="missed_target")
    assert (suggestion["cause_scope"], suggestion["state"], suggestion["author"]) == (number, "offered", None)
    assert number in suggestion["title"]
    assert (suggestion["scope"], suggestion["source"]) == ("department", "business_need")
    await report(3, "t1", "t2")
    assert (await programme.one())["id"] == suggestion["id"]
    listed = [(evidence["about"], evidence["period"]) for evidence in await programme.evidence(suggestion)]
    assert listed == [(f"sla/{agreement}", "2026-02"), (f"sla/{agreement}", "2026-03")]
    types = [event["type"] for event in (await programme.manager.read(f"{at(suggestion)}/events"))["items"]]
    assert sorted(types) == ["improvement_suggestion.evidence_added", "improvement_suggestion.offered"]
    await programme.settled(suggestion)
    await report(4, "t2")
    newest, _ = await programme.suggestions()
    assert newest["id"] != suggestion["id"], "what was settled stays settled"
    assert [evidence["period"] for evidence in await programme.evidence(newest)] == ["2026-04"]
    await correct(4, "t2", "t3")
    await programme.suggestions()
    _, corrected = await programme.evidence(newest)
    assert "t3" in corrected["text"]
    assert "t2" not in corrected["text"], "what a correction only repeats was suggested before"
    await correct(4, "t3")
    await programme.suggestions()
    assert len(await programme.evidence(newest)) == 2


async def test_a_signal_of_a_kpi_that_needs_attention_is_suggested(programme: Programme) -> None:
    await programme.signal(needs_attention=False)
    team = await programme.api.team("network")
    await programme.signal(team=team)
    withdrawn = await programme.signal(9)
    body = WithdrawKpiSignal(position=4712)
    name = withdrawn.rpartition("/")[2]
    await act(programme.api.ledger, rule_caller("tests"), "kpi_signal", "withdraw", name, body)
    assert await programme.suggestions() == []
    stream = await programme.signal(8)
    suggestion = await programme.one()
    assert (suggestion["cause"], suggestion["cause_scope"]) == (
        "kpi_signal",
        "kpi:incident_resolution_seconds:organisation",
    )
    assert (suggestion["scope"], suggestion["process"], suggestion["source"]) == (
        "process",
        "incident",
        "kpi_trend",
    )
    [evidence] = await programme.evidence(suggestion)
    assert (evidence["about"], evidence["kpi"], evidence["period"]) == (
        stream,
        "incident_resolution_seconds",
        "2026-08-01 (month)",
    )
    await programme.signal(7, service="mail")
    assert len(await programme.suggestions()) == 2, "what is about a service is another suggestion"
    await programme.signal(6, service="mail")
    assert len(await programme.suggestions()) == 2


async def test_a_signal_joins_the_suggestion_that_an_earlier_one_was_merged_into(
    programme: Programme,
) -> None:
    first = await programme.signal(8, service="mail")
    of_rule = await programme.one()
    goes_on_in_another = await offered(await programme.api.client("Author"))
    await programme.manager.post_ok(f"{at(of_rule)}/merge", {"into": goes_on_in_another["id"]})
    second = await programme.signal(9, service="mail")
    suggestion = await programme.one(state="offered")
    assert (suggestion["id"], suggestion["cause"]) == (goes_on_in_another["id"], "kpi_signal")
    assert await programme.abouts(of_rule) == [first]
    assert await programme.abouts(suggestion) == [f"improvement_suggestion/{of_rule['id']}", second]


async def declined_candidate(programme: Programme, **more: Any) -> str:
    """The stream of a candidate of the service mail that a problem manager has declined."""
    agent = await programme.api.client("Agent", Role.agent)
    decider = await programme.api.client("Decider", Role.problem_manager)
    await incidents(agent, 3, service="mail")
    await programme.suggestions()
    [candidate] = (await decider.read("/v1/problem_candidates", state="offered"))["items"]
    body = {"reason": "The desk asks too late.", **more}
    await decider.post_ok(f"/v1/problem_candidates/{candidate['id']}/decline", body)
    return f"problem_candidate/{candidate['id']}"


async def test_a_candidate_that_is_declined_as_no_fault_but_the_process_is_suggested(
    programme: Programme,
) -> None:
    candidate = await declined_candidate(programme, process_fault=True)
    suggestion = await programme.one()
    assert (suggestion["cause"], suggestion["cause_scope"]) == ("recurring_incidents", "service/mail")
    assert (suggestion["process"], suggestion["source"]) == ("incident", "internal_review")
    assert await programme.abouts(suggestion) == [candidate]


@in_test_all
async def test_a_candidate_that_is_declined_otherwise_is_not(programme: Programme) -> None:
    await declined_candidate(programme)
    assert await programme.suggestions() == []


async def test_a_candidate_and_a_signal_of_its_service_name_each_other(programme: Programme) -> None:
    signal = await programme.signal(service="mail")
    candidate = await declined_candidate(programme)
    recurring = await programme.one(cause="recurring_incidents")
    of_signal = await programme.one(cause="kpi_signal")
    assert await programme.abouts(recurring) == [candidate, signal]
    assert await programme.abouts(of_signal) == [signal, candidate]


@in_test_all
async def test_a_signal_after_its_candidate_was_declined_names_it(programme: Programme) -> None:
    candidate = await declined_candidate(programme)
    assert await programme.suggestions() == []
    signal = await programme.signal(service="mail")
    assert await programme.abouts(await programme.one()) == [signal, candidate]


async def test_three_complaints_about_a_service_within_thirty_days_are_suggested(
    api: Api, programme: Programme
) -> None:
    zhao, lin = await api.client("Zhao Min"), await api.client("Lin", Role.agent)

    async def complain(service: str = "mail") -> str:
        path = await resolved(zhao, lin, service=service)
        await complained(zhao, path)
        return f"incident/{path.rpartition('/')[2]}"

    about = [await complain(), await complain()]
    await complain("web")
    assert await programme.suggestions() == []
    about.append(await complain())
    suggestion = await programme.one()
    assert (suggestion["cause"], suggestion["cause_scope"], suggestion["process"]) == (
        "complaints",
        "service/mail",
        "incident",
    )
    assert await programme.abouts(suggestion) == about
    about.append(await complain())
    assert await programme.abouts(await programme.one()) == about
    if not WHOLE:
        return
    await programme.settled(suggestion)
    await complain()
    await complain()
    assert len(await programme.suggestions()) == 1, (
        "two are not three: those before have had their suggestion"
    )
    await complain()
    assert len(await programme.suggestions()) == 2


@in_test_all
async def test_complaints_of_long_ago_do_not_count(api: Api, programme: Programme) -> None:
    zhao, lin = await api.client("Zhao Min"), await api.client("Lin", Role.agent)
    for days in (31, 1, 1):
        incident = await resolved_long_ago(api, zhao, lin, days, service="mail")
        await complained_long_ago(api, zhao, incident, days)
    assert await programme.suggestions() == []
    await complained(zhao, await resolved(zhao, lin, service="mail"))
    assert len(await programme.abouts(await programme.one())) == 3


async def test_an_improvement_whose_benefit_has_faded_is_suggested_once_more(
    api: Api, programme: Programme, place: DatabaseUrls
) -> None:
    async with await connect(place.owner_url) as owner:
        improvers = await improvers_of(api, owner)
        path = await improvers.selected()
        # As if it had come so far.
        await owner.execute(b"update fold.improvement set state = 'standardised'")
    improvement = await improvers.quality.read(path)
    assert await programme.suggestions(cause="faded_benefit") == []
    await act(api.ledger, rule_caller("tests"), "improvement", "note_faded", improvement["id"])
    suggestion = await programme.one(cause="faded_benefit")
    assert (suggestion["cause_scope"], suggestion["source"]) == (
        f"improvement/{improvement['number']}",
        "improvement_feedback",
    )
    assert [suggestion[name] for name in ("scope", "process", "aspect")] == [
        improvement[name] for name in ("scope", "process", "aspect")
    ]
    assert await programme.abouts(suggestion) == [f"improvement/{improvement['id']}"]


async def test_what_the_rules_read_once_more_is_suggested_once(programme: Programme) -> None:
    await programme.signal(service="mail")
    await declined_candidate(programme, process_fault=True)
    before = await programme.suggestions()
    abouts = [await programme.abouts(suggestion) for suggestion in before]
    await programme.begins_anew()
    assert await programme.suggestions() == before
    await programme.settled(before[0])
    await programme.begins_anew()
    after = await programme.suggestions()
    assert [suggestion["id"] for suggestion in after] == [suggestion["id"] for suggestion in before]
    assert [await programme.abouts(suggestion) for suggestion in after] == abouts
