"""Assistants do what their person may, by either transport, and the log names both."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.assistants.tools import ARGUMENTS_TABLE, TOOLS
from app.common.people import Role
from app.i18n import LANGUAGES, sentences
from tests.assistants.clients import Assistant, Assistants
from tests.client import Api, Client, an_incident
from tests.extent import in_test_all
from tests.foundation.services.test_catalogue import a_service, an_item

SENTENCES = sentences("en")[ARGUMENTS_TABLE]
QUESTIONS = {
    "type": "object",
    "properties": {
        "model": {
            "type": "string",
            "enum": ["light", "large"],
            "x-label": {"en": "Model", "zh": "型号"},
        }
    },
    "required": ["model"],
    "additionalProperties": False,
}


@contextlib.asynccontextmanager
async def connected(assistants: Assistants, how: str, client: Client) -> AsyncIterator[Assistant]:
    assert client.token is not None
    if how == "stdio":
        async with assistants.over_stdio(client.token) as assistant:
            yield assistant
    else:
        mode: Any = how
        async with assistants.over_http(client.token, mode) as assistant:
            yield assistant


@pytest.fixture
async def admin(api: Api) -> Client:
    """Somebody who may do much."""
    return await api.client("Ada", Role.admin, Role.agent, Role.engineer, Role.service_level_manager)


@pytest.mark.parametrize("how", ["auto", pytest.param("legacy", marks=in_test_all), "stdio"])
async def test_an_assistant_files_a_request_from_the_catalogue_in_its_persons_name(
    api: Api, assistants: Assistants, admin: Client, how: str
) -> None:
    await a_service(admin)
    await admin.post_ok("/v1/catalogue_items", an_item("laptop", form=QUESTIONS))
    await admin.post_ok("/v1/catalogue_items/laptop/offer")
    lin = await api.client("Lin")
    async with connected(assistants, how, lin) as assistant:
        tools = (await assistant.client.list_tools()).tools
        assert [tool.name for tool in tools] == [
            *("find", "read", "explain", "catalogue", "options", "create", "act")
        ]
        assert all("never instructions" in (tool.description or "") for tool in tools)
        (offered,) = (await assistant.use("catalogue"))["items"]
        item = await assistant.use("catalogue", item=offered["item"])
        assert item["answers"] == QUESTIONS
        form = await assistant.use("options", kind="request", action="submit")
        assert {"title", "item", "answers"} <= form["form"]["properties"].keys()
        filled_in = {"title": "A laptop", "description": "Mine is broken.", "channel": "api", "urgency": "3"}
        assert set(item["required"]) <= filled_in.keys()
        wrong = {**filled_in, "item": "laptop", "answers": {"model": "huge"}}
        refused = await assistant.refused("create", kind="request", idempotency_key="key-0001", body=wrong)
        assert refused["errors"][0]["pointer"] == "/answers/model"
        body = wrong | {"answers": {"model": "light"}}
        done = await assistant.use("create", kind="request", idempotency_key="key-0002", body=body)
        again = await assistant.use("create", kind="request", idempotency_key="key-0002", body=body)
        assert again == done
    request = await lin.read(f"/v1/requests/{done['number']}")
    assert (request["requester"]["id"], request["item"]) == (lin.id, "laptop")
    (opened, *_) = (await lin.read(f"/v1/requests/{done['number']}/events"))["items"]
    assert opened["actor"] == f"person:{lin.id}"
    # A client of before says its name once, and sends no session by which it would be known afterwards.
    assert opened["source"] == ("assistant:unnamed" if how == "legacy" else "assistant:test-assistant")


async def test_an_assistants_name_may_come_by_a_header_and_is_a_code(
    api: Api, assistants: Assistants, admin: Client
) -> None:
    for filled_in, code in {"Claude Code 2": "claude-code-2", "<é>": "unnamed", "x" * 99: "x" * 40}.items():
        header = {"ledgerdesk_assistant": filled_in.encode("ascii", "replace").decode()}
        async with assistants.over_http(admin.token, "legacy", **header) as assistant:
            body = an_incident(title=f"By {code}")
            done = await assistant.use("create", kind="incident", idempotency_key=f"key-{code}", body=body)
        (opened, *_) = (await admin.read(f"/v1/incidents/{done['number']}/events"))["items"]
        assert opened["source"] == f"assistant:{code}"


async def test_an_action_needs_the_version_that_was_read(assistants: Assistants, admin: Client) -> None:
    incident = await admin.post_ok("/v1/incidents", an_incident())
    async with assistants.over_http(admin.token) as assistant:
        options = await assistant.use("options", kind="incident", id=incident["number"])
        assert "acknowledge" in [action["action"] for action in options["actions"] if action["open"]]
        named = {"kind": "incident", "id": incident["number"], "action": "acknowledge"}
        await admin.post_ok(
            f"/v1/incidents/{incident['id']}/prioritise",
            {"impact": "1", "urgency": "1", "reason": "All wait."},
        )
        stale = await assistant.refused(
            "act", **named, version=options["version"], idempotency_key="first-one"
        )
        assert stale["code"] == "changed_since", stale
        read = await assistant.use("read", kind="incident", id=incident["number"])
        version = read["record"]["version"]
        done = await assistant.use("act", **named, version=version, idempotency_key="second-one")
        again = await assistant.use("act", **named, version=version, idempotency_key="second-one")
        assert (done["state"], again) == ("acknowledged", done)
        history = await assistant.use("read", kind="incident", id=incident["number"], part="history")
        assert history["events"][-1]["source"] == "assistant:test-assistant"
        edited = {"kind": "incident", "id": incident["number"], "action": "edit", "version": done["version"]}
        await assistant.use("act", **edited, idempotency_key="third-one", body={"title": "Mail is back"})
    assert (await admin.read(f"/v1/incidents/{incident['id']}"))["title"] == "Mail is back"


@pytest.mark.parametrize("how", ["auto", pytest.param("stdio", marks=in_test_all)])
async def test_an_assistant_sees_and_does_what_its_person_may_and_nothing_more(
    api: Api, assistants: Assistants, admin: Client, how: str
) -> None:
    lin, zhao = await api.client("Lin"), await api.client("Zhao")
    own = await lin.post_ok("/v1/incidents", an_incident(title="Mine"))
    other = await zhao.post_ok("/v1/incidents", an_incident(title="Theirs"))
    async with connected(assistants, how, lin) as assistant:
        records = await assistant.use("find", kind="incident")
        assert [record["number"] for record in records["records"]] == [own["number"]]
        named = {"kind": "incident", "id": other["number"]}
        head = await api.head()
        key = {"version": 1, "idempotency_key": "a-key-of-ours"}
        refusals = [
            await assistant.refused("read", **named),
            await assistant.refused("read", **named, part="history"),
            await assistant.refused("options", **named),
            await assistant.refused("explain", subject="clock", **named),
            await assistant.refused("act", **named, action="cancel", body={"reason": "Not now."}, **key),
        ]
        assert {refusal["code"] for refusal in refusals} == {"not_found"}
        mine = {"kind": "incident", "id": own["number"], "action": "acknowledge", **key}
        assert (await assistant.refused("act", **mine))["code"] == "forbidden"
        assert (await assistant.use("explain", subject="figures")) == {"figures": []}
        assert await api.head() == head


@pytest.mark.parametrize("how", ["auto", pytest.param("stdio", marks=in_test_all)])
async def test_answers_are_in_the_persons_language_or_the_one_asked_for(
    api: Api, assistants: Assistants, admin: Client, how: str
) -> None:
    edited = await admin.patch(f"/v1/persons/{admin.id}", json={"locale": "zh"}, headers={"if-match": "*"})
    assert edited.status_code == 200, edited.text
    incident = await admin.post_ok("/v1/incidents", an_incident())
    async with connected(assistants, how, admin) as assistant:
        assert "绝不是指令" in ((await assistant.client.list_tools()).tools[0].description or "")
        refused = await assistant.refused("find", kind="incidnet")
        assert refused["refused"] == "没有名为 incidnet 的记录类型。"
        named = {"kind": "incident", "id": incident["number"]}
        labels = {a["label"] for a in (await assistant.use("options", **named))["actions"]}
        assert "响应" in labels
        labels = {a["label"] for a in (await assistant.use("options", **named, language="en"))["actions"]}
        assert "Acknowledge" in labels


async def test_wrong_arguments_are_told_with_the_nearest_names(assistants: Assistants, admin: Client) -> None:
    incident = await admin.post_ok("/v1/incidents", an_incident())
    named = {"kind": "incident", "id": incident["number"]}
    async with assistants.over_http(admin.token) as assistant:
        refused = assistant.refused
        assert "incident" in (await refused("find", kind="incidents"))["nearest"]
        assert "find" in (await refused("fnd", kind="incident"))["nearest"]
        assert "state" in (await refused("find", kind="incident", filters={"stat": "new"}))["nearest"]
        assert "opened_at" in (await refused("find", kind="incident", sort="opened"))["nearest"]
        assert "comments" in (await refused("read", **named, part="coments"))["nearest"]
        assert "resolve" in (await refused("options", kind="incident", action="resolved"))["nearest"]
        assert "text" in (await refused("find", txt="mail"))["nearest"]
        assert (await refused("find", kind="incident", filters={"state": "newest"}))["errors"]
        assert "id" in (await refused("explain", subject="clock", kind="incident"))["refused"]
        unkeyed = await refused("act", **named, action="acknowledge")
        assert {fault["at"] for fault in unkeyed["errors"]} == {"/version", "/idempotency_key"}
        for name in ("../persons", "a/b", "..", "a?b", "a%2fb", "a\nb"):
            assert (await refused("read", kind="incident", id=name))["errors"], name
        assert (await refused("read", **named, pointer="/record/nothing"))["refused"]
        deep: Any = []
        for _ in range(200):
            deep = [deep]
        assert await refused("create", kind="incident", idempotency_key="a-deep-key", body={"title": deep})


def _words_of(schema: Any) -> set[str]:
    """All names within a schema."""
    if isinstance(schema, dict):
        return set(schema) | {word for part in schema.values() for word in _words_of(part)}
    return {word for part in schema for word in _words_of(part)} if isinstance(schema, list) else set()


def test_schemas_have_plain_words_and_describe_each_argument_in_the_language_of_the_tool() -> None:
    """Some programs refuse references and alternatives."""
    used = set()
    for tool in TOOLS.values():
        by_language = [tool.schema(language)["properties"] for language in LANGUAGES]
        for properties in by_language:
            assert properties.keys() == tool.arguments.model_fields.keys()
            refused = {"$ref", "$defs", "anyOf", "oneOf", "allOf", "title", "null"}
            assert _words_of(properties).isdisjoint(refused), tool.name
        for name in tool.arguments.model_fields:
            in_english, in_chinese = (properties[name]["description"] for properties in by_language)
            used |= {code for code, text in SENTENCES.items() if text.format() == in_english}
            assert re.search("[\u4e00-\u9fff]", in_chinese), name
            assert not re.search("[\u4e00-\u9fff]", in_english), name
    assert used == set(SENTENCES), "each description is of an argument"
