"""Tasks stand beside a ticket until they are completed, with what came of them."""

from __future__ import annotations

from app.common.people import Role
from tests.client import RESOLVED, Api, Client, an_incident

ORDERED = "It is ordered, and comes on Monday."


async def scene(api: Api) -> tuple[Client, str]:
    await api.team("network")
    agent = await api.client("Lin", Role.agent, teams=("network",))
    return agent, f"/v1/incidents/{(await agent.do('/v1/incidents', an_incident()))['id']}"


async def test_a_task_is_added_and_completed(api: Api) -> None:
    agent, at = await scene(api)
    said = {"title": "Order a relay", "team": "network", "assignee": "me", "due_at": "2199-01-01T00:00:00Z"}
    await agent.do(f"{at}/add_task", said)
    (task,) = (await agent.read(f"{at}/tasks"))["items"]
    assert (task["title"], task["team"]["key"], task["assignee"]["name"]) == (
        "Order a relay",
        "network",
        "Lin",
    )
    assert (task["completed_at"], task["outcome"]) == (None, None)
    await agent.do(f"{at}/complete_task", {"task": task["id"], "outcome": ORDERED})
    (done,) = (await agent.read(f"{at}/tasks"))["items"]
    assert done["outcome"] == ORDERED
    assert done["completed_at"] >= done["added_at"]
    refused = await agent.post(f"{at}/complete_task", json={"task": task["id"], "outcome": ORDERED})
    assert refused.json()["errors"][0]["code"] == "completed_already"
    kept = await api.ledger.db.rows("select convert_from(data, 'UTF8') as data from log.event")
    assert not [row for row in kept if ORDERED in row["data"]]


async def test_a_task_is_added_while_there_is_work_to_do_and_completed_at_any_time(api: Api) -> None:
    agent, at = await scene(api)
    await agent.do(f"{at}/add_task", {"title": "Order a relay"})
    await agent.do(f"{at}/assign", {"person": "me"})
    await agent.do(f"{at}/acknowledge")
    await agent.do(f"{at}/resolve", RESOLVED)
    refused = await agent.post(f"{at}/add_task", json={"title": "Order another one"})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_in_this_state")
    (task,) = (await agent.read(f"{at}/tasks"))["items"]
    await agent.do(f"{at}/complete_task", {"task": task["id"], "outcome": ORDERED})


async def test_what_cannot_be_is_refused_by_its_name(api: Api) -> None:
    agent, at = await scene(api)
    stranger = await api.client("Wu Jing")
    head = await api.head()
    for more, pointer, code in (
        ({"due_at": "2020-01-01T00:00:00Z"}, "/due_at", "not_ahead"),
        ({"team": "network", "assignee": stranger.id}, "/assignee", "not_in_the_team"),
        ({"team": "nobody"}, "/team", "unknown_reference"),
    ):
        refused = await agent.post(f"{at}/add_task", json={"title": "Order a relay", **more})
        (fault,) = refused.json()["errors"]
        assert (fault["pointer"], fault["code"]) == (pointer, code)
    assert await api.head() == head
    assert (await stranger.post(f"{at}/add_task", json={"title": "Order a relay"})).status_code == 404


async def test_rows_beside_a_record_come_in_pages_the_oldest_first(api: Api) -> None:
    agent, at = await scene(api)
    titles = [f"Task {n}" for n in range(5)]
    for title in titles:
        await agent.do(f"{at}/add_task", {"title": title})
    pages = await agent.pages(f"{at}/tasks", limit=2)
    assert [[task["title"] for task in page] for page in pages] == [titles[:2], titles[2:4], titles[4:]]
    # A cursor is good for its own list only.
    cursor = (await agent.read(f"{at}/tasks", limit=2))["next_cursor"]
    refused = await agent.get(f"{at}/comments", params={"cursor": cursor})
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_cursor")
