"""Roles, grades and seats in groups that count for a matter: those that no party to it has just granted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import Grade, PersonState, Role, RoleGrant
from app.foundation.decisions.approval_rules.versions import MatterOpening
from app.foundation.decisions.lookups import EventActs, acts_by, changed_without_grant
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
    if opening.counts_all_grants:
        return set()
    streams = {person: f"person/{person}" for person in persons}
    history = await _history(reads, streams.values(), opening, now)
    granted: set[UUID] = set()
    for person, stream in streams.items():
        if not history.is_changed(stream):
            continue
        own_acts = history.by_stream[stream]
        if roles and person not in history.settled_persons(own_acts, holding(stream, person, roles)):
            granted.add(person)
        if least_grade and person not in history.settled_persons(
            own_acts, _of_grade(stream, person, least_grade)
        ):
            granted.add(person)
    return granted


async def removed_by_parties(
    reads: ReadContext, roles: Collection[str], opening: MatterOpening, now: datetime
) -> set[UUID]:
    """Return the people who hold none of these grants, or have no active account, only because a party to
    the matter has lately taken it from them.
    """
    if not opening.parties:
        return set()
    until = _until(opening, now)
    persons = await changed_without_grant(reads, roles, until, administrators=opening.parties)
    streams = {person: f"person/{person}" for person in persons}
    if not streams:
        return set()
    history = await _history(reads, streams.values(), opening, now)
    removed: set[UUID] = set()
    for person, stream in streams.items():
        if history.is_changed(stream):
            removed |= history.settled_persons(history.by_stream[stream], _using(stream, person, roles))
    return removed


async def seated_by_parties(
    reads: ReadContext, group: Group, opening: MatterOpening, now: datetime
) -> tuple[set[UUID], set[UUID]]:
    """Return the members of the group, and its chair, who are that only because a party to the matter has
    lately named them; and those who are not, only because a party has lately removed them.
    """
    history = await _history(reads, [group.row_key], opening, now)
    if not history.is_changed(group.row_key):
        return set(), set()
    seats = _Seats(group.row_key)
    settled = history.settled_persons(history.by_stream[group.row_key], seats.after)
    newcomers = set() if opening.counts_all_grants else seats.persons - settled
    return newcomers, settled - seats.persons


def _until(opening: MatterOpening, now: datetime) -> datetime:
    return (opening.began_at or now) - SETTLING


async def _history(
    reads: ReadContext, streams: Collection[str], opening: MatterOpening, now: datetime
) -> GrantHistory:
    """Return the acts on the records, and on those who have lately changed them; empty if no party has."""
    until = _until(opening, now)
    history = GrantHistory(opening.parties, until)
    if opening.parties:
        for act in await acts_by(reads, streams, opening.parties, until):
            history.by_stream.setdefault(act.stream, []).append(act)
    return history


@dataclass(frozen=True, slots=True)
class GrantHistory:
    """The acts on each record, the oldest first, also on the records of the people who have changed these
    records since `until`.
    """

    parties: frozenset[UUID]
    until: datetime
    by_stream: dict[str, list[EventActs]] = field(default_factory=dict)

    def is_changed(self, stream: str) -> bool:
        """Return whether a party has lately changed the record, directly or by an administrator."""
        return any(self.is_by_party(act) for act in self.by_stream.get(stream, ()))

    def is_by_party(self, act: EventActs) -> bool:
        """Return whether it is a late act of a party, or of an administrator lately appointed by a party.
        Otherwise parties could do through others what they cannot do themselves.
        """
        person = act.person_id
        if person is None or act.recorded_at < self.until:
            return False
        if person in self.parties:
            return True
        stream = f"person/{person}"
        earlier_acts = [own for own in self.by_stream.get(stream, ()) if own.recorded_at < act.recorded_at]
        settled, present = self._standing(earlier_acts, _administering(stream, person))
        return person in present - settled

    def settled_persons(self, acts: Iterable[EventActs], holders: Holders) -> set[UUID]:
        """Return the people who would have it without what parties have lately done: who got it from others,
        or long ago. What a party takes away and gives again stays theirs.
        """
        return self._standing(acts, holders)[0]

    def _standing(self, acts: Iterable[EventActs], holders: Holders) -> tuple[set[UUID], set[UUID]]:
        """Return the people who would have it without the parties, and those who have it."""
        settled: set[UUID] = set()
        present: set[UUID] = set()
        for act in acts:
            after = holders(act)
            if after is None:
                continue
            if not self.is_by_party(act):
                settled = (settled | (set(after) - present)) - (present - set(after))
            present = set(after)
        return settled, present


def holding(stream: str, person: UUID, roles: Collection[str]) -> Holders:
    """Return the function that returns the person if they hold one of the grants after an event."""

    def after(act: EventActs) -> Collection[UUID] | None:
        values = act.rows_set.get(stream) or {}
        if "roles" not in values:
            return None
        return () if set(roles).isdisjoint(values["roles"] or ()) else (person,)

    return after


def _using(stream: str, person: UUID, roles: Collection[str]) -> Holders:
    """Return the function that returns the person if they hold one of the grants after an event and have an
    active account.
    """
    values: dict[str, Any] = {}

    def after(act: EventActs) -> Collection[UUID] | None:
        set_fields = act.rows_set.get(stream) or {}
        if set_fields.keys().isdisjoint({"roles", "state", "deactivated_at"}):
            return None
        values.update(set_fields)
        is_active = values.get("state") == PersonState.active and not values.get("deactivated_at")
        is_holder = is_active and not set(roles).isdisjoint(values.get("roles") or ())
        return (person,) if is_holder else ()

    return after


def _administering(stream: str, person: UUID) -> Holders:
    """Return the function that returns the person if they administer something after an event."""

    def after(act: EventActs) -> Collection[UUID] | None:
        values = act.rows_set.get(stream) or {}
        if "roles" not in values:
            return None
        held = {RoleGrant.parse(text).role for text in values["roles"] or ()}
        return (person,) if Role.admin in held else ()

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
