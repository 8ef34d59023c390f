"""Persons and groups that an identity provider keeps here by SCIM."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.common.keys import KeyScope, hash_of, new_secret, token
from app.common.people import PersonKind, Role, rule_caller
from app.foundation.people.keys import MakeKey
from app.foundation.people.persons import AddPerson
from app.platform.settings import Settings
from tests.client import ADDRESS, Api, Client, serving
from tests.conftest import DatabaseUrls
from tests.people import act
from tests.waiting import until
from tests.webhooks.test_mail import follow_addresses

Json = dict[str, Any]
ISSUER = "https://login.example.org"
TYPE = "application/scim+json"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
CORE = "urn:ietf:params:scim:schemas:core:2.0"


class Provider(httpx.AsyncClient):
    """A provider with a key for SCIM."""

    async def send_json(self, method: str, path: str, body: Json | None = None, status: int = 200) -> Json:
        """What is answered, with that status, in SCIM's media type."""
        headers = {"Content-Type": TYPE, "Accept": TYPE}
        answer = await self.request(method, f"/scim/v2{path}", json=body, headers=headers)
        assert answer.status_code == status, answer.text
        if status == 204:
            return {}
        assert answer.headers["content-type"] == TYPE
        document: Json = answer.json()
        return document

    async def patch_ok(self, path: str, *operations: Json, status: int = 200) -> Json:
        return await self.send_json(
            "PATCH", path, {"schemas": [PATCH_OP], "Operations": list(operations)}, status
        )

    async def add_user(self, name: str, **more: Any) -> str:
        body = {"schemas": [f"{CORE}:User"], "userName": f"{name}@example.org", "active": True, **more}
        return str((await self.send_json("POST", "/Users", body, 201))["id"])

    async def add_group(self, name: str, *members: str, status: int = 201) -> str:
        named = [{"value": member} for member in members]
        body = {"schemas": [f"{CORE}:Group"], "displayName": name, "members": named}
        return str((await self.send_json("POST", "/Groups", body, status)).get("id"))


@pytest.fixture
async def desk(place: DatabaseUrls, tmp_path: Path, settings: Settings) -> AsyncIterator[Api]:
    changed = settings.model_copy(update={"oidc_issuer": ISSUER, "oidc_audience": "ledgerdesk"})
    async with serving(place.url, tmp_path / "secrets", changed) as opened:
        yield opened


async def scim_key(desk: Api) -> str:
    """A key with the scope, of a machine's account that holds no role."""
    rule = rule_caller("tests")
    body = AddPerson(name="Entra", kind=PersonKind.machine)
    account = (await act(desk.ledger, rule, "person", "add", body=body)).record
    secret = new_secret()
    payload = MakeKey(name="SCIM", person=str(account.id), scope=KeyScope.scim, secret_hash=hash_of(secret))
    return token((await act(desk.ledger, rule, "key", "make", body=payload)).record.id, secret)


@pytest.fixture
async def provider(desk: Api) -> AsyncIterator[Provider]:
    transport = httpx.ASGITransport(desk.app)
    headers = {"Authorization": f"Bearer {await scim_key(desk)}"}
    async with Provider(transport=transport, base_url=ADDRESS, headers=headers) as opened:
        yield opened


@pytest.fixture
async def admin(desk: Api) -> Client:
    return await desk.client("Gao", Role.admin)


