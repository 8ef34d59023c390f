"""Reads of approval rules: those that hold for a record, and the people in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import STAFF_ROLES, WHOLE_GROUP, Grade, Role
from app.common.records import Record, from_row
from app.foundation.calendars.calendar_cache import business_time_of
from app.foundation.calendars.records import CalendarVersion
from app.foundation.decisions.approval_rules.definition import ApprovalRuleDefinition, Electors
from app.foundation.decisions.approval_rules.records import ElectorRelation
from app.foundation.decisions.approval_rules.shipped import SHIPPED
from app.foundation.decisions.approval_rules.versions import HoldingRule, MatterOpening, rules_for
from app.foundation.decisions.lookups import Naming, namings
from app.foundation.decisions.records import DecisionKind
from app.foundation.people.records import Group, GroupMember, GroupState, RepresentedSide
from app.foundation.rota.on_call import read_on_call
from app.kernel.access.reads import ReadContext, Unguarded, Versions

VERSIONS = """
select r.key, r.name, v.edition, v.definition, v.ended, v.set_by_id, v.awaits_agreement, v.agreed_by_id,
  v.record as stream, h.version,
  coalesce(e.recorded_at, v.set_at) as recorded_at
from fold.approval_rule r join fold.approval_rule_version v on v.record = 'approval_rule/' || r.id
  join log.stream_head h on h.stream = v.record
  left join log.event e on e.stream = v.record and e.version = v.version
where r.decision = %s order by r.key, v.edition desc"""
VERSION = """
select v.definition from fold.approval_rule r
  join fold.approval_rule_version v on v.record = 'approval_rule/' || r.id
