"""Where improvements stand: their phase, what they wait for, and what they are late with (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.dashboard.figures import instant
from app.processes.improvements.records import ImprovementState as State
from app.processes.improvements.rollout.records import RolloutStepName

#: The phases in their order, with the states of each.
PHASES: Mapping[str, Sequence[State]] = {
    "proposal": (State.selected, State.proposed, State.in_review, State.deferred),
    "implementation": (State.approved, State.implementing, State.evaluating),
    "project": (State.chartered, State.planned, State.plan_approved),
    "pilot": (State.piloting, State.pilot_reported),
    "rollout": (State.rolling_out, State.handed_over),
    "benefit": (State.standardised,),
}
#: States in which work goes on; in the others an improvement waits for a step of somebody.
AT_WORK = frozenset({State.implementing, State.piloting, State.rolling_out, State.standardised})
#: States in which steps of a rollout may be open.
WITH_STEPS = frozenset({State.rolling_out, State.handed_over, State.standardised})
#: Due times, by the code of the sentence that reports lateness.
DUE_FIELDS: Mapping[str, str] = {"late_report": "next_report_due_at", "late_benefit": "next_benefit_due_at"}
#: The times at which somebody noted that it was late, by the sentence.
FLAGS: Mapping[str, str] = {"late_judgement": "judgement_overdue_at"}


@dataclass(frozen=True, slots=True)
class LateStep:
    """Something that is late: the code of its sentence, the step of the rollout if it is one, and when it was
    due.
    """

    code: str
    step: RolloutStepName | None
    due_at: str


@dataclass(frozen=True, slots=True)
class ProjectStanding:
    """An open improvement in its phase. `waits` is the code of the sentence with the reason for waiting
    (None: work on it goes on), `due_at` when its next part falls due.
    """

    improvement: Mapping[str, Any]
    phase: str
    state: State
    waits: str | None
    late: Sequence[LateStep]
    due_at: str | None


def standing_of(
    improvement: Mapping[str, Any], steps: Sequence[Mapping[str, Any]], now: datetime
) -> ProjectStanding | None:
    """Return where the improvement stands; `steps` are those of its rollout. None: it has ended, and nothing
    of it is due any more.
    """
    state = State(improvement["state"])
    phase = next((name for name, states in PHASES.items() if state in states), None)
    if phase is None:
        return None
    dues = {code: improvement[name] for code, name in DUE_FIELDS.items() if improvement[name]}
    if state is State.piloting and improvement["pilot_ends_at"]:
        dues["late_pilot"] = improvement["pilot_ends_at"]
    if state is State.deferred and improvement["deferred_until_at"]:
        dues["late_taking_up"] = improvement["deferred_until_at"]
    open_steps = [step for step in steps if not step["completed_at"] and step["due_at"]]
    late = [LateStep(code, None, due) for code, due in dues.items() if instant(due) < now]
    late += [LateStep(code, None, improvement[name]) for code, name in FLAGS.items() if improvement[name]]
    late += [
        LateStep("late_step", RolloutStepName(step["step"]), step["due_at"])
        for step in open_steps
        if instant(step["due_at"]) < now
    ]
    ahead = [*dues.values(), *(step["due_at"] for step in open_steps)]
    due_at = min((due for due in ahead if instant(due) >= now), default=None)
    if state is State.standardised and due_at is None and not late:
        return None
    waits = None if state in AT_WORK else f"waits_{state.value}"
    return ProjectStanding(improvement, phase, state, waits, sorted(late, key=lambda s: s.due_at), due_at)