async def test_a_user_is_added_found_changed_deactivated_and_removed(
    desk: Api, provider: Provider, admin: Client
) -> None:
    entra = {
        "externalId": "0a1b",
        "displayName": "Wu Min 吴敏",
        "emails": [{"primary": True, "type": "work", "value": "wu@example.org"}],
        "title": "Clerk",
        f"{CORE.replace('core', 'extension:enterprise')}:User": {"department": "Sales"},
        "meta": {"resourceType": "User"},
    }
    user = await provider.add_user("Wu", **entra)
    person = await admin.read(f"/v1/persons/{user}")
    assert (person["name"], person["email"], person["post"]) == ("Wu Min 吴敏", "wu@example.org", "Clerk")
    assert (person["department"], person["login"], person["scim_status"]) == (
        "Sales",
        "Wu@example.org",
        "provisioned",
    )
    events = (await admin.read(f"/v1/persons/{user}/events"))["items"]
    assert [event["type"] for event in events] == ["person.added", "person.provisioned"]
    assert all(event["actor"].startswith("integration:") for event in events)
    for condition in ('userName eq "wu@EXAMPLE.org"', 'externalId eq "0a1b"', f'id eq "{user}"'):
        listed = await provider.send_json("GET", f"/Users?filter={condition}")
        assert [entry["id"] for entry in listed["Resources"]] == [user], condition
    assert (await provider.send_json("GET", '/Users?filter=userName eq "x"'))["totalResults"] == 0
    page = await provider.send_json("GET", "/Users?startIndex=1&count=1&attributes=userName")
    assert page["Resources"][0].keys() == {"schemas", "id", "userName"}
    again = {"schemas": [], "userName": "WU@example.org"}
    assert (await provider.send_json("POST", "/Users", again, 409))["scimType"] == "uniqueness"

    replaced = {"op": "Replace", "value": {"displayName": "Wu Min-Berg", "active": "True"}}
    assert (await provider.patch_ok(f"/Users/{user}", replaced))["displayName"] == "Wu Min-Berg"
    head = await desk.head()
    await provider.patch_ok(f"/Users/{user}", replaced)
    assert await desk.head() == head, "what is so already is told no second time"
    off = {"op": "Replace", "path": "active", "value": "False"}
    assert (await provider.patch_ok(f"/Users/{user}", off))["active"] is False
    person = await admin.read(f"/v1/persons/{user}")
    assert (person["state"], person["scim_status"]) == ("inactive", "suspended")
    on = {"schemas": [], "userName": "Wu@example.org", "active": True}
    assert (await provider.send_json("PUT", f"/Users/{user}", on))["active"] is True
    await provider.send_json("DELETE", f"/Users/{user}", status=204)
    await provider.send_json("GET", f"/Users/{user}", status=404)
    await provider.send_json("DELETE", f"/Users/{user}", status=404)
    assert (await admin.read(f"/v1/persons/{user}"))["state"] == "inactive"
    assert await provider.add_user("Wu", displayName="Wu") == user, "who comes back is the same person"
    assert (await admin.read(f"/v1/persons/{user}"))["scim_status"] == "provisioned"


async def test_what_was_decided_here_is_not_undone_from_there(
    desk: Api, provider: Provider, admin: Client
) -> None:
    user = await provider.add_user("wu")
    await admin.post_ok(f"/v1/persons/{user}/deactivate")
    on = {"op": "replace", "path": "active", "value": True}
    assert (await provider.patch_ok(f"/Users/{user}", on))["active"] is False
    await provider.send_json("DELETE", f"/Users/{user}", status=204)
    body = {"schemas": [], "userName": "wu@example.org"}
    await provider.send_json("POST", "/Users", body, 409)
    await admin.post_ok(f"/v1/persons/{user}/activate")
    assert (await provider.send_json("GET", f"/Users/{user}"))["active"] is True

    await admin.post_ok(f"/v1/persons/{user}/grant_role", {"role": "agent"})
    renamed = {"op": "replace", "path": "userName", "value": "mallory"}
    refused = await provider.patch_ok(f"/Users/{user}", renamed, status=400)
    assert refused["scimType"] == "mutability", "whoever sets a login logs in as that person"
    await provider.send_json("GET", f"/Users/{admin.id}", status=404)
    await provider.patch_ok(f"/Users/{admin.id}", renamed, status=404)
    account = await provider.send_json("GET", "/Users")
    assert [entry["id"] for entry in account["Resources"]] == [user], "others are none of the provider's"


