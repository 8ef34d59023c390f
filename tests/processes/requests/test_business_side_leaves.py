"""The requester and the acceptance group leave: somebody else of the customer goes on."""

from __future__ import annotations

from app.common.people import Role, rule_caller
from app.foundation.people.records import TeamKind
from app.processes.requests.records import RequestState
from app.registry import LIFECYCLES_BY_KIND
from tests.client import Api, Client
from tests.every_action.world import make_world
from tests.every_action.world_data import GROUP
from tests.extent import in_test_all
from tests.foundation.people.test_succession import settle
from tests.people import act


async def test_another_requester_of_the_customer_takes_over(api: Api) -> None:
    await api.team("clients", TeamKind.customer)
    leaver, successor = [await api.client(name, teams=("clients",)) for name in ("Lea", "Sun")]
    stranger, manager = await api.client("Yan"), await api.client("Sol", Role.service_level_manager)
    mailbox = {"title": "A mailbox", "description": "For the colleague.", "channel": "portal", "urgency": "2"}
    path = f"/v1/requests/{(await leaver.post_ok('/v1/requests', mailbox))['id']}"
    await act(api.ledger, rule_caller("tests"), "person", "deactivate", leaver.id)
    await settle(api)
    assert "duties_held" in await steps_of(manager), "whoever names another requester is told"
    body = {"person": leaver.id, "new_holder": stranger.id}
    refused = await manager.post(f"{path}/hand_over_duties", json=body)
    assert [each["code"] for each in refused.json()["errors"]] == ["not_of_the_customer"]
    await manager.post_ok(f"{path}/hand_over_duties", {**body, "new_holder": successor.id})
    assert (await successor.read(path))["requester"]["id"] == successor.id


@in_test_all
async def test_whoever_joins_the_acceptance_group_is_asked_and_sees_the_request(api: Api) -> None:
    world = await make_world(api)
    request = LIFECYCLES_BY_KIND["request"]
    member = await api.client("Mei")
    record = await world.make_record(request, RequestState.in_acceptance)
    path = f"/v1/requests/{record['id']}"
    assert (await member.get(path)).status_code == 404
    body = {"person": member.id, "side": "business"}
    await world.everybody.post_ok(f"/v1/groups/{GROUP}/add_member", body)
    worker = await settle(api)
    assert worker.failures == []
    assert "to_accept" in await steps_of(member)
    assert (await member.get(path)).status_code == 200


async def steps_of(person: Client) -> list[str]:
    return [step for row in (await person.read("/v1/notices"))["items"] for step in row["steps"]]
