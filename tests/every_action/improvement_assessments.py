"""What is said of monthly assessments."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from app.kernel.payloads import Payload
from app.processes.improvement_assessments.lifecycle import (
    ConcludeImprovementAssessment,
    OpenImprovementAssessment,
    ScoreImprovementAssessment,
)
from tests.client import Json
from tests.every_action.world_data import IDS

#: Each month has one assessment. Those of months long past take no suggestions, those of months to come all.
PAST, COMING = count(), count()


def _month(first_year: int, months: count[int]) -> str:
    year, month = divmod(next(months), 12)
    return f"{first_year + year}-{month + 1:02}"


SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    OpenImprovementAssessment: lambda: {"month": _month(1950, PAST), "assessors": ["me"]},
    ScoreImprovementAssessment: lambda: {
        "suggestion": IDS["assessed"],
        "plan_fit": 4,
        "benefit": 5,
        "urgency": 3,
        "ease": 4,
        "outside_purchase": 5,
        "risk": 2,
        "comment": "Worth it. 值得。",
    },
    ConcludeImprovementAssessment: lambda: {"verdicts": []},
}
#: What is to be scored is assessed.
OPENED_TOWARDS: dict[tuple[str, str], Callable[[], Json]] = {
    ("improvement_assessment", "score"): lambda: {"month": _month(2150, COMING)},
}
#: What names other records, and in its sample none.
NAMES_NONE = frozenset({"open", "conclude"})
