"""What acts later for a person is made by no credential that is narrower than they are, replaced or over
sooner: it is refused, or bounded by what they came with; by a key, and by a session of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.common.people import Role
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from tests.api.test_sessions import browser_of
from tests.cases import each_case
from tests.client import Client, Json, add_key, add_whole_key
from tests.every_action.samples import valid_body
from tests.every_action.world import World, case_name, record_address, send

#: What acts for its person without them.
ACTS_LATER = frozenset({"absence", "absence_calendar", "deputy", "key", "subscription"})
#: What else is made in person, and why it gives nobody what a credential of theirs gives them.
GIVES_NOTHING = {
    "survey_response": "an answer",
    "recognition": "thanks",
    **dict.fromkeys(
        ("person", "team", "group", "group_mapping", "webhook_source", "approval_rule"),
        "for administrators or owners of processes, by a role in the key; no replaced secret does it",
    ),
}
OPENING = [(lc, row) for lc in LIFECYCLES for row in lc.rows if row.opens and lc.kind in ACTS_LATER]
TO_CHANGE = [
    (lc, row)
    for lc in LIFECYCLES
    for row in lc.rows
    if not row.opens and lc.kind in ACTS_LATER and row.policy.bars_assistants
]
#: No session makes a subscription, whatever opened it.
REFUSED = ((403, "superseded_secret"), (403, "own_key_required"))
MINUTES = timedelta(minutes=10)
OURS = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Credential:
    """A credential of somebody who may do everything, and what bounds it."""

    name: str
    client: Client
    roles: frozenset[str] | None = None
    ends: datetime | None = None
    headers: Json | None = None


async def _with_sessions(world: World, credentials: list[Credential]) -> list[Credential]:
    """The same, and a session of each."""
    sessions = []
    for each in credentials:
        browser, _ = await browser_of(world.api, each.client)
        sessions.append(Credential(f"session of {each.name}", browser, each.roles, each.ends, OURS))
    return [*credentials, *sessions]


@pytest.fixture(scope="module")
async def bounded(world: World) -> list[Credential]:
    """Keys that are narrowed to each single role, one that ends soon, and sessions of them."""
    ledger, person = world.api.ledger, UUID(world.everybody.id)
    ends = datetime.now(UTC) + MINUTES
    short = world.api.with_token(await add_whole_key(ledger, person, ends=ends), person)
    credentials = [Credential("a key that ends in ten minutes", short, ends=ends)]
    for role in Role:
        if role not in (Role.admin, Role.auditor):
            client = world.api.with_token(await add_key(ledger, person, role), person)
            credentials.append(Credential(role.value, client, frozenset({role.value, "requester"})))
    return await _with_sessions(world, credentials)


@pytest.fixture(scope="module")
async def replaced(world: World) -> list[Credential]:
    """A secret that was replaced, and a session that was opened with it before."""
    person = UUID(world.everybody.id)
    sent = await add_whole_key(world.api.ledger, person)
    old = world.api.with_token(sent, person)
    credentials = await _with_sessions(world, [Credential("a replaced secret", old)])
    await world.everybody.post_ok(f"/v1/keys/{UUID(sent.split('_')[1])}/rotate")
    return credentials


def test_whatever_is_made_in_person_is_classified() -> None:
    opened = {lc.kind for lc in LIFECYCLES for row in lc.rows if row.opens and row.policy.bars_assistants}
    assert opened == ACTS_LATER | GIVES_NOTHING.keys()
    noted = {lc.kind for lc in LIFECYCLES if "secret_hash" in lc.record.model_fields}
    assert noted == ACTS_LATER, "each is found when a key is lost; of a key it is its own"


def _is_bounded(kind: str, record: Json, credential: Credential) -> bool:
    """Whether what was made is bounded by what it was made with."""
    if kind == "absence":
        votes = record["votes_until_at"]
        if votes is None:
            return True
        ends = [votes]
    elif credential.roles is not None and not set(record.get("roles") or ["whole"]) <= credential.roles:
        return False
    else:
        ends = [record[name] for name in ("ends_at", "expires_at", "until_at") if name in record]
    last = [None if end is None else datetime.fromisoformat(end) for end in ends]
    return credential.ends is None or all(end is not None and end <= credential.ends for end in last)


async def _sent(
    world: World,
    credential: Credential,
    lifecycle: Lifecycle[Any],
    row: Action[Any, Any],
    record: Json | None,
) -> httpx.Response:
    path = "" if record is None else record_address(lifecycle, record)
    body = await valid_body(world.everybody, row, path)
    return await send(credential.client, lifecycle, row, record, body, credential.headers)


@each_case(("lifecycle", "row"), OPENING, ids=case_name)
async def test_what_acts_later_is_refused_or_bounded_by_the_credential(
    world: World, bounded: list[Credential], lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    for credential in bounded:
        answer = await _sent(world, credential, lifecycle, row, None)
        assert answer.status_code in (201, 403, 422), (credential.name, answer.text)
        if answer.status_code == 201:
            assert _is_bounded(lifecycle.kind, answer.json(), credential), (credential.name, answer.text)


@each_case(("lifecycle", "row"), [*OPENING, *TO_CHANGE], ids=case_name)
async def test_a_replaced_secret_neither_makes_nor_changes_what_acts_later(
    world: World, replaced: list[Credential], lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    record = None
    if not row.opens:
        state = next(state for state in lifecycle.states if row.is_open_in(state))
        record = await world.untouched(lifecycle, state, row)
    head = await world.api.head()
    for credential in replaced:
        answer = await _sent(world, credential, lifecycle, row, record)
        refusal = answer.status_code, answer.json()["code"]
        assert refusal in REFUSED, (credential.name, answer.text)
    assert await world.api.head() == head


async def test_a_key_that_is_lost_takes_along_what_it_made_and_moved(world: World) -> None:
    """The owner rotates it without an overlap: what a thief left stands still until they confirm it."""
    person = UUID(world.everybody.id)
    sent = await add_whole_key(world.api.ledger, person)
    thief, key = world.api.with_token(sent, person), f"/v1/keys/{UUID(sent.split('_')[1])}"
    own = await world.everybody.post_ok("/v1/subscriptions", await _body(world, "subscription"))
    deputy = await world.everybody.post_ok("/v1/deputies", await _body(world, "deputy"))
    move = {"url": "https://thief.example.org/hook"}
    await thief.post_ok(f"/v1/subscriptions/{own['id']}/move", move, if_match="*")
    paths = {}
    for kind in sorted(ACTS_LATER - {"key"}):
        plural = LIFECYCLES_BY_KIND[kind].plural
        body = await _body(world, kind)
        paths[kind] = f"/v1/{plural}/{(await thief.post_ok(f'/v1/{plural}', body))['id']}"
    answer = await world.everybody.post_ok(f"{key}/rotate", {"overlap_seconds": 0})
    suspended = {f"{each['kind']}/{each['id']}" for each in answer["made_with_key"] if each["suspended"]}
    expected = {f"{kind}/{path.rpartition('/')[2]}" for kind, path in paths.items()}
    assert suspended == expected | {f"subscription/{own['id']}"}
    for path in (*paths.values(), f"/v1/subscriptions/{own['id']}"):
        assert (await world.everybody.read(path))["suspended_by_rotation"] is True, path
    assert (await world.everybody.read(paths["subscription"]))["state"] == "paused"
    assert (await world.everybody.read(f"/v1/deputies/{deputy['id']}"))["suspended_by_rotation"] is None
    for kind, action in (("deputy", "confirm"), ("absence_calendar", "confirm"), ("subscription", "resume")):
        confirmed = await world.everybody.post_ok(f"{paths[kind]}/{action}")
        assert confirmed["suspended_by_rotation"] is None
    await world.everybody.post_ok(f"{paths['absence']}/withdraw")
    again = await world.everybody.post_ok(f"{key}/rotate", {"overlap_seconds": 0})
    assert not {f"{each['kind']}/{each['id']}" for each in again["made_with_key"]} & (expected - suspended)


async def test_a_rotation_with_an_overlap_and_a_revocation(world: World) -> None:
    person = UUID(world.everybody.id)
    sent = await add_whole_key(world.api.ledger, person)
    client, key = world.api.with_token(sent, person), f"/v1/keys/{UUID(sent.split('_')[1])}"
    named = await client.post_ok("/v1/deputies", await _body(world, "deputy"))
    answer = await world.everybody.post_ok(f"{key}/rotate", {"overlap_seconds": 60})
    listed = {each["id"]: each["suspended"] for each in answer["made_with_key"]}
    assert listed[named["id"]] is False, "it is listed, and goes on"
    await world.everybody.post_ok(f"{key}/revoke")
    assert (await world.everybody.read(f"/v1/deputies/{named['id']}"))["suspended_by_rotation"] is True


async def _body(world: World, kind: str) -> Json:
    return await valid_body(world.everybody, LIFECYCLES_BY_KIND[kind].opening(), "")


#: What the first key sets, and what others do next: they add nothing that stands without it.
OTHER_EDITS: Json = {"absence.edit": {"until_at": (datetime.now(UTC) + timedelta(days=30)).isoformat()}}
#: With these the person says so anew, or it is over.
SETTLES = {"end", "withdraw", "disable", "confirm"}
TOUCHING = [(lc, row) for lc, row in TO_CHANGE if lc.kind != "key" and row.name not in SETTLES]


@each_case(("lifecycle", "row"), TOUCHING, ids=case_name)
async def test_what_a_lost_key_has_set_is_found_whoever_touched_it_last(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    person, ledger = UUID(world.everybody.id), world.api.ledger
    narrow = world.api.with_token(await add_key(ledger, person, Role.engineer), person)
    other = world.api.with_token(await add_whole_key(ledger, person), person)
    lead = await world.api.client("Lena", Role.engineer)
    for client in (narrow, other, lead, await world.api.client("Ada", Role.admin)):
        sent = await add_whole_key(ledger, person)
        first = world.api.with_token(sent, person)
        record = await first.post_ok(f"/v1/{lifecycle.plural}", await _body(world, lifecycle.kind))
        path = f"/v1/{lifecycle.plural}/{record['id']}"
        if row.name in ("resume", "set_template"):
            await first.post_ok(f"{path}/pause", if_match="*")
        body = OTHER_EDITS.get(case_name((lifecycle, row))) or await valid_body(world.everybody, row, path)
        await send(client, lifecycle, row, record, body)
        key = f"/v1/keys/{UUID(sent.split('_')[1])}"
        answer = await world.everybody.post_ok(f"{key}/rotate", {"overlap_seconds": 0})
        suspended = {each["id"]: each["suspended"] for each in answer["made_with_key"]}
        assert suspended.get(record["id"]) is True, (row.name, suspended)
        await _tidied(world, lifecycle.kind, path)


async def _tidied(world: World, kind: str, path: str) -> None:
    """It is over: no bound is reached."""
    over = {"subscription": "disable", "absence": "withdraw"}.get(kind, "end")
    await world.everybody.post_ok(f"{path}/{over}", if_match="*")


async def test_what_only_gives_others_a_way_in_is_listed(world: World) -> None:
    """Keys, among them those of provisioning, webhook sources and group mappings."""
    person = UUID(world.everybody.id)
    sent = await add_whole_key(world.api.ledger, person)
    thief, kinds = world.api.with_token(sent, person), {}
    for kind in ("key", "webhook_source", "group_mapping"):
        body = await _body(world, kind)
        kinds[(await thief.post_ok(f"/v1/{LIFECYCLES_BY_KIND[kind].plural}", body))["id"]] = kind
    scim = {"name": "Provisioning", "person": "me", "scope": "scim"}
    kinds[(await thief.post_ok("/v1/keys", scim))["id"]] = "key"
    rotated = f"/v1/keys/{UUID(sent.split('_')[1])}/rotate"
    answer = await world.everybody.post_ok(rotated, {"overlap_seconds": 0})
    assert {each["id"]: each["kind"] for each in answer["made_with_key"]}.items() >= kinds.items()
    assert not any(each["suspended"] for each in answer["made_with_key"] if each["id"] in kinds)
