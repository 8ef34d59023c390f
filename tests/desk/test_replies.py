"""The box for a reply on the page of a ticket, and files that are sent along with a form."""

from __future__ import annotations

import re
from html import unescape

import pytest

from app.common.people import Role
from app.i18n import sentences
from tests.client import Api, Client, an_incident
from tests.desk.sent_forms import read_form, said
from tests.desk.test_pages import page, send
from tests.desk.test_portal import ASKED, ASSESSED

PICTURE = ("screen.png", b"\x89PNG\r\n\x1a\n0000")


@pytest.fixture
async def agent(api: Api) -> Client:
    return await api.client("Lin", Role.agent)


async def test_an_agent_answers_asks_and_shows_a_file_on_the_page_of_the_ticket(
    api: Api, agent: Client
) -> None:
    zhao = await api.client("Zhao Min")
    first = await zhao.post_ok("/v1/incidents", an_incident(title="Mail is late"))
    incident = await zhao.post_ok("/v1/incidents", an_incident(title="The printer smells"))
    path, address = f"/v1/incidents/{incident['id']}", f"/desk/incident/{incident['number']}"
    html = await page(agent, address)
    assert ("Unassigned" in html, "Zhao Min" in html, first["number"] in html) == (True, True, True)
    assert '<button class="leads" data-key="t">Take</button>' in html
    assignment = await send(agent, f"{address}/assign", **{"/person": "me"})
    assert "Assigned to Lin." in await page(agent, assignment.headers["location"])
    answered = await agent.post(
        f"{address}/comment",
        data={"key": "one", "/text": "Please look.", "/visibility": "internal"},
        files={"file": PICTURE},
    )
    assert answered.status_code == 303, said(answered.text)
    (file,) = (await agent.read(f"{path}/attachments"))["items"]
    assert (file["name"], file["visibility"]) == ("screen.png", "internal")
    html = await page(agent, answered.headers["location"])
    content = f"{path}/attachments/{file['id']}/content"
    assert f'<img src="{content}?inline=true" alt="screen.png"' in html, "a picture is seen where it was sent"
    image, saved = await agent.get(f"{content}?inline=true"), await agent.get(content)
    assert (image.headers["content-type"], image.headers["content-disposition"]) == (
        "image/png",
        "inline",
    )
    assert saved.headers["content-disposition"].startswith("attachment")
    assert re.search(r'class="message internal">.*?Please look\.', html, re.S)
    blank = {"key": "blank", "/text": " ", "/reason": "awaiting_requester"}
    for sent in (blank, {"key": "form", "/reason": "awaiting_requester"}):
        refused = await send(agent, f"{address}/hold", **sent)
        assert (refused.status_code, "f-question-help" in read_form(refused.text).faults) == (422, True)
    assert (await agent.read(path))["state"] != "on_hold", "nobody waits for an answer to no question"
    question = {"key": "two", "/text": "Which printer?", "/reason": "awaiting_requester"}
    holding = await send(agent, f"{address}/hold", **question)
    assert holding.status_code == 303, said(holding.text)
    record = await zhao.read(path)
    comments = (await zhao.read(f"{path}/comments"))["items"]
    assert (record["state"], [each["text"] for each in comments]) == ("on_hold", ["Which printer?"])
    assert (await page(agent, address)).count("Which printer?") == 1, "the question is shown once"
    version = f'"{(await agent.read(path))["version"]}"'
    edited = await agent.patch(path, json={"title": "It smells"}, headers={"if-match": version})
    assert edited.status_code == 200, edited.text
    assert "<del>The printer smells</del>" in await page(agent, address)


