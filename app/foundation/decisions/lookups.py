"""Reads of decisions: who has acted on the record, by the log, and who has voted for it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.duties import BUSINESS_ROLES, DECIDING_ROLES_OF_IT, INDEPENDENT_ROLES
from app.common.people import Role
from app.common.records import Record
from app.foundation.decisions.records import Vote, VoteVerdict
from app.kernel.access.reads import BY_RECORD_VERSION, ReadContext, Unguarded
from app.log.events import kind_of
from app.log.upcasting import upcast
from app.platform.db import Database, Row

PERSON = "person:"
#: The second part of the type of events by which successors take duties over.
HANDED_OVER = "duties_handed_over"
# People who act name others as beneficiaries, such as the requester of a ticket. Only a tool or a machine
# account acts in the name of the person in its event.
_ACTED = "case when e.on_behalf_of is null or p.kind = 'human' then e.actor else e.on_behalf_of end"
_ACTOR = "fold.person p on p.id = case when e.actor like 'person:%%' then substr(e.actor, 8)::uuid end"
_EVENTS = f"""
select e.stream, e.recorded_at, e.type, e.schema_version, e.data, {_ACTED} as acted
from log.event e left join {_ACTOR}"""
EVENTS = f"""{_EVENTS}
where e.stream = any(%(streams)s) and e.position > %(since)s order by e.stream, e.version"""

#: Most administrators in a row, each appointed by the one before, who count as acting for the first one.
MOST_HOPS = 4
# All events of those of the streams on which somebody has acted since that time, and of the people who have,
# of those who have acted on these, and so on; none if none of them is one of the actors.
EVENTS_BY = f"""
with recursive acting(stream, acted, hops) as (
  select e.stream, {_ACTED}, 0 from log.event e left join {_ACTOR}
  where e.stream = any(%(streams)s) and e.recorded_at >= %(from)s
  union
  select e.stream, {_ACTED}, a.hops + 1
  from acting a join log.event e on e.stream = 'person/' || substr(a.acted, 8) left join {_ACTOR}
  where a.acted like 'person:%%' and a.acted <> all(%(actors)s) and a.hops < {MOST_HOPS}
    and e.recorded_at >= %(from)s
)
{_EVENTS}
where e.stream = any(array(select distinct stream from acting))
  and exists (select from acting where acted = any(%(actors)s))
order by e.stream, e.version"""

# People who lack these grants or an active account, and whose record has changed since that time. Empty
# unless one of the given persons is an administrator, or may have been one since.
CHANGED_WITHOUT_GRANT = """
select id from fold.person where kind = 'human' and state <> 'erased' and appended_at >= %(from)s
  and (state <> 'active' or deactivated_at is not null or roles is null or not roles && %(grants)s::text[])
  and exists (select from fold.person p where p.id = any(%(administrators)s) and (p.appended_at >= %(from)s
    or exists (select from unnest(p.roles) held where split_part(held, '@', 1) = 'admin')))"""

REASONS = """
select v.decision_id, v.comment from fold.vote v join fold.decision d on d.id = v.decision_id
where v.decision_id = any(%s) and v.comment is not null
  and (d.outcome, v.verdict) in (('approved', 'approve'), ('rejected', 'reject'), ('deferred', 'defer'))
