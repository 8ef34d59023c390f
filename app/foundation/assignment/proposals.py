"""Proposals of the assignment rules for a ticket: team, person, and why earlier rules do not match."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.records import from_row
from app.common.tickets import Ticket
from app.foundation.absences.lookups import away_members
from app.foundation.assignment.assignment_rules import MOST_RULES
from app.foundation.assignment.records import AssignmentRule, AssignmentStrategy, StaffedHours
from app.foundation.assignment.selection import (
    PersonAvailability,
    RuleMatch,
    TicketAttributes,
    first_match,
    hours_of,
    least_loaded,
    round_robin,
)
from app.foundation.calendars.calendar_cache import newest_business_times
from app.foundation.people.lookups import STAFFED_TEAMS
from app.foundation.rota.on_call import on_duty_in
from app.foundation.rota.records import Duty
from app.kernel.actions.lifecycle import Lifecycle
from app.platform.db import Connection, Database, Row, fetch_rows

#: Most persons of a team that are chosen from, and most open tickets of a person that are counted.
MOST_PERSONS = 500
MOST_COUNTED = 1_000
RULES = """
select * from fold.assignment_rule where process = %s and state = 'active'
order by position, id limit %s"""
# Selects a row if one of the processes has an active rule.
ANY_RULE = "select 1 from fold.assignment_rule where process = any(%s) and state = 'active' limit 1"
# Selects a row if a service has a team, to which its tickets go without a rule.
ANY_TEAM_OF_SERVICE = "select 1 from fold.service where team_id is not null limit 1"
TEAM_OF_SERVICE = "select team_id from fold.service where key = %s and team_id is not null"
RETIRED_TEAMS = "select id from fold.team where id = any(%s) and state = 'retired'"
MEMBERS = """
select p.id from fold.membership m join fold.person p on p.id = m.person_id
where m.team_id = %s and p.kind = 'human' and p.state = 'active' and p.deactivated_at is null
order by p.id limit %s"""
#: Kinds that only agents assess, before a team fulfils them: without a rule they wait for the service desk.
ASSESSED_FIRST = frozenset({"request"})
# The assignment that the event has led to, if the log has it. A turn is recorded in the transaction that
# moves the checkpoint; if that transaction was lost, the event is handled again, and its turn is found here.
RECORD_TURN = """
insert into plumbing.assignment_turn as old (team_id, person_id, position)
select (data->'given'->>'team')::uuid, (data->'given'->>'person')::uuid, position from log.told
where stream = %s and actor = %s and source_ref = %s and data->'given'->>'person' is not null
on conflict (team_id, person_id) do update set position = greatest(old.position, excluded.position)"""
LATEST_ASSIGNMENTS = "select person_id, position from plumbing.assignment_turn where team_id = %s"


@dataclass(frozen=True, slots=True)
class Proposal:
    """The team and the person that a case goes to. Neither is set if no rule matches; the person is not set
    if no member can be chosen. `away` is the number of the team's members who are away then, and are not
    chosen.
    """

    matched: RuleMatch
    team_id: UUID | None = None
    person_id: UUID | None = None
    away: int = 0


async def active_rules(db: Database, process: str) -> Sequence[AssignmentRule]:
    """Return the active rules of the process, in order."""
    rows = await db.rows(RULES, (process, MOST_RULES))
    return [from_row(AssignmentRule, row) for row in rows]


async def has_active_rules(connection: Connection, processes: Iterable[str]) -> bool:
    """Return whether one of the processes has an active rule."""
    return bool(await fetch_rows(connection, ANY_RULE, (list(processes),)))


async def has_teams_of_services(connection: Connection) -> bool:
    """Return whether a service has a team."""
    return bool(await fetch_rows(connection, ANY_TEAM_OF_SERVICE, ()))


#: For a team's id, the log position of each person's last ticket that a rule assigned to them in that team.
LoadTurns = Callable[[UUID], Awaitable[Mapping[UUID, int]]]


def turns_by_person(rows: Sequence[Row]) -> dict[UUID, int]:
    """Return the turns by person from the rows of `LATEST_ASSIGNMENTS`."""
    return {row["person_id"]: row["position"] for row in rows}


def ticket_attributes(ticket: Ticket) -> TicketAttributes:
    """Return the attributes of the ticket that rules match."""
    return TicketAttributes(
        ticket.KIND,
        getattr(ticket, "service", None),
        getattr(ticket, "category", None),
        ticket.priority,
        ticket.customer_id,
    )


async def propose(
    db: Database,
    lifecycles: Mapping[str, Lifecycle[Any]],
    rules: Sequence[AssignmentRule],
    case: TicketAttributes,
    when: datetime,
    load_turns: LoadTurns,
) -> Proposal:
    """Return the team and the person that the rules propose for the case at that time; without any rule, the
    team of its service, or nobody if it is assessed first.
    """
    if not rules and case.process in ASSESSED_FIRST:
        return Proposal(RuleMatch(None, ()))
    if not rules:
        return Proposal(RuleMatch(None, ()), await _team_of_service(db, case.service))
    matched = first_match(rules, case, await _load_availability(db, rules, when))
    rule = matched.rule
    if rule is None or rule.to_team_id is None:
        return Proposal(matched)
    if rule.choose is AssignmentStrategy.nobody:
        return Proposal(matched, rule.to_team_id)
    away = await away_members(db.rows, rule.to_team_id, when)
    person = await _choose_person(db, lifecycles, rule, when, load_turns, away)
    return Proposal(matched, rule.to_team_id, person, len(away))


async def _team_of_service(db: Database, service: str | None) -> UUID | None:
    """Return the team that runs the service; None if it has no team, or one that gets no work."""
    if service is None:
        return None
    teams = [row["team_id"] for row in await db.rows(TEAM_OF_SERVICE, (service,))]
    staffed = await db.rows(STAFFED_TEAMS, (teams,)) if teams else ()
    return next((row["id"] for row in staffed), None)


async def _load_availability(
    db: Database, rules: Sequence[AssignmentRule], when: datetime
) -> PersonAvailability:
    """Return what the rules depend on at that time besides the case."""
    by_hours = {hours_of(rule) for rule in rules if rule.hours is not StaffedHours.always}
    working = {
        team for team in by_hours if team is not None and await on_duty_in(db, team, Duty.working, when)
    }
    teams = [rule.to_team_id for rule in rules]
    retired = {row["id"] for row in await db.rows(RETIRED_TEAMS, (teams,))}
    staffed = {row["id"] for row in await db.rows(STAFFED_TEAMS, (teams,))}
    unstaffed = {team for team in teams if team is not None and team not in staffed}
    calendars = await newest_business_times(
        db, {rule.calendar for rule in rules if rule.calendar is not None}
    )
    open_then = {key for key, hours in calendars.items() if hours.open_at(when)}
    return PersonAvailability(working, open_then, retired, unstaffed)


async def _choose_person(
    db: Database,
    lifecycles: Mapping[str, Lifecycle[Any]],
    rule: AssignmentRule,
    when: datetime,
    load_turns: LoadTurns,
    away: Collection[UUID],
) -> UUID | None:
    """Return the person of the rule's team who is assigned, by the rule's strategy, and not away."""
    team = rule.to_team_id
    assert team is not None
    persons: Sequence[UUID]
    if rule.choose in (AssignmentStrategy.on_call, AssignmentStrategy.on_duty):
        duty = Duty.on_call if rule.choose is AssignmentStrategy.on_call else Duty.working
        persons = await on_duty_in(db, team, duty, when)
    else:
        members = await db.rows(MEMBERS, (team, MOST_PERSONS))
        persons = [row["id"] for row in members if row["id"] not in away]
    if not persons:
        return None
    had = await load_turns(team)
    if rule.choose is AssignmentStrategy.least_loaded:
        return least_loaded(persons, had, await _open_ticket_counts(db, lifecycles, persons))
    return round_robin(persons, had)


async def _open_ticket_counts(
    db: Database, lifecycles: Mapping[str, Lifecycle[Any]], persons: Sequence[UUID]
) -> dict[UUID, int]:
    """Return, by person, the number of their open tickets, of all kinds that can be assigned."""
    counts = " + ".join(
        f"(select count(*) from ({query} limit {MOST_COUNTED}) as open)" for query in open_tickets(lifecycles)
    )
    query = f"select mine.id, {counts} as number from unnest(%s::uuid[]) as mine (id)"
    return {row["id"]: row["number"] for row in await db.rows(query, (list(persons),))}


def open_tickets(lifecycles: Mapping[str, Lifecycle[Any]]) -> list[str]:
    """Return, for each kind that can be assigned, a select of the open tickets of the person `mine.id`.
    States are literals in the SQL, so that the partial indexes of open tickets apply.
    """
    queries = []
    for lifecycle in lifecycles.values():
        if "assign" in lifecycle.by_name:
            come_from = lifecycle["assign"].from_states
            assert isinstance(come_from, frozenset), "what does not exist cannot be assigned"
            states = ", ".join(f"'{state.value}'" for state in lifecycle.states if state in come_from)
            queries.append(
                f"select 1 from {lifecycle.table} r where r.state in ({states}) and r.assignee_id = mine.id"
            )
    return queries
