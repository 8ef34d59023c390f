"""Lifecycle of rules of points: set, and in force until another of the same basis is set."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.foundation.audit_points.records import PointBasis, PointRule
from app.foundation.audit_points.records import PointRuleState as State
from app.kernel.access.audience_rules import to_staff
from app.kernel.actions.actor_policy import quality_manager
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, Lifecycle, action
from app.kernel.actions.payloads import FreeText, Payload

MOST_POINTS = 1_000
Points = Annotated[int, Field(ge=0, le=MOST_POINTS, strict=True)]


class SetPointRule(Payload, of=PointRule):
    """The points of each part, from now on."""

    basis: PointBasis
    person_points: Points
    supervisor_points: Points
    head_points: Points
    reason: FreeText


def set_rule(points: PointRule, body: SetPointRule, ctx: ActionContext) -> None:
    """Set a point rule. It applies to later findings and delays; points that were given before stay."""
    copy_fields(points, body, ctx)


# fmt: off
LIFECYCLE = Lifecycle(
    kind="point_rule", plural="point_rules", zh="积分规则", record=PointRule,
    visible=(to_staff(),),
    rows=(
        #      action 中文    from        to         who              event
        action(set_rule, "设定", NEW_RECORD, State.set, quality_manager, "point_rule.set", name="set"),
    ),
)
# fmt: on
