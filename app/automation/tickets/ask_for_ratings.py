"""Asks requesters to rate delivered requests and closed incidents: a share of each service's, and each person
at most once a week.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from app.kernel.access.reads import load
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of, kind_of
from app.platform.db import Row

NAME = "ask_for_ratings"
#: A person is asked at most once in this time.
RATING_INTERVAL = timedelta(days=7)
HUNDRED = 100
# Cases that ended longer ago are left out: requesters have forgotten them, and a rule that starts with a long
# log must not ask people about last year.
TICKET = """
select r.id, r.state, r.service, r.requester_id, s.rating_percent from {table} r
left join fold.service s on s.key = r.service
where r.id = %(id)s and r.state = any(%(states)s) and r.requester_id is not null
and not exists (select from fold.rating where record = %(stream)s)
and not exists (select from fold.rating_request where record = %(stream)s)
and %(recorded_at)s > clock_timestamp() - interval '7 days'"""
ASKED_LATELY = "select 1 from fold.rating_request where person_id = %s and asked_at > %s limit 1"


def is_sampled(case_id: UUID, service: str | None, percent: int) -> bool:
    """Return whether the case is in the sample of cases that requesters are asked about: `percent` of a
    hundred of the service's cases, always the same ones.
    """
    # Seeded by the service, so that the samples of two of them are independent.
    drawn = int.from_bytes(sha256(f"{service or ''}/{case_id}".encode()).digest()[:8], "big")
    return drawn * HUNDRED < percent << 64


async def ask_for_rating(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Ask the requester of a ticket that was delivered or closed, if it is sampled and they may be asked."""
    row = await _ticket(ledger, event)
    if row is None:
        return
    percent = ledger.settings.rating_percent if row["rating_percent"] is None else row["rating_percent"]
    if not is_sampled(row["id"], row["service"], percent):
        return
    if not await _may_be_asked(ledger, event, row):
        return
    yield RuleConsequence(kind_of(event.stream), "ask_rating", row["id"], EmptyPayload())


async def _ticket(ledger: Ledger, event: Recorded) -> Row | None:
    lifecycle = ledger.lifecycles[kind_of(event.stream)]
    ended = lifecycle["ask_rating"].from_states
    assert isinstance(ended, frozenset), "what does not exist is not rated"
    return await ledger.db.row(
        TICKET.format(table=lifecycle.table),
        {
            "id": id_of(event.stream),
            "stream": event.stream,
            "states": [state.value for state in ended],
            "recorded_at": event.recorded_at,
        },
    )


async def _may_be_asked(ledger: Ledger, event: Recorded, row: Row) -> bool:
    """Return whether the requester is an active person, is not staff for the ticket (whose ratings figures
    leave out), and was not asked in the last week.
    """
    person = row["requester_id"]
    caller = (await ledger.directory.callers([person])).get(person)
    if caller is None or not caller.actor.startswith("person:"):
        return False
    loaded = await load(ledger.db, ledger.lifecycles[kind_of(event.stream)], str(row["id"]))
    if loaded is None or caller.is_staff_for(loaded.record):
        return False
    return await ledger.db.value(ASKED_LATELY, (person, event.occurred_at - RATING_INTERVAL)) is None


RULE = Rule(NAME, ("incident.closed", "request.fulfilled", "request.accepted"), ask_for_rating)
