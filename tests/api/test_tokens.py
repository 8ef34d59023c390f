"""Access tokens of an identity provider: which are taken, whom they stand for, and what while it is away."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import re
import time
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.api.authentication import issuer as issuers
from app.common.people import Role
from app.platform.settings import Settings
from tests.api.issuers import AUDIENCE, LocalIssuer, issuing, new_key, published
from tests.cases import each_case
from tests.client import Api, Client, Json, an_incident, serving
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.waiting import until

REFETCHES = 5
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def issuer() -> AsyncIterator[LocalIssuer]:
    async with issuing(LocalIssuer()) as made:
        yield made


def trusting(settings: Settings, issuer: LocalIssuer, **more: Any) -> Settings:
    named = {"oidc_issuer": issuer.url, "oidc_audience": AUDIENCE, "wrong_keys": 1_000}
    return settings.model_copy(update={**named, **more})


@pytest.fixture
async def desk(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, issuer: LocalIssuer
) -> AsyncIterator[Api]:
    """An application that trusts the provider."""
    async with serving(place.url, tmp_path / "secrets", trusting(settings, issuer)) as opened:
        yield opened


async def known(api: Api, login: str = "lin", *roles: Role) -> Client:
    """A person with that login, with the means of an administrator to change them."""
    admin = await api.client("Gao", Role.admin)
    body = {"name": "Lin Yu", "login": login, "roles": [str(role.value) for role in roles]}
    admin.headers["X-Person"] = (await admin.post_ok("/v1/persons", body))["id"]
    return admin


@pytest.fixture
async def lin(desk: Api) -> None:
    """Somebody here has the login of those whose tokens come."""
    await known(desk)


async def told(api: Api, token: str) -> tuple[int, str | None]:
    """The status and the problem's code that a token is answered with."""
    answer = await api.with_token(token).get("/v1/me")
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    return answer.status_code, answer.json().get("code")


async def test_a_token_stands_for_the_person_with_that_login_and_their_roles_here(
    desk: Api, issuer: LocalIssuer
) -> None:
    await known(desk, "lin", Role.agent)
    lin = desk.with_token(issuer.token(roles=["admin"], groups=["admin"]))
    me = await lin.read("/v1/me")
    assert (me["person"]["name"], me["key_id"], me["session"]) == ("Lin Yu", None, False)
    assert [held["role"] for held in me["roles"]] == ["agent"], "what a token says of them does not count"
    assert me["expires_at"] is not None
    record: Json = await lin.post_ok("/v1/incidents", an_incident(), Idempotency_Key="once")
    again: Json = await lin.post_ok("/v1/incidents", an_incident(), Idempotency_Key="once")
    assert record["id"] == again["id"]
    (event,) = (await lin.read(f"/v1/incidents/{record['id']}/events"))["items"]
    assert event["actor"] == f"person:{me['person']['id']}"
    credential = "select credential from log.event where type = 'incident.reported'"
    assert await desk.ledger.db.value(credential) is None, "it names keys"


@pytest.mark.usefixtures("lin")
@each_case("algorithm", ["RS256", "PS384", "ES256", "EdDSA"])
async def test_signatures_of_every_usual_kind_are_taken(
    desk: Api, issuer: LocalIssuer, algorithm: str
) -> None:
    issuer.publish(algorithm, algorithm=algorithm)
    for headers in ({}, {"typ": "at+jwt"}):
        token = issuer.token(algorithm, algorithm=algorithm, headers=headers)
        assert await told(desk, token) == (200, None)
    assert await told(desk, issuer.token(None, key=issuer.private[algorithm], algorithm=algorithm)) == (
        200,
        None,
    ), "of one key the name need not be said"


