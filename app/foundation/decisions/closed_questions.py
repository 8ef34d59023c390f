"""What to tell people who vote on a question that is closed: what was decided, and who can ask again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.foundation.decisions.motions import question_in
from app.foundation.decisions.payloads import AskBoard
from app.foundation.decisions.records import Decision, DecisionState
from app.i18n import Word
from app.kernel.access.reads import ReadContext
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.refusals import PreparationRefused

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ClosedQuestion:
    """A decision that was taken or withdrawn."""

    decision: Decision

    def label(self, language: str) -> str:
        """Return the question with its outcome, and the day of it."""
        decision = self.decision
        ended = decision.outcome or decision.state
        words = [] if ended is None else [ended.label(language)]
        words += [] if decision.closed_at is None else [decision.closed_at.date().isoformat()]
        return f"“{question_in(decision, language)}” ({', '.join(words)})"


@dataclass(frozen=True, slots=True)
class Askers:
    """The actions that put a question about a record in its present state."""

    rows: tuple[Action[Any, Any], ...]

    def label(self, language: str) -> str:
        """Return the actions, and who may perform each; or that there are none."""
        if not self.rows:
            return "Nobody in the present state" if language == "en" else "在当前状态下，无人"
        parts = [f"{row.policy.phrase(language)} (“{row.label(language)}”)" for row in self.rows]
        return ("; " if language == "en" else "；").join(parts)


async def refuse_closed(reads: ReadContext, record: Any) -> None:
    """Refuse a vote on a question that is closed, with the question that is open now
    (`other_question_open`), or with what was decided last and who can ask (`decided_already`).
    """
    decisions = await reads.children(Decision, record)
    still_open = [decision for decision in decisions if decision.state is DecisionState.open]
    if still_open:
        raise PreparationRefused("other_question_open", {"question": str(still_open[-1].question)})
    last = max(decisions, key=lambda decision: decision.closed_at or _LONG_AGO)
    lifecycle = reads.lifecycles[record.KIND]
    assert isinstance(lifecycle, Lifecycle)
    asking = [
        row for row in lifecycle.rows if issubclass(row.body, AskBoard) and row.is_open_in(record.state)
    ]
    words: dict[str, Word] = {"last": ClosedQuestion(last), "askers": Askers(tuple(asking))}
    raise PreparationRefused("decided_already", words)
