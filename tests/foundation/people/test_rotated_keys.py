"""A key that is rotated is lost to whoever has its old secret, or a session opened with that; and nobody has
more time of their own by what they do.
"""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from uuid import UUID, uuid4

import pytest

from app.api.authentication import auth, sessions
from app.api.authentication.sessions import COOKIE, SessionProof
from app.api.authentication.signed_secrets import SignedSecret
from app.common.keys import KeyScope, hash_of, new_secret
from app.common.people import Caller, Role, rule_caller
from app.foundation.people.credentials.recent_sign_in import LONGEST_BY_LOGIN, RECENT_SIGN_IN, latest_end
from app.foundation.people.keys import MakeKey, RotateKey
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.actions.refusals import Refusal
from app.kernel.ledger import Ledger
from tests.client import Api, Client, Json, add_key
from tests.extent import examples, first_of
from tests.people import act, add_person

AT_ONCE: Json = {"overlap_seconds": 0}
OURS = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Held:
    """A key without end, and where it is rotated."""

    api: Api
    owner: Client
    key_id: str

    @property
    def path(self) -> str:
        return f"/v1/keys/{self.key_id}"

    async def rotated(self, client: Client, **body: object) -> Client:
        """The key with the secret that the client has given it."""
        return self.api.with_token((await client.post_ok(f"{self.path}/rotate", body))["token"])

    async def browser(self, client: Client) -> Client:
        """A browser that has turned the client's secret into a session."""
        answer = await client.post("/v1/sessions")
        assert answer.status_code == 201, answer.text
        cookie = SimpleCookie(answer.headers["set-cookie"])[COOKIE].value
        return self.api.with_token(None, headers={"Cookie": f"{COOKIE}={cookie}", **OURS})


@pytest.fixture
async def held(api: Api) -> Held:
    """That of an engineer."""
    person = await add_person(api.ledger, "Wang Wei", roles=("engineer",))
    sent = await add_key(api.ledger, person.id, "engineer")
    return Held(api, api.with_token(sent, person.id), str(UUID(sent.split("_")[1])))


async def status_of(client: Client) -> int:
    """The status that says whether somebody is let in."""
    return (await client.get("/v1/me")).status_code


async def test_the_old_secret_works_on_and_makes_no_credential(held: Held) -> None:
    old, new = held.owner, await held.rotated(held.owner, overlap_seconds=3600)
    me = await old.read("/v1/me")
    assert me["expires_at"] is not None, "it says when it ends"
    head = await held.api.head()
    for path, body in (
        (f"{held.path}/rotate", AT_ONCE),
        (f"{held.path}/rotate", {"expires_at": me["expires_at"]}),
        (f"{held.path}/revoke", {}),
        ("/v1/keys", {"name": "x", "person": "me", "scope": "calendar"}),
        ("/v1/sessions", {}),
    ):
        refused = await old.post(path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "superseded_secret"), path
    assert await held.api.head() == head
    assert await status_of(new) == 200
    await held.rotated(new, **AT_ONCE)
    assert [await status_of(client) for client in (old, new)] == [401, 401]


async def test_not_even_an_administrators_old_secret_makes_a_key_or_sets_a_login(api: Api) -> None:
    person = await add_person(api.ledger, "Ada", roles=("admin",))
    sent = await add_key(api.ledger, person.id, "admin")
    old = api.with_token(sent, person.id)
    await old.post_ok(f"/v1/keys/{UUID(sent.split('_')[1])}/rotate")
    lin = await add_person(api.ledger, "Lin")
    refused = await old.post("/v1/keys", json={"name": "x", "person": str(lin.id)})
    assert refused.json()["code"] == "superseded_secret"
    path = f"/v1/persons/{lin.id}"
    refused = await old.patch(path, json={"login": "mallory"}, headers={"If-Match": "*"})
    assert refused.json()["code"] == "superseded_secret"


async def test_a_session_ends_with_the_secret_that_opened_it(held: Held) -> None:
    browser = await held.browser(held.owner)
    admin = await held.api.client("Ada", "admin")
    new = await held.rotated(admin, **AT_ONCE)
    assert [await status_of(client) for client in (browser, held.owner, new)] == [401, 401, 200]


async def test_a_session_lives_as_long_as_the_old_secret_that_opened_it(held: Held) -> None:
    browser = await held.browser(held.owner)
    new = await held.rotated(held.owner, overlap_seconds=3600)
    of_old = (await held.owner.read("/v1/me"))["expires_at"]
    assert (await browser.read("/v1/me"))["expires_at"] == of_old
    refused = await browser.post(f"{held.path}/revoke")
    assert refused.json()["code"] == "superseded_secret"
    await held.rotated(new)
    assert [await status_of(client) for client in (browser, held.owner, new)] == [401, 401, 200]