@pytest.mark.parametrize("kind", ["incident", "request"])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_note_for_staff_never_becomes_a_question_to_the_requester(
    api: Api, agent: Client, kind: str, language: str
) -> None:
    zhao = await api.client("Zhao Min")
    ticket = await zhao.post_ok(f"/v1/{kind}s", an_incident() if kind == "incident" else ASKED)
    path, address = f"/v1/{kind}s/{ticket['id']}", f"/desk/{kind}/{ticket['number']}"
    await agent.post_ok(
        f"{path}/{'assign' if kind == 'incident' else 'assess'}",
        {"person": "me"} if kind == "incident" else ASSESSED,
    )
    note = {"key": f"note-{kind}-{language}", "/text": "She is difficult.", "/visibility": "internal"}
    sent = {**note, "/reason": "awaiting_requester"}
    refused = await agent.post(f"{address}/hold", data=sent, headers={"Accept-Language": language})
    sentence = sentences(language)["desk"]["question_is_public"]
    assert (refused.status_code, sentence in unescape(refused.text)) == (422, True), said(refused.text)
    direct = {"reason": "awaiting_requester", "question": "She is difficult.", "visibility": "internal"}
    assert (await agent.post(f"{path}/hold", json=direct)).status_code == 422
    assert (await zhao.read(f"{path}/comments"))["items"] == []
    assert (await agent.read(path))["state"] != "on_hold"
    question = {**sent, "/text": "Which building?", "/visibility": "public"}
    assert (await send(agent, f"{address}/hold", **question)).status_code == 303
    (comment,) = (await zhao.read(f"{path}/comments"))["items"]
    assert comment["text"] == "Which building?"


async def test_a_report_names_all_that_is_missing_and_keeps_its_picture(api: Api) -> None:
    zhao = await api.client("Zhao Min")
    form = read_form(await page(zhao, "/portal/report"))
    sent = {name: values[0] for name, values in form.inputs.items()}
    refused = await zhao.post("/portal/report", data=sent, files={"file": PICTURE})
    again = read_form(refused.text)
    assert (refused.status_code, again.faults) == (422, {"f-description-help", "f-how_bad-help"})
    assert "correct the marked fields (2)" in refused.text
    mild = await zhao.post("/portal/report", data={**sent, "/description": "It smells."})
    assert (read_form(mild.text).faults, "fields (1)" in mild.text) == ({"f-how_bad-help"}, True)
    sent = {name: values[0] for name, values in again.inputs.items() if values}
    sent |= {"/description": "It smells.", "/how_bad": "can_wait"}
    opened = await zhao.post("/portal/report", data=sent)
    assert opened.status_code == 303, said(opened.text)
    number = opened.headers["location"].partition("?")[0].rpartition("/")[2]
    (file,) = (await zhao.read(f"/v1/incidents/{number}/attachments"))["items"]
    assert file["name"] == "screen.png"


async def test_a_public_reply_is_the_response_and_one_entry_with_its_files(api: Api, agent: Client) -> None:
    zhao = await api.client("Zhao Min")
    states = []
    for visibility in ("internal", "public"):
        incident = await zhao.post_ok("/v1/incidents", an_incident())
        path, address = f"/v1/incidents/{incident['id']}", f"/desk/incident/{incident['number']}"
        reply = {"key": f"of-{visibility}", "/text": "We are on it.", "/visibility": visibility}
        pictures = [("file", PICTURE), ("file", ("two.png", PICTURE[1]))]
        for _ in range(2):
            answered = await agent.post(f"{address}/comment", data=reply, files=pictures)
            assert answered.status_code == 303, said(answered.text)
        states.append((await agent.read(path))["state"])
        (entry,) = re.findall(
            rf'<li class="message{" internal" if visibility == "internal" else ""}">.*?</li>',
            (await page(agent, address)).partition('id="timeline"')[2],
            re.S,
        )
        assert ("We are on it." in entry, entry.count("<img ")) == (True, 2)
    assert states == ["new", "acknowledged"]


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("en", "(Team: The network team; Assignee: Lin)", "(Assignee: Wu, before Lin)"),
        ("zh", "（团队：The network team；处理人：Lin）", "（处理人：Wu，原为 Lin）"),
    ],
)
async def test_the_conversation_says_to_whom_something_was_given_and_who_had_it(
    api: Api, language: str, first: str, second: str
) -> None:
    await api.team("network")
    lin, wu = [await api.client(name, Role.agent, teams=("network",)) for name in ("Lin", "Wu")]
    incident = await lin.post_ok("/v1/incidents", an_incident())
    for person in (lin, wu):
        path = f"/v1/incidents/{incident['id']}/assign"
        await lin.post_ok(path, {"team": "network", "person": person.id})
    html = await lin.get(f"/desk/incident/{incident['number']}", headers={"Accept-Language": language})
    said_to = re.findall(r"[(（]\w+[:：][^)）]*[)）]", unescape(html.text).partition('id="timeline"')[2])
    assert said_to[:2] == [first, second]
