"""A key acts on no credential broader than itself, and makes nothing of what a broader one has sent."""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from app.common.keys import KeyScope, hash_of, new_secret, token
from app.common.people import Caller, rule_caller
from app.foundation.people.keys import MakeKey, RotateKey
from app.foundation.people.memberships import JoinPerson
from app.foundation.people.persons import EditPerson, GrantRolePerson
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.actions.refusals import Refusal
from app.kernel.ledger import Ledger
from tests.client import Api, Client, Json, add_key, add_whole_key, an_incident
from tests.people import act, add_person, add_team

AT_ONCE: Json = {"overlap_seconds": 0}
OURS = {"Sec-Fetch-Site": "same-origin"}


async def whole_key(ledger: Ledger, person: str) -> tuple[str, str]:
    """The id and the token of a key of that person without roles."""
    secret = new_secret()
    body = MakeKey(name="Whole", person=person, secret_hash=hash_of(secret))
    key = (await act(ledger, rule_caller("tests"), "key", "make", body=body)).record
    return str(key.id), token(key.id, secret)


def id_of(sent: str) -> str:
    return str(UUID(sent.split("_")[1]))


@dataclass
class Keys:
    """The keys of one person, by what they are restricted to."""

    unrestricted: Client
    whole_id: str
    engineer: Client
    engineer_id: str
    requester: Client
    requester_id: str


@pytest.fixture
async def keys(api: Api) -> Keys:
    """Those of an engineer who is an administrator of their team, too."""
    team = await api.team("network")
    person = await add_person(api.ledger, "Wang Wei", "network", roles=("engineer", f"admin@team/{team}"))
    whole_id, whole_token = await whole_key(api.ledger, str(person.id))
    engineer = await add_key(api.ledger, person.id, "engineer")
    requester = await add_key(api.ledger, person.id)
    return Keys(
        api.with_token(whole_token, person.id),
        whole_id,
        api.with_token(engineer, person.id),
        id_of(engineer),
        api.with_token(requester, person.id),
        id_of(requester),
    )


async def test_a_key_acts_on_no_key_broader_than_itself(api: Api, keys: Keys) -> None:
    head = await api.head()
    for client, key_id in (
        (keys.requester, keys.whole_id),
        (keys.requester, keys.engineer_id),
        (keys.engineer, keys.whole_id),
    ):
        for action, body in (("rotate", AT_ONCE), ("revoke", {})):
            refused = await client.post(f"/v1/keys/{key_id}/{action}", json=body)
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), (key_id, action)
    assert "with a key that covers as many roles" in refused.json()["detail"]
    assert await api.head() == head
    for client, key_id in (
        (keys.requester, keys.requester_id),
        (keys.engineer, keys.requester_id),
        (keys.engineer, keys.engineer_id),
        (keys.unrestricted, keys.engineer_id),
    ):
        await client.post_ok(f"/v1/keys/{key_id}/rotate")
    await keys.unrestricted.post_ok(f"/v1/keys/{keys.engineer_id}/revoke")
    await keys.unrestricted.post_ok(f"/v1/keys/{keys.whole_id}/rotate")


async def test_a_session_acts_on_no_key_broader_than_the_one_that_opened_it(api: Api, keys: Keys) -> None:
    cookie = (await keys.requester.post("/v1/sessions")).headers["set-cookie"].partition(";")[0]
    browser = api.with_token(None, headers={"Cookie": cookie, **OURS})
    refused = await browser.post(f"/v1/keys/{keys.engineer_id}/rotate", json=AT_ONCE)
    assert refused.status_code == 403
    ends = (await browser.read("/v1/me"))["expires_at"]
    await browser.post_ok(f"/v1/keys/{keys.requester_id}/rotate", {"expires_at": ends})


async def test_a_key_that_ends_gets_no_secret_that_lasts_longer(api: Api, keys: Keys) -> None:
    person, ends = UUID(keys.unrestricted.id), datetime(2190, 1, 1, tzinfo=UTC)
    short = api.with_token(await add_whole_key(api.ledger, person, ends=ends))
    path = f"/v1/keys/{keys.whole_id}/rotate"
    refused = await short.post(path, json={})
    assert refused.json()["errors"][0]["code"] == "ends_later"
    expires_at = "2190-01-01T00:00:00.000000Z"
    assert (await short.post_ok(path, {"expires_at": expires_at}))["expires_at"] == expires_at


