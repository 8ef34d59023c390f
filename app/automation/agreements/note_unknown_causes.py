"""Records that the cause of a missed target is unknown, when a ticket is closed, or when a breach becomes
known after the closure.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.common.times.clocks import AgreementType, ClockEventType, ClockMetric
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log import read
from app.log.events import Recorded, id_of, kind_of
from app.ticketing.breach_causes import StateBreachCause
from app.ticketing.records import BreachCauseCode

CLOSED = "closed"
STATE = "select state from {table} where id = %s"
# The clocks whose last word of a breach is that it stands; one of those of one kind and metric (of several
# parties, or rounds).
UNEXPLAINED = """
select distinct on (agreement_type, metric) * from (
  select distinct on (e.stream) e.stream, e.type, e.data->'clock'->>'agreement_type' as agreement_type,
    e.data->'clock'->>'metric' as metric
  from log.stream_head h join log.told e on e.stream = h.stream
  where h.about = %(ticket)s and e.type = any(%(types)s)
  order by e.stream, e.version desc
) as last_word
where type = %(breached)s and not exists (
  select from fold.breach_cause c where c.record = %(ticket)s
  and (c.metric is null or (c.agreement_type, c.metric) = (last_word.agreement_type, last_word.metric)))
order by agreement_type, metric, stream"""


async def note(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield a cause `unknown` for each clock of a closed ticket that has missed its target unexplained."""
    ticket = event.stream
    if event.type == ClockEventType.breached.value:
        ticket = await read.record_about(ledger.db, event.stream)
    lifecycle = ledger.lifecycles[kind_of(ticket)]
    if await ledger.db.value(STATE.format(table=lifecycle.table), (id_of(ticket),)) != CLOSED:
        return
    breaches = {
        "ticket": ticket,
        "types": [ClockEventType.breached.value, ClockEventType.breach_withdrawn.value],
        "breached": ClockEventType.breached.value,
    }
    for row in await ledger.db.rows(UNEXPLAINED, breaches):
        body = StateBreachCause(
            cause=BreachCauseCode.unknown,
            agreement_type=AgreementType(row["agreement_type"]),
            metric=ClockMetric(row["metric"]),
        )
        clock = id_of(row["stream"])
        yield RuleConsequence(lifecycle.kind, "state_breach_cause", id_of(ticket), body, about=clock)


RULE = Rule("note_unknown_causes", ("incident.closed", "request.closed", ClockEventType.breached.value), note)
