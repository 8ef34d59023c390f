"""The page of one's own work: what waits, the queue from which one takes, and what one follows."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.common.people import Role
from tests.client import Api, Client, an_incident
from tests.desk.sent_forms import read_form, said, send_form
from tests.desk.test_pages import hidden, page, send
from tests.people import ago
from tests.processes.changes.samples import a_board
from tests.processes.problems.samples import a_problem

TITLE = re.compile("<title>(.*?)</title>")


@pytest.fixture
async def agent(api: Api) -> Client:
    await api.team("network")
    return await api.client("Lin", Role.agent, Role.engineer, teams=("network",))


def sections(html: str) -> dict[str, str]:
    """The text of each section by its name."""
    parts = re.split(r'<section aria-labelledby="', html)[1:]
    return {part.partition('"')[0]: part for part in parts}


async def test_a_ticket_is_taken_from_the_queue_and_waits_for_who_took_it(agent: Client) -> None:
    incident = await agent.post_ok("/v1/incidents", an_incident(title="Printer <b>broken</b>"))
    other = await agent.post_ok("/v1/incidents", an_incident(title="Of the desk"))
    await agent.post_ok(f"/v1/incidents/{incident['id']}/assign", {"team": "network"})
    html = await page(agent, "/desk")
    assert TITLE.findall(html) == ["My work · Ledgerdesk"]
    assert "<b>broken</b>" not in (await agent.get("/desk")).text
    queue = sections(html)["queue"]
    assert 'Go on with: <a href="#queue">' in html, "nothing is assigned to them yet"
    assert incident["number"] in queue
    form = queue[queue.index(f"{incident['number']}/assign") :]
    sent = {name: hidden(form, name) for name in ("version", "key")}
    taking = await send(agent, f"/desk/incident/{incident['number']}/assign", **sent, **{"/person": "me"})
    assert taking.status_code == 303, taking.text
    again = await send(
        agent, f"/desk/incident/{incident['number']}/assign", **{**sent, "key": "another", "/person": "me"}
    )
    assert again.status_code == 412, "somebody else has taken it meanwhile"
    html = await page(agent, "/desk")
    assert TITLE.findall(html) == ["(1) My work · Ledgerdesk"]
    assert incident["number"] in sections(html)["waiting"]
    assert incident["number"] not in sections(html).get("queue", "")
    assert other["number"] not in sections(html)["waiting"]
    chinese = await page(agent, "/desk", **{"Accept-Language": "zh"})
    assert "(1) 我的工作" in chinese
    assert "事件 · 新建" in sections(chinese)["waiting"]


async def test_what_is_due_first_stands_first_and_what_is_followed_apart(api: Api, agent: Client) -> None:
    paths = {}
    for title, priority in (("Small", "3"), ("Great", "1")):
        incident = await agent.post_ok(
            "/v1/incidents", an_incident(title=title, impact=priority, urgency=priority)
        )
        paths[title] = f"/v1/incidents/{incident['id']}"
        await agent.post_ok(f"{paths[title]}/assign", {"person": "me"})
    task = {"title": "Ask the vendor", "assignee": agent.id, "due_at": ago(hours=-1).isoformat()}
    await agent.post_ok(f"{paths['Small']}/add_task", task)
    followed = await agent.post_ok("/v1/incidents", an_incident(title="Watched"))
    await agent.post_ok(f"/v1/incidents/{followed['id']}/follow")
    match = sections(await page(agent, "/desk"))
    waiting = match["waiting"]
    assert waiting.index("Ask the vendor") < waiting.index("Great") < waiting.rindex("Small")
    assert "Watched" not in waiting
    in_chinese = await page(agent, "/desk", **{"Accept-Language": "zh"})
    assert "任务：Ask the vendor" in sections(in_chinese)["waiting"]
    assert "Watched" in match["followed"]
    await agent.post_ok(f"/v1/incidents/{followed['id']}/cancel", {"reason": "Watched no more."})
    assert "Watched" not in sections(await page(agent, "/desk")).get("followed", "")
    form = await page(agent, re.findall('href="(/desk/[^"]*complete_task[^"]*)"', waiting)[0])
    assert re.search('<option value="[^"]*" selected>Ask the vendor', form), "the task is chosen already"
    other = await api.client("Wang", Role.agent)
    assert "Ask the vendor" not in await page(other, "/desk")


async def test_a_time_that_was_promised_on_a_ticket_is_due_wherever_due_times_stand(agent: Client) -> None:
    incident = await agent.post_ok("/v1/incidents", an_incident())
    path = f"/v1/incidents/{incident['id']}"
    await agent.post_ok(f"{path}/assign", {"person": "me"})
    promised_time = (datetime.now(UTC) + timedelta(minutes=20)).isoformat()
    update = {"statement": "We look for the cause.", "next_update_due_at": promised_time}
    await agent.post_ok(f"{path}/post_update", update)
    (duty,) = (await agent.read("/v1/me/work"))["duties"]
    assert (duty["action"], duty["overdue"]) == ("post_update", False)
    assert datetime.fromisoformat(duty["due_at"]) == datetime.fromisoformat(promised_time)
    assert f'href="/desk/incident/{incident["number"]}/post_update"' in await page(agent, "/desk")
    for address in ("/desk/incident?tab=mine", f"/desk/incident/{incident['number']}"):
        assert "Next update due at: <time" in await page(agent, address), address


async def test_only_what_people_take_themselves_is_in_their_queue_without_a_team(agent: Client) -> None:
    incident = await agent.post_ok("/v1/incidents", an_incident(title="Of no team"))
    problem = await agent.post_ok("/v1/problems", a_problem(affected_services=[]))
    queues = (await agent.read("/v1/me/work"))["queues"]
    without_team = {queue["kind"] for queue in queues if queue["team"] is None}
    assert without_team >= {"incident", "problem"}, "both are without a team"
    queue = sections(await page(agent, "/desk"))["queue"]
    assert (incident["number"] in queue, problem["number"] in queue) == (True, False)


async def test_the_start_leads_each_to_their_pages(api: Api, agent: Client) -> None:
    asker = await api.client("Zhao")
    assert (await agent.get("/")).headers["location"] == "/desk"
    assert (await asker.get("/")).headers["location"] == "/portal"


async def test_a_vote_is_cast_beside_what_it_is_judged_by(api: Api) -> None:
    board = await a_board(api)
    for name in ("Nils", "Ines"):
        await api.client(name, Role.cab_member)
    path = await board.assessed("medium")
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    decision = (await board.member.read(f"{path}/decisions"))["items"][0]
    waiting = sections(await page(board.member, "/desk"))["waiting"]
    assert decision["question"] in waiting
    address = re.findall('href="(/desk/change/[^"]*/vote[^"]*)"', waiting)[0]
    form = await page(board.member, address)
    evidence = form[form.index('id="evidence"') : form.index("<form id=")]
    change = await board.member.read(path)
    for notice in (decision["question"], change["plan"], "Quorum", "Votes"):
        assert notice in evidence, notice
    assert f'<input type="hidden" name="/decision" value="{decision["id"]}">' in form
    assert 'name="/verdict" value="approve"' in form, "each verdict is a button"
    sent = {name: hidden(form, name) for name in ("version", "key")}
    sent |= {"/decision": decision["id"], "/verdict": "approve"}
    voted = await send(board.member, address.partition("?")[0], **sent)
    assert voted.status_code == 303, voted.text
    assert decision["question"] not in sections(await page(board.member, "/desk"))["waiting"]
    plain = await page(board.manager, f"{address.partition('?')[0].removesuffix('vote')}assign")
    assert change["plan"] in plain
    assert "Quorum" not in plain, "beside other forms stands the record alone"


async def test_a_deputy_votes_in_the_name_of_whoever_is_away(api: Api) -> None:
    board = await a_board(api)
    for name in ("Nils", "Ines"):
        await api.client(name, Role.cab_member)
    deputy = await api.client("Anna", Role.engineer)
    body = {"deputy": deputy.id, "from_at": ago(hours=1).isoformat(), "until_at": ago(hours=-9).isoformat()}
    await (await api.whole(board.member)).post_ok("/v1/deputies", body)
    path = await board.assessed("medium")
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    own = re.findall('href="(/desk/change/[^"]*/vote[^"]*)"', await page(board.member, "/desk"))[0]
    assert "/instead_of" not in read_form(await page(board.member, own)).named, "nobody types an id"
    address = re.findall('href="(/desk/change/[^"]*/vote[^"]*)"', await page(deputy, "/desk"))[0]
    html = await page(deputy, address)
    assert "on behalf of Mei" in html
    inputs = read_form(html).inputs | {"/verdict": ["approve"]}
    voted = await send_form(deputy, address.partition("?")[0], inputs)
    assert voted.status_code == 303, said(voted.text)
    ballots = (await board.manager.read(f"{path}/votes"))["items"]
    cast = [ballot["person"]["id"] for ballot in ballots if ballot["verdict"] == "approve"]
    assert cast == [board.member.id]


async def test_work_is_logged_in_a_role_with_a_rate_if_there_are_rates(api: Api, agent: Client) -> None:
    incident = await agent.post_ok("/v1/incidents", an_incident())
    address = f"/desk/incident/{incident['number']}/log_work"
    assert '<input id="f-role_class"' in await page(agent, address), "without rates, any class can be named"
    admin = await api.client("Admin", Role.admin)
    currency = (await admin.read("/v1/meta"))["currency"]
    rate = {"amount": "500.00", "currency": currency, "valid_from_at": "2024-01-01T00:00:00Z"}
    for role_class in ("engineer", "agent"):
        await admin.post_ok("/v1/hourly_rates", {**rate, "role_class": role_class})
    html = await page(agent, address)
    offered = html.partition('<select id="f-role_class"')[2].partition("</select>")[0]
    assert re.findall(r'<option value="(\w+)"', offered) == ["agent", "engineer"]
    logged = await send(agent, address, **{"/minutes": "30", "/role_class": "agent", "key": "work"})
    assert logged.status_code == 303
    (entry,) = (await agent.read(f"/v1/incidents/{incident['id']}/works"))["items"]
    assert (entry["role_class"], entry["rate"]) == ("agent", "500.00")
