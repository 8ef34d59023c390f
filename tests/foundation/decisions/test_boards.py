"""What the documents leave to a board is approved by nobody else: whatever a rule adds next to the board, and
whether the board is against it, silent, or may not vote.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from app.common.people import Role
from app.foundation.decisions.approval_rules import electors
from app.foundation.decisions.approval_rules.definition import ApprovalRuleDefinition, Electors
from app.foundation.decisions.approval_rules.electors import Seat, Voters
from app.foundation.decisions.approval_rules.records import ElectorRelation
from app.foundation.decisions.approval_rules.shipped import FLOORS, SHIPPED
from app.foundation.decisions.matters import Matter
from app.foundation.decisions.records import Decision, DecisionKind, DecisionOutcome, VoterLeftOutReason
from app.foundation.decisions.records import VoteVerdict as Verdict
from app.foundation.decisions.tally import TallyTerms, tally
from app.foundation.decisions.voters import electorate
from app.foundation.decisions.voters.electorate import Electorate
from app.foundation.decisions.voters.parties import Parties
from app.kernel.access.reads import ReadContext
from app.kernel.actions.refusals import PreparationRefused
from app.processes.changes.records import Change
from app.processes.improvements.records import Improvement
from tests.cases import each_case

NOW = datetime(2026, 6, 1, tzinfo=UTC)
#: More people next to the board than it has members.
CROWD: list[dict[str, Any]] = [
    *({"role": role} for role in ("process_owner", "change_manager", "cab_member", "committee_member")),
    *({"relation": relation} for relation in ("manager", "team_lead", "service_owner", "sponsor")),
    {"group": "friends"},
]
#: Ways in which a rule of the organisation asks others.
RULES: list[dict[str, Any]] = [
    {"voters": CROWD},
    {"voters": CROWD, "rule": "unanimous"},
    {"voters": CROWD, "rule": "chair"},
    {"voters": CROWD, "quorum": 1, "least_voters": 1},
    {"otherwise": CROWD, "enough": 200},
    {"if_unanswered": CROWD},
    {"if_unanswered": CROWD, "least_voters": 1, "quorum": 1},
    {"voters": [{"group": "friends"}], "if_unanswered": [{"role": "engineer"}], "otherwise": CROWD},
]
#: The size of the board and of every other source of voters.
MEMBERS, OTHERS = 3, 9


def definition(key: str, terms: dict[str, Any]) -> ApprovalRuleDefinition:
    """The rule of the floor, with these terms of the organisation, for the same records."""
    floor = SHIPPED[key].definition.model_dump(mode="json")
    further = [Electors.model_validate(source).model_dump(mode="json") for source in terms.get("voters", ())]
    voters = [*floor["voters"], *(source for source in further if source not in floor["voters"])]
    return ApprovalRuleDefinition.model_validate({**floor, "enough": 1, **terms, "voters": voters[:10]})


class People:
    """The people whom each source names, none of whom another source names."""

    def __init__(self, small_sources: Sequence[Electors]) -> None:
        self.small_sources, self.seats = small_sources, dict[str, Voters]()

    def of(self, source: Electors) -> Voters:
        size = MEMBERS if source in self.small_sources else OTHERS
        voters = {uuid4(): Seat(source.role) for _ in range(size)}
        return self.seats.setdefault(source.model_dump_json(), voters)

    def of_all(self, sources: Sequence[Electors]) -> set[UUID]:
        return {person for source in sources for person in self.of(source)}


class Question:
    """A question by the shipped rule and one rule of the organisation."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, key: str, terms: dict[str, Any]) -> None:
        self.floor = SHIPPED[key]
        self.people = People(self.floor.definition.voters)
        self.parties = Parties()
        rule = definition(key, terms).model_dump(mode="json")
        row = {"key": "own", "edition": 1, "definition": rule, "ended": False}
        agreed = {"awaits_agreement": None, "agreed_by_id": uuid4()}
        self.rows = [{**row, "set_by_id": uuid4(), "recorded_at": NOW, **agreed}]

        async def rows_of(*_: Any, **__: Any) -> list[dict[str, Any]]:
            return self.rows

        async def persons_of(_: Any, __: Any, sources: Sequence[Electors], *___: Any) -> Voters:
            return {person: seat for source in sources for person, seat in self.people.of(source).items()}

        async def staff_of(_: Any, __: Any, persons: Collection[UUID]) -> set[UUID]:
            return set(persons)

        async def nobody(*_: Any, **__: Any) -> None:
            return None

        async def parties_to(*_: Any, **__: Any) -> Parties:
            return self.parties

        self.reads = cast(ReadContext, type("Reads", (), {"rows": rows_of})())
        monkeypatch.setattr(electors, "persons_of", persons_of)
        monkeypatch.setattr(electors, "staff_of", staff_of)
        monkeypatch.setattr(electors, "has_vacancy", nobody)
        monkeypatch.setattr(electors, "voting_group", nobody)
        for name in ("parties_to", "parties_to_question"):
            monkeypatch.setattr(electorate, name, parties_to)

    @property
    def record(self) -> Any:
        if self.floor.decision is DecisionKind.change:
            return Change.model_construct(risk_level="high")
        return Improvement.model_construct(process="incident")

    async def asked(self) -> Electorate | None:
        try:
            return await electorate.ruled_electorate(
                self.reads, self.record, Matter(self.floor.decision), None, NOW
            )
        except PreparationRefused:
            return None

    async def asked_next(self, first: Electorate) -> Electorate | None:
        async def rules(*_: Any) -> Any:
            return list(first.rules)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(electorate, "rules_of", rules)
            question = Decision.model_construct(rules=first.rule_rows, asked_next_at=None, asked_by_id=None)
            return await electorate.next_electorate(
                self.reads, self.record, Matter(self.floor.decision), question, NOW
            )