where r.key = %s and v.edition = %s"""
HUMANS = """
select id, grade from fold.person where id = any(%s) and kind = 'human' and state = 'active'
  and deactivated_at is null"""
#: The services. Unused ones, which a single person can add, are left out if there are others.
SERVICES = """
select 'service/' || id as stream, team_id, key from fold.service where key = any(%(keys)s)
  and (state <> 'proposed' or not exists (
    select from fold.service where key = any(%(keys)s) and state <> 'proposed'))"""
ITEMS = "select 'ci/' || id as stream from fold.ci where id = any(%(items)s::uuid[])"
TEAMS = f"""
select 'team/' || id as stream from fold.team
where id = %(team)s or id in (select team_id from ({SERVICES}) services)"""
ROTA_TEAMS = """
select distinct m.team_id from fold.membership m join fold.shift s on s.team_id = m.team_id
where m.person_id = any(%s) and s.duty = 'on_call'"""
CALENDAR = (
    "select v.* from fold.calendar c join fold.calendar_version v on v.id = c.newest_id where c.key = %s"
)
_AS_OF_NOW = Unguarded("Whoever comes to it meanwhile was not there to be asked.")
_GRADES = list(Grade)
#: By relation, the field of other records that names its persons.
_FIELDS = {
    ElectorRelation.item_owner: "owner_id",
    ElectorRelation.team_lead: "lead_id",
    ElectorRelation.team_heads: "lead_id",
    ElectorRelation.countersigning_lead: "lead_id",
    ElectorRelation.manager: "manager_id",
}


@dataclass(frozen=True, slots=True)
class Seat:
    """The place of a voter: the role by which they are asked, the side that they represent in a group, or
    the keys of the services as whose owner they are asked.
    """

    role: Role | None = None
    side: RepresentedSide | None = None
    services: tuple[str, ...] = ()


Voters = dict[UUID, Seat]


async def holding_rules(
    reads: ReadContext, record: Record, decision: DecisionKind, opening: MatterOpening
) -> list[HoldingRule]:
    """Return the most specific rules that hold for the record, by key, without those that a party has set."""
    rows = await reads.rows(VERSIONS, (decision.value,), guard=Versions())
    return rules_for(rows, decision, record, opening)


async def definition_of(reads: ReadContext, key: str, edition: int) -> ApprovalRuleDefinition:
    """Return the definition in that edition of the rule; 0 is the shipped one."""
    if edition == 0:
        return SHIPPED[key].definition
    guard = Unguarded("A version never changes.")
    row = await reads.row(VERSION, (key, edition), guard=guard)
    assert row is not None, "versions are never removed"
    return ApprovalRuleDefinition.model_validate(row["definition"])


async def persons_of(
    reads: ReadContext, record: Record, sources: Sequence[Electors], opening: MatterOpening, now: datetime
) -> Voters:
    """Return the active people of the sources, without machines, with their seats."""
    voters: Voters = {}
    for source in sources:
        named = await _named_by(reads, record, source, opening)
        grades = await humans(reads, named)
        least = 0 if source.grade is None else _GRADES.index(source.grade)
        persons = [p for p in named if p in grades and _rank(grades[p]) >= least]
        if source.on_call:
            persons = await _on_call(reads, persons, opening, now)
        for person in persons:
            # A person who is also a voter by role decides about all services and not only their own.
            if person not in voters or (voters[person].services and not named[person].services):
                voters[person] = named[person]
    return voters


def _rank(grade: str | None) -> int:
    return 0 if grade is None else _GRADES.index(Grade(grade))


async def _named_by(reads: ReadContext, record: Record, source: Electors, opening: MatterOpening) -> Voters:
    """Return the people in the source, including inactive ones; for the holders of a role one more than can
    vote besides the parties.
    """
    if source.role is not None:
        most = WHOLE_GROUP + len(opening.parties) + 1
        # The record's team, service and process are set by people who may be parties to it.
        persons = await reads.holders(source.role, record, most=most, throughout=True)
        return dict.fromkeys(persons, Seat(source.role))
    if source.group is not None:
        groups = await reads.by_key(Group.KIND, source.group)
        return await of_group(reads, groups[0].record) if groups else {}
    assert source.relation is not None
    if source.relation is ElectorRelation.service_owner:
        return await _owners(reads, record, opening)
    return dict.fromkeys(await _related(reads, record, source.relation, opening), Seat())


async def _owners(reads: ReadContext, record: Any, opening: MatterOpening) -> Voters:
    """Return the owners of the affected services, each with the services that they own."""
    rows = await reads.rows(SERVICES, {"keys": services_of(record)}, guard=_AS_OF_NOW)
    owners = await _settled(reads, [row["stream"] for row in rows], "owner_id", opening)
    owned: dict[UUID, list[str]] = {}
    for row in rows:
        if (owner := owners.get(row["stream"])) is not None:
            owned.setdefault(owner, []).append(row["key"])
    return {owner: Seat(services=tuple(sorted(keys))) for owner, keys in owned.items()}


def services_of(record: Any) -> list[str]:
    """Return the keys of the services that the record affects."""
    keys = getattr(record, "touched_services", None) or [getattr(record, "service", None)]
    return [key for key in keys if key is not None]


async def of_group(reads: ReadContext, group: Group) -> Voters:
    """Return the chair and the members of the group with their seats, including inactive ones; empty for a
    retired group.
    """
    if group.state is GroupState.retired:
        return {}
    members = await reads.children(GroupMember, group)
    chair: Voters = {} if group.chair_id is None else {group.chair_id: Seat()}
    return chair | {member.person_id: Seat(side=member.side) for member in members if member.person_id}


async def voting_group(reads: ReadContext, rules: Iterable[HoldingRule]) -> Group | None:
    """Return the group that votes by the rules, if one alone does."""
    sources = {(source.role, source.group) for rule in rules for source in rule.definition.voters}
    keys = {key for _, key in sources if key is not None}
    if len(sources) != 1 or not keys:
        return None
    loaded = await reads.by_key(Group.KIND, keys.pop())
    return loaded[0].record if loaded else None


async def _related(
    reads: ReadContext, record: Any, relation: ElectorRelation, opening: MatterOpening
) -> list[UUID]:
    """Return the persons in that relation to the record."""
    if relation in _FIELDS:
        streams = await _naming(reads, record, relation)
        return [*(await _settled(reads, streams, _FIELDS[relation], opening)).values()]
    names = {
        ElectorRelation.representative: ("representative_id", "party_representative_id"),
        ElectorRelation.process_owner: ("process_owner_id",),
        ElectorRelation.sponsor: ("sponsor_id",),
    }[relation]
    named = [getattr(record, name, None) for name in names]
    groups = [ids if isinstance(ids, list) else [ids] for ids in named]
    return [UUID(str(person)) for persons in groups for person in persons if person is not None]


async def _naming(reads: ReadContext, record: Any, relation: ElectorRelation) -> list[str]:
    """Return the streams of the records that name the persons."""
    services = services_of(record)
    if relation is ElectorRelation.item_owner:
        return await _streams(reads, ITEMS, items=list(getattr(record, "ci_ids", None) or ()))
    if relation is ElectorRelation.team_lead:
        return await _streams(reads, TEAMS, team=getattr(record, "team_id", None), keys=services)
    if relation is ElectorRelation.manager:
        requester = getattr(record, "requester_id", None)
        return [] if requester is None else [f"person/{requester}"]
    is_head = relation is ElectorRelation.team_heads
    teams = getattr(record, "team_ids" if is_head else "countersigning_team_ids", None)
    return [f"team/{team}" for team in teams or ()]


async def has_vacancy(
    reads: ReadContext, record: Record, sources: Sequence[Electors], opening: MatterOpening
) -> bool:
    """Return whether a team that the record concerns has no head who could have a seat."""
    if not any(source.relation is ElectorRelation.team_heads for source in sources):
        return False
    for team in await _naming(reads, record, ElectorRelation.team_heads):
        if not await _settled(reads, [team], "lead_id", opening):
            return True
    return False


async def _streams(reads: ReadContext, query: str, **parameters: Any) -> list[str]:
    return [row["stream"] for row in await reads.rows(query, parameters, guard=_AS_OF_NOW)]


async def _settled(
    reads: ReadContext, streams: Sequence[str], field: str, opening: MatterOpening
) -> dict[str, UUID]:
    """Return the persons in that field of the records, by stream. If a party has named one, or somebody has
    since the matter began, the one before counts, unless that person has left.
    """
    named: dict[str, list[Naming]] = {}
    for naming in await namings(reads, streams, field):
        named.setdefault(naming.stream, []).append(naming)
    everybody = {naming.person for part in named.values() for naming in part if naming.person}
    active = await humans(reads, everybody)
    persons = {stream: _settled_person(part, active, opening) for stream, part in named.items()}
    return {stream: person for stream, person in persons.items() if person is not None}


def _settled_person(named: Sequence[Naming], active: Collection[UUID], opening: MatterOpening) -> UUID | None:
    """Return the person in the field who counts for the matter, from all people that the field has named,
    the oldest first.
    """
    trusted_namings = [naming for naming in named if opening.trusts(naming.namer_id, naming.named_at)]
    untied_namings = [naming for naming in named if naming.namer_id not in opening.parties]
    for namings_there in (trusted_namings, untied_namings):
        if namings_there and namings_there[-1].person in active:
            return namings_there[-1].person
    return None


async def staff_of(reads: ReadContext, record: Record, persons: Iterable[UUID]) -> set[UUID]:
    """Return those of the persons who are staff for the record."""
    return await reads.holding(STAFF_ROLES, record, persons)


async def humans(reads: ReadContext, persons: Iterable[UUID]) -> dict[UUID, str | None]:
    """Return the grades of those of the persons who are active and no machines."""
    rows = await reads.rows(HUMANS, (list(persons),), guard=_AS_OF_NOW)
    return {row["id"]: row["grade"] for row in rows}


async def _on_call(
    reads: ReadContext, persons: list[UUID], opening: MatterOpening, now: datetime
) -> list[UUID]:
    """Return those of the persons who are on call in a team of theirs now. Shifts and stand-ins that a party
    has entered, or somebody since the matter began, do not count.
    """

    async def trusted(streams: Sequence[str]) -> Collection[str]:
        named = await namings(reads, streams, "person_id")
        untrusted = {n.stream for n in named if not opening.trusts(n.namer_id, n.named_at)}
        return set(streams) - untrusted

    teams = await reads.rows(ROTA_TEAMS, (persons,), guard=_AS_OF_NOW)
    on_call: set[UUID] = set()
    for row in teams:
        on_call.update(await read_on_call(reads, row["team_id"], now, trusted))
    return [person for person in persons if person in on_call]


async def due_at(reads: ReadContext, definition: ApprovalRuleDefinition, now: datetime) -> datetime:
    """Return until when there are votes: in the hours of the rule's calendar, if it names one."""
    return await _time_after(reads, definition, now, definition.due_within_seconds)


async def earliest_end(reads: ReadContext, definition: ApprovalRuleDefinition, now: datetime) -> datetime:
    """Return the earliest time at which a vote by the rule may end."""
    return await _time_after(reads, definition, now, definition.least_time)


async def _time_after(
    reads: ReadContext, definition: ApprovalRuleDefinition, now: datetime, seconds: int
) -> datetime:
    if definition.calendar is not None:
        row = await reads.row(CALENDAR, (definition.calendar,), guard=_AS_OF_NOW)
        ends = row and business_time_of(from_row(CalendarVersion, row)).add(now, seconds)
        if ends:
            return ends
    return now + timedelta(seconds=seconds)
