"""Whoever handed a ticket of any kind to another team reads it, and each action on it but `unfollow` is
refused to them, and offered in no list nor on the ticket itself, until they see it for another reason.
"""

from __future__ import annotations

from typing import Any

from app.common.children import Onlooker
from app.common.people import Role
from app.kernel.access.audience_rules import STAFF
from app.kernel.access.visibility import is_mere_onlooker
from app.kernel.actions.lifecycle import Lifecycle
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from tests.cases import each_case
from tests.client import Client, Json
from tests.every_action.samples import sample
from tests.every_action.world import World, case_name, record_address, send
from tests.every_action.world_data import IDS, TEAM
from tests.kernel.test_who import ME, a_caller
from tests.kernel.test_who import TEAM as THEIR_TEAM
from tests.selection import covering

#: Kinds that can be handed over.
HANDED_OVER = [lifecycle for lifecycle in LIFECYCLES if Onlooker in lifecycle.children]
#: Those that all staff see: handing them over takes nothing away.
SEEN_BY_ALL_STAFF = [lifecycle for lifecycle in HANDED_OVER if STAFF in lifecycle.token_kinds]


async def hand_over(world: World, lifecycle: Lifecycle[Any]) -> tuple[Client, Json]:
    """Somebody of the desk who gives a ticket of the kind to another team, and the ticket."""
    agent = await world.api.client(f"Agent of {lifecycle.plural}", f"{Role.agent.value}@team/{world.team_id}")
    state = next(state for state in lifecycle.states if lifecycle["assign"].is_open_in(state))
    record = await world.make_record(lifecycle, state)
    path = record_address(lifecycle, record)
    await world.everybody.post_ok(f"{path}/assign", {"team": TEAM})
    assert (await agent.read(f"{path}/onlookers"))["items"] == [], "nobody has handed it over yet"
    return agent, await agent.post_ok(f"{path}/assign", {"team": IDS["team"]})


async def listed_actions(client: Client, lifecycle: Lifecycle[Any], record: Json) -> list[str]:
    """What the list offers of the record, among what the client follows."""
    pages = await client.pages(f"/v1/{lifecycle.plural}", follower="me", include="actions")
    (listed,) = (item for page in pages for item in page if item["id"] == record["id"])
    actions: list[str] = listed["actions"]
    return actions


def test_every_kind_that_is_assigned_can_be_looked_on() -> None:
    assert [lifecycle for lifecycle in LIFECYCLES if "assign" in lifecycle.by_name] == HANDED_OVER


@each_case("lifecycle", HANDED_OVER, ids=case_name)
async def test_whoever_handed_it_over_reads_it_and_is_refused_every_action_but_to_unfollow(
    world: World, lifecycle: Lifecycle[Any]
) -> None:
    agent, answered = await hand_over(world, lifecycle)
    path = record_address(lifecycle, answered)
    record = await agent.read(path)
    (onlooker,) = (await agent.read(f"{path}/onlookers"))["items"]
    assert onlooker["person"]["id"] == agent.id
    offered = {action["action"] for action in record["actions"]}
    assert offered == {action["action"] for action in answered["actions"]}
    assert offered == set(await listed_actions(agent, lifecycle, record))
    if lifecycle in SEEN_BY_ALL_STAFF:
        assert {"comment", "follow"} < offered
        return
    assert offered == {"unfollow"}
    head = await world.api.head()
    acting = [row for row in lifecycle.rows if not row.opens and row.name != "unfollow"]
    for row in covering(acting, lambda row: (row.policy,)):
        answer = await send(agent, lifecycle, row, record, sample(row))
        assert (answer.status_code, answer.json()["code"]) == (403, "onlooker_reads"), row.name
    refused = await agent.post(f"{path}/unfollow", json={"person": world.everybody.id})
    assert refused.status_code == 422, "they unfollow it for nobody else"
    assert await world.api.head() == head
    await agent.post_ok(f"{path}/unfollow")
    assert (await agent.get(path)).status_code == 404


@each_case("lifecycle", HANDED_OVER, ids=case_name)
async def test_given_back_they_act_and_handing_it_over_again_adds_nothing(
    world: World, lifecycle: Lifecycle[Any]
) -> None:
    agent, record = await hand_over(world, lifecycle)
    path = record_address(lifecycle, record)
    await world.everybody.post_ok(f"{path}/assign", {"team": TEAM})
    commented = await agent.post_ok(f"{path}/comment", {"text": "Back again."})
    assert {action["action"] for action in commented["actions"]} > {"comment", "assign", "unfollow"}
    assert {"comment", "assign"} < set(await listed_actions(agent, lifecycle, record))
    await agent.post_ok(f"{path}/assign", {"team": IDS["team"]})
    onlookers = (await agent.read(f"{path}/onlookers"))["items"]
    assert [onlooker["person"]["id"] for onlooker in onlookers].count(agent.id) == 1


@each_case(
    ("held", "audience", "looks_on"),
    [
        ((), ["onlooker"], True),
        ((Role.agent,), ["onlooker"], True),
        ((Role.agent,), ["onlooker", "team"], True),
        ((Role.agent,), ["follower", "onlooker"], False),
        ((Role.agent,), ["onlooker", "person"], False),
        ((Role.agent,), ["follower"], False),
        ((Role.agent,), ["onlooker", "desk"], False),
        ((Role.incident_manager,), ["onlooker"], False),
    ],
)
def test_who_only_looks_on_sees_it_by_nothing_else(
    held: tuple[Role, ...], audience: list[str], looks_on: bool
) -> None:
    tokens = [{"team": f"team:{THEIR_TEAM}", "desk": "desk"}.get(kind, f"{kind}:{ME}") for kind in audience]
    incidents = LIFECYCLES_BY_KIND["incident"]
    assert is_mere_onlooker(a_caller(*held), incidents, tokens, agents_see="teams") is looks_on
    if Role.agent in held:
        assert not is_mere_onlooker(a_caller(*held), incidents, tokens, agents_see="all")
