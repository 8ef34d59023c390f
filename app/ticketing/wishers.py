"""The people who asked for what a change or release carries out, who therefore have no vote on it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.common.records import Record
from app.foundation.decisions.approval_rules.electors import staff_of
from app.foundation.decisions.lookups import EventActs, acts_of, acts_on
from app.foundation.decisions.matters import Origins
from app.foundation.statements.records import PersonStatement, StatedFact
from app.kernel.access.reads import ReadContext
from app.log.events import id_of, kind_of, stream
from app.ticketing.records import Link, LinkKind

#: Links from a record to what somebody wished.
CARRIES_OUT = (LinkKind.implements, LinkKind.resolves)
#: Kinds of records that express a wish.
REQUEST = "request"
WISHES = (REQUEST, "incident")
#: Kinds of records on which people who asked for what they carry out have no vote.
CARRIERS = ("change", "release")


@dataclass(frozen=True, slots=True)
class Wish:
    """A request or an incident that a record carries out: its stream, who named it there (None: a rule), the
    last one at the end, and the ids of the links.
    """

    stream: str
    linkers: list[UUID | None] = field(default_factory=list)
    links: set[UUID] = field(default_factory=set)


async def wishes_of(reads: ReadContext, record: Record) -> list[Wish]:
    """Return the wishes that the record has ever named in `request_id`, or in a link."""
    wishes: dict[str, Wish] = {}
    for act in await acts_of(reads, record):
        for key, values in act.rows_set.items():
            for name in _wishes_in(key, values or {}):
                wish = wishes.setdefault(name, Wish(name))
                wish.linkers.append(act.person_id)
                if kind_of(key) == Link.KIND:
                    wish.links.add(id_of(key))
    return list(wishes.values())


def _wishes_in(key: str, values: Any) -> Iterable[str]:
    if values.get("request_id") is not None:
        yield stream(REQUEST, UUID(str(values["request_id"])))
    other = str(values.get("other"))
    if kind_of(key) == Link.KIND and values.get("kind") in CARRIES_OUT and kind_of(other) in WISHES:
        yield other


async def wishers(reads: ReadContext, record: Record, services: Collection[str]) -> Origins:
    """Return who asked for what the record carries out in these services of it: people who linked a wish of
    their own, and people who made a request for one of the services, unless they objected to the link.
    Others named by a link keep their vote, since linking what a voter wished must not exclude them.
    """
    wishes = await wishes_of(reads, record)
    acts_by_wish = await _acts_by_wish(reads, wishes)
    rows = await reads.children(PersonStatement, record, fact=StatedFact.asked_for.value) if wishes else []
    objections = {(row.person_id, row.about_id) for row in rows if row.objected_at is not None}
    parties: set[UUID] = set()
    named_by: dict[UUID, UUID | None] = {}
    for wish in wishes:
        acts = acts_by_wish.get(wish.stream, [])
        named_by |= _named_in(wish, acts)
        asked_for = _services_of(wish, acts)
        for person in _askers(wish, acts):
            is_denied = any((person, link) in objections for link in wish.links)
            if person in wish.linkers or (not asked_for.isdisjoint(services) and not is_denied):
                parties.add(person)
            else:
                named_by[person] = wish.linkers[-1]
    return Origins(frozenset(parties), named_by)


async def _acts_by_wish(reads: ReadContext, wishes: Sequence[Wish]) -> dict[str, list[EventActs]]:
    acts_by_wish: dict[str, list[EventActs]] = {}
    for act in await acts_on(reads, [wish.stream for wish in wishes]):
        acts_by_wish.setdefault(act.stream, []).append(act)
    return acts_by_wish


def _requesters(wish: Wish, acts: Sequence[EventActs]) -> Iterable[tuple[UUID, EventActs]]:
    """Return all requesters that the wish ever had, each with the act that named them."""
    for act in acts:
        requester = (act.rows_set.get(wish.stream) or {}).get("requester_id")
        if requester is not None:
            yield UUID(requester), act


def _askers(wish: Wish, acts: Sequence[EventActs]) -> set[UUID]:
    """Return who filed the wish, for themselves or for others, and requesters who have acted on it."""
    acting = {act.person_id for act in acts}
    filers = {act.person_id for act in acts[:1] if act.person_id is not None}
    return filers | {requester for requester, _ in _requesters(wish, acts) if requester in acting}


def _named_in(wish: Wish, acts: Sequence[EventActs]) -> dict[UUID, UUID | None]:
    """Return requesters of the wish who were named by another person and never acted on it."""
    askers = _askers(wish, acts)
    return {
        requester: act.person_id
        for requester, act in _requesters(wish, acts)
        if requester not in askers and requester != act.person_id
    }


def _services_of(wish: Wish, acts: Sequence[EventActs]) -> set[str]:
    """Return the services that a request was made for, when it was filed or by those who ask for it. The
    service of an incident is a symptom: its reporters did not ask for a change.
    """
    if kind_of(wish.stream) != REQUEST:
        return set()
    askers = _askers(wish, acts)
    own_acts = [act for n, act in enumerate(acts) if n == 0 or act.person_id in askers]
    services = ((act.rows_set.get(wish.stream) or {}).get("service") for act in own_acts)
    return {str(service) for service in services if service is not None}


async def told_wishers(reads: ReadContext, record: Record, kind: LinkKind, other: Record) -> tuple[UUID, ...]:
    """Return the people to tell that the record is said to carry out what they asked for, since they may lose
    a vote by it: staff who asked for the request that is linked.
    """
    if record.KIND not in CARRIERS or other.KIND != REQUEST or kind not in CARRIES_OUT:
        return ()
    wish = Wish(other.row_key)
    acts = (await _acts_by_wish(reads, [wish])).get(wish.stream, [])
    return tuple(sorted(await staff_of(reads, other, _askers(wish, acts))))