async def test_groups_give_what_they_are_mapped_to_and_take_it_away_with_their_members(
    desk: Api, provider: Provider, admin: Client
) -> None:
    team = await desk.team("network")
    for grant in ({"role": "agent"}, {"joined_team": "network"}):
        await admin.post_ok("/v1/group_mappings", {"group_name": "Desk", **grant})
    wu, lin = await provider.add_user("wu"), await provider.add_user("lin")
    await admin.post_ok(f"/v1/persons/{lin}/grant_role", {"role": "agent"})
    desk_group = await provider.add_group("Desk", wu)
    assert "None" in await provider.add_group("Desk", status=409)
    person = await admin.read(f"/v1/persons/{wu}")
    assert (person["roles"], person["scim_grants"]) == (["agent"], ["agent", f"team/{team}"])
    # Two clients at once, each with another one: nobody is lost, and nobody's role.
    further = [await provider.add_user(f"other{n}") for n in range(4)]
    added = [{"op": "Add", "path": "members", "value": [{"value": user}]} for user in (lin, *further)]
    await asyncio.gather(*(provider.patch_ok(f"/Groups/{desk_group}", op) for op in added))
    members = (await provider.send_json("GET", f"/Groups/{desk_group}"))["members"]
    assert {member["value"] for member in members} == {wu, lin, *further}
    assert (await admin.read(f"/v1/persons/{lin}"))["scim_grants"] == [f"team/{team}"]
    short = await provider.send_json("GET", '/Groups?excludedAttributes=members&filter=displayName eq "Desk"')
    assert (short["totalResults"], "members" in short["Resources"][0]) == (1, False)
    filtered = f'/Groups?filter=id eq "{desk_group}" and members eq "{wu}"'
    assert (await provider.send_json("GET", filtered))["totalResults"] == 1
    document = await provider.send_json("GET", f"/Users/{wu}")
    assert [group["display"] for group in document["groups"]] == ["Desk"]

    unknown = {"op": "add", "path": "members", "value": [{"value": wu}, {"value": desk_group}]}
    head = await desk.head()
    assert (await provider.patch_ok(f"/Groups/{desk_group}", unknown, status=400))[
        "scimType"
    ] == "invalidValue"
    assert await desk.head() == head, "nothing of it is done"
    await provider.patch_ok(f"/Groups/{desk_group}", {"op": "remove", "path": f'members[value eq "{wu}"]'})
    person = await admin.read(f"/v1/persons/{wu}")
    assert (person["roles"], person["teams"], person["scim_grants"]) == (None, [], None)
    put = {"schemas": [], "displayName": "Desk", "members": [{"value": wu}]}
    await provider.send_json("PUT", f"/Groups/{desk_group}", put)
    assert (await admin.read(f"/v1/persons/{lin}"))["roles"] == ["agent"], "granted by hand"
    assert (await admin.read(f"/v1/persons/{further[0]}"))["roles"] is None
    await provider.send_json("DELETE", f"/Users/{wu}", status=204)
    assert (await admin.read(f"/v1/persons/{wu}"))["roles"] is None
    await provider.patch_ok(
        f"/Groups/{desk_group}", {"op": "add", "path": "members", "value": [{"value": lin}]}
    )
    await provider.send_json("DELETE", f"/Groups/{desk_group}", status=204)
    assert (await admin.read(f"/v1/persons/{lin}"))["scim_grants"] is None
    await provider.send_json("GET", f"/Groups/{desk_group}", status=404)
    await provider.add_group("Desk", lin)


async def test_only_a_key_for_it_may_and_it_may_nothing_else(
    desk: Api, provider: Provider, admin: Client
) -> None:
    stranger = httpx.AsyncClient(transport=httpx.ASGITransport(desk.app), base_url=ADDRESS)
    answer = await stranger.get("/scim/v2/Users")
    assert (answer.status_code, answer.headers["content-type"]) == (401, TYPE)
    assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    refused = await stranger.get("/scim/v2/Users", headers={"Authorization": admin.headers["Authorization"]})
    assert (refused.status_code, refused.json()["status"]) == (403, "403"), "whatever its roles are"
    for path in ("/v1/persons", "/v1/me", "/v1/keys", "/desk"):
        assert (await provider.get(path)).status_code in (403, 401, 303), path
    assert (await provider.post("/v1/sessions")).status_code == 403
    wrong = await provider.request("POST", "/scim/v2/Users", content=b"{", headers={"Content-Type": TYPE})
    assert (wrong.status_code, wrong.json()["scimType"]) == (400, "invalidSyntax")
    for path in ("/Nothing", "/Users/x", "/Groups/x", "/Schemas/x"):
        assert (await provider.send_json("GET", path, status=404))["status"] == "404"
    assert (await provider.send_json("GET", "/Users?startIndex=x", status=400))["scimType"] == "invalidValue"
    config = await provider.send_json("GET", "/ServiceProviderConfig")
    assert config["patch"] == {"supported": True}
    assert (await provider.send_json("GET", "/Schemas"))["totalResults"] == 3
    assert (await provider.send_json("GET", "/ResourceTypes"))["totalResults"] == 2
    agent = await desk.client("Wei", Role.agent)
    body = {"name": "x", "person": "me", "scope": "scim"}
    assert (await agent.post("/v1/keys", json=body)).json()["code"] == "only_calendar_key"


