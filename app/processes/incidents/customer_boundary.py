"""The boundary between customers that duplicates of incidents may not cross: who may follow an original, and
who may read what is passed on to it. A customer is the own team of the requester.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from app.common.children import Visibility
from app.common.people import Caller
from app.kernel.access.reads import load
from app.kernel.access.visibility import ROW_TOKENS, follower
from app.kernel.ledger import Ledger
from app.kernel.visible_records import is_visible
from app.processes.incidents.lifecycle import LIFECYCLE

#: Tokens of audiences that name one person.
_PERSON_TOKENS = frozenset({"person", *ROW_TOKENS})


async def may_follow(ledger: Ledger, incident: UUID, persons: Collection[UUID]) -> set[UUID]:
    """Return those of the persons who may follow the incident because of a duplicate: they belong to its
    customer, or see it anyway.
    """
    loaded = await load(ledger.db, LIFECYCLE, str(incident))
    if loaded is None:
        return set()
    return {
        person
        for person, caller in (await _people(ledger, persons)).items()
        if _belongs_to(caller, loaded.record.customer_id)
        or _sees(ledger, caller, [token for token in loaded.audience if token != follower(person)])
    }


async def passed_on_visibility(ledger: Ledger, number: str, original: UUID) -> Visibility | None:
    """Return who may read on the original a comment on the duplicate of that number: everybody if both are of
    one customer, and so are all who read the original; otherwise only staff. None: not at all, as a person of
    another customer reads the original and is staff there. Its assignee does not count as one: the comment is
    part of their work.
    """
    first = await load(ledger.db, LIFECYCLE, number)
    to = await load(ledger.db, LIFECYCLE, str(original))
    if first is None or to is None:
        return None
    named = {
        UUID(value)
        for kind, _, value in (token.partition(":") for token in to.audience)
        if kind in _PERSON_TOKENS
    } - {to.record.assignee_id}
    strangers = [
        caller
        for caller in (await _people(ledger, named)).values()
        if not (_belongs_to(caller, first.record.customer_id) or _sees(ledger, caller, first.audience))
    ]
    if any(caller.is_staff_for(to.record) for caller in strangers):
        return None
    is_public = not strangers and _of_one_customer(first.record, to.record)
    return Visibility.public if is_public else Visibility.internal


def _of_one_customer(duplicate: Any, original: Any) -> bool:
    if duplicate.requester_id is not None and duplicate.requester_id == original.requester_id:
        return True
    return duplicate.customer_id is not None and duplicate.customer_id == original.customer_id


def _belongs_to(person: Caller, customer: UUID | None) -> bool:
    return customer is not None and person.team_id == customer


def _sees(ledger: Ledger, person: Caller, audience: list[str]) -> bool:
    return is_visible(ledger, LIFECYCLE, person, audience)


async def _people(ledger: Ledger, persons: Collection[UUID]) -> dict[UUID, Caller]:
    """Return those of the persons who are active human beings, each with all the roles that they hold."""
    callers = await ledger.directory.callers(persons) if persons else {}
    return {person: caller for person, caller in callers.items() if not caller.is_machine}