def forged(issuer: LocalIssuer) -> dict[str, str]:
    """Tokens that must not be taken."""
    now = int(time.time())
    good = issuer.token()
    head, body, signature = good.split(".")

    def part(fields: Json) -> str:
        return base64.urlsafe_b64encode(json.dumps(fields).encode()).rstrip(b"=").decode()

    claims = jwt.decode(good, options={"verify_signature": False})
    public = issuer.private["first"].public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    confused = f"{part({'alg': 'HS256', 'kid': 'first'})}.{body}"
    mac = hmac.digest(pem, confused.encode(), "sha256")
    by_public_key = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
    return {
        "unsigned": f"{part({'alg': 'none', 'kid': 'first'})}.{body}.",
        "unsigned, with a signature": f"{part({'alg': 'none', 'kid': 'first'})}.{body}.{signature}",
        "signed with the public key as a secret": f"{confused}.{by_public_key}",
        "signed by another": issuer.token(key=new_key()),
        "with another body": f"{head}.{part({**claims, 'sub': 'gao'})}.{signature}",
        "of another algorithm": f"{part({'alg': 'RS256', 'kid': 'first'})}.{body}.{signature}",
        "with a key of its own": issuer.token(
            headers={"jwk": published("first", issuer.private["first"])}, key=new_key()
        ),
        "with an extension that must be understood": issuer.token(headers={"crit": ["b64"], "b64": True}),
        "of another type": issuer.token(headers={"typ": "logout+jwt"}),
        "of another issuer": issuer.token(iss="https://login.example.org"),
        "of no issuer": issuer.token(iss=None),
        "for another service": issuer.token(aud=["payroll"]),
        "for no service": issuer.token(aud=None),
        "too old": issuer.token(exp=now - 31),
        "without an end": issuer.token(exp=None),
        "that never ends": issuer.token(exp=10**30),
        "with an end that is none": issuer.token(exp="soon"),
        "not yet to be used": issuer.token(nbf=now + 120),
        "of tomorrow": issuer.token(iat=now + 86_400),
        "of nobody by a number": issuer.token(sub=7),
        "of a name that is none": f"{part({'alg': 'ES256', 'kid': ['first']})}.{body}.{signature}",
        "of nothing": "..",
        "of noise": "a.b.c",
    }


async def test_a_token_that_is_not_quite_right_is_no_token(desk: Api, issuer: LocalIssuer) -> None:
    await known(desk)
    assert await told(desk, issuer.token()) == (200, None)
    for name, token in forged(issuer).items():
        assert await told(desk, token) == (401, "unauthenticated"), name


async def test_clocks_may_differ_by_a_little(desk: Api, issuer: LocalIssuer) -> None:
    await known(desk)
    now = int(time.time())
    assert await told(desk, issuer.token(exp=now - 10)) == (200, None)
    assert await told(desk, issuer.token(nbf=now + 15, iat=now + 15)) == (200, None)


async def test_who_is_not_known_here_or_not_active_is_told_so(desk: Api, issuer: LocalIssuer) -> None:
    admin = await known(desk)
    person = admin.headers["X-Person"]
    assert await told(desk, issuer.token(sub="nobody")) == (403, "unknown_login")
    assert await told(desk, issuer.token(sub=" lin")) == (403, "unknown_login")
    assert await told(desk, issuer.token(sub=None)) == (403, "unknown_login")
    assert await told(desk, issuer.token()) == (200, None)
    await admin.post_ok(f"/v1/persons/{person}/deactivate")
    assert await told(desk, issuer.token()) == (403, "inactive_login")
    await admin.post_ok(f"/v1/persons/{person}/activate")
    assert await told(desk, issuer.token()) == (200, None)
    change = await admin.patch(f"/v1/persons/{person}", json={"login": "lin.yu"}, headers={"If-Match": "3"})
    assert (change.status_code, change.json()["login"]) == (200, "lin.yu")
    assert await told(desk, issuer.token()) == (403, "unknown_login")
    assert await told(desk, issuer.token(sub="lin.yu")) == (200, None)
    await admin.post_ok(f"/v1/persons/{person}/erase")
    assert await told(desk, issuer.token(sub="lin.yu")) == (403, "unknown_login")
    assert await desk.ledger.db.value("select count(*) from vault.known_as") == 0


