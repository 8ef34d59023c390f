"""Lists at the desk: what is chosen, what becomes of chosen records, and files of records."""

from __future__ import annotations

import re
from html import unescape

import pytest

from app.common.people import Role
from app.desk.contract import screen_contract
from app.desk.pages.lists import RECORD_OF_ROW
from app.desk.portal.asking import ASKED_FIELDS, PRESET, plain_form
from app.registry import LIFECYCLES
from tests.api.test_search import indexed as indexed  # noqa: PLC0414  # a fixture
from tests.client import Api, Client, an_incident
from tests.desk.sent_forms import read_form, said, send_form
from tests.desk.test_pages import page
from tests.people import ago
from tests.processes.changes.samples import a_board
from tests.waiting import until

FILTER_PANEL = re.compile(r"<details([^>]*)><summary>Filters")


@pytest.fixture
async def agent(api: Api) -> Client:
    await api.team("network")
    return await api.client("Lin", Role.agent, teams=("network",))


async def test_filters_in_effect_are_named_above_the_list_and_can_be_removed_one_by_one(
    agent: Client,
) -> None:
    await agent.post_ok("/v1/incidents", an_incident(title="Mail is lost", impact="1", urgency="2"))
    html = await page(agent, "/desk/incident?priority=P2&state=new&sort=-opened_at")
    assert FILTER_PANEL.findall(html) == [""], "the panel does not push the list off the screen"
    chosen = html.partition('class="chosen"')[2].partition("</ul>")[0]
    assert re.findall(r"<span>([^<]*)</span> ([^<]*) <a href=\"([^\"]*)\"", chosen) == [
        ("Priority:", "P2 High", "/desk/incident?state=new&sort=-opened_at"),
        ("State:", "New", "/desk/incident?priority=P2&sort=-opened_at"),
    ]
    chinese = await page(agent, "/desk/incident?priority=P2", **{"Accept-Language": "zh"})
    assert ">截止时间 ↑<" in chinese, "records are sorted by when they are due"


async def test_what_became_of_each_chosen_record_is_said_in_words(agent: Client) -> None:
    incidents = [
        await agent.post_ok("/v1/incidents", an_incident(title=title)) for title in ("Printer", "Mail <b>")
    ]
    await agent.post_ok(f"/v1/incidents/{incidents[0]['id']}/acknowledge")
    chosen = {"action": ["acknowledge"], "records": [record["id"] for record in incidents]}
    form = await send_form(agent, "/desk/incident/bulk", chosen)
    for record in incidents:
        assert f">{record['number']}</a>" in form.text, "the form names what it acts on"
    outcome = await send_form(agent, "/desk/incident/bulk", read_form(form.text).inputs)
    lines = re.findall(r"<li>(.*?)</li>", unescape(outcome.text), re.DOTALL)
    assert "Acknowledge: done for 1 of 2." in outcome.text
    assert [re.sub("<[^>]*>", "", line)[:60].split()[:2] for line in lines] == [
        [incidents[0]["number"], "Printer"],
        [incidents[1]["number"], "Mail"],
    ]
    assert 'class="fault"' in lines[0]
    assert "Acknowledged" in lines[1]
    assert not re.search(r">[0-9a-f-]{36}<", outcome.text)


async def test_a_file_of_a_record_has_a_link(agent: Client) -> None:
    incident = await agent.post_ok("/v1/incidents", an_incident())
    path = f"/desk/incident/{incident['number']}"
    form = read_form(await page(agent, f"{path}/attach"))
    typed = {name: values[0] for name, values in form.inputs.items() if values[0]}
    sent = await agent.post(f"{path}/attach", data=typed, files={"/upload": ("note.txt", b"It smells.")})
    assert sent.status_code == 303, said(sent.text)
    (address,) = re.findall(r'<a href="(/v1/[^"]*/content)">note.txt</a>', await page(agent, path))
    assert (await agent.get(address)).content == b"It smells."
    withdrawing = await page(agent, f"{path}/withdraw_attachment")
    assert "note.txt" in withdrawing
    (file,) = (await agent.read(f"/v1/incidents/{incident['id']}/attachments"))["items"]
    await agent.post_ok(f"/v1/incidents/{incident['id']}/withdraw_attachment", {"attachment": file["id"]})
    assert "Withdrawn file" in await page(agent, path)
    assert file["id"] not in await page(agent, f"{path}/withdraw_attachment"), "there is no file to choose"


