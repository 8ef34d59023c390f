"""The portal over HTTP: a requester from search to rating, and what the pages show to nobody else."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import httpx
import pytest

from app.common.people import Role
from app.desk.portal.tickets import ACTIONS, KINDS, TABLE, TICKETS
from app.i18n import LANGUAGES, translate
from app.registry import LIFECYCLES_BY_KIND
from tests.api.test_search import indexed as indexed  # noqa: PLC0414  # a fixture
from tests.client import RESOLVED, Api, Client, an_incident
from tests.desk.sent_forms import read_form, send_form
from tests.extent import first_of
from tests.processes.articles.test_articles import published
from tests.processes.changes.conftest import board as board  # noqa: PLC0414  # a fixture
from tests.processes.changes.samples import NIGHT, Board

Json = dict[str, Any]
ASKED = {"title": "A laptop", "description": "For travel.", "channel": "portal", "urgency": "3"}
HOSTILE = '"><script>alert(1)</script>'
ASSESSED = {"category": "mail", "impact": "3", "urgency": "3", "path": "standard", "assignee": "me"}
FORM = {
    "type": "object",
    "properties": {
        "seats": {"type": "integer", "minimum": 1, "x-label": {"en": "Seats", "zh": "座位数"}},
        "size": {
            "type": "string",
            "enum": ["s", "l"],
            "x-enum-labels": [{"en": "Small", "zh": "小"}, {"en": "Large", "zh": "大"}],
            "x-label": {"en": "Size", "zh": "大小"},
        },
    },
    "required": ["seats"],
    "x-order": ["size", "seats"],
}


async def offered_item(api: Api, **changes: Any) -> None:
    """A live service, and an item of it whose form asks two questions."""
    keeper = await api.client("Keeper", Role.admin, Role.service_level_manager)
    service = {"key": "mail", "name_en": "E-mail", "name_zh": "电子邮件", "criticality": "high"}
    await keeper.post_ok("/v1/services", {**service, "owner": keeper.id})
    await keeper.post_ok("/v1/services/mail/go_live")
    item = {"key": "mailbox", "service": "mail", "title_en": "A shared mailbox", "title_zh": "共享邮箱"}
    await keeper.post_ok(
        "/v1/catalogue_items", {**item, "fulfilment_path": "standard", "form": FORM, **changes}
    )
    await keeper.post_ok("/v1/catalogue_items/mailbox/offer")


async def page(client: Client, path: str, language: str = "en") -> str:
    """The page at that path, in that language."""
    answer = await client.get(path, headers={"accept-language": language})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-language"] == language
    return unescape(answer.text)


async def fill(client: Client, path: str, **values: str) -> httpx.Response:
    """What the form at the path answers, filled in with these values by their pointers below `/`."""
    form = read_form((await client.get(path)).text)
    named = {f"/{name.replace('__', '/')}": [value] for name, value in values.items()}
    assert named.keys() <= form.named, form.named
    return await send_form(client, path, {**form.inputs, **named})


@pytest.mark.parametrize("language", first_of(LANGUAGES, 1))
async def test_a_requester_goes_from_search_to_rating(indexed: Api, language: str) -> None:
    lin, zhao = await indexed.client("Lin", Role.agent), await indexed.client("Zhao Min")
    writer, editor = [await indexed.client(name, Role.knowledge_editor) for name in ("Wri", "Edi")]
    path = await published(writer, editor, title="The printer prints blank pages")
    number = (await zhao.read(path))["number"]
    await page(zhao, "/portal", language)
    assert f"/portal/article/{number}" in await page(zhao, "/portal/search?q=printer", language)
    assert "portal/report" in await page(zhao, f"/portal/search?q={number}", language)
    await page(zhao, f"/portal/article/{number}", language)
    refused = await fill(zhao, "/portal/report", description="Mail is late.\nBy hours.")
    assert (refused.status_code, read_form(refused.text).faults) == (422, {"f-how_bad-help"})
    assert "By hours." in refused.text
    opened = await fill(
        zhao, "/portal/report", description="Mail is late.\nBy hours.", how_bad="one_hindered"
    )
    assert opened.status_code == 303, opened.text
    address = opened.headers["location"].partition("?")[0]
    ticket = f"/v1/incidents/{address.rpartition('/')[2]}"
    reported = await zhao.read(ticket)
    assert (reported["channel"], reported["title"], reported["priority"]) == ("portal", "Mail is late.", "P4")
    for list_path in ("/portal", "/portal/mine"):
        assert address in await page(zhao, list_path, language)
    assert translate(language, TABLE, "next_new", {}) in await page(zhao, address, language)
    assert 'name="/text"' in await page(zhao, address, language), "the box for a reply is open on the page"
    answered = await fill(zhao, f"{address}/comment", text="Since Monday.")
    assert answered.headers["location"].startswith(address)
    assert "Since Monday." in await page(zhao, address, language)
    for action, body in (("assign", {"person": "me"}), ("start", {}), ("resolve", RESOLVED)):
        await lin.post_ok(f"{ticket}/{action}", body)
    resolved = await page(zhao, address, language)
    assert translate(language, TABLE, "act_close", {}) in resolved
    assert (await fill(zhao, f"{address}/reopen", reason="It is late again.")).status_code == 303
    for action, body in (("assign", {"person": "me"}), ("start", {}), ("resolve", RESOLVED)):
        if action in {each["action"] for each in (await lin.read(ticket))["actions"] if each["open"]}:
            await lin.post_ok(f"{ticket}/{action}", body)
    assert (await fill(zhao, f"{address}/close")).status_code == 303
    assert (await fill(zhao, f"{address}/rate", score="5")).status_code == 303
    assert (await fill(zhao, f"{address}/complain", subject="speed", about="Late.")).status_code == 303
    assert (await zhao.read(ticket))["state"] == "closed"


async def test_an_item_is_asked_for_by_its_own_questions(api: Api) -> None:
    zhao = await api.client("Zhao Min")
    await offered_item(api)
    assert "共享邮箱" in await page(zhao, "/portal/catalogue", "zh")
    path = "/portal/catalogue_item/mailbox"
    html = await page(zhao, path)
    assert html.index("Size") < html.index("Seats")
    assert "座位数" in await page(zhao, path, "zh")
    refused = await fill(zhao, path, description="For us.", answers__seats="none")
    faults = read_form(refused.text).faults
    assert (refused.status_code, faults) == (422, {"f-answers-seats-help"})
    sent = {"answers__seats": "4", "answers__size": "l"}
    opened = await fill(zhao, path, description="For us.", **sent)
    assert opened.status_code == 303, opened.text
    number = opened.headers["location"].partition("?")[0].rpartition("/")[2]
    request = await zhao.read(f"/v1/requests/{number}")
    assert (request["title"], json.loads(request["answers"])) == (
        "A shared mailbox",
        {"seats": 4, "size": "l"},
    )
    for language, label, answer in (("en", "Size", "Large"), ("zh", "大小", "大")):
        assert f"<dt>{label}</dt><dd>{answer}</dd>" in await page(zhao, f"/portal/request/{number}", language)
    lin = await api.client("Lin", Role.agent)
    desk = await page(lin, f"/desk/request/{number}")
    assert "<b>Size</b> Large" in desk.partition('id="timeline"')[0], "open, in the words of the form"
    assert '"seats"' not in desk, "and not as JSON"
    assert "<b>大小</b> 大" in await page(lin, f"/desk/request/{number}", "zh")
    await lin.request("PUT", "/v1/me/list_columns/request", json={"columns": ["answers"]})
    listed = await page(lin, "/desk/request?tab=all")
    assert '"seats"' not in listed
    assert "Large" in listed
    judged = await page(lin, f"/desk/request/{number}/assess")
    assert '"seats"' not in judged
    without_item = await fill(zhao, "/portal/ask", description="A plant.\nGreen.")
    assert without_item.status_code == 303


async def test_whoever_is_asked_decides_in_the_portal(api: Api) -> None:
    zhao, chief = await api.client("Zhao Min"), await api.client("Chief")
    lin = await api.client("Lin", Role.agent)
    await offered_item(api, approver_persons=[chief.id], approval_rule="majority")
    sent = {"description": "For us.", "answers__seats": "4"}
    opened = await fill(zhao, "/portal/catalogue_item/mailbox", **sent)
    address = opened.headers["location"].partition("?")[0]
    await lin.post_ok(f"/v1/requests/{address.rpartition('/')[2]}/assess", ASSESSED)
    assert translate("zh", TABLE, "next_awaiting_approval", {}) in await page(zhao, address, "zh")
    assert "/vote" not in await page(zhao, "/portal")
    link = re.search(rf'href="({address}/vote[^"]+)"', await page(chief, "/portal"))
    assert link is not None
    form = read_form((await chief.get(link[1])).text)
    decided = await send_form(chief, f"{address}/vote", {**form.inputs, "/verdict": ["approve"]})
    assert decided.status_code == 303, decided.text
    assert (await zhao.read(f"/v1/requests/{address.rpartition('/')[2]}"))["state"] == "assessed"


async def test_nobody_sees_or_does_more_in_the_portal_than_by_the_api(indexed: Api) -> None:
    zhao, wu = await indexed.client("Zhao Min"), await indexed.client("Wu")
    lin = await indexed.client("Lin", Role.agent)
    hers = await zhao.post_ok("/v1/incidents", an_incident(title="My laptop smells"))
    path = f"/portal/incident/{hers['number']}"
    internal = {"text": "The whole series burns", "visibility": "internal"}
    await lin.post_ok(f"/v1/incidents/{hers['id']}/comment", internal)
    assert "series burns" not in await page(zhao, path)
    assert "alert_source" not in await page(zhao, "/portal/report")
    for address in (path, f"{path}/comment", f"{path}/close"):
        assert (await wu.get(address)).status_code == 404
    for address in ("/portal", "/portal/mine", "/portal/search?q=laptop"):
        assert hers["number"] not in await page(wu, address)
    for address in (f"{path}/assign", "/portal/person/x", "/portal/risk/x", "/portal/nothing/x"):
        assert (await zhao.get(address)).status_code == 404
    refused = await send_form(wu, f"{path}/comment", {"/text": ["Hello"]})
    assert refused.status_code == 404


async def test_what_others_have_written_is_text_and_nothing_else(indexed: Api) -> None:
    zhao = await indexed.client("Zhao Min")
    hers = await zhao.post_ok("/v1/incidents", an_incident(title=HOSTILE, description=HOSTILE))
    await zhao.post_ok(f"/v1/incidents/{hers['id']}/comment", {"text": HOSTILE})
    for path in ("/portal", "/portal/mine", f"/portal/incident/{hers['number']}", "/portal/search?q=alert"):
        answer = await zhao.get(path)
        assert "<script>alert" not in answer.text, path
        assert "script-src 'self'" in answer.headers["content-security-policy"]
    answer = await zhao.get("/portal/search", params={"q": HOSTILE})
    assert "<script>alert" not in answer.text


async def test_services_that_do_not_work_stand_on_the_first_page(api: Api) -> None:
    zhao, lin = await api.client("Zhao Min"), await api.client("Lin", Role.agent)
    await offered_item(api)
    assert translate("en", TABLE, "all_well", {}) in await page(zhao, "/portal")
    await lin.post_ok("/v1/incidents", an_incident(service="mail", effect="down", title="A secret cause"))
    html = await page(zhao, "/portal")
    assert "E-mail" in html
    assert "secret cause" not in html
    assert "电子邮件" in await page(zhao, "/portal/status", "zh")


async def test_what_concerns_ones_services_is_announced_and_nothing_else(board: Board) -> None:
    api = board.api
    await api.team("sales")
    zhao, wu = await api.client("Zhao Min", teams=("sales",)), await api.client("Wu")
    await offered_item(api)
    keeper = await api.client("Keeper", Role.service_level_manager)
    names = {"name_en": "Web", "name_zh": "网站", "criticality": "high", "owner": keeper.id}
    await keeper.post_ok("/v1/services", {"key": "web", "customers": ["sales"], **names})
    await keeper.post_ok("/v1/services/web/go_live")
    await board.scheduled(2, 4, title="A secret change", services=["web"])
    incident = await zhao.post_ok("/v1/incidents", an_incident(service="mail", effect="down"))
    chief = await api.client("Chief", Role.incident_manager)
    declared = {"commander": "me", "statement": "We restore the mail of Monday."}
    await chief.post_ok(f"/v1/incidents/{incident['id']}/declare_major", declared)
    html = announced(await page(zhao, "/portal"))
    assert "<b>Web</b>" in html
    assert f"Maintenance is planned from {NIGHT.date()}" in html
    assert "We restore the mail of Monday." in html
    assert "secret" not in html
    assert f"计划于 {NIGHT.date()}" in announced(await page(zhao, "/portal", "zh"))
    assert announced(await page(wu, "/portal")) == ""


def announced(html: str) -> str:
    """What the first page announces; nothing if it has no announcements."""
    return html.partition('id="announced"')[2].partition("</section>")[0]


async def test_a_reader_says_whether_an_article_has_helped(api: Api) -> None:
    zhao = await api.client("Zhao Min")
    writer, editor = [await api.client(name, Role.knowledge_editor) for name in ("Wri", "Edi")]
    article = await published(writer, editor)
    path = f"/portal/article/{(await zhao.read(article))['number']}"
    for answer, counts in (("true", (1, 0)), ("false", (0, 1))):
        html = await page(zhao, path)
        assert f'name="/helped" value="{answer}"' in html
        sent = {**read_form(html).inputs, "/helped": [answer]}
        done = await send_form(zhao, f"{path}/rate", sent)
        assert (done.status_code, done.headers["location"]) == (303, f"{path}?done=rate")
        record = await zhao.read(article)
        assert (record["helped_count"] or 0, record["did_not_help_count"] or 0) == counts
    assert translate("zh", TABLE, "thanks", {}) in await page(zhao, f"{path}?done=rate", "zh")
    await editor.post_ok(f"{article}/retire", {"reason": "The printers are gone."})
    assert 'name="/helped"' not in (await editor.get(path)).text


async def test_the_question_that_a_ticket_waits_for_is_shown_and_none_if_nothing_was_asked(api: Api) -> None:
    zhao, lin = await api.client("Zhao Min"), await api.client("Lin", Role.agent)
    incident = await zhao.post_ok("/v1/incidents", an_incident())
    request = await zhao.post_ok("/v1/requests", ASKED)
    for kind, ticket, claim in (("incident", incident, "assign"), ("request", request, "assess")):
        record, own_page = f"/v1/{kind}s/{ticket['id']}", f"/portal/{kind}/{ticket['number']}"
        await lin.post_ok(f"{record}/{claim}", ASSESSED if claim == "assess" else {"person": "me"})
        for question in ("For which building?", None):
            hold_body = {"reason": "awaiting_requester"} | ({"question": question} if question else {})
            await lin.post_ok(f"{record}/hold", hold_body)
            html = await page(zhao, own_page)
            assert ("Please answer our question: “For which building?”" in html) is (question is not None)
            assert ("our question" in html) is (question is not None), kind
            waiting = (await page(zhao, "/portal")).partition('id="waiting"')[2].partition("</section>")[0]
            assert f'href="{own_page}#reply"' in waiting
            await lin.post_ok(f"{record}/resume")


def test_each_state_and_action_has_plain_words() -> None:
    states = {state.value for kind in TICKETS for state in LIFECYCLES_BY_KIND[kind].states}
    codes = {f"next_{state}" for state in states} | {f"act_{action}" for action in ACTIONS}
    for language in LANGUAGES:
        assert all(translate(language, TABLE, code, {"days": "3"}) for code in codes)
    action_names = {name for kind in KINDS for name in LIFECYCLES_BY_KIND[kind].action_names}
    assert set(ACTIONS) <= action_names
