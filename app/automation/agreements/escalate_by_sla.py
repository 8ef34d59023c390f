"""Escalates tickets when a clock of their service level agreement has reached a share of its target,
according to the escalation rules.

It follows the events of clocks (`clock.warned`, `clock.reached`, `clock.breached`) and has no timers of its
own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from app.common.people import rule_caller as as_caller
from app.common.times.clocks import AgreementType, ClockData, ClockEventType
from app.foundation.escalation.lookups import matching_rules, open_tickets
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log import read
from app.log.events import Recorded, id_of, kind_of
from app.platform.db import Connection, fetch_rows
from app.ticketing.work.assignment import EscalateTicket

NAME = "escalate_by_sla"
#: More time has passed than the target allows: all of it, at least.
BREACHED_PERCENT = 100

ANY_RULE = "select 1 from fold.escalation_rule where state = 'active' and sla_percent is not null limit 1"
# Each rule escalates a ticket once per clock, at the first event of the clock at or past the rule's share. A
# rule that was added later, or whose condition holds only then, uses the next event. The log records it: the
# escalation names the clock's event as its cause, and the rule in its reference.
MATCHING = """
select t.id, t.version, r.id as rule_id, r.name, team.id as team_id, person.id as person_id
from {tickets} t {matching}
and r.sla_percent <= %(percent)s and (r.metric is null or r.metric = %(metric)s)
and not exists (
  select from log.event e
  join log.event clock_event on clock_event.stream = %(clock)s and clock_event.id = e.causation_id
  where e.stream = t.stream and e.actor = %(actor)s and right(e.source_ref, 36) = r.id::text)
order by r.id"""


async def any_rule(ledger: Ledger, connection: Connection, events: Sequence[Recorded]) -> Sequence[Recorded]:
    """Return the events if there is a rule that escalates by shares of targets."""
    return events if await fetch_rows(connection, ANY_RULE, {}) else ()


async def escalate(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the escalations of the clock's ticket, one for each rule that matches the clock's event."""
    clock = ClockData.model_validate(event.data["clock"])
    if clock.agreement_type is not AgreementType.sla:
        return
    ticket = await read.record_about(ledger.db, event.stream)
    lifecycle = ledger.lifecycles[kind_of(ticket)]
    if "escalate" not in lifecycle.by_name:
        return
    query = MATCHING.format(
        tickets=open_tickets(lifecycle, "c.id = %(ticket)s"), matching=matching_rules(lifecycle)
    )
    parameters = {
        "ticket": id_of(ticket),
        "clock": event.stream,
        "percent": BREACHED_PERCENT if clock.percent is None else clock.percent,
        "metric": clock.metric.value,
        "actor": as_caller(NAME).actor,
    }
    for row in await ledger.db.rows(query, parameters):
        body = EscalateTicket(team=_text(row["team_id"]), person=_text(row["person_id"]), reason=row["name"])
        # With the version that was read: of two rules that name one team the second has nothing to do.
        yield RuleConsequence(
            lifecycle.kind, "escalate", row["id"], body, row["version"], about=row["rule_id"]
        )


def _text(record_id: UUID | None) -> str | None:
    return None if record_id is None else str(record_id)


RULE = Rule(
    NAME,
    (ClockEventType.warned.value, ClockEventType.reached.value, ClockEventType.breached.value),
    escalate,
    preselect=any_rule,
)
