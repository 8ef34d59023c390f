"""Recipients of an event by their relation to the record: holders of a role, members of its team, people in a
field or in rows of the record, or people who lose a post by the event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from app.common.notices import WAITS, NoticeType, RecipientRule
from app.common.people import Role
from app.common.records import Record, from_row
from app.foundation.people.lookups import ACTIVE_PERSONS
from app.foundation.people.succession.duties import KIND_DUTIES, ROW_DUTIES
from app.kernel.access.reads import HOLDERS, grants_for
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of, kind_of
from app.notifications.responsible import excluded_persons
from app.notifications.steps import PendingNotice
from app.platform.db import Connection, fetch_rows
from app.ticketing.routes.asked_actions import ASKED_ACTIONS

#: The most holders of a role, or members of a team, who are notified of an event.
MOST_RECIPIENTS = 200
#: The most members of all teams who are notified of an event.
MOST_IN_ALL_TEAMS = 2_000
MEMBERS = "select person_id from fold.membership where team_id = %s order by person_id limit %s"
NAMED = "select distinct person_id from fold.{kind} where record = %s order by person_id"
ALL_MEMBERS = """
select distinct m.person_id from fold.membership m join fold.team t on t.id = m.team_id
where t.kind = 'internal' and t.state = 'active' order by m.person_id limit %s"""
MEMBERS_OF = """
select distinct person_id from fold.membership where team_id = any(%s::uuid[]) order by person_id limit %s"""
MEMBERS_OF_GROUPS = """
select distinct person_id from (
  select m.person_id from fold.group_member m join fold."group" g on m.record = 'group/' || g.id
  where g.key = any(%(groups)s)
  union all select chair_id from fold."group" where key = any(%(groups)s)) as p
where person_id is not null order by person_id limit %(most)s"""
DONE_PERSONS = "select person_id from fold.{kind} where {about}_id = %s"
LEAD = "select lead_id from fold.team where id = %s"
#: Fields of daily work, which colleagues give each other, and of what follows from other fields.
NO_POSTS = frozenset({"assignee_id", "talker_id"})
#: By kind of record or child record, the fields that name the holders of posts.
POSTS: Mapping[str, tuple[str, ...]] = {
    **{
        kind: tuple(name for name in duties.fields if name not in NO_POSTS)
        for kind, duties in KIND_DUTIES.items()
    },
    **{
        kind: names
        for kind, duty in ROW_DUTIES.items()
        if (names := tuple(name for name in duty.fields if name not in NO_POSTS))
    },
}
#: Kinds of records on whose streams posts are given.
POST_KINDS = frozenset(KIND_DUTIES)
OPEN_DUTIES = """
select 1 from fold."{kind}" where record = %(record)s and %(person)s in ({fields}) and {is_open} limit 1"""
# The newest earlier event that set the field names its holder until then.
FORMER_HOLDERS = """
select t.place, (
    select e.data->'set'->t.key->>t.field from log.told e
    where e.stream = t.stream and e.version < t.version and e.data->'set'->t.key ? t.field
    order by e.version desc limit 1
  ) as person_id
