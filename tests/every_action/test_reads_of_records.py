"""Whoever may act on a record sees it; it says what its reader may do with it, and what happened to it."""

from __future__ import annotations

from typing import Any

from app.common.people import OVERSIGHT_ROLES, Role
from app.common.records import Hidden, Record, codecs
from app.kernel.access.kinds import SEE_THEIR_TEAMS
from app.kernel.actions.lifecycle import SEE_THEIR_OWN, Lifecycle
from app.kernel.actions.payloads import marks
from app.platform.db import connect
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.client import Client, Json
from tests.every_action.world import World, case_name, record_address
from tests.every_action.world_data import PRIVATE_KINDS
from tests.extent import WHOLE
from tests.heads import differing_heads
from tests.selection import covering, selected

ADMINISTRATIVE = [lifecycle for lifecycle in LIFECYCLES if lifecycle.access.administrative]


def acting_everywhere(lifecycle: Lifecycle[Any]) -> set[Role]:
    """Roles that a row names, without those that see only their own or their teams' records."""
    roles: set[Role] = set()
    for row in lifecycle.rows:
        roles |= row.policy.roles - SEE_THEIR_OWN - (set() if row.reach.anywhere else SEE_THEIR_TEAMS)
    return roles


#: By `make test` each role once, and each kind of record.
ACTING = covering(
    [(lifecycle, role) for lifecycle in LIFECYCLES for role in sorted(acting_everywhere(lifecycle))],
    lambda case: (case[0].kind, case[1]),
)


async def readers(world: World, *held: str) -> list[Client]:
    """Somebody of the team with each of these roles alone."""
    return [await world.colleague_with(role) for role in held]


async def listed(client: Client, lifecycle: Lifecycle[Any], record: Json) -> Json | None:
    """The record as the list of its kind shows it; None if it is not there."""
    pages = await client.pages(f"/v1/{lifecycle.plural}", limit="200", include="actions")
    return next((item for page in pages for item in page if item["id"] == record["id"]), None)


def _name(value: Lifecycle[Any] | Role) -> str:
    return value.kind if isinstance(value, Lifecycle) else value.value


def test_every_kind_is_overseen_and_no_customer_oversees_one() -> None:
    for lifecycle in LIFECYCLES:
        assert lifecycle.access.oversight <= OVERSIGHT_ROLES | {Role.admin, Role.auditor}
        assert lifecycle.overseer_roles.isdisjoint(SEE_THEIR_OWN), lifecycle.kind


@each_case(("lifecycle", "role"), ACTING, ids=_name)
async def test_whoever_may_act_on_a_record_finds_and_reads_it(
    world: World, lifecycle: Lifecycle[Any], role: Role
) -> None:
    record = await world.standing(lifecycle, next(iter(lifecycle.states)))
    (client,) = await readers(world, role.value)
    answer = await client.get(record_address(lifecycle, record))
    assert answer.status_code == 200, answer.text
    page = await client.read(f"/v1/{lifecycle.plural}", limit=200)
    assert page["next_cursor"] or record["id"] in {item["id"] for item in page["items"]}


# By `make test` test_event_folds_back.py looks at what was acted on.
@each_case("lifecycle", LIFECYCLES, ids=_name)
async def test_the_head_of_a_record_says_who_may_see_it(world: World, lifecycle: Lifecycle[Any]) -> None:
    for state in lifecycle.states if WHOLE else list(lifecycle.states)[:1]:
        await world.standing(lifecycle, state)
    async with await connect(world.api.ledger.db.url) as connection:
        assert await differing_heads(connection, [lifecycle]) == []


@each_case("lifecycle", LIFECYCLES, ids=case_name)
async def test_a_record_and_its_list_offer_the_actions_that_role_and_state_allow(
    world: World, lifecycle: Lifecycle[Any]
) -> None:
    record = await world.standing(lifecycle, next(iter(lifecycle.states)))
    named = set(lifecycle.by_name)
    roles = selected(f"reads {lifecycle.kind}", ("admin", "agent", "auditor"), lambda _: "a role")
    for client in (world.everybody, *await readers(world, *roles)):
        answer = await client.get(record_address(lifecycle, record))
        item = await listed(client, lifecycle, record)
        assert (answer.status_code == 200) == (item is not None)
        if item is not None:
            offered = [action["action"] for action in answer.json()["actions"]]
            assert item["actions"] == offered
            assert named.issuperset(offered)


@each_case("lifecycle", [lc for lc in LIFECYCLES if lc.kind not in PRIVATE_KINDS], ids=case_name)
async def test_an_auditor_reads_what_happened_to_every_kind_of_record_and_nothing_hidden(
    world: World, lifecycle: Lifecycle[Any]
) -> None:
    record = await world.standing(lifecycle, next(iter(lifecycle.states)))
    hidden = {name for row in lifecycle.rows for name in marks(row.body, Hidden)}
    record_class: type[Record] = lifecycle.record
    hidden |= {name for name, codec in codecs(record_class).items() if codec.hidden}
    for auditor in await readers(world, "auditor"):
        events = (await auditor.read(f"{record_address(lifecycle, record)}/events"))["items"]
        assert [event["version"] for event in events] == list(range(1, len(events) + 1))
        assert events[0]["type"] in lifecycle.opening().events
        for event in events:
            assert event["stream"] == f"{lifecycle.kind}/{record['id']}"
            contents = [event["given"], *(row for row in event["set"].values() if row)]
            assert all(hidden.isdisjoint(fields) for fields in contents)


@each_case("lifecycle", ADMINISTRATIVE, ids=case_name)
async def test_who_sees_an_administrative_record_and_is_no_auditor_does_not_see_its_events(
    world: World, lifecycle: Lifecycle[Any]
) -> None:
    record = await world.standing(lifecycle, next(iter(lifecycle.states)))
    manager, agent, scoped, admin = await readers(
        world, "management", "agent", f"admin@team/{world.team_id}", "admin"
    )
    path = record_address(lifecycle, record)
    for client in (manager, agent, scoped):
        expected = 404 if (await client.get(path)).status_code == 404 else 403
        assert (await client.get(f"{path}/events")).status_code == expected
    assert (await admin.get(f"{path}/events")).status_code == 200


async def test_persons_see_their_own_events_and_not_those_of_others(world: World) -> None:
    own, other = f"/v1/persons/{world.reporter.id}", f"/v1/persons/{world.assignee.id}"
    for held, of_others in ((Role.requester, 404), (Role.agent, 403), (Role.auditor, 200)):
        client = await world.api.client_of(world.reporter, held.value)
        assert (await client.read(f"{own}/events"))["items"][0]["type"] == "person.added"
        assert (await client.get(f"{other}/events")).status_code == of_others


async def test_the_secret_of_a_key_is_in_none_of_its_events(world: World) -> None:
    record = await world.everybody.post_ok("/v1/keys", {"name": "reader", "person": str(world.reporter.id)})
    path = f"/v1/keys/{record['id']}"
    await world.everybody.post_ok(f"{path}/rotate", {})
    holder = await world.api.client_of(world.reporter, "requester")
    (auditor,) = await readers(world, "auditor")
    for client in (holder, auditor):
        events = (await client.read(f"{path}/events"))["items"]
        assert [event["type"] for event in events] == ["key.made", "key.rotated"]
        assert "hash" not in str(events)
