"""Somebody can go on when people leave: from each open state of each kind, once a named person is inactive or
the team has no members, an active person with one role has an action that leads on and one towards its end,
and was notified.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.automation.people.report_duties import _report as reports_of
from app.common.duties import GivenDuty
from app.common.people import Caller, Grade, Person, Role, RoleGrant
from app.common.records import CodeEnum, ForeignRef, Record
from app.foundation.decisions.payloads import AskDecision
from app.foundation.people.succession.duties import KIND_DUTIES, ROW_DUTIES, KindDuties
from app.foundation.people.succession.handing_over import HandOverDuties, hand_over_duties
from app.foundation.people.succession.leaving import ReportDuties
from app.foundation.people.succession.lookups import duties_of, duty_in, holders_of, open_work_of
from app.kernel.access.eligibility import is_eligible
from app.kernel.access.reads import ReadContext, load
from app.kernel.actions.actor_policy import ProcessRelation, Relation
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import marks
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import Command
from app.kernel.commands.offers import offers
from app.kernel.commands.perform import decide_command
from app.kernel.visible_records import is_visible
from tests.cases import each_case
from tests.client import serving
from tests.conftest import Server, fresh
from tests.every_action import documents, rollouts
from tests.every_action.conftest import _settings, made_world
from tests.every_action.world import IN_STATE, World, case_name, of_kind
from tests.every_action.world_data import TEAM
from tests.extent import WHOLE
from tests.people import add_person, context
from tests.selection import covering

#: Actions after which work goes on, though they leave the state as it is.
GOING_ON = {"assign", "escalate", "withdraw_decision", "decide", "vote", "close", "ask_destruction"}
#: Actions by which a decision is taken.
DECIDING = {"decide", "vote"}
#: What ends with the account of its person, or stands unless the person objects.
ENDS_WITH_PERSON = {
    "absence_calendar": "nothing is fetched for an account that is deactivated",
    "deputy": "nobody votes in the name of an account that is deactivated",
    "scorecard": "a published card stands unless the person objects",
    "scorecard_rating": "the card is published without it",
}
NOT_NAMED = {None, GivenDuty.recorded, GivenDuty.account}


@dataclass
class Succession:
    """A world, the connection of its owner, somebody of another team who holds every role, and those who
    can take over: somebody who holds every role as well, and an engineer.
    """

    world: World
    owner: psycopg.Connection
    successor: Person
    takers: tuple[Person, ...]

    def caller(self, *roles: Role) -> Caller:
        """The successor with these roles and nothing else."""
        held = tuple(RoleGrant(role) for role in roles)
        return Caller(f"person:{self.successor.id}", self.successor.id, held)

    @contextmanager
    def without(self, persons: Collection[UUID]) -> Iterator[None]:
        """While these are deactivated."""
        set_state = "update fold.person set state = %s, deactivated_at = {} where id = any(%s)"
        self.owner.execute(set_state.format("now()"), ("inactive", list(persons)))
        try:
            yield
        finally:
            self.owner.execute(set_state.format("null"), ("active", list(persons)))

    @contextmanager
    def stripped(self, person: UUID) -> Iterator[None]:
        """While the person has no role, no grade and no team."""
        execute = self.owner.execute
        [(roles, grade)] = execute("select roles, grade from fold.person where id = %s", (person,)).fetchall()
        execute("create temp table kept as select * from fold.membership where person_id = %s", (person,))
        execute("delete from fold.membership where person_id = %s", (person,))
        execute("update fold.person set roles = null, grade = null where id = %s", (person,))
        try:
            yield
        finally:
            execute("insert into fold.membership select * from kept")
            execute("drop table kept")
            execute("update fold.person set roles = %s, grade = %s where id = %s", (roles, grade, person))

    @contextmanager
    def moved(self, person: UUID, places: list[Place]) -> Iterator[None]:
        """While the heir holds all that the person holds in these places."""
        for place in places:
            self.owner.execute(place.moving, (self.takers[1].id, place.value, person))
        try:
            yield
        finally:
            for place in places:
                self.owner.execute(place.moving, (person, place.value, self.takers[1].id))


@pytest.fixture(scope="module")
async def succession(server: Server, testrun_uid: str) -> AsyncIterator[Succession]:
    template = await made_world(server, testrun_uid)
    with fresh(server, template.database) as place, documents.kept_for_no_time():
        async with serving(place.url, template.secrets_dir, _settings()) as api:
            with psycopg.connect(place.owner_url, autocommit=True) as owner:
                world = template.world.in_application(api)
                roles = tuple(role.value for role in Role if role is not Role.auditor)
                grade = Grade.management
                manager = await add_person(api.ledger, "Successor", "spare", roles=roles, grade=grade)
                heir = await add_person(api.ledger, "Heir", TEAM, roles=roles, grade=grade)
                engineer = await add_person(api.ledger, "Plain", TEAM, roles=("engineer",), grade=grade)
                yield Succession(world, owner, manager, (manager, heir, engineer))


def waits_for(case: tuple[Lifecycle[Any], CodeEnum]) -> list[str]:
    """The kind, once for all its states."""
    return [case[0].kind]


def is_open(lifecycle: Lifecycle[Any], state: CodeEnum) -> bool:
    """Whether something is still to happen in the state."""
    duties = KIND_DUTIES.get(lifecycle.kind)
    ended = {*lifecycle.lookup.ended, *lifecycle.lookup.out_of_use}
    return (
        bool(lifecycle.leaving[state]) and state not in ended and not (duties and state.value in duties.ended)
    )


OPEN = [(lifecycle, state) for lifecycle, state in IN_STATE if is_open(lifecycle, state)]
CASES = OPEN if WHOLE else covering(OPEN, waits_for)


@each_case(("lifecycle", "state"), CASES, ids=case_name, by=of_kind)
async def test_somebody_goes_on_when_a_named_person_leaves(
    succession: Succession, lifecycle: Lifecycle[Any], state: CodeEnum
) -> None:
    record = await standing(succession.world, lifecycle, state)
    stuck = []
    for person, fields in (await people_of(succession, lifecycle, record)).items():
        with succession.without([person]):
            if lifecycle.kind not in ENDS_WITH_PERSON:
                stuck += [
                    f"nobody {verb} without {fields}"
                    for verb, names in ways(lifecycle, state).items()
                    if not await is_taken(succession, lifecycle, record, names)
                ]
            stuck += await not_handed_over(succession, lifecycle, record, person, fields)
    assert not stuck


async def standing(world: World, lifecycle: Lifecycle[Any], state: CodeEnum) -> str:
    """The id of a record in that state."""
    if (lifecycle.kind, state.value) == ("request", "rectifying"):  # its acceptors are everybody's
        return str((await world.make_record(lifecycle, state))["id"])
    return str((await world.standing(lifecycle, state))["id"])


async def people_of(
    succession: Succession, lifecycle: Lifecycle[Any], record: str, without: Collection[Any] = NOT_NAMED
) -> dict[UUID, list[str]]:
    """The active people whom the record or its child records name, but for these duties, with the fields."""
    ledger = succession.world.api.ledger
    fields_by_person: dict[UUID, list[str]] = {}
    wheres = [(lifecycle.record, lifecycle.table, "id = %s", record)]
    wheres += [
        (child, f"fold.{child.KIND}", "record = %s", f"{lifecycle.kind}/{record}")
        for child in lifecycle.children
        if lifecycle.kind != Person.KIND
    ]
    for model, table, where, value in wheres:
        for field, mark in marks(model, ForeignRef).items():
            if mark.kind == "person" and mark.duty not in without:
                query = f"""select distinct p.id from {table} r join fold.person p on p.id = r.{field}
                  where r.{where} and p.state = 'active' and p.kind = 'human'"""
                for row in await ledger.db.rows(query, (value,)):
                    fields_by_person.setdefault(row["id"], []).append(f"{model.KIND}.{field}")
    return fields_by_person


def ways(lifecycle: Lifecycle[Any], state: CodeEnum) -> dict[str, set[str]]:
    """The actions of people by which the record goes on, and those by which it comes nearer to its end: empty
    if a rule or a decision alone does it.
    """
    leading = {row.name for row in of_people(lifecycle, state) if not row.stays or row.name in GOING_ON}
    return {"goes on": leading, "ends it": ending(lifecycle, state)}


def of_people(lifecycle: Lifecycle[Any], state: CodeEnum) -> list[Action[Any, Any]]:
    """The rows of the state by which people act."""
    return [
        row
        for row in lifecycle.rows
        if row.is_open_in(state) and not row.opens
        if row.policy.roles or not row.policy.relations <= {Relation.rule, Relation.decision}
    ]


def ending(lifecycle: Lifecycle[Any], state: CodeEnum) -> set[str]:
    """The actions of people that end the record, or else bring it nearer to its end, by the fewest steps."""
    nearer = {each for each in lifecycle.states if not is_open(lifecycle, each)}
    rows = [row for row in lifecycle.rows if not row.opens and not row.stays]
    while nearer:
        leading = {row.name for row in rows if moves(row, state) and nearer.intersection(row.leads_to)}
        if leading:
            people = of_people(lifecycle, state)
            if leading.isdisjoint(row.name for row in people):  # by a decision
                return {row.name for row in people if row.name in DECIDING or is_asking(row)}
            return leading & {row.name for row in people}
        further = {
            each
            for row in rows
            if nearer.intersection(row.leads_to)
            for each in lifecycle.states
            if moves(row, each)
        }
        if further <= nearer:
            break
        nearer |= further
    return set()


def moves(row: Action[Any, Any], state: CodeEnum) -> bool:
    """Whether the action always leaves the state."""
    return row.is_open_in(state) and state not in row.leads_to


def is_asking(row: Action[Any, Any]) -> bool:
    """Whether the action puts a question to the vote."""
    return issubclass(row.body, AskDecision)


async def is_taken(
    succession: Succession, lifecycle: Lifecycle[Any], record: str, names: Collection[str]
) -> bool:
    """Whether somebody active with one role, or without one by their post, takes one of these actions, or
    hands over a duty that gives it; true without any.
    """
    if not names:
        return True
    ledger = succession.world.api.ledger
    loaded = await load(ledger.db, lifecycle, record)
    assert loaded is not None
    callers = [succession.caller(role) for role in Role]
    for person in await people_of(succession, lifecycle, record, without=()):
        callers.append(replace(succession.caller(), actor=f"person:{person}", person_id=person))
    for caller in callers:
        if not is_visible(ledger, lifecycle, caller, loaded.audience):
            continue
        offered = await offers(ledger, lifecycle, loaded, context(caller), among={*names, "hand_over_duties"})
        if any(offer.because is None for offer in offered):
            return True
    return False


async def not_handed_over(
    succession: Succession, lifecycle: Lifecycle[Any], record: str, left: UUID, fields: list[str]
) -> list[str]:
    """Why nobody with one role hands over the duties of whoever has left, or is told of them."""
    ledger = succession.world.api.ledger
    loaded = await load(ledger.db, lifecycle, record)
    assert loaded is not None
    duties = KIND_DUTIES.get(lifecycle.kind, KindDuties((), frozenset()))
    held = [
        name
        for name in duties.fields
        if getattr(loaded.record, name) == left and loaded.record.state.value not in duties.ended_for(name)
    ]
    if not held:
        return []
    row = lifecycle[hand_over_duties.__name__]
    if "executor_id" in held and lifecycle.kind == "improvement":
        path = f"/v1/improvements/{record}"
        await rollouts.license_for(succession.world.everybody, path, str(succession.takers[-1].id))
    refusals = set()
    for role, taker in product(sorted(row.policy.roles), succession.takers):
        body = HandOverDuties(person=str(left), new_holder=str(taker.id))
        command = Command(lifecycle, row, record, body, context(succession.caller(role)))
        try:
            await decide_command(ledger, command)
            break
        except Refusal as refusal:
            refusals.add(f"{getattr(refusal, 'because', None) or refusal.code}")
    else:
        return [f"{held} of {fields} stay: {refusals}"]
    async for report in reports_of(ledger, left):
        assert isinstance(report.body, ReportDuties)
        if str(succession.successor.id) in report.body.persons:
            return []
    return [f"nobody is told of {held}"]


@dataclass(frozen=True)
class Place:
    """A field of the record or of a child record, by which somebody holds a duty in it."""

    model: type[Record]
    table: str
    field: str
    where: str
    value: str

    @property
    def moving(self) -> str:
        """The statement that puts somebody else into it."""
        return f"update {self.table} set {self.field} = %s where {self.where} = %s and {self.field} = %s"

    @property
    def name(self) -> tuple[str, str]:
        """The kind and the field."""
        return self.model.KIND, self.field


def places_of(lifecycle: Lifecycle[Any], record: str) -> list[Place]:
    """The fields that hold duties of the record's kind, in it and in its child records."""
    duties = KIND_DUTIES.get(lifecycle.kind, KindDuties((), frozenset()))
    places = [Place(lifecycle.record, lifecycle.table, each, "id", record) for each in duties.fields]
    for child in lifecycle.children:
        if (row := ROW_DUTIES.get(child.KIND)) is not None:
            value = f"{lifecycle.kind}/{record}"
            places += [Place(child, f"fold.{child.KIND}", each, "record", value) for each in row.fields]
    return places


