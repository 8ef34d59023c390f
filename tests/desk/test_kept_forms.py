"""What was typed into a form survives the end of the session: it is shown again to the same person."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from app.common.people import Role
from app.desk.pages.kept_forms import FILLED_BY
from tests.api.pages.browsers import ELSEWHERE, browser_at
from tests.client import Api, Client, an_incident
from tests.desk.sent_forms import FORM, ReadForm, read_form, said

TYPED = "A long answer\nthat took half an hour."


@pytest.fixture
async def agent(api: Api) -> Client:
    await api.team("network")
    return await api.client("Lin", Role.agent, teams=("network",))


@pytest.fixture
async def browser(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which nobody is signed in."""
    async with browser_at(api.app) as opened:
        yield opened


async def sign_in(browser: httpx.AsyncClient, holder: Client, next_address: str) -> str:
    """Sign in with the client's key, and return the address that the sign-in leads to."""
    answer = await browser.post("/sign-in", data={"key": holder.token, "next": next_address})
    assert answer.status_code == 303, said(answer.text)
    return answer.headers["location"]


async def filled(browser: httpx.AsyncClient, path: str) -> ReadForm:
    answer = await browser.get(path)
    assert answer.status_code == 200, said(answer.text)
    return read_form(answer.text)


async def sent_without_session(
    browser: httpx.AsyncClient, path: str, inputs: dict[str, list[str]], **headers: str
) -> str:
    """Send the form after the session has ended; return the address that the sign-in leads back to."""
    browser.cookies.clear()
    answer = await browser.post(path, content=urlencode(inputs, doseq=True), headers={**FORM, **headers})
    assert answer.status_code == 303, said(answer.text)
    return parse_qs(urlsplit(answer.headers["location"]).query)["next"][0]


async def test_what_was_typed_is_shown_again_after_the_sign_in_and_not_carried_out(
    api: Api, agent: Client, browser: httpx.AsyncClient
) -> None:
    incident = await agent.post_ok("/v1/incidents", an_incident())
    path, comments = (
        f"/desk/incident/{incident['number']}/comment",
        f"/v1/incidents/{incident['id']}/comments",
    )
    await sign_in(browser, agent, "/desk")
    form = await filled(browser, path)
    address = await sent_without_session(browser, path, form.inputs | {"/text": [TYPED]})
    page = await browser.get(f"/sign-in?{urlencode({'next': address})}")
    assert "Your entries are kept" in page.text
    assert await sign_in(browser, agent, address) == address
    again = await filled(browser, address)
    assert again.inputs["/text"] == [TYPED]
    assert again.inputs["key"] == form.inputs["key"]
    assert (await agent.read(comments))["items"] == [], "nothing is carried out by itself"
    done = await browser.post(path, content=urlencode(again.inputs, doseq=True), headers=FORM)
    assert done.headers["location"] == f"/desk/incident/{incident['number']}?done=comment"
    assert [comment["text"] for comment in (await agent.read(comments))["items"]] == [TYPED]


async def test_nobody_else_is_shown_what_was_typed(
    api: Api, agent: Client, browser: httpx.AsyncClient
) -> None:
    incident = await agent.post_ok("/v1/incidents", an_incident())
    path = f"/desk/incident/{incident['number']}/comment"
    mate = await api.client("Mate", Role.agent, teams=("network",))
    await sign_in(browser, agent, "/desk")
    form = await filled(browser, path)
    address = await sent_without_session(browser, path, form.inputs | {"/text": [TYPED]})
    await sign_in(browser, mate, address)
    assert (await filled(browser, address)).inputs["/text"] == [""]
    # The mate's session does not send what the agent has filled in.
    as_another = form.inputs | {"/text": [TYPED]}
    answer = await browser.post(path, content=urlencode(as_another, doseq=True), headers=FORM)
    assert (answer.status_code, TYPED in answer.text) == (409, False)
    assert "Someone else filled in this form" in answer.text
    assert (await agent.read(f"/v1/incidents/{incident['id']}/comments"))["items"] == []


