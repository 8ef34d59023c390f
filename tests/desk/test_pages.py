"""Pages of the desk over HTTP: lists, records, and the forms of actions."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest

from app.common.people import Role
from app.registry import LIFECYCLES_BY_KIND
from tests.api.test_search import indexed as indexed  # noqa: PLC0414  # a fixture
from tests.client import Api, Client, Json, an_incident
from tests.clocks import from_now
from tests.desk.sent_forms import read_form, said, send_form
from tests.extent import WHOLE

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def agent(api: Api) -> Client:
    await api.team("network")
    return await api.client("Lin", Role.agent, teams=("network",))


async def page(client: Client, path: str, **headers: str) -> str:
    """The page at that path, in plain text as far as words go."""
    answer = await client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


async def send(client: Client, path: str, **inputs: str | list[str]) -> httpx.Response:
    """What a form's sending is answered with; names are those of the inputs."""
    return await client.post(path, content=urlencode(inputs, doseq=True), headers=FORM)


def hidden(html: str, name: str) -> str:
    """The value of a form's hidden input."""
    match = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert match, f"there is no {name}"
    return unescape(match[1])


async def test_a_list_a_record_and_an_action_follow_from_what_is_declared(agent: Client) -> None:
    incident = await agent.post_ok("/v1/incidents", an_incident(title="Printer <b>broken</b>"))
    path = f"/desk/incident/{incident['number']}"
    assert incident["number"] in await page(agent, "/desk/incident")
    html = await page(agent, path)
    assert "<b>Lin</b> <span>reported</span>" in html
    assert "<b>broken</b>" not in (await agent.get(path)).text
    sent = {"version": hidden(html, "version"), "key": hidden(html, "key")}
    done = await send(agent, f"{path}/acknowledge", **sent)
    assert (done.status_code, done.headers["location"]) == (303, f"{path}?done=acknowledge")
    await agent.post_ok(f"/v1/incidents/{incident['id']}/assign", {"team": "network", "person": "me"})
    form = await page(agent, f"{path}/resolve")
    assert "Fixed" in form
    sent = {"version": hidden(form, "version"), "/done": "Restarted."}
    refused = await send(agent, f"{path}/resolve", **sent)
    assert (refused.status_code, "fault" in refused.text) == (422, True)
    assert "Restarted." in refused.text
    sent["/resolution_code"] = "fixed"
    assert (await send(agent, f"{path}/resolve", **sent)).status_code == 303
    assert (await agent.read(f"/v1/incidents/{incident['id']}"))["state"] == "resolved"
    chinese = await page(agent, path, **{"Accept-Language": "zh"})
    assert "已解决" in chinese
    assert "<b>Lin</b> <span>解决</span>" in chinese, "the conversation names who did it"


async def an_open_incident(agent: Client, **changes: str) -> tuple[Json, str]:
    """A new incident, and the address of its page."""
    incident = await agent.post_ok("/v1/incidents", an_incident(**changes))
    return incident, f"/desk/incident/{incident['number']}"


async def test_what_was_changed_while_the_form_was_open_is_shown_and_can_be_gone_over(
    agent: Client,
) -> None:
    incident, path = await an_open_incident(agent)
    form = read_form(await page(agent, f"{path}/edit"))
    await agent.post_ok(f"/v1/incidents/{incident['id']}/acknowledge")
    stale = await send_form(agent, f"{path}/edit", form.inputs | {"/title": ["Another title"]})
    assert (stale.status_code, "Acknowledge" in stale.text) == (412, True), stale.text
    again = read_form(stale.text)
    assert again.inputs["/title"] == ["Another title"]
    assert (await send_form(agent, f"{path}/edit", again.inputs)).status_code == 303
    assert (await agent.read(f"/v1/incidents/{incident['id']}"))["title"] == "Another title"


async def test_a_correction_sends_only_what_differs(agent: Client) -> None:
    incident, path = await an_open_incident(agent)
    form = read_form(await page(agent, f"{path}/edit"))
    assert (await send_form(agent, f"{path}/edit", form.inputs | {"/title": ["New"]})).status_code == 303
    events = (await agent.read(f"/v1/incidents/{incident['id']}/events"))["items"]
    assert events[-1]["given"] == {"title": "New"}