def test_every_file_of_the_contract_is_linked_from_the_desk() -> None:
    contract = screen_contract()
    linked = set()
    for lifecycle in LIFECYCLES:
        linked |= {file.operation for file in contract.record_files(lifecycle.plural)}
        for child in contract.children(lifecycle.plural):
            file = contract.row_file(lifecycle.plural, child.name)
            if file is not None:
                linked.add(file.operation)
                assert {"id", file.row_member} & child.fields.keys(), "the row says which file is its own"
                assert {"name", "number"} & child.fields.keys(), "there are words for the link"
    plurals = {lifecycle.plural for lifecycle in LIFECYCLES}
    files = set()
    for path, operations in contract.document["paths"].items():
        answer = contract.resolved(operations.get("get", {}).get("responses", {}).get("200", {}))
        needs = [contract.resolved(each) for each in operations.get("get", {}).get("parameters", ())]
        if path.split("/")[2:3] and path.split("/")[2] in plurals and "{id}" in path:
            is_file = any("json" not in media_type for media_type in answer.get("content", {}))
            if is_file and not any(each["in"] == "query" and each.get("required") for each in needs):
                files.add(operations["get"]["operationId"])
    assert files <= linked


def test_every_row_of_a_list_is_a_record_or_names_its_record() -> None:
    contract = screen_contract()
    for lifecycle in LIFECYCLES:
        screen = contract.listing(lifecycle.plural)
        assert screen is not None
        assert "version" in screen.fields or screen.fields.keys() >= {*RECORD_OF_ROW}, lifecycle.kind


async def test_a_name_is_found_whatever_its_case_and_width(indexed: Api) -> None:
    keeper = await indexed.client("Keeper", Role.admin, Role.service_level_manager)
    service = {"key": "mail", "name_en": "E-mail", "name_zh": "电子邮件", "criticality": "high"}
    await keeper.post_ok("/v1/services", {**service, "owner": keeper.id})
    agent = await indexed.client("Lin", Role.agent)

    async def is_indexed() -> bool:
        return bool((await agent.read("/v1/lookup", kind="service", q="E-mail"))["items"])

    await until(is_indexed)
    for typed in ("e-mail", "E-MAIL", " Ｅ-mail ", "E-mail · MAIL"):
        form = read_form(await page(agent, "/desk/new/incident/report"))
        sent = {f"/{name}": [str(value)] for name, value in an_incident().items()} | {"/service": [typed]}
        answer = await send_form(agent, "/desk/new/incident/report", form.inputs | sent)
        assert answer.status_code == 303, said(answer.text)
        number = answer.headers["location"].partition("?")[0].rpartition("/")[2]
        assert (await agent.read(f"/v1/incidents/{number}"))["service"] == "mail", typed


def test_a_portal_form_asks_for_nothing_that_is_not_meant_for_requesters() -> None:
    contract = screen_contract()
    staff = {"alert_labels", "alert_source", "dedup_key", "ci", "category", "requester", "occurred_at"}
    assert staff.isdisjoint(ASKED_FIELDS)
    for schema in ("ReportIncident", "SubmitRequest"):
        names = {field.name for field in plain_form(contract.form(schema)).fields}
        assert names <= ASKED_FIELDS
        assert not names & PRESET.keys()


async def test_a_vote_that_waits_for_the_reader_is_the_first_action_of_the_record(api: Api) -> None:
    board = await a_board(api)
    for name in ("Nils", "Ines"):
        await api.client(name, Role.cab_member)
    path = await board.assessed("medium")
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    change = await board.member.read(path)
    actions = (await page(board.member, f"/desk/change/{change['number']}")).partition('id="actions"')[2]
    first = re.findall(r'<a class="button leads" href="([^"]*)">([^<]*)</a>', actions)[0]
    assert first[0].startswith(f"/desk/change/{change['number']}/vote?")
    assert first[1].startswith("Vote: ")
    assert (await board.member.get(first[0])).status_code == 200
    desk = await page(board.member, "/dashboard/committee")
    assert "How many people notice if it goes wrong?" in desk, "answers about the risk are in words"
    begin = change["wanted_from_at"] or change["opened_at"]
    assert f'datetime="{begin.replace("Z", "")[:16]}' in desk, "whoever votes sees when"


async def test_an_instant_with_fractions_is_shown_to_the_second_and_kept_as_it_is(agent: Client) -> None:
    began = ago(hours=1).replace(microsecond=123456).isoformat()
    incident = await agent.post_ok("/v1/incidents", an_incident(began_at=began))
    path = f"/desk/incident/{incident['number']}/edit"
    html = await page(agent, path)
    assert re.search(r'<input type="datetime-local"[^>]* name="/began_at"[^>]* value="[^".]{19}"', html)
    form = read_form(html)
    assert (await send_form(agent, path, form.inputs | {"/title": ["New"]})).status_code == 303
    events = (await agent.read(f"/v1/incidents/{incident['id']}/events"))["items"]
    assert events[-1]["given"] == {"title": "New"}
