"""What is said of monthly assessments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import count

from app.kernel.actions.payloads import Payload
from app.processes.improvement_assessments.payloads import (
    ConcludeImprovementAssessment,
    OpenImprovementAssessment,
    ScoreImprovementAssessment,
)
from tests.client import Client, Json
from tests.every_action.improvement_plans import meeting_about
from tests.every_action.improvement_suggestions import another_suggestion
from tests.every_action.world_data import IDS, NOBODYS

#: Each month has one assessment, and a suggestion is in one that is open. Those of months long past take no
#: suggestions, those since 1970 what was offered on that year's first day and is in none yet.
LONG_PAST, PAST = count(), count()
OFFERED_AT = datetime(1970, 1, 1, tzinfo=UTC)


def _month(first_year: int, months: count[int]) -> str:
    year, month = divmod(next(months), 12)
    return f"{first_year + year}-{month + 1:02}"


SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    OpenImprovementAssessment: lambda: {"month": _month(1900, LONG_PAST), "assessors": ["me"]},
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
    ConcludeImprovementAssessment: lambda: {"meeting": NOBODYS, "verdicts": []},
}
#: What is to be scored is assessed.
OPENED_TOWARDS: dict[tuple[str, str], Callable[[], Json]] = {
    ("improvement_assessment", "score"): lambda: {"month": _month(1970, PAST)},
}
#: What names other records, and in its sample none.
NAMES_NONE = frozenset({"open", "conclude"})


async def _to_assess(client: Client, path: str) -> Json:
    """There is a suggestion for the assessment that is to be opened."""
    await another_suggestion(client, OFFERED_AT)
    return {}


async def _assessed(client: Client, path: str) -> Json:
    """A suggestion that is assessed there."""
    rows = (await client.read(f"{path}/suggestions"))["items"]
    return {"suggestion": rows[0]["suggestion_id"]} if rows else {}


async def _met(client: Client, path: str) -> Json:
    """Those who judge have met, and a member of the committee has signed the minutes."""
    about = f"improvement_assessment/{path.rpartition('/')[2]}"
    return await meeting_about(client, about, "monthly_assessment")


#: What must be there before an action that names it, and what is then said besides.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    OpenImprovementAssessment: _to_assess,
    ScoreImprovementAssessment: _assessed,
    ConcludeImprovementAssessment: _met,
}
