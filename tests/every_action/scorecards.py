"""What is said of scorecards, their ratings and the editions of their weights."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant, rule_caller
from app.governance.scorecards.payloads import (
    EXAMPLE_MEASURES,
    AskScorecardRating,
    ConfirmYearScorecard,
    DecideObjectionScorecard,
    JudgeYearScorecard,
    ObjectScorecard,
    OpenScorecard,
    PublishScorecard,
    RateScorecardRating,
    SetScorecardEdition,
    SettleScorecard,
)
from app.kernel.actions.payloads import Payload
from tests.client import Client, Json
from tests.every_action.world_data import IDS, NOBODYS
from tests.people import act

FIRST_YEAR, LAST_YEAR = 1950, 2025
#: Of each quarter and person there is one card.
_QUARTERS = count()


def _quarter() -> str:
    number = next(_QUARTERS) % (4 * (LAST_YEAR - FIRST_YEAR))
    return f"{FIRST_YEAR + number // 4}-Q{number % 4 + 1}"


def _last_quarter() -> str:
    while not (quarter := _quarter()).endswith("Q4"):
        continue
    return quarter


def an_edition(begins_with: str) -> Json:
    """What is said to set an edition of weights."""
    return {
        "begins_with": begins_with,
        "service_quality": 30,
        "efficiency": 30,
        "cooperation": 20,
        "satisfaction": 20,
        "oneself_weight": 20,
        "superior_weight": 50,
        "peer_weight": 30,
        "measures": EXAMPLE_MEASURES,
        "least_cases": 5,
        "peers": 3,
        "line": 60,
        "points_per_mark": 10,
        "rating_days": 10,
        "objection_days": 14,
        "reason": "The regulation says so. 按规定。",
    }


def _figures(score: str) -> list[Json]:
    dimensions = ("service_quality", "efficiency", "cooperation", "satisfaction")
    return [{"dimension": name, "reading": score, "part": "superior", "raters": 1} for name in dimensions]


SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    SetScorecardEdition: lambda: an_edition("2199-Q1"),
    OpenScorecard: lambda: {"quarter": _quarter(), "person": IDS["everybody"]},
    PublishScorecard: lambda: {"position": 1, "points": 20, "figures": _figures("4")},
    ObjectScorecard: lambda: {"objection": "I was on leave. 当时休假。"},
    DecideObjectionScorecard: lambda: {"verdict": "upheld", "verdict_reason": "It is so. 属实。"},
    SettleScorecard: lambda: {"outcome": "training", "agreed": "A course in May. 五月培训。"},
    ConfirmYearScorecard: dict,
    JudgeYearScorecard: lambda: {
        "year_score": "81",
        "year_grounds": "Four good quarters. 四个季度均良好。",
        "year_plan": "A course on networks. 网络课程。",
    },
    AskScorecardRating: lambda: {"scorecard": NOBODYS, "rater": IDS["everybody"], "part": "peer"},
    RateScorecardRating: lambda: {
        "service_quality": 4,
        "efficiency": 3,
        "cooperation": 5,
        "satisfaction": 4,
    },
}
#: A low score leads to a talk.
TOWARDS: dict[tuple[type[Payload], str], Json] = {(PublishScorecard, "talk"): {"figures": _figures("1")}}
#: Whose card it is, and whose talk or rating, when somebody else acts on it.
OPENED_TOWARDS: dict[tuple[str, str], Callable[[], Json]] = {
    ("scorecard", "decide_objection"): lambda: {"person": IDS["it"]},
    ("scorecard", "settle"): lambda: {"person": IDS["it"]},
    ("scorecard", "judge_year"): lambda: {"person": IDS["it"], "quarter": _last_quarter()},
    ("scorecard", "confirm_year"): lambda: {"quarter": _last_quarter()},
}
#: Whose card it is objects.
ACTED_BY: dict[tuple[str, str], tuple[tuple[str, Json], ...]] = {
    ("scorecard.object", "objected"): (("", {}),),
}
#: Whose card it is neither decides about it nor settles it.
NOT_THEIR_OWN = frozenset(
    {
        *("scorecard.decide_objection", "scorecard.settle", "scorecard.judge_year"),
        "scorecard_edition.confirm",
    }
)


def _quality() -> Caller:
    """Somebody who manages quality."""
    person_id = UUID(IDS["doer"])
    return Caller(f"person:{person_id}", person_id, roles=(RoleGrant(Role.quality_manager),))


def _management() -> Caller:
    """Somebody of management, who confirms what quality managers propose."""
    person_id = UUID(IDS["it"])
    return Caller(f"person:{person_id}", person_id, roles=(RoleGrant(Role.management),))


async def with_edition(ledger: Any) -> None:
    """There is an edition that has been in force for long."""
    number = await ledger.db.value("select count(*) from fold.scorecard_edition where begins_with < '2000'")
    if number == 0:
        body = SetScorecardEdition.model_validate(an_edition(f"{FIRST_YEAR}-Q1"))
        then = datetime(FIRST_YEAR - 1, 6, 1, tzinfo=UTC)
        proposed = await act(ledger, _quality(), "scorecard_edition", "set", body=body, now=then)
        await act(ledger, _management(), "scorecard_edition", "confirm", proposed.record.id, now=then)


async def _in_force(client: Client, path: str) -> Json:
    """The edition that the quarter needs."""
    await with_edition(client.app.state.ledger)
    return {}


async def _card(client: Client, path: str) -> Json:
    """A card that is rated."""
    ledger: Any = client.app.state.ledger
    await with_edition(ledger)
    body = OpenScorecard.model_validate(SAMPLES[OpenScorecard]())
    card = (await act(ledger, rule_caller("tests"), "scorecard", "open", body=body)).record
    return {"scorecard": str(card.id)}


async def _judged(client: Client, path: str) -> Json:
    """The year of the card at that address is judged."""
    body = JudgeYearScorecard.model_validate(SAMPLES[JudgeYearScorecard]())
    ledger: Any = client.app.state.ledger
    await act(ledger, _quality(), "scorecard", "judge_year", path.rpartition("/")[2], body)
    return {}


#: What must be there before an action that names it, and what is then said besides.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    OpenScorecard: _in_force,
    AskScorecardRating: _card,
    ConfirmYearScorecard: _judged,
}
