"""Records as clients see them: codes as they are, personal fields opened, references with a name to show.

The models are the contract; `Renderer` fills them from rows, without validating what was validated on its way
in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
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
    """How a shape is filled: plain columns, instants, personal columns, persons and teams by their column."""

    names: tuple[str, ...]
    plain: tuple[str, ...]
    instants: tuple[str, ...]
    personal: tuple[str, ...]
    persons: tuple[tuple[str, str], ...]
    teams: tuple[tuple[str, str], ...]
    actions: bool


@cache
def _plan(record: type[Record], shape: type[Out]) -> _Plan:
    fields = codecs(record)
    plain, instants, personal = ["id", "version"], list[str](), list[str]()
    persons, teams = list[tuple[str, str]](), list[tuple[str, str]]()
    for name in shape.model_fields:
        codec = fields.get(name)
        if codec is None and f"{name}_id" in fields:
            mark = fields[f"{name}_id"].refers
            assert mark is not None
            (persons if mark.kind == "person" else teams).append((name, f"{name}_id"))
        elif codec is None:
            assert name in ("id", "version", "actions"), f"{shape.__name__}.{name} is filled from nothing"
        elif codec.personal:
            personal.append(name)
        elif codec.type is datetime:
            instants.append(name)
        else:
            plain.append(name)
    return _Plan(
        tuple(shape.model_fields),
        tuple(plain),
        tuple(instants),
        tuple(personal),
        tuple(persons),
        tuple(teams),
        "actions" in shape.model_fields,
    )


@dataclass(slots=True)
class Renderer:
    """Shows records of one kind to one caller."""

    ledger: Ledger
    lifecycle: Lifecycle[Any]
    shape: type[Out]
    caller: Caller
    language: str

    async def one(self, record: Record) -> dict[str, Any]:
        """The record in its shape."""
        return (await self.many([record.__dict__]))[0]

    async def many(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Rows in their shape: two look-ups at most for all of them together."""
        record: type[Record] = self.lifecycle.record
        plan = _plan(record, self.shape)
        persons = {row[column] for row in rows for _, column in plan.persons if row[column] is not None}
        names = await self.ledger.directory.names(persons) if persons else {}
        sealed = {row[column] for row in rows for column in plan.personal if row[column] is not None}
        texts = await self.ledger.vault.texts({*sealed, *names.values()})
        named = {row[column] for row in rows for _, column in plan.teams if row[column] is not None}
        teams = await self.ledger.directory.teams(named) if named else {}
        open_actions: dict[Any, list[dict[str, str]]] = {}
        shown = []
        for row in rows:
            out: dict[str, Any] = dict.fromkeys(plan.names)
            for name in plan.plain:
                out[name] = row[name]
            for name in plan.instants:
                if row[name] is not None:
                    out[name] = instant(row[name])
            for name in plan.personal:
                if row[name] is not None:
                    out[name] = texts[row[name]]
            for name, column in plan.persons:
                if row[column] is not None:
                    out[name] = {"id": row[column], "name": texts.get(names.get(row[column], ""))}
            for name, column in plan.teams:
                if row[column] is not None:
                    out[name] = teams[row[column]]
            if plan.actions:
                out["actions"] = self._actions(row, open_actions)
            shown.append(out)
        return shown

    def _actions(
        self, row: Mapping[str, Any], known: dict[Any, list[dict[str, str]]]
    ) -> list[dict[str, str]]:
        """What is open by state and role. Many rows of a list are alike in what decides that."""
        me, assignee = self.caller.person_id, row["assignee_id"]
        alike = (row["state"], row["requester_id"] == me, assignee is None, assignee == me, row["team_id"])
        if alike not in known:
            record = SimpleNamespace(**row)
            known[alike] = [
                {"action": action.name, "label": action.label(self.language)}
                for action in self.lifecycle.open_to(record, self.caller)
            ]
        return known[alike]
