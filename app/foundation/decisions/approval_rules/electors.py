"""Reads of approval rules: those that hold for a record, and the people in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from app.common.people import STAFF_ROLES, WHOLE_GROUP, Role
from app.common.records import Record, empty, evolve, from_row
from app.foundation.absences.records import Absence
from app.foundation.calendars.calendar_cache import business_time_of
from app.foundation.calendars.records import CalendarVersion
from app.foundation.decisions.approval_rules import grants
from app.foundation.decisions.approval_rules.definition import ApprovalRuleDefinition, Electors
from app.foundation.decisions.approval_rules.posts import (
    Post,
    posts_by_stream,
    seated_holders,
    settled_holders,
)
from app.foundation.decisions.approval_rules.records import ElectorRelation
from app.foundation.decisions.approval_rules.shipped import SHIPPED
from app.foundation.decisions.approval_rules.versions import HoldingRule, MatterOpening, rules_for
from app.foundation.decisions.lookups import (
    VOTERS_OF_NOW,
    EventActs,
    acts_on,
    humans,
    without_vote_by_role,
)
from app.foundation.decisions.records import DecisionKind, DecisionRule, VoterLeftOutReason
from app.foundation.people.records import Group, GroupMember, GroupState, RepresentedSide
from app.foundation.rota.on_call import read_on_call
from app.kernel.access.reads import ReadContext, Unguarded, Versions, grants_throughout
from app.platform.db import Row

R = TypeVar("R", bound=Record)

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
#: The services. Unused ones, which a single person can add, are left out if there are others.
SERVICES = """
select 'service/' || id as stream, team_id, key from fold.service where key = any(%(keys)s)
  and (state <> 'proposed' or not exists (
    select from fold.service where key = any(%(keys)s) and state <> 'proposed'))"""
#: The services that SERVICES leaves out.
UNUSED_SERVICES = """
select 'service/' || id as stream from fold.service where key = any(%(keys)s) and state = 'proposed'
  and exists (select from fold.service where key = any(%(keys)s) and state <> 'proposed')"""
ITEMS = "select 'ci/' || id as stream from fold.ci where id = any(%(items)s::uuid[])"
TEAMS = f"""
select 'team/' || id as stream from fold.team
where id = %(team)s or id in (select team_id from ({SERVICES}) services)"""
ROTA_TEAMS = """
select distinct m.team_id from fold.membership m join fold.shift s on s.team_id = m.team_id
where m.person_id = any(%s) and s.duty = 'on_call'"""
#: The lead and the members of a team.
CARRYING_OUT = """
select t.lead_id, m.person_id from fold.team t left join fold.membership m on m.team_id = t.id
where t.id = %s"""
CALENDAR = (
    "select v.* from fold.calendar c join fold.calendar_version v on v.id = c.newest_id where c.key = %s"
)
#: Besides the lead of a team, those who may enter who is on call for an emergency.
ROTA_KEEPERS = (Role.admin, Role.incident_manager, Role.change_manager)
#: By relation, the field of other records that names its persons.
_FIELDS = {
    ElectorRelation.item_owner: "owner_id",
    ElectorRelation.team_lead: "lead_id",
    ElectorRelation.team_heads: "lead_id",
    ElectorRelation.countersigning_lead: "lead_id",
    ElectorRelation.manager: "manager_id",
    ElectorRelation.service_owner: "owner_id",
}
#: By relation, the fields of the record itself that name its persons.
_OWN_FIELDS = {
    ElectorRelation.representative: ("representative_id", "party_representative_id"),
    ElectorRelation.process_owner: ("process_owner_id",),
    ElectorRelation.sponsor: ("sponsor_id",),
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
    """Return the active people of the sources, without machines, with their seats. The opening then holds
    the people who are named and get no seat.
    """
    voters: Voters = {}
    for source in sources:
        named = await _named_by(reads, record, source, opening, now)
        grades = await humans(reads, named)
        if source.role is None:  # every account may hold a role, also that of a tool
            no_account = dict.fromkeys(named.keys() - grades.keys(), VoterLeftOutReason.no_account)
            opening.unseated.update(no_account)
        least = grants.rank(source.grade)
        persons = [p for p in named if p in grades and grants.rank(grades[p]) >= least]
        if least:
            upgraded = await grants.by_parties(reads, persons, opening, now, least_grade=least)
            persons = _unseated(persons, upgraded, opening)
        if source.on_call:
            persons = await _on_call(reads, record, persons, opening, now)
        for person in persons:
            # A person who is also a voter by role decides about all services and not only their own.
            if person not in voters or (voters[person].services and not named[person].services):
                voters[person] = named[person]
    return voters


def _unseated(persons: Iterable[UUID], tied: Collection[UUID], opening: MatterOpening) -> list[UUID]:
    """Return the persons without those who owe their place to a party, which the opening then notes."""
    opening.unseated.update(dict.fromkeys(tied, VoterLeftOutReason.named_by_party))
    return [person for person in persons if person not in tied]


async def _named_by(
    reads: ReadContext, record: Record, source: Electors, opening: MatterOpening, now: datetime
) -> Voters:
    """Return the people in the source, including inactive ones; for the holders of a role one more than can
    vote besides the parties.
    """
    if source.role is not None:
        most = WHOLE_GROUP + len(opening.parties) + 1
        # The record's team, service and process are set by people who may be parties to it.
        persons = await reads.holders(source.role, record, most=most, throughout=True)
        everywhere = grants_throughout(source.role, record)
        return await with_role(reads, Seat(source.role), everywhere, persons, opening, now)
    if source.group is not None:
        groups = await reads.by_key(Group.KIND, source.group)
        return await of_group(reads, groups[0].record, opening, now) if groups else {}
    assert source.relation is not None
    if source.relation is ElectorRelation.service_owner:
        return await _owners(reads, record, opening)
    return dict.fromkeys(await _related(reads, record, source.relation, opening), Seat())


async def _owners(reads: ReadContext, record: Any, opening: MatterOpening) -> Voters:
    """Return the owners of the affected services, each with the services that they own."""
    keys = services_of(record)
    rows = await reads.rows(SERVICES, {"keys": keys}, guard=VOTERS_OF_NOW)
    owners = await seated_holders(reads, [row["stream"] for row in rows], "owner_id", opening)
    unused = await settled_holders(
        reads, await _streams(reads, UNUSED_SERVICES, keys=keys), "owner_id", opening
    )
    for person in unused.values():
        opening.unseated.setdefault(person, VoterLeftOutReason.service_unused)
    owned: dict[UUID, list[str]] = {}
    for row in rows:
        if (owner := owners.get(row["stream"])) is not None:
            owned.setdefault(owner, []).append(row["key"])
    return {owner: Seat(services=tuple(sorted(keys))) for owner, keys in owned.items()}


def services_of(record: Any) -> list[str]:
    """Return the keys of the services that the record affects."""
    keys = getattr(record, "touched_services", None) or [getattr(record, "service", None)]
    return [key for key in keys if key is not None]


async def with_role(
    reads: ReadContext,
    seat: Seat,
    roles: Collection[str],
    holders: Sequence[UUID],
    opening: MatterOpening,
    now: datetime,
) -> Voters:
    """Return the holders of one of these grants with their seats, without those to whom a party has just
    granted it, and those for whom the role is not meant.
    """
    if seat.role is not None:
        barred = await without_vote_by_role(reads, holders, seat.role)
        holders = [holder for holder in holders if holder not in barred]
    _note_removed(await grants.removed_by_parties(reads, roles, opening, now), opening)
    granted = await grants.by_parties(reads, holders, opening, now, roles=roles)
    return dict.fromkeys(_unseated(holders, granted, opening), seat)


async def of_group(reads: ReadContext, group: Group, opening: MatterOpening, now: datetime) -> Voters:
    """Return the chair and the members of the group with their seats, including inactive ones, without those
    whom a party has just named; empty for a retired group.
    """
    if group.state is GroupState.retired:
        return {}
    members = await reads.children(GroupMember, group)
    chair: Voters = {} if group.chair_id is None else {group.chair_id: Seat()}
    seats = chair | {member.person_id: Seat(side=member.side) for member in members if member.person_id}
    newcomers, removed_persons = await grants.seated_by_parties(reads, group, opening, now)
    _note_removed(removed_persons, opening)
    return {person: seats[person] for person in _unseated(seats, newcomers, opening)}


def _note_removed(persons: Iterable[UUID], opening: MatterOpening) -> None:
    """Note in the opening the persons who lost their place by a party, so that the voters see it."""
    for person in persons:
        opening.unseated.setdefault(person, VoterLeftOutReason.removed_by_party)


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
        return [*(await seated_holders(reads, streams, _FIELDS[relation], opening)).values()]
    named = [getattr(record, name, None) for name in _OWN_FIELDS[relation]]
    groups = [ids if isinstance(ids, list) else [ids] for ids in named]
    return [UUID(str(person)) for persons in groups for person in persons if person is not None]


async def _naming(reads: ReadContext, record: Any, relation: ElectorRelation) -> list[str]:
    """Return the streams of the records that name the persons."""
    services = services_of(record)
    if relation is ElectorRelation.service_owner:
        return await _streams(reads, SERVICES, keys=services)
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


@dataclass(frozen=True, slots=True)
class LeftPosts:
    """The posts that people who have left held: who counts for the matter in them now, and whether one of
    them is vacant.
    """

    successors: frozenset[UUID]
    has_vacancy: bool


async def posts_of_leavers(
    reads: ReadContext,
    record: Record,
    sources: Sequence[Electors],
    opening: MatterOpening,
    leavers: Collection[UUID],
) -> LeftPosts:
    """Return the posts of the sources that leavers have held."""
    holders: set[UUID | None] = set()
    for post in await _posts(reads, record, sources):
        if any(naming.person in leavers for naming in post.named):
            holders.add(post.settled_holder(opening))
    successors = frozenset(person for person in holders if person is not None and person not in leavers)
    return LeftPosts(successors, has_vacancy=len(successors) < len(holders))


async def holders_of_posts(
    reads: ReadContext,
    record: Record,
    sources: Sequence[Electors],
    opening: MatterOpening,
    persons: Collection[UUID],
) -> dict[UUID, set[UUID]]:
    """Return, for those of the persons who have ever held a post of the sources, who counts for the matter in
    these posts now.
    """
    holders: dict[UUID, set[UUID]] = {}
    for post in await _posts(reads, record, sources):
        holder = post.settled_holder(opening)
        for person in {naming.person for naming in post.named} & {*persons}:
            assert person is not None
            holders.setdefault(person, set()).update([] if holder is None else [holder])
    return holders


async def _posts(reads: ReadContext, record: Record, sources: Sequence[Electors]) -> list[Post]:
    """Return the posts by which the sources name voters."""
    posts: list[Post] = []
    for relation in {source.relation for source in sources if source.relation is not None}:
        if relation in _FIELDS:
            places = [(await _naming(reads, record, relation), _FIELDS[relation])]
        else:
            places = [([record.row_key], name) for name in _OWN_FIELDS[relation] if hasattr(record, name)]
        for streams, name in places:
            posts += (await posts_by_stream(reads, streams, name)).values()
    return posts


async def has_vacancy(
    reads: ReadContext, record: Record, sources: Sequence[Electors], opening: MatterOpening
) -> bool:
    """Return whether a team that the record concerns has no head who could have a seat."""
    if not any(source.relation is ElectorRelation.team_heads for source in sources):
        return False
    for team in await _naming(reads, record, ElectorRelation.team_heads):
        if not await settled_holders(reads, [team], "lead_id", opening):
            return True
    return False


async def _streams(reads: ReadContext, query: str, **parameters: Any) -> list[str]:
    return [row["stream"] for row in await reads.rows(query, parameters, guard=VOTERS_OF_NOW)]


async def staff_of(reads: ReadContext, record: Record, persons: Iterable[UUID]) -> set[UUID]:
    """Return those of the persons who are staff for the record."""
    return await reads.holding(STAFF_ROLES, record, persons)


async def _on_call(
    reads: ReadContext, record: Record, persons: list[UUID], opening: MatterOpening, now: datetime
) -> list[UUID]:
    """Return those of the persons who are on call in a team of theirs now, whatever a party or a member of
    the team has entered.
    """
    teams = await reads.rows(ROTA_TEAMS, (persons,), guard=VOTERS_OF_NOW)
    trust = await _RotaWithoutParties.of(reads, record, opening)
    on_call: set[UUID] = set()
    entered: set[UUID] = set()
    for row in teams:
        on_call.update(await read_on_call(reads, row["team_id"], now, trust))
        entered.update(await read_on_call(reads, row["team_id"], now))
    unseated = entered.intersection(persons) - on_call
    opening.unseated.update(dict.fromkeys(unseated, VoterLeftOutReason.named_by_party))
    return [person for person in persons if person in on_call]


@dataclass(frozen=True, slots=True)
class _RotaWithoutParties:
    """A rota as it is without the acts of the parties to a matter, and without those of others since the
    matter began. Shifts and stand-ins count that the rota's lead or a holder of ROTA_KEEPERS has entered:
    another member could choose who decides on the work of the team. So could the lead of the team that
    carries the matter out, whose entries do not count in any rota. A cover or swap counts if the person
    replaced has entered it, and outside the team that carries the matter out also if the colleague has.
    People may still enter their own absences, except a party, who could choose a deputy.
    """

    reads: ReadContext
    record: Record
    opening: MatterOpening
    #: The lead and the members of the team that carries the matter out.
    lead_id: UUID | None = None
    members: frozenset[UUID] = frozenset()

    @classmethod
    async def of(cls, reads: ReadContext, record: Any, opening: MatterOpening) -> _RotaWithoutParties:
        """Return the acts that count for the record."""
        team = getattr(record, "team_id", None)
        rows = await reads.rows(CARRYING_OUT, (team,), guard=VOTERS_OF_NOW)
        members = frozenset(row["person_id"] for row in rows if row["person_id"] is not None)
        return cls(reads, record, opening, rows[0]["lead_id"] if rows else None, members)

    async def entries(self, record_class: type[R], rows: Sequence[Row]) -> list[R]:
        """Return the shifts, stand-ins or absences, as they are by the acts that count."""
        by_stream = {row["stream"]: empty(record_class, row["id"]) for row in rows}
        acts = await acts_on(self.reads, list(by_stream))
        keepers: set[UUID | None] = {None}
        if record_class is not Absence:
            keepers |= await self._keepers([row["team_id"] for row in rows], acts)
        for act in acts:
            fields = act.rows_set.get(act.stream)
            if fields and self._counts(act, by_stream[act.stream], fields, keepers):
                entry = by_stream[act.stream]
                by_stream[act.stream] = evolve(entry, entry.version + 1, act.recorded_at, dict(fields))
        return [entry for entry in by_stream.values() if entry.version]

    async def _keepers(self, teams: Iterable[UUID], acts: Iterable[EventActs]) -> set[UUID]:
        """Return those of the acting persons who keep the rota, the leads of its teams included, without the
        lead of the team that carries the matter out.
        """
        acting = {act.person_id for act in acts if act.person_id is not None} - {self.lead_id}
        keepers = await self.reads.holding(ROTA_KEEPERS, self.record, acting) if acting else set()
        leads = {await self.lead_of(team) for team in dict.fromkeys(teams)} if acting - keepers else set()
        return keepers | {person for person in acting if person in leads}

    def _counts(
        self, act: EventActs, entry: Record, fields: Mapping[str, Any], keepers: Collection[UUID | None]
    ) -> bool:
        is_trusted = self.opening.trusts(act.person_id, act.recorded_at)
        if isinstance(entry, Absence):
            absent = entry.person_id or UUID(fields["person_id"])
            if absent in self.opening.parties or act.person_id in self.opening.parties:
                return False
            return act.person_id in (absent, None) or (is_trusted and act.person_id != self.lead_id)
        return is_trusted and (act.person_id in keepers or self._agrees(act.person_id, entry, fields))

    def _agrees(self, person: UUID | None, entry: Record, fields: Mapping[str, Any]) -> bool:
        """Return whether the person is one of the two who agree that one is on call instead of the other."""
        going, coming = [
            fields.get(name) or getattr(entry, name, None) for name in ("instead_of_id", "person_id")
        ]
        if person is None or going is None:
            return False
        return str(person) == str(going) or (str(person) == str(coming) and person not in self.members)

    async def lead_of(self, team_id: UUID) -> UUID | None:
        """Return the lead of the team, as long as no party has named one."""
        leads = await settled_holders(self.reads, [f"team/{team_id}"], "lead_id", self.opening)
        return next(iter(leads.values()), None)


async def deciders_by(
    reads: ReadContext, record: Record, definition: ApprovalRuleDefinition, now: datetime
) -> set[UUID]:
    """Return the people who decide by the definition, on call or not; none if that depends on the matter."""
    opening = MatterOpening()
    if definition.rule is DecisionRule.chair:
        groups = await reads.by_key(Group.KIND, definition.voters[0].group or "")
        return {chair for group in groups if (chair := group.record.chair_id) is not None}
    deciders: set[UUID] = set()
    for sources in (definition.voters, definition.otherwise, definition.if_unanswered):
        if any(source.relation is not None for source in sources):
            return set()
        named = [source.model_copy(update={"on_call": False}) for source in sources]
        deciders |= (await persons_of(reads, record, named, opening, now)).keys()
        if len(deciders) >= definition.free_voters_needed(len(deciders)):
            break
    return deciders


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
        row = await reads.row(CALENDAR, (definition.calendar,), guard=VOTERS_OF_NOW)
        ends = row and business_time_of(from_row(CalendarVersion, row)).add(now, seconds)
        if ends:
            return ends
    return now + timedelta(seconds=seconds)
