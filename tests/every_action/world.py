"""Records of every kind in every state, brought there by legal actions that are found in the tables."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Hashable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Any
from uuid import UUID

import httpx

from app.common.people import Grade, Person, Role, rule_caller
from app.common.personal import Ciphertext
from app.common.records import CodeEnum
from app.foundation.people.credentials.bounds import HIGHEST_BOUND
from app.foundation.people.persons import SetBoundsPerson
from app.foundation.people.records import TeamKind
from app.kernel.actions.actor_policy import ProcessRelation, Relation
from app.kernel.actions.describe import outcomes
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import Patch
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from tests.client import Api, Client, Json, an_incident
from tests.every_action import agreements, articles, changes, improvement_suggestions
from tests.every_action.documents import WAYS
from tests.every_action.own_work import judges_others_work
from tests.every_action.requests import PROPOSED_FIRST, proposed
from tests.every_action.samples import (
    ACTED_BY,
    NAMES_NONE,
    NOT_SHARED,
    NOT_THEIR_OWN,
    ONLY_IN,
    OPENED_TOWARDS,
    PREREQUISITES,
    TOWARDS,
    is_for_another,
    sample,
)
from tests.every_action.samples import valid_body as prepared
from tests.every_action.settings import (
    add_those_asked_as_well,
    ask_several_about_changes,
    want_custom_fields_of_tickets,
)
from tests.every_action.world_data import CALENDAR, CUSTOMER, GROUP, IDS, TEAM, THEIRS, VISIBLE_TO
from tests.extent import WHOLE
from tests.people import act, add_person, fill


def possible_states(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> list[CodeEnum]:
    """The states in which a new record can be brought so that the row can be carried out."""
    everywhere = frozenset(state.value for state in lifecycle.states)
    states = ONLY_IN.get(f"{lifecycle.kind}.{row.name}", ONLY_IN.get(row.name, everywhere))
    return [state for state in lifecycle.states if row.is_open_in(state) and state.value in states]


#: What a check asks, since the record itself does not say it: any person may be it.
DYNAMIC_RELATIONS: frozenset[Relation | ProcessRelation] = frozenset(
    {Relation.voter, Relation.chair, Relation.asker}
).union(
    relation
    for lifecycle in LIFECYCLES
    for row in lifecycle.rows
    for relation in row.policy.relations
    if isinstance(relation, ProcessRelation) and not relation.fields
)
#: What ends votes, follows when somebody leaves, or objects to statements: tests of their own walk these.
OF_VOTES = frozenset(
    {"decide", "remind_voters", "close_vote", "deputise_vote", "recount_votes", "recuse", "withdraw_decision"}
) | {"hand_over_duties", "transfer_duties", "report_duties", "report_work", "object_to_statement"}
#: What there is only once a group has lost its members is walked by tests of its own, too.
OF_VOTES |= {"report_uses", "name_acceptance_group"}
#: The lead of a team, or somebody's superior, changes.
OF_VOTES |= {"follow_leads"}


def of_decisions(row: Action[Any, Any]) -> bool:
    """Whether it follows from votes, or ends them."""
    return row.name in OF_VOTES or Relation.decision in row.policy.relations


#: Every state of every kind.
IN_STATE = [(lifecycle, state) for lifecycle in LIFECYCLES for state in lifecycle.states]
#: Every row of every table.
ROWS = [(lifecycle, row) for lifecycle in LIFECYCLES for row in lifecycle.rows]
#: Those that people may carry out, and those that only rules may.
OF_PEOPLE = [(lc, row) for lc, row in ROWS if row.policy.roles or row.policy.relations != {Relation.rule}]
OF_RULES = [(lc, row) for lc, row in ROWS if (lc, row) not in OF_PEOPLE]
#: Every row of people but those from nothing, with every state that it is open in.
OPEN_IN = [
    (lc, row, s)
    for lc, row in OF_PEOPLE
    if not row.opens and not of_decisions(row)
    for s in possible_states(lc, row)
]
#: The same of the rows that only rules may carry out.
OPEN_TO_RULES = [
    (lc, row, s)
    for lc, row in OF_RULES
    if not row.opens and not of_decisions(row)
    for s in possible_states(lc, row)
]
#: The same, with every state that it is not open in.
CLOSED_IN = [(lc, row, s) for lc, row in ROWS if not row.opens for s in lc.states if not row.is_open_in(s)]


def when(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> datetime:
    """When a rule carries it out: now, or when time has brought it."""
    return datetime.now(UTC) + agreements.AHEAD.get((lifecycle.kind, row.name), timedelta(0))


def case_name(case: object) -> str:
    """How a case is named in the report of the tests."""
    if isinstance(case, Lifecycle):
        return case.kind
    return case.name if isinstance(case, Action) else str(case)


def of_kind(case: tuple[Any, ...]) -> str:
    """The kind of record that a case is about: its cases are tried together, and sliced."""
    return str(case[0].kind)


def address(lifecycle: Lifecycle[Any], row: Action[Any, Any], record: Json | None) -> str:
    """Where the row is."""
    if row.opens:
        return f"/v1/{lifecycle.plural}"
    assert record is not None
    path = f"/v1/{lifecycle.plural}/{record['id']}"
    return path if issubclass(row.body, Patch) else f"{path}/{row.name}"


def method(row: Action[Any, Any]) -> str:
    """How it is sent: editing is a PATCH of the record."""
    return "PATCH" if issubclass(row.body, Patch) else "POST"


def required_headers(row: Action[Any, Any]) -> dict[str, str]:
    """The headers that it is sent with: whoever edits says which version; here, whichever it is."""
    return {"If-Match": "*"} if issubclass(row.body, Patch) else {}


def record_address(lifecycle: Lifecycle[Any], record: Json) -> str:
    """Where the record is."""
    return f"/v1/{lifecycle.plural}/{record['id']}"


def events(row: Action[Any, Any]) -> int:
    """How many events the row makes: one on each record that it is about."""
    if not row.consequences.related or row.name in NAMES_NONE:
        return 1
    return 3 if any(related.goes_on for related in row.consequences.related) else 2


def may_share(row: Action[Any, Any]) -> bool:
    """Whether it can be carried out on a record on which others were before."""
    return row.stays and row.name not in NOT_SHARED


def is_made_by_others(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> bool:
    """Whether somebody else than everybody makes the record that the row is carried out on."""
    is_listed = f"{lifecycle.kind}.{row.name}" in MADE_BY_OTHERS
    return is_listed or judges_others_work(lifecycle.kind, row.name, of_tickets=True)


def _wants(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> tuple[Hashable, ...]:
    """What the row wants of a record besides its state."""
    opened = (lifecycle.kind, row.name) in OPENED_TOWARDS
    apart = is_for_another(lifecycle.kind, row.name) or is_made_by_others(lifecycle, row)
    path = WAYS.get(f"{lifecycle.kind}.{row.name}")
    own = opened or apart or row.name in PROPOSED_FIRST
    return PREREQUISITES.get(row.name), path, apart, row.name if own else ""


#: A row of a table, and one with a state.
Row = tuple[Lifecycle[Any], Action[Any, Any]]
RowInState = tuple[Lifecycle[Any], Action[Any, Any], CodeEnum]


def in_first_state(cases: Iterable[RowInState]) -> Sequence[RowInState]:
    """Each row once, in the first of its states; `make test-all` tries all of them."""
    if WHOLE:
        return list(cases)
    return [next(rows) for _, rows in groupby(cases, lambda case: (case[0].kind, case[1].name))]


@cache
def _steps_to_states(kind: str) -> dict[CodeEnum, int]:
    """In how many steps a new record comes to each state."""
    lifecycle = LIFECYCLES_BY_KIND[kind]
    first, *_ = lifecycle.opening().leads_to
    steps, states = {first: 0}, [first]
    for state in states:
        for row in lifecycle.rows:
            new = (
                [to for to in row.leads_to if to not in steps]
                if row.is_open_in(state) and not issubclass(row.body, Patch)
                else []
            )
            steps |= dict.fromkeys(new, steps[state] + 1)
            states += new
    return steps


def steps_before(case: Row) -> int:
    """After how many steps the row can be carried out on a new record."""
    lifecycle, row = case
    return 0 if row.opens else _steps_to_states(lifecycle.kind)[possible_states(lifecycle, row)[0]]


def nearest_first(rows: Iterable[Row]) -> Sequence[Row]:
    """The rows, by `make test` those first that need the fewest steps."""
    return list(rows) if WHOLE else sorted(rows, key=steps_before)


#: Rows, each with the state that it is to lead to.
Steps = list[tuple[Action[Any, Any], CodeEnum]]


def paths_to(lifecycle: Lifecycle[Any], state: CodeEnum) -> Iterator[Steps]:
    """The ways to the state from the one that records begin in, the shortest first, none through one state
    twice.
    """
    first, *_ = lifecycle.opening().leads_to
    waiting: deque[tuple[Steps, list[CodeEnum]]] = deque([([], [first])])
    while waiting:
        steps, states = waiting.popleft()
        if states[-1] == state:
            yield steps
            continue
        for row in lifecycle.rows:
            walked = not of_decisions(row) or (lifecycle.kind, row.name) in changes.VERDICTS
            # An edit leads back, and is sent with other headers.
            if walked and not row.opens and not issubclass(row.body, Patch) and row.is_open_in(states[-1]):
                new = [to for to in outcomes(lifecycle, row, states[-1]) if to not in states]
                waiting.extend(([*steps, (row, to)], [*states, to]) for to in new)


async def send(
    client: Client,
    lifecycle: Lifecycle[Any],
    row: Action[Any, Any],
    record: Json | None,
    body: Any,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """What the row answers."""
    sent = required_headers(row) | (headers or {})
    return await client.request(method(row), address(lifecycle, row, record), json=body, headers=sent)


async def record_after(
    client: Client, lifecycle: Lifecycle[Any], row: Action[Any, Any], record: Json, body: Json
) -> Json:
    """The record after the row was carried out."""
    answer = await send(client, lifecycle, row, record, body)
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


@dataclass
class World:
    """An application with a team, and people in it who may do everything that people may.

    What is `standing` in a state is used by tests that change nothing.
    """

    api: Api
    everybody: Client
    worker: Client
    reporter: Person
    assignee: Person
    colleague: Person
    team_id: str
    requester: Client
    people: dict[str, Client]
    standing_records: dict[tuple[str, str], Json] = field(default_factory=dict)
    ready_records: dict[Hashable, str] = field(default_factory=dict)
    untouched_records: dict[Hashable, Json] = field(default_factory=dict)
    colleagues: dict[str, Client] = field(default_factory=dict)

    async def colleague_with(self, held: str) -> Client:
        """The colleague with a key that holds this and nothing else; always the same one."""
        if held not in self.colleagues:
            self.colleagues[held] = await self.api.client_of(self.colleague, held)
        return self.colleagues[held]

    async def make_record(
        self,
        lifecycle: Lifecycle[Any],
        state: CodeEnum,
        row: Action[Any, Any] | None = None,
        more: Json | None = None,
    ) -> Json:
        """A new record in that state, everybody's own in every respect, but for `more` that is said when it
        is opened; one on which the row, if it is named, can be carried out.
        """
        return await self._bring(lifecycle, state, self.everybody, more or {}, row)

    @asynccontextmanager
    async def ready(
        self, lifecycle: Lifecycle[Any], state: CodeEnum, row: Action[Any, Any]
    ) -> AsyncIterator[Json]:
        """The same, but what leaves it in its state gets the one that all else has that does, until something
        fails on it.
        """
        if not may_share(row):
            yield await self.make_record(lifecycle, state, row)
            return
        alike = (lifecycle.kind, state, *_wants(lifecycle, row))
        if alike not in self.ready_records:
            self.ready_records[alike] = record_address(
                lifecycle, await self.make_record(lifecycle, state, row)
            )
        try:
            yield await self.everybody.read(self.ready_records[alike])
        except BaseException:
            del self.ready_records[alike]
            raise

    async def theirs(
        self,
        lifecycle: Lifecycle[Any],
        state: CodeEnum,
        row: Action[Any, Any] | None = None,
        held: str = "",
    ) -> Json:
        """The same: the reporter's, given to the team and to the assignee; one that somebody who holds that
        role may see to.
        """
        requester = {"requester": str(self.reporter.id)} if "assign" in lifecycle.by_name else {}
        role_key = (lifecycle.kind, held)
        theirs = THEIRS.get(role_key, dict)() | VISIBLE_TO.get(role_key, dict)()
        return await self._bring(lifecycle, state, self.worker, requester | theirs, row)

    async def untouched(self, lifecycle: Lifecycle[Any], state: CodeEnum, row: Action[Any, Any]) -> Json:
        """A record as `make_record` brings it, always the same one, for what is refused on it."""
        state_key = (lifecycle.kind, state, *_wants(lifecycle, row))
        if state_key not in self.untouched_records:
            self.untouched_records[state_key] = await self.make_record(lifecycle, state, row)
        return self.untouched_records[state_key]

    async def by_rule(
        self, lifecycle: Lifecycle[Any], row: Action[Any, Any], record: Json, body_json: Json | None = None
    ) -> None:
        """A rule carries out the row, and says this or what can be said there."""
        if body_json is None:
            body_json = await prepared(self.everybody, row, record_address(lifecycle, record))
        body = row.body.model_validate(body_json)
        rule, now = rule_caller("tests"), when(lifecycle, row)
        await act(self.api.ledger, rule, lifecycle.kind, row.name, record["id"], body, now=now)

    async def standing(self, lifecycle: Lifecycle[Any], state: CodeEnum) -> Json:
        """The same, always the same one."""
        state_key = (lifecycle.kind, state.value)
        if state_key not in self.standing_records:
            self.standing_records[state_key] = await self.theirs(lifecycle, state)
        return self.standing_records[state_key]

    async def _bring(
        self,
        lifecycle: Lifecycle[Any],
        state: CodeEnum,
        worker: Client,
        more: Json,
        target: Action[Any, Any] | None = None,
    ) -> Json:
        ticket = "assign" in lifecycle.by_name
        opening = lifecycle.opening()
        names = PREREQUISITES.get(target.name if target else "", ())
        first = [lifecycle[name] for name in names if name in lifecycle.by_name]
        maker, other = (worker, self.everybody) if ticket else (self.everybody, self.worker)
        if target is not None and is_for_another(lifecycle.kind, target.name):
            # Whoever votes may be any of the two.
            maker, other = (self.people["author"], maker) if target.name == "vote" else (other, maker)
        author = self.people["author"]
        voted_on = target is not None and (
            (lifecycle.kind in OF_BOARDS and target.name == "vote") or is_made_by_others(lifecycle, target)
        )
        if voted_on:  # nobody votes on what they wrote, or judges it
            maker, other = author, worker
        via = WAYS.get(f"{lifecycle.kind}.{target.name}") if target is not None else None
        obstacles: list[str] = []
        for steps in paths_to(lifecycle, state):
            if via is not None and via not in [to.value for _, to in steps]:
                continue
            wants = OPENED_TOWARDS.get((lifecycle.kind, state.value), dict)()
            wants |= OPENED_TOWARDS.get((lifecycle.kind, target.name if target else ""), dict)()
            opener = self.everybody if ticket and not voted_on else maker
            body = await prepared(opener, opening, "") | more | wants
            record = await self._open(lifecycle, opening, body, opener)
            if ticket:
                given_to = {"team": TEAM, "person": author.id if voted_on else worker.id}
                await self.everybody.post_ok(address(lifecycle, lifecycle["assign"], record), given_to)
            begin = record["state"]
            await self._prerequisites(lifecycle, [row for row in first if row.is_open_in(begin)], record)
            obstacle = await self._go((maker, other), lifecycle, record, steps)
            if obstacle is None:
                later = [row for row in first if not row.is_open_in(begin)]
                await self._prerequisites(lifecycle, later, record)
                if target is not None and target.name in PROPOSED_FIRST:
                    await proposed(self.everybody, record_address(lifecycle, record))
                return await self.everybody.read(f"/v1/{lifecycle.plural}/{record['id']}")
            obstacles.append(f"{' → '.join(row.name for row, _ in steps)}: {obstacle}")
        raise AssertionError("\n".join([f"No way leads a {lifecycle.kind} to {state}.", *obstacles, ADVICE]))

    async def _prerequisites(
        self, lifecycle: Lifecycle[Any], rows: Sequence[Action[Any, Any]], record: Json
    ) -> None:
        """What must have been done before, by a rule where no person may."""
        for row in rows:
            if (lifecycle, row) in OF_RULES:
                await self.by_rule(lifecycle, row, record)
            else:
                await self.everybody.post_ok(address(lifecycle, row, record), sample(row))

    async def _go(
        self, two: tuple[Client, Client], lifecycle: Lifecycle[Any], record: Json, steps: Steps
    ) -> str | None:
        """Goes the way: by one of the two, by the other where it must be another one, or by a rule where no
        person may. Gives what was in the way, for a check may forbid it; None: nothing was.
        """
        for row, to in steps:
            if (lifecycle, row) in OF_RULES:
                body = await prepared(self.everybody, row, record_address(lifecycle, record))
                await self.by_rule(lifecycle, row, record, body | TOWARDS.get((row.body, to), {}))
                continue
            if verdict := changes.VERDICTS.get((lifecycle.kind, row.name)):
                path = record_address(lifecycle, record)
                voters = [*(self.people[name] for name in VOTING), self.everybody, self.worker]
                if not await changes.decide(self.api, voters, path, verdict, row.name):
                    return f"the votes did not come to {verdict}"
                if (came := (await self.everybody.read(path))["state"]) != to:
                    return f"{row.name} has led to {came}, and not to {to}"
                continue
            more = TOWARDS.get((row.body, to), {})
            actors = ACTED_BY.get((row.name, to.value), (("", {}),))
            for name, fields in ACTED_BY.get((f"{lifecycle.kind}.{row.name}", to.value), actors):
                usual = [two[0], self.requester, *self.people.values()]
                usual = [two[1]] if row.name in NOT_THEIR_OWN else usual
                clients = [self.people[name]] if name else usual
                answer = await self._step(clients, lifecycle, row, record, more | fields)
                if answer.status_code == 409:
                    return f"{row.name} was refused: {answer.text}"
                assert answer.status_code == 200, f"{row.name}: {answer.text}\n{ADVICE}"
            if answer.json()["state"] != to:  # it has come another way before
                return f"{row.name} has led to {answer.json()['state']}, and not to {to}"
        return None

    async def _step(
        self,
        clients: list[Client],
        lifecycle: Lifecycle[Any],
        row: Action[Any, Any],
        record: Json,
        more: Json,
    ) -> httpx.Response:
        """What the first of the clients is answered who may."""
        path = record_address(lifecycle, record)
        for client in clients:
            if (await client.get(path)).status_code != 200:
                continue
            body = await prepared(client, row, path) | more
            answer = await client.post(address(lifecycle, row, record), json=body)
            if answer.status_code != 403:
                break
        return answer

    async def _open(
        self, lifecycle: Lifecycle[Any], row: Action[Any, Any], body_json: Json, opener: Client
    ) -> Json:
        """A new record of everybody's, made by them, or for them by a rule if no person may."""
        if (lifecycle, row) in OF_PEOPLE:
            return await opener.post_ok(address(lifecycle, row, None), body_json)
        theirs = {"person": self.everybody.id} if "person" in row.body.model_fields else {}
        body = row.body.model_validate({**body_json, **theirs})
        result = await act(self.api.ledger, rule_caller("tests"), lifecycle.kind, row.name, body=body)
        return await self.everybody.read(f"/v1/{lifecycle.plural}/{result.record.id}")


