"""Lists at the desk: what is chosen, what becomes of chosen records, and files of records."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlencode

import pytest

from app.common.people import Role
from app.desk.contract import screen_contract
from app.desk.pages.lists.page import RECORD_OF_ROW
from app.desk.portal.asking import ASKED_FIELDS, PRESET, plain_form
from app.i18n import LANGUAGES, translate
from app.registry import LIFECYCLES
from tests.api.test_search import indexed as indexed  # noqa: PLC0414  # a fixture
from tests.client import Api, Client, an_incident
from tests.desk.sent_forms import FORM, read_form, said, send_form
from tests.desk.test_pages import page
from tests.desk.test_portal import offered_item
from tests.people import ago
from tests.processes.changes.samples import a_board
from tests.waiting import until

FILTER_PANEL = re.compile(r'<details class="drop"([^>]*)><summary[^>]*>Filter<')
CHIP = re.compile(r"<span>([^<]*)</span> ([^<]*) <a href=\"([^\"]*)\"")
TAB = re.compile(
    r'<a href="/desk/incident\?([^"]*)"( aria-current="page")?>([^<]*) <span class="count">([^<]*)<'
)


@pytest.fixture
async def agent(api: Api) -> Client:
    await api.team("network")
    return await api.client("Lin", Role.agent, teams=("network",))


def chips(html: str) -> list[tuple[str, ...]]:
    """The filters in effect: the label, the values, and the address without each."""
    chosen = unescape(html).partition('class="chosen"')[2].partition("</ul>")[0]
    return CHIP.findall(chosen)


def titles(html: str) -> list[str]:
    """The titles of the records in the list."""
    return re.findall(r'<td class="wide" title="([^"]*)"', html)


async def test_a_list_opens_on_the_open_records_of_the_reader_with_counted_tabs(api: Api) -> None:
    await api.team("network")
    lin = await api.client("Lin", Role.agent, teams=("network",))
    for n, title in enumerate(("mine", "of my team", "of nobody", "done with", "also mine")):
        incident = await lin.post_ok("/v1/incidents", an_incident(title=title))
        path = f"/v1/incidents/{incident['id']}"
        if n < 2 or n > 3:
            await lin.post_ok(f"{path}/assign", {"team": "network"} | ({} if n == 1 else {"person": lin.id}))
        if title == "done with":
            await lin.post_ok(f"{path}/cancel", {"reason": "It was a test."})
    html = await page(lin, "/desk/incident")
    assert sorted(titles(html)) == ["also mine", "mine"]
    assert [(label, count) for _, _, label, count in TAB.findall(html)] == [
        ("Mine", "2"),
        ("My teams", "3"),
        ("Unassigned", "2"),
        ("All", "4"),
    ]
    assert [label for _, current, label, _ in TAB.findall(html) if current] == ["Mine"]
    everything = await page(lin, "/desk/incident?tab=all")
    assert len(titles(everything)) == 4
    assert chips(everything) == [("State:", "Open", "/desk/incident?tab=all&state=any")]
    assert len(titles(await page(lin, "/desk/incident?tab=all&state=any"))) == 5
    assert titles(await page(lin, "/desk/incident?tab=unassigned&q=nobody")) == []
    auditor = await api.client("Vera", Role.auditor)
    assert len(titles(await page(auditor, "/desk/incident"))) == 4, "who has none sees all open ones"


async def test_columns_are_chosen_for_oneself_and_sort_the_list_by_their_heads(agent: Client) -> None:
    await agent.post_ok("/v1/incidents", an_incident(title="Mail", impact="1", urgency="1"))
    await agent.post_ok("/v1/incidents", an_incident(title="Printer", impact="3", urgency="3"))
    chosen = {"columns": ["priority", "service"], "back": ["/desk/incident?tab=all"]}
    sent = await send_form(agent, "/desk/incident/columns", chosen)
    assert sent.headers["location"] == "/desk/incident?tab=all"
    html = unescape(await page(agent, "/desk/incident?tab=all"))
    heads = html.partition("<thead>")[2].partition("</thead>")[0]
    assert re.findall(r'href="[^"]*sort=([^"]*)">(\w+)', heads) == [
        ("state_since", "State"),
        ("priority", "Priority"),
    ]
    by_priority = unescape(await page(agent, "/desk/incident?tab=all&sort=priority"))
    assert titles(by_priority) == ["Mail", "Printer"]
    assert 'aria-sort="ascending"><a href="/desk/incident?tab=all&sort=-priority">' in by_priority
    assert 'data-priority="P1"' in by_priority
    elsewhere = await send_form(agent, "/desk/incident/columns", chosen | {"back": ["//evil.example/"]})
    assert elsewhere.headers["location"] == "/desk/incident"
    await send_form(agent, "/desk/incident/columns", chosen | {"usual": ["yes"]})
    assert ">Opened at" in await page(agent, "/desk/incident?tab=all")


async def test_a_long_list_is_read_page_by_page_without_missing_or_repeating_a_row(agent: Client) -> None:
    numbers = set()
    for n in range(7):
        numbers.add((await agent.post_ok("/v1/incidents", an_incident(title=f"No. {n}")))["number"])
    address, listed = "/desk/incident?tab=all&limit=3", list[str]()
    while address:
        html = unescape(await page(agent, address))
        listed += re.findall(r'<td class="wide"[^>]*><a href="/desk/incident/([^"]*)"', html)
        assert f"{len(listed)}</span>" in html.partition('class="paging"')[2]
        address = next(iter(re.findall(r'rel="next" href="([^"]*)"', html)), "")
    assert (len(listed), set(listed)) == (7, numbers)


async def test_selected_records_are_assigned_to_a_colleague_by_name(indexed: Api) -> None:
    await indexed.team("network")
    lin = await indexed.client("Lin", Role.agent, teams=("network",))
    wu = await indexed.client("Wu Jing", Role.engineer, teams=("network",))

    async def is_indexed() -> bool:
        return bool((await lin.read("/v1/lookup", kind="person", q="wu jing"))["items"])

    await until(is_indexed)
    ids = []
    for n in range(3):
        incident = await lin.post_ok("/v1/incidents", an_incident(title=f"No. {n}"))
        await lin.post_ok(f"/v1/incidents/{incident['id']}/assign", {"team": "network"})
        ids.append(incident["id"])
    html = await page(lin, "/desk/incident")
    assert 'name="/assigned_to"' in html
    assert 'value="close"' not in html, "only what is possible is offered"
    back = "/desk/incident?tab=teams"
    chosen = {"records": ids, "back": [back]}
    typed = chosen | {"action": ["assign"], "/assigned_to": ["wu jing"]}
    preview = await send_form(lin, "/desk/incident/bulk", typed)
    assert "Assign: 3 of 3 selected records will change." in preview.text, said(preview.text)
    form, _, folded = preview.text.partition('<form method="post"')[2].partition('<details class="further">')
    assert ("wu jing" in form, " autofocus>Assign</button>" in form) == (True, True), "Enter confirms it"
    assert ("/occurred_at" in form, "/occurred_at" in folded) == (False, True)
    for name in ids:
        assert (await lin.read(f"/v1/incidents/{name}"))["assignee"] is None, "nothing is done yet"
    done = await send_form(lin, "/desk/incident/bulk", read_form(preview.text).inputs)
    assert "Assigned to Wu Jing." in done.text, said(done.text)
    assert "done for 3 of 3" in done.text
    assert f'href="{back}"' in done.text
    unknown = await send_form(lin, "/desk/incident/bulk", typed | {"/assigned_to": ["Nobody"]})
    assert read_form(unknown.text).inputs["/person"] == ["Nobody"], "the form says it once"
    assert unknown.text.count("“Nobody” is not in the list") == 1
    for name in ids:
        assert (await lin.read(f"/v1/incidents/{name}"))["assignee"]["id"] == wu.id
    own = await send_form(lin, "/desk/incident/bulk", chosen | {"action": ["take"]})
    assert read_form(own.text).inputs["/person"] == ["Lin"]
    own = await send_form(lin, "/desk/incident/bulk", read_form(own.text).inputs)
    assert "Assigned to Lin." in own.text
    single_record = {**chosen, "records": ids[:1], "action": ["acknowledge"]}
    assert "done for 1 of 1" in (await send_form(lin, "/desk/incident/bulk", single_record)).text, (
        "one is done at once"
    )
    started = await send_form(lin, "/desk/incident/bulk", chosen | {"action": ["acknowledge"]})
    assert "Acknowledge: 2 of 3 selected records will change." in started.text
    resolving = await send_form(lin, "/desk/incident/bulk", chosen | {"action": ["resolve"]})
    assert 'name="/done"' in resolving.text
    await indexed.team("platform")
    await indexed.client("Peng", Role.engineer, teams=("platform",))
    await lin.post_ok(f"/v1/incidents/{ids[0]}/assign", {"team": "platform"})
    for several in (ids, ids[:1]):
        looked_at = await send_form(
            lin, "/desk/incident/bulk", chosen | {"action": ["take"], "records": several}
        )
        assert "in which Lin does not work" in looked_at.text, said(looked_at.text)
        assert read_form(looked_at.text).inputs.get("records", []) == several[1:], "these only if ticked"


async def test_the_search_of_a_list_leads_to_the_records_of_a_person(indexed: Api) -> None:
    lin = await indexed.client("Lin", Role.agent)
    zhao = await indexed.client("Zhao Min")
    incident = await zhao.post_ok("/v1/incidents", an_incident(title="Mail is lost"))

    async def is_indexed() -> bool:
        return bool((await lin.read("/v1/lookup", kind="person", q="zhao"))["items"])

    await until(is_indexed)
    html = unescape(await page(lin, "/desk/incident?q=zhao"))
    assert 'placeholder="Number, words, person"' in html
    links = re.findall(r'<a href="([^"]*)">(\w+)</a>', html.partition('class="people-found"')[2])
    assert [label for _, label in links[:2]] == ["Requester", "Assignee"]
    own = await page(lin, links[0][0])
    assert titles(own) == ["Mail is lost"]
    assert ("Requester:", "Zhao Min") in [chip[:2] for chip in chips(own)], "a filter names the person"
    assert zhao.id not in re.sub(r'="[^"]*"', "", own)
    assert "people-found" not in await page(lin, "/desk/incident?q=nobody")
    assert incident["number"] in own


async def test_filters_in_effect_are_named_above_the_list_and_can_be_removed_one_by_one(
    agent: Client,
) -> None:
    await agent.post_ok("/v1/incidents", an_incident(title="Mail is lost", impact="1", urgency="2"))
    html = await page(agent, "/desk/incident?priority=P2&state=new&sort=-opened_at")
    assert FILTER_PANEL.findall(html) == [""], "the panel opens over the list and is closed"
    assert chips(html) == [
        ("Priority:", "P2 High", "/desk/incident?state=new&sort=-opened_at"),
        ("State:", "New", "/desk/incident?priority=P2&sort=-opened_at"),
    ]
    chinese = await page(agent, "/desk/incident?priority=P2", **{"Accept-Language": "zh"})
    assert ">截止时间 ↑<" in chinese, "records are sorted by when they are due"


def test_every_filter_by_ids_or_keys_of_records_names_their_kind() -> None:
    contract, unnamed = screen_contract(), []
    for lifecycle in LIFECYCLES:
        screen = contract.listing(lifecycle.plural)
        assert screen is not None
        for field in screen.filters:
            about, name = field.schema["description"], field.name.removesuffix("_not")
            takes_keys = name in ("service", "category", "ci", "catalogue_item", "item", "calendar")
            if (re.search(r"\b(ids|keys)\b", about) or takes_keys) and field.reference is None:
                unnamed.append((lifecycle.kind, field.name))
    assert unnamed == []


async def test_a_filter_takes_the_names_that_the_list_shows_and_proposes_them(indexed: Api) -> None:
    await indexed.team("network")
    await offered_item(indexed)
    lin = await indexed.client("Lin", Role.agent, teams=("network",))
    zhao = await indexed.client("Zhao Min")
    incident = await zhao.post_ok("/v1/incidents", an_incident(title="Mail is lost", service="mail"))
    await lin.post_ok(f"/v1/incidents/{incident['id']}/assign", {"team": "network", "person": "me"})

    async def is_indexed() -> bool:
        found = [
            await lin.read("/v1/lookup", kind=kind, q=q) for kind, q in (("person", "zhao"), ("service", "e"))
        ]
        return all(answer["items"] for answer in found)

    await until(is_indexed)
    proposals = await page(lin, "/desk/lookup?kind=service&process=incident&field=service&service=e")
    assert '<option value="E-mail' in proposals
    names = {"service": "E-mail", "team": "The network team", "requester": "zhao", "assignee": "lin"}
    for name, text in [*names.items(), ("team", "network team")]:
        sent = await lin.get(f"/desk/incident?{urlencode({'tab': 'all', name: text})}")
        assert sent.status_code == 303, (name, said(sent.text))
        html = await page(lin, sent.headers["location"])
        assert titles(html) == ["Mail is lost"], name
        assert (await lin.get(sent.headers["location"])).status_code == 200, "the address has the key or id"
        (typed,) = re.findall(rf'<input name="{name}"[^>]* value="([^"]*)" list=', html)
        assert typed.casefold() in text.casefold() or text.casefold() in typed.casefold(), (
            "the form has the name"
        )


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_filter_that_matches_nothing_says_so_with_the_nearest_names(
    indexed: Api, language: str
) -> None:
    await offered_item(indexed)
    lin = await indexed.client("Lin", Role.agent)
    await lin.post_ok("/v1/incidents", an_incident(title="A tool's", service="mail-of-a-tool"))

    async def is_indexed() -> bool:
        return bool((await lin.read("/v1/lookup", kind="service", q="e"))["items"])

    await until(is_indexed)
    for name, text, nearest in (
        ("service", "E-mial", "mail"),
        ("service", "Xyz", ""),
        ("assignee", "Hanna", ""),
    ):
        answer = await lin.get(f"/desk/problem?{name}={text}", headers={"Accept-Language": language})
        html = unescape(answer.text)
        label = screen_contract().field_label(name, {}, language)
        assert translate(language, "desk", "no_such_name", {"field": label, "name": text}) in html
        assert not nearest or f"{name}={nearest}" in html
    assert titles(await page(lin, "/desk/incident?service=mail-of-a-tool")) == ["A tool's"]


async def test_several_records_get_no_action_on_a_row_that_only_one_of_them_has(agent: Client) -> None:
    for n in range(2):
        incident = await agent.post_ok("/v1/incidents", an_incident(title=f"Mail {n}"))
        path = f"/v1/incidents/{incident['id']}"
        await agent.post_ok(f"{path}/comment", {"text": "We look."})
        await agent.post_ok(f"{path}/add_task", {"title": "Look", "assignee": "me"})
    offered = set(re.findall(r'data-action="(\w+)"', await page(agent, "/desk/incident?tab=all")))
    possible = {action["action"] for action in (await agent.read(path))["actions"]}
    of_rows = {"correct_comment", "withdraw_comment", "edit_task", "drop_task", "complete_task"}
    assert of_rows <= possible
    assert (of_rows & offered, "comment" in offered) == (set(), True)


async def test_what_became_of_each_chosen_record_is_said_in_words(agent: Client) -> None:
    incidents = [
        await agent.post_ok("/v1/incidents", an_incident(title=title)) for title in ("Printer", "Mail <b>")
    ]
    await agent.post_ok(f"/v1/incidents/{incidents[0]['id']}/acknowledge")
    chosen = {"action": ["acknowledge"], "records": [record["id"] for record in incidents]}
    form = await send_form(agent, "/desk/incident/bulk", chosen | {"action": ["cancel"]})
    for record in incidents:
        assert f">{record['number']}</a>" in form.text, "the form names what it acts on"
    outcome = await send_form(agent, "/desk/incident/bulk", chosen | {"filled": ["yes"]})
    lines = re.findall(r"<li>(.*?)</li>", unescape(outcome.text), re.DOTALL)
    assert "Acknowledge: done for 1 of 2." in outcome.text
    assert [re.sub("<[^>]*>", "", line)[:60].split()[:2] for line in lines] == [
        [incidents[0]["number"], "Printer"],
        [incidents[1]["number"], "Mail"],
    ]
    assert 'class="fault"' in lines[0]
    assert "Acknowledged" in lines[1]
    assert not re.search(r">[0-9a-f-]{36}<", outcome.text)


async def test_a_refused_assignment_names_the_person_and_the_record_in_words(api: Api) -> None:
    await api.team("network")
    lin = await api.client("Lin", Role.agent, teams=("network",))
    wu = await api.client("Wu Jing", Role.agent, teams=("network",))
    zhao = await api.client("Zhao Min")
    admin = await api.client("Ada", Role.admin)
    await admin.post_ok(f"/v1/persons/{wu.id}/deactivate")
    incidents = [await lin.post_ok("/v1/incidents", an_incident(title=f"No. {n}")) for n in range(2)]
    chosen = {"action": ["assign"], "filled": ["yes"], "records": [each["id"] for each in incidents]}
    for person, because in ((wu, "is not active; choose someone else"), (zhao, "must be IT staff")):
        typed = chosen | {"/person": [str(person.id)]}
        both = await send_form(lin, "/desk/incident/bulk", typed)
        faults = re.findall(r'class="fault"[^>]*>([^<]*)<', both.text)
        assert because in "".join(faults), said(both.text)
    await lin.post_ok(f"/v1/incidents/{incidents[0]['id']}/cancel", {"reason": "It was a test."})
    because_of = {
        "en": "Person “Wu Jing”: this person is not active; choose someone else",
        "zh": "“Wu Jing”：此人已停用，请另选他人",
    }
    for language, because in because_of.items():
        spoken = {**chosen, "/person": ["Wu Jing"], "kept:/person": [f"{wu.id} Wu Jing"]}
        content = urlencode(spoken, doseq=True)
        mixed = await lin.post(
            "/desk/incident/bulk", content=content, headers=FORM | {"Accept-Language": language}
        )
        entries = re.findall(r"<li>(.*?)</li>", unescape(mixed.text), re.DOTALL)
        lines = [re.sub("<[^>]*>", " ", line) for line in entries]
        assert because in lines[1], lines
        assert incidents[1]["number"] in lines[1], lines
        assert not re.search(r"Body|正文|/[a-z_]+|[0-9a-f-]{36}", "".join(lines)), lines


async def test_results_name_records_as_they_were_selected_and_link_those_that_are_still_read(
    api: Api,
) -> None:
    for key in ("network", "desk"):
        await api.team(key)
    lin = await api.client("Lin", Role.agent, teams=("desk",))
    await api.client("Emil", Role.engineer, teams=("network",))
    zhao, ids = await api.client("Zhao Min"), []
    for title in ("Printer", "Mail"):
        incident = await zhao.post_ok("/v1/incidents", an_incident(title=title))
        await lin.post_ok(f"/v1/incidents/{incident['id']}/assign", {"team": "desk"})
        ids.append(incident["id"])
    chosen = {"records": ids, "filled": ["yes"]}
    sent = await send_form(lin, "/desk/incident/bulk", chosen | {"action": ["assign"], "/team": ["network"]})
    assert "done for 2 of 2" in sent.text, said(sent.text)
    assert sent.text.count('href="/desk/incident/INC-') == 2, "who hands over still reads"
    left = await send_form(lin, "/desk/incident/bulk", chosen | {"action": ["unfollow"]})
    lines = re.findall(r"<li>(.*?)</li>", unescape(left.text), re.DOTALL)
    assert [re.sub("<[^>]*>", "", line).split()[1] for line in lines] == ["Printer", "Mail"]
    assert not any("href" in line for line in lines), "nobody is led to a page that is not found"
    for name in ids:
        assert (await lin.get(f"/v1/incidents/{name}")).status_code == 404
        assert name not in left.text.partition('class="hits"')[2]


async def test_several_are_resolved_and_closed_as_far_as_the_reader_may(api: Api) -> None:
    await api.staffed_team("network")
    lin = await api.client("Lin", Role.agent, teams=("network",))
    emil = await api.client("Emil", Role.engineer, teams=("network",))
    ids = []
    for n in range(3):
        incident = await lin.post_ok("/v1/incidents", an_incident(title=f"No. {n}"))
        if n < 2:
            await lin.post_ok(f"/v1/incidents/{incident['id']}/assign", {"team": "network", "person": lin.id})
        if n == 1:
            await lin.post_ok(f"/v1/incidents/{incident['id']}/acknowledge")
        ids.append(incident["id"])
    html = await page(lin, "/desk/incident")
    assert html.count('resolve_and_close"') == 1 + 2 + 1, "the button, and two rows that allow it"
    assert "resolve_and_close" not in await page(emil, "/desk/incident?tab=all"), "engineers close nothing"
    chosen = {"records": ids, "action": ["resolve_and_close"]}
    form = await send_form(lin, "/desk/incident/bulk", chosen)
    assert 'name="/done"' in form.text
    typed = {"/resolution_code": ["fixed"], "/done": ["Restarted."], "filled": ["yes"]}
    wrong = await send_form(lin, "/desk/incident/bulk", chosen | {"filled": ["yes"]})
    assert 'name="/done"' in wrong.text, "it says what is missing"
    done = await send_form(lin, "/desk/incident/bulk", chosen | typed)
    assert "Resolve and close: done for 2 of 3." in done.text, said(done.text)
    states = [(await lin.read(f"/v1/incidents/{name}"))["state"] for name in ids]
    assert states == ["closed", "closed", "acknowledged"]
    assert "closed automatically" not in done.text
    major = await lin.post_ok("/v1/incidents", an_incident(title="Major"))
    path = f"/v1/incidents/{major['id']}"
    await lin.post_ok(f"{path}/assign", {"team": "network", "person": lin.id})
    await (await api.client("Marta", Role.incident_manager)).post_ok(
        f"{path}/declare_major", {"commander": lin.id, "statement": "We look into it."}
    )
    held = await send_form(lin, "/desk/incident/bulk", chosen | typed | {"records": [major["id"]]})
    assert "done for 1 of 1" in held.text
    assert "are closed automatically" in held.text
    assert "review" in held.text.partition('class="hits"')[2], "why it was not closed"
    assert (await lin.read(path))["state"] == "resolved"


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


def test_every_file_of_a_record_has_words_for_its_link() -> None:
    contract = screen_contract()
    for lifecycle in LIFECYCLES:
        for file in contract.record_files(lifecycle.plural):
            assert all(translate(language, "desk", f"file_{file.operation}") for language in ("en", "zh"))


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
    began = ago(hours=1).replace(second=7, microsecond=123456).isoformat()
    incident = await agent.post_ok("/v1/incidents", an_incident(began_at=began))
    path = f"/desk/incident/{incident['number']}/edit"
    html = await page(agent, path)
    assert re.search(r'<input type="datetime-local"[^>]* name="/began_at"[^>]* value="[^".]{19}"', html)
    form = read_form(html)
    assert (await send_form(agent, path, form.inputs | {"/title": ["New"]})).status_code == 303
    events = (await agent.read(f"/v1/incidents/{incident['id']}/events"))["items"]
    assert events[-1]["given"] == {"title": "New"}