async def test_what_is_the_persons_own_takes_a_key_for_all_that_they_hold(api: Api, keys: Keys) -> None:
    body: Json = {"told_of": [], "told_by_mail": []}
    assert (await keys.engineer.put("/v1/me/preferences", json=body)).status_code == 403
    answer = await keys.unrestricted.put("/v1/me/preferences", json=body)
    assert answer.status_code == 200
    assert (await keys.requester.get("/v1/me/preferences")).json() == answer.json(), "reading is theirs"
    assert (await (await api.client("Zhao Min")).put("/v1/me/preferences", json=body)).status_code == 200


async def test_a_restricted_administrator_neither_edits_nor_ends_their_own_person(api: Api) -> None:
    team = await api.team("mail")
    role = f"admin@team/{team}"
    person = await add_person(api.ledger, "Otto", "mail", roles=(role,))
    restricted = api.with_token(await add_key(api.ledger, person.id, role), person.id)
    unrestricted = api.with_token((await whole_key(api.ledger, str(person.id)))[1], person.id)
    path = f"/v1/persons/{person.id}"
    for action in ("deactivate", "erase"):
        assert (await restricted.post(f"{path}/{action}", json={})).status_code == 403, action
    for client, status in ((restricted, 403), (unrestricted, 200)):
        answer = await client.patch(path, json={"login": "otto"}, headers={"If-Match": "*"})
        assert answer.status_code == status
    theirs = await add_person(api.ledger, "Zhao Min", "mail")
    path = f"/v1/persons/{theirs.id}"
    for client in (restricted, unrestricted):
        refused = await client.patch(path, json={"login": "mallory"}, headers={"If-Match": "*"})
        assert refused.json()["errors"][0]["code"] == "login_beyond_your_own"
    edited = await restricted.patch(path, json={"department": "Mail"}, headers={"If-Match": "*"})
    assert edited.status_code == 200, "all else is for who administers them"


async def sent(client: Client, upload: str) -> int:
    """The status that a file is answered with, sent under this id."""
    return (await client.put(f"/v1/uploads/{upload}", content=b"secret")).status_code


async def test_a_key_makes_nothing_of_what_a_broader_one_has_sent(api: Api, keys: Keys) -> None:
    admin = await api.client("Ada", "admin")
    record_path = f"/v1/incidents/{(await keys.requester.post_ok('/v1/incidents', an_incident()))['id']}"
    of_whole, of_requester = str(uuid4()), str(uuid4())
    assert (await sent(keys.unrestricted, of_whole), await sent(keys.requester, of_requester)) == (200, 200)
    assert await sent(keys.engineer, of_whole) == 404, "not even whether it is the same"
    for path, body in (
        (f"{record_path}/attach", {"upload": of_whole, "name": "plan.txt"}),
        ("/v1/bulk_jobs", {"upload": of_whole, "records": "incidents"}),
    ):
        refused = await keys.engineer.post(path, json=body)
        assert refused.json()["errors"][0]["code"] == "no_such_upload", path
    job = await keys.unrestricted.post("/v1/bulk_jobs", json={"upload": of_whole, "records": "incidents"})
    job_path = f"/v1/bulk_jobs/{job.json()['id']}"
    assert [(await client.get(job_path)).status_code for client in (keys.engineer, keys.unrestricted)] == [
        404,
        200,
    ]
    listed = [
        len((await c.read("/v1/bulk_jobs"))["items"]) for c in (keys.engineer, keys.unrestricted, admin)
    ]
    assert listed == [0, 1, 0]
    await keys.unrestricted.post_ok(f"{record_path}/attach", {"upload": of_requester, "name": "screen.png"})


# What follows says the rule a second time, by texts, and lets somebody try all that there is.


@dataclass(frozen=True)
class Credential:
    """What somebody can come with: a key, or a login (no `key_id`), with the only roles that it may use."""

    person: UUID
    roles: tuple[str, ...] | None
    key_id: UUID | None

    async def caller(self, ledger: Ledger) -> Caller | None:
        """Whoever comes with it, if they are let in."""
        if self.key_id is not None:
            key = await ledger.directory.key(self.key_id)
            return None if key is None else key.caller
        person = await ledger.directory.person_by_login(self.person)
        return person.caller if person is not None and person.active else None


def within(role: str, roles: tuple[str, ...]) -> bool:
    """Whether the role is no more than one of the others, or what everybody is."""
    return role in roles or role.partition("@")[0] in (*roles, "requester")


def is_more(got: Credential, start: Credential) -> bool:
    """Whether more can be done with what they have got than with what they came with."""
    if got.person != start.person:
        return True
    if start.roles is None:
        return False
    return got.roles is None or not all(within(role, start.roles) for role in got.roles)


