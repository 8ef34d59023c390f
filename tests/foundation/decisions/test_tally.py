"""What votes come to: in cases that people can follow, and against every way in which a vote could go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.foundation.decisions.records import DecisionOutcome as Outcome
from app.foundation.decisions.records import DecisionRule
from app.foundation.decisions.records import VoteVerdict as Verdict
from app.foundation.decisions.tally import TallyTerms, default_quorum, tally
from tests.cases import each_case
from tests.extent import examples

PEOPLE = [UUID(int=n) for n in range(1, 7)]
SAID = {
    "+": Verdict.approve,
    "-": Verdict.reject,
    "?": Verdict.defer,
    "o": Verdict.abstain,
    " ": None,
}


def outcome(
    rule: str, marks: str, quorum: int | None = None, *, closing: bool = False, excluded: int = 0
) -> Outcome | None:
    """What comes of votes of people in a row, the first of whom chairs: `++ ` is two for it, one to vote."""
    people = PEOPLE[: len(marks)]
    votes = {person: verdict for person, mark in zip(people, marks, strict=True) if (verdict := SAID[mark])}
    quorum = quorum or default_quorum(DecisionRule(rule), len(people))
    terms = TallyTerms(DecisionRule(rule), quorum, frozenset(people[excluded:]), people[0])
    return tally(terms, votes, closing=closing).outcome


@each_case(
    ("marks", "so_far", "in_the_end"),
    [
        ("++   ", None, Outcome.lapsed),
        ("+++  ", Outcome.approved, Outcome.approved),
        ("---  ", Outcome.rejected, Outcome.rejected),
        ("???  ", Outcome.deferred, Outcome.deferred),
        ("++-- ", None, Outcome.deferred),
        ("++--o", Outcome.deferred, Outcome.deferred),
        ("++o  ", None, Outcome.approved),
        ("+-?  ", None, Outcome.deferred),
        ("ooooo", Outcome.deferred, Outcome.deferred),
        ("++--+", Outcome.approved, Outcome.approved),
        ("++-?o", Outcome.deferred, Outcome.deferred),
        ("     ", None, Outcome.lapsed),
    ],
)
def test_a_majority_is_more_than_half_of_those_who_do_not_abstain(
    marks: str, so_far: Outcome | None, in_the_end: Outcome
) -> None:
    assert outcome("majority", marks) is so_far
    assert outcome("majority", marks, closing=True) is in_the_end


def test_the_usual_quorum_of_a_majority_is_more_than_half_also_of_an_even_number() -> None:
    assert [default_quorum(DecisionRule.majority, voters) for voters in range(1, 7)] == [1, 2, 2, 3, 3, 4]
    assert outcome("majority", "++  ", closing=True) is Outcome.lapsed


def test_where_one_vote_is_the_quorum_the_first_that_decides_is_enough() -> None:
    assert outcome("majority", "+    ", 1) is Outcome.approved
    assert outcome("majority", "-    ", 1) is Outcome.rejected
    assert outcome("majority", "?    ", 1) is Outcome.deferred
    assert outcome("majority", "o    ", 1) is None
    assert outcome("majority", "oo+  ", 1) is Outcome.approved
    assert outcome("majority", "     ", 1, closing=True) is Outcome.lapsed


def test_abstentions_count_for_the_quorum_and_for_nothing_else() -> None:
    assert outcome("majority", "+oo  ", 3, closing=True) is Outcome.approved
    assert outcome("majority", "+o   ", 3, closing=True) is Outcome.lapsed


@pytest.mark.parametrize(
    ("marks", "so_far", "in_the_end"),
    [
        ("++ ", None, Outcome.lapsed),
        ("+++", Outcome.approved, Outcome.approved),
        ("++o", Outcome.approved, Outcome.approved),
        ("-  ", Outcome.rejected, Outcome.rejected),
        ("+? ", None, Outcome.lapsed),
        ("++?", Outcome.deferred, Outcome.deferred),
        ("ooo", Outcome.deferred, Outcome.deferred),
    ],
)
def test_one_rejection_is_enough_where_all_must_agree(
    marks: str, so_far: Outcome | None, in_the_end: Outcome
) -> None:
    assert outcome("unanimous", marks) is so_far
    assert outcome("unanimous", marks, closing=True) is in_the_end


def test_under_chair_the_others_give_advice() -> None:
    assert outcome("chair", " ----") is None
    assert outcome("chair", " ----", closing=True) is Outcome.lapsed
    assert outcome("chair", "+----") is Outcome.approved
    assert outcome("chair", "?    ") is Outcome.deferred
    assert outcome("chair", "-    ", 3) is None
    assert outcome("chair", "-++  ", 3) is Outcome.rejected


def test_who_is_excluded_counts_for_nothing() -> None:
    assert outcome("majority", "++-  ", 3, excluded=1, closing=True) is Outcome.lapsed
    assert outcome("unanimous", "-++", 2, excluded=1) is Outcome.approved
    assert outcome("chair", "+++", excluded=1) is Outcome.lapsed


def test_what_cannot_have_a_quorum_any_more_lapses_at_once() -> None:
    assert outcome("majority", "     ", 5, excluded=1) is Outcome.lapsed


def plain(terms: TallyTerms, votes: Mapping[UUID, Verdict]) -> Outcome:  # a case a line
    """The same in the words of the decision page, for votes that nothing is added to."""
    verdicts = [votes[voter] for voter in sorted(terms.voters) if voter in votes]
    has_quorum = len(verdicts) >= terms.quorum
    counting: list[Verdict] = [verdict for verdict in verdicts if verdict is not Verdict.abstain]
    if terms.rule is DecisionRule.chair:
        word = votes.get(terms.chair) if terms.chair in terms.voters else None
        if not has_quorum or word is None or word is Verdict.abstain:
            return Outcome.lapsed
        return {
            "approve": Outcome.approved,
            "reject": Outcome.rejected,
            "defer": Outcome.deferred,
        }[word]
    if terms.rule is DecisionRule.unanimous and Verdict.reject in verdicts:
        return Outcome.rejected
    if not has_quorum:
        return Outcome.lapsed
    if terms.rule is DecisionRule.unanimous:
        carried = bool(counting) and all(verdict == "approve" for verdict in counting)
    else:
        carried = counting.count(Verdict.approve) > len(counting) / 2
        if counting.count(Verdict.reject) > len(counting) / 2:
            return Outcome.rejected
    return Outcome.approved if carried else Outcome.deferred


def ways_on(terms: TallyTerms, votes: dict[UUID, Verdict]) -> Iterator[Outcome]:
    """What comes of every way in which those who have not voted may still do so, or not."""
    waiting = sorted(terms.voters - votes.keys())
    for rest in product([None, *Verdict], repeat=len(waiting)):
        more = {voter: verdict for voter, verdict in zip(waiting, rest, strict=True) if verdict is not None}
        yield plain(terms, votes | more)


def has_majority(terms: TallyTerms, votes: dict[UUID, Verdict]) -> bool:
    """Whether more than half of those who do not abstain say the same."""
    verdicts = [
        verdict
        for voter, verdict in votes.items()
        if voter in terms.voters and verdict is not Verdict.abstain
    ]
    return any(verdicts.count(verdict) > len(verdicts) / 2 for verdict in set(verdicts))


@st.composite
def cases(draw: st.DrawFn) -> tuple[TallyTerms, dict[UUID, Verdict]]:
    """People, some of whom vote, and what some of them have said."""
    electorate = PEOPLE[: draw(st.integers(1, 5))]
    voters = draw(st.sets(st.sampled_from(electorate)))
    votes = draw(st.dictionaries(st.sampled_from(electorate), st.sampled_from(Verdict)))
    rule = draw(st.sampled_from(DecisionRule))
    chair = draw(st.none() | st.sampled_from(electorate))
    quorum = draw(st.integers(1, len(electorate)))
    return TallyTerms(rule, quorum, frozenset(voters), chair), votes


@given(cases())
@settings(max_examples=examples(500), deadline=None)
def test_a_decision_is_taken_as_soon_as_it_cannot_change_any_more_and_no_sooner(
    case: tuple[TallyTerms, dict[UUID, Verdict]],
) -> None:
    terms, votes = case
    alone = terms.rule is DecisionRule.majority and terms.quorum == 1 and has_majority(terms, votes)
    possible = {plain(terms, votes)} if alone else set(ways_on(terms, votes))
    expected = possible.pop() if len(possible) == 1 else None
    assert tally(terms, votes).outcome is expected
    assert tally(terms, votes, closing=True).outcome is plain(terms, votes)


@given(cases())
def test_every_vote_of_those_who_may_vote_is_counted_once(
    case: tuple[TallyTerms, dict[UUID, Verdict]],
) -> None:
    terms, votes = case
    counted = tally(terms, votes)
    assert counted.cast == len(votes.keys() & terms.voters) <= counted.voters


def test_the_asker_alone_approves_nothing() -> None:
    for rule in (DecisionRule.majority, DecisionRule.unanimous):
        terms = TallyTerms(rule, 1, frozenset(PEOPLE[:2]), asker=PEOPLE[0])
        for votes, closing, expected in (
            ({0: "+"}, False, None),
            ({0: "+"}, True, Outcome.lapsed),
            ({0: "+", 1: "o"}, False, Outcome.lapsed),
            ({0: "+", 1: "+"}, False, Outcome.approved),
            ({0: "-"}, False, Outcome.rejected),
        ):
            cast = {PEOPLE[n]: verdict for n, mark in votes.items() if (verdict := SAID[mark])}
            assert tally(terms, cast, closing=closing).outcome == expected, (rule, votes)


def test_owners_of_services_approve_for_all_of_them_only_together() -> None:
    owners = {PEOPLE[0]: frozenset({"mail"}), PEOPLE[1]: frozenset({"web"})}
    services = frozenset({"mail", "web"})
    terms = TallyTerms(DecisionRule.majority, 1, frozenset(PEOPLE[:3]), None, owners, services)
    for votes, closing, expected in (
        ({0: "+"}, False, None),
        ({0: "+"}, True, Outcome.lapsed),
        ({0: "+", 1: "+"}, False, Outcome.approved),
        ({0: "+", 1: "o"}, False, Outcome.approved),
        ({2: "+"}, False, Outcome.approved),
        ({0: "-"}, False, Outcome.rejected),
    ):
        cast = {PEOPLE[n]: verdict for n, mark in votes.items() if (verdict := SAID[mark])}
        assert tally(terms, cast, closing=closing).outcome == expected, votes
