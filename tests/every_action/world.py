"""Records of every kind in every state, brought there by legal actions that are found in the tables."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from app.common.people import Person, Role, rule
from app.common.personal import Sealed
from app.common.records import Labelled
from app.foundation.custom.fields import AddCustomField
from app.kernel.bodies import Patch
from app.kernel.lifecycle import Action, Lifecycle
from app.kernel.who import Relation
from app.registry import BY_KIND, LIFECYCLES
from tests.client import Api, Client, Json, an_incident
from tests.every_action import of_articles
from tests.every_action.known import CALENDAR, GROUP, KNOWN, SHOWN, TEAM, THEIRS
from tests.every_action.samples import (
    ALONE,
    BEFORE,
    BY,
    NAMES_NONE,
    NOT_THEIR_OWN,
    ONLY_IN,
    OPENED_TOWARDS,
    TOWARDS,
    sample,
)
from tests.every_action.samples import said as prepared
from tests.people import act, add_person


def can_be_in(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> list[Labelled]:
    """The states in which a new record can be brought so that the row can be carried out."""
    everywhere = frozenset(state.value for state in lifecycle.states)
    states = ONLY_IN.get(f"{lifecycle.kind}.{row.name}", ONLY_IN.get(row.name, everywhere))
    return [state for state in lifecycle.states if row.comes_from(state) and state.value in states]


#: What a check asks, since the record itself does not say it: any person may be it.
ASKED = frozenset({Relation.acceptor, Relation.solution_reviewer, Relation.voter, Relation.chair})
#: What follows from votes, or ends them: nobody does it at will. tests/foundation/decisions walks it.
OF_DECISIONS = frozenset(
    {
        "approve",
        "refuse",
        "decide",
        "remind_voters",
        "close_vote",
        "withdraw_decision",
        "conclude_decision",
    }
)
#: Every row of every table.
ROWS = [(lifecycle, row) for lifecycle in LIFECYCLES for row in lifecycle.rows]
#: Those that people may carry out, and those that only rules may.
OF_PEOPLE = [(lc, row) for lc, row in ROWS if row.who.roles or row.who.relations != {Relation.rule}]
OF_RULES = [(lc, row) for lc, row in ROWS if (lc, row) not in OF_PEOPLE]
#: Every row of people but those from nothing, with every state that it is open in.
OPEN_IN = [
    (lc, row, s)
    for lc, row in OF_PEOPLE
    if not row.opens and row.name not in OF_DECISIONS
    for s in can_be_in(lc, row)
]
#: The same of the rows that only rules may carry out.
OPEN_TO_RULES = [
    (lc, row, s)
    for lc, row in OF_RULES
    if row.name not in OF_DECISIONS
    for s in lc.states
    if row.comes_from(s)
]
#: The same, with every state that it is not open in.
CLOSED_IN = [(lc, row, s) for lc, row in ROWS if not row.opens for s in lc.states if not row.comes_from(s)]


def called(case: object) -> str:
    """How a case is named in the report of the tests."""
    if isinstance(case, Lifecycle):
        return case.kind
    return case.name if isinstance(case, Action) else str(case)


def of_kind(case: tuple[Any, ...]) -> str:
    """Which cases are tried together: those of one kind."""
    return str(case[0].kind)


def of_kind_and_state(case: tuple[Any, ...]) -> str:
    """Which cases are tried together, where there are many: those in one state of one kind."""
    return f"{case[0].kind}-{case[-1]}"


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


def always(row: Action[Any, Any]) -> dict[str, str]:
    """The headers that it is sent with: whoever edits says which version; here, whichever it is."""
    return {"If-Match": "*"} if issubclass(row.body, Patch) else {}


def at(lifecycle: Lifecycle[Any], record: Json) -> str:
    """Where the record is."""
    return f"/v1/{lifecycle.plural}/{record['id']}"


def events(row: Action[Any, Any]) -> int:
    """How many events the row makes: one on each record that it is about."""
    if row.second is None or row.name in NAMES_NONE:
        return 1
    return 3 if row.second.goes_on else 2


def may_share(row: Action[Any, Any]) -> bool:
    """Whether it can be carried out on a record on which others were before."""
    return row.stays and row.name not in ALONE


def _wants(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> tuple[Hashable, ...]:
    """What the row wants of a record besides its state."""
    opened = (lifecycle.kind, row.name) in OPENED_TOWARDS
    return BEFORE.get(row.name), row.name in NOT_THEIR_OWN, row.name if opened else ""


#: Rows, each with the state that it is to lead to.
Steps = list[tuple[Action[Any, Any], Labelled]]


def ways(lifecycle: Lifecycle[Any], state: Labelled) -> Iterator[Steps]:
    """The ways to the state from the one that records begin in, the shortest first, none through one state
    twice.
    """
    (first,) = lifecycle.opening().leads_to
    waiting: deque[tuple[Steps, list[Labelled]]] = deque([([], [first])])
    while waiting:
        way, states = waiting.popleft()
        if states[-1] == state:
            yield way
            continue
        for row in lifecycle.rows:
            if not row.opens and row.name not in OF_DECISIONS and row.comes_from(states[-1]):
                new = [to for to in row.leads_to if to not in states]
                waiting.extend(([*way, (row, to)], [*states, to]) for to in new)


async def send(
    client: Client,
    lifecycle: Lifecycle[Any],
    row: Action[Any, Any],
    record: Json | None,
    body: Any,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """What the row answers."""
    sent = always(row) | (headers or {})
    return await client.request(method(row), address(lifecycle, row, record), json=body, headers=sent)


async def done(
    client: Client, lifecycle: Lifecycle[Any], row: Action[Any, Any], record: Json, body: Json
) -> Json:
    """The record after the row was carried out."""
    answer = await send(client, lifecycle, row, record, body)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


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
    others: dict[str, Client]
    standing_records: dict[tuple[str, str], Json] = field(default_factory=dict)
    ready_records: dict[Hashable, str] = field(default_factory=dict)
    untouched_records: dict[Hashable, Json] = field(default_factory=dict)

    async def bring(
        self, lifecycle: Lifecycle[Any], state: Labelled, row: Action[Any, Any] | None = None
    ) -> Json:
        """A new record in that state, everybody's own in every respect; one on which the row, if it is named,
        can be carried out.
        """
        return await self._bring(lifecycle, state, self.everybody, {}, row)

    @asynccontextmanager
    async def ready(
        self, lifecycle: Lifecycle[Any], state: Labelled, row: Action[Any, Any]
    ) -> AsyncIterator[Json]:
        """The same, but what leaves it in its state gets the one that all else has that does, until something
        fails on it.
        """
        if not may_share(row):
            yield await self.bring(lifecycle, state, row)
            return
        alike = (lifecycle.kind, state, *_wants(lifecycle, row))
        if alike not in self.ready_records:
            self.ready_records[alike] = at(lifecycle, await self.bring(lifecycle, state, row))
        try:
            yield await self.everybody.read(self.ready_records[alike])
        except BaseException:
            del self.ready_records[alike]
            raise

    async def theirs(
        self,
        lifecycle: Lifecycle[Any],
        state: Labelled,
        row: Action[Any, Any] | None = None,
        held: str = "",
    ) -> Json:
        """The same: the reporter's, given to the team and to the assignee; one that somebody who holds that
        role may see to.
        """
        requester = {"requester": str(self.reporter.id)} if "assign" in lifecycle.by_name else {}
        of = (lifecycle.kind, held)
        theirs = THEIRS.get(of, dict)() | SHOWN.get(of, dict)()
        return await self._bring(lifecycle, state, self.worker, requester | theirs, row)

    async def untouched(self, lifecycle: Lifecycle[Any], state: Labelled, row: Action[Any, Any]) -> Json:
        """A record as `bring` brings it, always the same one, for what is refused on it."""
        of = (lifecycle.kind, state, *_wants(lifecycle, row))
        if of not in self.untouched_records:
            self.untouched_records[of] = await self.bring(lifecycle, state, row)
        return self.untouched_records[of]

    async def by_rule(self, lifecycle: Lifecycle[Any], row: Action[Any, Any], record: Json) -> None:
        """A rule carries out the row."""
        body = row.body.model_validate(sample(row))
        await act(self.api.ledger, rule("tests"), lifecycle.kind, row.name, record["id"], body)

    async def standing(self, lifecycle: Lifecycle[Any], state: Labelled) -> Json:
        """The same, always the same one."""
        at = (lifecycle.kind, state.value)
        if at not in self.standing_records:
            self.standing_records[at] = await self.theirs(lifecycle, state)
        return self.standing_records[at]

    async def _bring(
        self,
        lifecycle: Lifecycle[Any],
        state: Labelled,
        worker: Client,
        more: Json,
        wanted: Action[Any, Any] | None = None,
    ) -> Json:
        ticket = "assign" in lifecycle.by_name
        first, opening = BEFORE.get(wanted.name, ()) if wanted else (), lifecycle.opening()
        one, other = (worker, self.everybody) if ticket else (self.everybody, self.worker)
        if wanted is not None and wanted.name in NOT_THEIR_OWN:
            one, other = other, one
        for way in ways(lifecycle, state):
            wants = OPENED_TOWARDS.get((lifecycle.kind, state.value), dict)()
            wants |= OPENED_TOWARDS.get((lifecycle.kind, wanted.name if wanted else ""), dict)()
            said = sample(opening) | more | wants
            record = await self._open(lifecycle, opening, said, self.everybody if ticket else one)
            if ticket:
                given_to = {"team": TEAM, "person": worker.id}
                await self.everybody.do(address(lifecycle, lifecycle["assign"], record), given_to)
            for name in first:
                row = lifecycle[name]
                await self.everybody.do(address(lifecycle, row, record), sample(row))
            if await self._go((one, other), lifecycle, record, way):
                return await self.everybody.read(f"/v1/{lifecycle.plural}/{record['id']}")
        raise AssertionError(f"no way leads a {lifecycle.kind} to {state}")

    async def _go(
        self, two: tuple[Client, Client], lifecycle: Lifecycle[Any], record: Json, way: Steps
    ) -> bool:
        """Whether the way could be gone by one of the two, by the other where it must be another one, or by a
        rule where no person may; a check may forbid it.
        """
        for row, to in way:
            if (lifecycle, row) in OF_RULES:
                await self.by_rule(lifecycle, row, record)
                continue
            more = TOWARDS.get((row.body, to), {})
            for name, said in BY.get((row.name, to.value), (("", {}),)):
                usual = [two[1]] if row.name in NOT_THEIR_OWN else [two[0], self.requester]
                clients = [self.others[name]] if name else usual
                answer = await self._step(clients, lifecycle, row, record, more | said)
                if answer.status_code == 409:
                    return False
                assert answer.status_code == 200, answer.text
            if answer.json()["state"] != to:  # it has come another way before
                return False
        return True

    async def _step(
        self,
        clients: list[Client],
        lifecycle: Lifecycle[Any],
        row: Action[Any, Any],
        record: Json,
        more: Json,
    ) -> httpx.Response:
        """What the first of the clients is answered who may."""
        for client in clients:
            body = await prepared(client, row, at(lifecycle, record)) | more
            answer = await client.post(address(lifecycle, row, record), json=body)
            if answer.status_code != 403:
                break
        return answer

    async def _open(self, lifecycle: Lifecycle[Any], row: Action[Any, Any], said: Json, one: Client) -> Json:
        """A new record of everybody's, made by them, or for them by a rule if no person may."""
        if (lifecycle, row) in OF_PEOPLE:
            return await one.do(address(lifecycle, row, None), said)
        theirs = {"person": self.everybody.id} if "person" in row.body.model_fields else {}
        body = row.body.model_validate({**said, **theirs})
        made = await act(self.api.ledger, rule("tests"), lifecycle.kind, row.name, body=body)
        return await self.everybody.read(f"/v1/{lifecycle.plural}/{made.record.id}")


