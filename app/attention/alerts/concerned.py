"""Recipients of an alert: the people responsible for the subject of the sentence who may also read the
sentence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from app.attention.alerts.codes import ALERTED, ANSWERING
from app.attention.alerts.lifecycle import MOST_RECIPIENTS
from app.attention.alerts.lookups import members
from app.attention.asides import asides
from app.attention.conditions import AttentionCondition, OwnerKind
from app.attention.every_rule import RULES
from app.attention.queries import find_conditions, reader_for
from app.common.people import Caller, Role, RoleGrant
from app.kernel.access.reads import HOLDERS
from app.kernel.ledger import Ledger


async def standing_conditions(
    ledger: Ledger, caller: Caller, codes: Collection[str], now: datetime
) -> dict[str, AttentionCondition]:
    """Return the conditions of these codes that the caller may read now, by their keys."""
    reader = await reader_for(ledger, caller, now)
    rules = [rule for rule in RULES if not set(rule.codes).isdisjoint(codes)]
    return {
        condition.key: condition
        for condition in await find_conditions(reader, rules)
        if condition.code in codes
    }


async def concerned_persons(
    ledger: Ledger, conditions: Sequence[AttentionCondition], now: datetime
) -> dict[str, list[UUID]]:
    """Return, by the keys of the conditions, the people to notify: the owner or, if no owner may read the
    sentence, the person who answers for its process; people who have put it aside are left out.
    """
    owners = [(condition, await _owners(ledger, condition)) for condition in conditions]
    readers = await _readers(ledger, owners, now)
    unread = [condition for condition in conditions if not readers[condition.key]]
    answering = [(condition, await _answering(ledger, condition)) for condition in unread]
    readers |= await _readers(ledger, answering, now)
    persons: dict[str, list[UUID]] = {condition.key: [] for condition in conditions}
    for condition in conditions:
        told_already = ALERTED[condition.code].told_already
        for caller in readers[condition.key]:
            if caller.person_id is not None and told_already not in caller.role_codes:
                persons[condition.key].append(caller.person_id)
    return {key: await not_aside(ledger, key, recipients, now) for key, recipients in persons.items()}


async def not_aside(ledger: Ledger, key: str, persons: Iterable[UUID], now: datetime) -> list[UUID]:
    """Return those of the persons who have not put the sentence of that key aside."""
    return [person for person in persons if key not in await asides(ledger.db, person, now)]


async def _readers(
    ledger: Ledger, candidates: Sequence[tuple[AttentionCondition, Collection[UUID]]], now: datetime
) -> dict[str, list[Caller]]:
    """Return, by the keys of the conditions, those of the candidates who read the same sentence with their
    own rights. Nobody reads as a machine.
    """
    codes_of: dict[UUID, set[str]] = defaultdict(set)
    for condition, persons in candidates:
        for person in persons:
            codes_of[person].add(condition.code)
    callers = await ledger.directory.callers(codes_of) if codes_of else {}
    sentences = {
        person: await standing_conditions(ledger, caller, codes_of[person], now)
        for person, caller in callers.items()
        if not caller.is_machine
    }
    return {
        condition.key: [callers[person] for person in persons if condition.key in sentences.get(person, ())]
        for condition, persons in candidates
    }


async def _owners(ledger: Ledger, condition: AttentionCondition) -> list[UUID]:
    owner = condition.owner
    if owner is None:
        return []
    if owner.kind is OwnerKind.person:
        return [UUID(owner.id)]
    if owner.kind is OwnerKind.team:
        return await members(ledger.db, UUID(owner.id), MOST_RECIPIENTS)
    return await _holders(ledger, Role(owner.id), condition.process)


async def _answering(ledger: Ledger, condition: AttentionCondition) -> list[UUID]:
    role = ANSWERING.get(condition.process, Role.quality_manager)
    return await _holders(ledger, role, condition.process)


async def _holders(ledger: Ledger, role: Role, process: str | None) -> list[UUID]:
    """Return who holds the role everywhere, or for that process."""
    grants = [str(RoleGrant(role, process=scope)) for scope in {None, process}]
    return [row["id"] for row in await ledger.db.rows(HOLDERS, (grants, MOST_RECIPIENTS))]
