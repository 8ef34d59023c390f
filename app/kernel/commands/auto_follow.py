"""Automatic followers: people who get work on a record become its followers if they cannot act on it yet, and
so do people with work on it who would no longer see it. A person who hands a ticket to another team, or
whose own step takes it out of their sight, becomes its onlooker.

Persons named by fields of the record itself see it by its lifecycle, and child records with an
`AUDIENCE_KIND` show it themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from app.common.children import Follower, Onlooker
from app.common.notices import Responsible
from app.common.records import ChildRecord, Record
from app.kernel.access.reads import ReadContext
from app.kernel.access.visibility import audience, follower, onlooker
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import marks
from app.kernel.commands.command import Command
from app.kernel.commands.decide import CommandDecision, add_child_row
from app.kernel.ledger import Ledger
from app.kernel.visible_records import acting_caller, is_visible


async def add_auto_followers(
    ledger: Ledger,
    reads: ReadContext,
    lifecycle: Lifecycle[Any],
    decided: CommandDecision,
    ctx: ActionContext,
    *,
    version: int,
) -> None:
    """Add a follower for each person with new or remaining work in a child record who may not see the record
    after the command, or is only an onlooker. People that the command removes as followers are not added
    again.
    """
    if Follower not in lifecycle.children:
        return
    tokens = audience(
        lifecycle, decided.record, ctx.audience, added=ctx.outcome.showing, removed=ctx.outcome.removed
    )
    persons = set(_newly_responsible(ctx))
    if not ctx.audience <= tokens:
        persons.update(await _still_responsible(reads, lifecycle, decided.record, ctx))
    persons -= {row.person_id for row in ctx.outcome.removed if isinstance(row, Follower)}
    callers = await ledger.directory.callers(persons) if persons else {}
    for person_id in sorted(callers):
        caller = callers[person_id]
        sees = is_visible(ledger, lifecycle, caller, sorted(tokens))
        if not sees or acting_caller(ledger, lifecycle, caller, tokens).looks_on:
            add_child_row(
                decided, Follower.for_person(decided.record, person_id, ctx.occurred_at), ctx, version=version
            )


def add_onlooker(
    ledger: Ledger, command: Command, decided: CommandDecision, ctx: ActionContext, *, version: int
) -> None:
    """Add a person as an onlooker who hands the ticket to another team, or brings the ticket to a state in
    which they could no longer see it, unless they already follow the ticket or are an onlooker.
    """
    person_id, lifecycle, record = ctx.caller.person_id, command.lifecycle, decided.record
    if person_id is None or Onlooker not in lifecycle.children or not _acts_as_staff(command, record, ctx):
        return
    changes = decided.data["set"].get(record.row_key) or {}
    hands_over = _hands_over(record, changes, ctx)
    if not hands_over and "state" not in changes:
        return
    tokens = audience(lifecycle, record, ctx.audience, added=ctx.outcome.showing, removed=ctx.outcome.removed)
    if not hands_over and is_visible(ledger, lifecycle, ctx.caller, sorted(tokens)):
        return
    if tokens.isdisjoint((follower(person_id), onlooker(person_id))):
        add_child_row(decided, Onlooker.for_person(record, person_id, ctx.occurred_at), ctx, version=version)


def _acts_as_staff(command: Command, record: Record, ctx: ActionContext) -> bool:
    """Return whether a staff member acts on somebody else's ticket. Requesters are notified of their own
    tickets in any case.
    """
    caller = ctx.caller
    if command.row.opens or caller.is_rule or caller.is_machine or not caller.is_staff:
        return False
    return getattr(record, "requester_id", None) != caller.person_id


def _hands_over(record: Record, changes: Mapping[str, Any], ctx: ActionContext) -> bool:
    """Return whether the changes give the ticket to a team that is not the caller's."""
    team_id = getattr(record, "team_id", None)
    return bool(changes.get("team_id")) and team_id not in ctx.caller.scope_teams


async def _still_responsible(
    reads: ReadContext, lifecycle: Lifecycle[Any], record: Record, ctx: ActionContext
) -> set[UUID]:
    """Return the people with open work in child records that this command leaves unchanged."""
    changed = {was.id for was, _ in ctx.outcome.changed}
    person_ids: set[UUID | None] = set()
    for child in lifecycle.children:
        if issubclass(child, ChildRecord) and child.DONE_FIELDS:
            for row in await reads.children(child, record):
                if row.id not in changed and all(getattr(row, name) is None for name in child.DONE_FIELDS):
                    person_ids.update(getattr(row, name) for name in marks(child, Responsible))
    return {person_id for person_id in person_ids if person_id is not None}


def _newly_responsible(ctx: ActionContext) -> Iterator[UUID]:
    """Yield the persons newly named in child records that give them work but do not show them the record."""
    for was, row in (*((None, added) for added in ctx.outcome.added), *ctx.outcome.changed):
        shows = isinstance(row, ChildRecord) and row.AUDIENCE_KIND
        for name in () if shows else marks(type(row), Responsible):
            person_id = getattr(row, name)
            if person_id is not None and person_id != getattr(was, name, None):
                yield person_id
