"""Look up the record that a payload names by its id, number or key, if the caller may name it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.people import Caller, Person, PersonKind, Role
from app.common.personal import ACCOUNT_SOURCES
from app.common.records import ANY_RECORD, TICKET, ForeignRef, Record
from app.kernel.access.colleagues import may_name
from app.kernel.access.eligibility import is_eligible
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.access.visibility import follower
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import (
    marks,
)
from app.kernel.actions.refusals import WrongValue
from app.kernel.commands.command import Command
from app.kernel.ledger import Ledger
from app.kernel.posts import gives_duty, holds_post, post_fields
from app.kernel.visible_records import is_visible

A_POST = Unguarded("Whoever held a post a moment ago may name people by it.")


async def resolve_reference(
    ledger: Ledger,
    reads: ReadContext,
    command: Command,
    mark: ForeignRef,
    name: str,
    pointer: str,
    *,
    record: Record,
    met: frozenset[str],
) -> Any:
    """Return the record that the reference names. `met` are the tokens and ids of persons who take part in
    the record and may be named. Raises WrongValue if there is none, or the caller may not name it.
    """
    caller, kind = command.metadata.caller, mark.kind
    called = name
    if name == "me" and kind == "person" and caller.person_id is not None:
        called = str(caller.person_id)
    elif mark.on_behalf and ":" in name:
        called = await _person_by_external_id(ledger, name)
    loaded = await _load_by_name(reads, kind, called)
    unknown = WrongValue({"kind": kind, "name": name}, pointer=pointer, because="unknown_reference")
    if loaded is None:
        raise unknown
    if not (
        # An integration may see no persons, but may name those on whose behalf it acts.
        ((mark.on_behalf or mark.allow_tools) and Role.integration in caller.role_codes)
        or not met.isdisjoint(_tokens(loaded.record))
        or is_visible(ledger, ledger.lifecycles[loaded.record.KIND], caller, loaded.audience)
        or await _is_eligible_by_post(ledger, reads, command, mark, loaded.record)
        or await may_name(reads, caller, mark, loaded.record.id, _represented(caller, record))
    ):
        raise unknown
    if not mark.retired:
        require_not_retired(ledger.lifecycles[loaded.record.KIND], [loaded.record], pointer)
    return loaded.record


async def _is_eligible_by_post(
    ledger: Ledger, reads: ReadContext, command: Command, mark: ForeignRef, named: Record
) -> bool:
    """Return whether the caller holds a post that opens the action, and the record is eligible for the duty,
    or a person about whom a fact is recorded: holders of posts name people without seeing the list of them.
    """
    states_fact = mark.kind == Person.KIND and mark.duty is GivenDuty.recorded
    if mark.duty is None or not (gives_duty(mark) or states_fact):
        return False
    if getattr(named, "kind", None) is PersonKind.machine:
        return False
    fields = post_fields(command.lifecycle, command.row.policy)
    caller = command.metadata.caller
    return (
        bool(fields)
        and await holds_post(partial(reads.rows, guard=A_POST), ledger.lifecycles, caller, fields)
        and await is_eligible(reads, mark.kind, named.id, mark.duty, None)
    )


def _represented(caller: Caller, record: Record) -> list[UUID]:
    """Return the teams of the record that the caller represents: it names the caller for the other party."""
    for field, mark in marks(type(record), ForeignRef).items():
        if mark.duty is GivenDuty.party and getattr(record, field) == caller.person_id is not None:
            teams = (getattr(record, name, None) for name in ("customer_id", "supplier_id"))
            return [team for team in teams if team is not None]
    return []


async def _load_by_name(reads: ReadContext, kind: str, name: str) -> Any:
    if kind == ANY_RECORD:
        return await reads.any_record(name)
    return await (reads.ticket(name) if kind == TICKET else reads.record(kind, name))


def _tokens(named: Record) -> tuple[str, ...]:
    return (str(named.id), f"person:{named.id}", follower(named.id))


def require_not_retired(lifecycle: Lifecycle[Any], records: Sequence[Any], pointer: str) -> None:
    """Raise WrongValue if all of these records, which share a name, are retired: no new references
    to them.
    """
    codes = [lifecycle.lookup.retired.get(record.state) for record in records]
    if codes and all(codes):
        raise WrongValue(pointer=pointer, because=str(codes[0]))


async def _person_by_external_id(ledger: Ledger, name: str) -> str:
    """Return the id of the person with that name in a source, `<source>:<name>`; an unknown name is returned
    unchanged.
    """
    source, _, known_as = name.partition(":")
    if source in ACCOUNT_SOURCES:  # Logins are no public names of persons.
        return name
    query = "select person_id from vault.known_as where source = %s and fingerprint = %s"
    fingerprint = ledger.external_id_fingerprint(source, known_as)
    person_id = await ledger.db.value(query, (source, fingerprint))
    return name if person_id is None else str(person_id)