#: People who do what somebody else must do.
OTHERS = ("author", "doer", "it", "business")
#: What is wanted to be known of tickets besides: by key, the type of the values, and whether for staff only.
CUSTOM = {"room": ("text", False), "visitors": ("number", False), "assessment": ("text", True)}


async def made(api: Api) -> World:
    """A new world."""
    for lifecycle in LIFECYCLES:
        if lifecycle.code is not None:
            await _want_custom_fields(api, lifecycle.kind)
    team_id = await api.team(TEAM)
    reporter = await add_person(api.ledger, "Reporter", TEAM)
    assignee = await add_person(api.ledger, "Assignee", TEAM)
    colleague = await add_person(api.ledger, "Colleague", TEAM)
    KNOWN["team"] = await api.team("spare")
    KNOWN["person"], KNOWN["reporter"], KNOWN["assignee"] = (
        str(one.id) for one in (colleague, reporter, assignee)
    )
    all_roles = [role for role in Role if role is not Role.auditor]
    everybody = await api.client("Everybody", *all_roles, teams=(TEAM,))
    worker = await api.client_of(assignee, *all_roles)
    KNOWN["reporter"] = str(reporter.id)
    a_ci = {"key": "rack-1", "name": "Rack", "ci_class": "other", "owner": KNOWN["reporter"]}
    KNOWN["ci"] = (await everybody.do("/v1/cis", a_ci))["id"]
    hours = sample(BY_KIND["calendar"].opening()) | {"key": CALENDAR}
    await everybody.do("/v1/calendars", hours)
    await everybody.do(f"/v1/cis/{KNOWN['ci']}/go_live")
    service = await everybody.do("/v1/services", sample(BY_KIND["service"].opening()))
    await everybody.do(f"/v1/services/{service['id']}/go_live")
    KNOWN["service"] = service["id"]
    category = {"process": "incident", "key": "spare", "name_en": "Spare", "name_zh": "备用"}
    KNOWN["category"] = (await everybody.do("/v1/categories", category))["id"]
    KNOWN["incident"] = (await everybody.do("/v1/incidents", an_incident()))["id"]
    await everybody.do(f"/v1/incidents/{KNOWN['incident']}/comment", {"text": "Any news?"})
    KNOWN["text_key"] = str(Sealed(await api.ledger.db.value("select text from fold.comment")).key_id)
    await of_articles.know(KNOWN["incident"], worker, everybody)
    others = {name: await api.client(name.capitalize(), *all_roles, teams=(TEAM,)) for name in OTHERS}
    KNOWN["doer"], KNOWN["author"] = others["doer"].id, others["author"].id
    approvers = [str(one.id) for one in (reporter, assignee, colleague, everybody)]
    said = sample(BY_KIND["catalogue_item"].opening())
    said |= {"approver_role": None, "approver_persons": approvers, "approval_rule": "majority"}
    item = await everybody.do("/v1/catalogue_items", said)
    await everybody.do(f"/v1/catalogue_items/{item['id']}/offer")
    KNOWN["item"] = item["key"]
    await everybody.do("/v1/groups", {"key": GROUP, "name": "Who accepts it", "chair": "me"})
    for one in (reporter.id, assignee.id, colleague.id, everybody.id, others["business"].id):
        await everybody.do(f"/v1/groups/{GROUP}/add_member", {"person": str(one), "side": "business"})
    requester = await api.client_of(reporter)
    return World(api, everybody, worker, reporter, assignee, colleague, team_id, requester, others)


async def _want_custom_fields(api: Api, process: str) -> None:
    for key, (value_type, staff_only) in CUSTOM.items():
        said = {"process": process, "key": key, "value_type": value_type, "staff_only": staff_only}
        labels = {"label_en": key.capitalize(), "label_zh": key}
        body = AddCustomField.model_validate({**said, **labels, "filterable": True})
        await act(api.ledger, rule("tests"), "custom_field", "add", body=body)