order by v.voted_at, v.id"""

# An action has named the file as a document of its own: of a gate, or as the manual.
NAMED_AS_EVIDENCE = """
select from log.told where stream = %(stream)s
  and (data->'given'->>'manual_file' = %(file)s or data->'given'->'attachments' ? %(file)s) limit 1"""
#: People who hold no other role than those of INDEPENDENT_ROLES only read, and have no vote.
HUMANS = """
select id, grade from fold.person where id = any(%(persons)s) and kind = 'human' and state = 'active'
  and deactivated_at is null and (roles is null or roles = '{}' or exists (
    select from unnest(roles) held where split_part(held, '@', 1) <> all(%(independent)s)))"""
#: Holders of a role that decides without a vote by it: auditors, people who belong to suppliers, and for the
#: roles of IT people who belong to customers, if they belong to no internal team.
WITHOUT_VOTE_BY_ROLE = """
select p.id from fold.person p where p.id = any(%(persons)s) and (
  exists (select from unnest(p.roles) held where split_part(held, '@', 1) = any(%(independent)s))
  or exists (select from fold.membership m join fold.team t on t.id = m.team_id
    where m.person_id = p.id and t.kind = any(%(sides)s))
  and not exists (select from fold.membership m join fold.team t on t.id = m.team_id
    where m.person_id = p.id and t.kind = 'internal'))"""
VOTERS_OF_NOW = Unguarded("Whoever comes to it meanwhile was not there to be asked.")


@dataclass(frozen=True, slots=True)
class EventActs:
    """Effects of an event of a record: the person who acted (None: a rule or an anonymous tool), and the
    fields that it set, by row key; None for a removed row.
    """

    stream: str
    type: str
    person_id: UUID | None
    rows_set: Mapping[str, Mapping[str, Any] | None]
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Naming:
    """A person in a field of a record, and who named them and when; null for an empty field, and for a
    rule.
    """

    stream: str
    person: UUID | None
    namer_id: UUID | None
    named_at: datetime


async def acts_of(reads: ReadContext, record: Record, *, since: int | None = None) -> list[EventActs]:
    """Return the acts on the record, the oldest first; with `since`, those after that position of the log."""
    parameters = {"streams": [record.row_key], "since": since or 0}
    return [_act_of(row) for row in await reads.rows(EVENTS, parameters, guard=BY_RECORD_VERSION)]


async def acts_on(reads: ReadContext, streams: Sequence[str]) -> list[EventActs]:
    """Return the acts on other records, the oldest of each record first."""
    if not streams:
        return []
    guard = Unguarded("Whoever acts meanwhile was not there to be asked.")
    rows = await reads.rows(EVENTS, {"streams": list(streams), "since": 0}, guard=guard)
    return [_act_of(row) for row in rows]


async def acts_by(
    reads: ReadContext, streams: Collection[str], persons: Collection[UUID], since: datetime
) -> list[EventActs]:
    """Return all acts on the records that changed since that time, and on the people who changed them, the
    oldest of each record first. Empty if none of the given persons is among these people.
    """
    actors = [f"{PERSON}{person}" for person in persons]
    parameters = {"streams": list(streams), "from": since, "actors": actors}
    guard = Unguarded("Whoever acts meanwhile was not there to be asked.")
    return [_act_of(row) for row in await reads.rows(EVENTS_BY, parameters, guard=guard)]


async def changed_without_grant(
    reads: ReadContext, grants: Collection[str], since: datetime, *, administrators: Collection[UUID]
) -> list[UUID]:
    """Return the people with none of these grants, or no active account, if one of the administrators may
    have taken it since that time; empty if none of these has administered anything.
    """
    values = {"from": since, "grants": list(grants), "administrators": list(administrators)}
    return [row["id"] for row in await reads.rows(CHANGED_WITHOUT_GRANT, values, guard=VOTERS_OF_NOW)]


async def namings(reads: ReadContext, streams: Sequence[str], field: str) -> list[Naming]:
    """Return all people who were ever in that field of the records, the oldest of each record first."""
    named = []
    for act in await acts_on(reads, streams):
        values = act.rows_set.get(act.stream) or {}
        if field in values:
            person = None if values[field] is None else UUID(values[field])
            named.append(Naming(act.stream, person, act.person_id, act.recorded_at))
    return named


def _act_of(row: Row) -> EventActs:
    return EventActs(row["stream"], row["type"], _person_of(row["acted"]), _rows_set(row), row["recorded_at"])


def _person_of(actor: str | None) -> UUID | None:
    is_person = actor is not None and actor.startswith(PERSON)
    return UUID(actor.removeprefix(PERSON)) if actor is not None and is_person else None


async def authors(
    reads: ReadContext, record: Record, fields: Collection[str], children: Collection[str]
) -> frozenset[UUID]:
    """Return all who have ever set one of these fields of the record, or made, changed or removed a child
    record of one of these kinds. The outcome of a vote is the work of no voter, and a person who hands
    over what somebody held has written nothing.
    """
    lifecycle = reads.lifecycles[record.KIND]
    writes_nothing = {*lifecycle.decision_events, f"{record.KIND}.{HANDED_OVER}"}
    return frozenset(
        event.person_id
        for event in await acts_of(reads, record)
        if event.person_id is not None
        and event.type not in writes_nothing
        and touches(event.rows_set, record.row_key, fields, children)
    )


async def once_named(reads: ReadContext, record: Record, row_key: str, field: str) -> frozenset[UUID]:
    """Return all people who were ever in that field of the record, or of the child record with that key,
    according to the log, so that a later replacement does not help.
    """
    values = [(event.rows_set.get(row_key) or {}).get(field) for event in await acts_of(reads, record)]
    return frozenset(UUID(value) for value in values if value is not None)


def _rows_set(row: Row) -> Mapping[str, Mapping[str, Any] | None]:
    """Return the fields that the event of a row of EVENTS sets, by row key."""
    rows: Mapping[str, Mapping[str, Any] | None]
    rows = upcast(row["type"], row["schema_version"], json.loads(row["data"]))["set"]
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


async def reasons_of(db: Database, decisions: Collection[str]) -> dict[str, list[str]]:
    """Return the comments of the votes that led to the outcomes of the decisions, by the decisions' ids."""
    reasons: dict[str, list[str]] = {}
    for row in await db.rows(REASONS, ([UUID(name) for name in decisions if name],)) if decisions else ():
        reasons.setdefault(str(row["decision_id"]), []).append(row["comment"])
    return reasons


