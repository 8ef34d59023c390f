"""Each action that is offered says where it is sent, how, and by which schema."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Api, Json, an_incident
from tests.contract import answers


def leads(action: Json, href: str) -> str:
    """The operation that the action's link leads to, which takes the schema that the link names."""
    operation = answers.operation(action["method"], href)
    assert operation is not None, href
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert f"'#/components/schemas/{action['schema']}'" in str(schema)
    return str(operation["operationId"])


async def test_the_link_of_each_action_of_a_record_leads_to_its_operation(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    incident = await agent.post_ok("/v1/incidents", an_incident())
    by_number = await agent.read(f"/v1/incidents/{incident['number']}")
    assert by_number["actions"] == incident["actions"]
    for action in incident["actions"]:
        assert action["href"].startswith(f"/v1/incidents/{incident['id']}")
        assert leads(action, action["href"]) == f"{action['action']}_incident"
    assert {action["method"] for action in incident["actions"]} == {"POST", "PATCH"}
    (acknowledge,) = (action for action in incident["actions"] if action["action"] == "acknowledge")
    answer = await agent.request(acknowledge["method"], acknowledge["href"], json={})
    assert answer.status_code == 200, answer.text


async def test_the_link_of_each_action_that_there_is_leads_to_its_operation(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    for lifecycle in (await agent.read("/v1/meta"))["lifecycles"]:
        for action in lifecycle["actions"]:
            assert leads(action, action["href"]) == f"{action['action']}_{lifecycle['kind']}"
            assert action["href"].startswith(lifecycle["path"])
