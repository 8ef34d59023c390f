"""Assigns a ticket without team and assignee to the team, and perhaps the person, that the assignment rules
choose; if its process has no rule, to the team of its service, unless the ticket is assessed first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.common.people import rule_caller as as_caller
from app.common.tickets import Ticket
from app.foundation.assignment.proposals import (
    LATEST_ASSIGNMENTS,
    RECORD_TURN,
    active_rules,
    has_active_rules,
    has_teams_of_services,
    propose,
    ticket_attributes,
    turns_by_person,
)
from app.foundation.assignment.records import AssignmentRule
from app.kernel.access.reads import load
from app.kernel.consumers.rules import (
    BATCH,
    LONGEST_SECONDS,
    Clock,
    RuleCause,
    RuleConsequence,
    events,
    perform_consequence,
    record_refusal,
)
from app.kernel.ledger import Ledger
from app.log.batches import Batch
from app.log.events import Recorded, id_of, kind_of
from app.log.follow import Consumer
from app.platform.db import Connection, fetch_rows
from app.ticketing.work.assignment import AssignTicket

NAME = "assign_by_rule"
# Between choice and command the person may have become inactive, or the ticket may have been assigned.
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class AssignByRule:
    """The automation rule. It handles events one by one, so that each choice sees the outcome of the one
    before.
    """

    name: str = NAME

    def consumer(self, ledger: Ledger, clock: Clock) -> Consumer:
        """Return the consumer that applies the assignment rules to tickets that are opened or reopened."""
        after = tuple(
            row.event
            for lifecycle in ledger.lifecycles.values()
            if lifecycle.is_ticket and "assign" in lifecycle.by_name
            for row in lifecycle.rows
            if row.opens or row.name == "reopen"
        )

        async def has_rules(batch: Batch) -> bool:
            kinds = {kind_of(event.stream) for event in await events(batch, after)}
            if not kinds:
                return False
            connection = batch.connection
            return await has_active_rules(connection, kinds) or await has_teams_of_services(connection)

        async def handle_batch(connection: Connection, batch: Batch) -> None:
            for event in await events(batch, after):
                await _assign(ledger, connection, event, clock())

        return Consumer(
            f"rule:{self.name}",
            handle_batch,
            BATCH,
            LONGEST_SECONDS,
            types=frozenset(after),
            writes_log=True,
            has_work=has_rules,
        )


RULE = AssignByRule()


async def _assign(ledger: Ledger, connection: Connection, event: Recorded, now: datetime) -> None:
    """Assign the event's ticket once, if it has neither team nor assignee."""
    kind = kind_of(event.stream)
    # A rule does not apply to tickets that were opened before it was added.
    active = await active_rules(ledger.db, kind)
    rules = [assignment_rule for assignment_rule in active if _existed_before(assignment_rule, event)]
    if active and not rules:
        return
    reference = f"{event.position}:{id_of(event.stream)}"
    cause = RuleCause.of_event(NAME, event, now, reference)
    consequence, code = None, None
    for _ in range(ATTEMPTS):
        consequence = await _consequence(ledger, connection, event, rules, now)
        if consequence is None:
            break
        code = await perform_consequence(ledger, cause, consequence)
        if code is None:
            break
    if consequence is not None and code is not None:
        await record_refusal(connection, cause, consequence, code)
    await connection.execute(RECORD_TURN, (event.stream, as_caller(NAME).actor, reference))


async def _consequence(
    ledger: Ledger, connection: Connection, event: Recorded, rules: Sequence[AssignmentRule], now: datetime
) -> RuleConsequence | None:
    """Return the assignment for the ticket's present state; None if it is assigned or ended, or no rule
    matches.
    """
    lifecycle = ledger.lifecycles[kind_of(event.stream)]
    loaded = await load(ledger.db, lifecycle, str(id_of(event.stream)))
    if loaded is None:
        return None
    ticket: Ticket = loaded.record
    if not lifecycle["assign"].is_open_in(ticket.state) or (ticket.team_id or ticket.assignee_id):
        return None

    async def load_turns(team_id: UUID) -> dict[UUID, int]:
        # Turns of this batch are visible only in its own transaction, hence its connection.
        return turns_by_person(await fetch_rows(connection, LATEST_ASSIGNMENTS, (team_id,)))

    proposal = await propose(ledger.db, ledger.lifecycles, rules, ticket_attributes(ticket), now, load_turns)
    if proposal.team_id is None:
        return None
    person = None if proposal.person_id is None else str(proposal.person_id)
    body = AssignTicket(team=str(proposal.team_id), person=person)
    return RuleConsequence(lifecycle.kind, "assign", ticket.id, body, if_match=ticket.version)


def _existed_before(rule: AssignmentRule, event: Recorded) -> bool:
    return rule.added_at is not None and rule.added_at <= event.recorded_at
