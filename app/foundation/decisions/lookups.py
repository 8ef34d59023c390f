"""Reads of decisions: who has made what is decided about, by the log."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any
from uuid import UUID

from app.common.records import Record
from app.kernel.actor_policy import Relation
from app.kernel.reads import BY_RECORD_VERSION, ReadContext
from app.log.events import kind_of

PERSON = "person:"
EVENTS = "select actor, on_behalf_of, data from log.event where stream = %s and not (type = any(%s))"


async def authors(
    reads: ReadContext, record: Record, fields: Collection[str], children: Collection[str]
) -> frozenset[UUID]:
    """Return all who have ever set one of these fields of the record, or made, changed or removed a child
    record of one of these kinds: those who acted, and those on whose behalf they did. What follows from a
    vote is the work of no voter.
    """
    found: set[UUID] = set()
    actions = reads.lifecycles[record.KIND].rows
    decided = [event for one in actions if Relation.decision in one.who.relations for event in one.events]
    for row in await reads.rows(EVENTS, (record.row_key, decided), guard=BY_RECORD_VERSION):
        by = [one for one in (row["actor"], row["on_behalf_of"]) if one and one.startswith(PERSON)]
        if by and _touches(json.loads(row["data"])["set"], record.row_key, fields, children):
            found.update(UUID(one.removeprefix(PERSON)) for one in by)
    return frozenset(found)


def _touches(changed: dict[str, Any], own: str, fields: Collection[str], children: Collection[str]) -> bool:
    return not (changed.get(own) or {}).keys().isdisjoint(fields) or any(
        kind_of(key) in children for key in changed
    )