def counted(panel: Electorate, votes: dict[UUID, Verdict]) -> DecisionOutcome | None:
    """The outcome when nobody votes any more."""
    terms = TallyTerms(
        panel.rule,
        panel.quorum,
        frozenset(panel.voters),
        panel.chair_id,
        board=panel.board,
        board_quorum=panel.board_quorum or 1,
    )
    early = tally(terms, votes).outcome
    return early or tally(terms, votes, closing=True).outcome


def approving(panel: Electorate, abstaining: Collection[UUID] = ()) -> dict[UUID, Verdict]:
    """All voters but these abstaining vote for it."""
    return {person: Verdict.approve for person in panel.voters if person not in abstaining}


@each_case("terms", RULES)
@each_case("key", list(FLOORS))
async def test_nobody_carries_a_motion_against_without_or_instead_of_the_board(
    monkeypatch: pytest.MonkeyPatch, key: str, terms: dict[str, Any]
) -> None:
    question = Question(monkeypatch, key, terms)
    floor = question.floor.definition
    board = question.people.of_all(floor.voters)
    substitutes = question.people.of_all((*floor.otherwise, *floor.if_unanswered))
    panel = await question.asked()
    assert panel is not None
    assert board <= panel.voters.keys()
    members = {*board, *substitutes}
    rejections = dict.fromkeys(members & panel.voters.keys(), Verdict.reject)
    assert counted(panel, approving(panel, members) | rejections) is not DecisionOutcome.approved
    assert counted(panel, approving(panel, members)) is not DecisionOutcome.approved
    assert counted(panel, approving(panel)) is DecisionOutcome.approved, "the rule does decide"
    # Nobody of the board has answered, and then nobody of it may vote.
    after_silence = await question.asked_next(panel)
    question.parties = Parties(dict.fromkeys(board, VoterLeftOutReason.author))
    for second_panel in (after_silence, await question.asked()):
        if second_panel is not None:
            deciding = members & second_panel.voters.keys()
            assert counted(second_panel, approving(second_panel, deciding)) is not DecisionOutcome.approved
    question.parties = Parties(dict.fromkeys(members, VoterLeftOutReason.author))
    assert await question.asked() is None, "nobody of the board is left to decide"


async def test_owners_of_services_do_not_outvote_the_board_of_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many services the drafter names, the board carries the change, and owners can object."""
    question = Question(monkeypatch, "change_high_risk", {})
    question.rows = []
    monkeypatch.setattr(Question, "record", Change.model_construct(risk_level="medium"))
    question.people.small_sources = [Electors(role=Role.cab_member)]
    panel = await question.asked()
    assert panel is not None
    board = set(question.people.of(Electors(role=Role.cab_member)))
    owners = set(question.people.of(Electors(relation=ElectorRelation.service_owner)))
    assert panel.board == frozenset(board)
    assert panel.board_quorum == 2
    rejecting = dict.fromkeys(board, Verdict.reject)
    assert counted(panel, approving(panel, board) | rejecting) is DecisionOutcome.rejected
    assert counted(panel, approving(panel, board)) is DecisionOutcome.lapsed
    objecting = dict.fromkeys(owners, Verdict.reject)
    assert counted(panel, approving(panel, owners) | objecting) is DecisionOutcome.rejected