async def holders(succession: Succession, places: list[Place]) -> dict[UUID, list[Place]]:
    """The active people in these places."""
    held: dict[UUID, list[Place]] = {}
    for place in places:
        query = f"""select distinct p.id from {place.table} r join fold.person p on p.id = r.{place.field}
          where r.{place.where} = %s and p.state = 'active' and p.kind = 'human'"""
        for row in await succession.world.api.ledger.db.rows(query, (place.value,)):
            held.setdefault(row["id"], []).append(place)
    return held


async def done_by_place(
    succession: Succession, lifecycle: Lifecycle[Any], record: str, person: UUID
) -> dict[str, set[tuple[str, str]]]:
    """The actions that are open to the person without any role or team, and only by being named in the record
    or its child records, with the kinds and fields.
    """
    ledger = succession.world.api.ledger
    loaded = await load(ledger.db, lifecycle, record)
    assert loaded is not None
    caller = replace(succession.caller(), actor=f"person:{person}", person_id=person)
    if not is_visible(ledger, lifecycle, caller, loaded.audience):
        return {}
    done: dict[str, set[tuple[str, str]]] = {}
    for offer in await offers(ledger, lifecycle, loaded, context(caller)):
        policy = offer.action.policy
        by = {
            relation: named for relation in policy.relations if (named := naming_fields(lifecycle, relation))
        }
        other_policy = replace(policy, relations=policy.relations - by.keys())
        if offer.because is None and by and not other_policy.allows(caller, loaded.record):
            done[offer.action.name] = set().union(*by.values())
    return done


