"""What a check may look at: the record's own children, other records by their name, and nothing else.

Everything that was looked at is remembered with its version, so that a command decided on it is refused if it
moves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

from app.common.records import Record, from_row
from app.db import Database
from app.kernel.lifecycle import Lifecycle

R = TypeVar("R", bound=Record)

NUMBER = re.compile(r"[A-Z]{3}-\d{4}-\d{6,}")


@dataclass(frozen=True, slots=True)
class Loaded(Generic[R]):
    """A record as it stands, the version of its stream, and who may see it."""

    record: R
    stream_version: int
    audience: list[str]


@dataclass(slots=True)
class Look:
    """The looking of one command."""

    db: Database
    lifecycles: dict[str, Lifecycle[Any]]
    reads: dict[str, int] = field(default_factory=dict)

    async def record(self, kind: str, name: str) -> Loaded[Any] | None:
        """A record by its id, its number, its key, or the name that another system has for it."""
        loaded = await load(self.db, self.lifecycles[kind], name)
        if loaded is not None:
            # Read twice, the first counts: something may have been decided on it already.
            self.reads.setdefault(loaded.record.row_key, loaded.stream_version)
        return loaded

    async def children(self, child: type[R], of: Record) -> list[R]:
        """The record's own children of that class. Their coming and going moves the record's stream."""
        query = f"select * from fold.{child.KIND} where record = %s order by id"
        return [from_row(child, row) for row in await self.db.rows(query, (of.row_key,))]

    async def membership(self, person: Record, team: Record) -> bool:
        """Whether the person belongs to the team. Memberships stand on the person's stream."""
        query = "select 1 from fold.membership where person_id = %s and team_id = %s"
        return await self.db.value(query, (person.id, team.id)) is not None


async def load(db: Database, lifecycle: Lifecycle[R], name: str) -> Loaded[R] | None:
    """A record by its id, its number, its key, or another system's name for it; None if there is none, or
    several.
    """
    query = (
        "select r.*, h.version as stream_version, h.audience "
        f"from {lifecycle.table} r join log.stream_head h on h.stream = '{lifecycle.kind}/' || r.id "
    )
    record_id = _id(name)
    if record_id is not None:
        row = await db.by_id(f"{query} where r.id = any(%s)", record_id)
    else:
        where, parameters = _named(lifecycle, name)
        rows = await db.rows(f"{query} where {where} limit 2", parameters)
        row = rows[0] if len(rows) == 1 else None
    if row is None:
        return None
    return Loaded(from_row(lifecycle.record, row), row["stream_version"], row["audience"])


def _id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def _named(lifecycle: Lifecycle[Any], name: str) -> tuple[str, dict[str, Any]]:
    if "\x00" in name:  # which no text of PostgreSQL holds: nothing is called that
        return "false", {}
    fields = lifecycle.record.model_fields
    if "number" in fields and NUMBER.fullmatch(name):
        return "r.number = %(name)s", {"name": name}
    if "number" in fields:
        # The name of a source has no colon in it; its names for records may.
        source, _, key = name.partition(":")
        reference = (
            "r.id in (select split_part(x.record, '/', 2)::uuid from fold.external_reference x where "
            "x.kind = %(kind)s and (x.key = %(name)s or (x.key = %(key)s and x.source = %(source)s)))"
        )
        return reference, {"kind": lifecycle.kind, "name": name, "key": key, "source": source}
    if "key" in fields:
        return "r.key = %(name)s", {"name": name}
    return "false", {}
