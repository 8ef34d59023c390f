"""Marks of the roles and teams that a person has from the identity provider, and what its groups change of
them (pure).

A role or team is marked by each source that gives it: `agent`, or `team/<id>`. Without a mark it was granted
by hand, and no source takes it away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.common.people import Person, Role, RoleGrant
from app.common.records import CodeEnum

_TEAM = "team/"


class GrantSource(CodeEnum):
    """The way in which a person's groups at the provider become known."""

    sign_in = "sign_in", "A sign-in at the identity provider", "在身份提供方登录"
    scim = "scim", "Provisioning by SCIM", "SCIM 同步"


#: The field of a person with the marks of each source.
FIELDS = {GrantSource.sign_in: "sign_in_grants", GrantSource.scim: "scim_grants"}


def team_mark(team_id: UUID) -> str:
    """Return the mark of the membership of a team."""
    return f"{_TEAM}{team_id}"


def team_of(mark: str) -> UUID | None:
    """Return the team of whose membership it is the mark; None: it is a role's."""
    return UUID(mark.removeprefix(_TEAM)) if mark.startswith(_TEAM) else None


def marks_of(person: Person, source: GrantSource) -> list[str]:
    """Return the marks that the source has set."""
    marks: list[str] | None = getattr(person, FIELDS[source])
    return marks or []


def is_marked(person: Person, mark: str) -> bool:
    """Return whether the person has that role or team from a source, and not by hand."""
    return any(mark in marks_of(person, source) for source in GrantSource)


def remove_marks(person: Person, marks: Iterable[str]) -> None:
    """Remove these marks: what they were on is now held by hand, or not at all."""
    removed = frozenset(marks)
    for source, field in FIELDS.items():
        kept_marks = [mark for mark in marks_of(person, source) if mark not in removed]
        if len(kept_marks) < len(marks_of(person, source)):
            setattr(person, field, kept_marks or None)


def marks_for_team(person: Person, team_id: UUID) -> list[str]:
    """Return the marks of the membership of a team, and of the roles for it."""
    marks = [mark for source in GrantSource for mark in marks_of(person, source)]
    return [
        mark
        for mark in marks
        if team_of(mark) == team_id or (team_of(mark) is None and RoleGrant.parse(mark).team_id == team_id)
    ]


@dataclass(frozen=True, slots=True)
class GrantLimits:
    """The largest number of roles and of teams of a person."""

    roles: int
    teams: int


@dataclass(frozen=True, slots=True)
class GrantChange:
    """The change that a source's groups make: its marks after it, and the roles and teams (as marks) that the
    person gets and loses by it. `left_out` are those that the limits leave out.
    """

    marks: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    def changes(self, person: Person, source: GrantSource) -> bool:
        """Return whether anything changes."""
        return bool(self.added or self.removed) or list(self.marks) != marks_of(person, source)


def grant_change(
    person: Person,
    teams: Collection[UUID],
    source: GrantSource,
    given_marks: Sequence[str],
    limits: GrantLimits,
    *,
    keeps_admin: bool = False,
) -> GrantChange:
    """Return the change that the source's groups make if they stand for `given_marks`. `teams` are those
    that the person belongs to; `keeps_admin`: the role of an administrator is not taken away.

    Grants by hand are neither marked nor taken away; grants that another source also gives stay.
    """
    held = [*(person.roles or ()), *(team_mark(team) for team in teams)]
    before = marks_of(person, source)
    elsewhere = {mark for other in GrantSource if other is not source for mark in marks_of(person, other)}
    by_hand = {mark for mark in held if mark not in before and mark not in elsewhere}
    after = [mark for mark in dict.fromkeys(given_marks) if mark not in by_hand]
    if keeps_admin and Role.admin in before and Role.admin not in after:
        after.append(Role.admin.value)
    removed = [mark for mark in before if mark not in after and mark not in elsewhere and mark in held]
    room = {
        True: limits.teams - len(teams) + sum(team_of(mark) is not None for mark in removed),
        False: limits.roles - len(person.roles or ()) + sum(team_of(mark) is None for mark in removed),
    }
    added, left_out = list[str](), list[str]()
    for mark in (mark for mark in after if mark not in held):
        of_team = team_of(mark) is not None
        room[of_team] -= 1
        (added if room[of_team] >= 0 else left_out).append(mark)
    marks = tuple(mark for mark in after if mark not in left_out)
    return GrantChange(marks, tuple(added), tuple(removed), tuple(left_out))