class Attempts:
    """Somebody who tries whatever may give them a credential, with all that they have."""

    def __init__(self, ledger: Ledger, chance: random.Random, keys: list[Credential], team: UUID) -> None:
        self.ledger, self.chance, self.keys, self.team = ledger, chance, keys, team
        self.pool = ["engineer", "agent", f"admin@team/{team}", f"agent@team/{team}", "admin", "requester"]
        self.persons = sorted({key.person for key in keys})

    async def one(self, caller: Caller) -> Credential | None:
        """Tries something; gives the credential that has come of it."""
        chance, person = self.chance, self.chance.choice(self.persons)
        action = chance.choice(["rotate", "rotate", "make", "login", "grant_role", "join"])
        if action == "rotate":
            key = chance.choice(self.keys)
            await self.act(caller, "key", "rotate", key.key_id, RotateKey(secret_hash=hash_of(new_secret())))
            return key
        if action == "make":
            roles = chance.choice([None, tuple(chance.sample(self.pool, 2))])
            scope = chance.choice([None, KeyScope.calendar])
            body = MakeKey(
                name="x", person=str(person), roles=roles, scope=scope, secret_hash=hash_of(new_secret())
            )
            made = (await act(self.ledger, caller, "key", "make", None, body)).record
            has = None if made.roles is None else tuple(made.roles)
            self.keys.append(Credential(person, has, made.id))
            return self.keys[-1]
        if action == "login":
            body_of_edit = EditPerson.model_validate({"login": f"mallory {uuid4()}"})
            await self.act(caller, "person", "edit", person, body_of_edit)
            return Credential(person, None, None)
        body_of = GrantRolePerson(role=chance.choice(self.pool[:-1]))
        payload: Payload = JoinPerson(team=str(self.team)) if action == "join" else body_of
        await self.act(caller, "person", action, person, payload)
        return None

    async def act(self, caller: Caller, kind: str, action: str, name: UUID | None, body: Payload) -> UUID:
        identifier: UUID = (await act(self.ledger, caller, kind, action, name, body)).record.id
        return identifier


async def test_nothing_that_a_caller_can_do_gives_them_a_credential_that_can_do_more(ledger: Ledger) -> None:
    chance = random.Random(20261118)
    team = (await add_team(ledger, "network")).id
    pool = ["engineer", "agent", f"admin@team/{team}", f"agent@team/{team}"]
    keys: list[Credential] = []
    for n in range(5):
        held = tuple(chance.sample(pool, n % 4))
        person = (await add_person(ledger, f"Person {n}", "network", roles=held)).id
        for roles in (None, (*held, "requester"), held[:1] or ("requester",), ("requester",)):
            body = MakeKey(name="x", person=str(person), roles=roles, secret_hash=hash_of(new_secret()))
            result = await act(ledger, rule_caller("tests"), "key", "make", body=body)
            keys.append(Credential(person, roles, result.record.id))
    starts = [*keys, *(Credential(person, None, None) for person in {key.person for key in keys})]
    wrong, done = [], 0
    for start in starts:
        attempts, has = Attempts(ledger, chance, list(keys), team), [start]
        for _ in range(25):
            caller = await chance.choice(has).caller(ledger)
            assert caller is not None
            got = None
            with contextlib.suppress(Refusal):
                got = await attempts.one(caller)
                done += 1
            if got is not None:
                has.append(got)
                wrong += [(start, got)] if is_more(got, start) else []
    assert wrong == []
    assert done > len(starts), "some of it is allowed"


async def test_an_administrator_of_everything_gets_whatever_there_is(ledger: Ledger) -> None:
    """So that the test above is not passed by refusing all."""
    team, person = await add_team(ledger, "network"), await add_person(ledger, "Ada", roles=("admin",))
    body = MakeKey(name="x", person=str(person.id), roles=("admin",), secret_hash=hash_of(new_secret()))
    result = await act(ledger, rule_caller("tests"), "key", "make", body=body)
    caller = await Credential(person.id, ("admin",), result.record.id).caller(ledger)
    assert caller is not None
    other = await add_person(ledger, "Wang Wei", team.key or "", roles=("engineer",))
    whole_id, _ = await whole_key(ledger, str(other.id))
    await act(ledger, caller, "key", "rotate", whole_id, RotateKey(secret_hash=hash_of(new_secret())))
    await act(ledger, caller, "person", "edit", other.id, EditPerson.model_validate({"login": "wei"}))
    await act(ledger, caller, "key", "revoke", whole_id, EmptyPayload())
