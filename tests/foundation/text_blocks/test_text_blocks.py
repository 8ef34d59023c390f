"""Text blocks: kept by managers, offered filled to staff, and put into an answer at the desk."""

from __future__ import annotations

import pytest

from app.common.people import Role, rule_caller
from app.foundation.people.persons import EditPerson
from app.foundation.text_blocks.placeholders import Placeholder, fill, unknown_placeholders
from tests.client import Api, Json, an_incident
from tests.desk.sent_forms import read_form, send_form
from tests.people import act

BLOCKS = "/v1/text_blocks"
VALUES = {Placeholder.number: "INC-1", Placeholder.requester: "Zhao {agent}", Placeholder.team: None}


def a_block(key: str = "done", **more: object) -> Json:
    """What is said to add a text block."""
    block = {"key": key, "title_en": f"Is {key}", "title_zh": f"{key} 完成"}
    texts = {"text_en": "Dear {requester}, {number} is done.", "text_zh": "{requester}，{number} 已处理。"}
    return {**block, **texts, **more}


@pytest.mark.parametrize(
    ("text", "filled", "missing"),
    [
        ("{number} is done.", "INC-1 is done.", []),
        ("{number}, {number}", "INC-1, INC-1", []),
        ("Dear {requester}", "Dear Zhao {agent}", []),
        ("{team} and {agent}", "{team} and {agent}", [Placeholder.team, Placeholder.agent]),
        ("{ number } {} {{}}", "{ number } {} {{}}", []),
    ],
)
def test_placeholders_are_filled_once_and_stay_where_there_is_nothing(
    text: str, filled: str, missing: list[Placeholder]
) -> None:
    assert fill(text, VALUES) == (filled, missing)


def test_words_in_braces_that_stand_for_nothing_are_named() -> None:
    assert unknown_placeholders("{number} {name} { x } {姓名}") == ["name", "姓名"]


async def test_managers_keep_them_and_a_word_that_stands_for_nothing_is_refused(api: Api) -> None:
    manager, agent = await api.client("Ada", Role.incident_manager), await api.client("Lin", Role.agent)
    assert (await agent.post(BLOCKS, json=a_block())).status_code == 403
    refused = await manager.post(BLOCKS, json=a_block(text_zh="{姓名}，您好"))
    (error,) = refused.json()["errors"]
    assert (refused.status_code, error["pointer"], error["code"]) == (422, "/text_zh", "no_placeholder")
    assert "{requester}" in error["message"]
    block = await manager.post_ok(BLOCKS, a_block())
    edit = {"text_en": "Dear {customer}"}
    refused = await manager.patch(f"{BLOCKS}/{block['id']}", json=edit, headers={"If-Match": "*"})
    assert refused.json()["errors"][0]["pointer"] == "/text_en"
    assert (await manager.post(BLOCKS, json=a_block("other", process="team"))).status_code == 422


async def test_they_are_offered_filled_in_the_requesters_language_to_staff_only(api: Api) -> None:
    manager = await api.client("Ada", Role.incident_manager)
    requester, agent = await api.client("Zhao Min"), await api.client("Lin", Role.agent)
    for block in (a_block(), a_block("mail", process="request"), a_block("old")):
        await manager.post_ok(BLOCKS, block)
    await manager.post_ok(f"{BLOCKS}/old/retire")
    incident = await agent.post_ok("/v1/incidents", an_incident(requester=requester.id))
    path = f"/v1/incidents/{incident['id']}/text_blocks"
    offered = await agent.read(path, language="en")
    text = f"Dear Zhao Min, {incident['number']} is done."
    assert offered == {
        "language": "en",
        "items": [{"key": "done", "title": "Is done", "text": text, "missing": []}],
    }
    in_chinese = EditPerson.model_validate({"locale": "zh"})
    await act(api.ledger, rule_caller("tests"), "person", "edit", requester.id, in_chinese)
    (block,) = (await agent.read(path))["items"]
    assert (block["title"], block["text"]) == ("done 完成", f"Zhao Min，{incident['number']} 已处理。")
    assert (await requester.get(path)).status_code == 403


async def test_one_is_put_behind_what_was_written_at_the_desk(api: Api) -> None:
    manager, agent = await api.client("Ada", Role.incident_manager), await api.client("Lin", Role.agent)
    await manager.post_ok(BLOCKS, a_block())
    incident = await agent.post_ok("/v1/incidents", an_incident())
    path = f"/desk/incident/{incident['number']}/comment"
    form = read_form((await agent.get(path)).text)
    assert form.inputs["block"] == [""]
    form.inputs |= {"/text": ["We have looked at it."], "block": ["done"]}
    again = await send_form(agent, path, {**form.inputs, "insert": ["1"]})
    assert again.status_code == 200
    (text,) = read_form(again.text).inputs["/text"]
    assert text.splitlines()[0] == "We have looked at it."
    assert f"{incident['number']} is done." in text
    assert (await agent.read(f"/v1/incidents/{incident['id']}/comments"))["items"] == []


async def test_a_client_who_is_no_staff_sees_no_blocks_in_their_form(api: Api) -> None:
    manager, requester = await api.client("Ada", Role.incident_manager), await api.client("Zhao")
    await manager.post_ok(BLOCKS, a_block())
    incident = await requester.post_ok("/v1/incidents", an_incident())
    page = await requester.get(f"/portal/incident/{incident['number']}/comment")
    assert page.status_code == 200
    assert 'name="block"' not in page.text
