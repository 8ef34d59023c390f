"""How much may be asked: a moving window per key, and per address for wrong keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.commands.written_content import UNSAFE, WriteQuotas, is_write
from app.api.requests.limits import Quota, QuotaLeft
from app.common.keys import new_secret, token
from app.common.people import Caller, PersonKind, Role, rule_caller
from app.foundation.people.persons import AddPerson
from app.log.ids import uuid7
from app.platform.settings import Settings
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.client import Api, an_incident, serving
from tests.conftest import DatabaseUrls
from tests.contract.answers import document
from tests.people import act, add_person

LIMIT, SECONDS = 5, 3600


@pytest.fixture
async def strict(place: DatabaseUrls, tmp_path: Path, settings: Settings) -> AsyncIterator[Api]:
    """An application that lets each key ask five times an hour, and look up three wrong keys."""
    changed = settings.model_copy(update={"rate_limit": LIMIT, "rate_seconds": SECONDS, "wrong_keys": 3})
    async with serving(place.url, tmp_path / "secrets", changed) as opened:
        yield opened


async def test_a_key_that_has_asked_too_much_is_told_when_to_ask_again_and_others_are_not(
    strict: Api,
) -> None:
    agent, other = await strict.client("Lin", Role.agent), await strict.client("Wu", Role.agent)
    head = await strict.head()
    left = [(await agent.get("/v1/meta")).headers["ratelimit"].split(";")[1] for _ in range(LIMIT)]
    assert left == [f"r={n}" for n in reversed(range(LIMIT))]
    for language, title in (("en", "Too many requests"), ("zh", "请求过于频繁")):
        refused = await agent.post("/v1/incidents", json=an_incident(), headers={"Accept-Language": language})
        document = refused.json()
        assert (refused.status_code, document["code"], document["title"]) == (429, "rate_limited", title)
        assert 0 < int(refused.headers["retry-after"]) <= SECONDS
        assert "3600" in document["detail"]
        assert refused.headers["ratelimit-policy"] == f'"key";q={LIMIT};w={SECONDS}'
        assert refused.headers["ratelimit"].startswith('"key";r=0;t=3')
    assert await strict.head() == head, "nothing was written"
    assert (await other.get("/v1/meta")).status_code == 200
    assert (await strict.with_token(None).get("/livez")).status_code == 200


async def test_what_a_client_has_already_does_not_count(strict: Api) -> None:
    agent = await strict.client("Lin", Role.agent)
    path = f"/v1/persons/{agent.id}"
    etag = (await agent.get(path)).headers["etag"]
    for _ in range(LIMIT * 2):
        answer = await agent.get(path, headers={"If-None-Match": etag})
        assert (answer.status_code, answer.headers["ratelimit"].split(";")[1]) == (304, f"r={LIMIT - 1}")


async def test_after_many_wrong_keys_an_address_is_heard_only_with_keys_that_are_in_use(strict: Api) -> None:
    in_use = await strict.client("Lin", Role.agent)
    assert (await in_use.get("/v1/meta")).status_code == 200
    person = await add_person(strict.ledger, "Wu")
    fresh = await strict.client_of(person, Role.agent)
    assert (await in_use.get("/v1/meta")).status_code == 200
    guesses = [strict.with_token(token(uuid7(), new_secret())) for _ in range(4)]
    answers = [await guess.get("/v1/meta") for guess in guesses]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert answers[-1].json()["code"] == "too_many_wrong_keys"
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert (await fresh.get("/v1/meta")).status_code == 429
    assert (await in_use.get("/v1/meta")).status_code == 200
    assert (await strict.with_token(None).get("/v1/meta")).status_code == 401, (
        "who shows none guesses nothing"
    )


class Clock:
    """Time that passes when we say so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


WAITS = st.lists(st.tuples(st.floats(0, 15), st.sampled_from("ab")), max_size=60)


@given(WAITS)
def test_in_no_stretch_of_so_many_seconds_is_more_taken(
    waits: list[tuple[float, str]],
) -> None:
    clock = Clock()
    quota = Quota("key", 4, 10, clock)
    accepted: list[tuple[float, str]] = []
    for wait, caller in waits:
        clock.now += wait
        lately = [instant for instant, name in accepted if name == caller and instant > clock.now - 10]
        room = quota.remaining(caller)
        assert room.left == 4 - len(lately)
        assert quota.consume(caller) == (room.left > 0), "whoever can ask may"
        if room.left:
            accepted.append((clock.now, caller))
        else:
            ends = clock.now + room.seconds
            assert min(lately) + 10 <= ends < min(lately) + 11


def test_names_that_ask_nothing_any_more_are_forgotten() -> None:
    clock = Clock()
    quota = Quota("address", 4, 10, clock)
    for n in range(1_000):
        quota.consume(f"10.0.0.{n}")
    clock.now = 11
    quota.consume("10.0.0.1")
    assert quota.remaining("10.0.0.2") == QuotaLeft(4, 0)
    assert len(quota._counted) == 1


