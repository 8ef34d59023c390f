"""What a person's groups at the provider change, whatever was granted by hand meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.common.people import Person
from app.common.records import empty
from app.foundation.people.provisioning.marks import (
    FIELDS,
    GrantLimits,
    GrantSource,
    grant_change,
    is_marked,
    marks_of,
    remove_marks,
    team_mark,
    team_of,
)
from app.log.ids import uuid7

TEAMS = (uuid7(), uuid7())
LIMITS = GrantLimits(roles=50, teams=50)
marks = st.sampled_from(["agent", "admin", f"agent@team/{TEAMS[0]}", *map(team_mark, TEAMS)])
wanted = st.lists(marks, max_size=4)
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(GrantSource), wanted),
        st.tuples(st.sampled_from(["grant", "revoke"]), marks),
    ),
    max_size=12,
)


@dataclass
class Holder:
    """A person, with the roles and teams that they hold."""

    person: Person = field(default_factory=lambda: empty(Person, uuid7()))
    teams: list[UUID] = field(default_factory=list)

    def held(self) -> set[str]:
        return {*(self.person.roles or ()), *map(team_mark, self.teams)}

    def hold(self, mark: str) -> None:
        if mark not in self.held():
            team = team_of(mark)
            if team is None:
                self.person.roles = [*(self.person.roles or ()), mark]
            else:
                self.teams.append(team)

    def lose(self, mark: str) -> None:
        self.person.roles = [role for role in self.person.roles or () if role != mark] or None
        self.teams = [team for team in self.teams if team_mark(team) != mark]

    def follow(self, source: GrantSource, given_marks: list[str], limits: GrantLimits = LIMITS) -> None:
        change = grant_change(self.person, self.teams, source, given_marks, limits)
        for mark in change.removed:
            self.lose(mark)
        for mark in change.added:
            self.hold(mark)
        setattr(self.person, FIELDS[source], list(change.marks) or None)


@given(steps)
def test_hands_and_sources_never_take_what_the_other_has_given(sequence: list[tuple[str, object]]) -> None:
    holder, by_hand = Holder(), set[str]()
    given_by: dict[str, set[str]] = {source: set() for source in GrantSource}
    for step, groups in sequence:
        if isinstance(step, GrantSource):
            assert isinstance(groups, list)
            given_by[step] = set(groups) - by_hand
            holder.follow(step, groups)
        elif step == "grant":
            by_hand.add(str(groups))
            holder.hold(str(groups))
            remove_marks(holder.person, [str(groups)])
            given_by = {source: marked - {str(groups)} for source, marked in given_by.items()}
        else:
            by_hand.discard(str(groups))
            holder.lose(str(groups))
            remove_marks(holder.person, [str(groups)])
            given_by = {source: marked - {str(groups)} for source, marked in given_by.items()}
        assert holder.held() == by_hand.union(*given_by.values())
        for source in GrantSource:
            assert set(marks_of(holder.person, source)) == given_by[source]
        assert {mark for mark in holder.held() if not is_marked(holder.person, mark)} == by_hand


def test_limits_leave_out_the_last_and_what_is_left_out_has_no_mark() -> None:
    holder, limits = Holder(), GrantLimits(roles=2, teams=0)
    holder.hold("engineer")
    holder.follow(GrantSource.scim, ["agent", "auditor", team_mark(TEAMS[0])], limits)
    assert holder.held() == {"engineer", "agent"}
    assert marks_of(holder.person, GrantSource.scim) == ["agent"]
    holder.follow(GrantSource.scim, ["auditor"], limits)
    assert holder.held() == {"engineer", "auditor"}, "what is taken away makes room"


def test_the_role_of_the_last_administrator_stays_with_its_mark() -> None:
    holder = Holder()
    holder.follow(GrantSource.sign_in, ["admin", "agent"])
    change = grant_change(holder.person, [], GrantSource.sign_in, [], LIMITS, keeps_admin=True)
    assert (change.marks, change.removed) == (("admin",), ("agent",))