#: What is to be said where something is missing.
ADVICE = (
    "tests/every_action/samples.py says what is missing for a record to be brought to a state: a valid body "
    "(SAMPLES, PREPARED), what goes before (PREREQUISITES), what leads to that state (TOWARDS), who does it "
    "(ACTED_BY); see docs/how-to/bring-a-record-to-a-state.md."
)
#: What boards vote on, without those who wrote it.
OF_BOARDS = frozenset({"change", "improvement", "process_change", "release"})
#: What nobody does who has made any of what is judged.
MADE_BY_OTHERS = frozenset(
    {
        *("approval_rule.agree", "risk_matrix.agree", "risk_questionnaire.agree"),
        *("improvement.evaluate", "release_stage_set.agree", "request.vote"),
    }
)
#: Who is asked in emergencies, if the colleague asks.
GRADES = {"business": Grade.senior}
#: Those others who vote, in that order.
VOTING = ("business", "it", "author", "doer")
#: People who do what somebody else must do.
OTHER_PEOPLE = ("author", "doer", "it", "business")


async def _raise_bounds(api: Api, accounts: Sequence[str]) -> None:
    """Raise the bounds of the accounts: each file of tests brings records into states with the same few."""
    for person_id in accounts:
        bounds = SetBoundsPerson(most_standing=HIGHEST_BOUND)
        await act(api.ledger, rule_caller("tests"), "person", "set_bounds", person_id, bounds)