async def test_an_erased_user_leaves_no_name_behind_and_the_last_administrator_stays(
    desk: Api, provider: Provider, admin: Client
) -> None:
    user = await provider.add_user("wu", externalId="0a1b", displayName="Wu")
    await admin.post_ok("/v1/group_mappings", {"group_name": "Admins", "role": "admin"})
    group = await provider.add_group("Admins", user)
    await admin.post_ok(f"/v1/persons/{admin.id}/revoke_role", {"role": "admin"})
    off = {"op": "replace", "value": {"active": False}}
    assert "administrator" in (await provider.patch_ok(f"/Users/{user}", off, status=409))["detail"]
    await provider.send_json("DELETE", f"/Groups/{group}", status=204)
    roles = "select roles, scim_grants from fold.person where id = %s"
    row = await desk.ledger.db.row(roles, (user,))
    assert row == {"roles": ["admin"], "scim_grants": ["admin"]}
    other = await desk.client("Ada", Role.admin)
    await other.post_ok(f"/v1/persons/{user}/erase")
    await provider.send_json("GET", f"/Users/{user}", status=404)
    assert await provider.add_user("wu", externalId="0a1b") != user


async def test_what_is_qualified_by_the_provider_comes_back_as_it_was_sent(
    desk: Api, provider: Provider, admin: Client
) -> None:
    home = {"value": "wu@home.example", "type": "home", "primary": False}
    user = await provider.add_user("wu", displayName="Wu", emails=[home], phoneNumbers=[{"value": "1"}])
    document = await provider.send_json("GET", f"/Users/{user}")
    assert document["emails"] == [home]
    assert document["phoneNumbers"] == [{"value": "1", "type": "work", "primary": True}]
    work = {"op": "Add", "path": 'emails[type eq "work"].value', "value": "wu@corp.example"}
    other = {"op": "Replace", "path": 'emails[type eq "other"].value', "value": "x@home.example"}
    removal = {"op": "remove", "path": 'phoneNumbers[type eq "mobile"]'}
    document = await provider.patch_ok(f"/Users/{user}", work, other, removal)
    further = [{"value": "wu@home.example", "type": "home"}, {"value": "x@home.example", "type": "other"}]
    assert document["emails"] == [{"value": "wu@corp.example", "type": "work"}, *further]
    mobile = {"op": "add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "2"}
    document = await provider.patch_ok(f"/Users/{user}", mobile)
    assert document["phoneNumbers"][1:] == [{"value": "2", "type": "mobile"}]
    person = await admin.read(f"/v1/persons/{user}")
    assert (person["phone"], person["further_phones"]) == ("1", "mobile: 2")
    assert person["further_emails"] == "home: wu@home.example\nother: x@home.example"

    removed = [{"op": "remove", "path": name} for name in ("displayName", "active")]
    document = await provider.patch_ok(f"/Users/{user}", *removed)
    assert document.keys() & {"displayName", "active"} == set()
    person = await admin.read(f"/v1/persons/{user}")
    assert (person["name"], person["state"]) == ("wu@example.org", "active"), "everybody is called something"
    head = await desk.head()
    await provider.patch_ok(f"/Users/{user}", *removed)
    assert await desk.head() == head
    document = await provider.patch_ok(
        f"/Users/{user}", {"op": "add", "value": {"displayName": "Wu", "active": True}}
    )
    assert (document["displayName"], document["active"]) == ("Wu", True)
    fields = f"{CORE}:User:emails.value,{CORE.replace('core', 'extension:enterprise')}:User:department"
    assert (await provider.send_json("GET", f"/Users/{user}?attributes={fields}")).keys() == {
        *("schemas", "id", "emails")
    }


async def test_what_was_made_fit_of_a_user_is_marked_until_it_is_sent_anew(
    desk: Api, provider: Provider, admin: Client
) -> None:
    user = await provider.add_user("Wu", displayName="Wu\tMin", title="Clerk\nof sales")
    person = await admin.read(f"/v1/persons/{user}")
    assert (person["name"], person["post"]) == ("Wu Min", "Clerk of sales")
    assert person["altered"] == {"name": ["one_line"], "post": ["one_line"]}
    page = (await admin.get(f"/desk/person/{user}", headers={"accept": "text/html"})).text
    assert "Line breaks" in page
    changes = {"title": "Clerk", "department": "S" * 300}
    await provider.patch_ok(f"/Users/{user}", {"op": "replace", "value": changes})
    person = await admin.read(f"/v1/persons/{user}")
    assert (person["post"], len(person["department"])) == ("Clerk", 200)
    assert person["altered"] == {"name": ["one_line"], "department": ["cut"]}
    marks: dict[str, list[str]] = person["altered"] | {"post": ["unreadable"]}
    for _ in range(2):
        await provider.patch_ok(f"/Users/{user}", {"op": "replace", "value": {"title": {"x": 1}}})
        person = await admin.read(f"/v1/persons/{user}")
        assert (person["post"], person["altered"]) == ("Clerk", marks)
    version = person["version"]
    await provider.patch_ok(f"/Users/{user}", {"op": "replace", "value": {"title": True}})
    unfit = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "nobody"}
    leaving = {"op": "replace", "path": "active", "value": False}
    await provider.patch_ok(f"/Users/{user}", unfit, leaving)
    person = await admin.read(f"/v1/persons/{user}")
    assert (person["state"], person["email"]) == ("inactive", None)
    assert person["altered"] == marks | {"email": ["unreadable"]}
    assert person["version"] == version + 2, (
        "provisioned and deactivated, and nothing for a mark that was there"
    )


