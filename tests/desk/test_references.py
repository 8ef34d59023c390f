"""References in forms: lists of them have proposals, and all that is wrong with them is said at once."""

from __future__ import annotations

import re
from html import unescape

from app.common.people import Role
from tests.api.test_search import indexed as indexed  # noqa: PLC0414  # a fixture
from tests.client import Api, Client
from tests.desk.sent_forms import read_form, said, send_form
from tests.desk.test_pages import page
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
