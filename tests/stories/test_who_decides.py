"""Days of people who hold one role each, over HTTP with a key of that role alone: who decides, who is asked,
and who is kept from it. Nobody needs an administrator once the organisation is there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from app.common.people import Grade, Role, rule_caller
from app.foundation.people import persons
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import Connection, connect
from tests.client import Api, Client, Json
from tests.conftest import DatabaseUrls
from tests.people import act
from tests.processes.changes.samples import ASSESSMENT, DONE, REVIEWED, a_change, put_into_use
from tests.processes.improvement_plans.samples import YEAR, contents, direction, the_programme
from tests.processes.improvement_suggestions.samples import a_suggestion
from tests.processes.improvements.samples import a_proposal, weighed
from tests.processes.problems.samples import CAUSE, a_problem
from tests.service_levels.agreements.samples import a_target as an_agreed_target
from tests.service_levels.agreements.samples import the_parties

QUESTION = {"question": "Shall it be made?"}


def in_days(days: float) -> str:
    """The instant in so many days."""
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


async def of_grade(api: Api, name: str, role: Role, grade: Grade) -> Client:
    """A person of that grade with a key of that role."""
    body = persons.AddPerson(name=name, grade=grade, roles=(role.value,))
    person = (await act(api.ledger, rule_caller("tests"), "person", "add", body=body)).record
    return await api.client_of(person, role)


async def asked(client: Client, path: str) -> str:
    """The newest question on the record."""
    return str((await client.read(f"{path}/decisions"))["items"][-1]["id"])


async def waits(client: Client, section: str = "votes") -> list[str]:
    """The numbers of what waits for their vote."""
    return [entry["number"] for entry in (await client.read("/v1/me/work"))[section]]


async def refused(client: Client, path: str, body: Json | None = None) -> tuple[int, str]:
    """The status and the code of a refused POST."""
    answer = await client.post(path, json=body or {})
    document = answer.json()
    return answer.status_code, (document.get("errors") or [document])[0]["code"]


async def approve(client: Client, path: str, **more: str) -> Json:
    """They vote for it. Gives the record."""
    return await client.post_ok(
        f"{path}/vote", {"decision": await asked(client, path), "verdict": "approve", **more}
    )


async def test_a_change_managers_week(api: Api) -> None:
    """She assesses what an engineer drafted, sees who would decide before she asks, and cannot decide
    herself; the other manager does. She assigns, schedules, and reviews what others made.
    """
    await api.team("network")
    olga, ivan = await api.client("Olga", Role.change_manager), await api.client("Ivan", Role.change_manager)
    tomasz = await api.client("Tomasz", Role.engineer, teams=("network",))
    lin = await api.client("Lin", Role.engineer, teams=("network",))
    change = await tomasz.post_ok("/v1/changes", a_change(team="network"))
    path = f"/v1/changes/{change['id']}"
    await tomasz.post_ok(f"{path}/submit")
    assert change["number"] in [item["number"] for item in (await olga.read("/v1/changes"))["items"]]
    await put_into_use(api.ledger, ["mail"])
    await olga.post_ok(f"{path}/assess", ASSESSMENT)
    preview = (await olga.read(f"{path}/approval_preview"))["items"][0]
    assert [rule["rule"] for rule in preview["rules"]] == ["change_low_risk"]
    assert [voter["id"] for voter in preview["voters"]] == [ivan.id]
    left_out = {exclusion["because"]: exclusion["person"]["id"] for exclusion in preview["left_out"]}
    assert left_out.keys() == {"author", "no_account"}, "the owner of the service is a tool here"
    assert left_out["author"] == olga.id
    await olga.post_ok(f"{path}/request_approval", QUESTION)
    body = {"decision": await asked(olga, path), "verdict": "approve"}
    assert await refused(olga, f"{path}/vote", body) == (403, "not_asked_to_vote")
    (open_question,) = (await olga.read("/v1/decisions"))["items"]
    assert (open_question["number"], open_question["missing"]) == (change["number"], 1)
    edited = await tomasz.patch(path, json={"plan": "Another one."}, headers={"If-Match": "*"})
    assert (edited.status_code, edited.json()["errors"][0]["code"]) == (422, "put_to_the_vote")
    assert await waits(ivan) == [change["number"]]
    assert (await approve(ivan, path))["state"] == "approved"
    assert await waits(ivan) == []
    await olga.post_ok(f"{path}/assign", {"team": "network", "person": lin.id})
    window = {"from_at": in_days(0.001), "until_at": in_days(0.1), "other_window_reason": "At once."}
    await olga.post_ok(f"{path}/schedule", window)
    outside = {"out_of_window_reason": "A minute early."}
    await lin.post_ok(f"{path}/start", outside)
    await lin.post_ok(f"{path}/complete", DONE)
    reviewed = {**REVIEWED, "first_pass": False}
    assert await refused(lin, f"{path}/review", reviewed) == (403, "forbidden")
    assert (await olga.post_ok(f"{path}/review", reviewed))["state"] == "closed"


async def test_an_emergency_at_night_with_a_deputy(api: Api) -> None:
    """An engineer cannot choose who approves; of the two senior members of the board one is away, and their
    deputy answers, who needs no role of theirs. They do not carry it out.
    """
    await api.team("network")
    tomasz = await api.client("Tomasz", Role.engineer, teams=("network",))
    lin = await api.client("Lin", Role.engineer, teams=("network",))
    mei = await of_grade(api, "Mei", Role.cab_member, Grade.senior)
    away = await of_grade(api, "Away", Role.cab_member, Grade.senior)
    junior = await of_grade(api, "Junior", Role.cab_member, Grade.staff)
    deputy = await api.client("Deputy", Role.agent)
    holiday = {"from_at": in_days(-1), "until_at": in_days(14), "decisions": ["emergency_change"]}
    await (await api.whole(away)).post_ok("/v1/deputies", {"deputy": deputy.id, **holiday})
    change = await tomasz.post_ok("/v1/changes", a_change(type="emergency", team="network"))
    path = f"/v1/changes/{change['id']}"
    await tomasz.post_ok(f"{path}/submit")
    question = {**QUESTION, "cannot_wait": "Nobody can send mail."}
    chosen = {**question, "persons": [lin.id]}
    assert await refused(tomasz, f"{path}/request_emergency_approval", chosen) == (422, "extra_forbidden")
    await tomasz.post_ok(f"{path}/request_emergency_approval", question)
    assert [await waits(voter) for voter in (mei, away, junior, lin)] == [[change["number"]]] * 2 + [[]] * 2
    assert await waits(deputy, "votes_for_others") == [change["number"]]
    assert (await approve(deputy, path))["state"] == "approved"
    assert [await waits(mei), await waits(away)] == [[], []], "the first vote was enough"
    (ballot,) = [item for item in (await tomasz.read(f"{path}/votes"))["items"] if item["verdict"]]
    assert (ballot["person"]["id"], ballot["cast_by"]["id"]) == (away.id, deputy.id)
    assert (await lin.post_ok(f"{path}/start", {"out_of_window_reason": "At once."}))[
        "state"
    ] == "implementing"


async def test_a_problem_fixed_by_a_change(api: Api) -> None:
    """A problem manager has a change of others fix a problem, and resolves it once that is reviewed."""
    await api.team("network")
    ingrid = await api.client("Ingrid", Role.problem_manager)
    olga, ivan = await api.client("Olga", Role.change_manager), await api.client("Ivan", Role.change_manager)
    tomasz = await api.client("Tomasz", Role.engineer, teams=("network",))
    problem = await ingrid.post_ok("/v1/problems", a_problem())
    fixed = f"/v1/problems/{problem['id']}"
    await ingrid.post_ok(f"{fixed}/investigate", {"team": "network", "assignee": tomasz.id})
    await tomasz.post_ok(f"{fixed}/identify_cause", CAUSE)
    change = await tomasz.post_ok("/v1/changes", a_change(team="network"))
    path = f"/v1/changes/{change['id']}"
    await tomasz.post_ok(f"{path}/submit")
    await put_into_use(api.ledger, ["mail"])
    await olga.post_ok(f"{path}/assess", ASSESSMENT)
    await olga.post_ok(f"{path}/request_approval", QUESTION)
    assert (await approve(ivan, path))["state"] == "approved"
    begun = await ingrid.post_ok(f"{fixed}/begin_fix", {"fixing_change": change["number"]})
    assert begun["fixing_change_id"] == change["id"]
    prevented = {"prevention": "The relay has version 4."}
    assert await refused(ingrid, f"{fixed}/resolve", prevented) == (409, "fixing_change_not_done")
    window = {"from_at": in_days(0.001), "until_at": in_days(0.1), "other_window_reason": "At once."}
    await olga.post_ok(f"{path}/schedule", window)
    await tomasz.post_ok(f"{path}/start", {"out_of_window_reason": "A minute early."})
    await tomasz.post_ok(f"{path}/complete", DONE)
    await olga.post_ok(f"{path}/review", {**REVIEWED, "first_pass": False})
    assert (await ingrid.read(path))["state"] == "closed"
    assert (await ingrid.post_ok(f"{fixed}/resolve", prevented))["state"] == "resolved"


async def test_a_service_level_managers_signature_with_a_customer(api: Api) -> None:
    """The customer's representative sees what waits for them, and signs; nobody signs for them."""
    parties = await the_parties(api)
    path = await parties.submitted("SLA", "finance", an_agreed_target("resolve", "resolution", 14_400))
    customer = parties.leads["finance"]
    agreement = await customer.read(path)
    assert agreement["number"] in [item["number"] for item in (await customer.read("/v1/slas"))["items"]]
    first = await parties.it.post_ok(f"{path}/sign")
    assert first["state"] == "in_review", "one consent is half of it"
    stranger = await api.client("Stranger", Role.requester)
    assert (await stranger.post(f"{path}/sign")).status_code == 404
    assert (await customer.post_ok(f"{path}/sign"))["state"] == "signed"