async def test_a_login_is_one_persons_and_the_log_does_not_have_it(desk: Api) -> None:
    admin = await known(desk, "lin")
    answer = await admin.post("/v1/persons", json={"name": "Another", "login": "lin"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/login")
    assert answer.json()["errors"][0]["code"] == "taken"
    other = await admin.post_ok("/v1/persons", {"name": "Another"})
    answer = await admin.patch(f"/v1/persons/{other['id']}", json={"login": "lin"}, headers={"If-Match": "1"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "taken")
    person = admin.headers["X-Person"]
    answer = await admin.patch(f"/v1/persons/{person}", json={"login": None}, headers={"If-Match": "1"})
    assert answer.json()["login"] is None
    await admin.post_ok("/v1/persons", {"name": "A third", "login": "lin"})
    data = "select convert_from(data, 'UTF8') as data from log.event where type like 'person.%'"
    events = "".join(row["data"] for row in await desk.ledger.db.rows(data))
    assert '"login"' in events
    assert '"lin"' not in events


async def last_issuer(api: Api) -> Any:
    """Of which provider Lin Yu's login is, as the row says, and the last event that set it."""
    of_row = await api.ledger.db.value("select max(login_issuer) from fold.person")
    rows = await api.ledger.db.rows(
        "select convert_from(data, 'UTF8') as data from log.event order by position"
    )
    said = re.findall(r'"login_issuer": ?("[^"]*"|null)', "".join(row["data"] for row in rows))
    assert json.loads(said[-1]) == of_row
    return of_row


async def test_a_login_is_one_of_the_provider_and_the_claim_that_it_was_set_for(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, issuer: LocalIssuer
) -> None:
    secrets = tmp_path / "secrets"
    async with issuing(LocalIssuer()) as other:
        async with serving(place.url, secrets, trusting(settings, issuer)) as api:
            admin = await known(api)
            assert await told(api, issuer.token()) == (200, None)
            person = f"/v1/persons/{admin.headers['X-Person']}"
            assert await last_issuer(api) == issuer.url
        changed = trusting(settings, issuer, oidc_login_claim="nick")
        async with serving(place.url, secrets, changed) as api:
            assert await told(api, issuer.token(sub="x", nick="lin")) == (403, "unknown_login")
        async with serving(place.url, secrets, trusting(settings, other)) as api:
            assert await told(api, other.token()) == (403, "unknown_login")
            admin = await api.client("Gao", Role.admin)
            change = await admin.patch(person, json={"login": "lin"}, headers={"If-Match": "1"})
            assert (change.status_code, await last_issuer(api)) == (200, other.url)
            assert await told(api, other.token()) == (200, None)
            change = await admin.patch(person, json={"login": None}, headers={"If-Match": "2"})
            assert (change.json()["login"], await last_issuer(api)) == (None, None)
        async with serving(place.url, secrets, settings) as api:
            admin = await api.client("Gao", Role.admin)
            change = await admin.patch(person, json={"login": "lin"}, headers={"If-Match": "3"})
            assert (change.json()["login"], await last_issuer(api)) == ("lin", None)
        async with serving(place.url, secrets, trusting(settings, issuer)) as api:
            assert await told(api, issuer.token()) == (403, "unknown_login"), "set for no provider"


async def test_an_e_mail_names_somebody_only_if_the_provider_has_verified_it(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, issuer: LocalIssuer
) -> None:
    changed = trusting(settings, issuer, oidc_login_claim="email")
    async with serving(place.url, tmp_path / "secrets", changed) as api:
        await known(api, "lin@example.org")
        email: Json = {"email": "lin@example.org"}
        assert await told(api, issuer.token(**email, email_verified=True)) == (200, None)
        for verified in (None, False, "true", 1):
            token = issuer.token(**email, email_verified=verified)
            assert await told(api, token) == (403, "unknown_login")


async def test_whoever_comes_first_is_added_where_that_is_wanted_and_once(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, issuer: LocalIssuer
) -> None:
    async with serving(
        place.url, tmp_path / "secrets", trusting(settings, issuer, oidc_adds_people=True)
    ) as api:
        token = issuer.token(
            sub="wu", name="Wu Jing", email="wu@example.org", email_verified=True, locale="zh-CN"
        )
        clients = [api.with_token(token) for _ in range(8)]
        answers = await asyncio.gather(*(client.get("/v1/me") for client in clients))
        assert {answer.status_code for answer in answers} == {200}
        (person,) = {answer.json()["person"]["id"] for answer in answers}
        me = answers[0].json()
        assert (me["person"]["name"], me["roles"], me["language"]) == ("Wu Jing", [], "zh")
        admin = await api.client("Gao", Role.admin)
        response = await admin.read(f"/v1/persons/{person}")
        assert (response["login"], response["email"], response["kind"]) == ("wu", "wu@example.org", "human")
        await admin.post_ok(f"/v1/persons/{person}/deactivate")
        assert await told(api, token) == (403, "inactive_login")


@in_test_all
async def test_what_cannot_be_taken_of_a_newcomer_is_left_out(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, issuer: LocalIssuer
) -> None:
    changed = trusting(settings, issuer, oidc_adds_people=True)
    async with serving(place.url, tmp_path / "secrets", changed) as api:
        admin = await api.client("Gao", Role.admin)
        for n, email in enumerate(("wu@at@example.org", "wu jing@example.org", "enc1:wu@example.org")):
            body: Json = {"sub": f"wu{n}", "name": "enc1:Wu", "email": email, "email_verified": True}
            me = await api.with_token(issuer.token(**body)).read("/v1/me")
            answer = await admin.read(f"/v1/persons/{me['person']['id']}")
            assert (answer["name"], answer["login"], answer["email"]) == (f"wu{n}", f"wu{n}", None)
        assert await told(api, issuer.token(sub="enc1:wu")) == (403, "unknown_login")


async def test_a_provider_may_change_its_keys_and_is_asked_seldom(desk: Api, issuer: LocalIssuer) -> None:
    await known(desk)
    for _ in range(3):
        assert await told(desk, issuer.token()) == (200, None)
    assert issuer.asked == 1
    issuer.publish("first", "second")
    assert await told(desk, issuer.token("second")) == (200, None)
    assert await told(desk, issuer.token("first")) == (200, None)
    assert issuer.asked == 2
    stranger = new_key()
    tokens = [issuer.token(f"unheard of {n}", key=stranger) for n in range(10)]
    answers = [await told(desk, token) for token in tokens]
    assert set(answers) == {(401, "unauthenticated")}
    assert issuer.asked == 1 + REFETCHES
    assert await told(desk, issuer.token("second")) == (200, None)


async def test_a_key_that_is_withdrawn_is_believed_only_until_the_keys_are_asked_for_anew(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, issuer: LocalIssuer
) -> None:
    changed = trusting(settings, issuer, oidc_keys_seconds=0)
    async with serving(place.url, tmp_path / "secrets", changed) as api:
        await known(api)
        old = issuer.token("first")
        assert await told(api, old) == (200, None)
        issuer.publish("second")

        async def withdrawn() -> bool:
            return await told(api, old) == (401, "unauthenticated")

        await until(withdrawn)
        assert await told(api, issuer.token("second")) == (200, None)


async def test_while_the_provider_is_away_its_known_keys_hold_and_others_are_answered_clearly(
    place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    issuer = LocalIssuer()
    async with issuing(issuer):
        changed = trusting(settings, issuer, oidc_keys_seconds=1)
    async with serving(place.url, tmp_path / "secrets", changed) as api:
        await known(api)
        with_key = await api.client("Wu")
        answers = await asyncio.gather(*(told(api, issuer.token()) for _ in range(10)))
        assert set(answers) == {(503, "issuer_gone")}
        answer = await api.with_token(issuer.token()).get("/v1/me")
        assert answer.headers["retry-after"] == "2"
        assert (await with_key.get("/v1/me")).status_code == 200


@in_test_all
async def test_a_provider_that_stammers_takes_nothing_away(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, issuer: LocalIssuer
) -> None:
    changed = trusting(settings, issuer, oidc_keys_seconds=1)
    async with serving(place.url, tmp_path / "secrets", changed) as api:
        await known(api)
        assert await told(api, issuer.token()) == (200, None)
        issuer.broken, before = True, issuer.asked
        issuer.publish("second")

        async def asked_in_vain() -> bool:
            assert await told(api, issuer.token("first")) == (200, None)
            return issuer.asked > before

        await until(asked_in_vain)
        assert await told(api, issuer.token("second")) == (503, "issuer_gone")
        assert await told(api, issuer.token("first")) == (200, None)
        issuer.broken = False
        assert await told(api, issuer.token("second")) == (200, None)


@in_test_all
async def test_a_provider_that_lists_no_keys_takes_none_away(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, issuer: LocalIssuer
) -> None:
    changed = trusting(settings, issuer, oidc_keys_seconds=1)
    async with serving(place.url, tmp_path / "secrets", changed) as api:
        await known(api)
        assert await told(api, issuer.token()) == (200, None)
        issuer.listed, before = [], issuer.asked

        async def asked_twice() -> bool:
            assert await told(api, issuer.token()) == (200, None)
            return issuer.asked > before + 1

        await until(asked_twice)


async def test_tokens_that_nobody_can_check_are_looked_at_no_more_than_wrong_keys(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, issuer: LocalIssuer
) -> None:
    issuer.broken = True
    changed = trusting(settings, issuer, wrong_keys=3)
    async with serving(place.url, tmp_path / "secrets", changed) as api:
        await known(api)
        answers = [await told(api, issuer.token()) for _ in range(5)]
        assert answers == [(503, "issuer_gone")] * 3 + [(429, "too_many_wrong_keys")] * 2
        assert issuer.asked <= 3


@pytest.fixture
def asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider is asked for its keys for each token of an unknown one, however many come."""
    monkeypatch.setattr(issuers, "REFETCHES", 1_000)


@pytest.mark.usefixtures("asked_each_time", "lin")
@each_case(
    "says",
    [
        {"issuer": "https://login.example.org"},
        {"jwks_uri": None},
        {"jwks_uri": "ftp://127.0.0.1/keys"},
        {"jwks_uri": "http://[broken"},
        {"jwks_uri": "http://keys.example.org/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "/keys"},
        {"issuer": None},
    ],
)
async def test_a_provider_that_says_something_else_of_itself_is_not_believed(
    desk: Api, issuer: LocalIssuer, says: Json
) -> None:
    issuer.says = says
    assert await told(desk, issuer.token()) == (503, "issuer_gone")


async def test_keys_of_another_host_count_only_by_https(desk: Api, issuer: LocalIssuer) -> None:
    await known(desk)
    elsewhere = f"{issuer.url.replace('127.0.0.1', 'localhost')}/keys"
    assert not elsewhere.startswith(issuer.url)
    issuer.says = {"jwks_uri": elsewhere}
    assert await told(desk, issuer.token()) == (503, "issuer_gone")
    assert issuer.asked == 0, "they are there, and were not asked for"


@pytest.mark.parametrize(
    "listed",
    [
        [],
        "all of them",
        pytest.param([7, None, {}], marks=in_test_all),
        pytest.param([{"kid": "first"}], marks=in_test_all),
        [{"kid": "first", "kty": "oct", "k": "c2VjcmV0"}],
        pytest.param([{"kid": "first", "kty": "EC", "crv": "P-256", "x": "!", "y": "!"}], marks=in_test_all),
        [{"kid": "first", "kty": "RSA", "n": "AQAB", "e": "AQAB"}],
    ],
)
async def test_keys_that_are_none_open_nothing(desk: Api, issuer: LocalIssuer, listed: Any) -> None:
    await known(desk)
    issuer.listed = listed
    status, _ = await told(desk, issuer.token())
    assert status in (401, 503)
    status, _ = await told(desk, jwt.encode({"sub": "lin"}, "secret" * 8, "HS256", headers={"kid": "first"}))
    assert status == 401


async def test_a_login_becomes_a_session_that_ends_with_the_person(desk: Api, issuer: LocalIssuer) -> None:
    admin = await known(desk, "lin", Role.agent)
    opened = await desk.with_token(issuer.token()).post("/v1/sessions")
    assert opened.status_code == 201
    cookie = SimpleCookie(opened.headers["set-cookie"])["ledgerdesk_session"].value
    browser = desk.with_token(None, headers={"Cookie": f"ledgerdesk_session={cookie}"})
    me = await browser.read("/v1/me")
    assert (me["person"]["name"], me["session"], me["key_id"]) == ("Lin Yu", True, None)
    assert await desk.ledger.db.value("select signed_in_at from plumbing.session") is None, (
        "a token is no sign-in"
    )
    assert me["expires_at"] == opened.json()["expires_at"]
    assert (await browser.post("/v1/incidents", json=an_incident())).status_code == 403
    assert (await browser.post("/v1/incidents", json=an_incident(), headers=OURS)).status_code == 201
    assert (await browser.post("/v1/sessions", headers=OURS)).json()["code"] == "key_needed"
    await admin.post_ok(f"/v1/persons/{admin.headers['X-Person']}/deactivate")
    assert (await browser.get("/v1/me")).status_code == 401


async def test_a_session_ends_when_the_login_that_opened_it_is_taken_away(
    desk: Api, issuer: LocalIssuer
) -> None:
    admin = await known(desk, "lin", Role.agent)
    opened = await desk.with_token(issuer.token()).post("/v1/sessions")
    cookie = SimpleCookie(opened.headers["set-cookie"])["ledgerdesk_session"].value
    browser = desk.with_token(None, headers={"Cookie": f"ledgerdesk_session={cookie}"})
    assert (await browser.get("/v1/me")).status_code == 200
    lin = f"/v1/persons/{admin.headers['X-Person']}"
    assert (await admin.patch(lin, json={"login": None}, headers={"If-Match": "1"})).status_code == 200
    assert (await browser.get("/v1/me")).status_code == 401
    await admin.post_ok("/v1/persons", {"name": "Another", "login": "lin", "roles": ["admin"]})
    assert (await browser.get("/v1/me")).status_code == 401, "it is somebody else's login now"
    assert await told(desk, issuer.token()) == (200, None)


async def test_nobody_is_named_by_what_they_log_in_with(desk: Api) -> None:
    admin = await known(desk, "lin")
    reporter = await desk.client("Monitoring", Role.integration)
    answer = await reporter.post("/v1/incidents", json=an_incident(requester="(login):lin"))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_reference")
    assert admin.headers["X-Person"] not in answer.text


async def test_a_login_has_a_quota_of_its_own(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, issuer: LocalIssuer
) -> None:
    changed = trusting(settings, issuer, rate_limit=3, rate_seconds=600)
    async with serving(place.url, tmp_path / "secrets", changed) as api:
        async with serving(place.url, tmp_path / "secrets", trusting(settings, issuer)) as other:
            await known(other)
        answers = [await told(api, issuer.token(jti=str(n))) for n in range(4)]
        assert answers == [(200, None)] * 3 + [(429, "rate_limited")]


async def test_without_a_provider_in_the_settings_no_token_is_taken(api: Api) -> None:
    issuer = LocalIssuer()
    issuer.url = "https://login.example.org"
    assert await told(api, issuer.token()) == (401, "unauthenticated")