def places_acted_by(case: tuple[Lifecycle[Any], CodeEnum]) -> set[Hashable]:
    """The kind, and the fields by which people act in the state."""
    lifecycle, state = case
    rows = [row for row in lifecycle.rows if row.is_open_in(state)]
    named = [naming_fields(lifecycle, relation) for row in rows for relation in row.policy.relations]
    return {(lifecycle.kind, field) for fields in named for field in fields} or {lifecycle.kind}


def naming_fields(lifecycle: Lifecycle[Any], relation: Relation | ProcessRelation) -> set[tuple[str, str]]:
    """The kinds and fields that name those who have the relation."""
    if isinstance(relation, Relation):
        return {(lifecycle.kind, "assignee_id")} if relation is Relation.assignee else set()
    return {(lifecycle.kind, field) for field in relation.fields} | {*relation.named_in}


@each_case(
    ("lifecycle", "state"),
    OPEN if WHOLE else covering(OPEN, places_acted_by),
    ids=case_name,
    by=of_kind,
)
async def test_nobody_acts_by_a_duty_that_they_may_not_hold_any_more_or_that_has_moved(
    succession: Succession, lifecycle: Lifecycle[Any], state: CodeEnum
) -> None:
    record = await standing(succession.world, lifecycle, state)
    ledger, wrong = succession.world.api.ledger, []
    reads = ReadContext(ledger.db, ledger.lifecycles, ledger.directory)
    all_places = places_of(lifecycle, record)
    duties_held = {place.name for place in all_places}
    for person, places in (await holders(succession, all_places)).items():
        with succession.stripped(person):
            fitting = {
                place.name
                for place in places
                if await is_eligible(reads, "person", person, duty_in(place.model, place.field), None)
            }
            held = {place.name for place in places}
            for name, by in (await done_by_place(succession, lifecycle, record, person)).items():
                if by & held and not by & fitting:
                    wrong.append(f"{name} by {by & held}, without role or team")
            listed = await duties_of(ledger.db.rows, [lifecycle], person, outgrown=True)
            reported = {duty.duty for duty in listed if str(duty.id) == record}
            everything = await duties_of(ledger.db.rows, [lifecycle], person)
            is_open = {duty.duty for duty in everything if str(duty.id) == record}
            for kind, field in held - fitting:
                duty = field if kind == lifecycle.kind else kind
                if duty in is_open - reported:
                    wrong.append(f"{kind}.{field} is not reported")
        with succession.moved(person, places):
            for name, by in (await done_by_place(succession, lifecycle, record, person)).items():
                # They may still be named in what is no duty, as a member is.
                if by & held and by <= duties_held:
                    wrong.append(f"{name} by {by & held}, which has moved")
    assert not wrong


