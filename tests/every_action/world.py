"""Records of every kind in every state, brought there by legal actions that are found in the tables."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from app.base.custom.fields import AddCustomField
from app.common.people import Person, Role, rule
from app.common.personal import Sealed
from app.common.records import Labelled
from app.kernel.bodies import Patch
from app.kernel.lifecycle import Action, Lifecycle
from app.kernel.who import Relation
from app.registry import LIFECYCLES
from tests.client import Api, Client, Json, an_incident
from tests.every_action.samples import BEFORE, KNOWN, ONLY_IN, TEAM, sample
from tests.people import act, add_person


def can_be_in(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> list[Labelled]:
    """The states in which a new record can be brought so that the row can be carried out."""
    states = ONLY_IN.get(row.name, frozenset(state.value for state in lifecycle.states))
    return [state for state in lifecycle.states if row.comes_from(state) and state.value in states]


#: Every row of every table.
ROWS = [(lifecycle, row) for lifecycle in LIFECYCLES for row in lifecycle.rows]
#: Those that people may carry out, and those that only rules may.
OF_PEOPLE = [(lc, row) for lc, row in ROWS if row.who.roles or row.who.relations != {Relation.rule}]
OF_RULES = [(lc, row) for lc, row in ROWS if (lc, row) not in OF_PEOPLE]
#: Every row of people but those from nothing, with every state that it is open in.
OPEN_IN = [(lc, row, s) for lc, row in OF_PEOPLE if not row.opens for s in can_be_in(lc, row)]
#: The same of the rows that only rules may carry out.
OPEN_TO_RULES = [(lc, row, s) for lc, row in OF_RULES for s in lc.states if row.comes_from(s)]
#: The same, with every state that it is not open in.
CLOSED_IN = [(lc, row, s) for lc, row in ROWS if not row.opens for s in lc.states if not row.comes_from(s)]


def called(case: object) -> str:
    """How a case is named in the report of the tests."""
    if isinstance(case, Lifecycle):
        return case.kind
    return case.name if isinstance(case, Action) else str(case)


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
    return 1 if row.second is None else 2


def ways(lifecycle: Lifecycle[Any], state: Labelled) -> Iterator[list[Action[Any, Any]]]:
    """The ways from nothing to the state, the shortest first, none through one state twice."""
    first = lifecycle.opening()
    waiting = deque([([first], [first.to])])
    while waiting:
        rows, states = waiting.popleft()
        if states[-1] == state:
            yield rows
            continue
        for row in lifecycle.rows:
            leads = not row.opens and not row.stays and not callable(row.to)
            if leads and row.comes_from(states[-1]) and row.to not in states:  # type: ignore[arg-type]  # a state
                waiting.append(([*rows, row], [*states, row.to]))


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
    standing_records: dict[tuple[str, str], Json] = field(default_factory=dict)

    async def bring(
        self, lifecycle: Lifecycle[Any], state: Labelled, row: Action[Any, Any] | None = None
    ) -> Json:
        """A new record in that state, everybody's own in every respect; one on which the row, if it is named,
        can be carried out.
        """
        return await self._bring(lifecycle, state, self.everybody, {}, row)

    async def theirs(
        self, lifecycle: Lifecycle[Any], state: Labelled, row: Action[Any, Any] | None = None
    ) -> Json:
        """The same: the reporter's, given to the team and to the assignee."""
        requester = {"requester": str(self.reporter.id)}
        return await self._bring(lifecycle, state, self.worker, requester, row)

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
        first = BEFORE.get(wanted.name, ()) if wanted else ()
        for way in ways(lifecycle, state):
            said = sample(way[0]) | (more if ticket else {})
            record = await self._open(lifecycle, way[0], said)
            if ticket:
                given_to = {"team": TEAM, "person": worker.id}
                await self.everybody.do(address(lifecycle, lifecycle["assign"], record), given_to)
            for name in first:
                row = lifecycle[name]
                await self.everybody.do(address(lifecycle, row, record), sample(row))
            if await _go(worker if ticket else self.everybody, lifecycle, record, way[1:]):
                return await self.everybody.read(f"/v1/{lifecycle.plural}/{record['id']}")
        raise AssertionError(f"no way leads a {lifecycle.kind} to {state}")

    async def _open(self, lifecycle: Lifecycle[Any], row: Action[Any, Any], said: Json) -> Json:
        """A new record of everybody's, made by them, or for them by a rule if no person may."""
        if (lifecycle, row) in OF_PEOPLE:
            return await self.everybody.do(address(lifecycle, row, None), said)
        theirs = {"person": self.everybody.id} if "person" in row.body.model_fields else {}
        body = row.body.model_validate({**said, **theirs})
        made = await act(self.api.ledger, rule("tests"), lifecycle.kind, row.name, body=body)
        return await self.everybody.read(f"/v1/{lifecycle.plural}/{made.record.id}")


async def _go(worker: Client, lifecycle: Lifecycle[Any], record: Json, way: list[Action[Any, Any]]) -> bool:
    """Whether the way could be gone; a check may forbid it."""
    for row in way:
        answer = await worker.post(address(lifecycle, row, record), json=sample(row))
        if answer.status_code == 409:
            return False
        assert answer.status_code == 200, answer.text
    return True


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
    KNOWN["person"] = str(colleague.id)
    all_roles = [role for role in Role if role is not Role.auditor]
    everybody = await api.client("Everybody", *all_roles, teams=(TEAM,))
    worker = await api.client_of(assignee, *all_roles)
    KNOWN["incident"] = (await everybody.do("/v1/incidents", an_incident()))["id"]
    await everybody.do(f"/v1/incidents/{KNOWN['incident']}/comment", {"text": "Any news?"})
    KNOWN["text_key"] = str(Sealed(await api.ledger.db.value("select text from fold.comment")).key_id)
    return World(api, everybody, worker, reporter, assignee, colleague, team_id)


async def _want_custom_fields(api: Api, process: str) -> None:
    for key, (value_type, staff_only) in CUSTOM.items():
        said = {"process": process, "key": key, "value_type": value_type, "staff_only": staff_only}
        labels = {"label_en": key.capitalize(), "label_zh": key}
        body = AddCustomField.model_validate({**said, **labels, "filterable": True})
        await act(api.ledger, rule("tests"), "custom_field", "add", body=body)