from jsonb_to_recordset(%s::jsonb) as t(place integer, stream text, version integer, key text, field text)
order by t.place"""


async def resolve_recipients(
    connection: Connection, ledger: Ledger, pending: Iterable[PendingNotice]
) -> list[PendingNotice]:
    """Return the pending notices with persons in place of recipient rules; for each event and person only
    one: what waits for them, or else the first.
    """
    notices: list[PendingNotice] = []
    notified: set[tuple[int, UUID]] = set()
    ordered = sorted(pending, key=lambda notice: (notice.event.position, notice.step.kind is not WAITS))
    for each in ordered:
        if isinstance(each.recipient, RecipientRule):
            persons = await _matching_persons(connection, ledger, each, each.recipient)
            besides = [PendingNotice(each.event, each.step, person, about=each.about) for person in persons]
        else:
            besides = [each]
        for notice in besides:
            if isinstance(notice.recipient, UUID):
                if (notice.event.position, notice.recipient) in notified:
                    continue
                notified.add((notice.event.position, notice.recipient))
            notices.append(notice)
    return notices


async def _matching_persons(
    connection: Connection, ledger: Ledger, notice: PendingNotice, tells: RecipientRule
) -> list[UUID]:
    """Return the persons that the rule `tells` selects for the record in its present state."""
    if tells.by_people and not notice.event.actor.startswith(("person:", "integration:")):
        return []
    if tells.sets is not None and tells.sets not in (notice.event.data["set"].get(notice.record) or ()):
        return []
    lifecycle = ledger.lifecycles[kind_of(notice.record)]
    query = f"select * from {lifecycle.source} r where id = %s"
    (row,) = await fetch_rows(connection, query, (id_of(notice.record),))
    record = from_row(lifecycle.record, row)
    if tells.when is not None and not getattr(record, tells.when):
        return []
    if tells.field is not None:
        persons = await _persons_of_field(connection, record, tells, getattr(record, tells.field))
    elif tells.children is not None:
        named = await fetch_rows(connection, NAMED.format(kind=tells.children.KIND), (record.row_key,))
        persons = [row["person_id"] for row in named]
    elif tells.team:
        persons = await _members(connection, record)
    elif tells.responsible:
        persons = await _responsible_persons(connection, record)
    elif tells.every_team:
        members = await fetch_rows(connection, ALL_MEMBERS, (MOST_IN_ALL_TEAMS,))
        persons = [member["person_id"] for member in members]
    elif tells.teams is not None:
        listed = getattr(record, tells.teams) or []
        members = await fetch_rows(connection, MEMBERS_OF, (listed, MOST_IN_ALL_TEAMS))
        persons = [member["person_id"] for member in members]
    elif tells.groups is not None:
        listed = getattr(record, tells.groups) or []
        members = await fetch_rows(connection, MEMBERS_OF_GROUPS, {"groups": listed, "most": MOST_RECIPIENTS})
        persons = [member["person_id"] for member in members]
    else:
        roles = tells.roles if tells.roles_field is None else getattr(record, tells.roles_field) or []
        persons = await _holders(connection, record, map(Role, roles))
    without = excluded_persons(notice.event, tells)
    if tells.done_in is not None:
        query = DONE_PERSONS.format(kind=tells.done_in, about=record.KIND)
        without |= {row["person_id"] for row in await fetch_rows(connection, query, (record.id,))}
    notified = [person for person in persons if person is not None and person not in without]
    # If nobody may do it, those who are asked have to find somebody.
    barred = _barred_persons(lifecycle, record, notice.step)
    return [person for person in notified if person not in barred] or notified


def _barred_persons(lifecycle: Lifecycle[Any], record: Record, step: NoticeType) -> set[UUID]:
    """Return those who may perform none of the actions that the notice asks for, since they have had another
    part in the record: the raiser of a finding is not asked to judge an objection to it.
    """
    actions = ASKED_ACTIONS.get(step)
    names = () if actions is None else [name for name in actions.names if name in lifecycle.by_name]
    barred = [
        {person for duty in lifecycle[name].checks.segregate_from for person in duty.persons(record)}
        for name in names
    ]
    return set.intersection(*barred) if barred else set()


async def _persons_of_field(
    connection: Connection, record: Record, tells: RecipientRule, named: UUID | list[str] | None
) -> list[UUID]:
    """Return the person in the field, or those in its list; if the person has left, those who may act
    instead.
    """
    if isinstance(named, list):
        return [UUID(person) for person in named]
    person = named
    roles = tells.instead
    duties = KIND_DUTIES.get(record.KIND)
    if not roles and person is not None and duties is not None:
        is_of_a_duty = tells.step.kind is WAITS or tells.field in duties.fields
        roles = duties.managers if is_of_a_duty else roles
    if not roles or await fetch_rows(connection, ACTIVE_PERSONS, ([person],)):
        return [] if person is None else [person]
    return await _holders(connection, record, roles)


async def _holders(connection: Connection, record: Record, roles: Iterable[Role]) -> list[UUID]:
    """Return the active holders of the roles for the record."""
    held = [grant for role in sorted(roles) for grant in grants_for(role, record)]
    return [holder["id"] for holder in await fetch_rows(connection, HOLDERS, (held, MOST_RECIPIENTS))]


async def _members(connection: Connection, record: Record) -> list[UUID]:
    """Return the members of the record's team."""
    members = await fetch_rows(connection, MEMBERS, (getattr(record, "team_id", None), MOST_RECIPIENTS))
    return [member["person_id"] for member in members]


async def _responsible_persons(connection: Connection, record: Record) -> list[UUID]:
    """Return the record's assignee, or else the lead of its team, or else the members."""
    assignee: UUID | None = getattr(record, "assignee_id", None)
    if assignee is not None:
        return [assignee]
    leads = await fetch_rows(connection, LEAD, (getattr(record, "team_id", None),))
    persons = [lead["lead_id"] for lead in leads if lead["lead_id"] is not None]
    return persons or await _members(connection, record)


def post_changes(event: Recorded) -> Iterator[tuple[str, str]]:
    """Yield the rows and fields of posts that the event sets on a record that existed before."""
    if event.version == 1 or event.is_past or kind_of(event.stream) not in POST_KINDS:
        return
    for key, fields in event.data["set"].items():
        yield from ((key, name) for name in POSTS.get(kind_of(key), ()) if fields and name in fields)


async def _has_other_duty(connection: Connection, ledger: Ledger, stream: str, person: UUID) -> bool:
    """Return whether the person holds a duty in the record now: of the record, or of an open part of it."""
    kind, lifecycle = kind_of(stream), ledger.lifecycles[kind_of(stream)]
    (record,) = await fetch_rows(
        connection, f"select * from {lifecycle.source} r where id = %s", (id_of(stream),)
    )
    if person in (record[name] for name in KIND_DUTIES[kind].fields):
        return True
    for part, duty in ROW_DUTIES.items():
        if kind in duty.kinds:
            is_open = " and ".join(f"{name} is null" for name in duty.done) or "true"
            query = OPEN_DUTIES.format(kind=part, fields=", ".join(duty.fields), is_open=is_open)
            if await fetch_rows(connection, query, {"record": stream, "person": person}):
                return True
    return False


async def relieved_persons(
    connection: Connection, ledger: Ledger, events: Iterable[Recorded]
) -> list[PendingNotice]:
    """Return a notice for each person whose post one of the events gave to another person, or took away.
    People who lose a part of a record, and hold another duty in it, are still responsible: they get none.
    """
    changes = [(event, key, name) for event in events for key, name in post_changes(event)]
    if not changes:
        return []
    fields = [
        {"place": n, "stream": event.stream, "version": event.version, "key": key, "field": name}
        for n, (event, key, name) in enumerate(changes)
    ]
    rows: Sequence[Mapping[str, str | None]] = await fetch_rows(
        connection, FORMER_HOLDERS, (orjson.dumps(fields).decode(),)
    )
    relieved = [
        (event, key, UUID(before))
        for (event, key, name), row in zip(changes, rows, strict=True)
        if (before := row["person_id"]) is not None and before != event.data["set"][key][name]
    ]
    return [
        PendingNotice(event, NoticeType.relieved, person)
        for event, key, person in relieved
        if key == event.stream or not await _has_other_duty(connection, ledger, event.stream, person)
    ]
