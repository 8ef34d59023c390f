"""A record is edited by a merge patch, by whoever has read what they edit, and told as one event."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx

from app.common.people import Role
from tests.cases import each_case
from tests.client import Api, Client, Json, an_incident
from tests.extent import WHOLE


async def edit(client: Client, record: Json, patch: Json, if_match: str | None = "*") -> httpx.Response:
    """What the PATCH answers."""
    headers = {} if if_match is None else {"If-Match": if_match}
    return await client.patch(f"/v1/incidents/{record['id']}", json=patch, headers=headers)


async def edited(client: Client, record: Json, patch: Json) -> Json:
    """The record after it."""
    answer = await edit(client, record, patch)
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


async def reported(client: Client) -> Json:
    return await client.post_ok("/v1/incidents", an_incident(service="mail", category="e-mail"))


async def test_what_is_named_is_another_what_is_null_is_taken_away_and_all_else_stays(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    record = await reported(agent)
    after = await edited(agent, record, {"title": "Mail is lost", "category": None})
    assert (after["title"], after["category"]) == ("Mail is lost", None)
    same = {"service", "description", "began_at", "state", "requester", "opened_at", "priority"}
    assert {name: after[name] for name in same} == {name: record[name] for name in same}
    event = (await agent.read(f"/v1/incidents/{record['id']}/events"))["items"][-1]
    assert (event["type"], event["given"]) == (
        "incident.edited",
        {"title": "Mail is lost", "category": None},
    )
    assert event["set"] == {f"incident/{record['id']}": {"title": "Mail is lost", "category": None}}


async def test_a_description_put_right_is_kept_under_a_key_as_all_words_are(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    record = await reported(agent)
    words = "Nothing that was sent since nine has come."
    assert (await edited(agent, record, {"description": words}))["description"] == words
    rows = await api.ledger.db.rows("select convert_from(data, 'UTF8') as data from log.event")
    assert not [row for row in rows if words in row["data"]]


async def test_who_edits_says_which_version_they_have_read(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    record = await reported(agent)
    head = await api.head()
    blind = await edit(agent, record, {"title": "Mail is lost"}, None)
    assert (blind.status_code, blind.json()["code"]) == (428, "version_needed")
    stale = await edit(agent, record, {"title": "Mail is lost"}, '"7.0"')
    assert (stale.status_code, stale.json()["version"]) == (412, 1)
    assert await api.head() == head
    read = await agent.get(f"/v1/incidents/{record['id']}")
    done = await edit(agent, record, {"title": "Mail is lost"}, read.headers["etag"])
    assert done.status_code == 200
    assert done.headers["etag"] != read.headers["etag"]


async def test_of_many_who_have_read_the_same_one_edits_and_the_others_are_told(api: Api) -> None:
    many = 100 if WHOLE else 20
    agent = await api.client("Lin", Role.agent)
    record = await reported(agent)
    tag = (await agent.get(f"/v1/incidents/{record['id']}")).headers["etag"]
    answers = await asyncio.gather(*(edit(agent, record, {"title": f"Title {n}"}, tag) for n in range(many)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: many - 1}
    (won,) = (answer.json() for answer in answers if answer.status_code == 200)
    assert (await agent.read(f"/v1/incidents/{record['id']}"))["title"] == won["title"]


async def test_a_comment_makes_no_open_form_stale(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    record = await reported(agent)
    tag = (await agent.get(f"/v1/incidents/{record['id']}")).headers["etag"]
    for action, body in (("comment", {"text": "Any news?"}), ("follow", {}), ("tag", {"tag": "mail"})):
        await agent.post_ok(f"/v1/incidents/{record['id']}/{action}", body)
    assert (await edit(agent, record, {"title": "Mail is lost"}, tag)).status_code == 200


async def test_who_asked_puts_their_own_words_right_and_nothing_else(api: Api) -> None:
    zhao, wu = await api.client("Zhao Min"), await api.client("Wu Jing")
    agent = await api.client("Lin", Role.agent)
    record = await reported(zhao)
    assert (await edited(zhao, record, {"title": "Mail is lost"}))["title"] == "Mail is lost"
    head = await api.head()
    refused = await edit(zhao, record, {"title": "Mail is late", "service": "erp"})
    (fault,) = refused.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/service", "not_their_own_words")
    # Who follows it reads it.
    await agent.post_ok(f"/v1/incidents/{record['id']}/follow", {"person": wu.id})
    assert (await edit(wu, record, {"title": "Mine"})).status_code == 403
    assert await api.head() == head + 1


@each_case(
    ("patch", "pointer"),
    [
        ({"state": "closed"}, "/state"),
        ({"title": None}, "/title"),
        ({"description": None}, "/description"),
        ({"requester": None}, "/requester"),
        ({"began_at": "2199-01-01T00:00:00Z"}, "/began_at"),
        ({"began_at": "2001-01-01T00:00:00Z"}, "/began_at"),
        ({}, ""),
    ],
)
async def test_what_cannot_be_is_refused_by_its_name(api: Api, patch: Json, pointer: str) -> None:
    agent = await api.client("Lin", Role.agent)
    record = await reported(agent)
    head = await api.head()
    refused = await edit(agent, record, patch)
    assert refused.status_code == 422
    assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]
    assert await api.head() == head


async def test_who_sees_it_by_its_service_sees_it_while_it_is_of_that_service(api: Api) -> None:
    of_mail = await api.client("Tomasz", "engineer@service/mail")
    agent = await api.client("Lin", Role.agent)
    record = await reported(agent)
    path = f"/v1/incidents/{record['id']}"
    assert (await of_mail.get(path)).status_code == 200
    await edited(agent, record, {"service": "erp"})
    assert (await of_mail.get(path)).status_code == 404
