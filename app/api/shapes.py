"""Records as clients see them: codes as they are, personal fields opened, references with a name to show.

The models are the contract; `Renderer` fills them from rows, without validating what was validated on its way
in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from operator import itemgetter
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.common.people import Caller
from app.common.records import Record, codecs
from app.kernel.ledger import Ledger
from app.kernel.lifecycle import Lifecycle
from app.log.canonical import instant


class Out(BaseModel):
    """What is answered: every field is there, null where it has no value."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class PersonStub(Out):
    """A person, as other records show them."""

    id: UUID
    name: str | None = Field(description="Null when they were erased.")


class TeamStub(Out):
    """A team, as other records show it."""

    id: UUID
    key: str
    name: str


class OpenAction(Out):
    """An action that is open to this caller in this state."""

    action: str = Field(description="Its name in the address: `POST …/{id}/{action}`.")
    label: str = Field(description="What people call it, in the language asked for.")


class RecordOut(Out):
    """What every record has."""

    id: UUID
    version: int = Field(
        description="For If-Match: the version of the last event that changed a field of its own."
    )


class TicketOut(RecordOut):
    """What every ticket has."""

    number: str = Field(description="What people call it; accepted wherever the id is.")
    actions: list[OpenAction]


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a shape is filled: its fields, what takes their columns from a record, what a statement selects of
    the table `r` to have them at once, and which of them are then put as clients see them.
    """

    names: tuple[str, ...]
    take: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    select: str
    instants: tuple[str, ...]
    personal: tuple[str, ...]
    persons: tuple[str, ...]
    teams: tuple[str, ...]


@cache
def _plan(record: type[Record], shape: type[Out]) -> _Plan:
    fields = codecs(record)
    columns = {name: name for name in shape.model_fields if name != "actions"}
    instants, personal, persons, teams = list[str](), list[str](), list[str](), list[str]()
    for name in columns:
        codec = fields.get(name)
        if codec is None and f"{name}_id" in fields:
            mark = fields[f"{name}_id"].refers
            assert mark is not None
            (persons if mark.kind == "person" else teams).append(name)
            columns[name] = f"{name}_id"
        elif codec is None:
            assert name in ("id", "version"), f"{shape.__name__}.{name} is filled from nothing"
        elif codec.personal:
            personal.append(name)
        elif codec.type is datetime:
            instants.append(name)
    # Until the actions are known something else is in their place, which keeps the order of the fields.
    take = itemgetter(*(columns.get(name, "id") for name in shape.model_fields))
    select = ", ".join(f"r.{columns.get(name, 'id')} as {name}" for name in shape.model_fields)
    names = tuple(shape.model_fields)
    return _Plan(names, take, select, tuple(instants), tuple(personal), tuple(persons), tuple(teams))


@dataclass(slots=True)
class Renderer:
    """Shows records of one kind to one caller."""

    ledger: Ledger
    lifecycle: Lifecycle[Any]
    shape: type[Out]
    caller: Caller
    language: str

    @property
    def columns(self) -> str:
        """What is to be selected of the table `r` for `fill`."""
        return self._plan().select

    async def one(self, record: Record) -> dict[str, Any]:
        """The record in its shape."""
        plan = self._plan()
        shown = dict(zip(plan.names, plan.take(record.__dict__), strict=True))
        await self.fill([shown])
        return shown

    async def fill(self, shown: Sequence[dict[str, Any]]) -> None:
        """Puts rows of `columns` as clients see them: two look-ups at most for all of them together."""
        plan = self._plan()
        persons = {out[name] for out in shown for name in plan.persons} - {None}
        names = await self.ledger.directory.names(persons) if persons else {}
        sealed = {out[name] for out in shown for name in plan.personal} - {None}
        texts = await self.ledger.vault.texts({*sealed, *names.values()})
        teams = {out[name] for out in shown for name in plan.teams} - {None}
        stubs: dict[UUID | None, Any] = {
            person: {"id": person, "name": texts.get(names.get(person, ""))} for person in persons
        }
        if teams:
            known = await self.ledger.directory.teams(teams)
            stubs |= {team: {"id": team, "key": known[team].key, "name": known[team].name} for team in teams}
        open_actions: dict[Any, list[dict[str, str]]] = {}
        for out in shown:
            if "actions" in out:
                out["actions"] = self._actions(out, open_actions)
            for name in plan.instants:
                # As JSON, instants of UTC come out the same, and quicker, but for those without microseconds.
                if (at := out[name]) is not None and not (at.microsecond and at.tzinfo is UTC):
                    out[name] = instant(at)
            for name in plan.personal:
                if out[name] is not None:
                    out[name] = texts[out[name]]
            for name in (*plan.persons, *plan.teams):
                if out[name] is not None:
                    out[name] = stubs[out[name]]

    def _plan(self) -> _Plan:
        record: type[Record] = self.lifecycle.record
        return _plan(record, self.shape)

    def _actions(
        self, out: Mapping[str, Any], known: dict[Any, list[dict[str, str]]]
    ) -> list[dict[str, str]]:
        """What is open by state and role. Many rows of a list are alike in what decides that."""
        state, requester, assignee, team = out["state"], out["requester"], out["assignee"], out["team"]
        me = self.caller.person_id
        alike = (state, requester == me, assignee is None, assignee == me, team)
        if alike not in known:
            record = SimpleNamespace(state=state, requester_id=requester, assignee_id=assignee, team_id=team)
            known[alike] = [
                {"action": action.name, "label": action.label(self.language)}
                for action in self.lifecycle.open_to(record, self.caller)
            ]
        return known[alike]
