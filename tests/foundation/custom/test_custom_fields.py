"""Custom fields: declared by administrators, given with tickets, found by, kept from whom they must be."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.common.people import Role, rule_caller
from app.common.personal import is_encrypted
from app.foundation.custom.fields import AddCustomField
from app.kernel.actions.refusals import WrongValue
from app.kernel.histories.rebuild import compare
from app.kernel.ledger import Ledger
from app.processes.incidents.payloads import ReportIncident
from app.registry import LIFECYCLES
from tests.client import Api, Client, Json, an_incident
from tests.every_action.articles import AN_ARTICLE
from tests.extent import in_test_all
from tests.people import act, add_caller
from tests.processes.problems.samples import WORKAROUND, a_problem

FIELDS, INCIDENTS = "/v1/custom_fields", "/v1/incidents"
SITES = [
    {"key": "beijing", "label_en": "Beijing", "label_zh": "北京"},
    {"key": "berlin", "label_en": "Berlin", "label_zh": "柏林"},
]


def a_field(key: str, value_type: str = "text", **more: Any) -> Json:
    """What is said to declare a custom field."""
    labels = {"label_en": key.capitalize(), "label_zh": "字段"}
    return {"process": "incident", "key": key, "value_type": value_type, **labels, **more}


async def declare(ledger: Ledger, key: str, value_type: str = "text", **more: Any) -> str:
    """A custom field of incidents; gives its id."""
    body = AddCustomField.model_validate(a_field(key, value_type, **more))
    return str((await act(ledger, rule_caller("tests"), "custom_field", "add", body=body)).record.id)


async def wrong(client: Client, custom: Json) -> tuple[str, str]:
    """Where a report with these values is wrong, and why."""
    answer = await client.post(INCIDENTS, json=an_incident(custom=custom))
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    return error["pointer"], error["code"]


async def listed(client: Client, **query: Any) -> set[str]:
    """The ids of the incidents that the client's list shows."""
    return {item["id"] for page in await client.pages(INCIDENTS, **query) for item in page}


async def test_an_administrator_declares_what_is_to_be_known_and_everybody_reads_what_it_is(api: Api) -> None:
    admin, reporter = await api.client("Ada", Role.admin), await api.client("Zhao")
    scoped = await api.client("Max", "admin@process/incident", "agent")
    for client in (reporter, scoped):
        assert (await client.post(FIELDS, json=a_field("site"))).status_code == 403
    site = await admin.post_ok(FIELDS, a_field("site", "choice", choices=SITES, filterable=True))
    assert (site["filter_slot"], site["choices"], site["label_zh"]) == (1, SITES, "字段")
    hidden = await admin.post_ok(FIELDS, a_field("assessment", staff_only=True))
    for client, visible in ((reporter, ["site"]), (scoped, ["assessment", "site"])):
        items = (await client.read(FIELDS, process="incident", sort="key"))["items"]
        assert [field["key"] for field in items] == visible
        status = (await client.get(f"{FIELDS}/{hidden['id']}")).status_code
        assert status == (200 if "assessment" in visible else 404)
    for fields, pointer, code in (
        (a_field("site"), "/key", "taken"),
        (a_field("Site"), "/key", "string_pattern_mismatch"),
        (a_field("none"), "/key", "means_something_else"),
        ({**a_field("floor"), "process": "team"}, "/process", "unknown_value"),
        (a_field("floor", "choice"), "/choices", "too_short"),
        (a_field("floor", choices=SITES), "/choices", "choices_of_no_choice"),
        (a_field("floor", "choice", choices=[*SITES, SITES[0]]), "/choices", "each_once"),
        (a_field("floor", "words", filterable=True), "/filterable", "words_are_encrypted"),
        (a_field("floor", required=True, staff_only=True), "/required", "required_of_whom"),
    ):
        answer = await admin.post(FIELDS, json=fields)
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == (pointer, code)