async def test_what_is_refused_of_a_row_stands_beside_it_though_the_row_before_is_blank(api: Api) -> None:
    path = "/desk/new/calendar/add"
    keeper = await api.client("Keeper", Role.admin)
    blank = read_form(await page(keeper, path))
    rows = {
        "/weekly/0/weekdays": [],
        "/weekly/0/starts": [""],
        "/weekly/0/ends": [""],
        "/weekly/1/weekdays": ["mon"],
        "/weekly/1/starts": ["morning"],
        "/weekly/1/ends": ["17:00"],
    }
    head = {"/key": ["office"], "/name": ["Office"], "/time_zone": ["Europe/Berlin"]}
    refused = await send_form(keeper, path, blank.inputs | head | rows)
    assert refused.status_code == 422, said(refused.text)
    again = read_form(refused.text)
    assert again.inputs["/weekly/0/starts"] == ["morning"]
    assert "/weekly/1/starts" not in again.inputs or again.inputs["/weekly/1/starts"] == [""]
    assert [fault for fault in again.faults if "starts" in fault] == ["f-weekly-0-starts-help"]


async def test_a_form_that_is_sent_twice_is_carried_out_once(agent: Client) -> None:
    incident, path = await an_open_incident(agent)
    form = read_form(await page(agent, f"{path}/comment"))
    filled = form.inputs | {"/text": ["Once."]}
    assert [(await send_form(agent, f"{path}/comment", filled)).status_code for _ in range(2)] == [303, 303]
    comments = (await agent.read(f"/v1/incidents/{incident['id']}/comments"))["items"]
    assert [comment["text"] for comment in comments] == ["Once."]


async def test_a_name_that_several_have_comes_back_as_a_choice(indexed: Api) -> None:
    await indexed.team("network")
    agent = await indexed.client("Lin", Role.agent, teams=("network",))
    first, second = [await indexed.client("Zhao Min", Role.agent, teams=("network",)) for _ in range(2)]
    incident, path = await an_open_incident(agent)
    form = read_form(await page(agent, f"{path}/assign"))
    form_again = await send_form(agent, f"{path}/assign", form.inputs | {"/person": ["Zhao Min"]})
    assert form_again.status_code == 422
    assert first.id in form_again.text, form_again.text
    chosen = read_form(form_again.text).inputs | {"/person": [second.id]}
    assert (await send_form(agent, f"{path}/assign", chosen)).status_code == 303
    assert (await agent.read(f"/v1/incidents/{incident['id']}"))["assignee"]["id"] == second.id


async def test_a_page_names_the_news_since_it_was_made(agent: Client) -> None:
    incident, path = await an_open_incident(agent)
    queries = {}
    for address in (path, f"/portal/incident/{incident['number']}", "/desk/incident", "/desk"):
        (match,) = re.findall(r'data-query="([^"]*)"', await page(agent, address))
        queries[address] = dict(parse_qsl(unescape(match)))
        assert (await agent.read("/v1/events", **queries[address]))["items"] == []
    await agent.post_ok(f"/v1/incidents/{incident['id']}/acknowledge")
    for query in queries.values():
        (event,) = (await agent.read("/v1/events", **query))["items"]
        assert event["type"] == "incident.acknowledged"
    await an_open_incident(agent)
    assert len((await agent.read("/v1/events", **queries[path]))["items"]) == 1, "of other records nothing"


async def test_an_action_on_chosen_records_says_what_became_of_each(agent: Client) -> None:
    records = [(await an_open_incident(agent))[0] for _ in range(2)]
    await agent.post_ok(f"/v1/incidents/{records[0]['id']}/acknowledge")
    chosen = {"action": ["acknowledge"], "records": [record["id"] for record in records]}
    preview = await send_form(agent, "/desk/incident/bulk", chosen)
    assert "1 of 2 selected records will change." in said(preview.text)
    assert (await agent.read(f"/v1/incidents/{records[1]['id']}"))["state"] == "new", "it asks first"
    confirmed = read_form(preview.text).inputs
    outcome = await send_form(agent, "/desk/incident/bulk", confirmed)
    assert (outcome.status_code, outcome.text.count('class="fault"')) == (200, 1)
    assert (await agent.read(f"/v1/incidents/{records[1]['id']}"))["state"] == "acknowledged"


