"""Lookup of the escalation rules that match open tickets, their recipients, and their shares of targets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.common.times.clocks import ClockMetric
from app.kernel.access.eligibility import STAFFED
from app.kernel.actions.lifecycle import Lifecycle
from app.platform.db import Database, Row

OPEN_TICKETS = """(select '{kind}/' || c.id as stream, {answered} as answered, c.* from {table} c
  where c.state in ({open}) and {only})"""
# The active rules `r` that match the ticket `t`, with the team or person that each escalates to. A rule whose
# recipient is inactive, has no members, or has the ticket already, does not match.
MATCHING_RULES = """
join fold.escalation_rule r on r.process = '{kind}' and r.state = 'active'
  and (r.priorities is null or t.priority = any(r.priorities))
  and case r.as_long_as when 'unanswered' then not t.answered when 'unassigned' then t.assignee_id is null
    else true end
left join fold.team team on team.id = r.to_team_id and team.state = 'active'
  and team.id is distinct from t.team_id and {staffed}
left join fold.person has on has.id = t.assignee_id and r.escalate_to = 'manager'
left join fold.person person on person.id = case r.escalate_to when 'manager' then has.manager_id
    else r.to_person_id end and person.state = 'active' and person.id is distinct from t.assignee_id
where (team.id is not null or person.id is not null)"""
PERCENTS = """
select distinct process, metric, sla_percent from fold.escalation_rule
where state = 'active' and sla_percent is not null"""


def open_tickets(lifecycle: Lifecycle[Any], only: str) -> str:
    """Return the subquery of those tickets of a kind that can be escalated and meet the condition `only` on
    the table `c`, each with its `stream` and whether it is `answered`. The states are literals in the text,
    so that the partial indexes of open tickets are used.
    """
    come_from = lifecycle["escalate"].from_states
    assert isinstance(come_from, frozenset), "what does not exist cannot be escalated"
    states = ", ".join(f"'{state.value}'" for state in lifecycle.states if state in come_from)
    # Most kinds have a time of the first answer; others count as answered once they leave their first state.
    columns = lifecycle.record.model_fields
    fields = [name for name in ("acknowledged_at", "started_at") if name in columns]
    answered = f"coalesce({', '.join(f'c.{name}' for name in fields)}) is not null"
    if not fields:
        answered = f"c.state <> '{next(iter(lifecycle.states)).value}'"
    return OPEN_TICKETS.format(
        kind=lifecycle.kind, table=lifecycle.table, open=states, answered=answered, only=only
    )


def matching_rules(lifecycle: Lifecycle[Any]) -> str:
    """Return the joins and the condition by which rules `r` match tickets `t` of that kind."""
    return MATCHING_RULES.format(kind=lifecycle.kind, staffed=STAFFED.format(team="team.id"))


async def percents_asked_for(db: Database) -> dict[tuple[str, ClockMetric], tuple[int, ...]]:
    """Return the percentages of targets that active escalation rules ask for, ascending, by kind of tickets
    and metric of their clocks under service level agreements. A rule that names no metric asks of each.
    """
    return percents_of(await db.rows(PERCENTS))


def percents_of(rows: Iterable[Row]) -> dict[tuple[str, ClockMetric], tuple[int, ...]]:
    """Return the percentages from rows of PERCENTS, in the shape that `percents_asked_for` returns."""
    percents: dict[tuple[str, ClockMetric], set[int]] = {}
    for row in rows:
        for metric in ClockMetric if row["metric"] is None else (ClockMetric(row["metric"]),):
            percents.setdefault((row["process"], metric), set()).add(row["sla_percent"])
    return {clock: tuple(sorted(percents)) for clock, percents in percents.items()}