async def test_each_type_takes_its_values_and_says_what_is_wrong_with_others(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    for kind in ("text", "words", "number", "decimal", "date", "bool", "person"):
        await declare(api.ledger, f"a_{kind}", kind)
    await declare(api.ledger, "a_choice", "choice", choices=SITES)
    good: Json = {
        "a_text": " B 2.017 ",
        "a_words": "It smells.\n有异味。",
        "a_number": -12,
        "a_decimal": "-0012.500",
        "a_choice": "berlin",
        "a_date": "2028-02-29",
        "a_bool": False,
        "a_person": "me",
    }
    stored = {**good, "a_text": "B 2.017", "a_decimal": "-12.5", "a_person": agent.id}
    record = await agent.post_ok(INCIDENTS, an_incident(custom=good))
    assert record["custom"] == stored
    assert (await agent.read(f"{INCIDENTS}/{record['id']}", fields="custom"))["custom"] == stored
    for key, values, code in (
        ("a_text", ["", "  "], "string_too_short"),
        ("a_text", [5, True], "string_type"),
        ("a_text", ["x" * 201], "string_too_long"),
        ("a_text", ["one\ntwo"], "one_line"),
        ("a_text", ["enc1:x"], "like_a_ciphertext"),
        ("a_words", ["\x00"], "no_control_characters"),
        ("a_number", ["5", True, "x"], "int_type"),
        ("a_number", [2**53, -(2**60)], "number_too_large"),
        ("a_decimal", ["1e5", "1.", ".5", "1,5", "0.1234567", "１", 5], "not_a_decimal"),
        ("a_choice", ["paris", "", 1], "enum"),
        ("a_date", ["2026-02-30", "20260101", "2026-01-01T00:00:00Z", "1066-10-14", 0], "not_a_date"),
        ("a_bool", [0, "true"], "bool_parsing"),
        ("a_person", ["nobody", 7], "no_person"),
        ("a_person", [str(uuid4())], "unknown_reference"),
        ("a~b/c", ["x"], "unknown_value"),
    ):
        for value in values:
            escaped = key.replace("~", "~0").replace("/", "~1")
            assert await wrong(agent, {key: value}) == (f"/custom/{escaped}", code), (key, value)
    assert await wrong(agent, {"a_number": 1.5}) == ("/custom/a_number", "custom_value")


async def test_a_value_is_changed_and_taken_away_by_an_edit_that_says_nothing_of_the_others(api: Api) -> None:
    agent, reporter = await api.client("Lin", Role.agent), await api.client("Zhao")
    room = await declare(api.ledger, "room")
    await declare(api.ledger, "floor", "number", required=True)
    assert await wrong(reporter, {"room": "B 2"}) == ("/custom/floor", "missing")
    assert await wrong(reporter, {"room": "B 2", "floor": None}) == ("/custom/floor", "missing")
    client = await api.client("A monitor", Role.integration)
    assert (await client.post_ok(INCIDENTS, an_incident()))["custom"] is None, "no alert is lost for a form"
    record = await reporter.post_ok(INCIDENTS, an_incident(custom={"room": "B 2", "floor": 2}))
    path, any_version = f"{INCIDENTS}/{record['id']}", {"If-Match": "*"}
    edited = await agent.patch(path, json={"custom": {"floor": 3}}, headers=any_version)
    assert edited.json()["custom"] == {"room": "B 2", "floor": 3}
    refused = await agent.patch(path, json={"custom": {"floor": None}}, headers=any_version)
    assert refused.json()["errors"][0]["code"] == "missing"
    refused = await reporter.patch(path, json={"custom": {"floor": 4}}, headers=any_version)
    assert refused.json()["errors"][0]["code"] == "not_their_own_words"
    await act(api.ledger, rule_caller("tests"), "custom_field", "retire", room)
    refused = await agent.patch(path, json={"custom": {"room": "C 3"}}, headers=any_version)
    assert (refused.json()["errors"][0]["pointer"], refused.status_code) == ("/custom/room", 422)
    assert (await agent.read(path))["custom"] == {"room": "B 2", "floor": 3}, "what was given stays"
    answer = await agent.patch(path, json={"custom": {"room": None}}, headers=any_version)
    assert answer.json()["custom"] == {"floor": 3}
    last = (await agent.read(f"{path}/events"))["items"][-1]
    assert (last["given"], last["set"][f"incident/{record['id']}"]) == (
        {"custom": {"room": None}},
        {"custom": {"floor": 3}},
    )
    async with api.ledger.db.connection() as connection:
        assert (await compare(connection, LIFECYCLES)).differing == {}


@in_test_all
async def test_what_a_command_makes_besides_is_not_asked_for_what_its_body_cannot_say(api: Api) -> None:
    await api.team("network")
    engineer = await api.client("Tomasz", Role.engineer, Role.problem_manager, teams=("network",))
    await declare(api.ledger, "audience", process="article", required=True)
    problem = await engineer.post_ok("/v1/problems", a_problem())
    path = f"/v1/problems/{problem['id']}"
    await engineer.post_ok(f"{path}/investigate", {"team": "network", "assignee": engineer.id})
    record = await engineer.post_ok(f"{path}/document_workaround", WORKAROUND)
    article = f"/v1/articles/{record['article_id']}"
    answer = await engineer.patch(article, json={"custom": {"audience": "All"}}, headers={"If-Match": "*"})
    assert answer.json()["custom"] == {"audience": "All"}
    refused = await engineer.patch(article, json={"custom": {"audience": None}}, headers={"If-Match": "*"})
    assert refused.json()["errors"][0]["code"] == "missing"
    refused = await engineer.post("/v1/articles", json=AN_ARTICLE)
    assert refused.json()["errors"][0]["pointer"] == "/custom/audience", "who says it all is asked"


async def test_what_is_for_staff_reaches_nobody_else_by_any_way(api: Api) -> None:
    secret = "only-staff-reads-4711"
    await api.team("mail")
    reporter, agent = await api.client("Zhao"), await api.client("Lin", Role.agent)
    of_mail = await api.client("Wu", "engineer@service/mail")
    await declare(api.ledger, "assessment", staff_only=True, filterable=True)
    assert await wrong(reporter, {"assessment": secret}) == ("/custom/assessment", "unknown_value")
    record = await reporter.post_ok(INCIDENTS, an_incident(service="mail"))
    other = await reporter.post_ok(INCIDENTS, an_incident(service="erp"))
    record_path, now = f"{INCIDENTS}/{record['id']}", {"If-Match": "*"}
    for ticket in (record, other):
        body = {"custom": {"assessment": secret}}
        answer = await agent.patch(f"{INCIDENTS}/{ticket['id']}", json=body, headers=now)
        assert answer.json()["custom_for_staff"] == {"assessment": secret}
    assert (await of_mail.read(record_path))["custom_for_staff"] == {"assessment": secret}
    position = await api.head()
    for path in (
        record_path,
        f"{record_path}/events",
        f"{record_path}/events?as_of={position}",
        f"{record_path}?as_of={position}",
        f"{record_path}?fields=custom,custom_for_staff",
        INCIDENTS,
        f"{INCIDENTS}?fields=custom_for_staff",
        f"{INCIDENTS}?q={secret}",
        FIELDS,
    ):
        answer = await reporter.get(path)
        assert answer.status_code == 200
        assert secret not in answer.text, path
        assert "assessment" not in answer.text, path
    items = (await reporter.read(f"{record_path}/events"))["items"]
    assert [event["type"] for event in items] == ["incident.reported"], (
        "that there was an edit is for staff, too"
    )
    query = {"custom.assessment": secret}
    assert (await reporter.get(INCIDENTS, params=query)).status_code == 422
    assert await listed(agent, **query) == {record["id"], other["id"]}
    assert await listed(of_mail, **query) == {record["id"]}
    # They see the other one as well if they follow it, and are still not staff for it.
    await agent.post_ok(f"{INCIDENTS}/{other['id']}/follow", {"person": of_mail.id})
    assert other["id"] in await listed(of_mail)
    assert await listed(of_mail, **query) == {record["id"]}
    view = await agent.put(
        f"/v1/views/{uuid4()}",
        json={"name": "Assessed", "kind": "incident", "query": f"custom.assessment={secret}"},
    )
    assert view.status_code == 200
    assert await listed(agent, view=view.json()["id"]) == {record["id"], other["id"]}


async def test_lists_are_narrowed_by_ten_fields_of_a_process_and_no_more(api: Api) -> None:
    agent = await api.client("Lin", Role.agent, Role.admin)
    ids = []
    for kind in ("text", "number", "decimal", "date", "bool", "person"):
        await declare(api.ledger, f"a_{kind}", kind, filterable=True)
    await declare(api.ledger, "a_choice", "choice", choices=SITES, filterable=True)
    await declare(api.ledger, "untold")
    for n in (1, 2):
        custom = {
            "a_text": f"B {n}",
            "a_number": n,
            "a_decimal": f"{n}.50",
            "a_date": f"2026-01-0{n}",
            "a_bool": n == 1,
            "a_person": "me" if n == 1 else None,
            "a_choice": SITES[n - 1]["key"],
        }
        ids.append((await agent.post_ok(INCIDENTS, an_incident(custom=custom)))["id"])
    for key, match, none in (
        ("a_text", "B 1", "B 3"),
        ("a_number", "1", "-1"),
        ("a_decimal", "1.5", "1.51"),
        ("a_date", "2026-01-01", "2026-01-03"),
        ("a_bool", "true", None),
        ("a_person", "me", str(uuid4())),
        ("a_choice", "beijing", None),
    ):
        assert await listed(agent, **{f"custom.{key}": match}) == {ids[0]}, key
        assert await listed(agent, **{f"custom[{key}]": match}, state="new", limit=1) == {ids[0]}, key
        assert none is None or await listed(agent, **{f"custom.{key}": none}) == set(), key
    assert await listed(agent, **{"custom.a_number": "1,2"}, limit=1) == set(ids)
    counted = await agent.read(
        INCIDENTS, **{"custom.a_number": "1,2", "custom.a_bool": "false"}, count="exact"
    )
    assert counted["total"] == 1
    for name, code in (("untold", "not_filterable"), ("nothing", "not_filterable"), ("a_number", "int_type")):
        answer = await agent.get(INCIDENTS, params={f"custom.{name}": "x"})
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["parameter"], error["code"]) == (422, f"custom.{name}", code)
    assert (await agent.get(INCIDENTS, params={"custom": "x"})).json()["errors"][0]["code"] == "custom_by_key"
    assert (await agent.get(FIELDS, params={"custom.a": "x"})).status_code == 422
    # Two places are left beside the eighth, and three want them at once.
    await declare(api.ledger, "eighth", filterable=True)
    bodies = [a_field(f"more_{n}", filterable=True) for n in range(3)]
    answers = await asyncio.gather(*(agent.post(FIELDS, json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 422]
    (refused,) = [answer.json()["errors"][0]["code"] for answer in answers if answer.status_code == 422]
    assert refused == "too_many_filters"
    fields_made = [answer.json() for answer in answers if answer.status_code == 201]
    assert {field["filter_slot"] for field in fields_made} == {9, 10}
    now = {"If-Match": "*"}
    await agent.patch(f"{FIELDS}/{fields_made[0]['id']}", json={"filterable": False}, headers=now)
    free = await agent.post_ok(FIELDS, a_field("at_last", filterable=True))
    assert free["filter_slot"] == fields_made[0]["filter_slot"]


async def test_somebodys_own_words_are_encrypted_and_gone_when_they_are_erased(api: Api) -> None:
    words = "My number is 5555 0101. 我的电话。"
    await declare(api.ledger, "how_to_reach", "words")
    reporter, agent = await api.client("Zhao"), await api.client("Lin", Role.agent, Role.admin)
    record = await reporter.post_ok(INCIDENTS, an_incident(custom={"how_to_reach": words}))
    assert record["custom"] == {"how_to_reach": words}
    row = await api.ledger.db.value("select custom from fold.incident where id = %s", (UUID(record["id"]),))
    assert is_encrypted(row["how_to_reach"])
    rows = await api.ledger.db.rows("select data from log.event")
    assert all(words.encode() not in event["data"] for event in rows)
    path = f"{INCIDENTS}/{record['id']}"
    assert (await agent.read(f"{path}/events"))["items"][0]["given"]["custom"] == {"how_to_reach": words}
    await agent.post_ok(f"/v1/persons/{reporter.id}/erase")
    assert (await agent.read(path))["custom"] == {"how_to_reach": None}
    assert (await agent.read(f"{path}/events"))["items"][0]["given"]["custom"] == {"how_to_reach": None}


async def test_a_value_decided_on_a_definition_that_has_moved_is_decided_again(
    ledger: Ledger, other: Ledger
) -> None:
    """Two processes: the other one may not have heard yet that the field was retired."""
    field = await declare(ledger, "room")
    caller = await add_caller(ledger, "Zhao")
    body = ReportIncident.model_validate(an_incident(custom={"room": "B 2"}))
    await act(other, caller, "incident", "report", body=body)
    await act(ledger, rule_caller("tests"), "custom_field", "retire", field)
    with pytest.raises(WrongValue) as refusal:
        await act(other, caller, "incident", "report", body=body)
    assert refusal.value.because == "unknown_value"