async def test_a_list_says_what_is_wrong_with_its_address_and_goes_on_by_pages(agent: Client) -> None:
    for number in range(3):
        await an_open_incident(agent, title=f"Fault {number}")
    wrong = await agent.get("/desk/incident?state=nowhere")
    assert (wrong.status_code, "<table" in wrong.text) == (422, False)
    html = await page(agent, "/desk/incident?limit=2")
    address = re.search(r'rel="next" href="([^"]+)"', html)
    assert address
    assert "Fault 0" in await page(agent, address[1])


async def test_filters_are_saved_as_a_view_for_a_team_and_removed_again(api: Api, agent: Client) -> None:
    for title, impact in (("Mail is lost", "1"), ("Mail is late", "3")):
        await an_open_incident(agent, title=title, impact=impact, urgency="2")
    assert "/views/" not in await page(agent, "/desk/incident"), "there is nothing to save"
    html = await page(agent, "/desk/incident?priority=P2&sort=-opened_at&cursor=&done=x")
    form = re.search(r'action="(/desk/incident/views/[0-9a-f-]{36})"', html)
    assert form
    sent = {"name": "Urgent", "query": hidden(html, "query"), "team": "network"}
    saved = await send(agent, form[1], **sent)
    assert (saved.status_code, "view=" in saved.headers["location"]) == (303, True), saved.text
    (view,) = (await agent.read("/v1/views"))["items"]
    assert (view["name"], view["query"], view["team"]["key"]) == (
        "Urgent",
        "priority=P2&sort=-opened_at",
        "network",
    )
    by_view = await page(agent, saved.headers["location"])
    assert ("Mail is lost" in by_view, "Mail is late" in by_view) == (True, False)
    assert 'value="P2" checked' in by_view
    mate = await api.client("Mate", Role.agent, teams=("network",))
    assert "/remove" not in await page(mate, saved.headers["location"])
    assert (await send(mate, f"{form[1]}/remove")).status_code == 403
    assert (await send(agent, f"{form[1]}/remove")).headers["location"] == "/desk/incident"
    assert (await agent.read("/v1/views"))["items"] == []
    assert (await send(agent, form[1], name="", query="priority=P2")).status_code == 422


async def test_a_major_incident_has_a_board_of_what_those_who_lead_it_need(api: Api, agent: Client) -> None:
    incident, path = await an_open_incident(agent, effect="down")
    assert 'id="board"' not in await page(agent, path)
    chief = await api.client("Chief Zhou", Role.incident_manager, Role.agent, teams=("network",))
    address = f"/v1/incidents/{incident['id']}"
    await chief.post_ok(f"{address}/declare_major", {"commander": "me", "statement": "Mail is down."})
    statement = {"statement": "The relay restarts.", "next_update_due_at": from_now(5)}
    await chief.post_ok(f"{address}/post_update", statement)
    for title in ("Call the supplier", "Restart the relay", "Wait for the vendor"):
        await chief.post_ok(f"{address}/add_task", {"title": title, "assignee": "me"})
    tasks = (await chief.read(f"{address}/tasks"))["items"]
    (restart,) = [task["id"] for task in tasks if task["title"] == "Restart the relay"]
    (dropped,) = [task["id"] for task in tasks if task["title"] == "Wait for the vendor"]
    await chief.post_ok(f"{address}/drop_task", {"task": dropped, "reason": "They never come."})
    await chief.post_ok(f"{address}/complete_task", {"task": restart, "outcome": "It is in place."})
    html = await page(chief, path)
    board = html.partition('id="board"')[2].partition("</section>")[0]
    assert "Chief Zhou" in board
    assert from_now(5)[:10] in board
    assert board.index("The relay restarts.") < board.index("Mail is down."), "the newest first"
    assert ("Call the supplier" in board, "Restart the relay" in board) == (True, False)
    assert "Wait for the vendor" not in board, "it was dropped"
    assert "overdue" not in board
    assert "重大事件" in await page(chief, path, **{"Accept-Language": "zh"})
    await chief.post_ok(f"{address}/downgrade", {"reason": "It was one person."})
    assert 'id="board"' not in await page(chief, path)


