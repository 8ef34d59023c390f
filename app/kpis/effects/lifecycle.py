"""The lifecycle of effects: one is measured, and never changed.

Its result is computed above this module (`measuring.py`), and comes with the command as a
`MeasuredEffect`; the event holds all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from app.common.people import Role
from app.common.records import jsonb_ordered
from app.kernel.access.audience_rules import to_persons
from app.kernel.access.kinds import KindAccess
from app.kernel.actions.actor_policy import role
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, Lifecycle, action
from app.kernel.actions.payloads import LONGEST_LIST, Payload, PayloadValue, RecordKey, ShortText, Statement
from app.kpis.declaration.dimensions import Dimension
from app.kpis.effects.records import EffectState as State
from app.kpis.effects.records import KpiEffect, MeasuredFigure, PromisedAs
from app.kpis.targets.lifecycle import Number

#: Roles that judge improvements and see every case: an effect describes cases that its reader need not see.
MEASURERS = role(Role.quality_manager, Role.service_level_manager, Role.department_head, Role.management)
#: Ten years.
LONGEST_SECONDS = 315_360_000
DayOrInstant = Annotated[str, StringConstraints(min_length=1, max_length=40)]
FilterValues = Annotated[tuple[ShortText, ...], Field(min_length=1, max_length=LONGEST_LIST)]
Scope = Annotated[
    dict[Dimension, FilterValues],
    Field(
        max_length=len(Dimension),
        description="Values by dimension, of which a case must have one, as in the query of the KPI: "
        "keys of teams and services, codes, or `none` for cases without a value.",
    ),
]


class EffectWindow(PayloadValue):
    """A window of time, of which the end is exclusive."""

    begin: DayOrInstant = Field(
        alias="from",
        description="Beginning: a date (midnight in `tz`), or a time with a zone.",
        examples=["2026-03-01"],
    )
    end: DayOrInstant = Field(
        alias="to",
        description="End, exclusive: a date (midnight in `tz`), or a time with a zone.",
        examples=["2026-06-01"],
    )


class PromisedEffect(PayloadValue):
    """The promised change; a negative number means that the value falls."""

    change: Number = Field(description="Change, as a number or a decimal text.", examples=["-0.5"])
    of: PromisedAs = Field(
        default=PromisedAs.relative,
        description="Form of the change: `relative` to the value before, such as -0.5 for half; "
        "`absolute` in the unit of the KPI, such as -1800 seconds.",
    )


class CompareWindows(Payload, of=KpiEffect):
    """The windows to compare, and the cases in them."""

    before: EffectWindow = Field(
        description="Window before the change.", examples=[{"from": "2020-01-01", "to": "2020-02-01"}]
    )
    after: EffectWindow = Field(
        description="Window after the change, which may not begin within the one before.",
        examples=[{"from": "2020-02-01", "to": "2020-03-01"}],
    )
    tz: ShortText | None = Field(
        default=None, description="Time zone of dates (IANA); if left out, the organisation's."
    )
    scope: Scope = Field(default={})
    control: Scope | None = None
    figure: MeasuredFigure = Field(
        default=MeasuredFigure.kpi,
        description="Figure to compare: the value of the KPI; or of a duration its 90th percentile, or the "
        "share of cases that take longer than `longer_than`.",
    )
    longer_than: Annotated[int, Field(ge=1, le=LONGEST_SECONDS, strict=True)] | None = Field(
        default=None,
        description="Number of seconds that counts as long, for `share_longer`.",
        examples=[259200],
    )
    promised: PromisedEffect | None = Field(default=None, description="Promised change, if there is one.")
    change: Statement | None = Field(
        default=None,
        description="Number of the change or improvement whose effect is measured: charts mark it, and "
        "it does not cause a warning about other changes.",
        examples=["CHG-2026-0031"],
    )


class MeasureKpiEffect(CompareWindows, of=KpiEffect):
    """The KPI, the windows to compare, and the cases in them."""

    kpi: RecordKey


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredEffect:
    """The measured effect of a KPI: the windows as instants, the log position that was read, and the result.

    `windows` are the bounds of both, in their order.
    """

    kpi: str
    windows: tuple[datetime, datetime, datetime, datetime]
    zone: str
    currency: str
    reopen_days: int
    position: int
    seed: int
    resamples: int
    verdict: str
    result: Mapping[str, Any]
    measured_at: datetime


def measure(effect: KpiEffect, body: MeasureKpiEffect, ctx: ActionContext) -> None:
    """Measure a KPI effect of a change: a window after the change is compared with one before."""
    measured_effect = ctx.prepared(MeasuredEffect)
    effect.kpi = measured_effect.kpi
    effect.before_begins_at, effect.before_ends_at, effect.after_begins_at, effect.after_ends_at = (
        measured_effect.windows
    )
    effect.scope = filters_of(body.scope)
    effect.control = None if body.control is None else filters_of(body.control)
    effect.figure, effect.longer_than = body.figure, body.longer_than
    if body.promised is not None:
        effect.promised, effect.promised_as = body.promised.change, body.promised.of
    effect.change = body.change
    effect.zone = measured_effect.zone
    effect.currency = measured_effect.currency
    effect.reopen_days = measured_effect.reopen_days
    effect.position = measured_effect.position
    effect.seed = measured_effect.seed
    effect.resamples = measured_effect.resamples
    effect.verdict = measured_effect.verdict
    effect.result = jsonb_ordered(dict(measured_effect.result))
    effect.measured_by_id = ctx.caller.person_id
    effect.measured_at = measured_effect.measured_at


def promised_of(effect: KpiEffect) -> PromisedEffect | None:
    """Return what was promised of a stored effect; None if nothing was."""
    if effect.promised is None or effect.promised_as is None:
        return None
    return PromisedEffect(change=effect.promised, of=effect.promised_as)


def filters_of(scope: Mapping[Dimension, Sequence[str]]) -> dict[str, Any]:
    """Return the scope as the log keeps it: by the code of the dimension, the values in their order."""
    stored_filters: dict[str, Any] = jsonb_ordered(
        {dimension.value: list(values) for dimension, values in scope.items()}
    )
    return stored_filters


# fmt: off
LIFECYCLE = Lifecycle(
    kind="kpi_effect", plural="effects", zh="实测效果", record=KpiEffect,
    visible=(to_persons("measured_by_id"),),
    access=KindAccess(also_seen_by={Role.process_owner: "answers for the process that the effect is in"}),
    rows=(
        #      action   中文    from        to              who        event
        action(measure, "测量", NEW_RECORD, State.measured, MEASURERS, "kpi_effect.measured"),
    ),
)
# fmt: on
