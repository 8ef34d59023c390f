"""References in forms: lists of them have proposals, and all that is wrong with them is said at once."""

from __future__ import annotations

import re
from html import unescape

from app.api.open_actions import action_link
from app.common.people import Role
from app.desk.contract import screen_contract
from app.desk.references import LISTS_OF_KEYS, is_typed, names_row, with_rows_named
from app.registry import LIFECYCLES
from tests.api.test_search import indexed as indexed  # noqa: PLC0414  # a fixture
from tests.client import Api, Client, an_incident
from tests.desk.sent_forms import read_form, said, send_form
from tests.desk.test_pages import page
from tests.extent import WHOLE
from tests.processes.changes.samples import a_change

DRAFT = "/desk/new/change/draft"


def fault_at(html: str, field: str) -> str:
    """What is said to be wrong with the field of that name."""
    part = html.partition(f'id="f-{field}-help"')[2].partition("</div>")[0]
    return " ".join(unescape(text) for text in re.findall(r'class="fault">(.*?)</p>', part, re.S))


async def service(api: Api, key: str, name: str) -> Client:
    """A service that everybody sees; and its keeper."""
    keeper = await api.client("Ada", Role.service_level_manager)
    names = {"key": key, "name_en": name, "name_zh": name, "criticality": "high", "owner": "me"}
    await keeper.post_ok("/v1/services", names)
    await keeper.post_ok(f"/v1/services/{key}/go_live")
    return keeper


async def test_a_list_of_references_has_proposals_and_names_the_wrong_entry(indexed: Api) -> None:
    await service(indexed, "relay", "Mail relay")
    manager = await indexed.client("Mia", Role.change_manager)
    html = await page(manager, DRAFT)
    assert re.search(
        r'data-adds="f-services" list="f-services-hits"[^>]*hx-get="/desk/lookup\?kind=service', html
    )
    form = read_form(html)
    filled = {"/services": ["Mail relay"], "/cis": ["First\nSecond"], "/type": ["normal"]}
    too_long = {"/title": ["long " * 60]}
    refused = await send_form(manager, DRAFT, form.inputs | filled | too_long)
    assert refused.status_code == 422, said(refused.text)
    fault = fault_at(refused.text, "cis")
    assert ("First" in fault, "Second" in fault, fault_at(refused.text, "services")) == (True, True, "")
    assert fault_at(refused.text, "title"), "with all that is wrong besides"
    assert read_form(refused.text).inputs["/cis"] == filled["/cis"], "both entries are kept"


async def test_enter_in_a_field_that_adds_names_to_a_list_cannot_send_the_form(indexed: Api) -> None:
    manager = await indexed.client("Mia", Role.change_manager)
    admin = await indexed.client("Ada", Role.admin)
    for client, path in ((manager, DRAFT), (admin, "/desk/administration/people/invite")):
        adding = re.findall(r"<input[^>]* data-adds=[^>]*>", await page(client, path))
        assert adding
        assert [each for each in adding if ' form="" ' not in each] == []


async def test_an_ambiguous_entry_of_a_list_keeps_the_others(indexed: Api) -> None:
    for key, name in (("relay-a", "Relay of Berlin"), ("relay-b", "Relay of Bremen"), ("post", "Post")):
        await service(indexed, key, name)
    manager = await indexed.client("Mia", Role.change_manager)
    form = read_form(await page(manager, DRAFT))
    draft = {f"/{name}": [str(text)] for name, text in a_change().items() if isinstance(text, str)}
    reply = await send_form(manager, DRAFT, form.inputs | draft | {"/services": ["Post\nRelay"]})
    assert reply.status_code == 422, said(reply.text)
    again = read_form(reply.text)
    assert "Post" in again.inputs["/services"]
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", " ".join(again.inputs["/services"])), "names, no ids"
    chosen = next(text for text in again.inputs["/services"] if "Relay" in text)
    done = await send_form(manager, DRAFT, again.inputs | {"/services": ["Post", chosen]})
    assert done.status_code == 303, said(done.text)
    number = done.headers["location"].partition("?")[0].rpartition("/")[2]
    assert (await manager.read(f"/v1/changes/{number}"))["services"] == ["post", chosen.split(" · ")[-1]]


async def test_a_text_in_a_wrong_form_is_refused_in_words(api: Api) -> None:
    keeper = await api.client("Ada", Role.admin)
    path = "/desk/new/custom_field/add"
    form = read_form(await page(keeper, path))
    refused = await send_form(keeper, path, form.inputs | {"/key": ["No key!"]})
    fault = fault_at(refused.text, "key")
    assert ("such as" in fault, "[a-z]" in refused.text, "^" in fault) == (True, False, False)


