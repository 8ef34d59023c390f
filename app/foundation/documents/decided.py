"""What a committee has decided about a document: who was asked and when, how each voted, and the position of
the log at which it was decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from uuid import UUID
from zoneinfo import ZoneInfo

from app.common.records import from_row
from app.foundation.decisions.records import (
    Decision,
    DecisionOutcome,
    DecisionRule,
    DecisionState,
    Vote,
    VoteVerdict,
)
from app.foundation.documents.page_parts import PageParts, short
from app.foundation.documents.pages import TABLE, said_moment
from app.foundation.documents.printing import Unsealed, unseal
from app.kernel.ledger import Ledger
from app.log.events import Recorded, stream

DECISIONS = "select * from fold.decision where record = %s and id = any(%s) order by asked_at, id"
VOTES = "select * from fold.vote where record = %s and decision_id = any(%s) order by voted_at, id"


@dataclass(frozen=True, slots=True)
class PrintedVote:
    """How somebody voted; their name is None if they were erased."""

    name: str | None
    verdict: VoteVerdict | None
    voted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedDecision:
    """A decision with its votes. `position` is that of the log at which it was taken, `evidence` that of the
    measured effect which the question names; None: it is open, or names none.
    """

    question: str
    rule: DecisionRule
    state: DecisionState
    outcome: DecisionOutcome | None
    asked_at: datetime | None
    closed_at: datetime | None
    position: int | None
    votes: Sequence[PrintedVote]
    evidence: int | None = None


async def load_decisions(
    ledger: Ledger, record: str, events: Sequence[Recorded], asked: Sequence[Recorded]
) -> list[PrintedDecision]:
    """Return the decisions that the events `asked` have put, the oldest first; `record` is their stream and
    `events` are all of its.
    """
    named = {decision: event for event in asked for decision in _decisions_in(event)}
    if not named:
        return []
    decisions = [from_row(Decision, row) for row in await ledger.db.rows(DECISIONS, (record, list(named)))]
    votes = [from_row(Vote, row) for row in await ledger.db.rows(VOTES, (record, list(named)))]
    found = await unseal(ledger, [], [one.person_id for one in votes])
    return [
        _printed(one, [vote for vote in votes if vote.decision_id == one.id], found, events, named[one.id])
        for one in decisions
        if one.state is not DecisionState.withdrawn
    ]


def _decisions_in(event: Recorded) -> list[UUID]:
    prefix = f"{Decision.KIND}/"
    return [
        UUID(key.removeprefix(prefix))
        for key, row in event.data["set"].items()
        if key.startswith(prefix) and row is not None and row.get("question") is not None
    ]


def _printed(
    decision: Decision, votes: Sequence[Vote], found: Unsealed, events: Sequence[Recorded], asked: Recorded
) -> PrintedDecision:
    name = stream(Decision.KIND, decision.id)
    taken = [one for one in events if (one.data["set"].get(name) or {}).get("outcome") is not None]
    evidence = [row.get("asked_position") for row in asked.data["set"].values() if row is not None]
    return PrintedDecision(
        question=decision.question or "",
        rule=decision.rule or DecisionRule.majority,
        state=decision.state or DecisionState.open,
        outcome=decision.outcome,
        asked_at=decision.asked_at,
        closed_at=decision.closed_at,
        position=taken[-1].position if taken else None,
        votes=[PrintedVote(found.name(one.person_id), one.verdict, one.voted_at) for one in votes],
        evidence=next((one for one in evidence if one is not None), None),
    )


def decisions_on(decisions: Sequence[PrintedDecision], language: str, zone: ZoneInfo) -> str:
    """Return the section of the page that tells of these decisions, as HTML; nothing if there are none."""
    page = PageParts(language, TABLE)
    return page.section("decisions", "".join(_decision(one, page, zone) for one in decisions))


def _decision(one: PrintedDecision, page: PageParts, zone: ZoneInfo) -> str:
    outcome = page.label(one.state) if one.outcome is None else page.label(one.outcome)
    facts = (
        ("question", escape(one.question)),
        ("outcome", f"<b>{outcome}</b>"),
        ("rule", page.label(one.rule)),
        ("asked", None if one.asked_at is None else said_moment(one.asked_at, zone)),
        ("decided", None if one.closed_at is None else said_moment(one.closed_at, zone)),
        ("decided_at_position", None if one.position is None else f"{one.position:,}"),
        ("evidence_position", None if one.evidence is None else f"{one.evidence:,}"),
    )
    rows = [
        (
            page.sentence("erased") if vote.name is None else escape(vote.name),
            page.sentence("not_voted") if vote.verdict is None else page.label(vote.verdict),
            "" if vote.voted_at is None else short(said_moment(vote.voted_at, zone)),
        )
        for vote in one.votes
    ]
    return page.facts(facts) + page.table(("name", "vote", "voted"), rows)


def decided_at(decisions: Sequence[PrintedDecision]) -> datetime | None:
    """Return when the newest of the decisions was taken; None: none was."""
    return max((one.closed_at for one in decisions if one.outcome and one.closed_at), default=None)
