"""Which rule is for a ticket and who is given it, held against plain words of the same."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.common.priorities.priority import Priority
from app.common.records import empty
from app.foundation.assignment.records import (
    AssignmentRule,
    AssignmentRuleState,
    AssignmentStrategy,
    CalendarHours,
    StaffedHours,
)
from app.foundation.assignment.selection import (
    PersonAvailability,
    TicketAttributes,
    by_position,
    first_match,
    least_loaded,
    mismatch_reason,
    round_robin,
)
from app.log.ids import uuid7

TEAMS = [UUID(int=n) for n in range(1, 4)]
PEOPLE = [UUID(int=n) for n in range(11, 17)]

KEYS = st.sampled_from([None, "mail", "print"])
TEAM = st.sampled_from([None, *TEAMS])
SETS = st.sets(st.sampled_from(TEAMS))
CALENDARS = ("office", "plant")
PRESENTS = st.builds(PersonAvailability, SETS, st.sets(st.sampled_from(CALENDARS)), SETS)
CASES = st.builds(
    TicketAttributes,
    process=st.just("incident"),
    service=KEYS,
    category=KEYS,
    priority=st.sampled_from([None, *Priority]),
    customer_id=TEAM,
)


@st.composite
def rules(draw: st.DrawFn) -> AssignmentRule:
    """A rule as there can be one."""
    rule = empty(AssignmentRule, uuid7())
    rule.state, rule.process, rule.choose = AssignmentRuleState.active, "incident", AssignmentStrategy.nobody
    rule.position = draw(st.integers(1, 4))
    rule.for_service, rule.for_category = draw(KEYS), draw(KEYS)
    rule.for_customer_id, rule.hours_of_id = draw(TEAM), draw(TEAM)
    rule.priorities = draw(st.none() | st.lists(st.sampled_from([p.value for p in Priority]), min_size=1))
    rule.hours, rule.to_team_id = draw(st.sampled_from(StaffedHours)), draw(st.sampled_from(TEAMS))
    rule.calendar = draw(st.sampled_from([None, *CALENDARS]))
    rule.calendar_hours = None if rule.calendar is None else draw(st.sampled_from(CalendarHours))
    return rule


def is_for(rule: AssignmentRule, case: TicketAttributes, present: PersonAvailability) -> bool:  # noqa: PLR0911  # as plain as can be
    """The same in plain words."""
    if rule.for_service and case.service != rule.for_service:
        return False
    if rule.for_category and case.category != rule.for_category:
        return False
    if rule.for_customer_id and case.customer_id != rule.for_customer_id:
        return False
    if rule.priorities and (case.priority is None or case.priority.value not in rule.priorities):
        return False
    team = rule.hours_of_id if rule.hours_of_id is not None else rule.to_team_id
    if rule.hours == "somebody_works" and team not in present.working:
        return False
    if rule.hours == "nobody_works" and team in present.working:
        return False
    if rule.calendar_hours == "open" and rule.calendar not in present.open:
        return False
    if rule.calendar_hours == "closed" and rule.calendar in present.open:
        return False
    return rule.to_team_id not in present.retired


@given(st.lists(rules(), max_size=6), CASES, PRESENTS)
def test_the_first_rule_in_order_that_is_for_the_case_counts(
    some: list[AssignmentRule], case: TicketAttributes, present: PersonAvailability
) -> None:
    match = first_match(some, case, present)
    ordered = sorted(some, key=lambda rule: (rule.position, rule.id))
    fitting = [rule for rule in ordered if is_for(rule, case, present)]
    assert match.rule is (fitting[0] if fitting else None)
    before = ordered if match.rule is None else ordered[: ordered.index(match.rule)]
    assert [rule for rule, _ in match.skipped] == before
    assert all(mismatch_reason(rule, case, present) is reason for rule, reason in match.skipped)


@given(st.lists(rules(), max_size=6), st.randoms())
def test_the_order_does_not_depend_on_how_the_rules_came(some: list[AssignmentRule], chance: object) -> None:
    shuffled = list(some)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # random.Random
    assert by_position(shuffled) == by_position(some)


@given(st.sets(st.sampled_from(PEOPLE), min_size=1), st.integers(0, 40))
def test_turns_of_the_same_persons_differ_by_one_at_most(persons: set[UUID], tickets: int) -> None:
    turns: dict[UUID, int] = {}
    had = Counter(dict.fromkeys(persons, 0))
    for position in range(1, tickets + 1):
        person = round_robin(persons, turns)
        assert person is not None
        turns[person] = position
        had[person] += 1
        assert max(had.values()) - min(had.values()) <= 1


@given(st.sets(st.sampled_from(PEOPLE)), st.dictionaries(st.sampled_from(PEOPLE), st.integers(1, 99)))
def test_who_had_none_comes_first_then_who_waits_longest(persons: set[UUID], turns: dict[UUID, int]) -> None:
    person = round_robin(persons, turns)
    if not persons:
        assert person is None
        return
    assert person in persons
    new = persons - turns.keys()
    assert person in new if new else turns[person] == min(turns[candidate] for candidate in persons)


@given(
    st.sets(st.sampled_from(PEOPLE), min_size=1),
    st.dictionaries(st.sampled_from(PEOPLE), st.integers(1, 9)),
    st.dictionaries(st.sampled_from(PEOPLE), st.integers(0, 3)),
)
def test_nobody_has_less_open_than_whom_it_is_given_to(
    persons: set[UUID], turns: dict[UUID, int], load: dict[UUID, int]
) -> None:
    person = least_loaded(persons, turns, load)
    assert person in persons
    least = min(load.get(candidate, 0) for candidate in persons)
    assert load.get(person, 0) == least
    assert person == round_robin(
        {candidate for candidate in persons if load.get(candidate, 0) == least}, turns
    )
