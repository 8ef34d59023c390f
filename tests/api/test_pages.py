"""Pages stay right while rows are added and changed: nothing twice, nothing left out that was there."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from app.common.people import Role
from app.processes.incidents.queries import LISTING
from tests.client import RESOLVED, Api, Client, an_incident
from tests.extent import first_of, in_test_all
from tests.people import ago


async def report(client: Client, opened: datetime | None = None, **changes: str) -> str:
    """A new incident; gives its id."""
    when = {} if opened is None else {"occurred_at": opened.isoformat()}
    record_id: str = (await client.post_ok("/v1/incidents", an_incident(**when, **changes)))["id"]
    return record_id


async def test_pages_give_everything_once_newest_first_whatever_their_size(shared: Api) -> None:
    tool = await shared.client("Monitoring", Role.integration)
    # Some at the very same instant: then the id decides.
    instants = [ago(days=n // 3) for n in range(11)]
    same = [datetime(2026, 1, 1, tzinfo=UTC)] * 4
    ids = {await report(tool, opened) for opened in [*instants, *same]}
    items = (await tool.read("/v1/incidents", limit=200))["items"]
    assert {item["id"] for item in items} == ids
    order = [(item["opened_at"], item["id"]) for item in items]
    assert order == sorted(order, reverse=True)
    for limit in (1, 2, 5, 14, 15, 16):
        pages = await tool.pages("/v1/incidents", limit=limit)
        assert [item for page in pages for item in page] == items
        assert {len(page) for page in pages[:-1]} <= {limit}
        assert pages[-1], "no empty page at the end"


@pytest.mark.parametrize(
    "sort", first_of([order for name in LISTING.sorts for order in (name, f"-{name}")], 1)
)
async def test_a_reader_misses_nothing_and_sees_nothing_twice_while_others_write(
    shared: Api, sort: str
) -> None:
    """What keeps its place in the order comes exactly once, whatever becomes of the rest."""
    chance, seed = random.Random(sort), sort.replace("-", "down-")
    agent = await shared.client("Lin", Role.agent, Role.integration)
    for team in (f"alpha-{seed}", f"beta-{seed}"):
        await shared.team(team)
    reader = await shared.client("Reader", Role.agent, teams=(f"alpha-{seed}", f"beta-{seed}"))
    mine = [await report(agent, ago(minutes=n), requester=reader.id) for n in range(30)]
    for n, record_id in enumerate(mine[:10]):
        await agent.post_ok(f"/v1/incidents/{record_id}/resolve", RESOLVED)
        if n < 5:
            await agent.post_ok(f"/v1/incidents/{record_id}/close")
    by = sort.removeprefix("-")
    places = await places_of(reader, by)
    ids = places.keys()
    assert ids == set(mine)
    read_ids: list[str] = []
    cursor: str | None = None
    while True:
        parameters = {"limit": chance.randint(1, 7), "sort": sort, "requester": "me"}
        parameters |= {"cursor": cursor} if cursor else {}
        page = await reader.read("/v1/incidents", **parameters)
        read_ids += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        for _ in range(chance.randint(1, 3)):
            await meddle(chance, agent, reader, chance.choice(mine), seed)
    now = await places_of(reader, by)
    unmoved = {record_id for record_id in ids if now[record_id] == places[record_id]}
    assert unmoved
    assert {record_id: read_ids.count(record_id) for record_id in unmoved} == dict.fromkeys(unmoved, 1)
    if by in ("opened_at", "priority"):
        assert unmoved == ids
        assert len(read_ids) == len(set(read_ids)), "something was shown twice"


async def meddle(chance: random.Random, agent: Client, reader: Client, record_id: str, seed: str) -> None:
    """Something happens that may move an incident, or be refused."""
    path = f"/v1/incidents/{record_id}"
    team = chance.choice([f"alpha-{seed}", f"beta-{seed}"])
    match chance.randrange(6):
        case 0:
            await report(agent, None, requester=reader.id)
        case 1:
            await agent.post(f"{path}/acknowledge", json={})
        case 2:
            await reader.post(f"{path}/assign", json={"team": team})
        case 3:
            await report(agent, ago(days=chance.random()), requester=reader.id)
        case 4:
            await agent.post(f"{path}/resolve", json=RESOLVED)
        case 5:
            await agent.post(f"{path}/reopen", json={"reason": "It is back."})


async def places_of(client: Client, field: str) -> dict[str, Any]:
    """By id, what each incident is sorted by."""
    items = (await client.read("/v1/incidents", requester="me", limit=200))["items"]
    return {item["id"]: item[field] for item in items}


async def test_what_is_seen_by_several_ways_is_listed_once(shared: Api) -> None:
    await shared.team("both")
    zhao = await shared.client("Zhao", Role.agent, teams=("both",))
    ids = [await report(zhao) for _ in range(5)]
    for record_id in ids:  # theirs, assigned to them, and their team's
        await zhao.post_ok(f"/v1/incidents/{record_id}/assign", {"team": "both", "person": "me"})
    pages = await zhao.pages("/v1/incidents", limit=2, team="both")
    assert [item["id"] for page in pages for item in page] == list(reversed(ids))


async def test_a_cursor_is_good_for_its_list_and_filters_only(shared: Api) -> None:
    agent = await shared.client("Lin", Role.agent, Role.admin)
    first, *_ = [await report(agent) for _ in range(3)]
    record_path = f"/v1/incidents/{first}"
    await agent.post_ok(f"{record_path}/comment", {"text": "x"})
    cursor = (await agent.read("/v1/incidents", limit=1))["next_cursor"]
    filtered = (await agent.read("/v1/incidents", limit=1, state="new"))["next_cursor"]
    of_events = (await agent.read(f"{record_path}/events", limit=1))["next_cursor"]
    await agent.read("/v1/incidents", limit=2, cursor=cursor)  # of another size it is the same list
    await agent.read("/v1/incidents", fields="title", expand="team", count="exact", cursor=cursor)
    for path, parameters in (
        ("/v1/incidents", {"cursor": filtered}),
        ("/v1/incidents", {"cursor": cursor, "state": "new"}),
        ("/v1/incidents", {"cursor": filtered, "state": "new,closed"}),
        ("/v1/incidents", {"cursor": cursor, "sort": "opened_at"}),
        ("/v1/incidents", {"cursor": cursor, "sort": "-changed_at"}),
        ("/v1/incidents", {"cursor": cursor[:-2]}),
        ("/v1/incidents", {"cursor": "A" + cursor[1:]}),
        ("/v1/incidents", {"cursor": cursor + "AAAA"}),
        ("/v1/incidents", {"cursor": of_events}),
        ("/v1/persons", {"cursor": cursor}),
        (f"{record_path}/events", {"cursor": cursor}),
        (f"/v1/incidents/{await report(agent)}/events", {"cursor": of_events}),
    ):
        answer = await agent.get(path, params=parameters)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor"), (path, parameters)


async def test_somebody_elses_cursor_shows_nothing_of_theirs(shared: Api) -> None:
    zhao, wu = await shared.client("Zhao"), await shared.client("Wu")
    for _ in range(3):
        await report(zhao)
    own = await report(wu, ago(seconds=30))
    cursor = (await zhao.read("/v1/incidents", limit=1))["next_cursor"]
    assert [item["id"] for item in (await wu.read("/v1/incidents", cursor=cursor))["items"]] == [own]


async def test_the_next_page_is_in_the_link_too(shared: Api) -> None:
    zhao = await shared.client("Zhao")
    for _ in range(3):
        await report(zhao)
    answer = await zhao.get("/v1/incidents?state=new&state=closed&limit=2")
    link = answer.headers["link"]
    address, _, relation = link.partition(">; ")
    assert relation == 'rel="next"'
    following = await zhao.get(address.removeprefix("<"))
    assert len(following.json()["items"]) == 1
    assert "link" not in following.headers


async def test_events_come_in_order_and_pages_of_them_go_on_while_more_are_added(shared: Api) -> None:
    zhao = await shared.client("Zhao")
    path = f"/v1/incidents/{await report(zhao)}"
    for n in range(6):
        await zhao.post_ok(f"{path}/comment", {"text": str(n)})
    first = await zhao.read(f"{path}/events", limit=4)
    await zhao.post_ok(f"{path}/comment", {"text": "6"})
    rest = await zhao.read(f"{path}/events", limit=200, cursor=first["next_cursor"])
    versions = [event["version"] for event in first["items"] + rest["items"]]
    assert versions == list(range(1, 9))
    assert rest["next_cursor"] is None


async def test_other_lists_page_too(shared: Api) -> None:
    admin = await shared.client("Ada", Role.admin)
    for n in range(3):
        await shared.team(f"paged-{n}")
        await shared.client(f"Paged {n}")
    for plural in ("persons", "teams", "keys"):
        ids = [item["id"] for page in await admin.pages(f"/v1/{plural}", limit=200) for item in page]
        assert len(ids) == len(set(ids)) > 2
        for limit in (1, 2):
            paged = await admin.pages(f"/v1/{plural}", limit=limit)
            assert [item["id"] for page in paged for item in page] == ids


@in_test_all
async def test_many_readers_and_writers_at_once_agree_in_the_end(shared: Api) -> None:
    zhao = await shared.client("Zhao")

    async def read() -> list[str]:
        return [item["id"] for page in await zhao.pages("/v1/incidents", limit=3) for item in page]

    written, *read_meanwhile = await asyncio.gather(
        asyncio.gather(*(report(zhao) for _ in range(20))), *(read() for _ in range(5))
    )
    for listed in read_meanwhile:
        assert len(listed) == len(set(listed))
    assert set(await read()) == set(written)
