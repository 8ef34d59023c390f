"""A change of a process over HTTP: applied for, reviewed, decided by heads of teams, published."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from app.api.authentication import auth
from app.common.people import Role, rule_caller
from app.common.times.working_days import days_late
from app.foundation.people.memberships import JoinPerson
from app.foundation.people.records import TeamKind
from app.foundation.people.teams import AddTeam
from app.governance.process_changes.checks import ORIGINS, origin_leads_nowhere
from app.kernel.actions.refusals import WrongValue
from app.registry import LIFECYCLES
from tests.automation.worker import Worker, by_rules
from tests.client import Client, Json, an_incident
from tests.extent import in_test_all
from tests.governance.process_definitions.conftest import NO_ORIGIN, PUBLISHED, Registry
from tests.people import act, ago

PATH = "/v1/process_changes"
SHANGHAI = ZoneInfo("Asia/Shanghai")
SATURDAY = 5
#: Another value of each kind of content that a definition has.
CHANGED: Json = {
    "title": "Paying",
    "purpose": "Everybody pays.",
    "activities": [{"title": "Skip it", "role": "agent"}],
    "raci": [{"role": "quality_manager", "part": "accountable"}],
    "control_points": [{"title": "Counted", "role": "agent", "risk": "It is forgotten."}],
    "customers": ["Everybody"],
    "cost_share": 7,
    "expected_path": [{"event": "bill.sent"}],
}


@pytest.fixture
def worker(registry: Registry) -> Worker:
    return Worker(registry.api.ledger)


async def team_of(registry: Registry, key: str, head: Client, *, concerned: bool = True) -> str:
    """A team with that head, to which the executor of the process belongs if it is concerned."""
    body = AddTeam(key=key, name=f"The {key} team", kind=TeamKind.internal, lead=head.id)
    await act(registry.api.ledger, rule_caller("tests"), "team", "add", body=body)
    if concerned:
        await registry.joins(key)
    return key


async def applied(registry: Registry, applicant: Client, *teams: str, **more: object) -> Json:
    """A change of a defined process that somebody applies for."""
    await registry.drafted()
    body = {
        "title": "One step less",
        "process": "billing",
        "description": "Count once.",
        "reason": "It is enough.",
        **NO_ORIGIN,
    }
    return await applicant.post_ok(PATH, {**body, "teams": list(teams), **more})


@pytest.mark.parametrize(
    ("kind", "process", "state", "code"),
    [
        ("improvement_suggestion", "Incidents", "offered", None),
        ("improvement_suggestion", "request", "offered", "origin_of_other_process"),
        ("improvement_suggestion", "incident", "merged", "origin_not_open"),
        ("finding", "incident", "raised", None),
        ("finding", "incident", "withdrawn", "origin_not_open"),
        ("finding", "incident", "verified", None),
        ("change", None, "implemented", None),
        ("change", None, "rejected", "origin_not_open"),
        ("risk", "request", "assessed", "origin_of_other_process"),
        ("incident", None, "closed", None),
        ("incident", None, "cancelled", "origin_not_open"),
        ("meeting", None, "called", "origin_not_open"),
        ("document", "incident", "drafted", "origin_not_open"),
        ("person", None, "active", "no_origin_of_changes"),
        ("text_block", "incident", "active", "no_origin_of_changes"),
    ],
)
async def test_the_record_behind_a_change_is_open_and_of_its_process(
    kind: str, process: str | None, state: str, code: str | None
) -> None:
    origin = SimpleNamespace(KIND=kind, display_name="SUG-2026-000001", process=process, state=state)
    body, ctx = SimpleNamespace(process="incident"), SimpleNamespace(ref=lambda *_: origin)
    nothing: Any = None
    with nullcontext() if code is None else pytest.raises(WrongValue) as refused:
        await origin_leads_nowhere(nothing, nothing, body, ctx)  # type: ignore[arg-type]  # read nothing
    assert code == getattr(getattr(refused, "value", None), "because", None)


def test_the_kinds_and_states_of_origins_exist() -> None:
    records = {lifecycle.kind: lifecycle.record for lifecycle in LIFECYCLES}
    for kind, states in ORIGINS.items():
        state_class = get_args(records[kind].model_fields["state"].annotation)[0]
        assert states <= set(state_class), kind


@pytest.mark.parametrize(
    ("origin", "code"),
    [
        (SimpleNamespace(KIND="kpi_signal", kpi="incident_resolution_seconds", state="noted"), None),
        (
            SimpleNamespace(KIND="kpi_signal", kpi="change_lead_seconds", state="noted"),
            "origin_of_other_process",
        ),
    ],
)
async def test_a_signal_is_about_the_processes_of_its_kpi(origin: SimpleNamespace, code: str | None) -> None:
    origin.display_name = "SIG-2026-000001"
    body, ctx = SimpleNamespace(process="Incidents"), SimpleNamespace(ref=lambda *_: origin)
    nothing: Any = None
    with nullcontext() if code is None else pytest.raises(WrongValue) as refused:
        await origin_leads_nowhere(nothing, nothing, body, ctx)  # type: ignore[arg-type]  # read nothing
    assert code == getattr(getattr(refused, "value", None), "because", None)


async def test_a_person_names_what_a_change_follows_from_or_says_why_it_follows_from_nothing(
    registry: Registry,
) -> None:
    applicant = await registry.api.client("Applicant", Role.agent)
    head = await registry.api.client("Head")
    await team_of(registry, "bills", head)
    change = await applied(registry, applicant, "bills")
    incident = await applicant.post_ok("/v1/incidents", an_incident())
    body = {"title": "Less", "process": "billing", "description": "Count once.", "reason": "It is enough."}
    for more, code in (
        ({}, "origin_or_reason"),
        ({"origin": incident["number"], **NO_ORIGIN}, "origin_or_reason"),
        ({"no_origin_reason": "-"}, "says_nothing"),
        ({"origin": "FND-2026-999999"}, "unknown_reference"),
        ({"origin": f"person/{head.id}"}, "no_origin_of_changes"),
        ({"origin": change["number"]}, "origin_not_open"),
    ):
        refused = await applicant.post(PATH, json={**body, "teams": ["bills"], **more})
        assert [error["code"] for error in refused.json()["errors"]] == [code], more
    named = await applicant.post_ok(PATH, {**body, "teams": ["bills"], "origin": incident["number"]})
    page = f"{PATH}/{named['number']}/application?lang=en"
    assert incident["number"] in (await applicant.get(page)).text
    assert incident["number"] not in (await registry.designer.get(page)).text
    page = f"{PATH}/{change['number']}/application?lang=en"
    assert NO_ORIGIN["no_origin_reason"] in (await applicant.get(page)).text


async def it_waits_for_its_publication(registry: Registry, change: Json) -> None:
    """The reviewer has it in their work; applicant, owner and reviewer are told until when."""
    (duty,) = (await registry.quality.read("/v1/me/work"))["duties"]
    assert (duty["number"], duty["action"]) == (change["number"], "publish")
    assert duty["due_at"] == change["due_at"]
    worker, now = Worker(registry.api.ledger), datetime.now(UTC)
    for minutes in (0, 2):
        await worker.work(now + timedelta(minutes=minutes))
    notices = (await registry.quality.read("/v1/notices"))["items"]
    due_notices = [
        each for each in notices if f"{change['number']} was approved, and its publ" in each["text"]
    ]
    assert {each["person"]["name"] for each in due_notices} == {"Applicant", "Senior", "Quality"}
    assert all("\nIn favour: 1\nDue: " in each["text"] for each in due_notices), "until when"


async def test_a_change_within_a_team_is_decided_by_its_head_and_published_with_the_definition(
    registry: Registry,
) -> None:
    head, applicant = await registry.api.client("Head"), await registry.api.client("Applicant")
    await team_of(registry, "bills", head)
    change = await applied(registry, applicant, "bills")
    path = f"{PATH}/{change['number']}"
    applied_at, due_at = (datetime.fromisoformat(change[name]) for name in ("applied_at", "due_at"))
    between = [(applied_at + timedelta(days=n)).date() for n in range(1, (due_at - applied_at).days + 1)]
    assert sum(day.weekday() < SATURDAY for day in between) == 2
    assert (change["state"], change["proposal_late_days"]) == ("applied", 0)
    unreviewed = (await applicant.get(f"{path}/application?lang=en")).text
    assert [unreviewed.count(f"<td>{role}<td><td><td>") for role in ("Reviewer", "Head of the team")] == [
        1,
        1,
    ]
    early = await registry.quality.post(f"{path}/publish", json={"definition": change["id"]})
    assert early.status_code == 409, early.text

    question = {"question": "Shall we count once?", "opinion": "It saves a day."}
    reviewed = await registry.quality.post_ok(f"{path}/review", question)
    assert (reviewed["state"], reviewed["opinion"]) == ("under_review", "It saves a day.")
    [ballot] = (await registry.quality.read(f"{path}/votes"))["items"]
    assert (ballot["person"]["id"], ballot["due_at"]) == (head.id, change["due_at"])
    note = (await registry.quality.get(f"/desk/process_change/{change['number']}?lang=en")).text
    assert "Next step: the votes of Head, until " in note, "the step that put the question is taken"
    assert "Next step: Review" not in note
    own = f"{PATH}/{(await applied(registry, registry.quality, 'bills'))['number']}"
    refused = await registry.quality.post(f"{own}/review", json=question)
    assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")
    waiting = await registry.quality.post(f"{path}/review", json=question)
    assert (waiting.status_code, waiting.json()["code"]) == (409, "process_change_asked")
    vote = {"decision": reviewed["decision_id"], "verdict": "approve"}
    approved = await head.post_ok(f"{path}/vote", vote)
    assert approved["approved_at"] is not None
    assert approved["decision_late_days"] == 0
    await it_waits_for_its_publication(registry, change)
    lines = [
        f"<td>{role}<td>{name}<td>2" for role, name in (("Reviewer", "Quality"), ("Head of the team", "Head"))
    ]
    paper = (await applicant.get(f"{path}/application?lang=en")).text
    assert [part for part in ("Count once.", "It saves a day.", *lines) if part not in paper] == []
    assert "涉及团队" in (await applicant.get(f"{path}/application?lang=zh")).text

    another = await registry.published(process="paying")
    wrong = await registry.quality.post(f"{path}/publish", json={"definition": another["number"]})
    assert wrong.json()["errors"][0]["code"] == "defines_another"
    unnamed = await registry.published()
    refused = await registry.quality.post(f"{path}/publish", json={"definition": unnamed["number"]})
    assert refused.json()["errors"][0]["code"] == "names_no_application"
    definition = await registry.published(process_changes=[change["number"]])
    published = await registry.quality.post_ok(f"{path}/publish", {"definition": definition["number"]})
    assert (published["state"], published["definition_id"]) == ("published", definition["id"])
    assert published["publication_late_days"] == 0
    assert (await applicant.read(path))["state"] == "published"


async def test_the_owner_of_the_process_reviews_its_change_by_the_post_alone(registry: Registry) -> None:
    head, applicant = await registry.api.client("Head"), await registry.api.client("Applicant")
    await team_of(registry, "bills", head)
    change = await applied(registry, applicant, "bills")
    assert change["process_owner"]["id"] == registry.senior.id
    question = {"question": "Shall we count once?", "opinion": "It saves a day."}
    reviewed = await registry.senior.post_ok(f"{PATH}/{change['number']}/review", question)
    assert reviewed["state"] == "under_review"


async def test_across_teams_the_heads_decide_together_and_none_on_their_own_application(
    registry: Registry,
) -> None:
    heads = [await registry.api.client(name) for name in ("First", "Second", "Third")]
    keys = [await team_of(registry, f"team-{n}", head) for n, head in enumerate(heads)]
    change = await applied(registry, heads[0], *keys)
    assert datetime.fromisoformat(change["due_at"]) - datetime.fromisoformat(
        change["applied_at"]
    ) == timedelta(days=7)
    path = f"{PATH}/{change['id']}"
    reviewed = await registry.quality.post_ok(
        f"{path}/review", {"question": "Shall we?", "opinion": "I agree."}
    )
    ballots = (await registry.quality.read(f"{path}/votes"))["items"]
    assert {ballot["person"]["id"] for ballot in ballots} == {head.id for head in heads[1:]}
    vote = {"decision": reviewed["decision_id"], "verdict": "approve"}
    first = await heads[1].post_ok(f"{path}/vote", vote)
    assert first["approved_at"] is None
    no = {"decision": reviewed["decision_id"], "verdict": "reject", "comment": "It costs too much."}
    refused = await heads[2].post_ok(f"{path}/vote", no)
    assert (refused["state"], refused["approved_at"]) == ("refused", None)
    events = [event["type"] for page in await registry.quality.pages(f"{path}/events") for event in page]
    assert events[:2] == ["process_change.applied", "process_change.reviewed"]
    assert events[-1] == "process_change.refused"


async def test_what_is_not_published_in_time_is_flagged_once_and_the_days_are_counted(
    registry: Registry, worker: Worker
) -> None:
    head, applicant = await registry.api.client("Head"), await registry.api.client("Applicant")
    await team_of(registry, "bills", head)
    change = await applied(registry, applicant, "bills")
    path, due = f"{PATH}/{change['id']}", datetime.fromisoformat(change["due_at"])
    await worker.work(due - timedelta(minutes=1))
    assert (await applicant.read(path))["overdue_at"] is None
    await worker.work(due + timedelta(minutes=1))
    await worker.work(due + timedelta(days=3))
    assert worker.failures == []
    [flagged] = await by_rules(registry.api.ledger, f"process_change/{change['id']}")
    assert (flagged.type, flagged.actor) == ("process_change.overdue", "rule:flag_process_changes")
    assert datetime.fromisoformat((await applicant.read(path))["overdue_at"]) == due


async def test_a_team_without_a_head_cannot_decide(registry: Registry) -> None:
    await registry.api.team("headless")
    await registry.drafted()
    body = {
        "title": "Title",
        "process": "billing",
        "description": "What",
        "reason": "Why",
        "teams": ["headless"],
    }
    refused = await registry.quality.post(PATH, json=body)
    assert refused.json()["errors"][0]["code"] == "team_without_lead"


async def test_the_teams_follow_from_the_definition_and_the_cases_and_the_applicant_adds_internal_ones(
    registry: Registry,
) -> None:
    api, worker = registry.api, await registry.api.client("Applicant")
    executing = await registry.api.client("Executor of bills", Role.engineer)
    for key in ("bills", "desk", "added"):
        await team_of(registry, key, await api.client(f"Head of {key}"), concerned=False)
    await api.team("asia", TeamKind.customer)
    await registry.drafted(process="incident", executor=executing.id)
    await act(api.ledger, rule_caller("tests"), "person", "join", executing.id, JoinPerson(team="bills"))
    agent = await api.client("Agent", Role.agent, teams=("desk",))
    incident = await agent.post_ok("/v1/incidents", an_incident())
    await agent.post_ok(f"/v1/incidents/{incident['id']}/assign", {"team": "desk"})
    body = {"title": "One step less", "description": "Count once.", "reason": "It is enough.", **NO_ORIGIN}
    change = await worker.post_ok(PATH, {**body, "process": "incident", "teams": ["added"]})
    keys = {
        team["key"]
        for team in (await registry.quality.read("/v1/teams"))["items"]
        if team["id"] in change["team_ids"]
    }
    assert keys == {"bills", "desk", "added"}
    for process, teams, error in (
        ("incident", ["asia"], ("/teams/0", "team_not_internal")),
        ("no-such-process", ["added"], ("/process", "no_such_process")),
    ):
        refused = await worker.post(PATH, json={**body, "process": process, "teams": teams})
        [wrong] = refused.json()["errors"]
        assert (wrong["pointer"], wrong["code"]) == error


@in_test_all
async def test_working_days_are_those_of_the_calendar_of_the_approval_rule(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = await registry.api.client("Head")
    await team_of(registry, "bills", head)
    keeper = await registry.api.client("Keeper", Role.service_level_manager)
    hours = [{"weekdays": ["mon", "tue", "wed", "thu", "fri"], "starts": "09:00", "ends": "18:00"}]
    calendar = {"key": "shanghai", "name": "Shanghai", "time_zone": "Asia/Shanghai", "weekly": hours}
    # National day, and the Saturday on which people work for it.
    days = {"holidays": [{"date": "2027-10-01", "name_en": "National day", "name_zh": "国庆节"}]}
    worked = [{"date": "2027-10-02", "hours": [{"starts": "09:00", "ends": "18:00"}]}]
    await keeper.post_ok("/v1/calendars", {**calendar, **days, "working_days": worked})
    monkeypatch.setattr(auth, "utc_now", lambda: datetime(2027, 9, 29, 20, tzinfo=UTC))
    assert due_of(await applied(registry, head, "bills")) == datetime(2027, 10, 2, tzinfo=UTC)
    rule = {"voters": [{"relation": "team_heads"}], "rule": "unanimous", "calendar": "shanghai"}
    body = {"key": "by_calendar", "decision": "process_change", "name": "By the calendar"}
    condition = {"conditions": [{"field": "process", "any_of": ["billing"]}]}
    await registry.quality.post_ok("/v1/approval_rules", {**body, "definition": {**rule, **condition}})
    await registry.owner.post_ok("/v1/approval_rules/by_calendar/agree")
    # It is the 30th already in Shanghai, Thursday: Saturday is the first working day, Monday the second.
    assert due_of(await applied(registry, head, "bills")) == datetime(2027, 10, 5, tzinfo=SHANGHAI)


async def test_what_is_decided_and_published_late_counts_the_days_begun(
    registry: Registry, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = await registry.api.client("Head")
    await team_of(registry, "bills", head)
    change = await applied(registry, registry.executor, "bills")
    path, due = f"{PATH}/{change['number']}", due_of(change)
    asked_for = {"question": "Shall we?", "opinion": "I agree."}
    await registry.quality.post_ok(f"{path}/review", asked_for)
    await worker.work(due + timedelta(minutes=1))
    monkeypatch.setattr(auth, "utc_now", lambda: due + timedelta(hours=25))
    reviewed = await registry.quality.post_ok(f"{path}/review", asked_for)
    vote = {"decision": reviewed["decision_id"], "verdict": "approve"}
    assert (await head.post_ok(f"{path}/vote", vote))["decision_late_days"] == 2
    monkeypatch.setattr(auth, "utc_now", lambda: due + timedelta(hours=49))
    definition = await registry.published(process_changes=[change["number"]])
    early = {"occurred_at": (due + timedelta(hours=26)).isoformat(), "definition": definition["number"]}
    published = await registry.quality.post_ok(f"{path}/publish", early)
    assert (published["publication_late_days"], published["proposal_late_days"]) == (3, 0)


async def test_no_time_counts_from_before_an_application_is_recorded_or_before_the_heads_are_asked(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = await registry.api.client("Head")
    await team_of(registry, "bills", head)
    change = await applied(registry, registry.quality, "bills", occurred_at=f"{ago(days=60):%FT%TZ}")
    due = due_of(change)
    assert due > datetime.now(UTC)
    monkeypatch.setattr(auth, "utc_now", lambda: due + timedelta(days=5))
    path, asked_for = f"{PATH}/{change['number']}", {"question": "Shall we?", "opinion": "I agree."}
    reviewed = await registry.owner.post_ok(f"{path}/review", asked_for)
    vote = {"decision": reviewed["decision_id"], "verdict": "approve"}
    assert (await head.post_ok(f"{path}/vote", vote))["decision_late_days"] == 0


@pytest.mark.parametrize("process", ["billing", "improvement"])
async def test_heads_of_departments_decide_what_concerns_no_team_whomever_the_applicant_adds(
    registry: Registry, process: str
) -> None:
    mate = await registry.api.client("Mate")
    await team_of(registry, "mates", mate, concerned=False)
    change = await applied(registry, registry.executor, "mates", process=process)
    path, asked_for = f"{PATH}/{change['number']}", {"question": "Shall we?", "opinion": "I agree."}
    refused = await registry.quality.post(f"{path}/review", json=asked_for)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_few_may_decide")
    head = await registry.api.client("Head of IT", Role.department_head)
    reviewed = await registry.quality.post_ok(f"{path}/review", asked_for)
    ballots = (await registry.quality.read(f"{path}/votes"))["items"]
    assert {ballot["person"]["id"] for ballot in ballots} == {mate.id, head.id}
    vote = {"decision": reviewed["decision_id"], "verdict": "approve"}
    assert (await mate.post_ok(f"{path}/vote", vote))["approved_at"] is None


async def test_management_decides_what_concerns_no_team_if_no_department_has_a_head(
    registry: Registry,
) -> None:
    mate = await registry.api.client("Mate")
    manager = await registry.api.client("Manager", Role.management)
    await team_of(registry, "mates", mate, concerned=False)
    change = await applied(registry, registry.executor, "mates")
    assert await asked(registry, change) == {mate.id, manager.id}


@pytest.mark.parametrize("process", ["incident", "billing"])
async def test_a_team_that_follows_from_an_act_of_the_applicant_does_not_decide_alone(
    registry: Registry, process: str
) -> None:
    api = registry.api
    mate, head = await api.client("Mate"), await api.client("Head of IT", Role.department_head)
    await team_of(registry, "mates", mate, concerned=process == "billing")
    applicant = await api.client("Applicant", Role.agent, Role.process_designer, teams=("mates",))
    body = {"title": "One step less", "description": "Count once.", "reason": "It is enough.", **NO_ORIGIN}
    if process == "billing":
        await applicant.post_ok("/v1/process_definitions", registry.contents())
    else:
        incident = await applicant.post_ok("/v1/incidents", an_incident())
        await applicant.post_ok(f"/v1/incidents/{incident['id']}/assign", {"team": "mates"})
    change = await applicant.post_ok(PATH, {**body, "process": process})
    assert len(change["team_ids"]) == 1
    assert await asked(registry, change) == {mate.id, head.id}


async def asked(registry: Registry, change: Json) -> set[str]:
    """Who votes on the change, once it is reviewed."""
    path = f"{PATH}/{change['number']}"
    await registry.quality.post_ok(f"{path}/review", {"question": "Shall we?", "opinion": "I agree."})
    return {ballot["person"]["id"] for ballot in (await registry.quality.read(f"{path}/votes"))["items"]}


async def test_an_approval_leads_to_one_edition(registry: Registry) -> None:
    await registry.published()
    approved = await registry.approved_change()
    await registry.published(process_changes=[approved])
    again = await registry.submitted(process_changes=[approved])
    refused = await registry.quality.post(f"{again}/publish", json=PUBLISHED)
    assert (refused.status_code, refused.json()["code"]) == (409, "edition_without_approval")


def due_of(change: Json) -> datetime:
    """Until when the change is to be published."""
    return datetime.fromisoformat(change["due_at"])


def test_days_late_are_those_begun() -> None:
    due = datetime(2026, 12, 1, tzinfo=UTC)
    assert [days_late(due, due + timedelta(hours=hours)) for hours in (-1, 0, 1, 24, 25)] == [0, 0, 1, 1, 2]
    assert days_late(None, due) == 0


async def test_a_publisher_who_did_not_apply_confirms_each_difference_from_the_edition_before(
    registry: Registry,
) -> None:
    first = await registry.published()
    applicant = await registry.api.client("Applicant", Role.quality_manager)
    approved = await registry.approved_change(applicant=applicant)
    for field, value in CHANGED.items():
        path = await registry.submitted(**{field: value, "process_changes": [approved]})
        bare = await registry.quality.post(f"{path}/publish", json=PUBLISHED)
        [error] = bare.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/differs_in", "edition_differs"), field
        assert f"{first['number']}: {field}. " in error["message"], "the publisher sees what differs"
        other = {**PUBLISHED, "differs_in": [*CHANGED.keys() - {field}]}
        assert (await registry.quality.post(f"{path}/publish", json=other)).status_code == 422
    body = await registry.publication(path)
    refused = await applicant.post(f"{path}/publish", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")
    assert (await registry.quality.post_ok(f"{path}/publish", body))["edition"] == 2