async def test_a_form_of_nobody_we_know_and_of_another_site_is_not_kept(
    api: Api, agent: Client, browser: httpx.AsyncClient
) -> None:
    incident = await agent.post_ok("/v1/incidents", an_incident())
    path = f"/desk/incident/{incident['number']}/comment"
    await sign_in(browser, agent, "/desk")
    form = await filled(browser, path)
    (mark,) = form.inputs[FILLED_BY]
    for inputs, headers in (
        ({"/text": [TYPED]}, {}),
        ({FILLED_BY: [mark[:-1] + ("0" if mark[-1] != "0" else "1")], "/text": [TYPED]}, {}),
        (form.inputs | {"/text": [TYPED]}, ELSEWHERE),
    ):
        assert "kept" not in await sent_without_session(browser, path, inputs, **headers)


async def test_a_file_and_a_form_of_many_records_are_kept_too(
    api: Api, agent: Client, browser: httpx.AsyncClient
) -> None:
    incident = await agent.post_ok("/v1/incidents", an_incident())
    path = f"/desk/incident/{incident['number']}/attach"
    await sign_in(browser, agent, "/desk")
    form = await filled(browser, path)
    browser.cookies.clear()
    typed = {name: values[0] for name, values in form.inputs.items()}
    upload = {"/upload": ("note.txt", b"It smells.")}
    unknown = await browser.post(path, data={**typed, FILLED_BY: "x"}, files=upload)
    assert "kept" not in unknown.headers["location"]
    answer = await browser.post(path, data=typed, files=upload)
    address = parse_qs(urlsplit(answer.headers["location"]).query)["next"][0]
    await sign_in(browser, agent, address)
    again = await filled(browser, address)
    assert again.inputs["/name"] == ["note.txt"]
    sent = await browser.post(
        path, data={name: values[-1] for name, values in again.inputs.items()}, files={}
    )
    assert sent.status_code == 303, said(sent.text)
    (attachment,) = (await agent.read(f"/v1/incidents/{incident['id']}/attachments"))["items"]
    assert (attachment["name"], attachment["size"]) == ("note.txt", 10)
    bulk = {"action": ["comment"], "records": [incident["id"]]}
    drawn = await browser.post("/desk/incident/bulk", content=urlencode(bulk, doseq=True), headers=FORM)
    inputs = read_form(drawn.text).inputs | {"/text": [TYPED]}
    address = await sent_without_session(browser, "/desk/incident/bulk", inputs)
    await sign_in(browser, agent, address)
    assert (await filled(browser, address)).inputs["/text"] == [TYPED]
    assert (await agent.read(f"/v1/incidents/{incident['id']}/comments"))["items"] == []


async def test_a_form_is_shown_again_with_its_rows_without_being_carried_out(api: Api) -> None:
    keeper = await api.client("Keeper", Role.admin)
    blank = read_form((await keeper.get("/desk/new/calendar/add")).text)
    rows = {"/weekly/3/starts": ["08:00"], "/weekly/3/ends": ["17:00"], "again": ["1"]}
    answer = await keeper.post(
        "/desk/new/calendar/add", content=urlencode(blank.inputs | rows, doseq=True), headers=FORM
    )
    assert answer.status_code == 200
    assert read_form(answer.text).inputs["/weekly/3/starts"] == ["08:00"]
    assert "data-filled" in answer.text


async def test_a_page_tells_drafts_of_one_person_from_those_of_another(api: Api, agent: Client) -> None:
    mate = await api.client("Mate", Role.agent)
    marks = [
        re.findall(r'data-reader="([0-9a-f]+)"', (await client.get(path)).text)
        for client, path in ((agent, "/desk"), (agent, "/portal/report"), (mate, "/desk"))
    ]
    assert len(marks[0]) == 1
    assert marks[0] == marks[1]
    assert marks[0] != marks[2]


async def test_a_browser_keeps_no_draft_of_a_secret(api: Api) -> None:
    keeper = await api.client("Keeper", Role.admin)
    html = (await keeper.get("/desk/new/subscription/add")).text
    secret = re.findall(r'<(?:input|textarea) [^>]*name="(/[a-z_]+)" data-secret', html)
    assert sorted(secret) == ["/secret", "/url"]