@pytest.mark.parametrize("role", first_of(["admin", "engineer"], 1))
async def test_a_session_gets_no_secret_of_its_own_that_outlives_it_once_its_sign_in_is_old(
    api: Api, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await add_person(api.ledger, "Wang Wei", roles=(role,))
    sent = await add_key(api.ledger, person.id, role)
    held = Held(api, api.with_token(sent, person.id), str(UUID(sent.split("_")[1])))
    browser = await held.browser(held.owner)
    ends = (await browser.read("/v1/me"))["expires_at"]
    monkeypatch.setattr(auth, "utc_now", lambda: datetime.now(UTC) + RECENT_SIGN_IN)
    refused = await browser.post(f"{held.path}/rotate", json={})
    assert refused.json()["errors"][0]["code"] == "ends_later"
    own: Json = {"name": "x", "person": "me", "scope": "calendar"}
    refused = await browser.post("/v1/keys", json={**own, "expires_at": "2190-01-01T00:00:00Z"})
    assert refused.json()["errors"][0]["code"] == "ends_later"
    assert (await browser.post_ok("/v1/keys", own))["expires_at"] == ends
    renewed = await browser.post_ok(f"{held.path}/rotate", {"expires_at": ends})
    assert renewed["expires_at"] == ends


@pytest.mark.parametrize("role", first_of(["admin", "engineer"], 1))
@pytest.mark.parametrize("end", [None, "2190-01-01T00:00:00.000000Z"])
async def test_somebody_who_has_just_signed_in_makes_secrets_that_last_as_long_as_their_key(
    api: Api, role: str, end: str | None
) -> None:
    person = await add_person(api.ledger, "Wang Wei", roles=(role,))
    admin = await api.client("Zhao", Role.admin)
    key = await admin.post_ok("/v1/keys", {"name": "x", "person": str(person.id), "expires_at": end})
    held = Held(api, api.with_token(key["token"], person.id), key["id"])
    browser = await held.browser(held.owner)
    own: Json = {"name": "x", "person": "me", "scope": "calendar"}
    assert (await browser.post_ok("/v1/keys", own))["expires_at"] == end
    later = await browser.post("/v1/keys", json={**own, "expires_at": "2199-01-01T00:00:00Z"})
    assert later.status_code == (201 if end is None else 422)
    assert (await browser.post_ok(f"{held.path}/rotate"))["expires_at"] == end


@pytest.mark.parametrize("signed_in", [True, False])
def test_a_login_makes_secrets_for_a_year_and_a_session_by_a_token_only_for_itself(signed_in: bool) -> None:
    now = datetime.now(UTC)
    ends = now + timedelta(hours=12)
    caller = Caller("person:x", uuid4(), ends_at=ends, signed_in_at=now if signed_in else None)
    assert latest_end(caller, now) == (now + LONGEST_BY_LOGIN if signed_in else ends)
    assert latest_end(caller, now + RECENT_SIGN_IN + timedelta(seconds=1)) == ends


# What follows tells what rotation promises a second time, by a plain list of what has been handed out, and
# lets somebody try whatever there is, while time goes by.


@dataclass
class Secret:
    """A secret of a key, and when it ends: of the key it was the newest until `replaced`."""

    key_id: UUID
    text: str
    ends: datetime | None
    replaced: bool = False


@dataclass
class Cookie:
    """A session, and the secret that opened it."""

    value: SignedSecret
    secret: Secret
    ends: datetime


@dataclass
class Told:
    """What somebody has, told by the promises alone."""

    person: UUID
    now: datetime = datetime(2026, 11, 2, 8, tzinfo=UTC)
    secrets: list[Secret] = field(default_factory=list)
    cookies: list[Cookie] = field(default_factory=list)
    revoked: set[UUID] = field(default_factory=set)

    def ends(self, credential: Secret | Cookie) -> datetime | None:
        """When it ends; None: never."""
        if isinstance(credential, Cookie):
            return min(credential.ends, self.ends(credential.secret) or credential.ends)
        return credential.ends

    def is_good(self, credential: Secret | Cookie) -> bool:
        """Whether somebody is let in with it."""
        secret = credential.secret if isinstance(credential, Cookie) else credential
        ends = self.ends(credential)
        return secret.key_id not in self.revoked and (ends is None or self.now < ends)

    def rotated(self, key_id: UUID, overlap: timedelta, ends: datetime | None) -> Secret:
        """The key's new secret."""
        for other in [secret for secret in self.secrets if secret.key_id == key_id]:
            last = self.now if other.replaced else self.now + overlap
            other.ends = min(last, ends or last)
            other.replaced = True
        self.secrets.append(Secret(key_id, new_secret(), ends))
        return self.secrets[-1]


async def caller_with(ledger: Ledger, credential: Secret | Cookie, now: datetime) -> Caller | None:
    """Whoever comes with it, if they are let in."""
    if isinstance(credential, Secret):
        key = await ledger.directory.key(credential.key_id)
        return None if key is None else key.caller_with(hash_of(credential.text), now)
    session = await sessions.find_session(ledger.db, credential.value, now)
    return None if session is None else await sessions.find_session_caller(ledger.directory, session, now)


class Thief:
    """Who has one secret or session of somebody, and does with it what can be done."""

    def __init__(self, ledger: Ledger, chance: random.Random, model: Told, first: Secret | Cookie) -> None:
        self.ledger, self.chance, self.model = ledger, chance, model
        self.has: list[Secret | Cookie] = [first]
        self.done = 0

    async def step(self) -> None:
        """Tries one thing with one credential."""
        chance, model = self.chance, self.model
        with_what = chance.choice(self.has)
        caller = await caller_with(self.ledger, with_what, model.now)
        assert (caller is not None) == model.is_good(with_what)
        if caller is None:
            return
        was_replaced = (with_what.secret if isinstance(with_what, Cookie) else with_what).replaced
        assert (caller.ends_at, caller.is_superseded) == (model.ends(with_what), was_replaced)
        action, is_done = chance.choice([self.rotate, self.make, self.open, self.revoke, self.rotate]), False
        with contextlib.suppress(Refusal):
            is_done = await action(caller, with_what)
        assert not (is_done and was_replaced), "what was replaced neither makes, renews nor ends a credential"
        self.done += is_done

    def some_end(self) -> datetime | None:
        return self.chance.choice([None, self.model.now + timedelta(hours=self.chance.randint(1, 60))])

    def some_key(self) -> UUID:
        return self.chance.choice(sorted({secret.key_id for secret in self.model.secrets}))

    async def rotate(self, caller: Caller, _: Secret | Cookie) -> bool:
        key_id = self.some_key()
        overlap, text = self.chance.choice([0, 3_600, 90_000]), new_secret()
        body = RotateKey(secret_hash=hash_of(text), overlap_seconds=overlap, expires_at=self.some_end())
        done = await act(self.ledger, caller, "key", "rotate", key_id, body, now=self.model.now)
        secret = self.model.rotated(key_id, timedelta(seconds=overlap), done.record.expires_at)
        secret.text = text
        self.has.append(secret)
        return True

    async def make(self, caller: Caller, _: Secret | Cookie) -> bool:
        text = new_secret()
        body = MakeKey(
            name="x",
            person=str(caller.person_id),
            scope=self.chance.choice([None, KeyScope.calendar]),
            secret_hash=hash_of(text),
            expires_at=self.some_end(),
        )
        key = (await act(self.ledger, caller, "key", "make", None, body, now=self.model.now)).record
        self.model.secrets.append(Secret(key.id, text, key.expires_at))
        self.has.append(self.model.secrets[-1])
        return True

    async def open(self, caller: Caller, with_what: Secret | Cookie) -> bool:
        if isinstance(with_what, Cookie) or caller.is_superseded:
            return False  # the route refuses it
        ends = min(self.model.now + timedelta(hours=12), caller.ends_at or datetime.max.replace(tzinfo=UTC))
        is_sign_in = self.chance.random() < 0.5
        proof = SessionProof(key_secret_hash=hash_of(with_what.text), is_sign_in=is_sign_in)
        value = await sessions.create_session(self.ledger.db, caller, proof, self.model.now, ends)
        self.has.append(Cookie(value, with_what, ends))
        return True

    async def revoke(self, caller: Caller, _: Secret | Cookie) -> bool:
        key_id = self.some_key()
        if self.chance.random() < 0.7:
            return False  # or soon there would be nothing left
        await act(self.ledger, caller, "key", "revoke", key_id, EmptyPayload(), now=self.model.now)
        self.model.revoked.add(key_id)
        return True


@pytest.mark.parametrize("roles", first_of([("admin",), ("engineer",)], 1))
async def test_whatever_is_made_rotated_opened_and_waited_for_nothing_outlives_what_it_came_of(
    ledger: Ledger, roles: tuple[str, ...]
) -> None:
    chance, done = random.Random(20261125), 0
    for n in range(examples(20)):
        person = (await add_person(ledger, f"Person {n}", roles=roles)).id
        model = Told(person)
        text, ends = new_secret(), model.now + timedelta(hours=30)
        body = MakeKey(name="x", person=str(person), secret_hash=hash_of(text), expires_at=ends)
        result = await act(ledger, rule_caller("tests"), "key", "make", None, body, now=model.now)
        first = Secret(result.record.id, text, ends)
        model.secrets.append(first)
        thief, owner = Thief(ledger, chance, model, first), rule_caller("owner")
        for _ in range(60):
            await thief.step()
            model.now += timedelta(minutes=chance.choice([0, 1, 30, 600]))
            last = max(model.ends(ha) or datetime.max.replace(tzinfo=UTC) for ha in thief.has)
            assert last <= ends, "no credential ends later than the one that all of them came of"
            if chance.random() < 0.05 and first.key_id not in model.revoked:
                body_of = RotateKey(secret_hash=hash_of(new_secret()), overlap_seconds=0)
                await act(ledger, owner, "key", "rotate", first.key_id, body_of, now=model.now)
                model.rotated(first.key_id, timedelta(0), ends)
        done += thief.done
    assert done > 0, "some of it is allowed"
