"""Flags a problem whose risk was accepted for a time that is over, and tells whoever answers for it."""

from __future__ import annotations

from datetime import datetime

from app.kernel.ledger import Ledger
from app.kernel.payloads import Payload
from app.kernel.timers import TimedRule
from app.processes.problems.lifecycle import LapseRiskProblem
from app.processes.problems.records import Problem
from app.processes.problems.records import ProblemState as State
from app.settings import Settings


def due(problem: Problem, settings: Settings) -> datetime | None:
    """The time that was said when it was accepted, once."""
    return None if problem.risk_lapsed_at is not None else problem.risk_accepted_until_at


async def lapse(ledger: Ledger, problem: Problem, now: datetime) -> tuple[str, Payload] | None:
    """It stays closed: whether it is taken up again is for people to say."""
    owner = problem.risk_owner_id
    return "lapse_risk", LapseRiskProblem(owner=None if owner is None else str(owner))


RULE = TimedRule("lapse_accepted_risks", "problem", frozenset({State.closed}), due, lapse)
