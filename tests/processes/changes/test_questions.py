"""What a change manager asks in the morning: what conflicts, what touches an item, and who implements it."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Api, Client
from tests.extent import in_test_all
from tests.processes.changes.samples import Board, a_change, at_hour, window

REASON = "Both teams work side by side that night."


async def titles(client: Client, **query: str) -> list[str]:
    """The titles of the changes that the list gives."""
    return sorted(item["title"] for item in (await client.read("/v1/changes", **query))["items"])


async def test_conflicting_changes_say_with_what_and_why(board: Board) -> None:
    await board.ci("srv-1")
    first = await board.scheduled(0, 2, cis=["srv-1"], title="First")
    over = await board.approved(cis=["srv-1"], title="Second")
    await board.manager.post_ok(f"{over}/schedule", window(1, 3, override_reason=REASON))
    query = {"from": at_hour(-1), "to": at_hour(5)}
    (change,) = (await board.manager.read("/v1/changes/conflicting", **query))["items"]
    assert (change["title"], change["override_reason"]) == ("Second", REASON)
    (other,) = change["conflicts"]
    assert f"/v1/changes/{other['id']}" == first
    assert (other["title"], other["state"]) == ("First", "scheduled")
    later = {"from": at_hour(4), "to": at_hour(5)}
    assert (await board.manager.read("/v1/changes/conflicting", **later))["items"] == []
    assert await titles(board.manager, overridden="true") == ["Second"]
    assert await titles(board.manager, overridden="false") == ["First"]
    backwards = await board.manager.get(
        "/v1/changes/conflicting", params={"from": at_hour(5), "to": at_hour(1)}
    )
    assert backwards.status_code == 422


async def test_conflicts_are_hidden_with_the_changes_that_have_them(api: Api, board: Board) -> None:
    await board.ci("srv-1")
    await board.scheduled(0, 2, cis=["srv-1"], title="First")
    over = await board.approved(cis=["srv-1"], title="Second")
    await board.manager.post_ok(f"{over}/schedule", window(1, 3, override_reason=REASON))
    query = {"from": at_hour(-1), "to": at_hour(5)}
    outsider = await api.client("Otto", Role.knowledge_editor)
    assert (await outsider.read("/v1/changes/conflicting", **query))["items"] == []
    customer = await api.client("Carla")
    assert (await customer.get("/v1/changes/conflicting", params=query)).status_code == 403


@in_test_all
async def test_conflicts_come_page_by_page(board: Board) -> None:
    await board.ci("srv-1")
    await board.scheduled(0, 2, cis=["srv-1"], title="First")
    for n in range(3):
        over = await board.approved(cis=["srv-1"], title=f"Over {n}")
        await board.manager.post_ok(f"{over}/schedule", window(n / 4, 3, override_reason=REASON))
    query = {"from": at_hour(-1), "to": at_hour(5), "limit": "2"}
    pages = await board.manager.pages("/v1/changes/conflicting", **query)
    assert [[item["title"] for item in page] for page in pages] == [["Over 0", "Over 1"], ["Over 2"]]


@in_test_all
async def test_changes_are_found_by_the_items_and_services_that_they_touch(board: Board) -> None:
    ci = await board.ci("srv-1")
    await board.ci("srv-2")
    await board.relate("srv-1", "depends_on", "srv-2")
    await board.drafted(cis=["srv-1"], title="Of the item", services=["erp"])
    await board.drafted(title="Of none", services=["mail", "crm"])
    for name in ("srv-1", ci["id"]):
        assert await titles(board.manager, ci=name) == ["Of the item"]
    assert await titles(board.manager, ci="srv-2") == [], "only what it names itself"
    assert await titles(board.manager, ci="unknown") == []
    assert await titles(board.manager, touched_service="crm") == ["Of none"]
    assert await titles(board.manager, service="crm") == []


@in_test_all
async def test_whoever_plans_a_change_says_who_implements_it(api: Api, board: Board) -> None:
    drafted = await board.drafted()
    path, body = f"/v1/changes/{drafted['id']}", {"team": "network", "person": board.engineer.id}
    record = await board.manager.post_ok(f"{path}/assign", body)
    assert record["assignee"]["id"] == board.engineer.id
    planner = await api.client("Pia", Role.problem_manager)
    own = await planner.post_ok("/v1/changes", a_change(team="network"))
    record = await planner.post_ok(f"/v1/changes/{own['id']}/assign", body)
    assert record["assignee"]["id"] == board.engineer.id
    wrong = {"team": "network", "person": board.member.id}
    assert (await board.manager.post(f"{path}/assign", json=wrong)).status_code == 422
    for other in (board.member, board.keeper, await api.client("Pavel", Role.project_manager)):
        assert (await other.post(f"{path}/assign", json=body)).status_code == 403
