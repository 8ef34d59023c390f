"""An action is open to those that its row names, in the states of its row; all others who see the record are
refused.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import httpx
import pytest

from app.common.people import STAFF_ROLES, Person, Role
from app.common.records import CodeEnum
from app.foundation.absences.absences import absence_keeper
from app.foundation.documents.keeping.actions import KEPT_ACTIONS
from app.foundation.people.credentials.maker_credential import consent_needed
from app.foundation.people.keys import calendar_reader
from app.governance.process_definitions.lifecycle import holder_of_post
from app.governance.risks.lifecycle import action_owner
from app.kernel.actions.actor_policy import ProcessRelation, Relation
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.processes.improvement_assessments.lifecycle import assessor
from app.processes.improvements.lifecycle import (
    named_project_manager,
    named_sponsor,
    pilot_member,
    step_owner,
)
from app.processes.releases.lifecycle import gate_reviewer
from app.service_levels.agreements.lifecycle import lead_beneath
from app.subscriptions.lifecycle import subscriber
from tests.cases import each_case
from tests.client import Client, Json, add_whole_key
from tests.every_action.documents import SEEN_BY_STAFF
from tests.every_action.samples import PREREQUISITES, is_for_another, sample, valid_body
from tests.every_action.world import (
    CLOSED_IN,
    DYNAMIC_RELATIONS,
    OF_PEOPLE,
    ROWS,
    Row,
    RowInState,
    World,
    address,
    case_name,
    may_share,
    nearest_first,
    of_decisions,
    of_kind,
    possible_states,
    record_address,
    send,
    steps_before,
)
from tests.every_action.world_data import PRIVATE_KINDS, THEIRS, VISIBLE_TO
from tests.extent import WHOLE
from tests.people import add_person, grant
from tests.selection import covering, selected

#: Of what is done in person, what a key that names fewer roles than its person holds may do by relation: what
#: requesters do, and what a check or the relation itself asks of the credential.
OF_ANY_CREDENTIAL = frozenset(
    {
        *(Relation.anybody, Relation.reporter, Relation.staff, Relation.voter, Relation.chair),
        Relation.asker,
    }
).union(
    *(policy.relations for policy in (absence_keeper, calendar_reader, subscriber)),
)
#: Codes of refusals: the row is for others, or for somebody with a key for all that they hold.
REFUSAL_CODES = ("forbidden", "narrow_key", "no_post_in_process")
WHOLE_KEY = "whole key"
REPORTER, ASSIGNEE, COLLEAGUE = "reporter", "assignee", "colleague"
#: Those that whoever asks for something may be. Gates are passed by staff, and leads of teams acknowledge
#: agreements, whoever is named assesses, and all keep their own absences, as the stories show.
REQUESTERS = DYNAMIC_RELATIONS - {
    *(
        relation
        for policy in (gate_reviewer, lead_beneath, assessor, absence_keeper)
        for relation in policy.relations
    ),
    *(relation for policy in (pilot_member, step_owner, action_owner) for relation in policy.relations),
}
#: Those that whoever charters a project here is to it.
OF_PROJECT = named_project_manager.relations | named_sponsor.relations
#: What everybody is to a record that is in their team, or may be.
OF_EVERYBODY = DYNAMIC_RELATIONS | {
    *(Relation.anybody, Relation.staff),
    *(Relation.superior, Relation.implementer),
}
ACTING = [(lc, row) for lc, row in ROWS if not row.opens and not of_decisions(row)]


def parts_of_policy(case: Row) -> set[Hashable]:
    """What `make test` tries once: the kernel judges each role and relation alike in whichever row it is."""
    _, row = case
    policy = row.policy
    return {*policy.roles, *policy.relations, policy.bars_assistants}


#: What is open only after so many steps, `make test` leaves to the stories of the processes.
FAR = 5
NEAR = [case for case in nearest_first(ACTING) if WHOLE or steps_before(case) < FAR]
#: Rows that together name every role and relation.
REFUSED = covering(NEAR, parts_of_policy)
#: The same of records with numbers, which say what can be done with them.
OFFERED = covering([(lc, row) for lc, row in NEAR if lc.code], parts_of_policy)
#: Rows of as many kinds that name most roles and relations.
ALLOWED = covering(selected("test_each_of_those_whom_the_row_names_may", ACTING, of_kind), parts_of_policy)
OPENING = [(lifecycle, row) for lifecycle, row in ROWS if row.opens]


def first_open(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> CodeEnum:
    """The first state that the row is open in."""
    return next(state for state in lifecycle.states if row.is_open_in(state))


def kind_and_state(case: RowInState) -> tuple[str, CodeEnum]:
    """Where a record stands."""
    return case[0].kind, case[2]


#: Where records stand for what is refused because of who asks: what is refused in a state needs no others.
STANDING = {(lifecycle.kind, first_open(lifecycle, row)) for lifecycle, row in REFUSED}
CLOSED = CLOSED_IN if WHOLE else [case for case in CLOSED_IN if kind_and_state(case) in STANDING]


def people(world: World) -> dict[str, Person]:
    """The three who ask."""
    return {REPORTER: world.reporter, ASSIGNEE: world.assignee, COLLEAGUE: world.colleague}


@dataclass
class Callers:
    """People with one role each: reporter and assignee of what stands, and a colleague in its team."""

    world: World
    other_team: str
    #: The colleague as an auditor is another person: an auditor has no vote by any other role.
    auditor: Person
    clients: dict[tuple[str, str], Client] = field(default_factory=dict)
    offered: dict[tuple[str, str, str], set[str] | None] = field(default_factory=dict)
    #: Which policies were compared with what a record offers to whom.
    compared: set[tuple[Hashable, str, str]] = field(default_factory=set)
    shared: dict[Hashable, Json] = field(default_factory=dict)

    def held(self) -> list[str]:
        """What a key may hold: every role, and some for this team or for another one only."""
        scoped = [f"{role}@team/{team}" for role in (Role.agent, Role.admin) for team in self._teams()]
        return [*(role.value for role in Role), *scoped]

    def all_kinds(self) -> list[tuple[str, str]]:
        """Everybody who may ask: who they are to a record, and what their key holds."""
        return [(kind, held) for kind in (REPORTER, ASSIGNEE, COLLEAGUE) for held in self.held()]

    def who_are_refused(self, lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> list[tuple[str, str]]:
        """Everybody, beginning with others for each row."""
        everybody = self.all_kinds()
        first = crc32(case_name(lifecycle).encode() + row.name.encode()) % len(everybody)
        return [*everybody[first:], *everybody[:first]]

    def is_new(self, policy: Hashable, kind: str, held: str) -> bool:
        """Whether nobody has compared yet what a row with this policy offers to them; what somebody is to the
        record, by `make test`, only with the least of roles.
        """
        if kind != COLLEAGUE and held != Role.requester:
            return False
        question = (policy, kind, held)
        is_new = question not in self.compared
        self.compared.add(question)
        return is_new

    def _teams(self) -> tuple[str, str]:
        return self.world.team_id, self.other_team

    def person(self, kind: str) -> Person:
        return people(self.world)[kind]

    async def of(self, kind: str, held: str) -> Client:
        """That person with a key that holds this and nothing else."""
        if (kind, held) not in self.clients:
            is_auditor = (kind, held) == (COLLEAGUE, Role.auditor.value)
            person = self.auditor if is_auditor else self.person(kind)
            self.clients[kind, held] = await self.world.api.client_of(person, held)
        return self.clients[kind, held]

    async def whole(self, kind: str) -> Client:
        """That person with a key for all that they hold."""
        if (kind, WHOLE_KEY) not in self.clients:
            person = self.person(kind)
            sent = await add_whole_key(self.world.api.ledger, person.id)
            self.clients[kind, WHOLE_KEY] = self.world.api.with_token(sent, person.id)
        return self.clients[kind, WHOLE_KEY]

    async def offers(self, lifecycle: Lifecycle[Any], record: Json, kind: str, held: str) -> set[str] | None:
        """The actions that a record that stands offers them; None if they do not see it."""
        question = (record["id"], kind, held)
        if question not in self.offered:
            answer = await (await self.of(kind, held)).get(record_address(lifecycle, record))
            assert answer.status_code in (200, 404), answer.text
            actions = answer.json().get("actions", ()) if answer.status_code == 200 else None
            self.offered[question] = None if actions is None else {action["action"] for action in actions}
        return self.offered[question]


@pytest.fixture(scope="module")
async def callers(world: World) -> Callers:
    # Each holds more than any key but an administrator's may use.
    for person in people(world).values():
        await grant(world.api.ledger, person.id, Role.knowledge_editor.value, Role.problem_manager.value)
    auditor = await add_person(world.api.ledger, "Auditing colleague")
    return Callers(world, await world.api.team("other"), auditor)


def named_by(
    row: Action[Any, Any],
    held: str,
    kind: str,
    team: str | None,
    *,
    managed: bool = False,
    named: Collection[str] = (),
) -> bool:
    """What the table says, said a second time: whether the row is for somebody who holds this. `named` are
    those whom the record's own fields name that the row is for.
    """
    role, _, scope = held.partition("@team/")
    if role == Role.auditor:
        return False
    is_narrow = held != Role.admin and row.policy.bars_assistants
    policy_relations = row.policy.relations & OF_ANY_CREDENTIAL if is_narrow else row.policy.relations
    if Relation.superior in row.policy.relations and held == Role.admin:
        return True
    of_role = Role(role) in row.policy.roles and scope in ("", team)
    relations: set[Relation | ProcessRelation] = {Relation(kind)} if kind in (REPORTER, ASSIGNEE) else set()
    if kind == ASSIGNEE and managed:  # whoever has brought the record where it stands manages and sponsors it
        relations |= OF_PROJECT
    if kind in named and not is_narrow:
        return True
    if team is not None:  # which all three of them belong to
        relations.add(Relation.implementer)
    if Relation.staff in policy_relations and Role(role) in STAFF_ROLES and scope in ("", team):
        return True
    # Nobody here has a post in the process that is drafted.
    any_person = DYNAMIC_RELATIONS - holder_of_post.relations
    return of_role or not policy_relations.isdisjoint({Relation.anybody, *any_person, *relations})


async def record_for(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> tuple[Json, str | None, bool, Collection[str]]:
    """A record in a state that the row is open in, its team, whether somebody manages it, and which of the
    three its fields name that the row is for.
    """
    record = await world.standing(lifecycle, first_open(lifecycle, row))
    stands = await world.api.ledger.db.row(
        f"select * from {lifecycle.source} r where id = %s", (record["id"],)
    )
    assert stands is not None
    team = stands.get("team_id")
    fields = [
        field
        for relation in row.policy.relations - OF_PROJECT
        if isinstance(relation, ProcessRelation)
        for field in relation.fields
    ]
    ids = {stands.get(name) for name in fields}
    named = [kind for kind, person in people(world).items() if person.id in ids]
    return record, None if team is None else str(team), stands.get("project_manager_id") is not None, named


def only_named(row: Action[Any, Any]) -> bool:
    """Whether the row is for those whom fields of the record name, as its owner, and for nobody else."""
    by_field = (relation for relation in row.policy.relations if getattr(relation, "fields", ()))
    return not row.policy.roles and row.policy.relations == frozenset(by_field)


def consents(row: Action[Any, Any]) -> bool:
    """Whether it names somebody who votes for its person, for which no key with roles is enough."""
    return consent_needed in row.checks.wrong


def relation(lifecycle: Lifecycle[Any], kind: str) -> str:
    """What the person is to the record: only tickets have reporters and assignees."""
    return kind if "assign" in lifecycle.by_name else COLLEAGUE


@each_case(("lifecycle", "row"), REFUSED, ids=case_name, by=of_kind)
async def test_whoever_the_row_does_not_name_is_refused_and_nothing_is_written(
    world: World, callers: Callers, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    record, team, managed, named = await record_for(world, lifecycle, row)
    refused = [
        (kind, held)
        for kind, held in callers.who_are_refused(lifecycle, row)
        if kind not in named
        and not named_by(row, held, relation(lifecycle, kind), team, managed=managed, named=named)
    ]
    if not WHOLE:  # an auditor sees whatever there is
        refused = list(dict.fromkeys([*refused[:1], (COLLEAGUE, Role.auditor.value)]))
    clients = [await callers.of(kind, held) for kind, held in refused]
    head = await world.api.head()
    readers = 0
    for (kind, held), client in zip(refused, clients, strict=True):
        sees = await callers.offers(lifecycle, record, kind, held) is not None
        answer = await send(client, lifecycle, row, record, sample(row))
        expected = (403, REFUSAL_CODES) if sees else (404, ("not_found",))
        assert answer.status_code == expected[0], (kind, held)
        assert answer.json()["code"] in expected[1], (kind, held)
        readers += sees
        if sees and not WHOLE:
            break
    assert await world.api.head() == head
    assert readers or lifecycle.kind in PRIVATE_KINDS, "somebody who sees it is refused, if only an auditor"


@each_case(("lifecycle", "row"), OFFERED, ids=case_name, by=of_kind)
async def test_a_record_offers_the_action_to_those_whom_the_row_names_and_to_nobody_else(
    world: World, callers: Callers, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    record, team, managed, named = await record_for(world, lifecycle, row)
    offered: set[bool] = set()
    for kind, held in callers.all_kinds():
        is_named = named_by(row, held, kind, team, managed=managed, named=named)
        if not (WHOLE or is_named not in offered or callers.is_new(row.policy, kind, held)):
            continue
        open_now = await callers.offers(lifecycle, record, kind, held)
        if open_now is None:
            continue
        assert (row.name in open_now) == is_named, (kind, held)
        offered.add(row.name in open_now)
    for_nobody_here = (lifecycle, row) not in OF_PEOPLE or (only_named(row) and not named and not managed)
    # Whoever sees what is hidden from all others may act on it, but for roles that oversee it and only read.
    only_reading = lifecycle.access.oversight - row.policy.roles
    readers = set[bool]() if lifecycle.kind in PRIVATE_KINDS and not only_reading else {False}
    assert offered == ({False} if for_nobody_here else {True} | readers)


@each_case(("lifecycle", "row", "state"), CLOSED, ids=case_name, by=of_kind, one_of_each=kind_and_state)
async def test_in_every_other_state_it_is_refused_and_nothing_is_written(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], state: CodeEnum
) -> None:
    record = await world.standing(lifecycle, state)
    head = await world.api.head()
    answer = await send(world.everybody, lifecycle, row, record, sample(row))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "not_in_this_state")
    assert problem["state"] == state
    assert row.name not in problem["allowed_actions"]
    assert problem["allowed_actions"] == _allowed_to_everybody(lifecycle, state)
    assert await world.api.head() == head


def _allowed_to_everybody(lifecycle: Lifecycle[Any], state: CodeEnum) -> list[str]:
    """The rows open in the state that need no relation: the record is somebody else's."""
    return [
        row.name
        for row in lifecycle.rows
        if not row.opens
        and row.is_open_in(state)
        and (row.policy.roles or not row.policy.relations.isdisjoint(OF_EVERYBODY))
    ]


