"""The owner and the executor of a process see to its definition by their posts, without a role."""

from __future__ import annotations

from app.common.people import Grade, Role
from app.kpis.catalogue import KPIS
from tests.governance.process_definitions.conftest import PUBLISHED, Registry

NEXT = {"process": "billing", "title": "Billing, faster", "level": 2}


async def test_the_owner_publishes_what_somebody_else_has_drafted_and_the_executor_proposes(
    registry: Registry,
) -> None:
    first = await registry.submitted()
    refused = await registry.senior.post(f"{first}/publish", json=PUBLISHED)
    assert refused.json()["code"] == "owner_only_by_this_edition", "nobody has agreed to the owner yet"
    await registry.quality.post_ok(f"{first}/publish", PUBLISHED)

    changed = NEXT | {"process_changes": [await registry.approved_change()]}
    second = await registry.executor.post_ok("/v1/process_definitions", changed)
    path = f"/v1/process_definitions/{second['id']}"
    await registry.edit(registry.executor, path, purpose="Speed.")
    await registry.senior.post_ok(
        f"{path}/submit", {"heard": ["me", registry.executor.id, registry.quality.id]}
    )
    published = await registry.senior.post_ok(f"{path}/publish", await registry.publication(path))
    assert (published["state"], published["edition"]) == ("published", 2)


async def test_nothing_is_published_about_which_nobody_was_consulted(registry: Registry) -> None:
    path = await registry.drafted()
    refused = await registry.owner.post(f"{path}/submit", json={"heard": ["me"]})
    assert refused.json()["errors"][0]["code"] == "only_author_heard"
    await registry.owner.post_ok(f"{path}/submit", {"heard": [registry.executor.id]})
    await registry.executor.post_ok(f"{path}/object_to_statement", {"objection": "I never saw it."})
    refused = await registry.quality.post(f"{path}/publish", json=PUBLISHED)
    assert (refused.status_code, refused.json()["code"]) == (409, "nobody_consulted")
    await registry.quality.post_ok(f"{path}/send_back", {"reason": "Ask the executor."})
    await registry.owner.post_ok(f"{path}/submit", {"heard": [registry.executor.id]})
    await registry.quality.post_ok(f"{path}/publish", PUBLISHED)


async def test_the_owner_does_not_publish_their_own_draft(registry: Registry) -> None:
    await registry.published()
    draft = await registry.senior.post_ok("/v1/process_definitions", NEXT)
    path = f"/v1/process_definitions/{draft['id']}"
    await registry.senior.post_ok(f"{path}/submit", {"heard": [registry.executor.id]})
    refused = await registry.senior.post(f"{path}/publish", json=PUBLISHED)
    assert refused.json()["code"] == "separation_of_duties"
    await registry.senior.post_ok(f"{path}/send_back", {"reason": "It names the wrong month."})


async def test_nobody_else_drafts_the_next_edition(registry: Registry) -> None:
    await registry.published()
    stranger = await registry.api.client("Stranger")
    refused = await stranger.post("/v1/process_definitions", json=NEXT)
    assert (refused.status_code, refused.json()["code"]) == (403, "no_post_in_process")


async def test_owner_and_executor_read_the_figures_of_their_process_by_their_post(registry: Registry) -> None:
    await registry.published(process="incident", title="Incidents", expected_path=[])
    reader = await registry.api.client("Reader")
    key = next(key for key, kpi in KPIS.items() if kpi.processes == ("incident",))
    answers = [
        (await person.get(f"/v1/kpis/{key}")).status_code
        for person in (registry.senior, registry.executor, reader)
    ]
    assert answers == [200, 200, 403]
    cases = await registry.senior.get(f"/v1/kpis/{key}/cases")
    assert cases.status_code == 403, "what is counted is for those who see every record"
    counted = {kpi.key for kpi in KPIS.values() if kpi.processes == ("incident",)}
    for listed in ("/v1/kpis", "/v1/kpis/definitions"):
        for person, keys in ((registry.senior, counted), (reader, set[str]())):
            assert {kpi["key"] for kpi in (await person.read(listed))["items"]} == keys, listed
        assert {kpi["key"] for kpi in (await registry.executor.read(listed))["items"]} >= counted
    assert (await registry.senior.get("/v1/kpis/behaviours", params={"keys": key})).status_code == 200
    for part, status in (("", 200), ("/variants", 200), ("/graph", 200), ("/cases", 403)):
        assert (await registry.executor.get(f"/v1/conformance/incident{part}")).status_code == status, part
        assert (await reader.get(f"/v1/conformance/incident{part}")).status_code == 403, part
    assert (await registry.senior.get("/v1/conformance/change")).status_code == 403
    assert (await registry.senior.get("/v1/conformance/billing")).status_code == 404


async def test_the_post_of_an_owner_who_has_left_goes_to_somebody_who_may_own_it(registry: Registry) -> None:
    path = f"/v1/process_definitions/{(await registry.published())['id']}"
    admin = await registry.api.client("Ada", Role.admin)
    engineer = await registry.api.client("Lin", Role.engineer)
    successor = await registry.api.client("Shen", grade=Grade.senior)
    await admin.post_ok(f"/v1/persons/{registry.senior.id}/deactivate")
    body = {"person": registry.senior.id, "new_holder": engineer.id}
    refused = await registry.quality.post(f"{path}/hand_over_duties", json=body)
    assert refused.json()["errors"][0]["code"] == "not_senior", "the duty decides, not the action"
    senior = {"grade": Grade.senior.value}
    await admin.request(
        "PATCH", f"/v1/persons/{registry.executor.id}", json=senior, headers={"If-Match": "*"}
    )
    to_executor = body | {"new_holder": registry.executor.id}
    refused = await registry.quality.post(f"{path}/hand_over_duties", json=to_executor)
    assert refused.json()["errors"][0]["code"] == "owner_executes", "as if they were named directly"
    after = await registry.quality.post_ok(f"{path}/hand_over_duties", body | {"new_holder": successor.id})
    assert after["owner"]["id"] == successor.id


async def test_whoever_replaces_an_owner_who_has_left_may_publish_what_others_wrote(
    registry: Registry,
) -> None:
    path = await registry.drafted()
    await registry.owner.post_ok(f"{path}/submit", {"heard": [registry.executor.id]})
    admin = await registry.api.client("Ada", Role.admin)
    successor = await registry.api.client("Shen", grade=Grade.senior)
    await admin.post_ok(f"/v1/persons/{registry.senior.id}/deactivate")
    refused = await registry.quality.post(f"{path}/publish", json=PUBLISHED)
    assert refused.json()["code"] == "post_holder_left", "no process is published without an owner"
    body = {"person": registry.senior.id, "new_holder": successor.id}
    await registry.quality.post_ok(f"{path}/hand_over_duties", body)
    offered = {row["action"]: row["open"] for row in (await successor.read(path))["actions"]}
    assert offered.get("publish") is not True, "only a quality manager publishes a first edition"
    published = await registry.quality.post_ok(f"{path}/publish", PUBLISHED)
    assert published["state"] == "published"
