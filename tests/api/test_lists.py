"""What lists can be narrowed by, trimmed to, expanded with and counted."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.records.plans import on_request_fields
from app.common.people import Role
from app.foundation.people.queries import KEYS, PERSONS, TEAMS
from app.kernel.access.reads import load
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.queries import LISTING
from tests.cases import each_case
from tests.client import RESOLVED, Api, Client, an_incident, without_actions
from tests.contract.answers import document
from tests.extent import first_of
from tests.kernel.test_reads import refer
from tests.selection import one_in

INCIDENTS = "/v1/incidents"


class Scene:
    """A few incidents, by the name of what is special about each."""

    def __init__(self, ada: Client, lin: Client, zhao: Client) -> None:
        self.ada, self.lin, self.zhao = ada, lin, zhao
        self.ids: dict[str, str] = {}

    async def report(self, name: str, **changes: Any) -> str:
        self.ids[name] = (await self.ada.post_ok(INCIDENTS, an_incident(**changes)))["id"]
        return f"{INCIDENTS}/{self.ids[name]}"

    async def found(self, client: Client | None = None, **parameters: Any) -> set[str]:
        """The names of those that the list shows."""
        names = {record_id: name for name, record_id in self.ids.items()}
        items = (await (client or self.ada).read(INCIDENTS, **parameters))["items"]
        return {names[item["id"]] for item in items}


@pytest.fixture(scope="module")
async def scene(shared: Api) -> Scene:
    for key in ("network", "mail"):
        await shared.team(key)
    ada = await shared.client("Ada", Role.admin, Role.agent, Role.integration)
    lin = await shared.client("Lin", Role.agent, teams=("network",))
    new_scene = Scene(ada, lin, await shared.client("Zhao Min", teams=("mail",)))
    path = await new_scene.report("plain", occurred_at="2026-01-01T00:00:00Z")
    plain = await load(shared.ledger.db, LIFECYCLE, path.rpartition("/")[2])
    assert plain is not None
    await refer(shared.ledger, plain.record, "jira", "OPS-1")
    await ada.post_ok(f"{path}/tag", {"tag": "printer"})
    await ada.post_ok(f"{path}/follow")
    await new_scene.report("urgent", impact="1", urgency="1", channel="hotline", effect="none")
    await new_scene.report("hers", requester=new_scene.zhao.id, service="erp", ci="db-1", category="data")
    path = await new_scene.report("given", service="mail")
    await ada.post_ok(f"{path}/assign", {"team": "network", "person": lin.id})
    path = await new_scene.report("held", effect="down")
    await ada.post_ok(f"{path}/assign", {"person": "me"})
    await ada.post_ok(f"{path}/hold", {"reason": "awaiting_evidence"})
    path = await new_scene.report("over", occurred_at="2026-02-01T00:00:00Z")
    await ada.post_ok(f"{path}/resolve", {**RESOLVED, "occurred_at": "2026-03-01T00:00:00Z"})
    return new_scene


EVERY = {"plain", "urgent", "hers", "given", "held", "over"}


def as_listed(record: dict[str, Any]) -> dict[str, Any]:
    """A record that was asked for alone, as a list shows it: what can be done with it is named."""
    return {**record, "actions": [each["action"] for each in record["actions"]]}


async def test_a_record_is_shown_in_a_list_as_it_is_shown_alone(scene: Scene) -> None:
    for client in (scene.ada, scene.lin, scene.zhao):
        items = (await client.read(INCIDENTS, include="actions"))["items"]
        assert items, "everybody sees some"
        for item in items:
            alone = await client.read(f"{INCIDENTS}/{item['id']}")
            assert list(item) == list(alone), "the fields have one order"
            assert item == as_listed(alone)


async def test_a_list_says_what_can_be_done_only_if_it_is_asked(scene: Scene) -> None:
    for client in (scene.ada, scene.zhao):
        plain = (await client.read(INCIDENTS))["items"]
        items = (await client.read(INCIDENTS, include="actions"))["items"]
        named = (await client.read(INCIDENTS, fields="actions"))["items"]
        both = (await client.read(INCIDENTS, fields="title", include="actions"))["items"]
        assert [item["actions"] for item in plain] == [None] * len(plain)
        assert plain == [{**item, "actions": None} for item in items]
        assert any("cancel" in item["actions"] for item in items)
        assert [item["actions"] for item in named] == [item["actions"] for item in items]
        assert both == [
            {name: item[name] for name in item if name in {"id", "version", "number", "title", "actions"}}
            for item in items
        ]
        pages = await client.pages(INCIDENTS, include="actions", limit=2)
        assert [item for page in pages for item in page] == items
    answer = await scene.ada.get(f"{INCIDENTS}/{plain[0]['id']}?include=actions")
    assert answer.status_code == 422, "there is nothing to include"


@each_case(
    ("said", "found"),
    [
        ({"state": "new"}, "plain urgent hers given"),
        ({"state": "on_hold,resolved"}, "held over"),
        ({"state": ["on_hold", "resolved"]}, "held over"),
        ({"state_not": "new,resolved"}, "held"),
        ({"state": "new,on_hold", "state_not": "new"}, "held"),
        ({"state": "new", "state_not": "new"}, ""),
        ({"priority": "P1"}, "urgent"),
        ({"priority_not": "P1", "state": "new"}, "plain hers given"),
        ({"priority": "none"}, ""),
        ({"impact": "1", "urgency": "1,2"}, "urgent"),
        ({"channel": "hotline"}, "urgent"),
        ({"effect": "none"}, "urgent"),
        ({"effect_not": "none,degraded"}, "held"),
        ({"service": "erp"}, "hers"),
        ({"service": "erp,mail"}, "hers given"),
        ({"service": "erp,none"}, "plain urgent hers held over"),
        ({"service": "none"}, "plain urgent held over"),
        ({"service_not": "none"}, "hers given"),
        ({"service_not": "erp"}, "plain urgent given held over"),
        ({"service_not": "erp,none"}, "given"),
        ({"service": "\x00"}, ""),
        ({"service_not": "\x00"}, "plain urgent hers given held over"),
        ({"ci": "db-1", "category": "data"}, "hers"),
        ({"ci": "db-1", "category": "other"}, ""),
        ({"team": "network"}, "given"),
        ({"team": "nobody-knows"}, ""),
        ({"team_not": "nobody-knows"}, "plain urgent hers given held over"),
        ({"team": "none"}, "plain urgent hers held over"),
        ({"team_not": "network"}, "plain urgent hers held over"),
        ({"customer": "mail"}, "hers"),
        ({"assignee": "me"}, "held"),
        ({"assignee": "none"}, "plain urgent hers over"),
        ({"assignee_not": "me,none"}, "given"),
        ({"requester_not": "me"}, "hers"),
        ({"hold_reason": "awaiting_evidence"}, "held"),
        ({"resolution_code": "fixed"}, "over"),
        ({"opened_before": "2026-01-01T00:00:00Z"}, ""),
        ({"opened_after": "2026-01-01T00:00:00Z", "opened_before": "2026-02-01T00:00:00Z"}, "plain"),
        ({"opened_after": "2026-02-01T08:00:00+08:00", "opened_before": "2026-02-02T00:00:00Z"}, "over"),
        ({"resolved_after": "2026-03-01T00:00:00Z"}, "over"),
        ({"resolved_before": "2026-03-01T00:00:00Z"}, ""),
        ({"resolved_at": "none"}, "plain urgent hers given held"),
        ({"resolved_at_not": "none"}, "over"),
        ({"changed_before": "2026-03-01T00:00:00Z"}, "plain"),
        ({"external_reference": "jira:OPS-1"}, "plain"),
        ({"external_reference": "OPS-1"}, "plain"),
        ({"external_reference": "zendesk:OPS-1,OPS-2"}, ""),
        ({"tag": "printer,mail"}, "plain"),
        ({"tag": "print"}, ""),
        ({"tag_not": "printer"}, "urgent hers given held over"),
        ({"follower": "me"}, "plain"),
        ({"follower_not": "me"}, "urgent hers given held over"),
        ({"declared_major_at": "none"}, "plain urgent hers given held over"),
        ({"declared_major_at_not": "none"}, ""),
        ({"commander": "me"}, ""),
        ({"external_reference_not": "jira:OPS-1"}, "urgent hers given held over"),
    ],
    ids=lambda said: str(said) if isinstance(said, dict) else "",
)
async def test_a_list_is_narrowed_by_what_is_said(scene: Scene, said: dict[str, Any], found: str) -> None:
    assert await scene.found(**said) == set(found.split())
    counted = await scene.ada.read(INCIDENTS, **said, count="exact", limit=1)
    assert (counted["total"], counted["total_at_least"]) == (len(found.split()), None)


async def test_what_is_mine_is_different_for_everybody(scene: Scene) -> None:
    assert await scene.found(scene.lin, assignee="me") == {"given"}
    assert await scene.found(scene.zhao, requester="me") == {"hers"}
    assert await scene.found(scene.lin, follower="me") == set()
    assert await scene.found(scene.zhao, requester=scene.ada.id) == set()
    assert await scene.found(requester=f"{scene.zhao.id},{scene.lin.id}") == {"hers"}
    assert await scene.found(assignee=f"{scene.lin.id},none") == EVERY - {"held"}


@each_case(
    ("said", "parameter", "message"),
    [
        ("stat=new", "stat", "is unknown here; known are: state, state_not"),
        ("sort=title", "sort", "“title” is not one of 'opened_at', '-opened_at'"),
        ("sort=", "sort", "“” is not one of"),
        ("sort=opened_at,priority", "sort", "is not one of"),
        ("fields=number,secret", "fields", "“secret” is not one of 'id', 'version'"),
        ("expand=team,channel", "expand", "“channel” is not one of 'service', 'ci', 'category', 'requester'"),
        ("count=rough", "count", "“rough” is not one of 'exact'"),
        ("follower=Lin", "follower", "“Lin” is not one of 'me'"),
        ("assignee=Lin", "assignee", "must be a person, “me”, or “none” for no one"),
        ("opened_after=yesterday", "opened_after", "must be a time with a time zone"),
        ("opened_after=1767225600", "opened_after", "must be a time with a time zone"),
        ("opened_after=2026-01-01", "opened_after", "must be a time with a time zone"),
        ("priority=P9", "priority", "“P9” is not one of 'P1', 'P2', 'P3', 'P4', 'none'"),
        ("state=none", "state", "must be one of 'new', 'acknowledged'"),
        ("state=", "state", "must have at least 1 entries"),
        ("service=" + ",".join(map(str, range(51))), "service", "must have at most 50 entries"),
    ],
)
async def test_what_cannot_be_asked_is_named_with_what_can(
    scene: Scene, said: str, parameter: str, message: str
) -> None:
    answer = await scene.ada.get(f"{INCIDENTS}?{said}")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["parameter"] == parameter
    assert message in error["message"]


# Fields


async def test_a_record_is_trimmed_to_the_fields_asked_for(scene: Scene) -> None:
    for path in (f"{INCIDENTS}/{scene.ids['given']}", INCIDENTS):
        parameters = {"include": "actions"} if path == INCIDENTS else {}
        complete = await scene.ada.read(path, **parameters)
        part = await scene.ada.read(path, fields="title,assignee,actions")
        complete, part = (answer["items"][0] if "items" in answer else answer for answer in (complete, part))
        assert list(part) == [name for name in complete if name in part]
        assert part.keys() == {"id", "version", "number", "title", "assignee", "actions"}
        assert part == {name: complete[name] for name in part}
    only = await scene.ada.read(INCIDENTS, fields="number")
    assert all(item.keys() == {"id", "version", "number"} for item in only["items"])


@pytest.mark.parametrize(
    "listing", first_of([LISTING, TEAMS, PERSONS, KEYS], 2), ids=lambda listing_of: listing_of.lifecycle.kind
)
async def test_any_field_can_be_asked_for_alone(scene: Scene, listing: Any) -> None:
    path = f"/v1/{listing.lifecycle.plural}"
    parameters = {}
    if "actions" in listing.shape.model_fields:
        parameters = {"include": ",".join(("actions", *on_request_fields(listing.shape)))}
    items = (await scene.ada.read(path, **parameters))["items"]
    for name in one_in(3, listing.shape.model_fields):
        trimmed = (await scene.ada.read(path, fields=name))["items"]
        assert [item[name] for item in trimmed] == [item[name] for item in items]


async def test_a_page_behind_a_trimmed_one_goes_on(scene: Scene) -> None:
    for sort in ("-opened_at", "priority", "-resolved_at"):
        pages = await scene.ada.pages(INCIDENTS, fields="title", sort=sort, limit=2)
        answer = await scene.ada.read(INCIDENTS, sort=sort)
        assert [i["id"] for page in pages for i in page] == [item["id"] for item in answer["items"]]


# Expand


async def test_what_a_record_refers_to_is_shown_whole_to_who_may_see_it(scene: Scene) -> None:
    path = f"{INCIDENTS}/{scene.ids['given']}"
    answer = await scene.ada.read(path, expand="assignee,team,requester,customer")
    assert answer["assignee"] == without_actions(await scene.ada.read(f"/v1/persons/{scene.lin.id}"))
    assert answer["assignee"]["email"] == "lin@example.org"
    assert answer["team"] == without_actions(await scene.ada.read("/v1/teams/network"))
    listed = (await scene.ada.read(INCIDENTS, expand="assignee,team,requester,customer"))["items"]
    item = next(item for item in listed if item["id"] == answer["id"])
    assert answer == {**item, "actions": answer["actions"]}, "in lists they come if they are asked for"
    assert {item["customer"]["kind"] for item in listed if item["customer"]} == {"internal"}
    assert [item for item in listed if item["assignee"] is None], "and nobody stays nobody"


async def test_what_the_caller_may_not_see_stays_a_name(scene: Scene) -> None:
    path = f"{INCIDENTS}/{scene.ids['hers']}"
    await scene.ada.post_ok(f"{path}/assign", {"person": scene.lin.id})
    try:
        answer = await scene.zhao.read(path, expand="assignee,requester")
        assert answer["assignee"] == {"id": scene.lin.id, "name": "Lin"}, "without an e-mail"
        assert answer["requester"]["email"] == "zhao@example.org", "her own"
    finally:
        await scene.ada.post_ok(f"{path}/assign", {"person": scene.ada.id})
        await scene.ada.post_ok(f"{path}/comment", {"text": "Sorry."})


async def test_fields_and_what_is_expanded_go_together(scene: Scene) -> None:
    (item,) = (await scene.ada.read(INCIDENTS, team="network", fields="team", expand="team"))["items"]
    assert item.keys() == {"id", "version", "number", "team"}
    assert item["team"]["kind"] == "internal"
    (item,) = (await scene.ada.read(INCIDENTS, team="network", fields="title", expand="team"))["items"]
    assert item.keys() == {"id", "version", "number", "title"}


async def test_keys_show_their_persons_whole(scene: Scene) -> None:
    for key in (await scene.ada.read("/v1/keys", expand="person"))["items"]:
        answer = await scene.ada.read(f"/v1/persons/{key['person']['id']}")
        assert key["person"] == without_actions(answer)


# Other lists


async def test_people_teams_and_keys_are_narrowed_and_sorted_too(scene: Scene) -> None:
    ada = scene.ada
    teams = (await ada.read("/v1/teams", sort="key"))["items"]
    assert [team["key"] for team in teams] == ["mail", "network"]
    assert [team["key"] for team in (await ada.read("/v1/teams", sort="-name"))["items"]] == [
        "network",
        "mail",
    ]
    assert [team["key"] for team in (await ada.read("/v1/teams", key="mail"))["items"]] == ["mail"]
    assert (await ada.read("/v1/persons", kind="machine"))["items"] == []
    assert len((await ada.read("/v1/persons", kind="human", erased_at="none"))["items"]) == 3
    (key,) = (await ada.read("/v1/keys", person=scene.zhao.id))["items"]
    assert key["person"]["id"] == scene.zhao.id
    assert (await ada.read("/v1/keys", revoked_at_not="none"))["items"] == []
    answer = await ada.get("/v1/teams", params={"expand": "lead"})
    assert answer.json()["errors"][0]["message"].startswith("is unknown here; known are:")


async def test_a_list_is_counted_only_for_who_asks_and_only_what_they_see(scene: Scene) -> None:
    page = await scene.ada.read(INCIDENTS)
    assert (page["total"], page["total_at_least"]) == (None, None)
    pages = await scene.ada.read(INCIDENTS, limit=2, count="exact")
    assert pages["total"] == len(EVERY)
    second = await scene.ada.read(INCIDENTS, limit=2, count="exact", cursor=pages["next_cursor"])
    assert second["total"] == len(EVERY), "on every page the same"
    assert (await scene.zhao.read(INCIDENTS, count="exact"))["total"] == 1
    assert (await scene.lin.read(INCIDENTS, count="exact"))["total"] == len(EVERY)
    assert (await scene.lin.read(INCIDENTS, count="exact", team="mail"))["total"] == 0


async def test_more_than_are_counted_are_said_to_be_more(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.listings.paging.MOST_COUNTED", len(EVERY) - 1)
    page = await scene.ada.read(INCIDENTS, count="exact")
    assert (page["total"], page["total_at_least"]) == (None, len(EVERY) - 1)


def test_several_values_are_sent_with_commas_as_the_contract_says() -> None:
    sent = {"array": ("form", False), "object": ("deepObject", True)}
    for path in ("incidents", "persons", "teams", "keys"):
        for parameter in document()["paths"][f"/v1/{path}"]["get"]["parameters"]:
            style = parameter.get("style"), parameter.get("explode")
            assert style == sent.get(parameter["schema"].get("type"), (None, None))
