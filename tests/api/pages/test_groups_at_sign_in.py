"""Roles and teams that follow from the groups in a sign-in's claims, and only those are taken away again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.api.authentication.issuer import MOST_GROUPS, groups_in
from app.common.people import Role
from app.platform.settings import Settings
from tests.api.issuers import issuing
from tests.api.pages.browsers import browser_at
from tests.api.pages.code_issuer import CodeIssuer
from tests.api.pages.test_provider_sign_in import as_client, begun, finished
from tests.api.test_tokens import known
from tests.client import Api, Client, Json, serving
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.foundation.people.test_roles import edited
from tests.people import add_person

MAPPINGS = "/v1/group_mappings"


@pytest.fixture
async def issuer() -> AsyncIterator[CodeIssuer]:
    made_issuer = CodeIssuer()
    async with issuing(made_issuer):
        yield made_issuer


@pytest.fixture
async def desk(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, issuer: CodeIssuer
) -> AsyncIterator[Api]:
    """An application that reads groups where Keycloak puts roles."""
    changed = as_client(settings, issuer, oidc_groups_claim="realm_access.roles", oidc_adds_people=True)
    async with serving(place.url, tmp_path / "secrets", changed) as opened:
        yield opened


async def signed_in(desk: Api, issuer: CodeIssuer, *groups: str, **claims: Any) -> Json:
    """The caller, by the session that their sign-in with these groups has opened."""
    issuer.claims = {"realm_access": {"roles": list(groups)}, **claims}
    async with browser_at(desk.app, Accept_Language="en") as browser:
        answer = await finished(browser, issuer.sign_in(await begun(browser)))
        assert answer.status_code == 200, answer.text
        me: Json = (await browser.get("/v1/me")).json()
    return me


async def person_of(admin: Client, me: Json) -> Json:
    return dict(await admin.read(f"/v1/persons/{me['person']['id']}"))


async def mapped(admin: Client, group: str, **fields: Any) -> str:
    return str((await admin.post_ok(MAPPINGS, {"group_name": group, **fields}))["id"])


async def test_groups_of_a_sign_in_give_and_take_roles_and_teams_but_nothing_that_was_granted_by_hand(
    desk: Api, issuer: CodeIssuer
) -> None:
    admin = await known(desk, "lin", Role.engineer)
    team = await desk.team("network")
    await mapped(admin, "desk", role="agent")
    await mapped(admin, "network", joined_team="network")
    await mapped(admin, "network", role=f"agent@team/{team}")
    await mapped(admin, "engineers", role="engineer")
    me = await signed_in(desk, issuer, "desk", "network", "engineers", "of no interest")
    assert {held["role"] for held in me["roles"]} == {"agent", "engineer"}, "at once, in this session"
    lin = await person_of(admin, me)
    assert (lin["roles"], lin["team"]["key"]) == (["engineer", "agent", f"agent@team/{team}"], "network")
    assert lin["sign_in_grants"] == ["agent", f"team/{team}", f"agent@team/{team}"], (
        "the engineer's is by hand"
    )
    events = f"/v1/persons/{lin['id']}/events"
    first = (await admin.read(events))["items"]
    assert [e["type"] for e in first if e["actor"].startswith("rule:")] == ["person.grants_provided"]
    assert "of no interest" not in str(first), "what is mapped to nothing is not kept"

    await signed_in(desk, issuer, "desk", "network", "engineers")
    assert len((await admin.read(events))["items"]) == len(first), "nothing has changed, and nothing is told"

    await admin.post_ok(f"/v1/persons/{lin['id']}/grant_role", {"role": "agent"})
    await admin.post_ok(f"/v1/persons/{lin['id']}/join", {"team": "network"})
    lin = await person_of(admin, me)
    assert lin["sign_in_grants"] == [f"agent@team/{team}"], "what is granted by hand is held by hand"
    me = await signed_in(desk, issuer)
    lin = await person_of(admin, me)
    assert (lin["roles"], lin["sign_in_grants"], lin["team"]["key"]) == (
        ["engineer", "agent"],
        None,
        "network",
    )


@in_test_all
async def test_what_is_taken_away_by_hand_comes_back_and_what_is_mapped_no_more_goes(
    desk: Api, issuer: CodeIssuer
) -> None:
    admin = await desk.client("Gao", Role.admin)
    mapping = await mapped(admin, "desk", role="agent")
    me = await signed_in(desk, issuer, "desk", sub="new", name="New One")
    path = f"/v1/persons/{me['person']['id']}"
    assert [held["role"] for held in me["roles"]] == ["agent"], "who is added by this sign-in has it, too"
    await admin.post_ok(f"{path}/revoke_role", {"role": "agent"})
    assert (await admin.read(path))["sign_in_grants"] is None
    assert [h["role"] for h in (await signed_in(desk, issuer, "desk", sub="new"))["roles"]] == ["agent"]
    await edited(admin, f"{MAPPINGS}/{mapping}", {"role": "auditor"})
    assert [h["role"] for h in (await signed_in(desk, issuer, "desk", sub="new"))["roles"]] == ["auditor"]
    await admin.post_ok(f"{MAPPINGS}/{mapping}/withdraw")
    assert (await signed_in(desk, issuer, "desk", sub="new"))["roles"] == []


async def test_overage_changes_nothing_and_the_log_says_so(desk: Api, issuer: CodeIssuer) -> None:
    admin = await known(desk)
    await mapped(admin, "desk", role="agent")
    await signed_in(desk, issuer, "desk")
    overage = {"_claim_names": {"realm_access": "src1"}, "_claim_sources": {"src1": {"endpoint": "x"}}}
    with capture_logs() as lines:
        me = await signed_in(desk, issuer, **overage)
    assert [held["role"] for held in me["roles"]] == ["agent"]
    assert "too many" in str(lines)


async def test_the_last_administrator_stays_one_whatever_their_groups_are(
    desk: Api, issuer: CodeIssuer
) -> None:
    admin = await known(desk)
    await mapped(admin, "admins", role="admin")
    me = await signed_in(desk, issuer, "admins")
    await admin.post_ok(f"/v1/persons/{admin.id}/revoke_role", {"role": "admin"})
    assert (await signed_in(desk, issuer))["roles"][0]["role"] == "admin"
    async with browser_at(desk.app) as browser:
        await finished(browser, issuer.sign_in(await begun(browser)))
        lin = (await browser.get(f"/v1/persons/{me['person']['id']}")).json()
    assert (lin["roles"], lin["sign_in_grants"]) == (["admin"], ["admin"])


async def test_an_access_token_changes_nothing_until_it_opens_a_session(
    desk: Api, issuer: CodeIssuer
) -> None:
    admin = await known(desk)
    await mapped(admin, "desk", role="agent")
    lin = desk.with_token(issuer.token(realm_access={"roles": ["desk"]}))
    assert (await lin.read("/v1/me"))["roles"] == []
    await lin.post_ok("/v1/sessions")
    assert [held["role"] for held in (await lin.read("/v1/me"))["roles"]] == ["agent"]
    silent = desk.with_token(issuer.token())
    await silent.post_ok("/v1/sessions")
    assert [held["role"] for held in (await silent.read("/v1/me"))["roles"]] == ["agent"]


async def test_nobody_maps_a_group_to_what_they_could_not_grant(desk: Api) -> None:
    admin = await desk.client("Gao", Role.admin)
    team, other = await desk.team("network"), await desk.team("other")
    own = await desk.client("Otto", f"admin@team/{team}", teams=("network",))
    for body in ({"role": "admin"}, {"role": f"agent@team/{team}"}, {"joined_team": "network"}):
        assert (await own.post(MAPPINGS, json={"group_name": "x", **body})).status_code == 403, body
    narrowed = await desk.client_of(await add_person(desk.ledger, "Gu", roles=("admin",)), Role.agent)
    assert (await narrowed.post(MAPPINGS, json={"group_name": "x", "role": "agent"})).status_code == 403
    assert (await own.get(MAPPINGS)).json()["items"] == []
    mapping = await admin.post_ok(MAPPINGS, {"group_name": "x", "role": f"agent@team/{other}"})
    wrong: tuple[Json, ...] = (
        {},
        {"role": "agent", "joined_team": "network"},
        {"role": "agent@team/019a0000-0000-7000-8000-000000000000"},
        {"role": f"agent@team/{other}"},  # twice
        {"role": "emperor"},
    )
    for body in wrong:
        assert (await admin.post(MAPPINGS, json={"group_name": "x", **body})).status_code == 422, body
    assert (await own.get(f"{MAPPINGS}/{mapping['id']}")).status_code == 404


def test_groups_are_found_by_name_and_by_path_and_are_bounded() -> None:
    assert groups_in({"groups": ["a", "a", 7, "", " b", "x" * 300, "c"]}, "groups") == ("a", "c")
    assert groups_in({"https://example.org/groups": "one"}, "https://example.org/groups") == ("one",)
    assert groups_in({"a": {"b": {"c": ["d"]}}}, "a.b.c") == ("d",)
    for nothing in ({}, {"a": "x"}, {"a": {"b": None}}):
        assert groups_in(nothing, "a.b") == ()
    assert groups_in({"groups": ["g"] * (MOST_GROUPS + 1)}, "groups") is None
    assert groups_in({"hasgroups": True}, "groups") is None
