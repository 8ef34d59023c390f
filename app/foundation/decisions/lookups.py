"""Reads of decisions: who has made what is decided about, by the log, and who carries it out."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from app.common.records import Record
from app.foundation.decisions.records import Vote, VoteVerdict
from app.kernel.access.reads import BY_RECORD_VERSION, ReadContext, Unguarded
from app.log.events import kind_of
from app.log.upcasting import upcast
from app.platform.db import Row

PERSON = "person:"
TASK_OWNERS = """
select assignee_id from fold.task
where record = %s and assignee_id is not null and dropped_at is null"""
MEMBERS = "select person_id from fold.membership where team_id = %s"
EVENTS = """
select type, schema_version, actor, on_behalf_of, data from log.event
where stream = %s and not (type = any(%s))"""


async def authors(
    reads: ReadContext, record: Record, fields: Collection[str], children: Collection[str]
) -> frozenset[UUID]:
    """Return all who have ever set one of these fields of the record, or made, changed or removed a child
    record of one of these kinds: those who acted, and those on whose behalf they did. What follows from a
    vote is the work of no voter.
    """
    persons: set[UUID] = set()
    decided = list(reads.lifecycles[record.KIND].decision_events)
    for row in await reads.rows(EVENTS, (record.row_key, decided), guard=BY_RECORD_VERSION):
        actors = [
            actor for actor in (row["actor"], row["on_behalf_of"]) if actor and actor.startswith(PERSON)
        ]
        if actors and touches(_rows_set(row), record.row_key, fields, children):
            persons.update(UUID(actor.removeprefix(PERSON)) for actor in actors)
    return frozenset(persons)


async def once_named(reads: ReadContext, record: Record, row_key: str, field: str) -> frozenset[UUID]:
    """Return all persons whom that field of the record, or of the child record with that key, has ever named:
    by the log, so that naming somebody else later does not help.
    """
    rows = await reads.rows(EVENTS, (record.row_key, []), guard=BY_RECORD_VERSION)
    values = [(_rows_set(row).get(row_key) or {}).get(field) for row in rows]
    return frozenset(UUID(value) for value in values if value is not None)


def _rows_set(row: Row) -> Mapping[str, Any]:
    """Return the fields that the event of a row of EVENTS sets, by row key."""
    rows: Mapping[str, Any] = upcast(row["type"], row["schema_version"], json.loads(row["data"]))["set"]
    return rows


async def approvers(reads: ReadContext, record: Record, decision_id: UUID | None) -> frozenset[UUID]:
    """Return all who have voted for what the decision is about: the voters, and the deputies who did in their
    name.
    """
    if decision_id is None:
        return frozenset()
    ballots = await reads.children(Vote, record, decision_id=decision_id)
    in_favour = [ballot for ballot in ballots if ballot.verdict is VoteVerdict.approve]
    return frozenset(
        person for ballot in in_favour for person in (ballot.person_id, ballot.cast_by_id) if person
    )


async def those_who_carry_out(reads: ReadContext, record: Any) -> frozenset[UUID]:
    """Return the persons who have a task in the record, and all of its team while nobody is assigned."""
    rows = await reads.rows(TASK_OWNERS, (record.row_key,), guard=BY_RECORD_VERSION)
    persons = {row["assignee_id"] for row in rows}
    team = getattr(record, "team_id", None)
    if team is not None and getattr(record, "assignee_id", None) is None:
        guard = Unguarded("Whoever joins the team meanwhile is asked, and does not vote once assigned.")
        persons.update(row["person_id"] for row in await reads.rows(MEMBERS, (team,), guard=guard))
    return frozenset(persons)


def touches(changed: Mapping[str, Any], own: str, fields: Collection[str], children: Collection[str]) -> bool:
    """Return whether the changes that an event tells set one of these fields of the record `own`, or make,
    change or remove a child record of one of these kinds. The parts of a record have its id.
    """
    of_own_id = "/" + own.partition("/")[2]
    of_record = (values for key, values in changed.items() if values and key.endswith(of_own_id))
    return any(not values.keys().isdisjoint(fields) for values in of_record) or any(
        kind_of(key) in children for key in changed
    )
