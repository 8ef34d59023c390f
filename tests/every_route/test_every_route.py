"""Every route as every role: what one may not see is not there, by whatever way one looks.

Who sees what is said by the predicate of app/kernel/access/visibility.py and by the audience that stands
beside each record. An operation that is about no record names the test that says who may (routes.py).

Callers take turns: each is shown a few of the lists, and one record of each audience behind a few of the
addresses; for each role one operation of every second kind is asked for by one who sees the record, and by
one who does not. By `make test-all` all ask everywhere, about records in all states.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest

from app.common.keys import parse
from app.common.people import Caller, Person, Role
from app.common.tickets import Ticket
from app.kernel.access.audience_rules import STAFF
from app.kernel.access.visibility import can_see
from app.kernel.actions.lifecycle import Lifecycle
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.client import Client, Json
from tests.every_action.samples import sample, valid_body
from tests.every_action.world import World, address, record_after
from tests.every_action.world_data import TEAM
from tests.every_route.routes import FOR_PARTICIPANTS, FOR_STAFF, PUBLIC, QUERIES, Route, routes
from tests.extent import WHOLE, first_of
from tests.people import add_person
from tests.selection import selected

ROUTES = routes()
OF_ONE = [route for route in ROUTES if route.walked and route.of_one]
ABOUT_RECORDS = [route for route in ROUTES if route.lifecycle and route.walked]
LISTS = [route for route in ROUTES if route.walked and route.method == "GET" and not route.of_one]
STALE = {"If-Match": '"999999"'}
#: What every answer has for itself.
OWN: Json = {"request_id": "", "instance": ""}
#: Stands in everything that only staff may read.
SECRET = "only-staff-reads-4711"
#: What says of a new ticket whose it is.
PLACED = frozenset({"service", "services", "team"})
#: What else is for staff only, and has it in it.
FOR_STAFF_SAID: dict[str, Json] = {
    "log_work": {"minutes": 5, "role_class": SECRET},
    "book_cost": {"amount": "1.00", "currency": "CNY", "purpose": SECRET},
}
ROLES = list(Role)
#: Who asks: somebody who has to do with some of the records, or with none of them.
KINDS = ("reporter", "assignee", "colleague", "stranger")
TEAMS = {"colleague": TEAM, "stranger": "other"}
#: Of what is a ticket in form that which is somebody's to work on, and not everybody's to see.
CASES = [lifecycle for lifecycle in LIFECYCLES if "assign" in lifecycle.by_name]


#: Of those who can try an operation with the same outcome, how many do.
MOST = 10_000 if WHOLE else 1
#: Every how many-th address one caller asks, and the next caller the next one.
TURNS = 1 if WHOLE else 24
#: The states, besides the first of each kind, in which others see a record than before.
SEEN_BY_OTHERS = {
    *(("request", "awaiting_approval"), ("change", "awaiting_approval"), ("improvement", "in_review")),
    *(("improvement_plan", "submitted"), ("process_change", "under_review"), ("document", "published")),
    *(("article", "published"), ("service", "live"), ("catalogue_item", "offered"), ("risk", "treated")),
    *(("survey", "running"), ("meeting", "held")),
}
#: What is asked for of records in lists where it is enough to know which they are.
FIELDS = {} if WHOLE else {"fields": "id"}
T = TypeVar("T")


def _name(route: Route) -> str:
    return route.name


def _kind(route: Route) -> str:
    """Of which routes one is tried: of those about records of one kind."""
    return route.lifecycle.kind if route.lifecycle else ""


def in_turn(choice: Sequence[Route], turn: int) -> list[Route]:
    """Those that whoever has this turn asks for."""
    return [route for n, route in enumerate(choice) if (n + turn) % TURNS == 0]


def some(choice: Sequence[T], turn: int, most: int = MOST) -> Sequence[T]:
    """As many of them as are to try it, others each turn."""
    first = turn % len(choice) if choice else 0
    return [*choice[first:], *choice[:first]][:most]


@dataclass
class Stand:
    """A world with records of every sort, in which nothing changes any more."""

    world: World
    other_team: str
    people: dict[str, Person]
    records: dict[str, list[Json]]
    audiences: dict[str, list[str]]
    participants: set[tuple[str, UUID | None]]
    nothing: dict[str, tuple[int, Json]] = field(default_factory=dict)
    clients: dict[tuple[str, str], tuple[Client, Caller]] = field(default_factory=dict)
    visible_records: dict[tuple[object, ...], tuple[list[Json], list[Json]]] = field(default_factory=dict)

    async def client(self, kind: str, held: str) -> tuple[Client, Caller]:
        """Somebody with a key that holds this and nothing else."""
        if (kind, held) not in self.clients:
            client = await self.world.api.client_of(await self._person(kind, held), held)
            parsed = parse(client.token or "")
            assert parsed is not None
            directory_key = await self.world.api.ledger.directory.key(parsed[0])
            assert directory_key is not None
            self.clients[kind, held] = client, directory_key.caller
        return self.clients[kind, held]

    async def _person(self, kind: str, held: str) -> Person:
        """The one who has to do with the records; of others, one for each, since a key shows whatever its
        person holds of the same role.
        """
        name = kind if kind in self.people else f"{kind} {held}"
        if name not in self.people:
            self.people[name] = await add_person(self.world.api.ledger, name, TEAMS[kind])
        return self.people[name]

    async def nothing_there(self, route: Route) -> tuple[int, Json]:
        """What the operation answers everybody about a record that there is none of."""
        if route.name not in self.nothing:
            status, document = await asked(self.world.everybody, route, str(uuid4()))
            assert status == 404, route.name
            self.nothing[route.name] = status, document | OWN
        return self.nothing[route.name]

    def seen_by(self, caller: Caller, lifecycle: Lifecycle[Any]) -> tuple[list[Json], list[Json]]:
        """The records that the predicate shows them, and those that it does not."""
        question = (caller.actor, caller.roles, lifecycle.kind)
        if question not in self.visible_records:
            visible_here: list[Json] = []
            hidden: list[Json] = []
            agents_see = self.world.api.ledger.settings.agents_see
            for record in self.records[lifecycle.kind]:
                audience = self.audiences[record["id"]]
                visible = can_see(caller, lifecycle, audience, agents_see=agents_see)
                (visible_here if visible else hidden).append(record)
            self.visible_records[question] = visible_here, hidden
        return self.visible_records[question]

    def alike(self, records: list[Json]) -> list[list[Json]]:
        """The records, those of one audience together."""
        by_audience: dict[tuple[str, ...], list[Json]] = {}
        for record in records:
            by_audience.setdefault(tuple(sorted(self.audiences[record["id"]])), []).append(record)
        return list(by_audience.values())


@pytest.fixture(scope="module")
async def stand(world: World) -> Stand:
    other = await world.api.staffed_team("other")
    people = {"reporter": world.reporter, "assignee": world.assignee}
    records = {lifecycle.kind: await _sorts(world, lifecycle) for lifecycle in LIFECYCLES}
    audiences = {}
    for kind, records_of_kind in records.items():
        for record in records_of_kind:
            row = await world.api.ledger.db.row(
                "select audience from log.stream_head where stream = %s", (f"{kind}/{record['id']}",)
            )
            assert row is not None
            audiences[record["id"]] = row["audience"]
    asked_ones = await world.api.ledger.db.rows("select record, person_id from fold.survey_participant")
    participants = {(row["record"], row["person_id"]) for row in asked_ones}
    return Stand(world, other, people, records, audiences, participants)


async def _sorts(world: World, lifecycle: Lifecycle[Any]) -> list[Json]:
    """A record in every state, by `make test` in those that others see; of tickets also one that nobody has
    yet, one of a service, and one of another team, and each with a word for staff.
    """
    first, *later = lifecycle.states
    states = [first, *(state for state in later if WHOLE or (lifecycle.kind, state.value) in SEEN_BY_OTHERS)]
    records = [await world.theirs(lifecycle, state) for state in states]
    if lifecycle not in CASES:
        return records
    opening = lifecycle.opening()
    fields = opening.body.model_fields
    for bare, given_to in ((True, {}), (False, {}), (False, {"team": "other"})):
        body = {
            name: value
            for name, value in (await valid_body(world.everybody, opening, "")).items()
            if not bare or name not in PLACED or fields[name].is_required()
        }
        record = await world.everybody.post_ok(address(lifecycle, opening, None), body)
        if given_to:
            await world.everybody.post_ok(address(lifecycle, lifecycle["assign"], record), given_to)
        records.append(record)
    for record in records:
        internal = {"text": SECRET, "visibility": "internal"}
        await world.everybody.post_ok(address(lifecycle, lifecycle["comment"], record), internal)
        for name, body in FOR_STAFF_SAID.items():
            await world.everybody.post_ok(address(lifecycle, lifecycle[name], record), body)
        assessed = {"custom": {"assessment": SECRET}}
        await record_after(world.everybody, lifecycle, lifecycle["edit"], record, assessed)
    return records


#: One role for each way of seeing tickets. What each role sees, the first two walks say; in scopes, and at
#: every operation, those are asked that see differently, for minutes less.
SEEING = (
    Role.requester,
    Role.agent,
    Role.engineer,
    Role.incident_manager,
    Role.service_level_manager,
    Role.auditor,
    Role.integration,
    Role.admin,
)


def held_by(role: Role, stand: Stand) -> list[str]:
    """The role everywhere, and one that sees otherwise than others in every scope that it may be held in; of
    the processes in two, as one is as the other.
    """
    if role not in SEEING:
        return [role.value]
    scopes = [f"team/{stand.world.team_id}", f"team/{stand.other_team}", "service/mail"]
    scopes += [f"process/{lifecycle.kind}" for lifecycle in first_of(CASES[:2], 1)]
    return [role.value, *(f"{role.value}@{scope}" for scope in scopes)]


async def callers(role: Role, stand: Stand) -> AsyncIterator[tuple[str, Client, Caller]]:
    """All who hold the role in some way, by a name for reports."""
    for held in held_by(role, stand):
        for kind in KINDS if held == role.value else ("colleague", "stranger"):
            client, caller = await stand.client(kind, held)
            yield f"{kind} as {held}", client, caller


async def asked(client: Client, route: Route, record_id: str) -> tuple[int, Json]:
    """What the operation answers about the record. Nothing is changed: the version is never right."""
    path = route.path.replace("{id}", record_id)
    if route.row is None:
        answer = await client.get(path, params=QUERIES.get(route.name))
    else:
        answer = await client.request(route.method, path, json=sample(route.row), headers=STALE)
        assert answer.status_code >= 400, f"{route.name} carried out on a stale version"
    is_json = "json" in answer.headers["content-type"]
    return answer.status_code, answer.json() if is_json else {"page": answer.text}


@pytest.mark.parametrize("role", Role)
async def test_a_list_shows_exactly_what_the_predicate_shows(stand: Stand, role: Role) -> None:
    turn = ROLES.index(role)
    async for name, client, caller in callers(role, stand):
        turn += 1
        for route in in_turn(LISTS, turn):
            assert route.lifecycle is not None
            pages = await client.pages(route.path, limit="200", **FIELDS)
            listed = {item["id"] for page in pages for item in page}
            visible_ones, hidden = stand.seen_by(caller, route.lifecycle)
            assert {record["id"] for record in visible_ones} <= listed, (name, route.name)
            assert listed.isdisjoint(record["id"] for record in hidden), (name, route.name)


@pytest.mark.parametrize("role", Role)
async def test_one_record_is_there_for_whom_the_predicate_shows_it(stand: Stand, role: Role) -> None:
    reads = [route for route in OF_ONE if route.path.endswith("{id}") and route.row is None]
    turn = ROLES.index(role)
    async for name, client, caller in callers(role, stand):
        turn += 1
        for route in in_turn(reads, turn):
            assert route.lifecycle is not None
            visible_ones, hidden = stand.seen_by(caller, route.lifecycle)
            for records, expected in ((visible_ones, 200), (hidden, 404)):
                for alike in stand.alike(records):
                    for record in some(alike, turn):
                        assert (await asked(client, route, record["id"]))[0] == expected, (name, route.name)


@pytest.mark.parametrize("role", SEEING)
async def test_whatever_is_asked_about_a_hidden_record_it_is_as_if_there_were_none(
    stand: Stand, role: Role
) -> None:
    asking = [caller async for caller in callers(role, stand)]
    tried = selected(f"hidden from {role}", OF_ONE, _kind)
    for turn, route in enumerate(tried if WHOLE else tried[SEEING.index(role) % 2 :: 2]):
        seeing, hidden_ones = _parted(stand, route, asking)
        for name, client, record in some(seeing, turn):
            assert (await asked(client, route, record["id"]))[0] != 404, (name, route.name)
        for name, client, record in some(hidden_ones, turn):
            status, document = await asked(client, route, record["id"])
            assert (status, document | OWN) == await stand.nothing_there(route), (name, route.name)


Asking = tuple[str, Client, Caller]
About = tuple[str, Client, Json]


def _parted(stand: Stand, route: Route, asking: list[Asking]) -> tuple[list[About], list[About]]:
    """Those who see some record there, each with one that they see; and those who do not see some."""
    seeing: list[About] = []
    unseen: list[About] = []
    assert route.lifecycle is not None
    for name, client, caller in asking:
        visible_ones, hidden = stand.seen_by(caller, route.lifecycle)
        is_kept_from = route.name in FOR_STAFF and not caller.is_staff
        if is_kept_from:
            visible_ones, hidden = [], visible_ones + hidden
        elif route.name in FOR_PARTICIPANTS:
            every = visible_ones + hidden
            visible_ones = []
            hidden = [r for r in every if (f"survey/{r['id']}", caller.person_id) not in stand.participants]
        seeing += [(name, client, record) for record in visible_ones[:1]]
        unseen += [(name, client, record) for record in hidden[:1]]
    return seeing, unseen


async def test_the_records_are_of_every_sort(stand: Stand) -> None:
    """Somebody sees a part of each kind of ticket, or the walk would prove nothing; all staff see
    improvements.
    """
    parts = set()
    async for _, _, caller in callers(Role.agent, stand):
        for lifecycle in LIFECYCLES:
            visible_ones, hidden = stand.seen_by(caller, lifecycle)
            if visible_ones and hidden:
                parts.add(lifecycle.kind)
    assert {lifecycle.kind for lifecycle in CASES if STAFF not in lifecycle.token_kinds} <= parts


@each_case("route", ROUTES, ids=lambda route: route.name)
async def test_nothing_but_what_is_public_is_answered_without_a_key(world: World, route: Route) -> None:
    anonymous = world.api.with_token(None)
    path = route.path.replace("{id}", str(uuid4()))
    answer = await anonymous.request(route.method, path, json={} if route.method != "GET" else None)
    assert (answer.status_code == 401) == (route.name not in PUBLIC)


@pytest.mark.parametrize("role", [Role.requester, Role.integration])
async def test_who_is_no_staff_finds_nothing_for_staff_by_any_way(stand: Stand, role: Role) -> None:
    looked = 0
    for kind in KINDS:
        client, caller = await stand.client(kind, role.value)
        for turn, route in enumerate(selected(f"for {kind} as {role}", ABOUT_RECORDS, _kind)):
            assert route.lifecycle is not None
            visible_ones, _ = stand.seen_by(caller, route.lifecycle)
            # What is shown where it is read; where it is refused to act on it, there is little to say of it.
            alike = stand.alike(visible_ones) if route.method == "GET" else [visible_ones]
            chosen = [record for records in alike for record in some(records, turn)]
            for record in chosen if route.of_one else [{"id": ""}]:
                if route.of_one or route.method == "GET":
                    looked += issubclass(route.lifecycle.record, Ticket) and route.of_one
                    answer = await asked(client, route, record["id"])
                    assert SECRET not in str(answer), (kind, route.name)
    assert looked, "they see some tickets"
    agent, caller = await stand.client("assignee", Role.agent.value)
    for lifecycle in CASES:
        record = stand.seen_by(caller, lifecycle)[0][0]
        events = await agent.read(f"/v1/{lifecycle.plural}/{record['id']}/events")
        assert SECRET in str(events), "it is there, for staff"


async def test_whoever_has_a_key_is_told_what_this_is(stand: Stand) -> None:
    for role in first_of(ROLES, 3):
        client, _ = await stand.client("stranger", role.value)
        await client.read("/v1/meta")
