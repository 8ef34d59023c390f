"""People who are heard about a request, review its solution and accept it belong to its customer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from app.common.people import Role
from app.foundation.people.records import TeamKind
from tests.client import Api, Client, Json
from tests.every_action.requests import requirements

AHEAD = "2199-01-01T00:00:00Z"
WISH: Json = {"title": "A list", "description": "Of all visits.", "channel": "portal", "urgency": "3"}


async def errors(client: Client, path: str, body: Json) -> list[tuple[str, str]]:
    """The pointers and codes with which the action is refused; none if it is done."""
    answer = await client.post(path, json=body)
    return [(e["pointer"], e["code"]) for e in answer.json()["errors"]] if answer.is_error else []


async def test_another_customer_neither_sees_a_request_nor_accepts_it(api: Api) -> None:
    people = await a_request_of_sales(api)
    engineer, admin, path = people["engineer"], people["admin"], people["path"]
    good = requirements() | {"heard": [people["sue"].id], "acceptance_group": "of-sales"}
    confirmation = {"confirmed_at": datetime.now(UTC).isoformat(), "confirmation_method": "telephone"}
    for wrong, error in (
        ({"acceptance_group": "of-finance"}, ("/acceptance_group", "no_customer_in_group")),
        ({"heard": [people["sue"].id, people["fay"].id]}, ("/heard/1", "not_of_the_customer")),
    ):
        for action, more in (("propose_requirements", {}), ("confirm_requirements", confirmation)):
            assert await errors(engineer, f"{path}/{action}", good | more | wrong) == [error], action
    assert await errors(engineer, f"{path}/confirm_requirements", good | confirmation) == []
    # Another customer's member of a mixed group sees nothing, even if the customer's own people leave it.
    body = {"person": people["fay"].id, "side": "business"}
    await admin.post_ok("/v1/groups/of-sales/add_member", body)
    await admin.post_ok(f"/v1/persons/{people['sam'].id}/deactivate")
    solution: Json = {
        "architecture": "A table.",
        "steps": "Build it.",
        "resources": "Two.",
        "schedule": "In May.",
    }
    solution |= {"planned_at": AHEAD, "risks": [{"risk": "It is slow.", "response": "Use an index."}]}
    await engineer.post_ok(f"{path}/propose_solution", solution)
    assert (await people["fay"].get(path)).status_code == 404
    renamed = f"{path}/name_acceptance_group"
    manager = people["manager"]
    faults = await errors(manager, renamed, {"acceptance_group": "of-finance"})
    assert faults == [("/acceptance_group", "no_customer_in_group")]
    await admin.post_ok("/v1/groups/of-sales/add_member", {"person": people["sue"].id, "side": "business"})


async def a_request_of_sales(api: Api) -> Any:
    """A project that sales asked for, with a group of each of two customers."""
    await api.team("workplace")
    people: Any = {
        "engineer": await api.client("Emil", Role.engineer, teams=("workplace",)),
        "agent": await api.client("Ada", Role.agent, teams=("workplace",)),
        "manager": await api.client("Sol", Role.service_level_manager),
        "admin": await api.client("Admin", Role.admin),
    }
    for team, names in (("sales", ("sue", "sam")), ("finance", ("fay", "fred"))):
        await api.team(team, TeamKind.customer)
        for name in names:
            people[name] = await api.client(name.capitalize(), teams=(team,))
        group = {"key": f"of-{team}", "name": team, "chair": people[names[1]].id}
        await people["admin"].post_ok("/v1/groups", group)
        member = {"person": people[names[1]].id, "side": "business"}
        await people["admin"].post_ok(f"/v1/groups/of-{team}/add_member", member)
    people["path"] = f"/v1/requests/{(await people['sue'].post_ok('/v1/requests', WISH))['id']}"
    assessed = {"category": "software", "impact": "2", "urgency": "3", "path": "project", "team": "workplace"}
    await people["agent"].post_ok(f"{people['path']}/assess", assessed)
    return people