WITH_TEAMS = [case for case in OPEN if "assign" in case[0].by_name]


@each_case(
    ("lifecycle", "state"),
    WITH_TEAMS if WHOLE else covering(WITH_TEAMS, waits_for),
    ids=case_name,
    by=of_kind,
)
async def test_somebody_goes_on_when_the_team_is_emptied(
    succession: Succession, lifecycle: Lifecycle[Any], state: CodeEnum
) -> None:
    world, ledger = succession.world, succession.world.api.ledger
    record = await standing(world, lifecycle, state)
    query = "select person_id as id from fold.membership where team_id = %s"
    members = [row["id"] for row in await ledger.db.rows(query, (world.team_id,))]
    with succession.without(members):
        for verb, names in ways(lifecycle, state).items():
            assert await is_taken(succession, lifecycle, record, names), f"nobody {verb}"
        if await open_work_of(ledger.db.rows, UUID(world.team_id)):
            managers = KIND_DUTIES[lifecycle.kind].managers
            assert succession.successor.id in await holders_of(ledger.db.rows, managers)


def test_each_open_state_leads_to_an_end() -> None:
    """By actions of roles, votes and rules, and of posts, which are handed over."""
    endless = set()
    for lifecycle, state in [(each, state) for each, state in OPEN if _ended(each)]:
        reached = [state]
        for each in reached:
            rows = [row for row in lifecycle.rows if not row.opens and row.is_open_in(each)]
            reached += {to for row in rows for to in row.leads_to} - {*reached}
        if all(is_open(lifecycle, each) for each in reached):
            endless.add((lifecycle.kind, state.value))
    # The minutes are their end.
    assert endless == {("meeting", "held"), ("meeting", "minuted")}


def _ended(lifecycle: Lifecycle[Any]) -> bool:
    return bool(lifecycle.kind in KIND_DUTIES and KIND_DUTIES[lifecycle.kind].ended)
