"""Saved views: kept under an id of one's own making, used by oneself or one's team, narrowed further."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from app.common.people import Role
from tests.cases import each_case
from tests.client import Api, Client, Json, an_incident

INCIDENTS = "/v1/incidents"


def a_view(**changes: Any) -> Json:
    """What is said to save a view."""
    return {"name": "What is new", "kind": "incident", "query": "state=new&sort=opened_at", **changes}


async def save(client: Client, view_id: str | None = None, **changes: Any) -> Json:
    """A view, saved under that id or a new one."""
    answer = await client.put(f"/v1/views/{view_id or uuid4()}", json=a_view(**changes))
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


async def test_a_view_is_saved_and_replaced_and_removed_by_whoever_owns_it(shared: Api) -> None:
    zhao = await shared.client("Zhao Min")
    view_id, head = str(uuid4()), await shared.head()
    first = await save(zhao, view_id)
    assert first == await zhao.read(f"/v1/views/{view_id}")
    assert (first["version"], first["owner"], first["team"]) == (1, {"id": zhao.id, "name": "Zhao Min"}, None)
    second = await save(zhao, view_id, name="Neu 新的")
    assert (second["version"], second["name"]) == (2, "Neu 新的")
    stale = await zhao.put(f"/v1/views/{view_id}", json=a_view(), headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"], stale.json()["version"]) == (412, "changed_since", 2)
    fresh = await zhao.put(f"/v1/views/{view_id}", json=a_view(), headers={"If-Match": "2"})
    assert fresh.status_code == 200
    tag = (await zhao.get(f"/v1/views/{view_id}")).headers["etag"]
    again = await zhao.get(f"/v1/views/{view_id}", headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert (await zhao.delete(f"/v1/views/{view_id}")).status_code == 204
    assert (await zhao.delete(f"/v1/views/{view_id}")).status_code == 404
    assert await shared.head() == head, "a view is no fact of the service"


async def test_a_view_is_for_whoever_owns_it_and_the_team_that_it_is_shared_with(shared: Api) -> None:
    await shared.team("mail")
    lin = await shared.client("Lin", Role.agent, teams=("mail",))
    wu = await shared.client("Wu Jing", Role.engineer, teams=("mail",))
    ada = await shared.client("Ada", Role.admin)
    own, given = await save(lin), await save(lin, team="mail")
    assert given["team"]["key"] == "mail"
    for client, seen in ((lin, {own["id"], given["id"]}), (wu, {given["id"]}), (ada, set())):
        pages = await client.pages("/v1/views", limit=1)
        assert {item["id"] for page in pages for item in page} == seen
        assert {item["id"] for item in (await client.read("/v1/views", kind="incident"))["items"]} == seen
        assert (await client.read("/v1/views", kind="team"))["items"] == []
        for view in (own, given):
            path = f"/v1/views/{view['id']}"
            assert (await client.get(path)).status_code == (200 if view["id"] in seen else 404)
            used = await client.get(INCIDENTS, params={"view": view["id"]})
            assert used.status_code == (200 if view["id"] in seen else 422)
            if client is not lin:
                refused = (await client.put(path, json=a_view()), await client.delete(path))
                assert {r.status_code for r in refused} == {403 if view["id"] in seen else 404}
    assert given == await lin.read(f"/v1/views/{given['id']}"), "and nobody else has changed it"


async def test_an_auditor_saves_no_views(shared: Api) -> None:
    auditor = await shared.client("Vera", Role.auditor)
    refused = await auditor.put(f"/v1/views/{uuid4()}", json=a_view())
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_a_list_is_what_the_view_says_and_further_parameters_narrow_it(shared: Api) -> None:
    zhao, agent = await shared.client("Zhao Min"), await shared.client("Lin", Role.agent)
    ids = [(await zhao.post_ok(INCIDENTS, an_incident(impact=n, service=f"s{n}")))["id"] for n in "123"]
    await agent.post_ok(f"{INCIDENTS}/{ids[2]}/acknowledge")
    view = (await save(zhao, query="state=new&service=s1,s3,s2&requester=me&sort=opened_at"))["id"]

    async def found(**parameters: str) -> list[int]:
        items = (await zhao.read(INCIDENTS, view=view, **parameters))["items"]
        return [ids.index(item["id"]) for item in items]

    assert await found() == [0, 1]
    assert await found(sort="-opened_at") == [1, 0]
    assert await found(service="s2,s3") == [1]
    assert await found(state="acknowledged") == [], "both must hold"
    assert await found(service_not="s1") == [1]
    page = await zhao.read(INCIDENTS, view=view, limit=1, count="exact")
    assert page["total"] == 2
    following = await zhao.read(INCIDENTS, view=view, limit=1, cursor=page["next_cursor"])
    assert [item["id"] for item in following["items"]] == [ids[1]]
    elsewhere = await zhao.get(INCIDENTS, params={"cursor": page["next_cursor"]})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (400, "bad_cursor")
    await save(zhao, view, query="state=new")
    changed = await zhao.get(INCIDENTS, params={"view": view, "cursor": page["next_cursor"]})
    assert (changed.status_code, changed.json()["code"]) == (400, "bad_cursor"), "it is another list now"


async def test_what_is_mine_in_a_shared_view_is_that_of_whoever_uses_it(shared: Api) -> None:
    await shared.team("erp")
    lin = await shared.client("Lin", Role.agent, teams=("erp",))
    wu = await shared.client("Wu Jing", teams=("erp",))
    view = (await save(lin, team="erp", query="requester=me"))["id"]
    own = [(await client.post_ok(INCIDENTS, an_incident()))["id"] for client in (lin, wu)]
    for client, record_id in zip((lin, wu), own, strict=True):
        assert [i["id"] for i in (await client.read(INCIDENTS, view=view))["items"]] == [record_id]


@each_case(
    ("changes", "pointer", "message"),
    [
        ({"query": "state=lost"}, "/query", "state: must be one of 'new'"),
        ({"query": "stat=new"}, "/query", "stat: is unknown here; known are: state"),
        ({"query": "state=new&limit=5"}, "/query", "limit: is unknown here"),
        ({"query": "view=x"}, "/query", "view: is unknown here"),
        ({"query": "sort=title"}, "/query", "sort: “title” is not one of"),
        ({"query": "state="}, "/query", "state: must have at least 1 entries"),
        ({"kind": "colour"}, "/kind", "there is no “colour”"),
        ({"team": "nobody-knows"}, "/team", "there is no team “nobody-knows”, or you are not a member"),
        ({"query": "service=\x00"}, "/query", "does not have the expected form"),
        ({"query": ""}, "/query", "must have at least 1 characters"),
        ({"query": "x" * 4001}, "/query", "must have at most 4000 characters"),
        ({"name": " "}, "/name", "must have at least 1 characters"),
        ({"name": "a\nb"}, "/name", "must be a single line"),
        ({"colour": "red"}, "/colour", "is unknown here"),
    ],
)
async def test_what_a_list_would_not_take_is_not_saved(
    shared: Api, changes: Json, pointer: str, message: str
) -> None:
    zhao = await shared.client("Zhao Min")
    answer = await zhao.put(f"/v1/views/{uuid4()}", json=a_view(**changes))
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert error["message"].startswith(message)


async def test_a_view_that_is_for_another_list_or_none_is_refused(shared: Api) -> None:
    ada = await shared.client("Ada", Role.admin)
    of_teams = (await save(ada, kind="team", query="kind=internal"))["id"]
    assert (await ada.get("/v1/teams", params={"view": of_teams})).status_code == 200
    for path, view in ((INCIDENTS, of_teams), (INCIDENTS, str(uuid4())), ("/v1/persons", of_teams)):
        answer = await ada.get(path, params={"view": view})
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["parameter"], error["code"]) == (422, "view", "no_such_view")


async def test_nobody_saves_more_views_than_are_looked_at(
    shared: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.listings.views.MOST_VIEWS", 2)
    zhao = await shared.client("Zhao Min")
    first = await save(zhao)
    await save(zhao)
    refused = await zhao.put(f"/v1/views/{uuid4()}", json=a_view())
    assert refused.json()["errors"][0]["code"] == "too_many_views"
    await save(zhao, first["id"])


async def test_views_go_with_the_person_who_saved_them(shared: Api) -> None:
    ada, zhao = await shared.client("Ada", Role.admin), await shared.client("Zhao Min")
    view = await save(zhao)
    chosen = await zhao.put("/v1/me/list_columns/incident", json={"columns": ["team"]})
    assert chosen.status_code == 200
    await ada.post_ok(f"/v1/persons/{zhao.id}/erase")
    query = "select count(*) from plumbing.view where id = %s"
    assert await shared.ledger.db.value(query, (UUID(view["id"]),)) == 0
    query = "select count(*) from plumbing.list_columns where person_id = %s"
    assert await shared.ledger.db.value(query, (UUID(zhao.id),)) == 0