async def make_world(api: Api) -> World:
    """A new world."""
    await want_custom_fields_of_tickets(api)
    team_id = await api.team(TEAM)
    reporter = await add_person(api.ledger, "Reporter", TEAM)
    assignee = await add_person(api.ledger, "Assignee", TEAM)
    # Whom boards ask, by whatever key; in emergencies those who are senior.
    boards = (Role.cab_member.value, Role.committee_member.value)
    await api.team(CUSTOMER, TeamKind.customer)
    colleague = await add_person(api.ledger, "Colleague", TEAM, CUSTOMER, roles=boards, grade=Grade.senior)
    await add_those_asked_as_well(api)
    IDS["buyer"] = str((await add_person(api.ledger, "Buyer", CUSTOMER)).id)
    IDS["auditor"] = str((await add_person(api.ledger, "Auditor", roles=("auditor",))).id)
    IDS["team"], IDS["supplier"] = (
        await api.staffed_team("spare"),
        await api.team("cabling-co", TeamKind.supplier),
    )
    IDS["person"], IDS["reporter"], IDS["assignee"] = (
        str(person.id) for person in (colleague, reporter, assignee)
    )
    all_roles = [role for role in Role if role is not Role.auditor]
    everybody = await api.client("Everybody", *all_roles, teams=(TEAM,))
    worker = await api.client_of(assignee, *all_roles)
    IDS["reporter"] = str(reporter.id)
    a_ci = {"key": "rack-1", "name": "Rack", "ci_class": "other", "owner": IDS["reporter"]}
    IDS["ci"] = (await everybody.post_ok("/v1/cis", a_ci))["id"]
    hours = sample(LIFECYCLES_BY_KIND["calendar"].opening()) | {"key": CALENDAR}
    await everybody.post_ok("/v1/calendars", hours)
    await everybody.post_ok(f"/v1/cis/{IDS['ci']}/go_live")
    service = await everybody.post_ok("/v1/services", sample(LIFECYCLES_BY_KIND["service"].opening()))
    await everybody.post_ok(f"/v1/services/{service['id']}/go_live")
    IDS["service"], IDS["service_key"] = service["id"], service["key"]
    category = {"process": "incident", "key": "spare", "name_en": "Spare", "name_zh": "备用"}
    IDS["category"] = (await everybody.post_ok("/v1/categories", category))["id"]
    IDS["incident"] = (await everybody.post_ok("/v1/incidents", an_incident()))["id"]
    IDS["change"] = (await everybody.post_ok("/v1/changes", {"type": "normal", "title": "A relay"}))["id"]
    await everybody.post_ok(f"/v1/incidents/{IDS['incident']}/comment", {"text": "Any news?"})
    IDS["text_key"] = str(Ciphertext(await api.ledger.db.value("select text from fold.comment")).key_id)
    await articles.publish_article(IDS["incident"], worker, everybody)
    people = {
        name: await api.client(name.capitalize(), *all_roles, teams=(TEAM,), grade=GRADES.get(name))
        for name in OTHER_PEOPLE
    }
    IDS.update({name: client.id for name, client in people.items()}, everybody=everybody.id)
    accounts = [str(person.id) for person in (reporter, assignee, colleague, everybody)]
    await _raise_bounds(api, [*accounts, *(client.id for client in people.values())])
    await agreements.make_beneath(everybody)
    IDS["suggestion"] = await improvement_suggestions.another_suggestion(everybody)
    IDS["assessed"] = await improvement_suggestions.another_suggestion(everybody)
    catalogue_item = sample(LIFECYCLES_BY_KIND["catalogue_item"].opening())
    catalogue_item |= {"approver_role": None, "approver_persons": accounts, "approval_rule": "majority"}
    item = await everybody.post_ok("/v1/catalogue_items", catalogue_item)
    await everybody.post_ok(f"/v1/catalogue_items/{item['id']}/offer")
    IDS["item"] = item["key"]
    await everybody.post_ok("/v1/groups", {"key": GROUP, "name": "Who accepts it", "chair": "me"})
    staff = (reporter.id, assignee.id, colleague.id)  # who keep their seats of before
    await fill(api.ledger, GROUP, [*staff, *map(UUID, (everybody.id, people["business"].id, IDS["buyer"]))])
    await ask_several_about_changes(api)
    requester = await api.client_of(reporter)
    return World(api, everybody, worker, reporter, assignee, colleague, team_id, requester, people)