async def test_whoever_is_not_signed_in_is_led_to_the_sign_in_and_what_is_not_seen_is_not_there(
    api: Api, agent: Client
) -> None:
    _, path = await an_open_incident(agent)
    stranger = api.with_token(None, headers={"Sec-Fetch-Site": "none"})
    led = await stranger.get(path)
    assert (led.status_code, led.headers["location"].split("=")[0]) == (303, "/sign-in?next")
    requester = await api.client("Zhao")
    hidden_page = await requester.get(path)
    assert (hidden_page.status_code, hidden_page.headers["content-type"][:9]) == (404, "text/html")


async def test_one_form_has_only_so_many_names_looked_up(
    indexed: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = await indexed.client("Lin", Role.agent)
    await indexed.client("Zhao Min", Role.agent)
    _, path = await an_open_incident(agent)
    form = read_form(await page(agent, f"{path}/assign"))
    filled = form.inputs | {"/person": ["Zhao Min"]}
    monkeypatch.setattr("app.desk.references.MOST_LOOKUPS", 0)
    assert (await send_form(agent, f"{path}/assign", filled)).status_code == 422
    monkeypatch.undo()
    assert (await send_form(agent, f"{path}/assign", filled)).status_code != 422


async def test_one_more_row_carries_nothing_out_on_chosen_records(agent: Client) -> None:
    incident, _ = await an_open_incident(agent)
    asked_for = {"action": ["acknowledge"], "records": [incident["id"]], "filled": ["yes"], "more": ["/x"]}
    assert (await send_form(agent, "/desk/incident/bulk", asked_for)).status_code == 200
    assert (await agent.read(f"/v1/incidents/{incident['id']}"))["state"] == "new"


async def test_what_is_no_name_of_an_item_leads_to_no_other_address(agent: Client) -> None:
    assert (await agent.get("/desk/new/request/submit?/item=mailbox/events")).status_code == 200
    assert (await agent.get("/desk/new/request/submit?/item=../me")).status_code == 200


async def test_a_file_that_has_arrived_is_kept_when_the_form_comes_back(agent: Client) -> None:
    incident, path = await an_open_incident(agent)
    form = read_form(await page(agent, f"{path}/attach"))
    typed = {name: values[0] for name, values in form.inputs.items() if name != "/upload"}
    wrong = {**typed, "/name": "x" * 300}
    refused = await agent.post(f"{path}/attach", data=wrong, files={"/upload": ("note.txt", b"It smells.")})
    assert refused.status_code == 422, refused.text
    again = read_form(refused.text).inputs | {"/name": ["note.txt"]}
    assert (await send_form(agent, f"{path}/attach", again)).status_code == 303
    (attachment,) = (await agent.read(f"/v1/incidents/{incident['id']}/attachments"))["items"]
    assert (attachment["name"], attachment["size"]) == ("note.txt", 10)


async def test_a_list_has_the_columns_that_its_address_chooses(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    await agent.post_ok("/v1/incidents", an_incident(channel="hotline"))
    usual = await page(agent, "/desk/incident")
    chosen = await page(agent, "/desk/incident?fields=id,number,title,state,channel")
    assert ('data-head="Priority"' in usual, 'data-head="Priority"' in chosen) == (True, False)
    assert 'data-head="Channel"' in chosen


async def test_no_filter_of_a_list_shows_a_code_in_the_place_of_words(api: Api) -> None:
    reader = await api.client("Auditor", Role.auditor)
    for kind in LIFECYCLES_BY_KIND if WHOLE else ("risk", "change", "sla"):
        html = await page(reader, f"/desk/{kind}", **{"Accept-Language": "zh"})
        labels = re.findall(r'type="checkbox" name="[a-z_]+" value="[^"]*"[^>]*> ([^<]*)</label>', html)
        assert [words for words in labels if words.isascii() and words.islower()] == [], kind
