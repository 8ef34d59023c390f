"""Whatever parties lately do, themselves or through people to whom they give the right, gives no seats
(property).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.foundation.decisions.approval_rules.grants import GrantHistory, holding
from app.foundation.decisions.lookups import EventActs

UNTIL = datetime(2026, 3, 1, tzinfo=UTC)
PARTY, SETTLED, *OTHERS = [UUID(int=n) for n in range(1, 7)]
DECIDING = "department_head"
#: Who gives or takes what, and from whom; only what administrators do happens.
ACTS = st.lists(
    st.tuples(
        st.sampled_from([PARTY, *OTHERS]),
        st.sampled_from(OTHERS),
        st.sampled_from(["admin", DECIDING]),
        st.booleans(),
    ),
    max_size=14,
)


def stream_of(person: UUID) -> str:
    return f"person/{person}"


class Organisation:
    """The roles of people, and the acts by which they got them."""

    def __init__(self) -> None:
        self.roles: dict[UUID, set[str]] = {}
        self.history = GrantHistory(frozenset({PARTY}), UNTIL)
        self.acted_at = UNTIL - timedelta(days=9)
        for person in (PARTY, SETTLED):
            self.set_roles(None, person, {"admin"})
        for person in OTHERS:
            self.set_roles(None, person, {"engineer"})
        self.acted_at = UNTIL

    def set_roles(self, by: UUID | None, person: UUID, roles: set[str]) -> None:
        """They get these roles by an act of that person."""
        self.acted_at += timedelta(minutes=1)
        self.roles[person] = roles
        stream = stream_of(person)
        rows = {stream: {"roles": sorted(roles)}}
        act = EventActs(stream, "person.role_granted", by, rows, self.acted_at)
        self.history.by_stream.setdefault(stream, []).append(act)

    def give_or_take(self, by: UUID, person: UUID, role: str, *, is_given: bool) -> None:
        """They get or lose the role, if whoever wants it administers."""
        if "admin" in self.roles[by] and is_given is (role not in self.roles[person]):
            self.set_roles(by, person, self.roles[person] ^ {role})

    @property
    def voters(self) -> set[UUID]:
        """Those who have a seat for certain: who hold the role, and not only by a party."""
        settled: set[UUID] = set()
        for person, roles in self.roles.items():
            stream = stream_of(person)
            holders = holding(stream, person, [DECIDING])
            if DECIDING in roles:
                settled |= self.history.settled_persons(self.history.by_stream[stream], holders)
        return settled


@given(st.permutations(OTHERS), st.integers(min_value=0, max_value=3), ACTS)
def test_parties_give_no_seats_through_others(
    persons: list[UUID], hops: int, acts: list[tuple[UUID, UUID, str, bool]]
) -> None:
    """Only a party begins with the right to give roles, so all that happens comes from it."""
    organisation = Organisation()
    givers = [PARTY, *persons[:hops]]
    for giver, person in pairwise(givers):
        organisation.give_or_take(giver, person, "admin", is_given=True)
    organisation.give_or_take(givers[-1], persons[hops], DECIDING, is_given=True)
    assert DECIDING in organisation.roles[persons[hops]]
    assert organisation.voters == set()
    for by, person, role, is_given in acts:
        organisation.give_or_take(by, person, role, is_given=is_given)
    assert organisation.voters == set()


@given(ACTS, st.sampled_from(OTHERS))
def test_what_an_administrator_of_before_gives_stays_whatever_parties_do_to_others(
    acts: list[tuple[UUID, UUID, str, bool]], voter: UUID
) -> None:
    organisation = Organisation()
    organisation.set_roles(SETTLED, voter, {"engineer", DECIDING})
    for by, person, role, is_given in acts:
        organisation.give_or_take(by, person, role, is_given=is_given)
    seated = {voter} if DECIDING in organisation.roles[voter] else set()
    assert organisation.voters == seated
