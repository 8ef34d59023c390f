"""The scale of risks: the level that follows from likelihood and impact, and the response offered for it
(pure).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from app.common.priorities.risk_level import RiskLevel
from app.common.records import CodeEnum

#: The likelihoods, and the impacts.
POINTS = range(1, 6)
#: The level by likelihood and impact.
Scale = Mapping[tuple[int, int], RiskLevel]
#: From these products of likelihood and impact on, by the scale that is in force until another one is set.
HIGH_FROM, MEDIUM_FROM = 15, 8
#: Levels from the lowest on.
ORDER = tuple(RiskLevel)


class RiskResponse(CodeEnum):
    """The response to a risk."""

    avoid = "avoid", "Avoid", "规避"
    reduce = "reduce", "Reduce", "减轻"
    transfer = "transfer", "Transfer", "转移"
    accept = "accept", "Accept", "接受"


class RiskMove(CodeEnum):
    """Change of a risk's level from one assessment to the next."""

    up = "up", "Up", "上升"
    down = "down", "Down", "下降"
    same = "same", "The same", "不变"


def _usual_level(points: int) -> RiskLevel:
    if points >= HIGH_FROM:
        return RiskLevel.high
    return RiskLevel.medium if points >= MEDIUM_FROM else RiskLevel.low


#: The scale that is in force until another one is set.
USUAL: Scale = {
    (likelihood, impact): _usual_level(likelihood * impact) for likelihood, impact in product(POINTS, POINTS)
}


def move(before: RiskLevel, after: RiskLevel) -> RiskMove:
    """Return the move between two levels of one scale."""
    if before is after:
        return RiskMove.same
    return RiskMove.up if ORDER.index(after) > ORDER.index(before) else RiskMove.down


def offered_response(level: RiskLevel, *, controllable: bool, dear: bool) -> RiskResponse | None:
    """Return the response that is offered for a risk of the level: to avoid what is high and cannot be
    controlled, to reduce what is medium, to accept what is low and dear to treat; None: nothing is offered.
    """
    if level is RiskLevel.high:
        return None if controllable else RiskResponse.avoid
    if level is RiskLevel.medium:
        return RiskResponse.reduce
    return RiskResponse.accept if dear else None
