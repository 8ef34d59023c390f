"""A key for the change calendar can do nothing else, and nobody gets more by one than they have."""

from __future__ import annotations

import pytest

from app.api.authentication.key_scopes import CHANGE_CALENDAR, take_credential
from app.common.people import Role
from tests.cases import each_case
from tests.client import Api, Client, Json, add_key
from tests.contract import answers
from tests.people import add_person, ago
from tests.selection import one_in

SCOPE: Json = {"name": "Outlook", "person": "me", "scope": "calendar"}
METHODS = ("PUT", "POST", "PATCH", "DELETE")


async def calendar_key(client: Client, **more: object) -> Json:
    return await client.post_ok("/v1/keys", SCOPE | more)


async def test_everybody_makes_one_of_their_own(shared: Api) -> None:
    zhao = await shared.client("Zhao Min")
    key = await calendar_key(zhao)
    assert (key["scope"], key["person"]["id"]) == ("calendar", str(zhao.id))
    assert key["token"].startswith("ldk_")
    assert (await zhao.read(f"/v1/keys/{key['id']}"))["scope"] == "calendar"
    await zhao.post_ok(f"/v1/keys/{key['id']}/revoke")


async def test_it_is_refused_wherever_there_is_no_calendar(shared: Api) -> None:
    zhao = await shared.client("Zhao Min", Role.admin)
    key = shared.with_token((await calendar_key(zhao))["token"])
    paths = {
        path.replace("{id}", str(zhao.id)) for path in answers.document()["paths"] if path.startswith("/v1/")
    }
    tried = {*one_in(10, sorted(paths - {CHANGE_CALENDAR}))}
    other_paths = {"/v1/nothing", "/v1/changes", f"{CHANGE_CALENDAR}.svg", f"{CHANGE_CALENDAR}/"}
    for n, path in enumerate(sorted(tried | other_paths)):
        if n % 200 == 199:  # a key may ask so often in a minute, and there are more addresses
            key = shared.with_token((await calendar_key(zhao))["token"])
        answer = await key.get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "key_scope"), path
    for method in METHODS:
        answer = await key.request(method, CHANGE_CALENDAR)
        assert answer.status_code == 403, method
    assert (await key.post("/v1/sessions")).status_code == 403, "a session could do more"


async def test_whoever_is_no_administrator_makes_no_other_key(shared: Api) -> None:
    zhao, other = await shared.client("Zhao Min", Role.agent), await shared.client("Wu Jing")
    head = await shared.head()
    for body in (
        SCOPE | {"scope": None},
        {"name": "x", "person": "me"},
        {"name": "x", "person": "me", "roles": ["agent"]},
    ):
        answer = await zhao.post("/v1/keys", json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "only_calendar_key"), body
    assert (await zhao.post("/v1/keys", json=SCOPE | {"person": str(other.id)})).status_code in (403, 422)
    assert await shared.head() == head


async def test_an_administrator_makes_one_for_somebody_else(shared: Api) -> None:
    admin, zhao = await shared.client("Ada", Role.admin), await shared.client("Zhao Min")
    key = await calendar_key(admin, person=str(zhao.id))
    assert key["person"]["id"] == str(zhao.id)


async def test_it_has_no_role_that_the_key_it_is_made_with_may_not_use(shared: Api) -> None:
    person = await add_person(shared.ledger, "Wang Wei", roles=("engineer", "agent"))
    restricted = shared.with_token(await add_key(shared.ledger, person.id, "engineer"), person.id)
    assert (await calendar_key(restricted))["roles"] == ["engineer"]
    assert (await calendar_key(restricted, roles=["requester"]))["roles"] == ["requester"]
    answer = await restricted.post("/v1/keys", json=SCOPE | {"roles": ["agent"]})
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("/roles", "not_held_by_them")]
    assert "the role Service desk agent is missing" in answer.json()["errors"][0]["message"]


async def test_it_ends_no_later_than_the_key_it_is_made_with(shared: Api) -> None:
    person = await add_person(shared.ledger, "Zhao Min")
    ends = ago(days=-3)
    passing = await shared.client_of(person, ends=ends)
    key = await calendar_key(passing)
    assert key["expires_at"] is not None
    assert key["expires_at"][:19] == ends.isoformat()[:19]
    answer = await passing.post("/v1/keys", json=SCOPE | {"expires_at": "2199-01-01T00:00:00Z"})
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("/expires_at", "ends_later")]


@each_case(
    ("query", "key", "left"),
    [
        (b"key=ldk_1_2", "ldk_1_2", b""),
        (b"from=2026-11-01&key=ldk_1_2&format=ics", "ldk_1_2", b"from=2026-11-01&format=ics"),
        (b"%6bey=ldk%5F1_2", "ldk_1_2", b""),
        (b"key=ldk_1_2&key=ldk_3_4", "", b""),
        (b"format=ics", None, b"format=ics"),
        (b"", None, b""),
    ],
)
def test_the_key_is_taken_out_of_the_query(query: bytes, key: str | None, left: bytes) -> None:
    scope = {"path": CHANGE_CALENDAR, "query_string": query}
    assert take_credential(scope) == key
    assert scope["query_string"] == left


def test_the_key_of_a_list_is_left_there() -> None:
    scope = {"path": "/v1/teams", "query_string": b"key=network"}
    assert take_credential(scope) is None
    assert scope["query_string"] == b"key=network"


@pytest.mark.parametrize("path", ["/v1/me", "/v1/changes", "/v1/teams"])
async def test_no_other_address_takes_a_key_in_its_query(shared: Api, path: str) -> None:
    zhao = await shared.client("Zhao Min", Role.admin)
    token = (await calendar_key(zhao))["token"]
    answer = await shared.with_token(None).get(f"{path}?key={token}")
    assert answer.status_code == 401
    assert token not in answer.text
