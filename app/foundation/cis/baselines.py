"""Baselines: a set of configuration items at a position of the log, under a name.

Nothing is copied: what the items were is in their histories.

taken ─► discarded
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from app.common.people import SEE_EVERYTHING, Role
from app.common.records import KeyOf, Refers
from app.foundation.cis.checks import not_reached_yet
from app.foundation.cis.lifecycle import LARGEST, MANAGERS, MOST_SERVICES, each_once
from app.foundation.cis.preparation import LatestPosition, latest_position
from app.foundation.cis.records import Baseline, Ci, CiClass
from app.foundation.cis.records import BaselineState as State
from app.kernel.bodies import LONGEST_LIST, Body, Few, Key, Line, Nothing, Reference
from app.kernel.constraints import Taken
from app.kernel.lifecycle import FROM_NOTHING, Lifecycle, action
from app.kernel.moment import Moment
from app.kernel.visibility import STAFF


class TakeBaseline(Body):
    """Which items, as they stood when. What is left out does not narrow; retired ones are in no set."""

    key: Key = Field(
        description="What it is called in addresses; unique, never changed. Digits alone mean a position.",
        examples=["before-move"],
    )
    name: Line = Field(description="What people call it. Name no persons here.", examples=["Before the move"])
    position: Annotated[int, Field(strict=True, ge=1, le=LARGEST)] | None = Field(
        default=None, description="The position of the log as of which it is; none: the latest."
    )
    ci_classes: Annotated[tuple[CiClass, ...], Few] = Field(
        default=(), max_length=len(CiClass), description="Items of these classes.", examples=[["server"]]
    )
    services: Annotated[
        tuple[Annotated[Key, KeyOf("service", retired=True)], ...], Few, AfterValidator(each_once)
    ] = Field(
        default=(),
        max_length=MOST_SERVICES,
        json_schema_extra={"uniqueItems": True},
        description="Items that serve one of these services: their keys.",
    )
    cis: Annotated[tuple[Annotated[Reference, Refers("ci", retired=True)], ...], Few] = Field(
        default=(), max_length=LONGEST_LIST, description="These items: their keys or ids."
    )


def take(baseline: Baseline, body: TakeBaseline, at: Moment) -> None:
    """The items as they stood then have a name."""
    baseline.key = body.key
    baseline.name = body.name
    baseline.position = at.prepared(LatestPosition).position if body.position is None else body.position
    baseline.ci_classes = sorted({one.value for one in body.ci_classes})
    baseline.services = sorted(body.services)
    baseline.ci_ids = sorted({str(ci.id) for ci in at.every(Ci, "cis")})
    baseline.taken_at = at.occurred_at


def discard(baseline: Baseline, body: Nothing, at: Moment) -> None:
    """It is of no use any more."""
    baseline.discarded_at = at.occurred_at


# fmt: off
LIFECYCLE = Lifecycle(
    kind="baseline", plural="baselines", zh="配置基线", record=Baseline, states=State,
    audience=lambda baseline: (STAFF,), sees_all=SEE_EVERYTHING | {Role.configuration_manager},
    columns={"staff": ()},
    constraints={"baseline_key_key": Taken("key")},
    rows=(
        #      action    中文    from            to               who       event
        action(take,     "建立", FROM_NOTHING,   State.taken,     MANAGERS, "baseline.taken",     prepare=(latest_position,), wrong=(not_reached_yet,)),
        action(discard,  "作废", [State.taken],  State.discarded, MANAGERS, "baseline.discarded"),
    ),
)
# fmt: on