async def test_a_name_that_is_not_in_the_list_is_refused_and_kept_in_its_field(indexed: Api) -> None:
    await service(indexed, "relay", "Mail relay")
    agent = await indexed.client("Lin", Role.agent)
    report = "/desk/new/incident/report"
    form = read_form(await page(agent, report))
    sent = {f"/{name}": [str(text)] for name, text in an_incident().items()}
    for field in ("service", "ci", "category"):
        mistyped = {"/service": ["relay"]} | {f"/{field}": ["e-mial"]}
        refused = await send_form(agent, report, form.inputs | sent | mistyped)
        assert refused.status_code == 422, said(refused.text)
        assert "Choose one of the proposals" in fault_at(refused.text, field), field
        assert read_form(refused.text).inputs[f"/{field}"] == ["e-mial"]
    assert (await agent.read("/v1/incidents"))["items"] == []
    reply = await send_form(agent, report, form.inputs | sent | {"/service": ["relay"]})
    assert reply.status_code == 303, said(reply.text)


def test_every_key_that_tools_may_send_without_a_record_is_chosen_by_people() -> None:
    references = [
        field.reference or {}
        for lifecycle in LIFECYCLES
        for row in lifecycle.rows
        for field in screen_contract().form(action_link(lifecycle, row).body_schema).fields
    ]
    kinds = {each["kind"] for each in references if each.get("open") and each.get("by") == "key"}
    assert kinds <= LISTS_OF_KEYS.keys()


def test_every_part_that_takes_the_id_of_a_row_offers_the_rows() -> None:
    contract, offered = screen_contract(), set()
    for lifecycle in LIFECYCLES:
        lists = {child.name for child in contract.children(lifecycle.plural)}
        for row in (row for row in lifecycle.rows if not row.opens):
            form = contract.form(action_link(lifecycle, row).body_schema)
            for field in with_rows_named(form.fields, lists):
                offered |= {
                    f"{lifecycle.kind} {row.name}: {inner.name}"
                    for inner in field.inner_fields
                    if names_row(inner)
                }
    assert {
        "improvement report_progress: milestone",
        "improvement_plan propose_adjustment: step",
        "request report_progress: milestone",
    } <= offered


def openings_naming_persons() -> list[tuple[str, str, str]]:
    """The forms that open a record and name one person: their kinds, actions, and fields."""
    contract, forms = screen_contract(), list[tuple[str, str, str]]()
    for lifecycle in LIFECYCLES:
        for row in lifecycle.rows:
            fields = contract.form(action_link(lifecycle, row).body_schema).fields if row.opens else ()
            forms += [
                (lifecycle.kind, row.name, field.name)
                for field in fields
                if (field.reference or {}).get("kind") == "person"
                and is_typed(field)
                and field.kind == "line"
            ]
    return forms


async def test_a_form_that_an_address_fills_in_shows_a_name_and_sends_the_id(indexed: Api) -> None:
    admin = await indexed.whole(await indexed.client("Ada", Role.admin))
    wu = await indexed.client("Wu Jing")
    forms = openings_naming_persons()
    assert ("key", "make", "person") in forms
    for kind, action, field in forms if WHOLE else forms[:3]:
        html = await page(admin, f"/desk/new/{kind}/{action}?/{field}={wu.id}")
        inputs = read_form(html).inputs
        if f"/{field}" in inputs:
            assert inputs[f"/{field}"] == ["Wu Jing"], (kind, action)
            assert inputs[f"kept:/{field}"] == [f"{wu.id} Wu Jing"], (kind, action)
    address = f"/desk/new/key/make?/person={wu.id}"
    inputs = read_form(await page(admin, address)).inputs | {"/name": ["Sign-in"]}
    assert (await send_form(admin, address, inputs)).status_code == 200
    (key,) = [key for key in (await admin.read("/v1/keys"))["items"] if key["name"] == "Sign-in"]
    assert key["person"]["id"] == wu.id


async def test_a_chosen_proposal_means_the_record_that_it_names(indexed: Api) -> None:
    await service(indexed, "paging", "Paging relay")
    admin = await indexed.client("Ada", Role.admin)
    await admin.post_ok("/v1/teams", {"key": "night", "name": "网络 Night desk", "kind": "internal"})
    agent = await indexed.client("Bo", Role.agent)
    await admin.post_ok(f"/v1/persons/{agent.id}/join", {"team": "night"})
    other = await agent.post_ok("/v1/incidents", an_incident(title="Queue · stuck"))
    path = f"/desk/incident/{(await agent.post_ok('/v1/incidents', an_incident()))['number']}"
    for kind, typed, action, field, more in (
        ("team", "网络", "assign", "/team", {}),
        ("service", "Paging", "edit", "/service", {}),
        ("incident", other["number"], "link", "/other", {"/kind": ["relates_to"]}),
    ):
        hits = (await agent.get(f"/desk/lookup?kind={kind}&q={typed}")).text
        proposals = re.findall(r'<option value="([^"]+)"', hits)
        proposal = next(each for each in proposals if kind != "incident" or "stuck" in each)
        assert " · " in proposal
        inputs = read_form(await page(agent, f"{path}/{action}")).inputs
        sent = await send_form(agent, f"{path}/{action}", inputs | {field: [unescape(proposal)]} | more)
        assert sent.status_code == 303, (kind, said(sent.text))
