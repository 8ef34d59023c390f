"""A desk agent's day in a browser: signed in by a key, on the pages of the desk, and with the API as
scripts of pages use it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx

from app.common.people import Role
from app.kpis.facts.consumer import FACTS
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from tests.api.test_search import indexed as indexed  # noqa: PLC0414  # a fixture
from tests.automation.worker import Worker
from tests.client import Api, Client, Json, an_incident
from tests.clocks import from_now
from tests.desk.sent_forms import read_form, said, send_form
from tests.desk.test_pages import page
from tests.desk.test_portal import offered_item
from tests.desk.test_work import sections
from tests.every_action.articles import AN_ARTICLE
from tests.extent import in_test_all
from tests.processes.incidents.test_alerts import FIRING, tool_of
from tests.service_levels.clocks.agreements import WORKDAYS, add_calendar, hours, sign, target

EVERY_DAY = [*WORKDAYS, "sat", "sun"]
IN_CHINESE = {"Accept-Language": "zh"}
A_BLOCK: Json = {
    "key": "restart",
    "title_en": "Restart it",
    "title_zh": "请重启",
    "text_en": "Dear {requester}, please restart, then answer on {number}. {agent}",
    "text_zh": "{requester}，您好：请重启后在 {number} 中回复。{agent}",
}


async def sign_in(api: Api, holder: Client) -> Client:
    """A browser of that person, who has typed their key on the page of the sign-in."""
    browser = api.with_token(None, headers={"Sec-Fetch-Site": "same-origin"})
    browser.id = holder.id
    led = await browser.get("/desk")
    assert led.status_code == 303
    assert "<h1>" in await page(browser, led.headers["location"])
    entered = await browser.post("/sign-in", data={"key": str(holder.token), "next": "/"})
    assert (entered.status_code, "set-cookie" in entered.headers) == (303, True)
    return browser


async def do(client: Client, address: str, **texts: str) -> httpx.Response:
    """What the form at the address is answered with, filled in with these texts."""
    form = read_form(await page(client, address))
    named = {f"/{name}": [text] for name, text in texts.items()}
    assert named.keys() <= form.named, form.named
    return await send_form(client, address.partition("?")[0], form.inputs | named)


async def done(client: Client, address: str, **texts: str) -> str:
    """The page to which the form at the address leads."""
    answer = await do(client, address, **texts)
    assert answer.status_code == 303, said(answer.text)
    while answer.status_code == 303:
        answer = await client.get(answer.headers["location"])
    assert answer.status_code == 200, said(answer.text)
    return unescape(answer.text)


@dataclass
class Day:
    """An agent in a browser, those whom they meet, and a worker."""

    api: Api
    lin: Client
    zhao: Client
    kim: Client

    async def work(self, **parts: float) -> None:
        """What follows by rules, after so much time, and who is told of it a minute later."""
        worker = Worker(self.api.ledger)
        now = datetime.now(UTC) + timedelta(**parts)
        for instant in (now, now + timedelta(seconds=61)):
            await worker.work(instant)
        assert worker.failures == []
        connection = await connect(self.api.ledger.db.url, FOLLOW_LIMITS)
        try:
            await catch_up(connection, FACTS)
        finally:
            await connection.close()


async def _morning(api: Api) -> Day:
    """A desk and a team of the network, with a service, an item, an answer that recurs, and an agreement."""
    await api.team("desk")
    await api.team("network")
    await offered_item(api, title_template="Mailbox, {seats} seats", checklist=["Create it", "Tell them"])
    keeper = await api.client("Gao", Role.admin, Role.service_level_manager)
    await keeper.post_ok("/v1/text_blocks", A_BLOCK)
    await add_calendar(api.ledger, "always", weekly=hours("00:00", "24:00", EVERY_DAY))
    await sign(api.ledger, target("t1", "resolution", 36_000), calendar="always")
    zhao = await api.client("Zhao Min")
    kim = await api.client("Kim", Role.engineer, Role.knowledge_editor, teams=("network",))
    holder = await api.client("Lin", Role.agent, Role.engineer, Role.knowledge_editor, teams=("desk",))
    return Day(api, await sign_in(api, holder), zhao, kim)


@in_test_all
async def test_a_desk_agents_day(indexed: Api) -> None:
    day = await _morning(indexed)
    assert (await day.lin.get("/")).headers["location"] == "/desk"
    assert "Nothing is waiting for you" in await page(day.lin, "/desk")
    alert = await _an_alert(day)
    request = await _a_request(day)
    await _a_ticket_of_another_team(day)
    await _resolved_with_an_article(day, alert)
    await _many_at_once(day)
    await _evening(day, alert, request)


async def _an_alert(day: Day) -> str:
    """Taken from the queue; an unknown service is warned of, and the clock of the ticket is seen."""
    lin = day.lin
    incident = (await (await tool_of(day.api)).post_ok("/v1/alerts", FIRING | {"service": None}))["incident"]
    number, path = incident["number"], f"/desk/incident/{incident['number']}"
    queue = sections(await page(lin, "/desk"))["queue"]
    assert (number in queue, "Disk full on mx-1" in queue) == (True, True)
    await done(lin, f"{path}/assign", person="me")
    await day.work()
    html = await page(lin, "/desk")
    assert ("(1) My work" in html, number in sections(html)["waiting"]) == (True, True)
    left = r"(9 h 5\d|10 h 0) min"  # rounded, and a fast machine is here within half a minute
    assert re.search(rf"{left} Resolution: Running {number}", said(await page(lin, "/desk/due")))
    await done(lin, f"{path}/start")
    warned = await done(lin, f"{path}/edit", service="mial", ci="srv-9")
    assert "no service “mial”. It was saved as entered. Did you mean mail?" in warned
    assert "There is no configuration item “srv-9”." in warned
    assert "There is no" not in await done(lin, f"{path}/edit", service="mail", ci="")
    return str(number)


async def _a_request(day: Day) -> str:
    """Asked about before it is assessed, answered with a text block, delivered with a task left out."""
    lin, zhao = day.lin, day.zhao
    wish = {"item": "mailbox", "answers": {"seats": 4}, "channel": "portal", "urgency": "3"}
    number = (await zhao.post_ok("/v1/requests", wish | {"description": "For us."}))["number"]
    path, ticket = f"/desk/request/{number}", f"/v1/requests/{number}"
    assert number in sections(await page(lin, "/desk"))["queue"]
    await done(lin, f"{path}/assign", person="me")
    held = await done(lin, f"{path}/hold", reason="awaiting_requester", question="For which team?")
    assert ("For which team?" in held, 'data-state="on_hold"' in held) == (True, True)
    await zhao.post_ok(f"{ticket}/comment", {"text": "For ours.", "visibility": "public"})
    await day.work()
    answered = await page(lin, path)
    assert ("For ours." in answered, 'data-state="submitted"' in answered) == (True, True)

    form = read_form(await page(lin, f"{path}/comment"))
    chosen = form.inputs | {"/text": ["Thank you."], "block": ["restart"], "insert": ["yes"]}
    inserted = read_form((await send_form(lin, f"{path}/comment", chosen)).text)
    (text,) = inserted.inputs["/text"]
    assert text == f"Thank you.\n\nDear Zhao Min, please restart, then answer on {number}. Lin"
    sent = await send_form(lin, f"{path}/comment", inserted.inputs | {"/visibility": ["public"]})
    assert (sent.status_code, "please restart" in await page(zhao, f"/portal/request/{number}")) == (
        303,
        True,
    )

    assessed = {"category": "mail", "impact": "3", "urgency": "3", "path": "standard"}
    await done(lin, f"{path}/assess", **assessed, assignee="me")
    created, task = (await lin.read(f"{ticket}/tasks"))["items"]
    await done(lin, f"{path}/complete_task?/task={created['id']}", outcome="Made.")
    refused = await do(lin, f"{path}/fulfil", delivered="A mailbox.")
    assert (refused.status_code, read_form(refused.text).faults) == (422, {"f-open_tasks_reason-help"})
    assert (task["title"] in refused.text, created["title"] in refused.text) == (True, False)
    await done(lin, f"{path}/fulfil", delivered="A mailbox.", open_tasks_reason="They know it already.")
    assert "已交付" in await page(lin, path, **IN_CHINESE)
    return str(number)


async def _a_ticket_of_another_team(day: Day) -> None:
    """Handed over with a word for staff, it leaves the agent's queue and stands in the other team's; the
    agent reads what becomes of it.
    """
    lin = day.lin
    reported = await day.zhao.post_ok("/v1/incidents", an_incident(title="No network in 2.017"))
    number, path = reported["number"], f"/desk/incident/{reported['number']}"
    await done(lin, f"{path}/comment", text="Port 7 again?", visibility="internal")
    html = await done(lin, f"{path}/assign", team="network")
    assert f"{path}/unfollow" in html
    assert f"{path}/resolve" not in html
    work = sections(await page(lin, "/desk"))
    assert number not in work["waiting"] + work.get("queue", "")
    assert number in sections(await page(day.kim, "/desk"))["queue"]
    portal_page = await page(day.zhao, f"/portal/incident/{number}")
    assert "Port 7" not in portal_page
    assert (await day.zhao.read(f"/v1/incidents/{number}/comments"))["items"] == []


async def _resolved_with_an_article(day: Day, alert: str) -> None:
    """What helped is written down, published by a colleague, found again, and used for the ticket."""
    lin = day.lin
    texts = {name: text for name, text in AN_ARTICLE.items() if isinstance(text, str)}
    texts |= {"title": "A disk of the relay is full", "answer": "Empty /var/spool."}
    drafted = await done(lin, "/desk/new/article/draft", **texts)
    (article,) = set(re.findall(r"KNW-\d+-\d+", drafted.partition("</h1>")[0].partition("<h1>")[2]))
    await done(lin, f"/desk/article/{article}/submit")
    reviewed = {"verdict": "Tried on mx-1.", "next_review_at": from_now(300)[:16]}
    await done(day.kim, f"/desk/article/{article}/publish", **reviewed)
    path = f"/desk/incident/{alert}"
    assert article in await page(lin, "/desk/search?q=relay")
    await done(lin, f"{path}/use_article", article=article)
    resolved = await done(
        lin, f"{path}/resolve", resolution_code="fixed", done=f"Emptied it, as {article} says."
    )
    assert 'data-state="resolved"' in resolved
    await day.work()
    assert alert not in sections(await page(lin, "/desk")).get("waiting", "")


async def _many_at_once(day: Day) -> None:
    """Three reports of one outage are taken by one form, which says what became of each."""
    lin = day.lin
    reports = [await day.zhao.post_ok("/v1/incidents", an_incident(title=f"Mail {n}")) for n in range(3)]
    await lin.post_ok(f"/v1/incidents/{reports[0]['id']}/cancel", {"reason": "Sent twice."})
    records = {"records": [report["id"] for report in reports]}
    form = read_form((await send_form(lin, "/desk/incident/bulk", {"action": ["assign"], **records})).text)
    answer = await send_form(lin, "/desk/incident/bulk", form.inputs | {"/person": ["me"]})
    outcomes = re.findall(r"<li><a.*?</li>", answer.text)
    assert "Assign: done for 2 of 3." in answer.text
    assert ["fault" in outcome for outcome in outcomes] == [True, False, False]
    assert all(report["number"] in outcome for report, outcome in zip(reports, outcomes, strict=True))


async def _evening(day: Day, alert: str, request: str) -> None:
    """What is left and what was done today, in both languages; then the agent signs out."""
    lin = day.lin
    await day.work()
    html = await page(lin, "/desk", **IN_CHINESE)
    assert "(2) 我的工作" in html
    today = "/desk/incident?assignee=me&state=resolved"
    assert re.findall("/desk/(?:incident|request)/([A-Z0-9-]+)", await page(lin, today)) == [alert]
    assert request in await page(lin, "/desk/request?assignee=me&state=delivered")
    out = await lin.post("/sign-out")
    assert (out.status_code, (await lin.get("/desk")).status_code) == (303, 303)
