"""API keys: what is accepted, and that what is not is answered the same, whatever was wrong."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.api.records import events
from app.api.records.shapes import Renderer
from app.common.people import Role, rule_caller
from app.foundation.people.keys import LIFECYCLE
from app.foundation.people.queries import KeyOut
from app.kernel.access.reads import load
from app.log import read
from app.log.ids import uuid7
from app.platform.settings import Settings
from tests.cases import each_case
from tests.client import Api, an_incident, serving
from tests.conftest import DatabaseUrls
from tests.people import add_person, ago
from tests.waiting import until


async def answers_of(api: Api, *sent: str) -> set[str]:
    """What is told to whoever sends one of these; but for ids, and for whether anything was sent at all."""
    answers = set()
    for authorization in sent:
        headers = [(b"Authorization", authorization.encode("latin-1"))]
        answer = await api.with_token(None).get("/v1/meta", headers=headers)
        assert answer.status_code == 401, authorization
        assert answer.headers["www-authenticate"].startswith("Bearer")
        answers.add(
            answer.text.replace(answer.headers["x-request-id"], "") + answer.headers["www-authenticate"]
        )
    return answers


async def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(shared: Api) -> None:
    person = await add_person(shared.ledger, "Zhao Min")
    good = (await shared.client_of(person)).token or ""
    expired = (await shared.client_of(person, ends=ago(seconds=1))).token or ""
    prefix, key_id, secret = good.split("_", 2)
    other = (await shared.client_of(person)).token or ""
    basic = base64.b64encode(good.encode()).decode()
    answers = await answers_of(
        shared,
        f"Bearer {expired}",
        f"Bearer {prefix}_{key_id}_{secret[:-1]}",
        f"Bearer {prefix}_{key_id}_{secret}x",
        f"Bearer {prefix}_{key_id}_{other.split('_', 2)[2]}",
        f"Bearer {prefix}_{key_id}_",
        f"Bearer {prefix}_{key_id}",
        f"Bearer {prefix}_{uuid7().hex}_{secret}",
        f"Bearer {prefix}_{key_id[:-1]}_{secret}",
        f"Bearer {prefix}__{secret}",
        f"Bearer {good.upper()}",
        f"Bearer {secret}",
        f"Bearer {good} {good}",
        f"Bearer {prefix}_{key_id}_caf\xe9",
        "Bearer",
        "Bearer ",
        f"Basic {basic}",
        f"Basic {good}",
        f"Token {good}",
        good,
        "ldk_",
        ", ,",
    )
    assert len(answers) == 1
    assert (await shared.with_token(good).get("/v1/meta")).status_code == 200


async def test_the_scheme_may_be_written_in_any_case(shared: Api) -> None:
    good = (await shared.client("Zhao Min")).token
    for scheme in ("Bearer", "bearer", "BEARER", "Bearer "):
        answer = await shared.with_token(None).get("/v1/meta", headers={"Authorization": f"{scheme} {good}"})
        assert answer.status_code == 200


async def test_a_key_ends_when_it_was_said_to(shared: Api) -> None:
    person = await add_person(shared.ledger, "Zhao Min")
    soon = await shared.client_of(person, ends=datetime.now(UTC) + timedelta(milliseconds=300))

    async def ended() -> bool:
        return (await soon.get("/v1/meta")).status_code == 401

    assert (await soon.get("/v1/meta")).status_code == 200
    assert await until(ended)


async def test_a_revoked_key_is_refused_at_once_here_and_soon_in_every_other_process(
    api: Api,
    place: DatabaseUrls,
    tmp_path_factory: pytest.TempPathFactory,
    settings: Settings,
    tmp_path: object,
) -> None:
    admin, zhao = await api.client("Ada", Role.admin), await api.client("Zhao Min")
    key_id = UUID((zhao.token or "").split("_")[1])
    async with serving(place.url, tmp_path / "secrets", settings) as other:  # type: ignore[operator]  # a Path
        other_client = other.with_token(zhao.token)
        assert (await other_client.get("/v1/meta")).status_code == 200
        await admin.post_ok(f"/v1/keys/{key_id}/revoke")
        assert (await zhao.get("/v1/meta")).status_code == 401

        async def refused() -> bool:
            return (await other_client.get("/v1/meta")).status_code == 401

        assert await until(refused)
    assert len(await answers_of(api, f"Bearer {zhao.token}", "Bearer ldk_nothing_at_all")) == 1


async def test_what_a_key_may_is_what_it_holds_and_not_what_another_key_of_the_person_holds(
    shared: Api,
) -> None:
    person = await add_person(shared.ledger, "Lin")
    as_agent = await shared.client_of(person, Role.agent)
    as_requester = await shared.client_of(person)
    path = f"/v1/incidents/{(await as_requester.post_ok('/v1/incidents', an_incident()))['id']}"
    assert (await as_requester.post(f"{path}/acknowledge", json={})).status_code == 403
    assert (await as_agent.post(f"{path}/acknowledge", json={})).status_code == 200


@each_case(
    "role",
    [
        "boss",
        "Admin",
        "agent@",
        "agent@team",
        "agent@team/",
        "agent@team/desk",
        "agent@teams/01970000-0000-7000-8000-000000000000",
        "agent@service/01970000-0000-7000-8000-000000000000",
        "agent@service/a,b",
        "agent@service/a/b",
        "agent@service/",
        "agent@process/",
        "@team/01970000-0000-7000-8000-000000000000",
        "agent,admin",
    ],
)
async def test_a_role_that_there_is_none_of_is_refused(shared: Api, role: str) -> None:
    admin = await shared.client("Ada", Role.admin)
    head = await shared.head()
    answer = await admin.post("/v1/keys", json={"name": "A", "person": "me", "roles": ["requester", role]})
    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("/roles/1", "unknown_role")]
    assert await shared.head() == head


@pytest.mark.parametrize(
    "scope", ["team/01970000-0000-7000-8000-000000000000", "process/nothing", "process/key"]
)
async def test_a_role_for_records_that_there_are_none_of_is_refused(shared: Api, scope: str) -> None:
    admin = await shared.client("Ada", Role.admin)
    head = await shared.head()
    role = f"agent@{scope}"
    for path, body, pointer in (
        ("/v1/persons", {"name": "X", "roles": ["engineer", role]}, "/roles/1"),
        (f"/v1/persons/{admin.id}/grant_role", {"role": role}, "/role"),
    ):
        answer = await admin.post(path, json=body)
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == (pointer, "unknown_reference")
    assert await shared.head() == head


async def test_a_role_for_a_team_is_kept_in_one_way_of_writing_it(shared: Api) -> None:
    admin = await shared.client("Ada", Role.admin)
    team = UUID(await shared.team("keys-in-one-way"))
    grants = [
        f"agent@team/{written}" for written in (team, str(team).upper(), team.hex, team.urn, f"{{{team}}}")
    ]
    await admin.post_ok(f"/v1/persons/{admin.id}/grant_role", {"role": grants[-1]})
    record = await admin.post_ok("/v1/keys", {"name": "A", "person": "me", "roles": grants})
    assert record["roles"] == [f"agent@team/{team}"]


async def test_the_events_of_a_key_do_not_show_what_is_kept_of_its_secret(shared: Api) -> None:
    admin = await shared.client("Ada", Role.admin)
    record = await admin.post_ok("/v1/keys", {"name": "A", "person": "me", "roles": ["admin"]})
    loaded = await load(shared.ledger.db, LIFECYCLE, record["id"])
    assert loaded is not None
    (event,) = await read.stream_events(shared.ledger.db, loaded.record.row_key)
    assert event.data["given"]["secret_hash"] == event.data["set"][loaded.record.row_key]["secret_hash"]
    renderer = Renderer(shared.ledger, LIFECYCLE, KeyOut, rule_caller("tests"), "en")
    (shown,) = (await events.page(renderer, loaded.record, events.EventPaging()))["items"]
    assert set(event.data["given"]) - set(shown["given"]) == {"secret_hash"}
    assert shown["given"]["name"] == "A"
    assert event.data["given"]["secret_hash"] not in str(shown)


async def test_a_role_for_one_team_is_not_one_for_all(shared: Api) -> None:
    """A key that was meant for one team must never come to hold the role everywhere."""
    network = await shared.team("keys-network")
    tied = await shared.client("Otto", f"admin@team/{network}")
    for path, body in (
        ("/v1/teams", {"key": "x", "name": "X"}),
        ("/v1/persons", {"name": "X"}),
        ("/v1/keys", {"name": "x", "person": "me", "roles": ["admin"]}),
    ):
        assert (await tied.post(path, json=body)).status_code == 403


async def test_only_an_administrator_makes_keys_and_revokes_those_of_others(shared: Api) -> None:
    admin = await shared.client("Ada", Role.admin)
    zhao = await shared.client("Zhao Min")
    wu = await shared.client("Wu Jing", Role.agent)
    own = UUID((zhao.token or "").split("_")[1])
    assert (await wu.post(f"/v1/keys/{own}/revoke", json={})).status_code == 404
    body = {"name": "More", "person": "me", "roles": ["admin"]}
    assert (await zhao.post("/v1/keys", json=body)).status_code == 403
    assert (await admin.post("/v1/keys", json={**body, "secret_hash": "0" * 64})).status_code == 422
    await zhao.post_ok(f"/v1/keys/{own}/revoke")
    assert (await zhao.get("/v1/meta")).status_code == 401


async def test_neither_log_nor_tables_hold_the_secret(shared: Api) -> None:
    admin = await shared.client("Ada", Role.admin)
    record = await admin.post_ok("/v1/keys", {"name": "Portal", "person": "me", "roles": ["requester"]})
    secret = record["token"].split("_", 2)[2]
    everything = await shared.ledger.db.rows(
        "select convert_from(data, 'UTF8') as text from log.event union all select k::text from fold.key k"
    )
    assert not [row for row in everything if secret in row["text"]]


async def test_persons_act_under_their_own_name_and_machines_as_integrations(shared: Api) -> None:
    admin = await shared.client("Ada", Role.admin)
    machine = await admin.post_ok(
        "/v1/persons", {"name": "Monitoring", "kind": "machine", "roles": ["integration"]}
    )
    record = await admin.post_ok("/v1/keys", {"name": "M", "person": machine["id"], "roles": ["integration"]})
    tool = shared.with_token(record["token"])
    path = f"/v1/incidents/{(await tool.post_ok('/v1/incidents', an_incident()))['id']}"
    event = (await tool.read(f"{path}/events"))["items"][0]
    assert event["actor"] == f"integration:{machine['id']}"
