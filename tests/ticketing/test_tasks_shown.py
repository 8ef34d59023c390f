"""A task is for staff unless it says otherwise: the requester meets nothing of it, however they look."""

from __future__ import annotations

import json
from uuid import UUID

from app.common.people import Role
from app.platform.db import connect
from tests.client import Api, Client, Json, add_key, an_incident
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all

SECRET, OUTCOME = "Ask whether the badge was withdrawn", "HR says that it was."
REASON = "Nobody need ask any more."


async def scene(api: Api) -> tuple[Client, Client, str]:
    """An agent, a requester, and where the requester's incident is."""
    agent, lin = await api.client("Gao", Role.agent), await api.client("Lin")
    return agent, lin, f"/v1/incidents/{(await lin.post_ok('/v1/incidents', an_incident()))['id']}"


async def told(client: Client, path: str) -> str:
    """All that somebody can read of the incident."""
    paths = (
        path,
        f"{path}/tasks",
        f"{path}/events",
        "/v1/events",
        "/v1/notices",
        "/v1/me/work",
        "/v1/incidents",
    )
    return json.dumps([await client.read(path) for path in paths], ensure_ascii=False)


async def add(agent: Client, path: str, **more: object) -> str:
    """The id of a task that the agent adds."""
    await agent.post_ok(f"{path}/add_task", {"title": SECRET, "assignee": "me", **more})
    task: Json = (await agent.read(f"{path}/tasks"))["items"][-1]
    return str(task["id"])


async def test_nothing_of_a_task_for_staff_reaches_the_requester(api: Api) -> None:
    agent, lin, path = await scene(api)
    narrow = api.with_token(await add_key(api.ledger, UUID(agent.id), Role.requester))
    done, dropped = await add(agent, path), await add(agent, path)
    await agent.post_ok(f"{path}/edit_task", {"task": dropped, "title": f"{SECRET} today"})
    await agent.post_ok(f"{path}/complete_task", {"task": done, "outcome": OUTCOME})
    await agent.post_ok(f"{path}/drop_task", {"task": dropped, "reason": REASON})
    assert [task["visibility"] for task in (await agent.read(f"{path}/tasks"))["items"]] == ["internal"] * 2
    assert (await lin.read(f"{path}/tasks"))["items"] == []
    texts = await told(lin, path)
    for words in (SECRET, OUTCOME, REASON, done, "task_added", "task_completed"):
        assert words not in texts, words
        assert words in await told(agent, path)
    assert (await narrow.get(path)).status_code == 404


async def test_what_the_requester_is_to_follow_they_are_shown(api: Api) -> None:
    agent, lin, path = await scene(api)
    task = await add(agent, path, visibility="public")
    await agent.post_ok(f"{path}/complete_task", {"task": task, "outcome": OUTCOME})
    texts = await told(lin, path)
    for words in (SECRET, OUTCOME, "task_added", "task_completed"):
        assert words in texts, words


async def test_a_task_can_be_shown_and_withheld_again(api: Api) -> None:
    agent, lin, path = await scene(api)
    task = await add(agent, path)
    await agent.post_ok(f"{path}/edit_task", {"task": task, "visibility": "public"})
    assert [task["title"] for task in (await lin.read(f"{path}/tasks"))["items"]] == [SECRET]
    await agent.post_ok(f"{path}/edit_task", {"task": task, "visibility": "internal"})
    assert (await lin.read(f"{path}/tasks"))["items"] == []


@in_test_all
async def test_those_of_a_checklist_are_for_staff_as_well(api: Api) -> None:
    agent, lin, path = await scene(api)
    admin = await api.client("Ada", Role.admin)
    items = [{"title_en": SECRET, "title_zh": "询问"}]
    checklist = {
        "key": "leaver",
        "title_en": "Leaver",
        "title_zh": "离职",
        "process": "incident",
        "items": items,
    }
    await admin.post_ok("/v1/checklists", checklist)
    await agent.post_ok(f"{path}/apply_checklist", {"checklist": "leaver"})
    assert SECRET in await told(agent, path)
    assert SECRET not in await told(lin, path)


async def test_a_task_of_before_is_for_staff(api: Api, place: DatabaseUrls) -> None:
    agent, lin, path = await scene(api)
    await add(agent, path, visibility="public")
    connection = await connect(place.owner_url)
    await connection.execute(b"update fold.task set visibility = null")
    await connection.commit()
    await connection.close()
    assert [task["title"] for task in (await agent.read(f"{path}/tasks"))["items"]] == [SECRET]
    assert (await lin.read(f"{path}/tasks"))["items"] == []


async def test_whoever_is_to_do_a_task_sees_it_and_its_record_though_it_is_for_staff(
    api: Api, place: DatabaseUrls
) -> None:
    agent, _, path = await scene(api)
    await api.team("elsewhere")
    doer = await api.client("Mei", teams=("elsewhere",))
    await add(agent, path)
    task = await add(agent, path, assignee=doer.id)
    for stored in ("'internal'", "null"):
        connection = await connect(place.owner_url)
        await connection.execute(f"update fold.task set visibility = {stored}".encode())
        await connection.commit()
        await connection.close()
        assert (await doer.get(path)).status_code == 200
        assert [task["id"] for task in (await doer.read(f"{path}/tasks"))["items"]] == [task], stored
        assert [task["id"] for task in (await doer.read("/v1/me/work"))["tasks"]] == [task], stored


async def test_whoever_has_done_their_task_sees_the_record_no_more_once_it_goes_to_others(api: Api) -> None:
    for key in ("mail", "print"):
        await api.staffed_team(key)
    agent, lin, path = await scene(api)
    engineer = await api.client("Tomasz", Role.engineer, teams=("mail",))
    await agent.post_ok(f"{path}/assign", {"team": "mail"})
    task = await add(engineer, path)
    await engineer.post_ok(f"{path}/complete_task", {"task": task, "outcome": OUTCOME})
    colleague = await api.client("Emil", Role.engineer, teams=("mail",))
    await colleague.post_ok(f"{path}/assign", {"team": "print"})
    assert (await engineer.get(path)).status_code == 404
    assert (await lin.get(path)).status_code == 200
