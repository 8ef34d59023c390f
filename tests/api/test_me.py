"""Who one is: told to everybody about themselves, and about nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.common.people import Role
from tests.client import Api
from tests.people import add_person


async def test_everybody_is_told_who_they_are_and_nobody_else_is(shared: Api) -> None:
    assert (await shared.with_token(None).get("/v1/me")).status_code == 401
    for role in Role:
        client = await shared.client(f"The {role}", role)
        me = await client.read("/v1/me")
        assert (me["person"]["id"], me["person"]["name"]) == (client.id, f"The {role}")
        assert [held["role"] for held in me["roles"]] == [role.value]
        assert (me["session"], me["expires_at"], me["kind"]) == (False, None, "human")


async def test_roles_come_with_their_scope_and_their_label_in_the_language_asked_for(shared: Api) -> None:
    mail = await shared.team("me-mail")
    scopes = (f"agent@team/{mail}", "engineer@service/erp", "incident_manager@process/incident")
    client = await shared.client("Lin", *scopes, teams=("me-mail",))
    for language, label in (("en", "Service desk agent"), ("zh", "服务台坐席")):
        answer = await client.get("/v1/me", headers={"Accept-Language": language})
        assert answer.headers["content-language"] == language
        held = {role["role"]: role for role in answer.json()["roles"]}
        assert held["agent"] == {
            "role": "agent",
            "label": label,
            "scope": {"kind": "team", "key": "me-mail"},
        }
        assert held["engineer"]["scope"] == {"kind": "service", "key": "erp"}
        assert held["incident_manager"]["scope"] == {"kind": "process", "key": "incident"}
        assert [team["key"] for team in answer.json()["teams"]] == ["me-mail"]


async def test_a_key_that_ends_says_when(shared: Api) -> None:
    ends = datetime.now(UTC) + timedelta(days=1)
    client = await shared.client_of(await add_person(shared.ledger, "Wu"), Role.agent, ends=ends)
    me = await client.read("/v1/me")
    assert datetime.fromisoformat(me["expires_at"]) == ends
    assert me["key_id"].replace("-", "") in (client.token or "")
