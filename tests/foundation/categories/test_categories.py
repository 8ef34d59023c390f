"""Categories: a tree for each process, kept by its manager, and not used any more once retired."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Api, Client, Json, an_incident
from tests.foundation.services.test_catalogue import a_service

CATEGORIES, INCIDENTS = "/v1/categories", "/v1/incidents"


def a_category(key: str, **more: object) -> Json:
    """What is said to add a category of incidents."""
    return {"process": "incident", "key": key, "name_en": key, "name_zh": key, **more}


async def wrong(client: Client, path: str, body: Json) -> tuple[str, str]:
    """Where the body is wrong, and why."""
    answer = await client.post(path, json=body)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    return error["pointer"], error["code"]


async def test_categories_are_a_tree_of_six_levels_that_everybody_reads(api: Api) -> None:
    manager, reporter = await api.client("Ada", Role.incident_manager), await api.client("Zhao")
    assert (await reporter.post(CATEGORIES, json=a_category("mail"))).status_code == 403
    above = await manager.post_ok(CATEGORIES, a_category("level-1"))
    top = above["id"]
    for level in range(2, 7):
        above = await manager.post_ok(CATEGORIES, a_category(f"level-{level}", parent=above["id"]))
        assert above["level"] == level
    category = a_category("level-7", parent=above["id"])
    assert await wrong(manager, CATEGORIES, category) == ("/parent", "too_many_levels")
    (below,) = (await reporter.read(CATEGORIES, process="incident", parent_id=top))["items"]
    assert below["key"] == "level-2"
    assert await wrong(manager, CATEGORIES, a_category("level-2")) == ("/key", "taken")
    assert await wrong(manager, CATEGORIES, a_category("x") | {"process": "team"}) == (
        "/process",
        "unknown_value",
    )


async def test_nothing_new_is_of_a_retired_category_or_service_and_what_was_stays(api: Api) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    service = await a_service(admin)
    category = await admin.post_ok(CATEGORIES, a_category("printing"))
    incident = an_incident(service="mail", category="printing")
    old = await admin.post_ok(INCIDENTS, incident)
    await admin.post_ok(f"{CATEGORIES}/{category['id']}/retire")
    assert await wrong(admin, INCIDENTS, incident) == ("/category", "category_retired")
    parent = a_category("toner", parent=category["id"])
    assert await wrong(admin, CATEGORIES, parent) == ("/parent", "category_retired")
    await admin.post_ok(f"{CATEGORIES}/{category['id']}/reinstate")
    await admin.post_ok(f"/v1/services/{service['id']}/retire")
    assert await wrong(admin, INCIDENTS, incident) == ("/service", "service_retired")
    assert (await admin.read(f"{INCIDENTS}/{old['id']}"))["category"] == "printing"
    elsewhere = an_incident(service="nobody-knows", category="neither")
    assert (await admin.post_ok(INCIDENTS, elsewhere))["service"] == "nobody-knows"


async def test_each_manager_keeps_the_categories_of_their_process_and_of_no_other(api: Api) -> None:
    managers = {
        "incident": Role.incident_manager,
        "request": Role.service_level_manager,
        "problem": Role.problem_manager,
    }
    for process, role in managers.items():
        manager = await api.client(role.value, role)
        record = await manager.post_ok(CATEGORIES, a_category("mine", process=process))
        await manager.post_ok(f"{CATEGORIES}/{record['id']}/retire")
        for other in managers.keys() - {process}:
            category = a_category("mine-too", process=other)
            assert await wrong(manager, CATEGORIES, category) == ("/process", "not_your_process")
    admin = await api.client("Ada", Role.admin)
    (theirs,) = (await admin.read(CATEGORIES, process="problem"))["items"]
    manager = await api.client("Qian", Role.service_level_manager)
    refused = await manager.post(f"{CATEGORIES}/{theirs['id']}/reinstate")
    assert refused.json()["code"] == "not_your_process"