#: What makes something and does not count as a person's content, and what bounds it.
UNCOUNTED = {
    "post /v1/events/tickets": "each is over after half a minute",
    "post /v1/kpis/{key}/effect": "a role is needed",
    "put /v1/kpis/{key}/target": "a role is needed, and there is one for each KPI and scope",
    "put /v1/priority_matrix": "a role is needed",
    "post /v1/webhook_sources/{id}/send_sample": "a role is needed",
    "post /v1/webhooks/{source}": "a source has a rate of its own",
}


async def test_one_person_makes_so_many_records_and_an_integration_more(
    place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    changed = settings.model_copy(update={"person_writes": 3})
    async with serving(place.url, tmp_path / "secrets", changed) as api:
        lin, mei = await api.client("Lin", Role.agent), await api.client("Mei", Role.agent)
        added = AddPerson(name="Tool", kind=PersonKind.machine)
        tool = (await act(api.ledger, rule_caller("tests"), "person", "add", body=added)).record
        machine = await api.client_of(tool, Role.integration)
        path = f"/v1/incidents/{(await lin.post_ok('/v1/incidents', an_incident()))['id']}"
        await lin.post_ok(f"{path}/comment", {"text": "One."})
        assert (await lin.put(f"/v1/uploads/{uuid7()}", content=b"x")).status_code == 200
        head = await api.head()
        for language, words in (("en", "3 records"), ("zh", "3 条")):
            refused = await lin.post(
                f"{path}/comment", json={"text": "Two."}, headers={"Accept-Language": language}
            )
            assert (refused.status_code, refused.json()["code"]) == (429, "too_many_writes")
            assert words in refused.json()["detail"]
            assert 0 < int(refused.headers["retry-after"]) <= 600
        assert await api.head() == head
        assert (await lin.get(path)).status_code == 200, "they read, and act on what there is"
        await lin.post_ok(f"{path}/acknowledge")
        await mei.post_ok("/v1/incidents", an_incident())
        for _ in range(5):
            await machine.post_ok("/v1/incidents", an_incident(requester=mei.id))
        head = await api.head()
        items = [{"action": "report", "body": an_incident()} for _ in range(3)]
        refused = await mei.post("/v1/incidents/bulk", json={"items": items})
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_writes"), "each item counts"
        assert await api.head() == head
        await mei.post_ok("/v1/incidents/bulk", {"items": items[:2]})
        assert (await mei.post("/v1/incidents", json=an_incident())).status_code == 429


def test_whatever_makes_something_counts_or_has_a_bound_of_its_own() -> None:
    """The operations are those of the contract, so that a new one is in the list."""
    uncounted = {
        f"{method} {path}"
        for path, operations in document()["paths"].items()
        for method, operation in operations.items()
        if {"201", "202"} & operation.get("responses", {}).keys() and not is_write(method.upper(), path)
    }
    assert uncounted == UNCOUNTED.keys()


#: What even requesters may do as often as they like, and why.
FREE_TO_REQUESTERS = {
    "delete /v1/sessions/current": "to sign out is never refused",
    "post /v1/events/tickets": "each is over after half a minute",
    "post /v1/catalogue_items/{id}/check": "it changes nothing",
    "post /v1/subscriptions/{id}/preview": "it changes nothing",
    "post /v1/webhook_sources/{id}/try_mapping": "it changes nothing",
    "post /v1/webhooks/{source}/preview": "it changes nothing",
}


def test_whatever_a_requester_does_counts(settings: Settings) -> None:
    """Complaints, views and preferences as well: taken from the contract, so that a new action is in it."""
    person_id = uuid7()
    rate = WriteQuotas.of_settings(settings).rate_of(Caller(f"person:{person_id}", person_id))
    free = {
        f"{method} {path}"
        for path, operations in document()["paths"].items()
        for method in operations.keys() & {unsafe.lower() for unsafe in UNSAFE}
        if not path.endswith("/bulk") and not rate.counts(method.upper(), path)
    }
    assert free == FREE_TO_REQUESTERS.keys()
    for lifecycle in LIFECYCLES:
        assert all(rate.counts_action(lifecycle, row.name) for row in lifecycle.rows)


@each_case(
    ("role", "action"), [(Role.requester, "edit"), (Role.agent, "preferences"), (Role.agent, "follow")]
)
async def test_what_is_free_to_everybody_ends_with_429(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, role: Role, action: str
) -> None:
    changed = settings.model_copy(update={"person_writes": 4})
    async with serving(place.url, tmp_path / "secrets", changed) as api:
        client = await api.client("Lin", role)
        path = f"/v1/incidents/{(await client.post_ok('/v1/incidents', an_incident()))['id']}"
        preferences = await client.read("/v1/me/preferences")
        send: dict[str, Callable[[], Awaitable[httpx.Response]]] = {
            "edit": lambda: client.patch(path, json={"title": "New"}, headers={"If-Match": "*"}),
            "follow": lambda: client.post(f"{path}/unfollow"),
            "preferences": lambda: client.put("/v1/me/preferences", json=preferences),
        }
        statuses = [(await send[action]()).status_code for _ in range(4)]
        assert 429 not in statuses[:3]
        assert statuses[3] == 429
