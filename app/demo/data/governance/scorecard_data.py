"""The demo's scorecards: the weights of a quarter, and the scores of each rated person by each rater."""

from __future__ import annotations

from typing import Any, NamedTuple

#: So long before the quarter begins the weights are set.
SET_BEFORE_DAYS = 10
#: Days since the end of the quarter when the demo ends, long enough for every statement about its cards.
OVER_FOR_DAYS = 40
WEIGHTS: dict[str, Any] = {
    "service_quality": 30,
    "efficiency": 30,
    "cooperation": 20,
    "satisfaction": 20,
    "measures": [
        {"dimension": "service_quality", "kpi": "reopen_rate", "best": "0", "worst": "0.2"},
        {"dimension": "efficiency", "kpi": "reassigned_share", "best": "0", "worst": "0.8"},
        {"dimension": "satisfaction", "kpi": "csat", "best": "5", "worst": "2"},
    ],
    "line": 60,
    "reason": "按年度制度设定。As the year's regulation has it.",
}


class CardTemplate(NamedTuple):
    """A card of a person, or of a team by its key, with the scores of raters by part and name.

    People below the line have a talk; `objection` is made in between.
    """

    name: str
    person: str | None
    team: str | None
    ratings: tuple[tuple[str, str, int], ...]
    objection: str | None = None


CARDS = (
    CardTemplate(
        "good",
        "林晓雨",
        None,
        (
            *(("oneself", "林晓雨", 4), ("superior", "周静", 5)),
            *(("peer", "Sofia Rossi", 5), ("peer", "Paul Richter", 4)),
        ),
    ),
    CardTemplate(
        "disputed",
        "Sofia Rossi",
        None,
        (("oneself", "Sofia Rossi", 4), ("superior", "周静", 2)),
        objection="夜班无人同班，协作无从评价。Nobody shares the night shift: who can rate cooperation?",
    ),
    CardTemplate("team", None, "service-desk", (("oneself", "周静", 4),)),
)
VERDICT = "评分依据属实。The ratings stand as they were given."
AGREED = "每周一次与日班交接。A hand-over with the day shift each week."
