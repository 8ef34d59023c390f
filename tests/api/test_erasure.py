"""A person who was erased: their name and their words are null wherever they were, and all else stays."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg

from app.common.people import Role
from app.log.ids import uuid7
from app.platform.settings import Settings
from tests.client import RESOLVED, Api, Client, Json, an_incident, serving
from tests.conftest import DatabaseUrls
from tests.people import add_person
from tests.waiting import Blocked, until

SAID = "Call me on my private number."


async def everything(client: Client, record_path: str) -> list[Json]:
    """Record, events, and the list."""
    return [await client.read(path) for path in (record_path, f"{record_path}/events", "/v1/incidents")]


async def test_their_name_and_words_are_null_in_record_lists_and_events(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    agent = await api.client("Lin", Role.agent)
    olu = await api.client("Olu Adeyemi")
    record = await olu.post_ok("/v1/incidents", an_incident(description=SAID))
    path = f"/v1/incidents/{record['id']}"
    await olu.post_ok(f"{path}/comment", {"text": f"{SAID} Really."})
    await agent.post_ok(f"{path}/comment", {"text": "We are at it."})
    await olu.post_ok(f"{path}/cancel", {"reason": f"{SAID} No more."})
    assert SAID in (await agent.get(f"{path}/events")).text

    erased = await admin.post_ok(f"/v1/persons/{olu.id}/erase")
    assert (erased["state"], erased["name"], erased["email"]) == ("erased", None, None)
    for client in (agent, admin):
        for shown in await everything(client, path):
            assert SAID not in str(shown)
            assert "Olu" not in str(shown)
    shown, events, listed = await everything(agent, path)
    assert (shown["title"], shown["description"]) == (record["title"], None)
    assert shown["requester"] == {"id": olu.id, "name": None}
    assert listed["items"][0]["requester"] == {"id": olu.id, "name": None}
    assert [event["given"].get("text", event["given"].get("reason")) for event in events["items"]] == [
        None,
        None,
        "We are at it.",
        None,
    ]
    assert events["items"][0]["given"]["description"] is None
    assert None in events["names"].values(), "and so is their name beside the events"
    assert events["items"][0]["given"]["title"] == record["title"]


async def test_words_of_others_about_the_same_incident_stay(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    engineer = await api.client("Tomasz", Role.agent)
    olu = await api.client("Olu Adeyemi")
    path = f"/v1/incidents/{(await olu.post_ok('/v1/incidents', an_incident()))['id']}"
    await engineer.post_ok(f"{path}/assign", {"person": "me"})
    await engineer.post_ok(f"{path}/start")
    await engineer.post_ok(f"{path}/resolve", RESOLVED)
    await admin.post_ok(f"/v1/persons/{engineer.id}/erase")
    answer = await olu.read(path)
    assert (answer["resolution"], answer["resolution_code"]) == (None, "fixed")
    assert answer["description"] == an_incident()["description"]
    assert answer["assignee"] == {"id": engineer.id, "name": None}


async def test_what_was_reported_for_somebody_is_in_their_words_and_goes_with_them(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    agent = await api.client("Lin", Role.agent)
    olu = await add_person(api.ledger, "Olu Adeyemi")
    incident = an_incident(description=SAID, requester=str(olu.id))
    path = f"/v1/incidents/{(await agent.post_ok('/v1/incidents', incident))['id']}"
    await admin.post_ok(f"/v1/persons/{olu.id}/erase")
    assert (await agent.read(path))["description"] is None


async def test_their_keys_and_sessions_end_at_once_in_every_process(
    api: Api, place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    admin = await api.client("Ada", Role.admin)
    olu = await api.client("Olu Adeyemi")
    record_path = f"/v1/incidents/{(await olu.post_ok('/v1/incidents', an_incident()))['id']}"
    cookie = (await olu.post("/v1/sessions")).headers["set-cookie"].partition(";")[0]
    async with serving(place.url, tmp_path / "secrets", settings) as other:
        callers = [
            caller
            for process in (api, other)
            for caller in (
                process.with_token(olu.token),
                process.with_token(None, headers={"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}),
            )
        ]
        assert [(await caller.get(record_path)).status_code for caller in callers] == [200] * 4
        await admin.post_ok(f"/v1/persons/{olu.id}/erase")
        head = await api.head()
        here = [(await caller.get(record_path)).status_code for caller in callers[:2]]
        assert here == [401, 401], "in the process that did it with the very next request"

        async def nowhere() -> bool:
            return [(await caller.get(record_path)).status_code for caller in callers] == [401] * 4

        assert await until(nowhere)
        for caller in callers:
            for path, body in (("/v1/incidents", an_incident()), (f"{record_path}/comment", {"text": "Hm."})):
                assert (await caller.post(path, json=body)).status_code == 401
    assert await api.head() == head
    (key,) = (await admin.read("/v1/keys", person=olu.id))["items"]
    assert (key["name"], key["person"]["name"]) == (None, None)
    listed = (await admin.read("/v1/persons"))["items"]
    assert [person["name"] for person in listed if person["id"] == olu.id] == [None]


async def test_no_key_is_made_for_them_and_no_work_is_given_to_them(api: Api) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    olu = await add_person(api.ledger, "Olu Adeyemi")
    path = f"/v1/incidents/{(await admin.post_ok('/v1/incidents', an_incident()))['id']}"
    await admin.post_ok(f"/v1/persons/{olu.id}/erase")
    answer = await admin.post("/v1/keys", json={"name": "A", "person": str(olu.id)})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "person_erased")
    response = await admin.post(f"{path}/assign", json={"person": str(olu.id)})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "person_erased")
    again = await admin.post(f"/v1/persons/{olu.id}/erase", json={})
    assert (again.status_code, again.json()["state"]) == (409, "erased")


async def test_another_process_that_has_read_them_before_forgets_them(
    api: Api, place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    admin = await api.client("Ada", Role.admin)
    olu = await api.client("Olu Adeyemi")
    path = f"/v1/incidents/{(await olu.post_ok('/v1/incidents', an_incident(description=SAID)))['id']}"
    async with serving(place.url, tmp_path / "secrets", settings) as other:
        other_admin = other.with_token(admin.token)
        assert SAID in (await other_admin.get(path)).text
        await admin.post_ok(f"/v1/persons/{olu.id}/erase")

        async def forgotten() -> Json | None:
            answer = await other_admin.read(path)
            return None if answer["description"] else answer

        assert (await until(forgotten))["requester"]["name"] is None


async def a_refused_row(api: Api, place: DatabaseUrls, text: str) -> None:
    """A row of an import that could not be taken."""
    run, row = uuid7(), uuid7()
    encrypted = api.ledger.vault.encrypt_refused(text.encode())
    async with await psycopg.AsyncConnection.connect(place.owner_url, autocommit=True) as owner:
        await owner.execute(
            "insert into plumbing.import_run (id, reader, source, file_name, zone, started_at) "
            "values (%s, 'table', 'old', 'old.csv', 'UTC', now())",
            (run,),
        )
        await owner.execute(
            "insert into plumbing.refused_row "
            "(id, import_id, source, line, code, reason, fingerprint, sealed) "
            "values (%s, %s, 'old', 1, 'no_time', 'no time', %s, %s)",
            (row, run, str(row), encrypted),
        )


async def refused_rows(api: Api) -> list[str]:
    """The texts of those that are kept."""
    rows = await api.ledger.db.rows("select sealed from plumbing.refused_row order by id")
    return [api.ledger.vault.decrypt_refused(bytes(row["sealed"])).decode() for row in rows]


async def test_what_an_import_refuses_while_they_are_erased_goes_with_them_too(
    api: Api, place: DatabaseUrls
) -> None:
    admin = await api.client("Ada", Role.admin)
    olu = await add_person(api.ledger, "Olu")
    await a_refused_row(api, place, "0;Olu;mail")
    async with Blocked(place.owner_url) as blocked:
        erasing = asyncio.ensure_future(admin.post_ok(f"/v1/persons/{olu.id}/erase"))
        await blocked.waiting()
        # As long as they can be found: once the person is erased, nobody could take up what a crash has left.
        assert await refused_rows(api) == []
        for text in ("1;Olu;mail", "2;Lin;mail"):
            await a_refused_row(api, place, text)
    await erasing
    assert await refused_rows(api) == ["2;Lin;mail"]


async def test_refused_rows_that_name_them_go_with_them_and_with_nobody_else(
    api: Api, place: DatabaseUrls
) -> None:
    admin, agent = await api.client("Ada", Role.admin), await api.client("Lin", Role.agent)
    olu = await add_person(api.ledger, "Olu")
    remaining = ["1;Oluchi;mail", "2;volu;mail"]
    for text in (*remaining, "3;Olu;mail", "4;OLU@EXAMPLE.ORG;mail", "5;问olu。"):
        await a_refused_row(api, place, text)
    path = f"/v1/persons/{olu.id}/erase"
    assert (await agent.post(path, json={})).status_code == 403
    assert (await admin.post(path, json={}, headers={"If-Match": '"7"'})).status_code == 412
    assert len(await refused_rows(api)) == 5, "what is refused deletes nothing"
    await admin.post_ok(path)
    assert await refused_rows(api) == remaining
