"""Roles, grades and seats in groups that count for a matter: those that no party to it has just granted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from app.common.people import Grade
from app.foundation.decisions.approval_rules.versions import MatterOpening
from app.foundation.decisions.lookups import EventActs, acts_where
from app.foundation.people.records import Group, GroupMember
from app.kernel.access.reads import ReadContext
from app.log.events import kind_of

#: A grant by a party counts if it was made so long before the matter began.
SETTLING = timedelta(days=30)

#: Returns the people who have something after an event; None if the event does not set it.
Holders = Callable[[EventActs], Collection[UUID] | None]
_GRADES = list(Grade)


def rank(grade: str | None) -> int:
    """Return the place of the grade among all grades; the lowest one for none."""
    return 0 if grade is None else _GRADES.index(Grade(grade))


async def by_parties(
    reads: ReadContext,
    persons: Collection[UUID],
    opening: MatterOpening,
    now: datetime,
    *,
    roles: Collection[str] = (),
    least_grade: int = 0,
) -> set[UUID]:
    """Return those of the persons who hold the role, by one of these grants of it, or have that grade, only
    because a party to the matter has lately set it.
    """
    streams = [f"person/{person}" for person in persons]
    acts = await _acts(reads, streams, opening, now)
    granted: set[UUID] = set()
    for stream in {act.stream for act in acts}:
        person = UUID(stream.partition("/")[2])
        own_acts = [act for act in acts if act.stream == stream]
        if roles and person not in _settled(own_acts, _holding(stream, person, roles), opening, now):
            granted.add(person)
        if least_grade and person not in _settled(
            own_acts, _of_grade(stream, person, least_grade), opening, now
        ):
            granted.add(person)
    return granted


async def seated_by_parties(
    reads: ReadContext, group: Group, opening: MatterOpening, now: datetime
) -> set[UUID]:
    """Return the members of the group, and its chair, who are that only because a party to the matter has
    lately named them.
    """
    acts = await _acts(reads, [group.row_key], opening, now)
    if not acts:
        return set()
    seats = _Seats(group.row_key)
    settled = _settled(acts, seats.after, opening, now)
    return seats.persons - settled


async def _acts(
    reads: ReadContext, streams: Collection[str], opening: MatterOpening, now: datetime
) -> list[EventActs]:
    """Return all acts on those of the records that a party has lately changed."""
    if opening.counts_all_grants or not opening.parties:
        return []
    return await acts_where(reads, streams, opening.parties, _settled_until(opening, now))


def _settled_until(opening: MatterOpening, now: datetime) -> datetime:
    return (opening.began_at or now) - SETTLING


def _settled(acts: Iterable[EventActs], holders: Holders, opening: MatterOpening, now: datetime) -> set[UUID]:
    """Return the people who would have it without what parties have lately done: who got it from others, or
    long ago. What a party takes away and gives again stays theirs.
    """
    settled: set[UUID] = set()
    present: set[UUID] = set()
    until = _settled_until(opening, now)
    for act in acts:
        after = holders(act)
        if after is None:
            continue
        if act.person_id not in opening.parties or act.recorded_at < until:
            settled = (settled | (set(after) - present)) - (present - set(after))
        present = set(after)
    return settled


def _holding(stream: str, person: UUID, roles: Collection[str]) -> Holders:
    """Return the function that tells whether the person holds one of the grants after an event."""

    def after(act: EventActs) -> Collection[UUID] | None:
        values = act.rows_set.get(stream) or {}
        if "roles" not in values:
            return None
        return () if set(roles).isdisjoint(values["roles"] or ()) else (person,)

    return after


def _of_grade(stream: str, person: UUID, least: int) -> Holders:
    """Return the function that tells whether the person has at least that grade after an event."""

    def after(act: EventActs) -> Collection[UUID] | None:
        values = act.rows_set.get(stream) or {}
        if "grade" not in values:
            return None
        return (person,) if rank(values["grade"]) >= least else ()

    return after


class _Seats:
    """The chair and the members of a group, event by event."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._seats: dict[str, UUID] = {}

    @property
    def persons(self) -> set[UUID]:
        """Return the people who have a seat now."""
        return set(self._seats.values())

    def after(self, act: EventActs) -> Collection[UUID] | None:
        """Return the people who have a seat after the event."""
        for key, values in act.rows_set.items():
            if kind_of(key) == GroupMember.KIND and values is None:
                self._seats.pop(key, None)
            elif kind_of(key) == GroupMember.KIND and values and values.get("person_id"):
                self._seats[key] = UUID(values["person_id"])
            elif key == self._stream and values and "chair_id" in values:
                self._seats.pop(key, None)
                if values["chair_id"] is not None:
                    self._seats[key] = UUID(values["chair_id"])
        return self.persons
