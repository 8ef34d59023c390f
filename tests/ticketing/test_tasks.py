"""Tasks stand beside a ticket until they are completed, with what came of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.common.people import Role
from tests.client import RESOLVED, Api, Client, Json, an_incident

ORDERED = "It is ordered, and comes on Monday."


async def scene(api: Api) -> tuple[Client, str]:
    await api.team("network")
    agent = await api.client("Lin", Role.agent, teams=("network",))
    return agent, f"/v1/incidents/{(await agent.post_ok('/v1/incidents', an_incident()))['id']}"


async def test_a_task_is_added_and_completed(api: Api) -> None:
    agent, path = await scene(api)
    body = {"title": "Order a relay", "team": "network", "assignee": "me", "due_at": "2199-01-01T00:00:00Z"}
    await agent.post_ok(f"{path}/add_task", body)
    (task,) = (await agent.read(f"{path}/tasks"))["items"]
    assert (task["title"], task["team"]["key"], task["assignee"]["name"]) == (
        "Order a relay",
        "network",
        "Lin",
    )
    assert (task["completed_at"], task["outcome"]) == (None, None)
    await agent.post_ok(f"{path}/complete_task", {"task": task["id"], "outcome": ORDERED})
    (done,) = (await agent.read(f"{path}/tasks"))["items"]
    assert done["outcome"] == ORDERED
    assert done["completed_at"] >= done["added_at"]
    refused = await agent.post(f"{path}/complete_task", json={"task": task["id"], "outcome": ORDERED})
    assert refused.json()["errors"][0]["code"] == "completed_already"
    events = await api.ledger.db.rows("select convert_from(data, 'UTF8') as data from log.event")
    assert not [row for row in events if ORDERED in row["data"]]


async def test_the_assignee_completes_a_task_without_a_role_and_no_other_tasks(api: Api) -> None:
    agent, path = await scene(api)
    fitter = await api.client("Fitter", teams=("network",))
    for assignee in (fitter.id, agent.id):
        body = {"title": "Order a relay", "assignee": assignee, "visibility": "public"}
        await agent.post_ok(f"{path}/add_task", body)
    tasks = {task["assignee"]["id"]: task["id"] for task in (await agent.read(f"{path}/tasks"))["items"]}
    refused = await fitter.post(f"{path}/complete_task", json={"task": tasks[agent.id], "outcome": ORDERED})
    assert refused.json()["code"] == "not_the_task_assignee"
    await fitter.post_ok(f"{path}/complete_task", {"task": tasks[fitter.id], "outcome": ORDERED})


async def test_a_task_is_added_while_there_is_work_to_do_and_completed_at_any_time(api: Api) -> None:
    agent, path = await scene(api)
    await agent.post_ok(f"{path}/add_task", {"title": "Order a relay"})
    await agent.post_ok(f"{path}/assign", {"person": "me"})
    await agent.post_ok(f"{path}/acknowledge")
    await agent.post_ok(f"{path}/resolve", RESOLVED)
    refused = await agent.post(f"{path}/add_task", json={"title": "Order another one"})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_in_this_state")
    (task,) = (await agent.read(f"{path}/tasks"))["items"]
    await agent.post_ok(f"{path}/complete_task", {"task": task["id"], "outcome": ORDERED})


async def test_what_cannot_be_is_refused_by_its_name(api: Api) -> None:
    agent, path = await scene(api)
    stranger = await api.client("Wu Jing", Role.engineer)
    head = await api.head()
    for more, pointer, code in (
        ({"due_at": "2020-01-01T00:00:00Z"}, "/due_at", "not_ahead"),
        ({"team": "network", "assignee": stranger.id}, "/assignee", "not_in_the_team"),
        ({"team": "nobody"}, "/team", "unknown_reference"),
    ):
        refused = await agent.post(f"{path}/add_task", json={"title": "Order a relay", **more})
        (fault,) = refused.json()["errors"]
        assert (fault["pointer"], fault["code"]) == (pointer, code)
    assert await api.head() == head
    assert (await stranger.post(f"{path}/add_task", json={"title": "Order a relay"})).status_code == 404


async def test_rows_beside_a_record_come_in_pages_the_oldest_first(api: Api) -> None:
    agent, path = await scene(api)
    titles = [f"Task {n}" for n in range(5)]
    for title in titles:
        await agent.post_ok(f"{path}/add_task", {"title": title})
    pages = await agent.pages(f"{path}/tasks", limit=2)
    assert [[task["title"] for task in page] for page in pages] == [titles[:2], titles[2:4], titles[4:]]
    # A cursor is good for its own list only.
    cursor = (await agent.read(f"{path}/tasks", limit=2))["next_cursor"]
    refused = await agent.get(f"{path}/comments", params={"cursor": cursor})
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_cursor")


def a_checklist(key: str, *titles: str) -> Json:
    """What is said to add a checklist."""
    items = [{"title_en": title, "title_zh": f"任务 {title}"} for title in titles]
    return {"key": key, "process": "incident", "title_en": "A list", "title_zh": "清单", "items": items}


async def test_a_checklist_is_put_on_a_ticket_as_tasks_in_order_in_one_event(api: Api) -> None:
    agent, path = await scene(api)
    admin = await api.client("Ada", Role.admin)
    assert (await agent.post("/v1/checklists", json=a_checklist("relay", "Order"))).status_code == 403
    checklist = await admin.post_ok("/v1/checklists", a_checklist("relay", "Order it", "Mount it", "Test it"))
    head = await api.head()
    await agent.post_ok(f"{path}/apply_checklist", {"checklist": "relay"})
    assert await api.head() == head + 1
    tasks = (await agent.read(f"{path}/tasks"))["items"]
    assert [(task["title"], task["position"]) for task in tasks] == [
        ("Order it", 1),
        ("Mount it", 2),
        ("Test it", 3),
    ]
    assert {task["from_checklist"] for task in tasks} == {"relay"}
    refused = await agent.post(f"{path}/apply_checklist", json={"checklist": checklist["id"]})
    assert refused.json()["errors"][0]["code"] == "applied_already"
    for task in tasks:
        await agent.post_ok(f"{path}/drop_task", {"task": task["id"], "reason": "No need."})
    await agent.post_ok(f"{path}/apply_checklist", {"checklist": "relay"})
    await admin.post_ok(f"/v1/checklists/{checklist['id']}/retire")
    refused = await agent.post(f"{path}/apply_checklist", json={"checklist": "relay"})
    assert refused.json()["errors"][0]["code"] == "checklist_retired"
    refused_twin = await admin.post("/v1/checklists", json=a_checklist("relay", "Order it"))
    assert refused_twin.json()["errors"][0]["code"] == "taken"


async def test_a_task_is_edited_until_it_is_over_and_dropped_for_a_reason(api: Api) -> None:
    agent, path = await scene(api)
    stranger = await api.client("Wu Jing", Role.engineer)
    await agent.post_ok(f"{path}/add_task", {"title": "Order a relay", "team": "network", "assignee": "me"})
    (task,) = (await agent.read(f"{path}/tasks"))["items"]
    named = {"task": task["id"]}
    assert (await agent.post(f"{path}/edit_task", json=named)).status_code == 422
    refused = await agent.post(f"{path}/edit_task", json={**named, "assignee": stranger.id})
    assert refused.json()["errors"][0]["code"] == "not_in_the_team"
    await agent.post_ok(
        f"{path}/edit_task", {**named, "title": "Order two", "due_at": "2199-01-01T00:00:00Z"}
    )
    (task,) = (await agent.read(f"{path}/tasks"))["items"]
    assert (task["title"], task["assignee"]["id"], task["overdue"]) == ("Order two", agent.id, False)
    await agent.post_ok(f"{path}/edit_task", {**named, "team": "network"})
    (task,) = (await agent.read(f"{path}/tasks"))["items"]
    assert task["assignee"] is None
    await agent.post_ok(f"{path}/drop_task", {**named, "reason": "The old one works."})
    (task,) = (await agent.read(f"{path}/tasks"))["items"]
    assert (task["dropped_because"], task["dropped_at"] is None) == ("The old one works.", False)
    for action, more in (
        ("edit_task", {"title": "Another"}),
        ("drop_task", {"reason": "Twice."}),
        ("complete_task", {"outcome": ORDERED}),
    ):
        refused = await agent.post(f"{path}/{action}", json={**named, **more})
        assert refused.json()["errors"][0]["code"] == "dropped_already"


async def test_ones_tasks_are_work_until_they_are_over_what_is_late_first(api: Api) -> None:
    agent, path = await scene(api)
    for title, due in (
        ("Later", "2199-01-01T00:00:00Z"),
        ("Any time", None),
        ("Late", "2198-01-01T00:00:00Z"),
    ):
        await agent.post_ok(f"{path}/add_task", {"title": title, "assignee": "me", "due_at": due})
    await agent.post_ok(f"{path}/add_task", {"title": "Somebody's"})
    (late,) = [task for task in (await agent.read(f"{path}/tasks"))["items"] if task["title"] == "Late"]
    tasks = (await agent.read("/v1/me/work"))["tasks"]
    assert [(task["title"], task["overdue"]) for task in tasks] == [
        ("Late", False),
        ("Later", False),
        ("Any time", False),
    ]
    assert {f"/v1/incidents/{task['ticket']}" for task in tasks} == {path}
    await agent.post_ok(f"{path}/complete_task", {"task": late["id"], "outcome": ORDERED})
    assert [task["title"] for task in (await agent.read("/v1/me/work"))["tasks"]] == ["Later", "Any time"]


async def test_a_task_whose_time_is_over_says_so(api: Api) -> None:
    agent, path = await scene(api)
    opened = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    incident = await agent.post_ok("/v1/incidents", an_incident(occurred_at=opened))
    path = f"/v1/incidents/{incident['id']}"
    due = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    body = {"title": "Order a relay", "assignee": "me", "due_at": due, "occurred_at": opened}
    await agent.post_ok(f"{path}/add_task", body)
    (task,) = (await agent.read(f"{path}/tasks"))["items"]
    (mine,) = (await agent.read("/v1/me/work"))["tasks"]
    assert task["overdue"] is mine["overdue"] is True
    await agent.post_ok(f"{path}/complete_task", {"task": task["id"], "outcome": ORDERED})
    (task,) = (await agent.read(f"{path}/tasks"))["items"]
    assert task["overdue"] is False