def touches(
    changed: Mapping[str, Any],
    own: str,
    fields: Collection[str],
    children: Collection[str],
    except_for: Collection[str] = (),
) -> bool:
    """Return whether the changes of an event set one of these fields of the record `own`, or make, change or
    remove a child record of one of these kinds, except for changes of these fields only. The parts of a
    record have its id.
    """
    of_own_id = "/" + own.partition("/")[2]
    of_record = (values for key, values in changed.items() if values and key.endswith(of_own_id))
    return any(not values.keys().isdisjoint(fields) for values in of_record) or any(
        kind_of(key) in children and (not values or not values.keys() <= set(except_for))
        for key, values in changed.items()
    )


async def is_named_as_evidence(reads: ReadContext, record: Record, file: UUID) -> bool:
    """Return whether an action on the record has named the file as its evidence."""
    parameters = {"stream": record.row_key, "file": str(file)}
    return await reads.row(NAMED_AS_EVIDENCE, parameters, guard=BY_RECORD_VERSION) is not None


async def without_vote_by_role(reads: ReadContext, persons: Iterable[UUID], role: Role) -> set[UUID]:
    """Return those of the role's holders who have no vote by it, because the role decides, and they are
    auditors or not of its side.
    """
    if role.value in DECIDING_ROLES_OF_IT:
        sides = ["customer", "supplier"]
    elif role.value in BUSINESS_ROLES:
        sides = ["supplier"]
    else:
        return set()
    values = {"persons": list(persons), "independent": list(INDEPENDENT_ROLES), "sides": sides}
    rows = await reads.rows(WITHOUT_VOTE_BY_ROLE, values, guard=VOTERS_OF_NOW)
    return {row["id"] for row in rows}


async def humans(reads: ReadContext, persons: Iterable[UUID]) -> dict[UUID, str | None]:
    """Return the grades of those of the persons who are active, no machines, and do more than read."""
    values = {"persons": list(persons), "independent": list(INDEPENDENT_ROLES)}
    rows = await reads.rows(HUMANS, values, guard=VOTERS_OF_NOW)
    return {row["id"]: row["grade"] for row in rows}