@pytest.fixture
async def follower(place: DatabaseUrls) -> AsyncIterator[Connection]:
    connection = await connect(place.url, FOLLOW_LIMITS)
    yield connection
    await connection.close()


async def test_a_committees_month(api: Api, follower: Connection) -> None:
    """The committee approves the plan of the year and a proposal; the member who had the idea does not vote,
    and neither the quality manager nor the process owner can.
    """
    programme = await the_programme(api, follower)
    quality, owner = programme.quality, programme.owner
    committee = [*programme.committee, programme.third]
    body = {"title": f"Improvement in {YEAR}", "year": YEAR, "co_authors": [owner.id]}
    plan = await quality.post_ok("/v1/improvement_plans", body | direction() | contents(owner.id))
    path = f"/v1/improvement_plans/{plan['id']}"
    await programme.follow()
    await quality.post_ok(f"{path}/submit", {"question": "Is this our plan?"})
    assert [await waits(member) for member in committee] == [[plan["number"]]] * 3
    assert await refused(
        owner, f"{path}/vote", {"decision": await asked(owner, path), "verdict": "approve"}
    ) == (
        403,
        "not_asked_to_vote",
    )
    await approve(committee[0], path)
    assert (await approve(committee[1], path))["state"] == "approved"

    suggestion = await committee[0].post_ok("/v1/improvement_suggestions", a_suggestion())
    chosen = {"suggestions": [suggestion["number"]], "title": "Ask for the site", "reason": "It is quick."}
    chosen |= {"scope": "process", "process": "incident", "aspect": "activity"}
    improvement = await quality.post_ok("/v1/improvements", chosen)
    path = f"/v1/improvements/{improvement['id']}"
    await owner.post_ok(f"{path}/propose", a_proposal())
    await quality.post_ok(f"{path}/submit", {"question": "Shall we?", **weighed()})
    (decision,) = (await quality.read(f"{path}/decisions"))["items"]
    assert decision["rules"] == [{"rule": "improvement_proposal", "edition": 0}]
    assert decision["left_out"] == [], "another person took the suggestion up"
    assert (await approve(committee[0], path))["state"] == "in_review", "one alone decides nothing"
    assert (await approve(committee[1], path))["state"] == "approved"
