"""Escalates tickets that were not answered, assigned or resolved in time, according to the escalation
rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.common.people import rule_caller as as_caller
from app.foundation.escalation.lookups import matching_rules, open_tickets
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.consumers.rules import RuleConsequence
from app.kernel.consumers.timers import BATCH, Outcome, TimerOutcome
from app.kernel.ledger import Ledger
from app.log.batches import Batch
from app.log.events import id_of, kind_of
from app.log.follow import Consumer
from app.platform.db import Connection, Row, fetch_rows
from app.ticketing.work.assignment import EscalateTicket

NAME = "escalate_by_rule"
#: The kind of the records of escalation rules.
RULES = "escalation_rule"
# A new escalation rule concerns every open ticket of its process, and one query covers all of them.
LONGEST_SECONDS = 300.0

# The pending escalations of open tickets: one row per ticket and escalation rule, with the due time and the
# recipient. A rule escalates a ticket once per episode, which begins when the ticket is opened or reopened.
# An escalation that was carried out is in the log, under a reference made of rule, ticket and the version
# with which the episode began, so it is no longer pending. An escalation to an inactive recipient, or to the
# current assignee, is not pending either. A reopening that another system reported late or twice begins no
# episode. Imported tickets have no escalations until one of their events is recorded here.
PENDING = """
select t.stream, t.id, t.version, r.id as rule_id, r.name, r.changed_at as ruled_at,
  team.id as team_id, person.id as person_id,
  begun.at + make_interval(secs => r.after_seconds) as due_at,
  r.id || ':' || t.id || ':' || begun.version as reference