#: What those of a board vote on, and never who asked for it or carries it out.
OF_BOARDS = {
    "change": Role.change_manager,
    "freeze": Role.change_manager,
    "release": Role.change_manager,
    "improvement": Role.committee_member,
    "improvement_plan": Role.committee_member,
    "document": Role.management,
    "process_change": Role.committee_member,
}


def _names(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> list[tuple[str, str]]:
    """One of each whom the row names: who they are to the record, and the role that they hold."""
    for_readers = row.name in KEPT_ACTIONS and Relation.anybody in row.policy.relations
    if for_readers and lifecycle.kind in SEEN_BY_STAFF:
        return [(COLLEAGUE, Role.quality_manager.value)]
    # An integration sees what it has reported itself.
    by_role = [
        (REPORTER if role is Role.integration else COLLEAGUE, role.value) for role in sorted(row.policy.roles)
    ]
    by_relation = [
        (kind, Role.requester.value)
        for kind in (REPORTER, ASSIGNEE)
        if {Relation(kind), Relation.anybody, *REQUESTERS} & row.policy.relations
        or (kind == ASSIGNEE and Relation.implementer in row.policy.relations)
    ]
    # A project manager names persons, whom those without a role do not see.
    manages = OF_PROJECT & row.policy.relations
    manager = [(ASSIGNEE, Role.project_manager.value)] if manages else []
    if Relation.voter in row.policy.relations and lifecycle.kind in OF_BOARDS:
        by_relation = [(COLLEAGUE, OF_BOARDS[lifecycle.kind].value)]
    staff = [(COLLEAGUE, Role.agent.value)] if Relation.staff in row.policy.relations else []
    superior = [(COLLEAGUE, Role.admin.value)] if Relation.superior in row.policy.relations else []
    return by_role + by_relation + manager + staff + superior


@each_case(("lifecycle", "row"), ALLOWED, ids=case_name, by=of_kind)
async def test_each_of_those_whom_the_row_names_may(
    world: World, callers: Callers, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    for kind, held in _names(lifecycle, row):
        needs_whole = row.policy.bars_assistants and Role(held) not in row.policy.roles
        client = await callers.of(kind, held)
        if needs_whole:  # their role is one of those that this key uses
            client = await callers.whole(kind)
        for state in possible_states(lifecycle, row):
            if await _may(callers, client, lifecycle, row, state, held):
                break
        else:
            pytest.fail(f"{kind} with {held} may never {row.name}")


async def _may(
    callers: Callers,
    client: Client,
    lifecycle: Lifecycle[Any],
    row: Action[Any, Any],
    state: CodeEnum,
    held: str,
) -> bool:
    """Whether the client can carry it out there: on what others have acted on, or else on a new record."""
    whose = held if (lifecycle.kind, held) in THEIRS | VISIBLE_TO else ""
    of_another = is_for_another(lifecycle.kind, row.name)
    alike = (lifecycle.kind, state, whose, of_another, PREREQUISITES.get(row.name))
    if may_share(row) and alike in callers.shared:
        answer = await _sent(client, lifecycle, row, callers.shared[alike])
        if answer is not None and answer.status_code == 200:
            return True
    record = await callers.world.theirs(lifecycle, state, row, held)
    answer = await _sent(client, lifecycle, row, record)
    if answer is None:
        return False  # They do not see it there yet.
    # A check may still forbid it in one of its states; that it is not theirs nobody says.
    unmanaged = 403 if OF_PROJECT & row.policy.relations else 409
    assert answer.status_code in (200, 409, unmanaged), (held, answer.text)
    if may_share(row):
        callers.shared[alike] = record
    return answer.status_code == 200


async def _sent(
    client: Client, lifecycle: Lifecycle[Any], row: Action[Any, Any], record: Json
) -> httpx.Response | None:
    """What the client is answered; None if they do not see the record."""
    if (await client.get(record_address(lifecycle, record))).status_code == 404:
        return None
    return await send(
        client, lifecycle, row, record, await valid_body(client, row, record_address(lifecycle, record))
    )


@each_case(("lifecycle", "row"), OPENING, ids=case_name)
async def test_only_those_whom_its_first_row_names_make_a_record(
    world: World, callers: Callers, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    tried: set[bool] = set()
    for held in callers.held():
        is_named = named_by(row, held, COLLEAGUE, None)
        # In `make test` one policy of each sort refuses other roles, in `make test-all` every policy.
        policy = row.policy if is_named else row.policy.relations
        if not (WHOLE or is_named not in tried or callers.is_new(policy, COLLEAGUE, held)):
            continue
        tried.add(is_named)
        client = await callers.of(COLLEAGUE, held)
        # Who may not make it may not make what it is about, either.
        body = await valid_body(client if is_named else world.everybody, row, "")
        body |= THEIRS.get((lifecycle.kind, held.partition("@")[0]), dict)()
        head = await world.api.head()
        answer = await client.post(address(lifecycle, row, None), json=body)
        if is_named and (held == Role.admin or not consents(row)):
            assert answer.status_code == 201, (held, answer.text)
        else:
            assert answer.status_code == 403, held
            assert answer.json()["code"] in REFUSAL_CODES, held
            assert await world.api.head() == head


async def test_the_refusal_says_who_may_in_the_language_asked_for(world: World, callers: Callers) -> None:
    client = await callers.of(COLLEAGUE, Role.requester)
    for language, words in (("en", "Administrator or a rule"), ("zh", "系统管理员、系统规则")):
        answer = await client.post(
            "/v1/teams", json={"key": "x", "name": "X"}, headers={"Accept-Language": language}
        )
        assert words in answer.json()["detail"]
