"""Flags a problem whose accepted risk has lapsed, and notifies the owner of the risk."""

from __future__ import annotations

from datetime import datetime

from app.kernel.actions.payloads import Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings
from app.processes.problems.payloads import LapseRiskProblem
from app.processes.problems.records import Problem
from app.processes.problems.records import ProblemState as State


def due(problem: Problem, settings: Settings) -> datetime | None:
    """Return until when the risk is accepted; None if the lapse is flagged already."""
    return None if problem.risk_lapsed_at is not None else problem.risk_accepted_until_at


async def lapse(ledger: Ledger, problem: Problem, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that flags the lapse and its payload; the problem stays closed until a person reopens
    it.
    """
    owner = problem.risk_owner_id
    return "lapse_risk", LapseRiskProblem(owner=None if owner is None else str(owner))


RULE = TimedRule("lapse_accepted_risks", "problem", frozenset({State.closed}), due, lapse)