from {tickets} t
cross join lateral (
  select e.version, case when e.type = any(%(reopened)s) then e.occurred_at else t.opened_at end as at
  from log.told e where e.stream = t.stream and e.type = any(%(begun)s)
    and not (e.data ? 'instead' or coalesce(e.data->'late'->t.stream ? 'state', false))
  order by e.version desc limit 1) begun
{matching} and r.after_seconds is not null
and exists (select 1 from log.event e where e.stream = t.stream and e.source not like 'import:%%')
and not exists (select 1 from log.event e where e.stream = t.stream and e.actor = %(actor)s
  and e.source_ref = r.id || ':' || t.id || ':' || begun.version)"""
SET_TIMERS = """
with due as (
  select stream, min(due_at) as due_at from ({to_come}) as to_come group by stream
), unset as (
  delete from plumbing.timer where rule = %(rule)s and {concerned} and not stream in (select stream from due)
)
insert into plumbing.timer as old (rule, stream, due_at) select %(rule)s, stream, due_at from due
on conflict (rule, stream) do update set due_at = excluded.due_at where old.due_at <> excluded.due_at"""
# The processes of these escalation rules.
PROCESSES_OF_RULES = "select distinct process from fold.escalation_rule where id = any(%s)"
PROCESSES_WITH_RULES = """
select distinct process from fold.escalation_rule where state = 'active' and after_seconds is not null"""
NEXT_ESCALATIONS = """
select distinct on (c.stream) c.*, e.id as cause, e.correlation_id from ({to_come}) as c
join log.event e on e.stream = c.stream and e.version = c.version
order by c.stream, c.due_at, c.rule_id"""


@dataclass(frozen=True, slots=True)
class EscalateByRule:
    """The rule that escalates tickets: one timer per ticket, for its earliest pending escalation."""

    name: str = NAME

    @property
    def timers(self) -> str:
        """The name under which the timers of this rule are stored."""
        return self.name

    def consumer(self, ledger: Ledger) -> Consumer:
        """Return the consumer that sets timers: for tickets whose events are in the batch, and for all open
        tickets of a process when its escalation rules change.
        """
        kinds = [kind for kind, lifecycle in ledger.lifecycles.items() if _is_escalated(lifecycle)]

        async def handle_batch(connection: Connection, batch: Batch) -> None:
            if batch.span.first == 1:  # the consumer starts from the beginning, so timers are rebuilt
                await connection.execute("delete from plumbing.timer where rule = %s", (NAME,))
            changed: set[str] = set()
            if rules := [id_of(stream) for stream in await batch.streams({RULES})]:
                changed = {
                    row["process"] for row in await fetch_rows(connection, PROCESSES_OF_RULES, (rules,))
                }
            ruled = {row["process"] for row in await fetch_rows(connection, PROCESSES_WITH_RULES, {})}
            touched: dict[str, list[str]] = {}
            for stream in await batch.streams(ruled) if ruled else ():
                touched.setdefault(kind_of(stream), []).append(stream)
            for kind in kinds:
                streams = None if kind in changed else touched.get(kind, [])
                if streams is None or streams:
                    await _set_timers(connection, ledger.lifecycles[kind], streams)

        return Consumer(
            f"timer:{NAME}", handle_batch, BATCH, LONGEST_SECONDS, kinds=frozenset({*kinds, RULES})
        )

    async def load_records(self, ledger: Ledger, streams: Sequence[str]) -> Sequence[Row]:
        """Return the tickets of these streams with a pending escalation, each with the first one."""
        rows: list[Row] = []
        for kind in sorted({kind_of(stream) for stream in streams}):
            lifecycle = ledger.lifecycles[kind]
            ids = [id_of(stream) for stream in streams if kind_of(stream) == kind]
            query = NEXT_ESCALATIONS.format(to_come=_pending_query(lifecycle, "c.id = any(%(ids)s)"))
            rows += await ledger.db.rows(query, _parameters(lifecycle) | {"ids": ids})
        return rows

    async def outcome_of(self, ledger: Ledger, row: Row, now: datetime) -> Outcome:
        """Return the escalation of the ticket if it is due by now, otherwise the time when it is due."""
        due: datetime = row["due_at"]
        if due > now:
            return due
        team, person = row["team_id"], row["person_id"]
        body = EscalateTicket(
            team=None if team is None else str(team),
            person=None if person is None else str(person),
            reason=row["name"],
        )
        kind = kind_of(row["stream"])
        # By a rule that was added, or changed, after that instant it was not due then.
        due_at = None if due < row["ruled_at"] else due
        escalation = RuleConsequence(kind, "escalate", row["id"], body, row["version"])
        return TimerOutcome(escalation, due_at, row["reference"])


RULE = EscalateByRule()


async def _set_timers(
    connection: Connection, lifecycle: Lifecycle[Any], streams: Sequence[str] | None
) -> None:
    """Set the timers of these tickets; None: of all tickets of the kind."""
    parameters = _parameters(lifecycle) | {"rule": NAME}
    if streams is None:
        only, concerned = "true", f"stream like '{lifecycle.kind}/%%'"
    else:
        only, concerned = "c.id = any(%(ids)s)", "stream = any(%(streams)s)"
        parameters |= {"ids": [id_of(stream) for stream in streams], "streams": list(streams)}
    query = SET_TIMERS.format(to_come=_pending_query(lifecycle, only), concerned=concerned)
    await connection.execute(query.encode(), parameters)


def _is_escalated(lifecycle: Lifecycle[Any]) -> bool:
    return lifecycle.is_ticket and "escalate" in lifecycle.by_name


def _pending_query(lifecycle: Lifecycle[Any], only: str) -> str:
    """Return the query of pending escalations for the tickets of a kind that meet the condition `only`."""
    return PENDING.format(tickets=open_tickets(lifecycle, only), matching=matching_rules(lifecycle))


def _parameters(lifecycle: Lifecycle[Any]) -> dict[str, Any]:
    """Return the query's parameters: the types of events with which an episode of a ticket begins, and the
    rule's actor.
    """
    reopened = [row.event for row in lifecycle.rows if row.name == "reopen"]
    opened = [row.event for row in lifecycle.rows if row.opens]
    return {"reopened": reopened, "begun": opened + reopened, "actor": as_caller(NAME).actor}
