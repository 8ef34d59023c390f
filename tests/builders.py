"""Given a record, when somebody acts, then that is the event; without a database.

    given(incident(state="in_progress")).by(ASSIGNEE).when("resolve", {…}).then("incident.resolved", set={…})
    given(incident(state="closed")).when("resolve", {…}).refused("not_in_this_state")

What has to be looked up (who belongs to which team) is beyond this; such checks are tested on a database.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

from pydantic import ValidationError

from app.common.people import Caller, Person, Role, RoleGrant
from app.common.personal import PersonalKey, is_encrypted
from app.common.priorities.priority import MATRIX, Matrix
from app.common.records import Record, codecs, empty
from app.foundation.people.records import Team
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext, ActionSettings, CommandMetadata, ResolvedInput
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import references
from app.kernel.actions.refusals import Refusal, WrongValue
from app.kernel.commands import dating, guards
from app.kernel.commands.command import Command
from app.kernel.commands.decide import CommandDecision, decide
from app.log.ids import uuid7
from app.processes.incidents.records import Incident
from app.registry import LIFECYCLES_BY_KIND
from app.service_levels.clocks.agreement_history import AgreementHistory

T = TypeVar("T")
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
KEY = PersonalKey(uuid7(), bytes(32))
REOPEN_DAYS = 7


def a_caller(*roles: Role, teams: tuple[UUID, ...] = (), own: UUID | None = None) -> Caller:
    """A new person with these roles."""
    person = uuid7()
    return Caller(f"person:{person}", person, tuple(map(RoleGrant, roles)), frozenset(teams), own)


REPORTER = a_caller()
ASSIGNEE = a_caller(Role.engineer)
AGENT = a_caller(Role.agent)
TOOL = a_caller(Role.integration)


def minutes(number: float) -> datetime:
    """So many minutes after NOW; before it if the number is negative."""
    return NOW + timedelta(minutes=number)


def incident(**fields: Any) -> Incident:
    """An incident that was reported an hour ago by REPORTER and is ASSIGNEE's, and what else is said."""
    opened = minutes(-60)
    plain: dict[str, Any] = {
        "number": "INC-2026-000007",
        "state": "new",
        "state_since": opened,
        "opened_at": opened,
        "title": "Mail does not arrive",
        "description": KEY.encrypt("Since nine o'clock."),
        "channel": "portal",
        "impact": "2",
        "urgency": "2",
        "priority": "P3",
        "effect": "degraded",
        "requester_id": REPORTER.person_id,
        "assignee_id": ASSIGNEE.person_id,
    }
    record = empty(Incident, uuid7())
    record.version, record.changed_at = 3, fields.get("state_since", opened)
    fields_of_incident = codecs(Incident)
    for name, value in (plain | fields).items():
        read = fields_of_incident[name].read
        setattr(record, name, read(value) if isinstance(value, str) and not is_encrypted(value) else value)
    return record


@dataclass(frozen=True)
class Scenario:
    """A record (None: there is none yet), and who will act on it, when, and naming whom."""

    lifecycle: Lifecycle[Any]
    record: Any
    caller: Caller
    now: datetime = NOW
    found: dict[str, list[Any]] = field(default_factory=dict)

    def by(self, caller: Caller) -> Scenario:
        """Whoever acts."""
        return replace(self, caller=caller)

    def at(self, now: datetime) -> Scenario:
        """The clock when they act."""
        return replace(self, now=now)

    def naming(self, **found: Record) -> Scenario:
        """The records that the body's fields stand for."""
        return replace(self, found={name: [record] for name, record in found.items()})

    def when(self, action: str, body: dict[str, Any] | None = None) -> Outcome:
        """What comes of it: everything that perform does before it looks anything up, and decides."""
        try:
            return Outcome(self, decided=self._decided(action, body or {}))
        except Refusal as refusal:
            return Outcome(self, refusal=refusal)
        except ValidationError as error:
            return Outcome(
                self, faults=[("/" + "/".join(map(str, e["loc"])), e["type"]) for e in error.errors()]
            )

    def _decided(self, action: str, payload: dict[str, Any]) -> tuple[str, CommandDecision]:
        row = self.lifecycle[action]
        body = row.body.model_validate(
            {**{name: str(r[0].id) for name, r in self.found.items() if "/" not in name}, **payload}
        )
        assert {name for name, _, _ in references(body)} == set(self.found), "name what the body stands for"
        record = self.record or empty(self.lifecycle.record, uuid7())
        context = CommandMetadata(self.caller, self.now, correlation_id="a-test", source="api")
        command = Command(self.lifecycle, row, None if row.opens else str(record.id), body, context)
        guards.require_permission(command, record)
        ctx = ActionContext(
            self.caller,
            dating.occurred_at(command, record),
            self.now,
            ActionSettings(REOPEN_DAYS),
            self.lifecycle.audience(record),
            input=ResolvedInput(dict(self.found)),
        )
        _without_looking(guards.prepare_and_check(NOWHERE, command, record, ctx))
        ctx.assigned.number = "INC-2026-000008" if row.opens else None
        decided = decide(
            self.lifecycle, row, record, body, ctx, version=record.version + 1, encrypt=KEY.encrypt
        )
        dating.not_before_the_last_change(command, record, decided)
        return row.event, decided