async def test_users_are_found_by_their_address_and_by_a_search(desk: Api, provider: Provider) -> None:
    emails = [{"value": "Wu@corp.example", "type": "work", "primary": True}]
    wu = await provider.add_user("wu", externalId="0a1b", emails=emails)
    lin = await provider.add_user("lin", active=False)
    group = await provider.add_group("Desk Ü", wu)
    await follow_addresses(desk)
    for condition, ids in (
        ('emails[type eq "work"].value eq "wu@corp.example"', [wu]),
        ('emails.value eq "wu@corp.example" and active eq true', [wu]),
        ('emails[type eq "work" and value eq "wu@corp.example"]', [wu]),
        ('emails[type eq "home"].value eq "wu@corp.example"', []),
        ('emails eq "wu@home.example"', []),
        ('userName eq "wu@example.org" and active eq false', []),
        ('(userName eq "lin@example.org" or externalId eq "0a1b") and not (active eq true)', [lin]),
        ('(userName eq "lin@example.org") or externalId eq "0a1b"', [wu, lin]),
    ):
        listed = await provider.send_json("GET", f"/Users?filter={condition}")
        assert [entry["id"] for entry in listed["Resources"]] == ids, condition
        searched = await provider.send_json(
            "POST", "/Users/.search", {"filter": condition, "attributes": ["id"]}
        )
        assert [entry["id"] for entry in searched["Resources"]] == ids, condition
    for beyond in (
        "active eq true",
        'not (userName eq "x")',
        'userName sw "w"',
        'userName eq "x" or active pr',
    ):
        refused = await provider.send_json("GET", f"/Users?filter={beyond}", status=400)
        assert refused["scimType"] == "invalidFilter", beyond

    of_member = {"filter": f'members[value eq "{wu}"]', "excludedAttributes": ["members"]}
    listed = await provider.send_json("POST", "/Groups/.search", of_member)
    assert [entry.get("members", entry["id"]) for entry in listed["Resources"]] == [group]
    pages = [
        await provider.send_json("POST", "/.search", {"startIndex": start, "count": 2}) for start in (1, 3)
    ]
    assert [page["totalResults"] for page in pages] == [3, 3]
    assert [entry["id"] for page in pages for entry in page["Resources"]] == [wu, lin, group]
    both = await provider.send_json(
        "POST", "/.search", {"filter": f'displayName eq "desk ü" and members eq "{wu}"'}
    )
    assert both["totalResults"] == 1
    await provider.send_json("POST", "/.search", {"filter": "nothing"}, 400)
    await provider.send_json("POST", "/.search", {"count": "many"}, 400)


async def test_a_provider_goes_on_with_the_replaced_secret_during_its_overlap(desk: Api) -> None:
    """It adds, changes and removes persons and groups until it has the new one."""
    sent = await scim_key(desk)
    admin = await desk.client("Ada", Role.admin)
    await admin.post_ok(f"/v1/keys/{UUID(sent.split('_')[1])}/rotate", {"overlap_seconds": 3600})
    transport = httpx.ASGITransport(app=desk.app)
    headers = {"Authorization": f"Bearer {sent}"}
    async with Provider(transport=transport, base_url=ADDRESS, headers=headers) as old:

        async def is_replaced() -> bool:
            key = await desk.ledger.directory.key(UUID(sent.split("_")[1]))
            return key is not None and key.previous_hash is not None

        await until(is_replaced)
        user = await old.add_user("mei")
        group = await old.add_group("Desk", user)
        await old.patch_ok(f"/Users/{user}", {"op": "replace", "path": "title", "value": "Lead"})
        await old.patch_ok(f"/Users/{user}", {"op": "replace", "path": "active", "value": False})
        await old.send_json("DELETE", f"/Groups/{group}", status=204)
        await old.send_json("DELETE", f"/Users/{user}", status=204)