class _EmptyOrganisation:
    """What an organisation has that wants to know nothing besides, and has agreed nothing."""

    async def configuration(self, name: str, load: object, *, guard: object) -> AgreementHistory:
        """No agreements; there is no other configuration that is looked up here."""
        assert name == "agreements", name
        return AgreementHistory()

    async def custom_fields(self, process: str, named: object = ()) -> dict[str, Any]:
        """None."""
        return {}

    async def record(self, kind: str, name: str) -> None:
        """None."""

    async def category(self, process: str, key: str) -> None:
        """None."""

    async def priority_matrix(self) -> Matrix:
        """The matrix that is in force until another one is set."""
        return MATRIX


NOWHERE = cast(ReadContext, _EmptyOrganisation())


def _without_looking(lookup: Awaitable[T]) -> T:
    try:
        next(lookup.__await__())
    except StopIteration as finished:
        answer: T = finished.value
        return answer
    raise AssertionError("something is looked up: test it on a database")


@dataclass(frozen=True)
class Outcome:
    """What came of an action: an event, a refusal, or faults of the body."""

    given: Scenario
    decided: tuple[str, CommandDecision] | None = None
    refusal: Refusal | None = None
    faults: list[tuple[str, str]] = field(default_factory=list)

    @property
    def record(self) -> Any:
        """The record after it."""
        assert self.decided is not None, self.refusal or self.faults
        return self.decided[1].record

    def then(self, event: str, *, set: dict[str, Any] | None = None, **more: Any) -> Outcome:  # noqa: A002  # the member of an event
        """The event, and all that it set on the record; words as they are read. `given=…` says what was said.

        `children=…` are the rows that it made beside the record, by kind.
        """
        assert self.decided is not None, self.refusal or self.faults
        kind, decided = self.decided
        assert kind == event
        changes = dict(decided.data["set"])
        own = _opened(changes.pop(decided.record.row_key, {}))
        if set is not None:
            assert own == set
        if "given" in more:
            assert _opened(decided.data["given"]) == more["given"]
        children = {key.split("/")[0]: _opened(row) for key, row in changes.items()}
        assert children == more.get("children", {})
        return self

    def and_then(self) -> Scenario:
        """The record as it is now, for what happens next."""
        return replace(self.given, record=self.record, found={})

    def refused(self, code: str, *, pointer: str | None = None) -> Refusal | None:
        """The refusal: the problem's code, or what is wrong with the value that the pointer names."""
        assert self.decided is None, f"was not refused: {self.decided}"
        if self.refusal is None:
            assert (pointer, code) in self.faults, self.faults
        elif isinstance(self.refusal, WrongValue):
            assert (self.refusal.pointer, self.refusal.because) == (pointer, code)
        else:
            assert (self.refusal.code, pointer) == (code, None)
        return self.refusal


def _opened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _opened(item) for key, item in value.items()}
    return KEY.decrypt(value) if isinstance(value, str) and is_encrypted(value) else value


def given(record: Record | None, *, kind: str = "incident") -> Scenario:
    """The record, or none; whoever acts is the ASSIGNEE unless said otherwise."""
    return Scenario(LIFECYCLES_BY_KIND[kind], record, ASSIGNEE)


def a_team(key: str) -> Team:
    """A team, as the body of an action may name it."""
    team = empty(Team, uuid7())
    team.key = key
    return team


def a_person(*, team: UUID | None = None) -> Person:
    """A person, as the body of an action may name them."""
    person = empty(Person, uuid7())
    person.team_id = team
    return person
